"""How many complaints there are, how many for a hundred orders, and whether that has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kamlib.period import Period, add_months
from kamlib.satisfaction.complaints.rules import ComplaintRules
from kamlib.stats.intervals import add_proportion
from kamlib.stats.rates import measure_clumping, rate_interval, rate_ratio_interval

PER_ORDERS = 100
RATE_COLUMNS = ["complaints_per_100", "complaints_per_100_ci_low", "complaints_per_100_ci_high"]
SPAN_COLUMNS = ["span", "from_date", "to_date", "is_in_log", "n_complaints", "n_not_complaints",
                "n_complaining_accounts", "n_orders", *RATE_COLUMNS]
QUARTER_COLUMNS = ["from_date", "to_date", "is_in_log", "n_complaints", "n_orders",
                   *RATE_COLUMNS]
CHANGE_COLUMNS = ["compared", "n_complaints", "n_complaints_before", "n_orders", "n_orders_before",
                  "clumping", "rate_ratio", "rate_ratio_ci_low", "rate_ratio_ci_high", "movement"]
RATIO_COLUMNS = ["rate_ratio", "rate_ratio_ci_low", "rate_ratio_ci_high", "movement"]
GROUP_COLUMNS = ["grouped_by", "group", "n_complaints", "complaint_share",
                 "complaint_share_ci_low", "complaint_share_ci_high", "n_complaints_before",
                 "n_orders", *RATE_COLUMNS, *RATIO_COLUMNS, "n_complaining_accounts",
                 "net_amount_window"]
# Which spans are held against which.
COMPARED = {"previous": ("period", "previous"), "year_before": ("period", "year_before"),
            "window": ("window", "window_before")}


@dataclass(frozen=True)
class Span:
    """Days from start to end, both included, and the orders of each account in them.

    orders: index account_id; None where history does not reach.
    """

    name: str
    start: date
    end: date
    orders: pd.Series | None


def list_spans(period: Period, *, window_months: int, facts: pd.DataFrame,
               facts_year_before: pd.DataFrame | None) -> tuple[Span, ...]:
    """The five spans that are counted: the period, the two before it, and the 12 months twice.

    facts, facts_year_before: account_facts at the period's end and a year before.
    """
    start = period.window_start(window_months)
    before = period.year_before_end
    day = timedelta(days=1)
    window_before = add_months(before + day, -window_months)
    by_account = facts.set_index("account_id")
    earlier = None if facts_year_before is None else facts_year_before.set_index("account_id")
    return (Span("period", period.start, period.end, _orders(by_account, "period")),
            Span("previous", period.previous_start, period.previous_end,
                 _orders(by_account, "previous")),
            Span("year_before", period.year_before_start, before,
                 _orders(by_account, "year_before")),
            Span("window", start, period.end, _orders(by_account, "window")),
            Span("window_before", window_before, before, _orders(earlier, "window")))


def _orders(facts: pd.DataFrame | None, span: str) -> pd.Series | None:
    if facts is None or facts[f"n_orders_{span}"].isna().any():
        return None
    return facts[f"n_orders_{span}"].astype("float64")


def within(log: pd.DataFrame, span: Span) -> pd.DataFrame:
    """The entries of the log that were opened in a span."""
    opened = log["opened_date"]
    return log[(opened >= pd.Timestamp(span.start)) & (opened <= pd.Timestamp(span.end))]


def is_in_log(log: pd.DataFrame, span: Span) -> bool:
    """Whether the log had begun, by the month of its first entry, when a span began.

    Before that no complaint means that nobody kept a log, not that nobody complained.
    """
    if log.empty:
        return False
    return bool(log["opened_date"].min().to_period("M").start_time <= pd.Timestamp(span.start))


def count_spans(log: pd.DataFrame, spans: tuple[Span, ...], *, level: float) -> pd.DataFrame:
    """Complaints of each span, in all and for a hundred orders.

    log: from `read_log`. Returns one row a span, in order: span, from_date, to_date, is_in_log
    (see `is_in_log`), n_complaints, n_not_complaints (advice and requests in the same log),
    n_complaining_accounts, n_orders (gap where not known), complaints_per_100 with Garwood's
    interval (gaps where orders are not known, there is none, or the log had not begun).
    Source: catalogue CMP-01; Garwood (1936).
    """
    rows = []
    for span in spans:
        part = within(log, span)
        complaints = part[part["is_complaint"]]
        known = is_in_log(log, span)
        n_orders = None if span.orders is None else float(span.orders.sum())
        rows.append({"span": span.name, "from_date": pd.Timestamp(span.start),
                     "to_date": pd.Timestamp(span.end), "is_in_log": known,
                     "n_complaints": len(complaints),
                     "n_not_complaints": len(part) - len(complaints),
                     "n_complaining_accounts": complaints["account_id"].nunique(),
                     "n_orders": n_orders,
                     **describe_rate(len(complaints), n_orders if known else None, level=level)})
    return _typed(pd.DataFrame(rows, columns=SPAN_COLUMNS))


def describe_rate(n: int, n_orders: float | None, *, level: float) -> dict[str, float]:
    """Complaints for a hundred orders with their interval; gaps without orders."""
    if not n_orders:
        return {}
    low, high = rate_interval(n, n_orders / PER_ORDERS, level=level)
    return {"complaints_per_100": n / n_orders * PER_ORDERS, "complaints_per_100_ci_low": low,
            "complaints_per_100_ci_high": high}


def count_quarters(log: pd.DataFrame, months: pd.DataFrame, *, end: date, history_from: date,
                   n_quarters: int, level: float) -> pd.DataFrame:
    """Complaints for a hundred orders, three months at a time, back from the report's last month.

    months: account_months (an order of lines in two months counts in both); end: as_of. Returns
    one row a span of three whole months since history_from, oldest first: from_date, to_date,
    is_in_log, n_complaints, n_orders, complaints_per_100 with Garwood's interval (gap before the
    log began, and without orders).
    """
    last = end.replace(day=1)
    sales = months[months["line_kind"] == "sale"].groupby("month")["n_orders"].sum()
    rows = []
    for back in range(n_quarters - 1, -1, -1):
        start = add_months(last, -3 * back - 2)
        span = Span("quarter", start, min(end, add_months(start, 3) - timedelta(days=1)), None)
        if start < history_from:
            continue
        n = int(within(log, span)["is_complaint"].sum())
        orders = float(sales[(sales.index >= pd.Timestamp(start))
                             & (sales.index <= pd.Timestamp(span.end))].sum())
        known = is_in_log(log, span)
        rows.append({"from_date": pd.Timestamp(start), "to_date": pd.Timestamp(span.end),
                     "is_in_log": known, "n_complaints": n, "n_orders": orders,
                     **describe_rate(n, orders if known else None, level=level)})
    return _typed(pd.DataFrame(rows, columns=QUARTER_COLUMNS))


def compare_spans(log: pd.DataFrame, spans: tuple[Span, ...], *, level: float) -> pd.DataFrame:
    """Whether the rate of complaints has changed beyond chance.

    Returns one row a comparison (previous, year_before: of the period; window: with the window a
    year before): compared, n_complaints and n_orders of both, clumping (how many times more the
    rates scatter than single complaints would, since an account often complains several times at
    once), rate_ratio (rate now / before) with its exact interval, counts divided by the clumping;
    movement: rose, fell or no clear change, empty where one of both is not known.
    Source: Przyborowski & Wilenski (1940); Rao & Scott (1992).
    """
    by_name = {span.name: span for span in spans}
    rows = [{"compared": name, **_compare(log, by_name[now], by_name[before], level=level)}
            for name, (now, before) in COMPARED.items()]
    table = pd.DataFrame(rows, columns=CHANGE_COLUMNS)
    floats = [c for c in CHANGE_COLUMNS if c.startswith(("rate_", "clumping"))]
    return _typed(table).astype(dict.fromkeys(floats, "float64"))


def _compare(log: pd.DataFrame, now: Span, before: Span, *, level: float) -> dict[str, Any]:
    counts = [_by_account(log, span) for span in (now, before)]
    row: dict[str, Any] = {"n_complaints": int(counts[0].sum()),
                           "n_complaints_before": int(counts[1].sum()), "movement": ""}
    if now.orders is None or before.orders is None or not is_in_log(log, before):
        return row
    both = pd.concat([counts[0], now.orders, counts[1], before.orders], axis=1).fillna(0.0)
    clumping = measure_clumping(*(both.iloc[:, at] for at in range(4)))
    sums = [float(total) for total in both.sum()]
    return row | {"n_orders": sums[1], "n_orders_before": sums[3], "clumping": clumping,
                  **judge_ratio(*sums, clumping=clumping, level=level)}


def judge_ratio(n: float, orders: float, n_before: float, orders_before: float, *,
                clumping: float, level: float) -> dict[str, Any]:
    """Ratio of two rates with its interval, and what it says; gaps without events or orders."""
    low, high = rate_ratio_interval(n / clumping, orders, n_before / clumping, orders_before,
                                    level=level)
    ratio = n / orders / (n_before / orders_before) if n_before and orders else float("nan")
    moved = "rose" if low > 1 else "fell" if high < 1 else "no clear change"
    return {"rate_ratio": ratio, "rate_ratio_ci_low": low, "rate_ratio_ci_high": high,
            "movement": moved if orders and orders_before else ""}


def _by_account(log: pd.DataFrame, span: Span) -> pd.Series:
    part = within(log, span)
    return part[part["is_complaint"]].groupby("account_id").size().astype("float64")


def count_groups(log: pd.DataFrame, spans: tuple[Span, ...], groups: Mapping[str, pd.Series], *,
                 amounts: pd.Series, rules: ComplaintRules) -> pd.DataFrame:
    """Complaints of the window by what they are about and by who complains.

    amounts: sales of the window of each account; groups: a name ("region") to the group of each
    account (index account_id), or of each complaint (index complaint_id).
    Returns one row a grouping and group, most complaints first: grouped_by, group, n_complaints of
    the window, complaint_share of all (Wilson), n_complaints_before (window a year before; gap
    where the log or the orders do not reach back), then rates: by account, of the group's own
    orders (n_orders, complaints_per_100 with interval); by complaint, of all orders. rate_ratio
    and movement against the year before as in `compare_spans`; the intervals of one grouping hold
    together (Bonferroni). n_complaining_accounts and their net_amount_window (an account counts
    once in a group, and in every group it complains about).
    """
    by_name = {span.name: span for span in spans}
    now, before = by_name["window"], by_name["window_before"]
    is_known = now.orders is not None and before.orders is not None and is_in_log(log, before)
    parts = [_count_group(log, now, before, name=name, of=of, amounts=amounts, is_known=is_known,
                          rules=rules) for name, of in groups.items()]
    filled = [part for part in parts if len(part)]
    if not filled:
        return _typed(pd.DataFrame(columns=GROUP_COLUMNS))
    return _typed(pd.concat(filled, ignore_index=True))


def _count_group(log: pd.DataFrame, now: Span, before: Span, *, name: str, of: pd.Series,
                 amounts: pd.Series, is_known: bool, rules: ComplaintRules) -> pd.DataFrame:
    is_of_accounts = of.index.name == "account_id"
    key = "account_id" if is_of_accounts else "complaint_id"
    complaints = log[log["is_complaint"]]
    complaints = complaints.assign(group=complaints[key].map(of))
    complaints = complaints[complaints["group"].notna() & (complaints["group"] != "")]
    parts = [within(complaints, span) for span in (now, before)]
    level = 1 - (1 - rules.confidence_level) / max(1, complaints["group"].nunique())
    rows = []
    for group in sorted(complaints["group"].unique()):
        n, n_before = (part[part["group"] == group].groupby("account_id").size().astype("float64")
                       for part in parts)
        row: dict[str, Any] = {"grouped_by": name, "group": str(group),
                               "n_complaints": int(n.sum()), "movement": "",
                               "n_complaining_accounts": len(n),
                               "net_amount_window": float(amounts.reindex(n.index).sum())}
        mine = of.index[of == group] if is_of_accounts else None
        orders = _orders_of(now, mine)
        row |= {"n_orders": None if orders is None else orders.sum(), **describe_rate(
            int(n.sum()), None if orders is None else float(orders.sum()),
            level=rules.confidence_level)}
        if is_known and orders is not None:
            earlier = _orders_of(before, mine)
            both = pd.concat([n, orders, n_before, earlier], axis=1).fillna(0.0)
            row |= {"n_complaints_before": int(n_before.sum()), **judge_ratio(
                *both.sum(), level=level,
                clumping=measure_clumping(*(both.iloc[:, at] for at in range(4))))}
        rows.append(row)
    table = pd.DataFrame(rows, columns=GROUP_COLUMNS)
    table = table.assign(n_all=len(within(complaints, now)))
    table = add_proportion(table, successes="n_complaints", n="n_all", name="complaint_share",
                           level=rules.confidence_level)
    return table.sort_values(["n_complaints", "group"], ascending=[False, True])[GROUP_COLUMNS]


def _orders_of(span: Span, accounts: pd.Index | None) -> pd.Series | None:
    if span.orders is None or accounts is None:
        return span.orders
    return span.orders[span.orders.index.isin(accounts)]


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    counts = [c for c in table.columns if c.startswith("n_")]
    rates = [c for c in table.columns if c.startswith(("complaints_per", "rate_", "complaint_sh"))]
    return table.astype(dict.fromkeys(counts, "Int64") | dict.fromkeys(rates, "float64"))
