"""Judging forecasts of counts, against numbers worked by hand and published ones."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from kamlib.errors import InputError
from kamlib.stats.forecasts import (
    group_calibration,
    judge_counts,
    log_probability,
    poisson_log_score,
)

OBSERVED = [0, 1, 2, 5]
FORECASTS = {"model": [0.5, 1.0, 2.5, 4.0], "own": [0, 2, 0, 4], "zero": [0, 0, 0, 0]}


def judged(log_scores=None, **changed) -> pd.DataFrame:
    given = {"naive": ["own", "zero"], "seed": 3, "log_scores": log_scores, **changed}
    return judge_counts(OBSERVED, FORECASTS, **given).set_index("method")


def test_errors_by_hand():
    table = judged()
    assert table.index.tolist() == ["model", "own", "zero"]
    assert table["is_naive"].tolist() == [False, True, True]
    assert (table["n"] == 4).all()
    assert (table["total_observed"] == 8).all()
    assert table["total_forecast"].tolist() == [8, 6, 0]
    # (8 - 8) / 8, (6 - 8) / 8, (0 - 8) / 8.
    assert table["bias_share"].tolist() == [0, -0.25, -1]
    # |off|: .5 0 .5 1; 0 1 2 1; 0 1 2 5, and their squares.
    assert table["mae"].tolist() == [0.5, 1, 2]
    assert_allclose(table["rmse"], np.sqrt([1.5 / 4, 6 / 4, 30 / 4]))
    assert table.loc["model", "correlation"] == pytest.approx(
        stats.pearsonr(OBSERVED, FORECASTS["model"]).statistic)
    assert math.isnan(table.loc["zero", "correlation"])
    assert table["log_score"].isna().all()
    assert table["n_ruled_out"].isna().all()


def test_the_best_naive_is_what_has_to_be_beaten():
    table = judged()
    # Mean squares .375, 1.5 and 7.5: "own" is the baseline.
    assert table["error_verdict"].tolist() == ["cannot tell", "baseline", "cannot tell"]
    assert table.loc["model", "error_difference"] == pytest.approx(0.375 - 1.5)
    assert table.loc["zero", "error_difference"] == pytest.approx(7.5 - 1.5)
    assert math.isnan(table.loc["own", "error_difference"])
    assert (table["score_verdict"] == "").all()


def test_interval_of_the_difference_is_the_bootstraps():
    # All 4^4 resamples of the differences .25, -1, -3.75, 0: their exact distribution.
    pair = np.array([0.25, -1, -3.75, 0])
    picks = np.array(np.meshgrid(*[pair] * 4)).reshape(4, -1).mean(axis=0)
    exact = np.quantile(picks, [0.1, 0.9])
    table = judged(level=0.8, n_resamples=20_000)
    assert_allclose(table.loc["model", ["error_ci_low", "error_ci_high"]].astype(float), exact,
                    atol=0.07)


def test_log_scores_by_hand():
    scores = {"model": np.log([0.5, 0.4, 0.2, 0.1]), "own": np.log([0.4, 0.2, 0.2, 0.1])}
    table = judged(scores)
    assert table.loc["model", "log_score"] == pytest.approx(math.log(0.5 * 0.4 * 0.2 * 0.1) / 4)
    assert table["n_ruled_out"].tolist()[:2] == [0, 0]
    assert table["score_verdict"].tolist() == ["cannot tell", "baseline", ""]
    assert table.loc["model", "score_difference"] == pytest.approx(math.log(1.25 * 2) / 4)
    low, high = table.loc["model", ["score_ci_low", "score_ci_high"]]
    # Never worse in any row, so no resample is.
    assert 0 <= low < math.log(2.5) / 4 < high < math.log(2)


def test_who_rules_out_what_happens_is_worse():
    scores = {"model": np.log([0.5, 0.4, 0.2, 0.1]),
              "own": log_probability([0.4, 0.2, 0, 0.1]),
              "zero": poisson_log_score(OBSERVED, 0.0)}
    table = judged(scores)
    # Both naive methods have no finite score; the first of them is the baseline.
    assert table["n_ruled_out"].tolist() == [0, 1, 3]
    assert table["log_score"].tolist()[1:] == [-math.inf, -math.inf]
    assert table["score_verdict"].tolist() == ["better", "baseline", "worse"]
    assert table.loc["model", "score_difference"] == math.inf
    assert math.isnan(table.loc["model", "score_ci_low"])
    table = judged({**scores, "own": np.log([0.4, 0.2, 0.2, 0.1])})
    assert table["score_verdict"].tolist() == ["cannot tell", "baseline", "worse"]
    assert table.loc["zero", "score_difference"] == -math.inf


def test_what_both_rule_out_is_no_difference():
    scores = {"model": log_probability([0.5, 0.4, 0, 0.1]),
              "own": log_probability([0.4, 0.2, 0, 0.1])}
    table = judged(scores, naive=["own"])
    assert table["n_ruled_out"].tolist()[:2] == [1, 1]
    assert table.loc["model", "score_difference"] == pytest.approx(math.log(1.25 * 2) / 4)
    assert table["score_verdict"].tolist() == ["cannot tell", "baseline", ""]


def test_enough_rows_tell():
    rng = np.random.default_rng(1)
    rate = rng.gamma(1, 2, 2000)
    observed = rng.poisson(rate)
    table = judge_counts(observed, {"true": rate, "mean": np.full(2000, 2.0), "worse": rate + 4},
                         naive=["mean"], seed=1, log_scores={
                             "true": poisson_log_score(observed, rate),
                             "mean": poisson_log_score(observed, np.full(2000, 2.0)),
                             "worse": poisson_log_score(observed, 9.0)})
    assert table["error_verdict"].tolist() == ["better", "baseline", "worse"]
    assert table["score_verdict"].tolist() == ["better", "baseline", "worse"]
    assert table["error_ci_high"].tolist()[0] < 0 < table["score_ci_low"].tolist()[0]


def test_verdicts_are_not_given_away():
    # Two methods as good as one another: "cannot tell" in 95 of 100 worlds.
    told = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        observed = rng.poisson(2, 60)
        table = judge_counts(observed, {"a": 2 + rng.normal(0, 0.5, 60),
                                        "b": 2 + rng.normal(0, 0.5, 60)}, naive=["b"], seed=seed,
                             n_resamples=200)
        told += table["error_verdict"][0] != "cannot tell"
    assert told <= 12


@given(rows=st.permutations(range(4)))
@settings(max_examples=20, deadline=None)
def test_row_order_is_irrelevant(rows):
    table = judge_counts(np.array(OBSERVED)[rows],
                         {name: np.array(values)[rows] for name, values in FORECASTS.items()},
                         naive=["own", "zero"], seed=3, n_resamples=50).set_index("method")
    pd.testing.assert_frame_equal(table, judged(n_resamples=50), rtol=1e-12)


def test_nothing_happened_and_single_rows():
    table = judge_counts([0], {"model": [0.5], "zero": [0.0]}, naive=["zero"], seed=1)
    assert math.isnan(table.loc[0, "bias_share"])
    assert math.isnan(table.loc[0, "correlation"])
    assert table["error_verdict"].tolist() == ["cannot tell", "baseline"]
    assert table.loc[0, "error_difference"] == 0.25


def test_poisson_is_scipys():
    n, mean = np.arange(12), 2.7
    assert_allclose(poisson_log_score(n, mean), stats.poisson.logpmf(n, mean))
    assert poisson_log_score([0, 3], [0.0, 0.0]).tolist() == [0, -math.inf]


def test_groups_by_hand():
    # Two of 0 repeats, one of 2, and 7 and 30 in one group.
    table = group_calibration([0, 1, 3, 2, 9], [0.5, 0.5, 2, 2, 8], [0, 0, 2, 7, 30])
    assert table["group"].tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert table["n"].tolist() == [2, 0, 1, 0, 0, 0, 0, 2]
    assert table.loc[[0, 2, 7], "observed_mean"].tolist() == [0.5, 3, 5.5]
    assert table.loc[[0, 2, 7], "forecast_mean"].tolist() == [0.5, 2, 5]
    assert table.loc[1, ["observed_mean", "forecast_mean"]].isna().all()


@pytest.mark.parametrize(("changed", "message"), [
    ({"naive": []}, "naive is empty and the methods are model, own, zero"),
    ({"naive": ["last"]}, "naive is last and the methods"),
    ({"log_scores": {"other": [0, 0, 0, 0]}}, "there is none of other; there are model"),
    ({"log_scores": {"model": [0, 0, 0]}}, r"shape \(3,\), 0 gaps"),
    ({"log_scores": {"model": [0, 0, 0, np.nan]}}, "1 gaps and 0 above 0"),
    ({"log_scores": {"model": [0, 0, 0, 0.5]}}, "0 gaps and 1 above 0")])
def test_wrong_arguments_are_named(changed, message):
    with pytest.raises(InputError, match=message):
        judged(**changed)


def test_gaps_and_lengths_are_named():
    with pytest.raises(InputError, match="model lacks 1 of 2"):
        judge_counts([1, 2], {"model": [1, np.nan]}, naive=["model"], seed=1)
    with pytest.raises(InputError, match=r"shape \(2,\) and model \(3,\)"):
        judge_counts([1, 2], {"model": [1, 2, 3]}, naive=["model"], seed=1)
    with pytest.raises(InputError, match="there are 2 and some are not"):
        group_calibration([1, 2], [1, 2], [0.5, 1])
