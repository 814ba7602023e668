"""Square tables: the same rows judged twice. Did they move one way more than the other?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kamlib.errors import InputError

Floats = NDArray[np.float64]
# Two statistics that differ by rounding alone are equal.
ROUNDING = 1e-9


class SquareTest(NamedTuple):
    """A test of a square table; method: chi_square or permutation; NaN where nothing moved."""

    statistic: float
    dof: int
    p_value: float
    method: str


def bowker_test(table: ArrayLike, *, few: int = 0, n_draws: int = 5000,
                seed: int = 0) -> SquareTest:
    """Bowker's test: do as many move from i to j as from j to i, for every pair?

    table: counts, before down and after across; few: with fewer movers than this the p value
    comes from tossing a coin for each one's direction (n_draws times, seeded), which is what the
    hypothesis says, and not from the chi-square law. A pair that nobody moved between has no say.
    Source: Bowker (1948), J. Am. Stat. Assoc. 43:572-574.

    >>> [round(float(x), 2) for x in bowker_test([[9, 8], [2, 9]])[:3]]
    [3.6, 1.0, 0.06]
    """
    up, both = _pairs(table)
    used = both > 0

    def measure(ups: Floats) -> Floats:
        found: Floats = ((2 * ups - both)[:, used]**2 / both[used]).sum(axis=1)
        return found

    return _judge(measure, up, both, int(used.sum()), few=few, n_draws=n_draws, seed=seed)


def stuart_maxwell_test(table: ArrayLike, *, few: int = 0, n_draws: int = 5000,
                        seed: int = 0) -> SquareTest:
    """Stuart's and Maxwell's test: is each class as large after as it was before?

    Its parameters are those of `bowker_test`.
    Source: Stuart (1955), Biometrika 42:412-416; Maxwell (1970), Brit. J. Psychiatry 116:651-655.

    >>> [round(float(x), 2) for x in stuart_maxwell_test([[9, 8], [2, 9]])[:3]]
    [3.6, 1.0, 0.06]
    """
    up, both = _pairs(table)
    rows, columns = np.triu_indices(len(np.asarray(table)), 1)
    sign = np.zeros((len(rows), len(np.asarray(table))))
    sign[np.arange(len(rows)), rows], sign[np.arange(len(rows)), columns] = -1.0, 1.0
    # The variance knows only how many moved between two classes, not which way.
    variance = sign.T @ (both[:, None] * sign)
    inverse, rank = np.linalg.pinv(variance, hermitian=True), int(np.linalg.matrix_rank(variance))

    def measure(ups: Floats) -> Floats:
        change = (2 * ups - both) @ sign
        found: Floats = np.einsum("ij,jk,ik->i", change, inverse, change)
        return found

    return _judge(measure, up, both, rank, few=few, n_draws=n_draws, seed=seed)


def _pairs(table: ArrayLike) -> tuple[Floats, Floats]:
    """Count who moved up each pair of classes, and who moved between the two at all."""
    counts = np.asarray(table, dtype="float64")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise InputError(f"A square table of counts is needed, but this one is {counts.shape} "
                         "or holds numbers below zero. Give before down and after across.")
    at = np.triu_indices(len(counts), 1)
    return counts[at], counts[at] + counts.T[at]


def _judge(measure: Callable[[Floats], Floats], up: Floats, both: Floats, dof: int, *, few: int,
           n_draws: int, seed: int) -> SquareTest:
    if not both.sum():
        return SquareTest(float("nan"), 0, float("nan"), "")
    seen = float(measure(up[None, :])[0])
    if both.sum() >= few:
        return SquareTest(seen, dof, float(stats.chi2.sf(seen, dof)), "chi_square")
    rng = np.random.default_rng(seed)
    tossed = rng.binomial(both.astype("int64"), 0.5, size=(n_draws, len(both))).astype("float64")
    # The table seen is one of those that might have come up.
    p = (1 + (measure(tossed) >= seen - ROUNDING).sum()) / (n_draws + 1)
    return SquareTest(seen, dof, float(p), "permutation")
