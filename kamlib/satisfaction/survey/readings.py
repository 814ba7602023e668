"""How the index changes when the report is read differently: the sources leave these open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.estimates import weighted_means
from kamlib.satisfaction.survey.index import judge, score_accounts
from kamlib.satisfaction.survey.names import SCALE_MAPS, VALIDITY_RULES
from kamlib.satisfaction.survey.scoring import WaveScores, score_wave
from kamlib.stats.intervals import wilson_interval

COLUMNS = ["reading", "n_questionnaires", "n_accounts", "overall_index", "satisfied_share",
           "verdict", "is_flipped"]


def build_readings(wave: pd.Series, *, items: pd.DataFrame, answers: pd.DataFrame,
                   amounts: pd.Series, rules: SatisfactionRules,
                   rate_target: float | None) -> pd.DataFrame:
    """The index and the satisfied rate under every other reading of the same answers.

    amounts: revenue of each account (index account_id), for the revenue-weighted mean.
    Returns one row a reading: reading (as_reported first, then the other scale maps, the other
    validity rule, one_missing_unfilled, that is, without the neutral answers filled in,
    questionnaire_mean, revenue_weighted, item_mean and category_mean, both without weights),
    n_questionnaires, n_accounts, overall_index (0-100), satisfied_share (gap where the reading does
    not change who is satisfied), verdict of that share against its target, is_flipped (the verdict
    differs from the reported one).
    Source: catalogue SAT-05, SAT-06, SAT-08, SAT-09, E3, E4, E7, E9.
    """
    base = score_wave(wave, items=items, answers=answers, rules=rules)
    rows = [_read("as_reported", base, rules, rate_target)]
    for name in SCALE_MAPS:
        if name != base.scale_map:
            other = score_wave(wave, items=items, answers=answers, rules=rules, scale_map=name)
            rows.append(_read(f"map_{name}", other, rules, rate_target))
    for rule in VALIDITY_RULES:
        if rule != base.validity_rule:
            other = score_wave(wave, items=items, answers=answers, rules=rules, validity_rule=rule)
            rows.append(_read(f"validity_{rule}", other, rules, rate_target))
    plain = score_wave(wave, items=items, answers=answers, rules=rules,
                       validity_rule="one_missing", impute=False)
    rows.append(_read("one_missing_unfilled", plain, rules, rate_target))
    rows.extend(_other_means(base, amounts, rows[0]))
    table = pd.DataFrame(rows, columns=COLUMNS[:-1])
    table["is_flipped"] = (table["verdict"] != "") & (table["verdict"] != table["verdict"].iloc[0])
    return table.astype({"n_questionnaires": "Int64", "n_accounts": "Int64",
                         "overall_index": "float64", "satisfied_share": "float64"})


def score_categories(item_scores: pd.DataFrame) -> pd.DataFrame:
    """Unweighted mean of the item indices of each category.

    item_scores: one row an item with category and item_index (0-100).
    Returns one row a category, sorted: category, n_items, category_index (0-100).
    Source: catalogue SAT-16, E7: groups of 4, 3 and 3 items count 4:3:3 in the mean of items.
    """
    named = item_scores.assign(category=item_scores["category"].fillna(""))
    return named.groupby("category", sort=True).agg(
        n_items=("item_index", "size"), category_index=("item_index", "mean")).reset_index()


def _read(name: str, wave: WaveScores, rules: SatisfactionRules,
          rate_target: float | None) -> dict[str, Any]:
    accounts = score_accounts(wave, satisfied_line=rules.satisfied_line)
    n, n_satisfied = len(accounts), int(accounts["is_satisfied"].sum())
    low, high = wilson_interval(n_satisfied, n, level=rules.confidence_level)
    verdict = judge(low, high, rate_target)
    return {"reading": name, "n_questionnaires": int(wave.questionnaires["is_valid"].sum()),
            "n_accounts": n, "overall_index": accounts["account_index"].mean(),
            "satisfied_share": n_satisfied / n if n else np.nan, "verdict": verdict}


def _other_means(wave: WaveScores, amounts: pd.Series,
                 reported: dict[str, Any]) -> Iterable[dict[str, Any]]:
    accounts = score_accounts(wave, satisfied_line=0)
    shared = {"n_questionnaires": reported["n_questionnaires"], "n_accounts": len(accounts),
              "satisfied_share": np.nan, "verdict": ""}
    means = weighted_means(wave, accounts, amounts=amounts)
    yield {"reading": "questionnaire_mean", **shared, "overall_index": means["by_questionnaire"]}
    yield {"reading": "revenue_weighted", **shared,
           "overall_index": means.get("by_revenue", np.nan)}
    per_item = wave.scores.groupby(["account_id", "item_id"])["score_index"].mean()
    items = wave.items.assign(item_index=wave.items["item_id"].map(
        per_item.groupby("item_id").mean()))
    yield {"reading": "item_mean", **shared, "overall_index": items["item_index"].mean()}
    yield {"reading": "category_mean", **shared,
           "overall_index": score_categories(items)["category_index"].mean()}
