"""The log of complaints made ready: what kind each entry is, and how long it took so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from kamlib.errors import InputError, did_you_mean
from kamlib.satisfaction.complaints.rules import ComplaintRules

# The source's three headings with two kinds each (CMP-02).
HEADINGS = {"grievance": "opinion", "complaint": "opinion", "suggestion": "advice",
            "purchase_intent": "advice", "maintenance": "request", "special_request": "request"}
UNASSIGNED = "unassigned"
NO_CLASS = "no_class"
LOG_COLUMNS = ["complaint_id", "account_id", "opened_date", "complaint_class", "contact_heading",
               "contact_kind", "is_complaint", "product_id", "source", "response_days",
               "is_answered", "resolution_days", "is_resolved"]


def read_log(complaints: pd.DataFrame, *, account_ids: Sequence[str], as_of: date,
             rules: ComplaintRules) -> pd.DataFrame:
    """Make the table of complaints ready to be counted.

    complaints: the table of that name, as known at as_of; account_ids: the customers; what others
    complain about is left out. Columns that the company does not have may be missing.
    Returns one row an entry, sorted by opened_date and complaint_id: complaint_id, account_id,
    opened_date, complaint_class (the company's own; no_class where empty), contact_heading
    (opinion, advice, request) and contact_kind (one of six, by rules.complaint_classes;
    "unassigned" for a class without a kind), is_complaint (its kind is none of
    rules.not_complaints), product_id, source ("" where empty), response_days and is_answered,
    resolution_days and is_resolved: days until the first answer (until it was settled), or until
    as_of while there is none.
    Source: catalogue CMP-01, CMP-02.
    """
    kinds = read_kinds(rules)
    table = complaints.reindex(columns=["complaint_id", "account_id", "opened_date",
                                        "first_response_date", "resolved_date",
                                        "complaint_class", "product_id", "source"])
    for column in ("opened_date", "first_response_date", "resolved_date"):
        table[column] = pd.to_datetime(table[column]).astype("datetime64[s]")
    day = pd.Timestamp(as_of)
    table = table[table["account_id"].isin(list(account_ids)) & (table["opened_date"] <= day)]
    table = table.sort_values(["opened_date", "complaint_id"], ignore_index=True)
    table["complaint_class"] = _text(table["complaint_class"]).replace("", NO_CLASS)
    for column in ("product_id", "source"):
        table[column] = _text(table[column])
    table["contact_kind"] = table["complaint_class"].map(kinds).fillna(UNASSIGNED).astype("str")
    table["contact_heading"] = table["contact_kind"].map(HEADINGS).fillna(UNASSIGNED).astype("str")
    table["is_complaint"] = ~table["contact_kind"].isin(rules.not_complaints)
    answered = table["first_response_date"]
    if answered.notna().any():
        # Where first answers are kept, a complaint that was settled has had one.
        answered = table[["first_response_date", "resolved_date"]].min(axis=1)
    for name, done, flag in (("response_days", answered, "is_answered"),
                             ("resolution_days", table["resolved_date"], "is_resolved")):
        known = done.where(done <= day)
        table[flag] = known.notna()
        table[name] = (known.fillna(day) - table["opened_date"]).dt.days.astype("Int64")
    return table[LOG_COLUMNS]


def read_kinds(rules: ComplaintRules) -> dict[str, str]:
    """Read the rule complaint_classes, entries like ``late delivery=complaint``.

    >>> read_kinds(ComplaintRules(complaint_classes=("late delivery=complaint",)))
    {'late delivery': 'complaint'}
    """
    kinds = {}
    for entry in rules.complaint_classes:
        name, _sign, kind = (part.strip() for part in entry.rpartition("="))
        _check_kind(kind, f"complaint_classes has {entry!r}")
        if not name:
            raise InputError(f"The rule complaints.complaint_classes has {entry!r}, which names no "
                             "class. Write class=kind, such as delivery=complaint.")
        kinds[name] = kind
    for kind in rules.not_complaints:
        _check_kind(kind, f"not_complaints has {kind!r}")
    return kinds


def _check_kind(kind: str, where: str) -> None:
    if kind not in HEADINGS:
        raise InputError(f"The rule complaints.{where}, but the kinds are {', '.join(HEADINGS)}."
                         f"{did_you_mean(kind, HEADINGS)} Correct the rules file.")


def _text(values: pd.Series) -> pd.Series:
    return values.astype("str").where(values.notna(), "").str.strip()
