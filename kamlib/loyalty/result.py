"""Everything loyalty computes for one report, and what it had to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_, _, fmt_count
from kamlib.loyalty.aims import AIM_COLUMNS, compare_targets
from kamlib.loyalty.benchmark import CELL_COLUMNS, RANGE_COLUMNS, compare_benchmark, list_ranges
from kamlib.loyalty.frequency import (
    CALLED_OFF_COLUMNS,
    CANCELLED_COLUMNS,
    FREQUENCY_COLUMNS,
    score_called_off,
    summarise_called_off,
    summarise_frequency,
)
from kamlib.loyalty.repurchase import REPURCHASE_COLUMNS, score_repurchase, summarise_repurchase
from kamlib.loyalty.returns import ACCOUNT_COLUMNS, RETURN_COLUMNS, score_returns, summarise_returns
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tenure import TENURE_COLUMNS, select_tenures, summarise_tenure
from kamlib.period import DAYS_A_YEAR
from kamlib.stats.redraws import Redraws

QUESTIONS = {
    "tenure": N_("How long have the accounts of each tier been customers?"),
    "repurchase": N_("How many accounts of each tier buy again?"),
    "frequency": N_("How often do the accounts of each tier order?"),
    "returns": N_("How much of what each tier buys comes back?"),
    "benchmark": N_("How does loyalty compare with the published figures?"),
}


@dataclass(frozen=True, repr=False)
class Loyalty:
    """The tables of loyalty; a refused one is empty and `refused` says why.

    tenure, tenures: see `summarise_tenure`, `select_tenures`; repurchase, buyers: see
    `summarise_repurchase`, `score_repurchase`; frequency: see `summarise_frequency`; returns,
    returning: see `summarise_returns`, `score_returns`; cancelled, called_off: see
    `summarise_called_off`, `score_called_off`; benchmark, ranges: see `compare_benchmark`,
    `list_ranges`; aims: see `compare_targets`; refused: reason by table name.
    """

    tenure: pd.DataFrame
    tenures: pd.DataFrame
    repurchase: pd.DataFrame
    buyers: pd.DataFrame
    frequency: pd.DataFrame
    returns: pd.DataFrame
    returning: pd.DataFrame
    cancelled: pd.DataFrame
    called_off: pd.DataFrame
    benchmark: pd.DataFrame
    ranges: pd.DataFrame
    aims: pd.DataFrame
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
                   history_from: date | None = None,
                   targets: pd.DataFrame | None = None,
                   redraws: Redraws | None = None) -> Loyalty:
    """Compute every table of loyalty; what is refused comes back empty with its reason.

    facts, months: account_facts and account_months at as_of; tiers: account_id and tier;
    window_start: first day of the analysis window; history_from: first day of which anything is
    known, or None; targets: table of the dictionary, or None; redraws: see `summarise_frequency`.
    """
    attempts = Attempts()
    tenure = attempts.take("tenure", TENURE_COLUMNS,
                           lambda: summarise_tenure(facts, tiers=tiers, rules=rules))
    buyers = attempts.take("repurchase", ["account_id", "tier", "is_observed", "has_repurchased"],
                           lambda: score_repurchase(facts, tiers=tiers, rules=rules,
                                                    history_from=history_from))
    frequency = attempts.take("frequency", FREQUENCY_COLUMNS,
                              lambda: summarise_frequency(
                                  facts, tiers=tiers, rules=rules, redraws=redraws))
    returning = attempts.take("returns", ACCOUNT_COLUMNS, lambda: score_returns(
        facts, months, tiers=tiers, window_start=window_start, as_of=as_of))
    if len(buyers) and not buyers["is_observed"].any():
        attempts.refused["repurchase"] = _(
            "No account whose first purchase is known made it {days} days ago or earlier, so it "
            "cannot be told who came back. A longer history, or the rule loyalty.repurchase_rule "
            "= \"window\", would lift this.", days=fmt_count(rules.repurchase_days))
    repurchase = (summarise_repurchase(buyers, rules=rules) if len(buyers) else
                  pd.DataFrame(columns=REPURCHASE_COLUMNS))
    returns = (summarise_returns(returning, rules=rules) if len(returning) else
               pd.DataFrame(columns=RETURN_COLUMNS))
    called_off = (score_called_off(returning, months, window_start=window_start, as_of=as_of)
                  if len(returning) else pd.DataFrame(columns=CALLED_OFF_COLUMNS))
    years = (as_of - history_from).days / DAYS_A_YEAR if history_from else None
    benchmark = attempts.take("benchmark", CELL_COLUMNS, lambda: _benchmark(
        (tenure, repurchase, returns), rules, years, attempts.refused))
    return Loyalty(
        tenure=tenure, tenures=select_tenures(facts, tiers=tiers) if len(tenure) else
        pd.DataFrame(columns=["account_id", "tier", "tenure_years"]), repurchase=repurchase,
        buyers=buyers, frequency=frequency, returns=returns, returning=returning,
        cancelled=summarise_called_off(returning, called_off) if len(returning) else
        pd.DataFrame(columns=CANCELLED_COLUMNS), called_off=called_off, benchmark=benchmark,
        ranges=list_ranges(benchmark, rules=rules) if len(benchmark) else
        pd.DataFrame(columns=RANGE_COLUMNS),
        aims=compare_targets({"tenure": tenure, "repurchase": repurchase, "returns": returns},
                             targets, as_of=as_of, rules=rules) if len(tenure) else
        pd.DataFrame(columns=AIM_COLUMNS), refused=attempts.refused, rules=rules)


def _benchmark(tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame], rules: LoyaltyRules,
               history_years: float | None, refused: Mapping[str, str]) -> pd.DataFrame:
    if any(table.empty for table in tables):
        raise RefusedError(_("Tenure, repurchase or returns by tier are missing. {reason}",
                             reason=next(iter(refused.values()), "")))
    tenure, repurchase, returns = tables
    return compare_benchmark(tenure, repurchase, returns, rules=rules,
                             history_years=history_years)
