"""Fit the models that count orders and keep the one that the data prefer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import InputError
from kamlib.language import _, fmt_count
from kamlib.models import counts
from kamlib.models.fitting import MIN_REPEATERS, MIN_UNITS
from kamlib.models.histories import WEEK_DAYS
from kamlib.models.naive import naive_shrunk_rate
from kamlib.models.result import FittedModel

Fit = Callable[..., FittedModel]
# Candidates by name; those with regular timing hold the random ones as k = 1.
CANDIDATES: dict[str, Fit] = {
    "BG/CNBD-k": counts.fit_bg_cnbd_k, "BG/NBD": counts.fit_bg_nbd,
    "MBG/CNBD-k": counts.fit_mbg_cnbd_k, "MBG/NBD": counts.fit_mbg_nbd,
    "Pareto/NBD": counts.fit_pareto_nbd,
}
DEFAULT = ("MBG/CNBD-k", "BG/CNBD-k", "Pareto/NBD")
# A model that is so much behind in AIC has essentially no support (Burnham & Anderson 2002, Model
# Selection and Multimodel Inference, 2.6); by less, one that stands on data alone is preferred.
HANDICAP = {"fitted": 0.0, "weak": 10.0, "refused": np.inf}


@dataclass(frozen=True, eq=False)
class Choice:
    """The model that was chosen, and what it was chosen from.

    candidates: one row a model, best first: ``model``, ``k``, ``n``, ``n_repeaters``,
    ``log_likelihood``, ``n_parameters``, ``aic``, ``verdict``, ``reason``, ``is_chosen``.
    """

    model: FittedModel
    candidates: pd.DataFrame

    def forecast_orders(self, summary: pd.DataFrame, n_units: float) -> pd.DataFrame:
        """Forecast the orders of each unit in the next n_units of time.

        summary: one row a unit, the columns of the fit. Returns one row each, same index:
        ``expected_orders``, ``probability_alive`` (NaN without a model), ``method`` (name of the
        model; "shrunk rate" when every model was refused: see `naive_shrunk_rate`).
        """
        if self.model.verdict == "refused":
            unit = self.model.time_unit_days
            orders = naive_shrunk_rate(summary, n_units=n_units, time_unit_days=unit)
            return pd.DataFrame({"expected_orders": orders, "probability_alive": np.nan,
                                 "method": "shrunk rate"})
        return pd.DataFrame({"expected_orders": self.model.conditional_orders(summary, n_units),
                             "probability_alive": self.model.probability_alive(summary),
                             "method": self.model.name})

    def to_frame(self) -> pd.DataFrame:
        """Return the candidates."""
        return self.candidates

    def __repr__(self) -> str:
        return f"Choice({self.model.name}, {self.model.verdict}, of {len(self.candidates)} models)"

    def _repr_html_(self) -> str:
        title = _("{name} chosen from {n} models", name=self.model.name,
                  n=fmt_count(len(self.candidates)))
        return f"<p>{title}</p>{self.candidates.to_html(index=False, na_rep='')}"


def fit_best(summary: pd.DataFrame, *, candidates: tuple[str, ...] = DEFAULT,
             time_unit_days: float = WEEK_DAYS, min_units: int = MIN_UNITS,
             min_repeaters: int = MIN_REPEATERS) -> Choice:
    """Fit several counting models and choose the one with the smallest AIC.

    summary: one row a unit: ``n_repeat_days``, ``first_to_last_days``, ``first_to_as_of_days``
    and, for the models with regular timing, ``log_gap_sum``. All likelihoods are of the same data,
    the times of the purchases, so they can be compared; a "weak" model has to be 10 better than
    one that stands on data alone ("fitted"). Equal ones keep the order of the candidates.
    """
    unknown = sorted(set(candidates) - set(CANDIDATES))
    if unknown or not candidates:
        raise InputError(f"The counting models are {', '.join(CANDIDATES)}, not "
                         f"{', '.join(unknown) or 'none'}. Name at least one of them.")
    fits = [CANDIDATES[name](summary, time_unit_days=time_unit_days, min_units=min_units,
                             min_repeaters=min_repeaters) for name in candidates]
    ranked = sorted(fits, key=lambda fit: HANDICAP[fit.verdict] + (
        fit.aic if np.isfinite(fit.aic) else np.inf))
    table = pd.DataFrame([{
        "model": fit.name, "k": fit.k, "n": fit.n, "n_repeaters": fit.n_repeaters,
        "log_likelihood": fit.log_likelihood, "n_parameters": fit.n_parameters, "aic": fit.aic,
        "verdict": fit.verdict, "reason": fit.reason} for fit in ranked])
    return Choice(ranked[0], table.assign(is_chosen=table.index == 0))
