"""Satisfaction survey: whom to hear, who answered, the index, its target and its items."""

from __future__ import annotations

from kamlib.satisfaction.audit.check import audit_figures, judge_figures
from kamlib.satisfaction.audit.files import read_quoted_file
from kamlib.satisfaction.audit.grain import fits_grain
from kamlib.satisfaction.audit.rules import AuditRules
from kamlib.satisfaction.complaints.result import Complaints, build_complaints
from kamlib.satisfaction.complaints.rules import ComplaintRules
from kamlib.satisfaction.costing import build_cost_handover
from kamlib.satisfaction.findings import list_findings
from kamlib.satisfaction.handing import build_handover, list_attention
from kamlib.satisfaction.improvement.handover import hand_on_improvement
from kamlib.satisfaction.improvement.result import Improvement, plan_improvement
from kamlib.satisfaction.improvement.rules import ImprovementRules
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.frame import build_frame, reference_volumes
from kamlib.satisfaction.survey.index import build_measures, score_accounts
from kamlib.satisfaction.survey.items import name_item, score_items
from kamlib.satisfaction.survey.readings import build_readings, score_categories
from kamlib.satisfaction.survey.response import build_hearing, summarise_response, track_coverage
from kamlib.satisfaction.survey.result import TABLES, Survey, build_survey
from kamlib.satisfaction.survey.scale import build_scale_table, convert_scores
from kamlib.satisfaction.survey.scoring import WaveScores, score_wave
from kamlib.satisfaction.survey.targets import find_target
from kamlib.satisfaction.survey.validity import list_imputations, summarise_validity
from kamlib.satisfaction.survey.waves import build_trend, choose_waves, score_waves
from kamlib.satisfaction.worth.result import Worth, build_worth
from kamlib.satisfaction.worth.rules import WorthRules

__all__ = [
    "TABLES",
    "AuditRules",
    "ComplaintRules",
    "Complaints",
    "Improvement",
    "ImprovementRules",
    "SatisfactionRules",
    "Survey",
    "WaveScores",
    "Worth",
    "WorthRules",
    "audit_figures",
    "build_complaints",
    "build_cost_handover",
    "build_frame",
    "build_handover",
    "build_hearing",
    "build_measures",
    "build_readings",
    "build_scale_table",
    "build_survey",
    "build_trend",
    "build_worth",
    "choose_waves",
    "convert_scores",
    "find_target",
    "fits_grain",
    "hand_on_improvement",
    "judge_figures",
    "list_attention",
    "list_findings",
    "list_imputations",
    "name_item",
    "plan_improvement",
    "read_quoted_file",
    "reference_volumes",
    "score_accounts",
    "score_categories",
    "score_items",
    "score_wave",
    "score_waves",
    "summarise_response",
    "summarise_validity",
    "track_coverage",
]
