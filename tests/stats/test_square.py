"""Tests of square tables against printed numbers and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import SquareTable

from kamlib.errors import InputError
from kamlib.stats.square import bowker_test, stuart_maxwell_test

# Unaided distance vision of 7477 women, right eye down and left eye across: Stuart (1953),
# Biometrika 40:105-110; used by Stuart (1955), Biometrika 42:412-416.
VISION = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]


def test_vision_of_7477_women():
    assert np.sum(VISION) == 7477
    # Printed: 11.96 with 3 degrees of freedom for the margins, 19.11 with 6 for symmetry.
    margins, symmetry = stuart_maxwell_test(VISION), bowker_test(VISION)
    assert margins.statistic == pytest.approx(11.96, abs=0.005) and margins.dof == 3
    assert symmetry.statistic == pytest.approx(19.11, abs=0.005) and symmetry.dof == 6
    assert {margins.method, symmetry.method} == {"chi_square"}


@pytest.mark.parametrize("seed", range(5))
def test_statsmodels_agrees(seed):
    table = np.random.default_rng(seed).integers(1, 40, size=(3, 3))
    theirs = SquareTable(table, shift_zeros=False)
    for ours, other in ((bowker_test(table), theirs.symmetry()),
                        (stuart_maxwell_test(table), theirs.homogeneity())):
        assert ours.statistic == pytest.approx(other.statistic)
        assert ours.p_value == pytest.approx(other.pvalue)


@pytest.mark.parametrize("test", [bowker_test, stuart_maxwell_test])
def test_two_classes_are_mcnemars_test(test):
    # (8 - 2)^2 / (8 + 2); the coins: both tails of 10 coins with 8 or more on one side, 112 / 1024.
    assert test([[9, 8], [2, 9]]).statistic == pytest.approx(3.6)
    few = test([[9, 8], [2, 9]], few=25, n_draws=40_000, seed=3)
    assert few.method == "permutation"
    assert few.p_value == pytest.approx(112 / 1024, abs=4 * 0.0016)


def test_a_pair_without_movers_has_no_say():
    table = [[5, 8, 0], [2, 5, 0], [0, 0, 5]]
    assert bowker_test(table)[:2] == pytest.approx((3.6, 1))
    assert stuart_maxwell_test(table)[:2] == pytest.approx((3.6, 1))


@pytest.mark.parametrize("test", [bowker_test, stuart_maxwell_test])
def test_nobody_moved(test):
    found = test(np.diag([3, 4, 5]))
    assert np.isnan(found.p_value) and found.dof == 0


@pytest.mark.parametrize("table", [[[1, 2, 3], [4, 5, 6]], [[1, -1], [0, 1]], [1, 2]])
def test_what_is_no_square_table_of_counts(table):
    with pytest.raises(InputError, match="square table of counts"):
        bowker_test(table)
