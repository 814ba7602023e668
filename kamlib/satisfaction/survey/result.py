"""All tables of the satisfaction notebook, from the survey's tables and the accounts' facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Unanswered
from kamlib.language import _, fmt_date
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.frame import build_frame, reference_note, reference_volumes
from kamlib.satisfaction.survey.index import MEASURE_COLUMNS, build_measures, score_accounts
from kamlib.satisfaction.survey.items import COLUMNS as ITEM_COLUMNS
from kamlib.satisfaction.survey.items import account_item_means, name_item, score_items
from kamlib.satisfaction.survey.names import name_of_map
from kamlib.satisfaction.survey.readings import COLUMNS as READING_COLUMNS
from kamlib.satisfaction.survey.readings import build_readings
from kamlib.satisfaction.survey.response import (
    COVERAGE_COLUMNS,
    HEARING_COLUMNS,
    RESPONSE_COLUMNS,
    build_hearing,
    summarise_response,
    track_coverage,
)
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.satisfaction.survey.targets import find_target
from kamlib.satisfaction.survey.validity import (
    IMPUTATION_COLUMNS,
    VALIDITY_COLUMNS,
    list_imputations,
    summarise_validity,
)
from kamlib.satisfaction.survey.waves import TREND_COLUMNS, build_trend, choose_waves, score_waves

TABLES = ("survey_waves", "survey_items", "survey_answers", "survey_invitations", "targets")
NEEDED = TABLES[:3]
ACCOUNT_COLUMNS = ["account_id", "n_questionnaires", "n_imputed", "account_index",
                   "account_index_se", "is_satisfied", "is_near_line", "previous_index",
                   "lowest_item", "in_survey_frame", "net_amount_window"]
BASIS_COLUMNS = ["wave_name", "field_start_date", "end_date", "reference", "n_frame",
                 "frame_amount", "scale_map", "validity_rule"]


def _empty(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


@dataclass(frozen=True)
class Survey:
    """What the report's wave says; every table keeps its columns when there is nothing to say.

    measures: three rows, see `build_measures`; trend: one row a wave; items: one row an item;
    accounts: one row an account heard, lowest index first: the columns of `score_accounts`,
    previous_index, lowest_item (its text), in_survey_frame, net_amount_window (money);
    hearing: one row an account of the frame or asked; response, coverage, validity, imputations,
    readings: see the functions of those names; basis: one row, how the wave was read.
    unanswered: what had to be refused, and why; now, before: the wave's scores and those of the
    wave before on the same map (None without one).
    """

    rules: SatisfactionRules
    wave_id: str = ""
    wave_name: str = ""
    previous_name: str = ""
    measures: pd.DataFrame = field(default_factory=lambda: _empty(MEASURE_COLUMNS))
    trend: pd.DataFrame = field(default_factory=lambda: _empty(TREND_COLUMNS))
    items: pd.DataFrame = field(default_factory=lambda: _empty(ITEM_COLUMNS))
    accounts: pd.DataFrame = field(default_factory=lambda: _empty(ACCOUNT_COLUMNS))
    hearing: pd.DataFrame = field(default_factory=lambda: _empty(HEARING_COLUMNS))
    response: pd.DataFrame = field(default_factory=lambda: _empty(RESPONSE_COLUMNS))
    coverage: pd.DataFrame = field(default_factory=lambda: _empty(COVERAGE_COLUMNS))
    validity: pd.DataFrame = field(default_factory=lambda: _empty(VALIDITY_COLUMNS))
    imputations: pd.DataFrame = field(default_factory=lambda: _empty(IMPUTATION_COLUMNS))
    readings: pd.DataFrame = field(default_factory=lambda: _empty(READING_COLUMNS))
    basis: pd.DataFrame = field(default_factory=lambda: _empty(BASIS_COLUMNS))
    unanswered: tuple[Unanswered, ...] = ()
    now: WaveScores | None = None
    before: WaveScores | None = None

    def __repr__(self) -> str:
        return (f"Survey({self.wave_name or 'no wave'}, {len(self.accounts)} accounts heard, "
                f"{len(self.unanswered)} questions unanswered)")


def build_survey(tables: Mapping[str, pd.DataFrame], *, facts: pd.DataFrame, months: pd.DataFrame,
                 accounts: pd.DataFrame, as_of: date, rules: SatisfactionRules) -> Survey:
    """Compute everything the satisfaction report shows.

    tables: the tables of `TABLES` that the company has, by name; facts: account_facts
    (account_id, net_amount_window); months: account_months (for a wave's reference window);
    accounts: the accounts table (party_role: only customers are in the frame); as_of: waves that
    ended later, and answers given later, are not seen.
    What cannot be computed is an entry of `unanswered`, never an exception.
    """
    question = _("How satisfied are our accounts?")
    missing = next((name for name in NEEDED if name not in tables or tables[name].empty), "")
    if missing:
        reason = _("There is no survey: the table {table} is missing or empty.", table=missing)
        return Survey(rules, unanswered=(Unanswered(question, reason, missing),))
    answers = tables["survey_answers"]
    answers = answers[pd.to_datetime(answers["answered_date"]) <= pd.Timestamp(as_of)]
    waves = choose_waves(tables["survey_waves"], tables["survey_items"], answers, as_of=as_of)
    if waves.empty:
        reason = _("No wave with rating items had ended and been answered by {day}.",
                   day=fmt_date(as_of))
        return Survey(rules, unanswered=(Unanswered(question, reason, "survey_answers"),))
    scored = score_waves(waves, tables["survey_items"], answers, rules=rules)
    return _assemble(waves, scored, {**tables, "survey_answers": answers}, facts=facts,
                     months=months, accounts=accounts, as_of=as_of, rules=rules)


def _assemble(waves: pd.DataFrame, scored: dict[str, WaveScores],
              tables: Mapping[str, pd.DataFrame], *, facts: pd.DataFrame, months: pd.DataFrame,
              accounts: pd.DataFrame, as_of: date, rules: SatisfactionRules) -> Survey:
    wave = waves.iloc[-1]
    now = scored[str(wave["wave_id"])]
    before = scored[str(waves["wave_id"].iloc[-2])] if len(waves) > 1 else None
    amounts = facts.set_index("account_id")["net_amount_window"].astype("float64")
    rate_target, index_target = (
        find_target(tables.get("targets"), kind=kind, as_of=as_of, default=default)
        for kind, default in (("rate", rules.rate_target), ("index", rules.index_target)))
    answered = score_accounts(now, satisfied_line=rules.satisfied_line)
    volumes = reference_volumes(wave, months=months, amounts=amounts)
    hearing = _hear(wave, now, answered, tables, volumes=volumes, accounts=accounts, as_of=as_of,
                    rules=rules)
    items = score_items(now, previous=before, amounts=amounts, rules=rules)
    measures, unanswered = _measure(now, answered, rules, index_target, rate_target)
    answers = tables["survey_answers"]
    level = rules.confidence_level
    return Survey(
        rules, now.wave_id, str(wave["name"]),
        str(waves["name"].iloc[-2]) if before else "", measures=measures,
        trend=build_trend(waves, scored, amounts=amounts, rules=rules), items=items,
        accounts=_describe_accounts(now, before, answered, hearing, amounts, rules),
        hearing=hearing,
        response=summarise_response(hearing, questionnaires=now.questionnaires, level=level),
        coverage=track_coverage(hearing, now.questionnaires,
                                answers[answers["wave_id"] == now.wave_id]),
        validity=summarise_validity(now, level=level), imputations=list_imputations(now),
        readings=build_readings(wave, items=tables["survey_items"], answers=answers,
                                amounts=amounts, rules=rules, rate_target=rate_target),
        basis=_describe_basis(wave, now, hearing, volumes, amounts, rules),
        unanswered=unanswered, now=now, before=before)


def _measure(now: WaveScores, answered: pd.DataFrame, rules: SatisfactionRules,
             index_target: float | None,
             rate_target: float | None) -> tuple[pd.DataFrame, tuple[Unanswered, ...]]:
    try:
        measures = build_measures(now, answered, rules=rules, index_target=index_target,
                                  rate_target=rate_target)
    except RefusedError as refusal:
        refused = Unanswered(_("How satisfied are our accounts?"), str(refusal), "survey_answers")
        return _empty(MEASURE_COLUMNS), (refused,)
    return measures, ()


def _hear(wave: pd.Series, now: WaveScores, answered: pd.DataFrame,
          tables: Mapping[str, pd.DataFrame], *, volumes: pd.Series, accounts: pd.DataFrame,
          as_of: date, rules: SatisfactionRules) -> pd.DataFrame:
    if "party_role" in accounts:
        others = accounts.loc[accounts["party_role"].ne("customer").fillna(False), "account_id"]
        volumes = volumes[~volumes.index.isin(others)]
    return build_hearing(build_frame(volumes, share=rules.frame_share),
                         invitations=_invitations_of(wave, tables, as_of),
                         questionnaires=now.questionnaires, accounts=answered)


def _invitations_of(wave: pd.Series, tables: Mapping[str, pd.DataFrame],
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


def _describe_accounts(now: WaveScores, before: WaveScores | None, answered: pd.DataFrame,
                       hearing: pd.DataFrame, amounts: pd.Series,
                       rules: SatisfactionRules) -> pd.DataFrame:
    table = answered.copy()
    earlier = pd.Series(dtype="float64")
    if before is not None:
        earlier = score_accounts(before, satisfied_line=rules.satisfied_line).set_index(
            "account_id")["account_index"]
    table["previous_index"] = table["account_id"].map(earlier).astype("float64")
    means = account_item_means(now).sort_values(["account_id", "score_index", "item_id"])
    lowest = means.drop_duplicates("account_id").set_index("account_id")["item_id"]
    texts = {row["item_id"]: name_item(row) for row in now.items.to_dict("records")}
    table["lowest_item"] = table["account_id"].map(lowest).map(texts)
    in_frame = hearing.set_index("account_id")["in_survey_frame"]
    table["in_survey_frame"] = table["account_id"].map(in_frame).astype("bool")
    table["net_amount_window"] = table["account_id"].map(amounts).astype("float64")
    return table.sort_values(["account_index", "account_id"], ignore_index=True)[ACCOUNT_COLUMNS]


def _describe_basis(wave: pd.Series, now: WaveScores, hearing: pd.DataFrame, volumes: pd.Series,
                    amounts: pd.Series, rules: SatisfactionRules) -> pd.DataFrame:
    frame = hearing[hearing["in_survey_frame"]]
    note = reference_note(wave, volumes=volumes, amounts=amounts,
                          stale_days=rules.stale_reference_days)
    row = [str(wave["name"]), pd.Timestamp(wave["start_date"]), pd.Timestamp(wave["end_date"]),
           note, len(frame), float(frame["reference_amount"].sum()), name_of_map(now.scale_map),
           now.validity_rule]
    return pd.DataFrame([row], columns=BASIS_COLUMNS)
