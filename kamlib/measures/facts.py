"""Order lines to fact tables: the only place that aggregates orders.

Engine-neutral Ibis in steps: lines → order days (one temporary table) → accounts, in parts of
which each holds little at a time. Sums are of decimals and integers, so the same input gives the
same bytes whatever the number of threads; means, deviations and ratios are made from those sums.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table

from kamlib.dataset.engines import keep
from kamlib.dataset.portable import count_true
from kamlib.measures.fetching import fetch
from kamlib.measures.lines import name_products
from kamlib.measures.rules import MeasureRules
from kamlib.measures.spans import MONEY, NET_KINDS, ZERO, Span, build_spans, money_sums, within
from kamlib.period import Period

COUNTS = ("n_orders", "n_purchase_days", "n_lines")
AMOUNTS = ("gross_amount", "returned_amount", "adjustment_amount", "margin_amount",
           "margin_known_amount")
MONTH_COLUMNS = ["account_id", "month", "line_kind", "n_orders", "n_purchase_days", "n_lines",
                 "quantity", "amount", "cost_amount", "cost_known_amount"]
PRODUCT_COLUMNS = ["account_id", "product_line", "channel", "quarter", "n_orders", "quantity",
                   "gross_amount", "returned_amount", "net_amount", "margin_amount",
                   "margin_known_amount"]


def build_order_days(lines: Table) -> Table:
    """One row an account, order, day and line kind, with exact sums; kept by the engine."""
    known = lines.cost_amount.notnull()

    def total(column: Any, where: Any = None) -> Any:
        return column.sum(where=where).cast(MONEY)  # half the width of the engine's own sums

    return keep(lines.group_by(["account_id", "order_id", "order_date", "line_kind"]).agg(
        n_lines=lines.count(),
        quantity=total(lines.quantity),
        amount=total(lines.amount),
        cost_amount=total(lines.cost_amount),
        cost_known_amount=ibis.coalesce(total(lines.amount, known), ZERO),
    ))


def build_account_facts(order_days: Table, accounts: pd.DataFrame, *, period: Period,
                        history_from: date, starts_with: str, rules: MeasureRules) -> pd.DataFrame:
    """Build the table of account facts at the end of a period.

    order_days: from `build_order_days`, at least up to the period's end; accounts: one row an
    account at the level of the rules, with account_id and customer_since.
    Returns one row an account, sorted: lifetime measures without a suffix and the same with
    _period, _previous, _year_before and _window (NA where the span is not known); first, second
    (on another day) and last sale, tenure_days, the repeat-buying summary, the flags of movement,
    and lapse_date (the day on which it had been silent for a whole activity window for the first
    time), all as `data/README.md` defines them. Accounts without a sale have zeros and no dates.
    """
    spans = build_spans(period, history_from=history_from, rules=rules)
    known = order_days.filter(order_days.order_date <= period.end)
    frame = accounts[["account_id", "customer_since"]].sort_values("account_id", ignore_index=True)
    sales = known.filter(known.line_kind == "sale")
    parts = (_orders_part(sales, spans), _days_part(sales, spans, period, rules),
             *(_sums_part(known, span) for span in spans))  # the heavy ones while little is held
    frame = pd.concat([frame, *(_fetch_by(part, frame["account_id"]) for part in parts)], axis=1)
    frame = _fill(frame, spans)
    frame = _add_start(frame, period, history_from, starts_with, rules)
    frame = _add_rhythm(frame, period)
    frame = _add_movement(frame, period, rules)
    return frame.drop(columns=["customer_since", "gap_sum", "gap_square_sum", "n_gaps",
                               "repeat_amount", "last_sale_before_lapse_date"]) \
        .reset_index(drop=True)


def _sums_part(known: Table, span: Span) -> Table:
    """Add up lines and money by account in one span: only its own rows are grouped."""
    days = known.filter(within(known.order_date, span))
    sums = {"n_lines": days.n_lines.sum(where=days.line_kind == "sale"), **money_sums(days)}
    return days.group_by("account_id").agg(
        **{f"{name}{span.suffix}": total for name, total in sums.items()})


def _orders_part(sales: Table, spans: list[Span]) -> Table:
    """Count orders: an order belongs to the day of its first sale line, so spans add up."""
    orders = sales.group_by(["account_id", "order_id"]).agg(day=sales.order_date.min())
    counts = {f"n_orders{s.suffix}": count_true(within(orders.day, s)) for s in spans}
    return orders.group_by("account_id").agg(**counts)


def _days_part(sales: Table, spans: list[Span], period: Period, rules: MeasureRules) -> Table:
    """Count purchase days, find the first and the last, measure the gaps between them."""
    days = sales.group_by(["account_id", "order_date"]).agg(
        gross_amount=sales.amount.sum().cast(MONEY))
    before = days.order_date.lag().over(
        ibis.window(group_by=days.account_id, order_by=days.order_date))
    days = days.mutate(gap=days.order_date.delta(before, unit="day"), before=before)
    counts = {f"n_purchase_days{s.suffix}": count_true(within(days.order_date, s))
              for s in spans}
    log = days.gap.cast("float64").ln().cast("decimal(18, 12)")
    return days.group_by("account_id").agg(
        **counts,
        first_sale_date=days.order_date.min(),
        second_sale_date=days.order_date.min(where=days.gap.notnull()),
        last_sale_date=days.order_date.max(),
        last_sale_before_opening_date=days.order_date.max(where=days.order_date < period.start),
        last_sale_before_lapse_date=days.before.min(where=days.gap > rules.active_window_days),
        n_gaps=days.gap.count(),
        gap_sum=days.gap.sum(),
        gap_square_sum=(days.gap * days.gap).sum(),
        log_gap_sum=log.sum(),
        repeat_amount=days.gross_amount.sum(where=days.gap.notnull()))


def _fetch_by(part: Table, account_ids: pd.Series) -> pd.DataFrame:
    """Fetch a part in the order of the accounts, NA where it has none; quicker than a merge."""
    found = fetch(part)
    places = pc.index_in(pa.array(account_ids), value_set=pa.array(found["account_id"]))
    return found.drop(columns="account_id").reindex(places.fill_null(-1).to_numpy()) \
        .reset_index(drop=True)


def _fill(frame: pd.DataFrame, spans: list[Span]) -> pd.DataFrame:
    """Give accounts without sales zeros in known spans, and all NA in unknown ones."""
    known = {span.suffix for span in spans}
    columns: dict[str, pd.Series] = {}
    for suffix in ("", "_period", "_previous", "_year_before", "_window"):
        for name in (*COUNTS, *AMOUNTS):
            column = f"{name}{suffix}"
            is_count = name in COUNTS
            values = frame[column].fillna(0) if suffix in known else \
                pd.Series(pd.NA if is_count else np.nan, index=frame.index)
            columns[column] = values.astype("Int64") if is_count else values.astype("float64")
        gross, back = columns[f"gross_amount{suffix}"], columns[f"returned_amount{suffix}"]
        columns[f"net_amount{suffix}"] = (gross - back).round(4)
    rest = [c for c in frame.columns if c not in columns]
    return pd.concat([frame[rest], pd.DataFrame(columns)], axis=1)


def _days_between(later: Any, earlier: pd.Series) -> pd.Series:
    span = (pd.Timestamp(later) if isinstance(later, date) else later) - earlier
    days: pd.Series = span.dt.days.astype("Int64")
    return days


def _add_start(frame: pd.DataFrame, period: Period, history_from: date, starts_with: str,
               rules: MeasureRules) -> pd.DataFrame:
    first, since = frame["first_sale_date"], frame["customer_since"].astype("datetime64[s]")
    guard_end = pd.Timestamp(history_from + timedelta(days=rules.entry_guard_days))
    seen_to_begin = (first >= guard_end) | (starts_with == "cohort")
    is_known = first.notna() & (seen_to_begin | since.notna())
    start = pd.concat([first, since], axis=1).min(axis=1).astype("datetime64[s]")
    started_within = seen_to_begin | (since >= pd.Timestamp(history_from))
    in_period = first.between(pd.Timestamp(period.start), pd.Timestamp(period.end))
    tenure = _days_between(period.end, start)
    return frame.assign(
        start_date=start.where(first.notna()), is_start_known=is_known,
        tenure_days=tenure.where(is_known), is_new=in_period & started_within,
        is_first_seen=in_period & ~started_within,
        days_since_last_sale=_days_between(period.end, frame["last_sale_date"]))


def _add_rhythm(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    n = frame["n_gaps"].astype("float64")
    total, squares = (frame[c].astype("float64") for c in ("gap_sum", "gap_square_sum"))
    variance = (squares - total**2 / n.where(n > 0)) / (n - 1).where(n > 1)
    return frame.assign(
        n_repeat_days=(frame["n_purchase_days"] - 1).clip(lower=0),
        first_to_last_days=_days_between(frame["last_sale_date"], frame["first_sale_date"]),
        first_to_as_of_days=_days_between(period.end, frame["first_sale_date"]),
        repeat_day_mean_amount=_significant(frame["repeat_amount"] / n.where(n > 0)),
        gap_mean_days=_significant(total / n.where(n > 0)),
        gap_sd_days=_significant(variance.clip(lower=0) ** 0.5))


def _significant(values: pd.Series, digits: int = 10) -> pd.Series:
    """Round to significant digits, so that no engine's last bit reaches a page."""
    array = values.to_numpy(dtype="float64")
    safe = np.where(np.isfinite(array) & (array != 0), np.abs(array), 1.0)
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(safe)))
    return pd.Series(np.round(array * scale) / scale, index=values.index)


def _add_movement(frame: pd.DataFrame, period: Period, rules: MeasureRules) -> pd.DataFrame:
    window = timedelta(days=max(rules.active_window_days, period.n_days))
    opening = period.start - timedelta(days=1)
    last, earlier = frame["last_sale_date"], frame["last_sale_before_opening_date"]
    at_closing = last > pd.Timestamp(period.end - window)
    at_opening = earlier > pd.Timestamp(opening - window)
    return frame.assign(
        is_active_opening=at_opening, is_active_closing=at_closing,
        is_lost=at_opening & ~at_closing,
        is_recovered=earlier.notna() & ~at_opening & at_closing,
        lapse_date=_find_lapse(frame, period, rules))


def _find_lapse(frame: pd.DataFrame, period: Period, rules: MeasureRules) -> pd.Series:
    """Date the first silence of a whole activity window, the present one too; NA for none."""
    silence = pd.Timedelta(days=rules.active_window_days)
    ended, present = frame["last_sale_before_lapse_date"], frame["last_sale_date"]
    is_over = present + silence <= pd.Timestamp(period.end)
    lapse: pd.Series = ended.fillna(present.where(is_over)) + silence
    return lapse.astype("datetime64[s]")


def build_account_months(order_days: Table) -> pd.DataFrame:
    """Build the table of account months.

    Returns one row an account, month (datetime64, its first day) and line kind, sorted:
    n_orders, n_purchase_days, n_lines, quantity, amount (negative for what comes back),
    cost_amount, cost_known_amount (amount of the lines whose cost is known).
    """
    dated = order_days.mutate(month=order_days.order_date.truncate("M"))
    table = dated.group_by(["account_id", "month", "line_kind"]).agg(
        n_orders=dated.order_id.nunique(), n_purchase_days=dated.order_date.nunique(),
        n_lines=dated.n_lines.sum(), quantity=dated.quantity.sum(), amount=dated.amount.sum(),
        cost_amount=dated.cost_amount.sum(), cost_known_amount=dated.cost_known_amount.sum())
    frame = fetch(table)[MONTH_COLUMNS]
    return frame.sort_values(MONTH_COLUMNS[:3]).reset_index(drop=True)


def build_account_products(lines: Table, products: Table | None) -> pd.DataFrame:
    """Build the table of account products.

    lines: order lines from `build_lines`; products: table of the dictionary, or None.
    Returns one row an account, product line, channel and quarter (its first day), sorted;
    "" where the product line or the channel is not given.
    """
    lines = name_products(lines, products)
    kind, known = lines.line_kind, lines.cost_amount.notnull()
    in_net = kind.isin(NET_KINDS)
    lines = lines.mutate(quarter=lines.order_date.truncate("Q"),
                         channel=ibis.coalesce(lines.channel, ibis.literal("")))
    table = lines.group_by(PRODUCT_COLUMNS[:4]).agg(
        n_orders=lines.order_id.nunique(where=kind == "sale"),
        quantity=lines.quantity.sum(where=in_net),
        gross_amount=lines.amount.sum(where=kind == "sale"),
        returned_amount=-lines.amount.sum(where=kind.isin(("return", "cancellation"))),
        margin_known_amount=lines.amount.sum(where=in_net & known),
        cost_amount=lines.cost_amount.sum(where=in_net))
    frame = fetch(table)
    amounts = ["gross_amount", "returned_amount", "margin_known_amount", "cost_amount"]
    frame[amounts] = frame[amounts].fillna(0.0)
    frame["net_amount"] = (frame["gross_amount"] - frame["returned_amount"]).round(4)
    frame["margin_amount"] = (frame["margin_known_amount"] - frame["cost_amount"]).round(4)
    return frame[PRODUCT_COLUMNS].sort_values(PRODUCT_COLUMNS[:4]).reset_index(drop=True)
