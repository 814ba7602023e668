from .handover import build_handover, read_days
from .result import TABLES, Credit, review_credit
from .rules import CreditRules

__all__ = ["TABLES", "Credit", "CreditRules", "build_handover", "read_days", "review_credit"]
