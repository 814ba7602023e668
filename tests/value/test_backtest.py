"""Forecasts of the past: against hand-made truths, and the published 39 weeks of CDNOW."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib import open_report
from kamlib.errors import RefusedError
from kamlib.models.summary import summarise_log
from kamlib.session.report import Report
from kamlib.value import backtest_orders
from kamlib.value.backtest import measure_spread

ROOT = Path(__file__).resolve().parents[2]


def test_forecasts_meet_what_came_in_the_horizon_after(result, log, room):
    tested = result.backtest
    rows = tested.forecasts
    assert rows["cut_date"].nunique() == len(tested.cuts) == 3
    cut = rows["cut_date"].max()
    came = log[(log["day"] > cut) & (log["day"] <= cut + pd.Timedelta(days=182))]
    part = rows[rows["cut_date"] == cut]
    assert part["n_came"].sum() == len(came[came["account_id"].isin(part["account_id"])])
    last = log[(log["day"] <= cut) & (log["day"] > cut - pd.Timedelta(days=182))]
    assert part["as_last_time"].sum() == len(last)
    assert tested.cuts["n_came"].sum() == rows["n_came"].sum()


def test_nothing_of_the_future_moves_a_forecast(log, room):
    # What comes after the last cut is turned upside down: forecasts made before stay what they are.
    cut = room.as_of - pd.Timedelta(days=182)
    changed = log[log["day"] <= cut]
    forecasts = []
    for known in (log, changed):
        found = backtest_orders(room.make_past(known, n_cuts=1), horizon_days=182,
                                purchase_days=room.make_purchase_days(known, cut=cut),
                                rules=room.make_rules().value)
        forecasts.append(found.forecasts.set_index("account_id"))
    same = ["order_model", "shrunk_rate", "as_last_time", "predicted_amount"]
    pd.testing.assert_frame_equal(forecasts[0][same], forecasts[1][same])
    assert forecasts[1]["n_came"].sum() == 0 < forecasts[0]["n_came"].sum()


def test_a_model_of_the_truth_is_calibrated_and_beats_rules_of_thumb(room):
    log = room.make_log(500, seed=8, leaves=0.08)
    found = backtest_orders(room.make_past(log, n_cuts=1), horizon_days=182,
                            purchase_days=room.make_purchase_days(log, cut=room.as_of),
                            rules=room.make_rules().value)
    scores = found.scores[found.scores["cut"] == "all"].set_index("method")
    assert abs(scores.loc["order_model", "bias_share"]) < 0.15
    assert scores.loc["order_model", "score_verdict"] == "better"
    assert scores.loc["nobody_again", "n_ruled_out"] == (found.forecasts["n_came"] > 0).sum()
    groups = found.calibration
    off = (groups["forecast_mean"] - groups["observed_mean"]).abs()
    assert np.average(off, weights=groups["n"]) < 0.4
    assert found.cuts["inside_share"].iloc[0] >= 0.8


def test_tracking_counts_repeats_by_week_from_the_first_purchase(result, log):
    tracking = result.backtest.tracking
    known = log[~log["account_id"].isin(["0001", "0002"])]
    assert tracking["cumulative_observed"].is_monotonic_increasing
    assert tracking["observed_orders"].sum() == tracking["cumulative_observed"].iloc[-1]
    repeats = len(known) - known["account_id"].nunique()
    assert 0.9 * repeats < tracking["cumulative_observed"].iloc[-1] <= repeats + 60
    assert tracking["is_after_cut"].sum() == 26
    assert (tracking["week_date"].diff().dropna() == pd.Timedelta(days=7)).all()


def test_spread_takes_out_what_the_model_knows():
    cuts = pd.DataFrame({"n_came": [110.0, 90.0, 0.0], "n_forecast": [100.0, 100.0, 5.0],
                         "log_variance": [0.004, 0.004, 1.0]})
    # log(1.1)^2 and log(0.9)^2 less 0.004 each, their mean's root; nothing came: left out.
    by_hand = np.sqrt((np.log(1.1)**2 + np.log(0.9)**2) / 2 - 0.004)
    assert measure_spread(cuts) == pytest.approx(by_hand)
    assert measure_spread(cuts.assign(log_variance=1.0)) == 0.0
    assert measure_spread(cuts.iloc[2:]) == 0.0


def test_too_little_of_the_past_is_refused(room):
    log = room.make_log(12, seed=1)
    with pytest.raises(RefusedError, match="No day of the past leaves"):
        backtest_orders(room.make_past(log), purchase_days=pd.DataFrame(), horizon_days=182,
                        rules=room.make_rules().value)
    with pytest.raises(RefusedError, match="longer history"):
        backtest_orders(room.make_past(log).iloc[:0], purchase_days=pd.DataFrame(),
                        horizon_days=182, rules=room.make_rules().value)


@pytest.fixture(scope="module")
def cdnow(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    recipes = ROOT / "data" / "recipes"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAM_CACHE", str(tmp_path_factory.mktemp("cdnow")))
        return open_report(recipes / "cdnow_sample.toml", period="1998H1",
                           rules=recipes / "cdnow_rules.toml")


# Fader, Hardie & Lee (2005), Marketing Science 24: 1,882 repeat purchases in weeks 40 to 78; what
# the two models forecast for them: spec/published_numbers.md.
@pytest.mark.parametrize(("model", "expected"), [("BG/NBD", 1653.4), ("Pareto/NBD", 1665.5)])
def test_cdnow_as_published(cdnow, model, expected):
    rules = cdnow.rules.value.model_copy(update={"order_models": (model,), "n_draws": 100})
    found = backtest_orders(cdnow.past_facts, purchase_days=cdnow.purchase_days, rules=rules,
                            horizon_days=cdnow.rules.measures.backtest_horizon_days)
    row = found.cuts.iloc[0]
    assert (row["cut_date"], row["n_accounts"]) == (pd.Timestamp("1997-09-30"), 2357)
    assert row["n_came"] == 1882
    assert row["n_forecast"] == pytest.approx(expected, abs=0.05)
    scores = found.scores[found.scores["cut"] == "all"].set_index("method")
    assert scores.loc["order_model", ["error_verdict", "score_verdict"]].tolist() == ["better"] * 2
    assert scores.loc["as_last_time", "total_forecast"] == 4814
    tracking = found.tracking
    assert len(tracking) == 78 and tracking["is_after_cut"].sum() == 39


def test_the_summary_of_the_log_equals_the_engines(cdnow, real_data):
    log = pd.read_csv(real_data / "cdnow" / "CDNOW_sample.txt", sep=r"\s+", header=None, dtype=str,
                      names=["master", "account_id", "order_date", "n_cds", "amount"])
    log["order_date"] = pd.to_datetime(log["order_date"], format="%Y%m%d")
    found = summarise_log(log, as_of="1997-09-30")
    past = cdnow.past_facts[cdnow.past_facts["cut_date"] == pd.Timestamp("1997-09-30")]
    engine = past.set_index("account_id").sort_index()
    assert list(engine.index) == list(found.index)
    for column in found:
        np.testing.assert_allclose(found[column], engine[column].astype("float64").fillna(0),
                                   rtol=1e-12)
