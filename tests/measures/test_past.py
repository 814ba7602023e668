"""Days of the past, the first lapse, and daily purchases: small ledgers worked by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import measures
from kamlib.measures import MeasureRules, build_past_facts, build_purchase_days, list_cuts
from kamlib.measures.past import PAST_COLUMNS

RULES = MeasureRules(backtest_horizon_days=90, backtest_cuts=3)
HISTORY = date(2024, 1, 1)
AS_OF = date(2024, 12, 31)


@pytest.fixture(scope="module")
def book(line, ledger):
    """A buys all the time, B once in spring, C for the first time in November."""
    rows = [*(line("A", f"2024-{month:02d}-10", 100) for month in range(1, 13)),
            line("A", "2024-12-10", 50, order_id="same day"),
            line("A", "2024-12-20", -30, kind="return"), line("B", "2024-05-01", 70),
            line("C", "2024-11-11", 20), line("A", "2025-01-05", 999)]
    return ledger(rows)


def build_past(book, *, rules=RULES, history_from=HISTORY):
    days = measures.build_order_days(book.lines(str(AS_OF)))
    who = measures.fetch(book.accounts.select("account_id", "customer_since"))
    parts = build_past_facts(days, who, as_of=AS_OF, history_from=history_from,
                             starts_with="cohort", rules=rules)
    return pd.concat(parts, ignore_index=True)


def test_cuts_are_a_horizon_apart_and_have_one_before_them():
    assert list_cuts(AS_OF, history_from=HISTORY, rules=RULES) == [
        date(2024, 4, 5), date(2024, 7, 4), date(2024, 10, 2)]
    # The first of them needs 90 known days, its own among them: 2024-01-07 to 2024-04-05.
    for first, n in ((date(2024, 1, 7), 3), (date(2024, 1, 8), 2), (date(2024, 12, 1), 0)):
        assert len(list_cuts(AS_OF, history_from=first, rules=RULES)) == n


def test_what_came_next_stands_in_the_row_of_the_next_cut(book):
    past = build_past(book).set_index(["cut_date", "account_id"])
    assert past.index.is_monotonic_increasing
    assert past.index.get_level_values(0).unique().strftime("%m-%d").tolist() == [
        "04-05", "07-04", "10-02", "12-31"]
    # Nobody is there before the first purchase.
    assert past.groupby("cut_date").size().tolist() == [1, 2, 2, 3]
    account = past.xs("A", level="account_id")
    assert account["n_purchase_days"].tolist() == [3, 6, 9, 12]
    assert account["n_purchase_days_period"].tolist() == [3, 3, 3, 3]
    assert account["first_to_last_days"].tolist() == [60, 152, 244, 335]
    # Horizons of 90 days: the last one begins on 3 October; returns are of their own day.
    assert account["gross_amount_period"].tolist() == [300, 300, 300, 350]
    assert account["net_amount_period"].tolist() == [300, 300, 300, 320]


def test_horizons_touch_and_do_not_overlap(line, ledger):
    every_day = pd.date_range("2024-01-01", "2024-12-31").strftime("%Y-%m-%d")
    past = build_past(ledger([line("A", day, 1) for day in every_day]))
    assert past["n_purchase_days_period"].tolist() == [90, 90, 90, 90]
    assert past["n_purchase_days"].diff().dropna().tolist() == [90, 90, 90]


def test_a_cut_knows_nothing_of_what_came_after(line, ledger, book):
    early = build_past(book)
    rows = [line("A", f"2024-{month:02d}-10", 100) for month in range(1, 13)]
    changed = build_past(ledger([*rows, line("B", "2024-05-01", 70), line("D", "2024-10-03", 1)]))
    before = pd.Timestamp("2024-10-02")
    pd.testing.assert_frame_equal(early[early["cut_date"] <= before],
                                  changed[changed["cut_date"] <= before])


def test_no_cut_no_row_but_all_columns(book):
    past = build_past(book, history_from=date(2024, 12, 1))
    assert past.empty
    assert past.columns.tolist() == PAST_COLUMNS


def test_purchases_by_day_of_some_accounts(book):
    days = measures.build_order_days(book.lines(str(AS_OF)))
    table = build_purchase_days(days, ["A", "B"])
    assert table["n_accounts"].sum() == 13  # two orders of one day are one purchase day
    assert table.loc[table["n_first_accounts"] > 0, "order_date"].dt.strftime(
        "%m-%d").tolist() == ["01-10", "05-01"]
    assert build_purchase_days(days, []).empty


@pytest.mark.parametrize(("days", "lapse"), [
    (["2023-01-01", "2024-01-01"], "2024-12-31"),  # 365 days apart: active on every day between
    (["2023-01-01", "2024-01-02"], "2024-01-01"),  # a day more: silent for a whole window
    (["2023-01-01", "2024-01-02", "2024-06-01", "2025-06-30"], "2024-01-01"),  # the first counts
    (["2024-01-02"], None),  # still active on 31 December 2024
    (["2024-01-01"], "2024-12-31"),  # the window of that day begins after it
])
def test_first_lapse(line, ledger, days, lapse):
    facts = ledger([line("A", day, 10) for day in days]).facts("2024")
    found = facts.loc["A", "lapse_date"]
    assert (None if pd.isna(found) else str(found.date())) == lapse


@settings(max_examples=3, deadline=None)
@given(st.lists(st.lists(st.dates(date(2021, 1, 1), date(2024, 12, 31)), min_size=1, max_size=8),
                min_size=8, max_size=12))
def test_who_never_lapsed_is_active_and_who_is_inactive_lapsed(line, ledger, engine, histories):
    bought = {f"A{i:02d}": days for i, days in enumerate(histories)}
    facts = ledger([line(account, str(day), 1) for account, days in bought.items()
                    for day in days], con=engine).facts("2024Q4")
    for account, days in bought.items():
        row = facts.loc[account]
        has_lapsed = pd.notna(row["lapse_date"])
        assert has_lapsed or row["is_active_closing"]
        if has_lapsed:
            assert row["lapse_date"] <= pd.Timestamp("2024-12-31")
            before = [pd.Timestamp(day) for day in days if pd.Timestamp(day) < row["lapse_date"]]
            assert max(before) + pd.Timedelta(days=365) == row["lapse_date"]
