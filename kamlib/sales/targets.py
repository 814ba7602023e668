"""Targets of sales: which one a span of days has, and what of a target was reached."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

# Names under which a company may keep its revenue target; the second is the column's.
REVENUE = ("net_revenue", "net_amount")


def find_target(targets: pd.DataFrame | None, *, start: date, end: date) -> float | None:
    """Return the company's target of net revenue for a span of days, or None.

    A row for exactly that span holds; else rows of shorter spans are added up when they fill it
    without gap or overlap. A target for a longer span is not cut into pieces.

    >>> year = pd.DataFrame({"scope": "company", "metric": "net_revenue", "kind": "amount",
    ...                      "from_date": ["2025-01-01", "2025-07-01"],
    ...                      "to_date": ["2025-06-30", "2025-12-31"], "target": [40.0, 60.0]})
    >>> find_target(year, start=date(2025, 1, 1), end=date(2025, 12, 31))
    100.0
    """
    if targets is None or targets.empty:
        return None
    chosen = ((targets["scope"] == "company") & (targets["kind"] == "amount")
              & targets["metric"].isin(REVENUE))
    rows = targets[chosen].assign(first=pd.to_datetime(targets["from_date"]),
                                  last=pd.to_datetime(targets["to_date"]))
    rows = rows[(rows["first"] >= pd.Timestamp(start)) & (rows["last"] <= pd.Timestamp(end))]
    exact = rows[(rows["first"] == pd.Timestamp(start)) & (rows["last"] == pd.Timestamp(end))]
    if len(exact):
        return float(exact["target"].iloc[-1])
    rows = rows.sort_values("first")
    starts = [*rows["first"], pd.Timestamp(end) + timedelta(days=1)]
    ends = [pd.Timestamp(start) - timedelta(days=1), *rows["last"]]
    fills = all(b - a == timedelta(days=1) for a, b in zip(ends, starts, strict=True))
    return float(rows["target"].astype("float64").sum()) if fills else None
