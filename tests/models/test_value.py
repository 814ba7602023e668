"""Values of accounts (published_numbers.md B10, CLV line)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kamlib.errors import InputError
from kamlib.models.counts import fit_bg_nbd
from kamlib.models.gamma_gamma import fit_gamma_gamma
from kamlib.models.value import value_accounts, value_after_renewal, value_from_now


def test_constant_retention():
    # Checked by summation: 100 a period, retention .8, interest .1.
    assert value_after_renewal(100, retention_share=0.8, rate=0.1) == pytest.approx(266.6667,
                                                                                  abs=5e-5)
    periods = np.arange(2000)
    assert value_from_now(100, retention_share=0.8, rate=0.1) == pytest.approx(
        (100 * (0.8 / 1.1)**periods).sum(), rel=1e-12)
    assert_allclose(value_after_renewal([100, 50], retention_share=[0.8, 0], rate=0.1),
                    [266.6667, 0], atol=5e-5)
    with pytest.raises(InputError, match=r"above it, but they are 1\.0 and 0\.0"):
        value_from_now(100, retention_share=1.0, rate=0.0)


def test_value_is_orders_times_amount_times_margin(cdnow):
    orders, amounts = fit_bg_nbd(cdnow), fit_gamma_gamma(cdnow)
    table = value_accounts(cdnow, orders=orders, amounts=amounts, margin_share=0.3,
                           annual_rate=0.1, n_units=156)
    assert_allclose(table["value_amount"],
                    table["discounted_orders"] * table["expected_amount"] * 0.3)
    # Without interest nothing is discounted; with it every order counts less, but 3 years of 10 %
    # take at most a quarter.
    plain = orders.discounted_orders(cdnow, annual_rate=0, n_units=156)
    assert_allclose(plain, orders.conditional_orders(cdnow, 156), rtol=1e-9)
    ratio = table["discounted_orders"] / plain
    assert ratio.between(1.1**-3, 1).all()
