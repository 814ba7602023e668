"""Which products each account holds: the list, the counts, the spread of each product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from kamlib.errors import InputError, RefusedError, did_you_mean
from kamlib.language import _
from kamlib.loyalty.products.rules import CrossSellRules
from kamlib.loyalty.rules import TIERS
from kamlib.loyalty.tiers import ALL
from kamlib.stats.intervals import add_proportion, mean_interval
from kamlib.stats.redraws import Redraws

HELD_COLUMNS = ["account_id", "product_id", "product_name", "product_line", "holding",
                "last_sale_date", "net_amount", "net_amount_before", "account_amount_share"]
COUNT_COLUMNS = ["tier", "n_accounts", "mean_products", "mean_products_ci_low",
                 "mean_products_ci_high", "median_products", "n_single", "net_amount"]
SPREAD_COLUMNS = ["product_id", "product_name", "product_line", "n_holders", "holder_share",
                  "holder_share_ci_low", "holder_share_ci_high",
                  *[f"{tier}_holder_share" for tier in TIERS], "net_amount"]


@dataclass(frozen=True)
class Held:
    """Who holds what: marks is accounts x products (1 where held), amounts the net sales of it."""

    accounts: tuple[str, ...]
    products: tuple[str, ...]
    marks: sparse.csr_matrix
    amounts: sparse.csr_matrix


def list_held(holdings: pd.DataFrame, products: pd.DataFrame | None = None, *,
              rules: CrossSellRules) -> pd.DataFrame:
    """Every product that an account holds, or held a window ago.

    holdings: account_holdings; products: of the dictionary (product_id, name), or None.
    Returns one row an account and product (or product line, by rules.level), sorted: account_id,
    product_id, product_name, product_line, holding (held; first_bought: held, and not in the
    window before; dropped: held in the window before only), last_sale_date, net_amount and
    net_amount_before (of the two windows), account_amount_share (of what it buys of all products).
    Held means bought in the window, not all of it sent back. Where the window before is not known,
    nothing is first_bought or dropped. Refused when no order line names a product.
    Source: catalogue BEH-07.
    """
    table = _at_level(holdings, rules)
    if table.empty:
        raise RefusedError(_("No order line of the last two windows names a product, so what an "
                             "account holds cannot be told. The column product_id of the orders "
                             "would lift this."))
    now, before = (_is_held(table, span) for span in ("window", "before"))
    known_before = bool(table["n_lines_before"].notna().any())
    table["holding"] = np.select(
        [now & before, now & known_before, now, before],
        ["held", "first_bought", "held", "dropped"], "")
    table["net_amount"] = table["net_amount_window"].where(now, 0.0)
    total = table.groupby("account_id")["net_amount"].transform("sum")
    table["account_amount_share"] = (table["net_amount"] / total.where(total > 0)).where(now)
    names: dict[str, str] = {}
    if products is not None and rules.level == "product":
        names = dict(products[["product_id", "name"]].dropna().itertuples(index=False))
    table["product_name"] = pd.Series([names.get(p, "") for p in table["product_id"]],
                                      index=table.index, dtype="str")
    table = table[table["holding"] != ""]
    return table.sort_values(["account_id", "product_id"], ignore_index=True)[HELD_COLUMNS]


def list_products(held: pd.DataFrame, account_id: str) -> pd.DataFrame:
    """Answer which products one account holds, most money first, and what it no longer buys.

    held: from `list_held`. Raises InputError for an account that bought nothing.
    """
    found = held[held["account_id"] == account_id]
    if found.empty:
        known = held["account_id"].unique()
        raise InputError(f"The account {account_id!r} bought no product in the last two windows."
                         f"{did_you_mean(account_id, known)} {len(known)} accounts did.")
    order = found["holding"].map({"held": 0, "first_bought": 0, "dropped": 1})
    return found.assign(order=order).sort_values(
        ["order", "net_amount", "net_amount_before", "product_id"],
        ascending=[True, False, False, True], ignore_index=True).drop(columns="order")


def build_marks(held: pd.DataFrame, *, before: bool = False) -> Held:
    """Put who holds what into a matrix; before: as it was in the window before."""
    wanted = ("held", "dropped") if before else ("held", "first_bought")
    rows = held[held["holding"].isin(wanted)]
    amounts = rows["net_amount_before" if before else "net_amount"].to_numpy(dtype="float64")
    account_of, accounts = pd.factorize(rows["account_id"], sort=True)
    product_of, products = pd.factorize(rows["product_id"], sort=True)
    shape = (len(accounts), len(products))
    where = (account_of, product_of)
    return Held(tuple(accounts), tuple(products),
                sparse.csr_matrix((np.ones(len(rows)), where), shape=shape),
                sparse.csr_matrix((amounts, where), shape=shape))


def count_products(held: pd.DataFrame, *, tiers: pd.DataFrame, rules: CrossSellRules,
                   redraws: Redraws | None = None) -> pd.DataFrame:
    """Count the products that the accounts of each tier hold.

    redraws: accounts drawn and tiers cut anew, since who orders more holds more; or None.
    Returns core, important, general and all: tier, n_accounts (that hold anything), mean_products
    with the percentile interval of the redraws, else Student's, median_products, n_single (accounts
    with one product), net_amount.
    """
    now = held[held["holding"] != "dropped"]
    by_account = now.groupby("account_id").agg(n=("product_id", "size"),
                                               net_amount=("net_amount", "sum"))
    tier_of = tiers.set_index("account_id")["tier"].reindex(by_account.index)
    rows = []
    for tier in (*TIERS, ALL):
        part = by_account if tier == ALL else by_account[tier_of == tier]
        low, high = mean_interval(part["n"], level=rules.confidence_level)
        if redraws is not None and len(part) > 1:
            low, high = redraws.mean_interval(by_account["n"], "" if tier == ALL else tier,
                                              level=rules.confidence_level)
        rows.append((tier, len(part), part["n"].mean(), low, high, part["n"].median(),
                     int((part["n"] == 1).sum()), part["net_amount"].sum()))
    return pd.DataFrame(rows, columns=COUNT_COLUMNS)


def spread_products(held: pd.DataFrame, *, tiers: pd.DataFrame,
                    rules: CrossSellRules) -> pd.DataFrame:
    """How far each product is spread: the penetration matrix of products and tiers.

    Returns one row a product, most holders first: product_id, product_name, product_line,
    n_holders, holder_share (of the accounts that hold anything, with Wilson's interval),
    core_holder_share, important_holder_share, general_holder_share (gap for an empty tier),
    net_amount.
    """
    now = held[held["holding"] != "dropped"]
    tier_of = tiers.set_index("account_id")["tier"]
    who = pd.Series(now["account_id"].unique())
    sizes = who.map(tier_of).value_counts()
    table = now.groupby("product_id", sort=True).agg(
        product_name=("product_name", "first"), product_line=("product_line", "first"),
        n_holders=("account_id", "size"), net_amount=("net_amount", "sum"))
    by_tier = pd.crosstab(now["product_id"], now["account_id"].map(tier_of))
    for tier in TIERS:
        counts = by_tier[tier] if tier in by_tier else float("nan")
        table[f"{tier}_holder_share"] = counts / sizes.get(tier, np.nan)
    table = table.reset_index().sort_values(["n_holders", "product_id"], ascending=[False, True],
                                            ignore_index=True).assign(n_all=len(who))
    table = add_proportion(table, successes="n_holders", n="n_all", name="holder_share",
                           level=rules.confidence_level)
    return table[SPREAD_COLUMNS]


def _at_level(holdings: pd.DataFrame, rules: CrossSellRules) -> pd.DataFrame:
    if rules.level == "product":
        return holdings.copy()
    named = holdings[holdings["product_line"] != ""]
    sums = {c: "sum" for c in named.columns if c.endswith(("_window", "_before"))}
    lines = named.groupby(["account_id", "product_line"], sort=True).agg(
        {"last_sale_date": "max"} | sums).reset_index()
    unknown = named["n_lines_before"].isna().to_numpy().all()
    if unknown:
        lines = lines.assign(n_lines_before=np.nan, gross_amount_before=np.nan,
                             net_amount_before=np.nan)
    return lines.assign(product_id=lines["product_line"])


def _is_held(table: pd.DataFrame, span: str) -> pd.Series:
    bought = table[f"n_lines_{span}"].fillna(0) > 0
    # What was all sent back is not held; what cost nothing is.
    kept = (table[f"net_amount_{span}"] > 0) | (table[f"gross_amount_{span}"] == 0)
    return (bought & kept.fillna(False)).astype(bool)
