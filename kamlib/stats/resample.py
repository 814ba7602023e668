"""Means of monthly values with what the months can say about them, and draws of what may be true.

All rows share their months: a month is drawn for all of them at once, so that a common shock does
not pass for a difference between rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from kamlib.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# A row's own spread counts with its events, what all rows share as if it were so many more.
# Tried on the worlds of benchmarks/stress.py: 4 to 16 cover alike; without it intervals from 12
# months hold the truth two points less often.
PRIOR_EVENTS = 8.0
# Where returns make a mean this uncertain, it may lie below zero and has no logarithm.
LARGEST_RELATIVE_SPREAD = 0.5
STEPS, CLOSE, SMALL = 200, 1e-12, 1e-12


@dataclass(frozen=True)
class Means:
    """The mean month of each row, its interval, and where its truth may lie.

    mean, low, high: unit of the values; n_months: own months; centre, scale: middle and standard
    deviation of the draws, of the logarithm where is_log; error: that deviation before the centre
    was drawn to the middle of all rows; directions: row x month, how each month moves the mean
    (length 1, or 0 for a row whose months are all alike).
    """

    mean: Floats
    low: Floats
    high: Floats
    n_months: Floats
    centre: Floats
    scale: Floats
    error: Floats
    is_log: Bools
    directions: Floats


def estimate_means(values: Floats, n_events: Floats, is_own: Bools, *,
                   level: float = 0.95) -> Means:
    """Mean month of each row with an interval that also holds with few months.

    values: row x month; n_events: what the values of a row came in (orders), all months together;
    is_own: row x month, the months in which the row was there at all.
    The variance of a mean is taken relative to it and drawn towards what rows with as many events
    have (a row that happened to buy evenly is not certain), widened from the normal to Student's
    quantile of its degrees of freedom, and turned into an interval on the logarithm, as amounts
    have a long tail. Rows at or below zero keep a symmetric interval. The centres of the draws,
    unlike the means, are drawn towards the middle of all rows as far as they are noise.
    Source: expanded intervals: Hesterberg (2015), Am. Stat. 69:371-386; shrunken centres: Morris
    (1983), J. Am. Stat. Assoc. 78:47-55; ranks from them: Laird & Louis (1989), J. Educ. Stat.
    14:29-46. How often they hold: benchmarks/stress.py.

    >>> months = np.array([[3.0, 5.0, 4.0, 4.0], [0.0, 9.0, 0.0, 0.0]])
    >>> means = estimate_means(months, np.array([12.0, 1.0]), np.ones((2, 4), dtype=bool))
    >>> means.mean.round(2).tolist(), bool((means.low < means.mean).all())
    ([4.0, 2.25], True)
    """
    if values.shape != is_own.shape or len(n_events) != len(values):
        raise InputError(f"Values of {values.shape}, months of {is_own.shape} and {len(n_events)} "
                         "event counts do not belong together. Give one row and column in each.")
    n = is_own.sum(axis=1).astype("float64")
    mean = np.where(is_own, values, 0.0).sum(axis=1) / np.maximum(n, 1)
    rest = np.where(is_own, values - mean[:, None], 0.0)
    length = np.sqrt((rest**2).sum(axis=1))
    # Months that differ by rounding alone are alike.
    rest[length <= CLOSE * n * np.abs(mean)] = 0.0
    length[length <= CLOSE * n * np.abs(mean)] = 0.0
    spread = length / np.sqrt(np.maximum(n, 1) * np.maximum(n - 1, 1))
    has_back = (np.where(is_own, values, 0.0) < 0).any(axis=1)
    is_log = (mean > 0) & ~(has_back & (spread > LARGEST_RELATIVE_SPREAD * mean))
    events = np.maximum(n_events, 1.0)
    own_dof = np.maximum(np.minimum(events, n) - 1, 0.0)
    relative = _pool((spread / np.where(is_log, mean, 1.0))**2, events, own_dof, is_log & (n > 1))
    dof = np.where(is_log, own_dof + PRIOR_EVENTS, np.maximum(n - 1, 1))
    z = float(stats.norm.ppf((1 + level) / 2))
    wider = stats.t.ppf((1 + level) / 2, dof) / z
    scale = np.where(is_log, np.sqrt(np.log1p(relative * wider**2)), spread * wider)
    reach = np.exp(np.where(is_log, z * scale, 0.0))
    log_mean = np.log(np.where(is_log, mean, 1.0))
    centre, kept = shrink_means(log_mean[is_log], scale[is_log]**2)
    centres, scales = mean.copy(), scale.copy()
    centres[is_log], scales[is_log] = centre, scale[is_log] * np.sqrt(kept)
    return Means(mean=mean, low=np.where(is_log, mean / reach, mean - z * scale),
                 high=np.where(is_log, mean * reach, mean + z * scale), n_months=n,
                 centre=centres, scale=scales, error=scale,
                 is_log=is_log, directions=_point(rest))


def compare_means(now: Means, before: Means) -> Means:
    """Ratio of two means of the same rows, whose months belong together pair by pair.

    now, before: from `estimate_means`. The logarithm of a ratio is drawn towards the middle of all
    ratios, as far as it is noise: who bought in one lucky month has not grown so much. A row of
    which either mean has no logarithm has a gap everywhere.
    """
    both = now.is_log & before.is_log
    ratio = np.log(np.where(both, now.mean, 1.0) / np.where(both, before.mean, 1.0))
    error = np.sqrt(now.error**2 + before.error**2)
    centre, kept = np.full(len(both), np.nan), np.full(len(both), np.nan)
    centre[both], kept[both] = shrink_means(ratio[both], error[both]**2)
    z = float(stats.norm.ppf(0.975))
    mean, error = (np.where(both, values, np.nan) for values in (np.exp(ratio), error))
    return Means(mean=mean, low=mean * np.exp(-z * error), high=mean * np.exp(z * error),
                 n_months=now.n_months, centre=centre, scale=error * np.sqrt(kept), error=error,
                 is_log=np.ones(len(both), dtype=bool),
                 directions=_point(now.error[:, None] * now.directions
                                   - before.error[:, None] * before.directions))


def shrink_means(means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Draw means towards their common middle as far as their variances explain their differences.

    Returns the new means and the part of each deviation that was kept (0-1). Three means or fewer
    are left alone. Source: Morris (1983), J. Am. Stat. Assoc. 78:47-55, section 5.

    >>> shrunk, kept = shrink_means(np.array([0.0, 1.0, 2.0, 9.0]), np.array([0.1, 0.1, 0.1, 9.0]))
    >>> kept.round(2).tolist()
    [1.0, 1.0, 1.0, 0.84]
    """
    k = len(means)
    if k <= 3:
        return means.copy(), np.ones(k)
    between = max(CLOSE, float(means.var(ddof=1) - variances.mean()))
    for _step in range(STEPS):
        weight = 1 / np.maximum(variances + between, CLOSE)
        middle = float((weight * means).sum() / weight.sum())
        gaps = k / (k - 1) * (means - middle)**2 - variances
        new = max(CLOSE, float((weight * gaps).sum() / weight.sum()))
        if abs(new - between) < 1e-9 * between:
            break
        between = new
    kept = 1 - (k - 3) / (k - 1) * variances / np.maximum(variances + between, CLOSE)
    return middle + kept * (means - middle), kept


def draw_means(estimates: Sequence[Means], *, n_draws: int, seed: int,
               chunk: int = 8) -> Iterator[list[Floats]]:
    """Draw what the true means may be, some draws at a time, the months for all rows at once.

    estimates: measures of the same rows and months, such as amounts and orders. Each draw gives
    every month a normal weight; rows that the same months moved move together.
    Yields, for each measure, draws x rows. Source: multiplier bootstrap, Wu (1986), Ann. Stat.
    14:1261-1295.
    """
    rng = np.random.default_rng(seed)
    n_months = estimates[0].directions.shape[1]
    # A row whose months are all alike says nothing about the months, but may be wrong all the same.
    alone = [(e.directions == 0).all(axis=1) & (e.scale > 0) for e in estimates]
    for start in range(0, n_draws, chunk):
        n = min(chunk, n_draws - start)
        weights = rng.standard_normal((n, n_months))
        drawn = []
        for estimate, lonely in zip(estimates, alone, strict=True):
            values = weights @ estimate.directions.T
            if lonely.any():
                values[:, lonely] = rng.standard_normal((n, int(lonely.sum())))
            values *= estimate.scale
            values += estimate.centre
            np.exp(values, out=values, where=estimate.is_log)
            drawn.append(values)
        yield drawn


class RankStore:
    """Ranks of many draws in little memory, and the interval of each row's rank."""

    def __init__(self, n_draws: int, tied: Bools, *, seed: int) -> None:
        """Make room for `n_draws` ranks of each row; `tied`: rows whose draws may be equal."""
        self._n = len(tied)
        # Two bytes a rank; with more rows than they count, neighbouring ranks share a number.
        self._step = self._n // 65_535 + 1
        self._ranks = np.empty((n_draws, self._n), dtype=np.uint16)
        self._filled, self._tied, self._rng = 0, tied, np.random.default_rng(seed)

    def add(self, values: Floats) -> None:
        """Rank each draw, the largest value first; equal values stand in random order."""
        numbers = (np.arange(self._n) // self._step).astype(np.uint16)
        for row in -values:
            if self._tied.any():
                row[self._tied] += (self._rng.random(int(self._tied.sum())) * SMALL
                                    * max(1.0, float(np.abs(row).max())))
            self._ranks[self._filled, np.argsort(row)] = numbers
            self._filled += 1

    def intervals(self, level: float, *, block: int = 4096) -> tuple[NDArray[np.int64], ...]:
        """Return the low and the high end of each row's rank, from 1, rounded outward."""
        tail = (1 - level) / 2 * (self._filled - 1)
        at = [int(np.floor(tail)), int(np.ceil(self._filled - 1 - tail))]
        ends = np.empty((2, self._n), dtype=np.int64)
        for start in range(0, self._n, block):
            part = np.ascontiguousarray(self._ranks[:self._filled, start:start + block].T)
            part.partition(at, axis=1)
            ends[:, start:start + block] = part[:, at].T
        return (ends[0] * self._step + 1,
                np.minimum(ends[1] * self._step + self._step, self._n))


def _point(rest: Floats) -> Floats:
    """Rows of length 1 in the same direction; a row of zeros stays one."""
    length = np.sqrt((rest**2).sum(axis=1, keepdims=True))
    pointed: Floats = rest / np.where(length > 0, length, 1.0)
    return pointed


def _pool(own: Floats, events: Floats, own_dof: Floats, is_used: Bools) -> Floats:
    """Relative variances, drawn towards what all rows have for their number of events."""
    if not is_used.any():
        return own
    # One large account with hundreds of events shall not speak for all.
    weight = np.minimum(events, 20.0)[is_used]
    per_event = float((own[is_used] * events[is_used] * weight).sum() / weight.sum())
    pooled = (PRIOR_EVENTS * per_event / events + own_dof * own) / (PRIOR_EVENTS + own_dof)
    return np.where(is_used, pooled, per_event / events)
