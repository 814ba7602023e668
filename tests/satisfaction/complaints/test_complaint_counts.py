"""Counts, rates, and whether they changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.satisfaction.complaints.counts import judge_ratio
from kamlib.stats.rates import measure_clumping, rate_interval


def entries(account, day, n, name=None):
    return [(account, day, None, None, name)] * n


START = [("a", "2023-01-05", "2023-01-06", "2023-01-07")]


def test_counts_and_rates_by_hand(world):
    found = world([*START, *entries("a", "2025-11-01", 3), *entries("b", "2025-08-01", 1),
                   *entries("c", "2024-11-01", 2), *entries("a", "2025-10-01", 1, "suggestion")
                   ]).build().counts.set_index("span")
    assert found["n_complaints"].to_dict() == {
        "period": 3, "previous": 1, "year_before": 2, "window": 4, "window_before": 2}
    assert found.loc["period", "n_not_complaints"] == 1
    assert found["n_complaining_accounts"]["window"] == 2
    # 3 of 30 orders, and Garwood's interval of 3 for a hundred of them.
    assert found["complaints_per_100"]["period"] == pytest.approx(10)
    assert found["complaints_per_100_ci_low"]["period"] == pytest.approx(
        rate_interval(3, 0.3).low)
    assert found["complaints_per_100"]["window"] == pytest.approx(400 / 120)


def test_before_the_log_began_nothing_is_compared(world):
    result = world(entries("a", "2025-08-10", 1) + entries("b", "2025-11-10", 2)).build()
    counts = result.counts.set_index("span")
    assert counts["is_in_log"].to_dict() == {
        "period": True, "previous": False, "year_before": False, "window": False,
        "window_before": False}
    assert counts["complaints_per_100"].notna().tolist() == [True, False, False, False, False]
    assert set(result.changes["movement"]) == {""}


def test_orders_that_are_not_known_give_no_rate(world):
    one = world([*START, *entries("a", "2025-11-01", 3)])
    result = one.build(facts_year_before=None, facts=one.facts.assign(
        n_orders_year_before=pd.NA))
    counts = result.counts.set_index("span")
    assert counts.loc[["year_before", "window_before"], "n_orders"].isna().all()
    assert result.changes["movement"].tolist()[1:] == ["", ""]


def test_a_rise_is_one_only_beyond_chance(world):
    few = world([*START, *entries("a", "2024-11-01", 2), *entries("b", "2024-11-01", 2),
                 *entries("a", "2025-11-01", 3), *entries("b", "2025-11-01", 3)]).build()
    assert few.changes["movement"].tolist()[1:] == ["no clear change"] * 2
    many = world([*START, *[e for a in "abc" for e in entries(a, "2024-11-01", 4)],
                  *[e for a in "abc" for e in entries(a, "2025-11-01", 12)]]).build()
    row = many.changes.set_index("compared").loc["year_before"]
    assert row["rate_ratio"] == pytest.approx(3)
    assert (row["clumping"], row["movement"]) == (1, "rose")


def test_one_account_that_complains_at_once_is_no_general_rise(world):
    base = [e for a in "abc" for e in entries(a, "2024-11-01", 4)]
    result = world([*START, *base, *entries("a", "2025-11-01", 36)]).build()
    row = result.changes.set_index("compared").loc["year_before"]
    assert row["rate_ratio"] == pytest.approx(3)
    assert row["clumping"] > 5
    assert row["movement"] == "no clear change"


def test_groups_of_complaints_and_of_accounts(world):
    result = world([*START, *entries("a", "2025-11-01", 3, "late"),
                    *entries("b", "2025-11-02", 1, "price"),
                    *entries("b", "2024-11-02", 2, "late")]).build()
    groups = result.groups.set_index(["grouped_by", "group"])
    late = groups.loc[("complaint_class", "late")]
    assert (late["n_complaints"], late["n_complaints_before"]) == (3, 2)
    assert late["complaint_share"] == pytest.approx(0.75)
    assert late["complaints_per_100"] == pytest.approx(3 / 1.2)  # of all 120 orders
    south = groups.loc[("region", "South")]
    assert south["complaints_per_100"] == pytest.approx(1 / 0.8)  # of its own 80 orders
    assert (south["n_complaining_accounts"], south["net_amount_window"]) == (1, 200)
    assert "product_line" not in set(result.groups["grouped_by"])
    assert result.refused["matrix"] == (
        "No complaint of these 12 months names a product whose line is known. product_id in the "
        "table complaints would lift this.")


def test_a_grouping_handed_in_is_counted_too(world):
    tiers = pd.Series({"a": "core", "b": "general"}).rename_axis("account_id")
    result = world([*START, *entries("a", "2025-11-01", 3)]).build(groups={"tier": tiers})
    rows = result.groups[result.groups["grouped_by"] == "tier"]
    assert rows["group"].tolist() == ["core"]


def test_quarters_go_back_from_the_last_month(world):
    found = world([*START, *entries("a", "2025-10-31", 3), *entries("a", "2025-09-30", 1)]
                  ).build().quarters
    assert len(found) == 12
    assert found["n_complaints"].tolist()[-2:] == [1, 3]
    assert found["complaints_per_100"].iloc[-1] == pytest.approx(10)


def test_equal_rates_are_called_a_change_in_few_of_a_thousand_worlds():
    # 40 accounts, some of which always complain more; nothing changes between the two years.
    rng = np.random.default_rng(5)
    orders = rng.integers(5, 60, 40).astype("float64")
    rates = orders * rng.gamma(0.8, 0.05, 40)
    moved = 0
    for _world in range(400):
        now, before = rng.poisson(rates), rng.poisson(rates)
        clumping = measure_clumping(now, orders, before, orders)
        said = judge_ratio(now.sum(), orders.sum(), before.sum(), orders.sum(),
                           clumping=clumping, level=0.95)
        moved += said["movement"] != "no clear change"
    assert moved <= 0.05 * 400 + 3 * np.sqrt(400 * 0.05 * 0.95)
