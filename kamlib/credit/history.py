"""Accounts on days of the past: what was known of how they pay, and who then paid badly."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from kamlib.credit.rules import CreditRules
from kamlib.measures import settle_invoices

YEAR_DAYS = 365
MEASURES = ("paid_on_time", "mean_late_days", "overdue_share")
KEYS = ["cut_date", "account_id"]


def list_days(as_of: date, *, history_from: date, rules: CreditRules) -> list[date]:
    """Days of the past, one horizon apart, the last one a horizon before `as_of`.

    >>> list_days(date(2025, 12, 31), history_from=date(2025, 1, 1), rules=CreditRules())
    [datetime.date(2025, 7, 2)]
    """
    step = timedelta(days=rules.scorecard_horizon_days)
    days = [as_of - step * n for n in range(1, rules.scorecard_days + 1)]
    return sorted(day for day in days if day - step >= history_from - timedelta(days=1))


def describe_payers(invoices: pd.DataFrame, payments: pd.DataFrame, credit_factors: pd.DataFrame,
                    *, day: date, rules: CreditRules) -> pd.DataFrame:
    """What was known of each account on a day: its ratings, and how it had paid.

    Returns one row an account with an invoice by then, account_id as index: paid_on_time (0-1,
    by amount, of what fell due in the year before), mean_late_days of these, overdue_share (of
    what it was billed in that year), and each credit factor by its name (latest rating, 0-100,
    within rules.rating_valid_days). Gaps where nothing was known. Disputes have no date and are
    not used.
    """
    rows = settle_invoices(invoices, payments, as_of=day)
    end, start = pd.Timestamp(day), pd.Timestamp(day - timedelta(days=YEAR_DAYS))
    due = rows[(rows["due_date"] > start) & (rows["due_date"] <= end) & (rows["amount"] > 0)]
    on_time = due["amount"].where(due["late_days"] <= rules.late_days, 0.0)
    sums = due.assign(on_time=on_time).groupby("account_id").agg(
        whole=("amount", "sum"), on_time=("on_time", "sum"), late=("late_days", "mean"))
    late = rows["open_invoice_amount"].clip(lower=0).where(rows["late_days"] > 0, 0.0)
    billed = rows["amount"].where(rows["invoice_date"] > start, 0.0).groupby(
        rows["account_id"]).sum()
    table = pd.DataFrame(index=pd.Index(sorted(rows["account_id"].unique()), name="account_id"))
    table["paid_on_time"] = sums["on_time"] / sums["whole"]
    table["mean_late_days"] = sums["late"]
    table["overdue_share"] = (late.groupby(rows["account_id"]).sum()
                              / billed.where(billed > 0)).clip(upper=1.0)
    if len(credit_factors):
        age = (end - pd.to_datetime(credit_factors["rated_date"])).dt.days
        known = credit_factors[(age >= 0) & (age <= rules.rating_valid_days)].sort_values(
            ["account_id", "factor", "rated_date"])
        wide = known.groupby(["account_id", "factor"])["rating"].last().unstack()
        table = table.join(wide.astype("float64"))
    return table.round(10)


def follow_payers(invoices: pd.DataFrame, payments: pd.DataFrame, credit_factors: pd.DataFrame,
                  *, as_of: date, history_from: date, rules: CreditRules) -> pd.DataFrame:
    """Describe accounts on days of the past, and see who paid badly in the horizon after.

    Returns one row a day and account with an invoice that fell due in the horizon after it early
    enough to become bad by its end, sorted: cut_date, account_id, the columns of
    `describe_payers`, is_bad (more than rules.bad_share of that amount was paid, or still open,
    more than rules.bad_days late). Without rows where the history is too short.
    """
    parts = []
    for day in list_days(as_of, history_from=history_from, rules=rules):
        last = day + timedelta(days=rules.scorecard_horizon_days)
        known = describe_payers(invoices, payments, credit_factors, day=day, rules=rules)
        after = settle_invoices(invoices, payments, as_of=last)
        ripe = pd.Timestamp(last - timedelta(days=rules.bad_days + 1))
        due = after[(after["due_date"] > pd.Timestamp(day)) & (after["due_date"] <= ripe)
                    & (after["amount"] > 0)]
        late = due["amount"].where(due["late_days"] > rules.bad_days, 0.0)
        sums = due.assign(late=late).groupby("account_id")[["late", "amount"]].sum()
        happened = (sums["late"] / sums["amount"] > rules.bad_share).rename("is_bad")
        part = known.join(happened, how="inner").reset_index()
        part.insert(0, "cut_date", pd.Timestamp(day))
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=[*KEYS, *MEASURES, "is_bad"])
    table = pd.concat(parts, ignore_index=True)
    names = sorted(c for c in table.columns if c not in (*KEYS, *MEASURES, "is_bad"))
    return table.sort_values(KEYS, ignore_index=True)[[*KEYS, *MEASURES, *names, "is_bad"]].astype(
        dict.fromkeys((*MEASURES, *names), np.float64))
