"""Forecasts without a model: what a model has to beat, and what is left when it is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kamlib.models.histories import (
    WEEK_DAYS,
    Histories,
    check_columns,
    read_histories,
    read_numbers,
    sum_products,
)
from kamlib.models.stages import stage_probability
from kamlib.stats.forecasts import poisson_log_score


def naive_zero(summary: pd.DataFrame) -> pd.Series:
    """Forecast that nobody orders again.

    >>> naive_zero(pd.DataFrame({"n_repeat_days": [3]})).tolist()
    [0.0]
    """
    return pd.Series(0.0, index=summary.index, name="expected_orders")


def naive_last_count(summary: pd.DataFrame, *, column: str) -> pd.Series:
    """Forecast that each unit orders as often as it did in the last period of the same length.

    summary: one row a unit; column: its count of the last period.

    >>> naive_last_count(pd.DataFrame({"n_purchase_days_period": [3]}),
    ...                  column="n_purchase_days_period").tolist()
    [3.0]
    """
    check_columns(summary, (column,))
    return pd.Series(read_numbers(summary, column), index=summary.index, name="expected_orders")


def naive_shrunk_rate(summary: pd.DataFrame, *, n_units: float,
                      time_unit_days: float = WEEK_DAYS) -> pd.Series:
    """Forecast each unit's own rate of repeat days, drawn to the rate of all.

    summary: one row a unit: ``n_repeat_days``, ``first_to_last_days``, ``first_to_as_of_days``;
    n_units: horizon. The rate is (m w + n_repeat_days) / (w + time observed): m is the pooled rate
    and w the time that it is worth, by the moments of a gamma distribution of rates; units differ
    by no more than chance when w is infinite. Nobody ever leaves. NaN without a purchase.
    Source: Robbins (1977), PNAS 74:2670-2671, method of moments.

    >>> alike = pd.DataFrame({"n_repeat_days": [1, 1], "first_to_last_days": [14, 7],
    ...                       "first_to_as_of_days": [70, 70]})
    >>> naive_shrunk_rate(alike, n_units=10).round(6).tolist()
    [1.0, 1.0]
    """
    data = read_histories(summary, time_unit_days=time_unit_days)
    pooled, worth = _pool(data)
    rate = np.full(len(data), pooled) if math.isinf(worth) \
        else (pooled * worth + data.n_repeats) / (worth + data.to_now)
    return pd.Series(data.spread(rate * n_units), index=summary.index, name="expected_orders")


def shrunk_rate_probability(summary: pd.DataFrame, *, n_units: float, n_orders: ArrayLike,
                            time_unit_days: float = WEEK_DAYS) -> pd.Series:
    """Probability that the shrunk rate gives to exactly n_orders of each unit (0-1).

    summary, n_units: as `naive_shrunk_rate`; n_orders: one number a row of the summary, or one for
    all. Negative binomial around the shrunk rate, as the units' rates are gamma distributed;
    Poisson where units differ by no more than chance. NaN without a purchase.

    >>> alike = pd.DataFrame({"n_repeat_days": [1, 1], "first_to_last_days": [14, 7],
    ...                       "first_to_as_of_days": [70, 70]})
    >>> shrunk_rate_probability(alike, n_units=10, n_orders=[0, 1]).round(6).tolist()
    [0.367879, 0.367879]
    """
    data = read_histories(summary, time_unit_days=time_unit_days)
    pooled, worth = _pool(data)
    rows = data.by_row()
    n = np.broadcast_to(np.asarray(n_orders, dtype=np.float64), len(summary))[rows.place >= 0]
    if math.isinf(worth):
        found = np.exp(poisson_log_score(n, pooled * n_units))
    else:
        odds = n_units / (worth + rows.to_now + n_units)
        found = stage_probability(n, pooled * worth + rows.n_repeats, odds)
    return pd.Series(rows.spread(found), index=summary.index, name="probability")


def _pool(data: Histories) -> tuple[float, float]:
    """Find the rate of all units together, and the time that it is worth for each of them."""
    time, total = data.to_now, float(sum_products(data.to_now, data.weight))
    pooled = float(sum_products(data.n_repeats, data.weight)) / total if total > 0 else 0.0
    square = float(sum_products(time**2, data.weight))
    off = data.n_repeats - pooled * time
    surplus = float(sum_products(off**2, data.weight)) - pooled * total
    variance = surplus / square if square > 0 else 0.0
    return pooled, pooled / variance if variance > 0 and pooled > 0 else math.inf
