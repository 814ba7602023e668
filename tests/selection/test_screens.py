"""Good customers, losses, the screen under both readings, and the funnel."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from selection_world import RULES, TEN, YEAR, build_known, select, select_ten

from kamlib.selection.screens.reject import compare_reject_readings, screen

MONTHS = pd.date_range("2025-01-01", "2025-12-01", freq="MS")


def effort(costs: dict[str, float]) -> pd.DataFrame:
    """So much work a month for each account."""
    return pd.DataFrame([(a, m, c) for a, c in costs.items() for m in MONTHS],
                        columns=["account_id", "month", "cost_amount"])


def test_a_loss_is_margin_less_the_work_and_says_what_would_break_even():
    # A10 sells 1,000 a month at a cost of 700: a margin of 300, and 600 of work.
    known = build_known(TEN, {"effort": effort({"A10": 600.0, "A01": 600.0})})
    result = select(known)
    (row,) = result.losses.to_dict("records")
    assert (row["account_id"], row["profit_amount"]) == ("A10", pytest.approx(-3600))
    assert row["break_even_cost_share"] == pytest.approx(0.5)
    assert not row["is_listed"]


def test_without_costs_nobody_is_called_unprofitable():
    result = select(build_known(TEN, has_cost=False))
    assert result.losses.empty
    assert result.refused["losses"] == (
        "No cost of goods is known for anybody, so nobody can be said to be unprofitable. The "
        "column cost_amount of the orders would lift this.")


def test_five_tests_and_the_mean_of_those_known():
    result = select(build_known(TEN, {"effort": effort(dict.fromkeys(TEN, 100.0))}))
    row = result.good.iloc[0]
    assert row["account_id"] == "A01"
    # Sales place it at 95, orders at 50; all have the same margin share; the same work is the
    # smallest share of the largest sales; all grow alike and nobody rated the relationship.
    assert row["demand_test_index"] == pytest.approx(72.5)
    assert row["service_test_index"] == pytest.approx(95)
    assert pd.isna(row["partnership_test_index"])
    assert row["good_customer_index"] == pytest.approx((72.5 + 50 + 95 + 50) / 4)
    assert row["n_tests_known"] == 4


def screened(rows: list[tuple[str, float, float | None, float | None]]) -> pd.DataFrame:
    criteria = pd.DataFrame(rows, columns=["account_id", "amount_share", "margin_share",
                                           "growth_rate"]).assign(n_orders=1, net_amount=1.0)
    keys = pd.DataFrame({"account_id": ["A"], "is_listed": [True]})
    products = build_known(TEN).products.iloc[:0]
    return screen(criteria, keys, products, as_of=YEAR.as_of, rules=RULES).set_index("item")


def test_the_screen_at_its_thresholds_and_where_a_figure_is_missing():
    # Catalogue SEL-11: 1 %, 10 % and 50 %, "以下" inclusive.
    table = screened([("A", 0.01, 0.10, 0.50), ("B", 0.011, 0.11, 0.51), ("C", 0.02, 0.05, 0.60),
                      ("D", 0.02, None, 0.60), ("E", 0.001, None, 0.10), ("F", 0.02, 0.2, None)])
    assert table["reject_any"].to_dict() == {"A": "yes", "B": "no", "C": "yes", "E": "yes",
                                             "D": "cannot tell", "F": "cannot tell"}
    assert table["reject_all"].to_dict() == {"A": "yes", "B": "no", "C": "no", "D": "no",
                                             "E": "cannot tell", "F": "no"}
    assert table.at["A", "objections"] == "small_share, low_margin, slow_growth"


def test_both_readings_are_counted():
    table = screened([("A", 0.5, 0.3, 0.1), ("B", 0.001, 0.05, 0.1), ("C", 0.3, 0.3, 0.9)])
    rows = compare_reject_readings(table.reset_index(), rules=RULES).set_index("reject_reading")
    assert rows["n_rejected"].to_dict() == {"reject_any": 2, "reject_all": 1}
    assert rows["n_key_rejected"].to_dict() == {"reject_any": 1, "reject_all": 0}
    assert rows["is_chosen"].to_dict() == {"reject_any": True, "reject_all": False}


def test_product_lines_are_screened_too():
    rejects = select_ten().rejects
    (line,) = rejects[rejects["screened"] == "product_line"].to_dict("records")
    assert (line["item"], line["amount_share"]) == ("Filters", 1.0)
    assert line["growth_rate"] == pytest.approx(0.1)
    assert line["margin_share"] == pytest.approx(0.3)


def narrative(account: str, **given: Any) -> dict[str, Any]:
    return {"scope": "account", "scope_id": account, "topic": "key account confirmed",
            "author": "head of sales", "written_date": pd.Timestamp("2025-11-01"),
            "text": ""} | given


def test_a_key_account_is_confirmed_by_a_named_approver_only():
    notes = pd.DataFrame([narrative("A01"), narrative("A02", author=""),
                          narrative("A03", topic="plan")])
    rated = pd.DataFrame({"account_id": list(TEN), "rated_date": pd.Timestamp("2025-06-01"),
                          "rater": "M1", "level": 3, "trend": "steady"})
    known = build_known(TEN, {"narratives": notes, "relationships": rated}, employees=100,
                        influence_score=50.0)
    result = select(known)
    assert result.funnel.set_index("screen_stage")["n_accounts"].to_dict() == {
        "collected": 10, "assessed": 10, "graded": 10, "proposed": 2, "confirmed": 1}
    assert result.funnel["conversion_share"].tolist() == [1, 1, 1, 0.2, 0.5]
    pending = result.pending.set_index("account_id")["approver"].to_dict()
    assert pending == {"A01": "head of sales", "A02": ""}


def test_what_is_missing_for_an_assessment_is_named():
    result = select_ten()
    row = result.pending.iloc[0]
    assert row["criteria_missing"] == "size, industry_standing, working_together"
    rows = result.funnel.set_index("screen_stage")
    assert rows.at["assessed", "n_accounts"] == 0
    # They are graded and proposed all the same, and are not said to have been assessed.
    assert rows.loc[["graded", "proposed"], "n_accounts"].tolist() == [10, 2]
    assert rows.loc[["graded", "proposed"], "n_skipped"].tolist() == [10, 0]
    assert result.steps.set_index("programme_step").at["relationship_judged", "n_steps_known"] == 0
