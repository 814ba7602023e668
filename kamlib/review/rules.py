"""What a company may decide about the review of one account."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class ReviewRules(Section):
    """Rules of the account review.

    >>> ReviewRules().margin_line_amount
    500.0
    """

    name: ClassVar[str] = "review"
    peer_share: float = rule(
        0.5, unit="share", source="ABR-02", gt=0, le=1,
        help="A product is a gap when at least this share of the like accounts bought it and "
             "this account did not.")
    n_gaps: int = rule(
        8, unit="count", source="ABR-02", ge=1,
        help="How many gaps a page shows.")
    margin_line_amount: float = rule(
        500.0, unit="amount", source="ABR-05", ge=0,
        help="Brands that earn at least this margin a month are called out. The source gives no "
             "unit; the data set's currency and a month are presumed.")
    trend_share: float = rule(
        0.05, unit="share", source="ABR-04", ge=0, lt=1,
        help="A change smaller than this is called unchanged, and is no strength or weakness.")
    check_scale_max: float = rule(
        5.0, unit="points", source="ABR-06", gt=0,
        help="The best rating on the spot.")
    check_weak: float = rule(
        2.0, unit="points", source="ABR-06", ge=0,
        help="A rating on the spot up to this is a weakness.")
    check_strong: float = rule(
        4.0, unit="points", source="ABR-06", ge=0,
        help="A rating on the spot from this on is a strength.")
    unused_quota_share: float = rule(
        0.10, unit="share", source="ABR-03", ge=0, le=1,
        help="From this share of the quota on, what was not ordered or not delivered is named.")
    cover_days: int = rule(
        90, unit="days", source="ABR-04", ge=1,
        help="Stock that lasts longer than this at the pace of the account's orders is much.")
    late_payment_days: int = rule(
        10, unit="days", source="ABR-08", ge=0,
        help="Invoices paid so many days after they were due count as paid late.")
    record_check_days: int = rule(
        183, unit="days", source="REC-06", ge=1,
        help="A record that was last checked more than this before the report's day is overdue.")
    late_probability: float = rule(
        0.05, unit="probability", source="LIF-02", gt=0, lt=0.5,
        help="An order is late when so few of the account's own gaps are longer than its silence.")
    min_bids: int = rule(
        3, unit="count", source="ABR-09", ge=1,
        help="From so many decided tenders on, the price is compared with the winner's.")
