"""Intervals of shares that were listed because they are high."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kamlib.errors import InputError
from kamlib.stats.selected import selected_ends


# Newcombe (1998), Statist. Med. 17:857-872, table I, method 6 (mid-P): where all shares are shown.
@pytest.mark.parametrize(("k", "n", "low", "high"), [
    (81, 263, 0.2544, 0.3658), (15, 148, 0.0601, 0.1581), (0, 20, 0.0, 0.1391),
    (1, 29, 0.0017, 0.1585)])
def test_without_selection_it_is_the_published_mid_p_interval(k, n, low, high):
    found = selected_ends([k], [n], least=0)
    assert [float(end[0]) for end in found] == pytest.approx([low, high], abs=5e-5)


def test_two_of_two_listed_from_one_on_is_solved_by_hand():
    # P(K = 2 | K >= 1) = p / (2 - p); half of it is 0.025 at p = 0.1 / 1.05.
    low, high = selected_ends([2], [2], least=[1])
    assert float(low[0]) == pytest.approx(0.1 / 1.05, abs=1e-9)
    assert float(high[0]) == 1.0


def test_the_least_count_says_nothing_of_how_small_the_share_is():
    low, high = selected_ends([5, 6], [9, 9], least=5)
    assert float(low[0]) == 0.0 < float(low[1])
    assert float(high[0]) < float(high[1]) < 1


@pytest.mark.parametrize("share", [0.15, 0.4, 0.7])
def test_it_holds_among_what_is_listed_where_the_plain_interval_does_not(share):
    # Ten accounts, listed from five on: exact coverage, by summing over all counts.
    counts = np.arange(5, 11)
    weights = stats.binom.pmf(counts, 10, share)
    low, high = selected_ends(counts, 10, least=5)
    held = ((low <= share) & (share <= high)) @ weights / weights.sum()
    assert 0.93 <= held <= 1
    plain_low, _ = selected_ends(counts, 10, least=0)
    if share < 0.2:
        assert ((plain_low <= share) @ weights) / weights.sum() < 0.2


def test_impossible_counts_are_refused():
    with pytest.raises(InputError, match="A share that was chosen needs 0 <= least <= successes"):
        selected_ends([3], [9], least=[5])
