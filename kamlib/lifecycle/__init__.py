"""The lifecycle of accounts: stages, movement in accounts and money, survival, rhythm."""

from __future__ import annotations

from kamlib.lifecycle.bridge import build_revenue_bridge, list_changes, measure_retention
from kamlib.lifecycle.cohorts import Cohorts, build_cohorts
from kamlib.lifecycle.handover import build_handover
from kamlib.lifecycle.mix import count_transitions, find_fallen, mix_stages, pair_stages
from kamlib.lifecycle.movement import build_movement, movement_rates
from kamlib.lifecycle.overdue import Overdue, find_overdue
from kamlib.lifecycle.result import Lifecycle, build_lifecycle, follow_declining
from kamlib.lifecycle.rules import LifecycleRules
from kamlib.lifecycle.stages import stage_accounts
from kamlib.lifecycle.survival import Survival, build_survival, follow_lives

__all__ = ["Cohorts", "Lifecycle", "LifecycleRules", "Overdue", "Survival", "build_cohorts",
           "build_handover", "build_lifecycle", "build_movement", "build_revenue_bridge",
           "build_survival", "count_transitions", "find_fallen", "find_overdue",
           "follow_declining", "follow_lives", "list_changes", "measure_retention", "mix_stages",
           "movement_rates", "pair_stages", "stage_accounts"]
