"""All tables of the notebook on selection, made in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_
from kamlib.period import Period
from kamlib.selection.changes import CHANGE_COLUMNS, take_changes
from kamlib.selection.claims import CLAIM_COLUMNS, judge_claims
from kamlib.selection.coverage import BIG_COLUMNS, COVERAGE_COLUMNS, cover, find_bigs
from kamlib.selection.criteria import CRITERIA, Known, measure_criteria
from kamlib.selection.keylist import (
    LIST_COLUMNS,
    LOGIC_COLUMNS,
    SUMMARY_COLUMNS,
    build_list,
    summarise_logics,
)
from kamlib.selection.portfolio.relations import (
    CELL_COLUMNS,
    RELATION_COLUMNS,
    TYPE_COLUMNS,
    count_types,
    cross_potential,
    rate_relations,
)
from kamlib.selection.portfolio.service import (
    GAP_COLUMNS,
    PHASE_COLUMNS,
    PROGRAMME_COLUMNS,
    SERVICE_COLUMNS,
    compare_service,
    follow_programme,
)
from kamlib.selection.potential import (
    PLACED_COLUMNS,
    PROOF_COLUMNS,
    QUADRANT_COLUMNS,
    place_accounts,
    prove_quadrants,
    sum_quadrants,
)
from kamlib.selection.rules import SelectionRules
from kamlib.selection.scorecard import WEIGHT_COLUMNS, list_weights, score_criteria
from kamlib.selection.screens.customers import (
    GOOD_COLUMNS,
    LOSS_COLUMNS,
    judge_customers,
    list_losses,
)
from kamlib.selection.screens.funnel import FUNNEL_COLUMNS, PENDING_COLUMNS, track_screening
from kamlib.selection.screens.reject import (
    READING_COLUMNS,
    REJECT_COLUMNS,
    compare_reject_readings,
    screen,
)

# Tables of the dictionary that are read where the company has them.
TABLES = ("invoices", "payments", "effort", "wallet_estimates", "opportunities", "relationships",
        "stakeholders", "contacts", "account_owners", "promotions", "survey_invitations", "needs",
        "actions", "complaints", "contracts", "narratives")
COLUMNS: Mapping[str, list[str]] = {
    "criteria": list(CRITERIA), "keys": LIST_COLUMNS, "logics": LOGIC_COLUMNS,
    "readings": SUMMARY_COLUMNS, "weights": WEIGHT_COLUMNS, "changes": CHANGE_COLUMNS,
    "bigs": BIG_COLUMNS, "coverage": COVERAGE_COLUMNS, "good": GOOD_COLUMNS,
    "losses": LOSS_COLUMNS, "rejects": REJECT_COLUMNS, "reject_readings": READING_COLUMNS,
    "funnel": FUNNEL_COLUMNS, "pending": PENDING_COLUMNS, "placed": PLACED_COLUMNS,
    "quadrants": QUADRANT_COLUMNS, "proof": PROOF_COLUMNS, "relations": RELATION_COLUMNS,
    "types": TYPE_COLUMNS, "cells": CELL_COLUMNS, "services": SERVICE_COLUMNS,
    "gaps": GAP_COLUMNS, "steps": PHASE_COLUMNS, "programme": PROGRAMME_COLUMNS,
    "claims": CLAIM_COLUMNS}
QUESTIONS = {
    "keys": N_("Which accounts should be key accounts?"),
    "intervals": N_("How sure are the ranks?"),
    "changes": N_("Who came onto the list, and who left it?"),
    "losses": N_("Which accounts leave no profit?"),
    "placed": N_("Where is the potential?"),
    "proof": N_("Did the accounts called grow grow?"),
    "relations": N_("How firm are the relationships?"),
    "services": N_("Do accounts get what they are owed?"),
}
# The table of the dictionary that would answer each.
ANSWERED_BY = {"keys": "orders", "intervals": "orders", "changes": "orders", "losses": "orders",
               "placed": "wallet_estimates", "proof": "wallet_estimates",
               "relations": "relationships", "services": "contacts"}


@dataclass(frozen=True, repr=False)
class Selection:
    """Which accounts should be key accounts; a refused table is empty and `refused` says why.

    tables: by name, see `COLUMNS`; current_line, potential_line: of the quadrants (NaN without);
    unchecked: conditions that nobody could be asked, by the table of rules they stand in;
    missing: tables of the dictionary whose services were not asked.
    """

    rules: SelectionRules
    tables: Mapping[str, pd.DataFrame]
    refused: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    current_line: float = np.nan
    potential_line: float = np.nan
    unchecked: Mapping[str, list[str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A table by its name."""
        if name in COLUMNS:
            return self.tables[name]
        raise AttributeError(name)

    def __repr__(self) -> str:
        return (f"Selection({len(self.listed)} key accounts of {len(self.keys)}, "
                f"{len(self.refused)} refused)")

    @property
    def listed(self) -> pd.DataFrame:
        """The key accounts by the chosen reading, best first."""
        keys = self.tables["keys"]
        return keys[keys["is_listed"].astype(bool)].reset_index(drop=True)

    @property
    def near(self) -> pd.DataFrame:
        """The accounts that are not on the list and may belong on it."""
        keys = self.tables["keys"]
        return keys[(keys["list_standing"] == "cannot tell")
                    & ~keys["is_listed"].astype(bool)].reset_index(drop=True)


def select_accounts(facts: pd.DataFrame, *, earlier: Mapping[str, pd.DataFrame | None],
                    months: pd.DataFrame, products: pd.DataFrame, accounts: pd.DataFrame,
                    holdings: pd.DataFrame, read: Callable[[str, date], pd.DataFrame],
                    period: Period, history_from: date, rules: SelectionRules,
                    window_months: int = 12, heard: pd.DataFrame | None = None,
                    followed: pd.DataFrame | None = None) -> Selection:
    """Choose the key accounts, and say all that the choice rests on.

    facts: account_facts at as_of; earlier: those of the previous period's end and of a year before
    (previous, year_before; None where the history does not reach); months, products, holdings:
    account_months, account_products, account_holdings; accounts: customers with owner_id; read:
    a table of the dictionary as it was known on a day, empty where not given; heard: account_id
    and account_index of the last survey; followed: accounts of past waves with their sales before
    and after, for two of the claims.
    What cannot be computed is in `refused`, never an exception.
    """
    def known(table: pd.DataFrame | None, day: date) -> Known | None:
        if table is None:
            return None
        # An unfinished month of then would hold more than was known.
        past = months[months["month"] <= pd.Timestamp(day)]
        return Known(table, past, products, accounts, day, history_from,
                     {name: read(name, day) for name in TABLES}, heard, window_months)

    days = {"previous": period.previous_end, "year_before": period.year_before_end}
    then = {name: known(earlier.get(name), day) for name, day in days.items()}
    now = known(facts, period.as_of)
    assert now is not None  # there are facts
    return _select(now, then, holdings, pd.DataFrame() if followed is None else followed, rules)


def _select(now: Known, then: Mapping[str, Known | None], holdings: pd.DataFrame,
            followed: pd.DataFrame, rules: SelectionRules) -> Selection:
    attempts, found = Attempts(), dict[str, Any]()
    extra: dict[str, Any] = {"unchecked": {}}
    try:
        _choose(found, extra, attempts, now, then["previous"], rules)
        _screen(found, attempts, now, rules)
        _place(found, extra, attempts, now, then["year_before"], rules)
        _relate(found, extra, attempts, now, rules)
        found["claims"] = judge_claims(found["criteria"], now, holdings=holdings, rules=rules,
                                       followed=followed)
    except RefusedError as error:
        attempts.refused["keys"] = str(error)
    tables = {name: found.get(name, pd.DataFrame(columns=columns))
              for name, columns in COLUMNS.items()}
    return Selection(rules, tables, attempts.refused, _names(now), **extra)


def _names(now: Known) -> dict[str, str]:
    """Names of the accounts by id, where they have one."""
    if "name" not in now.accounts:
        return {}
    named = now.accounts.dropna(subset=["name"])
    return {str(a): str(n) for a, n in zip(named["account_id"], named["name"], strict=True)}


def _choose(found: dict[str, Any], extra: dict[str, Any], attempts: Attempts, now: Known,
            before: Known | None, rules: SelectionRules) -> None:
    found["criteria"] = measure_criteria(now, rules=rules)
    scored = score_criteria(found["criteria"], rules=rules)
    keys, logics, reason, nobody = build_list(scored, now, rules=rules)
    if reason:
        attempts.refused["intervals"] = reason
    found |= {"keys": keys, "logics": logics, "weights": list_weights(scored, rules=rules),
              "readings": summarise_logics(logics, keys, nobody, rules=rules)}
    found["changes"] = take_changes(attempts, keys, scored, before, rules=rules)
    found["bigs"], extra["unchecked"]["four_bigs"] = find_bigs(found["criteria"], keys,
                                                               rules=rules)
    found["coverage"] = cover(found["criteria"], keys, found["bigs"], now.products,
                              as_of=pd.Timestamp(now.as_of), rules=rules)


def _screen(found: dict[str, Any], attempts: Attempts, now: Known, rules: SelectionRules) -> None:
    criteria, keys = found["criteria"], found["keys"]
    found["good"] = judge_customers(criteria, keys)
    found["losses"] = attempts.take("losses", LOSS_COLUMNS, lambda: list_losses(criteria, keys))
    found["rejects"] = screen(criteria, keys, now.products, as_of=now.as_of, rules=rules)
    found["reject_readings"] = compare_reject_readings(found["rejects"], rules=rules)
    found["funnel"], found["pending"] = track_screening(criteria, keys, now.table("narratives"),
                                                        rules=rules)


def _place(found: dict[str, Any], extra: dict[str, Any], attempts: Attempts, now: Known,
           year_ago: Known | None, rules: SelectionRules) -> None:
    listed = set(found["keys"].loc[found["keys"]["is_listed"], "account_id"])

    def place() -> pd.DataFrame:
        placed, extra["current_line"], extra["potential_line"] = place_accounts(now, rules=rules)
        return placed.assign(is_listed=placed["account_id"].isin(listed))[PLACED_COLUMNS]

    found["placed"] = attempts.take("placed", PLACED_COLUMNS, place)
    if len(found["placed"]):
        found["quadrants"] = sum_quadrants(found["placed"],
                                           float(found["criteria"]["net_amount"].sum()))
    if year_ago is not None and len(found["placed"]):
        then: Known = year_ago
        found["proof"] = attempts.take("proof", PROOF_COLUMNS, lambda: prove_quadrants(
            then, now.facts, rules=rules))


def _relate(found: dict[str, Any], extra: dict[str, Any], attempts: Attempts, now: Known,
            rules: SelectionRules) -> None:
    criteria, keys = found["criteria"], found["keys"]
    found["relations"] = attempts.take("relations", RELATION_COLUMNS, lambda: rate_relations(
        criteria, keys, found["placed"], now, potential_line=extra.get("potential_line", np.nan),
        rules=rules))
    if len(found["relations"]):
        found["types"] = count_types(found["relations"])
        found["cells"] = cross_potential(found["relations"])

    def several(name: str, build: Callable[[], tuple[Any, ...]], *into: str) -> None:
        try:
            found.update(zip(into, build(), strict=False))
        except RefusedError as error:
            attempts.refused[name] = str(error)

    def serve() -> tuple[Any, ...]:
        services, gaps, missing = compare_service(criteria, keys, now, rules=rules)
        extra["missing"] = tuple(missing)
        return services, gaps

    several("services", serve, "services", "gaps")
    several("programme", lambda: follow_programme(criteria, keys, now, rules=rules), "steps",
            "programme")
