"""The overview: what all chapters found, in the order of the cycle of key account management."""

from kamlib.overview.advice import ADVICE, NO_ADVICE, STEP_OF_CHAPTER, STEPS, Advice, advise
from kamlib.overview.handover import build_handover, count_promises, say_concerned
from kamlib.overview.result import Overview, build_overview
from kamlib.overview.rules import OverviewRules

__all__ = ["ADVICE", "NO_ADVICE", "STEPS", "STEP_OF_CHAPTER", "Advice", "Overview",
           "OverviewRules", "advise", "build_handover", "build_overview", "count_promises",
           "say_concerned"]
