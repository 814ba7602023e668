"""The effort audit: it recommends nothing out of nothing, and finds what is there."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.effort import EffortRules
from kamlib.effort.audit import audit_effort, build_panel
from kamlib.errors import RefusedError

_spec = importlib.util.spec_from_file_location("effort_worlds",
                                               Path(__file__).with_name("worlds.py"))
worlds = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(worlds)
RULES = EffortRules()


@pytest.mark.parametrize("kind", worlds.NULLS)
def test_without_an_effect_it_recommends_nothing(kind):
    """The full count, 1,000 worlds of each kind, stands in benchmarks/README.md."""
    rng = np.random.default_rng(20251231)
    verdicts = []
    for _world in range(6):
        panel, classes = worlds.make_panel(rng, kind=kind, sizes=(30, 30), n_spans=12)
        verdicts += audit_effort(panel, classes, rules=RULES)[1]["audit_verdict"].tolist()
    assert verdicts.count("move_hours") <= 1


def test_an_effect_is_found_and_has_its_size():
    panel, classes = worlds.make_panel(np.random.default_rng(1), effect=(0.3, 0.0))
    marginal, pairs = audit_effort(panel, classes, rules=RULES)
    row = marginal.set_index("business_class").loc["key_account"]
    # Twice the usual hours add 0.3 of the margin: an hour adds 0.3 of the margin an hour.
    assert row["marginal_return_amount_ci_low"] < 0.3 * row["mean_return_amount"] \
        < row["marginal_return_amount_ci_high"]
    assert row["marginal_return_amount_ci_low"] > 0
    assert pairs[["from_class", "to_class", "audit_verdict"]].values.tolist() == [
        ["ordinary", "key_account", "move_hours"]]


def test_hours_that_follow_sales_are_no_evidence():
    rng, reasons = np.random.default_rng(3), []
    for _world in range(6):
        panel, classes = worlds.make_panel(rng, kind="span_before")
        marginal, pairs = audit_effort(panel, classes, rules=RULES)
        reasons += pairs["audit_reason"].tolist()
        assert marginal["lead_p_value"].min() < 0.05
        assert "hours_follow_sales" in set(marginal["audit_reason"])
    assert "" not in reasons


def test_size_of_account_and_currency_change_nothing():
    panel, classes = worlds.make_panel(np.random.default_rng(1), sizes=(25, 25))
    one, pairs = audit_effort(panel, classes, rules=RULES)
    other, again = audit_effort(panel.assign(margin_amount=panel["margin_amount"] * 7),
                                classes[::-1], rules=RULES)
    assert other["marginal_return_amount"].tolist() == pytest.approx(
        (7 * one["marginal_return_amount"]).tolist())
    assert again["p_value"].tolist() == pytest.approx(pairs["p_value"].tolist())


def test_few_accounts_and_even_hours_are_not_judged():
    panel, classes = worlds.make_panel(np.random.default_rng(1), sizes=(10, 10))
    with pytest.raises(RefusedError, match="asks for 20 accounts of a class with 6 spans"):
        audit_effort(panel, classes, rules=RULES)
    panel, classes = worlds.make_panel(np.random.default_rng(1), sizes=(25, 25))
    even = panel.assign(hours=panel["hours"].where(panel["account_id"].str[0] == "k", 5.0))
    marginal, pairs = audit_effort(even, classes, rules=RULES)
    assert marginal.set_index("business_class")["audit_reason"].to_dict() == {
        "key_account": "", "ordinary": "no_variation"}
    assert pairs.empty


def test_the_panel_leaves_out_first_and_last_span_with_sales():
    months = pd.DataFrame([
        ("a", day, "sale", 100.0, 60.0) for day in pd.date_range("2024-01-01", "2025-12-01",
                                                                 freq="MS")],
        columns=["account_id", "month", "line_kind", "cost_known_amount", "cost_amount"])
    months = months[months["month"].dt.month != 2]
    effort = pd.DataFrame({"account_id": "a", "hours": 2.0, "owner_id": "M",
                           "month": pd.date_range("2024-01-01", "2025-12-01", freq="MS")})
    panel = build_panel(months, effort, as_of=date(2025, 12, 31), rules=RULES)
    # Eight quarters, less both ends; 40 a month with sales, 2 hours in every month.
    assert panel["margin_amount"].tolist() == [120.0, 120.0, 120.0, 80.0, 120.0, 120.0]
    assert panel["hours"].tolist() == [6.0] * 6
    # A day within a month: only whole months.
    cut = build_panel(months, effort, as_of=date(2025, 12, 10), rules=RULES)
    assert len(cut) == 5
