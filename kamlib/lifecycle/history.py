"""Each account's months without gaps, and what the season makes of them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.lifecycle.rules import LifecycleRules
from kamlib.stats.trend import seasonal_indexes

# A month in which the portfolio hardly sells would blow up whatever one account bought in it.
LOWEST_INDEX = 0.1
TYPES = {"account_id": "str", "month": "datetime64[ns]", "sales_amount": "float64",
         "n_purchase_days": "int64", "n_months_since": "int64"}


def last_whole_month(as_of: date) -> pd.Timestamp:
    """Return the first day of the last month that is over by the end of `as_of`.

    >>> last_whole_month(date(2025, 12, 31)), last_whole_month(date(2025, 12, 30))
    (Timestamp('2025-12-01 00:00:00'), Timestamp('2025-11-01 00:00:00'))
    """
    return (pd.Timestamp(as_of + timedelta(days=1)).to_period("M") - 1).to_timestamp()


def build_history(months: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Fill each account's months from its first sale to the last whole month.

    months: account_months, one row account x month x line_kind; only sale lines are used, since
    what comes back says little about whether an account still buys.
    Returns one row account x month, sorted: ``account_id``, ``month``, ``sales_amount`` (0 in a
    month without a sale), ``n_purchase_days``, ``n_months_since`` (0 in the month of the first
    sale). A month that is not over by `as_of` is left out.

    >>> months = pd.DataFrame({"account_id": "A", "line_kind": "sale", "amount": [5.0, 7.0],
    ...                        "month": pd.to_datetime(["2025-01-01", "2025-03-01"]),
    ...                        "n_purchase_days": 1})
    >>> build_history(months, as_of=date(2025, 3, 31))["sales_amount"].tolist()
    [5.0, 0.0, 7.0]
    """
    last = last_whole_month(as_of)
    sales = months[(months["line_kind"] == "sale") & (months["month"] <= last)]
    if sales.empty:
        return pd.DataFrame(columns=list(TYPES)).astype(TYPES)
    span = pd.date_range(sales["month"].min(), last, freq="MS", name="month")
    wide, days = (sales.pivot_table(index="account_id", columns="month", values=values,
                                    aggfunc="sum").reindex(columns=span)
                  for values in ("amount", "n_purchase_days"))
    seen = wide.notna().to_numpy()
    since = np.arange(seen.shape[1]) - seen.argmax(axis=1)[:, None]
    long = pd.DataFrame({
        "account_id": wide.index.repeat(wide.shape[1]),
        "month": np.tile(wide.columns.to_numpy(), wide.shape[0]),
        "sales_amount": wide.fillna(0.0).to_numpy(dtype="float64").ravel(),
        "n_purchase_days": days.fillna(0).to_numpy(dtype="int64").ravel(),
        "n_months_since": since.ravel()})
    return long[long["n_months_since"] >= 0].reset_index(drop=True)


def remove_season(history: pd.DataFrame, *, rules: LifecycleRules) -> pd.DataFrame:
    """Divide each month's sales by the portfolio's index of that calendar month.

    history: result of `build_history` for the whole portfolio: one account alone shows its luck,
    not the season.
    Returns the same rows with ``season_index`` (1 on average) and ``adjusted_amount``. Where the
    portfolio is known for less than ``season_years``, or stood still for a year, there is no
    season to see and the index is 1 everywhere.
    """
    index = pd.Series(1.0, index=range(1, 13))
    n_months = history["month"].nunique()
    if n_months >= 12 * rules.season_years:
        with suppress(RefusedError):
            index = seasonal_indexes(history["month"], history["sales_amount"])
    table = history.copy()
    seen = table["month"].dt.month.map(index).astype("float64")
    table["season_index"] = seen.clip(lower=LOWEST_INDEX)
    table["adjusted_amount"] = table["sales_amount"] / table["season_index"]
    return table
