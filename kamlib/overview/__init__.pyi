from .advice import ADVICE, NO_ADVICE, STEP_OF_CHAPTER, STEPS, Advice, advise
from .handover import build_handover, count_promises, say_concerned
from .result import Overview, build_overview
from .rules import OverviewRules

__all__ = ["ADVICE", "NO_ADVICE", "STEPS", "STEP_OF_CHAPTER", "Advice", "Overview",
           "OverviewRules", "advise", "build_handover", "build_overview", "count_promises",
           "say_concerned"]
