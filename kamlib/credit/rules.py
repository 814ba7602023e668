"""What a company may decide about payments and credit; the sources give no number for any."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from kamlib.language import N_
from kamlib.rule_table import ClassRule
from kamlib.rules import Section, rule

# The class of whoever no rule of the grades catches.
NOT_RATED = "not_rated"
GRADES = (
    ClassRule(name="long_overdue", when="long_overdue_share > 0.1", gives="D",
              why=N_("A good part of what it was billed is long overdue.")),
    ClassRule(name="score_high", when="credit_score >= 80", gives="A",
              why=N_("Its score is high.")),
    ClassRule(name="score_fair", when="credit_score >= 65", gives="B",
              why=N_("Its score is fair.")),
    ClassRule(name="score_low", when="credit_score >= 50", gives="C",
              why=N_("Its score is low.")),
    ClassRule(name="score_poor", when="credit_score < 50", gives="D",
              why=N_("Its score is poor.")),
)


class Terms(BaseModel):
    """What a grade proposes: days to pay, a limit in months of what is billed, a condition.

    >>> Terms(grade="A", payment_terms_days=60, limit_months=3, condition="open_account").grade
    'A'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    grade: str = Field(min_length=1)
    payment_terms_days: int = Field(ge=0)
    limit_months: float = Field(ge=0)
    condition: str = ""

    def __str__(self) -> str:
        return (f"{self.grade}: {self.payment_terms_days} days, {self.limit_months:g} months, "
                f"{self.condition}")

    __repr__ = __str__


# The best grade first.
TERMS = (Terms(grade="A", payment_terms_days=90, limit_months=4, condition="open_account"),
         Terms(grade="B", payment_terms_days=60, limit_months=3, condition="open_account"),
         Terms(grade="C", payment_terms_days=30, limit_months=1.5, condition="watched"),
         Terms(grade="D", payment_terms_days=0, limit_months=0, condition="in_advance"),
         Terms(grade=NOT_RATED, payment_terms_days=30, limit_months=1.5, condition="rate_first"))


class CreditRules(Section):
    """Rules of payments and credit.

    >>> CreditRules().grades[1]
    score_high: credit_score >= 80 → A
    """

    name: ClassVar[str] = "credit"
    late_days: int = rule(
        0, unit="days", source="CRD-02; convention", ge=0,
        help="An invoice paid so many days after the day due still counts as paid on time.")
    long_overdue_days: int = rule(
        90, unit="days", source="convention", ge=1,
        help="Longer than this after the day due, an open invoice is long overdue.")
    dispute_in_overdue: Literal["kept", "left_out"] = rule(
        "left_out", unit="choice", source="convention",
        help="Whether an invoice in dispute counts as long overdue when an account is graded.")
    min_invoices: int = rule(
        3, unit="count", source="convention", ge=1,
        help="With fewer invoices due in the window, paying on time is no factor of the score.")
    min_accounts: int = rule(
        5, unit="count", source="convention", ge=2,
        help="With fewer accounts a group has no interval.")
    factor_weights: dict[str, float] = rule(
        {}, unit="weight", source="CRD-01: weights are not given",
        help="Weight of each factor by its name; empty: all factors weigh the same. A factor that "
             "is not named then weighs nothing.")
    measured_weight: float = rule(
        1.0, unit="weight", source="CRD-01: quantitative beside qualitative", ge=0,
        help="Weight of the measured factor, the share of its invoices paid on time.")
    rating_valid_days: int = rule(
        550, unit="days", source="convention", ge=1,
        help="A rating older than this is not used.")
    min_weight_share: float = rule(
        0.5, unit="share", source="CRD-01: re-weighted or not rated", gt=0, le=1,
        help="An account has a score when factors of at least this share of the weights are known.")
    grades: tuple[ClassRule, ...] = rule(
        GRADES, unit="rules", source="CRD-01: bands are not given; a convention",
        help="Conditions that give the grade, tried from the top.")
    terms: tuple[Terms, ...] = rule(
        TERMS, unit="rules", source="CRD-03: no map from grade to terms is given; a convention",
        help="Days to pay, limit and condition that a grade proposes; the best grade first.")
    weak_grades: tuple[str, ...] = rule(
        ("C", "D"), unit="grades", source="CRD-03",
        help="Grades that stand against a high tier, or against long terms.")
    upper_tiers: tuple[str, ...] = rule(
        ("core",), unit="tiers", source="CRD-03",
        help="Tiers for which a weak grade is a conflict.")
    scorecard_horizon_days: int = rule(
        182, unit="days", source="convention", ge=30,
        help="How far the scorecard looks ahead, and how far its past days lie apart.")
    scorecard_days: int = rule(
        8, unit="count", source="convention", ge=2,
        help="At most so many days of the past teach and test the scorecard.")
    bad_days: int = rule(
        30, unit="days", source="convention", ge=1,
        help="An account is bad in a horizon when an invoice is paid, or still open, so late.")
    bad_share: float = rule(
        0.1, unit="share", source="convention", ge=0, lt=1,
        help="... and such invoices are more than this share of what fell due.")
    min_events: int = rule(
        50, unit="count", source="Siddiqi 2006 asks for far more; below this nothing holds", ge=10,
        help="The scorecard is refused with fewer bad cases to learn from.")
    events_a_factor: int = rule(
        10, unit="count", source="Peduzzi et al. 1996", ge=1,
        help="So many bad cases are asked for by factor of the scorecard.")
    min_information: float = rule(
        0.02, unit="information value", source="Siddiqi 2006", ge=0,
        help="A factor with less information is left out of the scorecard.")
    scorecard_bins: int = rule(
        4, unit="count", source="convention", ge=2, le=10,
        help="A factor is cut into at most so many bins of equal size.")
    points: float = rule(600.0, unit="points", source="Siddiqi 2006",
                         help="Points of an account at the odds of the rule points_odds.")
    points_odds: float = rule(50.0, unit="odds", source="Siddiqi 2006", gt=0,
                              help="Good to bad odds that have the points of the rule points.")
    double_points: float = rule(20.0, unit="points", source="Siddiqi 2006", gt=0,
                                help="So many points more double the odds.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1, help="Level of every interval.")
    n_resamples: int = rule(
        1000, unit="count", source="convention", ge=100,
        help="Bootstrap samples of accounts behind the intervals.")
    seed: int = rule(20251231, unit="seed", source="convention", ge=0,
                     help="Seed of the bootstrap; the same seed gives the same interval.")
    n_attention: int = rule(
        8, unit="count", source="convention", ge=0,
        help="At most so many accounts of a kind are handed on for attention.")
