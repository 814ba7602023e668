"""Spearman's correlation and its interval, against a published example."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kamlib.errors import InputError, RefusedError
from kamlib.stats.rank_correlation import rank_correlation

# Bonett's R package statpsych, example of ci.spear (method of Bonett & Wright 2000).
Y = [21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19]
X = [67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51]


def test_the_printed_example():
    r, (low, high), n = rank_correlation(X, Y)
    assert n == 15
    assert r == pytest.approx(0.8699639, abs=5e-8)
    assert low == pytest.approx(0.5840951, abs=5e-8)
    assert high == pytest.approx(0.9638297, abs=5e-8)


def test_the_estimate_is_scipys_and_gaps_leave_first():
    x = [*X, np.nan, 5.0]
    y = [*Y, 3.0, np.nan]
    assert rank_correlation(x, y)[0] == pytest.approx(stats.spearmanr(X, Y).statistic)
    assert rank_correlation(x, y)[2] == 15


def test_a_perfect_order_is_as_sure_as_the_nearest_imperfect_one():
    r, (low, high), n = rank_correlation(range(6), range(6))
    nearest = rank_correlation(range(6), [0, 1, 2, 3, 5, 4])
    assert (r, high, n) == (1, 1, 6)
    assert low == pytest.approx(nearest[1].low)
    assert rank_correlation(range(6), range(6, 0, -1))[1].high == pytest.approx(-low)
    assert rank_correlation(range(4), range(4))[1].low < 0  # one of 24 orders: nothing is shown


def test_too_few_and_constant_are_refused():
    with pytest.raises(RefusedError, match="Only 3 accounts have both measures"):
        rank_correlation([1, 2, 3], [3, 1, 2])
    with pytest.raises(RefusedError, match="can be compared from 10 on"):
        rank_correlation(X[:9], Y[:9], min_pairs=10)
    with pytest.raises(RefusedError, match="the same for all 15 accounts"):
        rank_correlation(X, [1] * 15)


def test_a_level_outside_is_an_error():
    with pytest.raises(InputError, match="A level has to lie between 0 and 1"):
        rank_correlation(X, Y, level=95)
