from .find import Clusters, cluster_accounts
from .rules import ClusterRules

__all__ = ["ClusterRules", "Clusters", "cluster_accounts"]
