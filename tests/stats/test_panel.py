"""Slopes within units, against a regression with a dummy for every unit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kamlib.errors import RefusedError
from kamlib.stats.panel import Slope, within_slopes

RNG = np.random.default_rng(11)
UNITS, TIMES = np.repeat(np.arange(8), 7), np.tile(np.arange(7), 8)
X = RNG.normal(size=(56, 2)) + UNITS[:, None]
Y = X @ [0.5, -1.0] + UNITS * 3 + TIMES * UNITS * 0.2 + RNG.normal(size=56)


def dummies(trends: bool) -> np.ndarray:
    unit, time = np.eye(8)[UNITS], np.eye(7)[TIMES][:, 1:]
    return np.column_stack([X, unit, time, *([unit * TIMES[:, None]] if trends else [])])


@pytest.mark.parametrize("trends", [False, True])
def test_slopes_are_those_of_a_regression_with_dummies(trends):
    found = within_slopes(Y, X, units=UNITS, times=TIMES, trends=trends)
    fitted = np.linalg.lstsq(dummies(trends), Y, rcond=None)[0][:2]
    assert [slope.value for slope in found] == pytest.approx(fitted.tolist(), rel=1e-6)


def test_errors_are_those_of_leaving_out_one_unit():
    found = within_slopes(Y, X, units=UNITS, times=TIMES, trends=False)
    left = np.array([np.linalg.lstsq(dummies(False)[u != UNITS], Y[u != UNITS],
                                     rcond=None)[0][:2] for u in range(8)])
    whole = np.array([slope.value for slope in found])
    errors = np.sqrt(7 / 8 * ((left - whole)**2).sum(axis=0))
    assert [slope.error for slope in found] == pytest.approx(errors.tolist(), rel=1e-6)
    assert found[0].freedom == 7


def test_interval_p_value_and_difference():
    slope = Slope(2.0, 1.0, 10.0)
    assert slope.interval().low == pytest.approx(2 - stats.t.ppf(0.975, 10))
    assert slope.p_value == pytest.approx(2 * stats.t.sf(2, 10))
    # Welch's degrees of freedom of two equal errors are the sum.
    assert slope.minus(slope) == pytest.approx((0.0, np.sqrt(2), 20.0))
    assert slope.times(-3) == (-6.0, 3.0, 10.0)


def test_nothing_that_varies_is_refused():
    with pytest.raises(RefusedError, match="does not vary within the units"):
        within_slopes(Y, UNITS[:, None] * 1.0, units=UNITS, times=TIMES)
    with pytest.raises(RefusedError, match=r"2 unit\(s\) are watched often enough"):
        within_slopes(Y[:14], X[:14], units=UNITS[:14], times=TIMES[:14])
