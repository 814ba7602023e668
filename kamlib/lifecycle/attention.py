"""Accounts that somebody should look at now: late orders, proven falls, large losses of sales."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd

from kamlib.handover import Attention
from kamlib.language import _, fmt_count, fmt_date, fmt_money, fmt_range, fmt_share
from kamlib.lifecycle.findings import number
from kamlib.lifecycle.result import Lifecycle
from kamlib.lifecycle.rules import LifecycleRules

Row = dict[Hashable, Any]


def find_attention(result: Lifecycle, *, rules: LifecycleRules, currency: str = "",
                   accounts: pd.DataFrame | None = None) -> tuple[Attention, ...]:
    """List the largest accounts of each kind, at most ``n_attention`` of one.

    accounts: one row an account with its ``owner_id``. An account that is named for one reason is
    not named again for the next: fell into decline, overdue, bought less than a year before.
    """
    owner: dict[Hashable, str] = {}
    if accounts is not None:
        owner = accounts.set_index("account_id")["owner_id"].fillna("").astype(str).to_dict()
    changes = result.changes
    shrunk = changes[(changes["revenue_change"] == "contraction") & (changes["change_amount"] < 0)]
    kinds: tuple[tuple[pd.DataFrame, str, str, Callable[[Row], str]], ...] = (
        (result.fallen, "net_amount_window", "fell_into_decline", _say_fallen),
        (result.overdue.table, "net_amount_window", "overdue_silence", _say_overdue),
        (shrunk, "change_amount", "revenue_changes", lambda row: _say_shrunk(row, currency)))
    entries: dict[str, Attention] = {}
    for table, amount, anchor, say in kinds:
        for row in table.head(rules.n_attention).to_dict("records"):
            account, money = str(row["account_id"]), number(row[amount])
            entries.setdefault(account, Attention(
                account, say(row), None if money is None else abs(money), owner.get(account, ""),
                anchor))
    return tuple(entries.values())


def _say_fallen(row: Row) -> str:
    return _("Fell into decline: {slope} a month ({interval}).",
             slope=_one_digit(row["slope_rate"]),
             interval=fmt_range(row["slope_rate_ci_low"], row["slope_rate_ci_high"], _one_digit))


def _say_overdue(row: Row) -> str:
    return _("No order for {days} days: one was expected by {expected}, at the latest by {late}.",
             days=fmt_count(row["days_since_last_sale"]),
             expected=fmt_date(row["expected_by_date"]), late=fmt_date(row["late_after_date"]))


def _say_shrunk(row: Row, currency: str) -> str:
    return _("Bought {amount} less than in the {window} before ({now} after {then}).",
             amount=fmt_money(-row["change_amount"], currency),
             now=fmt_money(row["net_amount"], currency),
             then=fmt_money(row["before_net_amount"], currency))


def _one_digit(share: Any) -> str:
    return fmt_share(share, digits=1)
