"""How accounts moved between tiers since the previous period."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.segmentation.rules import TIERS, SegmentationRules
from kamlib.segmentation.tiers import fix_cuts, score_tiers

STATES = (*TIERS, "no_sales")
MOVER_COLUMNS = ["account_id", "tier_before", "tier_before_other", "tier", "move", "move_cause",
                 "net_amount_before", "net_amount", "change_amount"]
FLAGS = {"is_amount_high": "amount_only", "is_frequency_high": "frequency_only"}


def compare_periods(facts: pd.DataFrame, facts_before: pd.DataFrame, *,
                    rules: SegmentationRules) -> pd.DataFrame:
    """Tier of each account now and at an earlier date, which way it moved, and why.

    facts, facts_before: account_facts at the two dates. Both windows are 12 months, so the tiers
    of two neighbouring quarters share nine of them.
    Returns one row an account with sales in either window, sorted: account_id, tier_before (by
    the cuts that rules.migration_cuts names: those of their own time, or the present ones),
    tier_before_other (by the other ones), tier (no_sales where it had none), move (moved_up,
    moved_down, stayed, entered, left_tiers), move_cause (of those that moved up or down: by
    amount_only, frequency_only or both it passed the present cut; threshold_moved: by the present
    cuts it was there before, so the line moved and not the account; "" else), net_amount_before,
    net_amount, change_amount (of the windows).
    Source: catalogue SEG-11. Raises RefusedError where either window is not known.
    """
    now = score_tiers(facts, rules=rules)
    befores = {"fixed": score_tiers(facts_before, rules=fix_cuts(now, rules=rules)),
               "re_estimated": score_tiers(facts_before, rules=rules)}
    chosen = befores.pop(rules.migration_cuts)
    (other,) = befores.values()
    columns = ["account_id", "tier", "net_amount", *FLAGS]
    table = now[columns].merge(chosen[columns], on="account_id", how="outer",
                               suffixes=("", "_before"), sort=True)
    table["tier_before_other"] = table["account_id"].map(other.set_index("account_id")["tier"])
    for column in ("tier", "tier_before", "tier_before_other"):
        table[column] = table[column].fillna("no_sales")
    for column in ("net_amount", "net_amount_before"):
        table[column] = table[column].fillna(0.0)
    table = table[(table["tier"] != "no_sales") | (table["tier_before"] != "no_sales")]
    table = table.reset_index(drop=True)
    table["move"] = _moves(table)
    table["move_cause"] = _causes(table, befores.get("fixed", chosen))
    table["change_amount"] = table["net_amount"] - table["net_amount_before"]
    return table[MOVER_COLUMNS]


def _moves(table: pd.DataFrame) -> pd.Series:
    rank = {state: i for i, state in enumerate(STATES)}
    now, before = (table[column].map(rank).astype("int64") for column in ("tier", "tier_before"))
    down = now - before
    conditions = [table["tier_before"] == "no_sales", table["tier"] == "no_sales", down < 0,
                  down > 0]
    moves = np.select([c.to_numpy(dtype=bool) for c in conditions],
                      ["entered", "left_tiers", "moved_up", "moved_down"], "stayed")
    return pd.Series(moves, dtype="str", index=table.index)


def _causes(table: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Why an account moved, told by the present cuts alone: they do not move by themselves."""
    then = before.set_index("account_id")[list(FLAGS)].reindex(table["account_id"])
    amount, frequency = (
        table[flag].astype("boolean").ne(then[flag].astype("boolean").set_axis(table.index))
        .fillna(False).to_numpy(dtype=bool) for flag in FLAGS)
    moved = table["move"].isin(["moved_up", "moved_down"]).to_numpy()
    causes = np.select([~moved, amount & frequency, amount, frequency],
                       ["", "both", *FLAGS.values()], "threshold_moved")
    return pd.Series(causes, dtype="str", index=table.index)


def build_migration(moves: pd.DataFrame, *, before: str = "tier_before") -> pd.DataFrame:
    """The moves as a matrix: from a tier (row) to a tier (column).

    moves: from `compare_periods`; before: tier_before, or tier_before_other for the other cuts.
    Returns four rows (core, important, general, no_sales): tier_before, n_before, n_core,
    n_important, n_general, n_no_sales (accounts by their tier now), stay_share (0-1 of the row;
    gap in an empty one), net_amount_before, net_amount (of the row's accounts).
    """
    counts = pd.crosstab(moves[before], moves["tier"])
    counts = counts.reindex(index=STATES, columns=STATES, fill_value=0)
    amounts = moves.groupby(before)[["net_amount_before", "net_amount"]].sum()
    table = pd.DataFrame({"tier_before": list(STATES)})
    table["n_before"] = counts.sum(axis=1).to_numpy()
    for state in STATES:
        table[f"n_{state}"] = counts[state].to_numpy()
    stayed = np.diag(counts.to_numpy()).astype("float64")
    table["stay_share"] = stayed / table["n_before"].where(table["n_before"] > 0)
    for column in amounts:
        table[str(column)] = amounts[column].reindex(STATES, fill_value=0.0).to_numpy("float64")
    return table
