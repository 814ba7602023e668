"""New products: which of them the account ordered, and which stand on its shelf."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.review.account import Account

NEW_COLUMNS = ["product_id", "product_name", "product_line", "launch_date", "is_ordered",
               "ordered_quantity", "counted_date", "is_on_shelf"]


def list_new_products(account: Account) -> pd.DataFrame:
    """Products launched in the analysis window, and whether the account took them up.

    Returns one row a product, the latest launch first: product_name (its id where it has none),
    product_line ("" where not given), launch_date, is_ordered and ordered_quantity (pieces of the
    analysis window), counted_date and is_on_shelf (the latest count of it at the account found
    some; gaps where it was not counted).
    Source: ABR-06. Refused where launch dates are not known, or nothing was launched.
    """
    products = account.products
    if "launch_date" not in products or products["launch_date"].isna().all():
        raise RefusedError(_("Launch dates of products are not known. The column launch_date of "
                             "products would lift this."))
    launched = pd.to_datetime(products["launch_date"])
    new = products[launched.between(pd.Timestamp(account.window_start), account.as_of)]
    if new.empty:
        raise RefusedError(_("No product was launched in the analysis window."))
    table = pd.DataFrame({
        "product_id": new["product_id"].astype("str"),
        "product_name": new["name"].fillna(new["product_id"]).astype("str"),
        "product_line": new.get("product_line", pd.Series("", new.index)).fillna("").astype("str"),
        "launch_date": launched[new.index].astype("datetime64[s]")})
    ordered = account.goods.set_index("product_id")["quantity_window"]
    table["ordered_quantity"] = table["product_id"].map(ordered).astype("float64").fillna(0.0)
    table["is_ordered"] = table["ordered_quantity"] > 0
    counts = account.rows("stock")
    latest = (counts.sort_values(["product_id", "counted_date"]).groupby("product_id").tail(1)
              .set_index("product_id") if len(counts) else
              pd.DataFrame({"quantity": [], "counted_date": []}))
    found = table["product_id"].map(latest["quantity"]).astype("float64")
    table["counted_date"] = table["product_id"].map(latest["counted_date"]).astype("datetime64[s]")
    table["is_on_shelf"] = (found > 0).astype("boolean").mask(found.isna())
    return table.sort_values(["launch_date", "product_id"], ascending=[False, True],
                             ignore_index=True)[NEW_COLUMNS]
