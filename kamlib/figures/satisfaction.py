"""Charts and sentences of the satisfaction survey; the numbers come from `satisfaction`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
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
from kamlib.satisfaction import Survey, name_item
from kamlib.satisfaction.findings import points

BAD, GOOD = theme.BAD, theme.GOOD
# Width of the bars of the distribution, in points of the index.
BIN_WIDTH = 5
# Letters of a wave's name that fit side by side under the axis.
LETTERS = 9

# What a page shows of a wide table; the published one has every column.
ACCOUNT_COLUMNS = ("account_id", "n_questionnaires", "account_index", "is_satisfied",
                   "previous_index", "lowest_item", "net_amount_window")
ITEM_COLUMNS = ("rank", "text", "weight", "n_accounts", "item_index", "item_index_ci_low",
                "item_index_ci_high", "standing", "change_index", "change_index_ci_low",
                "change_index_ci_high", "movement")
SCORE_COLUMNS = ("measure", "convention", "n_answers", "n_accounts", "score_value_index",
                 "score_value_index_ci_low", "score_value_index_ci_high", "previous_index",
                 "change_index", "change_index_ci_low", "change_index_ci_high")
CATEGORY_COLUMNS = ("rank", "category", "n_items", "n_accounts", "category_index",
                    "category_index_ci_low", "category_index_ci_high", "difference_index",
                    "difference_index_ci_low", "difference_index_ci_high", "standing")
WAVE_COLUMNS = ("name", "n_valid", "n_accounts", "overall_index", "overall_index_ci_low",
                "overall_index_ci_high", "satisfied_share", "satisfied_share_ci_low",
                "satisfied_share_ci_high", "movement")


def plot_trend(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """Index of each wave with its interval, and the target of the index where there is one."""
    ax = ax or theme.new_axes()
    shown = survey.trend[survey.trend["overall_index"].notna()]
    if shown.empty:
        return _say_empty(survey, ax)
    places = np.arange(len(shown))
    below = shown["overall_index"] - shown["overall_index_ci_low"]
    above = shown["overall_index_ci_high"] - shown["overall_index"]
    ax.errorbar(places, shown["overall_index"], yerr=[below, above], color=theme.ACCENT,
                marker="o", capsize=3, linewidth=1.8, elinewidth=1.0)
    ax.set_xticks(places, [theme.wrap(name, width=LETTERS) for name in shown["name"]])
    ax.set_xlim(-0.9, len(shown) - 0.5)
    target = _index_target(survey)
    if target is not None:
        ax.axhline(target, color=theme.MUTED, linestyle="--", linewidth=1.2)
        ax.annotate(_("target {target}", target=fmt_number(target, 0)), (-0.9, target),
                    xytext=(2, 4), textcoords="offset points", color=theme.INK, ha="left",
                    fontsize=theme.FONT_SIZE - 1)
    ax.set(title=_trend_title(survey), xlabel=_("Wave of the survey"),
           ylabel=_("Satisfaction index (0–100 points)"))
    return ax


def read_trend(survey: Survey) -> str:
    """One sentence: how the same accounts moved between the last two waves."""
    if survey.trend.empty:
        return _("There is no wave to read.")
    last = survey.trend.iloc[-1]
    if not survey.previous_name or pd.isna(last["change_index"]):
        return _("{wave} has no earlier wave, answered by the same accounts, to compare with.",
                 wave=survey.wave_name)
    return _("{n} accounts answered both in {previous} and in {wave}: their index moved by "
             "{change} points on average ({range}): {movement}. All waves are read with the scale "
             "map and the validity rule of the last one.", n=fmt_count(last["n_paired"]),
             previous=survey.previous_name, wave=survey.wave_name,
             change=points(last["change_index"]), movement=label(last["movement"]),
             range=fmt_range(last["change_index_ci_low"], last["change_index_ci_high"], points))


def plot_items(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """Items, lowest first, with intervals; the wave before as a hollow marker."""
    items = survey.items[survey.items["item_index"].notna()]
    ax = ax or theme.new_axes(8.0, 1.6 + 0.42 * max(3, len(items)))
    if items.empty:
        return _say_empty(survey, ax)
    names = [theme.wrap(name_item(row), width=40) for row in items.to_dict("records")]
    colours = [BAD if moved == "fell" else theme.CATEGORY[4] for moved in items["movement"]]
    places = np.arange(len(items))
    ax.barh(places, items["item_index"], color=colours, height=0.62)
    ax.errorbar(items["item_index"], places, fmt="none", ecolor=theme.INK, elinewidth=1.0,
                capsize=2.5, xerr=[items["item_index"] - items["item_index_ci_low"],
                                   items["item_index_ci_high"] - items["item_index"]])
    if items["previous_index"].notna().any():
        ax.scatter(items["previous_index"], places, facecolors="white", edgecolors=theme.INK,
                   s=34, zorder=3, label=survey.previous_name)
        # The lowest items stand on top, so that corner is free.
        ax.legend(loc="upper right", fontsize=theme.FONT_SIZE)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.set(title=_items_title(survey), xlim=(0, 100), ylabel="",
           xlabel=_("Mean over accounts (0–100 points)"))
    return ax


def read_items(survey: Survey) -> str:
    """One sentence: the lowest items, and those that fell."""
    if survey.items.empty:
        return _("There are no items to read.")
    lowest = fmt_list(_("“{item}” ({index})", item=name_item(row), index=points(row["item_index"]))
                      for row in survey.items.head(3).to_dict("records"))
    fallen = [_("“{item}” by {points} points ({range})", item=name_item(row),
                points=points(-row["change_index"]),
                range=fmt_range(-row["change_index_ci_high"], -row["change_index_ci_low"], points))
              for row in survey.items[survey.items["movement"] == "fell"].to_dict("records")]
    said = [_("Lowest are {items}.", items=lowest)]
    if fallen:
        said.append(_("Down since {previous}, beyond what chance explains for all items together: "
                      "{items}.", previous=survey.previous_name, items=fmt_list(fallen)))
    elif survey.previous_name:
        said.append(_("No item fell beyond what chance explains since {previous}.",
                      previous=survey.previous_name))
    return join_sentences(said)


def read_categories(survey: Survey) -> str:
    """Sentences: the kinds of question that stand clearly below or above the whole."""
    table = survey.categories
    if table.empty:
        return _("There are no kinds of questions to compare.")
    sides: dict[str, Callable[[str], str]] = {
        "below": lambda x: _("Clearly below the mean of all questions: {topics}.", topics=x),
        "above": lambda x: _("Clearly above it: {topics}.", topics=x)}
    said = []
    for standing, say in sides.items():
        topics = [_("{topic} by {points} points ({range})", topic=label(row["category"]),
                    points=points(abs(row["difference_index"])), range=_away(row))
                  for row in table[table["standing"] == standing].to_dict("records")]
        said += [say(fmt_list(topics))] if topics else []
    if not said:
        return _("No kind of question stands clearly apart from the others.")
    return join_sentences(said)


def _away(row: dict[Any, Any]) -> str:
    """The interval of a distance, without its sign."""
    ends = abs(row["difference_index_ci_low"]), abs(row["difference_index_ci_high"])
    return fmt_range(min(ends), max(ends), points)


def read_hidden(survey: Survey, *, currency: str = "") -> str:
    """One sentence: accounts that rate something low and say all the same that all is well."""
    table, reason = survey.hidden, survey.refused.get("hidden_dissatisfied", "")
    if survey.now is None or reason:
        return reason or _("There are no answers to look through.")
    span = survey.now.scale_max - survey.now.scale_min
    low, high = (fmt_number(survey.now.scale_min + share * span, 1) for share in (
        survey.rules.hidden_item_position, survey.rules.hidden_overall_position))
    if table.empty:
        return _("Nobody rates a single thing {low} or lower and the whole {high} or higher: where "
                 "something is wrong, the overall mark shows it.", low=low, high=high)
    said = [_n("{n} account rates something {low} or lower and the whole {high} or higher: the "
               "overall mark hides it. Ask.", "{n} accounts rate something {low} or lower and the "
               "whole {high} or higher: the overall mark hides it. Ask them.", len(table),
               low=low, high=high)]
    if table["net_amount_window"].sum():
        said.append(_("They buy for {amount} a year.",
                      amount=fmt_money(table["net_amount_window"].sum(), currency)))
    return join_sentences(said)


def plot_accounts(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """How the accounts' indices spread on both sides of the satisfied line."""
    ax = ax or theme.new_axes()
    if survey.accounts.empty:
        return _say_empty(survey, ax)
    line = survey.rules.satisfied_line
    # Bars meet at the line, so that none of them holds both kinds of account.
    edges = line + BIN_WIDTH * np.arange(-np.ceil(line / BIN_WIDTH),
                                         np.ceil((100 - line) / BIN_WIDTH) + 1)
    low, high = _("below the line"), _("satisfied")
    kind = np.where(survey.accounts["is_satisfied"].astype("bool"), high, low)
    data = pd.DataFrame({"account_index": survey.accounts["account_index"], "kind": kind})
    sns.histplot(data, x="account_index", hue="kind", bins=list(edges), multiple="stack", ax=ax,
                 hue_order=[low, high], palette={low: BAD, high: GOOD}, edgecolor="white", alpha=1)
    ax.axvline(line, color=theme.INK, linestyle="--", linewidth=1.2)
    legend = ax.get_legend()
    if legend is not None:
        legend.set_title("")
        legend.set_loc("upper left")
    theme.count_axis(ax)
    first = BIN_WIDTH * np.floor(data["account_index"].min() / BIN_WIDTH) - BIN_WIDTH
    ax.set(title=_accounts_title(survey), xlabel=_("Index of the account (0–100 points)"),
           ylabel=_("Accounts"), xlim=(max(0, first), 100))
    return ax


def read_accounts(survey: Survey, *, currency: str = "") -> str:
    """One sentence: how many accounts are below the line, how many near it, and their sales."""
    table = survey.accounts
    if table.empty:
        return _("No account gave a valid answer.")
    low = table[~table["is_satisfied"].astype("bool")]
    said = [_("{n} of {n_of} accounts are below the satisfied line of {line}.",
              n=fmt_count(len(low)), n_of=fmt_count(len(table)),
              line=fmt_number(survey.rules.satisfied_line, 0))]
    if low["net_amount_window"].sum():
        said.append(_("They buy for {amount} a year.",
                      amount=fmt_money(low["net_amount_window"].sum(), currency)))
    near = table["is_near_line"].astype("boolean")
    if near.notna().any():
        said.append(_n("{n} account is so close to the line that another answer could move it "
                       "across.", "{n} accounts, on either side, are so close to it that another "
                       "answer could move them across.", int(near.fillna(False).sum())))
    return join_sentences(said)


def read_measures(survey: Survey) -> str:
    """One sentence: the index, the rate of accounts and the share of ratings, kept apart."""
    if survey.measures.empty:
        return survey.unanswered[0].reason if survey.unanswered else ""
    rows = survey.measures.set_index("measure").to_dict("index")
    index, rate, content = (rows[name] for name in ("satisfaction_index", "satisfied_rate",
                                                    "content_share"))
    return _("Three figures that must not be mixed up: the index is {index} of 100, {rate} of {n} "
             "accounts are satisfied, and {content} of {n_ratings} single ratings are good ones. A "
             "target is only held against a figure of its own kind.",
             index=points(index["measured_index"]), rate=fmt_share(rate["measured_share"]),
             n=fmt_count(rate["n"]), content=fmt_share(content["measured_share"]),
             n_ratings=fmt_count(content["n"]))


def read_estimates(survey: Survey) -> str:
    """Sentences: the index by account, by questionnaire and by revenue, and how it was drawn."""
    rows = survey.estimates.set_index("weighting").to_dict("index")
    if not rows:
        return survey.unanswered[0].reason if survey.unanswered else ""
    counted = fmt_list(_("{index} {weighting} ({range})", index=points(row["overall_index"]),
                         weighting=label(name), range=fmt_range(
                             row["overall_index_ci_low"], row["overall_index_ci_high"], points))
                       for name, row in rows.items())
    said = [_("The index is {figures}.", figures=counted)]
    money = rows.get("by_revenue")
    if money is not None and pd.notna(money["revenue_share"]):
        said.append(_("The accounts heard bring {share} of all sales; weighted by them they tell "
                      "as much as {n} accounts of equal size.",
                      share=fmt_share(money["revenue_share"]),
                      n=fmt_number(money["n_effective"], 0)))
    method = rows["by_account"]["interval_method"]
    return join_sentences([*said, _METHODS[method]()] if method else [*said, _(
        "All accounts answer alike, so no spread was seen and no interval can be given.")])


_METHODS = {
    "student": lambda: _("With so few accounts the intervals are Student's, taken over their "
                         "means."),
    "resampled": lambda: _("The intervals rest on whole accounts, never on single people, since "
                           "the people of one account resemble each other.")}


def read_scores(survey: Survey) -> str:
    """Sentences: NPS with its margin, and the other customary scores that could be computed."""
    if survey.scores.empty:
        return _("No question about the whole, or about recommending us, was asked; so there are "
                 "no such scores.")
    said = [_("{measure}: {value} ({range}), {n} answers of {n_accounts} accounts.",
              measure=label(row["measure"]), value=points(row["score_value_index"]),
              range=fmt_range(row["score_value_index_ci_low"], row["score_value_index_ci_high"],
                              points), n=fmt_count(row["n_answers"]),
              n_accounts=fmt_count(row["n_accounts"]))
            for row in survey.scores.to_dict("records")]
    nps = survey.scores[survey.scores["measure"] == "nps"]
    if len(nps):
        said.append(_("The usual margin of error of the net promoter score, which takes every "
                      "answer as independent, would be ±{margin}.",
                      margin=points(nps["simple_margin_index"].iloc[0])))
    return join_sentences(said)


def _trend_title(survey: Survey) -> str:
    last = survey.trend.iloc[-1]
    index = points(last["overall_index"])
    if last["movement"] in ("fell", "rose"):
        words = {"fell": _("Satisfaction fell to {index} of 100 in {wave}", index=index,
                           wave=last["name"]),
                 "rose": _("Satisfaction rose to {index} of 100 in {wave}", index=index,
                           wave=last["name"])}
        return words[str(last["movement"])]
    if not survey.previous_name:
        return _("Satisfaction stands at {index} of 100 in {wave}", index=index, wave=last["name"])
    return _("Satisfaction stands at {index} of 100, no clear change since {previous}",
             index=index, previous=survey.previous_name)


def _items_title(survey: Survey) -> str:
    fallen = survey.items[survey.items["movement"] == "fell"]
    if len(fallen):
        row = fallen.sort_values(["change_index", "item_id"]).iloc[0]
        return _("“{item}” fell by {points} points", item=name_item(row),
                 points=points(-row["change_index"]))
    lowest = survey.items.iloc[0]
    return _("“{item}” is rated lowest, at {index} of 100", item=name_item(lowest),
             index=points(lowest["item_index"]))


def _accounts_title(survey: Survey) -> str:
    n_low = int((~survey.accounts["is_satisfied"].astype("bool")).sum())
    return _("{n} of {n_of} accounts are below the satisfied line of {line}", n=fmt_count(n_low),
             n_of=fmt_count(len(survey.accounts)), line=fmt_number(survey.rules.satisfied_line, 0))


def _index_target(survey: Survey) -> float | None:
    known = survey.measures["target_index"].dropna()
    return float(known.iloc[0]) if len(known) else None


def _say_empty(survey: Survey, ax: Axes) -> Axes:
    reasons = [entry.reason for entry in survey.unanswered[:1]]
    return theme.say_nothing(ax, reasons[0] if reasons else _("Too few valid answers to draw."))
