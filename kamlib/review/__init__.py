"""The review of one account: what it buys, how it stands, what to do; for us or for itself."""

from __future__ import annotations

from kamlib.review.account import READ, Account
from kamlib.review.audience import AUDIENCES, FOR_CUSTOMER, check_audience, is_withheld, may_hold
from kamlib.review.peers import Peers, sum_peers
from kamlib.review.quota import split_quota
from kamlib.review.records import card_share, check_records
from kamlib.review.result import Review, review_account
from kamlib.review.rules import ReviewRules
from kamlib.review.standing import expect_orders

__all__ = ["AUDIENCES", "FOR_CUSTOMER", "READ", "Account", "Peers", "Review", "ReviewRules",
           "card_share", "check_audience",
           "check_records", "expect_orders", "is_withheld", "may_hold", "review_account",
           "split_quota", "sum_peers"]
