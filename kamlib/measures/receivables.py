"""What became of every invoice by a day: paid when, how late, and how much of it is open."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import InputError

SETTLED_COLUMNS = ["invoice_id", "account_id", "invoice_date", "due_date", "amount",
                   "is_disputed", "paid_amount", "open_invoice_amount", "is_settled",
                   "settled_date", "late_days", "pay_days"]
NEEDED = {"invoices": ("invoice_id", "account_id", "invoice_date", "due_date", "amount"),
          "payments": ("invoice_id", "paid_date", "amount")}
CENT = 0.005  # an invoice paid but for less than a cent is paid


def settle_invoices(invoices: pd.DataFrame, payments: pd.DataFrame, *,
                    as_of: date) -> pd.DataFrame:
    """Set what came in by a day against each invoice written by then.

    invoices, payments: tables of the dictionary; what is dated after `as_of` is not looked at.
    Returns one row an invoice, sorted by invoice_id: invoice_id, account_id, invoice_date,
    due_date, amount (a credit note is below 0), is_disputed (False where not said), paid_amount,
    open_invoice_amount (amount less paid: below 0 for a credit note that waits and for what was
    paid twice), is_settled (an invoice above 0 of which less than a cent is missing), settled_date
    (of its last payment), late_days (from the day due to the day settled, or to `as_of` while it is
    open; below 0 when early), pay_days (from the day written, likewise).
    Source: catalogue CRD-02.

    >>> invoices = pd.DataFrame({"invoice_id": ["1"], "account_id": ["a"], "amount": [100.0],
    ...     "invoice_date": pd.to_datetime(["2025-03-01"]),
    ...     "due_date": pd.to_datetime(["2025-03-31"])})
    >>> payments = pd.DataFrame({"invoice_id": ["1"], "amount": [100.0],
    ...                          "paid_date": pd.to_datetime(["2025-04-10"])})
    >>> settle_invoices(invoices, payments, as_of=date(2025, 4, 30))["late_days"].tolist()
    [10]
    """
    require_receivables(invoices, payments, name="settle_invoices")
    day = pd.Timestamp(as_of)
    rows = invoices[pd.to_datetime(invoices["invoice_date"]) <= day]
    table = pd.DataFrame({"invoice_id": rows["invoice_id"].astype("str"),
                          "account_id": rows["account_id"].astype("str"),
                          "invoice_date": pd.to_datetime(rows["invoice_date"]),
                          "due_date": pd.to_datetime(rows["due_date"]),
                          "amount": rows["amount"].astype("float64")})
    table["is_disputed"] = (rows["is_disputed"].astype("boolean").fillna(False).astype(bool)
                            if "is_disputed" in rows else False)
    known = payments[pd.to_datetime(payments["paid_date"]) <= day]
    paid_for = known["invoice_id"].astype("str")
    sums = known["amount"].astype("float64").groupby(paid_for).sum()
    lasts = pd.to_datetime(known["paid_date"]).groupby(paid_for).max()
    paid = sums.reindex(table["invoice_id"]).to_numpy("float64")
    table["paid_amount"] = pd.Series(paid, index=table.index).fillna(0.0).round(4)
    table["open_invoice_amount"] = (table["amount"] - table["paid_amount"]).round(4)
    table["is_settled"] = (table["amount"] > 0) & (table["open_invoice_amount"] < CENT)
    last = pd.Series(pd.to_datetime(lasts.reindex(table["invoice_id"]).to_numpy()),
                     index=table.index)
    table["settled_date"] = last.where(table["is_settled"])
    until = table["settled_date"].fillna(day)
    for name, since in (("late_days", "due_date"), ("pay_days", "invoice_date")):
        table[name] = (until - table[since]).dt.days.astype("int64")
    return table.sort_values("invoice_id", ignore_index=True)[SETTLED_COLUMNS]


def require_receivables(invoices: pd.DataFrame, payments: pd.DataFrame, *, name: str) -> None:
    """Raise InputError where a column is missing that invoices or payments are read by."""
    for table, frame in (("invoices", invoices), ("payments", payments)):
        missing = [column for column in NEEDED[table] if column not in frame]
        if missing:
            raise InputError(f"{name} needs {', '.join(NEEDED[table])} in {table}; "
                             f"{', '.join(missing)} is missing. Pass "
                             f"report.read_if_given({table!r}).")
