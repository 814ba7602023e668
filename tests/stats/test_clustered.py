"""Means over groups with unequal weights: the jackknife, Student's interval and resampling."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kamlib.errors import InputError
from kamlib.stats.clustered import (
    amount_interval,
    cluster_mean,
    cluster_share,
    jackknife_error,
    logit_interval,
)

# Efron & Tibshirani (1993), An Introduction to the Bootstrap, table 10.1: hormone patches.
Z = [8406, 2342, 8187, 8459, 4795, 3516, 4796, 10238]
Y = [-1200, 2601, -2705, 1982, -1290, 351, -638, -2719]
# Their ratio and its eight jackknife values, as printed in section 10.5.
RATIO = -0.0713
LEFT_OUT = [-0.0571, -0.1285, -0.0215, -0.1325, -0.0507, -0.0840, -0.0649, -0.0222]


def test_jackknife_of_a_published_ratio():
    by_hand = np.sqrt(7 / 8 * ((np.array(LEFT_OUT) - RATIO) ** 2).sum())
    assert cluster_mean(Y, Z, seed=1).value == pytest.approx(RATIO, abs=5e-5)
    assert jackknife_error(Y, Z) == pytest.approx(by_hand, abs=5e-5)


def test_equal_weights_give_students_interval_of_the_means():
    values = [78.0, 91.0, 62.5, 70.0]
    found = cluster_mean(values, [1.0] * 4, seed=1)
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (found.value, found.method, found.n_effective) == (np.mean(values), "student", 4)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_weights_cost_effective_groups_and_widen_the_interval():
    # Kish: (10 + 1 + 1 + 1) ** 2 / (100 + 3) = 1.641.
    values, weights = np.array([80.0, 60.0, 70.0, 90.0]), np.array([10.0, 1.0, 1.0, 1.0])
    heavy = cluster_mean(values * weights, weights, seed=1)
    assert heavy.value == pytest.approx(1020 / 13)
    assert heavy.n_effective == pytest.approx(1.641, abs=5e-4)
    even = cluster_mean(values, [1.0] * 4, seed=1)
    assert heavy.high - heavy.low > even.high - even.low


def test_many_groups_are_resampled_and_the_seed_decides():
    rng = np.random.default_rng(3)
    values = rng.normal(75, 10, 60)
    found = cluster_mean(values, np.ones(60), seed=5)
    assert found.method == "resampled"
    assert found == cluster_mean(values, np.ones(60), seed=5)
    assert found != cluster_mean(values, np.ones(60), seed=6)
    low, high = stats.t.interval(0.95, 59, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.25)


def test_where_few_groups_carry_the_weight_students_interval_is_kept():
    rng = np.random.default_rng(3)
    weights = rng.lognormal(0, 1.2, 200)
    found = cluster_mean(rng.normal(75, 10, 200) * weights, weights, seed=5)
    assert 30 <= found.n_effective < 100
    assert found.method == "student"


@pytest.mark.parametrize("values", [[], [80.0], [80.0, 80.0, 80.0]])
def test_no_spread_no_interval(values):
    found = cluster_mean(values, [1.0] * len(values), seed=1)
    assert np.isnan(found.low)
    assert np.isnan(found.high)
    assert found.method == ""
    assert found.n_groups == len(values)


def test_groups_without_weight_or_value_leave_first():
    found = cluster_mean([60.0, np.nan, 80.0, 0.0], [1.0, 1.0, 1.0, 0.0], seed=1)
    assert (found.value, found.n_groups) == (70.0, 2)


def test_a_group_may_add_to_the_sum_without_a_weight_as_returns_of_older_sales_do():
    found = cluster_mean([2.0, 4.0, 3.0], [10.0, 10.0, 0.0], seed=1)
    assert (found.value, found.n_groups) == (9 / 20, 3)
    assert found.low < 9 / 20 < found.high
    alone = cluster_mean([2.0, 3.0], [10.0, 0.0], seed=1)
    assert alone.value == 0.5
    assert np.isnan(alone.low)  # leaving out the one with the weight leaves nothing


def test_a_finite_whole_narrows_the_interval_and_all_of_it_leaves_none():
    values = [60.0, 70.0, 80.0]
    wide = cluster_mean(values, [1.0] * 3, seed=1)
    part = cluster_mean(values, [1.0] * 3, seed=1, population=7)
    # metrics.md: times sqrt((N - n) / (N - 1)) = sqrt(4 / 6).
    assert part.high - part.low == pytest.approx((wide.high - wide.low) * np.sqrt(4 / 6))
    whole = cluster_mean(values, [1.0] * 3, seed=1, population=3)
    assert (whole.low, whole.high) == pytest.approx((70.0, 70.0))
    with pytest.raises(InputError, match="population of 2"):
        cluster_mean(values, [1.0] * 3, seed=1, population=2)


def test_sums_and_weights_belong_together():
    with pytest.raises(InputError, match="2 sums and 1 weights"):
        cluster_mean([1.0, 2.0], [1.0], seed=1)


def test_log_odds_interval_is_that_of_another_program():
    # samplics 0.6.0, TaylorEstimator(PopParam.prop): 12 of 86 in eight clusters of 12, 9, 15, 8,
    # 11, 10, 14 and 7 with 2, 0, 4, 1, 1, 0, 3 and 1; error 0.036585 with 7 degrees of freedom.
    found = logit_interval(0.139535, 0.036585, freedom=7)
    assert found == pytest.approx((0.073122, 0.249997), abs=5e-6)


def test_nothing_came_back_has_the_exact_upper_end():
    # Clopper & Pearson (1934) for 0 of 20, as in Newcombe (1998), table I: 0 to 0.1684.
    found = cluster_share(np.zeros(20), np.ones(20))
    assert (found.low, found.method) == (0.0, "exact")
    assert found.high == pytest.approx(0.1684, abs=5e-5)
    # One that carries most of the weight is worth hardly more than one.
    assert cluster_share(np.zeros(20), [1000.0, *np.ones(19)]).high > 0.9


def test_one_group_that_brings_nearly_all_is_no_evidence():
    weights = np.full(30, 100.0)
    few = cluster_share([50.0, *np.zeros(29)], weights)
    # As for 1 of 30 groups that brings all it can: Clopper & Pearson give 0.1722.
    assert (few.low, few.method) == (0.0, "exact")
    assert few.high == pytest.approx(0.1722, abs=5e-5)
    many = cluster_share(np.arange(30.0), weights)
    assert 0 < many.low < many.value < many.high < 1
    assert many.method == "logit"


def test_amounts_of_which_few_are_large_have_a_long_upper_end():
    # All alike on the log scale: mean 3.5, error of the mean 0.764 (1 to 6), Kish 441 / 91.
    low, high = amount_interval([1, 2, 3, 4, 5, 6])
    half = stats.t.ppf(0.975, 441 / 91 - 1) * 0.76376 / 3.5
    assert (low, high) == pytest.approx((3.5 * np.exp(-half), 3.5 * np.exp(half)), rel=1e-4)
    assert all(np.isnan(end) for end in amount_interval([1000.0, 1.0, 1.0]))
    assert all(np.isnan(end) for end in amount_interval([-3.0, 1.0]))
