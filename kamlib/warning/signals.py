"""What a company's other tables said of its accounts on a day: complaints, surveys, payments.

Everything is read as it was known at the end of that day, and refused when it was not: a row or a
date from after it would let the past be foretold with the future.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from kamlib.measures.receivables import settle_invoices
from kamlib.schema import require_known
from kamlib.warning.rules import WarningRules

Read = Callable[[str, date], pd.DataFrame]
# Items that ask how content somebody is; the others ask what is expected or intended.
CONTENT_KINDS = ("rating", "overall")


def read_checked(read: Read, table: str, day: date) -> pd.DataFrame:
    """Return what a table said at the end of a day; refuses rows that say more."""
    frame = read(table, day)
    require_known(frame, name=table, day=day)
    return frame


def count_complaints(read: Read, *, day: date, start: date, rules: WarningRules) -> pd.DataFrame:
    """Count complaints by account: lately opened or still open, and still open.

    ``n_complaints`` were opened in the span or are open, ``n_open_complaints`` are not settled.

    read: gives a table as it was known on a day; start: first day of the span that ends with
    `day`. Returns one row an account that ever complained, account_id as index; empty where the
    table does not reach back to the start of the span.
    """
    rows = read_checked(read, "complaints", day)
    if not _reaches(rows, "opened_date", start):
        return _nothing("n_complaints", "n_open_complaints")
    in_span = pd.to_datetime(rows["opened_date"]) >= pd.Timestamp(start)
    is_open = rows["resolved_date"].isna()
    return rows.assign(n_complaints=in_span | is_open, n_open_complaints=is_open) \
        .groupby("account_id", sort=True)[["n_complaints", "n_open_complaints"]].sum() \
        .astype("float64")


def score_satisfaction(read: Read, *, day: date, start: date, rules: WarningRules) -> pd.DataFrame:
    """Score what accounts said last, as a share of the scale, and how that changed.

    Returns one row an account that answered a valid wave, account_id as index:
    ``satisfaction_share`` (0 worst, 1 best: mean over its answers to rating and overall items of
    its latest wave, reversed items turned) and ``satisfaction_change_share`` (less that of the
    wave it answered before; NA where there is none). Scores off the scale count as not given.
    """
    waves = read_checked(read, "survey_waves", day)
    answers = read_checked(read, "survey_answers", day)
    # An item carries no date of its own: it was known when its wave began.
    items = read("survey_items", day)
    if waves.empty or answers.empty or items.empty:
        return _nothing("satisfaction_share", "satisfaction_change_share")
    items = items[items["kind"].isin(CONTENT_KINDS)]
    rows = answers.merge(waves[["wave_id", "start_date", "scale_min", "scale_max"]], on="wave_id")
    rows = rows.merge(items[["wave_id", "item_id", "is_reversed"]], on=["wave_id", "item_id"])
    share = (rows["score"] - rows["scale_min"]) / (rows["scale_max"] - rows["scale_min"])
    share = share.where(share.between(0, 1)).astype("float64")
    is_reversed = rows["is_reversed"].fillna(False).astype(bool)
    rows["share"] = share.where(~is_reversed, 1 - share)
    means = rows.groupby(["account_id", "start_date"], sort=True)["share"].mean().dropna()
    table = means.reset_index()
    table["before"] = table.groupby("account_id")["share"].shift()
    last = table.groupby("account_id", sort=True).tail(1).set_index("account_id")
    oldest = pd.Timestamp(day) - pd.Timedelta(days=rules.survey_valid_days)
    last = last[pd.to_datetime(last["start_date"]) > oldest]
    return pd.DataFrame({"satisfaction_share": last["share"].round(10),
                         "satisfaction_change_share": (last["share"] - last["before"]).round(10)})


def measure_payment(read: Read, *, day: date, start: date, rules: WarningRules) -> pd.DataFrame:
    """Measure how late the invoices that fell due in the span were paid, as known on `day`.

    Returns one row an account with such an invoice, account_id as index: ``n_invoices``,
    ``late_invoice_share`` (paid, or still open, more than rules.late_days after they were due)
    and ``late_mean_days`` (mean of days late, 0 for what was paid in time, until `day` for what
    is open). Credit notes are no invoices. Empty where either table has no row.
    """
    invoices = read_checked(read, "invoices", day)
    payments = read_checked(read, "payments", day)
    if invoices.empty or payments.empty or not _reaches(invoices, "due_date", start):
        return _nothing("n_invoices", "late_invoice_share", "late_mean_days")
    rows = settle_invoices(invoices, payments, as_of=day)
    rows = rows[rows["due_date"].between(pd.Timestamp(start), pd.Timestamp(day))
                & (rows["amount"] > 0)]
    late = rows["late_days"].clip(lower=0)
    found = rows.assign(late=late, is_late=late > rules.late_days).groupby("account_id", sort=True)
    return found.agg(n_invoices=("late", "size"), late_invoice_share=("is_late", "mean"),
                     late_mean_days=("late", "mean")).astype("float64")


def count_owner_changes(read: Read, *, day: date, start: date, rules: WarningRules
                        ) -> pd.DataFrame:
    """Count changes of owner in the span: ``n_owner_changes`` by account.

    The first owner of an account is no change. Returns one row an account with an owner,
    account_id as index; empty where the table does not reach back to the start of the span.
    """
    rows = read_checked(read, "account_owners", day)
    if not _reaches(rows, "from_date", start):
        return _nothing("n_owner_changes")
    rows = rows.sort_values(["account_id", "from_date", "owner_id"], kind="stable")
    before = rows.groupby("account_id")["owner_id"].shift()
    is_change = (before.notna() & (before != rows["owner_id"])
                 & (pd.to_datetime(rows["from_date"]) >= pd.Timestamp(start)))
    return rows.assign(n_owner_changes=is_change).groupby("account_id", sort=True)[
        ["n_owner_changes"]].sum().astype("float64")


def _reaches(rows: pd.DataFrame, column: str, start: date) -> bool:
    """Whether a table says anything from before the span: else its zeros would be unknown."""
    return bool((pd.to_datetime(rows[column]) < pd.Timestamp(start)).any())


def _nothing(*columns: str) -> pd.DataFrame:
    index = pd.Index([], name="account_id", dtype="str")
    return pd.DataFrame({c: np.zeros(0) for c in columns}, index=index)
