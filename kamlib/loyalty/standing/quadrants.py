"""Satisfaction beside loyalty: apostle, mercenary, hostage, defector."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.stats.intervals import wilson_interval

CLASSES = ("apostle", "mercenary", "hostage", "defector")
CLASSED_COLUMNS = ["account_id", "tier", "loyalty_class", "account_index", "loyalty_index",
                   "net_amount_window", "is_near_class_line"]
CLASS_COLUMNS = ["loyalty_class", "n_accounts", "heard_share", "heard_share_ci_low",
                 "heard_share_ci_high", "net_amount", "amount_share", "n_near"]
UNHEARD = "unheard"


def class_accounts(index: pd.DataFrame, heard: pd.DataFrame, *, satisfied_line: float,
                   rules: LoyaltyRules) -> pd.DataFrame:
    """Put each account that answered the survey into one of four classes.

    index: from `score_loyalty` with tier; heard: one row an account with account_id,
    account_index (satisfaction, 0-100) and is_near_line (its answers lie near the line), as the
    satisfaction chapter has it; satisfied_line: from which on an account is satisfied.
    Returns one row an account with both: account_id, tier, loyalty_class (apostle: satisfied and
    loyal; mercenary: satisfied, not loyal; hostage: loyal, not satisfied; defector: neither),
    account_index, loyalty_index, net_amount_window, is_near_class_line (so near one of both lines
    that the class may be another); hostages and defectors first, most sales first within a class.
    Refused when nobody has both. Source: Jones & Sasser (1995), Harvard Business Review 73(6).
    """
    known = index[index["loyalty_index"].notna()]
    rows = known.merge(heard[["account_id", "account_index", "is_near_line"]], on="account_id")
    rows = rows[rows["account_index"].notna()]
    if rows.empty:
        raise RefusedError(_("No account has both a satisfaction index and a loyalty index, so the "
                             "two cannot be set side by side. Answers to a survey (table "
                             "survey_answers) would lift this."))
    content = rows["account_index"] >= satisfied_line
    loyal = rows["loyalty_index"] >= rules.loyal_line_index
    rows["loyalty_class"] = np.select(
        [content & loyal, content, loyal], ["apostle", "mercenary", "hostage"], "defector")
    is_near = (rows["loyalty_index"] - rules.loyal_line_index).abs() < rules.near_line_points
    rows["is_near_class_line"] = is_near | rows["is_near_line"].fillna(False).astype(bool)
    order = rows["loyalty_class"].map({"hostage": 0, "defector": 1, "mercenary": 2, "apostle": 3})
    return rows.assign(order=order).sort_values(
        ["order", "net_amount_window", "account_id"], ascending=[True, False, True],
        ignore_index=True)[CLASSED_COLUMNS]


def sum_classes(classed: pd.DataFrame, index: pd.DataFrame, *,
                rules: LoyaltyRules) -> pd.DataFrame:
    """Accounts and sales of each class, and of those that were not heard.

    Returns apostle, mercenary, hostage, defector and unheard (bought, but no answer):
    loyalty_class, n_accounts, heard_share (of the accounts with a class, with Wilson's interval;
    gap for unheard), net_amount (of the window), amount_share (of all who bought), n_near.
    """
    bought = float(index["net_amount_window"].sum())
    silent = index[~index["account_id"].isin(classed["account_id"])]
    rows = []
    for name in CLASSES:
        part = classed[classed["loyalty_class"] == name]
        low, high = wilson_interval(len(part), len(classed), level=rules.confidence_level)
        amount = float(part["net_amount_window"].sum())
        rows.append((name, len(part), len(part) / len(classed), low, high, amount,
                     amount / bought if bought else np.nan,
                     int(part["is_near_class_line"].sum())))
    amount = float(silent["net_amount_window"].sum())
    rows.append((UNHEARD, len(silent), np.nan, np.nan, np.nan, amount,
                 amount / bought if bought else np.nan, 0))
    return pd.DataFrame(rows, columns=CLASS_COLUMNS)
