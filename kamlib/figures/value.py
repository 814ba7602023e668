"""What accounts are worth, as charts and as computed readings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_share,
    join_sentences,
    name_currency,
)
from kamlib.value import Value
from kamlib.value.wording import small, with_range

N_ROWS, N_GROUPS = 12, 8
MAX_LETTERS = 30
GOOD, BAD, PLAIN = theme.GOOD, theme.BAD, theme.ACCENT
# What a page shows of a wide table; the published one has every column.
CLV_COLUMNS = ("account_id", "alive_probability", "expected_orders", "expected_day_amount",
               "contribution_share", "clv_amount", "clv_amount_ci_low", "clv_amount_ci_high")
PROFIT_COLUMNS = ("account_id", "margin_amount", "cost_to_serve_amount", "earned_amount",
                  "cumulative_share", "continued_amount", "clv_amount", "gap_amount")
COMPONENT_COLUMNS = ("account_id", "transaction_amount", "growth_rate", "growth_value_amount",
                     "n_referred", "referral_amount", "knowledge_score")
CHANGE_COLUMNS = ("account_id", "clv_previous_amount", "clv_amount", "value_change_amount",
                  "alive_previous_probability", "alive_probability", "step")
GROUP_COLUMNS = ("dimension", "group", "n_accounts", "equity_amount", "equity_amount_ci_low",
                 "equity_amount_ci_high", "equity_share", "per_account_amount", "middle_amount")
Names = Mapping[str, str]


def read_convention(result: Value, *, currency: str = "") -> str:
    """Say by which conventions value is counted, and what the fits rest on."""
    if result.book is None:
        return result.refused["clv"]
    rules, forecast = result.rules, result.book.forecast
    parts = [_("Counted in: {basis}. Margins are counted when they come, those of a year at its "
               "middle, the first from now on; horizon {years} years; interest {rate} a year. "
               "Intervals hold what may come with a chance of {level}.",
               basis=small(result.book.contribution.basis),
               years=fmt_count(rules.horizon_years), rate=fmt_share(rules.discount_rate),
               level=fmt_share(rules.interval_level))]
    parts.append(_("The forecast is learnt from {n} accounts of known start.",
                   n=fmt_count(forecast.orders.n)))
    if forecast.n_unknown_start:
        parts.append(_n("{n} account of unknown start is valued by what is seen of it.",
                        "{n} accounts of unknown start are valued by what is seen of them.",
                        forecast.n_unknown_start))
    if pd.notna(forecast.rank_correlation):
        parts.append(_("Who buys more often does not buy for more or less at a time, by assumption;"
                       " in the data the rank correlation is {value}.",
                       value=fmt_number(forecast.rank_correlation, 2)))
    return join_sentences(parts)


def plot_clv(result: Value, *, names: Names | None = None, ax: Axes | None = None,
             currency: str = "") -> Axes:
    """Bars of the most valuable accounts with what each may bring."""
    ax = ax or theme.new_axes(8.5, 4.8)
    if result.book is None:
        return theme.say_nothing(ax, result.refused["clv"])
    rows = result.clv.sort_values(["clv_amount", "account_id"], ascending=[False, True])
    rows = rows.head(N_ROWS).iloc[::-1]
    ax.set_title(_clv_title(result, currency))
    places = np.arange(len(rows))
    ax.barh(places, rows["clv_amount"], color=PLAIN, height=0.62)
    ax.hlines(places, rows["clv_amount_ci_low"], rows["clv_amount_ci_high"], color=theme.INK,
              linewidth=1.4)
    ax.set_yticks(places, [_named(a, names) for a in rows["account_id"]])
    ax.set_xlabel(_("value over {years} years ({currency}); line: {level} of what may come",
                    years=fmt_count(result.rules.horizon_years), currency=name_currency(currency),
                    level=fmt_share(result.rules.interval_level)))
    return _across(ax)


def read_equity(result: Value, *, currency: str = "") -> str:
    """Say what all accounts are worth, how far the middle one misleads, and what is expected."""
    if result.book is None:
        return result.refused["clv"]
    total, _mean, middle = result.equity.to_dict("records")
    parts = [_("All {n} accounts together are worth {amount}; {times} times as much as the middle "
               "account × their number ({middle}), since a few hold most.",
               n=fmt_count(total["n_accounts"]),
               amount=with_range(total["equity_amount"], total["equity_amount_ci_low"],
                                 total["equity_amount_ci_high"], currency),
               times=_ratio(total["equity_amount"], middle["equity_amount"]),
               middle=fmt_money(middle["equity_amount"], currency))]
    first = float(result.book.sales[:, 0].sum()) * (1 + result.rules.discount_rate) ** 0.5
    sold = float(result.book.accounts["gross_amount_window"].fillna(0).sum())
    parts.append(_("Behind it stand {first} of gross sales expected in the first year; the last "
                   "{window} brought {sold}. The forecast follows each account's own average since "
                   "its first purchase and the chance that it has left; it knows no growth and no "
                   "newcomers.", first=fmt_money(first, currency), sold=fmt_money(sold, currency)))
    held = result.concentration
    if pd.notna(held["n_half"]):
        parts.append(_n("Half of the value lies with {n} account.",
                        "Half of the value lies with {n} accounts.", int(held["n_half"])))
    return join_sentences(parts)


def plot_groups(result: Value, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars of customer equity by group, one block a dimension, with what each may bring."""
    ax = ax or theme.new_axes(8.5, 5.4)
    if result.groups.empty:
        return theme.say_nothing(ax, _("No region, industry or channel tells the accounts apart."))
    rows = result.groups.groupby("dimension", sort=False).head(N_GROUPS)
    rows = rows.iloc[::-1].reset_index(drop=True)
    block = (rows["dimension"] != rows["dimension"].shift()).cumsum() - 1
    places = rows.index.to_numpy() + 0.8 * block.to_numpy()
    colours = dict(zip(reversed(rows["dimension"].unique()), theme.CATEGORY, strict=False))
    ax.set_title(_groups_title(result, currency))
    for dimension, colour in colours.items():
        part = (rows["dimension"] == dimension).to_numpy()
        ax.barh(places[part], rows.loc[part, "equity_amount"], color=colour, height=0.62,
                label=label(dimension))
    ax.hlines(places, rows["equity_amount_ci_low"], rows["equity_amount_ci_high"],
              color=theme.INK, linewidth=1.2)
    ax.set_yticks(places, [label(group) for group in rows["group"]])
    ax.set_xlabel(_("customer equity ({currency}); line: {level} of what may come",
                    currency=name_currency(currency), level=fmt_share(result.rules.interval_level)))
    ax.legend(loc="lower right", fontsize=9)
    return _across(ax)


def plot_levers(result: Value, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Tornado: change of customer equity for one step on each lever, the largest on top."""
    ax = ax or theme.new_axes(8.5, 3.4)
    rows = result.levers[result.levers["group"] == "all"].iloc[::-1]
    if rows.empty:
        return theme.say_nothing(ax, theme.reason_of(result.levers))
    places, gains = np.arange(len(rows)), rows["gain_amount"].to_numpy("float64")
    ax.set_title(_("Of one step on each lever, this moves customer equity most: {lever} ({amount})",
                   lever=small(rows["lever"].iloc[-1]),
                   amount=fmt_money(gains[-1], currency)))
    ax.barh(places, gains, color=[GOOD if gain > 0 else BAD for gain in gains], height=0.6)
    ax.hlines(places, rows["gain_amount_ci_low"], rows["gain_amount_ci_high"], color=theme.INK,
              linewidth=1.4)
    ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    ax.set_yticks(places, [label(lever) for lever in rows["lever"]])
    ax.set_xlabel(_("change of customer equity ({currency})", currency=name_currency(currency)))
    return _across(ax)


def read_levers(result: Value, *, currency: str = "") -> str:
    """Say what one step on the levers is worth, and in which channel retention is worth most."""
    rows = result.levers[result.levers["group"] == "all"].set_index("lever")
    if rows.empty:
        return theme.reason_of(result.levers)
    parts = []
    if "retention_point" in rows.index:
        row = rows.loc["retention_point"]
        parts.append(_("One point more retention a year is worth {amount}, {share} of customer "
                       "equity.", amount=with_range(row["gain_amount"], row["gain_amount_ci_low"],
                                                    row["gain_amount_ci_high"], currency),
                       share=fmt_share(row["gain_share"], digits=1)))
    parts.append(_("Prices 1 % higher that cost no order are worth {amount}.",
                   amount=fmt_money(rows.loc["price_percent", "gain_amount"], currency)))
    if "one_newcomer" in rows.index:
        parts.append(_("One more account is worth {amount} on average.",
                       amount=fmt_money(rows.loc["one_newcomer", "gain_amount"], currency)))
    channels = result.levers[(result.levers["group"] != "all")
                             & (result.levers["lever"] == "retention_point")]
    if len(channels) > 1:
        best = channels.sort_values("gain_amount", ascending=False).iloc[0]
        parts.append(_("By channel, retention is worth most in {channel} ({amount}).",
                       channel=label(best["group"]),
                       amount=fmt_money(best["gain_amount"], currency)))
    return join_sentences(parts)


def plot_gap(result: Value, *, names: Names | None = None, ax: Axes | None = None,
             currency: str = "") -> Axes:
    """Two marks an account: what the last window would bring if it went on, and the value."""
    ax = ax or theme.new_axes(8.5, 4.8)
    table = result.profit[result.profit["earned_amount"].notna()]
    if table.empty:
        return theme.say_nothing(ax, theme.reason_of(result.profit))
    order = table.assign(size=table["gap_amount"].abs()).sort_values(
        ["size", "account_id"], ascending=[False, True]).head(N_ROWS)
    rows = order.sort_values(["gap_amount", "account_id"], ascending=[False, True])
    places = np.arange(len(rows))
    ax.set_title(_gap_title(result, currency))
    colours = [GOOD if gap > 0 else BAD for gap in rows["gap_amount"]]
    ax.hlines(places, rows["continued_amount"], rows["clv_amount"], color=colours, linewidth=2.2)
    ax.plot(rows["continued_amount"], places, "o", color="white", markeredgecolor=theme.INK,
            markersize=7, label=_("if the last {window} went on"))
    ax.scatter(rows["clv_amount"], places, color=colours, s=46, zorder=3,
               label=_("value: what is expected"))
    ax.set_yticks(places, [_named(a, names) for a in rows["account_id"]])
    ax.set_xlabel(_("over {years} years, discounted ({currency})",
                    years=fmt_count(result.rules.horizon_years), currency=name_currency(currency)))
    ax.legend(loc="lower right", fontsize=9)
    return _across(ax)


def read_gap(result: Value, *, currency: str = "") -> str:
    """Say how many accounts earned well and are worth little, and what the losers cost."""
    if result.profit.empty:
        return theme.reason_of(result.profit)
    rows = result.profit
    risks, losers = rows[rows["is_hidden_risk"].astype(bool)], rows[rows["earned_amount"] < 0]
    parts = [_("The accounts earned {earned} in {window}; if that went on it would bring "
               "{continued} over {years} years, while {value} is expected.",
               earned=fmt_money(rows["earned_amount"].sum(), currency),
               continued=fmt_money(rows["continued_amount"].sum(), currency),
               years=fmt_count(result.rules.horizon_years),
               value=fmt_money(rows["clv_amount"].sum(), currency))]
    if len(risks):
        parts.append(_n("{n} account earned something and is worth less than {share} of what that "
                        "would bring if it went on; {gap} lies between.",
                        "{n} accounts earned something and are worth less than {share} of what "
                        "that would bring if it went on; {gap} lies between.", len(risks),
                        share=fmt_share(result.rules.hidden_risk_share),
                        gap=fmt_money(-risks["gap_amount"].sum(), currency)))
    if len(losers):
        parts.append(_n("{n} account cost more than it brought: {amount}.",
                        "{n} accounts cost more than they brought: {amount} together.",
                        len(losers), amount=fmt_money(losers["earned_amount"].sum(), currency)))
    return join_sentences(parts)


def plot_components(result: Value, *, names: Names | None = None, ax: Axes | None = None,
                    currency: str = "") -> Axes:
    """Stacked bars: value of the own orders, of proven growth, and credit for referrals."""
    ax = ax or theme.new_axes(8.5, 4.8)
    if result.components.empty:
        return theme.say_nothing(ax, theme.reason_of(result.components))
    table = result.components.fillna({"growth_value_amount": 0.0, "referral_amount": 0.0})
    beyond = table["growth_value_amount"].abs() + table["referral_amount"].abs()
    rows = table[beyond > 0].head(N_ROWS).iloc[::-1]
    if rows.empty:
        return theme.say_nothing(ax, _("No account has proven growth or referrals: all value is "
                                       "that of its own orders."))
    ax.set_title(_components_title(result, currency))
    places, left = np.arange(len(rows)), rows["transaction_amount"].to_numpy("float64")
    growth = rows["growth_value_amount"].to_numpy("float64")
    ax.barh(places, left, color=theme.ACCENT, height=0.62, label=label("transaction_part"))
    for part, colour, name in ((growth.clip(0), GOOD, _("proven growth (added)")),
                               (growth.clip(None, 0), BAD, _("proven contraction (taken off)"))):
        ax.barh(places, part, left=left, height=0.62, color=colour, label=name)
    ax.barh(places, rows["referral_amount"], left=left + growth.clip(0), height=0.62,
            color=theme.CATEGORY[1], label=label("referral_part"))
    ax.set_yticks(places, [_named(a, names) for a in rows["account_id"]])
    ax.set_xlabel(_("value over {years} years ({currency})",
                    years=fmt_count(result.rules.horizon_years), currency=name_currency(currency)))
    ax.legend(loc="lower right", fontsize=9)
    return _across(ax)


def read_components(result: Value, *, currency: str = "") -> str:
    """Say what growth and referrals add, and how the knowledge score is spread."""
    table = result.components
    if table.empty:
        return theme.reason_of(table)
    growth, credit = (table[c].sum(min_count=1) for c in ("growth_value_amount",
                                                         "referral_amount"))
    rates = table["growth_rate"].dropna()
    parts = [_("Growth cannot be tested: the window a year before is not known.")
             if rates.empty else
             _("Of {n} accounts whose growth could be tested, {up} grow and {down} shrink beyond "
               "chance; that is worth {amount}, on top of customer equity.",
               n=fmt_count(len(rates)), up=fmt_count((rates > 0).sum()),
               down=fmt_count((rates < 0).sum()),
               amount=fmt_money(growth, currency))]
    parts.append(_("No account names who referred it.") if pd.isna(credit) else
                 _("Referrers are credited with {amount}; it is part of the value of those they "
                   "referred and is not added again.", amount=fmt_money(credit, currency)))
    score = table["knowledge_score"].dropna()
    if len(score):
        parts.append(_("{n} accounts score 2 or 3 of 3 for knowledge, which is not money.",
                       n=fmt_count((score >= 2).sum())))
    return join_sentences(parts)


def _clv_title(result: Value, currency: str) -> str:
    held, n = result.concentration, len(result.clv)
    if pd.isna(held["top_share"]) or n <= held["n_top"]:
        return _("The most valuable account is worth {amount}",
                 amount=fmt_money(result.clv["clv_amount"].max(), currency))
    return _("The {n} most valuable of {total} accounts hold {share} of {amount}",
             n=fmt_count(held["n_top"]), total=fmt_count(n), share=fmt_share(held["top_share"]),
             amount=fmt_money(result.equity["equity_amount"].iloc[0], currency))


def _groups_title(result: Value, currency: str) -> str:
    rows = result.groups
    first = rows[rows["dimension"] == rows["dimension"].iloc[0]].iloc[0]
    if pd.isna(first["equity_share"]):
        return _("{group} holds {amount}", group=label(first["group"]),
                 amount=fmt_money(first["equity_amount"], currency))
    return _("{group} holds {amount}, {share} of customer equity", group=label(first["group"]),
             amount=fmt_money(first["equity_amount"], currency),
             share=fmt_share(first["equity_share"]))


def _gap_title(result: Value, currency: str) -> str:
    risks = result.profit[result.profit["is_hidden_risk"].astype(bool)]
    if risks.empty:
        return _("No account is worth much less than its last {window} suggest")
    return _n("{n} account earned well but is worth {gap} less than if that went on",
              "{n} accounts earned well but are worth {gap} less than if that went on",
              len(risks), gap=fmt_money(-risks["gap_amount"].sum(), currency))


def _components_title(result: Value, currency: str) -> str:
    growth, credit = (result.components[c].sum() for c in ("growth_value_amount",
                                                          "referral_amount"))
    return _("Proven growth and contraction come to {growth}, credit for referrals to {credit}",
             growth=fmt_money(growth, currency), credit=fmt_money(credit, currency))


def _named(account: Any, names: Names | None) -> str:
    name = (names or {}).get(str(account), "")
    text = f"{account} {name}".strip()
    return text if len(text) <= MAX_LETTERS else f"{text[:MAX_LETTERS - 1]}…"


def _ratio(whole: float, part: float) -> str:
    return fmt_number(whole / part, 1) if part > 0 else "–"


def _across(ax: Axes) -> Axes:
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    theme.amount_axis(ax, axis="x")
    return ax
