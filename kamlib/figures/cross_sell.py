"""Products held, gaps and pairs: charts and computed readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.loyalty import TIERS, CrossSell, list_products, say_held, say_test

# What a page shows of a wide table; the published one has every column.
HELD_COLUMNS = ("account_id", "product_id", "product_name", "product_line", "holding",
                "last_sale_date", "net_amount", "net_amount_before", "account_amount_share")
GAP_COLUMNS = ("account_id", "product_name", "n_like", "like_share", "like_share_ci_low",
               "like_share_ci_high", "overall_share", "like_mix_amount", "was_held")
OWN_COLUMNS = ("product_id", "product_name", "product_line", "holding", "last_sale_date",
               "net_amount", "net_amount_before", "account_amount_share")
PAIR_COLUMNS = ("if_name", "then_name", "n_together", "support_share", "confidence_share",
                "confidence_share_ci_low", "confidence_share_ci_high", "pair_lift",
                "pair_lift_ci_low", "pair_lift_ci_high", "size_lift", "size_lift_ci_low",
                "size_lift_ci_high", "pair_verdict", "n_without")
DROPPED_COLUMNS = ("account_id", "product_id", "product_name", "last_sale_date",
                   "net_amount_before")
N_ROWS = 15  # products or pairs in one chart
LETTERS = 34


def plot_spread(result: CrossSell, *, ax: Axes | None = None) -> Axes:
    """Penetration matrix: which share of each tier holds each of the most spread products."""
    rows = result.spread.head(N_ROWS)
    ax = ax or theme.new_axes(8.5, 1.6 + 0.34 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "held"))
    shares = rows[[f"{tier}_holder_share" for tier in TIERS]].to_numpy(dtype="float64")
    ax.pcolormesh(np.arange(len(TIERS) + 1), np.arange(len(rows) + 1), shares, cmap="Blues",
                  vmin=0, vmax=1, edgecolors="white", linewidth=2)
    for y, row in enumerate(shares):
        for x, share in enumerate(row):
            ax.text(x + 0.5, y + 0.5, fmt_share(share), ha="center", va="center", fontsize=9,
                    color="white" if share > 0.55 else theme.INK)
    top = rows.iloc[0]
    ax.set_title(_("The most spread product, {product}, is held by {share} of the accounts",
                   product=top["product_name"] or top["product_id"],
                   share=fmt_share(top["holder_share"])))
    ax.set_xticks(np.arange(len(TIERS)) + 0.5, [label(tier) for tier in TIERS])
    _name_rows(ax, [a or b for a, b in zip(rows["product_name"], rows["product_id"], strict=True)],
               shift=0.5)
    return theme.name_columns_above(ax)


def read_spread(result: CrossSell) -> str:
    """Say how many products accounts hold, and how far the least spread is spread."""
    if result.spread.empty:
        return theme.first_reason(result.refused, "held")
    last = result.spread.iloc[-1]
    return join_sentences([say_held(result), _(
        "The least spread product, {product}, is held by {share} of the accounts ({span}).",
        product=last["product_name"] or last["product_id"],
        share=fmt_share(last["holder_share"], 1), span=fmt_range(
            last["holder_share_ci_low"], last["holder_share_ci_high"],
            lambda x: fmt_share(x, 1)))])


def pick_account(result: CrossSell) -> str:
    """Return the account with the largest gap, else the one that buys most; "" without any."""
    if len(result.gaps):
        return str(result.gaps["account_id"].iloc[0])
    sums = result.held.groupby("account_id")["net_amount"].sum()
    return str(sums.idxmax()) if len(sums) else ""


def show_products(result: CrossSell, account_id: str = "") -> pd.DataFrame:
    """Products of one account (the one with the largest gap when none is named), to show."""
    chosen = account_id or pick_account(result)
    return list_products(result.held, chosen) if chosen else result.held.head(0)


def read_products(result: CrossSell, account_id: str = "", *, currency: str = "") -> str:
    """Say what one account holds, what it dropped, and its gaps."""
    chosen = account_id or pick_account(result)
    if not chosen:
        return theme.first_reason(result.refused, "held")
    rows = list_products(result.held, chosen)
    now = rows[rows["holding"] != "dropped"]
    gone, gaps = rows[rows["holding"] == "dropped"], result.gaps
    gaps = gaps[gaps["account_id"] == chosen]
    text = _n("The account {account} holds {n} product ({amount} in {window}).",
              "The account {account} holds {n} products ({amount} in {window}).", len(now),
              account=chosen, amount=fmt_money(now["net_amount"].sum(), currency))
    parts = [text]
    if len(gone):
        parts.append(_n("It no longer buys {n} product, which brought {amount} in the window "
                        "before.", "It no longer buys {n} products, which brought {amount} in the "
                        "window before.", len(gone),
                        amount=fmt_money(gone["net_amount_before"].sum(), currency)))
    if len(gaps):
        parts.append(_("Most accounts like it also hold: {products}.",
                       products=fmt_list(gaps["product_name"])))
    return join_sentences(parts)


def plot_gaps(result: CrossSell, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars: what the gaps of each product would be worth at the like accounts' mix."""
    rows = result.gap_products.head(N_ROWS)
    ax = ax or theme.new_axes(8.5, 1.6 + 0.34 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "gaps", "held"))
    places = np.arange(len(rows))
    ax.barh(places, rows["like_mix_amount"], color=theme.ACCENT, height=0.62)
    for y, row in enumerate(rows.to_dict("records")):
        told = _n("{n} account", "{n} accounts", int(row["n_lacking"]))
        ax.annotate(told, (row["like_mix_amount"], y), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=9, color=theme.INK)
    ax.set_title(_("{product} is missing where it would be worth most",
                   product=rows["product_name"].iloc[0]))
    _name_rows(ax, list(rows["product_name"]))
    ax.invert_yaxis()
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    ax.set_xlim(0, float(rows["like_mix_amount"].max()) * 1.18 or 1)
    ax.set_xlabel(_("worth at the mix of like accounts"))
    theme.amount_axis(ax, axis="x", currency=currency)
    return ax


def read_gaps(result: CrossSell) -> str:
    """Say how many accounts have gaps, how many like accounts point to them, and the test."""
    if result.gaps.empty:
        return theme.first_reason(result.refused, "gaps", "held") if result.refused else _(
            "No account lacks a product that {share} of the accounts like it hold.",
            share=fmt_share(result.rules.gap_share))
    n = result.gaps["account_id"].nunique()
    text = _n("{n} account lacks a product that at least {share} of the accounts like it hold, "
              "{gaps} gaps in all.",
              "{n} accounts lack a product that at least {share} of the accounts like them hold, "
              "{gaps} gaps in all.", n, share=fmt_share(result.rules.gap_share),
              gaps=fmt_count(len(result.gaps)))
    ways = result.gaps.drop_duplicates("account_id")["like_way"].value_counts()
    told = fmt_list(_("{way} (for {n} accounts)", way=label(way), n=fmt_count(n_told))
                    for way, n_told in ways.items())
    width = 100 * (result.gaps["like_share_ci_high"] - result.gaps["like_share_ci_low"]).mean()
    rough = _("With {k} like accounts the share is rough: its interval, which allows for only high "
              "shares being listed, is {width} points wide on average. The worth of gaps does not "
              "add up to a forecast.", k=fmt_count(result.gaps["n_like"].median()),
              width=fmt_number(width, 0))
    return join_sentences([text, _("Like accounts are {ways}.", ways=told), rough])


def plot_pairs(result: CrossSell, *, ax: Axes | None = None) -> Axes:
    """Lift beyond the size of accounts for the strongest pairs, with its interval and lift."""
    pairs = result.pairs
    rows = pairs[pairs["if_product"] < pairs["then_product"]].head(N_ROWS)
    ax = ax or theme.new_axes(8.5, 1.8 + 0.36 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "pairs", "held"))
    places = np.arange(len(rows))
    ax.hlines(places, rows["size_lift_ci_low"], rows["size_lift_ci_high"], color=theme.INK,
              linewidth=1.2)
    ax.plot(rows["size_lift"], places, linestyle="", marker="o", color=theme.ACCENT,
            label=_("beyond what the size of accounts explains"))
    ax.plot(rows["pair_lift"], places, linestyle="", marker="D", markerfacecolor="white",
            markeredgecolor=theme.MUTED, label=_("lift"))
    ax.axvline(1, color=theme.MUTED, linewidth=1, linestyle="--")
    n = result.n_together
    ax.set_title(_n("{n} pair of products goes together more than the size of accounts explains",
                    "{n} pairs of products go together more than the size of accounts explains",
                    n))
    _name_rows(ax, [_("{one} and {other}", one=a, other=b) for a, b in
                    zip(rows["if_name"], rows["then_name"], strict=True)])
    ax.invert_yaxis()
    ax.set_xlabel(_("times as many accounts hold both as expected (1: no connection)"))
    # Below the axis: every corner may hold a mark.
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.1), ncols=2)
    return ax


def read_pairs(result: CrossSell) -> str:
    """Say how many pairs go together, by lift alone and with the size of accounts taken out."""
    if result.pairs.empty:
        return theme.first_reason(result.refused, "pairs", "held")
    n_all, n, n_lift = result.n_pairs, result.n_together, result.n_lifted
    text = _("Of {all} pairs held together by {least} accounts or more, {lift} have a lift whose "
             "interval lies above 1. Accounts that hold much hold nearly everything more often; "
             "beyond that, {n} pairs go together.", all=fmt_count(n_all),
             least=fmt_count(result.rules.min_both), lift=fmt_count(n_lift), n=fmt_count(n))
    if not n:
        return text
    top = result.together.iloc[0]
    return join_sentences([text, _(
        "The strongest: {share} of those with {first} hold {then} ({span}); lift {lift} ({ends}).",
        share=fmt_share(top["confidence_share"]), first=top["if_name"], then=top["then_name"],
        span=fmt_range(top["confidence_share_ci_low"], top["confidence_share_ci_high"], fmt_share),
        lift=fmt_number(top["pair_lift"], 1), ends=fmt_range(
            top["pair_lift_ci_low"], top["pair_lift_ci_high"], lambda x: fmt_number(x, 1)))])


def plot_suggestions(result: CrossSell, *, ax: Axes | None = None) -> Axes:
    """Bars: which share of suggestions was bought, by way to suggest, with intervals."""
    rows = result.suggestions
    ax = ax or theme.new_axes(8.0, 3.6)
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "suggestions", "held"))
    chosen = f"like_{result.like_rules.by}"
    places = np.arange(len(rows))
    ax.bar(places, rows["bought_share"], width=0.55,
           color=[theme.ACCENT if name == chosen else theme.MUTED for name in rows["suggested_by"]])
    ax.vlines(places, rows["bought_share_ci_low"], rows["bought_share_ci_high"], color=theme.INK,
              linewidth=1.2)
    for x, row in enumerate(rows.to_dict("records")):
        ax.annotate(fmt_share(row["bought_share"]), (x, row["bought_share_ci_high"]),
                    xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9,
                    color=theme.INK)
    best = rows.iloc[int(rows["bought_share"].to_numpy().argmax())]
    ax.set_title(_("Most often bought: {way}, {share} of the suggestions",
                   way=label(best["suggested_by"]), share=fmt_share(best["bought_share"])))
    ax.set_xticks(places, [theme.wrap(label(name), width=20) for name in rows["suggested_by"]])
    ax.set_ylim(0, float(rows["bought_share_ci_high"].max()) * 1.18 or 1)
    ax.set_ylabel(_("suggestions bought in the next window (%)"))
    theme.share_axis(ax)
    return ax


def read_suggestions(result: CrossSell) -> str:
    """Say how often suggestions were bought, and how many accounts that rests on."""
    if result.suggestions.empty:
        return theme.first_reason(result.refused, "suggestions", "held")
    row = result.suggestions.iloc[0]
    return join_sentences([say_test(result) or _("Suggestions by the chosen rule could not be "
                                                 "tested."), _(
        "{n} accounts, {k} suggestions each.", n=fmt_count(row["n_accounts"]),
        k=fmt_count(result.rules.n_suggested))])


def read_dropped(result: CrossSell, *, currency: str = "") -> str:
    """Say what still active accounts no longer buy."""
    rows = result.dropped
    if rows.empty:
        return theme.first_reason(result.refused, "held") if result.held.empty else _(
            "No account that still buys has dropped a product, or the window before is not known.")
    fresh = result.held[result.held["holding"] == "first_bought"]
    return _("Dropped by accounts that still buy: {n} products of {accounts} accounts, "
             "{amount} in the window before. Bought for the first time in two windows: {fresh}, "
             "{gained}.", n=fmt_count(len(rows)),
             accounts=fmt_count(rows["account_id"].nunique()),
             amount=fmt_money(rows["net_amount_before"].sum(), currency),
             fresh=fmt_count(len(fresh)), gained=fmt_money(fresh["net_amount"].sum(), currency))


def _name_rows(ax: Axes, names: list[str], *, shift: float = 0.0) -> None:
    ax.set_yticks(np.arange(len(names)) + shift, [theme.wrap(name, width=LETTERS, lines=1)
                                                  for name in names])
