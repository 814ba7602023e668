"""What all pages of a report share: what they say of themselves, their templates and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kamlib import language
from kamlib.labels import heading, label
from kamlib.language import (
    _,
    _n,
    fmt_amount,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_month,
    join_items,
    join_sentences,
    name_currency,
    translate,
)
from kamlib.schema import name_table

TEMPLATES = Path(__file__).parent / "templates"
# What a page's lang attribute says; it also picks the right glyphs for Chinese.
LANG_TAGS = {"en": "en", "zh": "zh-Hans"}


@dataclass(frozen=True)
class PageMeta:
    """What every page says of itself.

    period_label: as the calendar writes it (2025Q4); version: its number in the store;
    status: "draft" or "released"; reason: why the version was made, "" for the first;
    is_open: the period had not ended in the data; generated_by: program and version.
    """

    dataset_name: str
    dataset_id: str
    period_label: str
    period_start: date
    period_end: date
    as_of: date
    is_open: bool
    version: int
    status: str
    reason: str
    lang: str
    currency: str
    generated_by: str


@dataclass(frozen=True)
class Chapter:
    """One notebook of a version; status as the runner gives it ("ok", "skipped", …)."""

    slug: str
    title: str
    question: str
    status: str = "ok"
    reason: str = ""

    @property
    def has_page(self) -> bool:
        """A skipped notebook never ran, so there is no page to link to."""
        return self.status != "skipped"

    def href(self, anchor: str = "") -> str:
        """Link from another page of the same version.

        >>> Chapter("02_segmentation", "Segmentation", "Who matters?").href("tiers")
        '02_segmentation.html#tiers'
        """
        return quote(f"{self.slug}.html") + (f"#{quote(anchor)}" if anchor else "")


def describe_period(label: str, start: date, end: date) -> str:
    """Return a period in words, in the language in use.

    >>> describe_period("2025Q4", date(2025, 10, 1), date(2025, 12, 31))
    'Fourth quarter 2025'
    >>> describe_period("2025", date(2024, 4, 1), date(2025, 3, 31))
    'Fiscal year 2025'
    """
    match = re.fullmatch(r"(\d{4})(H[12]|Q[1-4])?", label)
    if not match:
        if re.fullmatch(r"\d{4}-\d{2}", label):
            return fmt_month(start)
        return _("{start} to {end}", start=fmt_date(start), end=fmt_date(end))
    part = match[2] or ""
    if is_fiscal(label, start):
        words = {"": _("Fiscal year {year}", year=match[1]),
                 "H1": _("First half of fiscal year {year}", year=match[1]),
                 "H2": _("Second half of fiscal year {year}", year=match[1]),
                 "Q1": _("First quarter of fiscal year {year}", year=match[1]),
                 "Q2": _("Second quarter of fiscal year {year}", year=match[1]),
                 "Q3": _("Third quarter of fiscal year {year}", year=match[1]),
                 "Q4": _("Fourth quarter of fiscal year {year}", year=match[1])}
    else:
        words = {"": _("Year {year}", year=match[1]),
                 "H1": _("First half {year}", year=match[1]),
                 "H2": _("Second half {year}", year=match[1]),
                 "Q1": _("First quarter {year}", year=match[1]),
                 "Q2": _("Second quarter {year}", year=match[1]),
                 "Q3": _("Third quarter {year}", year=match[1]),
                 "Q4": _("Fourth quarter {year}", year=match[1])}
    return words[part]


def is_fiscal(label: str, start: date) -> bool:
    """Say whether a year, half or quarter begins elsewhere than the calendar's."""
    match = re.fullmatch(r"(\d{4})(?:(H)([12])|Q([1-4]))?", label)
    if not match:
        return False
    months_before = 6 * (int(match[3]) - 1) if match[2] else 3 * (int(match[4] or 1) - 1)
    return (start.year, start.month) != (int(match[1]), months_before + 1)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain dicts in which every gap is None."""
    return [{str(column): None if pd.isna(value) else value for column, value in row.items()}
            for row in table.to_dict("records")]


def render_page(template: str, *, lang: str, **values: Any) -> str:
    """Fill a template; everything that is not marked as our own HTML is escaped."""
    with language.using(lang):
        return _environment().get_template(template).render(
            lang_tag=LANG_TAGS[lang], **values).strip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
                              autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(
        _=_, _n=_n, heading=heading, label=label, describe_period=describe_period,
        is_fiscal=is_fiscal, fmt_amount=fmt_amount, fmt_count=fmt_count,
        fmt_date=fmt_date, fmt_list=fmt_list, fmt_money=fmt_money,
        join_items=join_items, join_sentences=join_sentences,
        name_currency=name_currency, name_table=name_table, translate=translate)
    return environment
