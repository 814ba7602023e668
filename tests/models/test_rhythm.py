"""Rhythm of units: gamma gaps with a rate of their own, silences and chance alarms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, special, stats
from scipy.optimize import check_grad

from kamlib.errors import InputError, RefusedError
from kamlib.models.result import FittedModel
from kamlib.models.rhythm import (
    GammaGaps,
    chance_share,
    fit_rhythm,
    gap_quantile_days,
    silence_probability,
)

MODEL = GammaGaps()
TRUTH = {"k": 3.0, "r": 4.0, "alpha": 40.0}


def given_model(k: float, r: float, alpha: float) -> FittedModel:
    table = pd.DataFrame({"parameter": ["k", "r", "alpha"], "estimate": [k, r, alpha]})
    return FittedModel(MODEL, table, 0.0, 100, 100, 3, "fitted", "", True, "", 1.0)


def draw_gaps(n: int, *, seed: int, mean_gaps: float = 6, k: float = 3.0, r: float = 4.0,
              alpha: float = 40.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Units with their gaps, of which some have none, and the rate of each."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(r, 1 / alpha, n)
    n_gaps = rng.poisson(mean_gaps, n)
    unit = np.repeat(np.arange(n), n_gaps)
    gaps = rng.gamma(k, 1 / rate[unit])
    return pd.DataFrame({"n_gaps": n_gaps, "gap_sum_days": np.bincount(unit, gaps, n),
                         "log_gap_sum": np.bincount(unit, np.log(gaps), n)}), rate


@pytest.fixture(scope="module")
def fitted() -> FittedModel:
    return fit_rhythm(draw_gaps(3000, seed=1)[0])


def test_recovers_the_truth(fitted):
    assert fitted.verdict == "fitted"
    truth = np.array(list(TRUTH.values()))
    assert_allclose(fitted.parameters["estimate"], truth, rtol=0.08)
    assert (fitted.parameters["ci_low"] < truth).all()
    assert (fitted.parameters["ci_high"] > truth).all()
    assert (fitted.n, fitted.time_unit_days) == (3000, 1.0)
    assert fitted.n_repeaters < 3000


def test_intervals_hold_the_truth():
    held = np.zeros(3)
    for seed in range(60):
        table = fit_rhythm(draw_gaps(300, seed=seed)[0]).parameters
        truth = np.array(list(TRUTH.values()))
        held += (table["ci_low"] < truth).to_numpy() & (table["ci_high"] > truth).to_numpy()
    # 95 % of 60 are 57, give or take 4 standard errors.
    assert (held >= 57 - 4 * math.sqrt(60 * 0.95 * 0.05)).all()


def test_gradient():
    data = MODEL.read(draw_gaps(80, seed=2)[0], time_unit_days=1)

    def each(theta):
        value, gradient = MODEL.log_likelihood(theta, data)
        return value / 80, gradient / 80

    for values in ([3.0, 4.0, 40.0], [0.7, 9.0, 200.0]):
        error = check_grad(lambda t: each(t)[0], lambda t: each(t)[1], np.log(values))
        assert error < 3e-6


def test_likelihood_of_one_unit_by_numbers():
    # Gaps of 20 and 50 days: integrated over the rate by quadrature.
    k, r, alpha = TRUTH.values()

    def density(rate):
        return stats.gamma.pdf(rate, r, scale=1 / alpha) * np.prod(
            stats.gamma.pdf([20, 50], k, scale=1 / rate))

    one = pd.DataFrame({"n_gaps": [2], "gap_sum_days": [70.0],
                        "log_gap_sum": [math.log(20) + math.log(50)]})
    value, _ = MODEL.log_likelihood(np.log([k, r, alpha]), MODEL.read(one, time_unit_days=1))
    assert value == pytest.approx(math.log(integrate.quad(density, 0, 3)[0]), abs=1e-8)


def test_next_gaps_are_surprising_as_often_as_said(fitted):
    # Tail probabilities of a further gap are uniform, over all units and over those with few.
    table, rate = draw_gaps(4000, seed=9, mean_gaps=3)
    following = np.random.default_rng(10).gamma(TRUTH["k"], 1 / rate)
    tail = silence_probability(given_model(**TRUTH), table, following)
    few = table["n_gaps"] <= 1
    for part in (tail, tail[few], tail[~few]):
        assert stats.kstest(part, "uniform").pvalue > 0.001
    # So it is with estimates of as many units.
    assert stats.kstest(silence_probability(fitted, table, following), "uniform").pvalue > 0.001
    late = gap_quantile_days(fitted, table, 0.95)
    assert (following > late).mean() == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 4000))


def test_known_random_rate_is_exponential():
    # k = 1 and a rate known to be 1/20: exp(-s / 20).
    one = pd.DataFrame({"n_gaps": [0], "gap_sum_days": [np.nan]})
    sure = given_model(1.0, 1e7, 20e7)
    for days in (0, 5, 20, 100):
        assert silence_probability(sure, one, days).iloc[0] == pytest.approx(
            math.exp(-days / 20), rel=1e-5)
    assert gap_quantile_days(sure, one, 0.95).iloc[0] == pytest.approx(20 * math.log(20), rel=1e-5)
    # Without a memory, a random day is as good as the day of a purchase.
    assert chance_share(sure, one, 0.95).iloc[0] == pytest.approx(0.05, rel=1e-4)


def test_known_regular_rate_is_the_renewal_age():
    # Erlang-2 of rate 1: P(age > s) = exp(-s) (1 + s / 2).
    one = pd.DataFrame({"n_gaps": [0], "gap_sum_days": [0]})
    sure = given_model(2.0, 1e7, 1e7)
    late = gap_quantile_days(sure, one, 0.9).iloc[0]
    assert late == pytest.approx(stats.gamma.ppf(0.9, 2), rel=1e-5)
    assert chance_share(sure, one, 0.9).iloc[0] == pytest.approx(
        math.exp(-late) * (1 + late / 2), rel=1e-4)


def test_a_random_day_finds_as_many_late_as_said():
    # Units with a past, whose rhythm goes on: silent beyond their own 0.8 quantile on a late day.
    table, rate = draw_gaps(20_000, seed=3, mean_gaps=4)
    rng, truth = np.random.default_rng(4), given_model(**TRUTH)
    day = 100 * TRUTH["k"] / rate
    moments = rng.gamma(TRUTH["k"], 1 / rate[:, None], (len(rate), 160)).cumsum(axis=1)
    last = np.where(moments <= day[:, None], moments, 0).max(axis=1)
    assert (moments[:, -1] > day).all()
    late = day - last > gap_quantile_days(truth, table, 0.8)
    expected = chance_share(truth, table, 0.8)
    assert late.sum() == pytest.approx(expected.sum(), abs=4 * math.sqrt(
        (expected * (1 - expected)).sum()))
    assert expected.mean() < 0.15              # not 0.2


def test_next_gap_is_beta_prime():
    table = pd.DataFrame({"n_gaps": [0, 1, 30], "gap_sum_days": [0, 25, 900]})
    k, r, alpha = TRUTH.values()
    found = silence_probability(given_model(**TRUTH), table, [10, 50, 90])
    laws = [stats.betaprime(k, r + k * n, scale=alpha + total)
            for n, total in ((0, 0), (1, 25), (30, 900))]
    assert_allclose(found, [law.sf(s) for law, s in zip(laws, (10, 50, 90), strict=True)],
                    rtol=1e-9)
    for share in (0.01, 0.5, 0.999):
        assert_allclose(gap_quantile_days(given_model(**TRUTH), table, share),
                        [law.ppf(share) for law in laws], rtol=1e-7)


VALUES = st.tuples(st.floats(0.3, 30), st.floats(0.2, 50), st.floats(0.1, 1000))


@given(values=VALUES, n=st.integers(0, 500), gap=st.floats(1, 400), share=st.floats(0.01, 0.99))
@settings(max_examples=60, deadline=None)
def test_quantiles_and_probabilities_are_inverse(values, n, gap, share):
    model = given_model(*values)
    one = pd.DataFrame({"n_gaps": [n], "gap_sum_days": [n * gap]})
    days = gap_quantile_days(model, one, share)
    assert silence_probability(model, one, days).iloc[0] == pytest.approx(1 - share, rel=1e-6)
    assert 0 <= chance_share(model, one, share).iloc[0] <= 1
    longer = silence_probability(model, one, days + 1).iloc[0]
    assert longer <= 1 - share + 1e-9


def test_unit_of_time_changes_nothing_but_the_scale():
    days = draw_gaps(400, seed=5)[0]
    hours = days.assign(gap_sum_days=days["gap_sum_days"] * 24,
                        log_gap_sum=days["log_gap_sum"] + days["n_gaps"] * math.log(24))
    first, second = fit_rhythm(days), fit_rhythm(hours)
    assert_allclose(second.parameters["estimate"],
                    first.parameters["estimate"] * [1, 1, 24], rtol=1e-5)
    assert_allclose(gap_quantile_days(second, hours, 0.9),
                    24 * gap_quantile_days(first, days, 0.9), rtol=1e-5)


def test_row_order_is_irrelevant():
    table = draw_gaps(400, seed=6)[0]
    mixed = table.sample(frac=1, random_state=1)
    assert_allclose(fit_rhythm(mixed).parameters["estimate"],
                    fit_rhythm(table).parameters["estimate"], rtol=1e-9)


def test_regularity_of_cdnow_is_small(cdnow):
    # The models with regular timing choose k = 1 on CDNOW (BTYDplus vignette); without leaving,
    # short gaps in a row make it look more random than random.
    table = cdnow.rename(columns={"n_repeat_days": "n_gaps", "first_to_last_days": "gap_sum_days"})
    assert 0.6 < fit_rhythm(table).values["k"] < 1.2


def test_equal_units_are_weak_and_few_are_refused():
    # More alike than chance allows: 6 gaps of 10 days on average, everyone.
    table = pd.DataFrame({"n_gaps": [6] * 40, "gap_sum_days": 60.0,
                          "log_gap_sum": 6 * math.log(10) - 1})
    vague = fit_rhythm(table)
    assert vague.verdict == "weak"
    assert vague.penalty != ""
    # The mean of the logs lies log(k) - psi(k) below the log of the mean.
    k = vague.values["k"]
    assert math.log(k) - special.psi(k) == pytest.approx(1 / 6, rel=0.05)
    few = fit_rhythm(table.head(20))
    assert few.verdict == "refused"
    with pytest.raises(RefusedError, match="gamma gaps was not fitted"):
        gap_quantile_days(few, table, 0.5)
    with pytest.raises(InputError, match="says nothing about the number of orders"):
        vague.conditional_orders(table, 52)


@pytest.mark.parametrize(("changed", "message"), [
    ({"n_gaps": [2, 0]}, r"1 of 2 rows break this, the first at 1: \[\[0.0, 30.0\]\]"),
    ({"gap_sum_days": [50, 0]}, "1 of 2 rows break this"),
    ({"log_gap_sum": [6.4, 9.0]}, r"no more than n log.* in 1 of 2 rows"),
    ({"log_gap_sum": [6.4, np.nan]}, r"missing in 1 of 2 rows")])
def test_wrong_gaps_are_named(changed, message):
    table = pd.DataFrame({"n_gaps": [2.0, 1.0], "gap_sum_days": [50.0, 30.0],
                          "log_gap_sum": [6.4, math.log(30)]}).assign(**changed)
    with pytest.raises(InputError, match=message):
        fit_rhythm(table)


def test_wrong_silences_and_shares_are_named():
    one = pd.DataFrame({"n_gaps": [1], "gap_sum_days": [30]})
    with pytest.raises(InputError, match="1 of 1 are shorter"):
        silence_probability(given_model(**TRUTH), one, [-1])
    with pytest.raises(InputError, match="between 0 and 1, but is 1"):
        gap_quantile_days(given_model(**TRUTH), one, 1.0)
    assert silence_probability(given_model(**TRUTH), one, np.nan).isna().all()


def test_hundreds_of_gaps_and_silences_of_years():
    table = pd.DataFrame({"n_gaps": [1000, 1, 0], "gap_sum_days": [1000.0, 1.0, 0.0]})
    found = silence_probability(given_model(**TRUTH), table, [3650, 3650, 3650])
    assert found.iloc[0] == pytest.approx(special.betainc(3004, 3, 1040 / 4690), rel=1e-9)
    assert ((found >= 0) & (found < 1e-3)).all()
