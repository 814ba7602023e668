"""Do two things go together more than chance? Support, confidence and lift of pairs.

Rows are accounts, columns products, a mark where the account holds the product. Accounts that hold
much hold everything more often, so the lift of nearly every pair is above 1; what is left once the
size of each account and the spread of each product are taken out is told beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from kamlib.errors import InputError
from kamlib.stats.intervals import Interval

Floats = NDArray[np.float64]
PAIR_COLUMNS = ["left", "right", "n_left", "n_right", "n_both", "n_expected", "p_value"]
# The fit below stops when no total is off by more than this, or after so many rounds.
TOLERANCE, MAX_ROUNDS = 1e-8, 2000


def lift_interval(n_both: float, n_left: float, n_right: float, n: float, *,
                  level: float = 0.95) -> Interval:
    """Interval of lift = n_both n / (n_left n_right): how much oftener than if independent.

    n_both, n_left, n_right, n: accounts that hold both, the one, the other, and all. On the
    logarithm, with the variance (1/p_both - 1/p_left - 1/p_right - 1 + 2 lift) / n that the delta
    method gives for counts of a multinomial; ends are unknown when nobody holds both.
    Source: Agresti (2013), Categorical Data Analysis, 3rd ed., 16.1 (delta method).

    >>> [round(end, 2) for end in lift_interval(30, 60, 75, 100)]
    [0.57, 0.78]
    """
    if not 0 < level < 1 or not 0 <= n_both <= min(n_left, n_right) <= max(n_left, n_right) <= n:
        raise InputError(f"A lift needs n_both <= n_left, n_right <= n and a level between 0 and "
                         f"1, but there are {n_both}, {n_left}, {n_right}, {n} and {level}. Count "
                         "all over the same accounts.")
    low, high = lift_ends([n_both], [n_left], [n_right], n, level=level)
    return Interval(float(low[0]), float(high[0]))


def lift_ends(n_both: ArrayLike, n_left: ArrayLike, n_right: ArrayLike, n: float, *,
              level: float) -> tuple[Floats, Floats]:
    """Ends of `lift_interval` for many pairs at once; NaN where nobody holds both."""
    both, left, right = (np.asarray(x, dtype="float64") / n for x in (n_both, n_left, n_right))
    both = np.where(both > 0, both, np.nan)
    lift = both / (left * right)
    variance = np.maximum(0.0, (1 / both - 1 / left - 1 / right - 1 + 2 * lift) / n)
    step = float(stats.norm.ppf((1 + level) / 2)) * np.sqrt(variance)
    return lift * np.exp(-step), lift * np.exp(step)


def count_pairs(held: sparse.csr_matrix, *, min_both: int = 1) -> pd.DataFrame:
    """Count who holds both of two products, and how many would by size and spread alone.

    held: accounts x products, 1 where held. Returns one row a pair (left before right) with at
    least `min_both` accounts, in order: left, right (numbers of the columns), n_left, n_right,
    n_both, n_expected (see `expect_holdings`), p_value (of at least so many, by those chances).
    """
    marks = sparse.csr_matrix(held, dtype="float64")
    both = sparse.triu(marks.T @ marks, k=1).tocoo()
    keep = both.data >= min_both
    left, right = both.row[keep], both.col[keep]
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    totals = np.asarray(marks.sum(axis=0)).ravel()
    if not len(left):
        return pd.DataFrame(columns=PAIR_COLUMNS)
    fitted = _fit(np.asarray(marks.sum(axis=1)).ravel(), totals)
    # Products with equal totals share their chances, so moments are summed once for each two.
    first, second, third = ((fitted.n_rows[:, None] * fitted.chances**k).T @ fitted.chances**k
                            for k in (1, 2, 3))
    places = fitted.column_of[left], fitted.column_of[right]
    expected, square, cube = first[places], second[places], third[places]
    n_both = both.data[keep][order]
    p_values = oftener_p_values(n_both, expected, expected - square,
                                expected - 3 * square + 2 * cube)
    return pd.DataFrame({
        "left": left, "right": right, "n_left": totals[left].astype("int64"),
        "n_right": totals[right].astype("int64"),
        "n_both": n_both.astype("int64"), "n_expected": expected,
        "p_value": p_values})


def expect_holdings(n_held: ArrayLike, n_holders: ArrayLike) -> Floats:
    """Chance that each account holds each product, given only how much each holds and is held.

    n_held: products of each account; n_holders: accounts of each product. The least committed
    chances with these totals, x y / (1 + x y); products of a pair are independent under them.
    Source: Saracco et al. (2017), New J. Phys. 19:053022 (bipartite configuration model);
    Rasch (1960) for the form.

    >>> expect_holdings([1, 1], [1, 1]).round(3).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    fitted = _fit(np.asarray(n_held, dtype="float64"), np.asarray(n_holders, dtype="float64"))
    chances: Floats = fitted.chances[np.ix_(fitted.row_of, fitted.column_of)]
    return chances


@dataclass(frozen=True)
class _Fit:
    """Chances by distinct totals of rows and columns, and which of them each has."""

    chances: Floats
    n_rows: Floats
    row_of: NDArray[np.intp]
    column_of: NDArray[np.intp]


def _fit(n_held: Floats, n_holders: Floats) -> _Fit:
    """Fit x y / (1 + x y) to the totals, once for each total that occurs."""
    rows, row_of = np.unique(n_held, return_inverse=True)
    columns, column_of = np.unique(n_holders, return_inverse=True)
    n_rows = np.bincount(row_of).astype("float64")
    n_columns = np.bincount(column_of).astype("float64")
    grand = float((rows * n_rows).sum())
    if abs(grand - float((columns * n_columns).sum())) > 1e-6:
        raise InputError("Products held and accounts holding have to add up to the same number. "
                         "Count both in one table.")
    x, y = rows / np.sqrt(max(grand, 1.0)), columns / np.sqrt(max(grand, 1.0))
    chances = np.zeros((len(rows), len(columns)))
    for _round in range(MAX_ROUNDS):
        x = rows / np.maximum((n_columns * y / (1 + np.outer(x, y))).sum(axis=1), 1e-300)
        y = columns / np.maximum((n_rows[:, None] * x[:, None] / (1 + np.outer(x, y))).sum(axis=0),
                                 1e-300)
        product = np.outer(x, y)
        chances = product / (1 + product)
        if np.abs((chances * n_columns).sum(axis=1) - rows).max(initial=0.0) < TOLERANCE:
            break
    return _Fit(chances, n_rows, row_of, column_of)


def oftener_p_values(n_both: ArrayLike, mean: ArrayLike, variance: ArrayLike,
                     third_moment: ArrayLike) -> Floats:
    """Chance that at least so many hold both, when the accounts' unequal chances are these.

    mean, variance, third_moment: of the sum of independent holdings with unequal chances, about
    its mean. By the normal distribution, corrected for its skewness and for whole numbers.
    Source: Volkova (1996), Theory Probab. Appl. 40:791-794; Hong (2013), Comput. Stat. Data Anal.
    59:41-51, section 3.2.

    >>> oftener_p_values([0, 8], [4.0, 4.0], [2.4, 2.4], [0.48, 0.48]).round(3).tolist()
    [0.999, 0.015]
    """
    n, centre, spread, third = (np.asarray(x, dtype="float64") for x in (
        n_both, mean, variance, third_moment))
    deviation = np.sqrt(np.maximum(spread, 1e-300))
    x = (n - 0.5 - centre) / deviation
    skew = third / deviation**3
    tail = stats.norm.sf(x) - skew * (1 - x**2) * stats.norm.pdf(x) / 6
    return np.asarray(np.clip(tail, 0.0, 1.0), dtype="float64")
