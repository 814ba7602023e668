"""The scorecard: indicators on one scale, three sub-scores that stay visible, one score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.selection.rules import INDICATORS, SelectionRules
from kamlib.stats.scores import mean_of_known, rank_scores, span_scores

Floats = NDArray[np.float64]
# Column of the criteria behind each indicator, and whether more of it is better.
COLUMNS = {"sales": ("net_amount", 1), "profit": ("profit_amount", 1),
           "growth": ("growth_rate", 1), "orders": ("n_orders", 1), "history": ("tenure_years", 1),
           "lines": ("n_product_lines", 1), "steadiness": ("month_variation", -1),
           "collection": ("collection_rate", 1)}
SUB_SCORES = tuple(f"{dimension}_score_index" for dimension in INDICATORS)
PLACES = tuple(f"{name}_place_index" for name in COLUMNS)
WEIGHT_COLUMNS = ["sub_score", "indicator", "weight_share", "n_with_part", "is_counted"]


def place_values(values: Mapping[str, Floats], *, rules: SelectionRules) -> dict[str, Floats]:
    """Place each value among those of its indicator (`COLUMNS`), 0-100, under `PLACES`.

    values: of some indicators, one an account or draws x accounts (each draw by itself), gaps as
    NaN.
    """
    scale = rank_scores if rules.scale == "rank" else span_scores
    return {f"{name}_place_index": scale(COLUMNS[name][1] * found)
            for name, found in values.items()}


def score_places(places: Mapping[str, Floats], *, rules: SelectionRules) -> dict[str, Floats]:
    """Make the sub-scores and key_score_index of places.

    places: under all `PLACES`; what does not differ between draws may have one row for all of
    them. An indicator that is not known leaves its sub-score to the others; a sub-score of nothing
    leaves the score.
    """
    found: dict[str, Floats] = {}
    for dimension, names in INDICATORS.items():
        own = np.broadcast_arrays(*(places[f"{name}_place_index"] for name in names))
        weights = np.array([getattr(rules, f"weight_{name}") for name in names])
        found[f"{dimension}_score_index"] = mean_of_known(np.stack(own, axis=-1), weights,
                                                          min_share=0.0)
    parts = np.stack(np.broadcast_arrays(*(found[name] for name in SUB_SCORES)), axis=-1)
    weights = np.array([getattr(rules, f"weight_{dimension}") for dimension in INDICATORS])
    found["key_score_index"] = mean_of_known(parts, weights, min_share=rules.min_weight_share)
    return found


def score_criteria(criteria: pd.DataFrame, *, rules: SelectionRules) -> pd.DataFrame:
    """Score the accounts that bought in the window.

    criteria: from `measure_criteria`. Returns its rows with an order in the window and, besides,
    sales_place_index … collection_place_index (0-100), value_score_index, loyalty_score_index,
    stability_score_index and key_score_index (0-100; a gap where too little is known). The places
    are among these accounts: a score says where an account stands among ours. Satisfaction is no
    part of it (SEL-05: an unhappy large account would look unimportant). Source: SEL-02, SEL-03.
    """
    rows = criteria[criteria["n_orders"].fillna(0) > 0].reset_index(drop=True)
    places = place_values({name: take(rows, column) for name, (column, _side) in COLUMNS.items()},
                          rules=rules)
    return rows.assign(**places, **score_places(places, rules=rules))


def take(table: pd.DataFrame, column: str) -> Floats:
    """A column's numbers, gaps as NaN."""
    return np.asarray(table[column].astype("Float64").to_numpy("float64", na_value=np.nan),
                      dtype="float64")


def list_weights(scored: pd.DataFrame, *, rules: SelectionRules) -> pd.DataFrame:
    """Say what the score is made of.

    Returns one row an indicator: sub_score, indicator, weight_share (of the whole score, with the
    indicators nobody has left out), n_with_part (accounts in which it is known), is_counted.
    """
    rows = []
    for dimension, names in INDICATORS.items():
        n = {name: int(scored[f"{name}_place_index"].notna().sum()) for name in names}
        own = {name: getattr(rules, f"weight_{name}") * (n[name] > 0) for name in names}
        total = sum(own.values())
        weight = getattr(rules, f"weight_{dimension}")
        rows += [(f"{dimension}_score", name, weight * own[name] / total if total else 0.0,
                  n[name]) for name in names]
    table = pd.DataFrame(rows, columns=WEIGHT_COLUMNS[:4])
    whole = float(table["weight_share"].sum())
    table["weight_share"] /= whole if whole > 0 else 1.0
    return table.assign(is_counted=table["weight_share"] > 0)[WEIGHT_COLUMNS]
