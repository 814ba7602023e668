"""Targets of satisfaction: a rate is held against a rate, an index against an index."""

from __future__ import annotations

from datetime import date

import pandas as pd

METRICS = {"index": ("satisfaction_index", "satisfaction", "csi"),
           "rate": ("satisfied_rate", "satisfaction", "satisfaction_rate")}


def find_target(targets: pd.DataFrame | None, *, kind: str, as_of: date,
                default: float | None) -> float | None:
    """Return the company's target of a kind on a day, or the default.

    targets: rows of the targets table, or None; kind: index (0-100) or rate (0-1).
    Of several that cover the day, the one that began last holds.
    Source: catalogue SAT-11, E1: a report held an index of 78.4 against a target rate of 85 %.
    """
    if targets is None or targets.empty:
        return default
    day = pd.Timestamp(as_of)
    known = targets[(targets["scope"] == "company") & (targets["kind"] == kind)
                    & targets["metric"].isin(METRICS[kind])
                    & (pd.to_datetime(targets["from_date"]) <= day)
                    & (pd.to_datetime(targets["to_date"]) >= day)]
    if known.empty:
        return default
    return float(known.sort_values(["from_date", "metric"])["target"].iloc[-1])
