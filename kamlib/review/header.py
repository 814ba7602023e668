"""Whom the review is about: the head of the page."""

from __future__ import annotations

import pandas as pd

from kamlib.language import _, fmt_date, fmt_list
from kamlib.review.account import Account
from kamlib.review.records import show

# What the account may read about itself, and what only we say of it.
OPEN_FIELDS = ("industry", "region", "country", "star")
INNER_FIELDS = ("account_type", "size_class", "category", "service_line")


def build_header(account: Account, *, audience: str) -> pd.DataFrame:
    """Name, place, stars, owner and period of the account (ABR-01).

    Returns one row a fact that is known: item (its name), content (as a reader sees it).
    In the customer's edition how we class it is left out.
    """
    about = account.about
    fields = OPEN_FIELDS if audience == "customer" else (*OPEN_FIELDS, *INNER_FIELDS)
    rows = [("name", account.name), ("account_id", account.account_id)]
    rows += [(name, show(name, about.get(name), account.currency)) for name in fields]
    rows.append(("owner_id", str(about.get("owner_id") or "")))
    rows.append(("period", _("{label}: {start} to {end}", label=account.period.label,
                             start=fmt_date(account.period.start),
                             end=fmt_date(account.period.end))))
    if account.facts.get("is_start_known"):
        rows.append(("customer_since", show("", account.facts.get("start_date"), "")))
    elif account.has_ordered:
        rows.append(("first_sale_date", show("", account.facts.get("first_sale_date"), "")))
    rows += _family(account)
    return pd.DataFrame([row for row in rows if row[1]], columns=["item", "content"]).astype("str")


def _family(account: Account) -> list[tuple[str, str]]:
    rows = [("parent_id", show("", account.about.get("parent_id"), ""))]
    if len(account.subsidiaries):
        names = fmt_list(account.subsidiaries["name"])
        counted = len(account.members) > 1
        rows.append(("subsidiaries", _("{names}, counted in these numbers", names=names)
                     if counted else
                     _("{names}, each with a review of its own", names=names)))
    return rows
