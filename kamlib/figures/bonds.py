"""Share of wallet, price accepted and referrals: charts and computed readings."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes

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
)
from kamlib.loyalty import TIERS, Bonds

# What a page shows of a wide table; the published one has every column.
WALLET_COLUMNS = ("account_id", "product_line", "n_estimates", "wallet_share",
                  "wallet_share_ci_low", "wallet_share_ci_high", "headroom_amount",
                  "headroom_amount_ci_low", "headroom_amount_ci_high")
REFERRER_COLUMNS = ("account_id", "tier", "n_referred", "n_referred_buying",
                    "referred_net_amount", "referred_margin_amount", "own_net_amount")
PREMIUM_COLUMNS = ("tier", "n_accounts", "price_premium_rate", "price_premium_rate_ci_low",
                   "price_premium_rate_ci_high", "n_rated", "accepting_share",
                   "accepting_share_ci_low", "accepting_share_ci_high")
N_ROWS = 12
SHORT = partial(fmt_share, digits=1)


def plot_wallets(result: Bonds, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars: our sales and the headroom of the accounts with most headroom, with its interval."""
    rows = result.wallets[result.wallets["product_line"] == ""].head(N_ROWS)
    ax = ax or theme.new_axes(8.5, 1.8 + 0.36 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "wallets"))
    places, own = np.arange(len(rows)), rows["own_amount"].to_numpy(dtype="float64")
    room = rows["headroom_amount"].to_numpy(dtype="float64")
    ax.barh(places, own, color=theme.ACCENT, height=0.62, label=_("our net sales"))
    ax.barh(places, room, left=own, color=theme.FAINT, height=0.62, label=_("headroom"))
    ax.hlines(places, own + rows["headroom_amount_ci_low"], own + rows["headroom_amount_ci_high"],
              color=theme.INK, linewidth=1.2)
    tier = result.wallet_tiers.to_dict("records")[-1]
    ax.set_title(_n("Of what {n} account is estimated to spend, {share} is spent with us",
                    "Of what {n} accounts are estimated to spend, {share} is spent with us",
                    int(tier["n_accounts"]), share=fmt_share(tier["wallet_share"])))
    ax.set_yticks(places, list(rows["account_id"]))
    ax.invert_yaxis()
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.amount_axis(ax, axis="x", currency=currency)
    ax.set_xlabel(_("a year"))
    ax.legend(loc="lower right")
    return ax


def read_wallets(result: Bonds, *, currency: str = "") -> str:
    """Say the share of wallet, the headroom, and what its interval rests on."""
    if result.wallet_tiers.empty:
        return theme.first_reason(result.refused, "wallets")
    row = result.wallet_tiers.to_dict("records")[-1]
    wallets = result.wallets[result.wallets["product_line"] == ""]
    several = int((wallets["n_estimates"] > 1).sum())
    parts = [_("{n} accounts have an estimate of all they spend; we get {share} of it, half of "
               "the accounts {median} or less, and {amount} a year is spent elsewhere.",
               n=fmt_count(row["n_accounts"]), share=fmt_share(row["wallet_share"]),
               median=fmt_share(row["median_wallet_share"]),
               amount=fmt_money(row["headroom_amount"], currency))]
    if wallets["wallet_share_ci_low"].notna().any():
        parts.append(_("The intervals come from how far several estimates of one account differ "
                       "({several} accounts have more than one).", several=fmt_count(several)))
    else:
        parts.append(_("Too few accounts have several estimates, so there is no interval."))
    if row["n_above_wallet"]:
        parts.append(_n("{n} account buys more from us than it was estimated to spend in all.",
                        "{n} accounts buy more from us than they were estimated to spend in all.",
                        int(row["n_above_wallet"])))
    return join_sentences(parts)


def read_wallet_lines(result: Bonds, *, currency: str = "") -> str:
    """Say in which product line the headroom is."""
    if result.wallet_lines.empty:
        return theme.first_reason(result.refused, "wallet_lines", "wallets")
    top = result.wallet_lines.iloc[0]
    return _("Most headroom: {line}, {amount} a year at {n} accounts, of which we get {share}.",
             line=top["product_line"], amount=fmt_money(top["headroom_amount"], currency),
             n=fmt_count(top["n_accounts"]), share=fmt_share(top["wallet_share"]))


def plot_premiums(result: Bonds, *, ax: Axes | None = None) -> Axes:
    """Price premium of each tier with its interval; 0 is what the other accounts pay."""
    ax = ax or theme.new_axes(8.0, 3.6)
    if result.premiums.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "prices"))
    rows = {row["tier"]: row for row in result.premiums.to_dict("records")}
    for x, tier in enumerate(TIERS):
        row = rows[tier]
        ax.bar(x, row["price_premium_rate"], width=0.5, color=theme.TIER_COLOURS[tier])
        ax.vlines(x, row["price_premium_rate_ci_low"], row["price_premium_rate_ci_high"],
                  color=theme.INK, linewidth=1.2)
    ax.axhline(0, color=theme.MUTED, linewidth=1)
    ax.set_title(_("Core accounts pay {core} than others for the same, general ones {general}",
                   core=_against(rows["core"]["price_premium_rate"]),
                   general=_against(rows["general"]["price_premium_rate"])))
    ax.set_xticks(range(len(TIERS)), [_("{tier}\nn = {n}", tier=label(tier),
                                        n=fmt_count(rows[tier]["n_accounts"])) for tier in TIERS])
    ax.set_ylabel(_("price premium (%)"))
    theme.share_axis(ax)
    return ax


def read_premiums(result: Bonds) -> str:
    """Say the premium by tier, and whether the account managers' rating says the same."""
    if result.premiums.empty:
        return theme.first_reason(result.refused, "prices")
    rows = {row["tier"]: row for row in result.premiums.to_dict("records")}
    parts = [_("For the same products core accounts pay {core} than the others ({core_span}), "
               "important ones {important} ({important_span}), general ones {general} "
               "({general_span}). Large quantities earn discounts, so this is no willingness to "
               "pay.", **{tier: _against(rows[tier]["price_premium_rate"]) for tier in TIERS},
               **{f"{tier}_span": fmt_range(rows[tier]["price_premium_rate_ci_low"],
                                            rows[tier]["price_premium_rate_ci_high"], SHORT)
                  for tier in TIERS})]
    every, opinions = rows["all"], {
        row["premium_opinion"]: row for row in result.opinions.to_dict("records")}
    if every["n_rated"]:
        parts.append(_("Account managers say of {share} of {n} rated accounts that they accept a "
                       "premium ({span}); those pay {yes} than the others, the other rated ones "
                       "{no}.",
                       share=fmt_share(every["accepting_share"]), n=fmt_count(every["n_rated"]),
                       span=fmt_range(every["accepting_share_ci_low"],
                                      every["accepting_share_ci_high"], fmt_share),
                       yes=_against(opinions["accepting"]["price_premium_rate"]),
                       no=_against(opinions["not_accepting"]["price_premium_rate"])))
    return join_sentences(parts)


def read_referrals(result: Bonds, *, currency: str = "") -> str:
    """Say how many accounts were brought in, what they earn, and their share of the new ones."""
    if result.referrers.empty:
        return theme.first_reason(result.refused, "referrers")
    rows = result.referrers
    parts = [_("{referrers} accounts brought in {referred} others, of which {buying} bought in "
               "{window}: {net}, with a margin of {margin}.", referrers=fmt_count(len(rows)),
               referred=fmt_count(rows["n_referred"].sum()),
               buying=fmt_count(rows["n_referred_buying"].sum()),
               net=fmt_money(rows["referred_net_amount"].sum(), currency),
               margin=fmt_money(rows["referred_margin_amount"].sum(), currency))]
    if len(result.newcomers):
        new = {row["newcomers"]: row for row in result.newcomers.to_dict("records")}
        parts.append(_("Of {n} accounts that began in {window}, {k} were referred ({share}, "
                       "{span}).", n=fmt_count(new["all_new"]["n_accounts"]),
                       k=fmt_count(new["referred"]["n_accounts"]),
                       share=fmt_share(new["referred"]["newcomer_share"]), span=fmt_range(
                           new["referred"]["newcomer_share_ci_low"],
                           new["referred"]["newcomer_share_ci_high"], fmt_share)))
    else:
        parts.append(theme.first_reason(result.refused, "newcomers"))
    return join_sentences(parts)


def _against(x: float) -> str:
    """A share as so much more or less."""
    if np.isnan(x):
        return fmt_number(x, 1)
    if x < 0:
        return _("{share} less", share=SHORT(-x))
    return _("{share} more", share=SHORT(x))
