"""How good forecasts of counts were, and whether a rule of thumb would have done as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from kamlib.errors import InputError

Floats = NDArray[np.float64]
BETTER, WORSE, UNKNOWN, BASELINE = "better", "worse", "cannot tell", "baseline"


def judge_counts(observed: ArrayLike, forecasts: Mapping[str, Any] | pd.DataFrame, *,
                 naive: Sequence[str], seed: int,
                 log_scores: Mapping[str, Any] | pd.DataFrame | None = None,
                 n_resamples: int = 1000, level: float = 0.95) -> pd.DataFrame:
    """Compare forecasts of counts with what happened and with the best of the naive ones.

    observed: the count of each row; forecasts: the expected count of each row, one column a
    method; naive: the methods that any other has to beat; log_scores: log of the probability that
    a method gave to what happened (-inf allowed), for all or some methods.
    Returns one row a method, in their order: ``method``, ``is_naive``, ``n`` (rows),
    ``total_observed``, ``total_forecast``, ``bias_share`` (of the totals, NaN when nothing
    happened), ``mae``, ``rmse``, ``correlation`` (NaN when one does not vary), ``log_score`` (mean,
    higher is better, NaN when not given), ``n_ruled_out`` (rows of which it gave probability 0 to
    what happened, NaN when not given); then, against the best naive method, twice: ``error_``
    (mean squared error, below 0 is better) and ``score_`` (mean log score, above 0 is better), each
    with ``difference``, ``ci_low``, ``ci_high`` and ``verdict``: "better" or "worse" when 0 is
    outside of the interval, "cannot tell", "baseline" for the best naive itself, "" when not given.
    The interval resamples rows, each with what all methods said of it. Who rules out what happens
    has no finite score: it is worse than a method that does not, without an interval.
    Source: Diebold & Mariano (1995), J. Bus. Econ. Stat. 13:253-263 (paired differences); Gneiting
    & Raftery (2007), J. Am. Stat. Assoc. 102:359-378 (scores); Efron & Tibshirani (1993), ch. 13.

    >>> table = judge_counts([0, 2, 4], {"same": [1, 2, 3], "none": [0, 0, 0]}, naive=["none"],
    ...                      seed=1)
    >>> table[["method", "bias_share", "mae", "error_verdict"]].round(2).to_dict("records")[0]
    {'method': 'same', 'bias_share': 0.0, 'mae': 0.67, 'error_verdict': 'cannot tell'}
    """
    happened, expected = _read(observed, forecasts)
    _check_naive(naive, expected)
    scores = _read_scores(log_scores, expected)
    table = pd.DataFrame([_describe(name, happened, expected[name], scores[name])
                          for name in expected])
    table.insert(1, "is_naive", table["method"].isin(naive))
    errors = {name: (values - happened)**2 for name, values in expected.items()}
    given = {name: values for name, values in scores.items() if not np.isnan(values).any()}
    for prefix, losses in (("error", errors), ("score", {m: -v for m, v in given.items()})):
        found = _compare(losses, naive, seed=seed, n_resamples=n_resamples, level=level)
        # A loss is better when small; a score, which it is the negative of, when large.
        if prefix == "score":
            found[["difference", "ci_low", "ci_high"]] = \
                -found[["difference", "ci_high", "ci_low"]].to_numpy()
        table = table.join(found.add_prefix(f"{prefix}_"), on="method")
        table[f"{prefix}_verdict"] = table[f"{prefix}_verdict"].fillna("")
    return table


def group_calibration(observed: ArrayLike, forecast: ArrayLike, by: ArrayLike, *, last: int = 7
                     ) -> pd.DataFrame:
    """Mean of what happened and of what was forecast, by a whole number such as past orders.

    One element a row in each; by: whole numbers from 0. Returns one row a number from 0 to `last`,
    which holds all above too: ``group`` ("0", "1", ..., "7+"), ``n``, ``observed_mean``,
    ``forecast_mean`` (NaN without rows).

    >>> group_calibration([0, 2, 4], [1, 1, 3], [0, 0, 9], last=1).to_dict("list")
    {'group': ['0', '1+'], 'n': [2, 1], 'observed_mean': [1.0, 4.0], 'forecast_mean': [1.0, 3.0]}
    """
    happened, expected = _read(observed, {"forecast": forecast})
    number = np.asarray(by, dtype=np.float64)
    if number.shape != happened.shape or not ((number >= 0) & (number == np.rint(number))).all():
        raise InputError(f"Rows are grouped by whole numbers from 0, one for each of the "
                         f"{len(happened)} rows, but there are {number.size} and some are not. "
                         "Count past orders, without gaps.")
    place = np.minimum(number, last).astype(np.int64)
    n = np.bincount(place, minlength=last + 1)
    size = np.where(n > 0, n, np.nan)
    return pd.DataFrame({
        "group": [*map(str, range(last)), f"{last}+"], "n": n,
        "observed_mean": np.bincount(place, happened, last + 1) / size,
        "forecast_mean": np.bincount(place, expected["forecast"], last + 1) / size})


def poisson_log_score(observed: ArrayLike, mean: ArrayLike) -> Floats:
    """Log of the probability of each count when it is Poisson distributed around a mean.

    A mean of 0 rules out every count but 0: -inf.

    >>> poisson_log_score([0, 0, 1], [0.5, 0, 0]).tolist()
    [-0.5, 0.0, -inf]
    """
    n, expected = np.asarray(observed, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    result: Floats = special.xlogy(n, expected) - expected - special.gammaln(n + 1)
    return result


def log_probability(probability: ArrayLike) -> Floats:
    """Logs of probabilities, -inf for 0.

    >>> log_probability([1.0, 0.0]).tolist()
    [0.0, -inf]
    """
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(np.asarray(probability, dtype=np.float64))
    return logs


def _describe(name: str, happened: Floats, expected: Floats, scores: Floats) -> dict[str, Any]:
    total, forecast = float(happened.sum()), float(expected.sum())
    varies = len(happened) > 1 and np.ptp(happened) > 0 and np.ptp(expected) > 0
    known = not np.isnan(scores).any()
    off = expected - happened
    return {
        "method": name, "n": len(happened), "total_observed": total, "total_forecast": forecast,
        "bias_share": (forecast - total) / total if total else np.nan,
        "mae": np.abs(off).mean(), "rmse": np.sqrt((off**2).mean()),
        "correlation": np.corrcoef(happened, expected)[0, 1] if varies else np.nan,
        "log_score": scores.mean() if known else np.nan,
        "n_ruled_out": float(np.isneginf(scores).sum()) if known else np.nan}


def _compare(losses: dict[str, Floats], naive: Sequence[str], *, seed: int, n_resamples: int,
             level: float) -> pd.DataFrame:
    """Mean difference of every method's loss to the smallest of a naive one, with an interval."""
    means = {name: loss.mean() for name, loss in losses.items()}
    base = min((name for name in losses if name in naive), key=lambda name: means[name],
               default=None)
    table = pd.DataFrame(index=list(losses), columns=["difference", "ci_low", "ci_high"],
                         dtype=np.float64)
    table["verdict"] = ""
    if base is None:
        return table
    names = [name for name in losses if name != base]
    with np.errstate(invalid="ignore"):
        pairs = np.column_stack([losses[name] - losses[base] for name in names]) \
            if names else np.empty((0, 0))
    # Two infinite losses of one row are equal.
    pairs = np.where(np.isnan(pairs), 0.0, pairs)
    for name, pair in zip(names, pairs.T, strict=True):
        table.loc[name] = _judge(pair, seed=seed, n_resamples=n_resamples, level=level)
    table.loc[base, "verdict"] = BASELINE
    return table


def _judge(pair: Floats, *, seed: int, n_resamples: int, level: float) -> list[Any]:
    """Mean of paired differences of losses, its interval, and what that says."""
    up, down = np.isposinf(pair).any(), np.isneginf(pair).any()
    if up and down:
        return [np.nan, np.nan, np.nan, UNKNOWN]
    if up or down:
        return [np.inf if up else -np.inf, np.nan, np.nan, WORSE if up else BETTER]
    # Sorted, so that the order of the rows does not choose the resamples.
    values, rng = np.sort(pair), np.random.default_rng(seed)
    if len(values) < 2:
        return [values.mean(), np.nan, np.nan, UNKNOWN]
    drawn = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(n_resamples)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return [values.mean(), low, high, BETTER if high < 0 else WORSE if low > 0 else UNKNOWN]


def _read(observed: ArrayLike, forecasts: Mapping[str, Any] | pd.DataFrame
          ) -> tuple[Floats, dict[str, Floats]]:
    happened = np.asarray(observed, dtype=np.float64)
    expected = {str(name): np.asarray(values, dtype=np.float64)
                for name, values in forecasts.items()}
    for name, values in {"observed": happened, **expected}.items():
        if values.shape != happened.shape or happened.ndim != 1 or not len(happened):
            raise InputError(f"Forecasts are judged over the same rows, 1 or more, but observed "
                             f"has the shape {happened.shape} and {name} {values.shape}. "
                             "Give one number a row.")
        if not np.isfinite(values).all():
            raise InputError(f"Counts and forecasts have no gaps, but {name} lacks "
                             f"{int((~np.isfinite(values)).sum())} of {len(values)}. "
                             "Leave out the rows that some method says nothing of.")
    return happened, expected


def _read_scores(log_scores: Mapping[str, Any] | pd.DataFrame | None,
                 expected: dict[str, Floats]) -> dict[str, Floats]:
    given = {} if log_scores is None else {str(name): v for name, v in log_scores.items()}
    unknown = sorted(set(given) - set(expected))
    if unknown:
        raise InputError(f"Log scores belong to forecasts, but there is none of "
                         f"{', '.join(unknown)}; there are {', '.join(expected)}. Name them alike.")
    scores = {}
    for name, values in expected.items():
        found = np.asarray(given.get(name, np.full(len(values), np.nan)), dtype=np.float64)
        gaps = int(np.isnan(found).sum())
        wrong = found.shape != values.shape or (name in given and gaps) or (found > 1e-9).any()
        if wrong:
            raise InputError(f"Log scores are 0 or less, one for each of the {len(values)} rows, "
                             f"but {name} has the shape {found.shape}, {gaps} gaps and "
                             f"{int((found > 1e-9).sum())} above 0. Take logs of probabilities.")
        scores[name] = found
    return scores


def _check_naive(naive: Sequence[str], expected: dict[str, Floats]) -> None:
    unknown = [name for name in naive if name not in expected]
    if unknown or not naive:
        raise InputError(f"Forecasts are compared with naive ones among them, but naive is "
                         f"{', '.join(naive) or 'empty'} and the methods are "
                         f"{', '.join(expected)}. Name at least one of these.")
