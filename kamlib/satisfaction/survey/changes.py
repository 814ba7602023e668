"""What moved between two waves: the same accounts then and now, with an interval."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.stats.intervals import mean_interval

ITEM_CHANGE_COLUMNS = ["item_id", "n_paired", "change_index", "change_index_ci_low",
                       "change_index_ci_high", "movement", "n_fallen", "fallen_amount"]


def compare_items(now: pd.DataFrame, before: pd.DataFrame, *, amounts: pd.Series,
                  rules: SatisfactionRules) -> pd.DataFrame:
    """Change of each item between two waves, paired by account.

    now, before: one row an account x item: account_id, item_id, score_index (0-100).
    Returns one row an item of `now`, sorted; columns as in `score_items`. All intervals together
    hold at rules.confidence_level (Bonferroni); below rules.min_pairs pairs: cannot tell.
    """
    pairs = now.merge(before, on=["account_id", "item_id"], suffixes=("", "_before"))
    pairs["change_index"] = pairs["score_index"] - pairs["score_index_before"]
    item_ids = sorted(now["item_id"].unique())
    level = 1 - (1 - rules.confidence_level) / max(1, pairs["item_id"].nunique())
    rows = [{"item_id": item_id, **compare_pairs(pairs[pairs["item_id"] == item_id], level=level,
                                                 amounts=amounts, min_pairs=rules.min_pairs)}
            for item_id in item_ids]
    return _typed(pd.DataFrame(rows, columns=ITEM_CHANGE_COLUMNS))


def compare_accounts(now: pd.DataFrame, before: pd.DataFrame, *, amounts: pd.Series,
                     rules: SatisfactionRules) -> dict[str, Any]:
    """Change of the account index between two waves, paired by account.

    now, before: from `score_accounts`. Returns n_paired, change_index with its interval (points),
    movement, n_fallen and fallen_amount, as in `score_items`.
    """
    pairs = now.merge(before, on="account_id", suffixes=("", "_before"))
    pairs["change_index"] = pairs["account_index"] - pairs["account_index_before"]
    return compare_pairs(pairs, level=rules.confidence_level, amounts=amounts,
                         min_pairs=rules.min_pairs)


def compare_pairs(pairs: pd.DataFrame, *, level: float, amounts: pd.Series,
                  min_pairs: int) -> dict[str, Any]:
    """Mean change over accounts with its t interval and what it says."""
    changes, n = pairs["change_index"], len(pairs)
    low, high = mean_interval(changes, level=level)
    fallen = pairs[changes < 0]
    return {"n_paired": n, "change_index": float(changes.mean()) if n else float("nan"),
            "change_index_ci_low": low, "change_index_ci_high": high,
            "movement": _movement(low, high) if n >= min_pairs else "cannot tell",
            "n_fallen": len(fallen), "fallen_amount": _sum_amount(fallen["account_id"], amounts)}


def _movement(low: float, high: float) -> str:
    if high < 0:
        return "fell"
    return "rose" if low > 0 else "no clear change"


def _sum_amount(account_ids: pd.Series, amounts: pd.Series) -> float:
    found = account_ids.map(amounts).astype("float64")
    return float(found.sum(min_count=1)) if len(found) else 0.0


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    counts = {"n_paired": "Int64", "n_fallen": "Int64"}
    floats = ["change_index", "change_index_ci_low", "change_index_ci_high", "fallen_amount"]
    return table.astype({**counts, **dict.fromkeys(floats, "float64"), "item_id": "str",
                         "movement": "str"})
