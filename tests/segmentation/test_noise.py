"""Moves between tiers against what chance alone moves."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import RefusedError
from kamlib.segmentation.migration import compare_periods
from kamlib.segmentation.ranks.growth import Windows, estimate_growth, remove_growth
from kamlib.segmentation.ranks.noise import NOISE_COLUMNS, judge_migration
from kamlib.segmentation.ranks.rules import RankRules
from kamlib.segmentation.rules import SegmentationRules

PLACE = Path(__file__).resolve().parents[2] / "benchmarks" / "stress.py"
_spec = importlib.util.spec_from_file_location("stress_moves", PLACE)
stress = importlib.util.module_from_spec(_spec)
sys.modules["stress_moves"] = stress  # dataclasses look their module up
_spec.loader.exec_module(stress)

RULES, TIER_RULES = RankRules(noise_draws=200), SegmentationRules()
AS_OF, BEFORE = date(2025, 12, 31), date(2024, 12, 31)


def make(*, seed=1, n_accounts=120, rate=3.0, factor=None, n_months=24):
    world = stress.World(rate=rate)
    made = stress.make_world(world, np.random.default_rng(seed), n_months=n_months,
                             n_accounts=n_accounts, factor=factor)
    return stress.to_tables(made)


def judge(tables, *, before=BEFORE, rules=RULES, **more):
    return judge_migration(*tables, as_of=AS_OF, as_of_before=before, rules=rules,
                           tier_rules=TIER_RULES, **more)


def row(table, test, adjusted="plain"):
    found = table[(table["test"] == test) & (table["adjusted"] == adjusted)]
    return found.to_dict("records")[0]


def test_one_row_a_test():
    table = judge(make())
    assert list(table) == NOISE_COLUMNS
    assert list(zip(table["cuts"], table["adjusted"], table["test"], strict=True)) == [
        ("fixed", "plain", "bowker"), ("fixed", "plain", "stuart_maxwell"),
        ("fixed", "common_growth_removed", "bowker"),
        ("fixed", "common_growth_removed", "stuart_maxwell"), ("re_estimated", "", "movers")]
    assert table["p_value"].between(0, 1).all()
    assert (table["is_alarm"] == (table["p_value"] <= 0.05)).all()


def test_row_order_does_not_matter_and_the_seed_is_kept():
    months, facts = make()
    mixed = (months.sample(frac=1, random_state=1), facts.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(judge(mixed), judge((months, facts)))


def test_movers_are_those_of_the_migration_table():
    months, facts = make()
    earlier = months[months["month"] < "2025-01-01"].groupby("account_id")
    sums = earlier[["n_orders", "amount"]].sum().reindex(facts["account_id"]).fillna(0)
    before = pd.DataFrame({"account_id": facts["account_id"],
                           "n_orders_window": sums["n_orders"].to_numpy(),
                           "net_amount_window": sums["amount"].to_numpy()})
    moves = compare_periods(facts, before, rules=TIER_RULES)
    movers = row(judge((months, facts)), "movers", "")
    assert movers["n_movers"] == (moves["move"] != "stayed").sum()
    assert movers["n_accounts"] == len(moves)
    fixed = compare_periods(before, facts, rules=SegmentationRules(migration_cuts="fixed"))
    # Seen from the former window, so that its cuts are those that are fixed.
    assert row(judge((months, facts)), "bowker")["n_movers"] == fixed["move"].isin(
        ["moved_up", "moved_down"]).sum()


def test_months_that_both_windows_share_are_never_exchanged():
    # Only the quarters differ, and they are equal: whatever is dealt, nobody moves.
    months, facts = make(n_months=12, rate=1.0)
    added = months[months["month"] >= "2025-10-01"].copy()
    added["month"] -= pd.DateOffset(years=1)
    movers = row(judge((pd.concat([months, added]), facts), before=date(2025, 9, 30)),
                 "movers", "")
    assert (movers["n_movers"], movers["n_movers_expected"], movers["verdict"]) == (
        0, 0, "cannot tell")


def test_a_third_that_halves_is_found():
    factor = np.ones((200, 24))
    factor[::3, 12:] = 0.5
    table = judge(make(n_accounts=200, rate=5.0, factor=factor))
    movers = row(table, "movers", "")
    assert movers["verdict"] == "more than noise"
    assert movers["n_movers"] > movers["n_movers_expected"] + 5
    assert row(table, "stuart_maxwell")["is_alarm"]


def test_common_growth_alarms_until_it_is_removed():
    factor = np.ones((600, 24))
    factor[:, 12:] = 1.3
    table = judge(make(n_accounts=600, factor=factor))
    assert row(table, "stuart_maxwell")["verdict"] == "more than noise"
    assert row(table, "stuart_maxwell", "common_growth_removed")["verdict"] == "within noise"
    assert row(table, "movers", "")["verdict"] == "within noise"
    # 600 accounts with 36 orders a year and more: about one point of standard error.
    assert row(table, "bowker")["orders_growth_factor"] == pytest.approx(1.3, abs=0.04)
    assert row(table, "bowker")["growth_factor"] == pytest.approx(1.3, abs=0.06)


def test_growth_of_most_is_not_moved_by_a_few():
    n = 60
    before, orders = np.full(n, 100.0), np.full(n, 20.0)
    rng = np.random.default_rng(4)
    now = before * 1.15 * np.exp(0.1 * rng.standard_normal(n))
    now[:6], now_orders = 5.0, orders.copy()
    now_orders[:6] = 1.0
    growth = estimate_growth(Windows(before, now, orders, now_orders))
    assert growth.orders == pytest.approx(1)
    assert growth.amounts == pytest.approx(1.15, abs=0.04)


@pytest.mark.parametrize("factor", [1.2, 0.8])
def test_removed_growth_leaves_the_windows_alike(factor):
    rng = np.random.default_rng(5)
    orders_before = rng.poisson(20.0, 3000).astype("float64")
    orders = rng.poisson(20.0 * factor, 3000).astype("float64")
    windows = Windows(orders_before * 9.0, orders * 9.9, orders_before, orders)
    left = remove_growth(windows, estimate_growth(windows), seed=1)
    # Standard error of the ratio of two sums of 60,000 orders: 0.6 points.
    assert left.orders.sum() / left.orders_before.sum() == pytest.approx(1, abs=0.02)
    assert left.amounts.sum() / left.amounts_before.sum() == pytest.approx(1, abs=0.02)
    assert (left.orders == np.rint(left.orders)).all()


def test_newcomers_are_not_counted():
    months, facts = make(n_accounts=120, n_months=30)
    new = facts["account_id"] >= "00100"
    facts["is_start_known"] = ~new
    months = months[(months["account_id"] < "00100") | (months["month"] >= "2025-03-01")]
    assert row(judge((months, facts)), "movers", "")["n_accounts"] == 100


def test_too_few_accounts_and_too_short_a_history_are_refused():
    with pytest.raises(RefusedError) as error:
        judge(make(n_accounts=12))
    assert str(error.value) == (
        "Moves are tested against chance with 20 accounts that were customers before the former "
        "window began; here there are 12. More accounts, or a later period, would lift this.")
    with pytest.raises(RefusedError, match="whole of two different windows"):
        judge(make(n_months=20))
    with pytest.raises(RefusedError, match="whole of two different windows"):
        judge(make(), before=AS_OF)
    with pytest.raises(RefusedError, match="whole of two different windows"):
        judge(make(), history_from=date(2024, 1, 2))


def test_all_accounts_equal_and_nothing_above_zero():
    ids = [f"{i:02d}" for i in range(30)]
    months = pd.DataFrame([{"account_id": i, "month": m, "line_kind": "sale", "n_orders": 1,
                            "amount": 5.0} for i in ids
                           for m in pd.date_range("2024-01-01", periods=24, freq="MS")])
    facts = pd.DataFrame({"account_id": ids})
    for tables in ((months, facts), (months.assign(amount=-5.0), facts)):
        table = judge(tables)
        assert (table["n_movers"] == 0).all()
        assert set(table["verdict"]) == {"cannot tell"}


def test_no_more_false_alarms_than_promised():
    # 40 worlds in which nothing changes or all grow alike; of 5 % alarms seven are more than three
    # standard errors too many. Without taking the growth out half of the latter alarm.
    alarms = np.array([stress.try_moves(i, change=("none", "shock")[i % 2], rate=1.0)
                       for i in range(40)])
    assert (alarms[:, 2:].sum(axis=0) <= 6).all(), alarms.sum(axis=0)
    assert alarms[1::2, 1].sum() >= 5
