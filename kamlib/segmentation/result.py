"""Everything the segmentation computes for one report, and what it had to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_, _
from kamlib.period import Period, add_months
from kamlib.segmentation.migration import MOVER_COLUMNS, build_migration, compare_periods
from kamlib.segmentation.rfm import (
    RFM_COLUMNS,
    find_rfm_cuts,
    find_rfm_thresholds,
    score_rfm,
    summarise_rfm,
)
from kamlib.segmentation.rules import SegmentationRules
from kamlib.segmentation.shares import (
    REASON_COLUMNS,
    SHARE_COLUMNS,
    SPREAD_BENCHMARK_COLUMNS,
    compare_spread,
    compare_tiers,
    summarise_reasons,
)
from kamlib.segmentation.spread import (
    PARETO_COLUMNS,
    SPREAD_COLUMNS,
    add_profit,
    build_lorenz,
    build_pareto,
    summarise_spread,
)
from kamlib.segmentation.tiers import CUT_COLUMNS, TIER_COLUMNS, find_cuts, score_tiers

QUESTIONS = {
    "tiers": N_("Which accounts are core, important or general?"),
    "shares": N_("What share of sales does each tier bring?"),
    "pareto": N_("How few accounts bring most of the sales?"),
    "pareto_margin": N_("How few accounts bring most of the margin?"),
    "pareto_profit": N_("How few accounts bring most of the profit?"),
    "rfm": N_("Which large accounts have gone quiet?"),
    "moves": N_("Which accounts changed their tier since the previous period?"),
}
UNKNOWN: Mapping[str, pd.DataFrame | None] = {"previous": None, "year_before": None}
CURVES = {"pareto": "net_sales", "pareto_margin": "margin", "pareto_profit": "profit"}


@dataclass(frozen=True, repr=False)
class Basis:
    """What a segmentation was computed from, so that other views speak of the same.

    facts: account_facts at as_of; earlier: the same at the end of the previous period (previous)
    and a year before (year_before), None where the history does not reach; profit: from
    `measures.build_profit`, or None.
    """

    facts: pd.DataFrame
    earlier: Mapping[str, pd.DataFrame | None]
    profit: pd.DataFrame | None
    period: Period
    history_from: date
    window_months: int


@dataclass(frozen=True, repr=False)
class Segmentation:
    """The tables of the segmentation; a refused one is empty and `refused` says why.

    tiers, cuts, shares, reasons: see `score_tiers`, `find_cuts`, `compare_tiers`,
    `summarise_reasons`; pareto, pareto_margin, pareto_profit, spread, spread_benchmark,
    lorenz: see `build_pareto`, `summarise_spread`, `compare_spread`, `build_lorenz`; rfm,
    rfm_cuts, rfm_classes, rfm_thresholds: see `score_rfm`, `find_rfm_cuts`, `summarise_rfm`,
    `find_rfm_thresholds`; moves, migration,
    migration_other (by the other cuts): see `compare_periods`, `build_migration`; refused: reason
    by table name.
    """

    tiers: pd.DataFrame
    cuts: pd.DataFrame
    shares: pd.DataFrame
    reasons: pd.DataFrame
    pareto: pd.DataFrame
    pareto_margin: pd.DataFrame
    pareto_profit: pd.DataFrame
    spread: pd.DataFrame
    spread_benchmark: pd.DataFrame
    lorenz: pd.DataFrame
    rfm: pd.DataFrame
    rfm_cuts: pd.DataFrame
    rfm_classes: pd.DataFrame
    rfm_thresholds: pd.DataFrame
    moves: pd.DataFrame
    migration: pd.DataFrame
    migration_other: pd.DataFrame
    refused: Mapping[str, str]
    rules: SegmentationRules
    basis: Basis

    def __repr__(self) -> str:
        return f"Segmentation({self.n_sold} accounts with sales, {len(self.refused)} refused)"

    @property
    def n_sold(self) -> int:
        """Accounts with an order in the analysis window: what the shares are of."""
        return int((self.tiers["tier"] != "no_sales").sum())

    @property
    def movers(self) -> pd.DataFrame:
        """The moves without the accounts that stayed, the largest change of sales first."""
        moved = self.moves[self.moves["move"] != "stayed"]
        order = moved["change_amount"].abs().sort_values(ascending=False, kind="stable").index
        return moved.loc[order].reset_index(drop=True)


def segment_accounts(facts: pd.DataFrame, *, rules: SegmentationRules, period: Period,
                     history_from: date, window_months: int = 12,
                     earlier: Mapping[str, pd.DataFrame | None] = UNKNOWN,
                     profit: pd.DataFrame | None = None) -> Segmentation:
    """Compute every table of the segmentation; what is refused comes back empty with its reason.

    facts, earlier, profit: see `Basis`; history_from: before it nothing is known, so that moves
    from a window which it cuts are refused.
    """
    facts_previous = earlier["previous"]
    if _is_cut(period, window_months, history_from):
        facts_previous = None
    attempts = Attempts()
    tiers = attempts.take("tiers", TIER_COLUMNS, lambda: score_tiers(facts, rules=rules))
    cuts = find_cuts(tiers, rules=rules) if len(tiers) else pd.DataFrame(columns=CUT_COLUMNS)
    shares = attempts.take("shares", SHARE_COLUMNS, lambda: compare_tiers(tiers, rules=rules))
    reasons = (summarise_reasons(tiers) if len(shares) else pd.DataFrame(columns=REASON_COLUMNS))
    earned = add_profit(facts, profit)
    curves = {name: attempts.take(name, PARETO_COLUMNS,
                                  partial(build_pareto, earned, measure=measure, rules=rules))
              for name, measure in CURVES.items()}
    rfm = attempts.take("rfm", RFM_COLUMNS, lambda: score_rfm(facts, rules=rules))
    moves = attempts.take("moves", MOVER_COLUMNS, lambda: _moves(facts, facts_previous, rules))
    refused = attempts.refused
    # One reason is enough.
    for cause, follow in (("tiers", ("shares", *CURVES)), ("pareto_margin", ("pareto_profit",))):
        if cause in refused:
            refused = {name: why for name, why in refused.items() if name not in follow}
    return Segmentation(
        tiers=tiers, cuts=cuts, shares=shares, reasons=reasons, **curves,
        spread=_spread(curves, earned, rules),
        spread_benchmark=compare_spread(tiers, rules=rules) if len(shares) else
        pd.DataFrame(columns=SPREAD_BENCHMARK_COLUMNS),
        lorenz=build_lorenz(facts) if len(curves["pareto"]) else
        pd.DataFrame(columns=["account_share", "amount_share"]),
        rfm=rfm, rfm_cuts=find_rfm_cuts(rfm, rules=rules), rfm_classes=summarise_rfm(rfm),
        rfm_thresholds=find_rfm_thresholds(rfm, rules=rules),
        moves=moves, migration=build_migration(moves),
        migration_other=build_migration(moves, before="tier_before_other"), refused=refused,
        rules=rules,
        basis=Basis(facts, earlier, profit, period, history_from, window_months))


def _is_cut(period: Period, window_months: int, history_from: date) -> bool:
    end = period.previous_end + timedelta(days=1)
    return add_months(end, -window_months) < history_from


def _moves(facts: pd.DataFrame, facts_previous: pd.DataFrame | None,
           rules: SegmentationRules) -> pd.DataFrame:
    if facts_previous is None:
        raise RefusedError(_("The known history does not hold the whole window that ended with "
                             "the previous period. A later period would lift this."))
    return compare_periods(facts, facts_previous, rules=rules)


def _spread(curves: Mapping[str, pd.DataFrame], facts: pd.DataFrame,
            rules: SegmentationRules) -> pd.DataFrame:
    rows = [summarise_spread(curve, facts, rules=rules) for curve in curves.values() if len(curve)]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=SPREAD_COLUMNS)
