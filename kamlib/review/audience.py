"""Who a review is written for, and what each may hold.

The customer's edition holds what is named here and nothing else: a table that somebody adds later
is internal until it is named.
"""

from __future__ import annotations

import pandas as pd

from kamlib.errors import InputError, did_you_mean

AUDIENCES = ("internal", "customer")
FOR_CUSTOMER = frozenset({"header", "trend", "months", "mix", "top_goods", "gaps", "quota",
                          "quota_lines", "retail_margins", "new_products", "display", "swot",
                          "suggestions"})
WITHHELD = "withheld"


def check_audience(audience: str) -> str:
    """Return the audience, or refuse one that there is not.

    >>> check_audience("customer")
    'customer'
    """
    if audience not in AUDIENCES:
        raise InputError(f"There is no audience {audience!r}.{did_you_mean(audience, AUDIENCES)} "
                         f"Give one of: {', '.join(AUDIENCES)}.")
    return audience


def may_hold(audience: str, table: str) -> bool:
    """Whether an edition may hold a table.

    >>> may_hold("internal", "margins"), may_hold("customer", "margins")
    (True, False)
    """
    return audience == "internal" or table in FOR_CUSTOMER


def withhold() -> pd.DataFrame:
    """Return what stands in the place of a table that an edition may not hold: nothing."""
    frame = pd.DataFrame()
    frame.attrs[WITHHELD] = True
    return frame


def is_withheld(frame: pd.DataFrame) -> bool:
    """Whether a table was withheld from this edition.

    >>> is_withheld(withhold()), is_withheld(pd.DataFrame())
    (True, False)
    """
    return bool(frame.attrs.get(WITHHELD, False))
