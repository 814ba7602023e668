"""What the columns of a source hold: dates and in which form, numbers and with which marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ibis.expr.types import Table

from kamlib.dataset.names import quote_name

SAMPLE_VALUES = 5000  # distinct values of a column that are looked at, spread by their hash
ISO = re.compile(r"^\d{4}([-/])\d{1,2}\1\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$")
# Day before month: where both fit, the writer has to say which it is.
DATE_FORMATS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d",
                "%Y年%m月%d日", "%Y%m%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y",
                "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%Y-%m", "%Y/%m", "%Y年%m月")
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
YEARS = (1970, 2100)  # a date outside is a number that happens to look like one
MARKS = "¥￥$€£"
MARK = f"[{MARKS}]|万?元|万|CNY|RMB|EUR|USD|GBP"
SHAPES = {name: re.compile(pattern) for name, pattern in {
    "plain": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$",
    "point_zero": r"^\d+\.0$",
    "comma_decimal": r"^[+-]?\d+,(\d{1,2}|\d{4,})$|^[+-]?0,\d+$|^[+-]?\d{1,3}(\.\d{3})+,\d+$",
    "comma_three": r"^[+-]?[1-9]\d{0,2},\d{3}$",
    "comma_thousands": r"^[+-]?\d{1,3}(,\d{3})+\.\d*$|^[+-]?\d{1,3}(,\d{3}){2,}$",
    "point_thousands": r"^[+-]?\d{1,3}(\.\d{3})+,\d+$|^[+-]?\d{1,3}(\.\d{3}){2,}$",
    "space_thousands": r"^[+-]?\d{1,3}( \d{3})+([.,]\d+)?$",
    "apostrophe_thousands": r"^[+-]?\d{1,3}('\d{3})+(\.\d+)?$",
    "marked": rf"\d\s*({MARK})$|^[+-]?\s*({MARK})\s*[+-]?\d",
    "ten_thousands": r"\d\s*万",
    "brackets": r"^\(.*\d.*\)$",
    "trailing_minus": r"\d-$",
}.items()}
NUMBERS = ("plain", "comma_decimal", "comma_three", "comma_thousands", "point_thousands",
           "space_thousands", "apostrophe_thousands")


@dataclass(frozen=True)
class Profile:
    """A column's contents.

    n: filled rows; n_distinct; values: distinct values with their counts, all or a sample;
    shapes: share of the values looked at that have a shape; formats: date formats ("" is ISO)
    that nearly all values fit, and their shares.
    """

    name: str
    n_rows: int
    n: int
    n_distinct: int
    values: dict[str, int]
    shapes: dict[str, float]
    formats: dict[str, float]

    @property
    def number_share(self) -> float:
        """Share of the values that read as a number in any of the usual forms."""
        return self.shapes["number"]

    @property
    def date_share(self) -> float:
        """Share of the values that fit the best date format."""
        return max(self.formats.values(), default=0.0)

    @property
    def date_format(self) -> str:
        """The first of the formats that fit best."""
        return next((f for f, share in self.formats.items() if share == self.date_share), "")

    @property
    def rival_formats(self) -> tuple[str, ...]:
        """Other formats that fit as well: day and month cannot be told apart."""
        return tuple(f for f, share in self.formats.items()
                     if share == self.date_share and f != self.date_format)

    @property
    def distinct_share(self) -> float:
        """Distinct values for each filled row."""
        return self.n_distinct / self.n if self.n else 0.0

    @property
    def examples(self) -> list[str]:
        """Three values, the most frequent first."""
        return sorted(self.values, key=lambda v: (-self.values[v], v))[:3]


def profile_table(table: Table, con: Any) -> dict[str, Profile]:
    """Profile every column of a table of text."""
    n_rows = int(table.count().execute())
    return {name: _profile(table, name, n_rows, con) for name in table.columns}


def _profile(table: Table, name: str, n_rows: int, con: Any) -> Profile:
    text = f"CAST({quote_name(name)} AS VARCHAR)"
    counted = (f"SELECT {text} AS v, count(*) AS n FROM ({con.compile(table)}) "
               f"WHERE {quote_name(name)} IS NOT NULL GROUP BY 1")
    n, n_distinct = con.raw_sql(
        f"SELECT coalesce(sum(n), 0)::BIGINT, count(*) FROM ({counted})").fetchone()
    values = dict(con.raw_sql(f"SELECT v, n FROM ({counted}) ORDER BY hash(v), v "
                              f"LIMIT {SAMPLE_VALUES}").fetchall())
    return Profile(name, n_rows, int(n), int(n_distinct), values, find_shapes(values),
                   find_formats(values))


def find_shapes(values: dict[str, int]) -> dict[str, float]:
    """Return the share of values, by their counts, that have each of SHAPES, and "number".

    >>> find_shapes({"1.234,50": 1, "x": 1})["point_thousands"]
    0.5
    """
    total = sum(values.values()) or 1
    clean = {v: v.replace("\u00a0", " ").replace("\u202f", " ") for v in values}
    shares = {name: sum(n for v, n in values.items() if shape.search(clean[v])) / total
              for name, shape in SHAPES.items()}
    for name, cut in (("brackets", "[()]"), ("trailing_minus", "-$"), ("marked", f"{MARK}|\\s")):
        if shares[name]:
            clean = {v: re.sub(cut, "", text) if SHAPES[name].search(text) else text
                     for v, text in clean.items()}
    shares |= {name: sum(n for v, n in values.items() if SHAPES[name].search(clean[v])) / total
               for name in NUMBERS}
    shares["number"] = sum(n for v, n in values.items()
                           if any(SHAPES[s].search(clean[v]) for s in NUMBERS)) / total
    shares["negative"] = sum(n for v, n in values.items() if is_negative(v)) / total
    return shares


def is_negative(text: str) -> bool:
    """Say whether a number is below zero: -5, (5), 5- or ¥-5.

    >>> [is_negative(t) for t in ("-5", "(5)", "5-", "¥-5", "5", "2025-01-02")]
    [True, True, True, True, False, False]
    """
    return bool(re.search(rf"^[{MARKS}\s]*-\s*[{MARKS}]?\s*[\d.]|^\(.*\d.*\)$|^[\d.,' ]+-$", text))


def find_formats(values: dict[str, int]) -> dict[str, float]:
    """Return the date formats that 80 % of the values fit, with the share of those that do.

    >>> find_formats({"31.12.2025": 1, "01.02.2025": 1})
    {'%d.%m.%Y': 1.0}
    >>> list(find_formats({"01/02/2025": 1}))
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    total = sum(values.values())
    iso = sum(n for v, n in values.items() if ISO.match(v))
    if total and iso >= 0.8 * total:
        return {"": iso / total}
    probe = list(values)[:20]
    fitting = {}
    for day_format in DATE_FORMATS:
        for time in TIMES:
            fmt = day_format + time
            if probe and sum(fits(v, fmt) for v in probe) >= 0.5 * len(probe):
                share = sum(n for v, n in values.items() if fits(v, fmt)) / total
                if share >= 0.8:
                    fitting[fmt] = share
    return fitting


def fits(text: str, fmt: str) -> bool:
    """Say whether a text is a date in this format, of a year that a business may have."""
    return read_date(text, fmt) is not None


def read_date(text: str, fmt: str) -> date | None:
    """Return the date that a text is in a format ("" is ISO), or None."""
    if not fmt:
        text, fmt = text.replace("/", "-")[:10].split("T")[0].split(" ")[0], "%Y-%m-%d"
    if fmt.startswith("%Y%m%d") and not re.match(r"^\d{8}(\D|$)", text):
        return None
    try:
        found = datetime.strptime(text, fmt).date()
    except ValueError:
        return None
    return found if YEARS[0] <= found.year <= YEARS[1] else None
