"""Scores made of parts: every part on one scale, and the mean of those that are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def rank_scores(values: ArrayLike) -> Floats:
    """Place each value among all from 0 to 100: the share that lies below, ties halved.

    values: one row an account, or draws x accounts (each draw by itself); a gap stays one and
    counts among nobody.

    >>> rank_scores([5.0, 1.0, 5.0, float("nan")]).round(1).tolist()
    [66.7, 16.7, 66.7, nan]
    """
    numbers = np.asarray(values, dtype="float64")
    known = (~np.isnan(numbers)).sum(axis=-1, keepdims=True)
    ranks = rankdata(numbers, axis=-1, nan_policy="omit")
    placed: Floats = 100 * (ranks - 0.5) / np.where(known > 0, known, 1)
    return placed


def span_scores(values: ArrayLike) -> Floats:
    """Place each value between the least (0) and the largest (100); 50 where all are alike.

    >>> span_scores([5.0, 1.0, 2.0]).tolist()
    [100.0, 0.0, 25.0]
    """
    numbers = np.asarray(values, dtype="float64")
    known = ~np.isnan(numbers)
    low = np.where(known, numbers, np.inf).min(axis=-1, keepdims=True)
    high = np.where(known, numbers, -np.inf).max(axis=-1, keepdims=True)
    width = np.where(high > low, high - low, 1.0)
    placed: Floats = np.where(high > low, 100 * (numbers - np.where(known, low, 0)) / width, 50.0)
    return np.where(known, placed, np.nan)


def mean_of_known(parts: Floats, weights: Floats, *, min_share: float) -> Floats:
    """Weighted mean over the last axis of the parts that are known.

    parts: … x parts; weights: one a part, none below 0; a mean is a gap where the known parts
    carry less than min_share of all the weights.

    >>> mean_of_known(np.array([[80.0, np.nan], [60.0, 20.0]]), np.array([3.0, 1.0]),
    ...               min_share=0.5).tolist()
    [80.0, 50.0]
    """
    known = ~np.isnan(parts)
    carried = (known * weights).sum(axis=-1)
    total = np.where(known, parts, 0.0) @ weights
    enough = (carried >= min_share * float(weights.sum())) & (carried > 0)
    return np.where(enough, total / np.where(carried > 0, carried, 1), np.nan)
