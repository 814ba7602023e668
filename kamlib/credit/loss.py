"""What if an account leaves, or does not pay: concentration beside credit."""

from __future__ import annotations

import numpy as np
import pandas as pd

LOSS_COLUMNS = ["account_id", "tier", "credit_grade", "net_amount", "net_amount_share",
                "margin_amount", "profit_amount", "open_invoice_amount", "open_invoice_share",
                "overdue_amount", "sales_to_recover_amount", "margin_months"]
TOP_COLUMNS = ["n_largest", "net_amount_share", "margin_amount", "margin_amount_share",
               "open_invoice_amount", "open_invoice_share", "weak_open_share"]
LARGEST = (1, 3, 5, 10)
# With more below zero than this part of what is above, shares of a sum mean nothing.
BELOW_SHARE = 0.05


def weigh_losses(scores: pd.DataFrame, profit: pd.DataFrame, owing: pd.DataFrame, *,
                 net_amounts: pd.Series, months: float) -> pd.DataFrame:
    """What would be missing without each account, and what is lost if it does not pay.

    scores: account_id, tier and credit_grade; profit: from `build_profit`; owing: account_id,
    open_invoice_amount and overdue_amount; net_amounts: net sales of the window by
    account_id; months: of the window.
    Returns one row an account with sales or open invoices, the largest net sales first:
    account_id, tier, credit_grade, net_amount, net_amount_share (of all), margin_amount (of the
    window, what leaves with it; a gap where no cost is known), profit_amount (less the recorded
    work, which could then be done elsewhere), open_invoice_amount (lost if it pays nothing more),
    open_invoice_share (of all that is open above 0), overdue_amount, sales_to_recover_amount
    (sales at the mean margin that earn the open amount back; a gap where the mean margin is not
    above 0), margin_months (months in which all accounts together earn it). Shares of net sales
    are gaps where all net sales are not above 0. Source: PRT-06, CRD-03; arithmetic.
    """
    table = scores[["account_id", "tier", "credit_grade"]].copy()
    table["net_amount"] = table["account_id"].map(net_amounts).fillna(0.0).astype("float64")
    owed = owing.set_index("account_id").reindex(table["account_id"])
    for name in ("open_invoice_amount", "overdue_amount"):
        table[name] = owed[name].astype("float64").fillna(0.0).to_numpy()
    earned = profit.set_index("account_id").reindex(table["account_id"])
    for name in ("margin_amount", "profit_amount"):
        table[name] = earned[name].astype("float64").to_numpy()
    total, margin = table["net_amount"].sum(), table["margin_amount"].sum(min_count=1)
    table["net_amount_share"] = table["net_amount"] / total if total > 0 else np.nan
    at_risk = table["open_invoice_amount"].clip(lower=0.0)
    table["open_invoice_share"] = at_risk / at_risk.sum() if at_risk.sum() > 0 else np.nan
    has_margin = total > 0 and pd.notna(margin) and margin > 0
    table["sales_to_recover_amount"] = at_risk / (margin / total) if has_margin else np.nan
    table["margin_months"] = at_risk / (margin / months) if has_margin else np.nan
    kept = table[(table["net_amount"] != 0) | (table["open_invoice_amount"] != 0)]
    return kept.sort_values(["net_amount", "account_id"], ascending=[False, True],
                            ignore_index=True)[LOSS_COLUMNS]


def sum_largest(losses: pd.DataFrame, *, weak_grades: tuple[str, ...]) -> pd.DataFrame:
    """The same of the largest accounts by net sales together.

    Returns one row a number of accounts (1, 3, 5, 10, as far as there are so many): n_largest,
    net_amount_share, margin_amount, margin_amount_share (a gap where margins below 0 make up
    more than 5 % of those above: shares of such a sum mean nothing), open_invoice_amount,
    open_invoice_share, weak_open_share (of the open amount, that of accounts with a weak grade).
    """
    margins = losses["margin_amount"]
    whole, above_zero = margins.sum(min_count=1), margins.clip(lower=0).sum()
    is_clear = above_zero > 0 and -margins.clip(upper=0).sum() <= BELOW_SHARE * above_zero
    rows = []
    for n in (n for n in LARGEST if n <= len(losses)):
        part = losses.head(n)
        margin = part["margin_amount"].sum(min_count=1)
        above = part["open_invoice_amount"].clip(lower=0)
        weak = above[part["credit_grade"].isin(weak_grades)].sum()
        rows.append((n, part["net_amount_share"].sum(min_count=1), margin,
                     margin / whole if is_clear else np.nan, part["open_invoice_amount"].sum(),
                     part["open_invoice_share"].sum(min_count=1),
                     weak / above.sum() if above.sum() > 0 else np.nan))
    return pd.DataFrame(rows, columns=TOP_COLUMNS)
