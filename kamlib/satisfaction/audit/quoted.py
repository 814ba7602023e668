"""The quoted numbers of a table, each read once, and the row that a check of one becomes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import pandas as pd

from kamlib.satisfaction.audit.printed import Printed, Span, find_span, read_printed
from kamlib.satisfaction.audit.rules import Rounding

FITS, FAILS, MIXED, OPEN = "adds up", "does not add up", "different kinds", "cannot tell"
BESIDE = " · "


class Quoted(NamedTuple):
    """One row of quoted_figures; text is "" and a number None where the row says nothing."""

    quote_id: str
    label: str
    kind: str
    topic: str
    part_of: str
    target_kind: str
    stated_verdict: str
    printed: Printed | None
    span: Span | None
    target: Printed | None
    n: int | None
    n_counted: int | None
    n_items: int | None
    scale_min: Fraction | None
    scale_max: Fraction | None
    scale_step: Fraction
    weight: Fraction | None


class Check(NamedTuple):
    """What one check says of one number; beside: other numbers it concerns."""

    quote_id: str
    check: str
    verdict: str
    seen: str
    expected: str = ""
    beside: tuple[str, ...] = ()


def read_quoted(table: pd.DataFrame, *, rounding: Rounding) -> list[Quoted]:
    """Read every row of quoted_figures, in the order of quote_id."""
    rows = table.astype("object").where(table.notna(), None).to_dict("records")
    return sorted((_read(row, rounding) for row in rows), key=lambda each: each.quote_id)


def _read(row: dict[Any, Any], rounding: Rounding) -> Quoted:
    kind, scale_max = _text(row.get("kind")), _fraction(row.get("scale_max"))
    is_hundred = True if kind == "mean" and scale_max == 100 else None
    printed = read_printed(row.get("quoted"), kind=kind, is_of_hundred=is_hundred)
    target_kind = _text(row.get("target_kind"))
    target = _text(row.get("target"))
    return Quoted(
        _text(row.get("quote_id")), _text(row.get("label")), kind, _text(row.get("topic")),
        _text(row.get("part_of")), target_kind, _text(row.get("stated_verdict")), printed,
        find_span(printed, rounding=rounding) if printed else None,
        read_printed(target, kind=target_kind or kind, is_of_hundred=is_hundred),
        _count(row.get("n")), _count(row.get("n_counted")), _count(row.get("n_items")),
        _fraction(row.get("scale_min")), scale_max, _fraction(row.get("scale_step")) or Fraction(1),
        _fraction(row.get("weight")))


def _text(given: object) -> str:
    return "" if given is None else str(given).strip()


def _count(given: Any) -> int | None:
    return None if given is None else int(given)


def _fraction(given: Any) -> Fraction | None:
    # str() first: a weight of 0.15 means what was written, not the double beside it.
    return None if given is None else Fraction(str(given))
