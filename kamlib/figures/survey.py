"""How a wave was asked, who answered, and what its silence could hide: charts and sentences."""

from __future__ import annotations

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
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.satisfaction import Survey, name_item
from kamlib.satisfaction.findings import points

# What a page shows of a wide table; the published one has every column.
BASIS_COLUMNS = ("wave_name", "end_date", "wave_age_months", "n_frame", "frame_amount",
                 "reference", "reference_end_date", "scale_map", "validity_rule")
HEARING_COLUMNS = ("account_id", "reference_amount", "cumulative_share", "in_survey_frame",
                   "n_sent", "n_valid", "account_index")
BOUND_COLUMNS = ("measure", "weighting", "n_unheard", "silent_share", "worst_index", "best_index",
                 "worst_share", "best_share", "verdict")


def read_basis(survey: Survey) -> str:
    """Sentences: which wave this is, how old, whom it set out to hear, and by which rules."""
    if survey.basis.empty:
        return _("There is no wave to read.")
    row = survey.basis.iloc[0]
    said = [_("This is the wave {wave}, asked from {start} to {end}.", wave=row["wave_name"],
              start=fmt_date(row["field_start_date"]), end=fmt_date(row["end_date"]))]
    if not survey.is_in_period:
        said.append(_n("No wave ended in the period, so the last one is shown: it is {n} month "
                       "old.", "No wave ended in the period, so the last one is shown: it is {n} "
                       "months old.", survey.age_months))
    if row["reference"] == "stale":
        said.append(_("The sales that chose its frame end on {day}, more than {n} days before it: "
                      "who is large may have changed.", day=fmt_date(row["reference_end_date"]),
                      n=fmt_count(survey.rules.stale_reference_days)))
    reading = _("Ratings are read by {map}; valid is a questionnaire with {rule}. What other "
                "readings would say stands further below.", map=label(row["scale_map"]),
                rule=label(row["validity_rule"]).lower())
    return join_sentences([*said, reading])


def plot_response(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """Shares that answered: questionnaires, accounts, sales; the share asked for is marked."""
    shown = survey.response[survey.response["response_share"].notna()
                            & (survey.response["measure"] != "questionnaires_valid")]
    ax = ax or theme.new_axes(8.0, 3.4)
    if shown.empty:
        return theme.say_nothing(ax, _("Neither invitations nor sales are known, so nobody can say "
                                       "whom the answers stand for."))
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
                 "({high_reading}).", low=points(low["overall_index"]),
                 low_reading=label(low["reading"]).lower(), high=points(high["overall_index"]),
                 high_reading=label(high["reading"]).lower())
    if flipped.empty:
        return _("{sentence} No other reading changes the verdict on the satisfied rate.",
                 sentence=sentence)
    return _("{sentence} The verdict on the satisfied rate would differ under: {readings}.",
             sentence=sentence, readings=fmt_list(label(name) for name in flipped["reading"]))


def _response_title(survey: Survey) -> str:
    frame = _by_measure(survey).get("frame_revenue")
    if frame is None or pd.isna(frame["response_share"]):
        return _("Who answered")
    if frame["response_share"] < survey.rules.coverage_share:
        return _("Answers stand for only {share} of the sales we set out to hear",
                 share=fmt_share(frame["response_share"]))
    return _("Answers stand for {share} of the sales we set out to hear",
             share=fmt_share(frame["response_share"]))


def _by_measure(survey: Survey) -> dict[Any, Any]:
    return survey.response.set_index("measure").to_dict("index")


def plot_bounds(survey: Survey, *, ax: Axes | None = None) -> Axes:
    """The index of the whole frame, from all the silent at their worst to all at their best."""
    ax = ax or theme.new_axes(8.0, 2.9)
    shown = survey.bounds[survey.bounds["measure"] == "satisfaction_index"]
    if shown.empty:
        return theme.say_nothing(ax, _("There is no frame to hold the answers against."))
    places = np.arange(len(shown))
    ax.barh(places, shown["best_index"] - shown["worst_index"], left=shown["worst_index"],
            color=theme.CATEGORY[4], height=0.5)
    ax.scatter(shown["measured_index"], places, color=theme.INK, s=46, zorder=3,
               label=_("accounts heard"))
    for place, row in zip(places, shown.itertuples(), strict=True):
        for end, side in ((row.worst_index, "right"), (row.best_index, "left")):
            ax.annotate(points(end), (end, place), xytext=(4 if side == "left" else -4, 0),
                        textcoords="offset points", ha=side, va="center", color=theme.INK,
                        fontsize=theme.FONT_SIZE - 1)
    target = survey.measures["target_index"].dropna()
    if len(target):
        ax.axvline(target.iloc[0], color=theme.MUTED, linestyle="--", linewidth=1.2,
                   label=_("target {target}", target=fmt_number(target.iloc[0], 0)))
    ax.legend(loc="upper left", fontsize=theme.FONT_SIZE - 1)
    ax.set_yticks(places, [label(name) for name in shown["weighting"]])
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.set(title=_bounds_title(shown), xlim=(0, 100), ylabel="",
           xlabel=_("Index of the whole frame (0–100 points), whatever the silent think"))
    return ax


def read_bounds(survey: Survey) -> str:
    """Sentences: what the frame's figures could be if the silent had spoken, and the verdicts."""
    rows = survey.bounds[survey.bounds["weighting"] == "by_account"].set_index("measure")
    if rows.empty:
        return _("There is no frame to hold the answers against.")
    index, rate = (rows.loc[name] for name in ("satisfaction_index", "satisfied_rate"))
    if not index["n_unheard"]:
        return _("All {n} accounts of the frame were heard: silence hides nothing.",
                 n=fmt_count(index["n_frame"]))
    said = [_n("{n} of the {n_of} accounts of the frame is silent.",
               "{n} of the {n_of} accounts of the frame are silent.", int(index["n_unheard"]),
               n_of=fmt_count(index["n_frame"])),
            _("With them the frame's index lies between {worst} (all of them at their worst) and "
              "{best} (all at their best), and between {worst_share} and {best_share} of its "
              "accounts are satisfied: no assumption is needed for that.",
              worst=points(index["worst_index"]), best=points(index["best_index"]),
              worst_share=fmt_share(rate["worst_share"]), best_share=fmt_share(rate["best_share"]))]
    said += [_BOUND_VERDICTS[row["verdict"]](label(name)) for name, row in rows.iterrows()
             if row["verdict"]]
    return join_sentences(said)


_BOUND_VERDICTS = {
    "met": lambda name: _("{measure}: target met in the frame, whatever the silent think.",
                          measure=name),
    "not met": lambda name: _("{measure}: target missed in the frame, whatever the silent think.",
                              measure=name),
    "cannot tell": lambda name: _("{measure}: in the frame the silent decide about the target.",
                                  measure=name)}


def read_chase(survey: Survey, *, currency: str = "") -> str:
    """Sentences: how much of the frame's sales was heard by when, and whom to chase first."""
    if survey.coverage.empty:
        return _("Nothing was sent or heard yet.")
    last = survey.coverage.iloc[-1]
    said = []
    if pd.notna(last["frame_revenue_share"]):
        said.append(_("{wave}: {n} accounts were heard, who stand for {share} of the frame's sales "
                      "({line} is asked for).", wave=survey.tracked_name,
                      n=fmt_count(last["n_accounts_heard"]),
                      share=fmt_share(last["frame_revenue_share"]),
                      line=fmt_share(survey.rules.coverage_share)))
    else:
        said.append(_("{wave}: {n} accounts were heard. Without sales there is no frame of "
                      "accounts that should be.", wave=survey.tracked_name,
                      n=fmt_count(last["n_accounts_heard"])))
    if survey.chase.empty:
        return join_sentences([*said, _("Nobody has to be chased.")])
    amount = float(survey.chase["reference_amount"].sum())
    said.append(_n("{n} account, with sales of {amount}, is still to be heard.",
                   "{n} accounts, with sales of {amount}, are still to be heard: the list begins "
                   "with the largest.", len(survey.chase),
                   amount=fmt_money(amount, currency)))
    return join_sentences(said)


def read_oddities(survey: Survey) -> str:
    """One sentence: how many kinds of oddity the answers hold."""
    if survey.now is None:
        return _("There are no answers to look through.")
    n = len(survey.oddities)
    if not n:
        return _("Nothing odd was met in the answers.")
    return _n("{n} kind of oddity was met; the table says what was done with it.",
              "{n} kinds of oddities were met; the table says what was done with each.", n)


def read_directions(survey: Survey) -> str:
    """Sentences: items that point the other way than they are said to."""
    table = survey.directions
    if table.empty:
        return _("There are no items whose direction could be checked.")
    by_direction = table["direction"].value_counts()
    questioned = table[table["direction"] == "questioned"]
    said = [_("{n} of {n_of} questions clearly point the way they are said to.",
              n=fmt_count(by_direction.get("as_declared", 0)), n_of=fmt_count(len(table)))]
    said += [_describe_direction(row) for row in questioned.to_dict("records")]
    if by_direction.get("cannot tell", 0):
        said.append(_("Of {n} one cannot tell.", n=fmt_count(by_direction["cannot tell"])))
    return join_sentences(said)


def _describe_direction(row: dict[Any, Any]) -> str:
    values = {"item": name_item(row), "n": fmt_count(row["n_accounts"]),
              "correlation": fmt_number(row["rest_correlation"], 2),
              "range": fmt_range(row["rest_correlation_ci_low"], row["rest_correlation_ci_high"],
                                 lambda x: fmt_number(x, 2))}
    if row["is_reversed"]:
        return _("“{item}” is turned, and yet it goes with the other questions as it stands "
                 "(correlation {correlation}, {range}; {n} accounts): should it be turned?",
                 **values)
    return _("“{item}” goes against the other questions (correlation {correlation}, {range}; {n} "
             "accounts): is it a reversed question?", **values)


def _bounds_title(shown: pd.DataFrame) -> str:
    row = shown.iloc[0]
    if not row["n_unheard"]:
        return _("The whole frame was heard")
    return _("Silence leaves the frame's index between {worst} and {best}",
             worst=points(row["worst_index"]), best=points(row["best_index"]))
