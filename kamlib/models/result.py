"""What every fit returns: estimates, how far they can be trusted, and forecasts from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kamlib.errors import InputError, RefusedError
from kamlib.language import _, fmt_count, fmt_number
from kamlib.models.discount import discount_rate
from kamlib.models.histories import WEEK_DAYS, Floats

Verdict = Literal["fitted", "weak", "refused"]


class Model(Protocol):
    """What can be fitted: it reads a summary and knows the likelihood of what it read."""

    @property
    def name(self) -> str:
        """Name in the literature."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of the estimates."""

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Any:
        """Read what the likelihood needs; it has ``n`` and ``n_repeaters``."""

    def starts(self, data: Any) -> list[Floats]:
        """Starting points of the search; the first sets the scale."""

    def log_likelihood(self, theta: Floats, data: Any) -> tuple[float, Floats]:
        """Log-likelihood at log parameters and its gradient by them."""

    def log_gap_share(self, data: Any, log_gaps: float) -> float:
        """What the gaps between purchases add to the log-likelihood."""


@runtime_checkable
class OrderModel(Protocol):
    """A model that forecasts orders."""

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Any:
        """Read distinct histories; ``spread`` brings values back to the rows."""

    def expected(self, values: Floats, times: Floats) -> Floats:
        """Expected orders of newcomers within times."""

    def conditional(self, values: Floats, histories: Any, time: float) -> Floats:
        """Expected orders in the time to come."""

    def probability_alive(self, values: Floats, histories: Any) -> Floats:
        """Probability of being a customer still."""

    def discounted(self, values: Floats, histories: Any, discount: float,
                   horizon: float) -> Floats:
        """Discounted expected orders to come."""


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A model with its estimates.

    parameters: one row a parameter: ``parameter``, ``estimate``, ``standard_error``, ``ci_low``,
    ``ci_high`` (95 %, from the Hessian on the log scale), all NaN when refused; log_likelihood:
    without any penalty, NaN when refused; n, n_repeaters: units read, and those that bought again;
    n_parameters: estimated numbers, the chosen k among them; verdict: "fitted", "weak" (usable
    with care) or "refused", with the reason; penalty: what was added to the likelihood, "" if
    nothing; time_unit_days: days in the unit that parameters and horizons are measured in.
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
