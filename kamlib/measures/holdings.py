"""Which products each account buys: one row an account and product, over two windows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset.portable import count_true
from kamlib.measures.fetching import fetch
from kamlib.measures.lines import name_products
from kamlib.measures.rules import MeasureRules
from kamlib.measures.spans import NET_KINDS, ZERO, Span, within
from kamlib.period import Period

HOLDING_COLUMNS = ["account_id", "product_id", "product_line", "last_sale_date", "n_lines_window",
                   "quantity_window", "quantity_gross_amount_window", "gross_amount_window",
                   "net_amount_window", "n_lines_before", "gross_amount_before",
                   "net_amount_before"]


def build_account_holdings(lines: Table, products: Table | None, *, period: Period,
                           history_from: date, rules: MeasureRules) -> pd.DataFrame:
    """Add up what each account bought of each product in the analysis window and the one before.

    lines: order lines from `build_lines`; products: table of the dictionary, or None.
    Returns one row an account and product with a sale line in one of both windows, sorted:
    account_id, product_id, product_line ("" where not given), last_sale_date,
    n_lines_window (sale lines), quantity_window (of them; a gap when none has one),
    quantity_gross_amount_window (gross of the lines whose quantity is known and not zero),
    gross_amount_window, net_amount_window (gross less what came back), and n_lines_before,
    gross_amount_before and net_amount_before (the window before; gaps in every row when the
    history does not hold all of it). Lines without a product, and pairs
    of an order and its cancellation, are left out; the window is cut to the known history.
    """
    start = period.window_start(rules.window_months)
    length = (period.end - start).days + 1
    now = Span("_window", max(start, history_from), period.end)
    before = Span("_before", start - timedelta(days=length), start - timedelta(days=1))
    is_known = before.start >= history_from
    first = before.start if is_known else now.start
    named = name_products(lines, products)
    kind = named.line_kind
    named = named.filter(kind.isin(NET_KINDS), named.product_id.notnull(),
                         within(named.order_date, Span("", first, period.end)))
    table = fetch(named.group_by(["account_id", "product_id", "product_line"]).agg(
        last_sale_date=named.order_date.max(where=named.line_kind == "sale"),
        **_sums(named, now), **_sums(named, before)))
    amounts = [c for c in HOLDING_COLUMNS if "amount" in c]
    table[amounts] = table[amounts].fillna(0.0)
    counts = ["n_lines_window", "n_lines_before"]
    table[counts] = table[counts].fillna(0).astype("Int64")
    table = table[table["last_sale_date"].notna()]
    if not is_known:
        table = table.assign(gross_amount_before=float("nan"), net_amount_before=float("nan"),
                             n_lines_before=pd.array([pd.NA] * len(table), dtype="Int64"))
    return table[HOLDING_COLUMNS].sort_values(HOLDING_COLUMNS[:2], ignore_index=True)


def _sums(rows: Table, span: Span) -> dict[str, Any]:
    inside = within(rows.order_date, span)
    is_sale = inside & (rows.line_kind == "sale")
    sums = {"n_lines": count_true(is_sale), "gross_amount": rows.amount.sum(where=is_sale),
            "net_amount": rows.amount.sum(where=inside)}
    if span.suffix == "_window":
        has_quantity = is_sale & (ibis.coalesce(rows.quantity, ZERO) != 0)
        sums |= {"quantity": rows.quantity.sum(where=is_sale),
                 "quantity_gross_amount": rows.amount.sum(where=has_quantity)}
    return {f"{name}{span.suffix}": total for name, total in sums.items()}
