"""What became of invoices by a day."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.measures import settle_invoices

OPEN = "open_invoice_amount"
INVOICES = pd.DataFrame(
    [("1", "a", "2025-01-10", "2025-02-09", 100.0, True),
     ("2", "a", "2025-01-20", "2025-02-19", 50.0, False),
     ("3", "b", "2025-02-01", "2025-03-03", 80.0, None),
     ("4", "b", "2025-02-05", "2025-02-05", -20.0, False),
     ("5", "b", "2025-04-01", "2025-05-01", 70.0, False)],
    columns=["invoice_id", "account_id", "invoice_date", "due_date", "amount", "is_disputed"])
PAYMENTS = pd.DataFrame(
    [("1", "2025-02-01", 60.0), ("1", "2025-02-19", 40.0), ("2", "2025-01-15", 60.0),
     ("3", "2025-03-31", 80.0), ("3", "2025-04-02", 5.0)],
    columns=["invoice_id", "paid_date", "amount"])


def settle(day: date) -> pd.DataFrame:
    return settle_invoices(INVOICES, PAYMENTS, as_of=day).set_index("invoice_id")


def test_in_parts_early_and_open():
    table = settle(date(2025, 3, 10))
    assert list(table.index) == ["1", "2", "3", "4"]  # the fifth is not written yet
    # Paid in two parts: settled by the last, ten days after the day due.
    assert table.loc["1", [OPEN, "is_settled", "late_days", "pay_days"]].tolist() == [
        0.0, True, 10, 40]
    # Paid before it was written, and 10 too much.
    assert table.loc["2", [OPEN, "pay_days", "late_days"]].tolist() == [-10.0, -5, -35]
    assert table.loc["3", [OPEN, "is_settled", "late_days"]].tolist() == [80.0, False, 7]
    # A credit note is never paid by the account: it waits.
    assert table.loc["4", [OPEN, "is_settled"]].tolist() == [-20.0, False]
    assert table["is_disputed"].tolist() == [True, False, False, False]


def test_payments_of_later_days_are_not_seen():
    assert settle(date(2025, 3, 30)).loc["3", OPEN] == 80.0
    assert settle(date(2025, 3, 31)).loc["3", OPEN] == 0.0


def test_order_of_rows_does_not_matter():
    turned = settle_invoices(INVOICES[::-1], PAYMENTS[::-1], as_of=date(2025, 3, 10))
    pd.testing.assert_frame_equal(turned.set_index("invoice_id"), settle(date(2025, 3, 10)))


def test_missing_column_is_named():
    with pytest.raises(InputError, match="due_date is missing"):
        settle_invoices(INVOICES.drop(columns="due_date"), PAYMENTS, as_of=date(2025, 1, 1))
