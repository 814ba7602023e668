"""Kaplan & Meier with intervals and delayed entry, against printed tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import InputError, RefusedError
from kamlib.stats.survival import grouped_quantile, survival_curve

# Freireich et al. (1963), Blood 21:699-716: weeks of remission under 6-MP, + still in remission.
# Kaplan-Meier table with Greenwood errors and log(-log) intervals as printed by Stata's sts list
# in Kleinbaum & Klein, Survival Analysis (2012), computer appendix.
WEEKS = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
ENDED = [True] * 9 + [False] * 12
PRINTED = pd.DataFrame(
    [(6, 21, 3, 0.8571, 0.0764, 0.6197, 0.9516), (7, 17, 1, 0.8067, 0.0869, 0.5631, 0.9228),
     (10, 15, 1, 0.7529, 0.0963, 0.5032, 0.8894), (13, 12, 1, 0.6902, 0.1068, 0.4316, 0.8491),
     (16, 11, 1, 0.6275, 0.1141, 0.3675, 0.8049), (22, 7, 1, 0.5378, 0.1282, 0.2678, 0.7468),
     (23, 6, 1, 0.4482, 0.1346, 0.1881, 0.6801)],
    columns=["time", "n_at_risk", "n_events", "survival_share", "error",
             "survival_share_ci_low", "survival_share_ci_high"])
HALF_A_DIGIT = 0.00005


def test_remission_under_6_mp_is_the_printed_table() -> None:
    curve = survival_curve(WEEKS, ENDED)
    for column in ("time", "n_at_risk", "n_events"):
        assert curve.table[column].tolist() == PRINTED[column].tolist()
    for column in ("survival_share", "survival_share_ci_low", "survival_share_ci_high"):
        assert curve.table[column].tolist() == pytest.approx(
            PRINTED[column].tolist(), abs=HALF_A_DIGIT)
    # The median is printed as 23 weeks, its lower end as 13; the upper one is not reached.
    assert (curve.median, curve.median_ci_low) == (23, 13)
    assert np.isnan(curve.median_ci_high)


def test_greenwoods_error_is_the_printed_one() -> None:
    # Half the width of the interval on the scale of log(-log), back on that of the share.
    table = survival_curve(WEEKS, ENDED, level=0.6826894921370859).table
    low, high, share = (np.log(-np.log(table[f"survival_share{end}"]))
                        for end in ("_ci_low", "_ci_high", ""))
    error = (low - high) / 2 * table["survival_share"] * np.exp(share)
    assert error.tolist() == pytest.approx(PRINTED["error"].tolist(), abs=HALF_A_DIGIT)


def test_delayed_entry_by_hand() -> None:
    # At 3, two of those at risk are there (the third enters at 3 and is not): 1/2. At 5 it and the
    # other are: 1/2 of 1/2. At 6 the last one ends.
    curve = survival_curve([3, 5, 6], [True] * 3, entries=[0, 1, 3])
    assert curve.table["n_at_risk"].tolist() == [2, 2, 1]
    assert curve.table["survival_share"].tolist() == pytest.approx([1 / 2, 1 / 4, 0])
    assert curve.table.loc[2, "survival_share_ci_low"] == 0
    assert curve.median == 3


def test_who_enters_after_all_have_ended_does_not_revive_the_curve() -> None:
    curve = survival_curve([1, 2, 2], [True, True, False], entries=[-1, 1, 1])
    assert curve.table["survival_share"].tolist() == [0, 0]


def test_the_curve_is_read_off_between_its_steps() -> None:
    read = survival_curve(WEEKS, ENDED).at([0, 6, 12, 40])
    assert read["survival_share"].tolist() == pytest.approx([1, 0.8571, 0.7529, 0.4482], abs=1e-4)
    assert read["n_events"].tolist() == [0, 3, 5, 9]
    # Of 21 at week 12 there are still those that ended or were left at 13 or later.
    assert read["n_at_risk"].tolist() == [21, 21, 12, 0]
    assert read.loc[0, ["survival_share_ci_low", "survival_share_ci_high"]].isna().all()


def test_interval_covers_a_known_curve() -> None:
    # Exponential with mean 1, censored evenly in (0, 2): the share at its median is one half.
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(400):
        ends, leaves = rng.exponential(1, 60), rng.uniform(0, 2, 60)
        row = survival_curve(np.minimum(ends, leaves), ends <= leaves).at([np.log(2)]).iloc[0]
        inside += row["survival_share_ci_low"] <= 0.5 <= row["survival_share_ci_high"]
    assert 0.92 <= inside / 400 <= 0.98


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 50), st.booleans(), st.integers(0, 50)), min_size=1,
                max_size=30))
def test_invariants_and_row_order(rows: list[tuple[int, bool, int]]) -> None:
    lives = [(life, ended, min(entry, life) - 1) for life, ended, entry in rows]
    lives[0] = (lives[0][0], True, -1)
    ends, ended, entries = (np.array(column) for column in zip(*lives, strict=True))
    curve = survival_curve(ends, ended, entries=entries)
    share = curve.table["survival_share"]
    assert share.between(0, 1).all() and share.is_monotonic_decreasing
    assert curve.table["n_events"].sum() == ended.sum() == curve.n_events
    inside = curve.table.dropna()
    assert (inside["survival_share_ci_low"] <= inside["survival_share"]).all()
    assert (inside["survival_share"] <= inside["survival_share_ci_high"]).all()
    order = np.random.default_rng(len(rows)).permutation(len(ends))
    again = survival_curve(ends[order], ended[order], entries=entries[order])
    pd.testing.assert_frame_equal(again.table, curve.table)


def test_nothing_to_estimate_is_refused_and_wrong_input_named() -> None:
    with pytest.raises(RefusedError, match="Nothing has ended among 2"):
        survival_curve([1, 2], [False, False])
    with pytest.raises(InputError, match="1 duration\\(s\\) end when they enter"):
        survival_curve([1, 2], [True, True], entries=[1, 0])
    with pytest.raises(InputError, match="there are 2, 1 and 2"):
        survival_curve([1, 2], [True])


def test_times_until_a_share_has_ended() -> None:
    curve = survival_curve(WEEKS, ENDED)
    median = curve.time_until(0.5)
    assert median[:2] == (curve.median, curve.median_ci_low)
    assert np.isnan(median[2])
    # From the printed table: the share falls to 0.8067 or less at 7, its lower end at 6, its
    # upper one (0.9228 at 7, 0.8894 at 10, 0.8491 at 13, 0.8049 at 16) at 16.
    assert curve.time_until(0.19) == (7, 6, 16)
    assert all(np.isnan(end) for end in curve.time_until(0.9))


def test_grouped_quantile_is_the_curves_median():
    found = grouped_quantile(WEEKS, ENDED, range(21), seed=1)
    assert found.value == survival_curve(WEEKS, ENDED).median == 23
    assert found.low <= 23 <= found.high or np.isnan(found.high)
    # Days before the beginning move the answer with them.
    assert grouped_quantile(np.array(WEEKS) - 30, ENDED, range(21), seed=1).value == -7


def test_rows_of_one_group_come_together():
    rng = np.random.default_rng(3)
    habit = rng.integers(0, 60, 20)
    days = np.repeat(habit, 10) + rng.integers(0, 3, 200)
    together = grouped_quantile(days, np.ones(200), np.repeat(np.arange(20), 10), seed=1)
    apart = grouped_quantile(days, np.ones(200), np.arange(200), seed=1)
    assert together.high - together.low > 1.5 * (apart.high - apart.low)
