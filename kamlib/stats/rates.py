"""How often something happens for so much exposure: rates of counts, and two of them compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kamlib.errors import InputError
from kamlib.stats.intervals import UNKNOWN, Interval, exact_interval

Floats = NDArray[np.float64]


def rate_interval(n_events: float, exposure: float, *, level: float = 0.95) -> Interval:
    """Exact interval of a Poisson rate, events for each unit of exposure.

    n_events: a count; exposure: what it is counted over (orders, years), NaN ends when it is 0.
    Source: Garwood (1936), Biometrika 28:437-442.

    >>> [round(end, 2) for end in rate_interval(10, 1)]
    [4.8, 18.39]
    """
    _check(n_events, exposure)
    if exposure == 0:
        return Interval(*UNKNOWN)
    tail = (1 - level) / 2
    low = stats.chi2.ppf(tail, 2 * n_events) / 2 if n_events else 0.0
    return Interval(float(low) / exposure, float(stats.chi2.isf(tail, 2 * n_events + 2)) / 2
                    / exposure)


def rate_ratio_interval(n_events: float, exposure: float, n_events_before: float,
                        exposure_before: float, *, level: float = 0.95) -> Interval:
    """Exact interval of the ratio of two Poisson rates; it holds 1 when they may be the same.

    Given how many events there were in all, those of the first are binomial; the interval is that
    of Clopper and Pearson, turned into a ratio. NaN when there was no event or no exposure.
    Source: Przyborowski & Wilenski (1940), Biometrika 31:313-323; as R's poisson.test.

    >>> [round(end, 3) for end in rate_ratio_interval(11, 800, 21, 3011)]
    [0.858, 4.277]
    """
    _check(n_events, exposure)
    _check(n_events_before, exposure_before)
    total = n_events + n_events_before
    if not total or not exposure or not exposure_before:
        return Interval(*UNKNOWN)
    ends = exact_interval(n_events, total, level=level)
    scale = exposure_before / exposure
    return Interval(*(scale * end / (1 - end) if end < 1 else float("inf") for end in ends))


def measure_clumping(n_events: ArrayLike, exposure: ArrayLike, n_events_before: ArrayLike,
                     exposure_before: ArrayLike) -> float:
    """How many times more two rates scatter than single events would, at least 1.

    One row an account in each: its events and exposure now and before. What an account always does
    cancels out; what it does all at once does not. The variance of the logarithm of the ratio,
    from the accounts' influences, over 1 / events + 1 / events before. 1 without events in both.
    Source: delta method over clusters, as Liang & Zeger (1986), Biometrika 73:13-22; dividing
    counts by it: Rao & Scott (1992), Biometrics 48:577-585.

    >>> measure_clumping([1, 1, 1, 1], [5, 5, 5, 5], [1, 1, 1, 1], [5, 5, 5, 5])
    1.0
    """
    now, over, before, over_before = (np.asarray(x, dtype="float64") for x in (
        n_events, exposure, n_events_before, exposure_before))
    n, n_before = now.sum(), before.sum()
    if not n or not n_before or not over.sum() or not over_before.sum():
        return 1.0
    influence = ((now - n / over.sum() * over) / n
                 - (before - n_before / over_before.sum() * over_before) / n_before)
    return float(max(1.0, (influence ** 2).sum() / (1 / n + 1 / n_before)))


def _check(n_events: float, exposure: float) -> None:
    if n_events < 0 or exposure < 0:
        raise InputError(f"A rate needs counts and an exposure of 0 or more, but there are "
                         f"{n_events} events over {exposure}. Count both over the same span.")
