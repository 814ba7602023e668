"""Loyalty: how long accounts stay, whether they buy again, what binds them, what they hold."""

from __future__ import annotations

from kamlib.loyalty.aims import compare_targets
from kamlib.loyalty.benchmark import classify, compare_benchmark, list_ranges, published_ranges
from kamlib.loyalty.bonds.result import Bonds, review_bonds
from kamlib.loyalty.frequency import score_called_off, summarise_called_off, summarise_frequency
from kamlib.loyalty.handover import build_handover
from kamlib.loyalty.products.handover import hand_on_cross_sell, say_held, say_test
from kamlib.loyalty.products.held import list_products
from kamlib.loyalty.products.result import CrossSell, plan_cross_sell
from kamlib.loyalty.products.rules import CrossSellRules
from kamlib.loyalty.repurchase import score_repurchase, summarise_repurchase
from kamlib.loyalty.result import Loyalty, review_loyalty
from kamlib.loyalty.returns import score_returns, summarise_returns
from kamlib.loyalty.rules import BENCHMARK, MEASURES, TIERS, LoyaltyRules
from kamlib.loyalty.standing.index import PARTS, score_loyalty
from kamlib.loyalty.standing.quadrants import CLASSES
from kamlib.loyalty.standing.result import Standing, review_standing
from kamlib.loyalty.tenure import select_tenures, summarise_tenure

__all__ = [
    "BENCHMARK",
    "CLASSES",
    "MEASURES",
    "PARTS",
    "TIERS",
    "Bonds",
    "CrossSell",
    "CrossSellRules",
    "Loyalty",
    "LoyaltyRules",
    "Standing",
    "build_handover",
    "classify",
    "compare_benchmark",
    "compare_targets",
    "hand_on_cross_sell",
    "list_products",
    "list_ranges",
    "plan_cross_sell",
    "published_ranges",
    "review_bonds",
    "review_loyalty",
    "review_standing",
    "say_held",
    "say_test",
    "score_called_off",
    "score_loyalty",
    "score_repurchase",
    "score_returns",
    "select_tenures",
    "summarise_called_off",
    "summarise_frequency",
    "summarise_repurchase",
    "summarise_returns",
    "summarise_tenure",
]
