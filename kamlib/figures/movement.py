"""Who came and went, in accounts and in money, as charts and as computed readings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.figures.comparison import money_label, signed_money
from kamlib.figures.lifecycle import call_account, say_no_previous
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_share,
    join_sentences,
)
from kamlib.lifecycle import Lifecycle

STEPS = ("new", "first_seen", "recovered", "lost")
STEP_COLOURS = {"new": "#009e73", "first_seen": "#b9c4cf", "recovered": "#56b4e9",
                "lost": "#d55e00"}
UP, DOWN = theme.VERDICT_COLOURS["better"], theme.VERDICT_COLOURS["worse"]
# The largest losses and the largest gains a chart names.
N_NAMED = 7

# What a page shows of a wide table; the published one has every column.
MOVEMENT_COLUMNS = ("movement", "n_accounts", "net_amount")
REGION_COLUMNS = ("group", "n_opening", "n_new", "n_recovered", "n_lost", "n_closing", "net_rate",
                  "logo_retention_share", "change_amount")
RETENTION_COLUMNS = ("n_accounts", "n_churned", "opening_amount", "churned_amount",
                     "contraction_amount", "expansion_amount", "closing_amount",
                     "net_retention_share", "gross_retention_share")
CHANGE_COLUMNS = ("account_id", "revenue_change", "before_net_amount", "net_amount",
                  "change_amount", "volume_amount", "price_amount", "mix_amount")


def plot_movement(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Waterfall of active accounts from opening to closing, the sales of each step below it."""
    ax = ax or theme.new_axes(8.5, 4.4)
    if not result.has_previous:
        return theme.say_nothing(ax, say_no_previous(result))
    rows = result.movement.set_index("movement")
    counts, amounts = rows["n_accounts"].astype("float64"), rows["net_amount"]
    ax.set_title(_movement_title(counts))
    level, tops = counts["opening"], [counts["opening"]]
    # Opening and closing are levels, not bars: a bar's axis would have to begin at 0.
    for x, name in ((0, "opening"), (len(STEPS) + 1, "closing")):
        ax.hlines(counts[name], x - 0.35, x + 0.35, color=theme.INK, linewidth=4)
        _above(ax, x, counts[name], fmt_count(counts[name]))
    for x, name in enumerate(STEPS, start=1):
        ax.bar(x, counts[name], bottom=level, width=0.62, color=STEP_COLOURS[name])
        ax.hlines(level, x - 0.65, x + 0.31, color=theme.MUTED, linewidth=0.8)
        level += counts[name]
        tops.append(level)
        sign = "+" if counts[name] > 0 else ""
        _above(ax, x, max(level, level - counts[name]), f"{sign}{fmt_count(counts[name])}")
    ax.hlines(level, len(STEPS) + 0.35, len(STEPS) + 1.35, color=theme.MUTED, linewidth=0.8)
    names = ("opening", *STEPS, "closing")
    ax.set_xticks(range(len(names)), [
        f"{theme.wrap(label(name), width=14)}\n({fmt_money(amounts[name], currency)})"
        for name in names])
    room = max(2.0, 0.35 * (max(tops) - min(tops)))
    ax.set_ylim(max(0.0, min(tops) - room), max(tops) + room)
    ax.set_ylabel(_("active accounts (the axis may begin above 0)"))
    theme.count_axis(ax)
    return ax


def read_movement(result: Lifecycle, *, currency: str = "") -> str:
    """Say how many accounts came and went, with their sales, and relate lost to new."""
    if not result.has_previous:
        return say_no_previous(result)
    rows = result.movement.set_index("movement")
    counts, amounts = rows["n_accounts"], rows["net_amount"]
    rates = result.rates.iloc[0]
    text = _("{new} new against {lost} lost: the new bought {new_amount}, the lost had bought "
             "{lost_amount} in the {window} before. {kept} of the accounts active at opening are "
             "kept.",
             new=fmt_count(counts["new"]), new_amount=fmt_money(amounts["new"], currency),
             lost=fmt_count(-counts["lost"]), lost_amount=fmt_money(-amounts["lost"], currency),
             kept=fmt_share(rates["logo_retention_share"], digits=1))
    if pd.isna(rates["loss_to_new_ratio"]):
        return text
    return join_sentences([text, _(
        "For each new account {ratio} were lost (a ratio, not a churn rate).",
        ratio=fmt_number(rates["loss_to_new_ratio"], 2))])


def plot_revenue_bridge(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Waterfall from the revenue of the window before to that of the analysis window."""
    ax = ax or theme.new_axes(9.5, 5.4)
    if result.revenue_bridge.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "revenue_bridge"))
    rows = result.revenue_bridge.set_index("bridge_step")["amount"].astype("float64")
    steps = [step for step in rows.index if step not in ("opening", "closing") and rows[step]]
    tops = rows["opening"] + np.concatenate([[0.0], rows[steps].cumsum()])
    places = np.arange(1, len(steps) + 1)
    moves = rows[steps].to_numpy("float64")
    # Opening and closing are levels, not bars: a bar's axis would have to begin at 0.
    for y, name in ((0, "opening"), (len(steps) + 1, "closing")):
        ax.vlines(rows[name], y - 0.35, y + 0.35, color=theme.INK, linewidth=4)
        _beside(ax, rows[name], y, fmt_money(rows[name], currency))
    ax.barh(places, moves, left=tops[:-1], height=0.66, color=np.where(moves >= 0, UP, DOWN))
    ax.vlines(tops, np.arange(len(tops)) - 0.33, np.arange(len(tops)) + 1.33, color=theme.MUTED,
              linewidth=0.8)
    for at, move in enumerate(moves):
        _beside(ax, max(tops[at], tops[at + 1]), at + 1, signed_money(move, currency))
    names = [label("revenue_before"), *(label(step) for step in steps), label("revenue_now")]
    ax.set_yticks(range(len(names)))
    ax.yaxis.set_major_formatter(FixedFormatter(names))
    ax.invert_yaxis()
    low, high = min(tops.min(), rows["closing"]), max(tops.max(), rows["closing"])
    room = max(high - low, 1e-9)
    ax.set_xlim(max(0.0, low - 0.1 * room) if low >= 0 else low - 0.1 * room, high + 0.2 * room)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.set_xlabel(money_label(_("net sales with adjustments of {window}, axis may begin above 0"),
                              currency))
    ax.set_title(_bridge_title(rows, currency))
    theme.amount_axis(ax, axis="x")
    return ax


def read_revenue_bridge(result: Lifecycle, *, currency: str = "") -> str:
    """Say what each kind of account added or took, and what of it was volume and what price."""
    if result.revenue_bridge.empty:
        return theme.first_reason(result.refused, "revenue_bridge")
    rows = result.revenue_bridge.set_index("bridge_step")["amount"]
    groups = {"new": ["new", "first_seen", "recovered"],
              "expansion": [step for step in rows.index if step.startswith("expansion_")],
              "contraction": [step for step in rows.index if step.startswith("contraction_")],
              "lost": ["lost"], "returns": ["returns_change"],
              "adjustments": ["adjustments_change"]}
    money = {name: signed_money(rows[steps].sum(), currency) for name, steps in groups.items()}
    both = {effect: signed_money(rows[f"expansion_{effect}"] + rows[f"contraction_{effect}"],
                                 currency) for effect in ("volume", "price", "mix")}
    unknown = rows["expansion_quantity_unknown"] + rows["contraction_quantity_unknown"]
    texts = [
        _("{opening} became {closing}: new and recovered accounts {new}, accounts that buy more "
          "{expansion}, accounts that buy less {contraction}, lost accounts {lost}, returns "
          "{returns}, adjustments {adjustments}.", **money,
          opening=fmt_money(rows["opening"], currency),
          closing=fmt_money(rows["closing"], currency)),
        _("Of the accounts that bought in both windows: volume {volume}, price {price}, other "
          "products {mix}.", **both)]
    if unknown:
        texts.append(_("{amount} of their change cannot be told apart, since quantities are not "
                       "known.", amount=signed_money(unknown, currency)))
    return join_sentences(texts)


def read_retention(result: Lifecycle, *, currency: str = "") -> str:
    """Say net and gross revenue retention, what made them, and what counted as 0."""
    if result.retention.empty:
        return theme.first_reason(result.refused, "retention")
    row = result.retention.to_dict("records")[0]
    text = _("{n} accounts with sales a year ago: {churned} left with {gone}, the others shrank by "
             "{shrunk} and grew by {grown}. Net revenue retention {nrr}, gross {grr}.",
             n=fmt_count(row["n_accounts"]), churned=fmt_count(row["n_churned"]),
             gone=fmt_money(row["churned_amount"], currency),
             shrunk=fmt_money(row["contraction_amount"], currency),
             grown=fmt_money(row["expansion_amount"], currency),
             nrr=fmt_share(row["net_retention_share"], 1),
             grr=fmt_share(row["gross_retention_share"], 1))
    if not row["n_negative"]:
        return text
    return join_sentences([text, _n(
        "{n} account sent back more than it bought in one of the windows; it counts as 0 in the "
        "gross share.",
        "{n} accounts sent back more than they bought in one of the windows; they count as 0 in "
        "the gross share.", row["n_negative"])])


def plot_changes(result: Lifecycle, *, ax: Axes | None = None, currency: str = "",
                 names: Mapping[str, str] | None = None) -> Axes:
    """Bars: the accounts that took most from sales and those that added most."""
    ax = ax or theme.new_axes(9.0, 5.4)
    if result.changes.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "changes"))
    rows = _largest(result.changes)
    if rows.empty:
        return theme.say_nothing(ax, _("Every account bought as much as in the window before."))
    moves = rows["change_amount"].to_numpy("float64")
    ax.barh(range(len(rows)), moves, height=0.66, color=np.where(moves >= 0, UP, DOWN))
    for y, move in enumerate(moves):
        ax.annotate(signed_money(move, currency), (move, y), textcoords="offset points",
                    xytext=(4 if move >= 0 else -4, 0), va="center", fontsize=9, color=theme.INK,
                    ha="left" if move >= 0 else "right")
    ax.axvline(0, color=theme.MUTED, linewidth=0.8)
    ax.set_yticks(range(len(rows)))
    ax.yaxis.set_major_formatter(FixedFormatter([
        _("{account}: {change}", account=call_account(row["account_id"], names, letters=30),
          change=label(row["revenue_change"]).lower()) for row in rows.to_dict("records")]))
    ax.invert_yaxis()
    span = max(moves.max(), 0.0) - min(moves.min(), 0.0)
    ax.set_xlim(min(moves.min(), 0.0) - 0.22 * span, max(moves.max(), 0.0) + 0.16 * span)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.set_xlabel(money_label(_("change in net sales against the {window} before"), currency))
    ax.set_title(_changes_title(rows, currency))
    theme.amount_axis(ax, axis="x")
    return ax


def read_changes(result: Lifecycle, *, currency: str = "",
                 names: Mapping[str, str] | None = None) -> str:
    """Say which accounts took most and which added most."""
    if result.changes.empty:
        return theme.first_reason(result.refused, "changes")
    table = result.changes
    taken, added = (fmt_list(
        _("{account} ({change})", account=call_account(row["account_id"], names),
          change=signed_money(row["change_amount"], currency))
        for row in rows.head(3).to_dict("records"))
        for rows in (table[table["change_amount"] < 0],
                     table[table["change_amount"] > 0].iloc[::-1]))
    texts = [_("Most was taken by {accounts}.", accounts=taken)] if taken else []
    texts += [_("Most was added by {accounts}.", accounts=added)] if added else []
    return join_sentences(texts or [_("Every account bought as much as in the window before.")])


def _above(ax: Axes, x: float, y: float, text: str) -> None:
    ax.annotate(text, (x, y), xytext=(0, 4), textcoords="offset points", ha="center", va="bottom",
                fontsize=theme.FONT_SIZE, color=theme.INK)


def _beside(ax: Axes, x: float, y: float, text: str) -> None:
    ax.annotate(text, (x, y), xytext=(5, 0), textcoords="offset points", ha="left", va="center",
                fontsize=9, color=theme.INK)


def _largest(changes: pd.DataFrame) -> pd.DataFrame:
    """The largest losses, then the largest gains, ending with the largest."""
    lost, gained = changes[changes["change_amount"] < 0], changes[changes["change_amount"] > 0]
    return pd.concat([lost.head(N_NAMED), gained.tail(N_NAMED)])


def _bridge_title(rows: pd.Series, currency: str) -> str:
    change = rows["closing"] - rows["opening"]
    values = {"change": fmt_money(abs(change), currency),
              "gone": fmt_money(-rows["lost"], currency),
              "grown": signed_money(rows.filter(like="expansion_").sum(), currency),
              "shrunk": signed_money(rows.filter(like="contraction_").sum(), currency)}
    if change > 0:
        return _("Revenue rose by {change}: {grown} from accounts that buy more, {shrunk} from "
                 "those that buy less, {gone} lost", **values)
    if change < 0:
        return _("Revenue fell by {change}: {shrunk} from accounts that buy less, {gone} lost, "
                 "{grown} from those that buy more", **values)
    return _("Revenue is as in the {window} before: {grown} from accounts that buy more, {shrunk} "
             "from those that buy less", **values)


def _changes_title(rows: pd.DataFrame, currency: str) -> str:
    lost, gained = (rows.loc[sign * rows["change_amount"] > 0, "change_amount"] for sign in (-1, 1))
    if lost.empty or gained.empty:
        return _n("{n} account changed sales by {amount}",
                  "The {n} largest changes sum to {amount}", len(rows),
                  amount=signed_money(rows["change_amount"].sum(), currency))
    return _("The largest losses took {lost}, the largest gains added {gained}",
             lost=fmt_money(-lost.sum(), currency), gained=fmt_money(gained.sum(), currency))


def _movement_title(counts: pd.Series) -> str:
    change = counts["closing"] - counts["opening"]
    values = {"opening": fmt_count(counts["opening"]), "closing": fmt_count(counts["closing"]),
              "lost": fmt_count(-counts["lost"])}
    if change > 0:
        return _("Active accounts rose from {opening} to {closing}, although {lost} were lost",
                 **values)
    if change < 0:
        return _("Active accounts fell from {opening} to {closing}; {lost} were lost", **values)
    return _("Active accounts stayed at {closing}; {lost} were lost and replaced", **values)
