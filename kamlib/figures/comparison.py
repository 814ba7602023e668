"""What the sales overview is compared with: which base, and how a change is said."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.language import _, fmt_money, fmt_share, name_currency
from kamlib.sales import Sales

# The year before comes first: it has the same season.
COMPARISONS = ("year_before", "previous")


def find_base(sales: Sales, comparison: str = "") -> dict[Any, Any] | None:
    """Return the row of `summary` with a known base: of this comparison, or the first known."""
    known = sales.summary[sales.summary["base_net_amount"].notna()]
    rows = {row["comparison"]: row for row in known.to_dict("records")}
    wanted = (comparison,) if comparison else COMPARISONS
    return next((rows[name] for name in wanted if name in rows), None)


def net_of(sales: Sales) -> float:
    """Return net sales of the period; a gap where not even they are known."""
    period = sales.concentration[sales.concentration["span"] == "period"]
    known = pd.concat([sales.summary["net_amount"], period["net_amount"]]).astype("float64")
    return float(known.iloc[0]) if len(known) else float("nan")


def say_no_base(sales: Sales, comparison: str) -> str:
    """Return why there is no base to compare with."""
    label = (sales.period.previous_label if comparison == "previous"
             else sales.period.year_before_label)
    return _("The known history does not hold the whole of {base}, so there is nothing to compare "
             "with.", base=label)


def say_net(sales: Sales, currency: str) -> str:
    """Say net sales of the period and their change, money first, without a full stop."""
    row = find_base(sales)
    values = {"period": sales.period.label, "now": fmt_money(net_of(sales), currency)}
    if row is None:
        return _("Net sales of {period} were {now}; there is no known base to compare with",
                 **values)
    values |= {"base": row["base_label"], "change": size_of(row, currency)}
    if row["change_amount"] > 0:
        return _("Net sales of {period} were {now}, {change} more than in {base}", **values)
    if row["change_amount"] < 0:
        return _("Net sales of {period} were {now}, {change} less than in {base}", **values)
    return _("Net sales of {period} were {now}, as in {base}", **values)


def size_of(row: dict[Any, Any], currency: str) -> str:
    """Return the size of a change without its sign: money, and percent where there is a base."""
    amount = fmt_money(abs(row["change_amount"]), currency)
    if pd.isna(row["change_rate"]):
        return amount
    share = fmt_share(abs(row["change_rate"]), digits=1)
    return _("{amount} ({share})", amount=amount, share=share)


def signed_money(x: Any, currency: str) -> str:
    """Return money with its sign, plus included."""
    return f"{'+' if pd.notna(x) and x > 0 else ''}{fmt_money(x, currency)}"


def signed_share(x: Any, digits: int = 0) -> str:
    """Return a share with its sign, plus included."""
    return f"{'+' if pd.notna(x) and x > 0 else ''}{fmt_share(x, digits)}"


def money_label(text: str, currency: str) -> str:
    """Return an axis label with its currency."""
    if not currency:
        return text
    return _("{heading} ({unit})", heading=text, unit=name_currency(currency))
