"""The segmentation as charts and as computed readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
    name_currency,
)
from kamlib.segmentation import BENCHMARK, TIERS, Segmentation

# What a page shows of a wide table; the published one has every column.
SHARE_COLUMNS = ("tier", "n_accounts", "account_share", "account_share_ci_low",
                 "account_share_ci_high", "benchmark_account_share", "net_amount", "amount_share",
                 "amount_share_ci_low", "amount_share_ci_high", "benchmark_amount_share",
                 "amount_verdict")
SPREAD_COLUMNS = ("measure", "n_accounts", "total_amount", "known_share", "n_top", "top_share",
                  "crossing_account_id", "largest_share", "gini_corrected", "effective_accounts")
PARETO_COLUMNS = ("rank", "account_id", "amount", "account_share", "cumulative_share",
                  "is_crossing")
TIER_COLUMNS = ("account_id", "net_amount", "n_orders", "tier", "tier_reason")
MOVER_COLUMNS = ("account_id", "tier_before", "tier", "move_cause", "net_amount_before",
                 "net_amount", "change_amount")
RFM_COLUMNS = ("account_id", "days_since_last_sale", "n_orders", "net_amount", "rfm_class")


def plot_shares(result: Segmentation, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Grouped bars: share of each tier in accounts and in net sales, the published share a mark."""
    ax = ax or theme.new_axes(8.0, 4.2)
    table = _tiers(result)
    if table.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "tiers", "shares"))
    core = table.to_dict("records")[0]
    ax.set_title(_("Core is {accounts} of the accounts and {amount} of net sales",
                   accounts=fmt_share(core["account_share"]),
                   amount=fmt_share(core["amount_share"])))
    for at, kind in enumerate(("account", "amount")):
        places = np.arange(len(TIERS)) + (at - 0.5) * 0.36
        shares = table[f"{kind}_share"].to_numpy("float64")
        ends = table[[f"{kind}_share_ci_low", f"{kind}_share_ci_high"]].to_numpy("float64").T
        ax.bar(places, shares, width=0.34, color=(theme.MUTED, theme.ACCENT)[at],
               label=(_("share of accounts"), _("share of net sales"))[at])
        ax.vlines(places, ends[0], ends[1], color=theme.INK, linewidth=1.2)
        ax.plot(places, table[f"benchmark_{kind}_share"], linestyle="", marker="D", markersize=7,
                markerfacecolor="white", markeredgecolor=theme.INK,
                label=_("published") if at else "_")
        marks = table[f"benchmark_{kind}_share"].to_numpy("float64")
        for x, share, top, mark in zip(places, shares, np.fmax(shares, ends[1]), marks,
                                       strict=True):
            # The number stands on its bar, or over the mark where that would cover it.
            height = max(top, mark) if 0 <= mark - top + 0.02 < 0.09 else top
            ax.text(x, height + 0.02, fmt_share(share), ha="center", color=theme.INK, fontsize=9)
    ax.set_xticks(range(len(TIERS)))
    ax.xaxis.set_major_formatter(FixedFormatter([label(tier) for tier in TIERS]))
    ax.set_ylabel(_("share of all accounts with sales (%)"))
    ax.set_ylim(0, max(0.75, ax.get_ylim()[1] + 0.06))
    theme.share_axis(ax)
    ax.legend(loc="upper right", ncols=1)
    return ax


def read_shares(result: Segmentation) -> str:
    """Say which tiers differ from the published shares, and what "important" is made of."""
    table = _tiers(result)
    if table.empty:
        return theme.first_reason(result.refused, "tiers", "shares")
    core = table.to_dict("records")[0]
    kinds = result.reasons.set_index("tier_reason")["n_accounts"]
    amount = fmt_share(core["amount_share"])
    if not pd.isna(core["amount_share_ci_low"]):
        span = fmt_range(core["amount_share_ci_low"], core["amount_share_ci_high"], fmt_share)
        amount = _("{share} ({span})", share=amount, span=span)
    return _("Core: {accounts} of the accounts (published about {their_accounts}: {verdict_a}) and "
             "{amount} of net sales (published about {their_amount}: {verdict_b}). "
             "Important are {by_amount} accounts by amount alone and {by_frequency} by frequency "
             "alone.", accounts=fmt_share(core["account_share"]),
             their_accounts=fmt_share(core["benchmark_account_share"]),
             verdict_a=label(core["account_verdict"]).lower(),
             amount=amount, verdict_b=label(core["amount_verdict"]).lower(),
             their_amount=fmt_share(core["benchmark_amount_share"]),
             by_amount=fmt_count(kinds["amount_only"]),
             by_frequency=fmt_count(kinds["frequency_only"]))


def read_cuts(result: Segmentation, *, currency: str = "") -> str:
    """Say from what amount and from how many orders an account counts as high."""
    if result.cuts.empty:
        return theme.first_reason(result.refused, "tiers")
    cuts = result.cuts.set_index("measure").to_dict("index")
    amount, orders = cuts["net_amount"], cuts["n_orders"]
    return _("An account is high from {amount} of net sales ({n_amount} of {n} accounts) and from "
             "{orders} orders ({n_orders}). {apart} accounts had no sales in the window and stand "
             "apart.", amount=fmt_money(amount["threshold"], currency),
             n_amount=fmt_count(amount["n_high"]), n=fmt_count(amount["n_accounts"]),
             orders=fmt_count(orders["threshold"]), n_orders=fmt_count(orders["n_high"]),
             apart=fmt_count(len(result.tiers) - result.n_sold))


def plot_pareto(result: Segmentation, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Cumulative share of net sales, of margin and of profit where known, the crossing marked."""
    ax = ax or theme.new_axes(8.0, 4.6)
    if result.pareto.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "tiers", "pareto"))
    row = result.spread.to_dict("records")[0]
    ax.set_title(_pareto_title(row))
    for curve, colour in ((result.pareto, theme.ACCENT), (result.pareto_margin, theme.CATEGORY[1]),
                          (result.pareto_profit, theme.CATEGORY[5])):
        if curve.empty:
            continue
        name = str(curve["measure"].iloc[0])
        ax.plot(np.r_[0.0, curve["account_share"]], np.r_[0.0, curve["cumulative_share"]],
                color=colour, linewidth=2, label=label(name))
        cross = curve[curve["is_crossing"]].to_dict("records")[0]
        ax.plot([cross["account_share"]], [cross["cumulative_share"]], marker="o", markersize=8,
                linestyle="", color=colour, label=f"_{name}")
        if name == "net_sales":
            ax.annotate(_("account {rank}: {share}", rank=fmt_count(cross["rank"]),
                          share=fmt_share(cross["cumulative_share"])),
                        (cross["account_share"], cross["cumulative_share"]), xytext=(12, -16),
                        textcoords="offset points", color=theme.INK, fontsize=9)
    ax.axhline(result.rules.pareto_share, color=theme.MUTED, linewidth=1, linestyle="--")
    ax.set_xlabel(_("accounts, largest first (% of those with sales)"))
    ax.set_ylabel(_("cumulative share (%)"))
    ax.set_xlim(0, 1.01)
    ax.set_ylim(0, max(1.04, ax.get_ylim()[1]))
    theme.share_axis(ax)
    theme.share_axis(ax, axis="x")
    ax.legend(loc="lower right")
    return ax


def read_pareto(result: Segmentation, *, currency: str = "") -> str:
    """Say how few accounts hold most of the sales, and on which side the crossing one falls."""
    if result.pareto.empty:
        return theme.first_reason(result.refused, "tiers", "pareto")
    row = result.spread.to_dict("records")[0]
    text = _("{k} of {n} accounts ({share}) reach {line} of net sales. The account that crosses "
             "the line takes the sum from {before} to {at} and is counted {side}.",
             k=fmt_count(_crossing_rank(result)), n=fmt_count(row["n_accounts"]),
             share=fmt_share(_crossing_rank(result) / row["n_accounts"]),
             line=fmt_share(result.rules.pareto_share),
             before=fmt_share(row["before_crossing_share"], 1),
             at=fmt_share(row["at_crossing_share"], 1), side=label(row["crossing_side"]))
    return join_sentences([text, *_earned(result, currency)])


def _earned(result: Segmentation, currency: str) -> Iterator[str]:
    """What the curves of margin and profit add, or why there is none."""
    for name, curve in (("pareto_margin", result.pareto_margin),
                        ("pareto_profit", result.pareto_profit)):
        if curve.empty:
            # Without a margin there is no profit either: one reason is enough here.
            yield from [result.refused[name]] if name in result.refused and "margin" in name else []
            continue
        measure = str(curve["measure"].iloc[0])
        row = result.spread.set_index("measure").loc[measure]
        if measure == "margin":
            yield _("Of the margin, known for {known} of net sales, the same line takes {k} "
                    "accounts.", known=fmt_share(row["known_share"]), k=fmt_count(row["n_top"]))
        else:
            yield _("Of the profit (margin less the recorded cost of the work on an account) it "
                    "takes {k}.", k=fmt_count(row["n_top"]))
        if row["n_below_zero"]:
            lost = -float(curve.loc[curve["amount"] < 0, "amount"].sum())
            yield _n("{n} account loses money: {lost}, which the others have to earn first.",
                     "{n} accounts lose money: {lost}, which the others have to earn first.",
                     int(row["n_below_zero"]), lost=fmt_money(lost, currency))


def plot_lorenz(result: Segmentation, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Lorenz curve of net sales against equality and against the published tier shares."""
    ax = ax or theme.new_axes(6.4, 4.8)
    if result.lorenz.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "tiers", "pareto"))
    half = result.lorenz[result.lorenz["account_share"] <= 0.5 + 1e-9].iloc[-1]
    ax.set_title(_("The smaller half of the accounts brings {share} of net sales",
                   share=fmt_share(half["amount_share"])))
    # An area is drawn with all its points, unlike a line: some hundred are enough for the eye.
    area = result.lorenz.iloc[np.unique(np.linspace(0, len(result.lorenz) - 1, 300).astype(int))]
    ax.fill_between(area["account_share"].to_numpy("float64"),
                    area["amount_share"].to_numpy("float64"),
                    area["account_share"].to_numpy("float64"), color=theme.FAINT, alpha=0.6,
                    linewidth=0)
    ax.plot([0, 1], [0, 1], color=theme.MUTED, linewidth=1, linestyle="--", label=_("all equal"))
    ax.plot(result.lorenz["account_share"], result.lorenz["amount_share"], color=theme.ACCENT,
            linewidth=2, label=_("net sales"))
    published = BENCHMARK.iloc[::-1]
    ax.plot(np.r_[0, published["benchmark_account_share"].cumsum()],
            np.r_[0, published["benchmark_amount_share"].cumsum()], color=theme.CATEGORY[1],
            marker="D", markersize=5, linewidth=1.2, label=_("published tiers"))
    ax.set_xlabel(_("accounts, smallest first (% of those with sales)"))
    ax.set_ylabel(_("cumulative share of net sales (%)"))
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    theme.share_axis(ax)
    theme.share_axis(ax, axis="x")
    ax.legend(loc="upper left")
    return ax


def read_lorenz(result: Segmentation) -> str:
    """Say the Gini coefficient in words, with the number of equal accounts it amounts to."""
    if result.spread.empty:
        return theme.first_reason(result.refused, "tiers", "pareto")
    row = result.spread.to_dict("records")[0]
    text = _("Sales are spread as if {effective} equal accounts brought them, of {n}; the Gini "
             "coefficient is {gini} (0: all equal, 1: one account has all; {plain} before the "
             "correction for the number of accounts).",
             effective=fmt_number(row["effective_accounts"], 1), n=fmt_count(row["n_accounts"]),
             gini=fmt_number(row["gini_corrected"], 2), plain=fmt_number(row["gini"], 2))
    if row["n_below_zero"]:
        return join_sentences([text, _n(
            "{n} account returned more than it bought and counts as zero here.",
            "{n} accounts returned more than they bought and count as zero here.",
            int(row["n_below_zero"]))])
    return text


def plot_rfm(result: Segmentation, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Lying bars: net sales of the eight classes, the number of accounts written behind."""
    ax = ax or theme.new_axes(8.0, 4.6)
    table = result.rfm_classes.iloc[::-1]
    if result.rfm.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "rfm"))
    row = table[table["rfm_class"] == "important_win_back"].to_dict("records")[0]
    ax.set_title(_n("{n} large account is to be won back; it brought {amount} in {window}",
                    "{n} large accounts are to be won back; they brought {amount} in {window}",
                    int(row["n_accounts"]), amount=fmt_money(row["net_amount"], currency)))
    colours = [_class_colour(name) for name in table["rfm_class"]]
    ax.barh([label(name) for name in table["rfm_class"]], table["net_amount"], color=colours)
    for at, (amount, n) in enumerate(zip(table["net_amount"], table["n_accounts"], strict=True)):
        ax.annotate(_n("{n} account", "{n} accounts", int(n)), (max(0.0, amount), at),
                    xytext=(5, 0), textcoords="offset points", va="center", fontsize=9,
                    color=theme.INK)
    ax.set_xlabel(_amount_label(currency))
    ax.margins(x=0.16)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.amount_axis(ax, axis="x")
    return ax


def read_rfm(result: Segmentation, *, currency: str = "") -> str:
    """Say where the three cuts lie, which are one-sided, and what the quiet large ones bought."""
    if result.rfm.empty:
        return theme.first_reason(result.refused, "rfm")
    cuts = result.rfm_cuts.set_index("measure")["threshold"]
    quiet = result.rfm_classes.set_index("rfm_class").loc["important_win_back"]
    texts = [_("Recent is a sale in the last {days} days, frequent {orders} orders or more, large "
             "{amount} or more. "
             "{n} accounts are to be won back; they bought for {at_risk}.",
             days=_plain(cuts["days_since_last_sale"]), orders=_plain(cuts["n_orders"]),
             amount=fmt_money(cuts["net_amount"], currency), n=fmt_count(quiet["n_accounts"]),
             at_risk=fmt_money(quiet["net_amount"], currency))]
    for row in result.rfm_cuts[result.rfm_cuts["is_lopsided"]].to_dict("records"):
        texts.append(_("The cut on {measure} is one-sided: {share} of the accounts lie on its "
                       "high side.", measure=label(row["measure"]).lower(),
                       share=fmt_share(row["high_share"])))
    return join_sentences(texts)


def plot_migration(result: Segmentation, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """The migration matrix: former tier down, present tier across, accounts in the cells."""
    ax = ax or theme.new_axes(6.8, 4.2)
    if result.moves.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "moves", "tiers"))
    states = result.migration["tier_before"].tolist()
    counts = result.migration[[f"n_{state}" for state in states]].to_numpy("float64")
    moved = int(counts.sum() - np.trace(counts))
    ax.set_title(_n("{n} account changed its tier since the previous period",
                    "{n} accounts changed their tier since the previous period", moved))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    ax.pcolormesh(np.arange(5), np.arange(5), shares, cmap="Blues", vmin=0, vmax=1.4,
                  edgecolors="white", linewidth=2)
    for y, x in np.ndindex(counts.shape):
        ax.text(x + 0.5, y + 0.5, fmt_count(counts[y, x]), ha="center", va="center",
                color="white" if shares[y, x] > 0.75 else theme.INK)
    names = [label(state) for state in states]
    ax.set_xticks(np.arange(4) + 0.5, names)
    ax.set_yticks(np.arange(4) + 0.5, names)
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_xlabel(_("tier now (accounts)"))
    ax.set_ylabel(_("tier before (accounts)"))
    return ax


def read_migration(result: Segmentation, *, currency: str = "") -> str:
    """Say how many accounts moved up and down and what the fallen core accounts were worth."""
    if result.moves.empty:
        return theme.first_reason(result.refused, "moves", "tiers")
    n = result.moves["move"].value_counts()
    fallen = result.moves[(result.moves["tier_before"] == "core")
                          & (result.moves["tier"] != "core")]
    lines = int((result.moves["move_cause"] == "threshold_moved").sum())
    other = int((result.moves["tier_before_other"] != result.moves["tier"]).sum())
    cuts = _("the thresholds of each window") if result.rules.migration_cuts == "fixed" \
        else _("the present thresholds for both windows")
    return _("{up} accounts moved up, {down} down, {entered} came in, {out} went out. Those that "
             "left core went from {before} to {now} in {window} of sales. For {lines} of the moves "
             "the line moved and not the account; with {cuts} {other} accounts would have moved, "
             "come in or gone out. Neighbouring windows share most of their "
             "months, so a move is a slow sign.", lines=fmt_count(lines), other=fmt_count(other),
             cuts=cuts, up=fmt_count(n.get("moved_up", 0)), down=fmt_count(n.get("moved_down", 0)),
             entered=fmt_count(n.get("entered", 0)), out=fmt_count(n.get("left_tiers", 0)),
             before=fmt_money(fallen["net_amount_before"].sum(), currency),
             now=fmt_money(fallen["net_amount"].sum(), currency))


def _tiers(result: Segmentation) -> pd.DataFrame:
    return result.shares[result.shares["tier"].isin(TIERS)]


def _pareto_title(row: Mapping[Any, Any]) -> str:
    return _n("{n} of {total} accounts ({share}) brings {held} of net sales",
              "{n} of {total} accounts ({share}) bring {held} of net sales", int(row["n_top"]),
              total=fmt_count(row["n_accounts"]), share=fmt_share(row["top_share"]),
              held=fmt_share(row["top_amount_share"]))


def _crossing_rank(result: Segmentation) -> int:
    return int(result.pareto.loc[result.pareto["is_crossing"], "rank"].iloc[0])


def _plain(value: float) -> str:
    return fmt_number(value, 0 if float(value).is_integer() else 1)


def _class_colour(name: str) -> str:
    if name.endswith("win_back"):
        return theme.VERDICT_COLOURS["worse"]
    return theme.TIER_COLOURS["core" if name.startswith("important") else "general"]


def _amount_label(currency: str) -> str:
    if not currency:
        return _("net sales of {window}")
    return _("net sales of {window} ({currency})", currency=name_currency(currency))
