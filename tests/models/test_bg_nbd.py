"""BG/NBD and MBG/NBD against published numbers (published_numbers.md B0, B1, B4)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import check_grad

from kamlib.models.cnbd_k import RegularBuying
from kamlib.models.counts import fit_bg_nbd, fit_mbg_nbd
from kamlib.models.histories import read_histories
from kamlib.models.naive import naive_shrunk_rate, shrunk_rate_probability
from kamlib.models.tracking import track_orders
from kamlib.stats.forecasts import group_calibration, judge_counts, log_probability

BG, MBG = RegularBuying(), RegularBuying(can_leave_at_once=True)
# Fader, Hardie & Lee (2005), table 2; the order here is r, alpha, a, b.
PAPER = np.array([0.243, 4.414, 0.793, 2.426])
# BTYD walkthrough (R package BTYD, vignette), whose search ended here.
BTYD = np.array([0.2425967, 4.413659, 0.7929869, 2.426164])
# CLVTools tests/testthat/test_correctness_bgnbd.R, which are those of Hardie's spreadsheet.
SHEET = np.array([0.2425945, 4.4136019, 0.7929199, 2.4258881])


@pytest.fixture(scope="module")
def fitted(cdnow):
    return fit_bg_nbd(cdnow)


def test_the_summary_is_the_published_one(cdnow):
    # lifetimes and pymc-marketing, test_utils: sums of the calibration log.
    assert len(cdnow) == 2357
    assert cdnow["n_repeat_days"].sum() == 2457
    assert cdnow["first_to_last_days"].sum() == 112_949
    assert cdnow["first_to_as_of_days"].sum() == 539_779
    amounts = cdnow["repeat_day_mean_amount"].dropna()
    assert len(amounts) == 946
    assert amounts.describe()[["mean", "std", "min", "50%", "max"]].round().tolist() == [
        35, 30, 3, 27, 300]
    assert cdnow["n_later"].sum() == 1882


def test_estimates_of_the_paper(fitted):
    assert_allclose(fitted.parameters["estimate"], PAPER, atol=5e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_estimates_to_more_digits(fitted):
    # Five digits and more; b, in whose direction the likelihood is flattest, depends on when a
    # search stops.
    estimates = fitted.parameters["estimate"].to_numpy()
    assert_allclose(estimates, SHEET, rtol=1e-5)
    assert_allclose(estimates, BTYD, rtol=1.5e-4)
    # Refitted independently: 0.24259 4.41361 0.79292 2.4259, -9582.4292.
    assert_allclose(estimates, [0.24259, 4.4136, 0.79292, 2.4259], atol=1.5e-5)
    assert fitted.log_likelihood == pytest.approx(-9582.4292, abs=5e-5)
    assert (fitted.verdict, fitted.reason, fitted.penalty) == ("fitted", "", "")
    assert fitted.aic == pytest.approx(2 * 4 + 2 * 9582.4292, abs=1e-4)


def test_rounded_weeks_of_the_published_csv(real_data):
    # Two decimals of a week instead of days: log-likelihood -9582.4256.
    csv = pd.read_csv(real_data / "cdnow" / "cdnow_customers_summary_with_transactions.csv")
    csv = csv.set_axis(["id", "n_repeat_days", "first_to_last_days", "first_to_as_of_days", "m"],
                       axis=1)
    again = fit_bg_nbd(csv, time_unit_days=1)
    assert again.log_likelihood == pytest.approx(-9582.4256, abs=5e-5)


def test_mbg_estimates(cdnow):
    # lifetimes against BTYDplus; four digits refitted independently.
    fitted = fit_mbg_nbd(cdnow)
    assert_allclose(fitted.parameters["estimate"], [0.525, 6.183, 0.891, 1.614], atol=5e-4)
    assert_allclose(fitted.parameters["estimate"], [0.52484, 6.18309, 0.89135, 1.61399],
                    atol=2.5e-5)
    assert fitted.log_likelihood == pytest.approx(-9582.1357, abs=5e-5)


def test_standard_errors_agree_with_a_bootstrap(fitted):
    # 200 refits by resampling: r .0136, alpha .467, a .2015, b .845. A bootstrap of 200 has itself
    # an error of 5 %, and is wider than the Hessian where the likelihood is skew (b).
    assert_allclose(fitted.parameters["standard_error"], [0.0136, 0.467, 0.2015, 0.845], rtol=0.25)
    low, high = fitted.parameters.loc[2, ["ci_low", "ci_high"]]
    assert (low, high) == (pytest.approx(0.545, rel=0.1), pytest.approx(1.341, rel=0.1))


def closed_form(times, n_terms):
    """E[X(t)] of the paper (eq. 9), its hypergeometric function summed to a number of terms."""
    r, alpha, a, b = SHEET
    z, j = times / (alpha + times), np.arange(n_terms)[:, None]
    terms = np.cumprod((r + j) * (b + j) / ((a + b - 1 + j) * (1 + j)) * z, axis=0)
    return (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + times))**r * (1 + terms.sum(axis=0)))


def test_expected_orders_of_newcomers(fitted):
    # lifetimes tests/test_estimation.py, after Hardie's spreadsheet.
    times = np.array([0.1429, 1, 3, 31.8571, 32, 78])
    published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert_allclose(fitted.expected_orders(times[:5]), published[:5], atol=5e-5)
    # Its last digit after 78 weeks is that of a series cut off after 150 terms; to the end it
    # is 1.8580.
    assert_allclose(closed_form(times, 150), published, atol=5e-5)
    assert_allclose(BG.expected(SHEET, times), closed_form(times, 2000), rtol=1e-9)
    assert fitted.expected_orders(78) == pytest.approx(1.8580, abs=5e-5)
    # BTYD's walkthrough; refitted independently 1.444012.
    assert BG.expected(BTYD, np.array([52.0]))[0] == pytest.approx(1.444004, abs=5e-7)
    assert fitted.expected_orders(52) == pytest.approx(1.444012, abs=5e-7)
    assert fitted.expected_orders(0) == 0


@pytest.mark.parametrize(("model", "values", "expected"), [
    # pymc-marketing tests, at printed parameters.
    (BG, PAPER, [0.05326789117165627, 0.15086523089304896, 0.2807558935767553]),
    (MBG, np.array([0.525, 6.183, 0.891, 1.614]),
     [0.053084795263698685, 0.15086328860664794, 0.28136022398301175])])
def test_expected_orders_to_all_digits(model, values, expected):
    assert_allclose(model.expected(values, np.array([1.0, 3.0, 6.0])), expected, rtol=1e-9)


def test_conditional_expectation_of_single_customers(fitted, history):
    # lifetimes tests/test_estimation.py: x = 2, t_x = 30.43, T = 38.86, 39 weeks: 1.226; refitted
    # independently 1.226028, at the paper's parameters.
    one = history((2, 30.43, 38.86))
    assert BG.conditional(fitted.require(), one, 39)[0] == pytest.approx(1.226, abs=5e-4)
    assert BG.conditional(PAPER, one, 39)[0] == pytest.approx(1.226028, abs=5e-7)
    # Customer 1516 of the BTYD walkthrough.
    one = history((26, 216 / 7, 31))
    assert BG.conditional(BTYD, one, 52)[0] == pytest.approx(25.75659, abs=5e-6)
    assert BG.probability_alive(BTYD, one)[0] == pytest.approx(0.9688523, abs=5e-8)


def test_increasing_frequency_paradox(history):
    rows = history(*[(x, 20, 39) for x in (10, 15, 20, 25)])
    assert_allclose(BG.conditional(BTYD, rows, 52),
                    [0.3474606, 0.04283391, 0.004158973, 0.0003583685], rtol=2e-7)


def test_distribution_of_counts():
    # pymc-marketing tests, at the paper's parameters.
    assert BG.count_probability(PAPER, np.array([10.0]), 2)[0] == pytest.approx(1.07869e-7,
                                                                              rel=5e-6)
    assert BG.count_probability(PAPER, np.array([0.0]), 39)[0] == pytest.approx(0.5737864,
                                                                               abs=5e-8)
    assert_allclose(BG.count_probability(PAPER, np.arange(11.0, 21.0), 30), [
        0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638, 0.0005517902,
        0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260], atol=5.1e-11)


@pytest.mark.parametrize(("x", "to_last", "expected"), [
    (2, 30.43, -9.4596), (1, 1.71, -4.4711), (0, 0, -0.5538), (7, 29.43, -21.8644),
    (1, 5, -4.8651), (2, 35.71, -9.5367), (5, 24.43, -17.3593), (10, 34.14, -27.3144),
    (1, 4.86, -4.8520)])
def test_single_log_likelihoods(history, x, to_last, expected):
    # brucehardie.com/notes/004 in pymc-marketing tests/clv/test_distributions.py, which allows
    # 2e-3 as it takes three digits of the parameters and two of the weeks; behind the values are
    # the optimum and whole days: 272 to the end of observation.
    one = history((x, round(7 * to_last) / 7, 272 / 7))
    assert BG.log_likelihood(np.log(SHEET), one)[0] == pytest.approx(expected, abs=5e-5)


def test_nobody_without_a_repeat_has_left_unless_one_can_at_once(cdnow, fitted):
    # published_numbers.md B0: a property of BG/NBD, and what MBG/NBD was made for.
    silent = cdnow["n_repeat_days"] == 0
    assert (fitted.probability_alive(cdnow)[silent] == 1).all()
    assert (fit_mbg_nbd(cdnow).probability_alive(cdnow)[silent] < 1).all()


@pytest.mark.parametrize(("model", "nobody", "busy"), [
    (BG, -0.59947382, 100.79569309), (MBG, -0.41792826, 100.7869)])
def test_overflow_guard(history, model, nobody, busy):
    # brucehardie.com/notes/027; the second and the last digits refitted independently.
    theta = np.log([0.25, 4, 0.8, 2.5])
    assert model.log_likelihood(theta, history((0, 0, 40)))[0] == pytest.approx(nobody, abs=5e-9)
    value = model.log_likelihood(theta, history((200, 38, 40)))[0]
    assert value == pytest.approx(busy, abs=5e-5 if model is MBG else 5e-9)
    assert BG.probability_alive(PAPER, history((1000, 10, 100)))[0] == 0.0


def test_bins_of_the_holdout(cdnow, given_model):
    # BTYD walkthrough: customers by calibration repeats 0 to 6 and 7 or more.
    expected = given_model(BG, BTYD).conditional_orders(cdnow, 39)
    table = group_calibration(cdnow["n_later"], expected, cdnow["n_repeat_days"])
    assert table["n"].tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert_allclose(table["observed_mean"], [
        0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594], atol=5.1e-5)
    assert_allclose(table["forecast_mean"], [
        0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.5040, 6.1570], atol=5.1e-5)


def test_holdout(cdnow):
    # Refitted independently: 1882 transactions in the 39 weeks after; Pareto/NBD's beside.
    fits = {"BG/NBD": fit_bg_nbd(cdnow), "MBG/NBD": fit_mbg_nbd(cdnow)}
    forecasts = {name: fitted.conditional_orders(cdnow, 39) for name, fitted in fits.items()}
    scores = {name: log_probability(fitted.order_count_probability(
        cdnow, 39, n_orders=cdnow["n_later"])) for name, fitted in fits.items()}
    forecasts["shrunk rate"] = naive_shrunk_rate(cdnow, n_units=39)
    scores["shrunk rate"] = log_probability(shrunk_rate_probability(
        cdnow, n_units=39, n_orders=cdnow["n_later"]))
    table = judge_counts(cdnow["n_later"], forecasts, naive=["shrunk rate"], seed=1,
                         log_scores=scores, n_resamples=200)
    assert (table["total_observed"] == 1882).all()
    assert_allclose(table["total_forecast"][:2], [1653.4, 1576.7], atol=0.05)
    assert_allclose(table["mae"][:2], [0.7855, 0.7648], atol=5e-5)
    assert_allclose(table["rmse"][:2], [1.6080, 1.6072], atol=5e-5)
    assert_allclose(table["correlation"][:2], [0.6256, 0.6273], atol=5e-5)
    # Nobody leaves the shrunk rate: it says too much, and the models have the better scores.
    assert table["bias_share"][2] > 0.2
    assert table["score_verdict"].tolist() == ["better", "better", "baseline"]
    assert (table["n_ruled_out"] == 0).all()


def test_weekly_tracking(cdnow, cdnow_days, given_model):
    # BTYD walkthrough, weeks 20 to 25: repeats in each, and in all up to it.
    week = (cdnow_days["day"] - pd.Timestamp("1997-01-01")).dt.days // 7 + 1
    actual = week[cdnow_days.duplicated("id")].value_counts().sort_index()
    assert actual.loc[20:25].tolist() == [73, 55, 70, 33, 56, 99]
    assert actual.cumsum().loc[20:25].tolist() == [1359, 1414, 1484, 1517, 1573, 1672]
    weeks = track_orders(given_model(BG, BTYD), cdnow, n_units=np.arange(1, 79)).set_index(
        "n_units").loc[20:25]
    assert_allclose(weeks["orders"], [76.865, 74.888, 73.046, 71.322, 69.704, 68.182], atol=5.1e-4)
    assert_allclose(weeks["cumulative_orders"],
                    [1312.458, 1387.346, 1460.392, 1531.713, 1601.418, 1669.6], atol=7e-4)


@pytest.mark.parametrize("model", [BG, MBG])
@pytest.mark.parametrize("values", [[0.5, 8.0, 0.7, 1.7], [3.0, 2.0, 1.0, 0.4]])
def test_gradient(cdnow, model, values):
    histories = read_histories(cdnow.head(300))
    def each(theta):
        value, gradient = model.log_likelihood(theta, histories)
        return value / 300, gradient / 300

    error = check_grad(lambda t: each(t)[0], lambda t: each(t)[1], np.log(values))
    assert error < 2e-6
