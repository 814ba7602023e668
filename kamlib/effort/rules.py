"""What a company may decide about where its effort goes."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule

# Classes of accounts by business, from the most attended to the least; the register's reading E14.
CLASSES = ("key_account", "ordinary", "prospect")
KEY = "key_account"
CostTable = Literal["effort", "contacts", "promotions"]


class EffortRules(Section):
    """Rules of the effort.

    >>> EffortRules().target_time_shares["key_account"]
    0.6
    """

    name: ClassVar[str] = "effort"
    target_account_shares: dict[str, float] = rule(
        {"key_account": 0.1, "ordinary": 0.3, "prospect": 0.6}, unit="share",
        source="EFF-01, E14: 10/30/60 of the customers",
        help="Share of the accounts that each business class has in the published target.")
    target_time_shares: dict[str, float] = rule(
        {"key_account": 0.6, "ordinary": 0.3, "prospect": 0.1}, unit="share",
        source="EFF-01, E14: 60/30/10 of the time",
        help="Share of the hours that each business class gets in the published target.")
    target_basis: Literal["time_share", "intensity"] = rule(
        "time_share", unit="choice", source="EFF-01",
        help="Hours to move: time_share aims at the published shares of time; intensity at the "
             "published hours an account of one class beside another, on our own shares of "
             "accounts.")
    best_grades: tuple[str, ...] = rule(
        ("senior",), unit="grades", source="EFF-02: no competence measure is defined",
        help="Grades of the account owners that count as the best people.")
    cost_tables: tuple[CostTable, ...] = rule(
        ("effort", "contacts", "promotions"), unit="tables",
        source="EFF-03: no attribution is given; a convention",
        help="Tables whose costs are charged to the account they name. What names no account is "
             "charged to none and is said.")
    hourly_cost_amount: float | None = rule(
        None, unit="currency an hour", source="EFF-03: hours × rate", ge=0,
        help="Cost of an hour where the table of effort gives none.")
    audit_months: int = rule(
        3, unit="months", source="convention", ge=1, le=12,
        help="The audit compares spans of so many months, one with the next.")
    audit_spans: int = rule(
        16, unit="count", source="convention", ge=6,
        help="At most so many spans back are looked at.")
    audit_min_spans: int = rule(
        6, unit="count", source="convention", ge=5,
        help="An account with fewer spans of sales and hours says nothing in the audit.")
    audit_min_accounts: int = rule(
        20, unit="count", source="convention", ge=5,
        help="A class with fewer such accounts is not judged.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1, help="Level of every interval.")
    n_attention: int = rule(
        8, unit="count", source="convention", ge=0,
        help="At most so many accounts of a kind are handed on for attention.")
