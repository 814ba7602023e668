"""Tier and rank with probability: what the months say about an account's expected sales."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.measures.monthly import (
    Monthly,
    build_monthly,
    known_starts,
    last_whole_month,
)
from kamlib.segmentation.ranks.rules import RankRules
from kamlib.segmentation.rules import TIERS, SegmentationRules
from kamlib.segmentation.tiers import score_tiers, tier_codes
from kamlib.stats.resample import Means, RankStore, draw_means, estimate_means

Bools = NDArray[np.bool_]
P_COLUMNS = [f"{tier}_probability" for tier in TIERS]
RANK_COLUMNS = ["account_id", "n_months", "monthly_amount", "monthly_amount_ci_low",
                "monthly_amount_ci_high", "rank", "rank_ci_low", "rank_ci_high", *P_COLUMNS,
                "tier", "is_undecided", "note"]


def estimate_ranks(months: pd.DataFrame, facts: pd.DataFrame, *, as_of: date, rules: RankRules,
                   tier_rules: SegmentationRules, history_from: date | None = None,
                   window_months: int = 12) -> pd.DataFrame:
    """Rank the accounts by expected monthly net sales, with interval and probability of a tier.

    months: account_months; facts: account_facts at as_of; history_from: before it nothing is
    known (without it the earliest month counts); window_months: length of the analysis window,
    to which absolute thresholds of the tier rules belong.
    Returns one row an account with an order in the analysis window, the largest first: account_id;
    n_months (own months in the last rules.months: they begin after the month of the first sale
    ever where that lies inside, unless the account is known to have been a customer before);
    monthly_amount (mean net sales of an own month) with its interval; rank (equal amounts share
    the best) and its interval; core_probability, important_probability, general_probability (0-1:
    how often the account lands there when what may be true is drawn and cut anew); tier (the one
    by this window's realised sales); is_undecided (no tier reaches rules.decided); note
    (too_young: fewer than rules.min_months own months, ranked by its mean, intervals and
    probabilities are gaps; else "").
    Ranks and tiers are those of expected sales and orders, not of realised ones, and assume that
    the months of the evidence stand for those to come.
    Source: Marshall & Spiegelhalter (1998), BMJ 316:1701-1704, for rank intervals; `estimate_means`
    and `draw_means` for the draws. Raises RefusedError with fewer known months than
    rules.min_months, without a known window or without any account with sales.
    """
    tiers = score_tiers(facts, rules=tier_rules)
    tiers = tiers[tiers["tier"] != "no_sales"].reset_index(drop=True)
    last = last_whole_month(as_of)
    monthly = build_monthly(months, tiers["account_id"], first=last - rules.months + 1, last=last,
                            history_from=history_from)
    if tiers.empty:
        raise RefusedError(_("No account has an order in the analysis window, so there is nothing "
                             "to rank. A period with sales would lift this."))
    if len(monthly.months) < rules.min_months:
        raise RefusedError(_(
            "Ranks with probability need {needed} whole months of known sales, and the data has "
            "{there}. A later period would lift this.", needed=fmt_count(rules.min_months),
            there=fmt_count(len(monthly.months))))
    own, is_young = _own_months(monthly, facts, rules)
    events = np.where(own, monthly.orders, 0.0).sum(axis=1)
    amounts, orders = (estimate_means(values, events, own, level=rules.confidence_level)
                       for values in (monthly.amounts, monthly.orders))
    shares, low, high = _draw_tiers(amounts, orders, rules=rules, tier_rules=tier_rules,
                                    window_months=window_months)
    rank = pd.Series(-amounts.mean).rank(method="min").astype("int64").to_numpy()
    columns: dict[str, Any] = {
        "account_id": monthly.account_ids, "n_months": own.sum(axis=1),
        "monthly_amount": amounts.mean, "monthly_amount_ci_low": amounts.low,
        "monthly_amount_ci_high": amounts.high, "rank": rank,
        # The estimate lies in its own interval, also where noise pulled it far from the middle.
        "rank_ci_low": np.minimum(low, rank), "rank_ci_high": np.maximum(high, rank),
        **dict(zip(P_COLUMNS, shares, strict=True)), "tier": tiers["tier"].to_numpy()}
    return _finish(pd.DataFrame(columns), is_young, rules)


def list_undecided(ranks: pd.DataFrame) -> pd.DataFrame:
    """The accounts of which the months do not say to which tier they belong, largest first.

    ranks: from `estimate_ranks`. Returns its rows with is_undecided, all columns.
    """
    return ranks[ranks["is_undecided"].fillna(False).astype(bool)].reset_index(drop=True)


def _own_months(monthly: Monthly, facts: pd.DataFrame, rules: RankRules) -> tuple[Bools, Bools]:
    """Months in which each account was there (row x month), and who has too few of them."""
    start = known_starts(facts, monthly.account_ids)
    first = int(monthly.months[0])
    # Whoever bought in the first known month may have been there long before.
    was_there = ((monthly.first_sale < first) | (start < first)
                 | ((monthly.first_sale == first) & (monthly.known_from == first)))
    begin = np.where(was_there, first, monthly.first_sale + 1)
    own = monthly.months[None, :] >= begin[:, None]
    is_young = own.sum(axis=1) < rules.min_months
    # Nothing but the month of the first sale: better that than no estimate.
    own[~own.any(axis=1), -1] = True
    return own, is_young


def _draw_tiers(amounts: Means, orders: Means, *, rules: RankRules, tier_rules: SegmentationRules,
                window_months: int) -> tuple[list[NDArray[np.float64]], Any, Any]:
    """Share of the draws that put each account into each tier, and the ends of its rank."""
    n = len(amounts.mean)
    counts = np.zeros((len(TIERS), n), dtype=np.int64)
    store = RankStore(rules.n_draws, amounts.scale == 0, seed=rules.seed + 1)
    for drawn, ordered in draw_means([amounts, orders], n_draws=rules.n_draws, seed=rules.seed):
        store.add(drawn)
        for values, numbers in zip(drawn, ordered, strict=True):
            codes = tier_codes(values * window_months, numbers * window_months, rules=tier_rules)
            for code in range(len(TIERS)):
                counts[code] += codes == code
    low, high = store.intervals(rules.confidence_level)
    return [count / rules.n_draws for count in counts], low, high


def _finish(table: pd.DataFrame, is_young: Bools, rules: RankRules) -> pd.DataFrame:
    for column in ("rank", "rank_ci_low", "rank_ci_high"):
        table[column] = table[column].astype("Int64")
    table["is_undecided"] = (table[P_COLUMNS].max(axis=1) < rules.decided).astype("boolean")
    table["note"] = pd.Series(np.where(is_young, "too_young", ""), dtype="str")
    for column in [c for c in RANK_COLUMNS if c.endswith(("_ci_low", "_ci_high"))] + [
            *P_COLUMNS, "is_undecided"]:
        table[column] = table[column].mask(is_young)
    table = table.sort_values(["rank", "account_id"], ignore_index=True)
    return table[RANK_COLUMNS]
