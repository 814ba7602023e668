"""What was collected of what fell due: one row an account."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import InputError

COLLECTION_COLUMNS = ["account_id", "n_invoices", "invoiced_amount", "collected_amount",
                      "collection_rate"]
NEEDED = {"invoices": ("invoice_id", "account_id", "due_date", "amount"),
          "payments": ("invoice_id", "paid_date", "amount")}


def build_collection(invoices: pd.DataFrame, payments: pd.DataFrame, *, start: date,
                     end: date) -> pd.DataFrame:
    """Set what came in by `end` against the invoices that fell due from `start` to `end`.

    invoices, payments: tables of the dictionary, one row an invoice and a payment of one.
    Returns one row an account with an invoice due in the span, sorted: account_id, n_invoices,
    invoiced_amount (credit notes off), collected_amount (received on these invoices by end, of
    each no more than it says: what is paid twice pays for nothing else), collection_rate
    (collected by invoiced, at most 1 since a credit note may wait to be paid back; a gap where
    credit notes leave nothing to collect). An invoice in dispute counts like any other.
    Source: catalogue CRD-02; metrics, collection rate: by the day an invoice is due, not by the
    day it is written.

    >>> invoices = pd.DataFrame({"invoice_id": ["1", "2"], "account_id": ["a", "a"],
    ...     "due_date": pd.to_datetime(["2025-03-01", "2025-04-01"]), "amount": [100.0, 300.0]})
    >>> payments = pd.DataFrame({"invoice_id": ["1"], "amount": [100.0],
    ...                          "paid_date": pd.to_datetime(["2025-03-20"])})
    >>> build_collection(invoices, payments, start=date(2025, 1, 1),
    ...                  end=date(2025, 12, 31))["collection_rate"].tolist()
    [0.25]
    """
    for name, table in (("invoices", invoices), ("payments", payments)):
        missing = [column for column in NEEDED[name] if column not in table]
        if missing:
            raise InputError(f"build_collection needs {', '.join(NEEDED[name])} in {name}; "
                             f"{', '.join(missing)} is missing. Pass "
                             f"report.read_if_given({name!r}).")
    due = pd.to_datetime(invoices["due_date"])
    rows = invoices[due.between(pd.Timestamp(start), pd.Timestamp(end))]
    known = payments[pd.to_datetime(payments["paid_date"]) <= pd.Timestamp(end)]
    paid = known["amount"].astype("float64").groupby(known["invoice_id"]).sum()
    amount = rows["amount"].astype("float64")
    came = rows["invoice_id"].map(paid).astype("float64").fillna(0.0)
    # Between nothing and the whole invoice; a credit note's whole lies below nothing.
    collected = came.clip(lower=amount.clip(upper=0.0), upper=amount.clip(lower=0.0))
    table = pd.DataFrame({"account_id": rows["account_id"], "invoiced_amount": amount,
                          "collected_amount": collected}).groupby("account_id", sort=True).agg(
        n_invoices=("invoiced_amount", "size"), invoiced_amount=("invoiced_amount", "sum"),
        collected_amount=("collected_amount", "sum")).round(4).reset_index()
    invoiced = table["invoiced_amount"]
    rate = table["collected_amount"] / invoiced.where(invoiced > 0)
    table["collection_rate"] = rate.clip(lower=0.0, upper=1.0)
    return table[COLLECTION_COLUMNS]
