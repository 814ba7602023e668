"""The sales of two windows of every account, and what changed between them, by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.measures import MeasureRules, build_account_bridge
from kamlib.period import parse_period

PERIOD = parse_period("2025Q4")
EFFECTS = ["price_amount", "volume_amount", "mix_amount", "quantity_unknown_amount"]


def build(book, *, history_from=date(2022, 1, 1), **rules):
    return build_account_bridge(book.lines("2025-12-31"), period=PERIOD,
                                history_from=history_from,
                                rules=MeasureRules(**rules)).set_index("account_id")


@pytest.fixture(scope="module")
def book(line, ledger):
    rows = [
        # P1: 10 pieces at 10, then 12 at 11. Price 1 x 12, volume 2 x 10.
        line("A", "2024-05-01", 100, product_id="P1", quantity=10),
        line("A", "2025-05-01", 132, product_id="P1", quantity=12),
        line("A", "2024-06-01", 40, product_id="P2", quantity=4),  # given up
        line("A", "2025-06-01", 25, product_id="P3", quantity=5),  # taken up
        line("A", "2024-07-01", 30, product_id="P4"),  # no quantity then
        line("A", "2025-07-01", 50, product_id="P4", quantity=5),
        line("A", "2024-08-01", 7), line("A", "2025-08-01", 9),  # no product
        line("A", "2025-09-01", -20, product_id="P1", quantity=-2, kind="return"),
        line("A", "2024-09-01", -6, kind="adjustment"),
        line("B", "2024-01-01", 55, product_id="P1", quantity=5),  # the first day that counts
        line("B", "2023-12-31", 900, product_id="P1", quantity=5),  # the day before
        line("C", "2025-12-31", 11, product_id="P1", quantity=1),
        line("C", "2026-01-01", 500, product_id="P1", quantity=1)]
    return ledger(rows)


def test_the_change_is_split_into_what_it_was(book):
    row = build(book).loc["A"]
    assert row[EFFECTS].tolist() == [12, 20, 25 - 40, (50 - 30) + (9 - 7)]
    assert row[["gross_amount_before", "gross_amount"]].tolist() == [177, 216]
    assert row[["returned_amount_before", "returned_amount"]].tolist() == [0, 20]
    assert row[["adjustment_amount_before", "adjustment_amount"]].tolist() == [-6, 0]
    assert row[["n_lines_before", "n_lines"]].tolist() == [4, 4]


def test_both_windows_are_whole_years_and_their_edges_count(book):
    table = build(book)
    assert table["gross_amount_before"].to_dict() == {"A": 177, "B": 55, "C": 0}
    assert table["gross_amount"].to_dict() == {"A": 216, "B": 0, "C": 11}


def test_refuses_a_window_before_the_known_history(book):
    assert build(book, history_from=date(2024, 1, 2)).empty
    assert len(build(book, history_from=date(2024, 1, 1))) == 3


@settings(max_examples=4, deadline=None)
@given(st.lists(st.tuples(
    st.sampled_from("ABCDEFGH"), st.sampled_from(["2024-03-01", "2025-03-01", "2025-11-30"]),
    st.integers(0, 9999), st.sampled_from(["P1", "P2", None]),
    st.sampled_from([None, 0, 1, 3, 7])), min_size=20, max_size=48))
def test_the_parts_are_the_whole_to_the_cent(line, ledger, engine, rows):
    lines = [line(a, day, cents / 100, product_id=p, quantity=q, order_id=str(i))
             for i, (a, day, cents, p, q) in enumerate(rows)]
    table = build(ledger(lines, con=engine))
    change = table["gross_amount"] - table["gross_amount_before"]
    assert np.allclose(table[EFFECTS].sum(axis=1).astype(float), change.astype(float),
                       rtol=0, atol=1e-9)
    same = build(ledger(lines[::-1], con=engine))
    assert same.equals(table)
