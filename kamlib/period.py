"""The only calendar: what a period's name means, and which periods it is compared with."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from kamlib.errors import InputError
from kamlib.rules import Section, rule

GRAMMAR = "2025, 2025H2, 2025Q4, 2025-12 or 2025-07-01..2025-12-31"
DAY = "([0-9]{4})-([0-9]{2})-([0-9]{2})"
# Mean length of a year, for durations; what is dated goes by whole months.
DAYS_A_YEAR = 365.25
FIRST_YEAR, LAST_YEAR = 1900, 2199  # beyond, a typing error; and every comparison stays a date


class PeriodRules(Section):
    """How the company's year is cut."""

    name: ClassVar[str] = "period"
    fiscal_year_start_month: int = rule(
        1, unit="month", source="design §5", ge=1, le=12,
        help="month in which the fiscal year begins; the year is named after the one it ends in")
    latest: str = rule(
        "quarter", unit="period", source="design §5", pattern="^(year|half|quarter|month)$",
        help="size of the period that 'latest' stands for: year, half, quarter or month")


@dataclass(frozen=True)
class Period:
    """A span of whole days, both ends included; `as_of` is its last day."""

    label: str
    start: date
    end: date
    previous_start: date
    previous_end: date
    year_before_start: date
    year_before_end: date

    @property
    def as_of(self) -> date:
        """The day to which everything is known: the period's last."""
        return self.end

    @property
    def n_days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days + 1

    @property
    def previous_label(self) -> str:
        """Name of the previous period, written like this one's.

        >>> parse_period("2025Q1").previous_label
        '2024Q4'
        """
        return _earlier_label(self.label, years=0) or f"{self.previous_start}..{self.previous_end}"

    @property
    def year_before_label(self) -> str:
        """Name of the same period a year before, written like this one's.

        >>> parse_period("2025-10-05..2025-12-31").year_before_label
        '2024-10-05..2024-12-31'
        """
        return _earlier_label(self.label, years=1) or \
            f"{self.year_before_start}..{self.year_before_end}"

    def window_start(self, months: int) -> date:
        """First day of the `months` whole months that end with `as_of`.

        >>> parse_period("2025Q4").window_start(12)
        datetime.date(2025, 1, 1)
        """
        return add_months(self.end + timedelta(days=1), -months)


def add_months(day: date, months: int) -> date:
    """Move a date by whole months; a day the month lacks becomes the month's last.

    >>> add_months(date(2024, 2, 29), 12)
    datetime.date(2025, 2, 28)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def parse_period(text: str, *, fiscal_year_start_month: int = 1) -> Period:
    """Read a period's name.

    text: a year, half, quarter, month or two dates joined by '..'; halves and quarters are
    those of the fiscal year that begins in `fiscal_year_start_month` and is named after the
    calendar year in which it ends. Raises InputError for anything else.

    >>> parse_period("2025Q4").start, parse_period("2025Q4").previous_start
    (datetime.date(2025, 10, 1), datetime.date(2025, 7, 1))
    >>> parse_period("2025", fiscal_year_start_month=4).start
    datetime.date(2024, 4, 1)
    """
    name = text.strip() if isinstance(text, str) else str(text)
    if match := re.fullmatch(r"([0-9]{4})(?:(H)([12])|(Q)([1-4]))?", name):
        start, months = _fiscal(match, fiscal_year_start_month, name)
        return _months(name, start, months)
    if match := re.fullmatch(r"([0-9]{4})-([0-9]{2})", name):
        return _months(name, _day(int(match[1]), int(match[2]), 1, name), 1)
    if match := re.fullmatch(rf"{DAY}\.\.{DAY}", name):
        year, month, day, *last = (int(group) for group in match.groups())
        return _range(name, _day(year, month, day, name), _day(last[0], last[1], last[2], name))
    raise InputError(f"A period is written {GRAMMAR}; {name!r} is none of these. "
                     "Correct the period and run again.")


def latest_period(complete_until: date, *, size: str = "quarter",
                  fiscal_year_start_month: int = 1) -> Period:
    """Return the latest period of a size (year, half, quarter, month) that is closed.

    complete_until: last day for which the data is complete.

    >>> latest_period(date(2025, 12, 30)).label
    '2025Q3'
    """
    labels = []
    for year in range(complete_until.year - 1, complete_until.year + 2):
        labels += {"year": [f"{year}"], "half": [f"{year}H{n}" for n in (1, 2)],
                   "quarter": [f"{year}Q{n}" for n in (1, 2, 3, 4)],
                   "month": [f"{year}-{n:02d}" for n in range(1, 13)]}[size]
    periods = [parse_period(label, fiscal_year_start_month=fiscal_year_start_month)
               for label in labels]
    return max((p for p in periods if p.end <= complete_until), key=lambda p: p.end)


def _earlier_label(label: str, *, years: int) -> str:
    """The name so many years earlier, or one place earlier; "" for two dates."""
    match = re.fullmatch(r"([0-9]{4})(?:(H|Q|-)([0-9]{1,2}))?", label)
    if not match:
        return ""
    n_places = {None: 1, "H": 2, "Q": 4, "-": 12}[match[2]]
    place = int(match[1]) * n_places + int(match[3] or 1) - 1
    year, rest = divmod(place - (years * n_places or 1), n_places)
    number = f"{rest + 1:02d}" if match[2] == "-" else str(rest + 1)
    return f"{year}{match[2]}{number}" if match[2] else f"{year}"


def _months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _day(year: int, month: int, day: int, name: str) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InputError(f"The period {name!r} lies outside the years {FIRST_YEAR} to {LAST_YEAR}. "
                         "Correct the year and run again.")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InputError(
            f"The period {name!r} names a day that does not exist "
            f"({year:04d}-{month:02d}-{day:02d}). Correct it and run again.") from error


def _fiscal(match: re.Match[str], start_month: int, name: str) -> tuple[date, int]:
    year = int(match[1])
    first_year = year if start_month == 1 else year - 1
    start = _day(first_year, start_month, 1, name)
    if match[2]:
        return add_months(start, 6 * (int(match[3]) - 1)), 6
    if match[4]:
        return add_months(start, 3 * (int(match[5]) - 1)), 3
    return start, 12


def _months(label: str, start: date, months: int) -> Period:
    one = timedelta(days=1)
    return Period(label=label, start=start, end=add_months(start, months) - one,
                  previous_start=add_months(start, -months), previous_end=start - one,
                  year_before_start=add_months(start, -12),
                  year_before_end=add_months(start, months - 12) - one)


def _range(label: str, first: date, last: date) -> Period:
    if last < first:
        raise InputError(f"The period {label!r} ends before it begins. Put the earlier day first.")
    one = timedelta(days=1)
    after = last + one
    if first.day == 1 and after.day == 1:  # whole months are compared with whole months
        return _months(label, first, _months_between(first, after))
    return Period(label=label, start=first, end=last,
                  previous_start=first - (last - first) - one, previous_end=first - one,
                  year_before_start=add_months(first, -12), year_before_end=add_months(last, -12))
