"""Ratings on the spot: what was rated, by whom, when, and how it was before."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.review.account import Account

CHECK_COLUMNS = ["check_topic", "rating", "check_date", "rater", "previous_rating",
                 "previous_check_date", "n_ratings"]
DISPLAY = ("brand_building", "display")


def build_checks(account: Account) -> pd.DataFrame:
    """The latest rating of each topic, and the one before.

    Returns one row a topic, sorted: rating (points of the rater's scale), check_date and rater;
    previous_rating and previous_check_date (gaps where it is the first), n_ratings (all that are
    known). Source: ABR-06. Refused without a check.
    """
    rated = account.require("checks").sort_values(["topic", "check_date", "rater"])
    rows = []
    for topic, part in rated.groupby("topic", sort=True):
        # Two raters on one day are one visit: the later row stands, as in every reading.
        days = part.groupby("check_date").tail(1)
        last, before = days.iloc[-1], days.iloc[-2] if len(days) > 1 else None
        rows.append([topic, last["rating"], last["check_date"], last["rater"],
                     None if before is None else before["rating"],
                     None if before is None else before["check_date"], len(part)])
    table = pd.DataFrame(rows, columns=CHECK_COLUMNS)
    dates = ["check_date", "previous_check_date"]
    table[dates] = table[dates].astype("datetime64[s]")
    return table.astype({"rating": "float64", "previous_rating": "float64", "n_ratings": "Int64"})


def build_display(account: Account) -> pd.DataFrame:
    """The checks that a customer is shown: brand building and display.

    Returns the rows of `build_checks` on these topics. Refused without one.
    """
    table = build_checks(account)
    table = table[table["check_topic"].isin(DISPLAY)].reset_index(drop=True)
    if table.empty:
        raise RefusedError(_("Brand building and display were not rated at this account."))
    return table
