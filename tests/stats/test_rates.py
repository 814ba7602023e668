"""Rates of counts, against printed tables and R's examples."""

from __future__ import annotations

import math

import pytest
from statsmodels.stats.rates import test_poisson_2indep as poisson_test

from kamlib.errors import InputError
from kamlib.stats.rates import measure_clumping, rate_interval, rate_ratio_interval

# Exact 95 % limits of a Poisson mean: Pearson & Hartley (1966), Biometrika Tables for
# Statisticians I, table 40 (after Garwood 1936).
GARWOOD = {0: (0, 3.69), 1: (0.0253, 5.57), 2: (0.242, 7.22), 5: (1.62, 11.67),
           10: (4.80, 18.39), 20: (12.22, 30.89), 50: (37.11, 65.92)}


@pytest.mark.parametrize(("n", "printed"), GARWOOD.items())
def test_garwoods_limits(n, printed):
    low, high = rate_interval(n, 1)
    for got, wanted in ((low, printed[0]), (high, printed[1])):
        decimals = len(str(wanted).partition(".")[2])
        assert got == pytest.approx(wanted, abs=0.5 * 10**-decimals if wanted else 1e-12)


def test_a_rate_is_per_unit_of_exposure():
    assert rate_interval(10, 4) == pytest.approx([end / 4 for end in rate_interval(10, 1)])
    assert all(math.isnan(end) for end in rate_interval(3, 0))


def test_the_example_of_rs_poisson_test():
    # ?poisson.test: 11 of 800 person-years against 21 of 3011; printed ratio 1.971488 with
    # 95 percent confidence interval 0.8584264 4.2772659.
    low, high = rate_ratio_interval(11, 800, 21, 3011)
    assert low == pytest.approx(0.8584264, abs=5e-8)
    assert high == pytest.approx(4.2772659, abs=5e-8)


def test_gu_and_others_breast_cancer_example():
    # Gu, Ng, Tang & Schucany (2008), Biometrical Journal 50:283-298, example 1. The interval's
    # end reaches 1 exactly where the one-sided exact conditional test has its p value.
    counts = (60, 51477.5, 30, 54308.7)
    p = poisson_test(*counts, method="exact-cond", alternative="larger").pvalue
    assert p < 0.001
    assert rate_ratio_interval(*counts, level=1 - 2 * p).low == pytest.approx(1, abs=1e-6)
    assert rate_ratio_interval(*counts).low > 1


def test_nothing_on_one_side_has_an_open_end_and_on_both_no_interval():
    assert rate_ratio_interval(0, 10, 5, 10).low == 0
    assert rate_ratio_interval(5, 10, 0, 10).high == math.inf
    assert all(math.isnan(end) for end in rate_ratio_interval(0, 10, 0, 10))
    assert all(math.isnan(end) for end in rate_ratio_interval(1, 0, 2, 10))


def test_clumping_by_hand():
    # Each rate is 4 of 20. One account has all four now and none before, the other the reverse:
    # influences (4 - 2) / 4 + 2 / 4 = 1 and -1; 2 / (1/4 + 1/4) = 4.
    assert measure_clumping([4, 0], [10, 10], [0, 4], [10, 10]) == pytest.approx(4)
    # Who always complains more is no clump.
    assert measure_clumping([4, 0], [10, 10], [4, 0], [10, 10]) == 1
    assert measure_clumping([0, 0], [10, 10], [4, 0], [10, 10]) == 1


def test_a_negative_count_is_an_error():
    with pytest.raises(InputError, match="counts and an exposure of 0 or more, but there are -1"):
        rate_interval(-1, 10)
