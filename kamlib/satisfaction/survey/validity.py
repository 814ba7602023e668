"""Which questionnaires count, under either published rule, and what was filled in."""

from __future__ import annotations

import pandas as pd

from kamlib.satisfaction.survey.names import VALIDITY_RULES
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.stats.intervals import wilson_interval

VALIDITY_COLUMNS = ["validity_rule", "is_used", "n_questionnaires", "n_valid", "valid_share",
                    "valid_share_ci_low", "valid_share_ci_high", "n_answers_missing",
                    "n_out_of_scale", "n_contradictory", "n_not_applicable", "n_imputed"]
IMPUTATION_COLUMNS = ["questionnaire_id", "account_id", "item_id", "rating", "score_index"]


def summarise_validity(wave: WaveScores, *, level: float) -> pd.DataFrame:
    """Valid questionnaires under the wave's rule and under the other one.

    Returns one row a rule: validity_rule, is_used, n_questionnaires, n_valid, valid_share with a
    Wilson interval, then of all questionnaires: n_answers_missing (gaps of every kind), of these
    n_out_of_scale and n_contradictory; n_not_applicable (no gaps: such an item leaves its
    questionnaire); n_imputed (gaps filled as neutral under this rule).
    Source: catalogue SAT-06 to SAT-08, E3.
    """
    papers = wave.questionnaires
    rows = []
    for rule in VALIDITY_RULES:
        valid = papers[f"is_valid_{rule}"]
        low, high = wilson_interval(int(valid.sum()), len(papers), level=level)
        filled = int((valid & (papers["n_missing"] == 1)).sum()) if rule == "one_missing" else 0
        rows.append({"validity_rule": rule, "is_used": rule == wave.validity_rule,
                     "n_questionnaires": len(papers), "n_valid": int(valid.sum()),
                     "valid_share": valid.mean(), "valid_share_ci_low": low,
                     "valid_share_ci_high": high,
                     "n_answers_missing": int(papers["n_missing"].sum()),
                     "n_out_of_scale": int(papers["n_out_of_scale"].sum()),
                     "n_contradictory": int(papers["n_contradictory"].sum()),
                     "n_not_applicable": int(papers["n_not_applicable"].sum()),
                     "n_imputed": filled})
    return pd.DataFrame(rows, columns=VALIDITY_COLUMNS)


def list_imputations(wave: WaveScores) -> pd.DataFrame:
    """Every answer that was filled in as neutral.

    Returns one row an answer, sorted: questionnaire_id, account_id, item_id, rating (the neutral
    one, scale points), score_index (0-100).
    """
    filled = wave.scores[wave.scores["is_imputed"]]
    return filled[IMPUTATION_COLUMNS].reset_index(drop=True)
