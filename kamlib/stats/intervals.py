"""Intervals of proportions, means and whatever can be resampled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from kamlib.errors import InputError

Floats = NDArray[np.float64]
UNKNOWN = (float("nan"), float("nan"))


class Interval(NamedTuple):
    """The two ends of an interval; both NaN when there is nothing to estimate from."""

    low: float
    high: float


def proportion_interval(successes: float, n: float, *, level: float = 0.95,
                        population: int | None = None) -> Interval:
    """Interval of a proportion: Wilson's, and the exact one when none or all succeed.

    successes, n: counts; population: size of the finite whole that n was drawn from, which
    narrows the interval (and assumes that silence is random), or None.
    Source: Wilson (1927), J. Am. Stat. Assoc. 22:209-212; Clopper & Pearson (1934),
    Biometrika 26:404-413; finite whole by n (N - 1) / (N - n) in the place of n.

    >>> [round(end, 3) for end in proportion_interval(28, 45)]
    [0.476, 0.749]
    """
    _check_counts(successes, n, level)
    if n == 0:
        return Interval(*UNKNOWN)
    at_an_end = successes in (0, n)
    if population is not None:
        if population < n:
            raise InputError(f"A population of {population} cannot be smaller than the {n} drawn "
                             "from it. Count both at the same level.")
        if population == n:
            return Interval(successes / n, successes / n)
        effective = n * (population - 1) / (population - n)
        successes, n = successes * effective / n, effective
    if at_an_end:
        return exact_interval(n if successes else 0, n, level=level)
    return wilson_interval(successes, n, level=level)


def wilson_interval(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Wilson's interval of a proportion, also at 0 of n and n of n (see proportion_interval).

    >>> [round(end, 3) for end in wilson_interval(4, 4)]
    [0.51, 1.0]
    """
    return _proportion(successes, n, level, "wilson")


def exact_interval(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """The two-sided interval of Clopper and Pearson for a proportion.

    >>> [round(end, 3) for end in exact_interval(4, 4)]
    [0.398, 1.0]
    """
    return _proportion(successes, n, level, "beta")


def add_proportion(table: pd.DataFrame, *, successes: str, n: str, name: str,
                   level: float = 0.95) -> pd.DataFrame:
    """Return the table with `name`, `name`_ci_low and `name`_ci_high appended (0-1).

    table: one row a group; successes, n: its two count columns. A row with n = 0 gets NaN.

    >>> waves = pd.DataFrame({"n_returned": [28], "n_sent": [45]})
    >>> add_proportion(waves, successes="n_returned", n="n_sent", name="return_rate").round(3)
       n_returned  n_sent  return_rate  return_rate_ci_low  return_rate_ci_high
    0          28      45        0.622               0.476                0.749
    """
    pairs = zip(table[successes], table[n], strict=True)
    ends = [proportion_interval(float(k), float(m), level=level) for k, m in pairs]
    counts = table[n].astype("float64")
    new: dict[str, Any] = {
        name: table[successes].astype("float64") / counts.where(counts > 0),
        f"{name}_ci_low": np.array([end.low for end in ends], dtype="float64"),
        f"{name}_ci_high": np.array([end.high for end in ends], dtype="float64")}
    return table.assign(**new)


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> Interval:
    """Student's interval of a mean; gaps leave first, fewer than two values give NaN.

    Source: Student (1908), Biometrika 6:1-25.

    >>> [round(end, 2) for end in mean_interval([1, 2, 3, 4, 5])]
    [1.04, 4.96]
    """
    _check_level(level)
    known = _known(values)
    if len(known) < 2:
        return Interval(*UNKNOWN)
    half = float(stats.t.ppf((1 + level) / 2, len(known) - 1)) * float(stats.sem(known))
    return Interval(float(known.mean()) - half, float(known.mean()) + half)


def bootstrap_interval(values: ArrayLike, statistic: Callable[[Any], float], *, seed: int,
                       n_resamples: int = 2000, groups: ArrayLike | None = None,
                       level: float = 0.95) -> Interval:
    """Percentile interval of any statistic by resampling rows, or whole groups of rows.

    values: one row an observation (a column or several); statistic: such rows to a number;
    groups: the account of each row, when an account's rows resemble each other.
    Fewer than two rows or groups give NaN. Resamples whose statistic is NaN are left out.
    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13.

    >>> low, high = bootstrap_interval([1.0, 2.0, 3.0, 4.0], np.mean, seed=1)
    >>> 1 <= low < 2.5 < high <= 4
    True
    """
    _check_level(level)
    rows = np.asarray(values, dtype="float64")
    members = _members(groups, len(rows))
    if len(members) < 2:
        return Interval(*UNKNOWN)
    rng = np.random.default_rng(seed)
    drawn = [statistic(rows[np.concatenate([members[i] for i in pick])])
             for pick in _picks(rng, len(members), n_resamples)]
    return _percentiles(np.asarray(drawn, dtype="float64"), level)


def holm_levels(p_values: Sequence[float], *, alpha: float) -> list[float]:
    """Return the level at which each was judged: alpha / m for the smallest, alpha / (m - 1) ...

    The first that fails stops the descent; it and all after it keep its level.
    Source: Holm (1979), Scand. J. Stat. 6:65-70.

    >>> holm_levels([0.04, 0.001], alpha=0.05)
    [0.05, 0.025]
    """
    if not p_values:
        return []
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    passes = np.asarray(p_values)[order] <= alpha / (m - np.arange(m))
    n_rejected = int(np.cumprod(passes).sum())
    levels = np.empty(m)
    levels[order] = alpha / (m - np.minimum(np.arange(m), n_rejected))
    return [float(one) for one in levels]


def _proportion(successes: float, n: float, level: float, method: str) -> Interval:
    _check_counts(successes, n, level)
    if n == 0:
        return Interval(*UNKNOWN)
    low, high = proportion_confint(successes, n, alpha=1 - level, method=method)
    # Rounding may leave an end a hair inside the share itself when none or all succeed.
    share = successes / n
    return Interval(min(float(low), share), max(float(high), share))


def _check_counts(successes: float, n: float, level: float) -> None:
    _check_level(level)
    if not 0 <= successes <= n:
        raise InputError(f"A proportion needs 0 <= successes <= n, but there are {successes} "
                         f"successes of {n}. Count both over the same rows.")


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(f"A level has to lie between 0 and 1, but is {level}. "
                         "Give 0.95 for 95 percent.")


def _known(values: ArrayLike) -> Floats:
    numbers: Floats = np.asarray(values, dtype="float64")
    return numbers[~np.isnan(numbers)]


def _members(groups: ArrayLike | None, n: int) -> list[NDArray[np.intp]]:
    if groups is None:
        return [np.array([i]) for i in range(n)]
    # Sorted by group, so that the order of the rows does not choose the resamples.
    codes, names = pd.factorize(np.asarray(groups), sort=True)
    return [np.flatnonzero(codes == code) for code in range(len(names))]


def _picks(rng: np.random.Generator, n: int, n_resamples: int) -> list[NDArray[np.int64]]:
    return [rng.integers(0, n, n) for _ in range(n_resamples)]


def _percentiles(drawn: Floats, level: float) -> Interval:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Interval(*UNKNOWN)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
