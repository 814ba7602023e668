"""Means over people who come in groups, such as the questionnaires of accounts, with intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kamlib.errors import InputError
from kamlib.stats.intervals import UNKNOWN, Interval, exact_interval

Floats = NDArray[np.float64]
STUDENT, RESAMPLED = "student", "resampled"
LOGIT, EXACT = "logit", "exact"
# One group that carries nearly all weight leaves no degree of freedom; Student's needs some.
LEAST_FREEDOM = 0.5
# Below this share of effective groups resampled intervals held too seldom (benchmarks/coverage.py).
EVEN_SHARE = 0.5
# From so many groups of equal size on, what came back has a spread to speak of.
LEAST_EFFECTIVE = 2.0


class ClusterMean(NamedTuple):
    """A weighted mean over groups, its interval, and what both rest on.

    n_groups: with weight; n_effective: groups of equal weight that would be worth as much (Kish);
    method: student, resampled, logit or exact, "" where there is no interval.
    """

    value: float
    low: float
    high: float
    n_groups: int
    n_effective: float
    method: str


def cluster_mean(sums: ArrayLike, weights: ArrayLike, *, seed: int, level: float = 0.95,
                 bootstrap_from: int = 30, n_resamples: int = 2000,
                 population: int | None = None) -> ClusterMean:
    """sum(sums) / sum(weights) with an interval from the spread between groups.

    sums, weights: one entry a group: its weighted values together, and its weight; groups with
    neither, and unknown ones, leave first. With fewer effective groups than `bootstrap_from`, or
    than half of the groups (few carry the weight, and resampling would be too sure), Student's
    interval with the jackknife's variance and n_effective - 1 degrees of freedom (equal weights:
    the plain t interval of the groups' means); else groups are resampled and the percentiles
    widened as far as Student's quantile is wider than the normal one.
    population: number of groups in the whole, if the interval shall shrink with the part seen.
    No interval (NaN) below two groups, where all groups are alike (no spread was seen), and where
    one carries all the weight.
    Source: jackknife of a ratio: Cochran (1977), Sampling Techniques, 6.15; effective number: Kish
    (1965), Survey Sampling, 11.7; wider percentiles: Hesterberg (2015), Am. Stat. 69:371-386.
    How often they hold: benchmarks/coverage.py.

    >>> found = cluster_mean([60.0, 80.0, 100.0], [1.0, 1.0, 1.0], seed=1)
    >>> found.value, round(found.low, 1), round(found.high, 1), found.method
    (80.0, 30.3, 129.7, 'student')
    """
    x: Floats = np.asarray(sums, "float64")
    w: Floats = np.asarray(weights, "float64")
    if x.shape != w.shape:
        raise InputError(f"{len(x)} sums and {len(w)} weights do not belong together. "
                         "Give one of each a group.")
    known = ~np.isnan(x) & ((w > 0) | (x != 0))
    x, w = x[known], w[known]
    n, total, has_weight = len(x), float(w.sum()), w > 0
    if total <= 0:
        return ClusterMean(float("nan"), *UNKNOWN, 0, 0.0, "")
    value, effective = float(x.sum()) / total, kish(w)
    # Means of doubles that are alike differ in their last digits.
    alike = has_weight.all() and np.ptp(x / w) <= 1e-9 * max(1.0, abs(value))
    if n < 2 or alike or not (total - w > 0).all():
        return ClusterMean(value, *UNKNOWN, n, effective, "")
    is_large = effective >= bootstrap_from and effective >= EVEN_SHARE * n
    low, high = (_resample(x, w, effective, level, seed, n_resamples) if is_large
                 else _student(x, w, value, effective, level))
    part = _finite_factor(n, population)
    return ClusterMean(value, value + (low - value) * part, value + (high - value) * part, n,
                       effective, RESAMPLED if is_large else STUDENT)


def cluster_share(sums: ArrayLike, weights: ArrayLike, *, level: float = 0.95) -> ClusterMean:
    """sum(sums) / sum(weights) of parts between nothing and the whole weight, such as returns.

    sums, weights: one entry a group; groups without weight leave first. The interval is Student's
    on the log-odds with the jackknife's error, since a few groups bring most of what is seldom: the
    degrees of freedom are those of the groups that would bring as much if all were alike (Kish's
    number, of the weights or of the sums, whichever is less) less one. Where no group brought
    anything, or fewer than LEAST_EFFECTIVE groups count, the lower end is 0 and the upper one is
    that of the share of groups that bring anything at all, as if these brought all they could:
    exact for groups of one size, whatever their parts between 0 and 1. No interval (NaN) below two
    groups and where all are alike.
    Source: Korn & Graubard (1999), Analysis of Health Surveys, 2.3 (log-odds); Kish (1965);
    Clopper & Pearson (1934). How often they hold: benchmarks/intervals.py.

    >>> found = cluster_share([0.0, 0.0, 0.0, 0.0], [10.0, 10.0, 10.0, 10.0])
    >>> found.low, round(found.high, 3), found.method
    (0.0, 0.602, 'exact')
    """
    x, w = np.asarray(sums, "float64"), np.asarray(weights, "float64")
    x, w = x[w > 0], w[w > 0]
    if not len(w):
        return ClusterMean(float("nan"), *UNKNOWN, 0, 0.0, "")
    value, n, effective = float(x.sum() / w.sum()), len(w), kish(w)
    alike = value > 0 and np.ptp(x / w) <= 1e-9 * max(1.0, value)
    if n < 2 or alike or not 0 <= value < 1:
        return ClusterMean(value, *UNKNOWN, n, effective, "")
    if min(effective, kish(x)) < LEAST_EFFECTIVE:
        high = exact_interval(effective * float((x > 0).mean()), effective, level=level).high
        return ClusterMean(value, 0.0, max(high, value), n, effective, EXACT)
    effective = min(effective, kish(x))
    low, high = logit_interval(value, jackknife_error(x, w), freedom=effective - 1, level=level)
    return ClusterMean(value, low, high, n, effective, LOGIT)


def amount_interval(values: ArrayLike, *, level: float = 0.95) -> Interval:
    """Interval of the mean of amounts of which few are large, such as the margins of accounts.

    Student's on the logarithm of the mean, with Kish's number of the amounts less one as degrees
    of freedom, so that one large amount does not pass for many. Gaps leave first; none below
    LEAST_EFFECTIVE amounts that count, and where the mean is not above 0.
    Source: delta method on the log scale, Kish (1965), Survey Sampling, 11.7. How often it holds:
    benchmarks/intervals.py.

    >>> [round(end, 1) for end in amount_interval([1.0, 2.0, 4.0, 9.0])]
    [0.3, 56.8]
    """
    x: Floats = np.asarray(values, "float64")
    x = x[~np.isnan(x)]
    if len(x) < 2 or x.mean() <= 0 or kish(x) < LEAST_EFFECTIVE:
        return Interval(*UNKNOWN)
    freedom = min(kish(x), len(x)) - 1
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * float(stats.sem(x)) / float(x.mean())
    return Interval(float(x.mean() * np.exp(-half)), float(x.mean() * np.exp(half)))


def logit_interval(share: float, error: float, *, freedom: float, level: float = 0.95) -> Interval:
    """Student's interval on the log-odds of a share with a known standard error.

    Source: Korn & Graubard (1999), Analysis of Health Surveys, 2.3; as in SUDAAN.

    >>> [round(end, 3) for end in logit_interval(0.1, 0.03, freedom=20)]
    [0.053, 0.182]
    """
    middle = np.log(share / (1 - share))
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error / (share * (1 - share))
    low, high = (float(1 / (1 + np.exp(-(middle + step)))) for step in (-half, half))
    return Interval(low, high)


def kish(weights: ArrayLike) -> float:
    """Return the number of groups of equal weight that would be worth as much (Kish 1965, 11.7).

    >>> kish([1.0, 1.0, 1.0]), round(kish([10.0, 1.0, 1.0]), 2)
    (3.0, 1.41)
    """
    w: Floats = np.asarray(weights, "float64")
    squares = float((w ** 2).sum())
    return float(w.sum()) ** 2 / squares if squares > 0 else 0.0


def jackknife_error(sums: ArrayLike, weights: ArrayLike) -> float:
    """Standard error of sum(sums) / sum(weights) by leaving out one group at a time.

    >>> round(jackknife_error([60.0, 80.0, 100.0], [1.0, 1.0, 1.0]), 3)  # 20 / sqrt(3)
    11.547
    """
    x: Floats = np.asarray(sums, "float64")
    w: Floats = np.asarray(weights, "float64")
    if len(x) < 2:
        return float("nan")
    left_out = (x.sum() - x) / (w.sum() - w)
    spread = ((left_out - x.sum() / w.sum()) ** 2).sum()
    return float(np.sqrt((len(x) - 1) / len(x) * spread))


def _student(sums: Floats, weights: Floats, value: float, effective: float,
             level: float) -> Interval:
    freedom = max(LEAST_FREEDOM, effective - 1)
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * jackknife_error(sums, weights)
    return Interval(value - half, value + half)


def _resample(sums: Floats, weights: Floats, effective: float, level: float, seed: int,
              n_resamples: int) -> Interval:
    rng, n = np.random.default_rng(seed), len(sums)
    pair = np.column_stack([sums, weights])
    drawn = np.array([pair[rng.integers(0, n, n)].sum(axis=0) for _ in range(n_resamples)])
    wider = np.sqrt(effective / (effective - 1)) * stats.t.ppf((1 - level) / 2, effective - 1)
    tail = float(stats.norm.cdf(wider))
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [tail, 1 - tail])
    return Interval(float(low), float(high))


def _finite_factor(n: int, population: int | None) -> float:
    if population is None:
        return 1.0
    if population < n:
        raise InputError(f"A population of {population} cannot be smaller than the {n} groups "
                         "drawn from it. Count both alike.")
    return float(np.sqrt((population - n) / (population - 1))) if population > 1 else 0.0
