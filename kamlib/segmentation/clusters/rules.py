"""What a company may decide about its clusters, and the features to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import field_validator

from kamlib.rules import Section, rule

FeatureName = Literal["net_amount", "margin_amount", "n_orders", "n_purchase_days",
                      "days_since_last_sale", "tenure_days", "margin_share", "returned_share",
                      "n_product_lines", "product_lines"]
DEFAULT_FEATURES = ("net_amount", "n_orders", "days_since_last_sale", "tenure_days",
                    "margin_share", "returned_share", "n_product_lines")
PRODUCT_LINES = "product_lines"


@dataclass(frozen=True)
class Source:
    """Where a feature comes from: a column of the facts, or one divided by another.

    is_skewed: amounts and counts, of which a few accounts have many times the usual; they are
    put on the scale that the rules choose. Shares and tenure stay as they are.
    """

    column: str
    over: str = ""
    is_skewed: bool = True


SOURCES = {
    "net_amount": Source("net_amount_window"),
    "margin_amount": Source("margin_amount_window"),
    "n_orders": Source("n_orders_window"),
    "n_purchase_days": Source("n_purchase_days_window"),
    "days_since_last_sale": Source("days_since_last_sale"),
    "tenure_days": Source("tenure_days", is_skewed=False),
    "margin_share": Source("margin_amount_window", over="margin_known_amount_window",
                           is_skewed=False),
    "returned_share": Source("returned_amount_window", over="gross_amount_window",
                             is_skewed=False),
}


class ClusterRules(Section):
    """Rules of the clusters.

    >>> ClusterRules().min_stability
    0.6
    """

    name: ClassVar[str] = "clusters"
    features: tuple[FeatureName, ...] = rule(
        DEFAULT_FEATURES, unit="features", source="BEH-04", min_length=1,
        help="What accounts are compared by; product_lines is one feature a product line. Region "
             "and other names are no numbers and cannot be features.")
    transform: Literal["log", "rank", "none"] = rule(
        "log", unit="choice", source="BEH-04 (log amount)",
        help="How amounts and counts are put on a scale before they are standardised, so that a "
             "few giants do not make every cluster.")
    method: Literal["kmeans", "ward"] = rule(
        "kmeans", unit="choice", source="BEH-04",
        help="How accounts are divided; the other way is reported as a check.")
    k_max: int = rule(8, unit="count", source="convention", ge=2, le=20,
                      help="The most clusters that are tried.")
    n_references: int = rule(
        50, unit="count", source="Tibshirani, Walther & Hastie (2001)", ge=10,
        help="Clouds without structure that the gap statistic compares with.")
    n_resamples: int = rule(
        50, unit="count", source="convention", ge=10,
        help="How often accounts are drawn again to see whether the clusters come back.")
    min_stability: float = rule(
        0.6, unit="index", source="Steinley (2004), Psychol. Methods 9:386-396: .65 is moderate",
        ge=0, le=1,
        help="The least median agreement (adjusted Rand index) with the clusters of accounts drawn "
             "again; below it no structure is reported.")
    min_accounts: int = rule(30, unit="count", source="convention", ge=10,
                             help="With fewer accounts no clusters are looked for.")
    min_cluster_accounts: int = rule(
        5, unit="count", source="convention", ge=1,
        help="A division that sets fewer accounts apart is not chosen: those are exceptions, not a "
             "cluster.")
    min_known_share: float = rule(
        0.8, unit="share", source="convention", gt=0, le=1,
        help="A feature known for a smaller share of the accounts is dropped; of the others, "
             "accounts with a gap are left out and counted.")
    max_sample: int = rule(
        2000, unit="count", source="convention", ge=100,
        help="Of more accounts, so many are drawn and divided; all others join the nearest centre.")
    seed: int = rule(20251231, unit="seed", source="convention", ge=0,
                     help="Seed of all that is drawn; the same seed gives the same result.")

    @field_validator("features")
    @classmethod
    def _once(cls, features: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(features)) < len(features):
            raise ValueError("a feature is named twice, which would count it double")
        return features
