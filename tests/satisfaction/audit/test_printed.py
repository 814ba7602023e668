"""Numbers as they are printed: marks, signs, decimals, and what may have stood before rounding."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kamlib.satisfaction.audit.printed import find_span, read_printed


@pytest.mark.parametrize(("text", "kind", "exact", "digits"), [
    # E8: decimal commas
    ("94,32%", "mean", "94.32", 2), ("94,5", "mean", "94.5", 1), ("91.0", "mean", "91", 1),
    ("95,433", "mean", "95.433", 3), ("1,234", "count", "1234", 0), ("1.234", "count", "1234", 0),
    ("1,234", "sum", "1234", 0), ("1.234", "sum", "1.234", 3), ("1,234,567", "mean", "1234567", 0),
    ("1.234,5", "sum", "1234.5", 1), ("1,234.5", "sum", "1234.5", 1),
    ("12 345", "count", "12345", 0), ("12'345", "sum", "12345", 0), ("0,125", "sum", "0.125", 3),
    # as a spreadsheet hands percent cells over, and what is a percentage already
    ("0.784", "rate", "78.4", 1), ("1", "rate", "100", 0), ("0", "rate", "0", 0),
    ("0.5%", "rate", "0.5", 1), ("0.784", "mean", "0.784", 3), ("0.9432000000000001", "index",
                                                                 "94.32", 4),
    # around the number
    ("约 62 %", "rate", "62", 0), ("≈62%", "rate", "62", 0), ("78.4分", "index", "78.4", 1),
    ("７８．４％", "index", "78.4", 1), ("−3", "count", "-3", 0), ("+4.5 points", "mean", "4.5", 1),
    ("62.", "rate", "62", 0), (".5", "mean", "0.5", 1)])
def test_what_is_printed(text, kind, exact, digits):
    printed = read_printed(text, kind=kind)
    assert printed is not None
    assert float(printed.exact) == pytest.approx(float(exact), abs=1e-12)
    assert printed.n_decimals == digits


@pytest.mark.parametrize("text", ["", "n/a", "see page 3", "28/45", "62–65%", "1.2.3,4", "None",
                                  "12.5.2025", "-", "1e5", "62%%"])
def test_what_is_no_number(text):
    assert read_printed(text, kind="rate") is None


@pytest.mark.parametrize(("rounding", "text", "inside", "outside"), [
    ("nearest", "93.2", ("93.15", "93.25"), ("93.14", "93.26")),
    ("half_up", "93.2", ("93.15", "93.249"), ("93.25", "93.149")),
    ("half_even", "93.2", ("93.15", "93.25"), ("93.26",)),
    ("half_even", "93.3", ("93.251", "93.349"), ("93.25", "93.35")),
    ("nearest_or_cut", "93.2", ("93.15", "93.299"), ("93.3", "93.149")),
    ("half_up", "-2", ("-2.4", "-1.5"), ("-2.5", "-1.4")),
    ("nearest_or_cut", "0", ("0.9", "-0.9"), ("1", "-1"))])
def test_what_may_have_stood_before_rounding(rounding, text, inside, outside):
    printed = read_printed(text, kind="mean")
    assert printed is not None
    span = find_span(printed, rounding=rounding)
    assert all(span.holds(Fraction(number)) for number in inside)
    assert not any(span.holds(Fraction(number)) for number in outside)
