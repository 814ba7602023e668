"""How accounts moved between tiers since the previous period."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.segmentation.rules import TIERS, SegmentationRules
from kamlib.segmentation.tiers import fix_cuts, score_tiers

STATES = (*TIERS, "no_sales")
MOVER_COLUMNS = ["account_id", "tier_before", "tier", "move", "net_amount_before", "net_amount",
                 "change_amount"]


def compare_periods(facts: pd.DataFrame, facts_before: pd.DataFrame, *,
                    rules: SegmentationRules) -> pd.DataFrame:
    """Tier of each account now and at an earlier date, and which way it moved.

    facts, facts_before: account_facts at the two dates. Both windows are 12 months, so the tiers
    of two neighbouring quarters share nine of them.
    Returns one row an account with sales in either window, sorted: account_id, tier_before, tier
    (no_sales where it had none), move (moved_up, moved_down, stayed, entered, left_tiers),
    net_amount_before, net_amount, change_amount (of the windows).
    The former tiers use the cuts of their own time, or the present ones (rules.migration_cuts).
    Source: catalogue SEG-11. Raises RefusedError where either window is not known.
    """
    now = score_tiers(facts, rules=rules)
    old_rules = fix_cuts(now, rules=rules) if rules.migration_cuts == "fixed" else rules
    before = score_tiers(facts_before, rules=old_rules)
    columns = ["account_id", "tier", "net_amount"]
    table = now[columns].merge(before[columns], on="account_id", how="outer",
                               suffixes=("", "_before"), sort=True)
    for column in ("tier", "tier_before"):
        table[column] = table[column].fillna("no_sales")
    for column in ("net_amount", "net_amount_before"):
        table[column] = table[column].fillna(0.0)
    table = table[(table["tier"] != "no_sales") | (table["tier_before"] != "no_sales")]
    table = table.reset_index(drop=True)
    rank = {state: i for i, state in enumerate(STATES)}
    down = table["tier"].map(rank) - table["tier_before"].map(rank)
    conditions = [table["tier_before"] == "no_sales", table["tier"] == "no_sales", down < 0,
                  down > 0]
    moves = np.select([c.to_numpy(dtype=bool) for c in conditions],
                      ["entered", "left_tiers", "moved_up", "moved_down"], "stayed")
    table["move"] = pd.Series(moves, dtype="str", index=table.index)
    table["change_amount"] = table["net_amount"] - table["net_amount_before"]
    return table[MOVER_COLUMNS]


def build_migration(moves: pd.DataFrame) -> pd.DataFrame:
    """The moves as a matrix: from a tier (row) to a tier (column).

    moves: from `compare_periods`.
    Returns four rows (core, important, general, no_sales): tier_before, n_before, n_core,
    n_important, n_general, n_no_sales (accounts by their tier now), stay_share (0-1 of the row;
    gap in an empty one), net_amount_before, net_amount (of the row's accounts).
    """
    counts = pd.crosstab(moves["tier_before"], moves["tier"])
    counts = counts.reindex(index=STATES, columns=STATES, fill_value=0)
    amounts = moves.groupby("tier_before")[["net_amount_before", "net_amount"]].sum()
    table = pd.DataFrame({"tier_before": list(STATES)})
    table["n_before"] = counts.sum(axis=1).to_numpy()
    for state in STATES:
        table[f"n_{state}"] = counts[state].to_numpy()
    stayed = np.diag(counts.to_numpy()).astype("float64")
    table["stay_share"] = stayed / table["n_before"].where(table["n_before"] > 0)
    for column in amounts:
        table[str(column)] = amounts[column].reindex(STATES, fill_value=0.0).to_numpy("float64")
    return table
