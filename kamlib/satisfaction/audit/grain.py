"""Granularity: a mean of n whole scores can only take certain values, so not every number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from kamlib.language import N_, _, fmt_count, join_items, translate
from kamlib.satisfaction.audit.printed import find_span, read_printed, show
from kamlib.satisfaction.audit.quoted import FAILS, FITS, OPEN, Check, Quoted
from kamlib.satisfaction.audit.rules import Rounding

MAP_PHRASES = {
    "of_maximum": N_("read as x / max"), "of_range": N_("read as (x - min) / (max - min)"),
    "labels": N_("read as the points of labels")}


class Grid(NamedTuple):
    """Values that can be reached: offset + step * k, between low and high; open ends are None."""

    name: str
    offset: Fraction
    step: Fraction
    low: Fraction | None
    high: Fraction | None

    def beside(self, number: Fraction) -> tuple[Fraction, Fraction]:
        """Return the nearest values at or below and above a number, within the ends."""
        below = self.offset + self.step * math.floor((number - self.offset) / self.step)
        above = below if below == number else below + self.step
        low = below if self.low is None else self.low
        high = above if self.high is None else self.high
        return min(max(below, low), high), max(min(above, high), low)


def fits_grain(text: str, *, n: int, n_items: int = 1, rounding: Rounding = "nearest") -> bool:
    """Say whether a printed mean can come from n answers of n_items whole scores each (GRIM).

    Source: Brown & Heathers (2017), The GRIM Test, Soc. Psychol. Personal. Sci. 8:363-369.

    >>> fits_grain("5.18", n=28), fits_grain("5.19", n=28)
    (True, False)
    """
    printed = read_printed(text, kind="mean")
    if printed is None:
        return False
    span = find_span(printed, rounding=rounding)
    grid = Grid("", Fraction(0), Fraction(1, n * n_items), None, None)
    first = math.ceil(span.low / grid.step)
    return any(span.holds(grid.step * k) for k in range(first, math.floor(span.high / grid.step)
                                                        + 1))


def check_grain(quoted: Quoted, *, label_scores: Sequence[float]) -> list[Check]:
    """Ask whether a mean, an index, a rate, a share or a sum can come from its n."""
    grids = _find_grids(quoted, label_scores)
    if not grids or quoted.printed is None or quoted.span is None:
        return []
    span, digits = quoted.span, quoted.printed.n_decimals
    if all(grid.step <= span.high - span.low for grid in grids):
        return [Check(quoted.quote_id, "granularity", OPEN, _(
            "{n} give so many possible values that every number with {digits} decimals can be "
            "reached.", n=_name_basis(quoted), digits=fmt_count(digits)))]
    hits = {grid: [value for value in _inside(grid, quoted) if span.holds(value)] for grid in grids}
    fitting = [grid for grid in grids if hits[grid]]
    near = _list_near(grids, quoted)
    if fitting:
        return [_describe_fit(quoted, fitting[0], hits[fitting[0]])]
    return [Check(quoted.quote_id, "granularity", FAILS, _blame(quoted, near), near)]


def _find_grids(quoted: Quoted, label_scores: Sequence[float]) -> list[Grid]:
    n, low, high, step = quoted.n, quoted.scale_min, quoted.scale_max, quoted.scale_step
    if not n:
        return []
    if quoted.kind in ("rate", "share"):
        whole = Fraction(100)
        return [] if quoted.n_counted is not None else [Grid("", Fraction(0), whole / n,
                                                             Fraction(0), whole)]
    number = n * (quoted.n_items or 1)
    if quoted.kind == "mean":
        return [Grid("", low or Fraction(0), step / number, low, high)]
    if quoted.kind == "sum" and low is not None:
        return [Grid("", low * number, step, low * number,
                     None if high is None else high * number)]
    if quoted.kind != "index" or quoted.n_items is None or low is None or high is None:
        return []
    return _find_index_grids(low, high, step, number, label_scores)


def _find_index_grids(low: Fraction, high: Fraction, step: Fraction, number: int,
                      label_scores: Sequence[float]) -> list[Grid]:
    top = Fraction(100)
    grids = [Grid("of_range", Fraction(0), top * step / (high - low) / number, Fraction(0), top)]
    if high > 0:
        of_maximum = Grid("of_maximum", low * top / high, top * step / high / number,
                          low * top / high, top)
        # A scale from 0 reads the same both ways.
        grids = [of_maximum, *grids] if low else [of_maximum]
    if len(label_scores) == (high - low) / step + 1:
        points = [Fraction(str(score)) for score in label_scores]
        bottom = min(points)
        shared = math.lcm(*(point.denominator for point in points))
        common = math.gcd(*(int((point - bottom) * shared) for point in points))
        if common:
            grids.append(Grid("labels", bottom, Fraction(common, shared) / number, bottom,
                              max(points)))
    return grids


def _inside(grid: Grid, quoted: Quoted) -> list[Fraction]:
    """The values of a grid around a printed number: at most a few, and its neighbours."""
    assert quoted.span and quoted.printed
    marks = (quoted.span.low, quoted.printed.exact, quoted.span.high)
    return sorted({value for mark in marks for value in grid.beside(mark)})


def _describe_fit(quoted: Quoted, grid: Grid, hits: list[Fraction]) -> Check:
    assert quoted.span and quoted.printed
    how = translate(MAP_PHRASES.get(grid.name, ""))
    basis = _("{n} ({map})", n=_name_basis(quoted), map=how) if how else _name_basis(quoted)
    if hits == [quoted.span.high]:
        exact = show(hits[0], quoted.printed.n_decimals + 1, is_percent=quoted.printed.is_percent)
        sentence = _("{quoted} can come from {n} only if {exact} was rounded down.",
                     quoted=quoted.printed, n=basis, exact=exact)
    else:
        sentence = _("{quoted} can come from {n}.", quoted=quoted.printed, n=basis)
    return Check(quoted.quote_id, "granularity", FITS, sentence)


def _list_near(grids: list[Grid], quoted: Quoted) -> str:
    assert quoted.printed
    texts = []
    for grid in grids:
        values = dict.fromkeys(_show_near(value, quoted)
                               for value in grid.beside(quoted.printed.exact))
        near = _("{low} or {high}", low=next(iter(values)), high=list(values)[-1]) \
            if len(values) > 1 else next(iter(values))
        how = translate(MAP_PHRASES.get(grid.name, ""))
        texts.append(_("{values} ({map})", values=near, map=how) if how and len(grids) > 1
                     else near)
    return join_items(texts)


def _show_near(value: Fraction, quoted: Quoted) -> str:
    """A value with the decimals of the printed number, or more where they look alike."""
    assert quoted.printed
    digits, is_percent = quoted.printed.n_decimals, quoted.printed.is_percent
    text = show(value, digits, is_percent=is_percent)
    return text if text != str(quoted.printed) else show(value, digits + 1, is_percent=is_percent)


def _blame(quoted: Quoted, near: str) -> str:
    fields = {"quoted": quoted.printed, "n": _name_basis(quoted), "near": near}
    if quoted.kind in ("rate", "share"):
        return _("{quoted} of {n} is impossible; nearest are {near}. Either it is no rate, or it "
                 "rests on another number of answers.", **fields)
    if quoted.kind == "index":
        return _("{quoted} cannot come from {n} that count equally; nearest are {near}. Scores "
                 "were weighted, left out or made in another way.", **fields)
    return _("{quoted} cannot come from {n} that count equally; nearest are {near}. A score, the "
             "number of answers or the rounding is not as said.", **fields)


def _name_basis(quoted: Quoted) -> str:
    n = fmt_count(quoted.n)
    if quoted.kind in ("rate", "share"):
        return n
    if quoted.n_items is None or quoted.n_items == 1:
        basis = _("{n} scores", n=n)
    else:
        basis = _("{n} × {items} scores", n=n, items=fmt_count(quoted.n_items))
    if quoted.scale_max is None or quoted.scale_min is None:
        return basis
    ends = {"low": _short(quoted.scale_min), "high": _short(quoted.scale_max)}
    if quoted.scale_step == 1:
        return _("{basis} from {low} to {high}", basis=basis, **ends)
    return _("{basis} from {low} to {high} in steps of {step}", basis=basis, **ends,
             step=_short(quoted.scale_step))


def _short(number: Fraction) -> str:
    whole = number.denominator == 1
    return show(number, 0 if whole else 2)
