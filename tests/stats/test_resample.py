"""Means of months: intervals, shrinkage and draws against printed and known numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kamlib.errors import InputError
from kamlib.stats.resample import RankStore, draw_means, estimate_means, shrink_means

# Batting averages of 18 players after 45 at bats: Efron & Morris (1975), J. Am. Stat. Assoc.
# 70:311-319, table 1; sqrt(45) arcsin(2 y - 1) has variance 1.
HITS = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]


def everywhere(values):
    return np.ones(values.shape, dtype=bool)


def test_shrinkage_is_that_of_efron_and_morris():
    x = np.sqrt(45) * np.arcsin(2 * np.array(HITS) / 45 - 1)
    shrunk, kept = shrink_means(x, np.ones(18))
    # The paper prints V = 18.96 and 1 - 15 / V = .209; Morris (1983) is the same at equal variance.
    assert ((x - x.mean())**2).sum() == pytest.approx(18.96, abs=0.005)
    assert kept == pytest.approx(0.209, abs=0.0005)
    assert shrunk == pytest.approx(x.mean() + kept * (x - x.mean()))


def test_means_that_differ_by_noise_alone_become_nearly_one():
    # Variance between is 0: 1 - (k - 3) / (k - 1) of each deviation is kept.
    _, kept = shrink_means(np.array([1.0, 1.1, 0.9, 1.0, 1.0]), np.full(5, 4.0))
    assert kept == pytest.approx(0.5)


def test_means_known_exactly_are_left_alone():
    means = np.array([1.0, 2.0, 5.0, 9.0])
    shrunk, kept = shrink_means(means, np.zeros(4))
    assert shrunk.tolist() == means.tolist() and kept.tolist() == [1] * 4


def test_three_means_are_left_alone():
    assert shrink_means(np.array([1.0, 2.0, 5.0]), np.ones(3))[1].tolist() == [1, 1, 1]


def test_a_mean_below_zero_has_students_interval():
    # mean_interval holds Student's interval against print; here the same by hand.
    values = np.array([[-1.0, -2.0, -3.0, -4.0, -5.0]] * 4)
    means = estimate_means(values, np.full(4, 9.0), everywhere(values))
    half = stats.t.ppf(0.975, 4) * np.sqrt(2.5 / 5)
    assert means.low == pytest.approx(-3 - half) and means.high == pytest.approx(-3 + half)
    assert not means.is_log.any()


def test_returns_that_nearly_cancel_sales_reach_below_zero():
    values = np.tile([[1000.0, -990.0, 0.0, 0.0, 0.0, 2.0]], (4, 1))
    means = estimate_means(values, np.full(4, 3.0), everywhere(values))
    assert (means.low < 0).all() and (means.mean > 0).all()


def test_months_before_an_account_was_there_do_not_count():
    values = np.array([[0.0, 0.0, 4.0, 6.0], [4.0, 6.0, 4.0, 6.0]])
    own = np.array([[False, False, True, True], [True] * 4])
    means = estimate_means(values, np.array([2.0, 4.0]), own)
    assert means.mean.tolist() == [5, 5] and means.n_months.tolist() == [2, 4]
    assert means.high[0] - means.low[0] > means.high[1] - means.low[1]
    assert not means.directions[0, :2].any()


def test_an_account_that_bought_evenly_is_not_certain():
    rng = np.random.default_rng(5)
    values = np.vstack([np.full(24, 7.0), rng.gamma(1.0, 7.0, size=(40, 24))])
    means = estimate_means(values, np.full(41, 24.0), everywhere(values))
    # 8 shared events beside 23 of its own: sqrt(8 / 31) of what the others have.
    others = np.median(means.scale[1:])
    assert means.scale[0] == pytest.approx(np.sqrt(8 / 31) * others, rel=0.25)


def test_draws_have_the_spread_and_the_middle_that_were_estimated():
    rng = np.random.default_rng(6)
    values = rng.gamma(2.0, 3.0, size=(6, 24))
    values[5] = -values[5]
    means = estimate_means(values, np.full(6, 24.0), everywhere(values))
    drawn = np.vstack([part for part, in draw_means([means], n_draws=4000, seed=1)])
    assert drawn.shape == (4000, 6)
    logs = np.where(means.is_log, np.log(np.abs(drawn)), drawn)
    # Monte Carlo: the standard error of a mean is scale / 63, of a deviation scale / 89.
    assert ((logs.mean(axis=0) - means.centre) / means.scale) == pytest.approx(0, abs=0.08)
    assert logs.std(axis=0) / means.scale == pytest.approx(1, abs=0.06)


def test_rows_that_the_same_months_moved_move_together():
    first = np.random.default_rng(7).gamma(2.0, 3.0, size=24)
    values = np.vstack([first, first * 10, first[::-1]])
    means = estimate_means(values, np.full(3, 24.0), everywhere(values))
    drawn = np.vstack([part for part, in draw_means([means], n_draws=500, seed=1)])
    together = np.corrcoef(np.log(drawn).T)
    assert together[0, 1] == pytest.approx(1) and abs(together[0, 2]) < 0.9


def test_the_size_of_the_chunks_changes_no_draw():
    values = np.random.default_rng(8).gamma(2.0, 3.0, size=(5, 12))
    means = estimate_means(values, np.full(5, 12.0), everywhere(values))
    few, many = (np.vstack([part for part, in draw_means([means], n_draws=30, seed=1, chunk=n)])
                 for n in (4, 30))
    # BLAS adds in another order for another shape.
    assert few == pytest.approx(many, rel=1e-12)


def test_rank_intervals_are_order_statistics_of_the_ranks():
    rng = np.random.default_rng(9)
    values = rng.standard_normal((200, 7)) + np.arange(7)
    store = RankStore(200, np.zeros(7, dtype=bool), seed=1)
    store.add(values)
    low, high = store.intervals(0.95)
    ranks = np.sort(stats.rankdata(-values, axis=1), axis=0)
    assert low.tolist() == ranks[4].tolist()       # floor(0.025 * 199)
    assert high.tolist() == ranks[195].tolist()


def test_equal_values_may_stand_anywhere_among_each_other():
    store = RankStore(400, np.ones(4, dtype=bool), seed=1)
    store.add(np.full((400, 4), 3.0))
    low, high = store.intervals(0.95)
    assert low.tolist() == [1] * 4 and high.tolist() == [4] * 4


def test_more_rows_than_two_bytes_count_are_rounded_outward():
    n = 70_000
    store = RankStore(3, np.zeros(n, dtype=bool), seed=1)
    store.add(np.tile(-np.arange(n, dtype="float64"), (3, 1)))
    low, high = store.intervals(0.95)
    rank = np.arange(1, n + 1)
    assert ((low <= rank) & (rank <= high) & (high - low <= 1)).all()


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(InputError, match="do not belong together"):
        estimate_means(np.ones((2, 3)), np.ones(3), np.ones((2, 3), dtype=bool))
