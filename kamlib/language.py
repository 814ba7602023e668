"""The language of what a reader sees: translated sentences and numbers in the reader's form.

English is the source; `kamlib/locale/zh.po` holds the Chinese. A sentence never formats a number
by hand: it names a field and gets the formatted text, so a translator may move it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Any

import pandas as pd
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from kamlib.errors import InputError, did_you_mean

# British English writes "31 December 2025" and "a, b and c".
LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
MISSING = "–"
NO_CURRENCY = "XXX"  # ISO 4217: the money of data that does not say which
NO_BREAK = "\N{NO-BREAK SPACE}"
# The stop of an abbreviation and that of the sentence it ends.
TWO_STOPS = re.compile(r"(?<=\w)\.\.(?=[\s”)]|$)")
ENGLISH_SCALES = ((10**9, " bn"), (10**6, " M"), (10**3, " k"))
CHINESE_SCALES = ((10**8, "亿"), (10**4, "万"))

_language: ContextVar[str] = ContextVar("language", default="en")
# Length of the analysis window that sentences speak of; `_` puts it where {window} stands.
_window_months: ContextVar[int] = ContextVar("window_months", default=12)


def use(lang: str) -> None:
    """Choose the language of everything that is shown from here on: "en" or "zh"."""
    if lang not in LOCALES:
        raise InputError(f"There is no language {lang!r}.{did_you_mean(lang, LOCALES)} "
                         f"Give lang one of: {', '.join(LOCALES)}.")
    _language.set(lang)


@contextmanager
def using(lang: str) -> Iterator[None]:
    """Use a language inside a with-block and return to the former one after it."""
    before = current()
    use(lang)
    try:
        yield
    finally:
        _language.set(before)


def current() -> str:
    """Return the language in use: "en" or "zh"."""
    return _language.get()


def use_window(months: int) -> None:
    """Say how many months the analysis window holds, for all sentences from here on."""
    _window_months.set(months)


def window_words() -> str:
    """Return the length of the analysis window in words.

    >>> window_words()
    '12 months'
    """
    months = _window_months.get()
    return _plural("{n} month", "{n} months", months).format(n=fmt_count(months))


@cache
def _catalogue(lang: str) -> NullTranslations:
    if lang == "en":
        return NullTranslations()
    with (files("kamlib") / "locale" / f"{lang}.po").open("rb") as file:
        catalogue = read_po(file, locale=lang)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _(text: str, **values: Any) -> str:
    """Translate a literal text, then put the values into its named fields.

    >>> _("{n} accounts carry {share} of sales.", n=fmt_count(1200), share="61 %")
    '1,200 accounts carry 61 % of sales.'
    """
    return _fill(translate(text), {"window": window_words(), **values})


def _n(singular: str, plural: str, n: int, **values: Any) -> str:
    """Translate the form that fits n; the formatted n is the field {n}.

    >>> _n("{n} account is lost.", "{n} accounts are lost.", 1)
    '1 account is lost.'
    """
    fields = {"n": fmt_count(n), "window": window_words(), **values}
    return _fill(_plural(singular, plural, n), fields)


def _fill(text: str, values: Mapping[str, Any]) -> str:
    """Put values into their fields; one that ends in a full stop needs no second one after it.

    >>> _fill("Lost: {amount}. {name}.", {"amount": "12 m.u.", "name": "Foo Inc."})
    'Lost: 12 m.u. Foo Inc.'
    """
    return TWO_STOPS.sub(".", text.format(**values))


def _plural(singular: str, plural: str, n: int) -> str:
    """Translate the form that fits n; its fields stay."""
    return _catalogue(current()).ngettext(singular, plural, int(n))


def N_(text: str) -> str:  # noqa: N802  (the name gettext tools look for)
    """Mark a text for the catalogue without translating it; `translate` does that when shown."""
    return text


def translate(text: str) -> str:
    """Translate a text that was marked with `N_` where it was written."""
    # gettext answers the empty text with the header of the catalogue.
    return _catalogue(current()).gettext(text) if text else ""


def translate_cell(notebook: str, cell_id: str, source: str) -> str:
    """Translate a notebook's prose cell; the source comes back when it has no translation."""
    context = f"{notebook}#{cell_id}"
    return _catalogue(current()).pgettext(context, source) if source else ""


def fmt_count(x: Any) -> str:
    """Format a count, or any number rounded to a whole one.

    >>> fmt_count(12345), fmt_count(None)
    ('12,345', '–')
    """
    return fmt_number(x, 0)


def fmt_amount(x: Any) -> str:
    """Format money to the whole unit, with thousands separators and no currency.

    >>> fmt_amount(-1234567.8)
    '-1,234,568'
    """
    return fmt_number(x, 0)


def fmt_probability(p: float | None) -> str:
    """Format a probability (0-1) that was counted in draws: never as certain.

    >>> with using("en"):
    ...     fmt_probability(0.61), fmt_probability(1.0)
    ('61\xa0%', '>99\xa0%')
    """
    if _is_missing(p):
        return MISSING
    assert p is not None
    ends = {0: "<", 1: ">"}
    near = ends.get(round(p), "") if abs(p - round(p)) < 0.005 else ""
    return near + fmt_share(min(max(p, 0.01), 0.99) if near else p)


def fmt_number(x: Any, digits: int) -> str:
    """Format a number with so many decimals, in the grouping of the language.

    >>> fmt_number(1234.5678, 2), fmt_number(-0.001, 1)
    ('1,234.57', '0.0')
    """
    if _is_missing(x):
        return MISSING
    if math.isinf(x):
        return "∞" if x > 0 else "-∞"
    # str() first: 0.615 means what was written, not the double below it.
    return _group(str(x), digits, current())


@lru_cache(maxsize=20_000)  # a page of one account writes a thousand numbers, most of them again
def _group(number: str, digits: int, lang: str) -> str:
    value = Decimal(number).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    pattern = "#,##0." + "0" * digits if digits > 0 else "#,##0"
    # + 0 turns a negative zero into zero.
    return format_decimal(value + 0, format=pattern, locale=LOCALES[lang])


def fmt_share(x: Any, digits: int = 0) -> str:
    """Format a share of 1 as percent.

    >>> fmt_share(0.6149).replace(NO_BREAK, " "), fmt_share(0.6149, digits=1)[:4]
    ('61 %', '61.5')
    """
    if _is_missing(x):
        return MISSING
    number = fmt_number(Decimal(str(x)) * 100, digits)
    return f"{number}%" if current() == "zh" else f"{number}{NO_BREAK}%"


def fmt_money(x: Any, currency: str = "") -> str:
    """Format money for a sentence: three significant digits, scaled, with its currency.

    >>> fmt_money(41_783_000, "CNY").replace(NO_BREAK, " "), fmt_money(412, "")
    ('41.8 M CNY', '412')
    >>> with using("zh"):
    ...     fmt_money(41_783_000, "CNY")
    '4,180万元'
    """
    if _is_missing(x):
        return MISSING
    value = _three_digits(Decimal(str(x)))
    scales = CHINESE_SCALES if current() == "zh" else ENGLISH_SCALES
    size, unit = next(((s, u) for s, u in scales if abs(value) >= s), (1, ""))
    value /= size
    places = 0 if value == value.to_integral_value() and size == 1 else _decimals(value)
    number = fmt_number(value, places) + unit.replace(" ", NO_BREAK)
    unit = name_currency(currency)
    return f"{number}{unit}" if unit in ("", "元") else f"{number}{NO_BREAK}{unit}"


def name_currency(currency: str) -> str:
    """Return a currency as a heading or an axis writes it: its code, in Chinese the yuan by name.

    >>> with using("zh"):
    ...     name_currency("CNY"), name_currency("EUR")
    ('元', 'EUR')
    """
    if currency == NO_CURRENCY:
        return _("m.u.")  # monetary units
    return "元" if current() == "zh" and currency == "CNY" else currency


def fmt_date(d: Any) -> str:
    """Format a day.

    >>> fmt_date(date(2025, 12, 31))
    '31 December 2025'
    """
    if _is_missing(d):
        return MISSING
    return format_date(_day(d), format="long", locale=LOCALES[current()])


def fmt_month(d: Any) -> str:
    """Format the month a day lies in.

    >>> fmt_month(date(2025, 12, 1))
    'December 2025'
    """
    if _is_missing(d):
        return MISSING
    pattern = "y年M月" if current() == "zh" else "MMMM y"
    return format_date(_day(d), format=pattern, locale=LOCALES[current()])


def fmt_range(low: Any, high: Any, fmt: Callable[[Any], str]) -> str:
    """Format an interval with the formatter of its ends; a shared unit is written once.

    >>> fmt_range(0.58, 0.64, fmt_share).replace(NO_BREAK, " "), fmt_range(-2, 3, fmt_count)
    ('58–64 %', '-2 to 3')
    """
    first, last = fmt(low), fmt(high)
    if MISSING in (first, last):
        return MISSING
    unit = _unit(first)
    if unit and unit == _unit(last):
        first = first.removesuffix(unit)
    if first.startswith("-") or last.startswith("-"):
        return f"{first}至{last}" if current() == "zh" else f"{first} to {last}"
    return f"{first}–{last}"


def fmt_list(names: Iterable[Any], *, most: int | None = None) -> str:
    """Join names as the language does; of more than `most` the first are named, the rest counted.

    >>> fmt_list(["price", "delivery", "service"])
    'price, delivery and service'
    >>> fmt_list(["price", "delivery", "service"], most=1)
    'price and 2 more'
    """
    told = [str(name) for name in names]
    if most is not None and len(told) > most:
        told[most:] = [_n("{n} more", "{n} more", len(told) - most)]
    return format_list(told, locale=LOCALES[current()])


def join_sentences(sentences: Iterable[str]) -> str:
    """Put whole sentences after one another; Chinese has no space between them.

    >>> join_sentences(["Sales rose.", "Returns fell."])
    'Sales rose. Returns fell.'
    """
    return ("" if current() == "zh" else " ").join(sentences)


def join_items(items: Iterable[str]) -> str:
    """Put entries that may hold commas of their own after one another.

    >>> join_items(["core 93 %", "general 41 %"])
    'core 93 %; general 41 %'
    """
    return ("；" if current() == "zh" else "; ").join(items)


def _is_missing(x: Any) -> bool:
    return x is None or bool(pd.isna(x))


def _day(d: Any) -> date:
    return pd.Timestamp(d).date()


def _three_digits(value: Decimal) -> Decimal:
    if not value.is_finite() or value == 0:
        return value
    return value.quantize(Decimal(1).scaleb(value.adjusted() - 2), rounding=ROUND_HALF_EVEN)


def _decimals(value: Decimal) -> int:
    return min(2, max(0, 2 - value.adjusted())) if value.is_finite() else 0


def _unit(text: str) -> str:
    return text[len(text.rstrip("%万亿元 bnMkABCDEFGHIJKLMNOPQRSTUVWXYZ" + NO_BREAK)):]
