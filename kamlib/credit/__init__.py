"""Payments and credit: what is open, who pays late, which terms, and what if one does not pay."""

from __future__ import annotations

from kamlib.credit.handover import build_handover, read_days, say_leaving
from kamlib.credit.result import TABLES, Credit, review_credit
from kamlib.credit.rules import CreditRules

__all__ = ["TABLES", "Credit", "CreditRules", "build_handover", "read_days", "review_credit",
           "say_leaving"]
