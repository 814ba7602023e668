"""What to mend first: how far below its target an item lies, times its weight; and where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.satisfaction.improvement.compare import compare_groups, sum_sales
from kamlib.satisfaction.improvement.rules import ImprovementRules

PRIORITY_COLUMNS = ["priority_rank", "item_id", "text", "is_reversed", "category", "weight_share",
                    "n_accounts", "item_index", "target_index", "gap_index", "gap_index_ci_low",
                    "gap_index_ci_high", "gap_verdict", "priority_index", "top_probability",
                    "n_below", "below_amount"]
CELL_COLUMNS = ["item_id", "text", "is_reversed", "region", "n_accounts", "item_index",
                "item_index_ci_low", "item_index_ci_high", "gap_verdict"]
VERDICTS = {"above": "met", "below": "not met"}


def rank_priorities(means: pd.DataFrame, *, items: pd.DataFrame, target: float,
                    amounts: pd.Series, rules: ImprovementRules, level: float) -> pd.DataFrame:
    """Items by priority = weight × gap to the target.

    means: one row an account and item: account_id, item_id, score_index (0-100); items: the wave's
    rating items; amounts: sales by account_id. Returns one row an answered item: priority_rank,
    item_id, text, is_reversed, category, weight_share (of all weights), n_accounts, item_index,
    target_index, gap_index (target - item, points) with Holm's interval, gap_verdict (not met: the
    whole interval lies below the target; met; cannot tell), priority_index (points that the index
    would gain if the item reached its target; 0 above it), top_probability (how often the item
    comes out first when other such accounts answer), n_below and below_amount (accounts that rate
    it below the target, and their sales).
    Source: catalogue SAT-18.
    """
    table = means.assign(distance=means["score_index"] - target)
    gaps = compare_groups(table, by=["item_id"], column="distance", level=level,
                          min_pairs=rules.min_pairs)
    result = items.merge(gaps, on="item_id")
    result["weight_share"] = result["weight"] / items["weight"].sum()
    result["n_accounts"] = result["n_paired"]
    result["item_index"], result["target_index"] = result["mean"] + target, float(target)
    result["gap_index"] = -result["mean"]
    result["gap_index_ci_low"], result["gap_index_ci_high"] = -result["high"], -result["low"]
    result["gap_verdict"] = result["side"].map(VERDICTS).fillna("cannot tell").astype("str")
    result["priority_index"] = result["weight_share"] * result["gap_index"].clip(lower=0)
    result["top_probability"] = result["item_id"].map(
        _share_on_top(table, result.set_index("item_id")["weight_share"], rules))
    low = table[table["distance"] < -1e-9]
    result["n_below"] = result["item_id"].map(low.groupby("item_id").size()).fillna(0)
    result["below_amount"] = result["item_id"].map(
        sum_sales(low, by="item_id", amounts=amounts)).astype("float64")
    result.loc[result["n_below"] == 0, "below_amount"] = 0.0
    result = result.sort_values(["priority_index", "gap_index", "item_id"],
                                ascending=[False, False, True], ignore_index=True)
    result["priority_rank"] = range(1, len(result) + 1)
    return result[PRIORITY_COLUMNS].astype({"n_below": "Int64", "priority_rank": "Int64"})


def map_markets(means: pd.DataFrame, *, items: pd.DataFrame, regions: pd.Series, target: float,
                rules: ImprovementRules, level: float) -> pd.DataFrame:
    """Every item in every market.

    means: as in `rank_priorities`; regions: region by account_id (accounts without one leave).
    Returns one row an item and market, sorted: item_id, text, is_reversed, region, n_accounts,
    item_index with Holm's interval (gaps below rules.min_cell accounts), gap_verdict (not met,
    met, cannot tell: the interval against the target, all cells together).
    """
    table = means.assign(region=means["account_id"].map(regions),
                         distance=means["score_index"] - target)
    table = table[table["region"].notna()]
    cells = compare_groups(table, by=["item_id", "region"], column="distance", level=level,
                           min_pairs=rules.min_cell)
    cells = cells.rename(columns={"n_paired": "n_accounts"}).merge(
        items[["item_id", "text", "is_reversed"]], on="item_id")
    known = cells["n_accounts"] >= rules.min_cell
    for column, source in (("item_index", "mean"), ("item_index_ci_low", "low"),
                           ("item_index_ci_high", "high")):
        cells[column] = (cells[source] + target).clip(0, 100).where(known)
    cells["gap_verdict"] = cells["side"].map(VERDICTS).fillna("cannot tell").astype("str")
    return cells.sort_values(["item_id", "region"], ignore_index=True)[CELL_COLUMNS]


def _share_on_top(table: pd.DataFrame, weights: pd.Series,
                  rules: ImprovementRules) -> dict[str, float]:
    """How often each item has the largest priority among resampled accounts."""
    wide = table.pivot(index="account_id", columns="item_id", values="distance")[
        list(weights.index)].to_numpy(dtype="float64")
    known, filled, n = ~np.isnan(wide), np.nan_to_num(wide), len(wide)
    rng = np.random.default_rng(rules.seed)
    # How often each account is drawn is all that a mean needs.
    times = rng.multinomial(n, np.full(n, 1 / n), size=rules.n_resamples).astype("float64")
    counts = times @ known
    gaps = -np.divide(times @ filled, counts, out=np.zeros_like(counts), where=counts > 0)
    priority = gaps * weights.to_numpy(dtype="float64")
    first = np.where(priority.max(axis=1) > 0, priority.argmax(axis=1), -1)
    return {item: float((first == place).mean()) for place, item in enumerate(weights.index)}
