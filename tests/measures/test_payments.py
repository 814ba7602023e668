"""What was collected of what fell due."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.measures import build_collection

YEAR = {"start": date(2025, 1, 1), "end": date(2025, 12, 31)}


def invoices(rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["invoice_id", "account_id", "due_date", "amount"])
    return table.assign(due_date=pd.to_datetime(table["due_date"]))


def payments(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["invoice_id", "paid_date", "amount"])
    return table.assign(paid_date=pd.to_datetime(table["paid_date"]))


def collect(due: pd.DataFrame, paid: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    table = build_collection(due, paid, **YEAR).set_index("account_id")
    return {a: tuple(r) for a, r in table[
        ["invoiced_amount", "collected_amount", "collection_rate"]].iterrows()}


def test_an_invoice_counts_by_the_day_it_is_due_and_money_by_the_day_it_came():
    due = invoices([("1", "a", "2024-12-31", 500.0), ("2", "a", "2025-01-01", 100.0),
                    ("3", "a", "2025-12-31", 300.0), ("4", "a", "2026-01-01", 700.0)])
    paid = payments([("1", "2025-02-01", 500.0), ("2", "2024-12-20", 100.0),
                     ("3", "2025-12-31", 100.0), ("3", "2026-01-02", 200.0)])
    assert collect(due, paid) == {"a": (400.0, 200.0, 0.5)}


def test_what_is_paid_twice_pays_for_no_other_invoice():
    due = invoices([("1", "a", "2025-03-01", 100.0), ("2", "a", "2025-03-01", 100.0)])
    assert collect(due, payments([("1", "2025-03-01", 200.0)])) == {"a": (200.0, 100.0, 0.5)}


def test_a_credit_note_lowers_what_is_to_be_collected():
    due = invoices([("1", "a", "2025-03-01", 100.0), ("2", "a", "2025-03-01", -20.0)])
    assert collect(due, payments([("1", "2025-03-02", 80.0)])) == {"a": (80.0, 80.0, 1.0)}
    back = payments([("1", "2025-03-02", 100.0), ("2", "2025-03-05", -20.0)])
    assert collect(due, back) == {"a": (80.0, 80.0, 1.0)}
    waits = payments([("1", "2025-03-02", 100.0)])
    assert collect(due, waits) == {"a": (80.0, 100.0, 1.0)}


def test_nothing_to_collect_has_no_rate_and_no_invoice_no_row():
    due = invoices([("1", "a", "2025-03-01", -20.0)])
    table = build_collection(due, payments([]), **YEAR)
    assert table["collection_rate"].isna().all()
    assert build_collection(due.iloc[:0], payments([]), **YEAR).empty


def test_a_missing_column_says_what_to_pass():
    with pytest.raises(InputError) as error:
        build_collection(pd.DataFrame({"invoice_id": []}), payments([]), **YEAR)
    assert str(error.value) == (
        "build_collection needs invoice_id, account_id, due_date, amount in invoices; account_id, "
        "due_date, amount is missing. Pass report.read_if_given('invoices').")
