from .handover import build_handover, say_audit, say_no_keys
from .result import TABLES, Effort, review_effort
from .rules import EffortRules

__all__ = ["TABLES", "Effort", "EffortRules", "build_handover", "review_effort", "say_audit",
           "say_no_keys"]
