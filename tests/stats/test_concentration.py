"""Concentration against printed numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import InputError, RefusedError
from kamlib.stats.concentration import (
    effective_number,
    gini,
    grouped_gini,
    hhi,
    lorenz_curve,
    pareto_share,
    top_share,
)

# R package ineq, data set of its documentation; published_numbers.md B10.
INEQ = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]
AMOUNTS = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30)


def test_gini_of_ineq():
    assert gini(INEQ) == pytest.approx(0.4620911, abs=5e-8)
    assert gini(INEQ, corrected=True) == pytest.approx(0.5134346, abs=5e-8)


# published_numbers.md B10.
@pytest.mark.parametrize(("values", "expected"), [
    ([1, 1, 1, 1], 0.0), ([0, 0, 0, 1], 0.75), ([1, 2, 3, 4, 5], 0.2666667)])
def test_gini_of_small_cases(values, expected):
    assert gini(values) == pytest.approx(expected, abs=5e-8)


def test_gini_between_tiers_of_the_benchmark():
    # requirements.md: 20/40/40 of customers bring 60/30/10 of revenue, grouped Gini 0.48.
    assert grouped_gini([20, 40, 40], [60, 30, 10]) == pytest.approx(0.48, abs=1e-12)
    assert grouped_gini([40, 20, 40], [10, 60, 30]) == pytest.approx(0.48, abs=1e-12)
    # An empty tier does not matter.
    assert grouped_gini([20, 40, 40, 0], [60, 30, 10, 0]) == pytest.approx(0.48, abs=1e-12)


def test_hhi_of_the_department_of_justice():
    # justice.gov/atr/herfindahl-hirschman-index: 30, 30, 20, 20 percent give 2,600.
    assert hhi([30, 30, 20, 20]) * 10_000 == pytest.approx(2600, abs=1e-9)
    # published_numbers.md B10: 1 / sum s^2.
    assert effective_number([0.3, 0.3, 0.2, 0.2]) == pytest.approx(3.846, abs=5e-4)


def test_pareto_counts_accounts_until_the_threshold():
    assert pareto_share([60, 30, 10], threshold=0.6)[:2] == (1, 3)
    # 0.1 + 0.2 + … in doubles must not ask for one account more.
    assert pareto_share([0.1] * 10, threshold=0.8).k == 8
    assert pareto_share([90, 30, -20], threshold=0.9) == (1, 3, pytest.approx(1 / 3))


def test_top_share_rounds_the_number_of_accounts_up():
    assert top_share([50, 30, 10, 5, 5], 0.4) == 0.8
    assert top_share([50, 30, 10, 5, 5], 0.41) == 0.9


def test_lorenz_curve_runs_from_corner_to_corner():
    curve = lorenz_curve([3, float("nan"), 1])
    assert curve["account_share"].tolist() == [0, 0.5, 1]
    assert curve["amount_share"].tolist() == [0, 0.25, 1]


def test_nothing_sold_is_unknown_or_refused():
    assert math.isnan(gini([0, 0]))
    assert math.isnan(gini([]))
    assert math.isnan(hhi([0]))
    assert math.isnan(gini([5], corrected=True))
    with pytest.raises(RefusedError, match=r"total above 0, but 2 amounts sum to 0"):
        pareto_share([0, 0])


def test_negative_amounts_are_refused_and_counted():
    with pytest.raises(InputError, match=r"^Concentration needs amounts of 0 or more, but 2 of 3 "):
        gini([1, -1, -2])


def test_groups_need_sizes_and_amounts():
    with pytest.raises(InputError, match="there are 2 sizes and 1 amounts"):
        grouped_gini([1, 2], [3])


def test_shares_are_between_0_and_1():
    with pytest.raises(InputError, match=r"threshold has to lie above 0 .*, but is 80"):
        pareto_share([1], threshold=80)


@given(AMOUNTS, st.floats(0.001, 1000))
def test_order_and_currency_do_not_matter(amounts, factor):
    scaled = [factor * amount for amount in reversed(amounts)]
    assert gini(scaled) == pytest.approx(gini(amounts), abs=1e-9)
    assert hhi(scaled) == pytest.approx(hhi(amounts), rel=1e-9)
    assert -1e-9 <= gini(amounts) < 1
    assert 1 / len(amounts) - 1e-9 <= hhi(amounts) <= 1 + 1e-9
