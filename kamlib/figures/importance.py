"""The importance-performance map and how far the questionnaire can be trusted."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.satisfaction import Improvement, name_item

Measure = Literal["stated", "derived"]
VALUES = {"stated": "stated_index", "derived": "derived_share"}
LINES = {"stated": "stated_importance_index", "derived": "derived_importance_share"}
METHODS = {"lmg": lambda: _("LMG, the mean over every order of the questions"),
           "relative_weights": lambda: _("Johnson's relative weights")}
RELIABILITIES = {"reliable": theme.GOOD, "unreliable": theme.BAD}
# So many questions find room beside the map.
MOST_NAMED = 24

# What a page shows of a wide table; the published one has every column.
MAP_COLUMNS = ("text", "item_index", "item_index_ci_low", "item_index_ci_high", "stated_index",
               "stated_index_ci_low", "stated_index_ci_high", "derived_share",
               "derived_share_ci_low", "derived_share_ci_high", "n_mend_first", "n_readings")
QUADRANT_COLUMNS = ("text", "quadrant_stated_midpoint", "quadrant_stated_mean",
                    "quadrant_derived_midpoint", "quadrant_derived_mean")
RELIABILITY_COLUMNS = ("item_kind", "category", "n_items", "n", "n_dropped", "alpha",
                       "alpha_ci_low", "alpha_ci_high", "standardised_alpha",
                       "reliability_verdict")
FIT_COLUMNS = ("category", "text", "n", "item_rest_correlation", "item_rest_correlation_ci_low",
               "item_rest_correlation_ci_high", "alpha_if_dropped", "fit_verdict")


def plot_importance(result: Improvement, *, by: Measure, ax: Axes | None = None) -> Axes:
    """Performance across, importance up, each with its interval, and both cross-hairs.

    by: stated, what accounts say; derived, what their overall judgement follows.
    """
    rows, value = result.importance, VALUES[by]
    shown = rows[rows[value].notna()].head(MOST_NAMED).reset_index(drop=True)
    ax = ax or theme.new_axes(10.0, max(5.2, 1.6 + 0.3 * len(shown)))
    if shown.empty:
        return theme.say_nothing(ax, _reason(result, by))
    lines: dict[Any, Any] = result.crosshairs.set_index("crosshair").to_dict("index")
    mean, middle = lines[f"{by}_mean"], lines[f"{by}_midpoint"]
    first = shown[f"quadrant_{by}_mean"] == "mend_first"
    for place, row in enumerate(shown.to_dict("records")):
        colour = theme.BAD if first[place] else theme.ACCENT
        x, y = row["item_index"], row[value]
        ax.errorbar(x, y, xerr=_ends(row, "item_index"), yerr=_ends(row, value), fmt="none",
                    ecolor=colour, elinewidth=0.8, alpha=0.45)
        ax.scatter(x, y, s=190, color=colour, zorder=3,
                   label=f"{place + 1}  {theme.wrap(name_item(row), width=34)}")
        ax.text(x, y, str(place + 1), color="white", ha="center", va="center", zorder=4,
                fontsize=theme.FONT_SIZE - 2, fontweight="bold")
    for line, style in ((mean, "-"), (middle, ":")):
        ax.axvline(line["performance_index"], color=theme.MUTED, linestyle=style, linewidth=1.3)
        ax.axhline(line[LINES[by]], color=theme.MUTED, linestyle=style, linewidth=1.3)
    _name_corners(ax)
    if by == "derived":
        theme.share_axis(ax)
        # Whole percents only: a tick at 2.5 % would be written as 2 %.
        ax.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    ax.grid(False)
    # The numbers stand in the dots; the key needs no marks of its own.
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), handlelength=0, handletextpad=0,
              markerscale=0, fontsize=theme.FONT_SIZE - 1, labelspacing=0.8)
    ax.set(title=_map_title(shown, first), ylabel=_y_label(by),
           xlabel=_("Performance: index of the question (0–100); lines: mean of the questions "
                    "(solid), middle of the scale (dotted)"))
    return ax


def read_importance(result: Improvement) -> str:
    """Say which questions every reading puts first, and where the readings disagree."""
    rows = result.importance
    if rows.empty:
        return theme.reason_of(rows)
    said = []
    chosen = rows[rows["n_mend_first"] > 0]
    agreed = chosen[chosen["n_mend_first"] == chosen["n_readings"]]
    split = chosen[chosen["n_mend_first"] < chosen["n_readings"]]
    if len(agreed):
        said.append(_("Every reading of the map says: mend {items} first.", items=_names(agreed)))
    if len(split):
        disputed = fmt_list(
            _("“{item}” ({n} of {n_of})", item=name_item(row), n=fmt_count(row["n_mend_first"]),
              n_of=fmt_count(row["n_readings"])) for row in split.to_dict("records"))
        said.append(_("The readings disagree about {items}: what the cross-hair and the measure of "
                      "importance are is a choice, not a fact.", items=disputed))
    if not said:
        said.append(_("No reading of the map puts a question into the corner “important and "
                      "weak”."))
    return join_sentences([*said, *_say_unmeasured(result)])


def read_drivers(result: Improvement) -> str:
    """Say what the overall judgement follows most, or why that is not known."""
    if result.derived.empty:
        return theme.reason_of(result.derived)
    top = result.importance.sort_values(["derived_share", "item_id"],
                                        ascending=[False, True]).iloc[0].to_dict()
    said = [_("The questions explain {explained} of how accounts judge us overall ({n} accounts; "
              "{method}). Most of that is “{item}”: {share} ({range}).",
              explained=fmt_share(result.r_squared), n=fmt_count(result.derived["n"].iloc[0]),
              method=METHODS[result.method](), item=name_item(top),
              share=fmt_share(top["derived_share"]),
              range=fmt_range(top["derived_share_ci_low"], top["derived_share_ci_high"],
                              fmt_share))]
    if len(result.drivers) and result.method == "relative_weights":
        first = result.drivers.iloc[0]
        said.append(_("Of whole topics “{topic}” counts most: {share} ({range}).",
                      topic=label(first["category"]), share=fmt_share(first["derived_share"]),
                      range=fmt_range(first["derived_share_ci_low"],
                                      first["derived_share_ci_high"], fmt_share)))
    against = result.importance[result.importance["overall_correlation"] < 0]
    if len(against):
        said.append(_("Overall satisfaction falls where {items} is rated high: it counts, but not "
                      "as something to raise.", items=_names(against)))
    return join_sentences(said)


def plot_reliability(result: Improvement, *, ax: Axes | None = None) -> Axes:
    """Reliability of each group of questions with its interval, and the line to reach."""
    rows = result.reliability[result.reliability["alpha"].notna()].reset_index(drop=True)
    ax = ax or theme.new_axes(8.0, 1.7 + 0.42 * max(2, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.reason_of(result.reliability))
    places, values = np.arange(len(rows)), rows["alpha"].to_numpy(dtype="float64")
    for place, row in enumerate(rows.to_dict("records")):
        colour = RELIABILITIES.get(row["reliability_verdict"], theme.MUTED)
        ax.errorbar(values[place], place, xerr=_ends(row, "alpha"), fmt="o", color=colour,
                    ecolor=colour, elinewidth=1.4, capsize=3, markersize=8)
    ax.axvline(result.rules.alpha_line, color=theme.INK, linestyle="--", linewidth=1.2)
    ax.set_yticks(places, [theme.wrap(_group_name(row), width=40)
                           for row in rows.to_dict("records")])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(min(0.0, float(rows["alpha_ci_low"].min()) - 0.05), 1.0)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.set(title=_reliability_title(rows), ylabel="",
           xlabel=_("Cronbach's alpha (dashed: the {line} asked for)",
                    line=fmt_number(result.rules.alpha_line, 1)))
    return ax


def read_reliability(result: Improvement) -> str:
    """Say which groups of questions may be added up, which questions fit badly, what is missing."""
    said = [_say_groups(result)]
    bad = result.fit[result.fit["fit_verdict"].isin(["fits_badly", "wrong_way"])]
    for row in bad.head(3).to_dict("records"):
        between = fmt_range(row["item_rest_correlation_ci_low"],
                            row["item_rest_correlation_ci_high"], lambda x: fmt_number(x, 2))
        if row["fit_verdict"] == "wrong_way":
            said.append(_("“{item}” points the other way than the rest of its group (correlation "
                          "{range}): check whether it is turned as it should be.",
                          item=name_item(row), range=between))
        else:
            said.append(_("“{item}” fits its group badly (correlation with the rest {range}).",
                          item=name_item(row), range=between))
    missing = result.coverage.loc[~result.coverage["is_covered"].astype("bool"), "topic"]
    if len(missing):
        said.append(_("The questionnaire does not ask about {topics}, although every one should.",
                      topics=fmt_list(missing)))
    return join_sentences(said)


def _say_groups(result: Improvement) -> str:
    rows = result.reliability
    if rows.empty:
        return theme.reason_of(rows)
    counts = rows["reliability_verdict"].value_counts()
    low = rows[rows["reliability_verdict"] == "unreliable"]
    text = _n("Of {n} group of questions {good} can be added up without worry.",
              "Of {n} groups of questions {good} can be added up without worry.", len(rows),
              good=fmt_count(counts.get("reliable", 0)))
    if len(low):
        text = join_sentences([text, _("Too unlike for one score: {groups}; read them question by "
                                       "question.", groups=fmt_list(
                                           _group_name(row) for row in low.to_dict("records")))])
    refused = rows[rows["reason"] != ""]
    if len(refused):
        row = refused.iloc[0].to_dict()
        text = join_sentences([text, _("{group}: {reason}", group=_group_name(row),
                                       reason=row["reason"])])
    return text


def _group_name(row: dict[Any, Any]) -> str:
    if row["item_kind"] == "rating":
        return label(row["category"])
    return _("{group} ({kind})", group=label(row["category"]),
             kind=label(row["item_kind"]).lower())


def _ends(row: dict[Any, Any], column: str) -> list[list[float]]:
    ends = [row[column] - row[f"{column}_ci_low"], row[f"{column}_ci_high"] - row[column]]
    return [[max(0.0, end) if pd.notna(end) else 0.0] for end in ends]


def _name_corners(ax: Axes) -> None:
    corners = {(0.01, 0.985): ("mend_first", "left", "top"),
               (0.99, 0.985): ("keep_up", "right", "top"),
               (0.01, 0.015): ("low_priority", "left", "bottom"),
               (0.99, 0.015): ("possible_overkill", "right", "bottom")}
    for (x, y), (name, across, up) in corners.items():
        ax.text(x, y, label(name), transform=ax.transAxes, ha=across, va=up, color=theme.MUTED,
                fontsize=theme.FONT_SIZE + 1, fontweight="bold", zorder=1)


def _names(rows: pd.DataFrame) -> str:
    return fmt_list(_("“{item}”", item=name_item(row)) for row in rows.to_dict("records"))


def _reason(result: Improvement, by: Measure) -> str:
    return result.refused.get(by, theme.reason_of(result.importance))


def _say_unmeasured(result: Improvement) -> list[str]:
    return [result.refused[by] for by in ("stated", "derived") if by in result.refused]


def _y_label(by: Measure) -> str:
    if by == "stated":
        return _("Importance, as accounts state it (0–100)")
    return _("Importance, as their overall judgement shows it (share)")


def _map_title(shown: pd.DataFrame, first: pd.Series) -> str:
    if not first.any():
        return _("No question is both important and weak, measured against the mean")
    return _("Important and weak against the mean: {items}", items=_names(shown[first]))


def _reliability_title(rows: pd.DataFrame) -> str:
    n_low = int((rows["reliability_verdict"] == "unreliable").sum())
    if n_low:
        return _("{n} of {n_of} groups of questions are too unlike for one score",
                 n=fmt_count(n_low), n_of=fmt_count(len(rows)))
    return _("No group of questions is clearly too unlike for one score")
