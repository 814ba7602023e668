"""How unevenly an amount is spread: Gini, Lorenz, Pareto share, Herfindahl-Hirschman."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kamlib.errors import InputError, RefusedError

Floats = NDArray[np.float64]


class ParetoShare(NamedTuple):
    """The fewest k of n that reach the threshold together; share = k / n."""

    k: int
    n: int
    share: float


def lorenz_curve(values: ArrayLike) -> pd.DataFrame:
    """Points of the Lorenz curve, from the smallest value to the largest.

    values: one amount (>= 0) an account; gaps leave first.
    Returns n + 1 rows from (0, 0) to (1, 1): ``account_share``, ``amount_share`` (0-1).
    Source: Lorenz (1905), Publ. Am. Stat. Assoc. 9:209-219.

    >>> lorenz_curve([3, 1]).to_dict("list")
    {'account_share': [0.0, 0.5, 1.0], 'amount_share': [0.0, 0.25, 1.0]}
    """
    amounts = np.sort(_amounts(values))
    return _curve(np.ones(len(amounts)), amounts)


def gini(values: ArrayLike, *, corrected: bool = False) -> float:
    """Gini coefficient: 0 when all are equal, near 1 when one holds all; NaN when all are 0.

    values: one amount (>= 0) an account; gaps leave first; corrected: times n / (n - 1), the
    small-sample correction.
    Source: Gini (1914); correction Deltas (2003), Rev. Econ. Stat. 85:226-234.

    >>> gini([0, 0, 0, 1]), gini([0, 0, 0, 1], corrected=True)
    (0.75, 1.0)
    """
    amounts = _amounts(values)
    plain = grouped_gini(np.ones(len(amounts)), amounts)
    if not corrected:
        return plain
    return plain * len(amounts) / (len(amounts) - 1) if len(amounts) > 1 else float("nan")


def grouped_gini(sizes: ArrayLike, amounts: ArrayLike) -> float:
    """Gini coefficient between groups: a lower bound, since each group counts as even inside.

    sizes: accounts (or their share) in each group; amounts: what each group holds together.

    >>> round(grouped_gini([20, 40, 40], [60, 30, 10]), 2)
    0.48
    """
    heads, held = _amounts(sizes), _amounts(amounts)
    if len(heads) != len(held):
        raise InputError(f"Every group needs a size and an amount, but there are {len(heads)} "
                         f"sizes and {len(held)} amounts. Give both for the same groups.")
    filled = heads > 0
    heads, held = heads[filled], held[filled]
    order = np.argsort(held / heads, kind="stable")
    curve = _curve(heads[order], held[order])
    steps = curve["account_share"].diff().to_numpy()[1:]
    heights = curve["amount_share"].rolling(2).sum().to_numpy()[1:]
    return float(1 - (steps * heights).sum()) if len(heads) and held.sum() > 0 else float("nan")


def pareto_share(values: ArrayLike, *, threshold: float = 0.8) -> ParetoShare:
    """The smallest share of accounts that together reach a share of the total.

    values: one amount an account; negative ones count against the total. Gaps leave first.

    >>> pareto_share([50, 30, 10, 5, 5])
    ParetoShare(k=2, n=5, share=0.4)
    """
    _check_share(threshold, "threshold")
    amounts = _descending(values)
    # A hair below the threshold, so that 0.5 + 0.3 reaches 0.8.
    reached = np.cumsum(amounts) >= threshold * amounts.sum() * (1 - 1e-12)
    k = int(np.argmax(reached)) + 1
    return ParetoShare(k, len(amounts), k / len(amounts))


def top_share(values: ArrayLike, share: float) -> float:
    """Share of the total that the largest `share` of accounts hold (their number rounded up).

    >>> top_share([50, 30, 10, 5, 5], 0.2)
    0.5
    """
    _check_share(share, "share")
    amounts = _descending(values)
    k = max(1, math.ceil(len(amounts) * share - 1e-9))
    return float(amounts[:k].sum() / amounts.sum())


def hhi(values: ArrayLike) -> float:
    """Herfindahl-Hirschman index: sum of squared shares, 1/n (even) to 1 (one holds all).

    values: amounts or shares >= 0, one an account; they are divided by their sum. NaN when all
    are 0. Times 10,000 it is the number that competition authorities print.

    >>> round(hhi([30, 30, 20, 20]), 4)
    0.26
    """
    amounts = _amounts(values)
    total = amounts.sum()
    return float(((amounts / total) ** 2).sum()) if total > 0 else float("nan")


def effective_number(values: ArrayLike) -> float:
    """How many equal accounts would be as concentrated as these: 1 / hhi.

    >>> round(effective_number([30, 30, 20, 20]), 3)
    3.846
    """
    return 1 / hhi(values)


def _curve(heads: Floats, amounts: Floats) -> pd.DataFrame:
    total = amounts.sum()
    held = np.cumsum(amounts) / total if total > 0 else np.full(len(amounts), np.nan)
    counted = np.cumsum(heads) / heads.sum() if len(heads) else heads
    return pd.DataFrame({"account_share": np.concatenate([[0.0], counted]),
                         "amount_share": np.concatenate([[0.0], held])})


def _amounts(values: ArrayLike) -> Floats:
    amounts = _known(values)
    negative = int((amounts < 0).sum())
    if negative:
        raise InputError(f"Concentration needs amounts of 0 or more, but {negative} of "
                         f"{len(amounts)} are negative. Leave them out and say how many, or use "
                         "pareto_share, which counts them against the total.")
    return amounts


def _descending(values: ArrayLike) -> Floats:
    amounts = np.sort(_known(values))[::-1]
    if not len(amounts) or amounts.sum() <= 0:
        raise RefusedError(f"A share of the total needs a total above 0, but {len(amounts)} "
                           f"amounts sum to {amounts.sum():g}. Sales in the period would lift it.")
    return amounts


def _known(values: ArrayLike) -> Floats:
    numbers: Floats = np.asarray(values, dtype="float64")
    return numbers[~np.isnan(numbers)]


def _check_share(share: float, name: str) -> None:
    if not 0 < share <= 1:
        raise InputError(f"The {name} has to lie above 0 and at most at 1, but is {share}. "
                         "Give 0.8 for 80 percent.")
