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

# Fewer answers off the scale are slips of the pen, not another scale.
LEAST_OFF_SCALE = 5
SCORE_COLUMNS = ["questionnaire_id", "account_id", "item_id", "rating", "is_imputed",
                 "is_not_applicable", "score_index", "weight"]


@dataclass(frozen=True)
class WaveScores:
    """One wave on the 0-100 scale.

    items: one row a rating item that counts: item_id, text, category, weight (1 where none is
    given), is_reversed.
    questionnaires: one row a questionnaire with an answer, sorted: questionnaire_id, account_id,
    n_items, n_answered, n_missing (without what does not apply), n_out_of_scale and n_contradictory
    (both counted as missing), n_not_applicable, is_valid_one_missing, is_valid_two_thirds,
    is_valid (by the wave's rule), is_imputed, questionnaire_index (0-100; valid ones only).
    scores: one row a valid questionnaire x item: questionnaire_id, account_id, item_id, rating
    (scale points, reversed items turned), is_imputed, is_not_applicable, score_index (0-100),
    weight.
    silent_items, off_scale_items: rating items left out, by id: nobody answered them, or they
    were asked on another scale as well.
    """

    wave_id: str
    scale_min: float
    scale_max: float
    scale_map: str
    validity_rule: ValidityRule
    items: pd.DataFrame
    questionnaires: pd.DataFrame
    scores: pd.DataFrame
    silent_items: tuple[str, ...] = ()
    off_scale_items: tuple[str, ...] = ()

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
    ratings of one item count as missing; what is "not applicable" (rules.not_applicable_codes) is
    no gap: the item leaves the questionnaire. An item that nobody answered, and one asked on
    another scale too (more than rules.other_scale_share of its answers lie outside), leave the
    wave. Under the rule one_missing a single gap is filled with the neutral rating (unless impute
    is False) and marked; two_thirds fills nothing.
    scale_map, validity_rule: another reading than the wave's own.
    Source: catalogue SAT-05 to SAT-09, E3, E4.
    """
    wave_id, low, high = str(wave["wave_id"]), float(wave["scale_min"]), float(wave["scale_max"])
    chosen_map = scale_map or read_scale_map(wave.get("scale_map"), default=rules.scale_map)
    chosen_rule = validity_rule or read_validity_rule(wave.get("validity_rule"),
                                                      default=rules.validity_rule)
    rating_items = read_items(items, wave_id=wave_id)
    grid = read_ratings(answers[answers["wave_id"] == wave_id], items=rating_items, scale_min=low,
                        scale_max=high, not_applicable_codes=rules.not_applicable_codes)
    silent, off_scale = _unusable_items(grid, share=rules.other_scale_share)
    out = {*silent, *off_scale}
    if out:
        grid = grid[~grid["item_id"].isin(out)].reset_index(drop=True)
        rating_items = rating_items[~rating_items["item_id"].isin(out)].reset_index(drop=True)
    questionnaires = _judge_questionnaires(grid, rule=chosen_rule, valid_share=rules.valid_share)
    filled = questionnaires["is_valid"] & (questionnaires["n_missing"] == 1)
    questionnaires["is_imputed"] = filled & (chosen_rule == "one_missing") & impute
    scores = _fill(grid, questionnaires, neutral=neutral_score(low, high))
    scores["score_index"] = convert_scores(scores["rating"], scale_min=low, scale_max=high,
                                           scale_map=chosen_map, label_scores=rules.label_scores)
    scores = scores[SCORE_COLUMNS]
    questionnaires["questionnaire_index"] = questionnaires["questionnaire_id"].map(
        weighted_index(scores, by="questionnaire_id")).astype("float64")
    return WaveScores(wave_id, low, high, chosen_map, chosen_rule, rating_items, questionnaires,
                      scores, silent, off_scale)


def weighted_index(scores: pd.DataFrame, *, by: str) -> pd.Series:
    """Weighted mean of score_index over the answered items of each `by`: sum(w s) / sum(w).

    scores: one row an answer with `by`, score_index (0-100, gaps left out) and weight.
    """
    known = scores[scores["score_index"].notna()]
    parts = pd.DataFrame({by: known[by], "sum": known["score_index"] * known["weight"],
                          "weight": known["weight"]}).groupby(by, sort=True).sum()
    return parts["sum"] / parts["weight"]


def _unusable_items(grid: pd.DataFrame, *,
                    share: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Items that nobody answered, and items asked on another scale as well."""
    is_given = grid["min"].notna() & ~grid["is_not_applicable"]
    by_item = pd.DataFrame({"n_given": is_given, "n_off": grid["is_out_of_scale"]}).groupby(
        grid["item_id"], sort=True).sum()
    is_off = (by_item["n_off"] >= LEAST_OFF_SCALE) & (
        by_item["n_off"] > share * by_item["n_given"])
    is_silent = by_item["n_given"] == 0
    if (is_off | is_silent).all():  # then nobody says anything, which the refusals explain
        return (), ()
    return (tuple(map(str, by_item.index[is_silent])), tuple(map(str, by_item.index[is_off])))


def _fill(grid: pd.DataFrame, questionnaires: pd.DataFrame, *, neutral: float) -> pd.DataFrame:
    """The valid questionnaires' cells, gaps filled where the rule fills them."""
    # Both are sorted by questionnaire, each with as many rows as there are items.
    n_items = len(grid) // max(1, len(questionnaires))
    is_filled = questionnaires["is_imputed"].to_numpy().repeat(n_items)
    is_valid = questionnaires["is_valid"].to_numpy().repeat(n_items)
    gap = grid["rating"].isna() & ~grid["is_not_applicable"]
    table = grid.assign(is_imputed=is_filled & gap)
    table["rating"] = table["rating"].mask(table["is_imputed"], neutral)
    return table[is_valid].reset_index(drop=True)


def _judge_questionnaires(grid: pd.DataFrame, *, rule: ValidityRule,
                          valid_share: float) -> pd.DataFrame:
    flags = grid[["questionnaire_id", "account_id"]].assign(
        n_items=1, n_answered=grid["rating"].notna(), n_out_of_scale=grid["is_out_of_scale"],
        n_contradictory=grid["is_contradictory"], n_not_applicable=grid["is_not_applicable"])
    counts = list(flags.columns[2:])
    # Sorted, and every questionnaire has the same items: whole blocks instead of groups.
    n_items = grid["item_id"].nunique()
    table = flags[["questionnaire_id", "account_id"]].iloc[::max(1, n_items)].reset_index(drop=True)
    table[counts] = flags[counts].to_numpy("int64").reshape(len(table), max(1, n_items), -1).sum(1)
    asked = table["n_items"] - table["n_not_applicable"]
    table.insert(4, "n_missing", asked - table["n_answered"])
    table["is_valid_one_missing"] = (table["n_missing"] <= 1) & (table["n_answered"] > 0)
    enough = table["n_answered"] >= valid_share * asked - 1e-9
    table["is_valid_two_thirds"] = enough & (table["n_answered"] > 0)
    table["is_valid"] = table[f"is_valid_{rule}"]
    return table
