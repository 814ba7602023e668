"""Human names of columns and codes, in the language in use.

Each room has a file of its own here; a code means the same in all of them (a test says so).
"""

from __future__ import annotations

from types import ModuleType

from kamlib.labels import (
    audit,
    chapters,
    classes,
    clusters,
    common,
    complaints,
    credit,
    cross_sell,
    effort,
    improvement,
    lifecycle,
    loyalty,
    matrices,
    overview,
    ranks,
    review,
    sales,
    satisfaction,
    segmentation,
    selection,
    value,
    warning,
    worth,
)
from kamlib.language import N_, _, name_currency, translate, window_words

ROOMS: tuple[ModuleType, ...] = (
    common, chapters, sales, segmentation, classes, matrices, clusters, ranks, lifecycle,
    satisfaction, improvement, complaints, worth, audit, loyalty, cross_sell, value, warning,
    selection, effort, credit, review, overview)
HEADINGS: dict[str, str] = {k: v for room in ROOMS for k, v in room.HEADINGS.items()}
VALUES: dict[str, str] = {k: v for room in ROOMS for k, v in room.VALUES.items()}

# account_facts carries the same column for several spans of time.
SPANS = {
    "_period": N_("{heading}, period"),
    "_previous": N_("{heading}, previous period"),
    "_year_before": N_("{heading}, year before"),
    "_window": N_("{heading}, {window}"),
    "_ci_low": N_("{heading}, low end"),
    "_ci_high": N_("{heading}, high end"),
}
# The median of a group's accounts has the name and the unit of what it is the median of.
MEDIAN = "median_"
KINDS = {"_amount": "amount", "_share": "share", "_rate": "share", "_days": "days",
         "_months": "months", "_years": "years", "_date": "date", "_index": "index",
         "_probability": "share"}


def heading(column: str) -> str:
    """Return the table heading of a column; an unknown column is its own heading.

    >>> heading("net_amount_window"), heading("some_new_column")
    ('Net sales, 12 months', 'some_new_column')
    """
    if column in HEADINGS:
        return translate(HEADINGS[column])
    stem, span = split_span(column)
    if span and stem in HEADINGS:
        return translate(SPANS[span]).format(heading=translate(HEADINGS[stem]),
                                              window=window_words())
    if column.startswith(MEDIAN):
        return _("{heading}, median", heading=heading(column.removeprefix(MEDIAN)))
    return column


def label(code: object) -> str:
    """Return the name of a code; an unknown code is its own name.

    >>> label("cancellation"), label("A-17")
    ('Cancellation', 'A-17')
    """
    return translate(VALUES[str(code)]) if str(code) in VALUES else str(code)


def kind_of(column: str) -> str:
    """Return what a column measures, read off its name; "" when the name does not say.

    One of amount, share, count, days, months, years, date, index.

    >>> kind_of("net_amount_window"), kind_of("n_orders"), kind_of("retention_share_ci_low")
    ('amount', 'count', 'share')
    """
    stem = split_span(column)[0].removeprefix(MEDIAN)
    if stem in ("amount", "share", "rate", "days", "months", "years", "date", "index"):
        return KINDS[f"_{stem}"]
    if stem.startswith("n_"):
        return "count"
    # days_since_last_sale puts its unit first.
    if stem.startswith("days_"):
        return "days"
    return next((kind for end, kind in KINDS.items() if stem.endswith(end)), "")


def unit_of(column: str, currency: str = "") -> str:
    """Return the unit to print beside a heading or an axis, "" for none.

    >>> unit_of("net_amount", "CNY"), unit_of("tenure_days"), unit_of("n_orders")
    ('CNY', 'days', '')
    """
    units = {"amount": name_currency(currency), "share": "%", "days": _("days"),
             "months": _("months"), "years": _("years"), "index": _("points")}
    return units.get(kind_of(column), "")


def split_span(column: str) -> tuple[str, str]:
    """Split a column into its stem and its span or interval ending ("" when it has none)."""
    span = next((end for end in SPANS if column.endswith(end) and column != end[1:]), "")
    return column.removesuffix(span), span
