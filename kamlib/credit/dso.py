"""Days sales outstanding: how many days of sales are waiting to be paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_date
from kamlib.measures import settle_invoices
from kamlib.period import add_months

DSO_COLUMNS = ["dso_method", "receivable_amount", "billed_amount", "span_days", "dso_days"]
SERIES_COLUMNS = ["month", "receivable_amount", "overdue_amount", "overdue_share", "dso_days"]
MONTHS_SHOWN = 13


def count_back(receivable: float, sales: Sequence[float], days: Sequence[int]) -> float:
    """Take months' sales off the receivables, the latest first, and count the days it takes.

    receivable: what is open; sales, days: of each month, the latest first. The last month counts
    in part. A month in which more was credited than billed adds to what is to be used up. NaN
    where the months do not use it up, or nothing is open.
    Source: metrics, DSO countback: 212 open, 100, 80 and 70 billed in months of 30 days.

    >>> round(count_back(212, [100, 80, 70], [30, 30, 30]), 1)
    73.7
    """
    if receivable <= 0:
        return 0.0
    rest, counted = float(receivable), 0.0
    for billed, length in zip(sales, days, strict=True):
        if billed > 0 and rest <= billed:
            return counted + length * rest / billed
        rest, counted = rest - billed, counted + length
    return float("nan")


def build_dso(invoices: pd.DataFrame, payments: pd.DataFrame, *, as_of: date,
              spans: dict[str, date], history_from: date) -> pd.DataFrame:
    """How many days of what was billed are open at `as_of`, by several methods.

    spans: first day of each span that ends with `as_of`, by its name (period, window).
    Returns one row a method: dso_method (simple_period, simple_window: receivables at the end by
    what was billed in the span, times its days; count_back: months taken off from the last;
    best_possible: the same as simple_window, of what is not due yet), receivable_amount (open
    invoices less credit notes that wait; invoices in dispute are in it), billed_amount (invoices
    less credit notes of the span; all that was used up under count_back), span_days, dso_days.
    A span that begins before the known history is left out, and gaps stand where nothing was
    billed or the known months do not reach. Source: CRD-02; metrics, DSO.
    Raises RefusedError where nothing was billed before `as_of`.
    """
    rows = settle_invoices(invoices, payments, as_of=as_of)
    if rows.empty:
        raise RefusedError(_("No invoice was written by {day}, so there are no receivables. A "
                             "later period would lift this.", day=fmt_date(as_of)))
    open_invoice_amount = float(rows["open_invoice_amount"].sum())
    found = []
    for name, start in spans.items():
        if start >= history_from:
            billed, days = _billed(rows, start), (as_of - start).days + 1
            found.append((f"simple_{name}", open_invoice_amount, billed, days,
                          open_invoice_amount / billed * days if billed > 0 else None))
    sales, lengths = list_months(rows, as_of=as_of, history_from=history_from)
    found.append(("count_back", open_invoice_amount, sum(sales), sum(lengths),
                  count_back(open_invoice_amount, sales, lengths)))
    if found[:-1]:
        _name, _open, billed, days, _dso = found[-2]
        not_due = float(rows.loc[(rows["due_date"] >= pd.Timestamp(as_of))
                                 & (rows["amount"] > 0), "open_invoice_amount"].sum())
        found.append(("best_possible", not_due, billed, days,
                      not_due / billed * days if billed > 0 else None))
    table = pd.DataFrame(found, columns=DSO_COLUMNS)
    return table.astype({"dso_method": "str", "span_days": "int64", "dso_days": "float64"})


def list_months(rows: pd.DataFrame, *, as_of: date,
                history_from: date) -> tuple[list[float], list[int]]:
    """What was billed by calendar month back to the history's begin, and the months' days."""
    by_month = rows["amount"].groupby(rows["invoice_date"].dt.to_period("M")).sum()
    sales, lengths = [], []
    first, last = as_of.replace(day=1), as_of
    while first >= history_from.replace(day=1):
        sales.append(float(by_month.get(pd.Period(str(first)[:7], freq="M"), 0.0)))
        lengths.append((last - first).days + 1)
        first, last = add_months(first, -1), first - timedelta(days=1)
    return sales, lengths


def follow_receivables(invoices: pd.DataFrame, payments: pd.DataFrame, *, as_of: date,
                       history_from: date) -> pd.DataFrame:
    """Receivables at the end of each of the last 13 months, as they were known then.

    Returns one row a month end within the history, the earliest first: month (its last known
    day), receivable_amount, overdue_amount and overdue_share (0-1, of what is open above 0),
    dso_days (count-back; a gap where the history does not reach).
    """
    ends = [as_of]
    while len(ends) < MONTHS_SHOWN:
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    found = []
    for day in sorted(end for end in ends if end > history_from):
        rows = settle_invoices(invoices, payments, as_of=day)
        above = rows[rows["open_invoice_amount"] > 0]
        late = float(above.loc[above["due_date"] < pd.Timestamp(day), "open_invoice_amount"].sum())
        whole = float(above["open_invoice_amount"].sum())
        total = float(rows["open_invoice_amount"].sum())
        sales, lengths = list_months(rows, as_of=day, history_from=history_from)
        found.append((pd.Timestamp(day), total, late, late / whole if whole else None,
                      count_back(total, sales, lengths)))
    table = pd.DataFrame(found, columns=SERIES_COLUMNS)
    return table.astype({c: "float64" for c in SERIES_COLUMNS if c != "month"})


def _billed(rows: pd.DataFrame, start: date) -> float:
    return float(rows.loc[rows["invoice_date"] >= pd.Timestamp(start), "amount"].sum())
