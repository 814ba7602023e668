"""Expressions of the dataset file: what sees text, what sees numbers, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kamlib.dataset import Dataset, open_dataset
from kamlib.errors import InputError

Write = Callable[..., Path]
LINES = """\
No,Customer,Day,Qty,Price,Note
536365,00042,2010-12-01,6,2.55,x
C536379,00107,2010-12-01,-1,27.50,D
536414,00042,2010-12-02,10,0,
"""
ORDERS = """
[tables.orders]
source = "lines.csv"
constants = {{ line_kind = "adjustment" }}
[tables.orders.columns]
order_id = "No"
account_id = "Customer"
order_date = "Day"
amount = "{amount}"
{more}
"""


@pytest.fixture
def opened(write: Write) -> Callable[..., Dataset]:
    def opened(amount: str = "Qty * Price", more: str = "", lines: str = LINES) -> Dataset:
        return open_dataset(write(ORDERS.format(amount=amount, more=more), lines__csv=lines))
    return opened


def values(dataset: Dataset, column: str) -> list[Any]:
    frame = dataset.tables["orders"].select("order_id", column).to_pyarrow().to_pylist()
    return [row[column] for row in sorted(frame, key=lambda row: row["order_id"])]


def test_ids_keep_their_zeros_and_numbers_multiply(opened: Callable[..., Dataset]) -> None:
    dataset = opened()
    assert values(dataset, "account_id") == ["00042", "00042", "00107"]
    assert values(dataset, "amount") == [Decimal("15.30"), Decimal(0), Decimal("-27.50")]


@pytest.mark.parametrize(("amount", "expected"), [
    ("Qty", [6, 10, -1]),
    ("QTY + 1", [7, 11, 0]),
    ("CASE WHEN No LIKE 'C%' THEN -1 ELSE 1 END", [1, 1, -1]),
    ("CASE WHEN No = '536414' THEN 1 ELSE Qty END", [6, 1, -1]),
    ("CASE WHEN Qty < 0 THEN Price ELSE 0 END", [0, 0, Decimal("27.5")]),
    ("CASE WHEN Note IN ('D', 'x') THEN abs(Qty) ELSE 0 END", [6, 0, 1]),
    ("length(Customer)", [5, 5, 5]),
    ("coalesce(Qty, 0) * 2", [12, 20, -2]),
    ("CAST(Price AS DECIMAL(18, 4)) * CAST(Qty AS INTEGER)",
     [Decimal("15.3"), 0, Decimal("-27.5")]),
    ("CASE WHEN Note IS NULL THEN 1 ELSE 0 END", [0, 1, 0]),
    ("-(Qty)", [-6, -10, 1]),
])
def test_text_is_text_and_numbers_are_numbers(
        amount: str, expected: list[Any], opened: Callable[..., Dataset]) -> None:
    assert values(opened(amount), "amount") == expected


@pytest.mark.parametrize("amount", ["Qty", "Qty * Price", "abs(Qty) * Price", "-(Qty)",
                                    "CASE WHEN No = 'x' THEN 0 ELSE Qty END",
                                    "CAST(Qty AS DECIMAL(18, 4))", "coalesce(Qty, Qty)"])
def test_one_bad_value_in_a_column_breaks_its_row_only(
        amount: str, opened: Callable[..., Dataset]) -> None:
    """One of four is above the share under which a column keeps its type."""
    dataset = opened(amount, lines=LINES + "536500,00042,2010-12-03,many,1.00,\n")
    assert dataset.accounting[["read", "kept", "quarantined"]].to_numpy().tolist() == [[4, 3, 1]]
    assert dataset.reasons["reason"].tolist() == ["wrong_type:amount"]
    assert dataset.quarantine["orders"]["No"].tolist() == ["536500"]


@pytest.mark.parametrize(("more", "broken"), [
    ("discount_amount = 'CAST(Note AS DECIMAL(18, 4))'", 2),
    ("discount_amount = 'TRY_CAST(Note AS DECIMAL(18, 4))'", 0),
    ("discount_amount = 'CAST(NULLIF(NULLIF(Note, chr(120)), chr(68)) AS DECIMAL(18, 4))'", 0),
    ("discount_amount = 'coalesce(CAST(Note AS DECIMAL(18, 4)), 0)'", 0)])
def test_a_value_that_a_cast_loses_is_set_aside_unless_the_expression_says_so(
        more: str, broken: int, opened: Callable[..., Dataset]) -> None:
    assert opened(more=more).accounting["quarantined"].tolist() == [broken]


def test_a_date_that_a_format_loses_is_set_aside(opened: Callable[..., Dataset]) -> None:
    lines = LINES.replace("2010-12-02", "2.12.2010")
    dataset = opened(lines=lines, more="cancel_reason = \"strptime(Day, '%Y-%m-%d')\"")
    assert dataset.accounting["quarantined"].tolist() == [1]


@pytest.mark.parametrize(("amount", "said"), [
    ("Qty * Prise", r"tables\.orders\.columns\.amount: the source has no column 'Prise'\. "
                    r"Did you mean 'Price'\? It has: No, Customer, Day, Qty, Price, Note\."),
    ("(SELECT max(Qty) FROM lines)", r"tables\.orders\.columns\.amount: '\(SELECT max\(Qty\) FROM "
                                     r"lines\)' is a query, not an expression over the columns of "
                                     r"one row\. Use joins, constants and expressions only\."),
    ("getenv('HOME')", "is a query, not an expression"),
    ("DROP TABLE lines", "is a query, not an expression"),
    ("Qty *", r"tables\.orders\.columns\.amount: 'Qty \*' is not an expression in DuckDB's SQL: "),
    ("no_such_function(Qty)", r"tables\.orders: the engine cannot run the expressions: .*"
                              r"no_such_function.*Correct the expression"),
])
def test_what_is_no_expression_is_refused(
        amount: str, said: str, opened: Callable[..., Dataset]) -> None:
    with pytest.raises(InputError, match=f"(?s){said}"):
        opened(amount)


def test_a_required_column_that_nothing_gives_is_refused(write: Write) -> None:
    path = write('[tables.orders]\nsource = "orders.csv"\n')
    with pytest.raises(InputError, match=r"tables\.orders: the column 'line_kind' \(what the line "
                                         r"is\) is required, and neither \[columns\] nor a source "
                                         r"column of that name gives it\."):
        open_dataset(path)


def test_one_row_per_takes_aggregates(write: Write) -> None:
    accounts = """
[tables.accounts]
source = "lines.csv"
one_row_per = "Customer"
constants = { party_role = "customer" }
columns = { account_id = "Customer", name = "max_by(Note, Day)", employees = "sum(Qty)" }
"""
    path = write(ORDERS.format(amount="Qty", more="") + accounts,
                 lines__csv=LINES.replace("10,0,", "10,0,z"))
    dataset = open_dataset(path)
    (row,) = dataset.tables["accounts"].to_pyarrow().to_pylist()
    assert (row["account_id"], row["name"], row["employees"]) == ("00042", "z", 16)
    # the other has -1 employees, so it is set aside, and its order with it
    assert dataset.reasons[["table", "reason", "n"]].to_numpy().tolist() == [
        ["accounts", "out_of_range:employees", 1], ["orders", "unknown:account_id", 1]]
