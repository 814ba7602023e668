from .bridge import build_account_bridge
from .facts import (
    build_account_facts,
    build_account_months,
    build_account_products,
    build_order_days,
)
from .fetching import fetch
from .holdings import build_account_holdings
from .likeness import Like, LikeRules, find_like
from .lines import build_levels, build_lines
from .past import build_past_facts, build_purchase_days, list_cuts
from .payments import build_collection
from .profit import build_profit
from .promises import PROMISE_STATUSES, follow_actions
from .receivables import require_receivables, settle_invoices
from .rules import MeasureRules
from .spans import NET_KINDS, build_largest_orders, build_span_sums
from .trade import FURTHER, build_trade, trade_start, year_start
from .window import require_window

__all__ = ["FURTHER", "NET_KINDS", "PROMISE_STATUSES", "Like", "LikeRules", "MeasureRules",
           "build_account_bridge", "build_account_facts", "build_account_holdings",
           "build_account_months", "build_account_products", "build_collection",
           "build_largest_orders", "build_levels", "build_lines", "build_order_days",
           "build_past_facts", "build_profit", "build_purchase_days", "build_span_sums",
           "build_trade", "fetch", "find_like", "follow_actions", "list_cuts",
           "require_receivables", "require_window", "settle_invoices", "trade_start", "year_start"]
