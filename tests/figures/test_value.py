"""Charts and readings of value: numbers are read off the Axes."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kamlib.figures import equity, forecast
from kamlib.figures import value as figures
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK
from kamlib.value import Value, ValueRules
from kamlib.value.backtest import Backtest

RULES = ValueRules(n_top=2)
IDS = ["A", "B", "C"]


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def refused(columns: str) -> pd.DataFrame:
    table = frame(columns)
    table.attrs["reason"] = "Too little data. More would lift this."
    return table


def build_backtest(verdict: str = "better") -> Backtest:
    days = [pd.Timestamp("2025-01-01"), pd.Timestamp("2025-07-02"), pd.Timestamp("2025-12-31")]
    cuts = pd.DataFrame({
        "cut_date": days[:2], "until_date": days[1:], "model": "BG/NBD", "regularity": 1,
        "model_verdict": "fitted", "n_accounts": 50, "n_fitted": 45, "n_came": [100.0, 120.0],
        "n_forecast": [90.0, 130.0], "n_forecast_ci_low": [80.0, 125.0],
        "n_forecast_ci_high": [105.0, 140.0], "bias_share": [-0.1, 10 / 120],
        "is_inside": [True, False], "n_inside": [45, 40], "inside_share": [0.9, 0.8],
        "inside_share_ci_low": 0.7, "inside_share_ci_high": 0.95})
    rows = [(cut, method, total, total + add, rms, error, score)
            for cut, total in (("all", 220.0), ("2025-01-01", 100.0), ("2025-07-02", 120.0))
            for method, add, rms, error, score in (
                ("order_model", 0.0, 1.5, verdict, "cannot tell"),
                ("nobody_again", -total, 4.0, "worse", "worse"),
                ("as_last_time", 20.0, 2.0, "worse", "worse"),
                ("shrunk_rate", 5.0, 1.75, "baseline", "baseline"))]
    scores = pd.DataFrame(rows, columns=["cut", "method", "total_observed", "total_forecast",
                                         "rmse", "error_verdict", "score_verdict"])
    scores["bias_share"] = scores["total_forecast"] / scores["total_observed"] - 1
    weeks = pd.date_range("2025-12-03", periods=4, freq="7D")
    tracking = pd.DataFrame({
        "week_date": weeks, "expected_orders": [1.0, 2.0, 3.0, 4.0],
        "observed_orders": [2.0, 2.0, 2.0, 2.0], "cumulative_expected": [1.0, 3.0, 6.0, 10.0],
        "cumulative_observed": [2.0, 4.0, 6.0, 8.0], "is_after_cut": [False, False, True, True]})
    calibration = frame("group n observed_mean forecast_mean", ("0", 30, 1.0, 0.5),
                        ("1", 20, 2.0, 2.5))
    return Backtest(horizon_days=182, forecasts=pd.DataFrame(), cuts=cuts, scores=scores,
                    calibration=calibration, tracking=tracking, spread=0.1)


def build_result(**more) -> Value:
    clv = frame("account_id clv_amount clv_amount_ci_low clv_amount_ci_high",
                ("A", 600.0, 400, 900), ("B", 300.0, 100, 500), ("C", 100.0, 0, 300))
    book = SimpleNamespace(
        table=clv, total=1000.0, sales=np.array([[100.0], [50.0], [10.0]]),
        accounts=pd.DataFrame({"gross_amount_window": [120.0, 60.0, 20.0]}),
        contribution=SimpleNamespace(basis="basis_profit", is_costed=True, cost_known_share=1.0),
        forecast=SimpleNamespace(verdict="fitted", orders=SimpleNamespace(n=40), n_unknown_start=1,
                                 rank_correlation=0.25))
    values = {
        "as_of": date(2025, 12, 31), "previous_as_of": date(2025, 9, 30), "rules": RULES,
        "book": book, "previous": SimpleNamespace(total=900.0), "year_before": None,
        "equity": frame("reading n_accounts per_account_amount equity_amount equity_amount_ci_low "
                        "equity_amount_ci_high", ("sum_of_values", 3, 333.3, 1000.0, 800.0, 1300.0),
                        ("mean_times_n", 3, 333.3, 1000.0, np.nan, np.nan),
                        ("median_times_n", 3, 300.0, 900.0, np.nan, np.nan)),
        "groups": frame("dimension group n_accounts equity_amount equity_amount_ci_low "
                        "equity_amount_ci_high equity_share",
                        ("region", "North {x}", 1, 700.0, 600.0, 800.0, 0.7),
                        ("region", "$A$B$", 2, 300.0, 200.0, 400.0, 0.3)),
        "concentration": {"n_top": 2, "top_share": 0.9, "n_half": 1.0, "n_negative": 0,
                          "negative_amount": 0.0},
        "conventions": frame("convention equity_amount", ("horizon", 1000.0),
                             ("formula_now", 3000.0), ("formula_after", 2500.0)),
        "levers": frame("group lever gain_amount gain_amount_ci_low gain_amount_ci_high gain_share",
                        ("all", "price_percent", 40.0, 30.0, 50.0, 0.04),
                        ("all", "retention_point", 15.0, 10.0, 20.0, 0.015),
                        ("all", "discount_point", -12.0, -15.0, -9.0, -0.012),
                        ("all", "one_newcomer", 5.0, np.nan, np.nan, 0.005),
                        ("direct", "retention_point", 9.0, 8.0, 10.0, 0.015),
                        ("dealer", "retention_point", 6.0, 5.0, 7.0, 0.015)),
        "profit": frame("account_id earned_amount continued_amount clv_amount gap_amount "
                        "is_hidden_risk", ("A", 200.0, 550.0, 600.0, 50.0, False),
                        ("B", 110.0, 300.0, 100.0, -200.0, True),
                        ("C", -10.0, -30.0, 100.0, 130.0, False)),
        "components": frame("account_id transaction_amount growth_rate growth_value_amount "
                            "referral_amount knowledge_score", ("A", 600.0, 0.1, 60.0, 40.0, 2),
                            ("B", 300.0, -0.2, -50.0, 0.0, 0), ("C", 100.0, 0.0, 0.0, 0.0, 1)),
        "renewals": frame("n_renewals n_due n_renewed renewal_share renewal_share_ci_low "
                          "renewal_share_ci_high fitted_renewal_share remaining_years n_running "
                          "running_amount", (0, 10, 8, 0.8, 0.5, 0.9, 0.75, 3.0, 1, 100.0),
                          (1, 5, 5, 1.0, 0.5, 1.0, 0.85, 5.0, 3, 300.0)),
        "steps": frame("step n_accounts step_amount", ("opening", 3, 900.0),
                       ("reestimated", 3, -20.0), ("new_in_book", 1, 100.0),
                       ("value_rose", 1, 150.0), ("value_fell", 1, -50.0),
                       ("gone_silent", 1, -80.0), ("closing", 4, 1000.0)),
        "changes": frame("account_id value_change_amount step"), "backtest": build_backtest(),
        "refused": {}, "known_years": 4.0, "n_excluded": 0}
    return Value(**(values | more))


@pytest.fixture(scope="module")
def result() -> Value:
    return build_result()


@pytest.fixture(scope="module")
def nothing() -> Value:
    names = ("equity", "groups", "conventions", "levers", "profit", "components", "renewals",
             "steps", "changes")
    empty = {name: refused("group step earned_amount lever") for name in names}
    return build_result(book=None, previous=None, backtest=None, concentration={}, **empty,
                        refused={"clv": "Nobody bought.", "backtest": "No past to test."})


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


VALUE_PLOTS = [figures.plot_clv, figures.plot_groups, figures.plot_levers, figures.plot_gap,
               figures.plot_components, equity.plot_bridge, equity.plot_renewals]
FORECAST_PLOTS = [forecast.plot_forecasts, forecast.plot_calibration, forecast.plot_tracking]
READS = [figures.read_convention, figures.read_equity, figures.read_levers, figures.read_gap,
         figures.read_components, equity.read_bridge, equity.read_renewals,
         equity.read_conventions, forecast.read_forecasts, forecast.read_coverage]


@pytest.mark.parametrize("plot", [*VALUE_PLOTS, *FORECAST_PLOTS])
def test_empty_result_says_so_on_the_chart(plot, nothing):
    ax = plot(nothing)
    assert plain_title(ax) == "There is nothing to show"
    assert ax.texts[0].get_text()


@pytest.mark.parametrize("read", READS)
def test_every_reading_is_a_sentence_without_gaps(read, result, nothing):
    for text in (read(result), read(nothing)):
        assert text.endswith(".")
        assert "nan" not in text


def test_most_valuable_first_with_their_names(result):
    ax = figures.plot_clv(result, names={"A": "Anna & Söhne {0} $1$"}, currency="CNY")
    assert [bar.get_width() for bar in ax.patches] == [100.0, 300.0, 600.0]
    assert ax.get_yticklabels()[-1].get_text() == "A Anna & Söhne {0} $1$"
    assert plain(plain_title(ax)) == "The 2 most valuable of 3 accounts hold 90 % of 1.00 k CNY"
    assert "80 % of what may come" in plain(ax.get_xlabel())


def test_equity_reading_sets_the_forecast_beside_last_year(result):
    text = plain(figures.read_equity(result, currency="CNY"))
    # 160 discounted by half a year at 10 %.
    assert "1.00 k CNY (800–1.30 k CNY)" in text or "(800 CNY–1.30 k CNY)" in text
    assert "168 CNY of gross sales expected in the first year; the last 12 months brought 200 CNY" \
        in text
    assert "Half of the value lies with 1 account." in text


def test_groups_and_levers_are_bars(result):
    ax = figures.plot_groups(result)
    assert sorted(bar.get_width() for bar in ax.patches) == [300.0, 700.0]
    ax = figures.plot_levers(result, currency="CNY")
    assert [bar.get_width() for bar in ax.patches] == [5.0, -12.0, 15.0, 40.0]
    assert plain(plain_title(ax)) == ("Of one step on each lever, this moves customer equity most: "
                                      "prices 1 % higher (40 CNY)")
    assert "By channel, retention is worth most in Direct (9 CNY)." in plain(
        figures.read_levers(result, currency="CNY"))


def test_gap_joins_what_went_on_and_what_is_expected(result):
    ax = figures.plot_gap(result, currency="CNY")
    assert ax.lines[0].get_xdata().tolist() == [-30.0, 550.0, 300.0]
    assert plain(plain_title(ax)).startswith("1 account earned well but is worth 200 CNY less")
    text = plain(figures.read_gap(result, currency="CNY"))
    assert "1 account cost more than it brought: -10 CNY." in text
    calm = build_result(profit=result.profit.assign(is_hidden_risk=False))
    assert "No account is worth much less" in plain_title(figures.plot_gap(calm))


def test_components_say_what_is_added_and_what_not(result):
    text = plain(figures.read_components(result, currency="CNY"))
    assert "Of 3 accounts whose growth could be tested, 1 grow and 1 shrink" in text
    assert "10 CNY, on top of customer equity" in text and "is not added again" in text
    bare = result.components.assign(growth_rate=np.nan, growth_value_amount=np.nan,
                                    referral_amount=np.nan, knowledge_score=pd.NA)
    told = build_result(components=bare)
    assert figures.read_components(told) == (
        "Growth cannot be tested: the window a year before is not known. "
        "No account names who referred it.")
    assert plain_title(figures.plot_components(told)) == "There is nothing to show"


def test_bridge_steps_lead_from_opening_to_closing(result):
    ax = equity.plot_bridge(result, currency="CNY")
    spans = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in ax.patches]
    assert spans == [(880, 900), (880, 980), (980, 1130), (1080, 1130), (1000, 1080)]
    low, high = ax.get_ylim()
    assert low < 880 and high > 1130
    assert plain(plain_title(ax)) == ("Customer equity rose by 100 CNY, although 80 CNY went with "
                                      "accounts gone silent")
    steps = result.steps.copy()
    steps.loc[6, "step_amount"] = 850.0
    assert plain_title(equity.plot_bridge(build_result(steps=steps))).startswith(
        "Customer equity fell by")


def test_renewals_show_shares_and_what_is_expected(result):
    ax = equity.plot_renewals(result)
    assert ax.lines[0].get_ydata().tolist() == [0.8, 1.0]
    assert plain_title(ax) == "13 of 15 yearly contracts that came up were renewed"
    # (1 x 3 + 3 x 5) / 4 years.
    assert "worth 4.5 of their years" in equity.read_renewals(result)
    idle = build_result(renewals=result.renewals.assign(n_running=0))
    assert equity.read_renewals(idle).endswith("None runs now.")


@pytest.mark.parametrize(("verdict", "title", "words"), [
    ("better", "closer by account than rules of thumb", "by error, the model is better"),
    ("worse", "a rule of thumb was closer by account", "an order of magnitude, no more"),
    ("cannot tell", "no better by account than a rule of thumb", "it cannot be told")])
def test_forecasts_are_judged_on_the_chart_and_in_words(verdict, title, words):
    told = build_result(backtest=build_backtest(verdict))
    ax = forecast.plot_forecasts(told)
    assert plain_title(ax) == f"Forecast 220 purchase days, 220 came: {title}"
    model = next(line for line in ax.lines if line.get_label() == "Order model")
    assert model.get_ydata().tolist() == [90.0, 130.0]
    text = forecast.read_forecasts(told)
    assert text.startswith("For the 182 days to 31 December 2025 the model expected 130 purchase "
                           "days; 120 came.")
    assert words in text


def test_coverage_says_how_intervals_held(result):
    text = plain(forecast.read_coverage(result))
    assert "Of 100 forecasts for one account, 85 (85 %) came true" in text
    assert "in 1 of 2 tests" in text and "moved the sums by 10 %" in text


def test_tracking_and_calibration(result):
    ax = forecast.plot_tracking(result)
    assert plain_title(ax) == ("2.0 repeat purchase days a week came after the forecast, 3.5 were "
                               "expected")
    ax = forecast.plot_tracking(result, is_cumulative=True)
    assert ax.lines[0].get_ydata()[-1] == 8.0
    assert plain(plain_title(ax)) == ("In all, 10 repeat purchase days were expected and 8 came "
                                      "(125 %)")
    ax = forecast.plot_calibration(result)
    assert plain_title(ax) == "Forecasts were too low in 1 of 2 groups of accounts"


def ranks(verdict: str) -> pd.DataFrame:
    columns = "question predictor outcome n_accounts rank_correlation rank_correlation_ci_low " \
        "rank_correlation_ci_high verdict"
    return frame(columns, ("value_today", "rfm_score", "clv", 30, 0.8, 0.7, 0.9, ""),
                 ("what_came", "value_model", "margin", 90, 0.7, 0.6, 0.8, verdict),
                 ("what_came", "last_amount", "margin", 90, 0.5, 0.4, 0.6, ""))


def test_ranks_compare_with_the_last_amount():
    ax = forecast.plot_rank_check(ranks("better"))
    assert ax.lines[0].get_xdata().tolist() == [0.5, 0.7]
    assert plain_title(ax) == "Value model ranks best what came after"
    assert "Better than last year's amount alone: value model." in forecast.read_ranks(
        ranks("better"))
    assert "Worse than last year's amount alone: value model." in forecast.read_ranks(
        ranks("worse"))
    unsure = forecast.read_ranks(ranks("cannot tell"))
    assert "None is proven better or worse" in unsure
    assert "0.80 (0.70–0.90, n = 30)" in unsure
    only_today = ranks("better").head(1)
    assert "could not be tested on the past" in forecast.read_ranks(only_today)
    assert plain_title(forecast.plot_rank_check(refused("question"))) == "There is nothing to show"
