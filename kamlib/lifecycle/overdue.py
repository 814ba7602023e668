"""Accounts that are silent for longer than their own rhythm allows."""

from __future__ import annotations

import pandas as pd

from kamlib.lifecycle.rules import LifecycleRules

COLUMNS = ["account_id", "last_sale_date", "days_since_last_sale", "gap_mean_days", "gap_sd_days",
           "n_gaps", "allowed_days", "overdue_days", "net_amount_window"]


def find_overdue(facts: pd.DataFrame, *, rules: LifecycleRules) -> pd.DataFrame:
    """List active accounts whose silence is out of line with their own gaps.

    facts: account_facts, one row an account.
    Returns one row an overdue account, the largest sales first: ``account_id``,
    ``last_sale_date``, ``days_since_last_sale``, ``gap_mean_days`` and ``gap_sd_days`` (between
    purchase days), ``n_gaps``, ``allowed_days`` (the larger of mean + 2 deviations and 1.5 means,
    by the rules), ``overdue_days`` (beyond that), ``net_amount_window``.
    Left out: inactive accounts (they are lost, not late) and those with too few gaps.

    >>> facts = pd.DataFrame({"account_id": ["A", "B"], "is_active_closing": True,
    ...     "last_sale_date": pd.Timestamp("2025-10-01"), "days_since_last_sale": [91, 91],
    ...     "gap_mean_days": [30.0, 30.0], "gap_sd_days": [5.0, 40.0], "n_repeat_days": 9,
    ...     "net_amount_window": 100.0})
    >>> find_overdue(facts, rules=LifecycleRules())[["account_id", "allowed_days"]].values.tolist()
    [['A', 45.0]]
    """
    active = facts["is_active_closing"].astype(bool)
    enough = (facts["n_repeat_days"] >= rules.overdue_min_gaps).fillna(False).astype(bool)
    table = facts[active & enough].copy()
    mean, deviation = (table[name].astype("float64") for name in ("gap_mean_days", "gap_sd_days"))
    spread = mean + rules.overdue_deviations * deviation
    # max() would skip a missing deviation and judge by the mean alone.
    table["allowed_days"] = spread.clip(lower=rules.overdue_factor * mean)
    table["overdue_days"] = table["days_since_last_sale"].astype("float64") - table["allowed_days"]
    table["n_gaps"] = table["n_repeat_days"]
    late = table[table["overdue_days"] > 0]
    return late.sort_values(["net_amount_window", "account_id"], ascending=[False, True],
                            ignore_index=True)[COLUMNS]
