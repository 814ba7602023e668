"""Is there a trend, once the season is out and the number of questions is accounted for?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kamlib.errors import InputError, RefusedError

Floats = NDArray[np.float64]
# Of three values even a straight rise has an exact two-sided p of 1/3: no trend can be told.
MIN_VALUES = 4


class Slope(NamedTuple):
    """A trend: change per step of time, two-sided p, and the number of values it rests on."""

    slope: float
    p_value: float
    n: int


def slope_test(values: ArrayLike, *, times: ArrayLike | None = None) -> Slope:
    """Median slope (Theil-Sen) and whether there is any trend at all (Mann-Kendall).

    values: one value a step, in order of time; times: where they stand, when not 0, 1, 2, …
    Returns slope in units of values a step, p_value, n. Gaps leave first, their places stay.
    Both rest on ranks, so that one outsized order does not make a trend. They take the values
    as independent: serial correlation makes p too small. Fewer than 4 values, or values that
    never vary, give p = NaN.
    Source: Sen (1968), J. Am. Stat. Assoc. 63:1379-1389; Mann (1945), Econometrica 13:245-259.

    >>> slope_test([1, 2, 3, 4, 50]).slope
    1.0
    """
    series = np.asarray(values, dtype="float64")
    places = np.arange(len(series), dtype="float64") if times is None else np.asarray(
        times, dtype="float64")
    if len(places) != len(series):
        raise InputError(f"Every value needs its time, but there are {len(series)} values and "
                         f"{len(places)} times. Give both, or leave times out.")
    known = ~np.isnan(series)
    series, places = series[known], places[known]
    if len(np.unique(places)) < 2:
        return Slope(float("nan"), float("nan"), len(series))
    slope = float(stats.theilslopes(series, places).slope)
    return Slope(slope, trend_p_value(series, places), len(series))


def trend_p_value(values: Floats, times: Floats | None = None) -> float:
    """Mann-Kendall's two-sided p value alone; values, times, NaN: as `slope_test`, without gaps.

    >>> round(trend_p_value(np.array([1.0, 2.0, 3.0, 4.0, 50.0])), 4)
    0.0167
    """
    if len(values) < MIN_VALUES or np.ptp(values) == 0:
        return float("nan")
    places = np.arange(len(values)) if times is None else times
    return float(stats.kendalltau(places, values).pvalue)


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
