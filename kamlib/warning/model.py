"""A model of leaving: logistic regression on few features in a declared order.

Fits run on one thread: sums added in another order differ in the last digit. scikit-learn is slow
to import and therefore imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.warning.rules import WarningRules

Floats = NDArray[np.float64]
Shape = Callable[[Floats], Floats]


def _bounded(change: Floats) -> Floats:
    """(period - before) / (period + before): half the log ratio, without infinities at 0."""
    rate = np.maximum(change, -1.0)
    return np.asarray(rate / (rate + 2), dtype="float64")


def _log(values: Floats) -> Floats:
    return np.asarray(np.log1p(np.maximum(values, 0.0)), dtype="float64")


def _as_is(values: Floats) -> Floats:
    return values


# In the order in which the model may use them, which no data decides: first what the account does
# (recency, frequency and its change), then what it says, then what happened to it. Silence stands
# here in mean gaps only: beside the days a model called a purchase of yesterday a reason to leave.
FEATURES: dict[str, Shape] = {
    "silence_ratio": _log, "n_purchase_days_window": _log, "sales_change_rate": _bounded,
    "satisfaction_share": _as_is, "late_invoice_share": _as_is,
    "n_complaints": _log, "satisfaction_change_share": _as_is, "is_first_year": _as_is,
    "n_owner_changes": _log, "n_open_complaints": _log, "late_mean_days": _log}


@dataclass(frozen=True, eq=False)
class LeavingModel:
    """A fitted model of leaving.

    features: those used, in their order; centres, scales: mean and deviation of each after its
    shape (`FEATURES`); coefficients: change of the log odds a deviation; calibration: intercept
    and slope put on the log odds afterwards, (0, 1) where none could be fitted; left_out: why a
    feature is not used (not_known, too_few_events), by its name.
    """

    features: tuple[str, ...]
    centres: Floats
    scales: Floats
    coefficients: Floats
    intercept: float
    n_rows: int
    n_events: int
    left_out: Mapping[str, str]
    calibration: tuple[float, float] = (0.0, 1.0)

    def __repr__(self) -> str:
        return (f"LeavingModel({len(self.features)} features, {self.n_events} left of "
                f"{self.n_rows})")

    def contributions(self, features: pd.DataFrame) -> Floats:
        """What each feature adds to the log odds of each row, against the mean row; gaps add 0."""
        _offset, slope = self.calibration
        parts: Floats = scale_features(features, self) * self.coefficients * slope
        return parts

    def logits(self, features: pd.DataFrame) -> Floats:
        """Log odds of leaving of each row."""
        offset, slope = self.calibration
        total: Floats = self.contributions(features).sum(axis=1) + slope * self.intercept + offset
        return total

    def probabilities(self, features: pd.DataFrame) -> Floats:
        """Probability of leaving within the horizon, one a row."""
        return to_probability(self.logits(features))


def choose_features(rows: pd.DataFrame, *, is_left: ArrayLike,
                    rules: WarningRules) -> tuple[tuple[str, ...], dict[str, str]]:
    """Choose as many features as there are events for, in the declared order.

    Returns those chosen, and why each of the others is not used: not_known (no value, or the same
    for all), too_few_events. Events are the rarer of left and stayed.
    Raises RefusedError with fewer than rules.min_events of them.
    """
    left = np.asarray(is_left, dtype="float64")
    n_left, n_stayed = int(left.sum()), int(len(left) - left.sum())
    if min(n_left, n_stayed) < rules.min_events:
        raise RefusedError(_(
            "A model of leaving needs {least} accounts that left and as many that stayed, but the "
            "past that may be learned from holds {left} and {stayed}. A longer history, more "
            "accounts, or a lower warning.min_events would lift this.",
            least=fmt_count(rules.min_events), left=fmt_count(n_left),
            stayed=fmt_count(n_stayed)))
    n_allowed = max(1, min(n_left, n_stayed) // rules.min_events_per_feature)
    known = [name for name in FEATURES if _varies(rows[name].to_numpy(dtype="float64"))]
    chosen = tuple(known[:n_allowed])
    reasons = {name: "too_few_events" if name in known else "not_known" for name in FEATURES
               if name not in chosen}
    if not chosen:
        raise RefusedError(_("No feature differs between the accounts of the past, so nothing can "
                             "be learned from it. A longer history would lift this."))
    return chosen, reasons


def fit_leaving(rows: pd.DataFrame, *, is_left: ArrayLike, rules: WarningRules) -> LeavingModel:
    """Fit log odds of leaving, linear in the features, with an L2 penalty.

    rows: features of accounts on past cuts, one row a cut and account; is_left: whether each left.
    Gaps count as the mean of the feature. Raises RefusedError with too few events.
    Source: le Cessie & van Houwelingen (1992), J. R. Stat. Soc. C 41:191-201 (ridge logistic).
    """
    left = np.asarray(is_left, dtype="float64")
    features, left_out = choose_features(rows, is_left=left, rules=rules)
    shaped = shape_features(rows, features)
    model = LeavingModel(
        features=features, centres=np.nanmean(shaped, axis=0), scales=np.nanstd(shaped, axis=0),
        coefficients=np.zeros(len(features)), intercept=0.0, n_rows=len(left),
        n_events=int(left.sum()), left_out=left_out)
    return refit(model, scale_features(rows, model), left, rules=rules)


def refit(model: LeavingModel, scaled: Floats, left: Floats, *, rules: WarningRules,
          weights: Floats | None = None) -> LeavingModel:
    """Fit the coefficients of a model anew on rows that are scaled already, and may be weighted."""
    used = np.ones(len(left), dtype=bool) if weights is None else weights > 0
    if len(np.unique(left[used])) < 2:
        return model
    found = _logistic(scaled[used], left[used], strength=rules.penalty_inverse,
                      weights=None if weights is None else weights[used])
    return replace(model, coefficients=found.coef_[0].copy(),
                   intercept=float(found.intercept_[0]))


def fit_calibration(logits: Floats, left: Floats, *, rules: WarningRules,
                    weights: Floats | None = None) -> tuple[float, float]:
    """Fit intercept and slope that make forecast log odds fit what happened; (0, 1) if too few.

    logits: forecasts for cuts that the model had not learned from; left: what happened. A model
    that orders accounts the wrong way round gets the slope 0: everybody the mean.
    Source: Platt (2000), Advances in Large Margin Classifiers, 61-74.
    """
    if min(left.sum(), len(left) - left.sum()) < rules.min_events:
        return 0.0, 1.0
    used = np.ones(len(left), dtype=bool) if weights is None else weights > 0
    if len(np.unique(left[used])) < 2 or np.ptp(logits[used]) == 0:
        return 0.0, 1.0
    part = None if weights is None else weights[used]
    found = _logistic(logits[used, None], left[used], strength=np.inf, weights=part)
    slope = float(found.coef_[0, 0])
    if slope <= 0:
        share = float(np.average(left[used], weights=part))
        return float(np.log(share / (1 - share))), 0.0
    return float(found.intercept_[0]), slope


def shape_features(rows: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Return the named features in the shape the model takes them, gaps kept."""
    return np.column_stack([FEATURES[name](rows[name].to_numpy(dtype="float64"))
                            for name in names])


def scale_features(rows: pd.DataFrame, model: LeavingModel) -> Floats:
    """Return a model's features as deviations from the mean, gaps at 0."""
    scaled = (shape_features(rows, model.features) - model.centres) / model.scales
    return np.nan_to_num(scaled)


def to_probability(logits: Floats) -> Floats:
    """Turn log odds into probabilities.

    >>> to_probability(np.array([0.0])).tolist()
    [0.5]
    """
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -500, 500))), dtype="float64")


def one_thread() -> Any:
    """Return a context in which arithmetic runs on one thread, so that bytes are equal."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _varies(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return len(known) > 0 and bool(np.ptp(known) > 0)


def _logistic(x: Floats, y: Floats, *, strength: float, weights: Floats | None) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-8, max_iter=200)
    with one_thread():
        return model.fit(x, y, sample_weight=weights)
