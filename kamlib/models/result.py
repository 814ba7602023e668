"""What every fit returns: estimates, how far they can be trusted, and forecasts from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kamlib.errors import InputError, RefusedError
from kamlib.language import _, fmt_count, fmt_number
from kamlib.models.discount import discount_rate
from kamlib.models.draws import draw_parameters, simulate_ahead
from kamlib.models.histories import WEEK_DAYS, Counts, Floats
from kamlib.models.protocols import Model, OrderModel

Verdict = Literal["fitted", "weak", "refused"]


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A model with its estimates.

    parameters: one row a parameter: ``parameter``, ``estimate``, ``standard_error``, ``ci_low``,
    ``ci_high`` (95 %, from the Hessian on the log scale), all NaN when refused; log_likelihood:
    without any penalty, NaN when refused; n, n_repeaters: units read, and those that bought again;
    n_parameters: estimated numbers, the chosen k among them; verdict: "fitted", "weak" (usable
    with care) or "refused", with the reason; penalty: what was added to the likelihood, "" if
    nothing; time_unit_days: days in the unit that parameters and horizons are measured in;
    log_covariance: covariance of the log parameters, NaN when refused or not known.
    """

    model: Model
    parameters: pd.DataFrame
    log_likelihood: float
    n: int
    n_repeaters: int
    n_parameters: int
    verdict: Verdict
    reason: str
    converged: bool
    penalty: str
    time_unit_days: float = WEEK_DAYS
    log_covariance: Floats = field(default_factory=lambda: np.full((1, 1), np.nan))

    @property
    def name(self) -> str:
        """Name of the model in the literature."""
        return self.model.name

    @property
    def k(self) -> int:
        """Regularity: stages between purchases; 1 is purely random."""
        return int(getattr(self.model, "k", 1))

    @property
    def aic(self) -> float:
        """Akaike's information criterion; smaller is better."""
        return 2 * self.n_parameters - 2 * self.log_likelihood

    @property
    def values(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(self.parameters["parameter"], self.parameters["estimate"], strict=True))

    def require(self) -> Floats:
        """Return the estimates as an array; a refused model has none."""
        if self.verdict == "refused":
            raise RefusedError(f"{self.name} was not fitted, so nothing can be forecast from it: "
                               f"{self.reason}")
        return self.parameters["estimate"].to_numpy(dtype=np.float64)

    def expected_orders(self, n_units: ArrayLike) -> Floats:
        """Orders that a newcomer is expected to place within n_units of time after its first.

        n_units: one or several horizons >= 0, in the model's unit of time.
        """
        times = np.asarray(n_units, dtype=np.float64)
        _check_horizon(times)
        flat, result = times.ravel(), np.zeros(times.size)
        later = flat > 0
        result[later] = self._orders().expected(self.require(), flat[later])
        return result.reshape(times.shape)

    def conditional_orders(self, summary: pd.DataFrame, n_units: float) -> pd.Series:
        """Orders that each unit is expected to place in the next n_units of time.

        summary: one row a unit, the columns of the fit; NaN for a unit without a purchase.
        """
        _check_horizon(np.asarray(n_units))
        values, histories = self._read(summary)
        orders = self._orders().conditional(values, histories, float(n_units)) \
            if n_units > 0 else np.zeros(len(histories))
        return self._series(histories.spread(orders), summary, "expected_orders")

    def probability_alive(self, summary: pd.DataFrame) -> pd.Series:
        """Probability that each unit is a customer still (0-1), as `conditional_orders`."""
        values, histories = self._read(summary)
        alive = self._orders().probability_alive(values, histories)
        return self._series(histories.spread(alive), summary, "probability_alive")

    def discounted_orders(self, summary: pd.DataFrame, *, annual_rate: float,
                          n_units: float = math.inf) -> pd.Series:
        """Expected orders of each unit to come, each discounted to today (DERT).

        annual_rate: interest a year, above 0 when the horizon is infinite; n_units: the horizon.
        Numeric, by quadrature over time.
        """
        if not annual_rate >= 0 or (annual_rate == 0 and math.isinf(n_units)):
            raise InputError(f"Orders without end need a yearly rate above 0, not {annual_rate}. "
                             "Give annual_rate=0.1, or a horizon n_units.")
        values, histories = self._read(summary)
        rate = discount_rate(annual_rate, time_unit_days=self.time_unit_days)
        orders = self._orders().discounted(values, histories, rate, n_units)
        return self._series(histories.spread(orders), summary, "discounted_orders")

    def order_count_probability(self, summary: pd.DataFrame, n_units: float, *,
                                n_orders: ArrayLike) -> pd.Series:
        """Probability that each unit places exactly n_orders in the next n_units of time (0-1).

        summary: as `conditional_orders`; n_orders: whole numbers from 0, one a row of the summary
        in its order, or one for all. At the estimates, whose own error is not in it.
        """
        _check_horizon(np.asarray(n_units))
        counts = _read_counts(n_orders, len(summary))
        values, histories = self._read(summary)
        rows = histories.by_row()
        counts = counts[rows.place >= 0]
        found = self._orders().count_ahead(values, rows, counts, float(n_units)) \
            if n_units > 0 else np.where(counts == 0, 1.0, 0.0)
        return self._series(rows.spread(found), summary, "probability")

    def simulate_orders(self, summary: pd.DataFrame, n_units: ArrayLike, *, n_draws: int,
                        seed: int, parameter_draws: int = 20) -> Counts:
        """Draw the orders that each unit may place, from what is known of it and of all.

        summary: as `conditional_orders`; n_units: one or several rising horizons. Returns whole
        numbers, draw x row x horizon: the orders from now to each horizon, cumulative; 0 for a
        unit without a purchase, which the caller leaves out. In each draw a unit is a customer
        still or not, and has a rate and a way to leave of its own, as its history allows.
        parameter_draws: how many sets of parameters the draws take turns with, drawn with the
        covariance of the fit; no set is more than a factor of 4.5 away. 0, or a fit without
        standard errors: the estimates alone, so that the draws are too close together.
        """
        times = _read_horizons(n_units)
        values, histories = self._read(summary)
        rng = np.random.default_rng(seed)
        rows = histories.by_row()
        logs = draw_parameters(np.log(values), self.log_covariance,
                               n=min(parameter_draws, n_draws), rng=rng)
        drawn = simulate_ahead(self._orders(), rows, times, parameters=np.exp(logs),
                               n_draws=n_draws, rng=rng)
        known = rows.place >= 0
        if known.all():
            return drawn
        result = np.zeros((n_draws, len(summary), len(times)), dtype=drawn.dtype)
        result[:, known] = drawn
        return result

    def to_frame(self) -> pd.DataFrame:
        """Return the parameters."""
        return self.parameters

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value:.4g}" for name, value in self.values.items())
        return f"FittedModel({self.name}, {self.verdict}, n={self.n}, {values})"

    def _repr_html_(self) -> str:
        title = _("{name}, fitted to {n} units: log-likelihood {value}", name=self.name,
                  n=fmt_count(self.n), value=fmt_number(self.log_likelihood, 2))
        table = self.parameters.to_html(index=False, na_rep="")
        return f"<p>{title}</p><p>{self.reason}</p>{table}"

    def _orders(self) -> OrderModel:
        if isinstance(self.model, OrderModel):
            return self.model
        raise InputError(f"{self.name} says nothing about the number of orders. "
                         "Forecast them with a counting model such as BG/NBD.")

    def _read(self, summary: pd.DataFrame) -> tuple[Floats, Any]:
        model, values = self._orders(), self.require()
        return values, model.read(summary, time_unit_days=self.time_unit_days)

    def _series(self, values: Floats, summary: pd.DataFrame, name: str) -> pd.Series:
        return pd.Series(values, index=summary.index, name=name)


def _check_horizon(times: Floats) -> None:
    if not (times >= 0).all():
        raise InputError(f"A horizon is 0 or more units of time, not {times.min()}. "
                         "Count n_units forward from the end of observation.")


def _read_counts(n_orders: ArrayLike, n_rows: int) -> Floats:
    counts = np.asarray(n_orders, dtype=np.float64)
    if counts.shape not in ((), (n_rows,)):
        raise InputError(f"n_orders is one number, or one a row of the summary, which has {n_rows}"
                         f", but its shape is {counts.shape}. Give as many numbers as rows.")
    wrong = ~((counts >= 0) & (counts == np.rint(counts)) & np.isfinite(counts))
    if wrong.any():
        raise InputError(f"Orders are counted from 0 in whole numbers, but {int(wrong.sum())} of "
                         f"{wrong.size} are not: {np.atleast_1d(counts)[np.atleast_1d(wrong)][:5]}"
                         ". Count what happened in the horizon.")
    return np.broadcast_to(counts, (n_rows,))


def _read_horizons(n_units: ArrayLike) -> Floats:
    times = np.atleast_1d(np.asarray(n_units, dtype=np.float64))
    _check_horizon(times)
    if times.ndim > 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError(f"Horizons are finite and rise, but they are {times.tolist()}. "
                         "Sort them, each once.")
    return times
