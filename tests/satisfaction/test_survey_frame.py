"""The survey frame, and who in it was heard."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.satisfaction import (
    build_frame,
    build_hearing,
    reference_volumes,
    score_accounts,
    summarise_response,
    track_coverage,
)
from kamlib.satisfaction.survey.frame import reference_note


def framed(volumes: dict[str, float], share: float = 0.8) -> list[str]:
    table = build_frame(pd.Series(volumes), share=share)
    return sorted(table.loc[table["in_survey_frame"], "account_id"])


def test_the_account_that_crosses_the_line_is_in():
    # SAT-03: the smallest prefix with a cumulative share of 80 % or more.
    assert framed({"a": 50, "b": 29, "c": 15, "d": 6}) == ["a", "b", "c"]
    assert framed({"a": 50, "b": 30, "c": 20}) == ["a", "b"]


def test_equal_volumes_enter_together():
    assert framed({"a": 60, "b": 10, "c": 10, "d": 10, "e": 10}) == ["a", "b", "c", "d", "e"]
    assert framed({"a": 70, "b": 10, "c": 10, "d": 5, "e": 5}) == ["a", "b", "c"]


def test_a_share_reached_exactly_counts_despite_floating_point():
    # 0.1 + 0.7 is a hair below 0.8 in doubles.
    assert framed({"a": 0.7, "b": 0.1, "c": 0.1, "d": 0.1}) == ["a", "b", "c", "d"]
    assert framed({"a": 0.7, "b": 0.1, "c": 0.09, "d": 0.11}) == ["a", "d"]
    assert framed({"a": 0.3, "b": 0.25, "c": 0.25, "d": 0.2}) == ["a", "b", "c"]


def test_nobody_without_sales_is_in():
    assert framed({"a": 10, "b": 0, "c": -5}) == ["a"]
    assert framed({"a": 0, "b": 0}) == []
    assert framed({"a": float("nan")}) == []


@given(volumes=st.lists(st.integers(0, 1000), min_size=1, max_size=30), share=st.floats(0.05, 1))
def test_the_frame_is_the_shortest_list_that_reaches_the_share(volumes, share):
    table = build_frame(pd.Series({f"a{i:02d}": v for i, v in enumerate(volumes)}), share=share)
    inside = table[table["in_survey_frame"]]["reference_amount"]
    assert len(table) == len(volumes)
    assert inside.sum() >= share * sum(volumes) * (1 - 1e-9)
    if len(inside):
        without_the_smallest = inside[inside > inside.min()].sum()
        assert without_the_smallest < share * sum(volumes)


def months(rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["account_id", "month", "line_kind", "amount"])
    return table.assign(month=pd.to_datetime(table["month"]))


def test_volumes_come_from_the_waves_reference_window(wave):
    history = months([("a", "2024-06-01", "sale", 100.0), ("a", "2024-07-01", "return", -10.0),
                      ("a", "2024-07-01", "adjustment", 7.0), ("a", "2025-07-01", "sale", 900.0),
                      ("b", "2024-08-01", "sale", 40.0)])
    stated = wave(reference_from=pd.Timestamp("2024-01-01"),
                  reference_to=pd.Timestamp("2024-12-31"))
    window = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0})
    volumes = reference_volumes(stated, months=history, amounts=window)
    assert volumes.to_dict() == {"a": 90.0, "b": 40.0, "c": 0.0}
    assert reference_volumes(wave(), months=history, amounts=window).to_dict() == window.to_dict()


@pytest.mark.parametrize(("start", "end", "note"), [
    # E6: a 2018 survey on the volumes of 2014-2016 is out of date.
    ("2024-01-01", "2024-12-31", "stated"), ("2022-01-01", "2023-12-31", "stale"),
    (None, None, "not_stated"), ("2010-01-01", "2010-12-31", "outside_history")])
def test_a_stale_reference_window_is_called_so(wave, start, end, note):
    history = months([("a", "2023-06-01", "sale", 1.0), ("a", "2024-06-01", "sale", 1.0)])
    stated = wave(reference_from=pd.Timestamp(start), reference_to=pd.Timestamp(end))
    window = pd.Series({"a": 1.0})
    volumes = reference_volumes(stated, months=history, amounts=window)
    assert reference_note(stated, volumes=volumes, amounts=window, stale_days=365) == note


def invitations(sent: int, returned: int) -> pd.DataFrame:
    dates = [pd.Timestamp(2025, 9, 10) if i < returned else pd.NaT for i in range(sent)]
    return pd.DataFrame({"wave_id": "W2", "account_id": [f"a{i % 9}" for i in range(sent)],
                         "contact_role": "purchasing", "mode": "email",
                         "sent_date": pd.Timestamp(2025, 9, 1), "reminded_date": pd.NaT,
                         "returned_date": dates})


def test_rainbow_2004_response(scored):
    # SAT-08: 45 sent, 28 returned, 62.2 % (Wilson 95 % 47.6-74.9), all 28 valid.
    wave = scored({f"p{k:02d}": (f"a{k % 9}", [5, 5]) for k in range(28)})
    accounts = score_accounts(wave, satisfied_line=70)
    frame = build_frame(pd.Series({f"a{i}": 10.0 for i in range(9)}), share=0.8)
    hearing = build_hearing(frame, invitations=invitations(45, 28),
                            questionnaires=wave.questionnaires, accounts=accounts)
    table = summarise_response(hearing, questionnaires=wave.questionnaires,
                               level=0.95).set_index("measure")
    returned = table.loc["questionnaires_returned"]
    assert (returned["n"], returned["n_of"]) == (28, 45)
    assert returned["response_share"] == pytest.approx(0.622, abs=0.0005)
    assert returned["response_share_ci_low"] == pytest.approx(0.476, abs=0.0005)
    assert returned["response_share_ci_high"] == pytest.approx(0.749, abs=0.0005)
    assert table.loc["questionnaires_valid", "response_share"] == 1


def test_revenue_heard_differs_from_accounts_heard(scored):
    wave = scored({"p0": ("small", [5, 5]), "p1": ("other", [5, 5])})
    frame = build_frame(pd.Series({"big": 90.0, "small": 8.0, "other": 2.0}), share=1.0)
    hearing = build_hearing(frame, invitations=None, questionnaires=wave.questionnaires,
                            accounts=score_accounts(wave, satisfied_line=70))
    table = summarise_response(hearing, questionnaires=wave.questionnaires,
                               level=0.95).set_index("measure")
    assert table.loc["frame_heard", "response_share"] == pytest.approx(2 / 3)
    assert table.loc["frame_revenue", "response_share"] == pytest.approx(0.1)
    assert pd.isna(table.loc["questionnaires_returned", "response_share"])  # nobody knows who
    assert hearing["n_sent"].isna().all()


def test_an_account_outside_the_accounts_known_is_not_lost(scored):
    wave = scored({"p0": ("stranger", [5, 5])})
    hearing = build_hearing(build_frame(pd.Series({"a": 1.0}), share=0.8), invitations=None,
                            questionnaires=wave.questionnaires,
                            accounts=score_accounts(wave, satisfied_line=70))
    assert hearing["account_id"].tolist() == ["a", "stranger"]
    assert hearing["in_survey_frame"].tolist() == [True, False]
    assert hearing["is_heard"].tolist() == [False, True]


def test_coverage_grows_month_by_month(scored):
    wave = scored({"p0": ("a", [5, 5]), "p1": ("b", [5, 5]), "p2": ("a", [5, 5])})
    hearing = build_hearing(build_frame(pd.Series({"a": 60.0, "b": 30.0, "c": 10.0}), share=1.0),
                            invitations=None, questionnaires=wave.questionnaires,
                            accounts=score_accounts(wave, satisfied_line=70))
    answers = pd.DataFrame({"questionnaire_id": ["W2-p0", "W2-p1", "W2-p2"],
                            "account_id": ["a", "b", "a"],
                            "answered_date": pd.to_datetime(["2025-10-05", "2025-09-20",
                                                             "2025-11-01"])})
    table = track_coverage(hearing, wave.questionnaires, answers)
    assert table["month"].dt.month.tolist() == [9, 10, 11]
    # The second person of an account is another questionnaire, not another account.
    assert table["n_valid"].tolist() == [1, 2, 3]
    assert table["n_accounts_heard"].tolist() == [1, 2, 2]
    assert table["frame_revenue_share"].tolist() == pytest.approx([0.3, 0.9, 0.9])
    assert table["n_sent"].isna().all()  # there is no list of invitations
