from .handover import build_handover
from .result import Sales, build_sales
from .rules import SalesRules
from .targets import find_target

__all__ = ["Sales", "SalesRules", "build_handover", "build_sales", "find_target"]
