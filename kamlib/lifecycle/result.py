"""All tables of the lifecycle notebook, made in one call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from kamlib.language import _, fmt_count, fmt_date
from kamlib.lifecycle.cohorts import Cohorts, build_cohorts
from kamlib.lifecycle.history import build_history, remove_season
from kamlib.lifecycle.mix import count_transitions, find_fallen, mix_stages, pair_stages
from kamlib.lifecycle.movement import build_movement, movement_rates
from kamlib.lifecycle.overdue import find_overdue
from kamlib.lifecycle.rules import LifecycleRules
from kamlib.lifecycle.stages import INACTIVE, stage_accounts
from kamlib.period import Period

N_FOLLOWED = 3


@dataclass(frozen=True)
class Lifecycle:
    """Where the accounts stand in their lives, and how that changed in the period.

    stages: one row an account (`stage_accounts`); mix: one row a stage (`mix_stages`);
    transitions, fallen: since the previous period (`count_transitions`, `find_fallen`; empty when
    history does not reach it, see ``has_previous``); movement, rates: `build_movement` and
    `movement_rates`; cohorts: `build_cohorts`; overdue: `find_overdue`; declining_months: one
    row account x month of the largest accounts in decline (`follow_declining`).
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
    cohorts: Cohorts
    overdue: pd.DataFrame
    declining_months: pd.DataFrame

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


def build_lifecycle(months: pd.DataFrame, facts: pd.DataFrame, *, period: Period,
                    rules: LifecycleRules, facts_previous: pd.DataFrame | None = None
                    ) -> Lifecycle:
    """Make every table of the lifecycle for a period and the change since the one before.

    months: account_months, one row account x month x line_kind; facts: account_facts at the
    period's end, one row an account; facts_previous: the same at the previous period's end, None
    when history does not reach it.
    """
    stages = stage_accounts(months, facts, as_of=period.as_of, rules=rules)
    before = None if facts_previous is None else stage_accounts(
        months, facts_previous, as_of=period.previous_end, rules=rules)
    # Nobody has a previous stage where the history does not reach: the tables stay empty.
    pairs = pair_stages(stages if before is not None else stages.iloc[:0],
                        before=stages.iloc[:0] if before is None else before)
    movement = build_movement(facts, previous=facts_previous)
    return Lifecycle(
        as_of=period.as_of, previous_as_of=period.previous_end, has_previous=before is not None,
        stages=stages, mix=mix_stages(stages, before=before), transitions=count_transitions(pairs),
        fallen=find_fallen(stages, pairs=pairs), movement=movement, rates=movement_rates(movement),
        cohorts=build_cohorts(months, facts, as_of=period.as_of, rules=rules),
        overdue=find_overdue(facts, rules=rules),
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
