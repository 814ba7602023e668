"""Whether two measures put the same accounts in the same order, with an interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from kamlib.errors import InputError, RefusedError
from kamlib.language import _, fmt_count
from kamlib.stats.intervals import Interval

# Fisher's z needs more pairs than this to have a variance.
LEAST_PAIRS = 4


def rank_correlation(x: ArrayLike, y: ArrayLike, *, level: float = 0.95,
                     min_pairs: int = LEAST_PAIRS) -> tuple[float, Interval, int]:
    """Spearman's rank correlation with an interval, and from how many pairs.

    x, y: one value each of the same accounts; pairs with a gap leave first; ties share their rank.
    The interval is Fisher's z with the variance (1 + r^2 / 2) / (n - 3); a perfect order, where z
    has no end, takes that of the nearest imperfect one (two neighbours exchanged) and reaches it.
    Refused below `min_pairs` pairs, and when one of both never varies.
    Source: Spearman (1904), Am. J. Psychol. 15:72-101; Bonett & Wright (2000), Psychometrika
    65:23-28.

    >>> r, (low, high), n = rank_correlation([1, 2, 3, 4, 5], [1, 3, 2, 4, 5])
    >>> round(r, 2), round(low, 2), round(high, 2), n
    (0.9, -0.17, 1.0, 5)
    """
    pairs = pd.DataFrame({"x": np.asarray(x, "float64"), "y": np.asarray(y, "float64")}).dropna()
    n = len(pairs)
    if not 0 < level < 1:
        raise InputError(f"A level has to lie between 0 and 1, but is {level}. "
                         "Give 0.95 for 95 percent.")
    if n < max(min_pairs, LEAST_PAIRS):
        raise RefusedError(_("Only {n} accounts have both measures; an order can be compared from "
                             "{least} on. More of them would lift this.", n=fmt_count(n),
                             least=fmt_count(max(min_pairs, LEAST_PAIRS))))
    if (pairs.nunique() < 2).any():
        raise RefusedError(_("One of both measures is the same for all {n} accounts, so there is "
                             "no order to compare. Measures that vary would lift this.",
                             n=fmt_count(n)))
    r = float(pairs["x"].corr(pairs["y"], method="spearman"))
    nearest = 1 - 12 / (n * (n * n - 1))
    centre = float(np.clip(r, -nearest, nearest))
    half = float(stats.norm.ppf((1 + level) / 2)) * float(np.sqrt((1 + centre**2 / 2) / (n - 3)))
    low, high = (float(np.tanh(np.arctanh(centre) + side * half)) for side in (-1, 1))
    return r, Interval(min(low, r), max(high, r)), n
