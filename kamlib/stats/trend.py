"""Is there a trend, once the season is out and the number of questions is accounted for?"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kamlib.errors import InputError, RefusedError

Floats = NDArray[np.float64]
# Of three values even a straight rise has an exact two-sided p of 1/3: no trend can be told.
MIN_VALUES = 4
LARGEST_EXACT = 33
CELLS = 1_000_000  # pairs of values held at once


class Slopes(NamedTuple):
    """Trends of many series, one a row: change per step of time, and its interval."""

    slope: Floats
    low: Floats
    high: Floats


def theil_sen(rows: ArrayLike, *, times: ArrayLike | None = None, level: float = 0.95) -> Slopes:
    """Median slope of each row, with its interval.

    rows: series x values, in order of time and without gaps; times: where the values stand, when
    not 0, 1, 2, … Rests on the ranks of slopes, so that one outsized order does not make a trend.
    With fewer than two values there is none (NaN).
    Source: Sen (1968), J. Am. Stat. Assoc. 63:1379-1389.

    >>> theil_sen([[1, 2, 3, 4, 50]]).slope.tolist()
    [1.0]
    """
    values = np.atleast_2d(np.asarray(rows, dtype="float64"))
    n = values.shape[1]
    places = np.arange(n, dtype="float64") if times is None else np.asarray(times, "float64")
    if len(places) != n:
        raise InputError(f"Every value needs its time, but there are {n} values and "
                         f"{len(places)} times. Give both, or leave times out.")
    if n < 2:
        return Slopes(*np.full((3, len(values)), np.nan))
    z = float(stats.norm.ppf((1 + level) / 2))
    return Slopes(*np.hstack([_slopes(part, places, z) for part in _parts(values)]))


def _slopes(values: Floats, places: Floats, z: float) -> Floats:
    early, late = np.triu_indices(values.shape[1], 1)
    slopes = np.sort((values[:, late] - values[:, early]) / (places[late] - places[early]), axis=1)
    n_pairs = slopes.shape[1]
    spread = z * np.sqrt(_variance(values))
    low = np.maximum(np.round((n_pairs - spread) / 2).astype(int) - 1, 0)
    high = np.minimum(np.round((n_pairs + spread) / 2).astype(int), n_pairs - 1)
    at = np.arange(len(values))
    return np.array([np.median(slopes, axis=1), slopes[at, low], slopes[at, high]])


def mann_kendall(rows: ArrayLike) -> Floats:
    """Whether each row has any trend at all: two-sided p.

    rows: as `theil_sen`. Rests on ranks, and takes the values as independent: serial correlation
    makes p too small. Exact for up to 33 values without ties, else the normal approximation with
    ties counted. Fewer than 4 values, or values that never vary, give NaN.
    Source: Mann (1945), Econometrica 13:245-259; Kendall (1970), Rank Correlation Methods.

    >>> mann_kendall([[1, 2, 3, 4, 50]]).round(4).tolist()
    [0.0167]
    """
    values = np.atleast_2d(np.asarray(rows, dtype="float64"))
    if values.shape[1] < MIN_VALUES:
        return np.full(len(values), np.nan)
    return np.concatenate([_p_values(part) for part in _parts(values)])


def _p_values(values: Floats) -> Floats:
    n = values.shape[1]
    early, late = np.triu_indices(n, 1)
    balance = np.sign(values[:, late] - values[:, early]).sum(axis=1)
    variance = _variance(values)
    with np.errstate(invalid="ignore", divide="ignore"):  # of rows that never vary
        p = 2 * stats.norm.sf(np.abs(balance / np.sqrt(variance)))
    never = np.ptp(values, axis=1) == 0
    is_exact = (_equals(values) == 1).all(axis=1) & (
        (n <= LARGEST_EXACT) | (n * (n - 1) // 2 - np.abs(balance) <= 2))
    for size in np.unique(np.abs(balance[is_exact])):
        p[is_exact & (np.abs(balance) == size)] = _exact_p(n, int(size))
    return np.where(never, np.nan, p)


@lru_cache(maxsize=10_000)
def _exact_p(n: int, balance: int) -> float:
    """P value of an order of n values whose pairs in order are so many more than the others."""
    order = list(range(n))
    swaps = (n * (n - 1) // 2 - balance) // 2
    for _swap in range(swaps):  # each takes one pair out of order
        at = next(i for i in range(n - 1) if order[i] < order[i + 1])
        order[at], order[at + 1] = order[at + 1], order[at]
    return float(stats.kendalltau(range(n), order).pvalue)


def _variance(values: Floats) -> Floats:
    """Variance of the pairs in order less the others, with ties counted."""
    n = values.shape[1]
    equals = _equals(values)
    return np.asarray((n * (n - 1) * (2 * n + 5)
                       - ((equals - 1) * (2 * equals + 5)).sum(axis=1)) / 18)


def _equals(values: Floats) -> NDArray[np.int64]:
    """How many of its row each value equals, itself among them."""
    return np.asarray((values[:, :, None] == values[:, None, :]).sum(axis=2), dtype="int64")


def _parts(values: Floats) -> list[Floats]:
    """Rows in parts, of which each needs little memory for its pairs."""
    size = max(1, CELLS // max(1, values.shape[1]**2))
    return [values[at:at + size] for at in range(0, max(1, len(values)), size)]


def false_discovery(p_values: ArrayLike, *, level: float = 0.05) -> NDArray[np.bool_]:
    """Which of many tests hold when at most `level` of those that hold may be false.

    p_values: one a test, NaN for tests that could not be made (these never hold).
    Returns True or False in the same order.
    Source: Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289-300.

    >>> false_discovery([0.001, 0.04, 0.9, float("nan")]).tolist()
    [True, False, False, False]
    """
    return np.asarray(adjust_p_values(p_values) <= level, dtype=np.bool_)


def adjust_p_values(p_values: ArrayLike) -> Floats:
    """The smallest false discovery rate at which each test holds; NaN stays NaN.

    Source: as `false_discovery`.

    >>> adjust_p_values([0.01, 0.04, float("nan")]).tolist()
    [0.02, 0.04, nan]
    """
    adjusted = np.asarray(p_values, dtype="float64").copy()
    known = ~np.isnan(adjusted)
    if known.any():
        adjusted[known] = stats.false_discovery_control(adjusted[known], method="bh")
    return adjusted


def seasonal_indexes(months: ArrayLike, amounts: ArrayLike) -> pd.Series:
    """Index of each calendar month, 1 on average: amount ÷ index is free of the season.

    months: dates; amounts: what belongs to them; any number of rows a month, summed, so that
    the whole portfolio can be given. A month without rows between the first and the last is 0.
    Returns 12 values by ``calendar_month`` (1-12). Method: ratio to the centred moving average
    of twelve months, mean by calendar month, divided by the mean of the twelve.
    Refused with fewer than 24 months, or where a moving average is not above 0.
    Source: Kendall & Stuart (1983), The Advanced Theory of Statistics 3:410-414.

    >>> dates = pd.date_range("2023-01-01", periods=36, freq="MS")
    >>> seasonal_indexes(dates, [2 if day.month == 12 else 1 for day in dates]).loc[[1, 12]]
    calendar_month
    1     0.923077
    12    1.846154
    Name: seasonal_ratio, dtype: float64
    """
    rows = pd.DataFrame({"month": pd.DatetimeIndex(np.asarray(months)).to_period("M"),
                         "amount": np.asarray(amounts, dtype="float64")})
    totals = rows.groupby("month", sort=True)["amount"].sum()
    if len(totals):
        totals = totals.reindex(pd.period_range(totals.index[0], totals.index[-1], freq="M"),
                                fill_value=0.0)
    if len(totals) < 24:
        raise RefusedError(f"A season needs 24 months to be seen, but there are {len(totals)}. "
                           "A longer history would lift this.")
    smooth = totals.rolling(12).mean().rolling(2).mean().shift(-6)
    if (smooth <= 0).any():
        raise RefusedError("A season needs sales above 0 over every twelve months, but at "
                           f"{(smooth <= 0).idxmax()} they are not. Leave those months out.")
    calendar_month = pd.PeriodIndex(totals.index).month.rename("calendar_month")
    indexes = (totals / smooth).groupby(calendar_month).mean()
    return (indexes / indexes.mean()).rename("seasonal_ratio")
