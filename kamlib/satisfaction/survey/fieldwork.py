"""Whom a wave was to hear and did hear; and the wave that is still in the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.frame import build_frame, reference_volumes
from kamlib.satisfaction.survey.index import score_accounts
from kamlib.satisfaction.survey.response import build_hearing, summarise_response
from kamlib.satisfaction.survey.scoring import WaveScores, score_wave
from kamlib.satisfaction.survey.tracker import (
    CHASE_COLUMNS,
    COVERAGE_COLUMNS,
    list_chase,
    track_coverage,
)

NOBODY = pd.DataFrame({"questionnaire_id": pd.Series(dtype="str"),
                       "account_id": pd.Series(dtype="str"), "is_valid": pd.Series(dtype="bool")})
NO_ACCOUNT = pd.DataFrame({"account_id": pd.Series(dtype="str"),
                           "account_index": pd.Series(dtype="float64"),
                           "is_satisfied": pd.Series(dtype="bool")})


def hear_wave(wave: pd.Series, questionnaires: pd.DataFrame, answered: pd.DataFrame,
              tables: Mapping[str, pd.DataFrame], *, volumes: pd.Series, accounts: pd.DataFrame,
              as_of: date, rules: SatisfactionRules) -> pd.DataFrame:
    """Return the wave's frame and what came back from each account; see `build_hearing`.

    volumes: from `reference_volumes`; accounts: those whose party_role is not customer are out.
    """
    if "party_role" in accounts:
        others = accounts.loc[accounts["party_role"].ne("customer").fillna(False), "account_id"]
        volumes = volumes[~volumes.index.isin(others)]
    return build_hearing(build_frame(volumes, share=rules.frame_share),
                         invitations=invitations_of(wave, tables, as_of),
                         questionnaires=questionnaires, accounts=answered)


def invitations_of(wave: pd.Series, tables: Mapping[str, pd.DataFrame],
                   as_of: date) -> pd.DataFrame | None:
    """The wave's invitations as they stood on as_of; None when there is no list of them."""
    invitations, day = tables.get("survey_invitations"), pd.Timestamp(as_of)
    if invitations is None:
        return None
    chosen = invitations[(invitations["wave_id"] == wave["wave_id"])
                         & (pd.to_datetime(invitations["sent_date"]) <= day)].copy()
    for column in ("reminded_date", "returned_date"):
        dates = pd.to_datetime(chosen[column])
        chosen[column] = dates.where(dates <= day)
    return None if chosen.empty else chosen


def follow_field(tables: Mapping[str, pd.DataFrame], *, months: pd.DataFrame,
                 accounts: pd.DataFrame, amounts: pd.Series, owners: Mapping[str, str],
                 as_of: date, rules: SatisfactionRules,
                 last: tuple[pd.Series, WaveScores, pd.DataFrame] | None = None,
                 ) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Track the wave in the field, or else the report's own.

    last: the report's wave, its scores and its hearing, or None without one.
    Returns the name of the wave that is tracked, `track_coverage` and `list_chase` of it. Of a wave
    that is over the list is empty when it heard rules.coverage_share of the frame's volume.
    """
    answers = tables["survey_answers"]
    running = _find_running(tables["survey_waves"], as_of)
    if running is not None:
        questionnaires, answered = _read_so_far(running, tables, rules)
        hearing = hear_wave(running, questionnaires, answered, tables, accounts=accounts,
                            volumes=reference_volumes(running, months=months, amounts=amounts),
                            as_of=as_of, rules=rules)
        wave = running
    elif last is not None:
        wave, questionnaires, hearing = last[0], last[1].questionnaires, last[2]
    else:
        return "", pd.DataFrame(columns=COVERAGE_COLUMNS), pd.DataFrame(columns=CHASE_COLUMNS)
    invitations = invitations_of(wave, tables, as_of)
    coverage = track_coverage(hearing, questionnaires,
                              answers[answers["wave_id"] == wave["wave_id"]],
                              invitations=invitations)
    chase = list_chase(hearing, invitations=invitations, owners=owners)
    response = summarise_response(hearing, questionnaires=questionnaires,
                                  level=rules.confidence_level).set_index("measure")
    heard = float(response["response_share"]["frame_revenue"])
    is_covered = running is None and heard >= rules.coverage_share
    return str(wave["name"]), coverage, chase.iloc[:0] if is_covered else chase


def _find_running(waves: pd.DataFrame, as_of: date) -> pd.Series | None:
    day = pd.Timestamp(as_of)
    running = waves[(pd.to_datetime(waves["start_date"]) <= day)
                    & (pd.to_datetime(waves["end_date"]) > day)]
    if running.empty:
        return None
    return running.sort_values(["start_date", "wave_id"]).iloc[-1]


def _read_so_far(wave: pd.Series, tables: Mapping[str, pd.DataFrame],
                 rules: SatisfactionRules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Questionnaires and accounts of a wave that is not over; none before the first answer."""
    answers = tables["survey_answers"]
    answers = answers[answers["wave_id"] == wave["wave_id"]]
    if answers.empty:
        return NOBODY, NO_ACCOUNT
    try:
        scored = score_wave(wave, items=tables["survey_items"], answers=answers, rules=rules)
    except RefusedError:
        return NOBODY, NO_ACCOUNT
    return scored.questionnaires, score_accounts(scored, satisfied_line=rules.satisfied_line)
