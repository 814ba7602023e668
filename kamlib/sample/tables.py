"""The tables of the sample company and their columns: all of the data dictionary, in its order."""

from __future__ import annotations

COLUMNS: dict[str, tuple[str, ...]] = {
    "accounts": (
        "account_id", "name", "parent_id", "party_role", "account_type", "category", "region",
        "country", "city_tier", "industry", "size_class", "employees", "service_line", "star",
        "customer_since", "payment_terms_days", "credit_limit_amount", "referrer_id",
        "developed_by", "developed_date", "last_checked_date", "transport", "coverage_radius_km",
        "influence_score",
    ),
    "account_owners": (
        "account_id", "owner_id", "owner_grade", "from_date",
    ),
    "products": (
        "product_id", "name", "product_line", "brand", "category", "launch_date",
    ),
    "orders": (
        "order_id", "line_no", "account_id", "order_date", "product_id", "channel", "line_kind",
        "quantity", "amount", "cost_amount", "discount_amount", "retail_price",
        "original_order_id", "is_tender", "is_dropship", "cancel_reason",
    ),
    "quotas": (
        "account_id", "product_line", "month", "quota_quantity", "available_quantity",
        "demand_quantity",
    ),
    "targets": (
        "scope", "scope_id", "metric", "kind", "from_date", "to_date", "target",
    ),
    "contracts": (
        "contract_id", "account_id", "start_date", "end_date", "renewed", "annual_amount",
    ),
    "invoices": (
        "invoice_id", "account_id", "invoice_date", "due_date", "amount", "is_disputed",
    ),
    "payments": (
        "payment_id", "invoice_id", "paid_date", "amount",
    ),
    "survey_waves": (
        "wave_id", "name", "start_date", "end_date", "reference_from", "reference_to",
        "scale_min", "scale_max", "validity_rule", "scale_map",
    ),
    "survey_items": (
        "wave_id", "item_id", "text", "category", "weight", "is_reversed", "kind",
    ),
    "survey_invitations": (
        "wave_id", "account_id", "contact_role", "mode", "sent_date", "reminded_date",
        "returned_date",
    ),
    "survey_answers": (
        "wave_id", "questionnaire_id", "account_id", "item_id", "score", "importance_score",
        "competitor_score", "answered_date",
    ),
    "actions": (
        "action_id", "account_id", "wave_id", "topic", "owner_id", "opened_date", "due_date",
        "closed_date", "result",
    ),
    "complaints": (
        "complaint_id", "account_id", "opened_date", "first_response_date", "resolved_date",
        "complaint_class", "product_id", "source",
    ),
    "contacts": (
        "contact_id", "account_id", "contact_date", "owner_id", "kind", "hours", "cost_amount",
    ),
    "effort": (
        "owner_id", "account_id", "month", "hours", "cost_amount",
    ),
    "checks": (
        "account_id", "check_date", "topic", "rating", "rater",
    ),
    "relationships": (
        "account_id", "rated_date", "rater", "level", "trend", "n_key_people",
        "has_exclusive_information", "accepts_premium", "visibility",
    ),
    "stakeholders": (
        "account_id", "role", "authority", "strength", "rated_date",
    ),
    "opportunities": (
        "opportunity_id", "account_id", "owner_id", "product_id", "created_date", "amount",
        "closed_date", "outcome", "lost_reason", "value_score", "difficulty_score",
    ),
    "opportunity_stages": (
        "opportunity_id", "stage", "entered_date",
    ),
    "bids": (
        "bid_id", "account_id", "bid_date", "amount", "rival_amount", "outcome",
    ),
    "samples": (
        "sample_id", "account_id", "promised_date", "delivered_date", "is_accepted",
    ),
    "wallet_estimates": (
        "account_id", "product_line", "year", "estimate_amount", "source", "estimated_date",
    ),
    "stock": (
        "account_id", "product_id", "counted_date", "quantity",
    ),
    "credit_factors": (
        "account_id", "factor", "rating", "rated_date",
    ),
    "promotions": (
        "promotion_id", "account_id", "product_line", "requested_date", "approved_date",
        "start_date", "end_date", "planned_amount", "cost_amount",
    ),
    "needs": (
        "account_id", "dimension", "kind", "importance", "fit", "noted_date",
    ),
    "narratives": (
        "scope", "scope_id", "topic", "author", "written_date", "text",
    ),
    "exchange_rates": (
        "currency", "month", "rate",
    ),
    "quoted_figures": (
        "quote_id", "source", "quoted_date", "label", "quoted", "kind", "topic", "n", "n_counted",
        "n_items", "scale_min", "scale_max", "scale_step", "part_of", "weight", "target",
        "target_kind", "stated_verdict",
    ),
}  # fmt: skip
