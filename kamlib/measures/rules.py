"""The rules of the shared definitions: active, new, lost, analysis window, account level."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule


class MeasureRules(Section):
    """Conventions that every analysis shares."""

    name: ClassVar[str] = "measures"
    active_window_days: int = rule(
        365, unit="days", source="dictionary: active(t)", ge=30, le=1830,
        help="an account is active when it bought within so many days; never shorter than the "
             "period")
    window_months: int = rule(
        12, unit="months", source="dictionary: analysis window", ge=3, le=36,
        help="length of the analysis window that ends with the period; tiers, RFM, retention and "
             "loyalty use it")
    entry_guard_days: int = rule(
        90, unit="days", source="dictionary: unknown start", ge=0, le=730,
        help="a first sale so soon after the known history begins says nothing about when the "
             "relationship began")
    backtest_horizon_days: int = rule(
        182, unit="days", source="RISK-02: no shorter than the usual gap", ge=7, le=730,
        help="what foretells is tested on the past over so many days ahead")
    backtest_cuts: int = rule(
        6, unit="count", source="convention", ge=1, le=24,
        help="at most so many days of the past are tested from, one horizon apart")
    pair_days: int = rule(
        3, unit="days", source="dictionary: order-and-cancel pair", ge=0, le=60,
        help="an order cancelled in full within so many days is taken out of both sides")
    account_level: Literal["account", "group"] = rule(
        "account", unit="level", source="dictionary: account level",
        help="count every account by itself, or everything under the top of its group")
