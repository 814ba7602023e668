"""What follows from what was found: a table from findings to recommendations."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from kamlib.language import N_

# The cycle of key account management, in which the overview is read (catalogue PROC-01).
STEPS = ("identify", "needs", "strategy", "execution", "evaluation")
STEP_OF_CHAPTER = {
    "01_sales": "identify", "02_segmentation": "identify", "03_selection": "identify",
    "04_lifecycle": "identify", "05_satisfaction": "needs", "10_improvement": "needs",
    "11_complaints": "needs", "12_cross_sell": "needs", "07_value": "strategy",
    "06_loyalty": "strategy", "08_early_warning": "execution",
    "13_effort_and_credit": "execution"}


class Advice(NamedTuple):
    """One recommendation: the step it belongs to, what to do, the kinds of finding it follows
    from, and the places (anchors) of the accounts that it concerns.
    """

    code: str
    step: str
    text: str
    kinds: tuple[str, ...]
    anchors: tuple[str, ...] = ()


# A finding of any chapter gives the first recommendation that lists its kind; `*` stands for any
# letters, where a kind is named after the dimension that fell.
ADVICE: tuple[Advice, ...] = (
    Advice("call_silent", "execution", N_(
        "Call the accounts that have fallen silent or are under warning, the largest first, and "
        "put down what they say."),
        ("overdue_accounts", "revenue_at_risk", "new_warnings", "likely_to_leave", "gone_silent",
         "win_back", "hidden_risk"),
        ("overdue_silence", "rfm", "calls", "equity_bridge", "earned_and_expected")),
    Advice("stop_decline", "needs", N_(
        "Ask the accounts that buy less what has changed for them, before anything is offered."),
        ("revenue_retention", "revenue_in_decline", "fell_into_decline", "tier_drop",
         "dropped_products"),
        ("account_changes", "movers", "fell_into_decline", "revenue_changes")),
    Advice("mend_first", "needs", N_(
        "Mend first what is rated furthest below its target or behind a rival: name an owner and "
        "a day for it."),
        ("item_below_target", "behind_rival", "market_behind_rival", "item_fell", "topic_fell",
         "index_below_target", "rate_below_target", "index_fell")),
    Advice("visit_dissatisfied", "needs", N_(
        "Visit the dissatisfied accounts that still buy much, and agree what has to change."),
        ("dissatisfied_large_accounts", "hidden_dissatisfied", "hostages", "silent_dissatisfied",
         "negative_delivered_value", "delivered_value_fell", "dissatisfied_buy_less",
         "dissatisfied_worth_less"),
        ("account_index", "satisfaction_and_loyalty", "delivered_accounts",
         "silent_accounts")),
    Advice("ask_unheard", "needs", N_(
        "Ask the large accounts that have not answered the survey, by telephone."),
        ("revenue_not_heard",),
        ("hearing",)),
    Advice("settle_complaints", "execution", N_(
        "Settle the oldest open complaints, and find the cause behind the kind that rose most."),
        ("complaints_rose", "complaint_group_rose", "complaints_left_open",
         "complaints_too_slow"),
        ("complaints_by_account",)),
    Advice("keep_promises", "execution", N_(
        "Keep the promises that are overdue, or tell the accounts when they will be kept."),
        ("promises_overdue",),
        ("promises",)),
    Advice("spread_risk", "strategy", N_(
        "Bind the largest accounts by contract, and win others of their size: too much hangs on "
        "few."),
        ("single_account", "concentration_up", "largest_account")),
    Advice("review_terms", "strategy", N_(
        "Review prices, terms and work of the accounts that bring too little."),
        ("unprofitable", "negative_value", "account_below_zero", "margin_down", "price_loss",
         "mix_loss"),
        ("value_classes", "account_values", "unprofitable", "effort_accounts")),
    Advice("regain_ground", "strategy", N_(
        "Go through what fell with those who answer for it: a market, a range, or single "
        "accounts?"),
        ("*_fall", "*_loss")),
    Advice("use_headroom", "strategy", N_(
        "Offer the accounts that buy elsewhere what like accounts buy from us."),
        ("headroom", "headroom_to_grow", "cross_sell_gap", "cross_sell_pair", "equity_lever"),
        ("white_space",)),
    Advice("cut_returns", "execution", N_(
        "Find out with the accounts that send back or call off most why they do."),
        ("return_rate", "high_returns", "called_off"),
        ("high_returners",)),
    Advice("confirm_list", "identify", N_(
        "Confirm the key account list by name, and decide those near its line one by one."),
        ("key_accounts", "near_the_line"), ("key_list", "list_changes")),
    Advice("serve_key_accounts", "execution", N_(
        "Give the key accounts what they are owed, by people fit for it, and name who stands in."),
        ("service_owed", "best_people", "one_owner"), ("mismatches", "relations")),
    Advice("collect_overdue", "execution", N_(
        "Collect what is overdue, oldest first, before more is delivered on credit."),
        ("overdue",), ("ageing",)),
    Advice("settle_terms", "strategy", N_(
        "Decide limit and terms where credit grade and tier point in different ways."),
        ("conflict_*",), ("credit_conflicts",)),
    Advice("move_hours", "strategy", N_(
        "Move hours to where one more brings most, and watch whether it does."),
        ("move_hours", "budget_over")),
    Advice("serve_risen", "execution", N_(
        "Give new accounts, and those that have risen, an owner and the service of their tier."),
        ("tier_rise", "new_accounts", "recovered_accounts")),
    Advice("bind_new", "strategy", N_(
        "Follow up every first order within its first year: too few come back."),
        ("repurchase",)),
    Advice("keep_undecided", "identify", N_(
        "Leave accounts whose tier is undecided where they are until the next period, and judge "
        "them one by one."),
        ("undecided",),
        ("ranks",)),
    Advice("prune_range", "strategy", N_(
        "Decide which of the small and shrinking product lines are kept, and for whom."),
        ("dogs",)),
    Advice("learn_from_lost", "evaluation", N_(
        "Ask the accounts that left why they left, and put down the answer."),
        ("lost_accounts", "missed_leavers")),
    Advice("review_targets", "evaluation", N_(
        "Go through the missed targets with their owners: was it the plan, or what was done?"),
        ("target_missed", "target_behind", "other_targets_missed")),
)
# Findings that say how things are or how far to trust a method, and call for nothing.
NO_ADVICE = frozenset({
    "pareto", "tier_benchmark", "more_than_noise", "large_order", "equity_change",
    "forecast_beaten", "reject_screen", "claim_contradicted", "warnings_tested", "model_tested",
    "telling_signs"})


def advise(kind: str) -> Advice | None:
    """Return what follows from a kind of finding, None where nothing does.

    >>> advise("region_fall").code, advise("price_loss").code, advise("pareto")
    ('regain_ground', 'review_terms', None)
    """
    exact = next((advice for advice in ADVICE if kind in advice.kinds), None)
    return exact or next((advice for advice in ADVICE
                          if any(fnmatchcase(kind, k) for k in advice.kinds)), None)
