"""Names of the columns and codes that the loyalty room adds."""

from __future__ import annotations

from kamlib.language import N_

HEADINGS: dict[str, str] = {
    "n_known": N_("Start known"),
    "n_unknown": N_("Start unknown"),
    "unknown_share": N_("Share unknown"),
    "tenure_years": N_("Mean tenure"),
    "median_tenure_years": N_("Median tenure"),
    "longest_tenure_years": N_("Longest tenure"),
    "n_observed": N_("Observed long enough"),
    "n_repurchased": N_("Bought again"),
    "repurchase_rate": N_("Repurchase rate"),
    "is_observed": N_("Observed long enough"),
    "has_repurchased": N_("Bought again"),
    "n_returning": N_("Accounts with returns"),
    "sold_quantity": N_("Quantity sold"),
    "returned_quantity": N_("Quantity returned"),
    "n_sale_orders": N_("Orders"),
    "n_return_orders": N_("Orders with returns"),
    "amount_return_rate": N_("Return rate by amount"),
    "quantity_return_rate": N_("Return rate by quantity"),
    "order_return_rate": N_("Return rate by orders"),
    "measured_years": N_("Years"),
    "measured_share": N_("Share"),
    "published": N_("Published"),
    "benchmark_class": N_("Lies in the range of"),
    "verdict_reason": N_("Why not told"),
}

VALUES: dict[str, str] = {
    "all": N_("All"),
    "tenure": N_("Tenure"),
    "repurchase": N_("Repurchase rate"),
    "returns": N_("Return rate"),
    "core_tenure": N_("over 5 years"),
    "important_tenure": N_("over 3 to 5 years"),
    "general_tenure": N_("up to 3 years"),
    "core_repurchase": N_("at least 90 %"),
    "important_repurchase": N_("at least 70 %"),
    "general_repurchase": N_("at least 40 %"),
    "core_returns": N_("up to 1 %"),
    "important_returns": N_("over 1 to 5 %"),
    "general_returns": N_("about 10 %"),
    "between": N_("none (between two)"),
    "beyond": N_("none (worse than all)"),
    "straddles": N_("the interval lies on both sides"),
    "few_accounts": N_("too few accounts"),
    "history_short": N_("the history is shorter"),
    "start_unknown": N_("too many unknown starts"),
    "return_rate": N_("Return rate"),
    "repurchase_rate": N_("Repurchase rate"),
    "mean_tenure": N_("Mean tenure"),
}
