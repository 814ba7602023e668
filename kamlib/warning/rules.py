"""What a company may decide about early warning."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class WarningRules(Section):
    """Rules of early warning.

    >>> WarningRules().min_events
    50
    """

    name: ClassVar[str] = "warning"
    min_events: int = rule(
        50, unit="count", source="RISK-02", ge=10,
        help="with fewer accounts that left in the past no model is fitted")
