"""Each account's sales of the analysis window beside those of the window before, and why."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset.portable import count_true
from kamlib.measures.fetching import fetch
from kamlib.measures.rules import MeasureRules
from kamlib.measures.spans import MONEY, NET_KINDS, ZERO, Span, within
from kamlib.period import Period, add_months

STEP = ibis.literal(Decimal("0.0001"), type=MONEY)
EFFECTS = ("price", "volume", "mix", "quantity_unknown")
BRIDGE_COLUMNS = ["account_id", "n_lines_before", "n_lines", "gross_amount_before", "gross_amount",
                  *(f"{effect}_amount" for effect in EFFECTS), "returned_amount_before",
                  "returned_amount", "adjustment_amount_before", "adjustment_amount"]


def build_account_bridge(lines: Table, *, period: Period, history_from: date,
                         rules: MeasureRules) -> pd.DataFrame:
    """Split the change of each account's gross sales between the two last analysis windows.

    lines: order lines from `build_lines`, at least up to the period's end.
    Returns one row an account with an order line in either window, sorted: account_id; n_lines
    (of sales), gross_amount, returned_amount (>= 0) and adjustment_amount of the window that ends
    with the period, and with _before of the window of equal length before it; and the four parts
    of gross_amount - gross_amount_before: price_amount, volume_amount, mix_amount,
    quantity_unknown_amount. No row when the window before begins before `history_from`.

    Notes
    -----
    By product of an account: price = (p1 - p0) q1 and volume = (q1 - q0) p0, p being gross /
    quantity of the lines whose quantity is known, where it was bought in both windows with such
    lines; mix = products bought in one window only; what is left is quantity_unknown.
    Source: Horngren, Datar & Rajan, Cost Accounting, 14th ed. (2012), ch. 7.
    """
    months = rules.window_months
    middle = period.window_start(months)
    start = add_months(middle, -months)
    if start < history_from:
        return pd.DataFrame(columns=BRIDGE_COLUMNS)
    spans = {"_before": Span("_before", start, middle - timedelta(days=1)),
             "": Span("", middle, period.end)}
    rows = lines.filter(within(lines.order_date, Span("", start, period.end))
                        & lines.line_kind.isin((*NET_KINDS, "adjustment")))
    products = _split_products(rows, spans)
    effects = {name: ibis.coalesce(products[name].sum().cast(MONEY), ZERO)
               for name in (f"{effect}_amount" for effect in EFFECTS)}
    by_product = products.group_by("account_id").agg(**effects)
    sums = rows.group_by("account_id").agg(**{
        f"{name}{suffix}": ibis.coalesce(total, 0) for suffix, span in spans.items()
        for name, total in _account_sums(rows, within(rows.order_date, span)).items()})
    found = fetch(sums).merge(fetch(by_product), on="account_id", how="left")
    effect_names = [f"{effect}_amount" for effect in EFFECTS]
    found[effect_names] = found[effect_names].fillna(0.0)
    return found[BRIDGE_COLUMNS].sort_values("account_id", ignore_index=True)


def _round_money(value: Any) -> Any:
    """Round half away from zero to money's four decimals; each engine's own round is another."""
    steps = (value.abs() * 10_000 + 0.5).floor().cast("int64")
    return ((value < 0).ifelse(-steps, steps) * STEP).cast(MONEY)


def _account_sums(rows: Table, inside: Any) -> dict[str, Any]:
    kind = rows.line_kind
    is_sale, is_back = inside & (kind == "sale"), inside & kind.isin(("return", "cancellation"))
    return {"n_lines": count_true(is_sale),
            "gross_amount": rows.amount.sum(where=is_sale).cast(MONEY),
            "returned_amount": -rows.amount.sum(where=is_back).cast(MONEY),
            "adjustment_amount": rows.amount.sum(
                where=inside & (kind == "adjustment")).cast(MONEY)}


def _split_products(rows: Table, spans: dict[str, Span]) -> Table:
    """One row an account and product, with the four effects, each rounded like money."""
    sales = rows.filter(rows.line_kind == "sale").mutate(
        product=ibis.coalesce(rows.product_id, ibis.literal("")),
        pieces=ibis.coalesce(rows.quantity, ZERO))
    sums: dict[str, Any] = {}
    for suffix, span in spans.items():
        inside = within(sales.order_date, span)
        counted = inside & (sales.pieces != 0)
        sums |= {f"n{suffix}": count_true(inside),
                 f"gross{suffix}": ibis.coalesce(sales.amount.sum(where=inside), ZERO),
                 f"pieces{suffix}": ibis.coalesce(sales.pieces.sum(where=counted), ZERO),
                 f"priced{suffix}": ibis.coalesce(sales.amount.sum(where=counted), ZERO)}
    each = sales.group_by(["account_id", "product"]).agg(**sums)
    is_named, both = each["product"] != "", (each.n > 0) & (each.n_before > 0)
    has_price = is_named & both & (each.pieces > 0) & (each.pieces_before > 0)
    old_price = each.priced_before.cast("float64") / has_price.ifelse(
        each.pieces_before, 1).cast("float64")
    volume = has_price.ifelse(
        _round_money((each.pieces - each.pieces_before).cast("float64") * old_price), ZERO)
    priced = has_price.ifelse(each.priced - each.priced_before, ZERO)
    change = each.gross - each.gross_before
    is_mix = is_named & ~both
    return each.select(
        "account_id", price_amount=priced.cast(MONEY) - volume, volume_amount=volume,
        mix_amount=is_mix.ifelse(change, ZERO),
        quantity_unknown_amount=is_mix.ifelse(ZERO, change - priced))
