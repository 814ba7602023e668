"""Forecasts of leaving: on past cuts from what was known by then, and now, with intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import InputError, RefusedError
from kamlib.stats.alarms import draw_weights
from kamlib.warning.features import KEYS
from kamlib.warning.model import (
    LeavingModel,
    fit_calibration,
    fit_leaving,
    one_thread,
    refit,
    scale_features,
    to_probability,
)
from kamlib.warning.rules import WarningRules

Floats = NDArray[np.float64]
PAST_COLUMNS = [*KEYS, "leave_logit", "leave_probability", "base_share", "n_features", "n_events"]
NOW_COLUMNS = ["account_id", "leave_probability", "leave_probability_ci_low",
               "leave_probability_ci_high"]
REASON_COLUMNS = ["account_id", "reason_rank", "feature", "feature_number", "log_odds"]
COEFFICIENT_COLUMNS = ["feature", "use", "odds_ratio", "odds_ratio_ci_low",
                       "odds_ratio_ci_high"]
# What moves the log odds by less than this (a tenth of the odds) is no reason.
LEAST_REASON = 0.1


@dataclass(frozen=True, eq=False)
class Forecast:
    """What the model says of the accounts now.

    now: one row a judged account at the last cut (NOW_COLUMNS), sorted; reasons: at most n_reasons
    rows an account, largest first (REASON_COLUMNS): what raises its log odds, against the mean
    account; coefficients: one row a feature, used or not (COEFFICIENT_COLUMNS: by how many times
    the odds of leaving grow a deviation, with interval); model: as fitted on the known past.
    """

    now: pd.DataFrame
    reasons: pd.DataFrame
    coefficients: pd.DataFrame
    model: LeavingModel


def select_judged(features: pd.DataFrame, outcome: pd.DataFrame) -> pd.DataFrame:
    """Return features of the accounts that can be judged, with ``is_left`` (NA at the last cut)."""
    if not features[KEYS].equals(outcome[KEYS]):
        raise InputError("Features and outcome have to hold the same cuts and accounts in the same "
                         "order. Pass the features that mark_outcome was given.")
    joined = features.assign(is_left=outcome["is_left"].astype("Float64").to_numpy(
        dtype="float64", na_value=np.nan))
    return joined[outcome["is_judged"].to_numpy()].reset_index(drop=True)


def known_at(judged: pd.DataFrame, cut: pd.Timestamp, *, horizon_days: int) -> pd.DataFrame:
    """Return the rows that may be learned from on a cut: their horizon had ended by then.

    >>> rows = pd.DataFrame({"cut_date": pd.to_datetime(["2025-01-01", "2025-07-02"]),
    ...                      "is_left": [0.0, 1.0]})
    >>> len(known_at(rows, pd.Timestamp("2025-12-30"), horizon_days=182))
    1
    """
    ended = judged["cut_date"] + pd.Timedelta(days=horizon_days) <= cut
    return judged[ended & judged["is_left"].notna()]


def forecast_past(judged: pd.DataFrame, *, horizon_days: int, rules: WarningRules
                  ) -> pd.DataFrame:
    """Forecast every past cut from what was known by then.

    judged: result of `select_judged`. Each cut's model learns only from `known_at`; its log odds
    are calibrated on the forecasts of cuts before, as soon as those hold enough events.
    Returns one row an account of the cuts that could be forecast, sorted: cut_date, account_id,
    leave_logit (not calibrated), leave_probability, base_share (share that left before: what a
    forecast without features says), n_features, n_events. Empty where no cut has enough events.
    """
    parts: list[pd.DataFrame] = []
    for cut in sorted(judged.loc[judged["is_left"].notna(), "cut_date"].unique()):
        learned = known_at(judged, cut, horizon_days=horizon_days)
        try:
            model = fit_leaving(learned, is_left=learned["is_left"], rules=rules)
        except RefusedError:
            continue
        rows = judged[judged["cut_date"] == cut]
        logits = model.logits(rows)
        model = replace(model, calibration=_calibrate(parts, judged, rules))
        parts.append(rows[KEYS].assign(
            leave_logit=logits.round(10), leave_probability=model.probabilities(rows).round(10),
            base_share=float(learned["is_left"].mean()), n_features=len(model.features),
            n_events=model.n_events))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=PAST_COLUMNS)


def forecast_now(judged: pd.DataFrame, past: pd.DataFrame, *, rules: WarningRules) -> Forecast:
    """Forecast the last cut, whose future is not known, from all of the past.

    judged: result of `select_judged`; past: of `forecast_past`, on which the log odds are
    calibrated. Intervals: the model is fitted anew on resampled accounts (all cuts of an account
    together); they say how well the probability is known, not what will happen.
    Raises RefusedError with too few events in all of the past.
    """
    learned = judged[judged["is_left"].notna()]
    rows = judged[judged["cut_date"] == judged["cut_date"].max()]
    rows = rows[rows["is_left"].isna()].sort_values("account_id", ignore_index=True)
    left = learned["is_left"].to_numpy(dtype="float64")
    model = fit_leaving(learned, is_left=left, rules=rules)
    model = replace(model, calibration=_calibrate([past], judged, rules))
    logits, coefficients = _refit_often(model, learned, judged, past, rows, rules)
    tail = (1 - rules.confidence_level) / 2
    low, high = np.quantile(to_probability(logits), [tail, 1 - tail], axis=0)
    p = model.probabilities(rows)
    # The estimate itself belongs to its interval, wherever the resamples lie.
    now = pd.DataFrame({"account_id": rows["account_id"], "leave_probability": p,
                        "leave_probability_ci_low": np.minimum(low, p),
                        "leave_probability_ci_high": np.maximum(high, p)}).round(10)
    return Forecast(now=now, reasons=_find_reasons(model, rows, rules),
                    coefficients=_list_coefficients(model, coefficients, tail), model=model)


def _calibrate(parts: list[pd.DataFrame], judged: pd.DataFrame, rules: WarningRules,
               weights: Floats | None = None) -> tuple[float, float]:
    logits, left = _forecasts_and_outcomes(parts, judged)
    return fit_calibration(logits, left, rules=rules, weights=weights)


def _forecasts_and_outcomes(parts: list[pd.DataFrame], judged: pd.DataFrame
                            ) -> tuple[Floats, Floats]:
    filled = [part for part in parts if len(part)]
    if not filled:
        return np.zeros(0), np.zeros(0)
    joined = pd.concat(filled, ignore_index=True).merge(
        judged[[*KEYS, "is_left"]], on=KEYS, how="left")
    return (joined["leave_logit"].to_numpy(dtype="float64"),
            joined["is_left"].to_numpy(dtype="float64"))


def _refit_often(model: LeavingModel, learned: pd.DataFrame, judged: pd.DataFrame,
                 past: pd.DataFrame, rows: pd.DataFrame, rules: WarningRules
                 ) -> tuple[Floats, Floats]:
    """Log odds of `rows` (draws x rows) and coefficients (draws x features) on resamples."""
    weights, number = draw_weights(learned["account_id"], n_draws=rules.n_refits, seed=rules.seed)
    names = np.unique(learned["account_id"])
    tested = np.searchsorted(names, past["account_id"]) if len(past) else np.zeros(0, "int64")
    scaled, left = scale_features(learned, model), learned["is_left"].to_numpy(dtype="float64")
    calibration = _forecasts_and_outcomes([past], judged)
    logits, coefficients = [], []
    with one_thread():
        for drawn in weights:
            again = refit(model, scaled, left, rules=rules, weights=drawn[number])
            again = replace(again, calibration=fit_calibration(
                *calibration, rules=rules, weights=drawn[tested]))
            logits.append(again.logits(rows))
            coefficients.append(again.coefficients)
    return np.array(logits), np.array(coefficients)


def _find_reasons(model: LeavingModel, rows: pd.DataFrame, rules: WarningRules) -> pd.DataFrame:
    parts = model.contributions(rows)
    order = np.argsort(-parts, axis=1, kind="stable")[:, :rules.n_reasons]
    values = rows[list(model.features)].to_numpy(dtype="float64")
    found = [(rows["account_id"].iloc[at], rank, model.features[place],
              float(values[at, place]), round(float(parts[at, place]), 10))
             for at in range(len(rows)) for rank, place in enumerate(order[at], start=1)
             if parts[at, place] >= LEAST_REASON]
    return pd.DataFrame(found, columns=REASON_COLUMNS)


def _list_coefficients(model: LeavingModel, drawn: Floats, tail: float) -> pd.DataFrame:
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    used = pd.DataFrame({"feature": list(model.features), "use": "used",
                         "odds_ratio": np.exp(model.coefficients), "odds_ratio_ci_low": np.exp(low),
                         "odds_ratio_ci_high": np.exp(high)}).round(10)
    rest = pd.DataFrame([(name, why, np.nan, np.nan, np.nan)
                         for name, why in model.left_out.items()], columns=COEFFICIENT_COLUMNS)
    return pd.concat([used, rest], ignore_index=True) if len(rest) else used
