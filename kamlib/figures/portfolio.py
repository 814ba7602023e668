"""Potential, relationships, what accounts are owed and the claims: charts and readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.selection import (
    CLAIMS,
    LEVELS,
    POTENTIALS,
    QUADRANTS,
    TRENDS,
    Selection,
    one_owner,
    say_proof,
)

PLACED_COLUMNS = ("account_id", "value_quadrant", "is_quadrant_open", "net_amount",
                  "headroom_amount", "headroom_amount_ci_low", "headroom_amount_ci_high",
                  "wallet_share", "is_listed")
RELATION_COLUMNS = ("account_id", "relationship_type", "relationship_level", "relationship_trend",
                    "is_listed", "net_amount", "preferred_score", "signs_missing",
                    "potential_class", "margin_share", "rater", "rated_date")
PROGRAMME_COLUMNS = ("account_id", "completion_share", "build_share", "develop_share",
                     "maintain_share", "steps_missing", "n_overdue_actions", "oldest_due_date",
                     "owner_id")
CLAIM_COLUMNS = ("claim_text", "n_accounts", "rank_order", "rank_order_ci_low",
                 "rank_order_ci_high", "adjusted_p_value", "verdict", "reason")
QUADRANT_COLOURS = dict(zip(QUADRANTS, (theme.CATEGORY[2], theme.ACCENT, theme.CATEGORY[1],
                                        theme.MUTED), strict=True))
TREND_MARKERS = dict(zip(TRENDS, ("^", "o", "D", "v"), strict=True))
CLAIM_COLOURS = {"supported": theme.GOOD, "contradicted": theme.BAD, "cannot tell": theme.MUTED}


def plot_quadrants(result: Selection, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Current value against headroom on scales of tens, with the interval of the headroom."""
    rows = result.placed
    ax = ax or theme.new_axes(8.0, 5.2)
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "placed", "keys"))
    floor = max(1.0, min(result.potential_line, result.current_line) / 100)
    for quadrant in QUADRANTS:
        part = rows[rows["value_quadrant"] == quadrant]
        y = part["headroom_amount"].clip(lower=floor)
        x = part["net_amount"].clip(lower=floor)
        ax.vlines(x, part["headroom_amount_ci_low"].clip(lower=floor),
                  part["headroom_amount_ci_high"].clip(lower=floor),
                  color=QUADRANT_COLOURS[quadrant], linewidth=0.8, alpha=0.35)
        ax.scatter(x, y, s=24, color=QUADRANT_COLOURS[quadrant], zorder=3, label=label(quadrant))
        key = part["is_listed"].to_numpy(bool)
        ax.scatter(x[key], y[key], s=80, facecolors="none", edgecolors=theme.INK, zorder=4)
    ax.axvline(result.current_line, color=theme.INK, linewidth=1, linestyle="--")
    ax.axhline(result.potential_line, color=theme.INK, linewidth=1, linestyle="--")
    ax.set_xscale("log")
    ax.set_yscale("log")
    grow = result.quadrants.set_index("value_quadrant").loc["to_grow"]
    ax.set_title(_("{n} accounts buy little and could buy more: {amount} of headroom",
                   n=fmt_count(grow["n_accounts"]),
                   amount=fmt_money(grow["headroom_amount"], currency)))
    ax.set_xlabel(_("net sales of the window (key accounts ringed)"))
    ax.set_ylabel(_("estimated spending elsewhere, with interval"))
    theme.amount_axis(ax, axis="x")
    theme.amount_axis(ax, axis="y", currency=currency)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4)
    return ax


def read_quadrants(result: Selection, *, currency: str = "") -> str:
    """Say what lies where, how much of it is near a line, and who has no estimate."""
    if result.placed.empty:
        return theme.first_reason(result.refused, "placed", "keys")
    rows = {row["value_quadrant"]: row for row in result.quadrants.to_dict("records")}
    bought = result.criteria[result.criteria["n_orders"].fillna(0) > 0]
    without = bought[~bought["account_id"].isin(result.placed["account_id"])]
    open_ = int(result.placed["is_quadrant_open"].sum())
    parts = [_("Protect {protect}, grow {grow}, harvest {harvest}, monitor {monitor} accounts; for "
               "{open} of {n} the interval of the estimate lies on both sides of the line.",
               protect=fmt_count(rows["to_protect"]["n_accounts"]),
               grow=fmt_count(rows["to_grow"]["n_accounts"]),
               harvest=fmt_count(rows["to_harvest"]["n_accounts"]),
               monitor=fmt_count(rows["to_monitor"]["n_accounts"]), open=fmt_count(open_),
               n=fmt_count(len(result.placed)))]
    if len(without):
        parts.append(_n("{n} account that bought has no estimate and is not placed ({amount}).",
                        "{n} accounts that bought have no estimate and are not placed ({amount}).",
                        len(without), amount=fmt_money(without["net_amount"].sum(), currency)))
    return join_sentences(parts)


def plot_proof(result: Selection, *, ax: Axes | None = None) -> Axes:
    """Growth since of the accounts called one way or the other a year ago."""
    rows = result.proof
    ax = ax or theme.new_axes(8.0, 3.4)
    if rows.empty:
        return theme.say_nothing(ax, say_proof(result))
    y = np.arange(len(rows))
    ax.hlines(y, rows["growth_rate_ci_low"], rows["growth_rate_ci_high"], color=theme.INK,
              linewidth=1.4)
    colours = [QUADRANT_COLOURS.get(name, theme.INK) for name in rows["called"]]
    ax.scatter(rows["growth_rate"], y, s=44, color=colours, zorder=3)
    ax.axvline(0, color=theme.MUTED, linewidth=1)
    ax.set_yticks(y, [_("{name} (n = {n})", name=label(row["called"]),
                        n=fmt_count(row["n_accounts"])) for row in rows.to_dict("records")])
    ax.invert_yaxis()
    verdict = str(rows.loc[rows["called"] == "to_grow", "verdict"].iloc[0])
    ax.set_title({
        "better": _("Accounts called grow grew more than those called monitor"),
        "worse": _("Accounts called grow grew less than those called monitor")}.get(
            verdict, _("Whether accounts called grow grew more cannot be told")))
    ax.set_xlabel(_("change of net sales in the year after (%)"))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    theme.share_axis(ax, axis="x")
    return ax


def read_proof(result: Selection) -> str:
    """Say whether the call came true, beside the naive one."""
    text = say_proof(result)
    rows = {row["called"]: row for row in result.proof.to_dict("records")}
    row = rows.get("grew_before")
    if row is None or pd.isna(row["difference_rate"]):
        return text
    return join_sentences([text, _(
        "Beside it the naive call, that who grew goes on growing: the difference is {rate} "
        "({span}).", rate=fmt_share(row["difference_rate"]),
        span=fmt_range(row["difference_rate_ci_low"], row["difference_rate_ci_high"],
                       fmt_share))])


def plot_relations(result: Selection, *, ax: Axes | None = None) -> Axes:
    """Level by potential: bubbles by sales, coloured by margin, with the trend as their shape."""
    rows = result.cells
    ax = ax or theme.new_axes(8.5, 5.0)
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "relations", "keys"))
    largest = float(rows["net_amount"].max()) or 1.0
    shares = rows["margin_share"].astype("float64")
    low, high = (float(shares.quantile(q)) if shares.notna().any() else q for q in (0.0, 1.0))
    norm = Normalize(low, max(high, low + 1e-6))
    colours = colormaps["viridis"](norm(shares.fillna(low).to_numpy()))
    for row, colour in zip(rows.to_dict("records"), colours, strict=True):
        x = POTENTIALS.index(row["potential_class"]) + 0.21 * (
            TRENDS.index(row["relationship_trend"]) - 1.5)
        size = 30 + 900 * max(float(row["net_amount"]), 0.0) / largest
        ax.scatter(x, row["relationship_level"], s=size, color=[colour],
                   marker=TREND_MARKERS[row["relationship_trend"]], edgecolors=theme.INK,
                   linewidths=0.6, alpha=0.85)
        ax.annotate(fmt_count(row["n_accounts"]), (x, row["relationship_level"]),
                    xytext=(0, -2 - 0.72 * np.sqrt(size)), textcoords="offset points", ha="center",
                    va="top", fontsize=8, color=theme.INK)
    falling = rows[rows["relationship_trend"].isin(TRENDS[2:])]
    ax.set_title(_("{n} of {all} rated relationships are being defended or fall back",
                   n=fmt_count(falling["n_accounts"].sum()),
                   all=fmt_count(rows["n_accounts"].sum())))
    ax.set_xticks(range(len(POTENTIALS)), [label(name) for name in POTENTIALS])
    ax.set_yticks(LEVELS, [_("1 very limited"), "2", "3", _("4 very firm")])
    ax.set_ylim(0.4, 4.6)
    ax.set_xlim(-0.6, len(POTENTIALS) - 0.4)
    ax.set_ylabel(_("level of the relationship"))
    for trend, marker in TREND_MARKERS.items():
        ax.scatter([], [], marker=marker, s=50, facecolors="white", edgecolors=theme.INK,
                   label=label(trend))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=4)
    ax.text(1.0, -0.2, _("size: sales; colour: margin from {low} (dark) to {high} (light); "
                         "number: accounts", low=fmt_share(low), high=fmt_share(high)),
            ha="right", transform=ax.transAxes, fontsize=9, color=theme.MUTED)
    return ax


def read_relations(result: Selection, *, currency: str = "") -> str:
    """Say what kind of relationships there are, and which of the key ones go the wrong way."""
    if result.relations.empty:
        return theme.first_reason(result.refused, "relations", "keys")
    rows, types = result.relations, {r["relationship_type"]: r
                                     for r in result.types.to_dict("records")}
    falling = rows[rows["relationship_trend"].isin(TRENDS[2:])]
    key = falling[falling["is_listed"].astype(bool)]
    stale = int(rows["is_stale"].sum())
    rated = set(rows["account_id"])
    unrated = int((~result.listed["account_id"].isin(rated)).sum())
    parts = [_("Of {n} rated accounts we are a vendor to {vendor}, preferred by {preferred}, a "
               "partner of {partner} and in an alliance with {alliance}.", n=fmt_count(len(rows)),
               vendor=fmt_count(types["vendor"]["n_accounts"]),
               preferred=fmt_count(types["preferred_supplier"]["n_accounts"]),
               partner=fmt_count(types["partner_relationship"]["n_accounts"]),
               alliance=fmt_count(types["strategic_alliance"]["n_accounts"])),
             _("{n} relationships are being defended or fall back ({amount}), {keys} of them with "
               "key accounts ({key_amount}).", n=fmt_count(len(falling)),
               amount=fmt_money(falling["net_amount"].sum(), currency), keys=fmt_count(len(key)),
               key_amount=fmt_money(key["net_amount"].sum(), currency))]
    if unrated:
        parts.append(_n("{n} key account has not been rated.",
                        "{n} key accounts have not been rated.", unrated))
    if stale:
        parts.append(_n("{n} judgement is older than {months} months.",
                        "{n} judgements are older than {months} months.", stale,
                        months=fmt_count(result.rules.stale_months)))
    return join_sentences(parts)


def plot_service(result: Selection, *, ax: Axes | None = None) -> Axes:
    """Bars: share of accounts that got in full what they are owed, with intervals."""
    rows = result.services
    ax = ax or theme.new_axes(8.0, 1.8 + 0.4 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "services", "keys"))
    y = np.arange(len(rows))
    ax.barh(y, rows["met_share"], height=0.6, color=[
        theme.ACCENT if owed == "on_key_list" else theme.MUTED for owed in rows["owed_to"]])
    ax.hlines(y, rows["met_share_ci_low"], rows["met_share_ci_high"], color=theme.INK,
              linewidth=1.2)
    ax.set_yticks(y, [_("{who}: {service}, {owed}", who=label(row["owed_to"]),
                        service=label(row["service"]), owed=fmt_number(row["owed"], 0))
                      for row in rows.to_dict("records")])
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel(_("accounts that got it in full (%)"))
    worst = rows.iloc[int(rows["met_share"].to_numpy().argmin())].to_dict()
    ax.set_title(_("Least kept: {service} for {k} of {n}", service=label(worst["service"]),
                   k=fmt_count(worst["n_met"]), n=fmt_count(worst["n_accounts"])))
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    return ax


def read_service(result: Selection, *, currency: str = "") -> str:
    """Say how many key accounts did not get what they are owed, and who looks after them."""
    if result.services.empty:
        return theme.first_reason(result.refused, "services", "keys")
    owed = result.gaps[result.gaps["owed_to"] == "on_key_list"].drop_duplicates("account_id")
    parts = [_n("{n} of {all} key accounts did not get all that it is owed ({amount} of sales).",
                "{n} of {all} key accounts did not get all that they are owed ({amount} of sales).",
                len(owed), all=fmt_count(len(result.listed)),
                amount=fmt_money(owed["net_amount"].sum(), currency))]
    if result.missing:
        parts.append(_("Not asked, since the table is missing: {names}.",
                       names=fmt_list(result.missing)))
    alone = one_owner(result.keys)
    if alone:
        parts.append(_("All key accounts are looked after by {owner} alone: account managers "
                       "cannot be compared, and nobody stands in.", owner=alone))
    return join_sentences(parts)


def read_programme(result: Selection) -> str:
    """Say how far the programme is, which step is done least, and what is overdue."""
    rows, steps = result.programme, result.steps
    if rows.empty:
        return theme.first_reason(result.refused, "programme", "keys")
    known = steps[steps["n_steps_known"] > 0]
    if known.empty:
        return _("No step of the programme can be asked, since the tables that would show it done "
                 "are missing.")
    least = known.iloc[int(known["done_share"].to_numpy().argmin())]
    done = int(known["n_done"].sum()) / max(1, int(known["n_steps_known"].sum()))
    parts = [_("{share} of the programme's steps are done; least done: {step} ({k} of {n}).",
               share=fmt_share(done), step=label(least["programme_step"]),
               k=fmt_count(least["n_done"]), n=fmt_count(least["n_steps_known"]))]
    late = rows[rows["n_overdue_actions"].fillna(0) > 0]
    if len(late):
        parts.append(_("{n} promises to {accounts} key accounts are overdue, the oldest since "
                       "{day}.", n=fmt_count(late["n_overdue_actions"].sum()),
                       accounts=fmt_count(len(late)), day=fmt_date(late["oldest_due_date"].min())))
    return join_sentences(parts)


def plot_claims(result: Selection, *, ax: Axes | None = None) -> Axes:
    """Rank correlation of each claim with its interval; the claimed side is marked."""
    rows = result.claims[result.claims["rank_order"].notna()].reset_index(drop=True)
    ax = ax or theme.new_axes(9.0, 1.8 + 0.55 * max(3, len(rows)))
    if rows.empty:
        told = result.claims["reason"]
        return theme.say_nothing(ax, str(told.iloc[0]) if len(told)
                                 else theme.first_reason(result.refused, "keys"))
    y = np.arange(len(rows))
    colours = [CLAIM_COLOURS[v] for v in rows["verdict"]]
    ax.hlines(y, rows["rank_order_ci_low"], rows["rank_order_ci_high"], colors=colours,
              linewidth=3, alpha=0.6)
    ax.scatter(rows["rank_order"], y, color=colours, s=40, zorder=3)
    for at, side in enumerate(rows["claimed_side"]):
        ax.annotate("▸" if side > 0 else "◂", (0.97 * side, at), ha="center", va="center",
                    fontsize=12, color=theme.INK)
    ax.axvline(0, color=theme.MUTED, linewidth=1)
    ax.set_xlim(-1, 1)
    ax.set_yticks(y, [theme.wrap(text, width=44) for text in rows["claim_text"]])
    ax.invert_yaxis()
    counts = rows["verdict"].value_counts()
    ax.set_title(_("{yes} claims supported, {no} contradicted, {open} cannot be told",
                   yes=fmt_count(counts.get("supported", 0)),
                   no=fmt_count(counts.get("contradicted", 0)),
                   open=fmt_count(counts.get("cannot tell", 0))))
    ax.set_xlabel(_("rank correlation, with interval; the arrow points to the claimed side"))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    return ax


def read_claims(result: Selection) -> str:
    """Say what the tests found, and that the sources contradict each other on prices."""
    rows = {row["claim_id"]: row for row in result.claims.to_dict("records")}
    if not rows:
        return theme.first_reason(result.refused, "keys")
    counts = result.claims["verdict"].value_counts()
    yes, no = (int(counts.get(verdict, 0)) for verdict in ("supported", "contradicted"))
    parts = [_("Of {n} claims our accounts support {yes} and contradict {no}; of {open} one cannot "
               "tell.", n=fmt_count(len(CLAIMS)), yes=fmt_count(yes), no=fmt_count(no),
               open=fmt_count(len(CLAIMS) - yes - no))]
    untested = int((result.claims["reason"] != "").sum())
    if untested:
        parts.append(_n("{n} of these could not be tested for want of data.",
                        "{n} of these could not be tested for want of data.", untested))
    margin, price = rows["big_higher_margin"], rows["big_lower_price"]
    if margin["reason"] == "" and price["reason"] == "":
        parts.append(_("The sources say both that large accounts bring a higher margin and that "
                       "they bargain for lower prices: here the first is {margin} (correlation "
                       "{m}), the second {price} ({p}).",
                       margin=label(margin["verdict"]).lower(),
                       price=label(price["verdict"]).lower(), m=fmt_number(margin["rank_order"], 2),
                       p=fmt_number(price["rank_order"], 2)))
    return join_sentences(parts)


