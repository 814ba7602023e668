"""What a company may decide about products held and cross-selling."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule


class CrossSellRules(Section):
    """Rules of products held, gaps and pairs.

    >>> CrossSellRules().n_gaps
    5
    """

    name: ClassVar[str] = "cross_sell"
    level: Literal["product", "product_line"] = rule(
        "product", unit="choice", source="BEH-07",
        help="What is counted as held: single products or whole product lines.")
    min_holders: int = rule(
        5, unit="count", source="convention", ge=1,
        help="A product held by fewer accounts is no gap of the others.")
    gap_share: float = rule(
        0.5, unit="share", source="convention", gt=0, le=1,
        help="A product is a gap of an account when at least this share of its like accounts hold "
             "it.")
    n_gaps: int = rule(
        5, unit="count", source="convention", ge=1, le=100,
        help="At most so many gaps of an account are listed, those most like accounts hold.")
    min_both: int = rule(
        10, unit="count", source="BEH-07: lift on few accounts is noise", ge=2,
        help="A pair of products that fewer accounts hold together is not looked at.")
    n_pairs: int = rule(
        500, unit="count", source="convention", ge=10, le=20000,
        help="So many of the strongest pairs are listed; all are counted.")
    false_share: float = rule(
        0.05, unit="share", source="Benjamini & Hochberg 1995", gt=0, lt=0.5,
        help="At most this share of the pairs that are called is expected to be chance.")
    n_suggested: int = rule(
        3, unit="count", source="convention", ge=1, le=50,
        help="The test on the past counts how many of so many suggestions were bought.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1, help="Level of every interval.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts are handed on for attention.")
