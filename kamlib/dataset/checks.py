"""What is suspicious in kept rows but usable: counted, said, never repaired in silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import pandas as pd
from ibis.expr.types import BooleanValue, Table

from kamlib.dataset.file import DatasetFile, TableSpec
from kamlib.dataset.matching import score_name
from kamlib.dataset.portable import count_true
from kamlib.errors import InputError
from kamlib.language import N_
from kamlib.schema import Table as SchemaTable
from kamlib.schema import load_schema

ALIAS_SCORE = 0.9  # from there a name of the dictionary is meant
MAX_CURRENCIES = 30  # a column with more values names something else
CURRENCY_WORDS = {"RMB": "CNY", "人民币": "CNY", "元": "CNY", "¥": "CNY", "￥": "CNY", "€": "EUR",
                  "$": "USD", "美元": "USD", "欧元": "EUR", "£": "GBP"}
COLUMNS = ["table", "check", "n", "message"]
THREE_DECIMALS_SHARE = 0.5  # of the amounts; that many true thirds of a cent are not seen
# China 6, 9, 13; Germany 7, 19; France 5.5, 10, 20; Britain 20; Spain, Netherlands 21; Japan 8, 10
VAT_RATES = (0.055, 0.06, 0.07, 0.08, 0.09, 0.10, 0.13, 0.19, 0.20, 0.21)
VAT_SHARE, SAME_PRICE_SHARE, PRICE_TOLERANCE = 0.05, 0.95, 0.001

# check → what a reader is told about the n rows; translated where it is shown
MESSAGES = {
    "before_history": N_("orders are dated before the known history begins; they count, but "
                         "comparisons with that time do not"),
    "after_complete": N_("orders are dated after the day until which the data is complete"),
    "exact_duplicates": N_("order lines are exact copies of another line; kept and counted, "
                           "since two equal lines can be two sales"),
    "id_with_decimals": N_("account ids end in '.0', as a spreadsheet writes whole numbers; "
                           "cut it off in the mapping if other tables have it not"),
    "unknown_product": N_("order lines name a product that the products table lacks; shown as "
                          "unclassified"),
    "unknown_parent": N_("accounts name a parent that is not an account; they stand alone"),
    "cost_unknown": N_("order lines have no cost; margins are of the lines that have one"),
    "days_up_to_12": N_("order lines, and no date has a day after the 12th: day and month may "
                        "be swapped"),
    "three_decimals": N_("order lines have an amount with three digits after the point: the point "
                         "may stand between thousands; if so, write decimal = \",\" and "
                         "thousands = \".\" under read"),
    "vat_mixed": N_("order lines cost a VAT rate more a piece than the cheapest line of the same "
                    "product, and nearly all others cost the same: some amounts may include VAT"),
    "tax_unknown": N_("order lines, and the dataset file does not say whether their amounts are "
                      "without VAT; write tax = \"excluded\" or \"included\""),
    "window_cut": N_("months are known of the analysis window, which is cut where the known "
                     "history begins; what stands for a year stands for these months only"),
    "not_customers": N_("order lines belong to accounts that are not customers; left out of "
                        "every analysis"),
}


def find_oddities(tables: Mapping[str, Table], file: DatasetFile) -> pd.DataFrame:
    """Count what is suspicious: one row a check that found something, sorted.

    Columns: table, check (a key of MESSAGES), n (rows concerned), message (English).
    """
    orders, accounts = tables["orders"], tables["accounts"]
    n_orders = orders.count()
    flags: dict[str, BooleanValue] = {
        "before_history": orders.order_date < file.history_from,
        "after_complete": orders.order_date > file.complete_until,
        "id_with_decimals": orders.account_id.re_search(r"^[0-9]+\.0$"),
        # with room for the two digits more
        "three_decimals": (orders.amount.cast("decimal(38, 4)") * 100) % 1 != 0,
        "cost_unknown": orders.cost_amount.isnull() & orders.line_kind.isin(("sale", "return")),
    }
    sums = {name: count_true(flag) for name, flag in flags.items()}
    found = orders.agg(n_rows=n_orders, max_day=orders.order_date.day().max(), **sums).execute()
    counts = {("orders", name): int(found[name].fillna(0).iloc[0]) for name in sums}
    n_rows = int(found["n_rows"].iloc[0])
    if counts["orders", "three_decimals"] <= THREE_DECIMALS_SHARE * n_rows:
        counts["orders", "three_decimals"] = 0
    counts["orders", "tax_unknown"] = n_rows if file.tax == "unknown" else 0
    counts["orders", "vat_mixed"] = _count_vat(orders)
    if int(found["max_day"].fillna(31).iloc[0]) <= 12 and n_rows >= 100:
        counts["orders", "days_up_to_12"] = n_rows
    distinct = orders.distinct().count().execute()
    counts["orders", "exact_duplicates"] = n_rows - int(distinct)
    counts |= _orphans(tables)
    rows = [(table, check, n, MESSAGES[check]) for (table, check), n in counts.items() if n]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame = pd.concat([frame, _not_customers(orders, accounts)])
    return frame.sort_values(["table", "check"]).reset_index(drop=True)


def _count_vat(orders: Table) -> int:
    """Count lines at a VAT rate above their product's lowest price, when no others are dearer."""
    priced = orders.filter((orders.line_kind == "sale") & (orders.quantity > 0) &
                           (orders.amount > 0) & orders.product_id.notnull())
    price = priced.amount.cast("float64") / priced.quantity.cast("float64")
    prices = priced.select(product_id=priced.product_id, price=price)
    ratio = prices.price / prices.price.min().over(group_by=prices.product_id)
    ratios = prices.select(ratio=ratio)
    is_vat = ibis.or_(*((ratios.ratio / (1 + rate) - 1).abs() < PRICE_TOLERANCE
                        for rate in VAT_RATES))
    found = ratios.agg(n=ratios.count(), n_vat=count_true(is_vat),
                       n_same=count_true(ratios.ratio < 1 + PRICE_TOLERANCE)).execute()
    n, n_vat, n_same = (int(found[c].fillna(0).iloc[0]) for c in ("n", "n_vat", "n_same"))
    is_mixed = n_vat > VAT_SHARE * n and n_vat + n_same >= SAME_PRICE_SHARE * n
    return n_vat if is_mixed else 0


def refuse_second_currency(source: Table, spec: TableSpec, schema: SchemaTable, *, currency: str,
                           where: str) -> None:
    """Raise InputError when a column names another currency and no expression looks at it."""
    has_money = any(c.unit.startswith("currency") and c.type == "decimal" and name in spec.columns
                    for name, c in schema.columns.items())
    named = load_schema()["exchange_rates"].columns["currency"]
    column = next((c for c in source.columns if score_name(c, named) > ALIAS_SCORE), "")
    used = " ".join([*spec.columns.values(), *spec.exclude.values(), *(
        key for join in spec.join.values() for key in join.on)]).lower()
    if schema.name == "exchange_rates" or not has_money or not column or column.lower() in used:
        return
    counts = source.group_by(source[column].name("c")).agg(n=lambda t: t.count()).execute()
    counts = counts.dropna().sort_values(["n", "c"], ascending=[False, True])
    seen = [CURRENCY_WORDS.get(str(c).strip().upper(), str(c).strip().upper()) for c in counts["c"]]
    if set(seen) <= {currency} or len(seen) > MAX_CURRENCIES:
        return
    listed = ", ".join(f"{c} {n:,}" for c, n in counts.head(5).itertuples(index=False))
    raise InputError(
        f"{where}: the column {column!r} holds {listed}, the data set is in {currency}, and no "
        "expression looks at that column: amounts of several currencies would be added up. "
        "Convert them, with fixed rates (CASE … WHEN 'USD' THEN 7.15 * …) or a join to a file of "
        "exchange rates, or exclude the other currencies with a named reason.")


def _orphans(tables: Mapping[str, Table]) -> dict[tuple[str, str], int]:
    counts = {}
    tests: list[tuple[str, str, str, str, str]] = [
        ("orders", "product_id", "products", "product_id", "unknown_product"),
        ("accounts", "parent_id", "accounts", "account_id", "unknown_parent")]
    for table, column, other, key, check in tests:
        if table in tables and other in tables:
            child, parent = tables[table], tables[other].view()
            lonely = child.filter(child[column].notnull()).anti_join(
                parent, child[column] == parent[key])
            counts[table, check] = int(lonely.count().execute())
    return counts


def _not_customers(orders: Table, accounts: Table) -> pd.DataFrame:
    others = accounts.filter(accounts.party_role != "customer")
    n = int(orders.semi_join(others, orders.account_id == others.account_id).count().execute())
    rows = [("orders", "not_customers", n, MESSAGES["not_customers"])] if n else []
    return pd.DataFrame(rows, columns=COLUMNS)


def refuse_cycles(accounts: Table) -> None:
    """Raise InputError when following parent_id from an account leads back to it."""
    pairs = accounts.filter(accounts.parent_id.notnull()).select("account_id", "parent_id")
    parents = dict(pairs.execute().itertuples(index=False))
    find_tops(parents)


def find_tops(parents: Mapping[str, str]) -> dict[str, str]:
    """Return the top of the group for every account that has a parent.

    >>> find_tops({"c": "b", "b": "a"})
    {'b': 'a', 'c': 'a'}
    """
    tops = {}
    for account in sorted(parents):
        seen, top = [account], parents[account]
        while top in parents:
            if top in seen:
                raise InputError(f"accounts.parent_id runs in a circle: {' → '.join(seen)} → {top}."
                                 " A group needs one account at its top; correct the parents.")
            seen.append(top)
            top = parents[top]
        tops[account] = top
    return tops


def visible(table: Table, *, event_date: str, as_of: date) -> Table:
    """Return the rows that were known at `as_of`."""
    return table.filter(table[event_date] <= as_of) if event_date else table
