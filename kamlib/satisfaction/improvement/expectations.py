"""What accounts expected of us against what they got."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.satisfaction.improvement.compare import compare_groups
from kamlib.satisfaction.improvement.points import mean_by_account, score_column
from kamlib.satisfaction.improvement.rules import ImprovementRules
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.scoring import WaveScores, weighted_index

EXPECTATION_COLUMNS = ["item_id", "text", "compared_with", "n_both", "expectation_index",
                       "performance_index", "difference_index", "difference_index_ci_low",
                       "difference_index_ci_high", "expectation_verdict"]
VERDICTS = {"above": "exceeded", "below": "missed"}


def compare_expectations(wave: WaveScores, tables: tuple[pd.DataFrame, pd.DataFrame], *,
                         survey_rules: SatisfactionRules, rules: ImprovementRules
                         ) -> pd.DataFrame:
    """Performance less expectation, paired by account.

    tables: survey_items and survey_answers. An item of kind expectation is held against the rated
    items of its own category where there are any, else against the account's whole index.
    Returns one row an expectation item, the largest shortfall first: item_id, text, compared_with
    (same_category, whole_index), n_both (accounts), expectation_index, performance_index,
    difference_index with Holm's interval (points; below 0: less than expected),
    expectation_verdict (exceeded, missed, cannot tell).
    Source: catalogue SAT-02. Expectations asked afterwards are coloured by what was got.
    """
    items, answers = tables
    asked = items[(items["wave_id"] == wave.wave_id) & (items["kind"] == "expectation")]
    if asked.empty:
        raise RefusedError(_("Not measured: the questionnaire has no question about what accounts "
                             "expected. Items of kind expectation would lift this."))
    expected = mean_by_account(score_column(wave, (items, answers), column="score",
                                            rules=survey_rules, kinds=("expectation",)))
    pairs = []
    for row in asked.sort_values("item_id").to_dict("records"):
        if row["item_id"] in expected:
            got, basis = _performance(wave, row["category"])
            pair = pd.DataFrame({"expectation_index": expected[row["item_id"]],
                                 "performance_index": got}).dropna().rename_axis("account_id")
            pairs.append(pair.reset_index().assign(item_id=row["item_id"], compared_with=basis))
    table = pd.concat(pairs, ignore_index=True)
    table["difference"] = table["performance_index"] - table["expectation_index"]
    found = compare_groups(table, by=["item_id"], column="difference",
                           level=survey_rules.confidence_level, min_pairs=rules.min_pairs)
    found = found.rename(columns={
        "n_paired": "n_both", "mean": "difference_index", "low": "difference_index_ci_low",
        "high": "difference_index_ci_high"})
    means = table.groupby("item_id").agg(
        expectation_index=("expectation_index", "mean"), compared_with=("compared_with", "first"),
        performance_index=("performance_index", "mean"))
    found = found.merge(means, left_on="item_id", right_index=True).merge(
        asked[["item_id", "text"]], on="item_id")
    found["expectation_verdict"] = found["side"].map(VERDICTS).fillna("cannot tell").astype("str")
    return found.sort_values(["difference_index", "item_id"],
                             ignore_index=True)[EXPECTATION_COLUMNS]


def _performance(wave: WaveScores, category: object) -> tuple[pd.Series, str]:
    """What each account got, 0-100, and what that is."""
    same = wave.items.loc[wave.items["category"] == category, "item_id"]
    scores = wave.scores[wave.scores["item_id"].isin(same)] if len(same) else wave.scores
    by_item = scores.groupby(["account_id", "item_id"], as_index=False).agg(
        score_index=("score_index", "mean"), weight=("weight", "first"))
    basis = "same_category" if len(same) else "whole_index"
    return weighted_index(by_item, by="account_id"), basis
