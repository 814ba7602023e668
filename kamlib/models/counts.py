"""Fits of the models that count orders in continuous time, one function a model."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from kamlib.errors import InputError
from kamlib.models.cnbd_k import RegularBuying
from kamlib.models.fitting import MIN_REPEATERS, MIN_UNITS, fit_data
from kamlib.models.histories import WEEK_DAYS, read_histories, read_log_gaps
from kamlib.models.pareto_nbd import ParetoNBD
from kamlib.models.result import FittedModel

K_MAX = 8
# After so many values of k in a row that fit worse, no larger one is tried.
PATIENCE = 2


def fit_bg_nbd(summary: pd.DataFrame, *, time_unit_days: float = WEEK_DAYS,
               min_units: int = MIN_UNITS, min_repeaters: int = MIN_REPEATERS) -> FittedModel:
    """Fit BG/NBD: random timing; a unit may leave after each repeat purchase.

    summary: one row a unit: ``n_repeat_days``, ``first_to_last_days``, ``first_to_as_of_days``;
    a unit without a purchase (NA) is left out. Returns a fitted model with r, alpha, a, b in time
    units; it is refused below min_units or min_repeaters.
    Source: Fader, Hardie & Lee (2005), Marketing Science 24:275-284.

    >>> few = pd.DataFrame({"n_repeat_days": [0], "first_to_last_days": [0],
    ...                     "first_to_as_of_days": [70]})
    >>> fit_bg_nbd(few).verdict
    'refused'
    """
    return _fit(RegularBuying(), summary, time_unit_days, min_units, min_repeaters)


def fit_mbg_nbd(summary: pd.DataFrame, *, time_unit_days: float = WEEK_DAYS,
                min_units: int = MIN_UNITS, min_repeaters: int = MIN_REPEATERS) -> FittedModel:
    """Fit MBG/NBD: as BG/NBD, but a unit may leave after its first purchase too.

    summary, result: as `fit_bg_nbd`. Source: Batislam, Denizel & Filiztekin (2007), Int. J.
    Research in Marketing 24:201-209.
    """
    return _fit(RegularBuying(can_leave_at_once=True), summary, time_unit_days, min_units,
                min_repeaters)


def fit_pareto_nbd(summary: pd.DataFrame, *, time_unit_days: float = WEEK_DAYS,
                   min_units: int = MIN_UNITS, min_repeaters: int = MIN_REPEATERS
                   ) -> FittedModel:
    """Fit Pareto/NBD: random timing; a unit may leave at any moment.

    summary: as `fit_bg_nbd`. Returns a fitted model with r, alpha, s, beta in time units.
    Source: Schmittlein, Morrison & Colombo (1987), Management Science 33:1-24.
    """
    return _fit(ParetoNBD(), summary, time_unit_days, min_units, min_repeaters)


def fit_bg_cnbd_k(summary: pd.DataFrame, *, k: int | None = None, k_max: int = K_MAX,
                  time_unit_days: float = WEEK_DAYS, min_units: int = MIN_UNITS,
                  min_repeaters: int = MIN_REPEATERS) -> FittedModel:
    """Fit BG/CNBD-k: regular timing; k is given, or chosen by likelihood from 1 to k_max.

    summary: as `fit_bg_nbd`, and ``log_gap_sum`` (sum of the logs of a unit's gaps in days).
    Returns a fitted model with r, alpha (of stages), a, b and ``k``, which counts as a parameter
    when chosen. Source: Platzer & Reutterer (2016), Marketing Science 35:779-799.
    """
    return _fit_k(summary, k, k_max, False, time_unit_days, min_units, min_repeaters)


def fit_mbg_cnbd_k(summary: pd.DataFrame, *, k: int | None = None, k_max: int = K_MAX,
                   time_unit_days: float = WEEK_DAYS, min_units: int = MIN_UNITS,
                   min_repeaters: int = MIN_REPEATERS) -> FittedModel:
    """Fit MBG/CNBD-k: as BG/CNBD-k, but a unit may leave after its first purchase too.

    Source: Reutterer, Platzer & Schröder (2021), Int. J. Research in Marketing 38:194-215.
    """
    return _fit_k(summary, k, k_max, True, time_unit_days, min_units, min_repeaters)


def _fit(model: RegularBuying | ParetoNBD, summary: pd.DataFrame, time_unit_days: float,
         min_units: int, min_repeaters: int) -> FittedModel:
    data = read_histories(summary, time_unit_days=time_unit_days)
    return fit_data(model, data, time_unit_days=time_unit_days, min_units=min_units,
                    min_repeaters=min_repeaters)


def _fit_k(summary: pd.DataFrame, k: int | None, k_max: int, can_leave_at_once: bool,
           time_unit_days: float, min_units: int, min_repeaters: int) -> FittedModel:
    if min(k or 1, k_max) < 1:
        raise InputError(f"Purchases are 1 or more stages apart, not {k if k else k_max}. "
                         "Give k >= 1, or k_max >= 1 to have it chosen.")
    data = read_histories(summary, time_unit_days=time_unit_days)
    log_gaps = read_log_gaps(summary, time_unit_days=time_unit_days)

    def fit_one(stages: int) -> FittedModel:
        return fit_data(RegularBuying(stages, can_leave_at_once), data, min_units=min_units,
                        time_unit_days=time_unit_days, min_repeaters=min_repeaters,
                        log_gaps=log_gaps)

    if k is not None:
        return fit_one(k)
    best, worse = fit_one(1), 0
    for stages in range(2, k_max + 1):
        if best.verdict == "refused" or worse == PATIENCE:
            break
        candidate = fit_one(stages)
        if candidate.log_likelihood > best.log_likelihood:
            best, worse = candidate, 0
        else:
            worse += 1
    return replace(best, n_parameters=best.n_parameters + 1)
