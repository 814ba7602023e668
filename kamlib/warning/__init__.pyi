from .features import build_features, find_missing
from .flags import add_flags, find_flags
from .forecast import Forecast, forecast_now, forecast_past, select_judged
from .handover import build_handover
from .judge import judge_scores, judge_signs, line_up_scores
from .model import LeavingModel, fit_leaving
from .outcome import count_outcomes, mark_outcome
from .result import Warnings, build_warnings
from .rules import FlagRule, WarningRules

__all__ = ["FlagRule", "Forecast", "LeavingModel", "WarningRules", "Warnings", "add_flags",
           "build_features", "build_handover", "build_warnings", "count_outcomes", "find_flags",
           "find_missing", "fit_leaving", "forecast_now", "forecast_past", "judge_scores",
           "judge_signs", "line_up_scores", "mark_outcome", "select_judged"]
