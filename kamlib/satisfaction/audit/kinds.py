"""Figures of different kinds under one name, and figures held against another kind's target."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kamlib.labels import label
from kamlib.language import N_, _, fmt_count, join_items, translate
from kamlib.satisfaction.audit.quoted import FAILS, MIXED, Check, Quoted

PHRASES = {"index": N_("an index (scores averaged onto 0–100)"),
           "rate": N_("a rate (so many of all accounts or questionnaires)"),
           "share": N_("a share (a part of a whole, such as ratings)"),
           "mean": N_("a mean of scores"), "sum": N_("a sum"), "count": N_("a count")}
SHORT = {"index": N_("an index"), "rate": N_("a rate"), "share": N_("a share"),
         "mean": N_("a mean"), "sum": N_("a sum"), "count": N_("a count")}
# Words of a name by which a reader takes the figure for a kind, and the kinds that is right for.
NAMES: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (re.compile(r"\brates?\b|满意率|(?<![效频汇功])率(?=$|[（(])", re.IGNORECASE), "rate",
     ("rate", "share")),
    (re.compile(r"\bind(ex|ices)\b|指数", re.IGNORECASE), "index", ("index", "mean")))


def check_kind(quoted: Quoted) -> list[Check]:
    """Say when a figure bears the name of another kind, or faces another kind's target."""
    found = []
    for words, kind, allowed in NAMES:
        if words.search(quoted.label) and quoted.kind not in allowed:
            found.append(Check(quoted.quote_id, "name_and_kind", MIXED, _(
                "“{label}” sounds like {called}, but {quoted} is {kind}.", label=quoted.label,
                quoted=quoted.printed, called=translate(SHORT[kind]),
                kind=translate(SHORT[quoted.kind]))))
    if quoted.printed and quoted.target and not is_comparable(quoted):
        found.append(Check(quoted.quote_id, "against_target", MIXED, _(
            "{quoted} is {kind}, the target of {target} is set for {other}: the one cannot meet or "
            "miss the other.", quoted=quoted.printed, kind=translate(PHRASES[quoted.kind]),
            target=quoted.target, other=translate(PHRASES[quoted.target_kind]))))
    return found


def is_comparable(quoted: Quoted) -> bool:
    """Whether the target is set for the kind of the number; a mean on 0-100 is as an index."""
    kinds = {quoted.kind, quoted.target_kind or quoted.kind}
    is_hundred = quoted.scale_min == 0 and quoted.scale_max == 100
    return len(kinds) == 1 or (kinds == {"mean", "index"} and is_hundred)


def check_topics(figures: Sequence[Quoted]) -> list[Check]:
    """Find topics that several numbers tell about, each with another denominator."""
    topics: dict[str, list[Quoted]] = {}
    for each in figures:
        if each.topic and each.printed and not each.part_of:
            topics.setdefault(each.topic, []).append(each)
    return [check for name, group in topics.items() for check in _check_topic(name, group)]


def _check_topic(topic: str, group: list[Quoted]) -> list[Check]:
    first, *rest = group
    bases = {(each.kind, each.n, each.n_items) for each in group}
    values = {each.printed.exact for each in group if each.printed}
    beside = tuple(each.quote_id for each in rest)
    listed = join_items(_describe(each) for each in group)
    if len(bases) > 1:
        return [Check(first.quote_id, "same_name", MIXED, _(
            "{n} different figures tell about “{topic}”: {listed}. Each needs its own name and "
            "denominator.", n=fmt_count(len(group)), topic=topic, listed=listed), beside=beside)]
    if len(values) > 1:
        return [Check(first.quote_id, "same_name", FAILS, _(
            "“{topic}” has {n} values of the same kind and the same answers: {listed}.",
            n=fmt_count(len(values)), topic=topic, listed=listed), beside=beside)]
    return []


def _describe(quoted: Quoted) -> str:
    fields = {"quoted": quoted.printed, "quote_id": quoted.quote_id, "kind": label(quoted.kind)}
    if quoted.n is None:
        return _("{quote_id}: {quoted} ({kind}, n not said)", **fields)
    return _("{quote_id}: {quoted} ({kind}, n = {n})", n=fmt_count(quoted.n), **fields)
