"""Regular timing: (M)BG/CNBD-k (published_numbers.md B4), and the sums its forecasts rest on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special
from scipy.optimize import check_grad

from kamlib.errors import InputError
from kamlib.models.cnbd_k import RegularBuying
from kamlib.models.counts import fit_bg_cnbd_k, fit_bg_nbd, fit_mbg_cnbd_k, fit_mbg_nbd
from kamlib.models.discount import discount_rate, discounted_growth
from kamlib.models.histories import read_histories, read_log_gaps
from kamlib.models.naive import naive_shrunk_rate
from kamlib.models.stages import Ahead, expected_purchases, survivors_sum

# BTYDplus tests/testthat/test-mbg-cnbd-k.R.
TRUTH = {"r": 0.85, "alpha": 1.45, "a": 0.79, "b": 2.42}


def test_cdnow_shows_no_regularity(cdnow):
    # BTYDplus vignette: k = 1 is selected on CDNOW.
    for choose, plain in ((fit_mbg_cnbd_k, fit_mbg_nbd), (fit_bg_cnbd_k, fit_bg_nbd)):
        chosen = choose(cdnow)
        assert chosen.k == 1
        assert chosen.log_likelihood == pytest.approx(plain(cdnow).log_likelihood, abs=1e-9)
        # The chosen k was estimated too.
        assert chosen.n_parameters == 5


@pytest.mark.parametrize(("choose", "can_leave_at_once"), [
    (fit_bg_cnbd_k, False), (fit_mbg_cnbd_k, True)])
def test_recovers_the_truth_of_a_simulation(simulate, choose, can_leave_at_once):
    # n = 8000 and k = 3, 57 to 96 units of time: parameters within 10 %, sums within 5 %.
    drawn = simulate(8000, **TRUTH, k=3, time=96, later=52, seed=12,
                     can_leave_at_once=can_leave_at_once)
    fitted = choose(drawn, time_unit_days=1)
    assert (fitted.k, fitted.verdict) == (3, "fitted")
    assert_allclose(fitted.parameters["estimate"], list(TRUTH.values()), rtol=0.1)
    table = fitted.parameters
    assert table["ci_low"].lt(list(TRUTH.values())).all()
    assert table["ci_high"].gt(list(TRUTH.values())).all()
    expected = fitted.conditional_orders(drawn, 52)
    assert expected.sum() == pytest.approx(drawn["n_later"].sum(), rel=0.05)
    # Unconditionally: newcomers bought as often as they did in their own time.
    born = fitted.expected_orders(drawn["first_to_as_of_days"].to_numpy())
    assert born.sum() == pytest.approx(drawn["n_repeat_days"].sum(), rel=0.05)


def test_conditional_expectation_is_right_by_group(simulate):
    # Exact at the true parameters: in every group by count and silence the mean is met within
    # 4 standard errors.
    drawn = simulate(60_000, **TRUTH, k=3, time=52, later=26, seed=4, can_leave_at_once=True)
    model = RegularBuying(3, True)
    data = read_histories(drawn, time_unit_days=1)
    drawn["expected"] = data.spread(model.conditional(np.array(list(TRUTH.values())), data, 26))
    silence = (drawn["first_to_as_of_days"] - drawn["first_to_last_days"]) // 13
    groups = drawn.groupby([drawn["n_repeat_days"].clip(upper=6) // 2, silence.clip(upper=3)])
    off = (groups["expected"].mean() - groups["n_later"].mean()) / groups["n_later"].sem()
    off = off[groups["n_later"].sum() >= 30]
    assert len(off) >= 9
    assert off.abs().max() < 4


def test_b2b_customers_with_regular_timing(simulate):
    # published_numbers.md B4, last line: 200 accounts, Erlang-4, 104 weeks, holdout 52; k = 4 was
    # chosen in 12 of 12 and beats BG/NBD, which beats the naive rate. Three replicates here.
    chosen, errors = [], []
    for seed in (1, 2, 3):
        drawn = simulate(200, r=2.0, alpha=2.5, a=0.5, b=6.0, k=4, time=104, later=52, seed=seed)
        regular = fit_mbg_cnbd_k(drawn, time_unit_days=1)
        random = fit_bg_nbd(drawn, time_unit_days=1)
        naive = naive_shrunk_rate(drawn, n_units=52, time_unit_days=1)
        chosen.append(regular.k)
        errors.append([(f - drawn["n_later"]).abs().mean() for f in (
            regular.conditional_orders(drawn, 52), random.conditional_orders(drawn, 52), naive)])
    assert chosen == [4, 4, 4]
    mae = np.mean(errors, axis=0)
    assert mae[0] < mae[1] < mae[2]


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("can_leave_at_once", [False, True])
def test_gradient(cdnow, k, can_leave_at_once):
    model, histories = RegularBuying(k, can_leave_at_once), read_histories(cdnow.head(300))
    def each(theta):
        value, gradient = model.log_likelihood(theta, histories)
        return value / 300, gradient / 300

    error = check_grad(lambda t: each(t)[0], lambda t: each(t)[1], np.log([0.5, 3, 0.7, 1.7]))
    assert error < 3e-6


def test_unit_of_time_changes_nothing_but_the_scale(simulate):
    drawn = simulate(400, **TRUTH, k=2, time=52, seed=8)
    days, weeks = (fit_bg_cnbd_k(drawn, k=2, time_unit_days=unit) for unit in (1, 7))
    assert_allclose(days.parameters["estimate"],
                    weeks.parameters["estimate"] * [1, 7, 1, 1], rtol=1e-5)
    # Densities by week are larger than by day by 7 a purchase.
    n_gaps = drawn["n_repeat_days"].sum()
    assert days.log_likelihood == pytest.approx(
        weeks.log_likelihood - n_gaps * math.log(7), abs=1e-6)
    assert_allclose(days.conditional_orders(drawn, 70), weeks.conditional_orders(drawn, 10),
                    rtol=1e-6)


def test_likelihood_of_one_history_by_numbers(history):
    # Two gaps of 3 and 5, silent for 4: integrated over rate and dropout by quadrature.
    r, alpha, a, b, k = 1.2, 2.0, 0.8, 2.5, 2
    rate, step = np.linspace(1e-6, 30, 400_001, retstep=True)
    prior = rate**(r - 1) * np.exp(-alpha * rate) * alpha**r / math.gamma(r)
    gaps = (rate**k * 3 * np.exp(-3 * rate)) * (rate**k * 5 * np.exp(-5 * rate))
    silent = np.exp(-4 * rate) * (1 + 4 * rate)
    beta = special.beta
    # Alive after both purchases, or left at the second one.
    stays, leaves = beta(a, b + 2) / beta(a, b), beta(a + 1, b + 1) / beta(a, b)
    density = (prior * gaps * (stays * silent + leaves)).sum() * step
    model, one = RegularBuying(k), history((2, 8, 12))
    value, _ = model.log_likelihood(np.log([r, alpha, a, b]), one)
    value += model.log_gap_share(one, math.log(3) + math.log(5))
    assert value == pytest.approx(math.log(density), abs=1e-6)
    alive = (prior * gaps * stays * silent).sum() * step / density
    assert model.probability_alive(np.array([r, alpha, a, b]), one)[0] == pytest.approx(
        alive, abs=1e-6)


def brute(shape, odds, a, b, first, k, n_terms):
    n = np.arange(n_terms)
    alive = np.exp(special.betaln(a, b + n) - special.betaln(a, b))
    return (alive * special.betainc(first + k * n, shape, odds)).sum()


@pytest.mark.parametrize("a", [0.05, 0.8, 1 - 1e-9, 1.0, 1 + 1e-5, 1.5, 12])
@pytest.mark.parametrize(("shape", "odds", "b", "first", "k"), [
    (0.24, 0.5, 2.4, 1, 1), (0.24, 0.95, 2.4, 2, 3), (26.2, 0.6, 28.4, 1, 1),
    (300.0, 0.3, 102, 1, 3), (3000.0, 0.5, 1002, 2, 3), (1500.0, 0.5, 3.0, 1, 1),
    # So far ahead that the sum becomes an integral.
    (0.24, 0.9995, 2.4, 1, 1), (2.0, 0.9999, 5.0, 2, 2)])
def test_expected_purchases_are_their_sum(a, shape, odds, b, first, k):
    unit = Ahead(np.array([shape]), np.array([odds]), a, np.array([float(b)]))
    expected = brute(shape, odds, a, b, first, k, 400_000 if odds > 0.99 else 20_000)
    assert expected_purchases(unit, first=first, k=k)[0] == pytest.approx(expected, rel=2e-6)


def test_survivors_sum_is_its_sum():
    for a in (0.3, 1 - 1e-4, 1.0, 1 + 2e-3, 4):
        terms = np.exp(special.betaln(a, 0.2 + np.arange(50)) - special.betaln(a, 0.2))
        assert_allclose(survivors_sum(np.array([0.0, 1, 50]), a, np.full(3, 0.2)),
                        [0, 1, terms.sum()], rtol=1e-9)


@pytest.mark.parametrize("model", [RegularBuying(), RegularBuying(3, True)])
def test_discounted_orders_are_discounted_growth(history, model):
    values = np.array([0.7, 4.4, 0.793, 2.426])
    rows = history((0, 0, 39), (2, 30, 39), (26, 31, 32))
    rate = discount_rate(0.15, time_unit_days=7)
    slow = discounted_growth(lambda t: model.conditional(values, rows, t), discount=rate,
                             horizon=math.inf, scale=4.4)
    assert_allclose(model.discounted(values, rows, rate, math.inf), slow, rtol=2e-5)
    # A far horizon is next to none.
    assert_allclose(model.discounted(values, rows, rate, 5000), slow, rtol=1e-4)


def test_wrong_stages_and_missing_gaps(simulate):
    drawn = simulate(50, **TRUTH, time=52, seed=1)
    with pytest.raises(InputError, match="1 or more stages apart, not -1"):
        fit_bg_cnbd_k(drawn, k=-1)
    with pytest.raises(InputError, match="needs the columns n_repeat_days, log_gap_sum"):
        fit_bg_cnbd_k(drawn.drop(columns="log_gap_sum"))
    with pytest.raises(InputError, match="of 50 have none"):
        read_log_gaps(drawn.assign(log_gap_sum=np.nan))
