"""Sales overview: what was sold, where, why it changed, and what of the targets was reached."""

from __future__ import annotations

from kamlib.sales.handover import build_handover
from kamlib.sales.result import Sales, build_sales
from kamlib.sales.rules import SalesRules
from kamlib.sales.targets import find_target

__all__ = ["Sales", "SalesRules", "build_handover", "build_sales", "find_target"]
