"""What a company may decide about ranks with probability and about moves against noise."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class RankRules(Section):
    """Rules of the ranks with probability and of the test of moves.

    >>> RankRules().months
    24
    """

    name: ClassVar[str] = "ranks"
    months: int = rule(
        24, unit="months", source="convention: two years, so that each season counts twice", ge=12,
        le=120, help="The evidence: the last whole months that are looked at.")
    min_months: int = rule(
        12, unit="months", source="benchmarks/stress.py: intervals hold from here on", ge=6, le=60,
        help="With fewer months of its own an account is ranked, but gets no probability; with "
             "fewer known months in the data nobody does.")
    decided: float = rule(
        0.80, unit="share", source="convention", gt=1 / 3, lt=1,
        help="An account whose likeliest tier is less probable than this is undecided.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1, help="Level of every interval.")
    n_draws: int = rule(
        1000, unit="count", source="convention: a probability is then right to 3 points", ge=200,
        le=10_000, help="How often the months are drawn anew.")
    seed: int = rule(20251231, unit="seed", source="convention", ge=0,
                     help="Seed of all draws; the same seed gives the same table.")
    alarm_level: float = rule(
        0.05, unit="share", source="convention", gt=0, lt=0.5,
        help="How often moves may be called more than noise when there is nothing but noise.")
    noise_draws: int = rule(
        500, unit="count", source="convention", ge=200, le=10_000,
        help="How often the months of the two windows are exchanged.")
    min_accounts: int = rule(
        20, unit="count", source="convention", ge=5,
        help="Moves of fewer accounts are not tested.")
    few_movers: int = rule(
        100, unit="count", source="convention: the chi-square law is rough below 25 a pair", ge=0,
        help="Below so many moves between two tiers the test tosses coins instead of using the "
             "chi-square law.")
