"""The numbers of the sales overview that a report compares: over time and with a target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kamlib.handover import Metric
from kamlib.sales.result import Sales
from kamlib.sales.wording import drivers

# Measures of concentration: metric, column, unit, better.
CONCENTRATION = (
    ("largest_account_share_period", "top_1_share", "share", "down"),
    ("top_10_share_period", "top_10_share", "share", "down"),
    ("hhi", "hhi", "ratio", "down"),
    ("effective_accounts", "effective_accounts", "count", "up"),
    ("largest_order_share", "largest_order_share", "share", "down"))


def find_metrics(sales: Sales) -> Iterator[Metric]:
    """Yield net revenue, its target and drivers, and the concentration of the period's sales."""
    spans = sales.concentration.set_index("span")
    net = spans["net_amount"]
    value, target = float(net["period"]), sales.target_amount
    verdict = "" if target is None else "met" if value >= target else "not met"
    yield Metric("net_revenue", value, "amount", previous=known(net.get("previous")),
                 year_before=known(net.get("year_before")), target=target, verdict=verdict,
                 better="up", anchor="summary", headline=True)
    if target is not None and target > 0:
        yield Metric("target_attainment", value / target, "share", target=1.0, verdict=verdict,
                     better="up", anchor="attainment")
    effects = drivers(sales)
    for name in ("price", "volume"):
        if name in effects:
            yield Metric(f"{name}_effect", effects[name], "amount", better="up", anchor="growth")
    for name, column, unit, better in CONCENTRATION:
        series = spans[column]
        yield Metric(name, known(series["period"]), unit, n=int(spans["n_accounts"]["period"]),
                     previous=known(series.get("previous")),
                     year_before=known(series.get("year_before")), better=better,
                     anchor="concentration")


def known(value: Any) -> float | None:
    """Return a number, None for a gap."""
    return None if value is None or pd.isna(value) else float(value)
