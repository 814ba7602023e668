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
from kamlib.satisfaction.survey.bounds import bound_silence
from kamlib.satisfaction.survey.build import build_survey
from kamlib.satisfaction.survey.direction import correlate_items
from kamlib.satisfaction.survey.estimates import estimate_index
from kamlib.satisfaction.survey.frame import build_frame, reference_volumes
from kamlib.satisfaction.survey.hidden import list_hidden
from kamlib.satisfaction.survey.index import build_measures, score_accounts
from kamlib.satisfaction.survey.items import name_item, score_items
from kamlib.satisfaction.survey.oddities import list_oddities
from kamlib.satisfaction.survey.readings import build_readings, score_categories
from kamlib.satisfaction.survey.recommend import build_scores, nps_error, score_acsi
from kamlib.satisfaction.survey.response import build_hearing, summarise_response
from kamlib.satisfaction.survey.result import TABLES, Survey
from kamlib.satisfaction.survey.scale import build_scale_table, convert_scores
from kamlib.satisfaction.survey.scoring import WaveScores, score_wave
from kamlib.satisfaction.survey.standings import rank_categories
from kamlib.satisfaction.survey.targets import find_target, list_misplaced
from kamlib.satisfaction.survey.tracker import list_chase, track_coverage
from kamlib.satisfaction.survey.validity import list_imputations, summarise_validity
from kamlib.satisfaction.survey.waves import build_trend, choose_waves, score_waves
from kamlib.satisfaction.worth.result import Worth, build_worth, follow_waves
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
    "bound_silence",
    "build_complaints",
    "build_cost_handover",
    "build_frame",
    "build_handover",
    "build_hearing",
    "build_measures",
    "build_readings",
    "build_scale_table",
    "build_scores",
    "build_survey",
    "build_trend",
    "build_worth",
    "choose_waves",
    "convert_scores",
    "correlate_items",
    "estimate_index",
    "find_target",
    "fits_grain",
    "follow_waves",
    "hand_on_improvement",
    "judge_figures",
    "list_attention",
    "list_chase",
    "list_findings",
    "list_hidden",
    "list_imputations",
    "list_misplaced",
    "list_oddities",
    "name_item",
    "nps_error",
    "plan_improvement",
    "rank_categories",
    "read_quoted_file",
    "reference_volumes",
    "score_accounts",
    "score_acsi",
    "score_categories",
    "score_items",
    "score_wave",
    "score_waves",
    "summarise_response",
    "summarise_validity",
    "track_coverage",
]
