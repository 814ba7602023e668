"""Charts and sentences of the satisfaction survey; the numbers come from `satisfaction`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.satisfaction import Survey, name_item

BAD, GOOD = theme.BAD, theme.GOOD
# Width of the bars of the distribution, in points of the index.
BIN_WIDTH = 5
# Letters of a wave's name that fit side by side under the axis.
LETTERS = 9

# What a page shows of a wide table; the published one has every column.
BASIS_COLUMNS = ("wave_name", "end_date", "n_frame", "frame_amount", "scale_map", "validity_rule")
HEARING_COLUMNS = ("account_id", "reference_amount", "cumulative_share", "in_survey_frame",
                   "n_sent", "n_valid", "account_index")
ACCOUNT_COLUMNS = ("account_id", "n_questionnaires", "account_index", "is_satisfied",
                   "previous_index", "lowest_item", "net_amount_window")
ITEM_COLUMNS = ("rank", "text", "weight", "n_accounts", "item_index", "item_index_ci_low",
                "item_index_ci_high", "change_index", "change_index_ci_low",
                "change_index_ci_high", "movement")
WAVE_COLUMNS = ("name", "n_valid", "n_accounts", "overall_index", "overall_index_ci_low",
                "overall_index_ci_high", "satisfied_share", "satisfied_share_ci_low",
                "satisfied_share_ci_high", "movement")


def plot_trend(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """Index of each wave with its interval, and the target of the index where there is one."""
    ax = ax or theme.new_axes()
    shown = survey.trend[survey.trend["overall_index"].notna()]
    if shown.empty:
        return _say_empty(ax)
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
             change=_points(last["change_index"]), movement=label(last["movement"]),
             range=fmt_range(last["change_index_ci_low"], last["change_index_ci_high"], _points))


def plot_items(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """Items, lowest first, with intervals; the wave before as a hollow marker."""
    items = survey.items[survey.items["item_index"].notna()]
    ax = ax or theme.new_axes(8.0, 1.6 + 0.42 * max(3, len(items)))
    if items.empty:
        return _say_empty(ax)
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
    lowest = fmt_list(_("“{item}” ({index})", item=name_item(row), index=_points(row["item_index"]))
                      for row in survey.items.head(3).to_dict("records"))
    fallen = survey.items[survey.items["movement"] == "fell"]
    sentence = _("Lowest are {items}.", items=lowest)
    if len(fallen):
        return _("{sentence} Down since {previous}, beyond what chance explains for all items "
                 "together: {items}.", sentence=sentence, previous=survey.previous_name,
                 items=fmt_list(_("“{item}” by {points} points ({range})", item=name_item(row),
                                  points=_points(-row["change_index"]),
                                  range=fmt_range(-row["change_index_ci_high"],
                                                  -row["change_index_ci_low"], _points))
                                for row in fallen.to_dict("records")))
    if survey.previous_name:
        return _("{sentence} No item fell beyond what chance explains since {previous}.",
                 sentence=sentence, previous=survey.previous_name)
    return sentence


def plot_response(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """Shares that answered: questionnaires, accounts, sales; the share asked for is marked."""
    shown = survey.response[survey.response["response_share"].notna()
                            & (survey.response["measure"] != "questionnaires_valid")]
    ax = ax or theme.new_axes(8.0, 3.4)
    if shown.empty:
        return _say_empty(ax)
    is_money = shown["of_amount"].notna()
    places = np.arange(len(shown))
    ax.barh(places, shown["response_share"], height=0.6,
            color=[theme.ACCENT if money else theme.CATEGORY[4] for money in is_money])
    known = shown["response_share_ci_low"].notna().to_numpy()
    part = shown[known]
    ax.errorbar(part["response_share"], places[known], fmt="none", ecolor=theme.INK,
                elinewidth=1.0, capsize=2.5,
                xerr=[part["response_share"] - part["response_share_ci_low"],
                      part["response_share_ci_high"] - part["response_share"]])
    asked = places[(shown["measure"] == "frame_revenue").to_numpy()]
    ax.vlines(survey.rules.coverage_share, asked - 0.45, asked + 0.45, color=theme.INK,
              linestyle="--", linewidth=1.6)
    ax.set_yticks(places, [label(measure) for measure in shown["measure"]])
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    theme.share_axis(ax, axis="x")
    ax.set(title=_response_title(survey), xlim=(0, 1), ylabel="",
           xlabel=_("Share heard (dashed: the {line} asked for)",
                    line=fmt_share(survey.rules.coverage_share)))
    return ax


def read_response(survey: Survey, *, currency: str = "") -> str:
    """One sentence: questionnaires returned, and the sales that the answers stand for."""
    rows = _by_measure(survey)
    returned, frame = rows.get("questionnaires_returned"), rows.get("frame_revenue")
    parts = []
    if returned is not None and pd.notna(returned["response_share"]):
        parts.append(_("{n} of {n_of} questionnaires came back ({share}, {range}).",
                       n=fmt_count(returned["n"]), n_of=fmt_count(returned["n_of"]),
                       share=fmt_share(returned["response_share"]),
                       range=fmt_range(returned["response_share_ci_low"],
                                       returned["response_share_ci_high"], fmt_share)))
    if frame is not None and pd.notna(frame["response_share"]):
        parts.append(_("The {n} accounts heard of the {n_of} in the frame bring {heard} of its "
                       "{total} ({share}).", n=fmt_count(frame["n"]), n_of=fmt_count(
                           frame["n_of"]), heard=fmt_money(frame["heard_amount"], currency),
                       total=fmt_money(frame["of_amount"], currency),
                       share=fmt_share(frame["response_share"])))
    return join_sentences(parts) or _("Who answered is not known.")


def plot_accounts(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """How the accounts' indices spread on both sides of the satisfied line."""
    ax = ax or theme.new_axes()
    if survey.accounts.empty:
        return _say_empty(ax)
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
    return _("{n} of {n_of} accounts are below the satisfied line of {line} and buy for {amount} a "
             "year; {near} accounts, on either side, are so close to it that another answer could "
             "move them across.", n=fmt_count(len(low)), n_of=fmt_count(len(table)),
             line=fmt_number(survey.rules.satisfied_line, 0),
             amount=fmt_money(low["net_amount_window"].sum(), currency),
             near=fmt_count(int(table["is_near_line"].astype("boolean").fillna(False).sum())))


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
             index=_points(index["measured_index"]), rate=fmt_share(rate["measured_share"]),
             n=fmt_count(rate["n"]), content=fmt_share(content["measured_share"]),
             n_ratings=fmt_count(content["n"]))


def read_validity(survey: Survey) -> str:
    """One sentence: valid questionnaires under the rule in use and under the other."""
    if survey.validity.empty:
        return _("There are no questionnaires to judge.")
    used, other = (survey.validity[survey.validity["is_used"] == flag].iloc[0]
                   for flag in (True, False))
    counted = _("Under the rule in use ({used}) {n} of {n_of} questionnaires are valid; under the "
                "other ({other}) {n_other} would be. {missing} answers are missing, {outside} of "
                "them because they lay outside the scale; {filled} were filled in as neutral.",
                used=label(used["validity_rule"]).lower(), n=fmt_count(used["n_valid"]),
                n_of=fmt_count(used["n_questionnaires"]), n_other=fmt_count(other["n_valid"]),
                other=label(other["validity_rule"]).lower(), filled=fmt_count(used["n_imputed"]),
                missing=fmt_count(used["n_answers_missing"]),
                outside=fmt_count(used["n_out_of_scale"]))
    return join_sentences([counted, *_left_out(survey)])


def _left_out(survey: Survey) -> list[str]:
    """Items that the index could not use, and why."""
    if survey.now is None:
        return []
    said = []
    if survey.now.silent_items:
        said.append(_("Left out, since nobody answered: {items}.",
                      items=fmt_list(survey.now.silent_items)))
    if survey.now.off_scale_items:
        said.append(_("Left out, since asked on another scale as well: {items}.",
                      items=fmt_list(survey.now.off_scale_items)))
    return said


def read_readings(survey: Survey) -> str:
    """One sentence: between what the index moves when it is read differently."""
    known = survey.readings[survey.readings["overall_index"].notna()]
    if known.empty:
        return _("There is nothing to read differently.")
    low, high = (known.loc[known["overall_index"].agg(how)] for how in ("idxmin", "idxmax"))
    flipped = known[known["is_flipped"].astype("bool")]
    sentence = _("The same answers give an index from {low} ({low_reading}) to {high} "
                 "({high_reading}).", low=_points(low["overall_index"]),
                 low_reading=label(low["reading"]).lower(), high=_points(high["overall_index"]),
                 high_reading=label(high["reading"]).lower())
    if flipped.empty:
        return _("{sentence} No other reading changes the verdict on the satisfied rate.",
                 sentence=sentence)
    return _("{sentence} The verdict on the satisfied rate would differ under: {readings}.",
             sentence=sentence, readings=fmt_list(label(name) for name in flipped["reading"]))


def _trend_title(survey: Survey) -> str:
    last = survey.trend.iloc[-1]
    index = _points(last["overall_index"])
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
                 points=_points(-row["change_index"]))
    lowest = survey.items.iloc[0]
    return _("“{item}” is rated lowest, at {index} of 100", item=name_item(lowest),
             index=_points(lowest["item_index"]))


def _response_title(survey: Survey) -> str:
    frame = _by_measure(survey).get("frame_revenue")
    if frame is None or pd.isna(frame["response_share"]):
        return _("Who answered")
    if frame["response_share"] < survey.rules.coverage_share:
        return _("Answers stand for only {share} of the sales we set out to hear",
                 share=fmt_share(frame["response_share"]))
    return _("Answers stand for {share} of the sales we set out to hear",
             share=fmt_share(frame["response_share"]))


def _accounts_title(survey: Survey) -> str:
    n_low = int((~survey.accounts["is_satisfied"].astype("bool")).sum())
    return _("{n} of {n_of} accounts are below the satisfied line of {line}", n=fmt_count(n_low),
             n_of=fmt_count(len(survey.accounts)), line=fmt_number(survey.rules.satisfied_line, 0))


def _index_target(survey: Survey) -> float | None:
    known = survey.measures["target_index"].dropna()
    return float(known.iloc[0]) if len(known) else None


def _by_measure(survey: Survey) -> dict[Any, Any]:
    return survey.response.set_index("measure").to_dict("index")


def _points(x: Any) -> str:
    return fmt_number(x, 1)


def _say_empty(ax: Axes) -> Axes:
    ax.set(title=_("Too few valid answers to draw"), xticks=[], yticks=[])
    return ax
