"""Groups of accounts that are alike in what they bought, or why there are none."""

from __future__ import annotations

from kamlib.segmentation.clusters.find import Clusters, cluster_accounts
from kamlib.segmentation.clusters.rules import ClusterRules

__all__ = ["ClusterRules", "Clusters", "cluster_accounts"]
