"""What a company may decide about the value of its accounts."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class ValueRules(Section):
    """Rules of account value.

    >>> ValueRules().horizon_years
    3
    """

    name: ClassVar[str] = "value"
    horizon_years: int = rule(
        3, unit="years", source="LIF-03", ge=1, le=20,
        help="margins of so many years to come are counted")
