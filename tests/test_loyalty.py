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
    list_ranges,
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
MONTH_COLUMNS = ["account_id", "month", "line_kind", "n_orders", "n_purchase_days", "quantity",
                 "amount"]
NO_MONTHS = pd.DataFrame(columns=MONTH_COLUMNS).astype(
    {"month": "datetime64[ns]", "n_orders": "Int64", "n_purchase_days": "Int64",
     "quantity": "float64", "amount": "float64"})


def build_facts(n, **columns):
    """n accounts in which each column may be replaced by a value or a list."""
    facts = pd.DataFrame({"account_id": [f"{i:03d}" for i in range(n)]})
    defaults = {
        "n_orders_window": 4, "n_purchase_days_window": 4, "net_amount_window": 100.0,
        "gross_amount_window": 100.0, "returned_amount_window": 0.0, "tenure_days": 365,
        "is_start_known": True, "first_sale_date": pd.Timestamp("2024-01-10"),
        "start_date": pd.Timestamp("2024-01-10"), "second_sale_date": pd.Timestamp("2024-02-10"),
        "gap_mean_days": 30.0, "n_repeat_days": 1, "first_to_last_days": 30,
        "first_to_as_of_days": 721}
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
    # Of the amount only that of pairs is read.
    months = pd.DataFrame([(*row, 100.0)[:7] for row in rows], columns=MONTH_COLUMNS)
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
    rules = LoyaltyRules(repurchase_rule="window")
    buyers = score_repurchase(facts, tiers=place(facts, ("core", 263)), rules=rules)
    row = summarise_repurchase(buyers, rules=rules).set_index("tier").loc["core"]
    assert (row["n_repurchased"], row["n_observed"]) == (81, 263)
    assert row["repurchase_rate_ci_low"] == pytest.approx(0.2553, abs=0.00005)
    assert row["repurchase_rate_ci_high"] == pytest.approx(0.3662, abs=0.00005)


@pytest.mark.parametrize(("case", "expected"), [
    ({"second_sale_date": "2025-01-10"}, True),    # 365 days, 2024 being a leap year
    ({"second_sale_date": "2025-01-11"}, False),
    ({"second_sale_date": None}, False),
    # Observed for 364 days only: neither yes nor no, even when it has bought again.
    ({"first_sale_date": "2025-01-02", "second_sale_date": "2025-01-09",
      "first_to_as_of_days": 364}, None),
    ({"first_sale_date": "2024-12-31", "second_sale_date": "2025-12-31",
      "first_to_as_of_days": 365}, True),
    ({"is_start_known": False}, None),
    # A customer since before the history: its first purchase is not the first one seen.
    ({"start_date": "2019-05-01"}, None)])
def test_second_purchase_within_a_year_of_the_first(case, expected):
    given = {"first_sale_date": "2024-01-11", "second_sale_date": "2024-03-01",
             "start_date": "2024-01-11", "first_to_as_of_days": 720} | case
    dates = {k: pd.Timestamp(v) for k, v in given.items() if k.endswith("_date")}
    facts = build_facts(1, **given | dates)
    row = score_repurchase(facts, tiers=place(facts, ("core", 1)), rules=RULES,
                           history_from=date(2022, 1, 1)).iloc[0]
    assert row["is_observed"] == (expected is not None)
    assert (None if pd.isna(row["has_repurchased"]) else bool(row["has_repurchased"])) is expected


def test_a_history_too_short_for_the_rule_is_said():
    facts = build_facts(6, first_to_as_of_days=300)
    result = review_loyalty(facts, months=NO_MONTHS, tiers=place(facts, ("core", 6)), rules=RULES,
                            **WINDOW)
    assert "365 days ago" in result.refused["repurchase"]
    assert set(result.benchmark.loc[result.benchmark["measure"] == "repurchase", "verdict"]) == {
        "cannot tell"}


def test_who_did_not_come_back_counts_too():
    # Two of four came back; the other two are in no tier any more, and would leave 100 %.
    facts = build_facts(4, first_sale_date=pd.Timestamp("2024-01-11"),
                        start_date=pd.Timestamp("2024-01-11"), first_to_as_of_days=720,
                        second_sale_date=[pd.Timestamp("2024-03-01")] * 2 + [pd.NaT] * 2)
    tiers = place(facts, ("core", 1), ("general", 1), ("no_sales", 2))
    buyers = score_repurchase(facts, tiers=tiers, rules=RULES)
    table = summarise_repurchase(buyers, rules=RULES).set_index("tier")
    assert table["n_observed"].tolist() == [1, 0, 3, 4]
    assert table.loc["all", "repurchase_rate"] == 0.5
    assert table.loc["general", "repurchase_rate"] == pytest.approx(1 / 3)


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


def test_return_interval_counts_accounts_not_lines():
    # One account of ten returns half of what it buys: one of ten that returns at all is all that is
    # known, and may return everything (Clopper & Pearson: 0.4450). Lines would give a narrow one.
    facts = build_facts(10, gross_amount_window=1000.0,
                        returned_amount_window=[500.0] + [0.0] * 9)
    returns = score_returns(facts, NO_MONTHS, tiers=place(facts, ("core", 10)), **WINDOW)
    row = summarise_returns(returns, rules=RULES).iloc[0]
    assert row["amount_return_rate"] == pytest.approx(0.05)
    assert row["amount_return_rate_ci_low"] == 0
    assert row["amount_return_rate_ci_high"] == pytest.approx(0.4450, abs=5e-5)
    # The tier without an account has no interval, the one without a return an exact end.
    nothing = summarise_returns(returns.assign(returned_amount=0.0), rules=RULES).iloc[0]
    assert nothing["amount_return_rate_ci_high"] == pytest.approx(0.3085, abs=5e-5)
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
    ("tenure", 0.0, "general"), ("repurchase", 0.85, "core"), ("repurchase", 1.0, "core"),
    ("repurchase", 0.849, "between"), ("repurchase", 0.75, "important"),
    ("repurchase", 0.5, "between"), ("repurchase", 0.35, "general"),
    ("repurchase", 0.34, "beyond"), ("returns", 0.0, "core"), ("returns", 0.01, "core"),
    ("returns", 0.05, "important"), ("returns", 0.051, "between"), ("returns", 0.08, "between"),
    ("returns", 0.081, "general"), ("returns", 0.121, "beyond"), ("returns", np.nan, "")])
def test_ranges_are_closed_on_the_right_and_between_is_reported(measure, value, expected):
    assert classify(measure, value, rules=RULES) == expected


def test_what_no_class_holds_is_a_stretch_of_its_own():
    # E13: 5 to 8 % of returns, and what lies between the repurchase rates, belong to no class.
    table = list_ranges(compare_benchmark(**summaries(), rules=RULES), rules=RULES)
    share = table[table["measure"] == "returns"]
    assert share[["benchmark_class", "range_from_share", "range_to_share"]].values.tolist() == [
        ["core", 0.0, 0.01], ["important", 0.01, 0.05], ["between", 0.05, 0.08],
        ["general", 0.08, 0.12], ["beyond", 0.12, 1.0]]
    years = table[table["measure"] == "tenure"]
    assert years["benchmark_class"].tolist() == ["general", "important", "core"]
    assert years["range_to_years"].tolist()[:2] == [3.0, 5.0]  # closed on the right, no gap
    again = table[table["measure"] == "repurchase"]
    assert again["benchmark_class"].tolist() == [
        "beyond", "general", "between", "important", "between", "core"]
    assert table.groupby("measure")["n_tiers"].sum().tolist() == [3, 3, 3]


ESTIMATES = {"tenure": ("tenure_years", (8.0, 4.0, 2.0)),
             "repurchase": ("repurchase_rate", (0.95, 0.7, 0.42)),
             "returns": ("amount_return_rate", (0.005, 0.02, 0.1))}


def summaries():
    """Summaries by tier in which every estimate is certain and as published."""
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


def test_every_cell_can_be_in_line():
    assert (verdicts(summaries())["verdict"] == "in line").all()


@pytest.mark.parametrize(("cell", "interval", "expected"), [
    # More years and more repurchase are better, more returns are worse.
    (("core", "tenure"), (5.1, 60), "in line"), (("core", "tenure"), (4, 5.0), "worse"),
    (("core", "tenure"), (4, 6), "cannot tell: not_better"),
    (("important", "tenure"), (5.1, 6), "better"), (("important", "tenure"), (3.1, 5), "in line"),
    (("important", "tenure"), (2, 6), "cannot tell: straddles"),
    (("important", "tenure"), (4, 6), "cannot tell: not_worse"),
    (("general", "tenure"), (3.1, 6), "better"), (("general", "tenure"), (0, 1), "in line"),
    (("core", "repurchase"), (0.85, 1), "in line"), (("core", "repurchase"), (0.5, 0.84), "worse"),
    (("general", "repurchase"), (0.46, 0.9), "better"),
    (("general", "repurchase"), (0.2, 0.34), "worse"),
    (("core", "returns"), (0, 0.01), "in line"), (("core", "returns"), (0.011, 0.02), "worse"),
    (("core", "returns"), (0.005, 0.02), "cannot tell: not_better"),
    (("important", "returns"), (0.051, 0.07), "worse"),
    (("important", "returns"), (0.0, 0.01), "better"),
    (("general", "returns"), (0.09, 0.12), "in line"),
    (("general", "returns"), (0.01, 0.08), "better"),
    (("general", "returns"), (0.06, 0.1), "cannot tell: not_worse"),
    (("general", "returns"), (0.121, 0.2), "worse")])
def test_cell_verdicts(cell, interval, expected):
    tables, (tier, measure) = summaries(), cell
    column, table = ESTIMATES[measure][0], tables[measure]
    table.loc[table["tier"] == tier, [f"{column}_ci_low", f"{column}_ci_high"]] = interval
    assert ": ".join(filter(None, verdicts(tables).loc[cell])) == expected


def test_years_are_refused_where_the_history_is_shorter():
    tables = summaries()
    tables["tenure"]["longest_tenure_years"] = 2.0
    short = verdicts(tables, history_years=4.0)
    assert short.loc[("core", "tenure")].tolist() == ["cannot tell", "history_short"]
    assert short.loc[("important", "tenure"), "verdict"] == "in line"
    long = verdicts(tables, history_years=6.0)
    assert long.loc[("core", "tenure"), "verdict"] == "in line"


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
    ("return_rate", {"returned_amount_window": [29.0, 31.0] * 5},
     {"returned_amount_window": 0.0}),
    ("repurchase", {"second_sale_date": pd.NaT}, {"second_sale_date": pd.Timestamp("2024-02-10")}),
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
    (build_facts(2), [("no_sales", 2)], 5),  # nobody in a tier
    (build_facts(1), [("core", 1)], 1),  # one account: no tenure of 5 years
    (build_facts(3, gross_amount_window=0.0, net_amount_window=0.0), [("core", 3)], 1),
    (build_facts(3, tenure_days=pd.NA), [("core", 3)], 1),
    (build_facts(0), [], 5)])
def test_bad_input_ends_in_unanswered_and_a_sentence(facts, tiers, questions):
    handover = hand_over(facts, place(facts, *tiers))
    assert len(handover.unanswered) == questions
    assert all(u.question and u.reason for u in handover.unanswered)
    assert handover.headline
    assert all("nan" not in line for line in handover.headline)
