"""Features of accounts on each cut: only what was known at the end of that day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from kamlib.errors import InputError
from kamlib.schema import require_columns
from kamlib.warning.rules import WarningRules
from kamlib.warning.signals import (
    Read,
    count_complaints,
    count_owner_changes,
    measure_payment,
    score_satisfaction,
)

KEYS = ["cut_date", "account_id"]
FROM_ORDERS = [
    "net_amount_window", "net_amount_period", "net_amount_previous", "sales_change_rate",
    "days_since_last_sale", "gap_mean_days", "n_gaps", "silence_ratio", "n_purchase_days_period",
    "n_purchase_days_window", "tenure_days", "is_first_year"]
# Columns that come from other tables than the orders, by the function that makes them; where an
# account does not come up in a table that reaches back far enough, a count is 0, a score unknown.
SIGNALS = {
    count_complaints: (("complaints",), ("n_complaints", "n_open_complaints"), True),
    score_satisfaction: (("survey_waves", "survey_answers", "survey_items"),
                         ("satisfaction_share", "satisfaction_change_share"), False),
    measure_payment: (("invoices", "payments"),
                      ("n_invoices", "late_invoice_share", "late_mean_days"), False),
    count_owner_changes: (("account_owners",), ("n_owner_changes",), True),
}
FEATURE_COLUMNS = [*KEYS, *FROM_ORDERS, *(c for _t, names, _z in SIGNALS.values() for c in names)]
YEAR_DAYS = 365


def build_features(past: pd.DataFrame, *, read: Read, horizon_days: int,
                   rules: WarningRules) -> pd.DataFrame:
    """Describe every account that was active on a cut by what was known on it.

    past: past_facts, one row a cut and account; read: gives a table of the dictionary as it was
    known at the end of a day, without rows where there is none; horizon_days: length of the spans.
    Returns one row a cut and active account, sorted: cut_date, account_id; from orders
    net_amount_window, _period (last horizon) and _previous (the one before), sales_change_rate
    (period / previous - 1, NA where either is not known or the former not above 0),
    days_since_last_sale, gap_mean_days (NA with fewer than two purchase days), n_gaps,
    silence_ratio (days since the last sale / mean gap), n_purchase_days_period and _window,
    tenure_days (NA: start unknown), is_first_year (0 or 1; 0 where the start is unknown); and
    the columns of `SIGNALS`, NA where the tables are missing or begin too late.
    Attributes without a date (region, industry, ...) are not used: nobody knows what they said.
    Raises InputError when orders or a table hold what was not known on the cut.

    Notes: a feature of the last horizon looks at (cut - horizon_days, cut].
    """
    require_columns(past, ["cut_date", "account_id", "is_active_closing", "last_sale_date"],
                    name="past_facts")
    _require_past(past)
    rows = past[past["is_active_closing"].astype(bool)].sort_values(KEYS, ignore_index=True)
    parts = [_describe(part, read=read, day=pd.Timestamp(str(cut)).date(),
                       horizon_days=horizon_days, rules=rules)
             for cut, part in rows.groupby("cut_date", sort=True)]
    if not parts:
        return pd.DataFrame(columns=FEATURE_COLUMNS)
    return pd.concat(parts, ignore_index=True)[FEATURE_COLUMNS]


def find_missing(read: Read, *, day: date) -> list[str]:
    """Return the tables that signs could rest on and that have no row by a day, in their order."""
    tables = [name for given, _names, _zero in SIGNALS.values() for name in given]
    return [name for name in tables if read(name, day).empty]


def _require_past(past: pd.DataFrame) -> None:
    late = past[past["last_sale_date"] > past["cut_date"]]
    if len(late):
        accounts = late["account_id"].drop_duplicates()
        raise InputError(
            "What is judged on a cut may rest only on what was known then, but past_facts holds "
            f"sales of {len(accounts)} account(s) from after it ({', '.join(accounts.head(5))}). "
            "Pass report.past_facts.")


def _describe(part: pd.DataFrame, *, read: Read, day: date, horizon_days: int,
              rules: WarningRules) -> pd.DataFrame:
    table = _from_orders(part)
    start = day - timedelta(days=horizon_days - 1)
    for measure, (tables, names, zero_if_absent) in SIGNALS.items():
        # A table that is missing altogether is an empty one without types.
        if any(read(name, day).empty for name in tables):
            table[list(names)] = np.nan
            continue
        found = measure(read, day=day, start=start, rules=rules)
        values = found.reindex(table["account_id"])
        for name in names:
            column = values[name].fillna(0.0) if zero_if_absent and len(found) else values[name]
            table[name] = column.to_numpy(dtype="float64")
    return table


def _from_orders(part: pd.DataFrame) -> pd.DataFrame:
    numbers = {name: part[name].astype("float64") for name in (
        "net_amount_window", "net_amount_period", "net_amount_previous", "days_since_last_sale",
        "gap_mean_days", "n_purchase_days_period", "n_purchase_days_window", "tenure_days",
        "n_repeat_days")}
    before = numbers["net_amount_previous"]
    gap = numbers["gap_mean_days"]
    tenure = numbers["tenure_days"]
    ratio = numbers["net_amount_period"] / before.where(before > 0)
    return part[KEYS].assign(
        **{k: v for k, v in numbers.items() if k != "n_repeat_days"},
        n_gaps=numbers["n_repeat_days"], sales_change_rate=(ratio - 1).round(10),
        silence_ratio=(numbers["days_since_last_sale"] / gap.where(gap > 0)).round(10),
        is_first_year=(tenure < YEAR_DAYS).astype("float64")).reset_index(drop=True)
