"""Ranks and tiers with probability, and moves between tiers against what chance moves."""

from __future__ import annotations

from kamlib.segmentation.ranks.coverage import read_coverage
from kamlib.segmentation.ranks.estimate import RANK_COLUMNS, estimate_ranks, list_undecided
from kamlib.segmentation.ranks.noise import NOISE_COLUMNS, judge_migration
from kamlib.segmentation.ranks.rules import RankRules

__all__ = ["NOISE_COLUMNS", "RANK_COLUMNS", "RankRules", "estimate_ranks", "judge_migration",
           "list_undecided", "read_coverage"]
