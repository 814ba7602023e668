"""Gamma-Gamma against published numbers (published_numbers.md B3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import check_grad

from kamlib.errors import InputError
from kamlib.models.gamma_gamma import (
    Amounts,
    GammaGamma,
    expected_amounts,
    fit_gamma_gamma,
    population_mean,
)

TRUTH = np.array([6.0, 3.5, 15.0])


@pytest.fixture(scope="module")
def csv(real_data):
    table = pd.read_csv(real_data / "cdnow" / "cdnow_customers_summary_with_transactions.csv")
    return table.rename(columns={"x": "n_repeat_days", "zbar": "repeat_day_mean_amount"})


def test_estimates(cdnow):
    fitted = fit_gamma_gamma(cdnow)
    # CLVTools test_correctness_gg.R, after Fader & Hardie (2013).
    assert_allclose(fitted.parameters["estimate"], [6.25, 3.74, 15.44], atol=5e-3)
    assert fitted.log_likelihood == pytest.approx(-4055.9177, abs=5e-5)
    # Refitted independently, from the log.
    assert_allclose(fitted.parameters["estimate"], [6.24959, 3.74422, 15.44344], rtol=2e-5)
    assert population_mean(fitted) == pytest.approx(35.1704, abs=5e-5)
    one = pd.DataFrame({"n_repeat_days": [2, 0], "repeat_day_mean_amount": [40, np.nan]})
    assert expected_amounts(fitted, one).tolist() == [
        pytest.approx(39.1305, abs=5e-5), pytest.approx(35.1704, abs=5e-5)]
    assert (fitted.n, fitted.verdict) == (946, "fitted")


def test_estimates_of_the_rounded_csv(csv):
    fitted = fit_gamma_gamma(csv)
    assert_allclose(fitted.parameters["estimate"], [6.2488, 3.74459, 15.44775], rtol=1e-4)
    assert fitted.log_likelihood == pytest.approx(-4055.9232, abs=5e-5)
    # lifetimes tests, which allow .1: first ten rows; the first of them is 24.66 here.
    off = expected_amounts(fitted, csv).head(10) - [
        24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert (off.abs() < [0.01] + [0.005] * 9).all()


def draw_amounts(n: int, *, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Units with 1 and more repeat orders, and the true mean amount of each."""
    rng, (p, q, v) = np.random.default_rng(seed), TRUTH
    orders, rate = 1 + rng.poisson(3, n), rng.gamma(q, 1 / v, n)
    mean = rng.gamma(p * orders, 1 / rate) / orders
    return pd.DataFrame({"n_repeat_days": orders, "repeat_day_mean_amount": mean}), p / rate


def test_intervals_hold_the_truth_of_simulations():
    held = np.zeros(3)
    for seed in range(30):
        table = fit_gamma_gamma(draw_amounts(1000, seed=seed)[0]).parameters
        held += (table["ci_low"] < TRUTH).to_numpy() & (table["ci_high"] > TRUTH).to_numpy()
    # 95 % of 30, give or take 4 standard errors.
    assert (held >= 28.5 - 4 * (30 * 0.95 * 0.05)**0.5).all()


def test_expected_amounts_are_right_on_average_whatever_was_spent():
    summary, truth = draw_amounts(4000, seed=4)
    off = expected_amounts(fit_gamma_gamma(summary), summary) - truth
    most = summary["repeat_day_mean_amount"] > summary["repeat_day_mean_amount"].quantile(0.8)
    for part in (off, off[most], off[~most]):
        assert abs(part.mean()) < 4 * part.std() / len(part)**0.5


def test_gradient():
    rng = np.random.default_rng(3)
    data, model = Amounts(np.array([1.0, 2, 3, 7]), rng.gamma(3, 10, 4)), GammaGamma()
    error = check_grad(lambda t: model.log_likelihood(t, data)[0],
                       lambda t: model.log_likelihood(t, data)[1], np.log([3.0, 2.0, 20.0]))
    assert error < 5e-6


def test_currency_scales_only_v(cdnow):
    plain = fit_gamma_gamma(cdnow)
    scaled = fit_gamma_gamma(cdnow.assign(
        repeat_day_mean_amount=cdnow["repeat_day_mean_amount"] * 1000))
    assert_allclose(scaled.parameters["estimate"],
                    plain.parameters["estimate"] * [1, 1, 1000], rtol=1e-5)


def test_q_stays_above_1_and_it_is_said():
    # Means so far apart that their own mean is infinite (true q = 0.6).
    rng = np.random.default_rng(5)
    orders = rng.integers(1, 6, 400)
    mean = rng.gamma(5 * orders, 1) / orders / rng.gamma(0.6, 1, 400)
    fitted = fit_gamma_gamma(pd.DataFrame({"n_repeat_days": orders,
                                           "repeat_day_mean_amount": mean}))
    assert fitted.values["q"] > 1
    assert fitted.verdict == "weak"
    assert "q" in fitted.reason
    assert population_mean(fitted) > 0


def test_refuses_few_and_forecasts_no_orders(cdnow):
    few = fit_gamma_gamma(cdnow.head(15))
    assert few.verdict == "refused"
    with pytest.raises(InputError, match="Gamma-Gamma says nothing about the number of orders"):
        fit_gamma_gamma(cdnow).conditional_orders(cdnow, 52)
