"""What accounts pay for a product beside what the others pay for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count

PRICE_COLUMNS = ["account_id", "n_products", "paid_amount", "others_amount", "price_premium_rate",
                 "compared_share"]


def compare_prices(holdings: pd.DataFrame, *, min_accounts: int) -> pd.DataFrame:
    """What each account paid beside what the others paid for the same products.

    holdings: account_holdings (quantities and amounts of sale lines in the analysis window). The
    reference of a product is the mean price that all other accounts paid, weighted by quantity,
    where at least min_accounts others bought it.
    Returns one row an account, sorted: account_id, n_products (compared), paid_amount,
    others_amount (the same quantities at the others' prices), price_premium_rate (paid /
    reference - 1), compared_share (of its sales with a quantity). It is what was paid, not what
    would be: large quantities earn discounts. Refused where nothing can be compared.
    """
    rows = list_bought(holdings)
    rows = rows.assign(reference=value_at_others(rows, min_accounts=min_accounts))
    compared = rows[rows["reference"].notna()]
    if compared.empty:
        raise RefusedError(_("No product was bought with a quantity by {least} accounts or more, "
                             "so prices cannot be compared. Quantities in the orders would lift "
                             "this.", least=fmt_count(min_accounts + 1)))
    table = compared.groupby("account_id", sort=True).agg(
        n_products=("product_id", "size"), paid_amount=("paid", "sum"),
        others_amount=("reference", "sum")).reset_index()
    table["price_premium_rate"] = table["paid_amount"] / table["others_amount"] - 1
    total = rows.groupby("account_id")["paid"].sum()
    table["compared_share"] = table["paid_amount"] / table["account_id"].map(total)
    return table[PRICE_COLUMNS]


def list_bought(holdings: pd.DataFrame) -> pd.DataFrame:
    """Pieces (quantity) and money (paid) of each account and product of which both are known."""
    rows = holdings[["account_id", "product_id", "quantity_window",
                     "quantity_gross_amount_window"]].rename(columns={
                         "quantity_window": "quantity", "quantity_gross_amount_window": "paid"})
    return rows[(rows["quantity"] > 0) & (rows["paid"] > 0)]


def value_at_others(bought: pd.DataFrame, *, min_accounts: int) -> pd.Series:
    """The same pieces at the mean price of the others; a gap where too few others bought."""
    product = pd.factorize(bought["product_id"])[0]
    own_quantity, own_paid = (bought[c].to_numpy(dtype="float64") for c in ("quantity", "paid"))
    others = np.bincount(product)[product] - 1
    quantity, paid = (np.bincount(product, values)[product] - values
                      for values in (own_quantity, own_paid))
    is_compared = (others >= min_accounts) & (quantity > 0)
    mean_price = paid / np.where(is_compared, quantity, np.nan)
    return pd.Series(own_quantity * mean_price, index=bought.index)
