"""How customer equity moved, and what contracts say, as charts and computed readings."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_money,
    fmt_number,
    fmt_share,
    join_sentences,
    name_currency,
)
from kamlib.value import Value

GOOD, BAD = theme.GOOD, theme.BAD


def plot_bridge(result: Value, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Waterfall from the customer equity of the previous period to that of today."""
    ax = ax or theme.new_axes(8.8, 4.4)
    if result.steps.empty:
        return theme.say_nothing(ax, theme.reason_of(result.steps))
    rows = result.steps
    values = rows["step_amount"].to_numpy("float64")
    tops = np.cumsum(values[:-1])
    ax.set_title(_bridge_title(result, currency))
    for x, value in ((0, values[0]), (len(rows) - 1, values[-1])):
        # Levels, not bars: a bar's axis would have to begin at 0 and hide the steps.
        ax.hlines(value, x - 0.35, x + 0.35, color=theme.INK, linewidth=4)
        _write(ax, x, value, fmt_money(value, currency))
    for x in range(1, len(rows) - 1):
        change, top = values[x], tops[x]
        ax.bar(x, abs(change), bottom=min(top, top - change), width=0.6,
               color=GOOD if change >= 0 else BAD)
        _write(ax, x, max(top, top - change), f"{'+' if change > 0 else ''}"
                                              f"{fmt_money(change, currency)}")
        ax.hlines(tops[x - 1], x - 0.7, x + 0.3, color=theme.MUTED, linewidth=0.8)
    ax.set_xticks(range(len(rows)), [
        theme.wrap(_("{step} ({n})", step=label(step), n=fmt_count(n)), width=15, lines=3)
        for step, n in zip(rows["step"], rows["n_accounts"], strict=True)], fontsize=9)
    ax.set_ylabel(_("customer equity ({currency}); axis cut", currency=name_currency(currency)))
    low, high = min(tops.min(), values[-1]), max(tops.max(), values[-1])
    pad = 0.12 * (high - low) or 1.0
    ax.set_ylim(low - pad, high + pad)
    theme.amount_axis(ax)
    return ax


def read_bridge(result: Value, *, currency: str = "") -> str:
    """Say how customer equity moved since the previous period and by what."""
    if result.steps.empty:
        return theme.reason_of(result.steps)
    steps = result.steps.set_index("step")
    amount = steps["step_amount"]
    change = float(amount["closing"] - amount["opening"])
    day = fmt_date(result.previous_as_of)
    money = fmt_money(abs(change), currency)
    first = _("Since {day} customer equity rose by {money}.", day=day, money=money) \
        if change > 0 else _("Since {day} customer equity fell by {money}.", day=day, money=money)
    second = _("New accounts brought {new}, accounts that rose {rose}; {fell} went with accounts "
               "that fell and {silent} with those gone silent; estimating anew moved {anew}.",
               new=fmt_money(amount["new_in_book"], currency),
               rose=fmt_money(amount["value_rose"], currency),
               fell=fmt_money(-amount["value_fell"] + 0.0, currency),
               silent=fmt_money(-amount["gone_silent"] + 0.0, currency),
               anew=fmt_money(amount["reestimated"], currency))
    return join_sentences([first, second])


def plot_renewals(result: Value, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Share of yearly contracts renewed by how often they had been, with what the model expects."""
    ax = ax or theme.new_axes(8.0, 3.6)
    rows = result.renewals
    if rows.empty:
        return theme.say_nothing(ax, theme.reason_of(rows))
    renewed, due = rows["n_renewed"].sum(), rows["n_due"].sum()
    ax.set_title(_("{renewed} of {due} yearly contracts that came up were renewed",
                   renewed=fmt_count(renewed), due=fmt_count(due)))
    x = rows["n_renewals"].to_numpy("float64")
    ax.vlines(x, rows["renewal_share_ci_low"], rows["renewal_share_ci_high"], color=theme.INK,
              linewidth=1.4)
    ax.plot(x, rows["renewal_share"], "o", color=theme.ACCENT, markersize=8, label=_("renewed"))
    ax.plot(x, rows["fitted_renewal_share"], "--", color=theme.CATEGORY[1], linewidth=2,
            label=_("expected by the model"))
    ax.set_xticks(x, [_n("{n} time\n(n = {due})", "{n} times\n(n = {due})", n, due=fmt_count(k))
                      for n, k in zip(x, rows["n_due"], strict=True)])
    ax.set_xlabel(_("renewed before"))
    ax.set_ylabel(_("share renewed (%)"))
    ax.set_ylim(0, 1.05)
    theme.share_axis(ax)
    ax.legend(loc="lower right", fontsize=9)
    return ax


def read_renewals(result: Value, *, currency: str = "") -> str:
    """Say how many contracts are renewed and how long the running ones will last."""
    rows = result.renewals
    if rows.empty:
        return theme.reason_of(rows)
    running = int(rows["n_running"].sum())
    first = _("{renewed} of {due} yearly contracts with a known outcome were renewed ({share}).",
              renewed=fmt_count(rows["n_renewed"].sum()), due=fmt_count(rows["n_due"].sum()),
              share=fmt_share(rows["n_renewed"].sum() / rows["n_due"].sum()))
    if not running:
        return join_sentences([first, _("None runs now.")])
    weights = rows["n_running"] / running
    years = float((weights * rows["remaining_years"]).sum())
    return join_sentences([first, _n(
        "{n} contract runs now, for {amount} a year; it is expected to be worth {years} of its "
        "years, discounted and without end.",
        "{n} contracts run now, for {amount} a year; on average they are expected to be worth "
        "{years} of their years, discounted and without end.", running,
        amount=fmt_money(rows["running_amount"].sum(), currency), years=fmt_number(years, 1)),
        _("This is another view of the same accounts and is not added to their value.")])


def read_conventions(result: Value, *, currency: str = "") -> str:
    """Say what the simple retention formula would give beside the value in use."""
    if result.conventions.empty:
        return theme.reason_of(result.conventions)
    rows = result.conventions.set_index("convention")["equity_amount"]
    return _("The simple formula, which never ends, would give {after} with the first margin after "
             "one year and {now} with it now; the value in use, to the horizon, is {used}.",
             after=fmt_money(rows["formula_after"], currency),
             now=fmt_money(rows["formula_now"], currency),
             used=fmt_money(rows["horizon"], currency))


def _bridge_title(result: Value, currency: str) -> str:
    amount = result.steps.set_index("step")["step_amount"]
    change = float(amount["closing"] - amount["opening"])
    silent = float(amount["gone_silent"])
    moved = fmt_money(abs(change), currency)
    lost = fmt_money(-silent + 0.0, currency)
    if change >= 0:
        return _("Customer equity rose by {moved}, although {lost} went with accounts gone silent",
                 moved=moved, lost=lost) if silent < 0 else \
            _("Customer equity rose by {moved}", moved=moved)
    return _("Customer equity fell by {moved}; {lost} went with accounts gone silent", moved=moved,
             lost=lost) if silent < 0 else _("Customer equity fell by {moved}", moved=moved)


def _write(ax: Axes, x: float, y: float, text: str) -> None:
    ax.annotate(text, (x, y), xytext=(0, 4), textcoords="offset points", ha="center", va="bottom",
                fontsize=9, color=theme.INK)


