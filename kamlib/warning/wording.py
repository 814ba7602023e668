"""Signs and reasons in words, each with the value it rests on."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from kamlib.labels import heading, label
from kamlib.language import _, _n, fmt_count, fmt_number, fmt_share, join_items
from kamlib.warning.features import KEYS


def _changed(value: float) -> str:
    if value <= -1:
        return _("no sales of late")
    if value < 0:
        return _("sales down by {share}", share=fmt_share(-value))
    return _("sales up by {share}", share=fmt_share(value))


def _content(value: float) -> str:
    return _("satisfaction {score} of 100", score=fmt_count(100 * value))


def _content_change(value: float) -> str:
    points = fmt_count(abs(100 * value))
    if value < 0:
        return _("satisfaction {points} points lower", points=points)
    return _("satisfaction {points} points higher", points=points)


# What a column's value means, as part of a list of reasons.
WORDS: dict[str, Callable[[float], str]] = {
    "silence_ratio": lambda x: _("silent for {x} mean gaps", x=fmt_number(x, 1)),
    "sales_change_rate": _changed,
    "n_purchase_days_window": lambda x: _n("bought on {n} day in {window}",
                                           "bought on {n} days in {window}", int(x)),
    "satisfaction_share": _content, "satisfaction_change_share": _content_change,
    "late_invoice_share": lambda x: _("{share} of invoices late", share=fmt_share(x)),
    "late_mean_days": lambda x: _n("pays {n} day late", "pays {n} days late", round(x)),
    "n_complaints": lambda x: _n("{n} complaint", "{n} complaints", int(x)),
    "n_open_complaints": lambda x: _n("{n} open complaint", "{n} open complaints", int(x)),
    "n_owner_changes": lambda x: _("new owner on our side") if x else _("no new owner"),
    "is_first_year": lambda x: _("customer for less than a year") if x
    else _("customer for more than a year"),
}


def say_value(column: str, value: float) -> str:
    """Return a feature's value in words; a column without words of its own gets its heading.

    >>> say_value("sales_change_rate", -0.57).replace(chr(160), " ")
    'sales down by 57 %'
    """
    if pd.isna(value):
        return _("{heading} not known", heading=heading(column))
    if column in WORDS:
        return WORDS[column](value)
    return f"{heading(column)} {fmt_number(value, 0 if float(value).is_integer() else 2)}"


def describe_signs(flags: pd.DataFrame) -> pd.Series:
    """Return the signs of each cut and account in words, indexed by both.

    flags: of `find_flags`; a sign of a company's own is named beside its value.
    """
    words = pd.Series([_say_sign(*row) for row in flags[
        ["flag", "evidence_column", "evidence_number"]].itertuples(index=False)],
        index=pd.MultiIndex.from_frame(flags[KEYS]), dtype="str")
    return words.groupby(level=[0, 1], sort=True).agg(join_items)


def describe_reasons(reasons: pd.DataFrame) -> pd.Series:
    """Return the model's reasons for each account in words, the strongest first."""
    words = pd.Series([say_value(*row) for row in reasons[
        ["feature", "feature_number"]].itertuples(index=False)],
        index=pd.Index(reasons["account_id"]), dtype="str")
    return words.groupby(level=0, sort=True).agg(join_items)


def _say_sign(flag: str, column: str, value: float) -> str:
    said = say_value(column, value)
    return said if label(flag) != flag else f"{flag}: {said}"
