"""What a company may decide about its segmentation, and the published shares beside it."""

from __future__ import annotations

from typing import ClassVar, Literal

import pandas as pd

from kamlib.rules import Section, rule

TIERS = ("core", "important", "general")

# Catalogue SEG-02 (S0 L106): one company's shares, printed as "about" in steps of ten. They are
# held beside the result and never used to make it (E10); `better` is the side of a difference
# that is good for the company.
BENCHMARK = pd.DataFrame({"tier": list(TIERS), "benchmark_account_share": [0.20, 0.40, 0.40],
                          "benchmark_amount_share": [0.60, 0.30, 0.10],
                          "better": ["up", "up", "down"]})


class SegmentationRules(Section):
    """Rules of the segmentation.

    >>> SegmentationRules().amount_top_share
    0.4
    """

    name: ClassVar[str] = "segmentation"
    amount_top_share: float = rule(
        0.40, unit="share", source="SEG-01 (20/40/40 needs the top 40 % on each)", gt=0, lt=1,
        help="The accounts with the highest net sales that count as high, ties included.")
    orders_top_share: float = rule(
        0.40, unit="share", source="SEG-01 (20/40/40 needs the top 40 % on each)", gt=0, lt=1,
        help="The accounts with the most orders that count as high, ties included.")
    amount_threshold: float | None = rule(
        None, unit="amount", source="SEG-01", gt=0,
        help="Net sales from which an account counts as high; given, it replaces the top share.")
    orders_threshold: int | None = rule(
        None, unit="count", source="SEG-01", ge=1,
        help="Orders from which an account counts as high; given, it replaces the top share.")
    benchmark_tolerance: float = rule(
        0.05, unit="share", source="SEG-02: printed in steps of ten points, so half a step", ge=0,
        lt=1, help="A tier's share this close to the published one is in line with it.")
    pareto_share: float = rule(
        0.80, unit="share", source="SEG-06", gt=0, lt=1,
        help="The share of sales or margin that the fewest largest accounts have to reach.")
    pareto_account_share: float = rule(
        0.20, unit="share", source="SEG-06 (20:80)", gt=0, lt=1,
        help="Reached by no more than this share of the accounts, sales are called concentrated.")
    crossing_side: Literal["inside", "outside"] = rule(
        "inside", unit="choice", source="SEG-06; no standard exists",
        help="Whether the account that crosses the Pareto share is counted among the largest.")
    single_account_share: float = rule(
        0.10, unit="share", source="metrics §2: top-1 of 10 % and more is flagged", gt=0, lt=1,
        help="One account with more than this share of net sales is a finding.")
    rfm_cut: Literal["median", "mean"] = rule(
        "median", unit="choice", source="BEH-01",
        help="Where recency, frequency and amount are each split in two; ties fall on one side.")
    rfm_span: Literal["window", "lifetime"] = rule(
        "window", unit="choice", source="BEH-01: cumulative since the start favours old accounts",
        help="Orders and sales of the analysis window, or since the known history began.")
    rfm_scores: int = rule(
        5, unit="count", source="BEH-01; 3 to 10 are in use, 5 most", ge=2, le=10,
        help="Recency, frequency and amount are also scored from 1 to this number, the best.")
    lopsided_share: float = rule(
        2 / 3, unit="share", source="BEH-01", gt=0.5, lt=1,
        help="A cut that leaves more than this share of the accounts on one side is reported.")
    quiet_days: int = rule(
        90, unit="days", source="convention: a quarter", ge=1,
        help="A large account without a sale for so many days is called quiet; the RFM cut alone "
             "calls half of all accounts not recent.")
    rfm_backtest_folds: int = rule(
        5, unit="count", source="convention", ge=2, le=20,
        help="The test of the classes predicts each of so many groups of accounts from the rest.")
    rfm_backtest_accounts: int = rule(
        40, unit="count", source="convention: five accounts a class", ge=20,
        help="With fewer accounts the classes are not tested.")
    rfm_backtest_known_share: float = rule(
        0.80, unit="share", source="convention", gt=0, le=1,
        help="The test foretells margin where cost is known for this share of sales, else sales.")
    migration_cuts: Literal["re_estimated", "fixed"] = rule(
        "re_estimated", unit="choice", source="SEG-11",
        help="Former tiers by the cuts of their own time, or by the present ones.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1, help="Level of every interval.")
    n_resamples: int = rule(
        500, unit="count", source="convention", ge=100,
        help="Bootstrap samples of accounts behind the intervals of the tier shares.")
    seed: int = rule(20251231, unit="seed", source="convention", ge=0,
                     help="Seed of the bootstrap; the same seed gives the same interval.")
    min_accounts: int = rule(
        10, unit="count", source="convention", ge=2,
        help="With fewer accounts a tier share has no interval and is not judged.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts of each kind are handed on for attention.")
