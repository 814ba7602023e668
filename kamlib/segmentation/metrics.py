"""The numbers of the segmentation that a report compares: over time and with a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Metric
from kamlib.period import Period
from kamlib.segmentation.result import Segmentation
from kamlib.segmentation.rules import TIERS, SegmentationRules
from kamlib.segmentation.tiers import score_tiers


def find_metrics(result: Segmentation, *, facts: pd.DataFrame,
                 earlier: Mapping[str, pd.DataFrame | None], period: Period,
                 targets: pd.DataFrame | None) -> Iterator[Metric]:
    """Yield net revenue, core accounts and their share, and the concentration of sales.

    earlier: account_facts by the name of the comparison (previous, year_before), None if unknown.
    """
    yield _net_revenue(facts, period, targets)
    yield from _core(result, earlier)
    yield from _spread(result)


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


def _net_revenue(facts: pd.DataFrame, period: Period, targets: pd.DataFrame | None) -> Metric:
    value = _sum(facts, "net_amount_period")
    target = find_target(targets, start=period.start, end=period.end)
    verdict = ""
    if value is not None and target is not None:
        verdict = "met" if value >= target else "not met"
    return Metric("net_revenue", value, "amount", previous=_sum(facts, "net_amount_previous"),
                  year_before=_sum(facts, "net_amount_year_before"), target=target,
                  verdict=verdict, better="up", anchor="shares", headline=True)


def _core(result: Segmentation, earlier: Mapping[str, pd.DataFrame | None]) -> Iterator[Metric]:
    if result.shares.empty:
        return
    row = result.shares.to_dict("records")[TIERS.index("core")]
    sold = result.n_sold
    before = {name: _core_then(facts, result.rules) for name, facts in earlier.items()}
    yield Metric("core_accounts", float(row["n_accounts"]), "count", n=sold,
                 previous=before["previous"][0], year_before=before["year_before"][0],
                 better="up", anchor="shares", headline=True)
    yield Metric("core_revenue_share", float(row["amount_share"]), "share", n=sold,
                 ci_low=_known(row["amount_share_ci_low"]),
                 ci_high=_known(row["amount_share_ci_high"]),
                 previous=before["previous"][1], year_before=before["year_before"][1],
                 verdict=row["amount_verdict"], better="up", anchor="shares", headline=True)


def _core_then(facts: pd.DataFrame | None,
               rules: SegmentationRules) -> tuple[float | None, float | None]:
    if facts is None:
        return None, None
    try:
        tiers = score_tiers(facts, rules=rules)
    except RefusedError:
        return None, None
    is_core = tiers["tier"] == "core"
    total = float(tiers.loc[tiers["tier"] != "no_sales", "net_amount"].sum())
    share = float(tiers.loc[is_core, "net_amount"].sum()) / total if total > 0 else None
    return float(is_core.sum()), share


def _spread(result: Segmentation) -> Iterator[Metric]:
    for row in result.spread.to_dict("records"):
        n, suffix = int(row["n_accounts"]), "" if row["measure"] == "net_sales" else "_margin"
        yield Metric(f"pareto{suffix}_account_share", row["top_share"], "share", n=n,
                     anchor=f"pareto{suffix}")
        if not suffix:
            yield Metric("largest_account_share", row["largest_share"], "share", n=n,
                         better="down", anchor="pareto")
            yield Metric("gini", row["gini_corrected"], "ratio", n=n, anchor="lorenz")


def _sum(facts: pd.DataFrame, column: str) -> float | None:
    if column not in facts or facts[column].isna().any():
        return None
    return float(facts[column].sum())


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
