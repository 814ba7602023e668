"""A log of purchases in memory to the summary that the models read.

A period run takes the same numbers from the account facts, which the engine computes from order
lines on disk; a test holds the two equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import InputError

Days = NDArray[np.int64]


def summarise_log(log: pd.DataFrame, *, as_of: Any, unit: str = "account_id",
                  day: str = "order_date") -> pd.DataFrame:
    """Summarise each unit's purchases up to the end of ``as_of``.

    log: one row a purchase, in any order: `unit` (its id) and `day` (a date; the time of day is
    dropped). Purchases of one day are one, later ones are not seen.
    Returns one row a unit that had bought by then, sorted by its id, which is the index:
    n_repeat_days (purchase days after the first), first_to_last_days, first_to_as_of_days,
    log_gap_sum (sum of the logs of the days between purchases, 0 without a repeat).
    Source: Fader, Hardie & Lee (2005), Marketing Science 24(2), p. 277: (x, t_x, T).

    >>> log = pd.DataFrame({"account_id": ["b", "a", "b", "b"], "order_date": pd.to_datetime(
    ...     ["2025-01-01", "2025-01-03", "2025-01-08", "2025-01-08"])})
    >>> summarise_log(log, as_of="2025-01-31").iloc[:, :3].to_numpy().tolist()
    [[0, 0, 28], [1, 7, 30]]
    """
    days = _whole_days(log[day])
    last_day = int(_whole_days(pd.Series([pd.Timestamp(as_of)]))[0])
    if log[unit].isna().any():
        raise InputError(f"Every purchase names its unit, but {int(log[unit].isna().sum())} of "
                         f"{len(log)} rows have no {unit}. Fill it in or leave them out.")
    codes, ids = pd.factorize(log[unit])
    known = days <= last_day
    # One whole number a unit and day: one sort brings all in order and finds the equal ones.
    first_day = int(days.min()) if len(days) else 0
    span = max(1, last_day - first_day + 1)
    key = np.sort(codes[known].astype(np.int64) * span + (days[known] - first_day))
    key = key[np.append(True, key[1:] != key[:-1])] if len(key) else key
    owner, when = np.divmod(key, span)
    first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])) if len(key) else key
    size = np.diff(np.append(first, len(key)))
    gaps = np.diff(when, append=0).astype(np.float64)
    gaps[first + size - 1] = 1.0
    table = pd.DataFrame({
        "n_repeat_days": size - 1, "first_to_last_days": when[first + size - 1] - when[first],
        "first_to_as_of_days": last_day - first_day - when[first],
        "log_gap_sum": np.add.reduceat(np.log(gaps), first) if len(key) else gaps},
        index=pd.Index(ids[owner[first]], name=unit))
    return table.sort_index()


def _whole_days(dates: pd.Series) -> Days:
    """Days since 1970 of a column of dates."""
    stamps = pd.to_datetime(dates)
    if stamps.isna().any():
        raise InputError(f"Every purchase has a day, but {int(stamps.isna().sum())} of "
                         f"{len(stamps)} rows have none in {dates.name}. Fill it in or leave them "
                         "out.")
    found: Days = stamps.to_numpy().astype("datetime64[D]").astype(np.int64)
    return found
