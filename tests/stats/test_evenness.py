"""Evenness of months: what few events explain, what is chance, and what is left of a row's own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from kamlib.stats.evenness import estimate_evenness
from kamlib.stats.resample import compare_means, estimate_means

MONTHS = 12


def draw(found, events):
    return found.draw(np.tile(events, (400, 1)), np.random.default_rng(3))


def test_chance_alone_leaves_nothing_of_a_rows_own():
    # The logarithm of a normal variance of 11 degrees of freedom has the variance psi'(11 / 2).
    values = np.random.default_rng(1).normal(100, 5, (2000, MONTHS))
    found = estimate_evenness(values, np.full(2000, 60.0))
    logs = np.log(values.var(axis=1) / values.mean(axis=1)**2)
    assert logs.var() == pytest.approx(float(special.polygamma(1, 5.5)), rel=0.1)
    assert found.own.std() < 0.25 * logs.std()


def test_rows_that_differ_keep_their_difference():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(100, 3, (300, MONTHS)), rng.normal(100, 30, (300, MONTHS))])
    events = np.full(600, 60.0)
    drawn = draw(estimate_evenness(values, events), events)
    calm, wild = np.median(drawn[:, :300]), np.median(drawn[:, 300:])
    assert wild / calm == pytest.approx(10, rel=0.15)
    again = draw(estimate_evenness(7 * values, events), events)
    assert again == pytest.approx(drawn)


def test_of_one_order_only_the_number_is_seen():
    # One order in twelve months: the variation is the square root of 11, whoever placed it.
    rng = np.random.default_rng(4)
    counts = rng.poisson(np.repeat([0.1, 0.5, 2.0, 5.0], 200)[:, None], (800, MONTHS))
    values = counts * 50.0
    events = counts.sum(axis=1).astype("float64")
    found = estimate_evenness(values[events > 0], events[events > 0])
    drawn = draw(found, np.array([1.0, 60.0])[np.zeros(int((events > 0).sum()), dtype=int)])
    assert np.nanmedian(drawn) == pytest.approx(np.sqrt(11), rel=0.15)
    assert found.slope < 0


def test_growth_of_lucky_months_is_drawn_to_that_of_all():
    rng = np.random.default_rng(5)
    everywhere = np.ones((60, MONTHS), dtype=bool)
    then, now = (100 * k * rng.gamma(2, 0.5, (60, MONTHS)) for k in (1, 1.2))
    then[0] = 0.0
    events = np.full(60, 12.0)
    found = compare_means(*(estimate_means(v, events, everywhere) for v in (now, then)))
    assert np.isnan(found.centre[0]) and np.isnan(found.mean[0])
    ratio = np.log(now[1:].sum(axis=1) / then[1:].sum(axis=1))
    assert np.log(found.mean[1:]) == pytest.approx(ratio)
    # All have grown alike: hardly anything is left of the differences.
    assert found.centre[1:].std() < 0.25 * ratio.std()
    assert found.centre[1:].mean() == pytest.approx(np.log(1.2), abs=0.12)
