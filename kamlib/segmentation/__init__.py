"""Segmentation: which accounts matter, by amount and frequency, and how that is spread."""

from __future__ import annotations

from kamlib.segmentation.handover import build_handover
from kamlib.segmentation.migration import build_migration, compare_periods
from kamlib.segmentation.result import Segmentation, segment_accounts
from kamlib.segmentation.rfm import find_rfm_cuts, score_rfm, summarise_rfm
from kamlib.segmentation.rules import BENCHMARK, TIERS, SegmentationRules
from kamlib.segmentation.shares import compare_tiers, summarise_reasons
from kamlib.segmentation.spread import build_lorenz, build_pareto, summarise_spread
from kamlib.segmentation.tiers import find_cuts, fix_cuts, score_tiers

__all__ = ["BENCHMARK", "TIERS", "Segmentation", "SegmentationRules", "build_handover",
           "build_lorenz", "build_migration", "build_pareto", "compare_periods", "compare_tiers",
           "find_cuts", "find_rfm_cuts", "fix_cuts", "score_rfm", "score_tiers",
           "segment_accounts", "summarise_reasons", "summarise_rfm", "summarise_spread"]
