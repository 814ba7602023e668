"""Accounts that are unhappy with something and say that all is well on the whole."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.answers import read_items, read_ratings
from kamlib.satisfaction.survey.items import name_item
from kamlib.satisfaction.survey.scoring import WaveScores

HIDDEN_COLUMNS = ["account_id", "owner_id", "net_amount_window", "lowest_item", "item_rating",
                  "overall_rating", "intention_rating", "n_people"]


def list_hidden(wave: WaveScores, *, items: pd.DataFrame, answers: pd.DataFrame,
                amounts: pd.Series, owners: Mapping[str, str],
                rules: SatisfactionRules) -> pd.DataFrame:
    """Accounts where somebody rates an item low, all in all high, and means to go on buying.

    items, answers: survey_items and survey_answers; amounts: revenue of each account (index
    account_id); owners: owner of each account.
    A questionnaire counts when its lowest rating lies at or below rules.hidden_item_position on
    the scale, and its overall rating and intention at or above rules.hidden_overall_position.
    Without items of kind intention the overall question decides alone (intention_rating is a gap).
    Returns one row an account, largest revenue first: account_id, owner_id, net_amount_window
    (money), lowest_item (its text), item_rating, overall_rating, intention_rating (scale points,
    of the person with the lowest item), n_people (who answer so).
    Raises RefusedError without an overall question.
    Source: catalogue SAT-14.
    """
    span = wave.scale_max - wave.scale_min
    low = wave.scale_min + rules.hidden_item_position * span
    high = wave.scale_min + rules.hidden_overall_position * span
    overall = rate_kind(wave, "overall", items=items, answers=answers, rules=rules)
    if overall.notna().sum() == 0:
        raise RefusedError(_("Hidden dissatisfaction needs a question about the whole, of kind "
                             "overall, and answers to it; survey_items would lift this."))
    intention = rate_kind(wave, "intention", items=items, answers=answers, rules=rules)
    given = wave.scores[wave.scores["rating"].notna() & ~wave.scores["is_imputed"]]
    worst = given.sort_values(["questionnaire_id", "rating", "item_id"]).drop_duplicates(
        "questionnaire_id")
    worst = worst.assign(overall_rating=worst["questionnaire_id"].map(overall),
                         intention_rating=worst["questionnaire_id"].map(intention))
    # Doubles may fall a hair short of a line that they reach exactly.
    chosen = (worst["rating"] <= low + 1e-9) & (worst["overall_rating"] >= high - 1e-9)
    if intention.notna().any():
        chosen &= worst["intention_rating"] >= high - 1e-9
    hidden = worst[chosen].sort_values(["account_id", "rating", "questionnaire_id"])
    n_people = hidden.groupby("account_id").size()
    table = hidden.drop_duplicates("account_id").rename(columns={"rating": "item_rating"})
    texts = {row["item_id"]: name_item(row) for row in wave.items.to_dict("records")}
    table["lowest_item"] = table["item_id"].map(texts).astype("str")
    table["owner_id"] = table["account_id"].map(lambda a: owners.get(a, "")).astype("str")
    table["net_amount_window"] = table["account_id"].map(amounts).astype("float64")
    table["n_people"] = table["account_id"].map(n_people).astype("Int64")
    table = table.astype({"intention_rating": "float64", "overall_rating": "float64"})
    return table.sort_values(["net_amount_window", "account_id"], ascending=[False, True],
                             ignore_index=True)[HIDDEN_COLUMNS]


def rate_kind(wave: WaveScores, kind: str, *, items: pd.DataFrame, answers: pd.DataFrame,
              rules: SatisfactionRules) -> pd.Series:
    """Mean rating (scale points, turned) of one kind of item by questionnaire; may be empty."""
    try:
        chosen = read_items(items, wave_id=wave.wave_id, kinds=(kind,))
    except RefusedError:
        return pd.Series(dtype="float64")
    grid = read_ratings(answers[answers["wave_id"] == wave.wave_id], items=chosen,
                        scale_min=wave.scale_min, scale_max=wave.scale_max,
                        not_applicable_codes=rules.not_applicable_codes)
    return grid.groupby("questionnaire_id", sort=True)["rating"].mean()
