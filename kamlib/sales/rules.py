"""What a company may decide about its sales overview."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule


class SalesRules(Section):
    """Rules of the sales overview.

    >>> SalesRules().moving_average_months
    3
    """

    name: ClassVar[str] = "sales"
    moving_average_months: int = rule(
        3, unit="months", source="SAL-01; convention: a quarter", ge=2, le=24,
        help="Months that the trailing average of the trend takes in.")
    min_season_months: int = rule(
        24, unit="months", source="SAL-01; ratio to the centred average of twelve months", ge=24,
        help="Whole months of history from which on a season is shown.")
    type_dimension: Literal["account_type", "tier"] = rule(
        "account_type", unit="choice", source="SAL-05: the source leaves the types open",
        help="The kinds of account whose mix the change of the margin share is split by.")
    attainment_tolerance: float = rule(
        0.02, unit="share", source="SAL-07; convention", ge=0, lt=1,
        help="Sales this close to what is expected by now are on pace.")
    min_effect_share: float = rule(
        0.01, unit="share", source="convention", ge=0, lt=1,
        help="A price or volume effect below this share of the base is not worth a sentence.")
    segment_fall_rate: float = rule(
        0.10, unit="share", source="convention", gt=0, lt=1,
        help="A region or industry whose net sales fell by so much is a finding.")
    account_fall_rate: float = rule(
        0.30, unit="share", source="convention", gt=0, lt=1,
        help="An account whose net sales fell by so much may need attention.")
    large_order_share: float = rule(
        0.10, unit="share", source="PRT-06; metrics §2: top-1 of 10 % and more is flagged", gt=0,
        lt=1, help="One order with so large a share of gross sales is a finding.")
    concentration_rise_rate: float = rule(
        0.10, unit="share", source="convention", gt=0,
        help="A rise of the Herfindahl index by so much of its former value is a finding.")
    margin_fall_share: float = rule(
        0.02, unit="share", source="convention", gt=0, lt=1,
        help="A product line whose margin share fell by so many points is a finding.")
    n_attention: int = rule(
        10, unit="count", source="convention", ge=0,
        help="At most so many accounts are handed on for attention.")
