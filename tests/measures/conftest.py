"""Small invented ledgers; every number a test expects can be worked out by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from kamlib import measures
from kamlib.dataset.engines import connect
from kamlib.measures import MeasureRules
from kamlib.period import parse_period

MONEY = pa.decimal128(18, 4)
ORDERS = pa.schema([
    ("order_id", pa.string()), ("account_id", pa.string()), ("order_date", pa.date32()),
    ("product_id", pa.string()), ("channel", pa.string()), ("line_kind", pa.string()),
    ("quantity", MONEY), ("amount", MONEY), ("cost_amount", MONEY), ("retail_price", MONEY),
    ("is_tender", pa.bool_()), ("is_dropship", pa.bool_()), ("cancel_reason", pa.string())])
ACCOUNTS = pa.schema([("account_id", pa.string()), ("parent_id", pa.string()),
                      ("party_role", pa.string()), ("customer_since", pa.date32())])
PRODUCTS = pa.schema([("product_id", pa.string()), ("product_line", pa.string())])

NUMBERS = itertools.count()

Line = dict[str, Any]


def _line(account: str, day: str, amount: float | str, **given: Any) -> Line:
    """One order line; a sale of an order of its own unless said otherwise."""
    kind = given.pop("kind", "sale")
    texts = {"order_id": f"{account}-{day}-{amount}", "product_id": None, "channel": None} | \
        {k: v for k, v in given.items() if k in (
            "order_id", "product_id", "channel", "is_tender", "is_dropship", "cancel_reason")}
    numbers = {k: None if given.get(k) is None else Decimal(str(given[k]))
               for k in ("quantity", "cost_amount", "retail_price")}
    return {**texts, **numbers, "account_id": account, "order_date": date.fromisoformat(day),
            "line_kind": kind, "amount": Decimal(str(amount))}


class Ledger:
    """Order lines and accounts in an engine of their own.

    accounts: account → its columns; those of the lines as customers when not given.
    """

    def __init__(self, rows: list[Line], accounts: dict[str, dict[str, Any]] | None = None,
                 products: dict[str, str] | None = None, con: Any = None) -> None:
        con, number = con or connect(), next(NUMBERS)  # ibis caches by a table's name
        who = {row["account_id"]: {} for row in rows} if accounts is None else accounts
        people = [{"account_id": a, "parent_id": None, "party_role": "customer",
                   "customer_since": None, **given} for a, given in who.items()]
        self.con = con
        goods = [{"product_id": p, "product_line": line} for p, line in (products or {}).items()]

        def store(name: str, values: list[dict[str, Any]], schema: pa.Schema) -> Any:
            return con.create_table(f"{name}_{number}", pa.Table.from_pylist(values, schema))

        self.orders = store("orders", rows, ORDERS)
        self.accounts = store("accounts", people, ACCOUNTS)
        self.products = None if products is None else store("products", goods, PRODUCTS)

    def lines(self, as_of: str = "2030-12-31", **rules: Any) -> Any:
        return measures.build_lines(self.orders, self.accounts, as_of=date.fromisoformat(as_of),
                                    rules=MeasureRules(**rules))

    def rows(self, *columns: str, **rules: Any) -> list[tuple[Any, ...]]:
        """The lines as tuples, sorted."""
        frame = measures.fetch(self.lines(**rules).select(*columns))
        return sorted(frame.itertuples(index=False, name=None))

    def facts(self, period: str, *, history_from: str = "2000-01-01", starts_with: str = "ongoing",
              **rules: Any) -> pd.DataFrame:
        """Account facts at the end of a period, indexed by account."""
        span, checked = parse_period(period), MeasureRules(**rules)
        days = measures.build_order_days(self.lines(str(span.as_of), **rules))
        levels = measures.build_levels(self.accounts, rules=checked)
        since = measures.fetch(self.accounts.select("account_id", "customer_since"))
        who = levels[levels["is_customer"]].merge(since, on="account_id")
        who = who.groupby("level_id")["customer_since"].min().rename_axis("account_id")
        return measures.build_account_facts(
            days, who.reset_index(), period=span, history_from=date.fromisoformat(history_from),
            starts_with=starts_with, rules=checked).set_index("account_id")

    def months(self, as_of: str = "2030-12-31", **rules: Any) -> pd.DataFrame:
        return measures.build_account_months(measures.build_order_days(self.lines(as_of, **rules)))

    def by_product(self, as_of: str = "2030-12-31", **rules: Any) -> pd.DataFrame:
        return measures.build_account_products(self.lines(as_of, **rules), self.products)


@pytest.fixture(scope="session")
def engine() -> Any:
    """One engine for many ledgers, where a test makes many."""
    return connect()


@pytest.fixture(scope="session")
def line() -> Callable[..., Line]:
    return _line


@pytest.fixture(scope="session")
def ledger() -> Callable[..., Ledger]:
    return Ledger
