from .aims import compare_targets
from .benchmark import classify, compare_benchmark, list_ranges, published_ranges
from .bonds.result import Bonds, review_bonds
from .frequency import score_called_off, summarise_called_off, summarise_frequency
from .handover import build_handover
from .products.handover import hand_on_cross_sell, say_held, say_test
from .products.held import list_products
from .products.result import CrossSell, plan_cross_sell
from .products.rules import CrossSellRules
from .repurchase import score_repurchase, summarise_repurchase
from .result import Loyalty, review_loyalty
from .returns import score_returns, summarise_returns
from .rules import BENCHMARK, MEASURES, TIERS, LoyaltyRules
from .standing.index import PARTS, score_loyalty
from .standing.quadrants import CLASSES
from .standing.result import Standing, review_standing
from .tenure import select_tenures, summarise_tenure

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
