"""Intervals of shares that are shown because they are high: what was chosen looks larger.

A list of "products that at least half of the like accounts hold" takes in those that happened to
be held by many. The plain interval of such a share holds the truth far too seldom; one that asks
how likely the count is among the counts that would have been listed holds it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from kamlib.errors import InputError

Floats = NDArray[np.float64]
STEPS = 60  # halvings; the ends are exact to 1e-18


def selected_ends(successes: ArrayLike, n: ArrayLike, *, least: ArrayLike,
                  level: float = 0.95) -> tuple[Floats, Floats]:
    """Both ends of the interval of a share that is only shown from `least` successes on.

    successes, n: counts, one entry a share; least: the smallest count that would have been shown,
    0 or 1 entry a share (0: every share is shown, which gives the plain mid-P interval).
    The ends are the shares under which a count so high (so low), among the counts from `least` on,
    has half of 1 - level, the seen count itself being counted half. The lower end is 0 where the
    count is `least` itself: it says nothing of how much smaller the share may be.
    Source: exact conditional inference: Sampford (1954), Biometrika 41:490-497; Zhong & Prentice
    (2008), Biostatistics 9:621-634; mid-P: Lancaster (1961), J. Am. Stat. Assoc. 56:223-234.

    >>> low, high = selected_ends([8, 5], [9, 9], least=[5, 5])
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.52, 0.0], [0.99, 0.82])
    """
    k, m, c = np.broadcast_arrays(*(np.asarray(x, dtype="float64") for x in (successes, n, least)))
    if ((c > k) | (k > m) | (c < 0)).any() or not 0 < level < 1:
        raise InputError("A share that was chosen needs 0 <= least <= successes <= n and a level "
                         "between 0 and 1. Count all over the same accounts.")
    tail = (1 - level) / 2
    low = np.where(k <= c, 0.0, _solve(k, m, c, tail))
    low = np.where((c == 0) & (k > 0), _solve(k, m, c, tail), low)
    high = np.where(k >= m, 1.0, _solve(k, m, c, 1 - tail))
    return np.where(m > 0, low, np.nan), np.where(m > 0, high, np.nan)


def _solve(k: Floats, n: Floats, least: Floats, wanted: float) -> Floats:
    """The share under which a count of k or more, among those from least on, is so probable."""
    low, high = np.full(k.shape, 1e-9), np.full(k.shape, 1 - 1e-9)
    for _step in range(STEPS):
        middle = (low + high) / 2
        at_least, above, shown = (_at_least(x, n, middle) for x in (k, k + 1, least))
        is_below = (at_least + above) / (2 * np.maximum(shown, 1e-300)) < wanted
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return np.asarray((low + high) / 2, dtype="float64")


def _at_least(k: Floats, n: Floats, share: Floats) -> Floats:
    """How probable k or more of n are: the binomial tail, without what a distribution checks."""
    tail = betainc(np.maximum(k, 1), np.maximum(n - k + 1, 1), share)
    return np.where(k <= 0, 1.0, np.where(k > n, 0.0, tail))
