from .classify import (
    CLASS_COLUMNS,
    CROSS_WALK_COLUMNS,
    SUMMARY_COLUMNS,
    classify_accounts,
    cross_walk,
    summarise_classes,
)
from .describe import (
    DESCRIBED_COLUMNS,
    describe_accounts,
    list_described_columns,
)
from .profile import PROFILE_COLUMNS, profile_core_accounts
from .rules import SCHEMES, ClassRules

__all__ = ["CLASS_COLUMNS", "CROSS_WALK_COLUMNS", "DESCRIBED_COLUMNS", "PROFILE_COLUMNS",
           "SCHEMES", "SUMMARY_COLUMNS", "ClassRules", "classify_accounts", "cross_walk",
           "describe_accounts", "list_described_columns", "profile_core_accounts",
           "summarise_classes"]
