"""What a company may decide about complaints: what is slow, what is often."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class ComplaintRules(Section):
    """What a company may decide about complaints: what is slow, what is often.

    >>> ComplaintRules().response_days
    2
    """

    name: ClassVar[str] = "complaints"
    response_days: int = rule(
        2, unit="days", source="CMP-01 (no standard in the source)", ge=0,
        help="A complaint should have had a first answer within so many days.")
    resolution_days: int = rule(
        14, unit="days", source="CMP-01 (no standard in the source)", ge=0,
        help="A complaint should be settled within so many days.")
    kept_target_share: float | None = rule(
        None, unit="share", source="CMP-01", gt=0, le=1,
        help="Share of complaints that should keep these days; empty: no verdict.")
    ageing_days: tuple[int, ...] = rule(
        (7, 30, 90), unit="days", source="convention", min_length=1,
        help="Open complaints are counted by age, cut at these days, rising.")
    complaint_classes: tuple[str, ...] = rule(
        ("抱怨=grievance", "投诉=complaint", "合理化建议=suggestion",
         "再次购买意向=purchase_intent", "维修保养=maintenance", "特别需求=special_request",
         "suggestion=suggestion", "maintenance=maintenance", "special_request=special_request"),
        unit="class=kind", source="CMP-02",
        help="Which of the source's six kinds each class of the company is; a class that is not "
             "named here keeps its own name and counts as a complaint.")
    not_complaints: tuple[str, ...] = rule(
        ("suggestion", "purchase_intent", "maintenance", "special_request"),
        unit="kind", source="CMP-02",
        help="Kinds that are counted apart: advice and requests are no complaints.")
    min_events: int = rule(
        10, unit="count", source="convention", ge=1,
        help="With fewer complaints that ended no median and no share within days is told.")
    min_pairs: int = rule(
        10, unit="count", source="convention", ge=4,
        help="With fewer accounts that were heard, complaints and satisfaction are not compared.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="Level of every interval; changes by class share it among the classes.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts of each kind are handed on for attention.")
