"""What a company may decide about the selection of its key accounts."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from kamlib.rules import Section, rule
from kamlib.selection.checklists import (
    ALL_CONDITIONS,
    ANY_CONDITION,
    FOUR_BIGS,
    PREFERRED_SIGNS,
    PROGRAMME,
    RELATIONSHIP_TYPES,
    TRAITS,
    Checklist,
)

LOGICS = ("weighted", "all_conditions", "any_condition")
# Indicators of each sub-score; every one is a rule weight_<indicator>.
INDICATORS = {"value": ("sales", "profit", "growth"), "loyalty": ("orders", "history", "lines"),
              "stability": ("steadiness", "collection")}
TABLES = ("all_conditions", "any_condition", "four_bigs", "traits", "preferred_signs",
          "relationship_types", "programme")


class Entitlement(BaseModel):
    """What an account of a class is owed in twelve months: at least so much of a measure.

    >>> Entitlement(owed_to="on_key_list", service="visits", at_least=6)
    on_key_list: visits >= 6
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    owed_to: Literal["on_key_list", "off_key_list"]
    service: Literal["visits", "calls", "meetings", "hours", "senior_owner", "promotions",
                     "surveys"]
    at_least: float = Field(gt=0)

    def __repr__(self) -> str:
        return f"{self.owed_to}: {self.service} >= {self.at_least:g}"

    def __str__(self) -> str:
        return repr(self)


ENTITLEMENTS = (
    Entitlement(owed_to="on_key_list", service="visits", at_least=4),
    Entitlement(owed_to="on_key_list", service="meetings", at_least=2),
    Entitlement(owed_to="on_key_list", service="senior_owner", at_least=1),
    Entitlement(owed_to="on_key_list", service="surveys", at_least=1),
    Entitlement(owed_to="off_key_list", service="visits", at_least=1),
)


class SelectionRules(Section):
    """Rules of the key account list, its screens and its portfolio.

    >>> SelectionRules().logic
    'weighted'
    """

    name: ClassVar[str] = "selection"
    logic: Literal["weighted", "all_conditions", "any_condition"] = rule(
        "weighted", unit="choice", source="E22: SEL-03 weighs, SEL-01 asks for all, SEL-04 for any",
        help="Which reading makes the list; the other two are shown beside it.")
    n_key_accounts: int = rule(
        20, unit="count", source="convention: the sources name no number", ge=1,
        help="The weighted list is cut after so many accounts.")
    least_score: float | None = rule(
        None, unit="index", source="SEL-03: cut at N or at a score", ge=0, le=100,
        help="When set, the weighted list is cut at this score instead of at a number.")
    most_key_accounts: int = rule(
        30, unit="count", source="convention: few, or none of them is one", ge=1,
        help="A list with more accounts is said to be too long.")
    most_key_share: float = rule(
        0.2, unit="share", source="convention", gt=0, le=1,
        help="Nor is the weighted list longer than this share of the accounts that bought.")
    scale: Literal["rank", "span"] = rule(
        "rank", unit="choice", source="SEL-03: rank or min-max",
        help="rank: the place among all accounts; span: between the least and the largest value, "
             "where one very large account makes all others small.")
    weight_value: float = rule(0.5, unit="weight", source="SEL-02; the weight is a convention",
                               ge=0, help="Weight of the sub-score value.")
    weight_loyalty: float = rule(0.3, unit="weight", source="SEL-02; the weight is a convention",
                                 ge=0, help="Weight of the sub-score loyalty.")
    weight_stability: float = rule(0.2, unit="weight", source="SEL-02; the weight is a convention",
                                   ge=0, help="Weight of the sub-score stability.")
    weight_sales: float = rule(2.0, unit="weight", source="SEL-03", ge=0,
                               help="Within value: net sales of the window.")
    weight_profit: float = rule(2.0, unit="weight", source="SEL-02, SEL-04", ge=0,
                                help="Within value: margin less the recorded work.")
    weight_growth: float = rule(1.0, unit="weight", source="SEL-06", ge=0,
                                help="Within value: growth of net sales over the window before.")
    weight_orders: float = rule(1.0, unit="weight", source="SEL-03", ge=0,
                                help="Within loyalty: orders of the window.")
    weight_history: float = rule(1.0, unit="weight", source="SEL-03", ge=0,
                                 help="Within loyalty: years as a customer.")
    weight_lines: float = rule(1.0, unit="weight", source="SEL-02, preference", ge=0,
                               help="Within loyalty: product lines bought in four quarters.")
    weight_steadiness: float = rule(1.0, unit="weight", source="SEL-02", ge=0,
                                    help="Within stability: how even the months are.")
    weight_collection: float = rule(1.0, unit="weight", source="SEL-03", ge=0,
                                    help="Within stability: collected of what fell due.")
    min_weight_share: float = rule(
        0.5, unit="share", source="convention", gt=0, le=1,
        help="An account has a score when sub-scores of at least this share of the weights are "
             "known.")
    min_months: int = rule(
        6, unit="months", source="convention", ge=3, le=24,
        help="With fewer whole months of known sales ranks have no interval.")
    n_draws: int = rule(
        500, unit="count", source="convention", ge=100, le=10_000,
        help="Draws of the long-run figures, behind the intervals of ranks; fewer for very many "
             "accounts.")
    n_condition_draws: int = rule(
        100, unit="count", source="convention", ge=50, le=2_000,
        help="In how many of these draws the conditions of the other readings are asked.")
    confidence_level: float = rule(0.95, unit="share", source="convention", gt=0.5, lt=1,
                                   help="Level of every interval.")
    seed: int = rule(20251231, unit="seed", source="convention", ge=0,
                     help="Seed of all draws; the same seed gives the same table.")
    least_bigs: int = rule(3, unit="count", source="SEL-07; the number is a convention", ge=1, le=4,
                           help="An account is large when so many of the four bigs hold.")
    n_large_by_region: int = rule(
        3, unit="count", source="SEL-07: two or three", ge=1,
        help="So many of the largest accounts of each region are named.")
    reject_market_share: float = rule(
        0.01, unit="share", source="SEL-11", ge=0, lt=1,
        help="At or below this share of our net sales the screen objects.")
    reject_margin_share: float = rule(0.10, unit="share", source="SEL-11", lt=1,
                                      help="At or below this margin share the screen objects.")
    reject_growth_rate: float = rule(0.50, unit="share", source="SEL-11",
                                     help="At or below this growth the screen objects.")
    reject_logic: Literal["any", "all"] = rule(
        "any", unit="choice", source="E21",
        help="any: one objection rejects; all: only all three do. Both are counted.")
    approval_topic: str = rule(
        "key account confirmed", unit="text", source="SEL-09: a named approver",
        help="A row of narratives about an account with this topic confirms it; its author is the "
             "approver.")
    wallet_years: int = rule(2, unit="count", source="convention", ge=1, le=10,
                             help="Estimates of spending are used for so many full years.")
    min_wallet_pairs: int = rule(
        10, unit="count", source="convention", ge=3,
        help="So many estimates beyond the first of each account are needed for an interval.")
    min_placed: int = rule(
        10, unit="count", source="convention", ge=4,
        help="With fewer accounts with an estimate current and potential value are not compared.")
    current_line_amount: float | None = rule(
        None, unit="currency", source="own line", gt=0,
        help="From these net sales on the current value is high; empty: the median of the "
             "accounts with an estimate.")
    potential_line_amount: float | None = rule(
        None, unit="currency", source="own line", gt=0,
        help="From this headroom on the potential is high; empty: the median.")
    stale_months: int = rule(
        12, unit="months", source="convention", ge=1,
        help="A judgement of the relationship that is older is said to be stale.")
    preferred_least: int = rule(3, unit="count", source="PRT-02 (proposed)", ge=1, le=4,
                                help="From so many of the four signs on we are preferred.")
    min_price_accounts: int = rule(
        3, unit="count", source="convention", ge=1,
        help="A price is compared where at least so many other accounts bought the product.")
    min_claim_accounts: int = rule(
        20, unit="count", source="convention", ge=8,
        help="A claim is not tested on fewer accounts.")
    n_permutations: int = rule(2000, unit="count", source="convention", ge=500,
                               help="Permutations and resamples behind the test of claims; fewer "
                                    "for very many accounts.")
    n_attention: int = rule(10, unit="count", source="convention", ge=0,
                            help="At most so many accounts are handed on for each reason.")
    entitlements: tuple[Entitlement, ...] = rule(
        ENTITLEMENTS, unit="table", source="PRT-04; the contents are a convention",
        help="What a key account and any other is owed in twelve months.")
    all_conditions: Checklist = rule(
        ALL_CONDITIONS, unit="table", source="SEL-01", min_length=1,
        help="Conditions that all have to hold (SQL over the table of criteria).")
    any_condition: Checklist = rule(ANY_CONDITION, unit="table", source="SEL-04", min_length=1,
                                    help="Conditions of which one is enough.")
    four_bigs: Checklist = rule(FOUR_BIGS, unit="table", source="SEL-07",
                                help="When sales, profit, strength and potential are large.")
    traits: Checklist = rule(TRAITS, unit="table", source="SEL-05",
                             help="Signs of a key account, counted beside the list.")
    preferred_signs: Checklist = rule(PREFERRED_SIGNS, unit="table", source="PRT-02",
                                      help="Signs of being a preferred supplier.")
    relationship_types: Checklist = rule(
        RELATIONSHIP_TYPES, unit="table", source="PRT-01",
        help="Types of relationship; the first condition that holds gives the type.")
    programme: Checklist = rule(PROGRAMME, unit="table", source="PRT-05",
                                help="Steps of the relationship programme: what shows each done.")
