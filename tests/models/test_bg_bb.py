"""BG/BB against the published donations (published_numbers.md B5)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import check_grad

from kamlib.errors import InputError
from kamlib.models.bg_bb import BetaBernoulli, fit_bg_bb

MODEL = BetaBernoulli()
COLUMNS = ["n_repeat_periods", "last_period", "n_periods"]
# R package BTYD, bgbb vignette: alpha, beta, gamma, delta.
BTYD = np.array([1.203528, 0.7497260, 0.6567808, 2.783796])
# The optimum of Hardie's spreadsheet (notes/010), solved for from the 22 values that it prints.
SHEET = np.array([1.20352083, 0.74971424, 0.65671217, 2.78340801])


@pytest.fixture(scope="module")
def donations(real_data):
    table = pd.read_csv(real_data / "reference" / "donations.csv")
    return table.set_axis([*COLUMNS, "n_alike"], axis=1)


@pytest.fixture(scope="module")
def fitted(donations):
    return fit_bg_bb(donations)


def rows(*values):
    return pd.DataFrame(list(values), columns=COLUMNS)


def test_estimates(fitted, donations):
    # Fader, Hardie & Shang (2010), Marketing Science 29:1086-1108.
    assert (fitted.n, fitted.n_repeaters) == (11_104, 11_104 - 3464)
    assert_allclose(fitted.parameters["estimate"], [1.204, 0.750, 0.657, 2.783], atol=5.1e-4)
    assert fitted.log_likelihood == pytest.approx(-33225.58, abs=5e-3)
    # Refitted independently: 1.2035222 .7497164 .6567184 2.7834437, -33225.581.
    assert_allclose(fitted.parameters["estimate"], [1.2035222, 0.7497164, 0.6567184, 2.7834437],
                    rtol=2e-5)
    assert fitted.log_likelihood == pytest.approx(-33225.581, abs=5e-4)


def test_likelihood_at_printed_parameters(donations):
    data = MODEL.read(donations, time_unit_days=1)
    for values in (BTYD, SHEET):
        value, _ = MODEL.log_likelihood(np.log(values), data)
        assert value == pytest.approx(-33225.58, abs=5e-3)


def test_expected_uses_of_newcomers(fitted):
    # BTYD vignette, 10 years: 3.179805, where its parameters as printed give 3.179806.
    assert MODEL.expected(BTYD, np.array([10.0]))[0] == pytest.approx(3.179805, abs=1.2e-6)
    assert_allclose(MODEL.expected(SHEET, np.arange(1.0, 12)), [
        0.4985, 0.9233, 1.2969, 1.6323, 1.9381, 2.2202, 2.4826, 2.7285, 2.9603, 3.1798, 3.3887],
        atol=5e-5)
    assert_allclose(fitted.expected_orders(np.arange(1, 12)),
                    MODEL.expected(SHEET, np.arange(1.0, 12)), rtol=1e-5)


def test_single_donors(fitted, donations):
    # BTYD vignette: donor A (0, 0, 6) and B (4, 5, 6), next 10 years.
    data = MODEL.read(rows((0, 0, 6), (4, 5, 6)), time_unit_days=1)
    assert_allclose(data.spread(MODEL.conditional(BTYD, data, 10)), [0.1302169, 3.627858],
                    rtol=5e-7)
    alive = fitted.probability_alive(rows((0, 0, 6), (2, 4, 6), (6, 6, 6)))
    # P(alive in 2002), Fader, Hardie & Shang (2010), table.
    assert_allclose(alive, [0.11, 0.59, 0.93], atol=5e-3)
    data = MODEL.read(donations, time_unit_days=1)
    total = MODEL.conditional(SHEET, data, 5) @ data.weight
    assert total == pytest.approx(12884.2, abs=0.05)
    assert (fitted.conditional_orders(donations, 5) * donations["n_alike"]).sum() \
        == pytest.approx(total, rel=1e-5)


def test_counts_in_the_sample(fitted):
    expected = 11_104 * MODEL.count_probability(fitted.require(), np.arange(7.0), 6)
    assert expected[[0, 6]].tolist() == [pytest.approx(3454.9, abs=0.05),
                                         pytest.approx(1253.1, abs=0.05)]
    assert expected.sum() == pytest.approx(11_104, rel=1e-12)


def test_single_log_likelihoods(fitted):
    # The 22 cells of brucehardie.com/notes/010 (pymc-marketing tests/clv/test_distributions.py),
    # from four parameters; our optimum agrees to the fifth digit.
    cells = [(x, last, 6) for last in range(6, 0, -1) for x in range(last, 0, -1)] + [(0, 0, 6)]
    data = MODEL.read(rows(*cells), time_unit_days=1)
    found = data.spread(MODEL.each_log_likelihood(SHEET, data))
    assert_allclose(data.spread(MODEL.each_log_likelihood(fitted.require(), data)), found,
                    atol=2e-5)
    assert_allclose(found, [
        -2.18167018824, -4.29485034929, -5.38473334360, -5.80915881601, -5.65172964525,
        -4.88370164695, -3.71682127437, -5.09558227343, -5.61576884108, -5.50636893346,
        -4.76723821904, -3.84829625138, -5.05936147828, -5.19562191019, -4.57070931973,
        -3.52745257839, -4.51620272962, -4.22465969453, -3.01199924784, -3.58817880928,
        -2.28882847451, -1.16751622367], atol=1e-8)


def test_recovers_the_truth_of_a_simulation():
    rng, truth, n, ahead = np.random.default_rng(2), np.array([1.2, 0.8, 0.7, 4.0]), 6000, 5
    buys, leaves = rng.beta(*truth[:2], n)[:, None], rng.beta(*truth[2:], n)[:, None]
    there = (rng.random((n, 8 + ahead)) >= leaves).cumprod(axis=1)
    used = there * (rng.random((n, 8 + ahead)) < buys)
    number = np.arange(1, 9)
    summary = pd.DataFrame({"n_repeat_periods": used[:, :8].sum(axis=1),
                            "last_period": (used[:, :8] * number).max(axis=1), "n_periods": 8})
    fitted = fit_bg_bb(summary)
    assert fitted.verdict == "fitted"
    assert (fitted.parameters["ci_low"] < truth).all()
    assert (fitted.parameters["ci_high"] > truth).all()
    assert fitted.conditional_orders(summary, ahead).sum() == pytest.approx(
        used[:, 8:].sum(), rel=0.03)
    alive = fitted.probability_alive(summary)
    assert alive.sum() == pytest.approx(there[:, 8].sum(), abs=4 * (alive * (1 - alive)).sum()**0.5)


VALUES = st.tuples(*[st.floats(0.05, 20)] * 4)
HISTORIES = st.tuples(st.integers(0, 20), st.integers(0, 10), st.integers(0, 10))


@given(values=VALUES, row=HISTORIES, ahead=st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_silence_and_time_have_their_direction(values, row, ahead):
    x, skipped, silence = row
    last = x + skipped if x else 0
    data = MODEL.read(rows((x, last, last + silence), (x, last, last + silence + ahead)),
                      time_unit_days=1)
    sooner, later = data.spread(MODEL.probability_alive(np.array(values), data))
    assert 0 <= later <= sooner + 1e-12
    assert sooner <= 1
    near, far = (MODEL.conditional(np.array(values), data, t) for t in (ahead, ahead + 1))
    assert (near > 0).all()
    assert (far >= near).all()
    assert (far <= ahead + 1).all()


def test_gradient(donations):
    data = MODEL.read(donations, time_unit_days=1)
    def each(theta):
        value, gradient = MODEL.log_likelihood(theta, data)
        return value / 1e4, gradient / 1e4

    error = check_grad(lambda t: each(t)[0], lambda t: each(t)[1], np.log([0.7, 1.4, 0.5, 2.0]))
    assert error < 1e-6


def test_discounted_uses_are_the_discounted_steps(fitted):
    one = rows((4, 5, 6))
    steps = np.diff([float(fitted.conditional_orders(one, n).iloc[0]) for n in range(400)])
    found = fitted.discounted_orders(one, annual_rate=0.1).iloc[0]
    assert found == pytest.approx((steps / 1.1**np.arange(1, 400)).sum(), rel=1e-6)


def test_wrong_histories():
    with pytest.raises(InputError, match=r"n_repeat_periods <= last_period.*2 of 2 rows"):
        fit_bg_bb(rows((3, 2, 6), (0, 1, 6)))
    with pytest.raises(InputError, match="whole number"):
        MODEL.expected(BTYD, np.array([1.5]))
