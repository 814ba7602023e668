"""Weight of evidence, information value and the points of a scorecard."""

from __future__ import annotations

from math import log

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kamlib.errors import InputError

WOE_COLUMNS = ["n_good", "n_bad", "bad_share", "woe", "information"]
# What an empty cell counts as, so that no logarithm of nothing is taken.
HALF_A_CASE = 0.5


def weigh_evidence(n_good: ArrayLike, n_bad: ArrayLike) -> pd.DataFrame:
    """Weight of evidence of each bin of a feature, and what it adds to the information value.

    n_good, n_bad: cases without and with the event, one entry a bin.
    Returns one row a bin in its order: n_good, n_bad, bad_share (0-1, of the bin), woe (log of
    the bin's share of all good over its share of all bad: above 0 is safer than the average),
    information (what the bin adds; their sum is the information value). A bin in which one of
    both is missing counts half a case of it.
    Source: Siddiqi (2006), Credit Risk Scorecards, ch. 6; the sign is that of optbinning.

    >>> weigh_evidence([400, 350, 200], [20, 50, 130])["woe"].round(3).tolist()
    [1.438, 0.388, -1.127]
    """
    good, bad = np.asarray(n_good, dtype="float64"), np.asarray(n_bad, dtype="float64")
    if good.shape != bad.shape or (good < 0).any() or (bad < 0).any():
        raise InputError(f"{len(good)} counts of good and {len(bad)} of bad cases cannot be "
                         "weighed. Give two counts of 0 or more for each bin.")
    if not good.sum() or not bad.sum():
        raise InputError(f"There are {good.sum():.0f} good and {bad.sum():.0f} bad cases; a "
                         "weight of evidence compares both. Take more of the missing ones.")
    filled = [np.where(cell > 0, cell, HALF_A_CASE) / cell.sum() for cell in (good, bad)]
    woe = np.log(filled[0] / filled[1])
    n = good + bad
    return pd.DataFrame({
        "n_good": good.astype("int64"), "n_bad": bad.astype("int64"),
        "bad_share": np.divide(bad, n, out=np.full_like(n, np.nan), where=n > 0),
        "woe": woe, "information": (filled[0] - filled[1]) * woe})[WOE_COLUMNS]


def scale_points(*, points: float, odds: float, double_points: float) -> tuple[float, float]:
    """Factor and offset that turn the log of the odds into points.

    points: of a case whose good cases are `odds` times its bad ones; double_points: points that
    double the odds. A case has offset + factor × ln(odds).
    Source: Siddiqi (2006), Credit Risk Scorecards, ch. 6.

    >>> [round(x, 6) for x in scale_points(points=600, odds=50, double_points=20)]
    [28.853901, 487.122876]
    """
    factor = double_points / log(2)
    return factor, points - factor * log(odds)
