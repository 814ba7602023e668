"""The satisfaction index: account first, then all accounts; and what it is held against."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.estimates import cluster_over, refuse_if_few
from kamlib.satisfaction.survey.scoring import WaveScores, weighted_index
from kamlib.stats.intervals import Interval, mean_interval, wilson_interval


def score_accounts(wave: WaveScores, *, satisfied_line: float) -> pd.DataFrame:
    """Index of each account with a valid questionnaire.

    Returns one row an account, sorted: account_id, n_questionnaires, n_imputed (answers filled in),
    account_index (0-100: mean of each item over the account's questionnaires, then weighted over
    items), account_index_se (points, from the spread between questionnaires of one account, pooled
    over accounts; gap where no account has two), is_satisfied (>= satisfied_line before rounding),
    is_near_line (the line lies within one standard error; gap where that is unknown).
    Several people of one account are no independent customers (E9): hence account first.
    Source: catalogue SAT-09, SAT-10.
    """
    by_item = wave.scores.groupby(["account_id", "item_id"], as_index=False).agg(
        score_index=("score_index", "mean"), weight=("weight", "first"))
    valid = wave.questionnaires[wave.questionnaires["is_valid"]]
    table = valid.groupby("account_id", sort=True).agg(
        n_questionnaires=("questionnaire_id", "size"),
        n_imputed=("is_imputed", "sum")).reset_index()
    index = table["account_id"].map(weighted_index(by_item, by="account_id"))
    table["account_index"] = index.astype("float64")
    spread = _pooled_spread(valid)
    table["account_index_se"] = spread / np.sqrt(table["n_questionnaires"].astype("float64"))
    # A mean of doubles may fall a hair short of a line that it reaches exactly.
    table["is_satisfied"] = table["account_index"] >= satisfied_line - 1e-9
    distance = (table["account_index"] - satisfied_line).abs()
    near = (distance <= table["account_index_se"]).astype("boolean")
    table["is_near_line"] = near.mask(table["account_index_se"].isna())
    return table


def build_measures(wave: WaveScores, accounts: pd.DataFrame, *, rules: SatisfactionRules,
                   index_target: float | None, rate_target: float | None,
                   population: int | None = None) -> pd.DataFrame:
    """Three figures that reports mix up, each with its own denominator, interval and target.

    accounts: from `score_accounts`; population: accounts that were to be heard, used with the rule
    finite_population_correction. Returns three rows: measure (satisfaction_index: mean account
    index; satisfied_rate: accounts at or above the line / accounts; content_share: satisfied
    ratings / ratings given), counted (what n counts), n, measured_index or measured_share with
    _ci_low and _ci_high (gaps where all accounts are alike: no spread was seen), target_index or
    target_share, verdict (met, not met, cannot tell, or empty without a target of the same kind).
    Raises RefusedError when too few came back (`refuse_if_few`).
    Source: catalogue SAT-10 to SAT-12, E1, E2; Wilson (1927) for the rate; for the others
    stats.clustered, over accounts.
    """
    refuse_if_few(wave, accounts, rules=rules)
    n = len(accounts)
    n_satisfied = int(accounts["is_satisfied"].sum())
    given = wave.scores[~wave.scores["is_imputed"] & wave.scores["rating"].notna()]
    line = wave.scale_min + rules.content_position * (wave.scale_max - wave.scale_min)
    parts = (given["rating"] >= line).groupby(given["account_id"]).agg(["sum", "size"])
    index = cluster_over(accounts["account_index"], pd.Series(1.0, index=accounts.index), rules,
                         population)
    rate = (n_satisfied / n, *rate_interval(n_satisfied, n, rules=rules, population=population))
    content = cluster_over(parts["sum"], parts["size"], rules, population, top=1.0)
    return pd.DataFrame([
        _row("satisfaction_index", "accounts", n, "index", index[:3], index_target),
        _row("satisfied_rate", "accounts", n, "share", rate, rate_target),
        _row("content_share", "ratings", len(given), "share", content[:3], None)],
        columns=MEASURE_COLUMNS).astype({"n": "Int64", **dict.fromkeys(MEASURE_NUMBERS, "float64")})


MEASURE_NUMBERS = [f"measured_{kind}{part}" for kind in ("index", "share")
                   for part in ("", "_ci_low", "_ci_high")] + ["target_index", "target_share"]
MEASURE_COLUMNS = ["measure", "counted", "n", *MEASURE_NUMBERS, "verdict"]


def rate_interval(n_satisfied: int, n: int, *, rules: SatisfactionRules,
                  population: int | None = None) -> Interval:
    """Wilson's interval; with the rule finite_population_correction n counts as n (N-1) / (N-n).

    >>> [round(end, 3) for end in rate_interval(4, 4, rules=SatisfactionRules())]
    [0.51, 1.0]
    """
    if not rules.finite_population_correction or population is None:
        return wilson_interval(n_satisfied, n, level=rules.confidence_level)
    if population <= n:
        return Interval(n_satisfied / n, n_satisfied / n)
    effective = n * (population - 1) / (population - n)
    return wilson_interval(n_satisfied * effective / n, effective, level=rules.confidence_level)


def index_interval(values: pd.Series, *, level: float) -> tuple[float, float]:
    """Student's interval of a mean index, kept within 0-100; gaps below two values."""
    low, high = mean_interval(values, level=level)
    return float(np.maximum(low, 0.0)), float(np.minimum(high, 100.0))


def judge(low: float, high: float, target: float | None) -> str:
    """Verdict on an interval against a target: met, not met, cannot tell, or "" without a target.

    An unknown interval cannot tell.

    >>> judge(0.51, 1.0, 0.85)
    'cannot tell'
    """
    if target is None or np.isnan(target):
        return ""
    if low >= target:
        return "met"
    return "not met" if high < target else "cannot tell"


def _row(measure: str, counted: str, n: int, kind: str, figure: tuple[float, float, float],
         target: float | None) -> dict[str, Any]:
    value, low, high = figure
    return {"measure": measure, "counted": counted, "n": n, f"measured_{kind}": value,
            f"measured_{kind}_ci_low": low, f"measured_{kind}_ci_high": high,
            f"target_{kind}": target, "verdict": judge(low, high, target)}


def _pooled_spread(valid: pd.DataFrame) -> float:
    """Standard deviation of questionnaires around their account's mean, pooled; NaN if none."""
    groups = valid.groupby("account_id")["questionnaire_index"]
    degrees = len(valid) - groups.ngroups
    within = valid["questionnaire_index"] - groups.transform("mean")
    return float(np.sqrt((within ** 2).sum() / degrees)) if degrees > 0 else float("nan")
