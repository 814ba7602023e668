"""How much comes back, by tier: of the money, of the goods, of the orders."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tiers import join_tiers, split_tiers
from kamlib.stats.clustered import cluster_share

# Basis: what went out, what came back.
BASES = {"amount": ("gross_amount", "returned_amount"),
         "quantity": ("sold_quantity", "returned_quantity"),
         "order": ("n_sale_orders", "n_return_orders")}
ACCOUNT_COLUMNS = ["account_id", "tier", *[c for pair in BASES.values() for c in pair],
                   "amount_return_rate"]
RETURN_COLUMNS = ["tier", "n_accounts", "n_returning", "gross_amount", "returned_amount",
                  *[f"{basis}_return_rate{end}" for basis in BASES
                    for end in ("", "_ci_low", "_ci_high")]]


def score_returns(facts: pd.DataFrame, months: pd.DataFrame, *, tiers: pd.DataFrame,
                  window_start: date, as_of: date) -> pd.DataFrame:
    """What each account bought and sent back in the analysis window.

    facts, months: account_facts and account_months; tiers: account_id and tier; window_start,
    as_of: first and last day of the window.
    Returns one row an account in a tier, sorted: account_id, tier, gross_amount, returned_amount,
    sold_quantity, returned_quantity, n_sale_orders, n_return_orders (orders with a return or
    cancellation line), amount_return_rate (returned / gross; gap when nothing was sold).
    Amounts are those of the facts, to the day; quantities and orders those of the months that
    begin in the window. What comes back counts when it comes back, so it may have been sold
    before the window. Source: catalogue LOY-03.
    """
    table = join_tiers(facts, tiers)
    columns = {"gross_amount_window": "gross_amount", "returned_amount_window": "returned_amount"}
    table = table[["account_id", "tier", *columns]].rename(columns=columns)
    if table["gross_amount"].isna().any():
        raise RefusedError(_("The analysis window begins before the known history. A later period "
                             "would lift this."))
    inside = months[(months["month"] >= pd.Timestamp(window_start))
                    & (months["month"] <= pd.Timestamp(as_of))]
    for kinds, quantity, orders in ((["sale"], "sold_quantity", "n_sale_orders"),
                                    (["return", "cancellation"], "returned_quantity",
                                     "n_return_orders")):
        part = inside[inside["line_kind"].isin(kinds)].groupby("account_id")
        table[quantity] = table["account_id"].map(part["quantity"].sum()).fillna(0).abs()
        table[orders] = table["account_id"].map(part["n_orders"].sum()).fillna(0).astype("int64")
    table[quantity] = table[quantity].astype("float64")
    sold = table["gross_amount"].where(table["gross_amount"] > 0)
    table["amount_return_rate"] = table["returned_amount"] / sold
    return table[ACCOUNT_COLUMNS]


def summarise_returns(returns: pd.DataFrame, *, rules: LoyaltyRules) -> pd.DataFrame:
    """Return rate of each tier on three bases, with an interval over its accounts.

    returns: from `score_returns`.
    Returns core, important, general and all: tier, n_accounts, n_returning (accounts with
    something returned), gross_amount, returned_amount, and amount_return_rate,
    quantity_return_rate, order_return_rate (0-1, returned / sold, each with _ci_low and
    _ci_high; gap when nothing was sold). The intervals go over whole accounts, since one account's
    lines resemble each other: `cluster_share`, which has an upper end where nothing came back.
    Source: catalogue LOY-03.
    """
    rows = []
    for tier, part in split_tiers(returns):
        row = {"tier": tier, "n_accounts": len(part),
               "n_returning": int((part["returned_amount"] > 0).sum()),
               "gross_amount": float(part["gross_amount"].sum()),
               "returned_amount": float(part["returned_amount"].sum())}
        for basis, (sold, returned) in BASES.items():
            total = float(part[sold].sum())
            found = cluster_share(part[returned], part[sold], level=rules.confidence_level)
            name = f"{basis}_return_rate"
            row[name] = float(part[returned].sum()) / total if total > 0 else float("nan")
            row[f"{name}_ci_low"], row[f"{name}_ci_high"] = found.low, found.high
        rows.append(row)
    return pd.DataFrame(rows, columns=RETURN_COLUMNS)
