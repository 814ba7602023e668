"""How much of the sales hangs on few accounts and on one order."""

from __future__ import annotations

import pandas as pd

from kamlib.sales.spans import known_spans, share_of, total_of
from kamlib.stats.concentration import effective_number, hhi

CONCENTRATION_COLUMNS = [
    "span", "n_accounts", "net_amount", "top_1_share", "top_5_share", "top_10_share", "hhi",
    "effective_accounts", "largest_order_id", "largest_order_account_id", "largest_order_amount",
    "largest_order_share", "largest_order_unit_price", "n_below_zero"]


def build_concentration(facts: pd.DataFrame, largest_orders: pd.DataFrame) -> pd.DataFrame:
    """Concentration of net sales by account, and the largest order, in each span.

    facts: account_facts; largest_orders: the largest orders of each span, ranked from 1.
    Returns one row a span that is known (period, previous, year_before): span, n_accounts (with
    net sales above zero), net_amount (of all accounts), top_1_share, top_5_share, top_10_share
    and hhi (of the net sales above zero), effective_accounts (1 / hhi), the largest order with
    its gross amount, its share of the span's gross sales and its price a piece (gaps without an
    order, or without a quantity above zero), n_below_zero (accounts from whom more came back
    than they bought, which the shares leave out).
    Source: catalogue PRT-06; metrics §2.
    """
    rows = []
    for span in known_spans(facts):
        amounts = facts[f"net_amount_{span}"].astype("float64")
        held = amounts[amounts > 0].sort_values(ascending=False)
        total, index = float(held.sum()), hhi(held)
        tops = {f"top_{k}_share": share_of(float(held.iloc[:k].sum()), total) for k in (1, 5, 10)}
        rows.append({"span": span, "n_accounts": len(held),
                     "net_amount": total_of(facts, f"net_amount_{span}"), **tops, "hhi": index,
                     "effective_accounts": effective_number(held) if total else float("nan"),
                     "n_below_zero": int((amounts < 0).sum()),
                     **_largest_order(largest_orders, span)})
    table = pd.DataFrame(rows, columns=CONCENTRATION_COLUMNS)
    return table.astype({name: "str" if name == "span" or name.endswith("_id") else
                         "Int64" if name.startswith("n_") else "float64"
                         for name in CONCENTRATION_COLUMNS})


def _largest_order(largest_orders: pd.DataFrame, span: str) -> dict[str, object]:
    first = largest_orders[(largest_orders["span"] == span) & (largest_orders["rank"] == 1)]
    if first.empty:
        return {}
    row = first.iloc[0]
    amount = float(row["gross_amount"])
    quantity = float("nan") if pd.isna(row["quantity"]) else float(row["quantity"])
    return {"largest_order_id": row["order_id"], "largest_order_account_id": row["account_id"],
            "largest_order_amount": amount,
            "largest_order_share": share_of(amount, float(row["span_gross_amount"])),
            "largest_order_unit_price": share_of(amount, quantity)}
