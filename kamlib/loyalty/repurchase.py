"""How many accounts bought again, by tier."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import TIERS, LoyaltyRules
from kamlib.loyalty.tiers import join_tiers, split_tiers
from kamlib.stats.intervals import wilson_interval

LOWEST = TIERS[-1]
REPURCHASE_COLUMNS = ["tier", "n_accounts", "n_observed", "n_repurchased", "repurchase_rate",
                      "repurchase_rate_ci_low", "repurchase_rate_ci_high"]


def score_repurchase(facts: pd.DataFrame, *, tiers: pd.DataFrame, rules: LoyaltyRules,
                     history_from: date | None = None) -> pd.DataFrame:
    """Whether each account bought again.

    facts: account_facts; tiers: account_id and tier; history_from: first day of which anything is
    known, or None.
    Returns one row an account, sorted: account_id, tier, is_observed, has_repurchased (gap when
    not observed).
    Under the rule "within_days" the second purchase day has to follow the first within
    rules.repurchase_days, for every account whose first purchase is known and lies at least so
    many days before as_of. Accounts without sales in the window are in no tier; they count as
    general here, since a rate without those that did not come back would be 100 %. Under "window"
    an account in a tier repurchased when it bought on two days of the analysis window; accounts
    that came late in the window had less time. Source: catalogue LOY-02, E23.
    """
    if rules.repurchase_rule == "window":
        table = join_tiers(facts, tiers)
        if table["n_purchase_days_window"].isna().any():
            raise RefusedError(_("The analysis window begins before the known history. A later "
                                 "period would lift this."))
        again = (table["n_purchase_days_window"] >= 2).astype("boolean")
    else:
        join_tiers(facts, tiers)  # refuses where no tier has members
        tier_of = tiers[tiers["tier"].isin(TIERS)].set_index("account_id")["tier"]
        table = facts[facts["first_sale_date"].notna()].sort_values(
            "account_id", ignore_index=True)
        table = table.assign(tier=table["account_id"].map(tier_of).fillna(LOWEST).astype("str"))
        again = _within_days(table, rules.repurchase_days, history_from)
    return table[["account_id", "tier"]].assign(is_observed=again.notna(), has_repurchased=again)


def summarise_repurchase(repurchase: pd.DataFrame, *, rules: LoyaltyRules) -> pd.DataFrame:
    """Share of accounts that bought again, by tier, with Wilson's interval.

    repurchase: from `score_repurchase`. Returns core, important, general and all: tier,
    n_accounts, n_observed, n_repurchased, repurchase_rate (0-1 of the observed, with its
    interval; gap when none is). Who is core or important now has come back, so their rates are
    high by construction (E11); only the row all is free of that.
    Source: Wilson (1927), J. Am. Stat. Assoc. 22:209-212.
    """
    rows = []
    for tier, part in split_tiers(repurchase):
        n, k = int(part["is_observed"].sum()), int(part["has_repurchased"].sum())
        low, high = wilson_interval(k, n, level=rules.confidence_level)
        rows.append((tier, len(part), n, k, k / n if n else float("nan"), low, high))
    return pd.DataFrame(rows, columns=REPURCHASE_COLUMNS)


def _within_days(table: pd.DataFrame, days: int, history_from: date | None) -> pd.Series:
    gap = (table["second_sale_date"] - table["first_sale_date"]).dt.days
    # Who has been a customer since before the history may have bought before the first sale seen.
    is_first = table["is_start_known"].fillna(False).astype(bool)
    if history_from is not None:
        is_first &= table["start_date"] >= pd.Timestamp(history_from)
    observed = is_first & (table["first_to_as_of_days"] >= days).fillna(False).astype(bool)
    answer = (gap <= days).astype("boolean")
    return answer.where(observed)
