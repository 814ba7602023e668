"""A wave's items and what was ticked: one row a questionnaire and item, gaps with their reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import InputError, RefusedError

Floats = NDArray[np.float64]
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
                 scale_max: float, column: str = "score",
                 not_applicable_codes: Sequence[float] = ()) -> pd.DataFrame:
    """What each questionnaire says to each item, with a gap and its reason where it says nothing.

    answers: the wave's rows of survey_answers; items: from `read_items`; column: score,
    importance_score or competitor_score (importance is never turned); not_applicable_codes: values
    by which an answer says "not applicable", inside or outside the scale.
    Returns one row a questionnaire x item, sorted: questionnaire_id, account_id, the items'
    columns, min and max (ratings as they stand), is_not_applicable, is_contradictory (two
    different ratings of one item), is_out_of_scale (all three are gaps, each has one reason, the
    first that holds), rating (scale points, reversed items turned).
    """
    people = answers[["questionnaire_id", "account_id"]].drop_duplicates()
    people = people.sort_values("questionnaire_id", ignore_index=True)
    twice = people.loc[people["questionnaire_id"].duplicated(), "questionnaire_id"]
    if len(twice):
        raise InputError("A questionnaire belongs to one account, but "
                         f"{twice.nunique()} name several: {', '.join(sorted(twice)[:5])}. "
                         "Correct survey_answers.")
    ordered = items.sort_values("item_id", ignore_index=True)
    grid = _cross(people[["questionnaire_id", "account_id"]], ordered)
    grid["min"], grid["max"] = _least_and_most(answers, people, ordered, column)
    grid["is_contradictory"] = grid["min"] < grid["max"]
    grid["is_not_applicable"] = grid["min"].isin(list(not_applicable_codes)) & (
        ~grid["is_contradictory"])
    is_outside = (grid["min"] < scale_min) | (grid["max"] > scale_max)
    grid["is_out_of_scale"] = is_outside & ~grid["is_contradictory"] & ~grid["is_not_applicable"]
    rating = grid["min"].mask(grid["is_contradictory"] | grid["is_not_applicable"] | is_outside)
    if column != "importance_score":
        rating = rating.mask(grid["is_reversed"], scale_min + scale_max - rating)
    grid["rating"] = rating
    return grid


def _cross(people: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Every questionnaire with every item, in the order of both."""
    left = people.loc[people.index.repeat(len(items))].reset_index(drop=True)
    right = items.iloc[np.tile(np.arange(len(items)), len(people))].reset_index(drop=True)
    return pd.concat([left, right], axis=1)


def _least_and_most(answers: pd.DataFrame, people: pd.DataFrame, items: pd.DataFrame,
                    column: str) -> tuple[Floats, Floats]:
    """The least and the largest score of each cell of the grid; NaN where nothing was said."""
    scores = answers[column].to_numpy("float64", na_value=np.nan)
    paper = pd.Index(people["questionnaire_id"]).get_indexer(pd.Index(answers["questionnaire_id"]))
    item = pd.Index(items["item_id"]).get_indexer(pd.Index(answers["item_id"]))
    is_given = ~np.isnan(scores) & (item >= 0)
    cell, scores = (paper * len(items) + item)[is_given], scores[is_given]
    # Ascending order: what is written last into a cell is the largest, what is written first least.
    order = np.argsort(scores, kind="stable")
    most = np.full(len(people) * len(items), np.nan)
    least = most.copy()
    most[cell[order]] = scores[order]
    least[cell[order[::-1]]] = scores[order[::-1]]
    return least, most


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
