"""The satisfaction index: account first, then all accounts; and what it is held against."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.scoring import WaveScores, weighted_index
from kamlib.stats.intervals import mean_interval, ratio_interval, wilson_interval

# Resampling of accounts has to give the same interval every time.
SEED = 20180101


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
                   index_target: float | None, rate_target: float | None) -> pd.DataFrame:
    """Three figures that reports mix up, each with its own denominator, interval and target.

    accounts: from `score_accounts`. Returns three rows: measure (satisfaction_index: mean account
    index; satisfied_rate: accounts at or above the line / accounts; content_share: satisfied
    ratings / ratings given), counted (what n counts), n, measured_index or measured_share with
    _ci_low and _ci_high, target_index or target_share, verdict (met, not met, cannot tell, or
    empty without a target of the same kind).
    Raises RefusedError below rules.min_questionnaires valid questionnaires or two accounts.
    Source: catalogue SAT-10 to SAT-12, E1, E2; Wilson (1927) for the rate.
    """
    refuse_if_few(wave, accounts, minimum=rules.min_questionnaires)
    level = rules.confidence_level
    n = len(accounts)
    n_satisfied = int(accounts["is_satisfied"].sum())
    given = wave.scores[~wave.scores["is_imputed"] & wave.scores["rating"].notna()]
    line = wave.scale_min + rules.content_position * (wave.scale_max - wave.scale_min)
    parts = (given["rating"] >= line).groupby(given["account_id"]).agg(["sum", "size"])
    index = (float(accounts["account_index"].mean()),
             *index_interval(accounts["account_index"], level=level))
    rate = (n_satisfied / n, *wilson_interval(n_satisfied, n, level=level))
    content = (float(parts["sum"].sum() / parts["size"].sum()),
               *ratio_interval(parts["sum"], parts["size"], seed=SEED, level=level))
    return pd.DataFrame([
        _row("satisfaction_index", "accounts", n, "index", index, index_target),
        _row("satisfied_rate", "accounts", n, "share", rate, rate_target),
        _row("content_share", "ratings", len(given), "share", content, None)],
        columns=MEASURE_COLUMNS).astype({"n": "Int64", **dict.fromkeys(MEASURE_NUMBERS, "float64")})


MEASURE_NUMBERS = [f"measured_{kind}{part}" for kind in ("index", "share")
                   for part in ("", "_ci_low", "_ci_high")] + ["target_index", "target_share"]
MEASURE_COLUMNS = ["measure", "counted", "n", *MEASURE_NUMBERS, "verdict"]


def refuse_if_few(wave: WaveScores, accounts: pd.DataFrame, *, minimum: int) -> None:
    """Raise RefusedError when too few valid questionnaires or accounts came back."""
    n_valid = int(wave.questionnaires["is_valid"].sum())
    if n_valid < minimum or len(accounts) < 2:
        raise RefusedError(_(
            "Wave {wave} has too few valid questionnaires: {n_valid}, of {n_accounts} accounts. "
            "An index needs {minimum} questionnaires and 2 accounts. More answers, or a lower "
            "rule satisfaction.min_questionnaires, would lift this.", wave=wave.wave_id,
            n_valid=fmt_count(n_valid), n_accounts=fmt_count(len(accounts)),
            minimum=fmt_count(minimum)))


def index_interval(values: pd.Series, *, level: float) -> tuple[float, float]:
    """Student's interval of a mean index, kept within 0-100; gaps below two values."""
    low, high = mean_interval(values, level=level)
    return float(np.maximum(low, 0.0)), float(np.minimum(high, 100.0))


def judge(low: float, high: float, target: float | None) -> str:
    """Verdict on an interval against a target: met, not met, cannot tell, or "" without a target.

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
