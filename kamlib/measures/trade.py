"""What the review of one account reads of its orders: by product line and month, and by product.

Two tables with the same sums, and two small ones of how orders came about and why they were
called off. All are per account, so that a page reads only its own rows.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from kamlib.measures.fetching import fetch
from kamlib.measures.lines import name_products
from kamlib.measures.rules import MeasureRules
from kamlib.measures.spans import MONEY, NET_KINDS, ZERO, Span, money_sums, within
from kamlib.period import Period, add_months

# What the review needs of an order line beyond what the other fact tables do.
FURTHER = ("retail_price", "is_tender", "is_dropship", "cancel_reason")
SUMS = ("quantity", "gross_amount", "returned_amount", "net_amount", "margin_known_amount",
        "margin_amount", "retail_known_amount", "retail_amount")
WAYS = ("is_tender", "is_dropship")


def trade_start(period: Period, *, fiscal_year_start_month: int) -> date:
    """Return the first day the review looks at: of the fiscal year before the period's.

    >>> from kamlib.period import parse_period
    >>> trade_start(parse_period("2025Q4"), fiscal_year_start_month=1)
    datetime.date(2024, 1, 1)
    """
    start = year_start(period, fiscal_year_start_month=fiscal_year_start_month)
    return min(add_months(start, -12), period.previous_start, period.year_before_start)


def year_start(period: Period, *, fiscal_year_start_month: int) -> date:
    """Return the first day of the fiscal year in which the period ends.

    >>> from kamlib.period import parse_period
    >>> year_start(parse_period("2025Q4"), fiscal_year_start_month=1)
    datetime.date(2025, 1, 1)
    """
    year = period.end.year - (period.end.month < fiscal_year_start_month)
    return date(year, fiscal_year_start_month, 1)


def build_line_months(lines: Table, products: Table | None, *, first: date) -> pd.DataFrame:
    """Add up order lines by account, product line and month, from `first` on.

    lines: from `build_lines` with FURTHER; products: table of the dictionary, or None.
    Returns one row an account, product_line ("" where not given) and month, sorted: quantity
    (pieces of the sale lines; a gap when none has one), gross_amount, returned_amount (>= 0),
    net_amount, margin_known_amount, margin_amount as in account_facts; retail_known_amount (what
    was paid, less what came back, in the lines whose quantity and retail price are known) and
    retail_amount (the same pieces at that retail price).
    """
    named = _prepared(name_products(lines, products))
    named = named.filter(named.order_date >= first)
    named = named.mutate(month=named.order_date.truncate("M"))
    keys = ["account_id", "product_line", "month"]
    return _finish(fetch(named.group_by(keys).agg(**_sums(named))), keys)


def build_goods(lines: Table, *, period: Period, window_start: date) -> pd.DataFrame:
    """Add up order lines by account and product, in the period and in the analysis window.

    Returns one row an account and product_id ("" where not given) with a line in either, sorted:
    the sums of `build_line_months` with the endings _period and _window (0 and a gap of quantity
    where there is none).
    """
    prepared, keys = _prepared(lines), ["account_id", "product_id"]
    parts = []
    for span in (Span("_period", period.start, period.end),
                 Span("_window", window_start, period.end)):
        rows = prepared.filter(within(prepared.order_date, span))
        part = _finish(fetch(rows.group_by(keys).agg(**_sums(rows))), keys)
        parts.append(part.set_index(keys).add_suffix(span.suffix))
    frame = pd.concat(parts, axis=1)
    frame = frame.fillna({c: 0.0 for c in frame.columns if c.endswith(("amount_period",
                                                                       "amount_window"))})
    return frame.reset_index().sort_values(keys, ignore_index=True)


def build_order_ways(lines: Table, *, window_start: date) -> pd.DataFrame:
    """Count the orders of each account by how they came about.

    Returns one row an account with a sale, sorted: n_orders; for tender and dropship
    n_{way}_orders (with such a line), n_{way}_known_orders (of which it is recorded), all ever;
    window_amount (gross sales of the analysis window), {way}_known_amount and {way}_amount of it.
    """
    sales = lines.filter(lines.line_kind == "sale")
    in_window = sales.order_date >= window_start
    sums: dict[str, Any] = {"n_orders": sales.order_id.nunique(),
                            "window_amount": _total(sales.amount, in_window)}
    for column in WAYS:
        way, flag = column.removeprefix("is_"), sales[column]
        sums |= {f"n_{way}_orders": sales.order_id.nunique(where=flag),
                 f"n_{way}_known_orders": sales.order_id.nunique(where=flag.notnull()),
                 f"{way}_known_amount": _total(sales.amount, in_window & flag.notnull()),
                 f"{way}_amount": _total(sales.amount, in_window & flag)}
    return fetch(sales.group_by("account_id").agg(**sums)).sort_values(
        "account_id", ignore_index=True)


def build_call_offs(lines: Table, *, window_start: date) -> pd.DataFrame:
    """Add up what was called off in the analysis window, by account and reason.

    An order and its cancellation soon after count here, although sales leave both out.
    Returns one row an account and cancel_reason ("" where not given), sorted: n_orders,
    cancelled_amount (>= 0).
    """
    rows = lines.filter(lines.line_kind.isin(("cancellation", "paired_cancellation"))
                        & (lines.order_date >= window_start))
    rows = rows.mutate(cancel_reason=ibis.coalesce(rows.cancel_reason, ibis.literal("")))
    keys = ["account_id", "cancel_reason"]
    found = rows.group_by(keys).agg(n_orders=rows.order_id.nunique(),
                                    cancelled_amount=-rows.amount.sum())
    return fetch(found).sort_values(keys, ignore_index=True)


def build_trade(lines: Table, products: Table | None, *, period: Period, rules: MeasureRules,
                history_from: date, fiscal_year_start_month: int) -> dict[str, pd.DataFrame]:
    """Return the four tables of the review by name."""
    first = max(history_from, trade_start(
        period, fiscal_year_start_month=fiscal_year_start_month))
    window_start = max(period.window_start(rules.window_months), history_from)
    return {"line_months": build_line_months(lines, products, first=first),
            "goods": build_goods(lines, period=period, window_start=window_start),
            "order_ways": build_order_ways(lines, window_start=window_start),
            "call_offs": build_call_offs(lines, window_start=window_start)}


def _prepared(lines: Table) -> Table:
    rows = lines.filter(lines.line_kind.isin(NET_KINDS))
    known = rows.cost_amount.notnull()
    has_retail = rows.retail_price.notnull() & (ibis.coalesce(rows.quantity, ZERO) != 0)
    value = (rows.retail_price.cast(MONEY) * rows.quantity).cast("decimal(38, 8)")
    return rows.mutate(
        product_id=ibis.coalesce(rows.product_id, ibis.literal("")),
        cost_known_amount=known.ifelse(rows.amount, ZERO), has_retail=has_retail,
        retail_value=has_retail.ifelse(value, ibis.literal(0, type="decimal(38, 8)")))


def _sums(rows: Table) -> dict[str, Any]:
    sums = {name: total for name, total in money_sums(rows).items() if name != "adjustment_amount"}
    return {"quantity": rows.quantity.sum(where=rows.line_kind == "sale"), **sums,
            "retail_known_amount": _total(rows.amount, rows.has_retail),
            "retail_amount": rows.retail_value.sum()}


def _total(column: Any, where: Any) -> Any:
    return ibis.coalesce(column.sum(where=where), 0)


def _finish(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    frame = frame.fillna({name: 0.0 for name in SUMS if name in frame and name != "quantity"})
    frame["net_amount"] = frame["gross_amount"] - frame["returned_amount"]
    return frame[[*keys, *SUMS]].sort_values(keys, ignore_index=True)
