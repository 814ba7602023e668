"""Segmentation: which accounts matter, how sure that is, and how else they may be grouped."""

from __future__ import annotations

from kamlib.segmentation.classes import ClassRules, list_described_columns
from kamlib.segmentation.clusters import ClusterRules
from kamlib.segmentation.handover import build_handover
from kamlib.segmentation.joined import add_classes
from kamlib.segmentation.matrices import MatrixRules
from kamlib.segmentation.migration import build_migration, compare_periods
from kamlib.segmentation.ranks import RankRules, list_undecided, read_coverage
from kamlib.segmentation.redraws import redraw_tiers
from kamlib.segmentation.result import Segmentation, segment_accounts
from kamlib.segmentation.rfm import find_rfm_cuts, score_rfm, summarise_rfm
from kamlib.segmentation.rules import BENCHMARK, TIERS, SegmentationRules
from kamlib.segmentation.shares import compare_tiers, summarise_reasons
from kamlib.segmentation.spread import build_lorenz, build_pareto, summarise_spread
from kamlib.segmentation.tiers import add_tier, find_cuts, fix_cuts, score_tiers
from kamlib.segmentation.views import Views, build_views

__all__ = ["BENCHMARK", "TIERS", "ClassRules", "ClusterRules", "MatrixRules", "RankRules",
           "Segmentation", "SegmentationRules", "Views", "add_classes", "add_tier",
           "build_handover", "build_lorenz", "build_migration", "build_pareto", "build_views",
           "compare_periods", "compare_tiers", "find_cuts", "find_rfm_cuts", "fix_cuts",
           "list_described_columns", "list_undecided", "read_coverage", "redraw_tiers", "score_rfm",
           "score_tiers", "segment_accounts", "summarise_reasons", "summarise_rfm",
           "summarise_spread"]
