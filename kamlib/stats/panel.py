"""What goes with a change within units that are watched again and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kamlib.errors import InputError, RefusedError
from kamlib.stats.intervals import Interval

Floats = NDArray[np.float64]


class Slope(NamedTuple):
    """A coefficient, its standard error and its degrees of freedom."""

    value: float
    error: float
    freedom: float

    def interval(self, level: float = 0.95) -> Interval:
        """Student's interval."""
        half = float(stats.t.ppf((1 + level) / 2, self.freedom)) * self.error
        return Interval(self.value - half, self.value + half)

    @property
    def p_value(self) -> float:
        """Two-sided, against 0."""
        return float(2 * stats.t.sf(abs(self.value / self.error), self.freedom))

    def times(self, factor: float) -> Slope:
        """In other units."""
        return Slope(self.value * factor, self.error * abs(factor), self.freedom)

    def minus(self, other: Slope) -> Slope:
        """Difference to an independent one (Welch)."""
        parts = np.array([self.error**2, other.error**2])
        freedom = parts.sum()**2 / (parts**2 / [self.freedom, other.freedom]).sum()
        return Slope(self.value - other.value, float(np.sqrt(parts.sum())), float(freedom))


def within_slopes(outcome: ArrayLike, regressors: ArrayLike, *, units: ArrayLike,
                  times: ArrayLike, trends: bool = True) -> list[Slope]:
    """Slopes of an outcome on regressors within units, beside what all share at a time.

    outcome: one entry a row; regressors: rows x regressors; units: of each row, such as the
    account; times: whole numbers. Each unit has a level of its own (and a straight trend, with
    trends), each time an effect common to all. Units with too few rows for that leave first.
    Errors come from leaving out one unit at a time, so rows of a unit may resemble one another in
    any way; the degrees of freedom are the units less one.
    Refused where nothing varies within units, or fewer than three units are left.
    Source: Wooldridge (2010), Econometric Analysis of Cross Section and Panel Data, 10.5, 11.7.2;
    jackknife over clusters (CV3): MacKinnon, Nielsen & Webb (2023), J. Appl. Econometrics
    38:671-694.

    >>> outcome = [1, 2, 4, 5, 7, 6, 9, 12.0, 3, 3, 5, 5]
    >>> hours = [[0], [1], [3], [4], [1], [0], [3], [6], [2], [2], [4], [3]]
    >>> slope, = within_slopes(outcome, hours, units=list("aaaabbbbcccc"),
    ...                        times=[0, 1, 2, 3] * 3, trends=False)
    >>> round(slope.value, 2), slope.freedom
    (0.8, 2.0)
    """
    y, x = np.asarray(outcome, "float64"), np.asarray(regressors, "float64")
    at = np.unique(np.asarray(times), return_inverse=True)[1]
    names, number = np.unique(np.asarray(units, dtype="str"), return_inverse=True)
    if not len(y) == len(x) == len(at) == len(number):
        raise InputError("Every row needs its outcome, regressors, unit and time.")
    dummies = np.eye(at.max() + 1)[at][:, 1:] if len(at) else np.zeros((0, 0))
    every = np.column_stack([y, x, dummies])
    parts = []
    for unit in range(len(names)):
        rows = number == unit
        own = np.column_stack([np.ones(rows.sum()), at[rows]] if trends else [np.ones(rows.sum())])
        if rows.sum() <= own.shape[1]:
            continue
        fitted = np.linalg.lstsq(own, every[rows], rcond=None)[0]
        parts.append(every[rows] - own @ fitted)
    if len(parts) < 3:
        raise RefusedError(f"{len(parts)} unit(s) are watched often enough to compare within them, "
                           "and three are the least. A longer history would lift this.")
    k = x.shape[1]
    moments = np.array([part[:, 1:].T @ part[:, 1:] for part in parts])
    crossed = np.array([part[:, 1:].T @ part[:, 0] for part in parts])
    whole, right = moments.sum(axis=0), crossed.sum(axis=0)
    if (np.diag(whole)[:k] <= 1e-9 * np.maximum(1.0, (x**2).sum(axis=0))).any():
        raise RefusedError("A regressor does not vary within the units, so nothing can be said of "
                           "what goes with its changes.")
    point = np.linalg.pinv(whole, hermitian=True) @ right
    left = np.array([np.linalg.pinv(whole - m, hermitian=True) @ (right - c)
                     for m, c in zip(moments, crossed, strict=True)])
    n = len(parts)
    errors = np.sqrt((n - 1) / n * ((left[:, :k] - point[:k])**2).sum(axis=0))
    return [Slope(float(b), float(e), n - 1.0) for b, e in zip(point[:k], errors, strict=True)]
