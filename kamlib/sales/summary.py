"""Sales of the period beside the spans it is compared with, and account by account."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.period import Period
from kamlib.sales.spans import change_rate, choose_base, known_spans, label_of, total_of

COMPARED = ("net_amount", "gross_amount", "returned_amount", "adjustment_amount")
SUMMARY_COLUMNS = ["comparison", "base_label", "base_start_date", "base_end_date", "net_amount",
                   "base_net_amount", "change_amount", "change_rate", "gross_amount",
                   "base_gross_amount", "returned_amount", "base_returned_amount",
                   "adjustment_amount", "base_adjustment_amount", "n_accounts",
                   "base_n_accounts"]
CHANGE_COLUMNS = ["account_id", "net_amount", "base_net_amount", "change_amount", "change_rate"]


def build_summary(facts: pd.DataFrame, *, period: Period) -> pd.DataFrame:
    """Hold the period beside the previous one and the year before.

    facts: account_facts. Returns one row a comparison that is known (previous, year_before):
    comparison, base_label (such as 2025Q3), base_start_date, base_end_date, net_amount,
    base_net_amount, change_amount, change_rate (of the base; a gap unless it is above zero),
    gross, returned and adjustment amounts of both, n_accounts and base_n_accounts (with an
    order). Source: catalogue SAL-01.
    """
    spans = known_spans(facts)[1:]
    if not spans:
        raise RefusedError(no_base())
    ends = {"previous": (period.previous_start, period.previous_end),
            "year_before": (period.year_before_start, period.year_before_end)}
    rows = []
    for span in spans:
        row: dict[str, object] = {"comparison": span, "base_label": label_of(span, period)}
        row["base_start_date"], row["base_end_date"] = map(pd.Timestamp, ends[span])
        for name in COMPARED:
            row[name] = total_of(facts, f"{name}_period")
            row[f"base_{name}"] = total_of(facts, f"{name}_{span}")
        row["n_accounts"] = int((facts["n_orders_period"] > 0).sum())
        row["base_n_accounts"] = int((facts[f"n_orders_{span}"] > 0).sum())
        rows.append(row)
    table = pd.DataFrame(rows)
    table["change_amount"] = (table["net_amount"] - table["base_net_amount"]).round(4)
    table["change_rate"] = change_rate(table["net_amount"], table["base_net_amount"])
    dates = dict.fromkeys(("base_start_date", "base_end_date"), "datetime64[s]")
    counts = dict.fromkeys(("n_accounts", "base_n_accounts"), "Int64")
    return table[SUMMARY_COLUMNS].astype({**dates, **counts})


def build_account_changes(facts: pd.DataFrame) -> pd.DataFrame:
    """Change of each account's net sales against the year before, else the previous period.

    facts: account_facts. Returns one row an account with net sales in either, the largest fall
    first: account_id, net_amount, base_net_amount, change_amount, change_rate (a gap unless the
    base is above zero).
    """
    base = choose_base(known_spans(facts)[1:])
    if not base:
        raise RefusedError(no_base())
    table = facts[["account_id", "net_amount_period", f"net_amount_{base}"]].set_axis(
        CHANGE_COLUMNS[:3], axis=1).astype(dict.fromkeys(CHANGE_COLUMNS[1:3], "float64"))
    table = table[(table[CHANGE_COLUMNS[1:3]] != 0).any(axis=1)]
    table["change_amount"] = (table["net_amount"] - table["base_net_amount"]).round(4)
    table["change_rate"] = change_rate(table["net_amount"], table["base_net_amount"])
    return table.sort_values(["change_amount", "account_id"], ignore_index=True)


def no_base() -> str:
    """Why nothing can be compared."""
    return _("The known history holds neither the previous period nor the year before as a "
             "whole. A later period would lift this.")


def no_lines() -> str:
    """Why nothing can be told by product line."""
    return _("No product line is given. The products table would lift this.")
