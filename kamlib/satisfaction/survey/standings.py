"""Which categories and items stand apart from what the accounts say on the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.index import index_interval
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.stats.intervals import mean_interval

DIFFERENCE = ["difference_index", "difference_index_ci_low", "difference_index_ci_high"]
CATEGORY_FLOATS = ["category_index", "category_index_ci_low", "category_index_ci_high", *DIFFERENCE]
CATEGORY_COLUMNS = ["rank", "category", "n_items", "n_accounts", *CATEGORY_FLOATS, "standing"]
STANDING_COLUMNS = ["item_id", *DIFFERENCE, "standing"]


def rank_categories(wave: WaveScores, *, rules: SatisfactionRules) -> pd.DataFrame:
    """Categories of items, lowest first, and which of them stand apart.

    Returns one row a category: rank (1 = lowest), category, n_items, n_accounts (with an answer to
    one of its items), category_index (0-100: unweighted mean of its items in each account, then
    over accounts) with Student's interval, difference_index (points: from the unweighted mean of
    all items, in the same accounts) with interval, standing (below, above, no clear difference; or
    cannot tell below rules.min_pairs accounts). All standings together hold at the level (Holm).
    Source: catalogue SAT-13, SAT-16; Holm (1979), Scand. J. Stat. 6:65-70.
    """
    wide = _wide(wave)
    category = wave.items.set_index("item_id")["category"].fillna("").astype("str")
    names = sorted(category.reindex(wide.columns).dropna().unique())
    means = pd.DataFrame({name: wide[wide.columns[category.reindex(wide.columns) == name]]
                         .mean(axis=1) for name in names}, index=wide.index)
    table = _stand_apart(means, wide.mean(axis=1), rules=rules).rename(
        columns={"name": "category"})
    own = [(means[name].mean(), *index_interval(means[name], level=rules.confidence_level))
           for name in table["category"]]
    table = table.join(pd.DataFrame(own, columns=CATEGORY_FLOATS[:3], index=table.index))
    table["n_items"] = table["category"].map(category.value_counts())
    table = table.sort_values(["category_index", "category"], ignore_index=True)
    table["rank"] = range(1, len(table) + 1)
    return table.reindex(columns=CATEGORY_COLUMNS).astype(
        {"rank": "Int64", "n_items": "Int64", "n_accounts": "Int64",
         **dict.fromkeys(CATEGORY_FLOATS, "float64")})


def compare_with_all(wave: WaveScores, *, rules: SatisfactionRules) -> pd.DataFrame:
    """Each item against the unweighted mean of all items in the same accounts.

    Returns one row an item, sorted: item_id, difference_index (points) with Student's interval,
    standing as in `rank_categories`.
    """
    wide = _wide(wave)
    table = _stand_apart(wide, wide.mean(axis=1), rules=rules).rename(columns={"name": "item_id"})
    return table.reindex(columns=STANDING_COLUMNS)


def _wide(wave: WaveScores) -> pd.DataFrame:
    known = wave.scores[wave.scores["score_index"].notna()]
    return known.pivot_table(index="account_id", columns="item_id", values="score_index",
                             aggfunc="mean", sort=True)


def _stand_apart(means: pd.DataFrame, whole: pd.Series, *,
                 rules: SatisfactionRules) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name in means.columns:
        difference = (means[name] - whole).dropna()
        low, high = mean_interval(difference, level=rules.confidence_level)
        rows.append({"name": name, "n_accounts": len(difference),
                     "difference_index": difference.mean(), "difference_index_ci_low": low,
                     "difference_index_ci_high": high, "chance": _chance(difference)})
    table = pd.DataFrame(rows, columns=["name", "n_accounts", *DIFFERENCE, "chance"])
    table["standing"] = "cannot tell"
    # Below the least number of accounts nothing is tested, and so nothing is corrected for.
    tested = (table["n_accounts"] >= rules.min_pairs) & (means.shape[1] > 1)
    if tested.any():
        clear, *_rest = multipletests(table.loc[tested, "chance"],
                                      alpha=1 - rules.confidence_level, method="holm")
        side = np.where(table.loc[tested, "difference_index"] < 0, "below", "above")
        table.loc[tested, "standing"] = np.where(clear, side, "no clear difference")
    return table.drop(columns="chance")


def _chance(difference: pd.Series) -> float:
    """Student's two-sided probability of such a mean if there were no difference."""
    n = len(difference)
    if n < 2 or np.ptp(difference) < 1e-9:
        return 1.0 if not n or abs(float(difference.mean())) < 1e-9 or n < 2 else 0.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)
