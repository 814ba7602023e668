"""What a company may decide about its overview."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class OverviewRules(Section):
    """Rules of the overview.

    >>> OverviewRules().narrative_months
    12
    """

    name: ClassVar[str] = "overview"
    narrative_months: int = rule(
        12, unit="months", source="PROC-04", ge=1, le=120,
        help="texts written in so many months before the end of the period are shown")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="level of the interval of the share of promises kept")
