"""A small company whose key accounts can be told by hand."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from kamlib.period import parse_period
from kamlib.schema import load_schema
from kamlib.selection import Known, SelectionRules, select_accounts

YEAR = parse_period("2025")
FROM = date(2023, 1, 1)
RULES = SelectionRules(n_draws=100, n_condition_draws=50, n_permutations=500, n_key_accounts=3)


def build_months(amounts: dict[str, float], *, growth: float = 1.1, noise: float = 0.0,
                 cost: float = 0.7) -> pd.DataFrame:
    """Account months of two years: so much a month in 2025, `growth` times less in 2024."""
    rng, rows = np.random.default_rng(1), []
    for account, amount in amounts.items():
        for month in pd.date_range("2024-01-01", "2025-12-01", freq="MS"):
            value = amount / (1 if month.year == 2025 else growth)
            value *= float(np.exp(noise * rng.standard_normal()))
            rows.append((account, month, "sale", 2, value, cost * value, value))
    table = pd.DataFrame(rows, columns=["account_id", "month", "line_kind", "n_orders", "amount",
                                        "cost_amount", "cost_known_amount"])
    return table.astype({"n_orders": "Int64"})


def build_facts(months: pd.DataFrame, *, year: int = 2025, has_cost: bool = True) -> pd.DataFrame:
    """Account facts that agree with these months."""
    window = months[months["month"].dt.year == year].groupby("account_id").agg(
        n_orders_window=("n_orders", "sum"), net_amount_window=("amount", "sum"),
        cost=("cost_amount", "sum")).reset_index()
    known = window["net_amount_window"] * has_cost
    facts = window.assign(
        n_orders=2 * window["n_orders_window"], tenure_days=2000, gap_mean_days=15.0,
        days_since_last_sale=10, gross_amount_window=window["net_amount_window"],
        margin_known_amount_window=known, first_sale_date=pd.Timestamp("2020-01-01"),
        margin_amount_window=(window["net_amount_window"] - window["cost"]) * has_cost)
    return facts.drop(columns="cost")


def build_products(months: pd.DataFrame) -> pd.DataFrame:
    table = months.assign(quarter=months["month"].dt.to_period("Q").dt.start_time, channel="",
                          product_line="Filters")
    table = table.groupby(["account_id", "product_line", "channel", "quarter"]).agg(
        n_orders=("n_orders", "sum"), net_amount=("amount", "sum"),
        cost=("cost_amount", "sum")).reset_index()
    return table.assign(margin_amount=table["net_amount"] - table["cost"],
                        margin_known_amount=table["net_amount"])


def build_accounts(ids: list[str], **columns: object) -> pd.DataFrame:
    given = {"name": ids, "owner_id": "M1", "region": "East", "industry": "food",
             "account_type": None, "category": None, "size_class": None, "employees": pd.NA,
             "influence_score": np.nan}
    return pd.DataFrame({"account_id": ids} | given | columns)


HOLDINGS = pd.DataFrame(columns=["account_id", "product_id", "quantity_window",
                                 "quantity_gross_amount_window"])


def build_known(amounts: dict[str, float], tables: dict[str, pd.DataFrame] | None = None,
                *, has_cost: bool = True, noise: float = 0.0, **columns: object) -> Known:
    months = build_months(amounts, noise=noise)
    return Known(build_facts(months, has_cost=has_cost), months, build_products(months),
                 build_accounts(sorted(amounts), **columns), YEAR.as_of, FROM, tables or {})


def select(known: Known, *, rules: SelectionRules = RULES, **more: object):
    """Select from a made-up company; nothing is known of earlier days."""
    def read(name: str, _day: date) -> pd.DataFrame:
        columns = list(load_schema()[name].columns)
        return known.tables.get(name, pd.DataFrame(columns=columns).astype("object"))
    return select_accounts(known.facts, earlier={}, months=known.months, products=known.products,
                           accounts=known.accounts, holdings=HOLDINGS, read=read, period=YEAR,
                           history_from=FROM, rules=rules, **more)


TEN = {f"A{i:02d}": 1000.0 * (11 - i) for i in range(1, 11)}


@cache
def select_ten():
    """Ten accounts that differ by size alone, and nothing else known; made once."""
    return select(build_known(TEN))
