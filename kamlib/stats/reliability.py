"""Can several questions be added up: Cronbach's alpha, its interval, and each question's part."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count, fmt_list

Floats = NDArray[np.float64]
LEAST_ITEMS, LEAST_ROWS = 2, 3
REST_COLUMNS = ["item_id", "n", "item_rest_correlation", "item_rest_correlation_ci_low",
                "item_rest_correlation_ci_high"]
DROPPED_COLUMNS = ["item_id", "n", "alpha_if_dropped"]


class Reliability(NamedTuple):
    """Cronbach's alpha of one group of items.

    n_items; n: complete rows; n_dropped: rows with a gap, which left first; alpha with its
    interval; standardised_alpha: as if every item had the same spread (no unit, at most 1).
    """

    n_items: int
    n: int
    n_dropped: int
    alpha: float
    alpha_ci_low: float
    alpha_ci_high: float
    standardised_alpha: float


def measure_reliability(table: pd.DataFrame, *, level: float = 0.95) -> Reliability:
    """Cronbach's alpha, raw and standardised, with Feldt's interval of the raw one.

    table: one row a questionnaire, one column an item; gaps NaN. Rows with a gap leave before
    anything is counted. Raises RefusedError below 2 items or 3 complete rows, and where an item or
    the sum never varies. Source: Cronbach (1951), Psychometrika 16:297-334; Feldt, Woodruff & Salih
    (1987), Appl. Psychol. Meas. 11:93-103, interval 1 - (1 - alpha) F(n - 1, (n - 1)(k - 1)).

    >>> three = pd.DataFrame({"a": [1, 2, 3, 5], "b": [2, 2, 4, 5], "c": [1, 3, 3, 4]})
    >>> round(measure_reliability(three).alpha, 3)
    0.945
    """
    complete = _complete(table)
    n, k = complete.shape
    covariance = np.cov(complete, rowvar=False, ddof=1)
    alpha = _alpha(covariance)
    shape = (n - 1, (n - 1) * (k - 1))
    high, low = stats.f.ppf([(1 - level) / 2, (1 + level) / 2], *shape)
    return Reliability(k, n, len(table) - n, alpha, float(1 - (1 - alpha) * low),
                       float(1 - (1 - alpha) * high), _alpha(_to_correlation(covariance)))


def drop_each_item(table: pd.DataFrame) -> pd.DataFrame:
    """Cronbach's alpha of the other items, once for each item left out.

    table: as in `measure_reliability`; the complete rows of all items are used throughout.
    Returns one row an item, in the order of the columns: item_id, n (complete rows),
    alpha_if_dropped (NaN with two items, where one question remains).
    """
    covariance = np.cov(_complete(table), rowvar=False, ddof=1)
    k = len(covariance)
    rows = [{"item_id": str(item), "n": len(table.dropna()),
             "alpha_if_dropped": _alpha(np.delete(np.delete(covariance, i, 0), i, 1))
             if k > LEAST_ITEMS else float("nan")} for i, item in enumerate(table.columns)]
    return pd.DataFrame(rows, columns=DROPPED_COLUMNS).astype({"n": "Int64", "item_id": "str"})


def item_rest_correlations(table: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Correlation of each item with the sum of the others: does it ask for the same thing.

    table: one row a questionnaire, one column an item, all worded so that high is good; gaps NaN.
    Rows with a gap leave first. Returns one row an item, in the order of the columns: item_id, n
    (complete rows), item_rest_correlation (-1 to 1; far below 0: turned the wrong way) with
    _ci_low and _ci_high (Fisher's z; gaps below 4 rows).
    Raises RefusedError below 2 items or 3 complete rows, and where an item never varies.
    Source: corrected item-total correlation, Nunnally (1978), Psychometric Theory, ch. 8; Fisher
    (1921), Metron 1:3-32.

    >>> three = pd.DataFrame({"a": [1, 2, 3, 5], "b": [2, 2, 4, 5], "c": [4, 3, 3, 1]})
    >>> item_rest_correlations(three)["item_rest_correlation"].round(2).to_list()
    [0.24, 0.96, -0.92]
    """
    complete = _complete(table)
    rest = complete.sum(axis=1, keepdims=True) - complete
    rows = []
    for place, item in enumerate(table.columns):
        r = _correlation(complete[:, place], rest[:, place])
        low, high = fisher_interval(r, len(complete), level=level)
        rows.append({"item_id": str(item), "n": len(complete), "item_rest_correlation": r,
                     "item_rest_correlation_ci_low": low, "item_rest_correlation_ci_high": high})
    return pd.DataFrame(rows, columns=REST_COLUMNS).astype({"n": "Int64", "item_id": "str"})


def fisher_interval(r: float, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Fisher's interval of a correlation of n pairs; NaN below 4 pairs or without one.

    >>> [round(end, 3) for end in fisher_interval(0.5, 28)]
    [0.156, 0.736]
    """
    if n < 4 or np.isnan(r):
        return float("nan"), float("nan")
    if abs(r) >= 1:
        return r, r
    half = float(stats.norm.ppf((1 + level) / 2)) / np.sqrt(n - 3)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _complete(table: pd.DataFrame) -> Floats:
    complete = table.astype("float64").dropna()
    n, k = complete.shape
    if k < LEAST_ITEMS or n < LEAST_ROWS:
        raise RefusedError(_(
            "Reliability needs {items} questions and {rows} complete questionnaires, but there are "
            "{n_items} and {n_rows}. More questions of the same kind, or questionnaires without "
            "gaps, would lift this.", items=fmt_count(LEAST_ITEMS), rows=fmt_count(LEAST_ROWS),
            n_items=fmt_count(k), n_rows=fmt_count(n)))
    constant = [str(item) for item in complete if complete[item].min() == complete[item].max()]
    if constant or complete.sum(axis=1).var(ddof=1) < 1e-12:
        items = fmt_list(constant[:5]) or _("the questions together")
        raise RefusedError(_(
            "Reliability cannot be measured: all complete questionnaires give the same answer to "
            "{items}. Answers that differ would lift this.", items=items))
    return complete.to_numpy()


def _alpha(covariance: Any) -> float:
    k, total = len(covariance), float(np.sum(covariance))
    return float(k / (k - 1) * (1 - np.trace(covariance) / total)) if total > 0 else float("nan")


def _to_correlation(covariance: Floats) -> Floats:
    spread = np.sqrt(np.diag(covariance))
    correlation: Floats = covariance / np.outer(spread, spread)
    return correlation


def _correlation(one: Floats, other: Floats) -> float:
    if np.ptp(other) == 0:
        return float("nan")
    return float(np.clip(np.corrcoef(one, other)[0, 1], -1.0, 1.0))
