"""Which waves a report may see, and how the index went from wave to wave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.changes import compare_accounts
from kamlib.satisfaction.survey.estimates import cluster_over, refuse_if_few
from kamlib.satisfaction.survey.index import rate_interval, score_accounts
from kamlib.satisfaction.survey.names import read_scale_map
from kamlib.satisfaction.survey.scoring import WaveScores, score_wave

TREND_FLOATS = ["overall_index", "overall_index_ci_low", "overall_index_ci_high", "satisfied_share",
                "satisfied_share_ci_low", "satisfied_share_ci_high", "change_index",
                "change_index_ci_low", "change_index_ci_high", "fallen_amount"]
TREND_COLUMNS = ["wave_id", "name", "end_date", "n_questionnaires", "n_valid", "n_accounts",
                 *TREND_FLOATS[:6], "n_paired", *TREND_FLOATS[6:9], "movement", "n_fallen",
                 "fallen_amount"]


def choose_waves(waves: pd.DataFrame, items: pd.DataFrame, answers: pd.DataFrame, *,
                 as_of: date) -> pd.DataFrame:
    """The waves with rating items that ended by as_of and were answered by then.

    waves, items, answers: survey_waves, survey_items and survey_answers. Returns the waves' rows,
    sorted by end date (then wave_id): the last is the report's wave, the one before it the wave
    to compare with.
    """
    day = pd.Timestamp(as_of)
    seen = answers.loc[pd.to_datetime(answers["answered_date"]) <= day, "wave_id"]
    rated = items.loc[items["kind"] == "rating", "wave_id"]
    ended = pd.to_datetime(waves["end_date"]) <= day
    chosen = waves[ended & waves["wave_id"].isin(seen) & waves["wave_id"].isin(rated)]
    return chosen.sort_values(["end_date", "wave_id"], ignore_index=True)


def list_unheard(waves: pd.DataFrame, chosen: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Waves that ended by as_of, after the report's one, but were answered by nobody.

    waves: survey_waves; chosen: from `choose_waves`. Returns the waves' rows, sorted.
    """
    end = pd.to_datetime(waves["end_date"])
    later = (end <= pd.Timestamp(as_of)) & (end > pd.Timestamp(chosen["end_date"].iloc[-1]))
    return waves[later].sort_values(["end_date", "wave_id"], ignore_index=True)


def score_waves(waves: pd.DataFrame, items: pd.DataFrame, answers: pd.DataFrame, *,
                rules: SatisfactionRules) -> dict[str, WaveScores]:
    """Score every wave with the scale map and the validity rule of the last one.

    waves: from `choose_waves`. Another scale is stretched onto the last one's, end to end.
    Returns the scored waves by wave_id.
    """
    last = score_wave(waves.iloc[-1], items=items, answers=answers, rules=rules)
    scored = {last.wave_id: last}
    for _i, wave in waves.iloc[:-1].iterrows():
        scored[str(wave["wave_id"])] = score_wave(
            wave, items=items, answers=answers, rules=rules, validity_rule=last.validity_rule,
            scale_map=_map_like(last, wave))
    return scored


def _map_like(last: WaveScores, wave: pd.Series) -> str:
    """The map for an earlier wave that puts it on the last wave's 0-100."""
    if (wave["scale_min"], wave["scale_max"]) == (last.scale_min, last.scale_max):
        return last.scale_map
    # From a scale that begins at 0, x / max and (x - min) / (max - min) are the same map; on a
    # scale that begins at 1 only the second of them reaches 0.
    if last.scale_map == "of_maximum" and last.scale_min == 0:
        return "of_range"
    return read_scale_map(wave.get("scale_map"), default="of_range") if "=" in last.scale_map else (
        last.scale_map)


def build_trend(waves: pd.DataFrame, scored: Mapping[str, WaveScores], *, amounts: pd.Series,
                rules: SatisfactionRules,
                populations: Mapping[str, int] = MappingProxyType({})) -> pd.DataFrame:
    """The index of every wave and its change from the one before.

    waves: from `choose_waves`; scored: each wave on the same map and validity rule, so that a new
    ruler does not look like a new opinion; amounts: revenue of each account (index account_id);
    populations: accounts that a wave was to hear, by wave_id (finite_population_correction).
    Returns one row a wave, sorted by end date: wave_id, name, end_date, n_questionnaires, n_valid,
    n_accounts, overall_index (0-100) with an interval over accounts, satisfied_share with Wilson's
    (gaps where `refuse_if_few` refuses), then against the wave before, paired by account:
    n_paired, change_index with interval (points), movement, n_fallen, fallen_amount.
    """
    rows, before = [], None
    for wave in waves.to_dict("records"):
        one = scored[str(wave["wave_id"])]
        accounts = score_accounts(one, satisfied_line=rules.satisfied_line)
        row = {"wave_id": one.wave_id, "name": wave["name"],
               "end_date": pd.Timestamp(wave["end_date"]),
               "n_questionnaires": len(one.questionnaires),
               "n_valid": int(one.questionnaires["is_valid"].sum()), "n_accounts": len(accounts),
               **_figures(one, accounts, rules, populations.get(one.wave_id)), "movement": ""}
        if before is not None:
            row |= compare_accounts(accounts, before, amounts=amounts, rules=rules)
        rows.append(row)
        before = accounts
    table = pd.DataFrame(rows, columns=TREND_COLUMNS)
    counts = [c for c in TREND_COLUMNS if c.startswith("n_")]
    return table.astype(dict.fromkeys(counts, "Int64") | dict.fromkeys(TREND_FLOATS, "float64"))


def _figures(wave: WaveScores, accounts: pd.DataFrame, rules: SatisfactionRules,
             population: int | None) -> dict[str, float]:
    try:
        refuse_if_few(wave, accounts, rules=rules)
    except RefusedError:
        return {}
    n, n_satisfied = len(accounts), int(accounts["is_satisfied"].sum())
    index = cluster_over(accounts["account_index"], pd.Series(1.0, index=accounts.index), rules,
                         population)
    rate_low, rate_high = rate_interval(n_satisfied, n, rules=rules, population=population)
    return {"overall_index": index.value, "overall_index_ci_low": index.low,
            "overall_index_ci_high": index.high, "satisfied_share": n_satisfied / n,
            "satisfied_share_ci_low": rate_low, "satisfied_share_ci_high": rate_high}
