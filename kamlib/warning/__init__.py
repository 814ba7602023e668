"""Who is about to leave: flags by rules, a model, and how well both did on the past."""

from kamlib.warning.features import build_features, find_missing
from kamlib.warning.flags import add_flags, find_flags
from kamlib.warning.forecast import Forecast, forecast_now, forecast_past, select_judged
from kamlib.warning.handover import build_handover
from kamlib.warning.judge import judge_scores, judge_signs, line_up_scores
from kamlib.warning.model import LeavingModel, fit_leaving
from kamlib.warning.outcome import count_outcomes, mark_outcome
from kamlib.warning.result import Warnings, build_warnings
from kamlib.warning.rules import FlagRule, WarningRules

__all__ = ["FlagRule", "Forecast", "LeavingModel", "WarningRules", "Warnings", "add_flags",
           "build_features", "build_handover", "build_warnings", "count_outcomes", "find_flags",
           "find_missing", "fit_leaving", "forecast_now", "forecast_past", "judge_scores",
           "judge_signs", "line_up_scores", "mark_outcome", "select_judged"]
