"""How long the stock counted at the account lasts."""

from __future__ import annotations

import pandas as pd

from kamlib.review.account import Account
from kamlib.review.rules import ReviewRules

STOCK_COLUMNS = ["product_id", "product_name", "counted_date", "stock_quantity",
                 "ordered_quantity", "cover_days", "is_long_cover"]


def build_cover(account: Account, *, rules: ReviewRules) -> pd.DataFrame:
    """The latest count of each product at the account, and how many days of its orders it is.

    Returns one row a product, the longest cover first: counted_date, stock_quantity (pieces),
    ordered_quantity (pieces it ordered in the analysis window), cover_days (stock by the pieces it
    orders a day; a gap where it ordered none), is_long_cover (longer than rules.cover_days, or
    stock of what it no longer orders). Its own orders stand for its sales, which are not known.
    Source: ABR-04. Refused without a count.
    """
    counted = account.require("stock").sort_values(["product_id", "counted_date"])
    latest = counted.groupby("product_id").tail(1)
    ordered = account.goods.set_index("product_id")["quantity_window"]
    days = (account.as_of - pd.Timestamp(account.window_start)).days + 1
    names: dict[str, str] = dict(account.products[["product_id", "name"]].itertuples(index=False)) \
        if len(account.products) else {}
    table = pd.DataFrame({
        "product_id": latest["product_id"].astype("str"),
        "product_name": [names.get(p, p) for p in latest["product_id"]],
        "counted_date": latest["counted_date"],
        "stock_quantity": latest["quantity"].astype("float64")})
    table["ordered_quantity"] = table["product_id"].map(ordered).astype("float64").fillna(0.0)
    pace = table["ordered_quantity"].where(table["ordered_quantity"] > 0) / days
    table["cover_days"] = table["stock_quantity"] / pace
    table["is_long_cover"] = (table["cover_days"] > rules.cover_days) | (
        pace.isna() & (table["stock_quantity"] > 0))
    return table.sort_values(["cover_days", "product_id"], ascending=[False, True],
                             na_position="first", ignore_index=True)[STOCK_COLUMNS]
