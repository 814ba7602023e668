"""Many means at once: Holm's correction, the margin of equal, how often a call is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from kamlib.satisfaction.improvement.compare import compare_groups, judge_margin


def build(values: np.ndarray) -> pd.DataFrame:
    n, k = values.shape
    return pd.DataFrame({"item": np.tile([f"i{j:02d}" for j in range(k)], n),
                         "difference": values.ravel()})


def compare(values: np.ndarray, min_pairs: int = 3) -> pd.DataFrame:
    return compare_groups(build(values), by=["item"], column="difference", level=0.95,
                          min_pairs=min_pairs)


@pytest.mark.parametrize("seed", range(5))
def test_sides_are_those_of_holm(seed):
    values = np.random.default_rng(seed).normal([0, 0.2, 0.5, 0.8, 1.0], 1, size=(20, 5))
    found = compare(values)
    p = stats.ttest_1samp(values, 0).pvalue
    assert ((found["side"] != "") == multipletests(p, method="holm")[0]).all()
    # What is told apart is what the printed interval says.
    assert ((found["low"] > 0) == (found["side"] == "above")).all()


def test_a_single_group_has_students_interval():
    """By hand: mean 2, standard error sqrt(2.5 / 5), t(4) = 2.776: 2 ± 1.963."""
    found = compare(np.array([[0.0], [1], [2], [3], [4]]))
    assert (found["low"][0], found["high"][0]) == pytest.approx((0.037, 3.963), abs=5e-4)
    assert found["side"][0] == "above"


def test_few_pairs_are_not_judged_and_cost_the_others_nothing():
    table = pd.concat([build(np.array([[0.0], [1], [2], [3], [4]])),
                       pd.DataFrame({"item": "few", "difference": [9.0, 9.1]})])
    found = compare_groups(table, by=["item"], column="difference", level=0.95, min_pairs=3)
    assert found.set_index("item")["side"].to_dict() == {"few": "", "i00": "above"}
    assert found.set_index("item").loc["i00", "low"] == pytest.approx(0.037, abs=5e-4)


def test_equal_answers_are_certain_and_zero_is_no_difference():
    found = compare(np.array([[0.0, 4.0]] * 4))
    assert found["side"].tolist() == ["", "above"]
    assert found[["low", "high"]].to_numpy().tolist() == [[0, 0], [4, 4]]


def test_nobody_compared():
    assert compare(np.empty((0, 2))).empty


@pytest.mark.parametrize(("low", "high", "side", "n", "verdict"), [
    (1, 4, "above", 9, "equal"), (-4, 4, "", 9, "equal"), (-6, 4, "", 9, "cannot tell"),
    (2, 9, "above", 9, "better"), (-9, -2, "below", 9, "worse"), (1, 4, "above", 4, "cannot tell")])
def test_margin(low, high, side, n, verdict):
    row = {"low": low, "high": high, "side": side, "n_paired": n}
    assert judge_margin(row, margin=5, min_pairs=5) == verdict


def test_without_any_difference_a_call_is_rare():
    """Eight questions of thirty accounts, 300 surveys: at most about 5 of 100 call anything."""
    rng = np.random.default_rng(1)
    mood = rng.normal(0, 1, (300, 30, 1))
    own, rival = (np.clip(np.rint(7 + mood + rng.normal(0, 1, (300, 30, 8))), 0, 10) * 10
                  for _ in range(2))
    calls = np.mean([stats.ttest_1samp(one, 0).pvalue.min() * 8 <= 0.05 for one in own - rival])
    checked = [(compare(one)["side"] != "").any() for one in (own - rival)[:20]]
    told = [stats.ttest_1samp(one, 0).pvalue.min() * 8 <= 0.05 for one in (own - rival)[:20]]
    assert checked == told
    # 5 of 100 and twice the error of 300 draws.
    assert calls <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)
