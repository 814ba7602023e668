"""Gamma-Gamma: how much a unit spends per order, apart from how often it orders.

Orders of a unit are gamma distributed around its own mean; means differ between units by an
inverse gamma distribution. Source: Colombo & Jiang (1999), J. Interactive Marketing 13(4):2-12;
Fader & Hardie (2013), brucehardie.com/notes/025. Amounts must not hang on how often one buys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from kamlib.errors import InputError
from kamlib.models.fitting import fit_model
from kamlib.models.histories import WEEK_DAYS, Floats, check_columns, read_numbers
from kamlib.models.result import FittedModel

COLUMNS = ("n_repeat_days", "repeat_day_mean_amount")


@dataclass(frozen=True)
class Amounts:
    """Units with repeat orders of a positive mean amount; parallel arrays."""

    n_orders: Floats
    mean_amount: Floats

    @property
    def n(self) -> int:
        """Units that amounts are known of."""
        return len(self.n_orders)

    @property
    def n_repeaters(self) -> int:
        """The same: only repeat orders count."""
        return len(self.n_orders)


@dataclass(frozen=True)
class GammaGamma:
    """Parameters: p, shape of the amounts of a unit; q > 1 and v, of the spread of their means."""

    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")
    name: ClassVar[str] = "Gamma-Gamma"
    # With q up to 1 the mean over all units would be infinite, and beyond it negative.
    lower: ClassVar[tuple[float, ...]] = (0.0, 1.0, 0.0)

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Amounts:
        """Read the units with repeat orders and a positive mean amount; the others are left out."""
        check_columns(summary, COLUMNS)
        orders, amounts = (read_numbers(summary, name) for name in COLUMNS)
        used = (orders > 0) & (amounts > 0) & np.isfinite(amounts)
        return Amounts(orders[used], amounts[used])

    def starts(self, data: Amounts) -> list[Floats]:
        """Starting points of the search: log p, log(q - 1), log v."""
        mean = float(np.median(data.mean_amount))
        return [np.log([5.0, 2.0, mean * 2 / 5]), np.log([1.0, 1.0, mean]),
                np.log([20.0, 5.0, mean * 5 / 20])]

    def log_likelihood(self, theta: Floats, data: Amounts) -> tuple[float, Floats]:
        """Log-likelihood at log p, log(q - 1) and log v, and its gradient by them."""
        p, q, v = np.exp(theta) + self.lower
        n, mean = data.n_orders, data.mean_amount
        shape, total = p * n, v + n * mean
        log_total, psi_all = np.log(total), special.psi(shape + q)
        value = special.gammaln(shape + q) - special.gammaln(shape) + (shape - 1) * np.log(mean) \
            + shape * np.log(n) - (shape + q) * log_total
        constant = data.n * (q * np.log(v) - special.gammaln(q))
        by_p = n * (psi_all - special.psi(shape) + np.log(mean) + np.log(n) - log_total)
        by_q = psi_all - log_total
        by_v = -(shape + q) / total
        gradient = np.array([by_p.sum(),
                             by_q.sum() + data.n * (np.log(v) - special.psi(q)),
                             by_v.sum() + data.n * q / v])
        return float(value.sum() + constant), gradient * np.exp(theta)

    def log_gap_share(self, data: Amounts, log_gaps: float) -> float:
        """Gaps play no part."""
        return 0.0


def fit_gamma_gamma(summary: pd.DataFrame, *, min_repeaters: int = 10) -> FittedModel:
    """Fit how much units spend per order to their repeat orders.

    summary: one row a unit: ``n_repeat_days`` and ``repeat_day_mean_amount`` (mean amount of a
    repeat purchase day); units without repeats or with a mean of 0 or less leave first.
    Returns a fitted model with p, q > 1 and v.
    """
    return fit_model(GammaGamma(), summary, time_unit_days=WEEK_DAYS, min_units=min_repeaters,
                     min_repeaters=min_repeaters)


def expected_amounts(fitted: FittedModel, summary: pd.DataFrame) -> pd.Series:
    """Expected mean amount of the orders to come of every unit: its own, drawn to the mean of all.

    summary: one row a unit, as in `fit_gamma_gamma`; without repeats the mean of all units.
    Returns one amount a row of the summary. Source: Fader & Hardie (2013), eq. 5.
    """
    p, q, v = fitted.require()
    orders, total = _read_past(summary)
    expected = p * (v + total) / (p * orders + q - 1)
    return pd.Series(expected, index=summary.index, name="expected_amount")


def simulate_amounts(fitted: FittedModel, summary: pd.DataFrame, n_orders: NDArray[np.integer],
                     *, seed: int) -> Floats:
    """Draw the amounts of orders that were drawn: what each unit spends on them in all.

    summary: one row a unit, as in `fit_gamma_gamma`; n_orders: draw x row x horizon, cumulative
    orders, as `FittedModel.simulate_orders` gives them. Returns amounts of the same shape,
    cumulative too. In each draw a unit has a mean of its own, as its repeat orders allow (the
    spread of all units where it has none), and its orders vary around it; the parameters are the
    estimates, without their error.
    """
    p, q, v = fitted.require()
    orders, total = _read_past(summary)
    if n_orders.ndim != 3 or n_orders.shape[1] != len(summary):
        raise InputError("Orders to be priced are draw x row x horizon, with a row for each of the "
                         f"{len(summary)} rows of the summary, but their shape is "
                         f"{n_orders.shape}. Draw them from the same summary.")
    rng = np.random.default_rng(seed)
    scale = (v + total) / rng.standard_gamma(q + p * orders, n_orders.shape[:2])
    steps = np.diff(n_orders, axis=-1, prepend=0)
    amounts: Floats = (rng.standard_gamma(p * steps) * scale[..., None]).cumsum(axis=-1)
    return amounts


def population_mean(fitted: FittedModel) -> float:
    """Mean amount of an order over all units, p v / (q - 1)."""
    p, q, v = fitted.require()
    return float(p * v / (q - 1))


def _read_past(summary: pd.DataFrame) -> tuple[Floats, Floats]:
    """Number and total of the repeat orders of every row, 0 where nothing is known."""
    check_columns(summary, COLUMNS)
    orders, amounts = (read_numbers(summary, name) for name in COLUMNS)
    known = (orders > 0) & (amounts > 0)
    return np.where(known, orders, 0.0), np.where(known, orders * amounts, 0.0)
