"""The index by account, by questionnaire and by revenue: three answers, each with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.stats.clustered import ClusterMean, cluster_mean

# Resampling of accounts has to give the same interval every time.
SEED = 20180101
ESTIMATE_COLUMNS = ["weighting", "n_accounts", "n_questionnaires", "n_effective", "overall_index",
                    "overall_index_ci_low", "overall_index_ci_high", "interval_method",
                    "revenue_share"]


def estimate_index(wave: WaveScores, accounts: pd.DataFrame, *, amounts: pd.Series | None = None,
                   rules: SatisfactionRules, population: int | None = None) -> pd.DataFrame:
    """The index by account, by questionnaire and by revenue.

    accounts: from `score_accounts`; amounts: revenue of every account, heard or not (index
    account_id), or None; population: accounts that were to be heard, used with the rule
    finite_population_correction.
    Returns one row a weighting: weighting (by_account: each account counts once; by_questionnaire:
    each person; by_revenue: each unit of money; left out without sales), n_accounts,
    n_questionnaires, n_effective (accounts of equal weight that would tell as much), overall_index
    (0-100) with interval (accounts are drawn, never questionnaires: people of one account resemble
    each other), interval_method (see stats.clustered), revenue_share (of all amounts, by the
    accounts that count; revenue only). With one full questionnaire each the first two are equal.
    Raises RefusedError when too few came back (`refuse_if_few`).
    Source: catalogue SAT-09, E9.
    """
    refuse_if_few(wave, accounts, rules=rules)
    rows = []
    parts = _weigh(wave, accounts, amounts)
    n_papers = parts["by_questionnaire"][1]
    for name, (sums, weights) in parts.items():
        row = _row(name, cluster_over(sums, weights, rules, population), n_papers[weights > 0])
        if name == "by_revenue" and amounts is not None:
            row["revenue_share"] = float(weights.sum() / amounts.clip(lower=0).sum())
        rows.append(row)
    table = pd.DataFrame(rows, columns=ESTIMATE_COLUMNS)
    floats = [c for c in ESTIMATE_COLUMNS[3:] if c != "interval_method"]
    return table.astype({"n_accounts": "Int64", "n_questionnaires": "Int64",
                         **dict.fromkeys(floats, "float64")})


def weighted_means(wave: WaveScores, accounts: pd.DataFrame, *,
                   amounts: pd.Series | None) -> dict[str, float]:
    """The index under each weighting of `estimate_index`, a gap where it is not known."""
    return {name: float(sums.sum() / weights.sum()) if weights.sum() else np.nan
            for name, (sums, weights) in _weigh(wave, accounts, amounts).items()}


def _weigh(wave: WaveScores, accounts: pd.DataFrame,
           amounts: pd.Series | None) -> dict[str, tuple[pd.Series, pd.Series]]:
    """Weighted sum of the index and weight of each account, by weighting."""
    valid = wave.questionnaires[wave.questionnaires["is_valid"]].groupby("account_id")
    n_papers = accounts["account_id"].map(valid.size()).astype("float64")
    index = accounts["account_index"]
    parts = {"by_account": (index, pd.Series(1.0, index=index.index)),
             "by_questionnaire": (accounts["account_id"].map(valid["questionnaire_index"].sum()),
                                  n_papers)}
    if amounts is not None and amounts.clip(lower=0).sum() > 0:
        money = accounts["account_id"].map(amounts).astype("float64").clip(lower=0).fillna(0.0)
        parts["by_revenue"] = (index * money, money)
    return parts


def cluster_over(sums: pd.Series, weights: pd.Series, rules: SatisfactionRules,
                 population: int | None = None, *, top: float = 100.0) -> ClusterMean:
    """`cluster_mean` at the level and with the choices of the rules, kept within 0 and `top`."""
    found = cluster_mean(sums, weights, seed=SEED, level=rules.confidence_level,
                         bootstrap_from=rules.bootstrap_from_accounts,
                         population=population if rules.finite_population_correction else None)
    return found._replace(low=float(np.maximum(found.low, 0.0)),
                          high=float(np.minimum(found.high, top)))


def refuse_if_few(wave: WaveScores, accounts: pd.DataFrame, *, rules: SatisfactionRules) -> None:
    """Raise RefusedError when too few valid questionnaires or accounts came back."""
    n_valid = int(wave.questionnaires["is_valid"].sum())
    if n_valid < rules.min_questionnaires or len(accounts) < rules.min_accounts:
        raise RefusedError(_(
            "Wave {wave} has too few valid questionnaires: {n_valid}, of {n_accounts} accounts. "
            "An index needs {minimum} questionnaires and {min_accounts} accounts. More answers, or "
            "lower rules satisfaction.min_questionnaires and satisfaction.min_accounts, would lift "
            "this.", wave=wave.wave_id, n_valid=fmt_count(n_valid),
            n_accounts=fmt_count(len(accounts)), minimum=fmt_count(rules.min_questionnaires),
            min_accounts=fmt_count(rules.min_accounts)))


def _row(weighting: str, found: ClusterMean, n_papers: pd.Series) -> dict[str, Any]:
    return {"weighting": weighting, "n_accounts": found.n_groups,
            "n_questionnaires": int(n_papers.sum()), "n_effective": found.n_effective,
            "overall_index": found.value, "overall_index_ci_low": found.low,
            "overall_index_ci_high": found.high, "interval_method": found.method,
            "revenue_share": np.nan}
