"""A wave's items and what was ticked: one row a questionnaire and item, gaps with their reason."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kamlib.errors import InputError, RefusedError

ITEM_COLUMNS = ["item_id", "text", "category", "weight", "is_reversed"]


def read_items(items: pd.DataFrame, *, wave_id: str,
               kinds: Sequence[str] = ("rating",)) -> pd.DataFrame:
    """The wave's items of some kinds.

    items: survey_items (other waves are ignored). Returns one row an item, sorted: item_id, text,
    category, weight (1 where the wave gives none, and for kinds other than rating), is_reversed.
    Raises RefusedError when the wave has no such item, InputError when only some rating items have
    a weight.
    """
    chosen = items[(items["wave_id"] == wave_id) & items["kind"].isin(list(kinds))].copy()
    if chosen.empty:
        raise RefusedError(f"Wave {wave_id} has no items of kind {' or '.join(kinds)}, so nothing "
                           "can be computed from them; survey_items with their kind would lift "
                           "this.")
    # Only the items of the index carry weights.
    chosen["weight"] = _read_weights(chosen, wave_id) if tuple(kinds) == ("rating",) else 1.0
    reversed_items = chosen.get("is_reversed", pd.Series(False, index=chosen.index))
    chosen["is_reversed"] = reversed_items.astype("boolean").fillna(False).astype("bool")
    return chosen.sort_values("item_id", ignore_index=True)[ITEM_COLUMNS]


def read_ratings(answers: pd.DataFrame, *, items: pd.DataFrame, scale_min: float,
                 scale_max: float, column: str = "score") -> pd.DataFrame:
    """What each questionnaire says to each item, with a gap and its reason where it says nothing.

    answers: the wave's rows of survey_answers; items: from `read_items`; column: score,
    importance_score or competitor_score (importance is never turned).
    Returns one row a questionnaire x item, sorted: questionnaire_id, account_id, the items'
    columns, min and max (ratings as they stand), is_contradictory (two different ratings of one
    item), is_out_of_scale (both are gaps), rating (scale points, reversed items turned).
    """
    people = answers[["questionnaire_id", "account_id"]].drop_duplicates()
    twice = people.loc[people["questionnaire_id"].duplicated(), "questionnaire_id"]
    if len(twice):
        raise InputError("A questionnaire belongs to one account, but "
                         f"{twice.nunique()} name several: {', '.join(sorted(twice)[:5])}. "
                         "Correct survey_answers.")
    given = answers.dropna(subset=[column])
    given = given.assign(rating=given[column].astype("float64"))
    cells = given.groupby(["questionnaire_id", "item_id"])["rating"].agg(["min", "max"])
    grid = people.merge(items, how="cross").merge(
        cells.reset_index(), on=["questionnaire_id", "item_id"], how="left")
    grid["is_contradictory"] = grid["min"] < grid["max"]
    grid["is_out_of_scale"] = (grid["min"] < scale_min) | (grid["max"] > scale_max)
    rating = grid["min"].mask(grid["is_contradictory"] | grid["is_out_of_scale"])
    if column != "importance_score":
        rating = rating.mask(grid["is_reversed"], scale_min + scale_max - rating)
    grid["rating"] = rating
    return grid.sort_values(["questionnaire_id", "item_id"], ignore_index=True)


def _read_weights(items: pd.DataFrame, wave_id: str) -> pd.Series:
    if "weight" not in items or items["weight"].isna().all():
        return pd.Series(1.0, index=items.index)
    weights = items["weight"].astype("float64")
    bad = items.loc[weights.isna() | (weights <= 0), "item_id"]
    if len(bad):
        raise InputError(f"In wave {wave_id} every rating item needs a weight above 0, or none has "
                         f"one; without are {len(bad)}: {', '.join(bad.head(5))}. "
                         "Complete survey_items.weight or empty it.")
    return weights
