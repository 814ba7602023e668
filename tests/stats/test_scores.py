"""Scores of parts: places among all, and means of what is known."""

from __future__ import annotations

import numpy as np
import pytest

from kamlib.stats.scores import mean_of_known, rank_scores, span_scores


def test_places_of_four_and_of_ties():
    # The mid-rank percentile 100 (r - 0.5) / n: for n = 4 these are 12.5, 37.5, 62.5, 87.5.
    assert rank_scores([10.0, 20.0, 30.0, 40.0]).tolist() == [12.5, 37.5, 62.5, 87.5]
    assert rank_scores([1.0, 1.0, 1.0]).tolist() == [50.0] * 3


def test_each_draw_is_ranked_by_itself_and_a_gap_counts_among_nobody():
    draws = np.array([[1.0, 2.0, np.nan], [5.0, 4.0, 3.0]])
    assert rank_scores(draws)[0, :2].tolist() == [25.0, 75.0]
    assert np.isnan(rank_scores(draws)[0, 2])
    assert rank_scores(draws)[1] == pytest.approx([250 / 3, 50, 50 / 3])


def test_a_scale_from_least_to_largest():
    assert span_scores([-1.0, np.nan, 3.0, 1.0])[[0, 2, 3]].tolist() == [0.0, 100.0, 50.0]
    assert span_scores([7.0, 7.0]).tolist() == [50.0, 50.0]


def test_the_mean_leaves_out_what_is_not_known():
    parts = np.array([[100.0, 0.0], [np.nan, 40.0], [np.nan, np.nan]])
    found = mean_of_known(parts, np.array([3.0, 1.0]), min_share=0.25)
    assert found[:2].tolist() == [75.0, 40.0]
    assert np.isnan(found[2])
    assert np.isnan(mean_of_known(parts, np.array([3.0, 1.0]), min_share=0.5)[1])
