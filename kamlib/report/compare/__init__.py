"""Two versions side by side: what changed, and what of it is real."""

from kamlib.report.compare.pair import Version, pair_versions, read_version
from kamlib.report.compare.result import Comparison, compare_versions

__all__ = ["Comparison", "Version", "compare_versions", "pair_versions", "read_version"]
