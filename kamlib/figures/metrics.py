"""Numbers that notebooks hand on, in words: their value and how it changed."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from kamlib.language import _, fmt_money, fmt_number, fmt_share


def format_metric(x: Any, *, unit: str, currency: str = "") -> str:
    """Return a metric's value with its unit, for one of the units of `kamlib.handover.Metric`.

    >>> format_metric(78.2, unit="index"), format_metric(1.25, unit="ratio")
    ('78', '1.25')
    """
    if x is None or pd.isna(x):
        return _("not known")
    if unit == "amount":
        return fmt_money(x, currency)
    if unit == "share":
        return fmt_share(x, digits=1 if 0 < abs(x) < 0.1 else 0)
    if unit == "years":
        return _("{number} years", number=fmt_number(x, 1))
    if unit == "days":
        return _("{number} days", number=fmt_number(x, 0))
    return fmt_number(x, 2 if unit == "ratio" else 0)


def say_change(value: Any, before: Any, *, unit: str, currency: str = "") -> str:
    """Return a change with its sign, money before percent; "" where one end is not known.

    >>> say_change(0.5, 0.6, unit="share"), say_change(12.0, 12.0, unit="count")
    ('−10.0 points', 'no change')
    """
    if before is None or value is None or pd.isna(before) or pd.isna(value):
        return ""
    size = abs(value - before)
    if unit == "amount":
        text = fmt_money(size, currency)
        if before > 0:
            text = _("{amount} ({share})", amount=text, share=fmt_share(size / before, digits=1))
    elif unit == "share":
        text = _("{share} points", share=fmt_number(100 * size, 1))
    elif unit == "index":
        text = _("{number} points", number=fmt_number(size, 0))
    else:
        text = format_metric(size, unit=unit, currency=currency)
    if not re.search("[1-9]", text):
        return _("no change")
    return ("+" if value > before else "\N{MINUS SIGN}") + text
