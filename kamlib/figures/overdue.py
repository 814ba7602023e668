"""Accounts whose orders are overdue, as a chart and as a computed reading."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.figures.lifecycle import call_account
from kamlib.language import _, _n, fmt_count, fmt_date, fmt_money, fmt_number, join_sentences
from kamlib.lifecycle import Lifecycle, Overdue

N_SHOWN = 12
NAME_LETTERS = 30
LATE = theme.VERDICT_COLOURS["worse"]

# What a page shows of a wide table; the published one has every column.
OVERDUE_COLUMNS = ("account_id", "last_sale_date", "usual_gap_days", "expected_by_date",
                   "late_after_date", "days_since_last_sale", "overdue_days",
                   "silence_probability", "net_amount_window")


def plot_overdue(result: Lifecycle, *, ax: Axes | None = None, currency: str = "",
                 names: Mapping[str, str] | None = None) -> Axes:
    """Largest overdue accounts: the present silence beside the usual and the longest usual gap."""
    overdue = result.overdue
    rows = overdue.table.head(N_SHOWN)
    ax = ax or theme.new_axes(9.0, 1.9 + 0.33 * max(len(rows), 3))
    if rows.empty:
        return theme.say_nothing(ax, say_none(result))
    places = np.arange(len(rows))
    silence, late = (rows[name].astype("float64") for name in ("days_since_last_sale",
                                                               "overdue_days"))
    ax.barh(places, silence - late, height=0.5, color=theme.STAGE_COLOURS["undetermined"],
            label=_("usual at most"))
    ax.hlines(places, silence - late, silence, color=LATE, linewidth=2.2)
    ax.plot(silence, places, linestyle="", marker="o", markersize=7, color=LATE,
            label=_("silent for"))
    ax.plot(rows["usual_gap_days"], places, linestyle="", marker="|", markersize=13,
            markeredgewidth=2.2, color=theme.INK, label=_("usual gap"))
    for y, (days, amount) in enumerate(zip(silence, rows["net_amount_window"], strict=True)):
        ax.annotate(fmt_money(amount, currency), (days, y), xytext=(8, 0), va="center",
                    textcoords="offset points", fontsize=9, color=theme.INK)
    ax.set_yticks(places)
    ax.yaxis.set_major_formatter(FixedFormatter([
        call_account(account, names, letters=NAME_LETTERS) for account in rows["account_id"]]))
    ax.invert_yaxis()
    ax.set_xlim(0, float(silence.max()) * 1.16)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.set_xlabel(_("days since the last order on {day}; beside the mark: sales of {window}",
                    day=fmt_date(result.as_of)))
    ax.set_title(_title(overdue.table, len(rows), currency))
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -1.1 / (len(rows) + 2)), ncols=3, fontsize=9)
    theme.count_axis(ax, axis="x")
    return ax


def read_overdue(result: Lifecycle, *, currency: str = "",
                 names: Mapping[str, str] | None = None) -> str:
    """Say how many accounts are silent beyond their rhythm, which is the largest, and chance."""
    overdue = result.overdue
    if overdue.table.empty:
        return say_none(result)
    table, first = overdue.table, overdue.table.iloc[0]
    texts = [_n("{n} account is overdue; it bought {amount} in {window}.",
                "{n} accounts are overdue; they bought {amount} in {window}.", len(table),
                amount=fmt_money(table["net_amount_window"].sum(skipna=False), currency)),
             _("The largest, {account}, has been silent for {days} days where {usual} are usual; "
               "its order was expected by {expected}.",
               account=call_account(first["account_id"], names),
               days=fmt_count(first["days_since_last_sale"]),
               usual=fmt_number(first["usual_gap_days"], 0),
               expected=fmt_date(first["expected_by_date"]))]
    return join_sentences([*texts, _say_chance(overdue)])


def say_none(result: Lifecycle) -> str:
    """Say that nobody is overdue, or why that is not known."""
    if "overdue" in result.refused:
        return result.refused["overdue"]
    if not result.overdue.n_judged:
        return _("No active account has bought often enough to have a rhythm to be behind.")
    return _("No active account is silent for longer than its own rhythm allows.")


def _say_chance(overdue: Overdue) -> str:
    if pd.isna(overdue.n_by_chance):
        return _("The simple rule was used (the mean gap and two deviations). {reason}",
                 reason=overdue.reason)
    n = round(overdue.n_by_chance)
    if not n:
        return _("Of {judged} accounts with a rhythm, hardly one would look so by chance.",
                 judged=fmt_count(overdue.n_judged))
    return _n("Of {judged} accounts with a rhythm, about {n} would look so on any day by chance, "
              "although it goes on buying.",
              "Of {judged} accounts with a rhythm, about {n} would look so on any day by chance, "
              "although they go on buying.", n, judged=fmt_count(overdue.n_judged))


def _title(table: pd.DataFrame, n_shown: int, currency: str) -> str:
    amount = fmt_money(table["net_amount_window"].sum(skipna=False), currency)
    if len(table) > n_shown:
        return _("{n} accounts with {amount} of sales in {window} are silent for too long; the "
                 "{shown} largest", n=fmt_count(len(table)), amount=amount,
                 shown=fmt_count(n_shown))
    return _n("{n} account with {amount} of sales in {window} is silent for too long",
              "{n} accounts with {amount} of sales in {window} are silent for too long",
              len(table), amount=amount)
