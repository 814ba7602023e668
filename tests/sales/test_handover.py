"""What the sales overview hands on: each sentence fires, is silent, and names its base."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.sales import SalesRules, build_handover, build_sales
from kamlib.sales.result import QUESTIONS

SPACE = "\N{NO-BREAK SPACE}"
QUARTER = ("2025-10-01", "2025-12-31")


def plain(text):
    return text.replace(SPACE, " ")


@pytest.fixture(scope="module")
def two_years(line):
    """Two accounts with equal sales in all spans but for what `change` puts in place."""
    def build(**change):
        rows = []
        for day in ("2024-11-01", "2025-08-01", "2025-11-01"):
            for account in "ab":
                given = {"product": f"P{account}", "quantity": 10, "cost": 60, "line": account}
                given |= change.get(account, {}) if day == "2025-11-01" else {}
                rows.append(line(account, day, given.pop("amount", 100), **given))
        return rows
    return build


ACCOUNTS = {"name": ['Li, "Bo" {x} 李', "<b>B</b>"], "owner_id": ["m1", ""],
            "region": ["East", "West"], "industry": ["food", "steel"]}


def hand_over(shop, rows, **given):
    shop_ = shop(rows, **{"accounts": ACCOUNTS, **given})
    return build_handover(shop_.sales(), accounts=shop_.accounts, currency="CNY")


def target(amount, scope="company", scope_id=None, metric="net_amount", kind="amount",
           span=QUARTER):
    return (scope, scope_id, metric, kind, *span, amount)


FALL = {"a": {"amount": 40, "quantity": 8, "cost": 35}}
CASES = {
    "target_missed": ({}, {"targets": [target(201)]}, {"targets": [target(200)]}),
    "target_behind": ({}, {"targets": [target(900, span=("2025-10-01", "2026-09-30"))]},
                      {"targets": [target(300, span=("2025-10-01", "2026-09-30"))]}),
    "other_targets_missed": ({}, {"targets": [target(101, "region", "East")]},
                             {"targets": [target(100, "region", "East")]})}


@pytest.mark.parametrize("kind", CASES)
def test_target_findings_fire_and_are_silent(kind, shop, two_years):
    change, firing, silent = CASES[kind]
    kinds = [{f.kind for f in hand_over(shop, two_years(**change), **given).findings}
             for given in (firing, silent)]
    assert (kind in kinds[0], kind in kinds[1]) == (True, False)


@pytest.mark.parametrize(("kind", "change", "amount"), [
    ("region_fall", FALL, 60), ("industry_fall", FALL, 60), ("price_loss", FALL, 40),
    ("volume_loss", FALL, 20), ("large_order", {"a": {"amount": 400}}, 400),
    ("concentration_up", {"a": {"amount": 400}}, None),
    ("margin_down", {"a": {"cost": 70}}, 10)])
def test_findings_fire_with_their_money_and_are_silent_when_nothing_changed(
        kind, change, amount, shop, two_years, line):
    small = [line(chr(c), day, 10, cost=6, line="z", product="Z", quantity=1)
             for c in range(99, 120) for day in ("2024-11-01", "2025-08-01", "2025-11-01")]
    accounts = {name: values + ["other"] * 21 for name, values in ACCOUNTS.items()}
    loud = hand_over(shop, two_years(**change) + small, accounts=accounts)
    found = [f for f in loud.findings if f.kind == kind]
    assert [f.amount for f in found] == [pytest.approx(amount) if amount else None]
    even = two_years(a={"amount": 20, "quantity": 2, "cost": 12},
                     b={"amount": 20, "quantity": 2, "cost": 12})
    quiet = [dict(r, amount=20, quantity=2, cost=12) if r["account_id"] in "ab" else r
             for r in even] + small
    assert {f.kind for f in hand_over(shop, quiet, accounts=accounts).findings} == set()


@pytest.mark.parametrize(("amount", "fires"), [(98, True), (98.1, False)])
def test_a_price_effect_below_its_share_of_the_base_is_not_worth_a_sentence(amount, fires, shop,
                                                                            two_years):
    handover = hand_over(shop, two_years(a={"amount": amount}))  # 1 % of a base of 200 is 2
    assert ("price_loss" in {f.kind for f in handover.findings}) is fires


def test_every_comparison_names_its_base_and_gives_money_before_percent(shop, two_years):
    handover = hand_over(shop, two_years(**FALL), targets=[target(150)])
    assert [plain(line) for line in handover.headline] == [
        "Net revenue was 140 CNY: 60 CNY (30.0 %) less than in 2025Q3 and 60 CNY (30.0 %) less "
        "than in 2024Q4.",
        "Against 2024Q4, prices took 40 CNY and volume took 20 CNY.",
        "The target of 150 CNY was missed by 10 CNY. The 2 largest accounts bring 100 % of net "
        "sales, the largest alone 71 %."]
    sentences = [f.sentence for f in handover.findings] + [a.reason for a in handover.attention]
    for sentence in sentences:
        if re.search(r"\bless\b|\bmore\b|\bfell\b|\btook\b", sentence):
            assert "2024Q4" in sentence


def test_attention_is_for_the_largest_falls_with_their_owner(shop, two_years):
    handover = hand_over(shop, two_years(**FALL))
    (entry,) = handover.attention
    assert (entry.account_id, entry.owner_id, entry.amount) == ("a", "m1", 60)
    assert plain(entry.reason) == (
        "Net sales of the period were 40 CNY: 60 CNY (60.0 %) less than in 2024Q4.")
    shop_ = shop(two_years(**FALL), accounts=ACCOUNTS)
    for rules in ({"n_attention": 0}, {"account_fall_rate": 0.61}):
        assert build_handover(shop_.sales(**rules)).attention == ()


def test_net_revenue_is_a_headline_metric_with_its_target(shop, two_years):
    metrics = {m.name: m for m in hand_over(shop, two_years(**FALL),
                                            targets=[target(150)]).metrics}
    assert [name for name, m in metrics.items() if m.headline] == ["net_revenue"]
    revenue = metrics["net_revenue"]
    assert (revenue.value, revenue.previous, revenue.year_before) == (140, 200, 200)
    assert (revenue.target, revenue.verdict) == (150, "not met")
    assert metrics["target_attainment"].value == pytest.approx(140 / 150)
    assert (metrics["price_effect"].value, metrics["volume_effect"].value) == (-40, -20)
    assert metrics["largest_account_share_period"].year_before == 0.5
    assert metrics["hhi"].value == pytest.approx((100**2 + 40**2) / 140**2)


def test_hostile_names_are_only_names(shop, two_years):
    accounts = ACCOUNTS | {"region": ["{0} <i>", 'O"East, 东'], "industry": ["%s", "🏭"]}
    handover = hand_over(shop, two_years(a={"amount": 40}), accounts=accounts)
    assert any("{0} <i>" in f.sentence for f in handover.findings)
    large = hand_over(shop, two_years(a={"amount": 400}), accounts=accounts)
    assert any('Li, "Bo" {x} 李' in f.sentence for f in large.findings)


BAD = {
    "no amounts": lambda line: [line("a", d, 0) for d in ("2024-11-01", "2025-11-01")],
    "one account": lambda line: [line("a", "2025-11-01", 7)],
    "only returns": lambda line: [line("a", "2025-11-01", -7, kind="return")],
    "nothing in the period": lambda line: [line("a", "2024-11-01", 7)],
    "all equal": lambda line: [line(a, d, 5, product="P", quantity=1)
                               for a in "abcd" for d in ("2024-11-01", "2025-11-01")],
    "loss": lambda line: [line("a", d, 5, cost=9, line="x", product="P", quantity=1)
                          for d in ("2024-11-01", "2025-11-01")],
    "free goods": lambda line: [line("a", "2025-11-01", 0, kind="free")]}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(("period", "history_from"), [
    ("2025Q4", "2022-01-01"), ("2025-11", "2025-11-01"), ("2025-10-30..2025-11-07", "2024-10-01"),
    ("2025", "2025-06-15")])
def test_bad_input_ends_in_sentences_and_open_questions(name, period, history_from, line, shop):
    shop_ = shop(BAD[name](line), period=period, history_from=history_from, silent=("z",))
    sales = shop_.sales()
    handover = build_handover(sales, accounts=shop_.accounts, currency="CNY")
    assert 1 <= len(handover.headline) <= 3
    assert not any("nan" in text or "inf" in text for text in handover.headline)
    assert not any("nan" in f.sentence for f in handover.findings)
    assert {u.reason for u in handover.unanswered} == set(sales.refused.values())
    assert set(sales.refused) <= set(QUESTIONS)
    assert sales.concentration["net_amount"].iloc[0] == pytest.approx(
        shop_.facts()["net_amount_period"].sum())
    for metric in handover.metrics:
        assert metric.value is None or math.isfinite(metric.value)


def test_accounts_that_are_all_silent(shop):
    sales = shop([], silent=("a", "b")).sales()
    assert sales.concentration["net_amount"].iloc[0] == 0
    assert plain(build_handover(sales, currency="CNY").headline[0]) == (
        "Net revenue was 0 CNY: as much as in 2025Q3 and as much as in 2024Q4.")


def test_accounts_without_columns_and_without_a_row(shop, two_years):
    shop_ = shop(two_years(), accounts={})
    assert "region" not in set(shop_.sales().breakdown["dimension"])
    inputs = shop_.inputs() | {"accounts": pd.DataFrame({"account_id": ["a"], "region": ["E"]})}
    sales = build_sales(shop_.facts(), rules=SalesRules(), **inputs)
    region = sales.breakdown[sales.breakdown["dimension"] == "region"]
    assert region["category"].tolist() == ["E", "not_given", "total"]
    assert build_handover(sales, accounts=inputs["accounts"]).headline


def test_facts_of_another_shape_are_refused_by_name(shop, two_years):
    shop_ = shop(two_years())
    with pytest.raises(InputError, match=r"needs the account facts; net_amount_period is missing"):
        build_sales(shop_.facts().drop(columns="net_amount_period"), rules=SalesRules(),
                    **shop_.inputs())


def test_without_an_earlier_period_it_says_so(shop, two_years):
    handover = hand_over(shop, two_years(), history_from="2025-09-01")
    assert plain(handover.headline[0]) == (
        "Net revenue was 200 CNY; no earlier period is known to compare it with.")
    metrics = {m.name: m for m in handover.metrics}
    assert (metrics["net_revenue"].previous, metrics["net_revenue"].year_before) == (None, None)
    assert metrics["net_revenue"].value == 200
