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
# (E13); repurchase rates are points, to which the rules give a width. "About 10 %" of returns is 8
# to 12 %. The figure is the one printed, the lower of two.
BENCHMARK = pd.DataFrame(
    [("core", "tenure", 5.0, 5.0, np.inf), ("core", "repurchase", 0.90, 0.90, 0.90),
     ("core", "returns", 0.01, 0.0, 0.01), ("important", "tenure", 3.0, 3.0, 5.0),
     ("important", "repurchase", 0.70, 0.70, 0.70), ("important", "returns", 0.05, 0.01, 0.05),
     ("general", "tenure", 3.0, 0.0, 3.0), ("general", "repurchase", 0.40, 0.40, 0.40),
     ("general", "returns", 0.10, 0.08, 0.12)],
    columns=["tier", "measure", "benchmark_figure", "benchmark_low", "benchmark_high"])


# Nothing is better than the best class: its ranges have no better end.
BEST = "core"


class LoyaltyRules(Section):
    """Rules of loyalty.

    >>> LoyaltyRules().repurchase_rule
    'within_days'
    """

    name: ClassVar[str] = "loyalty"
    repurchase_rule: Literal["window", "within_days"] = rule(
        "within_days", unit="choice", source="LOY-02, E23",
        help="within_days: a second purchase within repurchase_days of the first, among first "
             "purchases at least so long ago; window: bought on two days of the analysis window.")
    repurchase_days: int = rule(
        365, unit="days", source="LOY-02", ge=31,
        help="How soon the second purchase has to follow under within_days.")
    repurchase_tolerance: float = rule(
        0.05, unit="share", source="E13: the published rates are points", ge=0, lt=0.2,
        help="A repurchase rate so near a published one counts as in line with it.")
    return_basis: Literal["amount", "quantity", "orders"] = rule(
        "amount", unit="choice", source="LOY-03",
        help="Which return rate is held against the published one; all three are printed.")
    tenure_target_years: float | None = rule(
        None, unit="years", source="own target", ge=0,
        help="Mean tenure that the company wants to reach; a row of targets (mean_tenure) stands "
             "above it.")
    repurchase_target: float | None = rule(
        None, unit="share", source="own target", gt=0, le=1,
        help="Repurchase rate that the company wants to reach; a row of targets (repurchase_rate) "
             "stands above it.")
    return_target: float | None = rule(
        None, unit="share", source="own target", ge=0, lt=1,
        help="Return rate by amount that the company wants to stay below; a row of targets "
             "(return_rate) stands above it.")
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
    wallet_years: int = rule(
        2, unit="count", source="convention", ge=1, le=10,
        help="Estimates of an account's spending are used for so many full calendar years.")
    min_wallet_pairs: int = rule(
        10, unit="count", source="convention", ge=3,
        help="So many estimates beyond the first of each account are asked for before a share of "
             "wallet has an interval.")
    min_price_accounts: int = rule(
        3, unit="count", source="convention", ge=1,
        help="A price is compared where at least so many other accounts bought the product.")
    weight_tenure: float = rule(
        1.0, unit="weight", source="LOY-05", ge=0,
        help="Weight of the years as a customer in the loyalty index.")
    weight_frequency: float = rule(
        1.0, unit="weight", source="LOY-05", ge=0,
        help="Weight of the purchase days of the window in the loyalty index.")
    weight_rhythm: float = rule(
        1.0, unit="weight", source="LOY-05, repurchase", ge=0,
        help="Weight of buying again in its own rhythm: the silence by the account's mean gap.")
    weight_returns: float = rule(
        1.0, unit="weight", source="LOY-03", ge=0,
        help="Weight of a low return rate in the loyalty index.")
    weight_breadth: float = rule(
        1.0, unit="weight", source="LOY-05, preference", ge=0,
        help="Weight of the number of product lines bought in the loyalty index.")
    weight_amount: float = rule(
        0.0, unit="weight", source="LOY-05: amount is value, not loyalty", ge=0,
        help="Weight of net sales; anything above 0 counts value twice, in the tiers and here.")
    min_weight_share: float = rule(
        0.5, unit="share", source="convention", gt=0, le=1,
        help="An account has an index when parts of at least this share of the weights are known.")
    loyal_line_index: float = rule(
        50.0, unit="index", source="Jones & Sasser 1995; the cut is a convention", gt=0, lt=100,
        help="From this loyalty index on an account counts as loyal beside its satisfaction.")
    near_line_points: float = rule(
        5.0, unit="points", source="convention", ge=0, lt=50,
        help="An account so near the loyal line is marked as near it.")
    min_leavers: int = rule(
        20, unit="count", source="convention", ge=5,
        help="So many accounts have to have left before it is judged what foretells staying.")
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
