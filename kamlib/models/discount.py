"""Integrals over discounted time to come, by quadrature on the log of time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from kamlib.models.histories import Floats, sum_products
from kamlib.period import DAYS_A_YEAR

NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
# After this many lifetimes of the discount factor, what is left is worth e^-FAR of it.
FAR = 22.0


def discount_rate(annual_rate: float, *, time_unit_days: float) -> float:
    """Turn a yearly rate of interest into a continuous rate by unit of time.

    >>> round(discount_rate(0.15, time_unit_days=7), 7)  # 0.15 a year, in weeks
    0.0026785
    """
    return math.log1p(annual_rate) * time_unit_days / DAYS_A_YEAR


def discounted_time(survival: Callable[[Floats], Floats], *, discount: float, horizon: float,
                    scale: float) -> Floats:
    """Integrate e^(-discount t) survival(t) from 0 to the horizon, which may be infinite.

    survival: from times to one row of shares a unit; scale: a time in which it changes.
    """
    times, weights = _grid(discount, horizon, scale)
    return sum_products(survival(times), weights * np.exp(-discount * times))


def discounted_growth(expected: Callable[[float], Floats], *, discount: float, horizon: float,
                      scale: float) -> Floats:
    """Integrate e^(-discount t) d expected(t) from 0 to the horizon, which may be infinite.

    expected: from a time to the expected count of every unit by then; by parts, so that only
    expected counts are needed.

    >>> poisson = discounted_growth(lambda t: np.array([2 * t]), discount=0.5, horizon=math.inf,
    ...                             scale=1)
    >>> poisson.round(6)  # 2 orders a unit of time, for ever
    array([4.])
    """
    times, weights = _grid(discount, horizon, scale)
    shares = discount * weights * np.exp(-discount * times)
    total = np.sum([share * expected(float(time))
                    for share, time in zip(shares, times, strict=True)], axis=0)
    if math.isfinite(horizon):
        total = total + math.exp(-discount * horizon) * expected(horizon)
    result: Floats = total
    return result


def _grid(discount: float, horizon: float, scale: float) -> tuple[Floats, Floats]:
    end = min(horizon, FAR / discount) if discount > 0 else horizon
    width = math.log1p(end / scale)
    times = scale * np.expm1(width * NODES)
    return times, WEIGHTS * width * (times + scale)
