"""The back-test by hand, and what is handed on, also where there is next to nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import RefusedError
from kamlib.handover import Handover
from kamlib.warning import WarningRules, build_handover, build_warnings, judge_scores
from kamlib.warning.findings import backtest_row, describe_verdict
from kamlib.warning.judge import BACKTEST_COLUMNS, check_calibration, judge_signs

QUICK = WarningRules(n_resamples=200, n_called=2)
C1, C2 = pd.to_datetime(["2025-01-01", "2025-07-02"])


def make_scores(n=40, *, model=np.nan):
    """Two days; every fourth account left, and is warned of; silence knows nothing."""
    rows = pd.DataFrame({"account_id": [f"A{i:02d}" for i in range(n)] * 2,
                         "cut_date": [C1] * n + [C2] * n})
    place = rows.groupby("cut_date").cumcount()
    left = place % 4 == 0
    return rows.assign(
        is_left=left, net_amount_window=100.0 + place, is_still_buying=place % 2 == 0,
        is_warned=left, signs=2.0 * left, model=np.where(np.isnan(model), np.nan, 0.1 + 0.8 * left),
        base_share=0.25, silent_longest=(place * 7 % n).astype(float), fell_most=0.0,
        smallest=-(100.0 + place), nobody_differs=0.0)


def test_perfect_signs_by_hand():
    table = judge_scores(make_scores(), horizon_days=182, rules=QUICK)
    assert table.columns.tolist() == BACKTEST_COLUMNS
    row = table[(table["basis"] == "as_warned") & (table["ranked_by"] == "signs")].iloc[0]
    assert row[["n_cuts", "n_accounts", "n_left", "n_called", "n_hits"]].tolist() == [
        2, 80, 20, 20, 20]
    assert row[["precision_share", "recall_share", "lift", "caught_amount_share", "roc_area",
                "false_alarms_a_month"]].tolist() == [1.0, 1.0, 4.0, 1.0, 1.0, 0.0]
    assert row[["precision_verdict", "caught_verdict", "roc_verdict"]].tolist() == ["better"] * 3
    lot = table[(table["basis"] == "as_warned") & (table["ranked_by"] == "nobody_differs")].iloc[0]
    assert lot[["precision_share", "lift", "roc_area"]].tolist() == pytest.approx([0.25, 1.0, 0.5])
    # 20 calls of which 15 stayed, in two horizons of 182 days.
    assert lot["false_alarms_a_month"] == pytest.approx(15 / (2 * 182 / (365.25 / 12)))
    assert lot["brier"] == pytest.approx(0.25 * 0.75)
    top = table[(table["basis"] == "all_days") & (table["ranked_by"] == "signs")].iloc[0]
    assert top[["n_called", "n_hits", "recall_share"]].tolist() == [4, 4, 0.2]
    assert "tested_days" not in set(table["basis"])


def test_useless_signs_are_called_worse_where_silence_tells():
    scores = make_scores()
    scores["silent_longest"] = scores["is_left"].astype(float)
    scores["signs"] = (~scores["is_left"]).astype(float)
    scores["is_warned"] = ~scores["is_left"]
    table = judge_scores(scores, horizon_days=182, rules=QUICK)
    row = table[(table["basis"] == "as_warned") & (table["ranked_by"] == "signs")].iloc[0]
    assert row[["precision_rival", "precision_verdict", "roc_verdict"]].tolist() == [
        "silent_longest", "worse", "worse"]


def test_a_score_that_is_the_naive_one_cannot_be_told_from_it():
    scores = make_scores(model=1.0)
    scores["silent_longest"] = scores["model"]
    table = judge_scores(scores, horizon_days=182, rules=QUICK)
    row = table[(table["basis"] == "tested_days") & (table["ranked_by"] == "model")].iloc[0]
    assert row[["precision_difference", "roc_difference"]].tolist() == [0.0, 0.0]
    assert row[["precision_verdict", "roc_verdict"]].tolist() == ["cannot tell"] * 2
    assert row["brier"] == pytest.approx(0.01)


def test_row_order_does_not_matter_and_currency_scales_nothing():
    scores = make_scores(model=1.0)
    table = judge_scores(scores, horizon_days=182, rules=QUICK)
    mixed = scores.sample(frac=1, random_state=2).assign(
        net_amount_window=lambda t: t["net_amount_window"] * 7.5)
    pd.testing.assert_frame_equal(table, judge_scores(mixed, horizon_days=182, rules=QUICK))


def test_many_accounts_take_fewer_draws_at_a_time(monkeypatch):
    whole = judge_scores(make_scores(), horizon_days=182, rules=QUICK)
    monkeypatch.setattr("kamlib.warning.judge.MOST_AT_ONCE", 500)
    pd.testing.assert_frame_equal(whole, judge_scores(make_scores(), horizon_days=182,
                                                      rules=QUICK))


@pytest.mark.parametrize("is_left", [True, False])
def test_nothing_is_judged_where_all_or_none_left(is_left):
    assert judge_scores(make_scores().assign(is_left=is_left), horizon_days=182,
                        rules=QUICK).empty
    assert check_calibration(make_scores(), rules=QUICK).empty


def test_signs_by_hand():
    scores = make_scores()
    flags = scores[scores["is_warned"]][["cut_date", "account_id"]].assign(flag="overdue")
    other = scores.head(10)[["cut_date", "account_id"]].assign(flag="complaints")
    table = judge_signs(scores, pd.concat([flags, other]), rules=QUICK)
    assert table["flag"].tolist() == ["overdue", "complaints"]
    assert table[["n_fired", "n_left", "n_others"]].values.tolist() == [[20, 20, 60], [10, 3, 70]]
    assert table["others_left_share"].tolist() == pytest.approx([0.0, 17 / 70])
    assert table["left_ratio"].iloc[1] == pytest.approx(0.3 / (17 / 70))
    # Clopper and Pearson at 20 of 20: 0.025 ** (1 / 20).
    assert table["left_share_ci_low"].iloc[0] == pytest.approx(0.025 ** (1 / 20))


def test_a_verdict_holds_in_nine_of_ten_null_worlds():
    # Signs and model that know nothing, where no naive list does either: few may be called better.
    better = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        scores = make_scores(100, model=1.0)
        for name in ("signs", "model", "silent_longest", "fell_most", "smallest"):
            scores[name] = rng.random(len(scores))
        table = judge_scores(scores, horizon_days=182, rules=QUICK)
        row = table[(table["basis"] == "tested_days") & (table["ranked_by"] == "model")].iloc[0]
        better += row["roc_verdict"] == "better"
    assert better <= 2


def test_the_whole_in_one_call(found, world):
    assert set(found.refused) == set()
    assert found.backtest["basis"].drop_duplicates().tolist() == [
        "as_warned", "tested_days", "all_days", "still_buying_tested", "still_buying"]
    row = backtest_row(found, "signs")
    fates = found.fates
    assert row["n_hits"] == fates[["n_came_true", "n_came_back"]].to_numpy().sum()
    assert row["n_called"] - row["n_hits"] == fates["n_false_alarm"].sum()
    assert row["n_left"] == found.outcomes["n_left"].sum()
    calls = found.calls
    assert calls["net_amount_window"].is_monotonic_decreasing
    assert (calls["is_warned"] | (calls["probability_rank"] <= 20)).all()
    assert not (found.watch.iloc[len(calls):]["is_warned"]).any()
    handed = build_handover(found, currency="CNY")
    assert isinstance(handed, Handover)
    assert len(handed.headline) == 3
    metrics = {metric.name: metric for metric in handed.metrics}
    assert metrics["revenue_at_risk"].headline
    assert metrics["warning_precision"].value == pytest.approx(row["precision_share"])
    assert metrics["warning_precision"].verdict in ("better", "worse", "cannot tell")
    assert [u.table for u in handed.unanswered][:4] == [
        "complaints", "survey_answers", "invoices", "account_owners"]
    handed.to_frames()


def test_equal_input_equal_bytes(past, found, world, quick):
    again = build_warnings(past, read=world.make_read(), as_of=world.AS_OF, rules=quick,
                           horizon_days=world.HORIZON)
    for name in ("watch", "backtest", "coefficients", "calibration"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(again, name), rtol=0, atol=0)


def test_verdicts_in_words(found):
    table = found.backtest.copy()
    row = (table["basis"] == "as_warned") & (table["ranked_by"] == "signs")
    said = {}
    for verdict in ("better", "worse", "cannot tell"):
        table.loc[row, ["precision_verdict", "caught_verdict"]] = verdict
        said[verdict] = describe_verdict(replace(found, backtest=table), "signs",
                                         basis="as_warned")
    assert said["better"].startswith("In the past the warning signs found more leavers than any")
    assert "By money they found more" in said["better"]
    assert said["worse"].startswith("In the past the warning signs found fewer leavers than a")
    assert "By money they found less" in said["worse"]
    assert "did not surely find more leavers" in said["cannot tell"]
    assert "By money no difference is sure" in said["cannot tell"]
    assert describe_verdict(replace(found, backtest=table.iloc[:0]), "model",
                            basis="tested_days") == ""


def test_warnings_that_were_never_given_before_are_not_judged(found):
    table = found.backtest.copy()
    table.loc[table["basis"] == "as_warned", "n_called"] = 0
    first = build_handover(replace(found, backtest=table)).headline[0]
    assert first.endswith("nobody was on the earlier dates, so what such a warning is worth is "
                          "not known.")


def test_chances_are_in_order(found):
    assert found.chances["leave_probability"].is_monotonic_decreasing
    assert found.chances["judgement"].eq("judged").all()


def test_short_history_refuses_the_model_and_keeps_the_signs(past, world, quick):
    short = past[past["cut_date"] >= world.CUTS[-2]]
    found = build_warnings(short, read=world.make_read(), as_of=world.AS_OF, rules=quick,
                           horizon_days=world.HORIZON)
    assert set(found.refused) == {"model"}
    assert found.coefficients.attrs["reason"] == found.refused["model"]
    assert found.watch["leave_probability"].isna().all()
    assert (found.calls["listed_by"] == "signs").all()
    handed = build_handover(found)
    assert handed.headline[2] == found.refused["model"]
    assert {m.name: m.value for m in handed.metrics}["model_precision"] is None


def test_model_without_a_test_says_so(past, world, quick):
    short = past[past["cut_date"] >= world.CUTS[2]]
    loose = quick.model_copy(update={"min_events": 60})
    found = build_warnings(short, read=world.make_read(), as_of=world.AS_OF, rules=loose,
                           horizon_days=world.HORIZON)
    assert "model_test" in found.refused or "tested_days" in set(found.backtest["basis"])
    build_handover(found)


def test_no_past_at_all_still_finds_signs(past, world, quick):
    facts = past[past["cut_date"] == world.CUTS[-1]].drop(columns="cut_date")
    found = build_warnings(past.iloc[:0], read=world.make_read(), as_of=world.AS_OF, rules=quick,
                           horizon_days=world.HORIZON, facts=facts)
    assert set(found.refused) == {"past", "model"}
    assert "overdue" in set(found.flags["flag"])
    assert "falling_trend" not in set(found.flags["flag"])
    assert build_handover(found).headline[1].startswith("How far such warnings can be trusted is")
    with pytest.raises(RefusedError, match="too short for any day of the past"):
        build_warnings(past.iloc[:0], read=world.make_read(), as_of=world.AS_OF, rules=quick,
                       horizon_days=world.HORIZON)


@pytest.mark.parametrize("keep", [1, 0])
def test_one_account_or_all_silent(past, world, quick, keep):
    few = past[past["account_id"] == "A000"] if keep else past.assign(is_active_closing=False)
    found = build_warnings(few, read=world.make_read(), as_of=world.AS_OF, rules=quick,
                           horizon_days=world.HORIZON)
    assert {"model", "backtest"} <= set(found.refused)
    handed = build_handover(found)
    assert handed.headline
    assert len(found.watch) <= keep
    repr(found)
    found._repr_html_()
