"""How even the months of rows are, and draws of how even they may be in the long run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MIN_BUSY, MIN_ROWS = 6, 5  # months with an event, and rows with so many, that tell the error


@dataclass(frozen=True)
class Evenness:
    """The variation of each row's months beside what rows with as many events have.

    own: logarithm of the squared variation less what the events explain, as far as it is no noise
    (a gap where a row has no variation); constant, slope: that logarithm by the logarithm of the
    events; error: what is left to chance; dof: of Student's t.
    """

    own: Floats
    constant: float
    slope: float
    error: float
    dof: float

    def draw(self, n_events: Floats, rng: np.random.Generator) -> Floats:
        """Draw the variation in the long run of rows that expect so many events, draws x rows."""
        noise = self.error * rng.standard_t(self.dof, size=n_events.shape)
        logs = self.constant + self.slope * np.log(np.maximum(n_events, 1e-9)) + self.own + noise
        drawn: Floats = np.exp(logs / 2)
        return drawn


def estimate_evenness(values: Floats, n_events: Floats) -> Evenness:
    """Tell which rows are uneven for more reasons than that they have few events.

    values: row x month; n_events: what the values of a row came in (orders), all months together.
    The variation (standard deviation by mean) of few months hardly says anything about the next
    ones: of a row with one event it is that of one event. So its square is taken on the logarithm
    beside the events; what is left is drawn towards zero as far as leaving out one month at a time
    would move it (jackknife, the median of rows that are busy in six months or more). How often
    ranks made from it hold: benchmarks/key_list.py. Source: Efron & Stein (1981), Ann. Stat.
    9:586-596; Morris (1983), J. Am. Stat. Assoc. 78:47-55.

    >>> months = np.array([[3.0, 5.0, 4.0, 4.0], [0.0, 8.0, 0.0, 8.0]])
    >>> found = estimate_evenness(months, np.array([12.0, 2.0]))
    >>> found.draw(np.array([[12.0, 2.0]]), np.random.default_rng(1)).round(2).tolist()
    [[0.18, 1.0]]
    """
    n = values.shape[1]
    logs = _log_variation(values.sum(axis=1), (values**2).sum(axis=1), n)
    known = np.isfinite(logs)
    if known.sum() <= 3:
        return Evenness(np.where(known, logs, np.nan), 0.0, 0.0, 0.0, max(1.0, n - 1))
    x = np.log(np.maximum(n_events, 1.0))
    slope = float(np.cov(x[known], logs[known])[0, 1] / x[known].var(ddof=1)) \
        if np.ptp(x[known]) > 1e-9 else 0.0
    constant = float((logs - slope * x)[known].mean())
    rest = np.where(known, logs - constant - slope * x, np.nan)
    noise = _jackknife(values, known)
    spread = float(rest[known].var(ddof=2))
    kept = max(0.0, 1 - noise / spread) if spread > 0 else 0.0
    return Evenness(kept * rest, constant, slope, float(np.sqrt(kept * noise)), max(1.0, n - 1))


def _log_variation(sums: Floats, squares: Floats, n: int) -> Floats:
    """Logarithm of variance by squared mean; a gap where either is not above zero."""
    mean = sums / n
    ratio = (squares / n - mean**2) / np.where(mean > 0, mean, np.nan)**2
    # Months that differ by rounding alone are alike.
    found: Floats = np.log(np.where(ratio > 1e-12, ratio, np.nan))
    return found


def _jackknife(values: Floats, known: NDArray[np.bool_]) -> float:
    """Variance of the logarithm by chance alone, the same for all rows."""
    n = values.shape[1]
    without = _log_variation(values.sum(axis=1, keepdims=True) - values,
                             (values**2).sum(axis=1, keepdims=True) - values**2, n - 1)
    moved = (n - 1) / n * ((without - without.mean(axis=1, keepdims=True))**2).sum(axis=1)
    busy = moved[known & ((values != 0).sum(axis=1) >= MIN_BUSY) & np.isfinite(moved)]
    # With normal values it is 2 / (n - 1); sales have longer tails.
    return float(np.median(busy)) if len(busy) >= MIN_ROWS else 4 / (n - 1)
