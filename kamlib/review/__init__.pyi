from .account import READ, Account
from .audience import AUDIENCES, FOR_CUSTOMER, check_audience, is_withheld, may_hold
from .peers import Peers, sum_peers
from .quota import split_quota
from .records import card_share, check_records
from .result import Review, review_account
from .rules import ReviewRules
from .standing import expect_orders

__all__ = ["AUDIENCES", "FOR_CUSTOMER", "READ", "Account", "Peers", "Review", "ReviewRules",
           "card_share", "check_audience",
           "check_records", "expect_orders", "is_withheld", "may_hold", "review_account",
           "split_quota", "sum_peers"]
