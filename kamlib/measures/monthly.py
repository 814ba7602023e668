"""Account months as a matrix: what each account bought in each of some whole months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import InputError
from kamlib.measures.spans import NET_KINDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NEEDED = ("account_id", "month", "line_kind", "n_orders", "amount")


@dataclass(frozen=True)
class Monthly:
    """Net amounts, orders and margins, account x month.

    account_ids: sorted, one a row; months: ordinals of the columns (January of year 0 is 0);
    amounts, orders, margins (of lines whose cost is known): 0 where nothing was sold; first_sale:
    ordinal of the month of the account's first sale ever, also before these months; known_from:
    ordinal of the first known month.
    """

    account_ids: pd.Index
    months: Ints
    amounts: Floats
    orders: Floats
    margins: Floats
    first_sale: Ints
    known_from: int


def month_ordinal(day: date | pd.Timestamp) -> int:
    """Count months: January of year 0 is 0.

    >>> month_ordinal(date(2025, 12, 31)) - month_ordinal(date(2024, 12, 1))
    12
    """
    return day.year * 12 + day.month - 1


def last_whole_month(as_of: date) -> int:
    """Return the ordinal of the last month that is over by the end of `as_of`.

    >>> last_whole_month(date(2025, 12, 31)) == month_ordinal(date(2025, 12, 1))
    True
    """
    return month_ordinal(as_of + timedelta(days=1)) - 1


def build_monthly(months: pd.DataFrame, account_ids: pd.Series, *, first: int, last: int,
                  history_from: date | None = None) -> Monthly:
    """Spread account months over the whole months from `first` to `last` (ordinals).

    months: account_months; account_ids: the accounts wanted, any order; history_from: before it
    nothing is known; without it the earliest month of the table counts as the first known one.
    Months before the first known one are left away, so there may be fewer columns than asked.
    """
    missing = [column for column in NEEDED if column not in months]
    if missing:
        raise InputError(f"Ranks need the account months with {', '.join(NEEDED)}; "
                         f"{', '.join(missing)} is missing. Pass report.months.")
    ids = pd.Index(account_ids.astype("str").sort_values().unique(), dtype="str")
    rows = ids.get_indexer(months["account_id"].astype("str"))
    at = (months["month"].dt.year * 12 + months["month"].dt.month - 1).to_numpy(dtype="int64")
    kinds = months["line_kind"]
    is_net, is_sale = kinds.isin(NET_KINDS).to_numpy(), (kinds == "sale").to_numpy()
    known_from = int(at.min()) if len(at) else last + 1
    if history_from is not None:
        known_from = month_ordinal(history_from) + (history_from.day > 1)
    first = max(first, known_from)
    width = max(0, last - first + 1)
    inside = (rows >= 0) & (at >= first) & (at <= last)

    def fill(column: str, use: NDArray[np.bool_]) -> Floats:
        chosen = inside & use
        if column not in months:
            return np.zeros((len(ids), width))
        values = months[column].to_numpy(dtype="float64", na_value=0.0)[chosen]
        place = rows[chosen] * width + at[chosen] - first
        filled: Floats = np.bincount(place, weights=values, minlength=len(ids) * width).astype(
            "float64")  # of nothing, bincount counts whole numbers
        return filled.reshape(len(ids), width)

    first_sale = np.full(len(ids), last + 1, dtype="int64")
    seen = is_sale & (rows >= 0) & (at <= last)
    np.minimum.at(first_sale, rows[seen], at[seen])
    return Monthly(account_ids=ids, months=np.arange(first, first + width), known_from=known_from,
                   amounts=fill("amount", is_net), orders=fill("n_orders", is_sale),
                   margins=fill("cost_known_amount", is_net) - fill("cost_amount", is_net),
                   first_sale=first_sale)


def known_starts(facts: pd.DataFrame, account_ids: pd.Index) -> Floats:
    """Ordinal of the month each account became a customer; NaN where that is not known.

    facts: account_facts; without start_date and is_start_known nothing is known.
    """
    if "start_date" not in facts or "is_start_known" not in facts:
        return np.full(len(account_ids), np.nan)
    is_known = facts["is_start_known"].fillna(False).astype(bool)
    dates = pd.to_datetime(facts["start_date"]).where(is_known)
    ordinals = pd.Series((dates.dt.year * 12 + dates.dt.month - 1).to_numpy("float64"),
                         index=facts["account_id"].astype("str"))
    return ordinals.reindex(account_ids).to_numpy("float64")
