"""All tables of where accounts stand, made in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.standing.foretell import (
    ORIGIN_COLUMNS,
    STAYING_COLUMNS,
    compare_origins,
    follow_index,
    foretell_staying,
)
from kamlib.loyalty.standing.index import (
    INDEX_COLUMNS,
    WEIGHT_COLUMNS,
    list_weights,
    score_loyalty,
)
from kamlib.loyalty.standing.quadrants import (
    CLASS_COLUMNS,
    CLASSED_COLUMNS,
    class_accounts,
    sum_classes,
)
from kamlib.stats.intervals import Interval
from kamlib.stats.rank_correlation import rank_correlation

QUESTIONS = {
    "index": N_("Which accounts are the most loyal?"),
    "staying": N_("Does the loyalty index foretell who stays?"),
    "classed": N_("Which loyal accounts are dissatisfied, and which satisfied ones not loyal?"),
}
TABLES = {"index": "orders", "staying": "orders", "classed": "survey_answers"}


@dataclass(frozen=True, repr=False)
class Standing:
    """Where accounts stand; a refused table is empty and `refused` says why.

    index, weights: see `score_loyalty` (with tier), `list_weights`; staying, origins: see
    `foretell_staying`, `compare_origins`; classed, classes: see `class_accounts`, `sum_classes`;
    satisfied_line: what separates satisfied accounts; correlation: Spearman's rank correlation of
    satisfaction and loyalty with its interval and n, or None.
    """

    index: pd.DataFrame
    weights: pd.DataFrame
    staying: pd.DataFrame
    origins: pd.DataFrame
    classed: pd.DataFrame
    classes: pd.DataFrame
    satisfied_line: float
    correlation: tuple[float, Interval, int] | None
    refused: Mapping[str, str]
    rules: LoyaltyRules

    def __repr__(self) -> str:
        return f"Standing({len(self.index)} accounts, {len(self.classed)} of them heard)"


def review_standing(facts: pd.DataFrame, *, products: pd.DataFrame, past_facts: pd.DataFrame,
                    tiers: pd.DataFrame, heard: pd.DataFrame, satisfied_line: float,
                    rules: LoyaltyRules, as_of: date) -> Standing:
    """Compute the loyalty index, its test on the past, and loyalty beside satisfaction.

    facts, products, past_facts: account_facts, account_products, and account facts on days of the
    past; tiers: account_id and tier; heard, satisfied_line: see `class_accounts`; no row of heard
    without a survey. What is refused comes back empty with its reason.
    """
    attempts = Attempts()
    index = attempts.take("index", INDEX_COLUMNS, lambda: _with_tier(
        score_loyalty(facts, products, as_of=as_of, rules=rules), tiers))
    rows = follow_index(past_facts, products, rules=rules)
    staying = attempts.take("staying", STAYING_COLUMNS,
                            lambda: foretell_staying(rows, rules=rules))
    classed = attempts.take("classed", CLASSED_COLUMNS, lambda: class_accounts(
        index, heard, satisfied_line=satisfied_line, rules=rules))
    return Standing(
        index=index, weights=list_weights(index, rules=rules) if len(index) else
        pd.DataFrame(columns=WEIGHT_COLUMNS), staying=staying,
        origins=compare_origins(rows) if len(staying) else pd.DataFrame(columns=ORIGIN_COLUMNS),
        classed=classed, classes=sum_classes(classed, index, rules=rules) if len(classed) else
        pd.DataFrame(columns=CLASS_COLUMNS), satisfied_line=satisfied_line,
        correlation=_correlate(classed, rules), refused=attempts.refused, rules=rules)


def _with_tier(index: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    tier_of = tiers.set_index("account_id")["tier"]
    named = index["account_id"].map(tier_of).fillna("no_sales").astype("str")
    return index.assign(tier=named)[INDEX_COLUMNS]


def _correlate(classed: pd.DataFrame,
               rules: LoyaltyRules) -> tuple[float, Interval, int] | None:
    try:
        return rank_correlation(classed["account_index"], classed["loyalty_index"],
                                level=rules.confidence_level)
    except RefusedError:
        return None
