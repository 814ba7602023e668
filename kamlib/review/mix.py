"""What an account buys by product line, and which products like accounts buy and it does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_share
from kamlib.review.account import Account
from kamlib.review.rules import ReviewRules
from kamlib.schema import name_table
from kamlib.stats.selected import selected_ends

MIX_COLUMNS = ["product_line", "net_amount_period", "quantity_period", "net_amount_window",
               "amount_share", "peer_amount_share", "n_products_bought", "peer_n_products",
               "n_products_offered", "n_peers", "peer_group"]
GAP_COLUMNS = ["product_id", "product_name", "product_line", "brand", "n_peer_buyers", "n_peers",
               "peer_group", "peer_buyer_share", "peer_buyer_share_ci_low",
               "peer_buyer_share_ci_high"]


def build_mix(account: Account) -> pd.DataFrame:
    """What the account bought by product line, beside the mean of like accounts.

    Returns one row a product line that it bought in the analysis window or that is offered, the
    largest sales first: net_amount_period and _window (money), quantity_period (pieces),
    amount_share (of its gross sales of the window), peer_amount_share (mean of the like accounts'
    shares), n_products_bought (different ones in the window), peer_n_products (mean over the like
    accounts), n_products_offered (in the range), n_peers (like accounts), peer_group (how they are
    alike); what is of like accounts is a gap where too few are alike or no product has a line.
    Source: ABR-02. Refused for an account that bought nothing in the window, or where no product
    has a line.
    """
    goods = account.goods[(account.goods["gross_amount_window"] > 0)
                          | (account.goods["net_amount_window"] != 0)]
    if goods.empty:
        account.require_orders()
        raise RefusedError(_("This account bought nothing in the analysis window."))
    lines = _line_of(account)
    if not any(lines.values()):
        raise RefusedError(_("The products have no product line (table {table}), so the range "
                             "cannot be compared.", table=name_table("products")))
    own = goods.assign(product_line=goods["product_id"].map(lines).fillna(""),
                       is_bought=(goods["gross_amount_window"] > 0) & (goods["product_id"] != ""))
    table = own.groupby("product_line").agg(
        net_amount_period=("net_amount_period", "sum"),
        quantity_period=("quantity_period", lambda q: q.sum(min_count=1)),
        net_amount_window=("net_amount_window", "sum"), gross=("gross_amount_window", "sum"),
        n_products_bought=("is_bought", "sum"))
    offered = account.products.groupby("product_line")["product_id"].nunique() \
        if len(account.products) else pd.Series(dtype="int64")
    table = table.reindex(table.index.union(offered.index), fill_value=0)
    total = table["gross"].sum()
    table["amount_share"] = table["gross"] / total if total else float("nan")
    table["n_products_offered"] = offered.reindex(table.index)
    _add_peers(table, account)
    table = table.rename_axis("product_line").reset_index()
    table = table.sort_values(["net_amount_window", "product_line"], ascending=[False, True],
                              ignore_index=True)[MIX_COLUMNS]
    return table.astype({"n_products_bought": "Int64", "n_products_offered": "Int64",
                         "n_peers": "Int64", "product_line": "str"})


def _add_peers(table: pd.DataFrame, account: Account) -> None:
    peers = account.peers
    table["peer_group"] = peers.way
    for column in ("peer_amount_share", "peer_n_products", "n_peers"):
        table[column] = float("nan")
    if not peers.n or peers.lines["product_line"].eq("").all():
        return
    sums = peers.lines.set_index("product_line").reindex(table.index).fillna(0)
    table["peer_amount_share"] = sums["share_sum"].astype("float64") / peers.n
    table["peer_n_products"] = sums["n_products_sum"].astype("float64") / peers.n
    table["n_peers"] = peers.n


def list_goods(account: Account) -> pd.DataFrame:
    """The products that the account bought in the period, the largest sales first.

    Returns one row a product: product_id, product_name (its id where it has none), product_line
    ("" where not given), quantity_period (pieces), net_amount_period, amount_share (of its gross
    sales of the period). Refused where it bought no product by name in the period.
    """
    account.require_orders()
    goods = account.goods[(account.goods["gross_amount_period"] > 0)
                          & (account.goods["product_id"] != "")]
    if goods.empty:
        raise RefusedError(_("This account bought nothing in the period."))
    told = account.products
    names = dict(zip(told["product_id"], told["name"].fillna(""), strict=True)) \
        if len(told) else {}
    table = pd.DataFrame({
        "product_id": goods["product_id"],
        "product_name": [names.get(p) or p for p in goods["product_id"]],
        "product_line": goods["product_id"].map(_line_of(account)).fillna("").astype("str"),
        "quantity_period": goods["quantity_period"],
        "net_amount_period": goods["net_amount_period"],
        "amount_share": goods["gross_amount_period"] / account.goods["gross_amount_period"].sum()})
    return table.sort_values(["net_amount_period", "product_id"], ascending=[False, True],
                             ignore_index=True)


def find_gaps(account: Account, *, rules: ReviewRules) -> pd.DataFrame:
    """Products that like accounts bought in the analysis window and this account did not.

    Returns one row a product that at least rules.peer_share of the like accounts bought, the
    commonest first: product_name, product_line and brand where given, n_peer_buyers of n_peers,
    peer_group (how they are alike),
    peer_buyer_share with the interval of a share that is listed because it is high (as if the
    like accounts were drawn from more; `selected_ends`).
    Source: ABR-02, BEH-07. Refused where too few accounts are alike.
    """
    account.require_orders()
    peers, n = account.peers, account.peers.n
    if not n:
        raise RefusedError(_("Too few other accounts bought products by name in the analysis "
                             "window, so nothing can be compared."))
    held = set(account.goods.loc[account.goods["gross_amount_window"] > 0, "product_id"])
    chosen = peers.products[~peers.products["product_id"].isin(held)]
    chosen = chosen[chosen["n_buyers"] >= rules.peer_share * n]
    if chosen.empty:
        share = fmt_share(rules.peer_share)
        raise RefusedError(_("No product is bought by {share} of the like accounts and not by this "
                             "one.", share=share))
    about = account.products.set_index("product_id") if len(account.products) else \
        pd.DataFrame(columns=["name", "product_line", "brand"])
    rows = []
    ends = selected_ends(chosen["n_buyers"], n, least=np.ceil(rules.peer_share * n - 1e-9))
    for product, buyers, low, high in zip(chosen["product_id"], chosen["n_buyers"], *ends,
                                          strict=True):
        told = about.loc[product] if product in about.index else {}
        rows.append([product, *(told.get(c) for c in ("name", "product_line", "brand")),
                     buyers, n, peers.way, buyers / n, low, high])
    table = pd.DataFrame(rows, columns=GAP_COLUMNS)
    table["product_name"] = table["product_name"].fillna(table["product_id"])
    return table.sort_values(["peer_buyer_share", "product_id"], ascending=[False, True],
                             ignore_index=True).astype({"n_peer_buyers": "Int64",
                                                        "n_peers": "Int64"})


def _line_of(account: Account) -> dict[str, str]:
    if account.products.empty:
        return {}
    return dict(account.products[["product_id", "product_line"]].dropna().itertuples(index=False))
