"""What a company may decide about the audit of quoted numbers."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule

Rounding = Literal["nearest", "half_up", "half_even", "nearest_or_cut"]


class AuditRules(Section):
    """What a company may decide about the audit of quoted numbers.

    >>> AuditRules().rounding
    'nearest'
    """

    name: ClassVar[str] = "audit"
    rounding: Rounding = rule(
        "nearest", unit="choice", source="Brown & Heathers (2017)",
        help="How printed numbers were rounded: nearest lets a half go either way, half_up and "
             "half_even say which, nearest_or_cut forgives digits that were cut off.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="Level of the interval by which a quoted rate is held against its target.")
