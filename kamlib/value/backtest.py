"""Forecasts made on days of the past, held against what came: may the values be believed?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.models.histories import WEEK_DAYS
from kamlib.models.naive import (
    naive_last_count,
    naive_shrunk_rate,
    naive_zero,
    shrunk_rate_probability,
)
from kamlib.models.tracking import track_orders
from kamlib.stats.budget import affordable_draws
from kamlib.stats.forecasts import (
    group_calibration,
    judge_counts,
    log_probability,
    poisson_log_score,
)
from kamlib.stats.intervals import add_proportion
from kamlib.value.fit import FEWEST_DRAWS, MOST_CELLS, Forecast, fit_forecast
from kamlib.value.rules import ValueRules
from kamlib.value.summary import select_accounts

Floats = NDArray[np.float64]
NAIVE = ("nobody_again", "as_last_time", "shrunk_rate")
MODEL = "order_model"
CUT_COLUMNS = ["cut_date", "until_date", "model", "regularity", "model_verdict", "n_accounts",
               "n_fitted", "n_came", "n_forecast", "n_forecast_ci_low", "n_forecast_ci_high",
               "bias_share", "is_inside", "n_inside", "inside_share", "inside_share_ci_low",
               "inside_share_ci_high"]
# What stats.forecasts makes, for a test that there is none of.
SCORE_COLUMNS = ["cut", "method", "is_naive", "n", "total_observed", "total_forecast",
                 "bias_share", "mae", "rmse", "correlation", "log_score", "n_ruled_out",
                 "error_verdict", "score_verdict"]
CALIBRATION_COLUMNS = ["group", "n", "observed_mean", "forecast_mean"]
TRACK_COLUMNS = ["week_date", "n_weeks", "expected_orders", "observed_orders",
                 "cumulative_expected", "cumulative_observed", "is_after_cut"]


@dataclass(frozen=True, eq=False)
class Backtest:
    """What forecasts of the past were worth.

    forecasts: one row a cut and account: cut_date, account_id, n_repeat_days, n_came (purchase
    days in the horizon after the cut), a column for each method, predicted_amount; cuts: one row a
    cut, see `CUT_COLUMNS`: the interval of the sum by the model alone, and how many accounts lay
    inside of theirs; scores: one row a cut ("all" first) and method, see stats.forecasts;
    calibration: by number of past repeat days; tracking: one row a week of the last cut's accounts;
    spread: how far forecasts of the sum were off beyond what the model knows (log scale).
    """

    horizon_days: int
    forecasts: pd.DataFrame
    cuts: pd.DataFrame
    scores: pd.DataFrame
    calibration: pd.DataFrame
    tracking: pd.DataFrame
    spread: float

    def __repr__(self) -> str:
        return f"Backtest({len(self.cuts)} cuts, {self.horizon_days} days ahead)"


def backtest_orders(past: pd.DataFrame, *, purchase_days: pd.DataFrame, horizon_days: int,
                    rules: ValueRules) -> Backtest:
    """Fit on each cut what was known then, forecast one horizon, and compare with what came.

    past: past facts, one row a cut and account; purchase_days: purchases by day of the accounts
    known at the last cut; horizon_days: days from one cut to the next. All accounts that had bought
    by a cut are judged; the fits take those of known start. Naive forecasts: nobody_again (zero),
    as_last_time (each account's count of the last horizon), shrunk_rate (its own rate drawn to that
    of all). Raises RefusedError without a cut on which a model could be fitted.
    """
    pairs = _pair_cuts(past)
    tests = [test for pair in pairs if (test := _test_cut(*pair, horizon_days, rules)) is not None]
    if not tests:
        raise RefusedError(_(
            "No day of the past leaves a horizon before it and one after it with enough accounts "
            "for a model, so no forecast could be tested. A longer history would lift this."))
    forecasts = pd.concat([test.rows for test in tests], ignore_index=True)
    cuts = add_proportion(pd.DataFrame([test.cut for test in tests]), successes="n_inside",
                          n="n_accounts", name="inside_share", level=rules.confidence_level)
    calibration = group_calibration(forecasts["n_came"], forecasts[MODEL],
                                    forecasts["n_repeat_days"])
    return Backtest(
        horizon_days=horizon_days, forecasts=forecasts.drop(
            columns=[c for c in forecasts if str(c).startswith("log_")]),
        cuts=cuts[CUT_COLUMNS], scores=_score(forecasts, rules), calibration=calibration,
        tracking=_track(tests[-1], purchase_days) if len(purchase_days) else pd.DataFrame(
            columns=TRACK_COLUMNS),
        spread=measure_spread(cuts))


def measure_spread(cuts: pd.DataFrame) -> float:
    """Standard deviation of log(observed / forecast) of sums, beyond that of the model's draws.

    cuts: n_came, n_forecast and the log variance of the draws, log_variance, one row a cut.

    >>> measure_spread(pd.DataFrame({"n_came": [90.0, 110.0], "n_forecast": [100.0, 100.0],
    ...                              "log_variance": [0.0, 0.0]})).__round__(3)
    0.1
    """
    rows = cuts[(cuts["n_came"] > 0) & (cuts["n_forecast"] > 0)]
    if rows.empty:
        return 0.0
    off = np.log(rows["n_came"].astype("float64") / rows["n_forecast"])
    return float(np.sqrt(max(0.0, float((off**2 - rows["log_variance"]).mean()))))


@dataclass(frozen=True, eq=False)
class _Test:
    accounts: pd.DataFrame
    forecast: Forecast
    rows: pd.DataFrame
    cut: dict[str, Any]


def _pair_cuts(past: pd.DataFrame) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Each cut's rows with those of the next one."""
    parts = [part for _day, part in past.groupby("cut_date", sort=True)]
    return list(pairwise(parts))


def _test_cut(then: pd.DataFrame, later: pd.DataFrame, horizon_days: int,
              rules: ValueRules) -> _Test | None:
    accounts = select_accounts(then)
    forecast = fit_forecast(accounts, rules=rules)
    if forecast.verdict == "refused":
        return None
    units = horizon_days / WEEK_DAYS
    came = later.set_index("account_id")["n_purchase_days_period"].reindex(accounts["account_id"])
    observed = came.fillna(0).to_numpy("float64")
    last = naive_last_count(accounts, column="n_purchase_days_period").fillna(0.0)
    rows = accounts[["cut_date", "account_id", "n_repeat_days"]].assign(
        n_came=observed, **{
            MODEL: forecast.orders.conditional_orders(accounts, units),
            "nobody_again": naive_zero(accounts), "as_last_time": last,
            "shrunk_rate": naive_shrunk_rate(accounts, n_units=units)})
    rows = rows.assign(
        predicted_amount=rows[MODEL] * forecast.expect_amounts(accounts),
        **{f"log_{MODEL}": log_probability(forecast.orders.order_count_probability(
            accounts, units, n_orders=observed)),
           "log_nobody_again": poisson_log_score(observed, np.zeros(len(observed))),
           "log_as_last_time": poisson_log_score(observed, last),
           "log_shrunk_rate": log_probability(shrunk_rate_probability(
               accounts, n_units=units, n_orders=observed))})
    return _Test(accounts, forecast, rows,
                 _describe_cut(rows, then, later, accounts, forecast, units, rules))


def _describe_cut(rows: pd.DataFrame, then: pd.DataFrame, later: pd.DataFrame,
                  accounts: pd.DataFrame, forecast: Forecast, units: float,
                  rules: ValueRules) -> dict[str, Any]:
    n_draws = affordable_draws(rules.n_draws, len(accounts), cells=MOST_CELLS,
                               fewest=FEWEST_DRAWS)
    draws = forecast.draw_orders(accounts, [units], n_draws=n_draws, seed=rules.seed)[:, :, 0]
    tails = [(1 - rules.interval_level) / 2, (1 + rules.interval_level) / 2]
    low, high = np.quantile(draws, tails, axis=0)
    sums = draws.sum(axis=1)
    first, last = np.quantile(sums, tails)
    observed = rows["n_came"].to_numpy("float64")
    total, expected = float(observed.sum()), float(rows[MODEL].sum())
    return {"cut_date": then["cut_date"].iloc[0], "until_date": later["cut_date"].iloc[0],
            "model": forecast.orders.name, "regularity": forecast.orders.k,
            "model_verdict": forecast.verdict, "n_accounts": len(accounts),
            "n_fitted": forecast.orders.n, "n_came": total, "n_forecast": expected,
            "n_forecast_ci_low": float(first), "n_forecast_ci_high": float(last),
            "bias_share": (expected - total) / total if total else np.nan,
            "is_inside": bool(first <= total <= last),
            "n_inside": int(((observed >= low) & (observed <= high)).sum()),
            "log_variance": float(np.log(sums[sums > 0]).var()) if (sums > 0).any() else 0.0}


def _score(forecasts: pd.DataFrame, rules: ValueRules) -> pd.DataFrame:
    """Judge all cuts together, then each of them."""
    methods = [MODEL, *NAIVE]
    parts = [("all", forecasts), *((str(day)[:10], part)
                                   for day, part in forecasts.groupby("cut_date"))]
    tables = []
    for name, part in parts:
        table = judge_counts(
            part["n_came"], part[methods], naive=NAIVE, seed=rules.seed,
            log_scores={m: part[f"log_{m}"].to_numpy() for m in methods},
            n_resamples=rules.n_resamples, level=rules.confidence_level)
        table.insert(0, "cut", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _track(test: _Test, purchase_days: pd.DataFrame) -> pd.DataFrame:
    """Repeat purchase days a week, expected and come, of the accounts of known start at the cut."""
    known = test.accounts[test.accounts["is_start_known"]]
    cut: pd.Timestamp = test.cut["cut_date"]
    begin = cut - pd.Timedelta(days=int(known["first_to_as_of_days"].astype("float64").max()))
    days = (purchase_days["order_date"] - begin).dt.days
    repeats = (purchase_days["n_accounts"] - purchase_days["n_first_accounts"]).astype("float64")
    until: pd.Timestamp = test.cut["until_date"]
    n_weeks = int(((until - begin).days + 1) // WEEK_DAYS)
    weeks = np.arange(1, n_weeks + 1)
    tracked = track_orders(test.forecast.orders, known, n_units=weeks)
    inside = days.between(0, n_weeks * WEEK_DAYS - 1)
    observed = np.bincount((days[inside] // WEEK_DAYS).astype("int64"), weights=repeats[inside],
                           minlength=n_weeks)
    ends = begin + pd.to_timedelta(weeks * WEEK_DAYS - 1, unit="D")
    return pd.DataFrame({
        "week_date": pd.Series(ends).astype("datetime64[s]"), "n_weeks": weeks,
        "expected_orders": tracked["orders"], "observed_orders": observed,
        "cumulative_expected": tracked["cumulative_orders"],
        "cumulative_observed": observed.cumsum(), "is_after_cut": ends > cut})
