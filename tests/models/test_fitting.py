"""What all fits share: histories, verdicts, the choice between models, and invariants."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from kamlib.errors import InputError, RefusedError
from kamlib.models.choose import CANDIDATES, fit_best
from kamlib.models.cnbd_k import RegularBuying
from kamlib.models.counts import fit_bg_nbd, fit_mbg_nbd, fit_pareto_nbd
from kamlib.models.fitting import fit_model
from kamlib.models.histories import read_histories
from kamlib.models.naive import (
    naive_last_count,
    naive_shrunk_rate,
    naive_zero,
    shrunk_rate_probability,
)
from kamlib.models.optimise import maximise
from kamlib.models.pareto_nbd import ParetoNBD
from kamlib.models.tracking import track_orders

COLUMNS = ["n_repeat_days", "first_to_last_days", "first_to_as_of_days"]
MODELS = [RegularBuying(), RegularBuying(can_leave_at_once=True), RegularBuying(3, True),
          ParetoNBD()]
TRUTH = {"r": 1.5, "alpha": 8.0, "a": 0.8, "b": 2.5}


def table(*rows: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def test_histories_are_grouped_and_find_their_way_back():
    summary = table((2, 14, 70), (0, 0, 7), (2, 14, 70)).astype("Int64")
    summary.loc[3] = [0, pd.NA, pd.NA]
    data = read_histories(summary)
    assert data.n_repeats.tolist() == [0, 2]
    assert data.to_now.tolist() == [1, 10]
    assert data.weight.tolist() == [1, 2]
    assert data.place.tolist() == [1, 0, 1, -1]
    assert (data.n, data.n_repeaters) == (3, 2)
    assert data.spread(np.array([5.0, 6.0])).tolist()[:3] == [6, 5, 6]
    assert math.isnan(data.spread(np.array([5.0, 6.0]))[3])


def test_fractions_of_days_are_grouped_too():
    data = read_histories(table((1, 0.5, 2), (1, 0.5, 2), (1, 0.25, 2)), time_unit_days=1)
    assert data.to_last.tolist() == [0.25, 0.5]
    assert data.weight.tolist() == [1, 2]


@pytest.mark.parametrize("row", [(1, 30, 20), (0, 5, 20), (2, 0, 20), (-1, 0, 20)])
def test_impossible_histories_are_named(row):
    with pytest.raises(InputError, match=r"1 of 2 rows break this, the first at 1: \[\["):
        read_histories(table((0, 0, 5), row))


def test_missing_columns_and_units_are_named():
    with pytest.raises(InputError, match="lacks n_repeat_days; it has x"):
        read_histories(table((0, 0, 5)).rename(columns={"n_repeat_days": "x"}))
    with pytest.raises(InputError, match="more than 0 days, not 0"):
        read_histories(table((0, 0, 5)), time_unit_days=0)


def test_too_few_units_are_refused(simulate):
    few = simulate(29, **TRUTH, time=52, seed=1)
    refused = fit_bg_nbd(few)
    assert refused.verdict == "refused"
    assert re.fullmatch(r"Too few units: 29 in all and \d+ that bought again, but at least 30 and "
                        "10 are needed.", refused.reason)
    assert math.isnan(refused.log_likelihood)
    with pytest.raises(RefusedError, match="BG/NBD was not fitted"):
        refused.conditional_orders(few, 52)
    silent = table(*[(0, 0, 70)] * 200)
    assert fit_bg_nbd(silent).verdict == "refused"


def test_a_parameter_that_runs_away_is_held_and_said():
    # Everybody bought every week to the end: nobody ever leaves and all buy alike.
    alike = table(*[(20, 140, 141)] * 300)
    fitted = fit_mbg_nbd(alike)
    assert fitted.verdict == "weak"
    assert fitted.penalty == "weak pull of each log parameter to its start, standard deviation 3"
    assert "weak penalty" in fitted.reason
    assert np.isfinite(fitted.parameters["estimate"]).all()
    # The forecast is still what anyone would say.
    assert fitted.conditional_orders(alike.head(1), 10).iloc[0] == pytest.approx(10, rel=0.1)


def test_penalty_leaves_the_likelihood_unpenalised():
    # A slope without a peak: the pull of sd 3 stops it at 9.
    peak = maximise(lambda t: (float(t[0]), np.ones(1)), [np.zeros(1)])
    assert peak.penalty == 3
    assert peak.log_parameters[0] == pytest.approx(9, abs=1e-6)
    assert peak.log_likelihood == pytest.approx(9, abs=1e-6)


def test_recovers_parameters_of_bg_nbd(simulate):
    drawn = simulate(4000, **TRUTH, time=104, later=52, seed=5)
    fitted = fit_bg_nbd(drawn, time_unit_days=1)
    assert fitted.verdict == "fitted"
    assert_allclose(fitted.parameters["estimate"], list(TRUTH.values()), rtol=0.15)
    expected = fitted.conditional_orders(drawn, 52).sum()
    assert expected == pytest.approx(drawn["n_later"].sum(), rel=0.05)


def test_recovers_parameters_of_pareto_nbd():
    rng, truth = np.random.default_rng(3), np.array([1.5, 8.0, 1.2, 60.0])
    span = rng.uniform(60, 104, 4000)
    life = rng.exponential(1 / rng.gamma(truth[2], 1 / truth[3], 4000))
    rate = rng.gamma(truth[0], 1 / truth[1], 4000)
    repeats = rng.poisson(rate * np.minimum(life, span))
    # The last of n even arrivals; none without any.
    last = np.minimum(life, span) * rng.random(4000)**(1 / np.maximum(repeats, 1))
    later = rng.poisson(rate * np.clip(life - span, 0, 52))
    drawn = pd.DataFrame({"n_repeat_days": repeats, "first_to_as_of_days": span,
                          "first_to_last_days": np.where(repeats > 0, last, 0.0)})
    fitted = fit_pareto_nbd(drawn, time_unit_days=1)
    assert fitted.verdict == "fitted"
    assert fitted.parameters["ci_low"].lt(truth).all()
    assert fitted.parameters["ci_high"].gt(truth).all()
    assert fitted.conditional_orders(drawn, 52).sum() == pytest.approx(later.sum(), rel=0.05)


def test_row_order_and_the_callers_table_do_not_matter(simulate):
    drawn = simulate(400, **TRUTH, time=52, seed=5)
    before = drawn.copy()
    fitted = fit_bg_nbd(drawn, time_unit_days=1)
    mixed = fit_bg_nbd(drawn.sample(frac=1, random_state=2), time_unit_days=1)
    pd.testing.assert_frame_equal(fitted.parameters, mixed.parameters)
    forecast = fitted.conditional_orders(drawn, 26)
    pd.testing.assert_frame_equal(drawn, before)
    pd.testing.assert_series_equal(
        forecast.iloc[::-1], fitted.conditional_orders(drawn.iloc[::-1], 26))


def test_faces_of_a_fitted_model(simulate):
    fitted = fit_bg_nbd(simulate(400, **TRUTH, time=52, seed=5), time_unit_days=1)
    assert re.fullmatch(r"FittedModel\(BG/NBD, fitted, n=400, r=[\d.]+, alpha=[\d.]+, a=[\d.]+, "
                        r"b=[\d.]+\)", repr(fitted))
    assert fitted._repr_html_().startswith("<p>BG/NBD, fitted to 400 units: log-likelihood ")
    assert fitted.to_frame().columns.tolist() == [
        "parameter", "estimate", "standard_error", "ci_low", "ci_high"]
    with pytest.raises(InputError, match="0 or more units of time, not -1"):
        fitted.expected_orders(-1)
    with pytest.raises(InputError, match="yearly rate above 0, not 0"):
        fitted.discounted_orders(table((0, 0, 5)), annual_rate=0)


def test_units_without_a_purchase_get_no_forecast(simulate):
    fitted = fit_bg_nbd(simulate(400, **TRUTH, time=52, seed=5), time_unit_days=1)
    summary = table((2, 14, 70), (0, np.nan, np.nan))
    assert fitted.conditional_orders(summary, 26).isna().tolist() == [False, True]
    assert fitted.probability_alive(summary).isna().tolist() == [False, True]
    assert fitted.conditional_orders(summary, 0).iloc[0] == 0


def test_large_tables_start_from_a_part_and_end_the_same(simulate, monkeypatch):
    drawn = simulate(3000, **TRUTH, time=52, seed=6)
    whole = fit_model(RegularBuying(), drawn, time_unit_days=1)
    monkeypatch.setattr("kamlib.models.fitting.MANY_ROWS", 1000)
    n_reads, read = [], RegularBuying.log_likelihood

    def count(self, theta, histories):
        n_reads.append(len(histories) == 3000)
        return read(self, theta, histories)

    monkeypatch.setattr(RegularBuying, "log_likelihood", count)
    again = fit_model(RegularBuying(), drawn, time_unit_days=1)
    assert_allclose(again.parameters["estimate"], whole.parameters["estimate"], rtol=1e-6)
    assert_allclose(again.log_covariance, whole.log_covariance, rtol=1e-4)
    # Few steps lead from there to the top, whose Hessian takes 8.
    assert sum(n_reads) <= 18


def test_a_part_that_misleads_is_left(simulate, monkeypatch):
    # The part's search ends nowhere: the whole is searched from the usual starts.
    drawn = simulate(3000, **TRUTH, time=52, seed=6)
    whole = fit_model(RegularBuying(), drawn, time_unit_days=1)
    monkeypatch.setattr("kamlib.models.fitting.MANY_ROWS", 1000)
    monkeypatch.setattr("kamlib.models.fitting.refine", lambda objective, near, share:
                        near._replace(converged=False))
    again = fit_model(RegularBuying(), drawn, time_unit_days=1)
    pd.testing.assert_frame_equal(again.parameters, whole.parameters)


# The choice between models

def test_choice_on_cdnow(cdnow):
    choice = fit_best(cdnow, candidates=("BG/NBD", "MBG/NBD", "Pareto/NBD"))
    # Log-likelihoods -9582.43, -9582.14 and -9594.98 (published_numbers.md B1, B2, B4).
    assert choice.candidates["model"].tolist() == ["MBG/NBD", "BG/NBD", "Pareto/NBD"]
    assert choice.candidates["is_chosen"].tolist() == [True, False, False]
    forecast = choice.forecast_orders(cdnow, 39)
    assert forecast["method"].unique().tolist() == ["MBG/NBD"]
    assert forecast["expected_orders"].sum() == pytest.approx(1576.7, abs=0.05)
    assert repr(choice) == "Choice(MBG/NBD, fitted, of 3 models)"
    assert choice._repr_html_().startswith("<p>MBG/NBD chosen from 3 models</p>")


@pytest.mark.parametrize(("ahead", "chosen"), [(6, "weak one"), (4, "BG/NBD")])
def test_a_weak_model_has_to_be_clearly_better(simulate, monkeypatch, ahead, chosen):
    # Ahead in log-likelihood; AIC counts it twice, and 10 are asked for.
    drawn = simulate(300, **TRUTH, time=52, seed=6)
    fitted = fit_bg_nbd(drawn, time_unit_days=1)
    assert fitted.verdict == "fitted"
    other = replace(fitted, verdict="weak", log_likelihood=fitted.log_likelihood + ahead)
    monkeypatch.setitem(CANDIDATES, "weak one", lambda *_args, **_rules: other)
    choice = fit_best(drawn, candidates=("BG/NBD", "weak one"), time_unit_days=1)
    assert (choice.model is other) == (chosen == "weak one")


def test_choice_finds_regular_timing(simulate):
    drawn = simulate(600, **{**TRUTH, "alpha": 2.0}, k=4, time=104, seed=9)
    assert fit_best(drawn, time_unit_days=1).model.k == 4


def test_refused_choice_falls_back_on_the_shrunk_rate(simulate):
    few = simulate(20, **TRUTH, time=52, seed=2)
    choice = fit_best(few, time_unit_days=1)
    assert choice.model.verdict == "refused"
    forecast = choice.forecast_orders(few, 26)
    assert forecast["method"].unique().tolist() == ["shrunk rate"]
    assert forecast["probability_alive"].isna().all()
    pd.testing.assert_series_equal(forecast["expected_orders"],
                                   naive_shrunk_rate(few, n_units=26, time_unit_days=1))
    with pytest.raises(InputError, match="not NBD"):
        fit_best(few, candidates=("NBD",))


def test_naive_forecasts():
    # Rates 0.1 and 0.5 of 10 units each: pooled 0.3; surplus (4 + 4 - 6) / 200 = 0.01 is the
    # variance of rates, so the pooled rate is worth 30 units: (9 + 1) / 40 and (9 + 5) / 40.
    two = table((1, 4, 10), (5, 9, 10))
    assert naive_shrunk_rate(two, n_units=4, time_unit_days=1).tolist() == [
        pytest.approx(1.0), pytest.approx(1.4)]
    assert naive_zero(two).tolist() == [0, 0]
    assert naive_last_count(two, column="n_repeat_days").tolist() == [1, 5]
    assert naive_shrunk_rate(table((0, 0, 0)), n_units=4).tolist() == [0]


def test_probabilities_of_the_shrunk_rate():
    # As above: rates gamma distributed with shape 9 + x and rate 30 + 10, four units ahead.
    two = table((1, 4, 10), (5, 9, 10), (0, np.nan, np.nan))
    found = shrunk_rate_probability(two, n_units=4, n_orders=[0, 3, 1], time_unit_days=1)
    assert found.iloc[0] == pytest.approx(stats.nbinom.pmf(0, 10, 40 / 44))
    assert found.iloc[1] == pytest.approx(stats.nbinom.pmf(3, 14, 40 / 44))
    assert math.isnan(found.iloc[2])
    means = [sum(n * shrunk_rate_probability(two, n_units=4, n_orders=n, time_unit_days=1)
                 .to_numpy()[:2] for n in range(60))]
    assert_allclose(means[0], naive_shrunk_rate(two, n_units=4, time_unit_days=1)[:2])
    # Alike: Poisson; nobody ever came back: certain that nobody will.
    alike = table((1, 4, 10), (1, 9, 10))
    assert_allclose(shrunk_rate_probability(alike, n_units=5, n_orders=2, time_unit_days=1),
                    stats.poisson.pmf(2, 0.5))
    silent = table((0, 0, 10), (0, 0, 10))
    assert shrunk_rate_probability(silent, n_units=5, n_orders=[0, 1]).tolist() == [1, 0]


# Invariants

VALUES = st.tuples(st.floats(0.05, 20), st.floats(0.5, 200), st.floats(0.05, 20),
                   st.floats(0.05, 200))
HISTORIES = st.tuples(st.integers(1, 2000), st.floats(1, 300), st.floats(0, 300))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@given(values=VALUES, row=HISTORIES, more=st.floats(0.1, 100))
@settings(max_examples=25, deadline=None)
def test_silence_never_makes_alive_more_likely(model, values, row, more):
    x, last, silence = row
    for repeats, to_last in ((x, last), (0, 0.0)):
        data = [read_histories(table((repeats, to_last, to_last + s)), time_unit_days=1)
                for s in (silence, silence + more)]
        sooner, later = (model.probability_alive(np.array(values), d)[0] for d in data)
        assert 0 <= sooner <= 1
        # BG/NBD holds everyone for alive who never came back; that is the model.
        assert later <= sooner + 1e-9


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@given(values=VALUES, row=HISTORIES, time=st.floats(0.1, 200))
@settings(max_examples=25, deadline=None)
def test_expectations_grow_with_time(model, values, row, time):
    x, last, silence = row
    data = read_histories(table((x, last, last + silence)), time_unit_days=1)
    near, far = (model.conditional(np.array(values), data, t)[0] for t in (time, time * 1.5))
    assert 0 <= near <= far * (1 + 1e-9)
    near, far = model.expected(np.array(values), np.array([time, time * 1.5]))
    assert 0 < near <= far * (1 + 1e-9)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_extreme_histories_are_finite(model, history):
    rows = history((0, 0, 0), (1, 1e-3, 1e-3), (5000, 300, 300), (5000, 1, 3000), (0, 0, 3000))
    values = np.array([0.5, 5.0, 0.9, 3.0])
    value, gradient = model.log_likelihood(np.log(values), rows)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(model.conditional(values, rows, 52)).all()
    assert np.isfinite(model.discounted(values, rows, 0.002, math.inf)).all()


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
@given(values=VALUES, ages=st.lists(st.floats(1, 200), min_size=1, max_size=5),
       times=st.lists(st.floats(0.5, 300), min_size=2, max_size=4, unique=True))
@settings(max_examples=15, deadline=None)
def test_tracking_rises_and_adds_up(model, values, ages, times, given_model):
    fitted = given_model(model, values, time_unit_days=1)
    summary = table(*[(0, 0.0, age) for age in ages])
    whole = track_orders(fitted, summary, n_units=sorted(times))
    assert (whole["orders"] >= -1e-9).all()
    assert_allclose(whole["orders"].cumsum(), whole["cumulative_orders"], atol=1e-9)
    # Every unit twice: twice as many, whatever their order.
    twice = track_orders(fitted, pd.concat([summary, summary.iloc[::-1]]), n_units=sorted(times))
    assert_allclose(twice["cumulative_orders"], 2 * whole["cumulative_orders"], rtol=1e-9)


def test_tracking_is_the_sum_over_units(simulate):
    drawn = simulate(300, **TRUTH, time=52, seed=7).round(3)
    fitted = fit_bg_nbd(drawn, time_unit_days=1)
    found = track_orders(fitted, drawn, n_units=[10, 40, 60])
    start = drawn["first_to_as_of_days"].max() - drawn["first_to_as_of_days"]
    sums = [fitted.expected_orders((t - start).clip(lower=0).to_numpy()).sum()
            for t in (10, 40, 60)]
    assert_allclose(found["cumulative_orders"], sums, rtol=1e-9)
    assert_allclose(found["orders"].cumsum(), found["cumulative_orders"])
