"""All tables of the lifecycle notebook, made in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from kamlib.handover import Attempts
from kamlib.language import N_, _, fmt_count, fmt_date
from kamlib.lifecycle.bridge import (
    ACCOUNT_COLUMNS,
    BRIDGE_COLUMNS,
    RETENTION_COLUMNS,
    build_revenue_bridge,
    list_changes,
    measure_retention,
)
from kamlib.lifecycle.cohorts import Cohorts, build_cohorts
from kamlib.lifecycle.history import build_history, remove_season
from kamlib.lifecycle.mix import count_transitions, find_fallen, mix_stages, pair_stages
from kamlib.lifecycle.movement import build_movement, movement_rates
from kamlib.lifecycle.overdue import Overdue, find_overdue
from kamlib.lifecycle.rules import LifecycleRules
from kamlib.lifecycle.stages import INACTIVE, stage_accounts
from kamlib.lifecycle.survival import Survival, build_survival
from kamlib.period import Period

N_FOLLOWED = 3
QUESTIONS = {
    "revenue_bridge": N_("Where did the change in revenue come from, account by account?"),
    "retention": N_("How much of last year's revenue is still there?"),
    "overdue": N_("Which accounts are silent for longer than usual?"),
}


@dataclass(frozen=True)
class Lifecycle:
    """Where the accounts stand in their lives, and how that changed in the period.

    stages: one row an account (`stage_accounts`); mix: one row a stage (`mix_stages`);
    transitions, fallen: since the previous period (`count_transitions`, `find_fallen`; empty when
    history does not reach it, see ``has_previous``); movement, rates, rates_by_region:
    `build_movement` and `movement_rates`; revenue_bridge, changes, retention: the analysis window
    against the one before (`build_revenue_bridge`, `list_changes`, `measure_retention`); cohorts:
    `build_cohorts`; survival: `build_survival`; overdue: `find_overdue`; declining_months: one
    row account x month of the largest accounts in decline (`follow_declining`); refused: why a
    table is empty, by its name.
    """

    as_of: date
    previous_as_of: date
    has_previous: bool
    stages: pd.DataFrame
    mix: pd.DataFrame
    transitions: pd.DataFrame
    fallen: pd.DataFrame
    movement: pd.DataFrame
    rates: pd.DataFrame
    rates_by_region: pd.DataFrame
    revenue_bridge: pd.DataFrame
    changes: pd.DataFrame
    retention: pd.DataFrame
    cohorts: Cohorts
    survival: Survival
    overdue: Overdue
    declining_months: pd.DataFrame
    refused: Mapping[str, str]

    def to_frame(self) -> pd.DataFrame:
        """Return the stage of every account."""
        return self.stages

    @property
    def n_active(self) -> int:
        """Accounts that have a stage."""
        return int((self.stages["stage"] != INACTIVE).sum())

    def __repr__(self) -> str:
        return f"Lifecycle({self.as_of}, {self.n_active} active of {len(self.stages)} accounts)"

    def _repr_html_(self) -> str:
        title = _("Lifecycle on {day}: {n} active accounts", day=fmt_date(self.as_of),
                  n=fmt_count(self.n_active))
        return f"<p>{title}</p>{self.mix.to_html(index=False, na_rep='')}"


def build_lifecycle(months: pd.DataFrame, facts: pd.DataFrame, *, account_bridge: pd.DataFrame,
                    period: Period, history_from: date, window_days: int, rules: LifecycleRules,
                    facts_previous: pd.DataFrame | None = None,
                    regions: pd.Series | None = None, is_open: bool = False) -> Lifecycle:
    """Make every table of the lifecycle for a period and the change since the one before.

    months: account_months, one row account x month x line_kind; facts: account_facts at the
    period's end, one row an account; account_bridge: one row an account with sales of the
    analysis window and the one before; history_from: before this day nothing is known;
    window_days: the activity window (rule measures.active_window_days); facts_previous: account
    facts at the previous period's end, None when history does not reach it; regions: the region
    of each account by account_id, None when not given; is_open: whether the data stops before the
    period's end, so that nobody knows who has ordered since: no account is called overdue then.
    """
    stages = stage_accounts(months, facts, as_of=period.as_of, rules=rules)
    before = None if facts_previous is None else stage_accounts(
        months, facts_previous, as_of=period.previous_end, rules=rules)
    # Nobody has a previous stage where the history does not reach: the tables stay empty.
    pairs = pair_stages(stages if before is not None else stages.iloc[:0],
                        before=stages.iloc[:0] if before is None else before)
    movement, attempts = build_movement(facts, previous=facts_previous), Attempts()
    if is_open:
        attempts.refused["overdue"] = _(
            "The data stops before the period's end, so nobody knows who has ordered since. A "
            "closed period would lift this.")
    by_region = build_movement(facts, previous=facts_previous, groups=regions)
    return Lifecycle(
        as_of=period.as_of, previous_as_of=period.previous_end, has_previous=before is not None,
        stages=stages, mix=mix_stages(stages, before=before), transitions=count_transitions(pairs),
        fallen=find_fallen(stages, pairs=pairs), movement=movement, rates=movement_rates(movement),
        rates_by_region=movement_rates(by_region),
        revenue_bridge=attempts.take("revenue_bridge", BRIDGE_COLUMNS, lambda: build_revenue_bridge(
            account_bridge, facts)),
        changes=attempts.take("changes", ACCOUNT_COLUMNS, lambda: list_changes(
            account_bridge, facts)),
        retention=attempts.take("retention", RETENTION_COLUMNS, lambda: measure_retention(
            account_bridge)),
        cohorts=build_cohorts(months, facts, as_of=period.as_of, rules=rules),
        survival=build_survival(facts, as_of=period.as_of, history_from=history_from,
                                window_days=window_days, rules=rules),
        overdue=find_overdue(facts.iloc[:0] if is_open else facts, rules=rules),
        refused=attempts.refused,
        declining_months=follow_declining(months, stages, as_of=period.as_of, rules=rules))


def follow_declining(months: pd.DataFrame, stages: pd.DataFrame, *, as_of: date,
                     rules: LifecycleRules, n: int = N_FOLLOWED) -> pd.DataFrame:
    """Follow the months of the largest accounts in decline, with the fall that was found.

    stages: result of `stage_accounts`; the largest are those with most sales in 12 months.
    Returns one row account x month of the window the trend was tested on, largest account first:
    ``account_id``, ``month``, ``sales_amount`` (as sold), ``adjusted_amount`` (season taken out),
    ``trend_amount`` (mean month +/- slope, not below 0).
    """
    chosen = stages[stages["stage"] == "decline"].sort_values(
        ["net_amount_window", "account_id"], ascending=[False, True])[:n].reset_index(drop=True)
    history = remove_season(build_history(months, as_of=as_of), rules=rules)
    parts = []
    for account, slope in zip(chosen["account_id"], chosen["slope_rate"], strict=True):
        part = history[(history["account_id"] == account) & (history["n_months_since"] > 0)]
        part = part.tail(rules.trend_months).copy()
        place = np.arange(len(part)) - (len(part) - 1) / 2
        part["trend_amount"] = (part["adjusted_amount"].mean() * (1 + slope * place)).clip(0)
        parts.append(part)
    columns = ["account_id", "month", "sales_amount", "adjusted_amount", "trend_amount"]
    empty = history.assign(trend_amount=0.0).iloc[:0]
    table: pd.DataFrame = pd.concat(parts or [empty], ignore_index=True)[columns]
    return table
