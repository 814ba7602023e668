"""Loyalty: how long accounts stay, whether they buy again, how much they send back."""

from __future__ import annotations

from kamlib.loyalty.benchmark import classify, compare_benchmark
from kamlib.loyalty.handover import build_handover
from kamlib.loyalty.repurchase import score_repurchase, summarise_repurchase
from kamlib.loyalty.result import Loyalty, review_loyalty
from kamlib.loyalty.returns import score_returns, summarise_returns
from kamlib.loyalty.rules import BENCHMARK, MEASURES, TIERS, LoyaltyRules
from kamlib.loyalty.tenure import select_tenures, summarise_tenure

__all__ = ["BENCHMARK", "MEASURES", "TIERS", "Loyalty", "LoyaltyRules", "build_handover",
           "classify", "compare_benchmark", "review_loyalty", "score_repurchase", "score_returns",
           "select_tenures", "summarise_repurchase", "summarise_returns", "summarise_tenure"]
