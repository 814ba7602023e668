"""What a company may decide about its satisfaction survey."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule
from kamlib.satisfaction.survey.names import ScaleMap, ValidityRule


class SatisfactionRules(Section):
    """Rules of the satisfaction survey; a wave that states its own map or validity rule keeps it.

    >>> SatisfactionRules().satisfied_line
    70.0
    """

    name: ClassVar[str] = "satisfaction"
    frame_share: float = rule(
        0.80, unit="share", source="SAT-03", gt=0, le=1,
        help="The survey frame is the shortest list of largest accounts that reaches this share.")
    coverage_share: float = rule(
        0.80, unit="share", source="SAT-04", gt=0, le=1,
        help="Below this share of the frame's volume the survey has not heard enough.")
    stale_reference_days: int = rule(
        365, unit="days", source="E6", ge=0,
        help="Volumes whose reference window ends longer before the wave are called out of date.")
    scale_map: ScaleMap = rule(
        "of_maximum", unit="choice", source="SAT-05, E4",
        help="How ratings become 0-100: of_maximum x/max, of_range (x-min)/(max-min), or labels.")
    label_scores: tuple[float, ...] = rule(
        (100.0, 80.0, 60.0, 30.0, 0.0), unit="points", source="SAT-05", min_length=2,
        help="Points of the labels, best first; used by the map 'labels'.")
    validity_rule: ValidityRule = rule(
        "one_missing", unit="choice", source="SAT-07, SAT-08, E3",
        help="one_missing: at most one gap, filled as neutral; two_thirds: enough items answered.")
    valid_share: float = rule(
        2 / 3, unit="share", source="SAT-08", gt=0, le=1,
        help="Share of the items that a questionnaire has to answer under two_thirds.")
    not_applicable_codes: tuple[float, ...] = rule(
        (), unit="points", source="SAT-06",
        help="Scores that say 'not applicable': no rating, and no gap either; none by default.")
    other_scale_share: float = rule(
        0.10, unit="share", source="convention", gt=0, le=1,
        help="Above this share of answers off the scale an item was asked on another one: it is "
             "left out.")
    satisfied_line: float = rule(
        70.0, unit="points", source="SAT-10", ge=0, le=100,
        help="An account is satisfied when its index, before rounding, reaches this.")
    content_position: float = rule(
        0.75, unit="share", source="SAT-12 (4 of 1-5)", ge=0, le=1,
        help="A single rating is a satisfied one from this position on its scale upwards.")
    rate_target: float | None = rule(
        0.85, unit="share", source="SAT-11", gt=0, le=1,
        help="Target of the satisfied rate where the targets table has none.")
    index_target: float | None = rule(
        None, unit="points", source="SAT-11", gt=0, le=100,
        help="Target of the index where the targets table has none; empty: no target.")
    hidden_item_position: float = rule(
        0.25, unit="share", source="SAT-14 (2 of 1-5)", ge=0, le=1,
        help="Hidden dissatisfaction: an item rated at or below this position on its scale.")
    hidden_overall_position: float = rule(
        0.75, unit="share", source="SAT-14 (4 of 1-5)", ge=0, le=1,
        help="Hidden dissatisfaction: the overall question and the intention reach this position.")
    acsi_items: tuple[str, ...] = rule(
        (), unit="item ids", source="Fornell et al. (1996)",
        help="Three items of the ACSI-type score: satisfaction, expectations met, near the ideal.")
    acsi_weights: tuple[float, ...] = rule(
        (1.0, 1.0, 1.0), unit="weights", source="Verint (equal); State of Ohio .3885 .3190 .2925",
        help="Weights of the three; only their proportions matter.", min_length=3, max_length=3)
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="Level of every interval; changes by item share it among the items.")
    min_questionnaires: int = rule(
        4, unit="count", source="SAT-11 (the smallest published survey)", ge=2,
        help="With fewer valid questionnaires the index is refused.")
    min_accounts: int = rule(
        3, unit="count", source="convention (two accounts show no spread)", ge=2,
        help="With fewer accounts heard every estimate is refused.")
    bootstrap_from_accounts: int = rule(
        30, unit="count", source="benchmarks/coverage.py", ge=3,
        help="From so many accounts on intervals resample accounts; below, Student's t is used.")
    finite_population_correction: bool = rule(
        False, unit="yes or no", source="spec/metrics §2",
        help="Narrow intervals by the share of accounts heard; assumes that silence is random.")
    min_pairs: int = rule(
        5, unit="count", source="convention", ge=2,
        help="With fewer accounts in both waves a change is not judged.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts of each kind are handed on for attention.")
