"""Headings and codes of delivered value and of satisfaction joined to money."""

from __future__ import annotations

from kamlib.language import N_

HEADINGS: dict[str, str] = {
    # delivered value
    "side": N_("Side"),
    "part_index": N_("Mean rating"),
    "effect_index": N_("Adds to delivered value"),
    "worth_index": N_("What it gets"),
    "burden_index": N_("What it costs"),
    "delivered_index": N_("Delivered value"),
    "is_negative": N_("Below zero"),
    "n_below_zero": N_("Accounts below zero"),
    "n_used": N_("Questionnaires used"),
    "delivered": N_("Delivered value"),
    "n_dissatisfied": N_("Dissatisfied"),
    "dissatisfied_share": N_("Share dissatisfied"),
    "claim": N_("Claim"),
    "estimate": N_("Estimate"),
    # bands and what came after
    "band": N_("Band no."),
    "band_name": N_("Satisfaction index"),
    "before_start": N_("Before: from"),
    "before_end": N_("Before: to"),
    "after_start": N_("After: from"),
    "after_end": N_("After: to"),
    "n_waves": N_("Waves"),
    "n_retained": N_("Bought afterwards"),
    "retained_share": N_("Share that bought afterwards"),
    "n_compared": N_("Answers with sales on both sides"),
    "before_amount": N_("Sales before"),
    "after_amount": N_("Sales after"),
    "change_share": N_("Change in sales"),
    "n_valued": N_("Accounts valued"),
    "mean_clv_amount": N_("Value of an account"),
    "clv_per_sales": N_("Value for 1 of sales"),
    "against": N_("Against"),
    "difference": N_("Difference"),
    "sales_gap_amount": N_("In sales of today"),
}

VALUES: dict[str, str] = {
    "delivered_value": N_("Delivered value"),
    "gets": N_("What it gets"),
    "costs": N_("What it costs"),
    "negative": N_("Below zero"),
    "not_negative": N_("Zero or above"),
    "negative_is_dissatisfied": N_("Negative value brings dissatisfaction"),
    "more_is_better": N_("The more value, the more satisfaction"),
    "retained_share": N_("Share that bought afterwards"),
    "change_share": N_("Change in sales"),
    "clv_per_sales": N_("Value for 1 of sales"),
    "before_amount": N_("Sales before the wave"),
    "account_index": N_("Satisfaction index"),
    "index_and_sales": N_("Both together"),
    # metrics
    "dissatisfied_amount": N_("Sales of dissatisfied accounts"),
    "negative_value_amount": N_("Sales of accounts with a negative value"),
}
