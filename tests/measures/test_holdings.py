"""Products by account over two windows; every number can be worked out by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kamlib import measures
from kamlib.measures import MeasureRules
from kamlib.period import parse_period


@pytest.fixture
def holdings(line, ledger):
    def build(rows, *, history_from="2020-01-01", products=None):
        book = ledger(rows, products=products)
        return measures.build_account_holdings(
            book.lines("2025-12-31"), book.products, period=parse_period("2025Q4"),
            history_from=date.fromisoformat(history_from),
            rules=MeasureRules()).set_index(["account_id", "product_id"])
    return build


def test_windows_kinds_and_lines(line, holdings):
    table = holdings([
        line("A", "2025-03-01", 100, product_id="P", quantity=10),
        line("A", "2025-04-01", 50, product_id="P"),  # no quantity
        line("A", "2025-05-01", -30, product_id="P", quantity=-3, kind="return"),
        line("A", "2025-05-02", 0, product_id="P", quantity=9, kind="free"),
        line("A", "2025-05-03", -5, product_id="P", kind="adjustment"),
        line("A", "2024-12-31", 70, product_id="P", quantity=7),
        line("A", "2023-12-31", 999, product_id="P", quantity=1),  # before both windows
        line("B", "2024-02-01", 20, product_id="Q", quantity=2),
        line("B", "2025-02-01", 40, quantity=2),  # names no product
        line("C", "2025-06-01", -10, product_id="P", quantity=-1, kind="return")],
        products={"P": "Pumps"})
    assert table.index.tolist() == [("A", "P"), ("B", "Q")]  # a return alone is no holding
    row = table.loc[("A", "P")]
    assert row["product_line"] == "Pumps"
    assert row["last_sale_date"] == pd.Timestamp("2025-04-01")
    assert row[["n_lines_window", "quantity_window", "quantity_gross_amount_window",
                "gross_amount_window", "net_amount_window"]].tolist() == [2, 10, 100, 150, 120]
    assert row[["n_lines_before", "gross_amount_before", "net_amount_before"]].tolist() == [
        1, 70, 70]
    assert table.loc[("B", "Q"), ["n_lines_window", "n_lines_before"]].tolist() == [0, 1]
    assert table.loc[("B", "Q"), "product_line"] == ""


def test_a_pair_called_off_at_once_is_no_holding(line, holdings):
    assert holdings([line("A", "2025-03-01", 100, product_id="P", quantity=10),
                     line("A", "2025-03-02", -100, product_id="P", quantity=-10,
                          kind="cancellation")]).empty


def test_the_window_before_is_unknown_when_the_history_is_shorter(line, holdings):
    table = holdings([line("A", "2025-03-01", 100, product_id="P", quantity=10),
                      line("A", "2024-06-01", 70, product_id="P", quantity=7)],
                     history_from="2024-06-01")
    assert table[["n_lines_before", "net_amount_before"]].isna().all(axis=None)
    assert table["net_amount_window"].tolist() == [100]


def test_second_sale_is_the_next_day_with_one(line, ledger):
    facts = ledger([line("A", "2025-03-01", 100), line("A", "2025-03-01", 7),
                    line("A", "2025-03-05", 0, kind="free"), line("A", "2025-04-01", 50),
                    line("A", "2025-06-01", 9), line("B", "2025-03-01", 100)]).facts("2025Q4")
    assert facts.loc["A", "second_sale_date"] == pd.Timestamp("2025-04-01")
    assert pd.isna(facts.loc["B", "second_sale_date"])
