"""Sales of one account against named bases: last period, a year before, the year to date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_month
from kamlib.period import add_months
from kamlib.review.account import Account, whole_months

TREND_COLUMNS = ["comparison", "now_label", "base_label", "now_net_amount", "base_net_amount",
                 "change_amount", "change_rate", "now_quantity", "base_quantity",
                 "quantity_change_rate"]
MONTH_COLUMNS = ["month", "net_amount", "year_before_amount"]


def compare_trend(account: Account) -> pd.DataFrame:
    """Net sales and pieces of the period against each base, which every row names.

    Returns three rows, comparison: previous, year_before (the same period a year before) and
    year_to_date (the fiscal year up to the period's end against the same months a year before);
    now_label and base_label (what is compared), now_net_amount, base_net_amount, change_amount,
    change_rate (of the base; a gap where it is not above 0), now_quantity, base_quantity (pieces
    of the sale lines; gaps where the span is not of whole months or quantities are not given),
    quantity_change_rate. What lies before the known history is a gap, never 0.
    Source: ABR-04: a month down and a year up are compatible, so each base is named.
    """
    account.require_orders()
    period, facts = account.period, account.facts
    rows = []
    for comparison, base_label, start, end in (
            ("previous", period.previous_label, period.previous_start, period.previous_end),
            ("year_before", period.year_before_label, period.year_before_start,
             period.year_before_end)):
        rows.append([comparison, period.label, base_label, facts.get("net_amount_period"),
                     facts.get(f"net_amount_{comparison}"),
                     _quantity(account, period.start, period.end), _quantity(account, start, end)])
    rows.append(_year_to_date(account))
    table = pd.DataFrame(rows, columns=["comparison", "now_label", "base_label", "now_net_amount",
                                        "base_net_amount", "now_quantity", "base_quantity"])
    numbers = ["now_net_amount", "base_net_amount", "now_quantity", "base_quantity"]
    table[numbers] = table[numbers].astype("float64")
    table["change_amount"] = table["now_net_amount"] - table["base_net_amount"]
    table["change_rate"] = table["change_amount"] / table["base_net_amount"].where(
        table["base_net_amount"] > 0)
    table["quantity_change_rate"] = (table["now_quantity"] / table["base_quantity"].where(
        table["base_quantity"] > 0)) - 1
    return table[TREND_COLUMNS]


def build_months(account: Account) -> pd.DataFrame:
    """Net sales of the last twelve whole months, each beside the same month a year before.

    Returns one row a month: net_amount, year_before_amount (a gap before the known history).
    Refused where the account never bought.
    """
    account.require_orders()
    last = whole_months(account.period.start, account.period.end)[1]
    months = pd.date_range(end=last, periods=12, freq="MS")
    known = pd.Timestamp(account.history_from)
    net = account.line_months.groupby("month")["net_amount"].sum()
    months = months[months >= known]
    if not len(months) or not (account.line_months["month"] >= months[0]).any():
        raise RefusedError(_("This account bought nothing in the last twelve months."))
    before = months - pd.DateOffset(years=1)
    table = pd.DataFrame({"month": months.astype("datetime64[s]"),
                          "net_amount": net.reindex(months).fillna(0.0).to_numpy(),
                          "year_before_amount": net.reindex(before).fillna(0.0).to_numpy()})
    table["year_before_amount"] = table["year_before_amount"].mask(before < known)
    return table[MONTH_COLUMNS]


def _year_to_date(account: Account) -> list[Any]:
    start, end = account.year_start, account.period.end
    before = add_months(start, -12), add_months(end + timedelta(days=1), -12) - timedelta(days=1)
    labels = [_("{first} to {last}", first=fmt_month(a), last=fmt_month(b))
              for a, b in ((start, end), before)]
    amounts = [_amount(account, *span) for span in ((start, end), before)]
    return ["year_to_date", *labels, *amounts, _quantity(account, start, end),
            _quantity(account, *before)]


def _inside(account: Account, start: Any, end: Any) -> pd.DataFrame | None:
    """The account's months of a span; None where it is not of whole months, or not known."""
    first, last = whole_months(start, end)
    is_whole = first.date() == start and (last + pd.offsets.MonthEnd()).date() == end
    if not is_whole or start < account.history_from:
        return None
    months = account.line_months
    return months[(months["month"] >= first) & (months["month"] <= last)]


def _amount(account: Account, start: Any, end: Any) -> float:
    rows = _inside(account, start, end)
    return float("nan") if rows is None else float(rows["net_amount"].sum())


def _quantity(account: Account, start: Any, end: Any) -> float:
    rows = _inside(account, start, end)
    if rows is None or rows.loc[rows["gross_amount"] != 0, "quantity"].isna().any():
        return float("nan")
    return float(rows["quantity"].sum())
