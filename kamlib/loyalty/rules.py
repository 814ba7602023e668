"""What a company may decide about loyalty, and the published figures beside it."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from kamlib.rules import Section, rule

TIERS = ("core", "important", "general")
MEASURES = ("tenure", "repurchase", "returns")

# Catalogue LOY-04 (S0 L110): averages seen in one company. Years and return rates are read as
# right-closed intervals (low, high], since the source gives 3 and 5 years and 5 % to two classes
# (E13); repurchase rates are points, read as "at least". "About 10 %" of returns is 8 to 12 %.
# The figure is the one printed, the lower of two.
BENCHMARK = pd.DataFrame(
    [("core", "tenure", 5.0, 5.0, np.inf), ("core", "repurchase", 0.90, 0.90, 1.0),
     ("core", "returns", 0.01, 0.0, 0.01), ("important", "tenure", 3.0, 3.0, 5.0),
     ("important", "repurchase", 0.70, 0.70, 0.90), ("important", "returns", 0.05, 0.01, 0.05),
     ("general", "tenure", 3.0, 0.0, 3.0), ("general", "repurchase", 0.40, 0.40, 0.70),
     ("general", "returns", 0.10, 0.08, 0.12)],
    columns=["tier", "measure", "benchmark_figure", "benchmark_low", "benchmark_high"])


class LoyaltyRules(Section):
    """Rules of loyalty.

    >>> LoyaltyRules().repurchase_rule
    'window'
    """

    name: ClassVar[str] = "loyalty"
    repurchase_rule: Literal["window", "within_days"] = rule(
        "window", unit="choice", source="LOY-02, E23",
        help="window: bought on two days of the analysis window; within_days: a second purchase "
             "within repurchase_days of the first, for accounts observed so long.")
    repurchase_days: int = rule(
        180, unit="days", source="LOY-02", ge=31,
        help="How soon the second purchase has to follow under within_days.")
    return_basis: Literal["amount", "quantity", "orders"] = rule(
        "amount", unit="choice", source="LOY-03",
        help="Which return rate is held against the published one; all three are printed.")
    max_unknown_share: float = rule(
        0.20, unit="share", source="dictionary: unknown start", ge=0, lt=1,
        help="With more accounts of unknown start the mean tenure of a tier is not judged.")
    min_accounts: int = rule(
        5, unit="count", source="convention", ge=2,
        help="With fewer accounts a tier is not judged.")
    high_return_share: float = rule(
        0.10, unit="share", source="LOY-04: about the published rate of the lowest tier", gt=0,
        lt=1, help="An account that returns more than this share of its purchases is named.")
    high_return_orders: int = rule(
        3, unit="count", source="convention", ge=1,
        help="Accounts with fewer orders in the window are not named for their returns.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1, help="Level of every interval.")
    n_resamples: int = rule(
        2000, unit="count", source="convention", ge=100,
        help="Bootstrap samples of accounts behind the intervals of the return rates.")
    seed: int = rule(20251231, unit="seed", source="convention", ge=0,
                     help="Seed of the bootstrap; the same seed gives the same interval.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts are handed on for attention.")
