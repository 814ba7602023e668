"""The rhythm of each unit: how surprising its present silence is, given its own gaps.

Gaps between purchases of a unit are gamma distributed, with a shape k that all share (1 is purely
random, larger is more regular) and a rate of its own; rates are gamma distributed with shape r and
rate alpha. So n gaps of S days in all leave the rate with shape r + k n and rate alpha + S, and the
next gap follows a beta prime distribution. Nobody leaves in this model: a gap that is too long for
the rhythm is what it is there to show.
Sources: Dubey (1970), Metrika 16:27-31 (gamma distribution with a gamma distributed rate); Cox
(1962), Renewal Theory, ch. 5 (silence on a day chosen at random).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from kamlib.errors import InputError
from kamlib.models.fitting import MIN_REPEATERS, MIN_UNITS, fit_model
from kamlib.models.histories import Floats, Integers, check_columns, read_numbers, sum_products
from kamlib.models.result import FittedModel

COLUMNS = ("n_gaps", "gap_sum_days")
# How far a sum of logs may lie above what the sum of the gaps allows, by rounding.
SLACK = 1e-6


@dataclass(frozen=True)
class Gaps:
    """Units with gaps; parallel arrays of them, and their number with those that have none.

    total: sum of a unit's gaps; levels, level: distinct numbers of gaps and the place of each
    unit's among them; log_sum: sum of the logs of all gaps.
    """

    total: Floats
    levels: Floats
    level: Integers
    log_sum: float
    n: int

    @property
    def n_repeaters(self) -> int:
        """Units that bought again."""
        return len(self.total)

    @property
    def level_weight(self) -> Floats:
        """Units with each number of gaps."""
        counts = np.bincount(self.level, minlength=len(self.levels))
        return counts.astype(np.float64)


class _Next(NamedTuple):
    """Distribution of the next gap of each unit: a gamma with shape k and a rate of this gamma."""

    k: float
    shape: Floats
    scale: Floats


@dataclass(frozen=True)
class GammaGaps:
    """Parameters: k, shape of the gaps; r and alpha (days), of the rates of the units."""

    parameters: ClassVar[tuple[str, ...]] = ("k", "r", "alpha")
    name: ClassVar[str] = "gamma gaps"

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Gaps:
        """Read the gaps of every unit, in units of time."""
        n, total = _read_gaps(summary)
        check_columns(summary, ("log_gap_sum",))
        logs = read_numbers(summary, "log_gap_sum")
        has, logs = n > 0, np.where(n > 0, logs, 0.0)
        # Their mean is no larger than the log of their mean.
        most = n * np.log(np.where(has, total / np.maximum(n, 1), 1.0))
        wrong = ~(logs <= most + SLACK * np.maximum(1, np.abs(most)))
        if wrong.any():
            raise InputError("The logs of n gaps add up to no more than n log(sum / n), but "
                             f"log_gap_sum is larger or missing in {int(wrong.sum())} of {len(n)} "
                             "rows. Add up the natural logs of the gaps in days.")
        levels, level = np.unique(n[has], return_inverse=True)
        return Gaps(total[has] / time_unit_days, levels, level.astype(np.int64),
                    float(logs.sum() - n.sum() * np.log(time_unit_days)), len(n))

    def starts(self, data: Gaps) -> list[Floats]:
        """Starting points of the search, as log parameters; the first by moments."""
        n = data.levels[data.level]
        mean = float(data.total.sum() / n.sum())
        free, within = float((n - 1).sum()), float((n * np.log(data.total / n)).sum())
        # The log of a gamma mean is above the mean of the logs by about 1 / (2 k).
        above = (within - data.log_sum) / free if free else 1 / 3
        k = min(max(1 / (2 * above), 0.3), 300.0) if above > 0 else 300.0
        base = np.log([k, 2.0, 2 * mean / k])
        return [base, base + np.log([0.5, 4.0, 8.0]), base + np.log([2.0, 0.5, 0.25])]

    def log_likelihood(self, theta: Floats, data: Gaps) -> tuple[float, Floats]:
        """Log-likelihood at log parameters and its gradient by them."""
        k, r, alpha = np.exp(theta)
        weight, n = data.level_weight, data.levels
        shape, log_all = r + k * n, np.log(alpha + data.total)
        # Sums by number of gaps, so that gamma functions are taken once for each.
        log_sums: Floats = np.bincount(data.level, log_all, len(n)).astype(np.float64)
        per_sums: Floats = np.bincount(data.level, 1 / (alpha + data.total), len(n)).astype(
            np.float64)
        rise: Floats = special.psi(shape)
        value = sum_products(weight, special.gammaln(shape) - special.gammaln(r)
                             - n * special.gammaln(k) + r * np.log(alpha)) \
            - sum_products(shape, log_sums) + (k - 1) * data.log_sum
        gradient = np.array([
            sum_products(weight, n * (rise - special.psi(k))) - sum_products(n, log_sums)
            + data.log_sum,
            sum_products(weight, rise - special.psi(r) + np.log(alpha)) - log_sums.sum(),
            weight.sum() * r / alpha - sum_products(shape, per_sums)])
        return float(value), gradient * np.array([k, r, alpha])

    def log_gap_share(self, data: Gaps, log_gaps: float) -> float:
        """All of the gaps is in the likelihood."""
        return 0.0


def fit_rhythm(gaps: pd.DataFrame, *, min_units: int = MIN_UNITS,
               min_repeaters: int = MIN_REPEATERS) -> FittedModel:
    """Fit how regular gaps are, and how units differ in their rates.

    gaps: one row a unit: ``n_gaps`` (purchase days after the first), ``gap_sum_days`` and
    ``log_gap_sum`` (of the natural logs of its gaps in days); 0 or NA without a gap. Returns a
    fitted model with k, r and alpha (days); refused below min_units rows, or min_repeaters with a
    gap.

    >>> few = pd.DataFrame({"n_gaps": [2], "gap_sum_days": [60], "log_gap_sum": [6.8]})
    >>> fit_rhythm(few).verdict
    'refused'
    """
    return fit_model(GammaGaps(), gaps, time_unit_days=1.0, min_units=min_units,
                     min_repeaters=min_repeaters)


def silence_probability(fitted: FittedModel, table: pd.DataFrame, silence_days: ArrayLike
                        ) -> pd.Series:
    """Probability that a unit which keeps its rhythm is silent for longer than it is now (0-1).

    table: one row a unit: ``n_gaps``, ``gap_sum_days``; without a gap the rhythm is that of all.
    silence_days: days since its last purchase, one a row or one for all; NaN without.
    """
    ahead = _next_gap(fitted, table)
    silence = np.asarray(silence_days, dtype=np.float64)
    if (silence < 0).any():
        raise InputError(f"A silence has 0 or more days, but {int((silence < 0).sum())} of "
                         f"{silence.size} are shorter. Count from the last purchase to as_of.")
    found = special.betainc(ahead.shape, ahead.k, ahead.scale / (ahead.scale + silence))
    return pd.Series(found, index=table.index, name="silence_probability")


def gap_quantile_days(fitted: FittedModel, table: pd.DataFrame, share: float) -> pd.Series:
    """Days by which the next purchase comes with a probability, counted from the last one.

    table: as `silence_probability`; share: 0.5 for when it is expected, 0.95 for when it is late.
    """
    return pd.Series(_quantile(_next_gap(fitted, table), share), index=table.index,
                     name="gap_quantile_days")


def chance_share(fitted: FittedModel, table: pd.DataFrame, share: float) -> pd.Series:
    """Probability that a unit which keeps its rhythm looks late on a day chosen at random (0-1).

    table, share: as `gap_quantile_days`, beyond which a silence is late. Their sum is the number of
    alarms to be expected from chance alone. It is not 1 - share: a day falls into a long gap more
    easily, but rarely at its end. Given the rate, silences have the density (1 - F) / mean of the
    gaps; this is averaged over the rates.
    """
    ahead = _next_gap(fitted, table)
    late = _quantile(ahead, share)
    rest = ahead.scale / (ahead.scale + late)
    found = special.betainc(ahead.shape, ahead.k + 1, rest) - late * ahead.shape \
        / (ahead.scale * ahead.k) * special.betainc(ahead.shape + 1, ahead.k, rest)
    return pd.Series(np.maximum(found, 0.0), index=table.index, name="chance_share")


def _next_gap(fitted: FittedModel, table: pd.DataFrame) -> _Next:
    k, r, alpha = fitted.require()
    n, total = _read_gaps(table)
    return _Next(float(k), r + k * n, alpha + total)


def _quantile(ahead: _Next, share: float) -> Floats:
    if not 0 < share < 1:
        raise InputError(f"A share of gaps lies between 0 and 1, but is {share}. "
                         "Give 0.5 for the middle one, 0.95 for a long one.")
    # Both from their own end, so that neither loses its digits.
    passed = special.betaincinv(ahead.k, ahead.shape, share)
    rest = special.betaincinv(ahead.shape, ahead.k, 1 - share)
    days: Floats = ahead.scale * passed / rest
    return days


def _read_gaps(table: pd.DataFrame) -> tuple[Floats, Floats]:
    check_columns(table, COLUMNS)
    n, total = (np.nan_to_num(read_numbers(table, name), nan=0.0) for name in COLUMNS)
    right = (n >= 0) & (n == np.rint(n)) & ((n > 0) == (total > 0)) & (total >= 0) \
        & np.isfinite(total)
    if not right.all():
        seen = table[list(COLUMNS)][~right].head(5)
        raise InputError("n_gaps is a whole number from 0, and gap_sum_days is above 0 just when "
                         f"it is, but {int((~right).sum())} of {len(n)} rows break this, the "
                         f"first at {', '.join(map(str, seen.index))}: "
                         f"{seen.to_numpy().tolist()}. Count gaps between distinct days.")
    return n, total
