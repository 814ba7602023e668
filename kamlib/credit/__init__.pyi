from .handover import build_handover, read_days, say_leaving
from .result import TABLES, Credit, review_credit
from .rules import CreditRules

__all__ = ["TABLES", "Credit", "CreditRules", "build_handover", "read_days", "review_credit",
           "say_leaving"]
