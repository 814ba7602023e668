"""Support, confidence and lift, against textbooks; expectation by size, against a regression."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse, stats

from kamlib.errors import InputError
from kamlib.stats.association import (
    count_pairs,
    expect_holdings,
    lift_ends,
    lift_interval,
    oftener_p_values,
)


def marks(*baskets):
    """Accounts x products, in the order of the products' names."""
    names = sorted(set().union(*baskets))
    return names, sparse.csr_matrix([[float(name in basket) for name in names]
                                     for basket in baskets])


def test_interval_of_a_lift_lies_around_the_published_one():
    # Tan, Steinbach & Kumar (2006), Introduction to Data Mining, section 6.7.1: of 1,000 people
    # 200 drink tea, 800 coffee, 150 both; the interest factor is 0.9375.
    low, high = lift_interval(150, 200, 800, 1000)
    assert np.sqrt(low * high) == pytest.approx(0.9375, abs=0.00005)
    assert low < 0.9375 < high < 1.02


def test_interval_of_a_lift_is_that_of_resampled_accounts():
    # Normal approximation beside 20,000 draws of the four counts; a tenth of its half-width apart.
    n, counts = 400, np.array([60, 40, 90, 210])  # both, first only, second only, none
    drawn = np.random.default_rng(1).multinomial(n, counts / n, size=20000)
    lifts = drawn[:, 0] * n / ((drawn[:, 0] + drawn[:, 1]) * (drawn[:, 0] + drawn[:, 2]))
    low, high = lift_interval(60, 100, 150, n)
    assert (low, high) == pytest.approx(tuple(np.quantile(lifts, [0.025, 0.975])), abs=0.025)


def test_many_lifts_are_the_single_ones():
    low, high = lift_ends([30, 0], [60, 5], [75, 5], 100, level=0.9)
    assert (low[0], high[0]) == tuple(lift_interval(30, 60, 75, 100, level=0.9))
    assert np.isnan([low[1], high[1]]).all()


def test_impossible_counts_are_refused():
    with pytest.raises(InputError, match="Count all over the same accounts"):
        lift_interval(61, 60, 75, 100)


def test_counts_of_a_published_example():
    # mlxtend's user guide, five baskets: eggs and kidney beans have support 0.8, confidence 0.8
    # and lift 1.0; eggs and onion 0.6, 0.75 and 1.25.
    names, held = marks(
        {"Milk", "Onion", "Nutmeg", "Kidney Beans", "Eggs", "Yogurt"},
        {"Dill", "Onion", "Nutmeg", "Kidney Beans", "Eggs", "Yogurt"},
        {"Milk", "Apple", "Kidney Beans", "Eggs"},
        {"Milk", "Unicorn", "Corn", "Kidney Beans", "Yogurt"},
        {"Corn", "Onion", "Kidney Beans", "Ice cream", "Eggs"})
    pairs = count_pairs(held)
    pairs.index = pd.MultiIndex.from_arrays(
        [[names[i] for i in pairs["left"]], [names[i] for i in pairs["right"]]])
    found = {key: tuple(pairs.loc[key, ["n_left", "n_right", "n_both"]]) for key in
             [("Eggs", "Kidney Beans"), ("Eggs", "Onion")]}
    assert found == {("Eggs", "Kidney Beans"): (4, 5, 4), ("Eggs", "Onion"): (4, 3, 3)}
    assert len(count_pairs(held, min_both=4)) == 1


def test_chances_by_size_are_those_of_a_logistic_regression():
    # The same model, a mark by account and by product, fitted by statsmodels.
    rng = np.random.default_rng(3)
    held = (rng.random((12, 6)) < 0.5).astype(float)
    rows, columns = np.indices(held.shape)
    dummies = np.hstack([np.eye(12)[rows.ravel()], np.eye(6)[columns.ravel()][:, 1:]])
    fitted = sm.GLM(held.ravel(), dummies, family=sm.families.Binomial()).fit().fittedvalues
    ours = expect_holdings(held.sum(axis=1), held.sum(axis=0))
    assert ours.ravel() == pytest.approx(fitted, abs=1e-6)
    assert ours.sum(axis=0) == pytest.approx(held.sum(axis=0), abs=1e-6)


def test_expected_pairs_are_sums_over_accounts():
    held = (np.random.default_rng(8).random((30, 7)) < 0.4).astype(float)
    pairs = count_pairs(sparse.csr_matrix(held))
    chances = expect_holdings(held.sum(axis=1), held.sum(axis=0))
    both = chances.T @ chances
    assert pairs["n_expected"].tolist() == pytest.approx(
        both[pairs["left"], pairs["right"]].tolist(), abs=1e-6)
    assert pairs["n_both"].tolist() == (held.T @ held)[pairs["left"], pairs["right"]].tolist()


def test_tail_of_unequal_chances_is_near_the_exact_one():
    chances = np.random.default_rng(5).uniform(0.02, 0.7, 60)
    exact = np.array([1.0])
    for p in chances:  # the distribution of the sum, one chance after another
        exact = np.convolve(exact, [1 - p, p])
    tail = exact[::-1].cumsum()[::-1]
    moments = (chances.sum(), (chances * (1 - chances)).sum(),
               (chances * (1 - chances) * (1 - 2 * chances)).sum())
    n = np.arange(61)
    ours = oftener_p_values(n, *(np.full(61, m) for m in moments))
    assert np.abs(ours - tail).max() < 0.002
    near = (tail > 1e-5) & (tail < 0.05)
    # Far out it errs on the side of chance.
    assert (ours[near] >= tail[near]).all()
    assert (ours[near] <= 1.3 * tail[near]).all()


def test_accounts_that_differ_only_in_size_make_no_pairs():
    # Without any connection few pairs are called, though nearly every lift is above 1.
    rng = np.random.default_rng(7)
    size, spread = rng.gamma(1, 1, 300)[:, None], rng.gamma(2, 0.5, 40)
    chances = 0.5 * size * spread / (1 + 0.5 * size * spread)
    pairs = count_pairs(sparse.csr_matrix((rng.random(chances.shape) < chances).astype(float)),
                        min_both=10)
    low, _high = lift_ends(pairs["n_both"], pairs["n_left"], pairs["n_right"], 300, level=0.95)
    assert (low > 1).mean() > 0.5
    assert (pairs["p_value"] < 0.05).mean() < 0.05
    adjusted = stats.false_discovery_control(pairs["p_value"])
    assert not (adjusted < 0.05).any()
