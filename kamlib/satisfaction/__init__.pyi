from .audit.check import audit_figures, judge_figures
from .audit.files import read_quoted_file
from .audit.grain import fits_grain
from .audit.rules import AuditRules
from .complaints.result import Complaints, build_complaints
from .complaints.rules import ComplaintRules
from .costing import build_cost_handover
from .findings import list_findings
from .handing import build_handover, list_attention
from .improvement.handover import hand_on_improvement
from .improvement.result import Improvement, plan_improvement
from .improvement.rules import ImprovementRules
from .rules import SatisfactionRules
from .survey.bounds import bound_silence
from .survey.build import build_survey
from .survey.direction import correlate_items
from .survey.estimates import estimate_index
from .survey.frame import build_frame, reference_volumes
from .survey.hidden import list_hidden
from .survey.index import build_measures, score_accounts
from .survey.items import name_item, score_items
from .survey.oddities import list_oddities
from .survey.readings import build_readings, score_categories
from .survey.recommend import build_scores, nps_error, score_acsi
from .survey.response import build_hearing, summarise_response
from .survey.result import TABLES, Survey
from .survey.scale import build_scale_table, convert_scores
from .survey.scoring import WaveScores, score_wave
from .survey.standings import rank_categories
from .survey.targets import find_target, list_misplaced
from .survey.tracker import list_chase, track_coverage
from .survey.validity import list_imputations, summarise_validity
from .survey.waves import build_trend, choose_waves, score_waves
from .worth.result import Worth, build_worth, follow_waves
from .worth.rules import WorthRules

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
