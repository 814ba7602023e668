"""Names of periods: what they span, what they are compared with, what is refused."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import InputError
from kamlib.period import Period, PeriodRules, add_months, latest_period, parse_period

years = st.integers(1905, 2190)
starts = st.integers(1, 12)
parts = st.sampled_from(["", "H1", "H2", "Q1", "Q2", "Q3", "Q4"])
days = st.dates(date(1910, 1, 1), date(2150, 12, 31))


def span(period: Period) -> tuple[str, str]:
    return str(period.start), str(period.end)


def compared(period: Period) -> tuple[str, str, str, str]:
    return (str(period.previous_start), str(period.previous_end),
            str(period.year_before_start), str(period.year_before_end))


@pytest.mark.parametrize(("name", "start", "end"), [
    ("2025", "2025-01-01", "2025-12-31"),
    ("2025H1", "2025-01-01", "2025-06-30"), ("2025H2", "2025-07-01", "2025-12-31"),
    ("2025Q1", "2025-01-01", "2025-03-31"), ("2025Q4", "2025-10-01", "2025-12-31"),
    ("2025-12", "2025-12-01", "2025-12-31"), ("2024-02", "2024-02-01", "2024-02-29"),
    ("2025-07-01..2025-12-31", "2025-07-01", "2025-12-31"),
    ("2025-07-04..2025-07-04", "2025-07-04", "2025-07-04"),
    (" 2025Q4\n", "2025-10-01", "2025-12-31"),
])
def test_what_a_name_spans(name, start, end):
    period = parse_period(name)
    assert span(period) == (start, end)
    assert period.label == name.strip()
    assert period.as_of == period.end


@pytest.mark.parametrize(("name", "previous_and_year_before"), [
    ("2025", ("2024-01-01", "2024-12-31", "2024-01-01", "2024-12-31")),
    ("2025H1", ("2024-07-01", "2024-12-31", "2024-01-01", "2024-06-30")),
    ("2025Q1", ("2024-10-01", "2024-12-31", "2024-01-01", "2024-03-31")),
    ("2025-03", ("2025-02-01", "2025-02-28", "2024-03-01", "2024-03-31")),
    # A leap February is compared with the whole of a shorter one, and the other way round.
    ("2024-02", ("2024-01-01", "2024-01-31", "2023-02-01", "2023-02-28")),
    ("2025-02", ("2025-01-01", "2025-01-31", "2024-02-01", "2024-02-29")),
    # Whole months are compared with as many whole months, other ranges with as many days.
    ("2025-07-01..2025-09-30", ("2025-04-01", "2025-06-30", "2024-07-01", "2024-09-30")),
    ("2025-07-02..2025-07-11", ("2025-06-22", "2025-07-01", "2024-07-02", "2024-07-11")),
    ("2024-02-29..2024-02-29", ("2024-02-28", "2024-02-28", "2023-02-28", "2023-02-28")),
])
def test_what_a_period_is_compared_with(name, previous_and_year_before):
    assert compared(parse_period(name)) == previous_and_year_before


@pytest.mark.parametrize(("name", "month", "start", "end"), [
    # A fiscal year is named after the calendar year in which it ends.
    ("2025", 4, "2024-04-01", "2025-03-31"), ("2025Q1", 4, "2024-04-01", "2024-06-30"),
    ("2025Q4", 4, "2025-01-01", "2025-03-31"), ("2025H2", 10, "2025-04-01", "2025-09-30"),
    ("2024Q1", 12, "2023-12-01", "2024-02-29"),
    ("2025-12", 4, "2025-12-01", "2025-12-31"),  # a month is one of the calendar
])
def test_fiscal_years(name, month, start, end):
    assert span(parse_period(name, fiscal_year_start_month=month)) == (start, end)


def test_a_year_of_a_leap_year_has_366_days():
    assert (parse_period("2024").n_days, parse_period("2025").n_days) == (366, 365)


def test_the_window_is_whole_months_that_end_with_the_period():
    assert parse_period("2025Q4").window_start(12) == date(2025, 1, 1)
    assert parse_period("2024-02").window_start(3) == date(2023, 12, 1)
    assert parse_period("2025-07-02..2025-07-11").window_start(12) == date(2024, 7, 12)


@pytest.mark.parametrize(("day", "months", "moved"), [
    (date(2024, 2, 29), 12, date(2025, 2, 28)), (date(2025, 3, 31), -1, date(2025, 2, 28)),
    (date(2025, 1, 31), 1, date(2025, 2, 28)), (date(2025, 12, 1), 1, date(2026, 1, 1)),
    (date(2025, 1, 1), -1, date(2024, 12, 1)), (date(2025, 5, 5), 0, date(2025, 5, 5)),
])
def test_add_months(day, months, moved):
    assert add_months(day, months) == moved


def message(name: object) -> str:
    with pytest.raises(InputError) as caught:
        parse_period(name)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize("name", [
    "", "25Q4", "2025Q5", "2025H3", "2025q4", "Q4 2025", "2025-1", "2025/12", "2025-12-31",
    "2025-01-01…2025-12-31", "2025-01..2025-03", "latest", "2025Q4Q4",
    "２０２５"])  # full-width digits
def test_a_name_outside_the_grammar_gives_the_grammar(name):
    assert message(name) == (
        "A period is written 2025, 2025H2, 2025Q4, 2025-12 or 2025-07-01..2025-12-31; "
        f"{name!r} is none of these. Correct the period and run again.")


def test_a_number_is_read_as_its_text():
    assert span(parse_period(2025)) == ("2025-01-01", "2025-12-31")  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "day"), [
    ("2025-13", "2025-13-01"), ("2025-00", "2025-00-01"),
    ("2025-02-01..2025-02-29", "2025-02-29"), ("2025-06-31..2025-07-31", "2025-06-31")])
def test_a_day_that_does_not_exist(name, day):
    assert message(name) == (f"The period {name!r} names a day that does not exist ({day}). "
                             "Correct it and run again.")


@pytest.mark.parametrize("name", ["0000", "0001", "9999Q4", "2205-01", "2025-01-01..9999-12-31"])
def test_a_year_that_is_a_typing_error(name):
    assert message(name) == (f"The period {name!r} lies outside the years 1900 to 2199. "
                             "Correct the year and run again.")


def test_a_range_the_wrong_way_round():
    assert message("2025-12-31..2025-01-01") == (
        "The period '2025-12-31..2025-01-01' ends before it begins. Put the earlier day first.")


@pytest.mark.parametrize(("until", "size", "label"), [
    (date(2025, 12, 31), "quarter", "2025Q4"), (date(2025, 12, 30), "quarter", "2025Q3"),
    (date(2025, 12, 30), "year", "2024"), (date(2025, 12, 31), "year", "2025"),
    (date(2025, 6, 30), "half", "2025H1"), (date(2025, 3, 1), "month", "2025-02"),
    (date(2024, 2, 29), "month", "2024-02"), (date(2025, 1, 1), "quarter", "2024Q4"),
])
def test_the_latest_closed_period(until, size, label):
    assert latest_period(until, size=size).label == label


def test_the_latest_closed_period_of_a_fiscal_year():
    until = date(2025, 12, 31)
    assert latest_period(until, fiscal_year_start_month=4).label == "2026Q3"
    assert latest_period(until, size="year", fiscal_year_start_month=4).label == "2025"
    assert latest_period(date(2026, 3, 31), size="year", fiscal_year_start_month=4).label == "2026"


def test_the_rules_of_the_period_room():
    assert PeriodRules().fiscal_year_start_month == 1
    assert PeriodRules().latest == "quarter"


def months(start: date, end: date) -> int:
    after = end + timedelta(days=1)
    assert (start.day, after.day) == (1, 1)
    return 12 * (after.year - start.year) + after.month - start.month


@given(years, parts, starts)
def test_previous_ends_the_day_before_and_has_as_many_months(year, part, month):
    period = parse_period(f"{year}{part}", fiscal_year_start_month=month)
    assert period.previous_end + timedelta(days=1) == period.start
    n_months = {"": 12, "H": 6, "Q": 3}[part[:1]]
    assert months(period.start, period.end) == n_months
    assert months(period.previous_start, period.previous_end) == n_months
    assert months(period.year_before_start, period.year_before_end) == n_months
    assert months(period.year_before_start, period.start - timedelta(days=1)) == 12


@given(years, starts, st.sampled_from([["H1", "H2"], ["Q1", "Q2", "Q3", "Q4"]]))
def test_halves_and_quarters_tile_the_year(year, month, names):
    whole = parse_period(str(year), fiscal_year_start_month=month)
    pieces = [parse_period(f"{year}{n}", fiscal_year_start_month=month) for n in names]
    assert (pieces[0].start, pieces[-1].end) == (whole.start, whole.end)
    for earlier, later in itertools.pairwise(pieces):
        assert span(earlier) == (str(later.previous_start), str(later.previous_end))
    assert whole.end.year == year
    assert sum(p.n_days for p in pieces) == whole.n_days


@given(days, st.integers(0, 800))
def test_previous_of_any_range_ends_the_day_before(start, length):
    period = parse_period(f"{start}..{start + timedelta(days=length)}")
    assert period.n_days == length + 1
    assert period.previous_end + timedelta(days=1) == period.start
    whole_months = start.day == 1 and (period.end + timedelta(days=1)).day == 1
    before = (period.previous_end - period.previous_start).days + 1
    assert whole_months or before == period.n_days


@given(days, st.sampled_from(["year", "half", "quarter", "month"]), starts)
def test_latest_is_closed_and_the_next_is_not(until, size, month):
    latest = latest_period(until, size=size, fiscal_year_start_month=month)
    n_months = {"year": 12, "half": 6, "quarter": 3, "month": 1}[size]
    assert latest.end <= until < add_months(latest.end + timedelta(days=1), n_months) - \
        timedelta(days=1)
