"""Everything loyalty computes for one report, and what it had to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_, _
from kamlib.loyalty.benchmark import CELL_COLUMNS, compare_benchmark
from kamlib.loyalty.repurchase import REPURCHASE_COLUMNS, score_repurchase, summarise_repurchase
from kamlib.loyalty.returns import ACCOUNT_COLUMNS, RETURN_COLUMNS, score_returns, summarise_returns
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tenure import TENURE_COLUMNS, select_tenures, summarise_tenure
from kamlib.period import DAYS_A_YEAR

QUESTIONS = {
    "tenure": N_("How long have the accounts of each tier been customers?"),
    "repurchase": N_("How many accounts of each tier buy again?"),
    "returns": N_("How much of what each tier buys comes back?"),
    "benchmark": N_("How does loyalty compare with the published figures?"),
}


@dataclass(frozen=True, repr=False)
class Loyalty:
    """The tables of loyalty; a refused one is empty and `refused` says why.

    tenure, tenures: see `summarise_tenure`, `select_tenures`; repurchase, buyers: see
    `summarise_repurchase`, `score_repurchase`; returns, returning: see `summarise_returns`,
    `score_returns`; benchmark: see `compare_benchmark`; refused: reason by table name.
    """

    tenure: pd.DataFrame
    tenures: pd.DataFrame
    repurchase: pd.DataFrame
    buyers: pd.DataFrame
    returns: pd.DataFrame
    returning: pd.DataFrame
    benchmark: pd.DataFrame
    refused: Mapping[str, str]
    rules: LoyaltyRules

    def __repr__(self) -> str:
        return f"Loyalty({len(self.buyers)} accounts, {len(self.refused)} refused)"

    @property
    def high_returners(self) -> pd.DataFrame:
        """Accounts that return more than rules.high_return_share, most money first."""
        rows = self.returning
        chosen = ((rows["amount_return_rate"] > self.rules.high_return_share)
                  & (rows["n_sale_orders"] >= self.rules.high_return_orders))
        return rows[chosen].sort_values(["returned_amount", "account_id"],
                                        ascending=[False, True], ignore_index=True)


def review_loyalty(facts: pd.DataFrame, *, months: pd.DataFrame, tiers: pd.DataFrame,
                   rules: LoyaltyRules, window_start: date, as_of: date,
                   history_from: date | None = None) -> Loyalty:
    """Compute every table of loyalty; what is refused comes back empty with its reason.

    facts, months: account_facts and account_months at as_of; tiers: account_id and tier;
    window_start: first day of the analysis window; history_from: first day of which anything is
    known, or None.
    """
    attempts = Attempts()
    tenure = attempts.take("tenure", TENURE_COLUMNS,
                           lambda: summarise_tenure(facts, tiers=tiers, rules=rules))
    buyers = attempts.take("repurchase", ["account_id", "tier", "is_observed", "has_repurchased"],
                           lambda: score_repurchase(facts, months, tiers=tiers, rules=rules))
    returning = attempts.take("returns", ACCOUNT_COLUMNS, lambda: score_returns(
        facts, months, tiers=tiers, window_start=window_start, as_of=as_of))
    repurchase = (summarise_repurchase(buyers, rules=rules) if len(buyers) else
                  pd.DataFrame(columns=REPURCHASE_COLUMNS))
    returns = (summarise_returns(returning, rules=rules) if len(returning) else
               pd.DataFrame(columns=RETURN_COLUMNS))
    years = (as_of - history_from).days / DAYS_A_YEAR if history_from else None
    benchmark = attempts.take("benchmark", CELL_COLUMNS, lambda: _benchmark(
        (tenure, repurchase, returns), rules, years, attempts.refused))
    return Loyalty(
        tenure=tenure, tenures=select_tenures(facts, tiers=tiers) if len(tenure) else
        pd.DataFrame(columns=["account_id", "tier", "tenure_years"]), repurchase=repurchase,
        buyers=buyers, returns=returns, returning=returning, benchmark=benchmark,
        refused=attempts.refused, rules=rules)


def _benchmark(tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame], rules: LoyaltyRules,
               history_years: float | None, refused: Mapping[str, str]) -> pd.DataFrame:
    if any(table.empty for table in tables):
        raise RefusedError(_("Tenure, repurchase or returns by tier are missing. {reason}",
                             reason=next(iter(refused.values()), "")))
    tenure, repurchase, returns = tables
    return compare_benchmark(tenure, repurchase, returns, rules=rules,
                             history_years=history_years)
