"""All tables of the notebook on what to mend first, made in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import _
from kamlib.satisfaction.improvement import (
    expectations,
    importance,
    instrument,
    priorities,
    promises,
    rivals,
)
from kamlib.satisfaction.improvement.points import neutral_point
from kamlib.satisfaction.improvement.rules import ImprovementRules
from kamlib.satisfaction.survey.items import account_item_means
from kamlib.satisfaction.survey.result import Survey
from kamlib.satisfaction.survey.scoring import WaveScores

SURVEY_TABLES = ("survey_waves", "survey_items", "survey_answers")
PROMISED = ["n_open_promises", "main_owner_id", "main_owner_amount"]
# Every table of the result, and its columns when there is nothing to say.
TABLES: dict[str, list[str]] = {
    "priorities": [*priorities.PRIORITY_COLUMNS, *PROMISED],
    "importance": importance.IMPORTANCE_COLUMNS, "crosshairs": importance.CROSSHAIR_COLUMNS,
    "stated": importance.STATED_COLUMNS, "derived": importance.DERIVED_COLUMNS,
    "drivers": importance.CATEGORY_COLUMNS, "rivals": rivals.RIVAL_COLUMNS,
    "markets": rivals.MARKET_COLUMNS, "cells": priorities.CELL_COLUMNS,
    "expectations": expectations.EXPECTATION_COLUMNS, "promises": promises.PROMISE_COLUMNS,
    "topics": promises.TOPIC_COLUMNS, "reliability": instrument.RELIABILITY_COLUMNS,
    "fit": instrument.FIT_COLUMNS, "coverage": instrument.TOPIC_COLUMNS}


@dataclass(frozen=True, eq=False)
class Improvement:
    """What to mend first; `refused` says why a table is empty.

    target_index: what every item should reach (target_source: item_rule, index_target or
    satisfied_line); neutral_index: the middle of the scale on 0-100; method, r_squared: how derived
    importance was found, and how much of the overall judgement the items explain (NaN without).
    priorities: `rank_priorities` with n_open_promises (of that topic), main_owner_id and
    main_owner_amount (whose accounts below the target buy most, and for how much); importance,
    crosshairs: `map_importance`; stated, derived, drivers: `state_importance`,
    `derive_importance`, `derive_categories`; rivals, markets: `compare_rivals`, `compare_markets`;
    cells: `map_markets`; expectations: `compare_expectations`; promises, topics: `list_promises`,
    `judge_topics`; reliability, fit: `check_reliability`; coverage: `check_topics`.
    """

    rules: ImprovementRules
    wave_name: str
    previous_name: str
    target_index: float
    target_source: str
    neutral_index: float
    method: str
    r_squared: float
    priorities: pd.DataFrame
    importance: pd.DataFrame
    crosshairs: pd.DataFrame
    stated: pd.DataFrame
    derived: pd.DataFrame
    drivers: pd.DataFrame
    rivals: pd.DataFrame
    markets: pd.DataFrame
    cells: pd.DataFrame
    expectations: pd.DataFrame
    promises: pd.DataFrame
    topics: pd.DataFrame
    reliability: pd.DataFrame
    fit: pd.DataFrame
    coverage: pd.DataFrame
    refused: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        n_low = int((self.priorities["gap_verdict"] == "not met").sum())
        return (f"Improvement({self.wave_name or 'no wave'}, {n_low} of {len(self.priorities)} "
                f"items below {self.target_index:g}, {len(self.refused)} tables refused)")


def plan_improvement(survey: Survey, tables: Mapping[str, pd.DataFrame], *,
                     accounts: pd.DataFrame, facts: pd.DataFrame, as_of: date,
                     rules: ImprovementRules) -> Improvement:
    """Find what to mend first, and why.

    survey: from `build_survey`; tables: survey_waves, survey_items, survey_answers and actions
    where the company has them; accounts: account_id, region and owner_id where known; facts:
    account_facts (account_id, net_amount_window); as_of: later answers and promises are not seen.
    What cannot be computed is in `refused`, never an exception.
    """
    attempts, workings = Attempts(), _Workings(survey, tables, accounts, facts, as_of, rules)
    found = {name: attempts.take(name, columns, getattr(workings, name))
             for name, columns in TABLES.items()}
    fit = workings.derived_fit() if "derived" not in attempts.refused else None
    target, source = choose_target(survey, rules)
    return Improvement(
        rules=rules, wave_name=survey.wave_name, previous_name=survey.previous_name,
        target_index=target, target_source=source, neutral_index=(
            neutral_point(survey.now, rules=survey.rules) if survey.now else float("nan")),
        method=fit.method if fit else "", r_squared=fit.r_squared if fit else float("nan"),
        refused=attempts.refused, **found)


def choose_target(survey: Survey, rules: ImprovementRules) -> tuple[float, str]:
    """What every item should reach, and where that comes from."""
    stated = survey.measures["target_index"].dropna()
    if rules.item_target_index is not None:
        return rules.item_target_index, "item_rule"
    if len(stated):
        return float(stated.iloc[0]), "index_target"
    return survey.rules.satisfied_line, "satisfied_line"


class _Workings:
    """One method a table; what several need is worked out once."""

    def __init__(self, survey: Survey, tables: Mapping[str, pd.DataFrame],
                 accounts: pd.DataFrame, facts: pd.DataFrame, as_of: date,
                 rules: ImprovementRules) -> None:
        self.survey, self.given, self.people, self.as_of = survey, tables, accounts, as_of
        self.rules, self.level = rules, survey.rules.confidence_level
        self.amounts = facts.set_index("account_id")["net_amount_window"].astype("float64")
        self.target = choose_target(survey, rules)[0]
        self.points = cache(self._points)
        self.pairs = cache(self._pairs)
        self.wide = cache(self._wide)
        self.overall = cache(self._overall)
        self.derive = cache(self._derive)
        self.mapped = cache(self._mapped)
        self.checked = cache(self._checked)
        self.promises = cache(self._promises)

    # -- the tables ------------------------------------------------------------------------------

    def priorities(self) -> pd.DataFrame:
        table = priorities.rank_priorities(
            self.points(), items=self._wave().items, target=self.target, amounts=self.amounts,
            rules=self.rules, level=self.level)
        low = self.points()[self.points()["score_index"] < self.target - 1e-9]
        low = low.assign(owner_id=low["account_id"].map(self._about("owner_id")),
                         amount=low["account_id"].map(self.amounts).astype("float64"))
        low = low[low["owner_id"].fillna("") != ""]
        owners = low.groupby(["item_id", "owner_id"])["amount"].sum(min_count=1).reset_index()
        main = owners.sort_values(["item_id", "amount", "owner_id"],
                                  ascending=[True, False, True]).groupby("item_id").first()
        table["n_open_promises"] = table["category"].fillna("").str.casefold().map(
            self._open_promises()).fillna(0).astype("Int64")
        # Where nobody owns any of these accounts the column is all gaps, which count as numbers.
        main_owner = table["item_id"].map(main["owner_id"]).astype("object")
        table["main_owner_id"] = main_owner.fillna("").astype("str")
        table["main_owner_amount"] = table["item_id"].map(main["amount"]).astype("float64")
        return table

    def importance(self) -> pd.DataFrame:
        return self.mapped()[0]

    def crosshairs(self) -> pd.DataFrame:
        return self.mapped()[1]

    def stated(self) -> pd.DataFrame:
        return importance.state_importance(self._wave(), self._tables(), rules=self.survey.rules)

    def derived(self) -> pd.DataFrame:
        table: pd.DataFrame = self.derive()[0]
        return table

    def derived_fit(self) -> Any:
        return self.derive()[1]

    def drivers(self) -> pd.DataFrame:
        return importance.derive_categories(self.wide(), self.overall(), items=self.survey.items,
                                            rules=self.rules, level=self.level)

    def rivals(self) -> pd.DataFrame:
        return rivals.compare_rivals(self.pairs(), items=self._wave().items, amounts=self.amounts,
                                     rules=self.rules, level=self.level)

    def markets(self) -> pd.DataFrame:
        return rivals.compare_markets(self.pairs(), items=self._wave().items,
                                      regions=self._regions(), amounts=self.amounts,
                                      rules=self.rules, level=self.level)

    def cells(self) -> pd.DataFrame:
        return priorities.map_markets(self.points(), items=self._wave().items,
                                      regions=self._regions(), target=self.target,
                                      rules=self.rules, level=self.level)

    def expectations(self) -> pd.DataFrame:
        return expectations.compare_expectations(self._wave(), self._tables(),
                                                 survey_rules=self.survey.rules, rules=self.rules)

    def topics(self) -> pd.DataFrame:
        made = self.promises()
        return promises.judge_topics(made, now=self._wave(), before=self.survey.before,
                                     rules=self.rules, level=self.level)

    def reliability(self) -> pd.DataFrame:
        return self.checked()[0]

    def fit(self) -> pd.DataFrame:
        return self.checked()[1]

    def coverage(self) -> pd.DataFrame:
        return instrument.check_topics(self._wave().items, topics=self.rules.mandatory_topics)

    # -- what several of them need ---------------------------------------------------------------

    def _wave(self) -> WaveScores:
        if self.survey.now is None:
            reasons = [one.reason for one in self.survey.unanswered]
            raise RefusedError(reasons[0] if reasons else _("There is no survey."))
        return self.survey.now

    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        answers = self.given["survey_answers"]
        is_known = pd.to_datetime(answers["answered_date"]) <= pd.Timestamp(self.as_of)
        return self.given["survey_items"], answers[is_known]

    def _points(self) -> pd.DataFrame:
        means = account_item_means(self._wave())
        if self.survey.measures.empty or means.empty:
            reasons = [one.reason for one in self.survey.unanswered]
            raise RefusedError(reasons[0] if reasons else _("Nobody has answered this wave."))
        return means

    def _pairs(self) -> pd.DataFrame:
        return rivals.pair_rivals(self._wave(), self._tables(), rules=self.survey.rules)

    def _wide(self) -> pd.DataFrame:
        return self.points().pivot(index="account_id", columns="item_id", values="score_index")

    def _overall(self) -> pd.Series:
        return importance.score_overall(self._wave(), self._tables(), rules=self.survey.rules)

    def _derive(self) -> tuple[pd.DataFrame, Any]:
        return importance.derive_importance(self.wide(), self.overall(), rules=self.rules,
                                            level=self.level)

    def _mapped(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        self.points()
        attempts = Attempts()
        stated = attempts.take("stated", importance.STATED_COLUMNS, self.stated)
        derived = attempts.take("derived", importance.DERIVED_COLUMNS, self.derived)
        if stated.empty and derived.empty:
            raise RefusedError(" ".join(attempts.refused.values()))
        return importance.map_importance(
            self.survey.items, stated=stated, derived=derived,
            neutral=neutral_point(self._wave(), rules=self.survey.rules))

    def _checked(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return instrument.check_reliability(self._wave(), self._tables(),
                                            survey_rules=self.survey.rules, rules=self.rules)

    def _promises(self) -> pd.DataFrame:
        actions, waves = self.given.get("actions"), self.given.get("survey_waves")
        if actions is None or waves is None or actions.empty:
            raise RefusedError(_("No promise to mend something is on record (table actions), so "
                                 "none can be followed. A list of promises with topic, owner and "
                                 "due date would lift this."))
        return promises.list_promises(actions, waves=waves, as_of=self.as_of, amounts=self.amounts)

    def _open_promises(self) -> pd.Series:
        made = Attempts().take("promises", promises.PROMISE_COLUMNS, self.promises)
        is_open = made["promise_status"].isin(["pending", "overdue"])
        return made[is_open].groupby(made["topic"].astype("str").str.casefold()).size()

    def _about(self, column: str) -> pd.Series:
        if column not in self.people:
            return pd.Series(dtype="object")
        return self.people.set_index("account_id")[column]

    def _regions(self) -> pd.Series:
        regions = self._about("region").dropna()
        regions = regions[regions != ""]
        heard = regions[regions.index.isin(self.points()["account_id"])]
        if heard.nunique() < 2:
            raise RefusedError(_("The accounts heard are not of two markets or more (accounts."
                                 "region), so markets cannot be compared."))
        shown = heard.value_counts(sort=False).sort_index().sort_values(
            ascending=False, kind="stable").head(self.rules.n_markets)
        return heard[heard.isin(shown.index)]


