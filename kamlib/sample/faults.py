"""Rows that are broken on purpose, so that a report has something to set aside and to say."""

from __future__ import annotations

import pandas as pd

# What is wrong, and the column and text that make it so.
ORDER_FAULTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("a date that does not exist", {"order_date": "2023-02-30"}),
    ("an amount with a letter O in it", {"amount": "1250O.00"}),
    ("an amount in words", {"amount": "see invoice"}),
    ("an account that is not in accounts", {"account_id": "9999"}),
    ("no account at all", {"account_id": ""}),
    ("a sale with a negative amount", {"amount": "-4200.00"}),
    ("a kind of line nobody knows", {"line_kind": "swap"}),
    ("a return with a positive amount", {"line_kind": "return", "quantity": "-1"}),
)
N_DUPLICATES = 2  # order lines that occur twice, every column alike: kept and counted
BAD_SCORES = ("7", "-1", "11")  # none of them lies on the scale of its wave


def add_faults(texts: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables as text, with the broken rows put in; the other tables stay as they are.

    texts: every table of the sample, each value as it is written.
    Orders get one row for each of ORDER_FAULTS (order_id F0001 and on) and two exact duplicates,
    survey_answers three scores off the scale, invoices a key that is there twice and a due date
    before the invoice date. No payment belongs to a broken invoice.
    """
    return {
        **texts,
        "orders": _spoil_orders(texts["orders"]),
        "survey_answers": _spoil_answers(texts["survey_answers"]),
        "invoices": _spoil_invoices(texts["invoices"], texts["payments"]),
    }


def _spoil_orders(orders: pd.DataFrame) -> pd.DataFrame:
    step = len(orders) // (len(ORDER_FAULTS) + N_DUPLICATES + 1)
    sales = orders[orders["line_kind"] == "sale"]
    rows = []
    for number, (_, fault) in enumerate(ORDER_FAULTS):
        good = sales[sales.index >= step * (number + 1)].iloc[[0]]
        rows.append(good.assign(**{"order_id": f"F{number + 1:04d}", "line_no": "1", **fault}))
    twice = [sales[sales.index >= step * (len(ORDER_FAULTS) + 1 + i)].iloc[[0]]
             for i in range(N_DUPLICATES)]  # fmt: skip
    return pd.concat([orders, *rows, *twice]).sort_index(kind="stable").reset_index(drop=True)


def _spoil_answers(answers: pd.DataFrame) -> pd.DataFrame:
    spoilt = answers.copy()
    for wave, score in zip(("W2022-09", "W2024-03", "W2025-09"), BAD_SCORES, strict=True):
        is_rating = (spoilt["wave_id"] == wave) & (spoilt["item_id"] == "Q05")
        spoilt.loc[spoilt.index[is_rating][3], "score"] = score
    return spoilt


def _spoil_invoices(invoices: pd.DataFrame, payments: pd.DataFrame) -> pd.DataFrame:
    unpaid = invoices[~invoices["invoice_id"].isin(payments["invoice_id"])]
    twice = unpaid.iloc[[-1]].assign(amount="1000.00")
    early = unpaid.iloc[[-2]].assign(invoice_id="INVF0001", due_date="2025-01-31")
    return pd.concat([invoices, twice, early]).sort_index(kind="stable").reset_index(drop=True)
