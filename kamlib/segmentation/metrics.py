"""The numbers of the segmentation that a report compares: over time and with a target."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Metric, or_none
from kamlib.segmentation.result import Segmentation
from kamlib.segmentation.rules import TIERS, SegmentationRules
from kamlib.segmentation.tiers import score_tiers

SUFFIXES = {"net_sales": "", "margin": "_margin", "profit": "_profit"}


def find_metrics(result: Segmentation) -> Iterator[Metric]:
    """Yield core accounts and their share of sales, and the concentration of sales."""
    yield from _core(result)
    yield from _spread(result)


def _core(result: Segmentation) -> Iterator[Metric]:
    if result.shares.empty:
        return
    row = result.shares.to_dict("records")[TIERS.index("core")]
    sold = result.n_sold
    before = {name: _core_then(facts, result.rules)
              for name, facts in result.basis.earlier.items()}
    yield Metric("core_accounts", float(row["n_accounts"]), "count", n=sold,
                 previous=before["previous"][0], year_before=before["year_before"][0],
                 better="up", anchor="shares", headline=True)
    yield Metric("core_revenue_share", float(row["amount_share"]), "share", n=sold,
                 ci_low=or_none(row["amount_share_ci_low"]),
                 ci_high=or_none(row["amount_share_ci_high"]),
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
        n, suffix = int(row["n_accounts"]), SUFFIXES[row["measure"]]
        yield Metric(f"pareto{suffix}_account_share", row["top_share"], "share", n=n,
                     anchor="spread")
        if not suffix:
            yield Metric("largest_account_share", row["largest_share"], "share", n=n,
                         better="down", anchor="pareto")
            yield Metric("gini", row["gini_corrected"], "ratio", n=n, anchor="lorenz")
