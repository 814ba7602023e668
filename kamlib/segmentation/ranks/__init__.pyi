from .coverage import read_coverage
from .estimate import RANK_COLUMNS, estimate_ranks, list_undecided
from .noise import NOISE_COLUMNS, judge_migration
from .rules import RankRules

__all__ = ["NOISE_COLUMNS", "RANK_COLUMNS", "RankRules", "estimate_ranks", "judge_migration",
           "list_undecided", "read_coverage"]
