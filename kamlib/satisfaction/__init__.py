"""Satisfaction survey: whom to hear, who answered, the index, its target and its items."""

from __future__ import annotations

from kamlib.satisfaction.findings import list_findings
from kamlib.satisfaction.frame import build_frame, reference_volumes
from kamlib.satisfaction.handing import build_handover, list_attention
from kamlib.satisfaction.index import build_measures, score_accounts
from kamlib.satisfaction.items import name_item, score_items
from kamlib.satisfaction.readings import build_readings, score_categories
from kamlib.satisfaction.response import build_hearing, summarise_response, track_coverage
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.scale import build_scale_table, convert_scores
from kamlib.satisfaction.scoring import WaveScores, score_wave
from kamlib.satisfaction.survey import TABLES, Survey, build_survey
from kamlib.satisfaction.targets import find_target
from kamlib.satisfaction.validity import list_imputations, summarise_validity
from kamlib.satisfaction.waves import build_trend, choose_waves, score_waves

__all__ = [
    "TABLES", "SatisfactionRules", "Survey", "WaveScores", "build_frame", "build_handover",
    "build_hearing", "build_measures", "build_readings", "build_scale_table", "build_survey",
    "build_trend", "choose_waves", "convert_scores", "find_target", "list_attention",
    "list_findings", "list_imputations", "name_item", "reference_volumes", "score_accounts",
    "score_categories", "score_items", "score_wave", "score_waves", "summarise_response",
    "summarise_validity", "track_coverage",
]
