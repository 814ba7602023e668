"""The key account list and who would be on it otherwise: charts, tables and readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.handover import name_accounts as write_names
from kamlib.labels import heading, label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_share,
    join_sentences,
)
from kamlib.selection import ASKED, LOGICS, Selection, say_readings

# What a page shows of a wide table; the published one has every column.
LIST_COLUMNS = ("account_id", "rank", "rank_ci_low", "rank_ci_high", "key_score_index",
                "value_score_index", "loyalty_score_index", "stability_score_index",
                "list_standing", "satisfaction_index", "net_amount", "collection_rate")
LOGIC_COLUMNS = ("account_id", "rank", "weighted", "all_conditions", "any_condition",
                 "n_conditions_met", "conditions_missing", "any_basis", "net_amount")
CHANGE_COLUMNS = ("account_id", "list_move", "rank_before", "rank", "score_change", "moved_by",
                  "moved_by_points", "is_near_line", "net_amount", "owner_id")
BIG_COLUMNS = ("account_id", "region", "big_sales", "big_profit", "big_strength", "big_potential",
               "n_bigs", "is_listed", "net_amount")
GROUP_COLUMNS = ("dimension", "group", "n_accounts", "n_key", "net_amount", "key_amount_share",
                 "largest_amount_share", "largest_accounts")
REJECT_COLUMNS = ("screened", "item", "amount_share", "margin_share", "growth_rate", "objections",
                  "reject_any", "reject_all", "net_amount", "is_listed")
N_ROWS = 30  # accounts in one chart
LETTERS = 30
STANDING_COLOURS = {"in": theme.ACCENT, "cannot tell": theme.CATEGORY[1], "out": theme.MUTED}
# Columns whose cells hold several codes, set apart by commas.
SEVERAL = ("conditions_missing", "any_basis", "unchecked", "objections", "criteria_missing",
           "signs_missing", "steps_missing")


def spell(table: pd.DataFrame, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Write out, for a page, the codes of columns that hold several and who is not approved.

    names: of accounts by id, for the columns that hold ids among other things.
    """
    known = names or {}
    named = {c: table[c].map(_spell).astype("str") for c in SEVERAL if c in table}
    named |= {c: table[c].map(lambda ids: ", ".join(
        known.get(one, one) for one in str(ids).split(", "))).astype("str")
        for c in ("largest_accounts", "item") if c in table}
    if "approver" in table:
        named["approver"] = table["approver"].where(table["approver"] != "",
                                                    _("not approved yet")).astype("str")
    return table.assign(**named)


def _spell(codes: str) -> str:
    return ", ".join(label(code) for code in str(codes).split(", ")) if codes else ""


def show_list(result: Selection) -> pd.DataFrame:
    """The accounts of the list and those that may belong on it, by rank, to show."""
    keys = result.keys
    chosen = keys["is_listed"].astype(bool) | (keys["list_standing"] == "cannot tell")
    return keys[chosen].reset_index(drop=True)


def plot_list(result: Selection, *, ax: Axes | None = None) -> Axes:
    """Rank of each account on or near the list with its interval, and the line of the list."""
    rows = show_list(result).head(N_ROWS)
    ax = ax or theme.new_axes(8.5, 1.8 + 0.25 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "keys"))
    y = np.arange(len(rows))
    for standing, colour in STANDING_COLOURS.items():
        at = (rows["list_standing"] == standing).to_numpy(bool)
        if not at.any():
            continue
        part = rows[at]
        low, high = (part[c].astype("Float64").to_numpy("float64", na_value=np.nan)
                     for c in ("rank_ci_low", "rank_ci_high"))
        ax.hlines(y[at], low, high, color=colour, linewidth=3, alpha=0.6)
        ax.scatter(part["rank"], y[at], color=colour, s=30, zorder=3, label=label(standing))
    cut = len(result.listed)
    if result.rules.logic == "weighted":
        ax.axvline(cut + 0.5, color=theme.INK, linewidth=1, linestyle="--")
    sure = int((result.listed["list_standing"] == "in").sum())
    ax.set_title(_("{sure} of {n} key accounts are in for sure",
                   sure=fmt_count(sure), n=fmt_count(cut)))
    name_accounts(ax, result, list(rows["account_id"]))
    ax.invert_yaxis()
    ax.set_xlabel(_("rank by score, with the interval of what its months can tell"))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.count_axis(ax, axis="x")
    ax.legend(loc="upper right")
    return ax


def read_list(result: Selection, *, currency: str = "") -> str:
    """Say who stands near the line, what the score is made of, and what stands beside it."""
    if result.keys.empty:
        return theme.first_reason(result.refused, "keys")
    counted = result.weights[result.weights["is_counted"].astype(bool)]
    near = result.near
    parts = [_n("{n} account off the list may belong on it as well as some that are "
                "({amount} of sales).",
                "{n} accounts off the list may belong on it as well as some that are "
                "({amount} of sales).", len(near),
                amount=fmt_money(near["net_amount"].sum(), currency))] if len(near) else []
    made_of = [_("{name} ({share})", name=label(row["indicator"]),
                 share=fmt_share(row["weight_share"])) for row in counted.to_dict("records")]
    parts.append(_("The score is made of {parts}.", parts=fmt_list(made_of)))
    nobody = result.weights[result.weights["n_with_part"] == 0]
    if len(nobody):
        parts.append(_("Not known for any account and therefore left out: {names}.",
                       names=fmt_list(label(name) for name in nobody["indicator"])))
    if "intervals" in result.refused:
        parts.append(result.refused["intervals"])
    parts += _satisfaction(result)
    losses = int((result.criteria["profit_amount"] < 0).sum())
    if losses:
        parts.append(_n("With {n} account at a loss, shares of profit are of the profits above "
                        "zero; shares of the total would add up to more than 100 %.",
                        "With {n} accounts at a loss, shares of profit are of the profits above "
                        "zero; shares of the total would add up to more than 100 %.", losses))
    return join_sentences(parts)


def _satisfaction(result: Selection) -> list[str]:
    heard = result.listed["satisfaction_index"].dropna()
    if heard.empty:
        return []
    return [_n("Satisfaction stands beside the score and is no part of it: {n} key account was "
               "heard, at {lowest} of 100.",
               "Satisfaction stands beside the score and is no part of it: {n} key accounts were "
               "heard, the least satisfied at {lowest} of 100, the most at {highest}.", len(heard),
               lowest=fmt_number(heard.min(), 0), highest=fmt_number(heard.max(), 0))]


def plot_readings(result: Selection, *, ax: Axes | None = None) -> Axes:
    """Who is in under each of the three readings: one row an account."""
    logics = result.logics
    rows = logics[logics["n_logics"] > 0].head(N_ROWS)
    ax = ax or theme.new_axes(8.0, 1.8 + 0.25 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "keys"))
    for x, logic in enumerate(LOGICS):
        for y, (standing, is_in) in enumerate(zip(rows[logic], rows[f"in_{logic}"], strict=True)):
            colour = STANDING_COLOURS[standing]
            if is_in or standing != "out":
                ax.scatter(x, y, s=80, marker="s", linewidths=1.5, edgecolors=colour,
                           facecolors=colour if is_in else "white")
    every = int((logics["n_logics"] == len(LOGICS)).sum())
    ax.set_title(_("{n} accounts are in under all three readings, {any} under at least one",
                   n=fmt_count(every), any=fmt_count((logics["n_logics"] > 0).sum())))
    ax.set_xticks(range(len(LOGICS)), [label(logic) for logic in LOGICS])
    ax.xaxis.tick_top()
    ax.set_xlim(-0.6, len(LOGICS) - 0.4)
    name_accounts(ax, result, list(rows["account_id"]))
    ax.invert_yaxis()
    ax.grid(True, axis="y", color=theme.FAINT, linewidth=0.6)
    for standing, colour in STANDING_COLOURS.items():
        if standing != "out":
            ax.scatter([], [], s=60, marker="s", color=colour, label=label(standing))
    ax.scatter([], [], s=60, marker="s", facecolors="white", edgecolors=theme.CATEGORY[1],
               label=_("Out by the figures, cannot tell"))
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.02), ncols=3)
    return ax


def read_readings(result: Selection) -> str:
    """Say how the readings agree, who is left out by the others, and what could not be asked."""
    if result.keys.empty:
        return theme.first_reason(result.refused, "keys")
    rows = result.logics
    listed = set(result.listed["account_id"])
    alone = int((rows["account_id"].isin(listed) & (rows["n_logics"] == 1)).sum())
    never = int(((rows["n_logics"] > 0) & ~rows["account_id"].isin(listed)).sum())
    parts = [say_readings(result), _(
        "{alone} of the list would be on no other list.", alone=fmt_count(alone)), _n(
        "{n} account that is not on it would be on one of the others.",
        "{n} accounts that are not on it would be on one of the others.", never)]
    for row in result.readings.to_dict("records"):
        if row["unchecked"]:
            parts.append(_("Under \"{logic}\" nobody could be asked: {names}.",
                           logic=label(row["logic"]), names=_spell(row["unchecked"])))
    return join_sentences(parts)


def read_changes(result: Selection) -> str:
    """Say who came and went, and how many of these moves may be chance."""
    if "changes" in result.refused or result.keys.empty:
        return theme.first_reason(result.refused, "changes", "keys")
    rows = result.changes
    if rows.empty:
        return _("The list is the same as at the end of the previous period.")
    came, gone = (int((rows["list_move"] == move).sum()) for move in ("entered", "left"))
    moved = _("{came} came onto the list since the previous period and {gone} left it.",
              came=fmt_count(came), gone=fmt_count(gone))
    if rows["is_near_line"].all():
        return join_sentences([moved, _("All of them stood near the line on one of both days, so "
                                        "that their moves may be chance.")])
    return join_sentences([moved, _("{near} of these {n} stood near the line on one of both days, "
                                    "so that their move may be chance.", n=fmt_count(len(rows)),
                                    near=fmt_count(rows["is_near_line"].sum()))])


def plot_coverage(result: Selection, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars: sales of each region, and the key accounts' part of them."""
    rows = result.coverage[result.coverage["dimension"] == "region"]
    name = _("region")
    if rows.empty:
        rows = result.coverage[result.coverage["dimension"] == "industry"]
        name = _("industry")
    rows = rows.head(12)
    ax = ax or theme.new_axes(8.5, 1.8 + 0.42 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "keys")
                                 if result.keys.empty
                                 else _("No account has a region, and none has an industry."))
    y = np.arange(len(rows))
    ax.barh(y, rows["net_amount"], color=theme.FAINT, height=0.62, label=_("all accounts"))
    ax.barh(y, rows["key_amount"], color=theme.ACCENT, height=0.62, label=_("key accounts"))
    for at, row in enumerate(rows.to_dict("records")):
        told = _n("{n} key account, {share}", "{n} key accounts, {share}", int(row["n_key"]),
                  share=fmt_share(row["key_amount_share"]))
        ax.annotate(told, (max(row["net_amount"], 0), at), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=9, color=theme.INK)
    ax.set_yticks(y, [theme.wrap(label(g), width=LETTERS, lines=1) for g in rows["group"]])
    ax.invert_yaxis()
    ax.set_xlim(0, float(rows["net_amount"].max()) * 1.3 or 1)
    without = int((rows["n_key"] == 0).sum())
    ax.set_title(_("By {group}: {n} of {all} without a key account", n=fmt_count(without),
                   all=fmt_count(len(rows)), group=name))
    ax.set_xlabel(_("net sales"))
    ax.grid(False, axis="y")
    theme.amount_axis(ax, axis="x", currency=currency)
    ax.legend(loc="lower right")
    return ax


def read_coverage(result: Selection) -> str:
    """Say what the largest accounts carry of each region, and which have no key account."""
    if result.keys.empty:
        return theme.first_reason(result.refused, "keys")
    rows = result.coverage[result.coverage["dimension"] == "region"]
    parts, group = [], _("region")
    if rows.empty:
        parts = [_("No account has a region, so large accounts cannot be counted by region.")]
        rows = result.coverage[result.coverage["dimension"] == "industry"]
        group = _("industry")
    if rows.empty:
        return join_sentences(parts)
    shares = rows["largest_amount_share"].to_numpy("float64")
    top = rows.iloc[int(np.nan_to_num(shares, nan=0.0).argmax())]
    low = rows.iloc[int(np.nan_to_num(shares, nan=1.0).argmin())]
    empty = [label(g) for g in rows.loc[rows["n_key"] == 0, "group"]]
    parts += [_("By {group} the {k} largest accounts carry from {low} ({low_name}) to {high} "
                "({high_name}) of the sales.", group=group,
                k=fmt_count(result.rules.n_large_by_region),
               low=fmt_share(low["largest_amount_share"]), low_name=label(low["group"]),
               high=fmt_share(top["largest_amount_share"]), high_name=label(top["group"])),
             _("That two or three large accounts secure a market is a claim of the source; no "
               "table holds what rivals sell there, so it cannot be tested.")]
    if empty:
        parts.append(_("Without a key account: {names}.", names=fmt_list(empty)))
    if result.unchecked.get("four_bigs"):
        parts.append(_("Of the four signs of a large account nobody could be asked: {names}.",
                       names=_spell(", ".join(result.unchecked["four_bigs"]))))
    return join_sentences(parts)


def name_accounts(ax: Axes, result: Selection, accounts: Sequence[str]) -> None:
    """Write the accounts' names at the ticks of the y axis."""
    ax.set_yticks(np.arange(len(accounts)), [
        theme.wrap(result.names.get(a) or a, width=LETTERS, lines=1) for a in accounts])


def read_losses(result: Selection, *, currency: str = "") -> str:
    """Say who leaves no profit, and what the test of little service means for key accounts."""
    if result.keys.empty:
        return theme.first_reason(result.refused, "keys")
    if "losses" in result.refused:
        return join_sentences([result.refused["losses"], *_tests(result)])
    rows = result.losses
    service = result.good[["is_listed", "service_test_index"]].dropna()
    key = service[service["is_listed"].astype(bool)]["service_test_index"]
    if rows.empty:
        text = _("Every account that bought leaves a profit, as far as costs are recorded.")
    else:
        text = _n("{n} account that bought leaves no profit ({amount}).",
                  "{n} accounts that bought leave no profit ({amount}).", len(rows),
                  amount=fmt_money(rows["profit_amount"].sum(), currency))
        n_key = int(rows["is_listed"].sum())
        text = join_sentences([text, _n("{n} of them is a key account.",
                                        "{n} of them are key accounts.", n_key)
                               if n_key else _("None of them is a key account.")])
    parts = [text, *_tests(result)]
    if len(key):
        parts.append(_("The test of little service goes against key account management, which "
                       "gives more of it; the key accounts stand at {place} of 100 there.",
                       place=fmt_number(key.mean(), 0)))
    return join_sentences(parts)


def _tests(result: Selection) -> Iterator[str]:
    """Which of the five tests nobody can be put to, and what that leaves of the mean."""
    asked = [str(c) for c in result.good if str(c).endswith("_test_index")]
    unknown = [heading(c) for c in asked if result.good[c].isna().all()]
    if unknown:
        yield _("Nobody can be put to these of the five tests: {names}.", names=fmt_list(unknown))
    if len(result.good) and result.good["good_customer_index"].isna().all():
        yield _("With fewer than half of the tests an account is called neither a good customer "
                "nor a bad one.")


def read_rejects(result: Selection) -> str:
    """Say what both readings of the screen reject, and which objection does most of it."""
    rows = {(r["screened"], r["reject_reading"]): r
            for r in result.reject_readings.to_dict("records")}
    if ("account", "reject_any") not in rows:
        return theme.first_reason(result.refused, "keys")
    some, every = rows["account", "reject_any"], rows["account", "reject_all"]
    asked = result.rejects[result.rejects["screened"] == "account"]
    slow = int(asked["objections"].str.contains("slow_growth").sum())
    parts = [_("When one objection is enough, {any} of {n} accounts are rejected ({share} of "
               "sales), {key} key accounts among them; when all three are needed, {all}.",
               any=fmt_count(some["n_rejected"]), n=fmt_count(some["n_screened"]),
               share=fmt_share(some["rejected_amount_share"]),
               key=fmt_count(some["n_key_rejected"]), all=fmt_count(every["n_rejected"]))]
    if asked["growth_rate"].notna().any():
        parts.append(_("Growth of {growth} or less alone objects to {slow}.", slow=fmt_count(slow),
                       growth=fmt_share(result.rules.reject_growth_rate)))
    unknown = [heading(c) for c in ("margin_share", "growth_rate") if asked[c].isna().all()]
    if unknown:
        parts.append(_("Not known of any account: {names}.", names=fmt_list(unknown)))
    if some["n_unsure"] or every["n_unsure"]:
        parts.append(_("A figure that is not known would decide on {any} accounts when one "
                       "objection is enough, on {all} when all three are needed.",
                       any=fmt_count(some["n_unsure"]), all=fmt_count(every["n_unsure"])))
    return join_sentences(parts)


def read_funnel(result: Selection) -> str:
    """Say how far the selection has come, and who has confirmed it."""
    rows = {row["screen_stage"]: row for row in result.funnel.to_dict("records")}
    if "assessed" not in rows:
        return theme.first_reason(result.refused, "keys")
    return join_sentences([_(
        "All four criteria are known of {assessed} of {all} accounts ({share}).",
        assessed=fmt_count(rows["assessed"]["n_accounts"]),
        all=fmt_count(rows["collected"]["n_accounts"]),
        share=fmt_share(rows["assessed"]["conversion_share"])), *_approvals(result)])


def _approvals(result: Selection) -> Iterator[str]:
    """Who approved how many of the list and when last, how many wait, and who has left it."""
    n = len(result.pending)
    given = result.pending[result.pending["approver"] != ""]
    if given.empty and n:
        yield _("None of the {n} proposed key accounts is approved yet.", n=fmt_count(n))
    elif n:
        by = given.groupby("approver")["approved_date"].agg(["size", "max"])
        who = [_("{name} ({k}, the last on {day})", name=name, k=fmt_count(row["size"]),
                 day=fmt_date(row["max"])) for name, row in by.iterrows()]
        yield _("{k} of {n} proposed key accounts are approved: by {who}.",
                k=fmt_count(len(given)), n=fmt_count(n), who=fmt_list(who))
    if 0 < len(given) < n:
        yield _n("{n} is not approved yet.", "{n} are not approved yet.", n - len(given))
    hasty = int((given["n_criteria_known"] < len(ASKED)).sum())
    if hasty:
        yield _n("{n} was approved though not all four criteria are known of it.",
                 "{n} were approved though not all four criteria are known of them.", hasty)
    confirmed = result.criteria.loc[result.criteria["is_confirmed"].fillna(False).astype(bool),
                                    "account_id"]
    left = sorted(set(confirmed) - set(result.listed["account_id"]))
    if left:
        yield _n("{n} account that was approved is not on the list now: {names}.",
                 "{n} accounts that were approved are not on the list now: {names}.", len(left),
                 names=write_names(left, result.names))
    if len(given) < n:
        yield _("Who approves one writes a row of narratives about it with the topic \"{topic}\".",
                topic=result.rules.approval_topic)
