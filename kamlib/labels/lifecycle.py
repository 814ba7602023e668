"""Names of the columns and codes that the lifecycle room adds."""

from __future__ import annotations

from kamlib.language import N_

HEADINGS: dict[str, str] = {
    # stages and their evidence
    "stage": N_("Stage"),
    "stage_reason": N_("Rule that fired"),
    "stage_action": N_("What to do"),
    "tenure_months": N_("Tenure"),
    "n_months": N_("Months judged"),
    "block_months": N_("Block of the slope"),
    "sales_cv": N_("Variation (deviation / mean)"),
    "level_share": N_("Last 12 months / best 12"),
    "slope_rate": N_("Change a month"),
    "slope_q_value": N_("Share of false trends (q)"),
    # movement
    "movement": N_("Movement"),
    "group": N_("Group"),
    "n_opening": N_("Opening"),
    "n_new": N_("New"),
    "n_first_seen": N_("First seen"),
    "n_recovered": N_("Recovered"),
    "n_lost": N_("Lost"),
    "n_closing": N_("Closing"),
    "net_rate": N_("Net change"),
    "logo_retention_share": N_("Accounts kept"),
    "loss_to_new_ratio": N_("Lost / new"),
    # cohorts and rhythm
    "cohort": N_("First sale in"),
    "n_quarters_since": N_("Quarters since"),
    "n_active": N_("Still buying"),
    "active_share": N_("Share still buying"),
    "n_gaps": N_("Gaps"),
    "allowed_days": N_("Silence allowed"),
    "overdue_days": N_("Overdue by"),
    # months of the declining accounts
    "sales_amount": N_("Sales"),
    "adjusted_amount": N_("Sales without the season"),
    "trend_amount": N_("Trend"),
}

VALUES: dict[str, str] = {
    # stages
    "exploration": N_("Exploration"),
    "formation": N_("Formation"),
    "stability": N_("Stability"),
    "decline": N_("Decline"),
    "undetermined": N_("Undetermined"),
    "inactive": N_("Inactive"),
    "not_yet": N_("Not yet a customer"),
    # rules that fire
    "silent": N_("No sale in the activity window"),
    "unknown_start": N_("Start unknown"),
    "young": N_("Started only lately"),
    "few_purchases": N_("Only a few purchase days"),
    "short_history": N_("Too few whole months"),
    "falling": N_("Sales fall, proven"),
    "rising": N_("Sales rise, proven"),
    "low_level": N_("Even, but far below its height"),
    "level": N_("No trend, little variation"),
    "swinging_young": N_("Young, sales still swing"),
    "swinging_old": N_("Sales swing too much to tell"),
    # what to do (LIF-02)
    "cultivate": N_("Cultivate: find out what it needs, make the next order easy"),
    "grow": N_("Grow: widen the range, agree volumes"),
    "keep": N_("Keep: plan together, involve it early"),
    "win_back": N_("Win back: visit, find the cause, one concrete offer"),
    "new_terms_or_end": N_("Earns nothing: new terms, or end it in good order"),
    "watch": N_("Watch: ask the owner, judge again next period"),
    "ask_back": N_("Ask why it stopped; return to it if it pays"),
    # movement
    "first_seen": N_("First seen, start unknown"),
    "kept_change": N_("Change of those kept"),
    "all": N_("All"),
    "unknown": N_("Unknown"),
    # measures handed on
    "active_accounts": N_("Active accounts"),
    "decline_amount": N_("Sales in decline"),
    "decline_share": N_("Share of sales in decline"),
    "logo_retention": N_("Accounts kept"),
    "net_account_rate": N_("Net change in accounts"),
    "loss_to_new_ratio": N_("Lost / new accounts"),
    "lost_accounts": N_("Lost accounts"),
    "new_accounts": N_("New accounts"),
    "overdue_accounts": N_("Overdue accounts"),
    # findings
    "revenue_in_decline": N_("Sales in decline"),
    "fell_into_decline": N_("Fell into decline"),
    "recovered_accounts": N_("Recovered accounts"),
}
