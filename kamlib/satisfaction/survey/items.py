"""Item by item: where we stand, and what moved since the wave before."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.language import _
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.changes import ITEM_CHANGE_COLUMNS, compare_items
from kamlib.satisfaction.survey.index import index_interval
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.satisfaction.survey.standings import STANDING_COLUMNS, compare_with_all

COLUMNS = ["rank", "item_id", "text", "is_reversed", "category", "weight", "n_accounts",
           "n_answers", "item_index", "item_index_ci_low", "item_index_ci_high",
           *STANDING_COLUMNS[1:], "previous_index", *ITEM_CHANGE_COLUMNS[1:]]


def score_items(wave: WaveScores, *, previous: WaveScores | None, amounts: pd.Series,
                rules: SatisfactionRules) -> pd.DataFrame:
    """Mean of every rating item over accounts, its interval, and its change since last wave.

    previous: the wave before on the same map and rule, or None; amounts: revenue of each account
    (index account_id).
    Returns one row an item, lowest first: rank (1 = lowest), item_id, text, is_reversed (its
    ratings were turned, so that high is good for every item), category, weight, n_accounts,
    n_answers (given, not filled in), item_index (0-100: mean of the accounts' means)
    with _ci_low and _ci_high (gap below two accounts), difference_index with interval and standing
    (against all items, see `rank_categories`), previous_index (all accounts of the wave
    before), n_paired (accounts in both waves), change_index with _ci_low and _ci_high (points,
    paired by account; the level is shared among the items, Bonferroni), movement (rose, fell,
    no clear change, cannot tell), n_fallen and fallen_amount (accounts that rate it lower than
    before, and their revenue).
    Source: catalogue SAT-09, SAT-13.
    """
    means = account_item_means(wave)
    given = wave.scores[~wave.scores["is_imputed"] & wave.scores["rating"].notna()]
    n_answers = given.groupby("item_id").size()
    rows = []
    for item_id, part in means.groupby("item_id", sort=True)["score_index"]:
        low, high = index_interval(part, level=rules.confidence_level)
        rows.append({"item_id": item_id, "n_accounts": len(part),
                     "n_answers": int(n_answers.get(item_id, 0)), "item_index": part.mean(),
                     "item_index_ci_low": low, "item_index_ci_high": high})
    table = wave.items.merge(pd.DataFrame(rows, columns=COLUMNS_OF_ITEM), on="item_id", how="left")
    before = account_item_means(previous) if previous else means.iloc[:0]
    table["previous_index"] = table["item_id"].map(
        before.groupby("item_id")["score_index"].mean()).astype("float64")
    changes = compare_items(means, before, amounts=amounts, rules=rules)
    table = table.merge(changes, on="item_id", how="left").merge(
        compare_with_all(wave, rules=rules), on="item_id", how="left")
    table = table.sort_values(["item_index", "item_id"], ignore_index=True)
    table["rank"] = pd.Series(range(1, len(table) + 1), dtype="Int64")
    return table[COLUMNS].astype({"n_accounts": "Int64", "n_answers": "Int64"})


COLUMNS_OF_ITEM = ["item_id", "n_accounts", "n_answers", "item_index", "item_index_ci_low",
                   "item_index_ci_high"]


def name_item(item: Any) -> str:
    """Return an item's text; a reversed item says so, since a high index means little of it.

    item: a row with text and is_reversed.
    """
    if item["is_reversed"]:
        return _("{item} (reversed)", item=item["text"])
    return str(item["text"])


def account_item_means(wave: WaveScores) -> pd.DataFrame:
    """One row an account x item with an answer: account_id, item_id, score_index (0-100)."""
    known = wave.scores[wave.scores["score_index"].notna()]
    return known.groupby(["account_id", "item_id"], as_index=False, sort=True).agg(
        score_index=("score_index", "mean"))
