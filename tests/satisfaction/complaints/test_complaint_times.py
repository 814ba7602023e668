"""How fast: waiting complaints are censored, not left out."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kamlib.satisfaction.complaints.times import age_open, list_open


def settled(day, n_days, n=1):
    opened = pd.Timestamp(day)
    done = opened + pd.Timedelta(days=n_days)
    return [("a", opened, opened, done)] * n


def row_of(result, step="resolution", span="window"):
    table = result.times
    return table[(table["step"] == step) & (table["span"] == span)].iloc[0]


def test_open_complaints_count_as_waiting(world):
    # Five settled after 2 days; five opened 10 days before the end and open still. The curve falls
    # to 1/2 at 2 days; leaving the open ones out would say that all were settled by then.
    result = world([*settled("2025-06-01", 2, 5), *[("b", "2025-12-21", "2025-12-21")] * 5],
                   min_events=5).build()
    row = row_of(result)
    assert (row["n_complaints"], row["n_ended"], row["n_waiting"]) == (10, 5, 5)
    assert row["median_wait_days"] == 2
    assert pd.isna(row["ninety_days"])
    assert row["kept_share"] == pytest.approx(0.5)  # within 14 days


def test_by_hand_with_days_that_differ(world):
    # Ten complaints settled after 1 to 10 days: half by 5, nine of ten by 9, 0.3 within 3.
    rows = [e for n in range(1, 11) for e in settled("2025-06-01", n)]
    row = row_of(world(rows, resolution_days=3).build())
    assert (row["median_wait_days"], row["ninety_days"]) == (5, 9)
    assert row["kept_share"] == pytest.approx(0.3)
    assert row["kept_share_ci_low"] < 0.3 < row["kept_share_ci_high"]


@pytest.mark.parametrize(("target", "verdict"), [(None, ""), (0.05, "met"), (0.95, "not met"),
                                                 (0.3, "cannot tell")])
def test_a_target_is_held_against_the_interval(world, target, verdict):
    rows = [e for n in range(1, 11) for e in settled("2025-06-01", n)]
    result = world(rows, resolution_days=3, kept_target_share=target).build()
    assert row_of(result)["verdict"] == verdict


def test_too_few_are_refused_with_a_reason(world):
    row = row_of(world(settled("2025-06-01", 2, 9)).build())
    assert pd.isna(row["median_wait_days"])
    assert row["reason"] == ("Of 9 complaints 9 have ended; 10 are asked for. A longer span, or a "
                             "lower rule complaints.min_events, would lift this.")


def test_answers_on_the_day_itself_take_no_day(world):
    row = row_of(world(settled("2025-06-01", 2, 12)).build(), step="response")
    assert row["median_wait_days"] == 0
    assert row["kept_share"] == 1


def test_open_ones_are_listed_and_aged(world):
    log = world([("a", "2025-12-31"), ("a", "2025-12-20", "2025-12-21"),
                 ("b", "2025-06-01"), *settled("2025-06-01", 2)]).log()
    waiting = list_open(log, as_of=date(2025, 12, 31),
                        amounts=pd.Series({"a": 100.0, "b": 50.0}), owners=pd.Series({"a": "m1"}))
    assert waiting["open_days"].tolist() == [213, 11, 0]
    assert waiting["owner_id"].tolist() == ["", "m1", "m1"]
    ages = age_open(waiting, ageing_days=(7, 30))
    assert ages["n_open"].tolist() == [1, 1, 1]
    assert ages["n_unanswered"].tolist() == [1, 0, 1]
    assert ages["net_amount_window"].tolist() == [100, 100, 50]
    assert ages["age_from_days"].tolist() == [0, 8, 31]


def test_none_and_all_in_time_have_intervals_too(world):
    # 12 settled after 20 days: 0 of 12 within 14, exactly 0 to 26.5 %; all 12 within 30.
    rows = settled("2025-06-01", 20, 12)
    none, every = (row_of(world(rows, resolution_days=days, kept_target_share=0.5).build())
                   for days in (14, 30))
    assert (none["kept_share"], none["verdict"]) == (0, "not met")
    assert none["kept_share_ci_high"] == pytest.approx(0.265, abs=0.0005)
    assert (every["kept_share"], every["verdict"]) == (1, "met")
