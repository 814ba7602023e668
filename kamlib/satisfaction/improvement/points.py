"""What accounts say to any kind of item, in points: own score, importance, rival."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.answers import read_items, read_ratings
from kamlib.satisfaction.survey.scale import convert_scores
from kamlib.satisfaction.survey.scoring import WaveScores

# What each column of survey_answers asks for, as a reader calls it.
ASKED: dict[str, Callable[[], str]] = {
    "score": lambda: _("how satisfied they are"),
    "importance_score": lambda: _("how much each question matters"),
    "competitor_score": lambda: _("how they rate the best rival")}


def score_column(wave: WaveScores, tables: tuple[pd.DataFrame, pd.DataFrame], *, column: str,
                 rules: SatisfactionRules, kinds: Sequence[str] = ("rating",)) -> pd.DataFrame:
    """One column of the wave's answers as points, valid questionnaires only.

    tables: survey_items and survey_answers; column: score, importance_score or competitor_score;
    rules: of the survey; kinds: of the items. Returns one row an answer, sorted: questionnaire_id,
    account_id, item_id, points_index (0-100, by the wave's own map; reversed items turned). Gaps,
    and rating items that the wave left out, are not there.
    Raises RefusedError when the column is not there or holds nothing.
    """
    items, answers = tables
    chosen = read_items(items, wave_id=wave.wave_id, kinds=tuple(kinds))
    mine = answers[answers["wave_id"] == wave.wave_id]
    left_out = {*wave.silent_items, *wave.off_scale_items}
    chosen = chosen[~chosen["item_id"].isin(left_out)]
    if column not in mine or mine.loc[mine["item_id"].isin(chosen["item_id"]), column].isna().all():
        raise RefusedError(_("Not measured: this wave did not ask accounts {asked}. A wave that "
                             "does (survey_answers.{column}) would lift this.",
                             asked=ASKED[column](), column=column))
    grid = read_ratings(mine, items=chosen, scale_min=wave.scale_min, scale_max=wave.scale_max,
                        column=column, not_applicable_codes=rules.not_applicable_codes)
    valid = wave.questionnaires.loc[wave.questionnaires["is_valid"], "questionnaire_id"]
    grid = grid[grid["questionnaire_id"].isin(valid) & grid["rating"].notna()].copy()
    grid["points_index"] = convert_scores(
        grid["rating"].astype("float64"), scale_min=wave.scale_min, scale_max=wave.scale_max,
        scale_map=wave.scale_map, label_scores=rules.label_scores)
    columns = ["questionnaire_id", "account_id", "item_id", "points_index"]
    return grid[columns].sort_values(columns[:3], ignore_index=True)


def mean_by_account(points: pd.DataFrame, *, column: str = "points_index") -> pd.DataFrame:
    """Accounts × items: the mean over an account's questionnaires (E9); gaps where none answered.

    points: one row a questionnaire and item with account_id, item_id and `column`.
    """
    return points.pivot_table(index="account_id", columns="item_id", values=column, aggfunc="mean",
                              sort=True)


def neutral_point(wave: WaveScores, *, rules: SatisfactionRules) -> float:
    """Where the middle of the wave's scale lies on 0-100."""
    middle = pd.Series([(wave.scale_min + wave.scale_max) / 2])
    return float(convert_scores(middle, scale_min=wave.scale_min, scale_max=wave.scale_max,
                                scale_map=wave.scale_map, label_scores=rules.label_scores).iloc[0])
