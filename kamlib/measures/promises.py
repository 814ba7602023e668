"""Actions that were promised, and how each stands on a day."""

from __future__ import annotations

from datetime import date

import pandas as pd

PROMISE_STATUSES = ("kept", "kept_late", "overdue", "pending")


def follow_actions(actions: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Return the actions opened by a day, each with its promise_status and overdue_days.

    actions: the table of that name; one row an action. promise_status: kept (closed by its due
    date, or without one), kept_late, overdue (open past its due date) or pending; an action closed
    after as_of counts as open. overdue_days: days past due on as_of, gap unless overdue.
    Columns of the dictionary that are missing are added empty; the order is kept.

    >>> actions = pd.DataFrame({"action_id": ["a", "b"], "opened_date": ["2025-01-01"] * 2,
    ...     "due_date": ["2025-03-01"] * 2, "closed_date": ["2025-03-05", None]})
    >>> known = follow_actions(actions, as_of=date(2025, 3, 31))
    >>> known["promise_status"].tolist(), known["overdue_days"].tolist()
    (['kept_late', 'overdue'], [<NA>, 30])
    """
    day = pd.Timestamp(as_of)
    known = actions[pd.to_datetime(actions["opened_date"]) <= day].copy()
    for column in ("wave_id", "account_id", "owner_id", "due_date", "closed_date", "result"):
        if column not in known:
            known[column] = pd.NA
    due, closed = (pd.to_datetime(known[c]) for c in ("due_date", "closed_date"))
    closed = closed.where(closed <= day)
    is_open = closed.isna()
    known["promise_status"] = "kept"
    known.loc[closed > due, "promise_status"] = "kept_late"
    known.loc[is_open, "promise_status"] = "pending"
    known.loc[is_open & (due < day), "promise_status"] = "overdue"
    known["opened_date"] = pd.to_datetime(known["opened_date"])
    known["due_date"], known["closed_date"] = due, closed
    late_by = (day - due).dt.days.where(known["promise_status"] == "overdue")
    known["overdue_days"] = late_by.astype("Int64")
    for column in ("account_id", "owner_id", "result"):
        known[column] = known[column].fillna("").astype("str")
    return known
