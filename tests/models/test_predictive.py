"""The distribution of orders to come: probabilities, draws, and whether they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, special, stats

from kamlib.errors import InputError
from kamlib.models.bg_bb import BetaBernoulli, fit_bg_bb
from kamlib.models.cnbd_k import RegularBuying
from kamlib.models.counts import fit_bg_nbd, fit_mbg_cnbd_k, fit_mbg_nbd, fit_pareto_nbd
from kamlib.models.draws import FARTHEST, draw_parameters
from kamlib.models.gamma_gamma import expected_amounts, fit_gamma_gamma, simulate_amounts
from kamlib.models.histories import read_histories
from kamlib.models.pareto_nbd import ParetoNBD

COLUMNS = ["n_repeat_days", "first_to_last_days", "first_to_as_of_days"]
CHANCES = ["n_repeat_periods", "last_period", "n_periods"]
BG, MBG, PARETO, BGBB = (RegularBuying(), RegularBuying(1, True), ParetoNBD(), BetaBernoulli())
MODELS = [BG, MBG, RegularBuying(3, True), RegularBuying(8), PARETO]
# Fader, Hardie & Lee (2005), table 2; regular and Pareto/NBD ones of the same size.
PAPER = np.array([0.243, 4.414, 0.793, 2.426])
TRUTH = {"r": 1.5, "alpha": 8.0, "a": 0.8, "b": 2.5}


def table(*rows: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def spread_out(model, values, row, time, n_max):
    """Probabilities of 0 to n_max orders, and the expectation that they should have."""
    columns = CHANCES if model is BGBB else COLUMNS
    one = pd.DataFrame([row] * (n_max + 1), columns=columns)
    rows = model.read(one, time_unit_days=1).by_row()
    counts = np.arange(n_max + 1.0)
    shares = model.count_ahead(np.array(values), rows, counts, time)
    return counts, shares, model.conditional(np.array(values), rows, time)[0]


# Probabilities

@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@pytest.mark.parametrize(("row", "n_max"), [
    ((0, 0, 39), 1500), ((2, 30.43, 38.86), 1500), ((3, 20, 20), 1500), ((0, 0, 0), 1500),
    ((400, 300, 301), 2500)])
@pytest.mark.parametrize("time", [0.5, 52.0, 300.0])
def test_probabilities_add_up_to_1_and_to_the_expectation(model, row, n_max, time):
    counts, shares, expected = spread_out(model, [0.55, 9.0, 0.7, 7.0], row, time, n_max)
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1, abs=1e-9)
    assert (counts * shares).sum() == pytest.approx(expected, rel=1e-8)


VALUES = st.tuples(st.floats(0.05, 20), st.floats(0.5, 200), st.floats(0.05, 20),
                   st.floats(0.05, 200))
HISTORIES = st.tuples(st.integers(1, 300), st.floats(1, 300), st.floats(0, 300))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@given(values=VALUES, row=HISTORIES, time=st.floats(0.1, 50), n=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_probabilities_are_probabilities(model, values, row, time, n):
    x, last, silence = row
    rows = read_histories(table((x, last, last + silence)), time_unit_days=1)
    share = model.count_ahead(np.array(values), rows, np.array([float(n)]), time)[0]
    assert 0 <= share <= 1 + 1e-12


@pytest.mark.parametrize("row", [(0, 0, 6), (4, 5, 6), (6, 6, 6)])
@pytest.mark.parametrize("n_ahead", [1, 5, 40])
def test_uses_of_opportunities_add_up(row, n_ahead):
    values = [1.203528, 0.7497260, 0.6567808, 2.783796]
    counts, shares, expected = spread_out(BGBB, values, row, n_ahead, n_ahead + 2)
    assert shares[-2:].tolist() == [0, 0]
    assert shares.sum() == pytest.approx(1, rel=1e-12)
    assert (counts * shares).sum() == pytest.approx(expected, rel=1e-10)


def test_newcomers_have_the_published_distribution(given_model):
    # pymc-marketing tests at the paper's parameters: a newcomer is a history without a past.
    fitted = given_model(BG, PAPER, time_unit_days=1)
    new = table(*[(0, 0, 0)] * 10)
    found = fitted.order_count_probability(new, 30, n_orders=np.arange(11, 21))
    assert_allclose(found, [0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638,
                            0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260],
                    atol=5.1e-11)
    for time, n, expected, error in ((2, 10, 1.07869e-7, 5e-13), (39, 0, 0.5737864, 5e-8)):
        share = fitted.order_count_probability(new.head(1), time, n_orders=n).iloc[0]
        assert share == pytest.approx(expected, abs=error)


@pytest.mark.parametrize("model", MODELS[:4], ids=lambda m: m.name)
def test_newcomers_are_the_difference_of_two_tails(model, history):
    values, counts = np.array([0.7, 4.4, 0.8, 2.4]), np.arange(8.0)
    new = read_histories(table(*[(0, 0, 0)] * 8), time_unit_days=1).by_row()
    assert_allclose(model.count_ahead(values, new, counts, 20),
                    model.count_probability(values, counts, 20), rtol=1e-9)


def test_one_customer_with_regular_timing_by_numbers(history):
    # Two gaps, silent for 4, then 10 units ahead: the rate by a fine grid, stages as a Poisson
    # process, leaving by its beta distribution.
    (r, alpha, a, b), k = (1.2, 2.0, 0.8, 2.5), 2
    rate, step = np.linspace(1e-6, 30, 200_001, retstep=True)
    # Given the rate: density of two gaps' stages, and no third purchase for 4 units.
    weight = rate**(r + 2 * k - 1) * np.exp(-(alpha + 12) * rate)
    model, one = RegularBuying(k), history((2, 8, 12))
    alive = model.probability_alive(np.array([r, alpha, a, b]), one)[0]
    expected, total = np.zeros(7), (weight * (1 + 4 * rate)).sum() * step
    for passed, passing in ((0, 1.0), (1, 4 * rate)):
        for n in range(7):
            mass = sum(stats.poisson.pmf(k * n - passed + i, 10 * rate) for i in range(k)
                       if k * n - passed + i >= 0)
            beyond = stats.poisson.sf(k * (n + 1) - passed - 1, 10 * rate)
            stay = special.beta(a, b + 2 + max(n - 1, 0)) / special.beta(a, b + 2)
            leave = a / (a + b + 2 + n - 1) if n else 0.0
            expected[n] += (weight * passing * (mass + leave * beyond)).sum() * step * stay / total
    expected = alive * expected + (1 - alive) * (np.arange(7) == 0)
    rows = read_histories(table(*[(2, 8, 12)] * 7), time_unit_days=1).by_row()
    found = model.count_ahead(np.array([r, alpha, a, b]), rows, np.arange(7.0), 10)
    assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("values", [(0.55, 10.58, 0.61, 11.67), (5, 0.5, 0.1, 0.01),
                                    (0.2, 1e-2, 8, 1000), (0.5, 10, 100, 1e5)])
@pytest.mark.parametrize(("row", "n"), [((0, 0, 39), 0), ((2, 30, 39), 1), ((12, 39, 39), 30),
                                        ((200, 38, 40), 400)])
def test_pareto_counts_are_an_integral_over_leaving(values, row, n, history):
    r, alpha, s, beta = values
    x, _, now = row
    shape, scale, later = r + x, alpha + now, beta + now

    def by(u):
        return np.exp(special.gammaln(shape + n) - special.gammaln(shape) - special.gammaln(n + 1)
                      - shape * np.log1p(u / scale) + n * np.log(u / (scale + u)))

    u = np.exp(np.linspace(math.log(52) - 40, math.log(52), 40_001))
    inside = integrate.simpson(by(u) * s * u / later * (1 + u / later)**-(s + 1), x=np.log(u))
    rows = history(row)
    alive = PARETO.probability_alive(np.array(values), rows)[0]
    expected = alive * ((1 + 52 / later)**-s * by(52) + inside) + (1 - alive) * (n == 0)
    found = PARETO.count_ahead(np.array(values), rows, np.array([float(n)]), 52)[0]
    assert found == pytest.approx(expected, rel=1e-7)


def test_far_tails_keep_their_digits(given_model):
    # 300 orders where 2 are expected: a difference of two tails would be 0.
    shares = given_model(BG, PAPER, time_unit_days=1).order_count_probability(
        table((2, 30, 39), (2, 30, 39)), 30, n_orders=[300, 301])
    assert 0 < shares.iloc[1] < shares.iloc[0] < 1e-20


def test_probabilities_do_not_hang_on_the_order_of_rows(simulate, given_model):
    drawn = simulate(200, **TRUTH, time=52, later=10, seed=5)
    for model, values in ((RegularBuying(2), list(TRUTH.values())), (PARETO, [1.5, 8, 1.2, 60])):
        fitted = given_model(model, values, time_unit_days=1)
        found = fitted.order_count_probability(drawn, 10, n_orders=drawn["n_later"])
        mixed = drawn.sample(frac=1, random_state=1)
        again = fitted.order_count_probability(mixed, 10, n_orders=mixed["n_later"])
        pd.testing.assert_series_equal(found, again.loc[found.index])


def test_units_without_a_purchase_and_no_time(given_model):
    fitted = given_model(BG, PAPER, time_unit_days=1)
    summary = table((2, 14, 70), (0, np.nan, np.nan), (0, 0, 30))
    found = fitted.order_count_probability(summary, 26, n_orders=[1, 1, 0])
    assert found.isna().tolist() == [False, True, False]
    assert fitted.order_count_probability(summary, 0, n_orders=[0, 0, 1]).iloc[[0, 2]].tolist() \
        == [1, 0]
    drawn = fitted.simulate_orders(summary, [26, 52], n_draws=200, seed=3)
    assert drawn.shape == (200, 3, 2)
    assert drawn[:, 1].max() == 0
    assert drawn[:, 2].max() > 0


def test_wrong_counts_and_horizons_are_named(given_model):
    fitted, one = given_model(BG, PAPER, time_unit_days=1), table((2, 14, 70), (0, 0, 9))
    with pytest.raises(InputError, match=r"whole numbers, but 2 of 2 are not: \[-1.   0.5\]"):
        fitted.order_count_probability(one, 26, n_orders=[-1, 0.5])
    with pytest.raises(InputError, match=r"which has 2, but its shape is \(3,\)"):
        fitted.order_count_probability(one, 26, n_orders=[1, 2, 3])
    with pytest.raises(InputError, match=r"finite and rise, but they are \[2.0, 1.0\]"):
        fitted.simulate_orders(one, [2, 1], n_draws=1, seed=1)
    with pytest.raises(InputError, match="0 or more units of time, not -1"):
        fitted.simulate_orders(one, -1, n_draws=1, seed=1)


# Draws

CASES = [*[(model, [0.9, 4.0, 0.7, 3.0], [(0, 0, 39), (2, 30, 39), (1, 5, 39), (40, 38, 40)],
            [13.0, 52.0, 104.0]) for model in MODELS],
         (BGBB, [1.2, 0.75, 0.66, 2.78], [(0, 0, 6), (2, 4, 6), (4, 5, 6), (6, 6, 6)],
          [1.0, 5.0, 10.0])]


@pytest.mark.parametrize(("model", "values", "rows", "times"), CASES, ids=lambda m: getattr(
    m, "name", ""))
def test_draws_have_the_expectation_and_the_distribution(model, values, rows, times, given_model):
    summary = pd.DataFrame(rows, columns=CHANCES if model is BGBB else COLUMNS)
    fitted, n = given_model(model, values, time_unit_days=1), 20_000
    drawn = fitted.simulate_orders(summary, times, n_draws=n, seed=11)
    assert drawn.shape == (n, 4, 3)
    assert (np.diff(drawn, axis=2, prepend=0) >= 0).all()
    for i, time in enumerate(times):
        mean, error = drawn[:, :, i].mean(axis=0), drawn[:, :, i].std(axis=0) / n**0.5
        off = (mean - fitted.conditional_orders(summary, time)) / error
        assert off.abs().max() < 4
        for count in range(6):
            share = fitted.order_count_probability(summary, time, n_orders=count)
            seen = (drawn[:, :, i] == count).mean(axis=0)
            assert_allclose(seen, share, atol=4 * 0.5 / n**0.5)


@pytest.mark.parametrize(("fit", "extra"), [
    (fit_mbg_nbd, {"can_leave_at_once": True}), (fit_mbg_cnbd_k, {"k": 3, "alpha": 2.7,
                                                                 "can_leave_at_once": True})])
def test_intervals_hold_what_happened(simulate, fit, extra):
    # Customers of a known world, fitted and forecast; counts are whole, so each interval is made
    # exact by chance (randomised probability integral transform).
    drawn = simulate(1500, **{**TRUTH, **extra}, time=78, later=52, seed=21)
    ahead = fit(drawn, time_unit_days=1).simulate_orders(drawn, 52, n_draws=500, seed=4)[:, :, 0]
    happened, rng = drawn["n_later"].to_numpy(), np.random.default_rng(5)
    below, equal = (ahead < happened).mean(axis=0), (ahead == happened).mean(axis=0)
    rank = below + equal * rng.random(len(drawn))
    for level in (0.8, 0.95):
        inside = (np.abs(rank - 0.5) <= level / 2).mean()
        assert inside == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / 1500))
    assert stats.kstest(rank, "uniform").pvalue > 0.001


def test_total_of_all_is_held_by_the_parameters_draws(simulate):
    # The total of 300 customers: without the parameters' own error, its interval is too narrow
    # (60 worlds: at 90 % it held 70 %, with 20 draws 85 %, and was two thirds as wide).
    inside, widths = {0: 0, 20: 0}, {0: 0.0, 20: 0.0}
    for seed in range(100, 124):
        drawn = simulate(300, **TRUTH, time=52, later=104, seed=seed)
        fitted = fit_bg_nbd(drawn, time_unit_days=1)
        for n in inside:
            total = fitted.simulate_orders(drawn, 104, n_draws=200, seed=6,
                                           parameter_draws=n)[:, :, 0].sum(axis=1)
            low, high = np.quantile(total, [0.05, 0.95])
            inside[n] += low <= drawn["n_later"].sum() <= high
            widths[n] += high - low
    assert inside[20] >= 19                   # 21.6 of 24 are expected
    assert inside[20] > inside[0]
    assert widths[20] > 1.3 * widths[0]


def test_same_seed_same_draws(simulate):
    drawn = simulate(100, **TRUTH, time=52, seed=5)
    for fit in (fit_bg_nbd, fit_pareto_nbd):
        fitted = fit(drawn, time_unit_days=1)
        first, second, other = (fitted.simulate_orders(drawn, [10, 20], n_draws=30, seed=s)
                                for s in (1, 1, 2))
        assert first.tobytes() == second.tobytes()
        assert first.tobytes() != other.tobytes()


def test_parameter_draws_have_the_covariance():
    mean, root = np.log([0.5, 8.0]), np.array([[0.2, 0.0], [0.3, 0.1]])
    drawn = draw_parameters(mean, root @ root.T, n=4000, rng=np.random.default_rng(1))
    assert_allclose(drawn.mean(axis=0), mean, atol=1e-3)
    assert_allclose(np.cov(drawn.T), root @ root.T, atol=4e-3)


def test_vague_parameters_stay_near_in_their_direction():
    # Standard deviation of 20 e-folds, both together: their ratio is what the data know.
    covariance = np.array([[400.0, 400.0], [400.0, 400.0001]])
    drawn = draw_parameters(np.zeros(2), covariance, n=50, rng=np.random.default_rng(1))
    assert np.abs(drawn).max() == pytest.approx(FARTHEST)
    assert_allclose(drawn[:, 0], drawn[:, 1], atol=0.03)


@pytest.mark.parametrize("covariance", [np.full((2, 2), np.nan), np.zeros((2, 2))])
def test_without_a_covariance_there_is_one_set(covariance):
    mean = np.array([1.0, 2.0])
    for n in (0, 20):
        drawn = draw_parameters(mean, covariance, n=n, rng=np.random.default_rng(1))
        assert drawn.tolist() == [[1, 2]]


def test_fits_keep_their_covariance(simulate, cdnow):
    fitted = fit_bg_nbd(cdnow)
    estimates = fitted.require()
    assert_allclose(np.sqrt(np.diag(fitted.log_covariance)) * estimates,
                    fitted.parameters["standard_error"], rtol=1e-12)
    refused = fit_bg_nbd(cdnow.head(5))
    assert refused.log_covariance.shape == (4, 4)
    assert np.isnan(refused.log_covariance).all()


def test_draws_of_opportunities_on_the_donations(real_data):
    # BTYD vignette: 12,884.2 uses are expected in the next 5 years; the parameters' draws are fair.
    donations = pd.read_csv(real_data / "reference" / "donations.csv").set_axis(
        [*CHANCES, "n_alike"], axis=1)
    drawn = fit_bg_bb(donations).simulate_orders(donations, [1, 5], n_draws=4000, seed=8)
    total = (drawn[:, :, 1] * donations["n_alike"].to_numpy()).sum(axis=1)
    assert total.mean() == pytest.approx(12884.2, rel=0.01)


# Amounts

def test_amounts_of_drawn_orders(cdnow):
    fitted = fit_gamma_gamma(cdnow)
    p, q, v = fitted.require()
    summary = cdnow.head(6)
    orders = np.tile(np.array([0, 1, 4]), (40_000, 6, 1))
    amounts = simulate_amounts(fitted, summary, orders, seed=2)
    assert amounts.shape == orders.shape
    assert amounts[:, :, 0].max() == 0
    assert (np.diff(amounts, axis=2) > 0).all()
    mean, error = amounts.mean(axis=0), amounts.std(axis=0) / 200
    expected = expected_amounts(fitted, summary).to_numpy()
    for i, n in ((1, 1), (2, 4)):
        assert np.abs((mean[:, i] - n * expected) / error[:, i]).max() < 4
    # The total of 4 orders of a unit without a past is a scaled beta prime distribution.
    new = int(np.flatnonzero(summary["n_repeat_days"] == 0)[0])
    law = stats.betaprime(4 * p, q, scale=v)
    assert stats.kstest(amounts[:, new, 2], law.cdf).pvalue > 0.001
    again = simulate_amounts(fitted, summary, orders, seed=2)
    assert again.tobytes() == amounts.tobytes()


def test_amounts_of_other_rows_are_refused(cdnow):
    fitted = fit_gamma_gamma(cdnow)
    with pytest.raises(InputError, match=r"each of the 5 rows .* shape is \(2, 4, 1\)"):
        simulate_amounts(fitted, cdnow.head(5), np.zeros((2, 4, 1), dtype=int), seed=1)
