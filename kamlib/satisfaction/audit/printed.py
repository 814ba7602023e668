"""A number as it is printed: what it says exactly, and what may have stood before rounding."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

from kamlib.language import NO_BREAK, current, fmt_number
from kamlib.satisfaction.audit.rules import Rounding

# Decimals beyond these come from a spreadsheet's arithmetic, not from a report.
MAX_DECIMALS = 6
OF_HUNDRED = ("index", "rate", "share")
WHOLE_KINDS = ("sum", "count")
NUMBER = re.compile(r"^(?:[~≈约]|ca\.|about)?\s*([+-]?[\d.,' ]*\d[.,]?)\s*(%?)[^\d%]{0,12}$")
GROUPS = re.compile(r"^[+-]?\d{1,3}(([,.' ])\d{3})(\2\d{3})*$")


class Printed(NamedTuple):
    """A printed number: its exact value (percent as points of 100), decimals, percent sign."""

    exact: Fraction
    n_decimals: int
    is_percent: bool

    def __str__(self) -> str:
        return show(self.exact, self.n_decimals, is_percent=self.is_percent)


class Span(NamedTuple):
    """What may have stood before rounding; has_low and has_high: whether the ends belong to it."""

    low: Fraction
    high: Fraction
    has_low: bool
    has_high: bool

    def holds(self, number: Fraction) -> bool:
        """Whether a number rounds to what is printed."""
        above = number > self.low or (self.has_low and number == self.low)
        return above and (number < self.high or (self.has_high and number == self.high))


def read_printed(text: object, *, kind: str, is_of_hundred: bool | None = None) -> Printed | None:
    """Read a number as a report prints it; None for what is no number.

    A comma is the decimal mark unless it parts thousands: in a sum or a count, beside a point, or
    where there are several; a single point parts thousands only in a count.
    An index, a rate or a share without a percent sign that is not above 1 (as a spreadsheet hands
    it over) is taken as a share of 1 and becomes points of 100.

    >>> [str(read_printed(t, kind="rate")) for t in ("94,32%", "0.62", "62 %")]
    ['94.32\\xa0%', '62\\xa0%', '62\\xa0%']
    >>> str(read_printed("1,234", kind="count")), read_printed("see page 3", kind="rate")
    ('1,234', None)
    """
    words = unicodedata.normalize("NFKC", str(text)).replace("−", "-").strip()
    found = NUMBER.match(words.replace(NO_BREAK, " "))
    digits = _plain(found[1].strip().rstrip(".,"), kind) if found else ""
    if not found or not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", digits):
        return None
    n_decimals = min(len(digits.partition(".")[2]), MAX_DECIMALS)
    exact = Fraction(digits)
    is_percent = bool(found[2])
    of_hundred = kind in OF_HUNDRED if is_of_hundred is None else is_of_hundred
    if of_hundred and not is_percent and 0 < exact <= 1:
        exact, n_decimals = exact * 100, max(n_decimals - 2, 0)
    return Printed(exact, n_decimals, is_percent or kind in ("rate", "share"))


def find_span(printed: Printed, *, rounding: Rounding) -> Span:
    """Return all numbers that are printed so.

    >>> find_span(Printed(Fraction(25, 2), 1, False), rounding="half_up").has_high
    False
    """
    exact, sign = abs(printed.exact), -1 if printed.exact < 0 else 1
    unit = Fraction(1, 10 ** printed.n_decimals)
    is_even = (exact / unit).denominator > 1 or int(exact / unit) % 2 == 0
    below, above, has_low, has_high = {
        "nearest": (unit / 2, unit / 2, True, True),
        "half_up": (unit / 2, unit / 2, True, False),
        "half_even": (unit / 2, unit / 2, is_even, is_even),
        "nearest_or_cut": (unit / 2, unit, True, False)}[rounding]
    if exact == 0:  # from both sides
        below, has_low = above, has_high
    low, high = exact - below, exact + above
    return Span(low, high, has_low, has_high) if sign > 0 else Span(-high, -low, has_high, has_low)


def show(number: Fraction | float, n_decimals: int, *, is_percent: bool = False) -> str:
    """Format a number with so many decimals, with its percent sign."""
    text = fmt_number(float(number), n_decimals)
    mark = "%" if current() == "zh" else f"{NO_BREAK}%"
    return f"{text}{mark}" if is_percent else text


def _plain(digits: str, kind: str) -> str:
    """Write digits with a point for decimals and nothing between thousands."""
    clean = digits.replace("'", "").replace(" ", "")
    marks = [mark for mark in clean if mark in ",."]
    if len(set(marks)) == 2:  # the last one is the decimal mark
        whole, _, rest = clean.rpartition(marks[-1])
        return f"{whole.replace(marks[0], '')}.{rest}" if GROUPS.match(whole) else ""
    parting = {"sum": ",", "count": ",."}.get(kind, "")
    is_grouped = bool(GROUPS.match(clean)) and (
        len(marks) > 1 or (marks[0] in parting and not clean.lstrip("+-").startswith("0")))
    return clean.replace(",", "").replace(".", "") if is_grouped else clean.replace(",", ".")
