"""Whom to call, why, and what became of earlier warnings: charts and computed readings."""

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
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_probability,
    fmt_range,
    fmt_share,
    join_sentences,
    name_currency,
)
from kamlib.warning import Warnings
from kamlib.warning.findings import (
    describe_verdict,
    describe_warned,
)

MAX_BARS = 15
# Few signs are pale, many dark; what only the model names has no sign.
SIGN_COLOURS = ("#b9c4cf", "#f3cf85", "#e69f00", "#d55e00")
FATES = {"came_true": "#d55e00", "came_back": "#e69f00", "false_alarm": "#b9c4cf",
         "missed": "#0b3c6f"}

# What a page shows of a wide table; the published one has every column.
CALL_COLUMNS = ("account_id", "owner_id", "net_amount_window", "signs_shown",
                "leave_probability", "leave_probability_ci_low", "leave_probability_ci_high",
                "listed_by", "flag_action")
LIKELY_COLUMNS = ("account_id", "leave_probability", "leave_probability_ci_low",
                  "leave_probability_ci_high", "model_reasons", "net_amount_window",
                  "risk_amount")
OUTCOME_COLUMNS = ("cut_date", "n_active_accounts", "n_rhythm_unknown", "n_too_slow", "n_judged",
                   "n_left", "left_share", "left_share_ci_low", "left_share_ci_high", "left_amount",
                   "n_back", "back_share", "back_share_ci_low", "back_share_ci_high")
FATE_COLUMNS = ("cut_date", "n_came_true", "n_came_back", "n_false_alarm", "n_missed",
                "n_not_judged", "came_true_amount", "false_alarm_amount", "missed_amount")


def plot_calls(result: Warnings, *, ax: Axes | None = None, currency: str = "",
               names: Mapping[str, str] | None = None) -> Axes:
    """Bars: sales of the accounts to call, most first; colour by number of signs."""
    rows = result.calls.head(MAX_BARS)
    ax = ax or theme.new_axes(9.0, 1.6 + 0.32 * max(4, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, describe_warned(result, currency))
    ax.set_title(_calls_title(result, currency))
    y = np.arange(len(rows))[::-1]
    signs = rows["n_flags"].to_numpy()
    for n, text in ((0, _("model only")), (1, _("1 sign")), (2, _("2 signs")),
                    (3, _("3 or more signs"))):
        chosen = signs >= n if n == len(SIGN_COLOURS) - 1 else signs == n
        if chosen.any():
            ax.barh(y[chosen], rows["net_amount_window"].to_numpy()[chosen], height=0.7,
                    color=SIGN_COLOURS[n], label=text)
    risk = rows["risk_amount"].to_numpy(dtype="float64")
    if not np.isnan(risk).all():
        ax.barh(y, np.nan_to_num(risk), height=0.26, color=theme.INK,
                label=_("sales × chance of leaving"))
    for place, row in zip(y, rows.to_dict("records"), strict=True):
        if pd.notna(row["leave_probability"]):
            ax.annotate(fmt_probability(row["leave_probability"]),
                        (max(0.0, row["net_amount_window"]), place), xytext=(4, 0),
                        textcoords="offset points", va="center", fontsize=9, color=theme.INK)
    ax.set_yticks(y, [theme.wrap(_name(a, names or {}), width=44, lines=1)
                      for a in rows["account_id"]])
    ax.set_xlabel(_("net sales, {window}, in {currency}; percent: chance of leaving in {days} "
                    "days", currency=name_currency(currency) or "–",
                    days=fmt_count(result.horizon_days)))
    theme.amount_axis(ax, axis="x")
    ax.margins(x=0.1)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    ax.legend(loc="lower right", fontsize=9)
    return ax


def read_calls(result: Warnings, *, currency: str = "") -> str:
    """Say who is under warning, whether such warnings held, and whose call is most worth it."""
    said = [describe_warned(result, currency),
            describe_verdict(result, "signs", basis="as_warned")]
    known = result.calls[result.calls["risk_amount"].notna()]
    if len(known):
        top = known.sort_values(["risk_amount", "account_id"], ascending=[False, True]).iloc[0]
        said.append(_("Most is at stake with {account}: {amount} of sales, chance of leaving "
                      "{chance} ({interval}).", account=top["account_id"],
                      amount=fmt_money(top["net_amount_window"], currency),
                      chance=fmt_probability(top["leave_probability"]),
                      interval=fmt_range(top["leave_probability_ci_low"],
                                         top["leave_probability_ci_high"], fmt_probability)))
    return join_sentences(text for text in said if text)


def read_model(result: Warnings, *, currency: str = "") -> str:
    """Say what the model rests on, or why there is none."""
    if "model" in result.refused:
        return result.refused["model"]
    table = result.coefficients
    used = table[table["use"] == "used"]
    sure = used[(used["odds_ratio_ci_low"] > 1) | (used["odds_ratio_ci_high"] < 1)]
    text = _n("The model rests on {n} feature.", "The model rests on {n} features.", len(used))
    left_out = int((table["use"] == "too_few_events").sum())
    if len(sure):
        text = join_sentences([text, _("These surely count: {features}.", features=fmt_list(
            [label(name).lower() for name in sure["feature"]]))])
    if left_out:
        text = join_sentences([text, _n(
            "{n} more is left out, since too few accounts left to learn from.",
            "{n} more are left out, since too few accounts left to learn from.", left_out)])
    return text


def read_outcomes(result: Warnings, *, currency: str = "") -> str:
    """Say how many left on past days, how many of them came back, and who could not be judged."""
    table = result.outcomes
    if table.empty or not table["n_judged"].sum():
        return result.refused.get("past", _("No account of the past can be judged."))
    left, followed = int(table["n_left"].sum()), int(table["n_followed"].sum())
    text = _("On {n_cuts} past days {left} of {judged} accounts bought nothing in the {days} days "
             "that followed ({share}); they had bought {amount} in {window}.",
             n_cuts=fmt_count(len(table)), left=fmt_count(left), days=fmt_count(
                 result.horizon_days), judged=fmt_count(table["n_judged"].sum()),
             share=fmt_share(left / table["n_judged"].sum()),
             amount=fmt_money(table["left_amount"].sum(), currency))
    if followed:
        back = int(table["n_back"].sum())
        text = join_sentences([text, _(
            "Silent is not always gone: of {followed} whose later days are known {back} bought "
            "again ({share}).", followed=fmt_count(followed), back=fmt_count(back),
            share=fmt_share(back / followed)) if back else _(
            "Of {followed} whose later days are known none has bought again.",
            followed=fmt_count(followed))])
    out = int(table["n_rhythm_unknown"].sum() + table["n_too_slow"].sum())
    if not out:
        return text
    return join_sentences([text, _n(
        "{n} account was left out, because its usual gap is not known or longer than that.",
        "{n} were left out, because their usual gap is not known or longer than that.", out)])


def plot_fates(result: Warnings, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Stacked bars by past day: warnings that came true, false alarms, and who was missed."""
    ax = ax or theme.new_axes(8.5, 4.2)
    table = result.fates
    counts = table[[f"n_{fate}" for fate in FATES]]
    if table.empty or not counts.to_numpy().sum():
        return theme.say_nothing(ax, result.refused.get("past", _(
            "On the past days nobody was warned of, and nobody left.")))
    true = int(table[["n_came_true", "n_came_back"]].to_numpy().sum())
    warned = true + int(table["n_false_alarm"].sum())
    ax.set_title(_("{true} of {warned} warnings came true; {missed} accounts left without one",
                   true=fmt_count(true), warned=fmt_count(warned),
                   missed=fmt_count(table["n_missed"].sum())))
    x, bottom = np.arange(len(table)), np.zeros(len(table))
    for fate, colour in FATES.items():
        values = table[f"n_{fate}"].to_numpy(dtype="float64")
        ax.bar(x, values, bottom=bottom, width=0.62, color=colour, label=label(fate),
               edgecolor="white")
        for place, value in zip(x, values, strict=True):
            # A number needs room in its piece of the bar.
            if value >= 0.05 * counts.sum(axis=1).max():
                ax.text(float(place), bottom[place] + value / 2, fmt_count(value), ha="center",
                        va="center", fontsize=9,
                        color="white" if fate in ("came_true", "missed") else theme.INK)
        bottom += values
    ax.set_xticks(x, [pd.Timestamp(day).strftime("%Y-%m-%d") for day in table["cut_date"]])
    ax.set_ylabel(_("accounts"))
    ax.set_xlabel(_("day of the warning; judged {days} days later",
                    days=fmt_count(result.horizon_days)))
    theme.count_axis(ax)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)
    return ax


def read_fates(result: Warnings, *, currency: str = "") -> str:
    """Say what became of the warnings of the last day, and who was missed."""
    table = result.lessons
    if table.empty:
        return result.refused.get("past", _(
            "On the past days nobody was warned of, and nobody left."))
    counts = table["fate"].value_counts()
    warned = table[table["fate"] != "missed"]
    true = int(counts.get("came_true", 0)) + int(counts.get("came_back", 0))
    said = [_n("Of {n} warning on {day} {true} came true, {false} was a false alarm.",
               "Of {n} warnings on {day} {true} came true, {false} were false alarms.",
               len(warned), day=fmt_date(result.last_cut), true=fmt_count(true),
               false=fmt_count(counts.get("false_alarm", 0)))]
    missed = table[table["fate"] == "missed"]
    if len(missed):
        said.append(_n("{n} account left without a warning; it had bought {amount} in {window}.",
                       "{n} accounts left without a warning; they had bought {amount} in "
                       "{window}.", len(missed),
                       amount=fmt_money(missed["net_amount_window"].sum(), currency)))
        silent = int((missed["signs_shown"] == "").sum())
        said.append(_n("{n} of them had shown no sign at all.",
                       "{n} of them had shown no sign at all.", silent))
    return join_sentences(said)


def read_changes(result: Warnings, *, currency: str = "") -> str:
    """Say how many warnings are new, stand or have ended since the last day of the past."""
    if result.last_cut is None:
        return result.refused.get("past", "")
    counts = result.changes["warning_change"].value_counts()
    new = result.changes[result.changes["warning_change"] == "new_warning"]
    return _("Since {day} {new} accounts have come under warning ({amount} of sales in {window}), "
             "{still} still are, {ended} no longer.", day=fmt_date(result.last_cut),
             new=fmt_count(len(new)), amount=fmt_money(new["net_amount_window"].sum(), currency),
             still=fmt_count(counts.get("still_warned", 0)),
             ended=fmt_count(counts.get("ended_warning", 0)))


def _name(account: Any, names: Mapping[str, str]) -> str:
    return f"{account} {names[account]}" if account in names else str(account)


def _calls_title(result: Warnings, currency: str) -> str:
    rows = result.calls
    amount = fmt_money(rows["net_amount_window"].sum(), currency)
    if rows["risk_amount"].isna().all():
        return _n("{n} account with {amount} of sales should be called",
                  "{n} accounts with {amount} of sales should be called", len(rows),
                  amount=amount)
    return _n("{n} account with {amount} of sales should be called; by the chance of leaving "
              "{risk} of it is at stake",
              "{n} accounts with {amount} of sales should be called; by the chance of leaving "
              "{risk} of it is at stake", len(rows), amount=amount,
              risk=fmt_money(rows["risk_amount"].sum(), currency))
