"""What each account earned lately beside what it is expected to earn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.period import DAYS_A_YEAR
from kamlib.value.clv import CENT, Book, discount_years
from kamlib.value.rules import ValueRules

PROFIT_COLUMNS = ["account_id", "margin_amount", "cost_to_serve_amount", "earned_amount",
                  "cumulative_share", "continued_amount", "clv_amount", "clv_amount_ci_low",
                  "clv_amount_ci_high", "gap_amount", "is_hidden_risk"]


def compare_profit(book: Book, *, facts: pd.DataFrame, profit: pd.DataFrame, window_days: int,
                   rules: ValueRules) -> pd.DataFrame:
    """Set what each account left in the analysis window beside its value.

    facts: account_facts; profit: from measures.build_profit; window_days: length of the window.
    Returns one row a valued account, highest earner first: account_id, margin_amount,
    cost_to_serve_amount (gaps where not known), earned_amount (profit where the value rests on it,
    margin or net sales otherwise; the same basis as the value), cumulative_share (of the earnings
    of all, so that losses pull the curve down again; NaN when nothing was earned),
    continued_amount (what the window would bring if it went on for rules.horizon_years,
    discounted), clv_amount with its interval, gap_amount (value less continued),
    is_hidden_risk (earned something, and the value is below rules.hidden_risk_share of continued).
    Raises RefusedError where nothing was sold in the window.
    """
    rows = book.table[["account_id", "clv_amount", "clv_amount_ci_low", "clv_amount_ci_high"]]
    columns = ["account_id", "margin_amount", "cost_to_serve_amount", "profit_amount"]
    table = rows.merge(profit[columns], on="account_id", how="left").merge(
        facts[["account_id", "net_amount_window", "gross_amount_window"]], on="account_id")
    if not float(table["gross_amount_window"].fillna(0).sum()) > 0:
        raise RefusedError(_("Nothing was sold in the analysis window, so there are no earnings to "
                             "compare the values with. A later period would lift this."))
    table["earned_amount"] = _earned(table, book, rules)
    table = table.sort_values(["earned_amount", "account_id"], ascending=[False, True],
                              ignore_index=True)
    total = float(table["earned_amount"].sum())
    table["cumulative_share"] = table["earned_amount"].fillna(0).cumsum() / total \
        if total > 0 else np.nan
    factors = discount_years(rules.horizon_years, annual_rate=rules.discount_rate)
    yearly = table["earned_amount"] * DAYS_A_YEAR / window_days
    table["continued_amount"] = (yearly * factors.sum()).round(CENT)
    table["gap_amount"] = (table["clv_amount"] - table["continued_amount"]).round(CENT)
    at_risk = table["clv_amount"] < rules.hidden_risk_share * table["continued_amount"]
    table["is_hidden_risk"] = at_risk & (table["earned_amount"] > 0)
    return table[PROFIT_COLUMNS]


def _earned(table: pd.DataFrame, book: Book, rules: ValueRules) -> pd.Series:
    net = table["net_amount_window"].astype("float64")
    by_basis = {"basis_profit": table["profit_amount"], "basis_margin": table["margin_amount"],
                "basis_flat": net * rules.flat_margin_share, "basis_sales": net}
    earned: pd.Series = by_basis[book.contribution.basis].astype("float64")
    return earned
