"""What a company may decide about the value of its accounts."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule

CountingModel = Literal["MBG/CNBD-k", "BG/CNBD-k", "Pareto/NBD", "BG/NBD", "MBG/NBD"]


class ValueRules(Section):
    """Rules of account value.

    >>> ValueRules().horizon_years
    3
    """

    name: ClassVar[str] = "value"
    horizon_years: int = rule(
        3, unit="years", source="LIF-03", ge=1, le=20,
        help="margins of so many years to come are counted")
    discount_rate: float = rule(
        0.10, unit="share", source="LIF-03", ge=0, le=1,
        help="interest a year by which a later margin is worth less")
    first_margin: Literal["now", "after_one_period"] = rule(
        "now", unit="choice", source="LIF-03: t from 0 or from 1",
        help="whether the first margin of a yearly contract counts now or a year from now")
    order_models: tuple[CountingModel, ...] = rule(
        ("MBG/CNBD-k", "BG/CNBD-k", "Pareto/NBD"), unit="choice", source="LIF-03", min_length=1,
        help="models of ordering to choose from; the one the data prefer is used")
    interval_level: float = rule(
        0.80, unit="share", source="convention", gt=0.5, lt=1,
        help="chance with which what comes lies inside of an interval")
    n_draws: int = rule(
        1000, unit="count", source="convention", ge=100, le=10_000,
        help="so many futures are drawn of every account; fewer for very many accounts")
    widen_by_backtest: bool = rule(
        True, unit="choice", source="convention",
        help="widen the intervals by how far forecasts of the past were off in total")
    own_share_days: int = rule(
        6, unit="count", source="convention", ge=1,
        help="an account with so many purchase days in the analysis window has a share of profit "
             "of its own; others get the share of all")
    min_cost_known_share: float = rule(
        0.5, unit="share", source="convention", ge=0, le=1,
        help="with costs known for less of net sales, value is counted in sales")
    flat_margin_share: float = rule(
        0.0, unit="share", source="convention", ge=0, le=1,
        help="margin of a sale where no costs are known; 0 counts value in sales")
    silent_probability: float = rule(
        0.5, unit="share", source="convention", gt=0, lt=1,
        help="an account whose probability of being a customer still fell below this has gone "
             "silent")
    growth_level: float = rule(
        0.95, unit="share", source="LIF-04", gt=0.5, lt=1,
        help="growth counts only as far as it is proven at this level")
    growth_cap_rate: float = rule(
        0.25, unit="share", source="LIF-04", ge=0, le=1,
        help="at most so much growth or contraction a year is counted")
    growth_years: int = rule(
        1, unit="years", source="LIF-04", ge=1, le=20,
        help="growth goes on for so many years; then the pace stays")
    referral_share: float = rule(
        0.25, unit="share", source="LIF-04", ge=0, le=1,
        help="part of a referred account's value that its referrer is credited with")
    referral_years: int = rule(
        3, unit="years", source="LIF-04", ge=1, le=20,
        help="only accounts referred within so many years are credited")
    n_top: int = rule(
        10, unit="count", source="SEG-02", ge=1,
        help="how many most valuable accounts the concentration is told of")
    hidden_risk_share: float = rule(
        0.5, unit="share", source="convention", gt=0, lt=1,
        help="hidden risk: an account worth less than this part of what the last window, if it "
             "went on, would bring")
    min_renewals_due: int = rule(
        20, unit="count", source="convention", ge=2,
        help="with fewer contracts that came up for renewal nothing is said of retention")
    min_rank_accounts: int = rule(
        20, unit="count", source="LIF-06", ge=5,
        help="with fewer accounts no ranking is compared")
    n_resamples: int = rule(
        500, unit="count", source="convention", ge=100,
        help="resamples behind the intervals of comparisons")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="level of the intervals of comparisons")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="at most so many accounts of each kind are handed on for attention")
    seed: int = rule(
        20_260, unit="seed", source="convention", ge=0,
        help="start of the random numbers")
