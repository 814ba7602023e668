"""A number by itself: is it possible at all, and is a rate what its two counts make it."""

from __future__ import annotations

from fractions import Fraction

from kamlib.language import _, fmt_count, fmt_range
from kamlib.satisfaction.audit.printed import show
from kamlib.satisfaction.audit.quoted import FAILS, FITS, Check, Quoted
from kamlib.stats.intervals import wilson_interval


def check_range(quoted: Quoted) -> list[Check]:
    """Name a number that no such figure can be; nothing when it is possible."""
    if quoted.printed is None:
        return []
    low, high = _find_limits(quoted)
    value = quoted.printed.exact
    if quoted.kind == "count" and value.denominator != 1:
        return [Check(quoted.quote_id, "possible", FAILS, _(
            "{quoted} is no count: a count is a whole number.", quoted=quoted.printed))]
    if (low is None or value >= low) and (high is None or value <= high):
        return []
    limits = [_text(end, quoted) for end in (low, high)]
    expected = _("{low} to {high}", low=limits[0], high=limits[1])
    return [Check(quoted.quote_id, "possible", FAILS, _(
        "{quoted} lies outside what is possible: {limits}.", quoted=quoted.printed,
        limits=expected), expected)]


def check_ratio(quoted: Quoted, *, level: float) -> list[Check]:
    """Divide the counts of a rate or a share again, with its interval (Wilson, 1927)."""
    if quoted.kind not in ("rate", "share") or quoted.printed is None or quoted.span is None or \
            quoted.n is None or quoted.n_counted is None:
        return []
    counts = {"counted": fmt_count(quoted.n_counted), "n": fmt_count(quoted.n)}
    if quoted.n == 0:
        return [Check(quoted.quote_id, "ratio", FAILS, _(
            "{quoted} rests on nobody: {counted} of {n} is no rate.", quoted=quoted.printed,
            **counts))]
    digits = quoted.printed.n_decimals + 1
    ratio = Fraction(100 * quoted.n_counted, quoted.n)
    made = show(ratio, digits, is_percent=True)
    if not quoted.span.holds(ratio):
        return [Check(quoted.quote_id, "ratio", FAILS, _(
            "{counted} of {n} is {made}, not {quoted}.", made=made, quoted=quoted.printed,
            **counts), made)]
    if quoted.target:  # against which the interval is said
        return [Check(quoted.quote_id, "ratio", FITS, _(
            "{counted} of {n} is {made}.", made=made, **counts), made)]
    low, high = wilson_interval(quoted.n_counted, quoted.n, level=level)
    span = fmt_range(100 * low, 100 * high, lambda x: show(x, 1, is_percent=True))
    return [Check(quoted.quote_id, "ratio", FITS, _(
        "{counted} of {n} is {made}; as a sample, {n} answers are compatible with {range}.",
        made=made, range=span, **counts), made)]


def _find_limits(quoted: Quoted) -> tuple[Fraction | None, Fraction | None]:
    zero, hundred = Fraction(0), Fraction(100)
    if quoted.kind in ("index", "rate", "share"):
        return zero, hundred
    if quoted.kind == "mean":
        return quoted.scale_min, quoted.scale_max
    number = None if quoted.n is None else quoted.n * (quoted.n_items or 1)
    if quoted.kind == "count":
        return zero, None if quoted.n is None else Fraction(quoted.n)
    ends = [None if number is None or end is None else number * end
            for end in (quoted.scale_min, quoted.scale_max)]
    return ends[0], ends[1]


def _text(end: Fraction | None, quoted: Quoted) -> str:
    if end is None:
        return _("any number")
    assert quoted.printed
    digits = 0 if end.denominator == 1 else 2
    return show(end, digits, is_percent=quoted.printed.is_percent)
