"""Many means held against nothing or a line at once: Holm's correction and a verdict each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from kamlib.stats.intervals import holm_levels, mean_interval

COMPARED = ["n_paired", "mean", "low", "high", "side"]


def compare_groups(table: pd.DataFrame, *, by: Sequence[str], column: str, level: float,
                   min_pairs: int) -> pd.DataFrame:
    """Mean of each group with its interval, and on which side of 0 it lies after Holm.

    table: one row an account and group, with the columns `by` and `column` (points; gaps leave).
    Returns one row a group, sorted by `by`: n_paired, mean, low, high, side (above, below, or ""
    when one cannot tell). A group below min_pairs is not judged and does not count among the many.
    The interval is the one of the level at which Holm judged the group, so that it holds 0 exactly
    when the side is "": wider than a single one.
    Source: Holm (1979), Scand. J. Stat. 6:65-70; Student's t over accounts.

    >>> four = pd.DataFrame({"item": "a", "difference": [4.0, 5.0, 6.0, 5.0]})
    >>> compare_groups(four, by=["item"], column="difference", level=0.95, min_pairs=3)["side"][0]
    'above'
    """
    known = table[table[column].notna()]
    groups = [(key, part.to_numpy(dtype="float64"))
              for key, part in known.groupby(list(by), sort=True)[column]]
    judged = [len(values) >= min_pairs for _key, values in groups]
    p_values = [_p_value(values) for (_key, values), one in zip(groups, judged, strict=True) if one]
    alphas = iter(holm_levels(p_values, alpha=1 - level))
    rows = []
    for (key, values), one in zip(groups, judged, strict=True):
        alpha = next(alphas) if one else 1 - level
        low, high = mean_interval(values, level=1 - alpha)
        rows.append({**dict(zip(by, key, strict=True)), "n_paired": len(values),
                     "mean": float(values.mean()), "low": low, "high": high,
                     "side": _side(low, high) if one else ""})
    result = pd.DataFrame(rows, columns=[*by, *COMPARED])
    return result.astype({"n_paired": "Int64", "side": "str",
                          **dict.fromkeys(COMPARED[1:4], "float64")})


def judge_margin(row: Any, *, margin: float, min_pairs: int) -> str:
    """Verdict of a row of `compare_groups`: better, worse, equal (within the margin), cannot tell.

    >>> judge_margin({"side": "", "low": -2.0, "high": 3.0, "n_paired": 9}, margin=5, min_pairs=5)
    'equal'
    """
    if row["n_paired"] < min_pairs:
        return "cannot tell"
    if -margin <= row["low"] and row["high"] <= margin:
        # A difference that is certain but too small to matter is still no difference.
        return "equal"
    return {"above": "better", "below": "worse"}.get(row["side"], "cannot tell")


def sum_sales(table: pd.DataFrame, *, by: str, amounts: pd.Series) -> pd.Series:
    """Sales of the accounts of each group, by `by`; a gap where none is known.

    table: one row an account and group, with account_id and `by`; amounts: sales by account_id.
    """
    sales = table["account_id"].map(amounts).astype("float64")
    return sales.groupby(table[by]).sum(min_count=1)


def _p_value(values: np.ndarray[Any, Any]) -> float:
    if np.ptp(values) == 0:
        return 1.0 if values[0] == 0 else 0.0
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def _side(low: float, high: float) -> str:
    if low > 0:
        return "above"
    return "below" if high < 0 else ""
