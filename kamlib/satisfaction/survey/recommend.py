"""Other customary scores of the same wave: NPS, top-2-box, CSAT and an ACSI-type score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from kamlib.errors import InputError, RefusedError
from kamlib.language import _, fmt_count, fmt_list, fmt_number
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.answers import read_items, read_ratings
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.stats.clustered import jackknife_error

SCORE_NUMBERS = ["score_value_index", "score_value_index_ci_low", "score_value_index_ci_high",
                 "simple_margin_index", "previous_index", "change_index", "change_index_ci_low",
                 "change_index_ci_high"]
SCORE_COLUMNS = ["measure", "convention", "n_answers", "n_accounts", *SCORE_NUMBERS[:3],
                 "error_method", *SCORE_NUMBERS[3:]]
NPS_SCALE = (0.0, 10.0)
N_ACSI = 3


class Score(NamedTuple):
    """One score of one wave, in points: value, its standard error, and what both rest on."""

    value: float
    error: float
    n_answers: int
    n_accounts: int
    simple_error: float


def nps_error(promoters: float, detractors: float, n: int,
              population: int | None = None) -> float:
    """Standard error, in points, of NPS = 100 (p - d): 100 sqrt((p + d - (p - d)^2) / n).

    promoters, detractors: shares (0-1); population: for the finite whole, times
    sqrt((N - n) / (N - 1)). Every answer counts as independent of the others.
    Source: variance of a difference of two shares of one multinomial.

    >>> round(1.96 * nps_error(0.5, 0.2, 100), 1)
    15.3
    """
    if n <= 0 or promoters + detractors > 1 + 1e-9:
        raise InputError(f"NPS needs answers, and promoters and detractors that are part of them, "
                         f"but there are {n} answers, {promoters} and {detractors}. Count again.")
    error = 100 * float(np.sqrt(max(0.0, promoters + detractors
                                    - (promoters - detractors) ** 2) / n))
    return error if population is None else error * float(
        np.sqrt((population - n) / (population - 1)))


def score_acsi(means: Sequence[float], *, weights: Sequence[float], scale_min: float,
               scale_max: float) -> float:
    """ACSI-type score, 0-100: 100 sum(w (mean - min)) / (max - min) / sum(w).

    means: of satisfaction, expectations met, and nearness to the ideal (scale points).
    Source: Fornell et al. (1996), J. Marketing 60(4):7-18, p. 17, with weights as given.

    >>> score_acsi([10, 10, 10], weights=[.3885, .3190, .2925], scale_min=1, scale_max=10)
    100.0
    """
    if len(means) != len(weights) or sum(weights) <= 0 or min(weights) < 0:
        raise InputError(f"{len(means)} means need as many weights of 0 or more, not all 0, but "
                         f"have {list(weights)}. Correct the rule satisfaction.acsi_weights.")
    share = np.dot((np.asarray(means, "float64") - scale_min) / (scale_max - scale_min), weights)
    return float(100 * share / sum(weights))


def build_scores(now: WaveScores, before: WaveScores | None, *, items: pd.DataFrame,
                 answers: pd.DataFrame, rules: SatisfactionRules,
                 population: int | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    """NPS, top-2-box, CSAT and ACSI-type score of a wave, and their change.

    items, answers: survey_items and survey_answers; before: the wave before, or None.
    Returns the scores, and why one is missing by its name. One row a measure that could be
    computed: measure (nps, top_two_box, csat_mean, acsi), convention (how it is counted),
    n_answers, n_accounts, score_value_index (points; shares times 100) with interval, error_method
    (each_answer: the simple formula, where every account answered once; over_accounts: the
    jackknife over accounts, where some answered more often), simple_margin_index (half the
    interval of the simple formula, NPS only), previous_index, change_index with interval (both
    waves as if independent, which is wide when the same accounts answer).
    """
    rows, reasons = [], {}
    for name, (convention, build) in MEASURES.items():
        try:
            score = build(now, items, answers, rules, population)
        except RefusedError as refusal:
            reasons[name] = str(refusal)
            continue
        rows.append({"measure": name, "convention": convention,
                     **_describe(score, _earlier(build, before, items, answers, rules), rules)})
    table = pd.DataFrame(rows, columns=SCORE_COLUMNS)
    return table.astype({"n_answers": "Int64", "n_accounts": "Int64",
                         **dict.fromkeys(SCORE_NUMBERS, "float64")}), reasons


def _nps(wave: WaveScores, items: pd.DataFrame, answers: pd.DataFrame, rules: SatisfactionRules,
         population: int | None) -> Score:
    given = _given(wave, "nps", items, answers, rules)
    if (wave.scale_min, wave.scale_max) != NPS_SCALE:
        raise RefusedError(_(
            "The net promoter score is only defined on answers from 0 to 10, and this wave asked "
            "from {low} to {high}; another scale would lift this.",
            low=fmt_number(wave.scale_min, 0), high=fmt_number(wave.scale_max, 0)))
    points = (given["rating"] >= 9).astype("float64") - (given["rating"] <= 6).astype("float64")
    simple = nps_error(float((points > 0).mean()), float((points < 0).mean()), len(points))
    return _score(100 * points, given["account_id"], simple, rules, population)


def _top_two(wave: WaveScores, items: pd.DataFrame, answers: pd.DataFrame,
             rules: SatisfactionRules, population: int | None) -> Score:
    given = _given(wave, "overall", items, answers, rules)
    top = 100 * (given["rating"] >= wave.scale_max - 1 - 1e-9).astype("float64")
    return _score(top, given["account_id"], None, rules, population)


def _csat_mean(wave: WaveScores, items: pd.DataFrame, answers: pd.DataFrame,
               rules: SatisfactionRules, population: int | None) -> Score:
    given = _given(wave, "overall", items, answers, rules)
    return _score(100 * given["rating"] / wave.scale_max, given["account_id"], None, rules,
                  population)


def _acsi(wave: WaveScores, items: pd.DataFrame, answers: pd.DataFrame, rules: SatisfactionRules,
          population: int | None) -> Score:
    names = list(rules.acsi_items)
    if len(names) != N_ACSI:
        raise RefusedError(_(
            "An ACSI-type score needs three questions (satisfaction, expectations met, nearness "
            "to the ideal); the rule satisfaction.acsi_items, which names them, would lift this."))
    own = items[(items["wave_id"] == wave.wave_id) & items["item_id"].isin(names)]
    missing = sorted(set(names) - set(own["item_id"]))
    if missing:
        raise RefusedError(_("The wave has no item {items}, which satisfaction.acsi_items names; "
                             "survey_items would lift this.", items=fmt_list(missing)))
    given = _given(wave, tuple(own["kind"].unique()), own, answers, rules)
    wide = given.pivot(index=["account_id", "questionnaire_id"], columns="item_id",
                       values="rating").reindex(columns=names).dropna().reset_index()
    if wide.empty:
        raise RefusedError(_("Nobody answered all three questions of the ACSI-type score; more "
                             "answers would lift this."))
    weights = rules.acsi_weights
    scores = wide[names].apply(lambda row: score_acsi(
        list(row), weights=weights, scale_min=wave.scale_min, scale_max=wave.scale_max), axis=1)
    return _score(scores, wide["account_id"], None, rules, population)


Build = Callable[[WaveScores, pd.DataFrame, pd.DataFrame, SatisfactionRules, int | None], Score]
MEASURES: dict[str, tuple[str, Build]] = {
    "nps": ("nps_nine_six", _nps), "top_two_box": ("two_best_answers", _top_two),
    "csat_mean": ("mean_of_maximum", _csat_mean), "acsi": ("acsi_weighted", _acsi)}


def _given(wave: WaveScores, kind: str | tuple[str, ...], items: pd.DataFrame,
           answers: pd.DataFrame, rules: SatisfactionRules) -> pd.DataFrame:
    kinds = (kind,) if isinstance(kind, str) else kind
    chosen = read_items(items, wave_id=wave.wave_id, kinds=kinds)
    grid = read_ratings(answers[answers["wave_id"] == wave.wave_id], items=chosen,
                        scale_min=wave.scale_min, scale_max=wave.scale_max,
                        not_applicable_codes=rules.not_applicable_codes)
    given = grid[grid["rating"].notna()]
    n_accounts = given["account_id"].nunique()
    if n_accounts < rules.min_accounts:
        raise RefusedError(_(
            "Questions of kind {kind} were answered by {n} accounts; a score needs {least}. More "
            "answers would lift this.", kind=fmt_list(kinds), n=fmt_count(n_accounts),
            least=fmt_count(rules.min_accounts)))
    return given


def _score(points: pd.Series, account_ids: pd.Series, simple: float | None,
           rules: SatisfactionRules, population: int | None) -> Score:
    groups = points.groupby(account_ids, sort=True)
    sums, sizes = groups.sum(), groups.size()
    if simple is None:
        simple = float(points.std(ddof=1) / np.sqrt(len(points)))
    error = simple if (sizes == 1).all() else jackknife_error(sums, sizes)
    if population is not None and rules.finite_population_correction and population > 1:
        error *= np.sqrt(max(0, population - len(sizes)) / (population - 1))
    # Answers that are all alike show no spread, which is no proof of certainty.
    return Score(float(points.mean()), float(error) or float("nan"), len(points), len(sizes),
                 simple)


def _earlier(build: Build, before: WaveScores | None, items: pd.DataFrame, answers: pd.DataFrame,
             rules: SatisfactionRules) -> Score | None:
    if before is None:
        return None
    try:
        return build(before, items, answers, rules, None)
    except RefusedError:
        return None


def _describe(score: Score, before: Score | None, rules: SatisfactionRules) -> dict[str, Any]:
    tail = (1 + rules.confidence_level) / 2
    # Few accounts say little about their own spread: Student's quantile, as for the index.
    half = float(stats.t.ppf(tail, max(1, score.n_accounts - 1))) * score.error
    row: dict[str, Any] = {
        "n_answers": score.n_answers, "n_accounts": score.n_accounts,
        "score_value_index": score.value, "score_value_index_ci_low": score.value - half,
        "score_value_index_ci_high": score.value + half,
        "error_method": "each_answer" if score.n_answers == score.n_accounts else "over_accounts",
        "simple_margin_index": float(stats.norm.ppf(tail)) * score.simple_error}
    if before is None:
        return row
    change = score.value - before.value
    freedom = max(1, min(score.n_accounts, before.n_accounts) - 1)
    far = float(stats.t.ppf(tail, freedom)) * float(np.hypot(score.error, before.error))
    return row | {"previous_index": before.value, "change_index": change,
                  "change_index_ci_low": change - far, "change_index_ci_high": change + far}
