"""Trend, season and many tests at once, against printed numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kamlib.errors import InputError, RefusedError
from kamlib.stats.trend import (
    adjust_p_values,
    false_discovery,
    mann_kendall,
    seasonal_indexes,
    theil_sen,
)

# Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289-300, section 4: 15 ordered p-values.
TRIAL = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
         0.5719, 0.6528, 0.7590, 1.000]
# Box & Jenkins (1976), series G: airline passengers in thousands, 1949-1960.
AIRLINE = """
112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140
145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242 209 191 172 194
196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229
242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306
315 301 356 348 355 422 465 467 404 347 305 336 340 318 362 348 363 435 491 505 404 359 310 337
360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432
"""
MONTHS = pd.date_range("1949-01-01", periods=144, freq="MS")
# decompose(AirPassengers, type = "multiplicative")$figure in R 4 (package stats).
FIGURE = [0.9102304, 0.8836253, 1.0073663, 0.9759060, 0.9813780, 1.1127758, 1.2265555, 1.2199110,
          1.0604919, 0.9217572, 0.8011781, 0.8988244]


def test_slope_is_sens_example():
    # Sen (1968), J. Am. Stat. Assoc. 63:1379-1389, section 6: estimate 4.
    trend = theil_sen([9, 15, 19, 20, 45, 55, 78], times=[1, 2, 3, 4, 10, 12, 18])
    assert trend.slope.tolist() == [4]


def test_p_is_that_of_hollander_and_wolfe():
    # Hollander & Wolfe (1973), p. 187: tuna quality; R's ?cor.test prints T = 26, p = 0.1194.
    hunter = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    panel = np.array([2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8])
    assert mann_kendall(panel[np.argsort(hunter)]) == pytest.approx([0.1194], abs=5e-5)


@pytest.mark.parametrize("n", [4, 9, 33, 34, 36])
def test_many_rows_at_once_are_what_scipy_finds_of_each(n):
    rng = np.random.default_rng(n)
    rows = np.vstack([rng.normal(size=(20, n)), rng.integers(0, 4, (20, n)),
                      np.where(rng.random((20, n)) < 0.6, 0, rng.normal(size=(20, n))),
                      np.arange(n), -np.arange(n), [*range(1, n), 0]])
    together, p = theil_sen(rows, level=0.9), mann_kendall(rows)
    for at, row in enumerate(rows):
        line = stats.theilslopes(row, alpha=0.9)
        assert [part[at] for part in together] == [line.slope, line.low_slope, line.high_slope]
        expected = np.nan if np.ptp(row) == 0 else stats.kendalltau(range(n), row).pvalue
        assert p[at] == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("values", [[], [1], [1, 2, 3], [5, 5, 5, 5, 5]])
def test_too_little_or_nothing_to_tell(values):
    assert np.isnan(mann_kendall(values)).all()
    assert np.isnan(theil_sen(values).slope).all() == (len(values) < 2)


def test_values_and_times_have_to_match():
    with pytest.raises(InputError, match="there are 2 values and 1 times"):
        theil_sen([1, 2], times=[1])


def test_false_discovery_rejects_the_four_of_the_paper():
    # The paper rejects the four smallest; Bonferroni, at the same level, three.
    assert false_discovery(TRIAL, level=0.05).tolist() == [True] * 4 + [False] * 11
    assert sum(p <= 0.05 / 15 for p in TRIAL) == 3
    # Largest level at which the fourth holds: 15 * 0.0095 / 4.
    assert adjust_p_values(TRIAL)[3] == pytest.approx(0.035625, abs=1e-12)


def test_tests_that_could_not_be_made_do_not_count():
    mixed = [float("nan"), *reversed(TRIAL), float("nan")]
    assert false_discovery(mixed).tolist() == [False] * 12 + [True] * 4 + [False]
    assert false_discovery([]).tolist() == []


def test_seasonal_indexes_are_rs():
    indexes = seasonal_indexes(MONTHS, [float(word) for word in AIRLINE.split()])
    assert indexes.tolist() == pytest.approx(FIGURE, abs=5e-8)
    assert indexes.index.tolist() == list(range(1, 13))


def test_rows_of_a_month_are_summed_in_any_order():
    amounts = np.array([float(word) for word in AIRLINE.split()])
    twice = seasonal_indexes([*MONTHS[::-1], *MONTHS], [*amounts[::-1] / 4, *amounts * 3 / 4])
    assert twice.tolist() == pytest.approx(FIGURE, abs=5e-8)


def test_season_without_two_years_is_refused():
    with pytest.raises(RefusedError, match=r"^A season needs 24 months to be seen, but there are "
                       r"23\. A longer history would lift this\.$"):
        seasonal_indexes(MONTHS[:23], np.ones(23))
    with pytest.raises(RefusedError, match="but there are 0"):
        seasonal_indexes([], [])


def test_season_without_sales_is_refused():
    with pytest.raises(RefusedError, match="at 1949-07 they are not"):
        seasonal_indexes(MONTHS[:24], np.zeros(24))
