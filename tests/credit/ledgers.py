"""Small ledgers of invoices and payments, made by hand or from a seed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

AS_OF = date(2025, 12, 31)


def invoices(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Invoices: id, account, written, due, amount, in dispute."""
    table = pd.DataFrame(rows, columns=["invoice_id", "account_id", "invoice_date", "due_date",
                                        "amount", "is_disputed"])
    return table.assign(invoice_date=pd.to_datetime(table["invoice_date"]),
                        due_date=pd.to_datetime(table["due_date"]))


def payments(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Payments: invoice, paid, amount."""
    table = pd.DataFrame(rows, columns=["invoice_id", "paid_date", "amount"])
    return table.assign(paid_date=pd.to_datetime(table["paid_date"]))


def ledger(n_accounts: int, *, n_months: int = 36, habit: float = 1.0,
           seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Invoices, payments and ratings of accounts that pay late by a habit of their own.

    habit: how far accounts differ; 0 makes lateness pure chance.
    """
    rng = np.random.default_rng(seed)
    ids = [f"a{n:03d}" for n in range(n_accounts)]
    own = rng.standard_normal(n_accounts)
    months = pd.date_range("2023-01-28", periods=n_months, freq="31D")
    rows = pd.DataFrame({"account_id": np.repeat(ids, n_months),
                         "invoice_date": np.tile(months, n_accounts),
                         "amount": rng.uniform(50, 150, n_accounts * n_months).round(2)})
    rows["invoice_id"] = [f"i{n:05d}" for n in range(len(rows))]
    rows["due_date"] = rows["invoice_date"] + pd.Timedelta(days=30)
    rows["is_disputed"] = False
    late = 18 * (habit * np.repeat(own, n_months) + rng.standard_normal(len(rows)))
    paid = rows["due_date"] + pd.to_timedelta(late.round().clip(-28), unit="D")
    come = pd.DataFrame({"invoice_id": rows["invoice_id"], "paid_date": paid,
                         "amount": rows["amount"]})
    factors = pd.DataFrame({"account_id": np.repeat(ids, 3), "factor": "agency grade",
                            "rating": (60 - 15 * np.repeat(own, 3)
                                       + rng.normal(0, 10, n_accounts * 3)).clip(0, 100),
                            "rated_date": np.tile(pd.to_datetime(
                                ["2023-06-30", "2024-06-30", "2025-06-30"]), n_accounts)})
    return (rows[rows["invoice_date"] <= pd.Timestamp(AS_OF)],
            come[come["paid_date"] <= pd.Timestamp(AS_OF)], factors)
