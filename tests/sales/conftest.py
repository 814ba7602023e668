"""A small shop in pandas: order lines to every table that the sales overview is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kamlib.period import Period, parse_period
from kamlib.sales import Sales, SalesRules, build_sales

KEYS = ["account_id", "product_id", "product_line", "channel"]
SUMS = ["n_lines", "quantity", "quantity_gross_amount", "gross_amount", "returned_amount",
        "net_amount", "adjustment_amount", "margin_known_amount", "margin_amount"]


def _line(account: str, day: str, amount: float, **given: Any) -> dict[str, Any]:
    """One order line; a sale without product, channel, quantity or cost unless said otherwise."""
    return {"account_id": account, "order_date": pd.Timestamp(day), "amount": float(amount),
            "order_id": given.get("order_id", f"{account}-{day}"),
            "kind": given.get("kind", "sale"), "product_id": given.get("product", ""),
            "product_line": given.get("line", ""), "channel": given.get("channel", ""),
            "quantity": given.get("quantity", np.nan), "cost": given.get("cost", np.nan)}


class Shop:
    """What a report holds, made of order lines without the engine.

    rows: lines from `line`; silent: accounts without any; known: account → customer since.
    """

    def __init__(self, rows: list[dict[str, Any]], *, period: str = "2025Q4",
                 history_from: str = "2022-01-01", accounts: dict[str, Any] | None = None,
                 targets: list[tuple[Any, ...]] | None = None, silent: tuple[str, ...] = ()
                 ) -> None:
        self.period: Period = parse_period(period)
        self.history_from = date.fromisoformat(history_from)
        lines = pd.DataFrame([*rows, _line("", "2025-01-01", 0)]).iloc[:-1]  # types without rows
        self.lines = lines[lines["order_date"] <= pd.Timestamp(self.period.end)]
        self.ids = sorted({*lines["account_id"], *silent})
        self.accounts = None if accounts is None else pd.DataFrame(
            {"account_id": self.ids, **accounts})
        columns = ["scope", "scope_id", "metric", "kind", "from_date", "to_date", "target"]
        self.targets = pd.DataFrame(targets, columns=columns) if targets else None

    def spans(self) -> dict[str, pd.DataFrame]:
        p = self.period
        ends = {"period": (p.start, p.end), "previous": (p.previous_start, p.previous_end),
                "year_before": (p.year_before_start, p.year_before_end)}
        return {name: self.lines[self.lines["order_date"].between(*map(pd.Timestamp, days))]
                for name, days in ends.items()
                if name == "period" or days[0] >= self.history_from}

    def sums(self, by: list[str]) -> pd.DataFrame:
        parts = [_measure(rows).groupby(by)[SUMS].sum(min_count=0).reset_index().assign(span=name)
                 for name, rows in self.spans().items()]
        return pd.concat(parts, ignore_index=True)[["span", *by, *SUMS]]

    def facts(self) -> pd.DataFrame:
        facts = pd.DataFrame(index=pd.Index(self.ids, name="account_id"))
        known = self.spans()
        for span in ("period", "previous", "year_before"):
            rows = _measure(known.get(span, self.lines.iloc[:0]))
            sums = rows.groupby("account_id")[SUMS].sum().reindex(self.ids, fill_value=0.0)
            orders = rows[rows["kind"] == "sale"].groupby("account_id")["order_id"].nunique()
            sums["n_orders"] = orders.reindex(self.ids, fill_value=0)
            facts = facts.join((sums if span in known else sums * np.nan).add_suffix(f"_{span}"))
        facts = facts.astype({f"n_orders_{s}": "Int64" for s in ("period", "previous",
                                                                 "year_before")})
        first = self.lines[self.lines["kind"] == "sale"].groupby("account_id")["order_date"].min()
        facts["first_sale_date"] = first.reindex(self.ids).astype("datetime64[s]")
        facts["start_date"] = facts["first_sale_date"]
        facts["is_start_known"] = facts["first_sale_date"].notna()
        return facts.reset_index()

    def months(self) -> pd.DataFrame:
        rows = self.lines.assign(month=self.lines["order_date"].dt.to_period("M").dt.to_timestamp())
        rows = rows.rename(columns={"kind": "line_kind"})
        return rows.groupby(["account_id", "month", "line_kind"])["amount"].sum().reset_index()

    def quarters(self) -> pd.DataFrame:
        quarter = self.lines["order_date"].dt.to_period("Q").dt.to_timestamp()
        rows = _measure(self.lines).assign(quarter=quarter)
        return rows.groupby(["account_id", "product_line", "channel", "quarter"])[
            ["gross_amount", "net_amount"]].sum().reset_index()

    def largest(self) -> pd.DataFrame:
        parts = []
        for span, rows in self.spans().items():
            sold = rows[rows["kind"] == "sale"]
            orders = sold.groupby(["account_id", "order_id"]).agg(
                order_date=("order_date", "min"), gross_amount=("amount", "sum"),
                quantity=("quantity", lambda values: values.sum(min_count=1))).reset_index()
            orders = orders.sort_values(["gross_amount", "order_id"], ascending=[False, True])
            orders = orders.head(10).assign(span=span, span_gross_amount=sold["amount"].sum())
            parts.append(orders.assign(rank=np.arange(1, len(orders) + 1)))
        return pd.concat(parts, ignore_index=True)

    def inputs(self) -> dict[str, Any]:
        """Everything `build_sales` takes but the facts."""
        return {"months": self.months(), "product_spans": self.sums(KEYS[1:]),
                "account_spans": self.sums(["account_id", "product_line", "channel"]),
                "largest_orders": self.largest(), "accounts": self.accounts,
                "targets": self.targets, "period": self.period,
                "history_from": self.history_from, "products": self.quarters()}

    def sales(self, **rules: Any) -> Sales:
        return build_sales(self.facts(), rules=SalesRules(**rules), **self.inputs())


def _measure(lines: pd.DataFrame) -> pd.DataFrame:
    kind, amount = lines["kind"], lines["amount"]
    is_sale, is_back = kind == "sale", kind.isin(["return", "cancellation"])
    in_net, has_cost = is_sale | is_back, lines["cost"].notna()
    known = amount.where(in_net & has_cost, 0.0)
    return lines.assign(
        n_lines=is_sale.astype(int), quantity=lines["quantity"].where(is_sale),
        quantity_gross_amount=amount.where(is_sale & (lines["quantity"].fillna(0) != 0), 0.0),
        gross_amount=amount.where(is_sale, 0.0), returned_amount=-amount.where(is_back, 0.0),
        net_amount=amount.where(in_net, 0.0),
        adjustment_amount=amount.where(kind == "adjustment", 0.0), margin_known_amount=known,
        margin_amount=known - lines["cost"].where(in_net & has_cost, 0.0))


@pytest.fixture(scope="session")
def line() -> Callable[..., dict[str, Any]]:
    return _line


@pytest.fixture(scope="session")
def shop() -> Callable[..., Shop]:
    return Shop
