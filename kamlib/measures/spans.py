"""Spans of days that sums are made for, and the sums of the report's own spans.

The period, the previous one and the year before by product and by account, and the largest
orders in each; the facts of accounts use the same spans and the same definitions of money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset.portable import count_true, in_byte_order
from kamlib.measures.fetching import fetch
from kamlib.measures.lines import name_products
from kamlib.measures.rules import MeasureRules
from kamlib.period import Period

NET_KINDS = ("sale", "return", "cancellation")
MONEY = "decimal(18, 4)"
ZERO = ibis.literal(0, type=MONEY)
SPAN_SUMS = ("n_lines", "quantity", "quantity_gross_amount", "gross_amount", "returned_amount",
             "net_amount", "adjustment_amount", "margin_known_amount", "margin_amount")
LARGEST_COLUMNS = ["span", "rank", "order_id", "account_id", "order_date", "quantity",
                   "gross_amount", "span_gross_amount"]


@dataclass(frozen=True)
class Span:
    """A named span of days; `suffix` is appended to the measures' names."""

    suffix: str
    start: date
    end: date


def build_spans(period: Period, *, history_from: date, rules: MeasureRules) -> list[Span]:
    """Return the spans that are known: lifetime, period, the two compared ones, the window.

    The analysis window is cut to the known history.
    """
    window_start = max(period.window_start(rules.window_months), history_from)
    return [Span("", date.min, period.end), *compared_spans(period, history_from=history_from),
            Span("_window", window_start, period.end)]


def compared_spans(period: Period, *, history_from: date) -> list[Span]:
    """Return the period and the spans it is compared with.

    A compared span that begins before `history_from` is left out: its measures are unknown,
    not zero.
    """
    compared = [Span("_previous", period.previous_start, period.previous_end),
                Span("_year_before", period.year_before_start, period.year_before_end)]
    return [Span("_period", period.start, period.end),
            *(s for s in compared if s.start >= history_from)]


def within(column: Any, span: Span) -> Any:
    """Whether a day lies in a span."""
    inside = column <= span.end
    return inside if span.start == date.min else inside & (column >= span.start)


def money_sums(rows: Table) -> dict[str, Any]:
    """The sums that every table of money has, by name, for rows of line kinds and amounts."""
    kind = rows.line_kind
    in_net, is_back = kind.isin(NET_KINDS), kind.isin(("return", "cancellation"))
    margin_known = rows.cost_known_amount.sum(where=in_net)
    cost = ibis.coalesce(rows.cost_amount.sum(where=in_net), ZERO)
    return {"gross_amount": rows.amount.sum(where=kind == "sale"),
            "returned_amount": -rows.amount.sum(where=is_back),
            "adjustment_amount": rows.amount.sum(where=kind == "adjustment"),
            "margin_known_amount": margin_known, "margin_amount": margin_known - cost}


def build_span_sums(lines: Table, products: Table | None, *, by: Sequence[str], period: Period,
                    history_from: date) -> pd.DataFrame:
    """Add up the order lines of the period and of the two spans it is compared with.

    lines: order lines from `build_lines`; products: table of the dictionary, or None;
    by: some of account_id, product_id, product_line, channel.
    Returns one row a span (period, previous, year_before; a compared one that begins before
    `history_from` is left out) and by-columns, sorted, "" where a product, product line or
    channel is not given: n_lines (sale lines), quantity (of sale lines; a gap when none has
    one), quantity_gross_amount (gross of the sale lines whose quantity is known and not zero),
    gross_amount, returned_amount (>= 0), net_amount, adjustment_amount, margin_known_amount (net
    of the lines whose cost is known), margin_amount, all as in account_facts.
    """
    named = name_products(lines, products)
    named = named.filter(named.line_kind.isin((*NET_KINDS, "adjustment")))
    known = named.cost_amount.notnull()
    named = named.mutate(
        product_id=ibis.coalesce(named.product_id, ibis.literal("")),
        channel=ibis.coalesce(named.channel, ibis.literal("")),
        cost_known_amount=known.ifelse(named.amount, ZERO))
    parts = [_sum_span(named, span, by).assign(span=span.suffix.removeprefix("_"))
             for span in compared_spans(period, history_from=history_from)]
    keys = ["span", *by]
    frame = pd.concat(parts, ignore_index=True).astype({"span": "str"})
    return frame[[*keys, *SPAN_SUMS]].sort_values(keys, ignore_index=True)


def _sum_span(named: Table, span: Span, by: Sequence[str]) -> pd.DataFrame:
    rows = named.filter(within(named.order_date, span))
    is_sale = rows.line_kind == "sale"
    has_quantity = is_sale & (ibis.coalesce(rows.quantity, ZERO) != 0)
    sums = money_sums(rows) | {
        "n_lines": count_true(is_sale),
        "quantity_gross_amount": rows.amount.sum(where=has_quantity)}
    totals = {name: ibis.coalesce(total, 0) for name, total in sums.items()}
    totals["net_amount"] = totals["gross_amount"] - totals["returned_amount"]
    return fetch(rows.group_by(list(by)).agg(quantity=rows.quantity.sum(where=is_sale), **totals))


def build_largest_orders(order_days: Table, *, period: Period, history_from: date,
                         n: int = 10) -> pd.DataFrame:
    """Find the orders with the highest gross amount in each span.

    order_days: from `build_order_days`, at least up to the period's end.
    Returns at most n rows a span (as in `build_span_sums`), sorted: span, rank (from 1; equal
    amounts stand by order_id), order_id, account_id, order_date (of the first sale line in the
    span), quantity (pieces of the sale lines that have one; a gap when none has),
    gross_amount (of the sale lines in the span), span_gross_amount (of all orders in the span).
    """
    sales = order_days.filter(order_days.line_kind == "sale")
    parts = []
    for span in compared_spans(period, history_from=history_from):
        days = sales.filter(within(sales.order_date, span))
        orders = days.group_by(["account_id", "order_id"]).agg(
            order_date=days.order_date.min(), quantity=days.quantity.sum(),
            gross_amount=days.amount.sum())
        orders = orders.mutate(span_gross_amount=orders.gross_amount.sum().cast(MONEY))
        order = [orders.gross_amount.desc(), in_byte_order(orders.order_id),
                 in_byte_order(orders.account_id)]
        found = fetch(orders.order_by(order).limit(n))
        ranks = pd.Series(range(1, len(found) + 1), dtype="Int64")
        parts.append(found.assign(span=span.suffix.removeprefix("_"), rank=ranks))
    frame = pd.concat(parts, ignore_index=True)[LARGEST_COLUMNS].astype({"span": "str"})
    return frame.sort_values(["span", "rank"], ignore_index=True)
