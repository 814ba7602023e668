"""Days of the past to test forecasts from: what was known on each, and what came next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import ibis
import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset.portable import count_true
from kamlib.measures.facts import build_account_facts
from kamlib.measures.fetching import fetch
from kamlib.measures.rules import MeasureRules
from kamlib.period import parse_period

PAST_COLUMNS = [
    "cut_date", "account_id", "first_sale_date", "last_sale_date", "start_date",
    "is_start_known", "tenure_days", "days_since_last_sale", "is_active_closing", "lapse_date",
    "n_purchase_days", "n_repeat_days", "first_to_last_days", "first_to_as_of_days",
    "log_gap_sum", "gap_mean_days", "gap_sd_days", "repeat_day_mean_amount",
    *(f"{name}{span}" for span in ("_window", "_previous", "_period") for name in (
        "n_orders", "n_purchase_days", "gross_amount", "net_amount", "margin_amount",
        "margin_known_amount"))]


def list_cuts(as_of: date, *, history_from: date, rules: MeasureRules) -> list[date]:
    """Return the days to test from, one horizon apart and the last one a horizon before `as_of`.

    A day has at least one horizon of known history before it; none when the history is too short.

    >>> list_cuts(date(2025, 12, 31), history_from=date(2024, 12, 1), rules=MeasureRules())
    [datetime.date(2025, 7, 2)]
    """
    step = timedelta(days=rules.backtest_horizon_days)
    cuts = [as_of - step * i for i in range(1, rules.backtest_cuts + 1)]
    return sorted(cut for cut in cuts if cut - step >= history_from - timedelta(days=1))


def build_past_facts(order_days: Table, accounts: pd.DataFrame, *, as_of: date,
                     history_from: date, starts_with: str,
                     rules: MeasureRules) -> Iterator[pd.DataFrame]:
    """Build account facts as they were on each of `list_cuts`, and at `as_of`.

    order_days, accounts: as `build_account_facts` takes them.
    Yields a table a cut, so that one is held at a time (one without rows where there is no cut);
    one row an account that had bought by then, sorted: cut_date and a selection of the account
    facts at that day (`PAST_COLUMNS`). The period of a row is the horizon that ends
    with its cut: so what an account did in the horizon after a cut stands in its row of the next
    cut, under the names with _period.
    """
    cuts = list_cuts(as_of, history_from=history_from, rules=rules)
    step = timedelta(days=rules.backtest_horizon_days - 1)
    if not cuts:
        yield pd.DataFrame(columns=PAST_COLUMNS)
    for cut in [*cuts, as_of] if cuts else []:
        facts = build_account_facts(
            order_days, accounts, period=parse_period(f"{cut - step}..{cut}"),
            history_from=history_from, starts_with=starts_with, rules=rules)
        known = facts[facts["first_sale_date"].notna()]
        yield known.assign(cut_date=pd.Timestamp(cut).as_unit("s"))[PAST_COLUMNS]


def build_purchase_days(order_days: Table, account_ids: Sequence[str]) -> pd.DataFrame:
    """Count by day how many of these accounts bought, and how many for the first time.

    Returns one row a day with a sale line of one of them, sorted: order_date, n_accounts,
    n_first_accounts (at least one sale line; the first of their lives).
    """
    wanted = ibis.memtable(pd.DataFrame({"account_id": pd.Series(account_ids, dtype="str")}))
    sales = order_days.filter(order_days.line_kind == "sale")
    days = sales.semi_join(wanted, "account_id").select("account_id", "order_date").distinct()
    first = days.order_date.min().over(ibis.window(group_by=days.account_id))
    marked = days.mutate(is_first=days.order_date == first)
    counts = fetch(marked.group_by("order_date").agg(
        n_accounts=marked.count(), n_first_accounts=count_true(marked.is_first)))
    columns = ["order_date", "n_accounts", "n_first_accounts"]
    return counts[columns].sort_values("order_date", ignore_index=True)
