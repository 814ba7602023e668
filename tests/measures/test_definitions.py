"""The shared definitions: active, new, lost, recovered, unknown starts and unknown spans."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import measures
from kamlib.dataset import open_dataset
from kamlib.measures import MeasureRules
from kamlib.measures.facts import AMOUNTS, COUNTS
from kamlib.period import parse_period

FLAGS = ["is_active_opening", "is_active_closing", "is_new", "is_first_seen", "is_lost",
         "is_recovered"]
RECIPES = Path(__file__).parents[2] / "data" / "recipes"


@pytest.fixture
def said(line, ledger):
    """The flags that hold for an account with sales on some days, at the end of 2025Q4."""
    def flags(*days, period="2025Q4", accounts=None, **given_):
        facts = ledger([line("A", day, 1) for day in days], accounts).facts(period, **given_)
        return [flag for flag in FLAGS if facts.loc["A", flag]]
    return flags


@pytest.mark.parametrize(("days", "flags"), [
    # Opening is 2025-09-30, closing 2025-12-31; each looks back 365 days, its own day included.
    (["2025-03-01"], ["is_active_opening", "is_active_closing"]),
    (["2025-01-01"], ["is_active_opening", "is_active_closing"]),
    (["2024-12-31"], ["is_active_opening", "is_lost"]),
    (["2024-10-01"], ["is_active_opening", "is_lost"]),
    (["2024-09-30"], []),
    (["2024-09-30", "2025-10-01"], ["is_active_closing", "is_recovered"]),
    (["2024-10-01", "2025-10-01"], ["is_active_opening", "is_active_closing"]),
    (["2025-09-30"], ["is_active_opening", "is_active_closing"]),
    (["2025-10-01"], ["is_active_closing", "is_new"]),
    (["2025-12-31"], ["is_active_closing", "is_new"]),
])
def test_movement_with_a_window_of_a_year(said, days, flags):
    assert said(*days) == flags


@pytest.mark.parametrize(("days", "flags"), [
    # 30 days are shorter than the quarter, so its 92 days count: after 06-30 and after 09-30.
    (["2025-06-30"], []),
    (["2025-07-01"], ["is_active_opening", "is_lost"]),
    (["2025-07-01", "2025-10-01"], ["is_active_opening", "is_active_closing"]),
    (["2025-06-30", "2025-10-01"], ["is_active_closing", "is_recovered"]),
    (["2025-10-01"], ["is_active_closing", "is_new"]),
])
def test_the_window_is_never_shorter_than_the_period(said, days, flags):
    assert said(*days, active_window_days=30) == flags


def test_a_window_shorter_than_a_year_and_one_longer(said):
    # 2025-12-31 less 100 days is 09-22; 2025-09-30 less 100 days is 06-22.
    assert said("2025-09-22", active_window_days=100) == ["is_active_opening", "is_lost"]
    assert said("2025-06-22", active_window_days=100) == []
    # Two years back from the closing is 2024-01-01 (2024 has 366 days).
    assert said("2024-01-02", active_window_days=730) == ["is_active_opening", "is_active_closing"]
    assert said("2024-01-01", active_window_days=730) == ["is_active_opening", "is_lost"]


@pytest.mark.parametrize(("day", "flags"), [
    # The year 2024 has 366 days, so the window has: opening 2023-12-31 looks back to 2022-12-31.
    ("2022-12-30", []), ("2022-12-31", ["is_active_opening", "is_lost"]),
    ("2023-12-31", ["is_active_opening", "is_lost"]),
    ("2024-01-01", ["is_active_closing", "is_new"]),
])
def test_a_leap_year_widens_the_window(said, day, flags):
    assert said(day, period="2024") == flags


def test_only_sales_make_active(line, ledger):
    rows = [line("A", "2025-11-01", -1, kind="return"), line("A", "2025-11-02", 0, kind="free"),
            line("A", "2025-11-03", 3, kind="adjustment")]
    facts = ledger(rows).facts("2025Q4")
    assert not facts.loc["A", FLAGS].any()


def known(ledger, line, day, since=None, **given_):
    who = {"A": {"customer_since": since and date.fromisoformat(since)}}
    facts = ledger([line("A", day, 1)], who).facts("2025Q4", history_from="2025-08-01", **given_)
    a = facts.loc["A"]
    tenure = None if pd.isna(a["tenure_days"]) else int(a["tenure_days"])
    return bool(a["is_start_known"]), bool(a["is_new"]), bool(a["is_first_seen"]), tenure


def test_a_first_sale_within_the_entry_guard_says_nothing(ledger, line):
    # History from 08-01: with 90 days of guard 10-30 is the first day that tells.
    assert known(ledger, line, "2025-10-29") == (False, False, True, None)
    assert known(ledger, line, "2025-10-30") == (True, True, False, 62)
    assert known(ledger, line, "2025-10-29", entry_guard_days=89) == (True, True, False, 63)


def test_customer_since_tells_the_start(ledger, line):
    # 2019-05-01 to 2025-12-31: six years with two leap days, and 244 days.
    assert known(ledger, line, "2025-10-29", "2019-05-01") == (
        True, False, True, 6 * 365 + 2 + 244)
    # Since a day within the known history: new in the period of the first sale.
    assert known(ledger, line, "2025-10-29", "2025-08-10") == (True, True, False, 143)


def test_customer_since_after_the_first_sale_gives_way_to_it(ledger, line):
    assert known(ledger, line, "2025-11-01", "2025-12-01") == (True, True, False, 60)


def test_a_cohort_has_no_guard(ledger, line):
    assert known(ledger, line, "2025-08-01", starts_with="cohort") == (True, False, False, 152)
    assert known(ledger, line, "2025-10-01", starts_with="cohort") == (True, True, False, 91)


def test_an_account_without_sales_has_no_start(ledger, line):
    who = {"A": {}, "B": {"customer_since": date(2019, 5, 1)}}
    b = ledger([line("A", "2025-10-01", 1)], who).facts("2025Q4").loc["B"]
    assert pd.isna(b["start_date"])
    assert pd.isna(b["tenure_days"])
    assert not b["is_start_known"]


@pytest.mark.parametrize(("history_from", "unknown"), [
    ("2024-10-01", []), ("2024-10-02", ["_year_before"]), ("2025-07-01", ["_year_before"]),
    ("2025-07-02", ["_previous", "_year_before"]), ("2025-10-15", ["_previous", "_year_before"])])
def test_a_span_from_before_the_known_history_is_unknown_never_zero(line, ledger, history_from,
                                                                     unknown):
    rows = [line("A", day, 1) for day in ("2024-11-01", "2025-08-01", "2025-11-01")]
    facts = ledger(rows, {"A": {}, "B": {}}).facts("2025Q4", history_from=history_from)
    for suffix in ("_previous", "_year_before"):
        names = [f"{c}{suffix}" for c in (*COUNTS, *AMOUNTS, "net_amount")]
        if suffix in unknown:
            assert facts[names].isna().all(axis=None)
        else:
            assert facts.loc["A", f"net_amount{suffix}"] == 1
            assert facts.loc["B", names].eq(0).all()


def test_the_analysis_window_is_cut_to_the_known_history(line, ledger):
    rows = [line("A", "2025-07-01", 1), line("A", "2025-07-02", 10), line("A", "2025-11-01", 100)]
    a = ledger(rows).facts("2025Q4", history_from="2025-07-02").loc["A"]
    assert (a["net_amount"], a["net_amount_window"], a["n_orders_window"]) == (111, 110, 2)


def test_the_length_of_the_analysis_window_is_a_rule(line, ledger):
    rows = [line("A", "2025-06-30", 1), line("A", "2025-07-01", 10)]
    assert ledger(rows).facts("2025Q4", window_months=6).loc["A", "net_amount_window"] == 10


def test_a_group_is_one_account_since_its_earliest_member(line, ledger):
    who = {"top": {"customer_since": date(2024, 1, 1)},
           "low": {"parent_id": "top", "customer_since": date(2023, 1, 1)}}
    rows = [line("top", "2024-10-01", 1), line("low", "2025-10-01", 2)]
    by_account = ledger(rows, who).facts("2025Q4")
    assert by_account["is_new"].to_dict() == {"low": True, "top": False}
    by_group = ledger(rows, who).facts("2025Q4", account_level="group")
    assert by_group.index.tolist() == ["top"]
    assert by_group.loc["top", "net_amount"] == 3
    assert by_group.loc["top", "start_date"] == pd.Timestamp(2023, 1, 1)
    assert not by_group.loc["top", "is_new"]


days = st.integers(0, 1095).map(lambda n: str(date(2023, 1, 1) + timedelta(days=n)))
sales = st.lists(st.lists(days, min_size=1, max_size=4), min_size=20, max_size=40)


@pytest.mark.parametrize(("period", "window"), [
    ("2025", 365), ("2025H2", 90), ("2025Q4", 730), ("2025-12", 30), ("2024Q3", 365)])
@settings(max_examples=2, deadline=None)
@given(sales=sales)
def test_opening_and_what_comes_less_what_goes_is_closing(sales, period, window, line, ledger,
                                                         engine):
    rows = [line(f"A{a:02d}", day, 1) for a, found in enumerate(sales) for day in found]
    book = ledger(rows, con=engine)
    facts = book.facts(period, history_from="2023-01-01", active_window_days=window)
    opening, closing, new, seen, lost, recovered = (int(facts[f].sum()) for f in FLAGS)
    assert opening + new + seen + recovered - lost == closing
    assert facts[["is_new", "is_first_seen", "is_recovered", "is_lost"]].sum(axis=1).max() <= 1
    before = parse_period(period)
    window = max(window, before.n_days)  # the opening is the closing of the period before
    earlier = book.facts(f"{before.previous_start}..{before.previous_end}",
                         history_from="2023-01-01", active_window_days=window)
    if (before.previous_end - before.previous_start).days < window:
        assert earlier["is_active_closing"].tolist() == facts["is_active_opening"].tolist()


# lifetimes, tests/test_utils.py, large_transaction_level_data_with_monetary_value, observed to
# 2015-02-07; expected (x, t_x, T, m) as there, where m is 0 without a repeat.
TOY = [(1, "2015-01-01", 1), (1, "2015-02-06", 2), (2, "2015-01-01", 2), (3, "2015-01-01", 3),
       (3, "2015-01-02", 1), (3, "2015-01-05", 5), (4, "2015-01-16", 6), (4, "2015-02-02", 3),
       (4, "2015-02-05", 3), (5, "2015-01-16", 3), (5, "2015-01-17", 1), (5, "2015-01-18", 8),
       (6, "2015-02-02", 5)]
SUMMARY = [(1, 36, 37, 2), (0, 0, 37, 0), (2, 4, 37, 3), (2, 20, 22, 3), (2, 2, 22, 4.5),
           (0, 0, 5, 0)]
COLUMNS = ["n_repeat_days", "first_to_last_days", "first_to_as_of_days", "repeat_day_mean_amount"]


def test_the_published_repeat_buying_summary(line, ledger):
    rows = [line(str(account), day, amount) for account, day, amount in TOY]
    facts = ledger(rows).facts("2015-01-01..2015-02-07")
    assert facts[COLUMNS[3]].isna().tolist() == [x == 0 for x, *_ in SUMMARY]
    assert [tuple(row) for row in facts[COLUMNS].fillna(0).values] == SUMMARY


def test_the_published_sums_of_cdnow(real_data):
    """The sample of Fader & Hardie observed for 39 weeks, to 1997-09-30."""
    dataset = open_dataset(RECIPES / "cdnow_sample.toml")
    period, rules = parse_period("1997-07-01..1997-09-30"), MeasureRules()
    orders, accounts = dataset.tables["orders"], dataset.tables["accounts"]
    lines = measures.build_lines(orders, accounts, as_of=period.as_of, rules=rules)
    who = accounts.select("account_id", "customer_since").execute()
    facts = measures.build_account_facts(
        measures.build_order_days(lines), who, period=period, history_from=date(1997, 1, 1),
        starts_with="cohort", rules=rules)
    # lifetimes and pymc-marketing, test_utils: the RFM summary of the calibration log.
    assert len(facts) == 2357
    assert facts["n_repeat_days"].sum() == 2457
    assert facts["first_to_last_days"].sum() == 112_949
    assert facts["first_to_as_of_days"].sum() == 539_779
    spent = facts.loc[facts["n_repeat_days"] > 0, "repeat_day_mean_amount"]
    assert len(spent) == 946
    # Printed without decimals: mean 35, standard deviation 30, smallest 3, median 27, largest 300.
    found = [spent.mean(), spent.std(), spent.min(), spent.median(), spent.max()]
    assert found == pytest.approx([35, 30, 3, 27, 300], abs=0.5)
    assert facts["is_start_known"].all()
