"""Wholes and parts: do totals, means of means and shares that fill a whole add up."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from kamlib.language import N_, _, fmt_count, fmt_list, translate
from kamlib.satisfaction.audit.kinds import SHORT
from kamlib.satisfaction.audit.printed import OF_HUNDRED, WHOLE_KINDS, Span, show
from kamlib.satisfaction.audit.quoted import FAILS, FITS, MIXED, OPEN, Check, Quoted

MEAN_KINDS = ("mean", "index", "rate")
# How a whole can be made of its parts; the first that fits is named.
WAYS = {
    "items": N_("the plain mean of the {n} items"), "groups": N_("the mean of the {n} groups"),
    "parts": N_("the plain mean of its {n} parts"),
    "weighted": N_("the mean of its {n} parts by their weights"),
    "by_n": N_("the mean of its {n} parts by the answers behind them"),
    "total": N_("the sum of its {n} parts")}
# What was averaged, where the parts are groups of items.
LEVELS = {"items": N_("Items, not groups, were averaged."),
          "groups": N_("Groups, not items, were averaged: each group counts alike, however many "
                       "items it has.")}


class Way(NamedTuple):
    """One way to make a whole: its name, the parts used, the exact result, its span."""

    name: str
    n: int
    made: Fraction
    low: Fraction
    high: Fraction

    def phrase(self) -> str:
        """Say the way in words."""
        return translate(WAYS[self.name]).format(n=fmt_count(self.n))


def check_wholes(figures: Sequence[Quoted]) -> list[Check]:
    """Make every whole again of its parts; shares of a whole that is not quoted sum to 100."""
    children: dict[str, list[Quoted]] = {}
    for each in figures:
        if each.part_of:
            children.setdefault(each.part_of, []).append(each)
    by_id = {each.quote_id: each for each in figures}
    circles = [name for name in children if name in _descend(name, children)]
    found = [Check(name, "mean_of_parts", FAILS, _(
        "{quote_id} is a part of its own part; correct part_of.", quote_id=name))
        for name in circles]
    children = {name: parts for name, parts in children.items() if name not in circles}
    for name, parts in children.items():
        whole = by_id.get(name)
        unread = [part.quote_id for part in parts if part.printed is None]
        if unread:
            found.append(Check(name if whole else parts[0].quote_id, "mean_of_parts", OPEN, _(
                "A part of it cannot be read: {parts}.", parts=fmt_list(unread))))
        elif whole is None:
            found += _check_hundred(parts)
        elif whole.printed is not None:
            found += _check_whole(whole, parts, children)
    return found


def _check_whole(whole: Quoted, parts: list[Quoted],
                 children: dict[str, list[Quoted]]) -> list[Check]:
    assert whole.printed and whole.span
    value = whole.printed.exact
    beside = tuple(part.quote_id for part in parts)
    if not all(_can_make(part.kind, whole.kind) for part in parts):
        kinds = fmt_list(dict.fromkeys(translate(SHORT[part.kind]) for part in parts))
        return [Check(whole.quote_id, "mean_of_parts", MIXED, _(
            "{quoted} is {kind}, but a part is {kinds}: one cannot be made of the other.",
            quoted=whole.printed, kind=translate(SHORT[whole.kind]), kinds=kinds), beside=beside)]
    ways = _find_ways(whole, parts, children)
    exact = [way for way in ways if whole.span.holds(way.made)]
    near = sorted((way for way in ways if _overlap(way, whole.span)),
                  key=lambda way: abs(way.made - value))
    check = "sum_of_parts" if ways[0].name == "total" else "mean_of_parts"
    chosen = next(iter(exact or near), None)
    made = fmt_list(_made(way, whole) for way in ways)
    if chosen is None:
        return [Check(whole.quote_id, check, FAILS, _(
            "{quoted} does not follow from its parts: {made}.", quoted=whole.printed, made=made),
            made, beside)]
    sentence = _("{quoted} is {way}.", quoted=whole.printed, way=chosen.phrase()) if exact else _(
        "{quoted} is {way} within the rounding of the parts ({made} from them as printed).",
        quoted=whole.printed, way=chosen.phrase(), made=_value(chosen, whole))
    others = [way for way in ways if way.name in LEVELS and way.name != chosen.name]
    if chosen.name in LEVELS and others:
        sentence = _("{sentence} {level} By the other way it would be {other}.",
                     sentence=sentence, level=translate(LEVELS[chosen.name]),
                     other=_value(others[0], whole))
    return [Check(whole.quote_id, check, FITS, sentence, _value(chosen, whole), beside)]


def _find_ways(whole: Quoted, parts: list[Quoted],
               children: dict[str, list[Quoted]]) -> list[Way]:
    if whole.kind not in MEAN_KINDS:
        return [_weigh("total", parts, [Fraction(1)] * len(parts), is_mean=False)]
    ways = []
    leaves = [leaf for part in parts for leaf in _leaves(part, children)]
    weights = [part.weight for part in parts]
    known = [weight for weight in weights if weight is not None]
    if len(known) == len(parts) and sum(known) > 0:
        ways.append(_weigh("weighted", parts, known))
    if len(leaves) > len(parts):
        ways.append(_weigh("items", leaves, [Fraction(1)] * len(leaves)))
    name = "groups" if len(leaves) > len(parts) else "parts"
    ways.append(_weigh(name, parts, [Fraction(1)] * len(parts)))
    counts = [Fraction(part.n) for part in parts if part.n]
    if len(counts) == len(parts) and len(set(counts)) > 1:
        ways.append(_weigh("by_n", parts, counts))
    return ways


def _weigh(name: str, parts: Sequence[Quoted], weights: Sequence[Fraction], *,
           is_mean: bool = True) -> Way:
    by = sum(weights) if is_mean else Fraction(1)
    rows = [(part.printed.exact, part.span.low, part.span.high)
            for part in parts if part.printed and part.span]
    made, low, high = (sum((w * row[i] for w, row in zip(weights, rows, strict=True)),
                           start=Fraction(0)) / by for i in range(3))
    return Way(name, len(parts), made, low, high)


def _check_hundred(parts: list[Quoted]) -> list[Check]:
    if len(parts) < 2 or any(part.kind != "share" for part in parts):
        return []
    way = _weigh("total", parts, [Fraction(1)] * len(parts), is_mean=False)
    digits = max(part.printed.n_decimals for part in parts if part.printed)
    fields = {"n": fmt_count(len(parts)), "whole": parts[0].part_of,
              "made": show(way.made, digits, is_percent=True),
              "hundred": show(100, 0, is_percent=True)}
    first, *rest = (part.quote_id for part in parts)
    if way.made == 100:
        verdict, seen = FITS, _("The {n} shares of “{whole}” sum to {hundred}.", **fields)
    elif way.low <= 100 <= way.high:
        verdict, seen = FITS, _("The {n} shares of “{whole}” sum to {made}; rounding explains the "
                                "difference from {hundred}.", **fields)
    else:
        verdict, seen = FAILS, _("The {n} shares of “{whole}” sum to {made}, not to {hundred}; "
                                 "rounding does not explain it.", **fields)
    return [Check(first, "sum_to_100", verdict, seen, str(fields["hundred"]), tuple(rest))]


def _leaves(part: Quoted, children: dict[str, list[Quoted]]) -> list[Quoted]:
    below = children.get(part.quote_id, [])
    return [leaf for child in below for leaf in _leaves(child, children)] or [part]


def _descend(name: str, children: dict[str, list[Quoted]]) -> set[str]:
    """Everything below a whole, itself only when it is a part of its own part."""
    seen: set[str] = set()
    todo = [child.quote_id for child in children.get(name, [])]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += [child.quote_id for child in children.get(one, [])]
    return seen


def _can_make(part: str, whole: str) -> bool:
    alike = [WHOLE_KINDS, ("mean", "index")]
    return part == whole or any(part in kinds and whole in kinds for kinds in alike)


def _overlap(way: Way, span: Span) -> bool:
    return way.low <= span.high and way.high >= span.low


def _made(way: Way, whole: Quoted) -> str:
    return _("{way} is {made}", way=way.phrase(), made=_value(way, whole))


def _value(way: Way, whole: Quoted) -> str:
    assert whole.printed
    extra = 1 if whole.kind in OF_HUNDRED and whole.printed.n_decimals == 0 else 0
    return show(way.made, whole.printed.n_decimals + extra, is_percent=whole.printed.is_percent)
