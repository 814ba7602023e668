"""How many accounts bought again, by tier."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tiers import join_tiers, split_tiers
from kamlib.stats.intervals import wilson_interval

REPURCHASE_COLUMNS = ["tier", "n_accounts", "n_observed", "n_repurchased", "repurchase_rate",
                      "repurchase_rate_ci_low", "repurchase_rate_ci_high"]


def score_repurchase(facts: pd.DataFrame, months: pd.DataFrame, *, tiers: pd.DataFrame,
                     rules: LoyaltyRules) -> pd.DataFrame:
    """Whether each account bought again.

    facts, months: account_facts and account_months; tiers: account_id and tier.
    Returns one row an account in a tier, sorted: account_id, tier, is_observed, has_repurchased
    (gap when not observed). Under the rule "window" every account is observed and repurchased
    when it bought on two days of the analysis window; accounts that came late in the window had
    less time. Under "within_days" the second purchase has to follow the first within
    rules.repurchase_days; accounts of unknown start or shorter observation are not observed, nor
    those few whose second purchase falls into the month in which the days end.
    Source: catalogue LOY-02, E23.
    """
    table = join_tiers(facts, tiers)
    if rules.repurchase_rule == "window":
        if table["n_purchase_days_window"].isna().any():
            raise RefusedError(_("The analysis window begins before the known history. A later "
                                 "period would lift this."))
        again = (table["n_purchase_days_window"] >= 2).astype("boolean")
    else:
        again = _within_days(table, months, rules.repurchase_days)
    return table[["account_id", "tier"]].assign(is_observed=again.notna(), has_repurchased=again)


def summarise_repurchase(repurchase: pd.DataFrame, *, rules: LoyaltyRules) -> pd.DataFrame:
    """Share of accounts that bought again, by tier, with Wilson's interval.

    repurchase: from `score_repurchase`. Returns core, important, general and all: tier,
    n_accounts, n_observed, n_repurchased, repurchase_rate (0-1 of the observed, with its
    interval; gap when none is). Orders decide on the tier too, so the rate of core is high by
    construction (E11). Source: Wilson (1927), J. Am. Stat. Assoc. 22:209-212.
    """
    rows = []
    for tier, part in split_tiers(repurchase):
        n, k = int(part["is_observed"].sum()), int(part["has_repurchased"].sum())
        low, high = wilson_interval(k, n, level=rules.confidence_level)
        rows.append((tier, len(part), n, k, k / n if n else float("nan"), low, high))
    return pd.DataFrame(rows, columns=REPURCHASE_COLUMNS)


def _within_days(table: pd.DataFrame, months: pd.DataFrame, days: int) -> pd.Series:
    first = table.set_index("account_id")["first_sale_date"]
    limit = first + pd.Timedelta(days=days)
    sales = months[(months["line_kind"] == "sale") & months["account_id"].isin(first.index)]
    end_of_month = sales["month"] + pd.offsets.MonthEnd(0)
    limits = sales["account_id"].map(limit)
    bought = pd.DataFrame({
        "sure": sales["n_purchase_days"].where(end_of_month <= limits, 0),
        "possible": sales["n_purchase_days"].where(sales["month"] <= limits, 0)})
    counts = bought.groupby(sales["account_id"]).sum().reindex(first.index, fill_value=0)
    counts = counts.reset_index(drop=True)
    last_within = (table["first_to_last_days"] <= days).fillna(False).to_numpy(dtype=bool)
    is_only_repeat = (table["n_repeat_days"] == 1).fillna(False).to_numpy(dtype=bool)
    has_repeat = (table["n_repeat_days"] >= 1).fillna(False).to_numpy(dtype=bool)
    yes = (counts["sure"] >= 2).to_numpy(dtype=bool) | (has_repeat & last_within)
    # With one repeat day the last purchase is the second, so its day is known exactly.
    no = (counts["possible"] < 2).to_numpy(dtype=bool) | (is_only_repeat & ~last_within)
    observed = (table["is_start_known"]
                & (table["first_to_as_of_days"] >= days)).fillna(False).to_numpy(dtype=bool)
    answer = pd.Series(pd.NA, index=table.index, dtype="boolean")
    answer[np.asarray(observed & no)] = False
    answer[np.asarray(observed & yes)] = True
    return answer
