"""What a model has to offer: to be fitted, and to forecast orders."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from kamlib.models.histories import Counts, Floats


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
        """Read distinct histories; ``spread`` brings values back to the rows, ``by_row`` undoes
        the grouping.
        """

    def expected(self, values: Floats, times: Floats) -> Floats:
        """Expected orders of newcomers within times."""

    def conditional(self, values: Floats, histories: Any, time: float) -> Floats:
        """Expected orders in the time to come."""

    def probability_alive(self, values: Floats, histories: Any) -> Floats:
        """Probability of being a customer still."""

    def discounted(self, values: Floats, histories: Any, discount: float,
                   horizon: float) -> Floats:
        """Discounted expected orders to come."""

    def count_ahead(self, values: Floats, histories: Any, n: Floats, time: float) -> Floats:
        """Probability of exactly n orders in the time to come, n and histories side by side."""

    def draw_ahead(self, values: Floats, histories: Any, times: Floats, n_draws: int,
                   rng: np.random.Generator) -> Counts:
        """Draw orders to come: draw x history x time, cumulative over the rising times."""
