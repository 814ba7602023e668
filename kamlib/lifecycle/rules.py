"""What a company may decide about lifecycle stages, cohorts and overdue accounts."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule


class LifecycleRules(Section):
    """Rules of the lifecycle.

    >>> LifecycleRules().trend_months
    36
    """

    name: ClassVar[str] = "lifecycle"
    exploration_months: int = rule(
        6, unit="months", source="LIF-01", ge=0,
        help="An account whose start lies less than this many months back is being explored.")
    exploration_purchase_days: int = rule(
        3, unit="count", source="LIF-01 (small volume)", ge=0,
        help="An account with fewer purchase days than this is being explored, however old.")
    formation_months: int = rule(
        24, unit="months", source="LIF-01", ge=0,
        help="Swinging sales without a proven trend count as formation up to this tenure.")
    trend_months: int = rule(
        36, unit="months", source="LIF-01", ge=6,
        help="Trend and variation are judged on at most this many latest months.")
    min_history_months: int = rule(
        12, unit="months", source="LIF-01", ge=12,
        help="With fewer whole months after the first sale's month the stage is undetermined.")
    trend_block_share: float = rule(
        2 / 3, unit="share", source="LIF-01 (a quarter holds 1-3 orders)", gt=0, le=1,
        help="The size of a trend is read off blocks of 1, 2 or 3 months: the shortest of which "
             "this share held a sale while the account bought.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="Level of the interval of a slope.")
    false_discovery_share: float = rule(
        0.05, unit="share", source="Benjamini & Hochberg 1995", gt=0, lt=1,
        help="Share of false ones accepted among the trends that are called proven.")
    variation_months: int = rule(
        3, unit="months", source="LIF-01 (a quarter holds 1-3 orders)", ge=1, le=4,
        help="Variation is measured between blocks of so many months.")
    stable_cv: float = rule(
        0.70, unit="ratio", source="Syntetos, Boylan & Croston 2005: CV squared 0.49", gt=0,
        help="Blocks vary (standard deviation / mean) at most this much in a stable account.")
    variation_basis: Literal["beyond_rhythm", "all"] = rule(
        "beyond_rhythm", unit="choice", source="Cox 1962; LIF-01",
        help="beyond_rhythm: what chance makes of few orders is taken out before variation is "
             "called volatility; all: it counts.")
    stable_level_share: float = rule(
        0.50, unit="share", source="LIF-01 (high level)", ge=0, le=1,
        help="A stable account's last 12 months reach this share of its best 12 months.")
    season_years: int = rule(
        2, unit="years", source="convention", ge=2,
        help="The portfolio's season is taken out only where it is seen in so many years.")
    unknown_start: Literal["known_life", "undetermined", "judged"] = rule(
        "known_life", unit="choice", source="dictionary: unknown start",
        help="known_life: an account of unknown start is judged by its months once it has been "
             "known for formation_months; undetermined: never; judged: always.")
    overdue_probability: float = rule(
        0.05, unit="share", source="convention", gt=0, lt=0.5,
        help="Overdue: an account that goes on buying as it did would be silent for so long with "
             "at most this probability.")
    overdue_min_gaps: int = rule(
        3, unit="count", source="convention", ge=1,
        help="An account with fewer gaps between purchase days has no rhythm to be behind.")
    overdue_deviations: float = rule(
        2.0, unit="ratio", source="convention", ge=0,
        help="Where too few accounts show a common rhythm, overdue is who is silent longer than "
             "the mean gap and so many of its deviations,")
    overdue_factor: float = rule(
        1.5, unit="ratio", source="convention", ge=1,
        help="and longer than so many mean gaps.")
    overdue_fallback_gaps: int = rule(
        5, unit="count", source="convention", ge=2,
        help="This simple rule needs so many gaps.")
    cohort_unit: Literal["quarter", "half"] = rule(
        "half", unit="choice", source="LOY-06",
        help="Accounts are put together by the quarter or the half-year of their first sale.")
    min_cohort_accounts: int = rule(
        8, unit="count", source="convention", ge=1,
        help="The retention of a smaller cohort is refused.")
    survival_min_events: int = rule(
        10, unit="count", source="convention", ge=1,
        help="How long relationships last is refused with fewer losses.")
    survival_min_at_risk: int = rule(
        10, unit="count", source="Pocock, Clayton & Altman 2002", ge=1,
        help="The curve of how long relationships last stops where fewer accounts are followed.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts of each kind are handed on for attention.")
