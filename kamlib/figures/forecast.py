"""Whether forecasts of orders came true on the past, as charts and computed readings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
)
from kamlib.value import Value
from kamlib.value.backtest import NAIVE
from kamlib.value.wording import judge_model, small, trust_verdict

CAME, EXPECTED = theme.INK, theme.ACCENT
SCORE_COLUMNS = ("cut", "method", "n", "total_observed", "total_forecast", "bias_share", "rmse",
                 "log_score", "n_ruled_out", "error_verdict", "score_verdict")
CUT_COLUMNS = ("cut_date", "model", "model_verdict", "n_fitted", "n_came",
               "n_forecast", "n_forecast_ci_low", "n_forecast_ci_high", "bias_share",
               "inside_share", "inside_share_ci_low", "inside_share_ci_high")
RANK_COLUMNS = ("question", "predictor", "outcome", "n_tests", "n_accounts", "rank_correlation",
                "rank_correlation_ci_low", "rank_correlation_ci_high", "rank_difference",
                "rank_difference_ci_low", "rank_difference_ci_high", "verdict")


def plot_forecasts(result: Value, *, ax: Axes | None = None) -> Axes:
    """What came and what was forecast in total, by the model and by the rules of thumb."""
    ax = ax or theme.new_axes(8.5, 4.2)
    if result.backtest is None:
        return theme.say_nothing(ax, result.refused["backtest"])
    cuts, scores = result.backtest.cuts, result.backtest.scores
    ax.set_title(_forecast_title(result))
    x = np.arange(len(cuts))
    ax.vlines(x - 0.12, cuts["n_forecast_ci_low"], cuts["n_forecast_ci_high"], color=EXPECTED,
              linewidth=5, alpha=0.35)
    ax.plot(x - 0.12, cuts["n_forecast"], "o", color=EXPECTED, markersize=8,
            label=label("order_model"))
    ax.hlines(cuts["n_came"], x - 0.34, x + 0.34, color=CAME, linewidth=2.4, label=_("came"))
    for at, (method, marker) in enumerate(zip(NAIVE[1:], ("^", "s"), strict=True)):
        rows = scores[(scores["method"] == method) & (scores["cut"] != "all")]
        ax.plot(x + 0.06 + 0.14 * at, rows["total_forecast"], marker, color=theme.CATEGORY[1 + at],
                markersize=7, label=label(method), linestyle="none")
    ax.set_xticks(x, [_("{start}\nto {end}", start=f"{row.cut_date:%Y-%m-%d}",
                        end=f"{row.until_date:%Y-%m-%d}") for row in cuts.itertuples()],
                  fontsize=9)
    ax.set_xlim(-0.6, len(cuts) - 0.4)
    ax.margins(y=0.12)
    ax.set_ylabel(_("purchase days of all accounts; axis cut"))
    theme.count_axis(ax)
    ax.legend(loc="upper center", bbox_to_anchor=(0.46, -0.16), fontsize=9, ncols=4)
    return ax


def read_forecasts(result: Value) -> str:
    """Say what the latest forecast said and what came, and how all compare with rules of thumb."""
    if result.backtest is None:
        return result.refused["backtest"]
    cuts, scores = result.backtest.cuts, result.backtest.scores
    row = cuts.iloc[-1]
    pooled = scores[scores["cut"] == "all"].set_index("method")
    latest = scores[scores["cut"] == scores["cut"].iloc[-1]].set_index("method")
    parts = [_("For the {days} days to {day} the model expected {expected} purchase days; {came} "
               "came. As often as last time would have been {last}, each one's own rate {rate}.",
               days=fmt_count(result.backtest.horizon_days), day=fmt_date(row["until_date"]),
               expected=fmt_count(row["n_forecast"]), came=fmt_count(row["n_came"]),
               last=fmt_count(latest.loc["as_last_time", "total_forecast"]),
               rate=fmt_count(latest.loc["shrunk_rate", "total_forecast"]))]
    naive = join_items(_("{name} {error}", name=small(m),
                         error=fmt_number(pooled.loc[m, "rmse"], 2)) for m in NAIVE)
    parts.append(_n("In {n} test: error by account {model} purchase days (root mean squared), "
                    "rules of thumb {naive}.",
                    "All {n} tests together: error by account {model} purchase days (root mean "
                    "squared), rules of thumb {naive}.", len(cuts),
                    model=fmt_number(pooled.loc["order_model", "rmse"], 2), naive=naive))
    return join_sentences([*parts, _verdict(result)])


def _verdict(result: Value) -> str:
    row = judge_model(result)
    words = {"better": _("the model is better"), "worse": _("the model is worse"),
             "cannot tell": _("it cannot be told which is better"),
             "baseline": _("the model is better"), "": _("it cannot be told which is better")}
    text = _("Against the best rule of thumb: by error, {error}; by the chance given to what came, "
             "{score}.", error=words[row["error_verdict"]], score=words[row["score_verdict"]])
    if trust_verdict(result) == "worse":
        return join_sentences([text, _("The values here are an order of magnitude, no more.")])
    return text


def read_coverage(result: Value) -> str:
    """Say how often what came lay inside of the intervals, of accounts and of sums."""
    if result.backtest is None:
        return result.refused["backtest"]
    cuts, rules = result.backtest.cuts, result.rules
    inside, n = int(cuts["n_inside"].sum()), int(cuts["n_accounts"].sum())
    sums = int(cuts["is_inside"].sum())
    parts = [_("Of {n} forecasts for one account, {inside} ({share}) came true within their "
               "interval of {level} (by test {span}).", n=fmt_count(n), inside=fmt_count(inside),
               share=fmt_share(inside / n), level=fmt_share(rules.interval_level),
               span=fmt_range(cuts["inside_share"].min(), cuts["inside_share"].max(), fmt_share)),
             _n("The sum lay inside of the model's own interval in {inside} of {n} test.",
                "The sum lay inside of the model's own interval in {inside} of {n} tests.",
                len(cuts), inside=fmt_count(sums))]
    spread = result.backtest.spread
    if spread > 0 and rules.widen_by_backtest:
        parts.append(_("What all accounts share, such as season and market, the model does not "
                       "know; it moved the sums by {spread}, and the intervals of the values are "
                       "widened by as much.", spread=fmt_share(spread)))
    return join_sentences(parts)


def plot_calibration(result: Value, *, ax: Axes | None = None) -> Axes:
    """Purchase days that came and that were forecast, by number of repeat days before."""
    ax = ax or theme.new_axes(7.5, 3.8)
    if result.backtest is None:
        return theme.say_nothing(ax, result.refused["backtest"])
    rows = result.backtest.calibration
    x = np.arange(len(rows))
    ax.set_title(_calibration_title(rows))
    ax.plot(x, rows["observed_mean"], "-o", color=CAME, label=_("came"))
    ax.plot(x, rows["forecast_mean"], "--o", color=EXPECTED, label=label("order_model"))
    ax.set_xticks(x, [f"{group}\nn = {fmt_count(n)}" for group, n in
                      zip(rows["group"], rows["n"], strict=True)], fontsize=9)
    ax.set_xlabel(_("repeat purchase days before the forecast"))
    ax.set_ylabel(_("purchase days an account\nin {days} days",
                    days=fmt_count(result.backtest.horizon_days)))
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left", fontsize=9)
    return ax


def plot_tracking(result: Value, *, ax: Axes | None = None, is_cumulative: bool = False) -> Axes:
    """Repeat purchase days by week, expected at the last cut and come; after it is forecast."""
    ax = ax or theme.new_axes(8.5, 3.8)
    rows = pd.DataFrame() if result.backtest is None else result.backtest.tracking
    if rows.empty:
        return theme.say_nothing(ax, result.refused.get("backtest", _(
            "There are too few purchase days to follow by week.")))
    came, expected = ("cumulative_observed", "cumulative_expected") if is_cumulative else (
        "observed_orders", "expected_orders")
    ahead = rows[rows["is_after_cut"]]
    title = _cumulative_title if is_cumulative else _weekly_title
    ax.set_title(title(rows, ahead))
    ax.plot(rows["week_date"], rows[came], color=CAME, linewidth=1.2, label=_("came"))
    ax.plot(rows["week_date"], rows[expected], color=EXPECTED, linewidth=2, linestyle="--",
            label=_("expected by the model"))
    if len(ahead):
        ax.axvspan(ahead["week_date"].iloc[0], ahead["week_date"].iloc[-1], color=theme.FAINT,
                   alpha=0.45, linewidth=0, label=_("forecast: not known to the fit"))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(_("week"))
    ax.set_ylabel(_("repeat purchase days, cumulative") if is_cumulative else
                  _("repeat purchase days a week"))
    theme.count_axis(ax)
    ax.legend(loc="upper left" if is_cumulative else "lower right", fontsize=9)
    return ax


def plot_rank_check(ranks: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Rank correlations with what came after, of the value model, RFM and the last amount."""
    ax = ax or theme.new_axes(8.0, 2.8)
    rows = ranks[ranks["question"] == "what_came"] if len(ranks) else ranks
    if rows.empty:
        return theme.say_nothing(ax, theme.reason_of(ranks))
    rows = rows.sort_values("rank_correlation")
    places = np.arange(len(rows))
    best = rows.iloc[-1]
    ax.set_title(_("{name} ranks best what came after",
                   name=label(best["predictor"])) if best["verdict"] == "better" else
                 _("No ranking is proven better than last year's amount alone"))
    ax.hlines(places, rows["rank_correlation_ci_low"], rows["rank_correlation_ci_high"],
              color=EXPECTED, linewidth=3, alpha=0.5)
    ax.plot(rows["rank_correlation"], places, "o", color=EXPECTED, markersize=8)
    ax.set_yticks(places, [label(p) for p in rows["predictor"]])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlim(min(0.0, float(rows["rank_correlation_ci_low"].min()) - 0.05), 1)
    ax.set_xlabel(_("rank correlation with {outcome} of the horizon after (1: the same order)",
                    outcome=small(rows["outcome"].iloc[0])))
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    return ax


def read_ranks(ranks: pd.DataFrame) -> str:
    """Say whether RFM ranks as value does, and which ranking foretold best."""
    if ranks.empty:
        return theme.reason_of(ranks)
    today = ranks[ranks["question"] == "value_today"].iloc[0]
    parts = [_("Today the RFM scores and the values order the accounts with a rank correlation of "
               "{value} ({span}, n = {n}); 1 would be the same order.", value=_two(
                   today["rank_correlation"]), span=_span(today, "rank_correlation"),
               n=fmt_count(today["n_accounts"]))]
    past = ranks[ranks["question"] == "what_came"]
    if past.empty:
        return join_sentences([*parts, _("Which of them foretells better could not be tested on "
                                         "the past.")])
    ranked = join_items(
        _("{name} {value} ({span})", name=small(row["predictor"]),
          value=_two(row["rank_correlation"]), span=_span(row, "rank_correlation"))
        for row in past.to_dict("records"))
    parts.append(_("What came after ranked with: {list}.", list=ranked))
    better = [small(row["predictor"]) for row in past.to_dict("records")
              if row["verdict"] == "better"]
    worse = [small(row["predictor"]) for row in past.to_dict("records")
             if row["verdict"] == "worse"]
    if better:
        parts.append(_("Better than last year's amount alone: {names}.", names=fmt_list(better)))
    if worse:
        parts.append(_("Worse than last year's amount alone: {names}.", names=fmt_list(worse)))
    if not better and not worse:
        parts.append(_("None is proven better or worse than last year's amount alone."))
    return join_sentences(parts)


def _forecast_title(result: Value) -> str:
    row = judge_model(result)
    n = fmt_count(row["total_observed"])
    values = {"forecast": fmt_count(row["total_forecast"]), "came": n}
    titles = {"better": _("Forecast {forecast} purchase days, {came} came: closer by account than "
                          "rules of thumb", **values),
              "worse": _("Forecast {forecast} purchase days, {came} came: a rule of thumb was "
                         "closer by account", **values),
              "cannot tell": _("Forecast {forecast} purchase days, {came} came: no better by "
                               "account than a rule of thumb", **values)}
    return titles[trust_verdict(result)]


def _calibration_title(rows: pd.DataFrame) -> str:
    known = rows[rows["n"] > 0]
    off = known["forecast_mean"] - known["observed_mean"]
    n_low = int((off < 0).sum())
    return _n("Forecasts were too low in {low} of {n} group of accounts",
              "Forecasts were too low in {low} of {n} groups of accounts", len(known),
              low=fmt_count(n_low))


def _weekly_title(rows: pd.DataFrame, ahead: pd.DataFrame) -> str:
    part = ahead if len(ahead) else rows
    return _("{came} repeat purchase days a week came after the forecast, {expected} were expected",
             came=fmt_number(part["observed_orders"].mean(), 1),
             expected=fmt_number(part["expected_orders"].mean(), 1))


def _cumulative_title(rows: pd.DataFrame, ahead: pd.DataFrame) -> str:
    last = rows.iloc[-1]
    share = last["cumulative_expected"] / last["cumulative_observed"] \
        if last["cumulative_observed"] else float("nan")
    return _("In all, {expected} repeat purchase days were expected and {came} came ({share})",
             expected=fmt_count(last["cumulative_expected"]),
             came=fmt_count(last["cumulative_observed"]), share=fmt_share(share))


def _two(value: float) -> str:
    return fmt_number(value, 2)


def _span(row: Any, name: str) -> str:
    return fmt_range(row[f"{name}_ci_low"], row[f"{name}_ci_high"], _two)
