"""What a notebook hands on, as tables."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from kamlib.handover import Attention, Finding, Handover, Metric, Unanswered

HANDOVER = Handover(
    headline=("Sales rose.",),
    metrics=(Metric("Net sales", 41.5, "amount", previous=40.0, better="up", headline=True),
             Metric("Satisfaction", None, "index", n=12, ci_low=60.0, ci_high=70.0,
                    verdict="cannot tell")),
    findings=(Finding("late", "A02 is late.", amount=-3.0),),
    attention=(Attention("0007", "silent for 200 days"),),
    unanswered=(Unanswered("Who pays late?", "no invoices", table="invoices"),))


def test_one_row_an_entry_in_order():
    frames = HANDOVER.to_frames()
    assert {name: len(frame) for name, frame in frames.items()} == {
        "metrics": 2, "findings": 1, "attention": 1, "unanswered": 1}
    assert frames["metrics"]["name"].tolist() == ["Net sales", "Satisfaction"]
    assert frames["attention"].loc[0, "account_id"] == "0007"
    assert frames["unanswered"].loc[0].tolist() == ["Who pays late?", "no invoices", "invoices"]


def test_what_is_not_given_is_empty_not_zero():
    metrics = HANDOVER.to_frames()["metrics"]
    assert pd.isna(metrics.loc[1, "value"])
    assert pd.isna(metrics.loc[0, "n"])
    assert metrics.loc[1, "n"] == 12
    assert pd.isna(HANDOVER.to_frames()["attention"].loc[0, "amount"])


def test_types_do_not_depend_on_the_rows():
    full, empty = HANDOVER.to_frames(), Handover().to_frames()
    for name, frame in full.items():
        assert empty[name].empty
        pd.testing.assert_series_equal(empty[name].dtypes, frame.dtypes)
    assert str(full["metrics"]["n"].dtype) == "Int64"
    assert str(full["metrics"]["headline"].dtype) == "bool"


def test_it_is_never_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        HANDOVER.metrics[0].value = 1.0  # type: ignore[misc]
