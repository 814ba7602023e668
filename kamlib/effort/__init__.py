"""Where our effort goes: hours, people and money by class of account, and what comes of it."""

from __future__ import annotations

from kamlib.effort.handover import build_handover, say_audit, say_no_keys
from kamlib.effort.result import TABLES, Effort, review_effort
from kamlib.effort.rules import EffortRules

__all__ = ["TABLES", "Effort", "EffortRules", "build_handover", "review_effort", "say_audit",
           "say_no_keys"]
