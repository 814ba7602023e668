"""Order lines to fact tables, for any day; nothing else touches the orders."""

from kamlib.measures.bridge import build_account_bridge
from kamlib.measures.facts import (
    build_account_facts,
    build_account_months,
    build_account_products,
    build_order_days,
)
from kamlib.measures.fetching import fetch
from kamlib.measures.holdings import build_account_holdings
from kamlib.measures.likeness import Like, LikeRules, find_like
from kamlib.measures.lines import build_levels, build_lines
from kamlib.measures.past import build_past_facts, build_purchase_days, list_cuts
from kamlib.measures.payments import build_collection
from kamlib.measures.profit import build_profit
from kamlib.measures.promises import PROMISE_STATUSES, follow_actions
from kamlib.measures.receivables import require_receivables, settle_invoices
from kamlib.measures.rules import MeasureRules
from kamlib.measures.spans import NET_KINDS, build_largest_orders, build_span_sums
from kamlib.measures.trade import FURTHER, build_trade, trade_start, year_start
from kamlib.measures.window import require_window

__all__ = ["FURTHER", "NET_KINDS", "PROMISE_STATUSES", "Like", "LikeRules", "MeasureRules",
           "build_account_bridge", "build_account_facts", "build_account_holdings",
           "build_account_months", "build_account_products", "build_collection",
           "build_largest_orders", "build_levels", "build_lines", "build_order_days",
           "build_past_facts", "build_profit", "build_purchase_days", "build_span_sums",
           "build_trade", "fetch", "find_like", "follow_actions", "list_cuts",
           "require_receivables", "require_window", "settle_invoices", "trade_start", "year_start"]
