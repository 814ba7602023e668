"""Pareto/NBD against published numbers (published_numbers.md B2) and its closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special
from scipy.optimize import check_grad

from kamlib.models.counts import fit_pareto_nbd
from kamlib.models.discount import discount_rate, discounted_growth
from kamlib.models.histories import read_histories
from kamlib.models.pareto_nbd import ParetoNBD, _choose_rule, _integrate
from kamlib.models.tracking import track_orders
from kamlib.stats.forecasts import group_calibration

MODEL = ParetoNBD()
# The search of the BTYD walkthrough (R package, earlier version): .553 10.580 .606 11.656.
BTYD = np.array([0.5533971, 10.5801985, 0.6060625, 11.6562237])
# Its later version prints figures, but parameters to three digits only: of all those near the
# optimum, these give all 27 figures below to half a unit of their last digit.
LATER = np.array([0.55337141, 10.57952135, 0.60590663, 11.65806773])


@pytest.fixture(scope="module")
def fitted(cdnow):
    return fit_pareto_nbd(cdnow)


def test_estimates(fitted):
    estimates = fitted.parameters["estimate"].to_numpy()
    # Fader, Hardie & Lee (2005), table 2.
    assert_allclose(estimates, [0.553, 10.578, 0.606, 11.669], atol=5.1e-4)
    assert fitted.log_likelihood == pytest.approx(-9595.0, abs=0.05)
    # Refitted independently: .55328 10.57768 .60624 11.66876, -9594.9762; CLVTools stopped within
    # 3e-4 of it, at the same likelihood.
    assert_allclose(estimates, [0.55328, 10.57768, 0.60624, 11.66876], rtol=1e-5)
    assert_allclose(estimates, [0.55315, 10.57633, 0.60625, 11.67150], rtol=3e-4)
    assert_allclose(estimates, BTYD, rtol=1.2e-3)
    assert fitted.log_likelihood == pytest.approx(-9594.9762, abs=5e-5)


@pytest.mark.parametrize("values", [BTYD, LATER])
def test_likelihood_of_the_walkthrough(cdnow, values):
    value, _ = MODEL.log_likelihood(np.log(values), read_histories(cdnow))
    assert value == pytest.approx(-9594.976, abs=5e-4)


def test_standard_errors(fitted):
    # CLVTools tests; its search ended 3e-4 from here (see above), so four digits agree.
    assert_allclose(fitted.parameters["standard_error"],
                    [0.0476264, 0.8427222, 0.1872594, 6.2105448], rtol=2e-4)


def test_expected_orders_of_newcomers(fitted):
    # BTYD manual, t = 1 to 9; its example has the parameters .55, 10.56, .61, 11.64.
    values = np.array([0.55, 10.56, 0.61, 11.64])
    assert_allclose(MODEL.expected(values, np.arange(1.0, 10.0)), [
        0.05077821, 0.09916088, 0.14542507, 0.18979930, 0.23247466, 0.27361274, 0.31335159,
        0.35181024, 0.38909211], atol=5.1e-9)
    assert fitted.expected_orders(0) == 0
    assert MODEL.expected(LATER, np.array([52.0]))[0] == pytest.approx(1.473434, abs=5e-7)


def test_single_customers(fitted, history):
    values = fitted.require()
    busy, silent = history((26, 216 / 7, 31)), history((0, 0, 39))
    # Refitted independently.
    assert MODEL.conditional(values, busy, 52)[0] == pytest.approx(25.45518, abs=2e-5)
    assert MODEL.probability_alive(values, busy)[0] == pytest.approx(0.997873, abs=1e-6)
    assert MODEL.probability_alive(values, silent)[0] == pytest.approx(0.29427611, abs=1e-6)
    # Customer 1516 of the BTYD walkthrough, and its manual.
    assert MODEL.conditional(LATER, busy, 52)[0] == pytest.approx(25.45647, abs=5e-6)
    assert MODEL.probability_alive(LATER, busy)[0] == pytest.approx(0.997874, abs=5e-7)
    assert MODEL.probability_alive(BTYD, silent)[0] == pytest.approx(0.2941633, abs=5e-8)


def test_increasing_frequency_paradox(history):
    rows = history(*[(x, 20, 39) for x in (10, 15, 20, 25)])
    off = MODEL.conditional(LATER, rows, 52) - [0.7062289, 0.1442396, 0.02250658, 0.00309267]
    assert (np.abs(off) < [5e-8, 5e-8, 5e-9, 5e-9]).all()


def test_holdout(fitted, cdnow):
    # Refitted independently.
    expected = fitted.conditional_orders(cdnow, 39)
    assert expected.sum() == pytest.approx(1665.5, abs=0.05)
    off = expected - cdnow["n_later"]
    assert off.abs().mean() == pytest.approx(0.7545, abs=5e-5)
    assert np.sqrt((off**2).mean()) == pytest.approx(1.6028, abs=5e-5)
    assert expected.corr(cdnow["n_later"]) == pytest.approx(0.6302, abs=5e-5)


def test_bins_and_tracking(cdnow, given_model):
    # BTYD walkthrough: bins 0 to 6 and 7 or more; weeks 20 to 25.
    later = given_model(MODEL, LATER)
    table = group_calibration(cdnow["n_later"], later.conditional_orders(cdnow, 39),
                              cdnow["n_repeat_days"])
    assert_allclose(table["forecast_mean"], [
        0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403], atol=5e-4)
    weeks = track_orders(later, cdnow, n_units=np.arange(1, 79)).set_index("n_units").loc[20:25]
    assert_allclose(weeks["orders"], [78.308, 76.419, 74.648, 72.983, 71.414, 69.933], atol=5e-4)
    assert_allclose(weeks["cumulative_orders"], [
        1308.856, 1385.275, 1459.923, 1532.906, 1604.32, 1674.253], atol=5e-4)


def test_stability(history):
    # CLVTools: must be finite.
    rows = history((221, 103.42857, 103.57143), (254, 97.14286, 97.28571), (161, 94.71429, 98),
                   (204, 98.57143, 99.42857))
    assert np.isfinite(MODEL.log_likelihood(np.log([0.5143, 2.8845, 0.2856, 14.1087]), rows)[0])
    # lifetimes issue: alpha far below beta, hundreds of orders.
    rows = history((400, 5, 6), (500, 1, 37), (500, 4, 37))
    values = np.array([10.465, 0.00798565181, 3.0516, 2.820])
    value, gradient = MODEL.log_likelihood(np.log(values), rows)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    # lifetimes tests: conditional expectation of 132 and 133 orders.
    rows = history((132, 200, 200), (133, 200, 200))
    assert_allclose(MODEL.conditional(np.array([0.55, 10.58, 0.61, 11.67]), rows, 10),
                    [6.2060517889632418, 6.2528722475748113], rtol=1e-9)


def closed_form(values, x, to_last, to_now):
    """Log-likelihood with the two hypergeometric functions of the paper."""
    r, alpha, s, beta = values
    total = r + s + x

    def branch(t):
        if alpha >= beta:
            f = special.hyp2f1(total, s + 1, total + 1, (alpha - beta) / (alpha + t))
            return f / (alpha + t)**total
        f = special.hyp2f1(total, r + x, total + 1, (beta - alpha) / (beta + t))
        return f / (beta + t)**total

    inner = (alpha + to_now)**-(r + x) * (beta + to_now)**-s \
        + s / total * (branch(to_last) - branch(to_now))
    return special.gammaln(r + x) - special.gammaln(r) + r * math.log(alpha) \
        + s * math.log(beta) + math.log(inner)


@pytest.mark.parametrize("values", [(0.55, 10.58, 0.61, 11.67), (0.9, 12.0, 2.0, 3.0)])
@pytest.mark.parametrize("row", [(0, 0, 39), (1, 5, 39), (12, 30, 39), (3, 38.9, 39), (2, 4, 4)])
def test_quadrature_is_the_papers_closed_form(history, values, row):
    value, _ = MODEL.log_likelihood(np.log(values), history(row))
    assert value == pytest.approx(closed_form(values, *row), rel=1e-9)


@pytest.mark.parametrize("values", [
    (0.05, 0.01, 0.03, 50), (5, 0.5, 0.1, 0.01), (0.2, 1e-3, 8, 1000), (0.5, 10, 1000, 1e6)])
def test_alive_at_extreme_parameters_against_fine_steps(history, values):
    # The integral behind the odds of having left, by a million steps on a log scale.
    r, alpha, s, beta = values
    for x, to_last, to_now in [(0, 0, 39), (2, 30, 39), (100, 20, 100)]:
        y = to_last + np.geomspace(1e-9, to_now - to_last, 1_000_001)
        f = np.exp(-(r + x) * np.log((alpha + y) / (alpha + to_now))
                   - (s + 1) * np.log((beta + y) / (beta + to_now))) / (beta + to_now)
        odds = s * np.trapezoid(f, y)
        alive = MODEL.probability_alive(np.array(values), history((x, to_last, to_now)))[0]
        assert alive == pytest.approx(1 / (1 + odds), rel=1e-5)


def test_nodes_are_enough_whatever_the_parameters(history, monkeypatch):
    # Against 300 nodes, over parameters and histories of all sizes.
    rng = np.random.default_rng(0)

    def draw_log(low: float, high: float) -> float:
        return math.exp(rng.uniform(low, high))

    # The first of them has a singularity close by on a scale that looks at shape alone.
    worlds = [([0.05, 0.027, 0.03, 2000.0], history((0, 0, 0.56)))]
    for _world in range(300):
        x = int(draw_log(-1, 8)) * int(rng.integers(0, 2))
        last = draw_log(-2, 6) if x else 0.0
        worlds.append(([draw_log(-3, 3), draw_log(-4, 7), draw_log(-4, 4), draw_log(-4, 9)],
                       history((x, last, last + draw_log(-3, 7)))))

    def find_odds():
        return np.array([_integrate(np.array(v), row).log_odds[0] for v, row in worlds])

    few, choose = find_odds(), _choose_rule
    monkeypatch.setattr("kamlib.models.pareto_nbd._choose_rule", lambda n: choose(300))
    assert_allclose(few, find_odds(), atol=1e-11)


@pytest.mark.parametrize("values", [[0.5, 8.0, 0.7, 12.0], [0.9, 18.0, 2.0, 2.0]])
def test_gradient(cdnow, values):
    histories = read_histories(cdnow.head(300))
    def each(theta):
        value, gradient = MODEL.log_likelihood(theta, histories)
        return value / 300, gradient / 300

    error = check_grad(lambda t: each(t)[0], lambda t: each(t)[1], np.log(values))
    assert error < 2e-6


def test_expectation_has_its_limit_at_s_1(history):
    near = [MODEL.expected(np.array([0.5, 10, s, 12.0]), np.array([52.0]))[0]
            for s in (1 - 1e-7, 1, 1 + 1e-7)]
    # r beta / alpha log((beta + t) / beta).
    assert_allclose(near, 0.5 * 12 / 10 * math.log(64 / 12), rtol=1e-6)


@pytest.mark.parametrize("s", [0.05, 0.606, 1.0, 3.3])
def test_discounted_orders_are_tricomis_function(history, s):
    # Fader, Hardie & Lee (2005), JMR 42:415-430: closed form with Psi(s, s, z).
    values, rows = np.array([0.553, 10.578, s, 11.669]), history((0, 0, 39), (26, 30.86, 31))
    rate = discount_rate(0.15, time_unit_days=7)
    r, alpha, _, beta = values
    z = rate * (beta + rows.to_now)
    closed = MODEL.probability_alive(values, rows) * (r + rows.n_repeats) \
        / (alpha + rows.to_now) * z**s * special.hyperu(s, s, z) / rate
    assert_allclose(MODEL.discounted(values, rows, rate, math.inf), closed, rtol=1e-8)
    ended = discounted_growth(lambda t: MODEL.conditional(values, rows, t), discount=rate,
                              horizon=260, scale=beta)
    assert_allclose(MODEL.discounted(values, rows, rate, 260), ended, rtol=1e-8)
