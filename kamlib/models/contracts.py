"""Shifted beta geometric: how long contracts last that are renewed or not, period by period.

Every customer leaves with a probability of its own at each renewal; these are beta distributed, so
retention rises with the number of renewals, as the weak leave first.
Source: Fader & Hardie (2007), J. Interactive Marketing 21(1):76-90.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from kamlib.errors import InputError
from kamlib.models.fitting import MIN_REPEATERS, MIN_UNITS, fit_model
from kamlib.models.histories import Floats, check_columns, read_numbers
from kamlib.models.result import FittedModel

COLUMNS = ("n_renewals", "is_lost")


@dataclass(frozen=True)
class Contracts:
    """Distinct outcomes of contracts with their number; parallel arrays."""

    n_renewals: Floats
    is_lost: NDArray[np.bool_]
    weight: Floats

    @property
    def n(self) -> int:
        """Contracts."""
        return int(self.weight.sum())

    @property
    def n_repeaters(self) -> int:
        """Contracts that were renewed at least once."""
        return int(self.weight[self.n_renewals > 0].sum())


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """Parameters: alpha and beta of the distribution of leaving at a renewal."""

    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    name: ClassVar[str] = "sBG"

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Contracts:
        """Read contracts, lost ones and those that run still."""
        check_columns(summary, COLUMNS)
        renewals = read_numbers(summary, "n_renewals")
        weight = read_numbers(summary, "n_contracts") if "n_contracts" in summary.columns \
            else np.ones(len(summary))
        if not ((renewals >= 0) & (renewals == np.rint(renewals)) & (weight >= 0)).all():
            raise InputError("n_renewals and n_contracts are whole numbers from 0, without gaps. "
                             "Count how often each contract was renewed, 0 for a first period.")
        table = pd.DataFrame({"renewals": renewals, "weight": weight,
                              "lost": summary["is_lost"].to_numpy(dtype=bool)})
        summed = table.groupby(["renewals", "lost"], as_index=False)["weight"].sum()
        return Contracts(summed["renewals"].to_numpy(), summed["lost"].to_numpy(dtype=bool),
                         summed["weight"].to_numpy(dtype=np.float64))

    def starts(self, data: Contracts) -> list[Floats]:
        """Starting points of the search, as log parameters."""
        return [np.log([1.0, 2.0]), np.log([0.5, 0.5]), np.log([2.0, 20.0])]

    def log_likelihood(self, theta: Floats, data: Contracts) -> tuple[float, Floats]:
        """Log-likelihood at log parameters and its gradient by them."""
        alpha, beta = np.exp(theta)
        lost, stayed, total = alpha + data.is_lost, beta + data.n_renewals, alpha + beta
        value = data.weight @ (special.betaln(lost, stayed) - special.betaln(alpha, beta))
        psi_all = special.psi(total) - special.psi(lost + stayed)
        by_alpha = data.weight @ (special.psi(lost) - special.psi(alpha) + psi_all)
        by_beta = data.weight @ (special.psi(stayed) - special.psi(beta) + psi_all)
        return float(value), np.array([by_alpha, by_beta]) * np.exp(theta)

    def log_gap_share(self, data: Contracts, log_gaps: float) -> float:
        """Gaps play no part."""
        return 0.0


def fit_contracts(contracts: pd.DataFrame, *, time_unit_days: float = 365.25,
                  min_units: int = MIN_UNITS, min_repeaters: int = MIN_REPEATERS) -> FittedModel:
    """Fit how contracts end to contracts, of which some run still.

    contracts: one row a contract, or a group of ``n_contracts`` alike: ``n_renewals`` (times it
    was renewed), ``is_lost`` (true: not renewed after that; false: it runs still, the rest is
    unknown). time_unit_days: length of a contract period. Returns a fitted model with alpha, beta.
    """
    return fit_model(ShiftedBetaGeometric(), contracts, time_unit_days=time_unit_days,
                     min_units=min_units, min_repeaters=min_repeaters)


def build_contracts(survivors: ArrayLike) -> pd.DataFrame:
    """Turn a curve of survivors into the table that `fit_contracts` reads.

    survivors: contracts that run in period 0, 1, 2, ... of one cohort. Returns one row an outcome:
    ``n_renewals``, ``is_lost``, ``n_contracts``; the last one is of those that run still.

    >>> build_contracts([100, 63, 47]).to_dict("list")
    {'n_renewals': [0, 1, 2], 'is_lost': [True, True, False], 'n_contracts': [37.0, 16.0, 47.0]}
    """
    counts = np.asarray(survivors, dtype=np.float64)
    if len(counts) < 2 or (np.diff(counts) > 0).any() or not (counts >= 0).all():
        raise InputError("A curve of survivors has 2 or more counts and never rises, but it is "
                         f"{counts.tolist()}. Follow one cohort from its first period on.")
    n = len(counts) - 1
    return pd.DataFrame({"n_renewals": np.arange(n + 1), "is_lost": [True] * n + [False],
                         "n_contracts": np.append(-np.diff(counts), counts[-1])})


def survival_share(fitted: FittedModel, n_renewals: ArrayLike) -> Floats:
    """Share of a cohort (0-1) that is expected to renew at least n_renewals times."""
    alpha, beta = fitted.require()
    n = np.asarray(n_renewals, dtype=np.float64)
    result: Floats = np.exp(special.betaln(alpha, beta + n) - special.betaln(alpha, beta))
    return result


def retention_share(fitted: FittedModel, n_renewals: ArrayLike) -> Floats:
    """Share (0-1) expected to renew next, of those that have renewed n_renewals times."""
    alpha, beta = fitted.require()
    n = np.asarray(n_renewals, dtype=np.float64)
    result: Floats = (beta + n) / (alpha + beta + n)
    return result


def discounted_renewals(fitted: FittedModel, period: ArrayLike, *, rate: float) -> Floats:
    """Discounted expected residual lifetime of a contract before its renewal (DERL), in periods.

    period: which contract period is ending, 1 for the first; rate: interest a contract period,
    above 0. The renewal that is due counts in full, the next one is discounted once.
    Source: Fader & Hardie (2010), Marketing Science 29:85-93, eq. 6.
    """
    if not rate > 0:
        raise InputError(f"Renewals without end need a rate of interest above 0, not {rate}. "
                         "Give rate=0.1.")
    alpha, beta = fitted.require()
    n = np.asarray(period, dtype=np.float64) - 1
    sums: Floats = special.hyp2f1(1, beta + n + 1, alpha + beta + n + 1, 1 / (1 + rate))
    return retention_share(fitted, n) * sums
