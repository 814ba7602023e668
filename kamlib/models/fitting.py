"""Fit any model: read, refuse when there is too little, search, judge the optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.language import _, fmt_count, fmt_list, fmt_number, join_sentences
from kamlib.models.histories import WEEK_DAYS, Floats, Histories
from kamlib.models.optimise import REACH, Optimum, maximise, refine
from kamlib.models.protocols import Model
from kamlib.models.result import FittedModel, Verdict

MIN_UNITS, MIN_REPEATERS = 30, 10
# From here on one search is enough; below, the likelihood can be flat in places.
MANY_UNITS = 500
# More distinct histories than this are first searched on a part of them.
MANY_ROWS = 20_000
# A standard error as large as the estimate itself: the data hardly speak of the parameter.
HUGE_ERROR = 1.0
Z = 1.959963984540054


def fit_model(model: Model, summary: pd.DataFrame, *, time_unit_days: float = WEEK_DAYS,
              min_units: int = MIN_UNITS, min_repeaters: int = MIN_REPEATERS,
              log_gaps: float = 0.0) -> FittedModel:
    """Fit a model to a summary by maximum likelihood.

    summary: one row a unit, with the columns that the model reads; log_gaps: sum of the logs of
    all gaps, where the likelihood holds it. Returns a fitted model; its verdict is "refused" below
    min_units or min_repeaters, "weak" when the data leave a parameter open.
    """
    return fit_data(model, model.read(summary, time_unit_days=time_unit_days),
                    time_unit_days=time_unit_days, min_units=min_units,
                    min_repeaters=min_repeaters, log_gaps=log_gaps)


def fit_data(model: Model, data: Any, *, time_unit_days: float, min_units: int,
             min_repeaters: int, log_gaps: float = 0.0) -> FittedModel:
    """Fit a model to what it has read."""
    reason = _too_little(data, min_units, min_repeaters)
    optimum = None if reason else _search(model, data)
    verdict: Verdict = "refused"
    if optimum is not None:
        doubts = _doubts(model, optimum)
        verdict, reason = ("weak" if doubts else "fitted"), join_sentences(doubts)
    share = model.log_gap_share(data, log_gaps) if optimum else 0.0
    penalty = "" if optimum is None or not optimum.penalty else _(
        "weak pull of each log parameter to its start, standard deviation {sd}",
        sd=fmt_number(optimum.penalty, 0))
    return FittedModel(
        model=model, parameters=_table(model, optimum),
        log_likelihood=optimum.log_likelihood + share if optimum else float("nan"),
        n=data.n, n_repeaters=data.n_repeaters, n_parameters=len(model.parameters),
        verdict=verdict, reason=reason, converged=optimum is not None and optimum.converged,
        penalty=penalty, time_unit_days=time_unit_days,
        log_covariance=optimum.covariance if optimum
        else np.full((len(model.parameters),) * 2, np.nan))


def _too_little(data: Any, min_units: int, min_repeaters: int) -> str:
    if data.n >= min_units and data.n_repeaters >= min_repeaters:
        return ""
    return _("Too few units: {n} in all and {repeaters} that bought again, but at least {min_n} "
             "and {min_repeaters} are needed.", n=fmt_count(data.n),
             repeaters=fmt_count(data.n_repeaters), min_n=fmt_count(min_units),
             min_repeaters=fmt_count(min_repeaters))


def _search(model: Model, data: Any) -> Optimum:
    starts = model.starts(data)
    if data.n >= MANY_UNITS:
        starts = starts[:1]
    if isinstance(data, Histories) and len(data) > MANY_ROWS:
        # Histories are sorted, so every m-th of them is a fair sample to start from.
        part = data.cut(slice(None, None, len(data) // MANY_ROWS * 2))
        near = maximise(lambda theta: model.log_likelihood(theta, part), starts)
        if near.is_sound:
            optimum = refine(lambda theta: model.log_likelihood(theta, data), near,
                             share=part.n / data.n)
            if optimum.is_sound:
                return optimum
    optimum = maximise(lambda theta: model.log_likelihood(theta, data), starts)
    if optimum.is_sound or data.n < MANY_UNITS:
        return optimum
    return maximise(lambda theta: model.log_likelihood(theta, data), model.starts(data))


def _doubts(model: Model, optimum: Optimum) -> list[str]:
    """Say what makes an optimum less than certain."""
    doubts = []
    if not optimum.converged:
        doubts.append(_("The search did not come to rest."))
    if optimum.penalty:
        doubts.append(_("The data alone do not settle the parameters, so a weak penalty was "
                        "added."))
    at_bound = [name for name, there in zip(model.parameters, optimum.at_bound, strict=True)
                if there]
    if at_bound:
        doubts.append(_("The estimate of {names} ran to its bound.", names=fmt_list(at_bound)))
    if not optimum.is_definite:
        doubts.append(_("The likelihood is flat at its highest point, so there are no standard "
                        "errors."))
    else:
        errors = np.sqrt(np.diag(optimum.covariance))
        vague = [name for name, error in zip(model.parameters, errors, strict=True)
                 if error > HUGE_ERROR]
        if vague:
            doubts.append(_("The standard error of {names} is larger than the estimate.",
                            names=fmt_list(vague)))
    return doubts


def _table(model: Model, optimum: Optimum | None) -> pd.DataFrame:
    gap = np.full(len(model.parameters), np.nan)
    low = np.asarray(getattr(model, "lower", np.zeros(len(gap))), dtype=np.float64)
    theta, errors = gap, gap
    if optimum is not None:
        theta = optimum.log_parameters
        errors = np.sqrt(np.diag(optimum.covariance))
    # Beyond the reach of the search an interval says no more than "unknown".
    reach = np.minimum(Z * errors, 3 * REACH)
    above: Floats = np.exp(theta)
    return pd.DataFrame({
        "parameter": list(model.parameters), "estimate": low + above,
        "standard_error": above * errors, "ci_low": low + np.exp(theta - reach),
        "ci_high": low + np.exp(theta + reach)})
