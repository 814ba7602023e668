from .classes import ClassRules, list_described_columns
from .clusters import ClusterRules
from .handover import build_handover
from .joined import add_classes
from .matrices import MatrixRules
from .migration import build_migration, compare_periods
from .ranks import RankRules, list_undecided, read_coverage
from .redraws import redraw_tiers
from .result import Segmentation, segment_accounts
from .rfm import find_rfm_cuts, score_rfm, summarise_rfm
from .rules import BENCHMARK, TIERS, SegmentationRules
from .shares import compare_tiers, summarise_reasons
from .spread import build_lorenz, build_pareto, summarise_spread
from .tiers import add_tier, find_cuts, fix_cuts, score_tiers
from .views import Views, build_views

__all__ = ["BENCHMARK", "TIERS", "ClassRules", "ClusterRules", "MatrixRules", "RankRules",
           "Segmentation", "SegmentationRules", "Views", "add_classes", "add_tier",
           "build_handover", "build_lorenz", "build_migration", "build_pareto", "build_views",
           "compare_periods", "compare_tiers", "find_cuts", "find_rfm_cuts", "fix_cuts",
           "list_described_columns", "list_undecided", "read_coverage", "redraw_tiers", "score_rfm",
           "score_tiers", "segment_accounts", "summarise_reasons", "summarise_rfm",
           "summarise_spread"]
