"""What a company may decide about early warning: signs, thresholds, the model, the back-test."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from kamlib.language import N_
from kamlib.rule_table import ClassRule
from kamlib.rules import Section, rule


class FlagRule(ClassRule):
    """One warning sign: who meets the condition shows it.

    name, when, why: as of a `ClassRule`; gives: what to do about it; evidence: the column whose
    value is shown beside the sign; weight: how much it counts towards a warning.
    """

    evidence: str = Field(min_length=1)
    weight: int = Field(default=1, ge=1, le=10)


# Conditions name columns of `build_features` and the thresholds below by their own names.
FLAGS = (
    FlagRule(name="overdue", gives="call_and_ask", evidence="silence_ratio",
             when="n_gaps >= min_gaps AND silence_ratio >= overdue_factor",
             why=N_("Silent for much longer than it usually leaves between two purchases.")),
    FlagRule(name="falling_trend", gives="review_with_customer", evidence="sales_change_rate",
             when="sales_change_rate <= -falling_share "
                  "AND n_purchase_days_window >= falling_purchase_days",
             why=N_("Bought far less than in the span of the same length before.")),
    FlagRule(name="complaints", gives="settle_complaints", evidence="n_complaints",
             when="n_complaints >= many_complaints OR n_open_complaints >= open_complaints",
             why=N_("Complained often, or waits for an answer to complaints.")),
    FlagRule(name="satisfaction_drop", gives="ask_what_changed",
             evidence="satisfaction_change_share",
             when="satisfaction_change_share <= -satisfaction_drop_share",
             why=N_("Rates us clearly lower than in the survey before.")),
    FlagRule(name="late_payment", gives="talk_about_payment", evidence="late_invoice_share",
             when="n_invoices >= late_invoices AND late_invoice_share >= late_share",
             why=N_("Pays late, or not at all: short of money, or not content.")),
    FlagRule(name="owner_change", gives="introduce_new_owner", evidence="n_owner_changes",
             when="n_owner_changes >= 1",
             why=N_("Has a new owner on our side and may have lost its contact.")),
)


class WarningRules(Section):
    """Rules of early warning.

    >>> WarningRules().min_events
    50
    """

    name: ClassVar[str] = "warning"
    flags: tuple[FlagRule, ...] = rule(
        FLAGS, unit="rules", source="RISK-01; no indicators are named there",
        help="The warning signs: SQL conditions over the features and the thresholds below.")
    warn_weight: int = rule(
        2, unit="count", source="RISK-01; convention", ge=1,
        help="An account is warned of when the weights of its signs (1 each) add up to this.")
    min_gaps: int = rule(
        3, unit="count", source="convention", ge=1,
        help="With fewer gaps between purchase days no account is called overdue.")
    overdue_factor: float = rule(
        2.0, unit="ratio", source="RISK-01; convention", gt=0,
        help="Overdue: silent for at least so many of its own mean gaps.")
    falling_share: float = rule(
        0.5, unit="share", source="RISK-01; convention", gt=0, le=1,
        help="Falling: sales of the last horizon are lower by this share than those before it,")
    falling_purchase_days: int = rule(
        3, unit="count", source="convention", ge=1,
        help="and the account bought on at least so many days of the analysis window.")
    many_complaints: int = rule(
        3, unit="count", source="RISK-01; convention", ge=1,
        help="Complaints: so many were opened in the last horizon or are still open,")
    open_complaints: int = rule(
        2, unit="count", source="RISK-01; convention", ge=1,
        help="or so many are still open.")
    satisfaction_drop_share: float = rule(
        0.10, unit="share", source="RISK-01; convention", gt=0, le=1,
        help="Satisfaction drop: the mean score fell by so much of the scale's range.")
    survey_valid_days: int = rule(
        365, unit="days", source="convention", ge=30,
        help="Answers to a survey that began longer ago say nothing about today.")
    late_share: float = rule(
        0.5, unit="share", source="RISK-01; convention", gt=0, le=1,
        help="Late payment: this share of the invoices due in the last horizon was paid late or "
             "not yet,")
    late_days: int = rule(
        15, unit="days", source="convention", ge=0,
        help="where late means more than so many days after the due date,")
    late_invoices: int = rule(
        2, unit="count", source="convention", ge=1,
        help="and at least so many invoices were due.")
    known_gaps: int = rule(
        1, unit="count", source="RISK-02: usual gap", ge=1,
        help="An account with fewer gaps has no usual gap: nobody can say that it left.")
    min_events: int = rule(
        50, unit="count", source="RISK-02", ge=10,
        help="With fewer accounts that left in the past no model is fitted.")
    min_events_per_feature: int = rule(
        10, unit="count", source="Peduzzi et al. 1996, J. Clin. Epidemiol. 49:1373", ge=1,
        help="The model gets one feature for so many accounts that left (or that stayed, where "
             "those are fewer).")
    penalty_inverse: float = rule(
        1.0, unit="ratio", source="scikit-learn: C of the L2 penalty", gt=0,
        help="The smaller, the more the model's coefficients are drawn towards 0.")
    n_called: int = rule(
        20, unit="count", source="convention", ge=1,
        help="So many accounts can be called at a time: the back-test counts hits among them.")
    n_reasons: int = rule(
        3, unit="count", source="convention", ge=1, le=6,
        help="At most so many reasons are given for a probability.")
    n_calibration_groups: int = rule(
        5, unit="count", source="convention", ge=2, le=20,
        help="Probabilities are held against what happened in so many groups.")
    n_refits: int = rule(
        200, unit="count", source="convention", ge=50,
        help="The model is fitted so often on resampled accounts, for the intervals.")
    n_resamples: int = rule(
        1000, unit="count", source="convention", ge=100,
        help="Resamples of accounts behind the intervals of the back-test.")
    confidence_level: float = rule(
        0.95, unit="share", source="convention", gt=0.5, lt=1,
        help="Level of all intervals.")
    seed: int = rule(
        20251, unit="seed", source="convention", ge=0,
        help="Start of the random numbers of the resampling.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts are handed on for attention.")

    def thresholds(self) -> dict[str, float]:
        """Numbers that conditions of signs may name, by their names.

        >>> WarningRules().thresholds()["overdue_factor"]
        2.0
        """
        return {key: value for key, value in self.model_dump().items()
                if isinstance(value, int | float)}
