"""From the survey's tables and the accounts' facts to everything the satisfaction report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.handover import Attempts, Unanswered
from kamlib.language import _, fmt_date
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.bounds import bound_silence
from kamlib.satisfaction.survey.direction import correlate_items
from kamlib.satisfaction.survey.estimates import ESTIMATE_COLUMNS, estimate_index
from kamlib.satisfaction.survey.fieldwork import follow_field, hear_wave, invitations_of
from kamlib.satisfaction.survey.frame import reference_note, reference_volumes
from kamlib.satisfaction.survey.hidden import HIDDEN_COLUMNS, list_hidden
from kamlib.satisfaction.survey.index import MEASURE_COLUMNS, build_measures, score_accounts
from kamlib.satisfaction.survey.items import account_item_means, name_item, score_items
from kamlib.satisfaction.survey.names import name_of_map
from kamlib.satisfaction.survey.oddities import list_oddities
from kamlib.satisfaction.survey.readings import build_readings
from kamlib.satisfaction.survey.recommend import build_scores
from kamlib.satisfaction.survey.response import summarise_response
from kamlib.satisfaction.survey.result import ACCOUNT_COLUMNS, BASIS_COLUMNS, NEEDED, Survey
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.satisfaction.survey.standings import rank_categories
from kamlib.satisfaction.survey.targets import find_target, list_misplaced
from kamlib.satisfaction.survey.validity import list_imputations, summarise_validity
from kamlib.satisfaction.survey.waves import (
    build_trend,
    choose_waves,
    list_unheard,
    score_waves,
)


@dataclass(frozen=True)
class Sources:
    """What the survey is read from; answers and invitations as they stood on as_of."""

    tables: Mapping[str, pd.DataFrame]
    months: pd.DataFrame
    accounts: pd.DataFrame
    amounts: pd.Series
    as_of: date
    period_start: date | None
    rules: SatisfactionRules

    @property
    def owners(self) -> dict[str, str]:
        """Owner of each account; empty where nobody is known."""
        if "owner_id" not in self.accounts:
            return {}
        owners = self.accounts.set_index("account_id")["owner_id"].fillna("").astype("str")
        return {str(account): str(owner) for account, owner in owners.items()}


def build_survey(tables: Mapping[str, pd.DataFrame], *, facts: pd.DataFrame, months: pd.DataFrame,
                 accounts: pd.DataFrame, as_of: date, rules: SatisfactionRules,
                 period_start: date | None = None) -> Survey:
    """Compute everything the satisfaction report shows.

    tables: the tables of `TABLES` that the company has, by name; facts: account_facts
    (account_id, net_amount_window); months: account_months (for a wave's reference window);
    accounts: the accounts table (party_role: only customers are in the frame; owner_id); as_of:
    waves that ended later, and answers given later, are not seen; period_start: first day of the
    period, to say whether the wave belongs to it.
    What cannot be computed is an entry of `unanswered`, never an exception.
    """
    question = _("How satisfied are our accounts?")
    missing = next((name for name in NEEDED if name not in tables or tables[name].empty), "")
    if missing:
        reason = _("There is no survey: the table {table} is missing or empty.", table=missing)
        return Survey(rules, unanswered=(Unanswered(question, reason, missing),))
    answers = tables["survey_answers"]
    answers = answers[pd.to_datetime(answers["answered_date"]) <= pd.Timestamp(as_of)]
    sources = Sources({**tables, "survey_answers": answers}, months, accounts,
                      facts.set_index("account_id")["net_amount_window"].astype("float64"),
                      as_of, period_start, rules)
    waves = choose_waves(tables["survey_waves"], tables["survey_items"], answers, as_of=as_of)
    if waves.empty:
        reason = _("No wave with rating items had ended and been answered by {day}.",
                   day=fmt_date(as_of))
        tracked, coverage, chase = follow_field(sources.tables, months=months, accounts=accounts,
                                                amounts=sources.amounts, owners=sources.owners,
                                                as_of=as_of, rules=rules)
        return Survey(rules, unanswered=(Unanswered(question, reason, "survey_answers"),),
                      tracked_name=tracked, coverage=coverage, chase=chase)
    return _assemble(waves, score_waves(waves, tables["survey_items"], answers, rules=rules),
                     sources)


def _assemble(waves: pd.DataFrame, scored: dict[str, WaveScores], sources: Sources) -> Survey:
    tables, rules, amounts = sources.tables, sources.rules, sources.amounts
    wave, items, answers = waves.iloc[-1], tables["survey_items"], tables["survey_answers"]
    now = scored[str(wave["wave_id"])]
    before = scored[str(waves["wave_id"].iloc[-2])] if len(waves) > 1 else None
    rate_target, index_target = (
        find_target(tables.get("targets"), kind=kind, as_of=sources.as_of, default=default)
        for kind, default in (("rate", rules.rate_target), ("index", rules.index_target)))
    answered = score_accounts(now, satisfied_line=rules.satisfied_line)
    volumes = reference_volumes(wave, months=sources.months, amounts=amounts)
    hearing = hear_wave(wave, now.questionnaires, answered, tables, volumes=volumes,
                        accounts=sources.accounts, as_of=sources.as_of, rules=rules)
    population = _count_listed(hearing)
    attempts = Attempts()
    measures = attempts.take("three_figures", MEASURE_COLUMNS, lambda: build_measures(
        now, answered, rules=rules, index_target=index_target, rate_target=rate_target,
        population=population))
    scores, reasons = build_scores(now, before, items=items, answers=answers, rules=rules,
                                   population=population)
    invitations = invitations_of(wave, tables, sources.as_of)
    tracked, coverage, chase = follow_field(
        tables, months=sources.months, accounts=sources.accounts, amounts=amounts,
        owners=sources.owners, as_of=sources.as_of, rules=rules, last=(wave, now, hearing))
    wave_answers = answers[answers["wave_id"] == now.wave_id]
    hidden = attempts.take("hidden_dissatisfied", HIDDEN_COLUMNS, lambda: list_hidden(
        now, items=items, answers=answers, amounts=amounts, owners=sources.owners, rules=rules))
    return Survey(
        rules, now.wave_id, str(wave["name"]), str(waves["name"].iloc[-2]) if before else "",
        measures=measures,
        estimates=attempts.take("index_estimates", ESTIMATE_COLUMNS, lambda: estimate_index(
            now, answered, amounts=amounts, rules=rules, population=population)),
        bounds=bound_silence(hearing, answered, wave=now, rules=rules, index_target=index_target,
                             rate_target=rate_target),
        trend=build_trend(waves, scored, amounts=amounts, rules=rules,
                          populations={now.wave_id: population}),
        items=score_items(now, previous=before, amounts=amounts, rules=rules),
        accounts=_describe_accounts(now, before, answered, hearing, amounts, rules),
        categories=rank_categories(now, rules=rules), directions=correlate_items(now, rules=rules),
        scores=scores, hidden=hidden,
        oddities=list_oddities(now, answers=wave_answers, accounts=answered,
                               invitations=invitations, unheard_waves=list_unheard(
                                   tables["survey_waves"], waves, as_of=sources.as_of)),
        hearing=hearing, coverage=coverage, chase=chase, tracked_name=tracked,
        response=summarise_response(hearing, questionnaires=now.questionnaires,
                                    level=rules.confidence_level),
        validity=summarise_validity(now, level=rules.confidence_level),
        imputations=list_imputations(now),
        readings=build_readings(wave, items=items, answers=answers, amounts=amounts, rules=rules,
                                rate_target=rate_target),
        basis=_describe_basis(wave, now, hearing, volumes, sources),
        refused={**attempts.refused, **reasons},
        unanswered=_explain(attempts.refused, reasons, sources), now=now, before=before,
        age_months=_age_months(wave, sources.as_of), is_in_period=_is_in_period(wave, sources))


def _explain(refused: Mapping[str, str], reasons: Mapping[str, str],
             sources: Sources) -> tuple[Unanswered, ...]:
    """Entries for what was refused; an ACSI-type score nobody asked for is none."""
    entries = []
    if "three_figures" in refused:
        entries.append(Unanswered(_("How satisfied are our accounts?"), refused["three_figures"],
                                  "survey_answers"))
    entries += [Unanswered(_("Is the target of satisfaction met?"), sentence, "targets")
                for sentence in list_misplaced(sources.tables.get("targets"),
                                               as_of=sources.as_of)]
    if "hidden_dissatisfied" in refused:
        entries.append(Unanswered(_("Who is unhappy in spite of a good overall mark?"),
                                  refused["hidden_dissatisfied"], "survey_items"))
    if "nps" in reasons and (sources.tables["survey_items"]["kind"] == "nps").any():
        entries.append(Unanswered(_("Would they recommend us?"), reasons["nps"], "survey_waves"))
    if "acsi" in reasons and sources.rules.acsi_items:
        entries.append(Unanswered(_("What is the ACSI-type score?"), reasons["acsi"],
                                  "survey_items"))
    return tuple(entries)


def _count_listed(hearing: pd.DataFrame) -> int:
    """Accounts that were to be heard: of the frame, asked, or heard all the same."""
    listed = (hearing["in_survey_frame"].astype("bool") | (hearing["n_sent"].fillna(0) > 0)
              | hearing["is_heard"].astype("bool"))
    return int(listed.sum())


def _age_months(wave: pd.Series, as_of: date) -> int:
    end = pd.Timestamp(wave["end_date"])
    months = (as_of.year - end.year) * 12 + as_of.month - end.month
    return months - int(as_of.day < min(end.day, pd.Timestamp(as_of).days_in_month))


def _is_in_period(wave: pd.Series, sources: Sources) -> bool:
    return sources.period_start is None or (
        pd.Timestamp(wave["end_date"]) >= pd.Timestamp(sources.period_start))


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
                    sources: Sources) -> pd.DataFrame:
    frame = hearing[hearing["in_survey_frame"]]
    note = reference_note(wave, volumes=volumes, amounts=sources.amounts,
                          stale_days=sources.rules.stale_reference_days)
    row = [str(wave["name"]), pd.Timestamp(wave["start_date"]), pd.Timestamp(wave["end_date"]),
           _age_months(wave, sources.as_of), _is_in_period(wave, sources), note,
           pd.Timestamp(wave["reference_to"]), len(frame), float(frame["reference_amount"].sum()),
           name_of_map(now.scale_map), now.validity_rule]
    return pd.DataFrame([row], columns=BASIS_COLUMNS).astype(
        {"wave_age_months": "Int64", "reference_end_date": "datetime64[ns]"})
