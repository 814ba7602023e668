"""What is open, by how long it is overdue."""

from __future__ import annotations

import numpy as np
import pandas as pd

AGEING_COLUMNS = ["age_band", "n_open_invoices", "open_invoice_amount", "open_share",
                  "disputed_amount"]
OWING_COLUMNS = ["account_id", "open_invoice_amount", "overdue_amount", "long_overdue_amount",
                 "disputed_amount", "oldest_late_days"]
# Days past due, the upper end included; the source of metrics names these bands.
BANDS = ("not_due", "late_1_30", "late_31_60", "late_61_90", "late_91_120", "late_over_120")
ENDS = (0, 30, 60, 90, 120)
CREDITS = "credit_notes"


def age_receivables(settled: pd.DataFrame) -> pd.DataFrame:
    """What is open by days past due.

    settled: from `settle_invoices`, which says of which day.
    Returns one row a band, in order: age_band (credit_notes: credit notes that wait and what was
    paid twice, below 0; not_due, the day due included; late_1_30 and so on, days past due),
    n_open_invoices, open_invoice_amount (the bands add up to the receivables), open_share (0-1
    of what is open above 0; a gap for credit notes), disputed_amount (of it, in dispute).
    Source: CRD-02; metrics, ageing buckets.
    """
    rows = settled[settled["open_invoice_amount"].abs() >= 0.005]
    band = np.where(rows["open_invoice_amount"] < 0, CREDITS, np.array(BANDS)[
        np.searchsorted(ENDS, rows["late_days"].to_numpy(), side="left")])
    grouped = rows.assign(age_band=band, disputed_amount=rows["open_invoice_amount"].where(
        rows["is_disputed"], 0.0)).groupby("age_band")
    table = grouped.agg(n_open_invoices=("amount", "size"),
                        open_invoice_amount=("open_invoice_amount", "sum"),
                        disputed_amount=("disputed_amount", "sum"))
    table = table.reindex([*BANDS, CREDITS], fill_value=0).rename_axis("age_band").reset_index()
    above = table["open_invoice_amount"].where(table["age_band"] != CREDITS)
    table["open_share"] = above / above.sum() if above.sum() > 0 else np.nan
    return table.astype({"age_band": "str", "n_open_invoices": "int64"})[AGEING_COLUMNS]


def list_owing(settled: pd.DataFrame, *, long_days: int) -> pd.DataFrame:
    """What each account owes.

    Returns one row an account with an invoice, sorted: account_id, open_invoice_amount (its
    credit notes off), overdue_amount (past due, in dispute or not), long_overdue_amount (more than
    long_days past due), disputed_amount (open and in dispute), oldest_late_days (0 where nothing is
    overdue).
    """
    above = settled["open_invoice_amount"].clip(lower=0)
    late = above.where(settled["late_days"] > 0, 0.0)
    table = settled.assign(
        overdue_amount=late, long_overdue_amount=late.where(settled["late_days"] > long_days, 0.0),
        disputed_amount=above.where(settled["is_disputed"], 0.0),
        oldest_late_days=settled["late_days"].where(late >= 0.005, 0)).groupby(
            "account_id", sort=True).agg({c: "max" if c.endswith("days") else "sum"
                                          for c in OWING_COLUMNS[1:]})
    return table.round(4).reset_index()[OWING_COLUMNS]
