"""Measures of alarms against published examples, sklearn, and counts by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from kamlib.errors import InputError
from kamlib.stats.alarms import (
    RankedRows,
    average_precision,
    brier_score,
    calibration_table,
    draw_weights,
    judge_called,
    roc_area,
)

# Fawcett (2006), Pattern Recognition Letters 27:861-874, figure 3: 20 instances, 10 positive.
FAWCETT = [.9, .8, .7, .6, .55, .54, .53, .52, .51, .505,
           .4, .39, .38, .37, .36, .35, .34, .33, .30, .1]
IS_POSITIVE = [letter == "p" for letter in "ppnpppnnpnpnpnnnpnpn"]
# Hanley & McNeil (1982), Radiology 143:29-36, table I: ratings 1 to 5 of 109 CT images.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)


def expand(counts: tuple[int, ...]) -> list[int]:
    return [rating for rating, n in enumerate(counts, start=1) for _ in range(n)]


def test_area_of_fawcetts_instances():
    # Counted by hand: 68 of the 100 pairs are in order.
    assert roc_area(FAWCETT, IS_POSITIVE) == pytest.approx(0.68, abs=1e-12)


def test_area_of_hanley_and_mcneils_ratings():
    # The paper prints 0.893; ties, of which there are many, count half.
    scores = [*expand(NORMAL), *expand(ABNORMAL)]
    outcomes = [0] * sum(NORMAL) + [1] * sum(ABNORMAL)
    assert roc_area(scores, outcomes) == pytest.approx(0.893, abs=0.0005)


def test_fawcetts_ten_best_by_hand():
    # Of the first ten p p n p p p n n p n six are positive.
    found = judge_called(FAWCETT, IS_POSITIVE, n_called=10, worth=[10.0] * 10 + [1.0] * 10)
    assert found == {"n_called": 10, "n_hits": 6, "precision": 0.6, "recall": 0.6,
                     "lift": pytest.approx(1.2), "worth_share": pytest.approx(60 / 64)}


rows = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=40).filter(
    lambda r: 0 < sum(happened for _, happened in r) < len(r))


@settings(max_examples=60, deadline=None)
@given(rows)
def test_as_sklearn_with_ties_and_in_any_order(pairs):
    scores, outcomes = (np.array(x, dtype=float) for x in zip(*pairs, strict=True))
    assert roc_area(scores, outcomes) == pytest.approx(roc_auc_score(outcomes, scores), abs=1e-12)
    assert average_precision(scores, outcomes) == pytest.approx(
        average_precision_score(outcomes, scores), abs=1e-12)
    assert brier_score(scores / 6, outcomes) == pytest.approx(
        brier_score_loss(outcomes, scores / 6), abs=1e-12)
    assert judge_called(scores[::-1], outcomes[::-1], n_called=3) == pytest.approx(
        judge_called(scores, outcomes, n_called=3), nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(0, 2**16))
def test_a_weight_of_two_is_a_row_that_comes_twice(pairs, seed):
    scores, outcomes = (np.array(x, dtype=float) for x in zip(*pairs, strict=True))
    weights = np.random.default_rng(seed).integers(0, 3, len(scores))
    again = np.repeat(np.arange(len(scores)), weights)
    drawn = weights[None, :].astype(float)
    ranked = RankedRows(scores, outcomes, worth=scores)
    repeated = RankedRows(scores[again], outcomes[again], worth=scores[again])
    for name, n_called in (("pairs", None), ("precision_sum", None), ("totals", None),
                           ("call", 5)):
        given_ = (() if n_called is None else (n_called,))
        np.testing.assert_allclose(getattr(ranked, name)(*given_, drawn),
                                   getattr(repeated, name)(*given_), atol=1e-9)


def test_equal_scores_are_called_in_part():
    # Two of four rows of one score are called, of which one happened: half a hit each.
    found = judge_called([1, 1, 1, 1], [1, 0, 0, 0], n_called=2)
    assert (found["n_hits"], found["precision"], found["lift"]) == (0.5, 0.25, 1.0)
    assert roc_area([1, 1], [1, 0]) == 0.5


def test_more_calls_than_rows_and_nothing_to_divide_by():
    found = judge_called([3, 2], [0, 0], n_called=9)
    assert (found["n_called"], found["precision"]) == (2, 0.0)
    assert np.isnan([found["recall"], found["lift"], found["worth_share"]]).all()
    assert np.isnan(roc_area([3, 2], [0, 0]))
    assert np.isnan(roc_area([], []))
    assert np.isnan(average_precision([], []))
    assert np.isnan(brier_score([], []))
    assert calibration_table([], [], n_groups=3).empty


def test_calibration_by_hand():
    # 1.0 and 1.0 expected: the ten rows of 0.1, and the two of 0.5; Wilson's interval of 2 of 12
    # after Brown, Cai & DasGupta's formula, by hand: 0.047 to 0.448.
    table = calibration_table([0.1] * 10 + [0.5] * 2, [0] * 9 + [1, 0, 1], n_groups=2)
    assert table["calibration_group"].tolist() == ["1", "2", "all"]
    assert table["n_rows"].tolist() == [10, 2, 12]
    assert table["n_happened"].tolist() == [1, 1, 2]
    assert table["expected_share"].tolist() == pytest.approx([0.1, 0.5, 2 / 12])
    assert table.iloc[2][["observed_share_ci_low", "observed_share_ci_high"]].tolist() \
        == pytest.approx([0.047, 0.448], abs=0.0005)


def test_equal_probabilities_stay_together():
    table = calibration_table([0.2] * 50, [0, 1] * 25, n_groups=5)
    assert table["calibration_group"].tolist() == ["1", "all"]
    assert calibration_table([0.0, 0.0], [0, 1], n_groups=2)["n_rows"].tolist() == [2, 2]


def test_accounts_are_drawn_whole_and_row_order_does_not_matter():
    accounts = ["b", "a", "b", "c"]
    weights, number = draw_weights(accounts, n_draws=200, seed=3)
    assert (weights.sum(axis=1) == 3).all()
    assert number.tolist() == [1, 0, 1, 2]
    again, _number = draw_weights(sorted(accounts), n_draws=200, seed=3)
    np.testing.assert_array_equal(weights, again)
    assert draw_weights([], n_draws=2, seed=1)[0].shape == (2, 0)


def test_refused_input():
    with pytest.raises(InputError) as error:
        RankedRows([1.0, np.nan], [0, 1])
    assert str(error.value) == ("Each of the 2 outcomes needs a score, but there are 1. Leave "
                                "rows without a score out.")
    with pytest.raises(InputError) as error:
        brier_score(pd.Series([0.5, 1.2]), [0, 1])
    assert str(error.value) == ("A probability has to lie between 0 and 1, but 1 of 2 do not. "
                                "Give probabilities, not scores.")
