"""Ours against the best rival: item by item and market by market, the same people judging both."""

from __future__ import annotations

import pandas as pd

from kamlib.satisfaction.improvement.compare import compare_groups, judge_margin, sum_sales
from kamlib.satisfaction.improvement.points import score_column
from kamlib.satisfaction.improvement.rules import ImprovementRules
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.scoring import WaveScores

PAIR_COLUMNS = ["account_id", "item_id", "own_index", "rival_index", "difference_index"]
RIVAL_COLUMNS = ["item_id", "text", "is_reversed", "category", "n_both", "own_index",
                 "rival_index", "difference_index", "difference_index_ci_low",
                 "difference_index_ci_high", "rival_verdict", "n_rival_ahead", "rival_ahead_amount"]
MARKET_COLUMNS = ["region", "n_both", "own_index", "rival_index", "difference_index",
                  "difference_index_ci_low", "difference_index_ci_high", "rival_verdict",
                  "rival_advice", "market_amount"]
NAMES = {"n_paired": "n_both", "mean": "difference_index", "low": "difference_index_ci_low",
         "high": "difference_index_ci_high"}
# Catalogue SAT-17.
ADVICE = {"worse": "watch_rival", "better": "maintain", "equal": "differentiate",
          "cannot tell": "ask_more"}


def pair_rivals(wave: WaveScores, tables: tuple[pd.DataFrame, pd.DataFrame], *,
                rules: SatisfactionRules) -> pd.DataFrame:
    """Own and rival score where one questionnaire gives both, then the mean over the account.

    tables: survey_items and survey_answers. Returns one row an account and item, sorted:
    account_id, item_id, own_index and rival_index (0-100), difference_index (points).
    Raises RefusedError when the wave did not measure rivals (SAT-15, E5).
    """
    rival = score_column(wave, tables, column="competitor_score", rules=rules)
    own = score_column(wave, tables, column="score", rules=rules)
    both = own.merge(rival, on=["questionnaire_id", "account_id", "item_id"],
                     suffixes=("", "_rival"))
    both = both.rename(columns={"points_index": "own_index", "points_index_rival": "rival_index"})
    means = both.groupby(["account_id", "item_id"], as_index=False, sort=True)[
        ["own_index", "rival_index"]].mean()
    return means.assign(difference_index=means["own_index"] - means["rival_index"])[PAIR_COLUMNS]


def compare_rivals(pairs: pd.DataFrame, *, items: pd.DataFrame, amounts: pd.Series,
                   rules: ImprovementRules, level: float) -> pd.DataFrame:
    """Item by item, better or worse than the best rival.

    pairs: from `pair_rivals`; items: the wave's rating items; amounts: sales by account_id.
    Returns one row an item with an answer to both, the worst first: item_id, text, is_reversed,
    category, n_both (accounts), own_index, rival_index, difference_index with Holm's interval
    (points), rival_verdict (better, worse, equal: the interval lies within rules.equal_margin,
    cannot tell), n_rival_ahead and rival_ahead_amount (accounts that rate the rival higher, and
    their sales).
    """
    table = compare_groups(pairs, by=["item_id"], column="difference_index", level=level,
                           min_pairs=rules.min_pairs).rename(columns=NAMES)
    table = _finish(table, pairs, "item_id", rules)
    table = table.merge(items[["item_id", "text", "is_reversed", "category"]], on="item_id")
    ahead = pairs[pairs["difference_index"] < -1e-9]
    table["n_rival_ahead"] = table["item_id"].map(ahead.groupby("item_id").size()).fillna(0)
    table["rival_ahead_amount"] = sum_sales(ahead, by="item_id", amounts=amounts).reindex(
        table["item_id"]).to_numpy()
    table.loc[table["n_rival_ahead"] == 0, "rival_ahead_amount"] = 0.0
    table = table.astype({"n_rival_ahead": "Int64"})
    return table.sort_values(["difference_index", "item_id"], ignore_index=True)[RIVAL_COLUMNS]


def compare_markets(pairs: pd.DataFrame, *, items: pd.DataFrame, regions: pd.Series,
                    amounts: pd.Series, rules: ImprovementRules, level: float) -> pd.DataFrame:
    """Market by market, better or worse than the best rival, and what follows (SAT-17).

    pairs: from `pair_rivals`; regions: region by account_id. Per account the items are weighted as
    in the index. Returns one row a market, the worst first: region, n_both, own_index,
    rival_index, difference_index with Holm's interval, rival_verdict, rival_advice (watch_rival,
    maintain, differentiate, ask_more), market_amount (sales of the accounts that compared).
    """
    weight = pairs["item_id"].map(items.set_index("item_id")["weight"])
    parts = pairs[["own_index", "rival_index"]].mul(weight, axis=0).assign(
        weight=weight, account_id=pairs["account_id"])
    sums = parts.groupby("account_id").sum()
    accounts = sums[["own_index", "rival_index"]].div(sums["weight"], axis=0).reset_index()
    accounts["difference_index"] = accounts["own_index"] - accounts["rival_index"]
    accounts["region"] = accounts["account_id"].map(regions)
    accounts = accounts[accounts["region"].notna()]
    table = compare_groups(accounts, by=["region"], column="difference_index", level=level,
                           min_pairs=rules.min_pairs).rename(columns=NAMES)
    table = _finish(table, accounts, "region", rules)
    table["market_amount"] = sum_sales(accounts, by="region", amounts=amounts).reindex(
        table["region"]).to_numpy()
    table["rival_advice"] = table["rival_verdict"].map(ADVICE).astype("str")
    return table.sort_values(["difference_index", "region"], ignore_index=True)[MARKET_COLUMNS]


def _finish(table: pd.DataFrame, pairs: pd.DataFrame, by: str,
            rules: ImprovementRules) -> pd.DataFrame:
    names = {new: old for old, new in NAMES.items()}
    verdicts = [judge_margin(row, margin=rules.equal_margin, min_pairs=rules.min_pairs)
                for row in table.rename(columns=names).to_dict("records")]
    means = pairs.groupby(by)[["own_index", "rival_index"]].mean()
    return table.assign(rival_verdict=pd.Series(verdicts, dtype="str", index=table.index)).merge(
        means, left_on=by, right_index=True)
