"""What the review reads of order lines: sums by line and month, by product, ways of ordering."""

from __future__ import annotations

from datetime import date

import pytest

from kamlib import measures
from kamlib.measures.trade import build_trade, trade_start, year_start
from kamlib.period import parse_period

LINES = {"P1": "Pens", "P2": "Paper"}


@pytest.fixture(scope="module")
def tables(line, ledger):
    rows = [
        line("A", "2025-10-05", 80, product_id="P1", quantity=10, cost_amount=50, retail_price=12,
             is_tender=True, is_dropship=False),
        # Half of it came back: the retailer cannot sell it.
        line("A", "2025-10-20", -40, kind="return", product_id="P1", quantity=-5, cost_amount=-25,
             retail_price=12),
        line("A", "2025-11-03", 30, product_id="P2", quantity=3, is_tender=False,
             is_dropship=True),
        line("A", "2025-02-03", 20, product_id="P2", quantity=2, is_tender=False),
        line("A", "2024-02-03", 7, product_id=None, quantity=1),
        # Called off at once: out of all sums, but a call-off with its reason.
        line("A", "2025-12-01", 99, product_id="P1", quantity=9),
        line("A", "2025-12-02", -99, kind="cancellation", product_id="P1", quantity=-9,
             cancel_reason="price"),
        line("B", "2025-12-10", 11, product_id="P1")]
    made = ledger(rows, products=LINES)
    period = parse_period("2025Q4")
    lines = measures.build_lines(made.orders, made.accounts, as_of=period.as_of,
                                 rules=measures.MeasureRules(), further=measures.FURTHER)
    return build_trade(lines, made.products, period=period, rules=measures.MeasureRules(),
                       history_from=date(2024, 1, 1), fiscal_year_start_month=1)


def test_line_months_hold_what_was_paid_and_its_retail_value(tables):
    table = tables["line_months"].set_index(["account_id", "product_line", "month"])
    pens = table.loc[("A", "Pens", "2025-10-01")]
    assert pens[["quantity", "gross_amount", "returned_amount", "net_amount"]].tolist() == [
        10, 80, 40, 40]
    assert pens[["margin_known_amount", "margin_amount"]].tolist() == [40, 15]
    assert pens[["retail_known_amount", "retail_amount"]].tolist() == [40, 60]
    # A product without a line, of the year before.
    assert table.loc[("A", "", "2024-02-01"), "net_amount"] == 7
    assert ("A", "Pens", "2025-12-01") not in table.index


def test_goods_of_the_period_and_of_the_window(tables):
    table = tables["goods"].set_index(["account_id", "product_id"])
    assert table.loc[("A", "P2"), ["net_amount_period", "net_amount_window"]].tolist() == [30, 50]
    assert table.loc[("A", "P1"), ["net_amount_period", "quantity_window"]].tolist() == [40, 10]
    assert ("A", "") not in table.index


def test_ways_of_ordering_count_only_what_is_recorded(tables):
    row = tables["order_ways"].set_index("account_id").loc["A"]
    # Four orders stand; one says nothing of tenders, two nothing of direct delivery.
    assert row[["n_orders", "n_tender_known_orders", "n_tender_orders"]].tolist() == [4, 3, 1]
    assert row[["dropship_known_amount", "dropship_amount"]].tolist() == [110, 30]


def test_call_offs_hold_also_what_was_cancelled_at_once(tables):
    assert tables["call_offs"].to_dict("records") == [
        {"account_id": "A", "cancel_reason": "price", "n_orders": 1, "cancelled_amount": 99.0}]


def test_the_review_looks_back_to_the_fiscal_year_before():
    period = parse_period("2026-01-01..2026-03-31")
    assert year_start(period, fiscal_year_start_month=4) == date(2025, 4, 1)
    assert trade_start(parse_period("2025Q1"), fiscal_year_start_month=1) == date(2024, 1, 1)
