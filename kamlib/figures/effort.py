"""Where effort goes: charts and computed readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.effort import Effort, say_audit, say_no_keys
from kamlib.effort.rules import CLASSES, KEY
from kamlib.effort.shares import ALL, count_moves
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
    join_items,
    join_sentences,
)

SHARE_COLUMNS = ("business_class", "n_accounts", "account_share", "target_account_share", "hours",
                 "time_share", "target_time_share", "effort_intensity", "target_intensity",
                 "hours_to_move")
ACCOUNT_COLUMNS = ("account_id", "business_class", "hours", "account_cost_amount",
                   "margin_amount", "account_result_amount", "account_roi")
MARGINAL_COLUMNS = ("business_class", "n_accounts", "n_spans", "mean_return_amount",
                    "marginal_return_amount", "marginal_return_amount_ci_low",
                    "marginal_return_amount_ci_high", "audit_reason")
PAIR_COLUMNS = ("from_class", "to_class", "difference_amount", "difference_amount_ci_low",
                "difference_amount_ci_high", "audit_verdict", "audit_reason")
OTHER_GRADES = ("#8a8f98", "#3f8fce", "#b9c4cf", "#e69f00")


def plot_shares(result: Effort, *, ax: Axes | None = None) -> Axes:
    """Bars by class: share of accounts, share of hours, and the target of each."""
    ax = ax or theme.new_axes(8.0, 4.0)
    if result.shares.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "shares"))
    rows = result.shares.set_index("business_class").loc[list(CLASSES)]
    places = np.arange(len(rows))
    for at, name, colour, text in (
            (-0.2, "account_share", theme.FAINT, _("share of accounts")),
            (0.2, "time_share", theme.ACCENT, _("share of hours"))):
        ax.bar(places + at, rows[name], width=0.36, color=colour, label=text)
        ax.plot(places + at, rows[f"target_{name}"], linestyle="", marker="_", markersize=26,
                markeredgewidth=2, color=theme.INK,
                label=_("target") if name == "time_share" else None)
    ax.set_title(_("Key accounts: {accounts} of the accounts, {hours} of the hours",
                   accounts=fmt_share(rows.loc[KEY, "account_share"]),
                   hours=fmt_share(rows.loc[KEY, "time_share"]))
                 if rows.loc[KEY, "n_accounts"] else _("No account is on the key account list"))
    ax.set_xticks(places, [_("{name} (n = {n})", name=label(c), n=fmt_count(n))
                           for c, n in rows["n_accounts"].items()])
    theme.share_axis(ax)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3)
    return ax


def read_shares(result: Effort) -> str:
    """Say shares, intensity and hours to move, and whose hours are in no share."""
    if result.shares.empty:
        return theme.first_reason(result.refused, "shares")
    rows = result.shares.set_index("business_class")
    told = [_("{name} {accounts} of the accounts, {hours} of the hours, intensity {own} "
              "(target {target})", name=label(c).lower(),
              accounts=fmt_share(rows.loc[c, "account_share"]),
              hours=fmt_share(rows.loc[c, "time_share"]),
              own=fmt_number(rows.loc[c, "effort_intensity"], 2),
              target=fmt_number(rows.loc[c, "target_intensity"], 2)) for c in CLASSES]
    moves = [_("{name} {n}", name=label(c).lower(), n=("+" if x > 0 else "") + fmt_count(x))
             for c, x in rows.loc[list(CLASSES), "hours_to_move"].items()]
    parts = [say_no_keys()] if not rows.loc[KEY, "n_accounts"] else []
    parts += [_("In {window}: {told}.", told=join_items(told)),
              _("To reach the target {hours} of {all} hours would move: {moves}.",
                hours=fmt_count(count_moves(result.shares)),
                all=fmt_count(rows.loc[list(CLASSES), "hours"].sum()),
                moves=fmt_list(moves))]
    by_class = {str(r["business_class"]): r for r in result.shares.to_dict("records")}
    prospect, others = by_class["prospect"], by_class["other_class"]
    if prospect["hours"] == 0 and prospect["n_accounts"] > 0:
        parts.append(_("No hours on prospects are recorded, but {hours} hours of visits and "
                       "calls.", hours=fmt_number(prospect["contact_hours"], 0))
                     if prospect["contact_hours"] > 0
                     else _("No hours on prospects are recorded; that none were worked does not "
                            "follow."))
    if others["hours"] > 0:
        parts.append(_("{hours} hours went to accounts of no class, or no longer buying, and are "
                       "in no share.", hours=fmt_count(others["hours"])))
    return join_sentences(parts)


def read_change(result: Effort) -> str:
    """Say how the hours of today's classes moved since the window before."""
    if result.before.empty or result.shares.empty:
        return _("Whether the hours have moved cannot be told: no hours of the window before are "
                 "recorded.")
    now, then = (t.set_index("business_class") for t in (result.shares, result.before))
    return _("Today's key accounts got {then} of the hours in the window before and {now} in this "
             "one; {hours_then} hours were recorded then, {hours_now} now.",
             then=fmt_share(then.loc[KEY, "time_share"]),
             now=fmt_share(now.loc[KEY, "time_share"]),
             hours_then=fmt_count(then.loc[ALL, "hours"]),
             hours_now=fmt_count(now.loc[ALL, "hours"]))


def plot_people(result: Effort, *, ax: Axes | None = None) -> Axes:
    """Stacked bars: how the accounts of each class are spread over the owners' grades."""
    rows = result.assignment
    classes = [c for c in (*CLASSES, ALL) if len(rows) and (rows["business_class"] == c).any()]
    ax = ax or theme.new_axes(8.0, 1.6 + 0.45 * max(2, len(classes)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "assignment"))
    wide = rows.pivot(index="business_class", columns="owner_grade", values="account_share")
    wide = wide.reindex(index=classes, columns=list(dict.fromkeys(rows["owner_grade"]))).fillna(0)
    left = np.zeros(len(wide))
    for place, grade in enumerate(wide.columns):
        best = grade in result.rules.best_grades
        ax.barh(np.arange(len(wide)), wide[grade], left=left, height=0.62, label=label(grade),
                color=theme.TIER_COLOURS["core"] if best else OTHER_GRADES[place % 4])
        left = left + wide[grade].to_numpy()
    share = _best_share(result, KEY)
    ax.set_title(_("{share} of the key accounts are looked after by one of the best people",
                   share=fmt_share(share))
                 if share is not None else _("No account is on the key account list"))
    ax.set_yticks(np.arange(len(wide)), [label(c) for c in wide.index])
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    ax.set_xlabel(_("share of the accounts (%)"))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.28), ncols=4)
    return ax


def read_people(result: Effort) -> str:
    """Say whether key accounts have the best people more often than any account does."""
    if result.assignment.empty:
        return theme.first_reason(result.refused, "assignment")
    if _best_share(result, KEY) is None:
        return say_no_keys()
    owners = result.owners[result.owners["owner_grade"].isin(result.rules.best_grades)]
    parts = [_("{share} of the key accounts have an owner of the best grades ({best}); of all "
               "accounts {all} do.", share=fmt_share(_best_share(result, KEY)),
               best=fmt_list(label(g) for g in result.rules.best_grades),
               all=fmt_share(_best_share(result, ALL)))]
    n_key, n = int(owners["n_key"].sum()), int(owners["n_accounts"].sum())
    parts.append(_n("{n} of the best people looks after {accounts} accounts, {key} of them key.",
                    "{n} of the best people look after {accounts} accounts, {key} of them key.",
                    len(owners), accounts=fmt_count(n), key=fmt_count(n_key)))
    return join_sentences(parts)


def plot_returns(result: Effort, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Each account by what it cost and by the margin it brought."""
    ax = ax or theme.new_axes(8.0, 4.6)
    rows = result.account_returns
    rows = rows[(rows["account_cost_amount"] > 0) & rows["margin_amount"].notna()] \
        if len(rows) else rows
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "returns"))
    shown = rows[rows["margin_amount"] > 0]
    if shown.empty:
        return theme.say_nothing(ax, _("No account has a margin above 0."))
    colours = {"key_account": theme.TIER_COLOURS["core"],
               "ordinary": theme.TIER_COLOURS["important"]}
    for name in dict.fromkeys(["key_account", "ordinary", *shown["business_class"]]):
        part = shown[shown["business_class"] == name]
        if len(part):
            ax.scatter(part["account_cost_amount"], part["margin_amount"], s=26, alpha=0.7,
                       color=colours.get(name, theme.MUTED), edgecolor="white", linewidth=0.5,
                       label=_("{name} (n = {n})", name=label(name), n=fmt_count(len(part))))
    ends = [float(shown["account_cost_amount"].min()), float(shown["account_cost_amount"].max())]
    ax.plot(ends, ends, color=theme.BAD, linewidth=1, label=_("margin = cost"))
    below = int((rows["account_result_amount"] < 0).sum())
    ax.set_title(_n("{n} account cost more than its margin", "{n} accounts cost more than their "
                    "margin", below))
    ax.set_xscale("log")
    ax.set_yscale("log")
    theme.amount_axis(ax, axis="x", currency=currency)
    theme.amount_axis(ax, currency=currency)
    ax.minorticks_off()
    ax.set_xlabel(_("account cost (logarithmic)"))
    ax.set_ylabel(_("margin (logarithmic; {n} at or below 0 left out)",
                    n=fmt_count(len(rows) - len(shown))))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
    return ax


def read_returns(result: Effort, *, currency: str = "") -> str:
    """Say what came back for 1 spent by class, and what shares cannot be told."""
    if result.returns.empty:
        return theme.first_reason(result.refused, "returns")
    rows = result.returns[result.returns["account_roi"].notna()]
    whole = result.returns.iloc[-1]
    told = [_("{name} {roi}", name=label(r["business_class"]).lower(),
              roi=fmt_number(r["account_roi"], 1))
            for r in rows.to_dict("records") if r["business_class"] in CLASSES]
    parts = [_("{cost} was spent on {n} accounts in {window} and brought a margin of {margin}; "
               "what 1 spent brought beyond itself: {told}.",
               cost=fmt_money(whole["account_cost_amount"], currency),
               n=fmt_count(whole["n_accounts"]), margin=fmt_money(whole["margin_amount"], currency),
               told=fmt_list(told) if told else "–"),
             _("These are means. They do not say what one more hour would bring; the audit below "
               "does.")]
    if result.returns["result_share"].isna().all():
        parts.append(_("Results below zero make up so much that shares of the whole would mean "
                       "nothing: they are left out."))
    if result.uncharged_amount > 0:
        parts.append(_("{amount} names no account and is charged to none.",
                       amount=fmt_money(result.uncharged_amount, currency)))
    return join_sentences(parts)


def read_budgets(result: Effort, *, currency: str = "") -> str:
    """Say how much of the budgets is used."""
    if result.budgets.empty:
        return theme.first_reason(result.refused, "budgets")
    rows = result.budgets
    over = rows[rows["used_share"] > rows["elapsed_share"]]
    return _("{n} budgets, {spent} of {budget} spent; {over} are used up faster than their time "
             "goes.", n=fmt_count(len(rows)), over=fmt_count(len(over)),
             spent=fmt_money(rows["spent_amount"].sum(), currency),
             budget=fmt_money(rows["budget_amount"].sum(), currency))


def plot_audit(result: Effort, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Margin of one more hour by class, with its interval."""
    rows = result.marginal
    rows = rows[rows["marginal_return_amount"].notna()] if len(rows) else rows
    ax = ax or theme.new_axes(8.0, 1.6 + 0.5 * max(2, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "marginal"))
    places = np.arange(len(rows))
    ax.hlines(places, rows["marginal_return_amount_ci_low"],
              rows["marginal_return_amount_ci_high"], color=theme.INK, linewidth=1.4)
    ax.plot(rows["marginal_return_amount"], places, linestyle="", marker="o", markersize=8,
            color=theme.ACCENT)
    ax.axvline(0, color=theme.MUTED, linestyle="--", linewidth=1)
    moves = result.pairs[result.pairs["audit_verdict"] == "move_hours"]
    ax.set_title(_("One more hour brought more with one class than with another") if len(moves)
                 else _("No evidence that an hour brings more with one class than with another"))
    ax.set_yticks(places, [_("{name} (n = {n})", name=label(r["business_class"]),
                             n=fmt_count(r["n_accounts"])) for r in rows.to_dict("records")])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.amount_axis(ax, axis="x", currency=currency)
    ax.set_xlabel(_("margin that went with one more hour in the span before"))
    return ax


def read_audit(result: Effort, *, currency: str = "") -> str:
    """Say what the audit justifies, on how much it rests, and how far that is from the mean."""
    if result.marginal.empty:
        return theme.first_reason(result.refused, "marginal")
    rows = result.marginal.dropna(subset=["marginal_return_amount"])
    parts = [say_audit(result, currency=currency),
             _("It rests on {n} accounts and {spans} spans of {months} months.",
               n=fmt_count(rows["n_accounts"].sum()), spans=fmt_count(rows["n_spans"].sum()),
               months=fmt_count(result.rules.audit_months))]
    left = result.marginal[result.marginal["audit_reason"] != ""]
    if len(left):
        names = [_("{name} ({reason})", name=label(r["business_class"]).lower(),
                   reason=label(r["audit_reason"])) for r in left.to_dict("records")]
        parts.append(_("Not judged: {classes}.", classes=fmt_list(names)))
    if len(result.pairs):
        row = result.pairs.iloc[0]
        parts.append(_("The difference between {one} and {other} accounts is {span} an hour.",
                       one=label(row["to_class"]).lower(),
                       other=label(row["from_class"]).lower(),
                       span=fmt_range(row["difference_amount_ci_low"],
                                      row["difference_amount_ci_high"],
                                      lambda x: fmt_money(x, currency))))
    return join_sentences(parts)


def _best_share(result: Effort, name: str) -> float | None:
    rows: pd.DataFrame = result.assignment[result.assignment["business_class"] == name]
    if rows.empty:
        return None
    return float(rows.loc[rows["owner_grade"].isin(result.rules.best_grades),
                          "account_share"].sum())
