from .handover import build_handover, say_audit
from .result import TABLES, Effort, review_effort
from .rules import EffortRules

__all__ = ["TABLES", "Effort", "EffortRules", "build_handover", "review_effort", "say_audit"]
