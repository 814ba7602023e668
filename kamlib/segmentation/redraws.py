"""Tiers of accounts drawn anew: how far the cuts themselves would have fallen elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.segmentation.rules import TIERS, SegmentationRules
from kamlib.segmentation.tiers import score_tiers, tier_codes
from kamlib.stats.budget import affordable_draws
from kamlib.stats.redraws import NO_GROUP, Redraws

MOST_CELLS = 100_000_000  # draws times accounts


def redraw_tiers(facts: pd.DataFrame, *, rules: SegmentationRules, n_draws: int = 1000) -> Redraws:
    """Draw the accounts with sales anew, and cut each draw into tiers by the rule.

    facts: account_facts. Returns the draws for means by tier that depend on what the tiers are
    made of. Raises RefusedError where `score_tiers` does.
    """
    tiers = score_tiers(facts, rules=rules)
    bought = tiers[tiers["tier"] != "no_sales"]
    amounts, orders = (bought[c].to_numpy(dtype="float64") for c in ("net_amount", "n_orders"))
    n, rng = len(bought), np.random.default_rng(rules.seed)
    n_draws = affordable_draws(n_draws, n, cells=MOST_CELLS)
    counts = np.zeros((n_draws, n), dtype=np.int32)
    groups = np.full((n_draws, n), NO_GROUP, dtype=np.int8)
    for draw in range(n_draws if n else 0):
        chosen = rng.integers(0, n, n)
        counts[draw] = np.bincount(chosen, minlength=n)
        groups[draw, chosen] = tier_codes(amounts[chosen], orders[chosen], rules=rules)
    return Redraws(tuple(bought["account_id"]), TIERS, counts, groups)
