"""One invented account with all that a review reads; every number can be worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from kamlib.measures import LikeRules
from kamlib.period import parse_period
from kamlib.review import READ, Account, sum_peers

SUMS = ("quantity", "gross_amount", "returned_amount", "net_amount", "margin_known_amount",
        "margin_amount", "retail_known_amount", "retail_amount")
PRODUCTS = pd.DataFrame({
    "product_id": ["P1", "P2", "P3"], "name": ["Pen", "Pad", "Ink"],
    "product_line": ["Pens", "Paper", "Pens"], "brand": ["Basic", "Basic", "Pro"]})


def line_months(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Rows of product line, month, quantity and net amount."""
    table = pd.DataFrame([[line, pd.Timestamp(month), quantity, amount]
                          for line, month, quantity, amount in rows],
                         columns=["product_line", "month", "quantity", "net_amount"])
    return table.assign(gross_amount=table["net_amount"], returned_amount=0.0)


def goods(*rows: tuple[str, str, float], margin: float = 0.25, retail: float = 1.25
          ) -> pd.DataFrame:
    """Rows of account, product and net amount of the period, which is that of the window too."""
    table = pd.DataFrame(rows, columns=["account_id", "product_id", "net"])
    values = {"quantity": table["net"] / 10, "gross_amount": table["net"], "returned_amount": 0.0,
              "net_amount": table["net"], "margin_known_amount": table["net"],
              "margin_amount": table["net"] * margin, "retail_known_amount": table["net"],
              "retail_amount": table["net"] * retail}
    for name in SUMS:
        for span in ("period", "window"):
            table[f"{name}_{span}"] = values[name]
    return table.drop(columns="net")


def account(**given: Any) -> Account:
    """The account A of five like ones in the fourth quarter of 2025; tables by name."""
    everyone = given.pop("everyone", goods(
        ("A", "P1", 1200), *((f"B{i}", p, 100) for i in range(6) for p in ("P1", "P3")),
        ("B0", "P2", 100)))
    tables = {name: table for name, table in given.items() if name in (*READ, "survey_waves",
                                                                      "survey_items")}
    people = pd.DataFrame({"account_id": ["A", *(f"B{i}" for i in range(6))],
                           "account_type": "dealer", "size_class": "small"})
    values: dict[str, Any] = {
        "about": {"account_id": "A", "name": "Alpha", "account_type": "dealer",
                  "size_class": "small", "owner_id": "Owner 1"},
        "facts": {"n_orders": 4, "n_orders_period": 2, "n_orders_window": 3, "net_amount": 3000.0,
                  "net_amount_period": 1200.0, "net_amount_previous": 1000.0,
                  "net_amount_year_before": None, "net_amount_window": 2000.0,
                  "first_sale_date": pd.Timestamp("2024-05-06"), "is_start_known": True,
                  "start_date": pd.Timestamp("2024-05-06")},
        "members": ("A",), "goods": everyone[everyone["account_id"] == "A"],
        "line_months": line_months(("Pens", "2025-10-01", 40.0, 400.0),
                                   ("Pens", "2025-12-01", 80.0, 800.0),
                                   ("Pens", "2024-11-01", 100.0, 1000.0)),
        "products": PRODUCTS, "tables": tables, "peers": sum_peers(
            "A", everyone, accounts=people, products=PRODUCTS,
            rules=given.pop("likeness", LikeRules(by="profile")))}
    values |= {k: v for k, v in given.items() if k not in tables}
    return Account("A", "Alpha", "EUR", parse_period("2025Q4"), date(2024, 1, 1),
                   date(2025, 1, 1), date(2025, 1, 1), **values)


def quotas(*rows: tuple[str, float | None, float | None, float | None]) -> pd.DataFrame:
    """Rows of month, quota, demand and available pieces of the line Pens."""
    return pd.DataFrame([["A", "Pens", pd.Timestamp(m), q, d, a] for m, q, d, a in rows], columns=[
        "account_id", "product_line", "month", "quota_quantity", "demand_quantity",
        "available_quantity"])
