"""What silence could hide: the figures if every silent account were at its worst, or its best."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.index import judge
from kamlib.satisfaction.survey.scale import convert_scores
from kamlib.satisfaction.survey.scoring import WaveScores

FIGURES = ("measured", "worst", "best")
BOUND_NUMBERS = [f"{figure}_{kind}" for kind in ("index", "share") for figure in FIGURES]
BOUND_COLUMNS = ["measure", "weighting", "n_frame", "n_unheard", "silent_share", *BOUND_NUMBERS,
                 "verdict"]


def bound_silence(hearing: pd.DataFrame, accounts: pd.DataFrame, *, wave: WaveScores,
                  rules: SatisfactionRules, index_target: float | None = None,
                  rate_target: float | None = None) -> pd.DataFrame:
    """Between what the figures of the whole frame lie, whatever the silent accounts think.

    hearing: account_id, reference_amount, in_survey_frame (other accounts are left out: the frame
    is a census, and nothing follows for them); accounts: from `score_accounts`; wave: for the ends
    of its scale.
    Returns four rows: measure (satisfaction_index, satisfied_rate), weighting (by_account,
    by_revenue), n_frame, n_unheard (accounts), silent_share (of the frame's accounts or revenue),
    measured_index or measured_share (of those heard), worst_ and best_ (silent accounts at the
    lowest or highest point of the scale), verdict (by_account: against a target of the same kind,
    whatever the silent would say). Empty without a frame. No assumption is made, and so the truth
    always lies between worst and best, as far as the answers themselves are true.
    Source: Manski (1989), J. Hum. Resour. 24:343-360.
    """
    frame = hearing[hearing["in_survey_frame"].astype("bool")]
    known = accounts.set_index("account_id")
    index = frame["account_id"].map(known["account_index"]).astype("float64")
    satisfied = frame["account_id"].map(known["is_satisfied"].astype("float64")).astype("float64")
    weights = {"by_account": pd.Series(1.0, index=frame.index),
               "by_revenue": frame["reference_amount"].astype("float64").clip(lower=0)}
    ends = convert_scores(pd.Series([wave.scale_min, wave.scale_max]), scale_min=wave.scale_min,
                          scale_max=wave.scale_max, scale_map=wave.scale_map,
                          label_scores=rules.label_scores)
    # Targets are set for accounts, each of which counts once.
    rows = [_bound(measure, kind, values, name, weight, low, high,
                   target if name == "by_account" else None)
            for measure, kind, values, low, high, target in (
                ("satisfaction_index", "index", index, float(ends[0]), float(ends[1]),
                 index_target),
                ("satisfied_rate", "share", satisfied, 0.0, 1.0, rate_target))
            for name, weight in weights.items() if weight.sum() > 0]
    floats = ["silent_share", *BOUND_NUMBERS]
    return pd.DataFrame(rows, columns=BOUND_COLUMNS).astype(
        {"n_frame": "Int64", "n_unheard": "Int64", **dict.fromkeys(floats, "float64"),
         "verdict": "str"})


def _bound(measure: str, kind: str, values: pd.Series, weighting: str, weights: pd.Series,
           low: float, high: float, target: float | None) -> dict[str, Any]:
    is_silent = values.isna()
    total, silent = float(weights.sum()), float(weights[is_silent].sum()) / float(weights.sum())
    told = float((values.fillna(0.0) * weights).sum()) / total
    heard = told / (1 - silent) if silent < 1 else float("nan")
    worst, best = told + silent * low, told + silent * high
    return {"measure": measure, "weighting": weighting, "n_frame": len(values),
            "n_unheard": int(is_silent.sum()), "silent_share": silent, f"measured_{kind}": heard,
            f"worst_{kind}": worst, f"best_{kind}": best, "verdict": judge(worst, best, target)}
