"""The model of leaving: split by time, refused in time, blind to noise, awake to a signal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from kamlib.errors import InputError, RefusedError
from kamlib.stats.alarms import roc_area
from kamlib.warning import (
    WarningRules,
    build_features,
    fit_leaving,
    forecast_now,
    forecast_past,
    mark_outcome,
    select_judged,
)
from kamlib.warning.model import FEATURES, fit_calibration, to_probability


@pytest.fixture(scope="module")
def judged(world, past, quick):
    features = build_features(past, read=world.make_read(), horizon_days=world.HORIZON, rules=quick)
    return select_judged(features, mark_outcome(features, past, horizon_days=world.HORIZON,
                                                rules=quick))


def area_within_cuts(judged, forecasts):
    rows = forecasts.merge(judged[["cut_date", "account_id", "is_left"]],
                           on=["cut_date", "account_id"])
    return np.mean([roc_area(part["leave_probability"], part["is_left"])
                    for _cut, part in rows.groupby("cut_date")])


def test_a_signal_is_found(world, judged, quick):
    forecasts = forecast_past(judged, horizon_days=world.HORIZON, rules=quick)
    assert forecasts["cut_date"].nunique() >= 2
    assert area_within_cuts(judged, forecasts) > 0.85


def test_shuffled_outcomes_give_half_the_area(world, judged, quick):
    areas = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        shuffled = judged.assign(is_left=judged.groupby("cut_date")["is_left"].transform(
            lambda part, rng=rng: rng.permutation(part.to_numpy())))
        forecasts = forecast_past(shuffled, horizon_days=world.HORIZON, rules=quick)
        areas.append(area_within_cuts(shuffled, forecasts))
    # Hanley & McNeil's error at 0.5 with some 25 of 200 that left on each of 3 days is 0.036.
    assert abs(np.mean(areas) - 0.5) < 3 * 0.036 / np.sqrt(len(areas))
    assert np.abs(np.array(areas) - 0.5).max() < 4 * 0.036


def test_a_day_learns_only_from_horizons_that_had_ended(world, judged, quick):
    forecasts = forecast_past(judged, horizon_days=world.HORIZON, rules=quick)
    cut = forecasts["cut_date"].min()
    # What came out on that day and later is turned round: its own forecast stays.
    later = judged["cut_date"] >= cut
    turned = judged.assign(is_left=judged["is_left"].where(~later, 1 - judged["is_left"]))
    again = forecast_past(turned, horizon_days=world.HORIZON, rules=quick)
    first = forecasts[forecasts["cut_date"] == cut].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, again[again["cut_date"] == cut].reset_index(drop=True))
    # With a longer horizon the day before had not ended yet.
    longer = forecast_past(judged, horizon_days=world.HORIZON + 1, rules=quick)
    same = longer[longer["cut_date"] == cut]
    assert same.empty or (same["n_events"] < first["n_events"].iloc[0]).all()


def test_coefficients_are_sklearns(judged, quick):
    rows = judged[judged["is_left"].notna()]
    model = fit_leaving(rows, is_left=rows["is_left"], rules=quick)
    shaped = np.column_stack([FEATURES[name](rows[name].to_numpy("float64"))
                              for name in model.features])
    scaled = np.nan_to_num((shaped - np.nanmean(shaped, axis=0)) / np.nanstd(shaped, axis=0))
    other = LogisticRegression(C=quick.penalty_inverse, tol=1e-10, max_iter=5000).fit(
        scaled, rows["is_left"])
    np.testing.assert_allclose(model.coefficients, other.coef_[0], atol=2e-4)
    np.testing.assert_allclose(model.probabilities(rows), other.predict_proba(scaled)[:, 1],
                               atol=2e-4)
    # The L2 penalty spares the intercept, so the expected number is the number there was.
    assert model.probabilities(rows).sum() == pytest.approx(rows["is_left"].sum(), abs=1e-3)


def test_features_are_limited_by_events_in_the_declared_order(judged):
    rows = judged[judged["is_left"].notna()]
    n = int(rows["is_left"].sum())
    few = WarningRules(min_events_per_feature=n // 2)
    model = fit_leaving(rows, is_left=rows["is_left"], rules=few)
    assert model.features == ("silence_ratio", "n_purchase_days_window")
    assert model.left_out["sales_change_rate"] == "too_few_events"
    assert model.left_out["n_complaints"] == "not_known"
    assert set(model.features) | set(model.left_out) == set(FEATURES)


def test_refused_below_the_least_events(judged):
    rows = judged[judged["is_left"].notna()]
    left = pd.Series(0.0, index=rows.index)
    left.iloc[:49] = 1.0
    with pytest.raises(RefusedError) as error:
        fit_leaving(rows, is_left=left, rules=WarningRules())
    assert str(error.value) == (
        "A model of leaving needs 50 accounts that left and as many that stayed, but the past "
        f"that may be learned from holds 49 and {len(rows) - 49:,}. A longer history, more "
        "accounts, or a lower warning.min_events would lift this.")
    left.iloc[49] = 1.0
    assert fit_leaving(rows, is_left=left, rules=WarningRules()).n_events == 50


def test_nothing_to_learn_from(judged):
    rows = judged[judged["is_left"].notna()].assign(**dict.fromkeys(FEATURES, 1.0))
    with pytest.raises(RefusedError) as error:
        fit_leaving(rows, is_left=rows["is_left"], rules=WarningRules())
    assert str(error.value) == ("No feature differs between the accounts of the past, so nothing "
                                "can be learned from it. A longer history would lift this.")


def test_now_has_intervals_reasons_and_equal_bytes(world, judged, quick):
    past = forecast_past(judged, horizon_days=world.HORIZON, rules=quick)
    found = forecast_now(judged, past, rules=quick)
    now = found.now
    assert now["leave_probability"].between(now["leave_probability_ci_low"],
                                            now["leave_probability_ci_high"]).all()
    assert (now["leave_probability_ci_high"] > now["leave_probability_ci_low"]).all()
    likely = now.sort_values("leave_probability")["account_id"].iloc[-1]
    first = found.reasons[found.reasons["account_id"] == likely].iloc[0]
    assert (first["feature"], first["reason_rank"]) == ("silence_ratio", 1)
    assert (found.reasons["log_odds"] >= 0.1).all()
    mixed = judged.sample(frac=1, random_state=3).sort_values("cut_date", kind="stable",
                                                              ignore_index=True)
    again = forecast_now(mixed, past, rules=quick)
    pd.testing.assert_frame_equal(found.now, again.now, rtol=1e-8)
    pd.testing.assert_frame_equal(found.now, forecast_now(judged, past, rules=quick).now,
                                  rtol=0, atol=0)


def test_contributions_add_up_to_the_log_odds(judged, quick):
    rows = judged[judged["is_left"].notna()]
    model = fit_leaving(rows, is_left=rows["is_left"], rules=quick)
    np.testing.assert_allclose(model.contributions(rows).sum(axis=1) + model.intercept,
                               model.logits(rows))
    blank = rows.head(1).assign(**dict.fromkeys(FEATURES, np.nan))
    assert model.contributions(blank).tolist() == [[0.0] * len(model.features)]


def test_calibration_recovers_a_stretched_scale_and_levels_a_wrong_one():
    rng = np.random.default_rng(4)
    logits = rng.normal(-1, 1.5, 20_000)
    left = (rng.random(20_000) < to_probability(0.5 + 0.6 * logits)).astype(float)
    offset, slope = fit_calibration(logits, left, rules=WarningRules())
    # Four standard errors of a fit to 20,000 rows.
    assert (offset, slope) == (pytest.approx(0.5, abs=0.1), pytest.approx(0.6, abs=0.06))
    offset, slope = fit_calibration(-logits, left, rules=WarningRules())
    assert (slope, to_probability(np.array([offset]))[0]) == (0.0, pytest.approx(left.mean()))
    assert fit_calibration(logits[:60], left[:60], rules=WarningRules()) == (0.0, 1.0)


def test_features_and_outcome_have_to_match(world, past, quick):
    features = build_features(past, read=world.make_read(), horizon_days=182, rules=quick)
    outcome = mark_outcome(features, past, horizon_days=182, rules=quick)
    with pytest.raises(InputError, match="have to hold the same cuts and accounts"):
        select_judged(features, outcome.iloc[::-1])
