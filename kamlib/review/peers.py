"""Like accounts of one account; only their sums leave here."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from kamlib.measures.likeness import LikeRules, find_like

LINE_COLUMNS = ["product_line", "share_sum", "n_products_sum"]
PRODUCT_COLUMNS = ["product_id", "n_buyers"]


@dataclass(frozen=True)
class Peers:
    """What the accounts like one buy in the analysis window, the account itself left out.

    n: how many they are; way: how they are alike, "" where too few are (see `find_like`).
    lines: one row a product line: share_sum (of the line's share in each one's gross sales),
    n_products_sum (of how many different products each bought); products: one row a product that
    one of them bought: n_buyers.
    """

    n: int = 0
    way: str = ""
    lines: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=LINE_COLUMNS))
    products: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PRODUCT_COLUMNS))


def sum_peers(account_id: str, goods: pd.DataFrame, *, accounts: pd.DataFrame,
              products: pd.DataFrame, rules: LikeRules) -> Peers:
    """Find the accounts like one and sum up what they buy of each product and product line.

    goods: from `build_trade`, all accounts; accounts: account_id and the profile columns;
    products: product_id, product_line. Only accounts that bought a product by name in the window
    are compared with.
    """
    bought = goods[(goods["product_id"] != "") & (goods["gross_amount_window"] > 0)]
    of_account, ids = pd.factorize(bought["account_id"], sort=True)
    of_product, names = pd.factorize(bought["product_id"], sort=True)
    # One that bought nothing has no products to be alike in, and may have a profile.
    known = [*ids, *([] if account_id in set(ids) else [account_id])]
    marks = sparse.csr_matrix((np.ones(len(bought)), (of_account, of_product)),
                              shape=(len(known), len(names)))
    (like,) = find_like(known, marks, profiles=accounts, rules=rules,
                        places=[known.index(account_id)])
    if not like.way:
        return Peers()
    theirs = bought[np.isin(of_account, like.members)].merge(
        products[["product_id", "product_line"]], on="product_id", how="left") \
        if len(products) else bought[np.isin(of_account, like.members)].assign(product_line="")
    theirs = theirs.fillna({"product_line": ""})
    total = theirs.groupby("account_id")["gross_amount_window"].transform("sum")
    lines = theirs.assign(share=theirs["gross_amount_window"] / total).groupby("product_line").agg(
        share_sum=("share", "sum"), n_products_sum=("product_id", "size")).reset_index()
    counts = theirs.groupby("product_id").agg(n_buyers=("account_id", "size")).reset_index()
    return Peers(like.n, like.way, lines[LINE_COLUMNS], counts[PRODUCT_COLUMNS])
