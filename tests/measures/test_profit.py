"""Profit of an account: its margin less the work; numbers worked out by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.measures.profit import PROFIT_COLUMNS, build_profit

WINDOW = {"start": date(2025, 1, 1), "end": date(2025, 12, 31)}


def facts(**columns):
    """Account, net sales, margin, net sales with known cost."""
    return pd.DataFrame(
        [(account, *numbers) for account, numbers in columns.items()],
        columns=["account_id", "net_amount_window", "margin_amount_window",
                 "margin_known_amount_window"])


def effort(*rows):
    frame = pd.DataFrame(rows, columns=["account_id", "month", "cost_amount"])
    return frame.assign(month=pd.to_datetime(frame["month"]), owner_id="M1", hours=1.0)


def profit_of(table, account):
    return table.set_index("account_id").loc[account].to_dict()


def test_work_is_taken_off_the_margin_and_profit_may_be_negative():
    found = build_profit(facts(a=(100.0, 30.0, 90.0), b=(50.0, 5.0, 50.0)),
                         effort(("b", "2025-01-01", 4.0), ("b", "2025-12-01", 3.5)), **WINDOW)
    assert found.columns.tolist() == PROFIT_COLUMNS
    assert profit_of(found, "a") == {"margin_amount": 30.0, "cost_to_serve_amount": 0.0,
                                     "profit_amount": 30.0, "is_cost_to_serve_known": False}
    assert profit_of(found, "b") == {"margin_amount": 5.0, "cost_to_serve_amount": 7.5,
                                     "profit_amount": -2.5, "is_cost_to_serve_known": True}


def test_only_months_of_the_window_count():
    rows = effort(("a", "2024-12-01", 100.0), ("a", "2025-03-01", 1.0), ("a", "2026-01-01", 100.0))
    found = build_profit(facts(a=(9.0, 9.0, 9.0)), rows, **WINDOW)
    assert found["cost_to_serve_amount"].tolist() == [1.0]
    # A window that begins within a month takes that month's row.
    found = build_profit(facts(a=(9.0, 9.0, 9.0)), rows, start=date(2024, 12, 15),
                         end=WINDOW["end"])
    assert found["cost_to_serve_amount"].tolist() == [101.0]


def test_unknown_cost_of_goods_is_a_gap_and_no_sales_are_not():
    found = build_profit(facts(none=(0.0, 0.0, 0.0), some=(80.0, 20.0, 40.0),
                               unknown=(70.0, 0.0, 0.0)),
                         effort(("none", "2025-05-01", 6.0)), **WINDOW)
    assert profit_of(found, "none")["profit_amount"] == -6.0
    assert profit_of(found, "some")["profit_amount"] == 20.0
    assert np.isnan(profit_of(found, "unknown")["margin_amount"])
    assert np.isnan(profit_of(found, "unknown")["profit_amount"])


def test_where_no_cost_of_goods_is_kept_every_profit_is_a_gap():
    found = build_profit(facts(a=(10.0, 0.0, 0.0), b=(0.0, 0.0, 0.0)), effort(), **WINDOW)
    assert found["profit_amount"].isna().all()


@pytest.mark.parametrize("rows", [
    pd.DataFrame(), effort(), effort(("a", "2024-01-01", 5.0)), effort(("a", "2025-01-01", None)),
    effort(("a", "2025-01-01", 5.0)).drop(columns="cost_amount")])
def test_without_recorded_cost_the_profit_is_the_margin_and_says_so(rows):
    found = build_profit(facts(a=(100.0, 30.0, 100.0)), rows, **WINDOW)
    assert found["profit_amount"].tolist() == [30.0]
    assert found["cost_to_serve_amount"].isna().all()
    assert found["is_cost_to_serve_known"].tolist() == [False]


def test_work_without_its_cost_makes_the_cost_to_serve_unknown():
    rows = effort(("a", "2025-01-01", 5.0), ("a", "2025-02-01", None), ("b", "2025-02-01", 1.0))
    found = build_profit(facts(a=(9.0, 9.0, 9.0), b=(9.0, 9.0, 9.0)), rows, **WINDOW)
    assert found["cost_to_serve_amount"].tolist() == [5.0, 1.0]
    assert found["is_cost_to_serve_known"].tolist() == [False, True]


def test_rows_in_any_order_and_others_work():
    both = facts(a=(100.0, 30.0, 90.0), b=(50.0, 5.0, 50.0))
    rows = effort(("b", "2025-01-01", 4.0), ("x", "2025-01-01", 9.0), ("a", "2025-02-01", 1.0))
    expected = build_profit(both, rows, **WINDOW)
    assert expected["account_id"].tolist() == ["a", "b"]
    pd.testing.assert_frame_equal(build_profit(both.iloc[::-1], rows.iloc[::-1], **WINDOW),
                                  expected)


def test_missing_columns_are_named():
    with pytest.raises(InputError, match="margin_amount_window is missing"):
        build_profit(facts(a=(1.0, 1.0, 1.0)).drop(columns="margin_amount_window"), effort(),
                     **WINDOW)
    with pytest.raises(InputError, match=r"effort table; month is missing"):
        build_profit(facts(a=(1.0, 1.0, 1.0)), effort(("a", "2025-01-01", 1.0)).drop(
            columns="month"), **WINDOW)
