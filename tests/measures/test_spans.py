"""Sums by product and account for the spans of a report, and its largest orders, by hand."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.measures import build_largest_orders, build_order_days, build_span_sums
from kamlib.period import parse_period

PERIOD = parse_period("2025Q4")
HISTORY = date(2022, 1, 1)
FACTS = ("n_lines", "gross_amount", "returned_amount", "net_amount", "adjustment_amount",
         "margin_known_amount", "margin_amount")


def sum_spans(book, by, *, history_from=HISTORY, period=PERIOD):
    return build_span_sums(book.lines(str(period.as_of)), book.products, by=by, period=period,
                           history_from=history_from)


@pytest.fixture(scope="module")
def book(line, ledger):
    """Lines of every kind in the period, one in each of the two compared spans."""
    rows = [
        line("A", "2024-10-01", 90, product_id="P1", quantity=9, cost_amount=50),
        line("A", "2025-09-30", 70, product_id="P1", quantity=7),
        line("A", "2025-10-01", 100, product_id="P1", quantity=10, cost_amount=60,
             channel="web", order_id="o1"),
        line("A", "2025-10-02", 40, product_id="P1", order_id="o1", channel="web"),  # no quantity
        line("A", "2025-10-03", 5, product_id="P1", quantity=0, channel="web"),
        line("B", "2025-11-01", 30, product_id="P9", quantity=3),  # a product nobody knows
        line("B", "2025-11-02", 20),
        line("B", "2025-11-09", -25, product_id="P1", quantity=-2, cost_amount=-15,
             kind="return", channel="web"),
        line("B", "2025-11-10", -8, kind="cancellation"),
        line("B", "2025-12-01", -4, kind="adjustment"),
        line("B", "2025-12-02", 0, product_id="P1", quantity=1, cost_amount=6, kind="free"),
        line("B", "2025-12-03", 500, product_id="P1", quantity=50, order_id="s"),  # a pair
        line("B", "2025-12-04", -500, product_id="P1", quantity=-50, kind="cancellation",
             order_id="c"),
        line("A", "2026-01-01", 999, product_id="P1", quantity=99)]
    return ledger(rows, products={"P1": "pumps"})


def test_every_kind_of_line_by_product(book):
    found = sum_spans(book, ["product_id", "product_line", "channel"])
    assert found.columns.tolist() == [
        "span", "product_id", "product_line", "channel", "n_lines", "quantity",
        "quantity_gross_amount", "gross_amount", "returned_amount", "net_amount",
        "adjustment_amount", "margin_known_amount", "margin_amount"]
    assert found[found["span"] == "period"].iloc[:, 1:].fillna(-1).values.tolist() == [
        ["", "", "", 1, -1, 0, 20, 8, 12, -4, 0, 0],
        ["P1", "pumps", "web", 3, 10, 100, 145, 25, 120, 0, 75, 30],
        ["P9", "", "", 1, 3, 30, 30, 0, 30, 0, 0, 0]]
    rest = found[found["span"] != "period"]
    assert rest["span"].tolist() == ["previous", "year_before"]
    assert rest["net_amount"].tolist() == [70, 90]
    assert rest["margin_amount"].tolist() == [0, 40]


def test_the_same_sums_by_account_and_line(book):
    found = sum_spans(book, ["account_id", "product_line", "channel"])
    keys = found[found["span"] == "period"][["account_id", "product_line", "channel"]]
    assert keys.values.tolist() == [["A", "pumps", "web"], ["B", "", ""], ["B", "pumps", "web"]]
    whole = sum_spans(book, ["account_id"])
    assert whole["net_amount"].sum() == found["net_amount"].sum()


@pytest.mark.parametrize(("history_from", "spans"), [
    (date(2024, 10, 1), ["period", "previous", "year_before"]),
    (date(2024, 10, 2), ["period", "previous"]), (date(2025, 7, 2), ["period"]),
    (date(2025, 11, 1), ["period"])])
def test_a_span_that_the_history_does_not_hold_wholly_is_left_out(book, history_from, spans):
    found = sum_spans(book, ["account_id"], history_from=history_from)
    assert found["span"].drop_duplicates().tolist() == spans


def test_a_year_that_overlaps_its_year_before_counts_in_both(book):
    found = sum_spans(book, ["account_id"], period=parse_period("2024-01-01..2025-12-31"))
    sums = found.groupby("span")["gross_amount"].sum()
    assert (sums["period"], sums["year_before"]) == (355, 90)


def test_without_products_every_line_is_blank(line, ledger):
    found = sum_spans(ledger([line("A", "2025-10-01", 1, product_id="P")]),
                      ["product_id", "product_line"])
    assert found[["product_id", "product_line"]].values.tolist() == [["P", ""]]


kinds = st.sampled_from(["sale", "sale", "sale", "return", "cancellation", "adjustment", "free"])
moves = st.lists(st.tuples(st.sampled_from("AB"), st.dates(date(2024, 9, 1), date(2025, 12, 31)),
                           kinds, st.integers(-10**6, 10**6), st.booleans()), min_size=1,
                 max_size=40)


@settings(max_examples=4, deadline=None)
@given(moves=moves)
def test_sums_are_those_of_the_account_facts_to_the_cent(moves, line, ledger, engine):
    rows = [line(a, str(d), abs(m) / 100 if k == "sale" else m / 100, kind=k,
                 order_id=f"o{i // 2}", product_id="P" if has_cost else None, quantity=1,
                 cost_amount=m / 200 if has_cost else None)
            for i, (a, d, k, m, has_cost) in enumerate(moves)]
    book = ledger(rows, con=engine)
    facts = book.facts("2025Q4", history_from="2022-01-01")
    for by in (["account_id", "channel"], ["product_id"]):
        sums = sum_spans(book, by).groupby("span")[list(FACTS)].sum()
        for span in sums.index:
            for name in FACTS:
                assert sums.loc[span, name] == pytest.approx(
                    facts[f"{name}_{span}"].sum(), abs=0.001)


def test_largest_orders_with_ties_by_id_and_the_total_of_the_span(book, line, ledger):
    found = build_largest_orders(build_order_days(book.lines("2025-12-31")), period=PERIOD,
                                 history_from=HISTORY, n=2)
    assert found.columns.tolist() == ["span", "rank", "order_id", "account_id", "order_date",
                                      "quantity", "gross_amount", "span_gross_amount"]
    assert found[["span", "rank", "order_id", "account_id", "gross_amount",
                  "span_gross_amount"]].values.tolist() == [
        ["period", 1, "o1", "A", 140, 195], ["period", 2, "B-2025-11-01-30", "B", 30, 195],
        ["previous", 1, "A-2025-09-30-70", "A", 70, 70],
        ["year_before", 1, "A-2024-10-01-90", "A", 90, 90]]
    assert str(found.loc[0, "order_date"].date()) == "2025-10-01"
    assert found.loc[0, "quantity"] == 10
    ties = ledger([line("A", "2025-10-01", 9, order_id=o) for o in ("z", "b", "m")])
    days = build_order_days(ties.lines("2025-12-31"))
    top = build_largest_orders(days, period=PERIOD, history_from=HISTORY, n=2)
    assert top["order_id"].tolist() == ["b", "m"]
    assert math.isnan(top.loc[0, "quantity"])


def test_no_orders_make_empty_tables(line, ledger):
    none = ledger([line("A", "2020-01-01", 1)])
    assert sum_spans(none, ["account_id"]).empty
    days = build_order_days(none.lines("2025-12-31"))
    assert build_largest_orders(days, period=PERIOD, history_from=HISTORY).empty
