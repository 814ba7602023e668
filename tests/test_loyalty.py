"""Tenure, repurchase, returns, the published figures, and what is handed on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.loyalty import (
    BENCHMARK,
    LoyaltyRules,
    build_handover,
    classify,
    compare_benchmark,
    review_loyalty,
    score_repurchase,
    score_returns,
    summarise_repurchase,
    summarise_returns,
    summarise_tenure,
)

RULES = LoyaltyRules(n_resamples=200)
START, AS_OF = date(2025, 1, 1), date(2025, 12, 31)
WINDOW = {"window_start": START, "as_of": AS_OF}
MONTH_COLUMNS = ["account_id", "month", "line_kind", "n_orders", "n_purchase_days", "quantity"]
NO_MONTHS = pd.DataFrame(columns=MONTH_COLUMNS).astype(
    {"month": "datetime64[ns]", "n_orders": "Int64", "n_purchase_days": "Int64",
     "quantity": "float64"})


def build_facts(n, **columns):
    """n accounts in which each column may be replaced by a value or a list."""
    facts = pd.DataFrame({"account_id": [f"{i:03d}" for i in range(n)]})
    defaults = {
        "n_orders_window": 4, "n_purchase_days_window": 4, "net_amount_window": 100.0,
        "gross_amount_window": 100.0, "returned_amount_window": 0.0, "tenure_days": 365,
        "is_start_known": True, "first_sale_date": pd.Timestamp("2025-01-10"),
        "n_repeat_days": 1, "first_to_last_days": 30, "first_to_as_of_days": 355}
    for name, value in (defaults | columns).items():
        facts[name] = value
    for name in ("n_orders_window", "n_purchase_days_window", "tenure_days", "n_repeat_days",
                 "first_to_last_days", "first_to_as_of_days"):
        facts[name] = facts[name].astype("Int64")
    return facts


def place(facts, *tiers):
    """Tiers of the accounts in turn: ("core", 3), ("general", 2) …"""
    names = [tier for tier, n in tiers for _ in range(n)]
    return pd.DataFrame({"account_id": facts["account_id"], "tier": names})


def build_months(*rows):
    months = pd.DataFrame(rows, columns=MONTH_COLUMNS)
    return months.assign(month=pd.to_datetime(months["month"]))


# -- tenure ------------------------------------------------------------------------------------

def test_tenure_in_years_leaves_out_unknown_starts_and_says_how_many():
    facts = build_facts(4, tenure_days=[1461, 2922, pd.NA, 730])
    table = summarise_tenure(facts, tiers=place(facts, ("core", 3), ("general", 1)),
                             rules=RULES).set_index("tier")
    # LOY-01: days / 365.25, so four calendar years are 4.
    assert table.loc["core", ["tenure_years", "median_tenure_years"]].tolist() == [6.0, 6.0]
    assert table.loc["core", ["n_accounts", "n_known", "n_unknown"]].tolist() == [3, 2, 1]
    assert table.loc["core", "unknown_share"] == pytest.approx(1 / 3)
    assert table.loc["important", "n_accounts"] == 0
    assert pd.isna(table.loc["important", "tenure_years"])
    assert table.loc["all", "n_known"] == 3


def test_accounts_outside_the_tiers_do_not_count():
    facts = build_facts(3)
    tiers = place(facts, ("core", 2), ("no_sales", 1))
    assert summarise_tenure(facts, tiers=tiers, rules=RULES)["n_accounts"].tolist() == [2, 0, 0, 2]


def test_tiers_without_their_columns_are_refused():
    with pytest.raises(InputError) as raised:
        summarise_tenure(build_facts(1), tiers=pd.DataFrame({"account_id": ["000"]}), rules=RULES)
    assert str(raised.value) == ("Loyalty needs a table of tiers with account_id and tier; tier is "
                                 "missing. Pass what score_tiers returns.")


# -- repurchase --------------------------------------------------------------------------------

def test_repurchase_of_the_window_holds_a_published_wilson_interval():
    # Wilson interval of 81/263 at 95 %: 0.2553 to 0.3662 (Newcombe 1998, Statist. Med. 17:857-872,
    # table I, method 3).
    facts = build_facts(263, n_purchase_days_window=[2] * 81 + [1] * 182)
    buyers = score_repurchase(facts, NO_MONTHS, tiers=place(facts, ("core", 263)), rules=RULES)
    row = summarise_repurchase(buyers, rules=RULES).set_index("tier").loc["core"]
    assert (row["n_repurchased"], row["n_observed"]) == (81, 263)
    assert row["repurchase_rate_ci_low"] == pytest.approx(0.2553, abs=0.00005)
    assert row["repurchase_rate_ci_high"] == pytest.approx(0.3662, abs=0.00005)


@pytest.mark.parametrize(("case", "months", "expected"), [
    ({"n_repeat_days": 1, "first_to_last_days": 180}, [("2025-01", 1), ("2025-07", 1)], True),
    ({"n_repeat_days": 1, "first_to_last_days": 181}, [("2025-01", 1), ("2025-07", 1)], False),
    ({"n_repeat_days": 0, "first_to_last_days": 0}, [("2025-01", 1)], False),
    ({"n_repeat_days": 5, "first_to_last_days": 300}, [("2025-01", 2), ("2025-11", 4)], True),
    ({"n_repeat_days": 2, "first_to_last_days": 300}, [("2025-01", 1), ("2025-11", 2)], False),
    # The second of three purchases falls into July, in which the 180 days end: undecided.
    ({"n_repeat_days": 2, "first_to_last_days": 300}, [("2025-01", 1), ("2025-07", 1),
                                                       ("2025-11", 1)], None),
    ({"is_start_known": False, "first_to_last_days": 20}, [("2025-01", 2)], None),
    ({"first_to_as_of_days": 179, "first_to_last_days": 20}, [("2025-01", 2)], None)])
def test_second_purchase_within_days(case, months, expected):
    facts = build_facts(1, **case)
    table = build_months(*[("000", month, "sale", n, n, 1.0) for month, n in months])
    rules = LoyaltyRules(repurchase_rule="within_days", repurchase_days=180)
    row = score_repurchase(facts, table, tiers=place(facts, ("core", 1)), rules=rules).iloc[0]
    assert row["is_observed"] == (expected is not None)
    assert (None if pd.isna(row["has_repurchased"]) else bool(row["has_repurchased"])) is expected


# -- returns -----------------------------------------------------------------------------------

def test_returns_on_three_bases():
    facts = build_facts(2, gross_amount_window=[100.0, 300.0], returned_amount_window=[20.0, 0.0])
    months = build_months(
        ("000", "2025-03", "sale", 4, 4, 10), ("001", "2025-03", "sale", 6, 6, 30),
        ("000", "2025-04", "return", 1, 0, -3), ("000", "2025-05", "cancellation", 1, 0, -1),
        ("000", "2024-12", "return", 9, 0, -99), ("000", "2025-06", "paired_sale", 5, 5, 50),
        ("000", "2025-06", "adjustment", 5, 0, 7))
    returns = score_returns(facts, months, tiers=place(facts, ("core", 2)), **WINDOW)
    row = summarise_returns(returns, rules=RULES).set_index("tier").loc["core"]
    assert row["amount_return_rate"] == pytest.approx(20 / 400)
    assert row["quantity_return_rate"] == pytest.approx(4 / 40)
    assert row["order_return_rate"] == pytest.approx(2 / 10)
    assert returns["amount_return_rate"].tolist() == pytest.approx([0.2, 0.0])


def test_return_interval_resamples_accounts_not_lines():
    # One account of ten returns half of everything: between resamples it is in 0 to 3 times, so
    # the interval reaches from 0 to beyond twice the rate. Lines would give a narrow one.
    facts = build_facts(10, gross_amount_window=1000.0,
                        returned_amount_window=[500.0] + [0.0] * 9)
    returns = score_returns(facts, NO_MONTHS, tiers=place(facts, ("core", 10)), **WINDOW)
    row = summarise_returns(returns, rules=RULES).iloc[0]
    assert row["amount_return_rate"] == pytest.approx(0.05)
    assert row["amount_return_rate_ci_low"] == 0
    assert row["amount_return_rate_ci_high"] >= 0.10
    again = summarise_returns(returns.iloc[::-1].sort_values("account_id"), rules=RULES).iloc[0]
    assert again["amount_return_rate_ci_high"] == row["amount_return_rate_ci_high"]


# -- the published figures ---------------------------------------------------------------------

def test_published_figures_are_those_of_the_catalogue():
    # Catalogue LOY-04 (S0 L110): >=5 y / 90 % / <1 %; 3-5 y / 70 % / <5 %; <3 y / 40 % / ~10 %.
    cells = BENCHMARK.pivot(index="tier", columns="measure", values="benchmark_figure")
    assert cells.loc["core"].to_dict() == {"repurchase": 0.9, "returns": 0.01, "tenure": 5}
    assert cells.loc["important"].to_dict() == {"repurchase": 0.7, "returns": 0.05, "tenure": 3}
    assert cells.loc["general"].to_dict() == {"repurchase": 0.4, "returns": 0.10, "tenure": 3}


@pytest.mark.parametrize(("measure", "value", "expected"), [
    ("tenure", 5.01, "core"), ("tenure", 5.0, "important"), ("tenure", 3.0, "general"),
    ("tenure", 0.0, "general"), ("repurchase", 0.9, "core"), ("repurchase", 0.899, "important"),
    ("repurchase", 0.39, "beyond"), ("returns", 0.0, "core"), ("returns", 0.01, "core"),
    ("returns", 0.05, "important"), ("returns", 0.051, "between"), ("returns", 0.08, "between"),
    ("returns", 0.081, "general"), ("returns", 0.121, "beyond"), ("returns", np.nan, "")])
def test_ranges_are_closed_on_the_right_and_between_is_reported(measure, value, expected):
    assert classify(measure, value) == expected


ESTIMATES = {"tenure": ("tenure_years", (8.0, 4.0, 2.0)),
             "repurchase": ("repurchase_rate", (0.95, 0.8, 0.5)),
             "returns": ("amount_return_rate", (0.005, 0.02, 0.1))}


def summaries():
    """Summaries by tier in which every estimate is certain and as good as published."""
    tables = {}
    for measure, (column, values) in ESTIMATES.items():
        table = pd.DataFrame({"tier": ["core", "important", "general"], "n_known": 20,
                              "n_observed": 20, "n_accounts": 20, "unknown_share": 0.0,
                              "longest_tenure_years": 12.0, column: values})
        tables[measure] = table.assign(**{f"{column}_ci_low": values, f"{column}_ci_high": values})
    return tables


def verdicts(tables, **values):
    cells = compare_benchmark(**tables, rules=RULES, **values)
    return cells.set_index(["tier", "measure"])[["verdict", "verdict_reason"]]


def test_every_cell_can_be_met():
    assert (verdicts(summaries())["verdict"] == "met").all()


@pytest.mark.parametrize(("cell", "interval", "expected"), [
    (("core", "tenure"), (5.1, 6), "met"), (("core", "tenure"), (4, 5.0), "not met"),
    (("core", "tenure"), (4, 6), "cannot tell"), (("core", "repurchase"), (0.9, 1), "met"),
    (("core", "repurchase"), (0.5, 0.89), "not met"), (("core", "returns"), (0, 0.01), "met"),
    (("core", "returns"), (0.011, 0.02), "not met"),
    (("core", "returns"), (0.005, 0.02), "cannot tell"),
    (("important", "returns"), (0.051, 0.07), "not met"),
    (("general", "repurchase"), (0.2, 0.39), "not met"),
    (("general", "returns"), (0.09, 0.12), "met"),
    (("general", "returns"), (0.121, 0.2), "not met")])
def test_cell_verdicts(cell, interval, expected):
    tables, (tier, measure) = summaries(), cell
    column, table = ESTIMATES[measure][0], tables[measure]
    table.loc[table["tier"] == tier, [f"{column}_ci_low", f"{column}_ci_high"]] = interval
    assert verdicts(tables).loc[cell, "verdict"] == expected


def test_years_are_refused_where_the_history_is_shorter():
    tables = summaries()
    tables["tenure"]["longest_tenure_years"] = 2.0
    short = verdicts(tables, history_years=4.0)
    assert short.loc[("core", "tenure")].tolist() == ["cannot tell", "history_short"]
    assert short.loc[("important", "tenure"), "verdict"] == "met"
    long = verdicts(tables, history_years=6.0)
    assert long.loc[("core", "tenure"), "verdict"] == "met"


def test_few_accounts_and_unknown_starts_cannot_be_judged():
    tables = summaries()
    tables["repurchase"].loc[0, "n_observed"] = 4
    tables["tenure"].loc[1, "unknown_share"] = 0.5
    result = verdicts(tables)
    assert result.loc[("core", "repurchase")].tolist() == ["cannot tell", "few_accounts"]
    assert result.loc[("important", "tenure")].tolist() == ["cannot tell", "start_unknown"]


# -- what is handed on -------------------------------------------------------------------------

def hand_over(facts, tiers, *, months=NO_MONTHS, before=None, **values):
    result = review_loyalty(facts, months=months, tiers=tiers, rules=RULES, **WINDOW)
    return build_handover(result, facts=facts, facts_year_before=before, currency="CNY", **values)


def sales(facts, n_orders=4):
    return build_months(*[(i, "2025-03", "sale", n_orders, 4, 10.0) for i in facts["account_id"]])


@pytest.mark.parametrize(("kind", "firing", "silent"), [
    ("return_rate", {"returned_amount_window": 30.0}, {"returned_amount_window": 0.0}),
    ("repurchase", {"n_purchase_days_window": 1}, {"n_purchase_days_window": 2}),
    ("high_returns", {"returned_amount_window": [11.0] + [0.0] * 9},
     {"returned_amount_window": [10.0] + [0.0] * 9})])
def test_finding_fires_and_is_silent(kind, firing, silent):
    for columns, expected in ((firing, True), (silent, False)):
        facts = build_facts(10, **columns)
        handover = hand_over(facts, place(facts, ("core", 10)), months=sales(facts),
                             before=build_facts(10))
        assert (kind in {f.kind for f in handover.findings}) is expected


def test_high_returners_with_few_orders_are_not_named():
    facts = build_facts(10, returned_amount_window=[90.0] + [0.0] * 9)
    for n_orders, expected in ((3, ["000"]), (2, [])):
        handover = hand_over(facts, place(facts, ("core", 10)), months=sales(facts, n_orders))
        assert [a.account_id for a in handover.attention] == expected


def test_names_with_commas_quotes_and_chinese_stand_as_they_are():
    facts = build_facts(10, returned_amount_window=[30.0] + [0.0] * 9)
    names = pd.DataFrame({"account_id": ["000"], "owner_id": ["m 1"],
                          "name": ["“A”, {B} 有限公司"]})
    handover = hand_over(facts, place(facts, ("core", 10)), months=sales(facts), accounts=names)
    found = next(f for f in handover.findings if f.kind == "high_returns")
    assert found.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "1 account sends back more than 10 % of what it buys: “A”, {B} 有限公司, 30 CNY in 12 "
        "months.")
    assert (handover.attention[0].owner_id, handover.attention[0].amount) == ("m 1", 30.0)


def test_headline_and_metrics():
    facts = build_facts(10, net_amount_window=90.0, returned_amount_window=2.0)
    handover = hand_over(facts, place(facts, ("core", 10)), months=sales(facts),
                         before=build_facts(10))
    metrics = {m.name: m for m in handover.metrics}
    assert {name for name, m in metrics.items() if m.headline} == {"return_rate"}
    assert metrics["return_rate"].value == pytest.approx(0.02)
    assert (metrics["return_rate"].year_before, metrics["return_rate"].previous) == (0.0, None)
    # Revenue retention is handed on by the chapter on the lifecycle alone.
    assert not {"nrr", "grr"} & set(metrics)
    assert len(handover.headline) == 2


@pytest.mark.parametrize(("facts", "tiers", "questions"), [
    (build_facts(2), [("no_sales", 2)], 4),  # nobody in a tier
    (build_facts(1), [("core", 1)], 1),  # one account: no tenure of 5 years
    (build_facts(3, gross_amount_window=0.0, net_amount_window=0.0), [("core", 3)], 1),
    (build_facts(3, tenure_days=pd.NA), [("core", 3)], 1),
    (build_facts(0), [], 4)])
def test_bad_input_ends_in_unanswered_and_a_sentence(facts, tiers, questions):
    handover = hand_over(facts, place(facts, *tiers))
    assert len(handover.unanswered) == questions
    assert all(u.question and u.reason for u in handover.unanswered)
    assert handover.headline
    assert all("nan" not in line for line in handover.headline)
