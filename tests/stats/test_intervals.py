"""Intervals against printed numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.stats.intervals import (
    add_proportion,
    bootstrap_interval,
    exact_interval,
    mean_interval,
    proportion_interval,
    wilson_interval,
)

# Efron & Tibshirani (1993), table 10.1: hormone patches, z = old - placebo, y = new - old.
PATCH_Z = [8406, 2342, 8187, 8459, 4795, 3516, 4796, 10238]
PATCH_Y = [-1200, 2601, -2705, 1982, -1290, 351, -638, -2719]


# Newcombe (1998), Statist. Med. 17:857-872, table I, methods 3 (Wilson) and 5 (exact).
@pytest.mark.parametrize(("k", "n", "wilson", "exact"), [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
])
def test_newcombe_table_1(k, n, wilson, exact):
    assert wilson_interval(k, n) == pytest.approx(wilson, abs=5e-5)
    assert exact_interval(k, n) == pytest.approx(exact, abs=5e-5)
    assert proportion_interval(k, n) == pytest.approx(exact if k == 0 else wilson, abs=5e-5)


def test_fixtures_of_the_catalogue():
    # requirements.md SAT-08 (28 of 45) and SAT-11 (4 of 4, Wilson), printed to 0.1 %.
    assert wilson_interval(28, 45) == pytest.approx((0.476, 0.749), abs=5e-4)
    assert wilson_interval(4, 4) == pytest.approx((0.510, 1.0), abs=5e-4)


@pytest.mark.parametrize("n", [1, 4, 20])
def test_none_or_all_take_the_exact_two_sided_limit(n):
    # Closed form of Clopper & Pearson (1934): (alpha / 2) ** (1 / n).
    limit = 0.025 ** (1 / n)
    assert proportion_interval(n, n) == pytest.approx((limit, 1.0), abs=1e-12)
    assert proportion_interval(0, n) == pytest.approx((0.0, 1 - limit), abs=1e-12)


def test_finite_population_narrows_to_nothing_when_everybody_answered():
    wide, narrow = proportion_interval(28, 40), proportion_interval(28, 40, population=45)
    assert wide.low < narrow.low < 0.7 < narrow.high < wide.high
    assert proportion_interval(28, 40, population=40) == (0.7, 0.7)
    # metrics.md: Wilson with n (N - 1) / (N - n) = 40 * 44 / 5 = 352 answers.
    assert narrow == pytest.approx(wilson_interval(0.7 * 352, 352), abs=1e-12)
    assert proportion_interval(7, 7, population=9).low > proportion_interval(7, 7).low


def test_no_rows_give_no_interval():
    assert all(math.isnan(end) for end in proportion_interval(0, 0))
    assert all(math.isnan(end) for end in mean_interval([3.0, float("nan")]))
    assert all(math.isnan(end) for end in bootstrap_interval([1.0], np.mean, seed=1))


def test_impossible_counts_and_levels_are_refused():
    with pytest.raises(InputError, match=r"^A proportion needs 0 <= successes <= n, but there are "
                       r"5 successes of 4\. Count both over the same rows\.$"):
        proportion_interval(5, 4)
    with pytest.raises(InputError, match="A level has to lie between 0 and 1, but is 95"):
        mean_interval([1, 2], level=95)
    with pytest.raises(InputError, match="A population of 3 cannot be smaller than the 4 drawn"):
        proportion_interval(2, 4, population=3)


def test_table_gets_three_columns_and_keeps_its_rows():
    table = pd.DataFrame({"k": [28, 0, 0], "n": [45, 20, 0]})
    result = add_proportion(table, successes="k", n="n", name="loss_rate")
    assert list(result.columns) == ["k", "n", "loss_rate", "loss_rate_ci_low", "loss_rate_ci_high"]
    assert result.loc[0, "loss_rate_ci_high"] == pytest.approx(0.749, abs=5e-4)
    assert result.loc[1, "loss_rate_ci_high"] == pytest.approx(0.1684, abs=5e-5)
    assert result.loc[2, ["loss_rate", "loss_rate_ci_low"]].isna().all()
    assert list(table.columns) == ["k", "n"]


def test_mean_interval_is_students_sleep_example():
    # Student (1908), sleep data, paired differences; R's t.test prints 0.7001142 2.4598858.
    differences = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4, float("nan")]
    assert mean_interval(differences) == pytest.approx((0.7001142, 2.4598858), abs=5e-8)


def test_bootstrap_of_a_mean_has_the_plug_in_error():
    # Efron & Tibshirani (1993), ch. 5: the ideal bootstrap error is sqrt(sum((x - mean)^2)) / n.
    values = np.arange(100.0)
    half = 1.96 * values.std() / 10
    assert bootstrap_interval(values, np.mean, seed=1, n_resamples=20_000) == pytest.approx(
        (49.5 - half, 49.5 + half), abs=0.15)


def test_rows_of_one_account_are_drawn_together():
    values, accounts = np.repeat([1.0, 5.0, 9.0, 2.0], 5), np.repeat(["a", "b", "c", "d"], 5)
    together = bootstrap_interval(values, np.mean, seed=1, groups=accounts)
    assert together == bootstrap_interval([1.0, 5.0, 9.0, 2.0], np.mean, seed=1)
    apart = bootstrap_interval(values, np.mean, seed=1)
    assert apart.high - apart.low < 0.7 * (together.high - together.low)


def test_same_seed_same_interval_and_order_of_rows_is_irrelevant():
    values, accounts = np.array(PATCH_Y), np.array(list("abcdefgh"))
    once = bootstrap_interval(values, np.mean, seed=3, groups=accounts)
    assert once == bootstrap_interval(values[::-1], np.mean, seed=3, groups=accounts[::-1])
    assert once != bootstrap_interval(values, np.mean, seed=4, groups=accounts)
