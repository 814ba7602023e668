"""The lifecycle of accounts: stages, movement, cohorts, rhythm."""

from __future__ import annotations

from kamlib.lifecycle.cohorts import Cohorts, build_cohorts
from kamlib.lifecycle.handover import build_handover
from kamlib.lifecycle.mix import count_transitions, find_fallen, mix_stages, pair_stages
from kamlib.lifecycle.movement import build_movement, movement_rates
from kamlib.lifecycle.overdue import find_overdue
from kamlib.lifecycle.result import Lifecycle, build_lifecycle, follow_declining
from kamlib.lifecycle.rules import LifecycleRules
from kamlib.lifecycle.stages import stage_accounts

__all__ = ["Cohorts", "Lifecycle", "LifecycleRules", "build_cohorts", "build_handover",
           "build_lifecycle", "build_movement", "count_transitions", "find_fallen", "find_overdue",
           "follow_declining", "mix_stages", "movement_rates", "pair_stages", "stage_accounts"]
