"""Forecasts without a model: what a model has to beat, and what is left when it is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models.histories import (
    WEEK_DAYS,
    check_columns,
    read_histories,
    read_numbers,
    sum_products,
)


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
    time, total = data.to_now, float(sum_products(data.to_now, data.weight))
    pooled = float(sum_products(data.n_repeats, data.weight)) / total if total > 0 else 0.0
    square = float(sum_products(time**2, data.weight))
    off = data.n_repeats - pooled * time
    surplus = float(sum_products(off**2, data.weight)) - pooled * total
    variance = surplus / square if square > 0 else 0.0
    if variance <= 0 or pooled <= 0:
        rate = np.full(len(data), pooled)
    else:
        worth = pooled / variance
        rate = (pooled * worth + data.n_repeats) / (worth + time)
    return pd.Series(data.spread(rate * n_units), index=summary.index, name="expected_orders")
