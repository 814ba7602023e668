"""What is suspicious in kept rows but usable: counted, said, never repaired in silence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd
from ibis.expr.types import BooleanValue, Table

from kamlib.dataset.file import DatasetFile
from kamlib.errors import InputError
from kamlib.language import N_

COLUMNS = ["table", "check", "n", "message"]

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
        "cost_unknown": orders.cost_amount.isnull() & orders.line_kind.isin(("sale", "return")),
    }
    sums = {name: flag.cast("int64").sum() for name, flag in flags.items()}
    found = orders.agg(n_rows=n_orders, max_day=orders.order_date.day().max(), **sums).execute()
    counts = {("orders", name): int(found[name].fillna(0).iloc[0]) for name in sums}
    n_rows = int(found["n_rows"].iloc[0])
    if int(found["max_day"].fillna(31).iloc[0]) <= 12 and n_rows >= 100:
        counts["orders", "days_up_to_12"] = n_rows
    distinct = orders.distinct().count().execute()
    counts["orders", "exact_duplicates"] = n_rows - int(distinct)
    counts |= _orphans(tables)
    rows = [(table, check, n, MESSAGES[check]) for (table, check), n in counts.items() if n]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    if accounts.get_backend() == orders.get_backend():
        frame = pd.concat([frame, _not_customers(orders, accounts)])
    return frame.sort_values(["table", "check"]).reset_index(drop=True)


def _orphans(tables: Mapping[str, Table]) -> dict[tuple[str, str], int]:
    counts = {}
    tests: list[tuple[str, str, str, str, str]] = [
        ("orders", "product_id", "products", "product_id", "unknown_product"),
        ("accounts", "parent_id", "accounts", "account_id", "unknown_parent")]
    for table, column, other, key, check in tests:
        if table in tables and other in tables and \
                tables[table].get_backend() == tables[other].get_backend():
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
