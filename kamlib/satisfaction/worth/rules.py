"""What a company may decide about delivered value and about satisfaction joined to money."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class WorthRules(Section):
    """What a company may decide about delivered value and about satisfaction joined to money.

    >>> WorthRules().band_edges
    (85.0,)
    """

    name: ClassVar[str] = "worth"
    answered_share: float = rule(
        2 / 3, unit="share", source="SAT-08", gt=0, le=1,
        help="Share of the worth questions, and of the burden questions, that a questionnaire has "
             "to answer for its delivered value to count.")
    band_edges: tuple[float, ...] = rule(
        (85.0,), unit="points", source="convention", min_length=0,
        help="Indexes from which a further band of satisfied accounts begins; the satisfied line "
             "is always an edge.")
    past_waves: int = rule(
        4, unit="count", source="convention", ge=1,
        help="At most so many past waves, the latest of those followed for long enough, are "
             "pooled to see what came after.")
    follow_months: int = rule(
        12, unit="months", source="same season on both sides", ge=3, le=24,
        help="Months after a wave that are compared with as many before it; 12 keep the season "
             "the same.")
    min_accounts: int = rule(
        10, unit="count", source="convention", ge=3,
        help="With fewer accounts a mean, or a band, is not judged.")
    min_leavers: int = rule(
        10, unit="count", source="convention", ge=2,
        help="With fewer accounts that left it is not judged what foretells leaving.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="Level of every interval; comparisons with the top band share it.")
    n_resamples: int = rule(
        2000, unit="count", source="convention", ge=200,
        help="How often accounts are drawn anew for the intervals of bands.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts with a negative delivered value are handed on.")
