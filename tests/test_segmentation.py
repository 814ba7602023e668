"""Tiers, concentration, RFM and migration, and what they hand on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import InputError, RefusedError
from kamlib.period import parse_period
from kamlib.segmentation import (
    BENCHMARK,
    SegmentationRules,
    add_tier,
    build_handover,
    build_lorenz,
    build_migration,
    build_pareto,
    compare_periods,
    compare_tiers,
    find_cuts,
    find_rfm_cuts,
    score_rfm,
    score_tiers,
    segment_accounts,
    summarise_reasons,
    summarise_rfm,
    summarise_spread,
)
from kamlib.segmentation.shares import compare_spread, judge
from kamlib.stats.concentration import gini, grouped_gini

RULES = SegmentationRules()
PERIOD = parse_period("2025Q4")


def build_facts(amounts, orders=None, *, days=None, margin=None, ids=None):
    n = len(amounts)
    orders = [2] * n if orders is None else orders
    facts = pd.DataFrame({
        "account_id": ids or [f"{i:03d}" for i in range(n)],
        "n_orders_window": pd.array(orders, dtype="Int64"),
        "net_amount_window": np.array(amounts, dtype="float64"),
        "days_since_last_sale": pd.array([10] * n if days is None else days, dtype="Int64"),
        "margin_amount_window": np.array(margin or [0.0] * n, dtype="float64")})
    facts["margin_known_amount_window"] = facts["net_amount_window"] if margin else 0.0
    for column in ("n_orders", "net_amount"):
        facts[column] = facts[f"{column}_window"]
    for span in ("_period", "_previous", "_year_before"):
        facts[f"net_amount{span}"] = facts["net_amount_window"] / 4
    return facts


def skewed(n=60):
    """Accounts whose amounts and orders fall together, with two that part ways."""
    amounts = [1000.0 / (i + 1) for i in range(n)]
    orders = [n - i for i in range(n)]
    orders[0], orders[n - 1] = 1, n
    return build_facts(amounts, orders)


def test_tier_is_both_one_or_neither_and_no_sales_stand_apart():
    facts = build_facts([100, 90, 20, 10, 0], [9, 1, 8, 1, 0])
    tiers = score_tiers(facts, rules=RULES)
    assert tiers["tier"].tolist() == ["core", "important", "important", "general", "no_sales"]
    assert tiers["tier_reason"].tolist() == ["both", "amount_only", "frequency_only", "neither",
                                             "no_sales"]
    assert tiers["is_amount_high"].isna().tolist() == [False] * 4 + [True]


def test_threshold_is_inclusive_and_ties_stay_together():
    # The top 40 % of five is two; the second largest amount is shared by three accounts.
    tiers = score_tiers(build_facts([50, 40, 40, 40, 10], [5, 4, 3, 2, 1]), rules=RULES)
    cuts = find_cuts(tiers, rules=RULES).set_index("measure")
    assert cuts.loc["net_amount", ["threshold", "n_high", "n_tied"]].tolist() == [40, 4, 3]
    assert cuts.loc["n_orders", ["threshold", "n_high", "n_tied"]].tolist() == [4, 2, 1]
    assert (cuts["cut_rule"] == "top_share").all()


def test_absolute_thresholds_replace_the_top_share():
    rules = SegmentationRules(amount_threshold=50, orders_threshold=3)
    tiers = score_tiers(build_facts([50, 49.99, 80], [3, 9, 2]), rules=rules)
    assert tiers["tier"].tolist() == ["core", "important", "important"]
    assert find_cuts(tiers, rules=rules)["threshold"].tolist() == [50, 3]


@pytest.mark.parametrize(("amounts", "orders", "expected"), [
    ([10, 10, 10], [2, 2, 2], ["core"] * 3),  # all equal: one tie, on the high side
    ([7], [1], ["core"]),
    ([0, -5, 0], [1, 1, 1], ["important"] * 3),  # nothing brought in: high by frequency at most
    ([0, 0, 0, 8], [1, 1, 1, 1], ["important"] * 3 + ["core"])])
def test_odd_companies_still_get_tiers(amounts, orders, expected):
    assert score_tiers(build_facts(amounts, orders), rules=RULES)["tier"].tolist() == expected


def test_tier_is_put_beside_an_account_and_is_a_gap_where_refused():
    accounts = pd.DataFrame({"account_id": ["002", "zzz", "000"], "name": ["B", "Z", "A"]})
    facts = build_facts([90, 1, 50], [9, 1, 1])
    table = add_tier(accounts, facts, rules=RULES)
    assert table["account_id"].tolist() == ["002", "zzz", "000"]
    scored = score_tiers(facts, rules=RULES).set_index("account_id")["tier"]
    assert table["tier"].tolist()[::2] == [scored["002"], scored["000"]]
    assert table["tier"].isna().tolist() == [False, True, False]
    cut = facts.assign(n_orders_window=pd.array([pd.NA] * 3, dtype="Int64"))
    assert add_tier(accounts, cut, rules=RULES)["tier"].isna().all()


def test_window_before_the_history_is_refused():
    facts = build_facts([1, 2]).assign(n_orders_window=pd.array([pd.NA, pd.NA], dtype="Int64"))
    with pytest.raises(RefusedError, match="begins before the known history"):
        score_tiers(facts, rules=RULES)


def test_missing_columns_are_named():
    with pytest.raises(InputError) as raised:
        score_tiers(pd.DataFrame({"account_id": ["a"]}), rules=RULES)
    assert str(raised.value) == (
        "score_tiers needs the account facts with account_id, n_orders_window, "
        "net_amount_window; n_orders_window, net_amount_window is missing. Pass report.facts.")


def test_twenty_forty_forty_comes_from_the_top_forty_percent():
    # Catalogue SEG-01: with both flags at the top 40 %, 20/40/40 needs phi = 1/6: of ten
    # accounts two are both, two by amount alone, two by frequency alone.
    amounts = [9, 8, 7, 6, 1, 1, 1, 1, 1, 1]
    orders = [9, 8, 1, 1, 7, 6, 1, 1, 1, 1]
    shares = compare_tiers(score_tiers(build_facts(amounts, orders), rules=RULES), rules=RULES)
    assert shares["account_share"].tolist()[:3] == pytest.approx([0.2, 0.4, 0.4])


def test_published_multiples_and_grouped_gini():
    # Catalogue SEG-02 (S0 L106), checked: multiples 3.0 / 0.75 / 0.25, grouped Gini 0.48.
    facts = build_facts([30.0] * 2 + [7.5] * 4 + [2.5] * 4, [9, 9, 8, 8, 1, 1, 1, 1, 1, 1])
    rules = SegmentationRules(amount_threshold=7.5, orders_threshold=9)
    shares = compare_tiers(score_tiers(facts, rules=rules), rules=rules)
    assert shares["concentration_ratio"].tolist()[:3] == pytest.approx([3.0, 0.75, 0.25])
    assert shares["benchmark_concentration_ratio"].tolist()[:3] == pytest.approx([3, 0.75, 0.25])
    gini = grouped_gini(BENCHMARK["benchmark_account_share"], BENCHMARK["benchmark_amount_share"])
    assert gini == pytest.approx(0.48, abs=0.005)


@pytest.mark.parametrize(("low", "high", "better", "expected"), [
    (0.56, 0.64, "up", "in line"), (0.66, 0.70, "up", "better"), (0.66, 0.70, "down", "worse"),
    (0.40, 0.54, "up", "worse"), (0.40, 0.54, "down", "better"), (0.50, 0.70, "up", "cannot tell"),
    (np.nan, np.nan, "up", "cannot tell")])
def test_verdict_on_a_published_share(low, high, better, expected):
    assert judge(low, high, benchmark=0.60, better=better, tolerance=0.05) == expected


def test_shares_count_no_sales_apart_and_hold_an_interval():
    facts = pd.concat([skewed(), build_facts([0], [0], ids=["zzz"])], ignore_index=True)
    shares = compare_tiers(score_tiers(facts, rules=RULES), rules=RULES).set_index("tier")
    assert shares.loc["no_sales", "n_accounts"] == 1
    assert pd.isna(shares.loc["no_sales", "account_share"])
    sold = shares.drop("no_sales")
    assert sold["account_share"].sum() == pytest.approx(1)
    assert sold["amount_share"].sum() == pytest.approx(1)
    assert (sold["amount_share_ci_low"] <= sold["amount_share"]).all()
    assert (sold["amount_share"] <= sold["amount_share_ci_high"]).all()
    assert sold.loc["core", "amount_share_ci_low"] < sold.loc["core", "amount_share_ci_high"]


def test_few_accounts_are_not_judged():
    shares = compare_tiers(score_tiers(build_facts([9, 1], [9, 1]), rules=RULES), rules=RULES)
    assert shares["amount_verdict"].tolist() == ["cannot tell"] * 3 + [""]
    assert shares["amount_share_ci_low"].isna().all()


def test_important_is_two_kinds():
    reasons = summarise_reasons(score_tiers(build_facts([100, 90, 20, 10], [9, 1, 8, 1]),
                                            rules=RULES))
    assert reasons["tier_reason"].tolist() == ["both", "amount_only", "frequency_only", "neither"]
    assert reasons["n_accounts"].tolist() == [1, 1, 1, 1]
    assert reasons["amount_share"].tolist() == pytest.approx([100 / 220, 90 / 220, 20 / 220,
                                                              10 / 220])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 500), st.integers(0, 9)), min_size=1, max_size=30),
       st.randoms(use_true_random=False))
def test_tiers_lose_nobody_ignore_row_order_and_the_currency(pairs, random):
    facts = build_facts([a for a, _ in pairs], [o for _, o in pairs])
    tiers = score_tiers(facts, rules=RULES)
    assert len(tiers) == len(pairs)
    order = list(range(len(pairs)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(score_tiers(facts.iloc[order], rules=RULES), tiers)
    cents = facts.assign(net_amount_window=facts["net_amount_window"] * 100)
    assert score_tiers(cents, rules=RULES)["tier"].tolist() == tiers["tier"].tolist()


def test_shares_do_not_depend_on_the_order_of_rows():
    tiers = score_tiers(skewed(), rules=RULES)
    shuffled = tiers.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(compare_tiers(shuffled, rules=RULES),
                                  compare_tiers(tiers, rules=RULES))


# -- concentration -----------------------------------------------------------------------------

# published_numbers.md B10: Gini .4620911 plain, .5134346 corrected.
INCOMES = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]


def test_spread_holds_the_published_gini():
    facts = build_facts(INCOMES)
    row = summarise_spread(build_pareto(facts, measure="net_sales", rules=RULES), facts,
                           rules=RULES).iloc[0]
    assert row["gini"] == pytest.approx(0.4620911, abs=5e-8)
    assert row["gini_corrected"] == pytest.approx(0.5134346, abs=5e-8)


def test_spread_holds_the_published_hhi():
    # US DoJ, "Herfindahl-Hirschman Index": shares 30/30/20/20 give 2,600 points.
    facts = build_facts([30, 30, 20, 20])
    row = summarise_spread(build_pareto(facts, measure="net_sales", rules=RULES), facts,
                           rules=RULES).iloc[0]
    assert row["hhi"] * 10_000 == pytest.approx(2600, abs=0.5)
    assert row["effective_accounts"] == pytest.approx(3.846, abs=0.0005)


@pytest.mark.parametrize(("side", "n_top", "top_amount"), [("inside", 3, 0.9), ("outside", 2, 0.7)])
def test_the_crossing_account_falls_on_the_stated_side(side, n_top, top_amount):
    rules = SegmentationRules(crossing_side=side)
    facts = build_facts([40, 30, 20, 10])
    pareto = build_pareto(facts, measure="net_sales", rules=rules)
    row = summarise_spread(pareto, facts, rules=rules).iloc[0]
    assert row["crossing_account_id"] == "002"
    assert [row["before_crossing_share"], row["at_crossing_share"]] == pytest.approx([0.7, 0.9])
    assert (row["n_top"], row["top_amount_share"]) == (n_top, pytest.approx(top_amount))


def test_margin_curve_rises_above_one_with_loss_makers():
    facts = build_facts([50, 30, 20, 10], margin=[60, 40, 10, -10])
    pareto = build_pareto(facts, measure="margin", rules=RULES)
    assert pareto["cumulative_share"].tolist() == pytest.approx([0.6, 1.0, 1.1, 1.0])
    row = summarise_spread(pareto, facts, rules=RULES).iloc[0]
    assert (row["n_below_zero"], row["known_share"]) == (1, pytest.approx(1.0))


def test_margin_of_unknown_cost_is_refused_not_zero():
    with pytest.raises(RefusedError, match="Costs in the orders table would lift this"):
        build_pareto(build_facts([5, 4]), measure="margin", rules=RULES)


def test_lorenz_of_equal_accounts_is_the_diagonal():
    curve = build_lorenz(build_facts([5, 5, 5, 5]))
    assert curve["amount_share"].tolist() == pytest.approx(curve["account_share"].tolist())


def test_spread_beside_the_published_figures():
    # One account of ten holds 91 %: 10 % of the accounts reach the line.
    held = compare_spread(score_tiers(build_facts([90.0] + [1.0] * 9), rules=RULES), rules=RULES)
    assert held["value"].tolist() == pytest.approx([0.1, 0.1, gini([90] + [1] * 9, corrected=True)])
    assert held["benchmark_value"].tolist() == [0.20, 0.25, 0.48]
    # All equal: eight of ten are needed, and the Gini of 0 is surely below the published bound.
    equal = compare_spread(score_tiers(build_facts([5.0] * 30), rules=RULES), rules=RULES)
    assert equal["value"].tolist() == pytest.approx([0.8, 0.8, 0.0], abs=1e-12)
    assert equal["spread_verdict"].tolist() == ["better", "better", "better"]
    # More unequal than three groups can show: nothing follows, since theirs is a lower bound.
    skewed_facts = build_facts([2.0**(i / 10) for i in range(300)])
    lone = compare_spread(score_tiers(skewed_facts, rules=RULES), rules=RULES)
    assert lone["spread_verdict"].tolist() == ["worse", "worse", "cannot tell"]
    few = compare_spread(score_tiers(build_facts([5.0] * 4), rules=RULES), rules=RULES)
    assert few["value_ci_low"].isna().all()
    assert set(few["spread_verdict"]) == {"cannot tell"}


# -- RFM ---------------------------------------------------------------------------------------

EIGHT = {"important_value": (1, 9, 90), "important_keep": (99, 9, 90),
         "important_develop": (1, 1, 90), "important_win_back": (99, 1, 90),
         "general_value": (1, 9, 10), "general_keep": (99, 9, 10), "general_develop": (1, 1, 10),
         "general_win_back": (99, 1, 10)}


@pytest.mark.parametrize("cut", ["median", "mean"])
def test_eight_classes_by_the_canonical_map(cut):
    days, orders, amounts = zip(*EIGHT.values(), strict=True)
    rfm = score_rfm(build_facts(amounts, orders, days=days),
                    rules=SegmentationRules(rfm_cut=cut))
    assert rfm["rfm_class"].tolist() == list(EIGHT)
    classes = summarise_rfm(rfm)
    assert classes["rfm_class"].tolist() == list(EIGHT)
    assert classes["n_accounts"].tolist() == [1] * 8
    assert classes["amount_share"].sum() == pytest.approx(1)


def test_a_cut_through_ties_keeps_them_together_and_is_reported():
    # Nine of ten accounts ordered once: the median is 1 and all ten are "frequent".
    facts = build_facts(range(10, 20), [1] * 9 + [8])
    rfm = score_rfm(facts, rules=RULES)
    cuts = find_rfm_cuts(rfm, rules=RULES).set_index("measure")
    assert rfm["is_frequent"].all()
    assert cuts["is_lopsided"].tolist() == [True, True, False]  # days are all equal too


def test_lifetime_span_counts_accounts_without_sales_in_the_window():
    facts = build_facts([5, 0], [2, 0]).assign(n_orders=pd.array([2, 7], dtype="Int64"))
    assert len(score_rfm(facts, rules=RULES)) == 1
    assert len(score_rfm(facts, rules=SegmentationRules(rfm_span="lifetime"))) == 2


# -- migration ---------------------------------------------------------------------------------

BEFORE = build_facts([100, 90, 20, 10, 0], [9, 8, 1, 1, 0], ids=list("abcde"))
AFTER = build_facts([100, 5, 80, 0, 10], [9, 1, 8, 0, 1], ids=list("abcde"))


def test_moves_and_matrix():
    moves = compare_periods(AFTER, BEFORE, rules=RULES).set_index("account_id")
    assert moves["move"].to_dict() == {"a": "stayed", "b": "moved_down", "c": "moved_up",
                                       "d": "left_tiers", "e": "entered"}
    assert moves.loc["b", "change_amount"] == -85
    matrix = build_migration(moves.reset_index()).set_index("tier_before")
    assert matrix.loc["core"].tolist() == [2, 1, 0, 1, 0, 0.5, 190.0, 105.0]
    assert matrix["n_before"].sum() == 5


def test_fixed_cuts_judge_the_past_by_the_present():
    small = BEFORE.assign(net_amount_window=BEFORE["net_amount_window"] / 10)
    fixed = SegmentationRules(migration_cuts="fixed")
    assert compare_periods(AFTER, small, rules=RULES)["tier_before"].iloc[0] == "core"
    assert compare_periods(AFTER, small, rules=fixed)["tier_before"].iloc[0] == "important"


def test_the_cause_of_a_move_is_the_account_or_the_line():
    # Absolute cuts of now: 50 and 5 orders. Before, each window was cut by its own top 40 %.
    before = build_facts([60, 60, 30, 30, 40], [6, 6, 3, 3, 4], ids=list("abcde"))
    after = build_facts([60, 30, 60, 30, 90], [6, 6, 6, 3, 9], ids=list("abcde"))
    moves = compare_periods(after, before, rules=SegmentationRules(
        amount_threshold=50, orders_threshold=5)).set_index("account_id")
    assert moves["move_cause"].to_dict() == {"a": "", "b": "amount_only", "c": "both", "d": "",
                                             "e": "both"}
    # Everybody else grew tenfold: a stays what it was and falls, as the line moved past it.
    grown = build_facts([60, 600, 300, 300, 400], [6, 60, 30, 30, 40], ids=list("abcde"))
    moves = compare_periods(grown, before, rules=RULES).set_index("account_id")
    assert moves.loc["a", ["tier_before", "tier_before_other", "tier"]].tolist() == [
        "core", "general", "general"]
    assert moves.loc["a", "move_cause"] == "threshold_moved"
    other = build_migration(moves.reset_index(), before="tier_before_other")
    assert other.set_index("tier_before")["n_before"].to_dict() == {
        "core": 0, "important": 0, "general": 5, "no_sales": 0}


@pytest.mark.parametrize(("history_from", "is_refused"), [
    (date(2024, 10, 1), False), (date(2024, 10, 2), True)])
def test_moves_need_the_whole_former_window(history_from, is_refused):
    # 2025Q3 ends on 30 September 2025, so its twelve months begin on 1 October 2024.
    result = segment_accounts(AFTER, rules=RULES, period=PERIOD, history_from=history_from,
                              earlier={"previous": BEFORE, "year_before": None})
    assert ("moves" in result.refused) is is_refused


# -- what is handed on -------------------------------------------------------------------------

def hand_over(facts, *, before=None, rules=RULES, **tables):
    result = segment_accounts(facts, rules=rules, period=PERIOD, history_from=date(2020, 1, 1),
                              earlier={"previous": before, "year_before": None})
    return build_handover(result, currency="CNY", **tables)


def kinds(handover):
    return {finding.kind for finding in handover.findings}


def even(n=20, **values):
    return build_facts([100.0 + i for i in range(n)], list(range(1, n + 1)), **values)


@pytest.mark.parametrize(("kind", "firing", "silent"), [
    ("single_account", build_facts([50] + [5] * 20), even()),
    ("pareto", build_facts([900] + [5] * 20), even()),
    ("win_back", build_facts([90] * 3 + [10] * 4, [1, 8, 8, 2, 2, 2, 8],
                             days=[200] + [5] * 6), even()),
    ("tier_benchmark", even(60), skewed())])
def test_finding_fires_and_is_silent(kind, firing, silent):
    assert kind in kinds(hand_over(firing))
    assert kind not in kinds(hand_over(silent))


@pytest.mark.parametrize("kind", ["tier_drop", "tier_rise"])
def test_mover_findings_fire_and_are_silent(kind):
    assert kind in kinds(hand_over(AFTER, before=BEFORE))
    assert kind not in kinds(hand_over(AFTER, before=AFTER))


def test_drop_names_the_account_and_its_money():
    names = pd.DataFrame({"account_id": list("abcde"), "owner_id": ["m1", "m2", "", "", ""],
                          "name": ["A", 'Li, "Bo" {x} 李', "C", "D", "E"]})
    handover = hand_over(AFTER, before=BEFORE, accounts=names)
    drop = next(f for f in handover.findings if f.kind == "tier_drop")
    assert drop.amount == 85
    assert drop.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        '1 account fell out of core since the previous period (Li, "Bo" {x} 李); its sales of 12 '
        "months went from 90 CNY to 5 CNY.")
    fallen = handover.attention[0]
    assert (fallen.account_id, fallen.owner_id, fallen.amount) == ("b", "m2", 85)


def test_quiet_account_needs_attention_only_after_the_quiet_days():
    amounts, orders = [90] * 3 + [10] * 4, [1, 8, 8, 2, 2, 2, 8]
    for days, expected in ((90, ["000"]), (89, [])):
        facts = build_facts(amounts, orders, days=[days] + [5] * 6)
        assert [a.account_id for a in hand_over(facts).attention] == expected


def test_headline_metrics():
    handover = hand_over(even(), before=even())
    metrics = {m.name: m for m in handover.metrics if m.headline}
    assert set(metrics) == {"core_accounts", "core_revenue_share"}
    assert (metrics["core_accounts"].value, metrics["core_accounts"].previous) == (8, 8)
    assert metrics["core_accounts"].year_before is None
    assert len(handover.headline) == 3


@pytest.mark.parametrize(("facts", "n_unanswered"), [
    (build_facts([0, -5, 0]), 4),  # shares, pareto, margin, moves
    (build_facts([1, 2]).assign(n_orders_window=pd.array([pd.NA] * 2, dtype="Int64")), 3),
    (build_facts([], []), 4),
    (build_facts([7]), 2), (build_facts([5] * 30), 2)])
def test_bad_input_ends_in_unanswered_and_a_sentence(facts, n_unanswered):
    handover = hand_over(facts)
    assert len(handover.unanswered) == n_unanswered
    assert all(u.question and u.reason for u in handover.unanswered)
    assert handover.headline
    assert all("nan" not in line for line in handover.headline)
