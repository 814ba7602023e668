"""How good are alarms? Scores that put rows in an order, held against what then happened.

Every measure takes equal scores as they are: rows of one score are called in a random order, and
what is expected of that is returned, so no number depends on the order of the rows. A row may count
several times, which is what resampling needs: weights are given as draws x rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kamlib.errors import InputError
from kamlib.stats.intervals import add_proportion

Floats = NDArray[np.float64]
# Places in what `RankedRows.call` and `totals` count: rows, and how many of them happened.
CALLED, HITS = range(2)


class RankedRows:
    """Rows put in the order of a score once, to be counted under many weights.

    scores: the higher, the sooner called, no gaps; outcomes: whether it happened; worth: what a
    row that happened is worth (money), 0 when not given.
    """

    def __init__(self, scores: ArrayLike, outcomes: ArrayLike, *,
                 worth: ArrayLike | None = None) -> None:
        values = np.asarray(scores, dtype="float64")
        happened = np.asarray(outcomes, dtype="float64")
        if len(values) != len(happened) or np.isnan(values).any():
            raise InputError(f"Each of the {len(happened)} outcomes needs a score, but there are "
                             f"{int((~np.isnan(values)).sum())}. Leave rows without a score out.")
        self.n = len(values)
        self._order = np.argsort(-values, kind="stable")
        sorted_values = values[self._order]
        self._starts = np.flatnonzero(np.r_[True, sorted_values[1:] != sorted_values[:-1]]) \
            if self.n else np.zeros(0, dtype="int64")
        self._happened = happened[self._order]
        money = np.zeros(self.n) if worth is None else np.asarray(worth, dtype="float64")
        self._worth = self._happened * money[self._order]

    def _groups(self, weights: Floats | None) -> tuple[Floats, Floats, Floats]:
        """Rows, happened and worth by group of equal scores, highest first: draws x groups each."""
        drawn = np.ones((1, self.n)) if weights is None else weights[:, self._order]
        if not self.n:
            empty = np.zeros((len(drawn), 0))
            return empty, empty, empty
        return (np.add.reduceat(drawn, self._starts, axis=1),
                np.add.reduceat(drawn * self._happened, self._starts, axis=1),
                np.add.reduceat(drawn * self._worth, self._starts, axis=1))

    def totals(self, weights: Floats | None = None) -> Floats:
        """Return 3 x draws: rows, how many happened, and what those are worth."""
        return np.array([part.sum(axis=1) for part in self._groups(weights)])

    def call(self, n_called: ArrayLike, weights: Floats | None = None) -> Floats:
        """Call the `n_called` rows (one number or one a draw) of the highest scores.

        Returns 3 x draws: rows called, how many of them happened, and what those are worth.
        """
        rows, happened, worth = self._groups(weights)
        before = rows.cumsum(axis=1) - rows
        limit = np.broadcast_to(np.asarray(n_called, dtype="float64"), (len(rows),))
        taken = np.clip(limit[:, None] - before, 0.0, rows)
        part = np.divide(taken, rows, out=np.zeros_like(rows), where=rows > 0)
        return np.array([taken.sum(axis=1), (part * happened).sum(axis=1),
                         (part * worth).sum(axis=1)])

    def pairs(self, weights: Floats | None = None) -> Floats:
        """Return 2 x draws: pairs of one that happened and one that did not, and those in order.

        A pair of equal scores is half in order; their quotient is the area under the ROC curve.
        """
        rows, happened, _worth = self._groups(weights)
        others = rows - happened
        below = others.sum(axis=1, keepdims=True) - others.cumsum(axis=1)
        in_order = (happened * (below + others / 2)).sum(axis=1)
        return np.array([happened.sum(axis=1) * others.sum(axis=1), in_order])

    def precision_sum(self, weights: Floats | None = None) -> Floats:
        """Return, one a draw, the sum over rows that happened of the precision down to them."""
        rows, happened, _worth = self._groups(weights)
        called = rows.cumsum(axis=1)
        precision = np.divide(happened.cumsum(axis=1), called, out=np.zeros_like(rows),
                              where=called > 0)
        total: Floats = (happened * precision).sum(axis=1)
        return total


def roc_area(scores: ArrayLike, outcomes: ArrayLike) -> float:
    """Chance that a row that happened has a higher score than one that did not; ties count half.

    scores: one a row, no gaps; outcomes: True or 1 where it happened. NaN when all or none did.
    Source: Hanley & McNeil (1982), Radiology 143:29-36; Mann & Whitney (1947).

    >>> roc_area([0.9, 0.8, 0.8, 0.1], [1, 1, 0, 0])
    0.875
    """
    pairs, in_order = RankedRows(scores, outcomes).pairs()
    return float(in_order[0] / pairs[0]) if pairs[0] else float("nan")


def average_precision(scores: ArrayLike, outcomes: ArrayLike) -> float:
    """Mean over the rows that happened of the precision when calling down to their score.

    Input as in `roc_area`; a score that orders nothing has the share that happened.
    Source: Buckley & Voorhees (2000), SIGIR 23:33-40.

    >>> round(average_precision([0.9, 0.8, 0.7], [1, 0, 1]), 4)
    0.8333
    """
    rows = RankedRows(scores, outcomes)
    _n, happened, _worth = rows.totals()
    return float(rows.precision_sum()[0] / happened[0]) if happened[0] else float("nan")


def judge_called(scores: ArrayLike, outcomes: ArrayLike, *, n_called: int,
                 worth: ArrayLike | None = None) -> dict[str, float]:
    """What comes of calling the rows of the highest scores.

    Returns ``n_called`` (no more than there are rows), ``n_hits`` (expected, where rows of one
    score are called in part), ``precision`` (hits / called), ``recall`` (hits / all that
    happened), ``lift`` (precision / share that happened), ``worth_share`` (worth of the hits /
    worth of all that happened). NaN where there is nothing to divide by.

    >>> judge_called([4, 3, 2, 1], [1, 0, 1, 0], n_called=1)["recall"]
    0.5
    """
    rows = RankedRows(scores, outcomes, worth=worth)
    called, hits, caught = rows.call(n_called)[:, 0]
    n, happened, money = rows.totals()[:, 0]
    precision = divide(hits, called)
    return {"n_called": float(called), "n_hits": float(hits), "precision": float(precision),
            "recall": float(divide(hits, happened)),
            "lift": float(divide(precision, divide(happened, n))),
            "worth_share": float(divide(caught, money))}


def brier_score(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """Mean squared difference of a probability and what happened (0 is best, 1 worst).

    Source: Brier (1950), Monthly Weather Review 78:1-3, for two outcomes halved as is usual now.

    >>> round(brier_score([0.9, 0.2], [1, 0]), 4)
    0.025
    """
    p, happened = np.asarray(probabilities, "float64"), np.asarray(outcomes, "float64")
    _check_probabilities(p)
    return float(((p - happened)**2).mean()) if len(p) else float("nan")


def calibration_table(probabilities: ArrayLike, outcomes: ArrayLike, *, n_groups: int,
                      level: float = 0.95) -> pd.DataFrame:
    """Compare probabilities with what happened, in groups of about equally many expected.

    Groups of equal size would put all that is rare into one. Rows of one probability stay
    together, so there may be fewer groups.
    Returns one row a group, lowest first, and one for all: ``calibration_group`` ("1", "2", ...,
    "all"), ``n_rows``, ``n_happened``, ``expected_share`` (mean probability), ``observed_share``
    with its interval (Wilson's, exact at 0 and at n; takes the rows as independent).

    >>> table = calibration_table([0.1, 0.1, 0.1, 0.9], [0, 0, 1, 1], n_groups=2)
    >>> table[["n_rows", "expected_share", "observed_share"]].round(2).values.tolist()
    [[3.0, 0.1, 0.33], [1.0, 0.9, 1.0], [4.0, 0.3, 0.5]]
    """
    p = np.asarray(probabilities, dtype="float64")
    _check_probabilities(p)
    rows = pd.DataFrame({"p": p, "happened": np.asarray(outcomes, dtype="float64")})
    by_value = rows.groupby("p", sort=True)["p"].sum()
    # The middle of what equal values add, so that they fall into one group.
    place = (by_value.cumsum() - by_value / 2) / max(float(by_value.sum()), 1e-300)
    rows["group"] = rows["p"].map(np.floor(place * n_groups).clip(upper=n_groups - 1))
    rows["group"] = pd.factorize(rows["group"], sort=True)[0] + 1
    parts = pd.concat([rows, rows.assign(group=n_groups + 1)])
    table = parts.groupby("group", sort=True).agg(
        n_rows=("p", "size"), n_happened=("happened", "sum"), expected_share=("p", "mean"))
    names = [*map(str, range(1, len(table))), "all"][-len(table):] if len(table) else []
    table = table.reset_index(drop=True).astype({"n_happened": "int64"})
    table.insert(0, "calibration_group", pd.Series(names, dtype="str"))
    return add_proportion(table, successes="n_happened", n="n_rows", name="observed_share",
                          level=level)


def draw_weights(groups: ArrayLike, *, n_draws: int, seed: int
                 ) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Draw how often each group (account) comes in a bootstrap sample of groups.

    groups: the account of each row. Returns draws x groups, and the group number of each row, so
    that ``weights[:, number]`` are the weights of the rows: all rows of an account come together.
    Source: Field & Welsh (2007), J. R. Stat. Soc. B 69:369-390 (cluster bootstrap).

    >>> weights, number = draw_weights(["a", "b", "a"], n_draws=2, seed=1)
    >>> weights.sum(axis=1).tolist(), number.tolist()
    ([2, 2], [0, 1, 0])
    """
    number, names = pd.factorize(np.asarray(groups, dtype="object"), sort=True)
    n = len(names)
    drawn = np.zeros((n_draws, n), dtype=np.int16)
    rng = np.random.default_rng(seed)
    for row in drawn if n else []:
        row[:] = np.bincount(rng.integers(0, n, n), minlength=n)
    return drawn, number.astype("int64")


def divide(above: ArrayLike, below: ArrayLike) -> Floats:
    """Divide, NaN where the denominator is 0."""
    a, b = np.asarray(above, dtype="float64"), np.asarray(below, dtype="float64")
    return np.asarray(np.divide(a, np.where(b == 0, np.nan, b)))


def _check_probabilities(p: Floats) -> None:
    if np.isnan(p).any() or ((p < 0) | (p > 1)).any():
        raise InputError("A probability has to lie between 0 and 1, but "
                         f"{int((~((p >= 0) & (p <= 1))).sum())} of {len(p)} do not. Give "
                         "probabilities, not scores.")
