"""Satisfaction survey: whom to hear, who answered, the index, its target and its items."""

from __future__ import annotations

from kamlib.satisfaction.audit.rules import AuditRules
from kamlib.satisfaction.complaints.rules import ComplaintRules
from kamlib.satisfaction.findings import list_findings
from kamlib.satisfaction.handing import build_handover, list_attention
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
from kamlib.satisfaction.worth.rules import WorthRules

__all__ = [
    "TABLES",
    "AuditRules",
    "ComplaintRules",
    "ImprovementRules",
    "SatisfactionRules",
    "Survey",
    "WaveScores",
    "WorthRules",
    "build_frame",
    "build_handover",
    "build_hearing",
    "build_measures",
    "build_readings",
    "build_scale_table",
    "build_survey",
    "build_trend",
    "choose_waves",
    "convert_scores",
    "find_target",
    "list_attention",
    "list_findings",
    "list_imputations",
    "name_item",
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
