"""Sales month by month: what was sold, what came back, and how that compares."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.period import Period
from kamlib.sales.rules import SalesRules
from kamlib.sales.spans import DECIMALS, change_rate
from kamlib.stats.trend import seasonal_indexes

TREND_COLUMNS = ["month", "gross_amount", "returned_amount", "net_amount", "adjustment_amount",
                 "month_before_net_amount", "month_change_rate", "year_before_net_amount",
                 "year_change_rate", "moving_average_amount", "seasonal_ratio", "is_in_period",
                 "is_complete"]
# What each kind of line adds to, and with which sign: what came back is negative in the data.
KINDS = {"sale": ("gross_amount", 1), "return": ("returned_amount", -1),
         "cancellation": ("returned_amount", -1), "adjustment": ("adjustment_amount", 1)}


def sum_months(months: pd.DataFrame) -> pd.DataFrame:
    """Gross, returned, net and adjustment amounts of every account and month with any of them.

    months: account_months, one row account x month x line_kind. Returns one row an account and
    month, sorted: account_id, month, gross_amount, returned_amount (>= 0), net_amount,
    adjustment_amount. Pairs of an order and its cancellation, and free goods, are no money.
    """
    rows = months[months["line_kind"].isin(KINDS)]
    amounts = rows["amount"].astype("float64")
    columns = {"account_id": rows["account_id"], "month": rows["month"]}
    for name in dict.fromkeys(name for name, _sign in KINDS.values()):
        sign = rows["line_kind"].map({k: s for k, (n, s) in KINDS.items() if n == name}).fillna(0)
        columns[name] = amounts * sign.astype("float64")
    table = pd.DataFrame(columns).groupby(["account_id", "month"], sort=True).sum().round(DECIMALS)
    table["net_amount"] = (table["gross_amount"] - table["returned_amount"]).round(DECIMALS)
    return table.reset_index()


def build_trend(months: pd.DataFrame, *, period: Period, history_from: date,
                rules: SalesRules) -> pd.DataFrame:
    """Sales of every month from the first known one to the period's end, none missing.

    months: account_months. Returns one row a month: month (its first day), gross_amount,
    returned_amount, net_amount, adjustment_amount, month_before_net_amount and
    month_change_rate, year_before_net_amount and year_change_rate (a rate is a gap unless both
    months are complete and the base is above zero), moving_average_amount (of the last
    rules.moving_average_months, all complete), seasonal_ratio (1 in a mean month; a gap below
    rules.min_season_months complete months, or where a year's sales are not above zero),
    is_in_period, is_complete (not so a month that history_from or the period cuts).
    Source: catalogue SAL-01.
    """
    first, last = pd.Timestamp(history_from), pd.Timestamp(period.end)
    if first > last:
        raise RefusedError(_("The known history begins after the period. A later period would "
                             "lift this."))
    calendar = pd.period_range(first, last, freq="M").to_timestamp().rename("month")
    names = ["gross_amount", "returned_amount", "net_amount", "adjustment_amount"]
    sums = sum_months(months).groupby("month")[names].sum().round(DECIMALS)
    sums.index = pd.DatetimeIndex(sums.index).astype(calendar.dtype)
    table = sums.reindex(calendar, fill_value=0.0).reset_index()
    ends = table["month"] + pd.offsets.MonthEnd(0)
    table["is_complete"] = (table["month"] >= first) & (ends <= last)
    table["is_in_period"] = (ends >= pd.Timestamp(period.start)) & (table["month"] <= last)
    known = table["net_amount"].where(table["is_complete"])
    for name, steps in (("month", 1), ("year", 12)):
        table[f"{name}_before_net_amount"] = table["net_amount"].shift(steps)
        table[f"{name}_change_rate"] = change_rate(known, known.shift(steps))
    table["moving_average_amount"] = known.rolling(rules.moving_average_months).mean()
    table["seasonal_ratio"] = _season(table, rules)
    table["month"] = table["month"].astype("datetime64[s]")
    return table[TREND_COLUMNS]


def _season(table: pd.DataFrame, rules: SalesRules) -> pd.Series:
    complete = table[table["is_complete"]]
    gap = pd.Series(np.nan, index=table.index)
    if len(complete) < rules.min_season_months:
        return gap
    try:
        indexes = seasonal_indexes(complete["month"], complete["net_amount"])
    except RefusedError:
        return gap
    season: pd.Series = table["month"].dt.month.map(indexes)
    return season
