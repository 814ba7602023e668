"""Rules of what to mend first: rivals, importance, priorities, promises."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class ImprovementRules(Section):
    """Rules of what to mend first; those of the survey itself stand under [satisfaction].

    >>> ImprovementRules().equal_margin
    5.0
    """

    name: ClassVar[str] = "improvement"
    item_target_index: float | None = rule(
        None, unit="points", source="SAT-18", gt=0, le=100,
        help="What every item should reach; empty: the target of the index, or the satisfied line.")
    equal_margin: float = rule(
        5.0, unit="points", source="SAT-17 (margin undefined there)", gt=0, le=50,
        help="Equal to a rival when the whole interval of the difference lies within this.")
    min_pairs: int = rule(
        5, unit="count", source="convention", ge=2,
        help="With fewer accounts a difference or a gap is not judged.")
    min_cell: int = rule(
        5, unit="count", source="convention", ge=2,
        help="A cell of item and market with fewer accounts is not shown.")
    n_markets: int = rule(
        8, unit="count", source="convention", ge=1,
        help="The map shows so many markets, those with most accounts heard.")
    min_rows_per_predictor: int = rule(
        10, unit="count", source="own simulation: with 5 the largest share is missed too often",
        help="Importance derived from answers needs so many accounts for each item.", ge=2)
    n_resamples: int = rule(
        1000, unit="count", source="Efron & Tibshirani (1993)", ge=100,
        help="How often accounts are drawn anew for an interval.")
    seed: int = rule(
        20040112, unit="number", source="convention", ge=0,
        help="Seed of the drawing, so that a report comes out the same again.")
    mandatory_topics: tuple[str, ...] = rule(
        ("quality|质量", "service|服务", "delivery|交货"), unit="words", source="SAT-19",
        help="Topics that a questionnaire has to ask about; other spellings after a bar.")
    alpha_line: float = rule(
        0.7, unit="number", source="Nunnally (1978), Psychometric Theory, p. 245", gt=0, lt=1,
        help="From this reliability on the questions of a group measure one thing well enough.")
    item_rest_line: float = rule(
        0.2, unit="number", source="Everitt (2002), Cambridge Dictionary of Stat.", gt=-1, lt=1,
        help="A question correlated less with the rest of its group fits it badly.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many overdue promises are handed on for attention.")
