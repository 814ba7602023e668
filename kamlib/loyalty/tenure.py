"""How long accounts have been customers, by tier."""

from __future__ import annotations

import pandas as pd

from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tiers import join_tiers, split_tiers
from kamlib.period import DAYS_A_YEAR
from kamlib.stats.intervals import mean_interval

TENURE_COLUMNS = ["tier", "n_accounts", "n_known", "n_unknown", "unknown_share", "tenure_years",
                  "tenure_years_ci_low", "tenure_years_ci_high", "median_tenure_years",
                  "longest_tenure_years"]


def summarise_tenure(facts: pd.DataFrame, *, tiers: pd.DataFrame,
                     rules: LoyaltyRules) -> pd.DataFrame:
    """Mean and median tenure of each tier, over the accounts whose start is known.

    facts: account_facts; tiers: account_id and tier.
    Returns core, important, general and all: tier, n_accounts, n_known, n_unknown (the start lies
    before the known history), unknown_share (0-1), tenure_years (mean, with a t interval),
    median_tenure_years, longest_tenure_years; gaps without a known start. The tenure of accounts
    that still buy is unfinished: this is their age, not how long they will stay.
    Source: catalogue LOY-01, days / 365.25.
    """
    rows = []
    for tier, part in split_tiers(join_tiers(facts, tiers)):
        years = part["tenure_days"].dropna().astype("float64") / DAYS_A_YEAR
        low, high = mean_interval(years, level=rules.confidence_level)
        n_unknown = len(part) - len(years)
        rows.append((tier, len(part), len(years), n_unknown,
                     n_unknown / len(part) if len(part) else float("nan"), years.mean(), low, high,
                     years.median(), years.max()))
    return pd.DataFrame(rows, columns=TENURE_COLUMNS)


def select_tenures(facts: pd.DataFrame, *, tiers: pd.DataFrame) -> pd.DataFrame:
    """One row an account in a tier whose start is known: account_id, tier, tenure_years."""
    table = join_tiers(facts, tiers)
    table = table[table["tenure_days"].notna()]
    years = table["tenure_days"].astype("float64") / DAYS_A_YEAR
    return table[["account_id", "tier"]].assign(tenure_years=years).reset_index(drop=True)
