from .bridge import build_revenue_bridge, list_changes, measure_retention
from .cohorts import Cohorts, build_cohorts
from .handover import build_handover
from .mix import count_transitions, find_fallen, mix_stages, pair_stages
from .movement import build_movement, movement_rates
from .overdue import Overdue, find_overdue
from .result import Lifecycle, build_lifecycle, follow_declining
from .rules import LifecycleRules
from .stages import stage_accounts
from .survival import Survival, build_survival, follow_lives

__all__ = ["Cohorts", "Lifecycle", "LifecycleRules", "Overdue", "Survival", "build_cohorts",
           "build_handover", "build_lifecycle", "build_movement", "build_revenue_bridge",
           "build_survival", "count_transitions", "find_fallen", "find_overdue",
           "follow_declining", "follow_lives", "list_changes", "measure_retention", "mix_stages",
           "movement_rates", "pair_stages", "stage_accounts"]
