"""One wave's questionnaires: which are valid, what was filled in, what each answer is worth."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.answers import read_items, read_ratings
from kamlib.satisfaction.survey.names import (
    ValidityRule,
    read_scale_map,
    read_validity_rule,
)
from kamlib.satisfaction.survey.scale import convert_scores, neutral_score


@dataclass(frozen=True)
class WaveScores:
    """One wave on the 0-100 scale.

    items: one row a rating item: item_id, text, category, weight (1 where none is given),
    is_reversed.
    questionnaires: one row a questionnaire with an answer, sorted: questionnaire_id, account_id,
    n_items, n_answered, n_missing, n_out_of_scale and n_contradictory (both counted as missing),
    is_valid_one_missing, is_valid_two_thirds, is_valid (by the wave's rule), is_imputed,
    questionnaire_index (0-100; valid ones only).
    scores: one row a valid questionnaire x item: questionnaire_id, account_id, item_id, rating
    (scale points, reversed items turned), is_imputed, score_index (0-100), weight.
    """

    wave_id: str
    scale_min: float
    scale_max: float
    scale_map: str
    validity_rule: ValidityRule
    items: pd.DataFrame
    questionnaires: pd.DataFrame
    scores: pd.DataFrame

    def __repr__(self) -> str:
        n_valid = int(self.questionnaires["is_valid"].sum())
        return (f"WaveScores({self.wave_id}, {n_valid} of {len(self.questionnaires)} "
                f"questionnaires valid, {self.scale_map}, {self.validity_rule})")


def score_wave(wave: pd.Series, *, items: pd.DataFrame, answers: pd.DataFrame,
               rules: SatisfactionRules, scale_map: str | None = None,
               validity_rule: ValidityRule | None = None, impute: bool = True) -> WaveScores:
    """Score one wave's questionnaires.

    wave: one row of survey_waves; items, answers: rows of survey_items and survey_answers (those
    of other waves are ignored). Only items of kind rating enter: neither the overall question nor
    nps, expectation, intention and delivered value. A rating outside the scale and two different
    ratings of one item count as missing. Under the rule one_missing a single gap is filled with
    the neutral rating (unless impute is False) and marked; two_thirds fills nothing.
    scale_map, validity_rule: another reading than the wave's own.
    Source: catalogue SAT-05 to SAT-09, E3, E4.
    """
    wave_id, low, high = str(wave["wave_id"]), float(wave["scale_min"]), float(wave["scale_max"])
    chosen_map = scale_map or read_scale_map(wave.get("scale_map"), default=rules.scale_map)
    chosen_rule = validity_rule or read_validity_rule(wave.get("validity_rule"),
                                                      default=rules.validity_rule)
    rating_items = read_items(items, wave_id=wave_id)
    grid = read_ratings(answers[answers["wave_id"] == wave_id], items=rating_items, scale_min=low,
                        scale_max=high)
    questionnaires = _judge_questionnaires(grid, rule=chosen_rule, valid_share=rules.valid_share)
    filled = questionnaires["is_valid"] & (questionnaires["n_missing"] == 1)
    questionnaires["is_imputed"] = filled & (chosen_rule == "one_missing") & impute
    scores = grid.merge(questionnaires.loc[questionnaires["is_valid"],
                                           ["questionnaire_id", "is_imputed"]],
                        on="questionnaire_id")
    scores["is_imputed"] &= scores["rating"].isna()
    scores["rating"] = scores["rating"].mask(scores["is_imputed"], neutral_score(low, high))
    scores["score_index"] = convert_scores(scores["rating"], scale_min=low, scale_max=high,
                                           scale_map=chosen_map, label_scores=rules.label_scores)
    columns = ["questionnaire_id", "account_id", "item_id", "rating", "is_imputed", "score_index",
               "weight"]
    scores = scores[columns].sort_values(["questionnaire_id", "item_id"], ignore_index=True)
    questionnaires["questionnaire_index"] = questionnaires["questionnaire_id"].map(
        weighted_index(scores, by="questionnaire_id")).astype("float64")
    return WaveScores(wave_id, low, high, chosen_map, chosen_rule, rating_items, questionnaires,
                      scores)


def weighted_index(scores: pd.DataFrame, *, by: str) -> pd.Series:
    """Weighted mean of score_index over the answered items of each `by`: sum(w s) / sum(w).

    scores: one row an answer with `by`, score_index (0-100, gaps left out) and weight.
    """
    known = scores[scores["score_index"].notna()]
    weighted = (known["score_index"] * known["weight"]).groupby(known[by]).sum()
    return weighted / known.groupby(by)["weight"].sum()


def _judge_questionnaires(grid: pd.DataFrame, *, rule: ValidityRule,
                          valid_share: float) -> pd.DataFrame:
    table = grid.groupby("questionnaire_id", sort=True).agg(
        account_id=("account_id", "first"), n_items=("item_id", "size"),
        n_answered=("rating", "count"), n_out_of_scale=("is_out_of_scale", "sum"),
        n_contradictory=("is_contradictory", "sum")).reset_index()
    table.insert(4, "n_missing", table["n_items"] - table["n_answered"])
    enough = table["n_answered"] / table["n_items"] >= valid_share
    table["is_valid_one_missing"] = (table["n_missing"] <= 1) & (table["n_answered"] > 0)
    table["is_valid_two_thirds"] = enough & (table["n_answered"] > 0)
    table["is_valid"] = table[f"is_valid_{rule}"]
    return table
