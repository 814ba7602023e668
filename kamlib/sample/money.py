"""What is invoiced, what is paid and how late, and how creditworthy the accounts are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.life import segment_of
from kamlib.sample.world import MONTH_DAYS, N_DAYS, Array, World, day_of, number_ids, to_date

FACTORS = ("agency grade", "payment history", "financial strength", "cooperation")


def simulate_invoices(world: World, orders: pd.DataFrame) -> pd.DataFrame:
    """The table ``invoices``: one row an account and month with sales, less what came back."""
    rng, lives = world.stream("invoices"), world.accounts
    billed = orders[orders["line_kind"] != "free"].copy()
    billed["month"] = np.searchsorted(MONTH_DAYS, billed["day"], side="right") - 1
    sums = billed["amount"].groupby([billed["month"], billed["place"]]).sum().round(2)
    table: pd.DataFrame = sums.reset_index()
    table = table[table["amount"] != 0].reset_index(drop=True)
    place, n = table["place"].to_numpy(), len(table)
    table["day"] = MONTH_DAYS[table["month"] + 1] - 1 - rng.integers(0, 4, n)
    terms = segment_of(world.parameters, lives, "payment_terms_days")
    table["due_day"] = table["day"] + terms[place]
    score = world.satisfaction_at(place, table["day"])
    is_claim = rng.random(n) < 0.012 * np.exp(-0.6 * score)
    table["is_disputed"] = is_claim & (table["amount"] > 0)
    table["account_id"] = lives["account_id"].to_numpy()[place]
    table["invoice_date"], table["due_date"] = to_date(table["day"]), to_date(table["due_day"])
    table = table.sort_values(["day", "account_id"], ignore_index=True)
    return table.assign(invoice_id=number_ids("INV", n))


def simulate_payments(world: World, invoices: pd.DataFrame) -> pd.DataFrame:
    """The table ``payments``: one row a payment, early, late, in parts or (no row) never."""
    rng, lives = world.stream("payments"), world.accounts
    open_items = invoices[invoices["amount"] > 0].reset_index(drop=True)
    place, n = open_items["place"].to_numpy(), len(open_items)
    late = segment_of(world.parameters, lives, "late_days")[place]
    habit = lives["punctuality"].to_numpy()[place]
    # Those who mean to leave, or dispute, pay late or not at all.
    leaves = open_items["day"].to_numpy() > lives["dropout_day"].to_numpy()[place] - 45
    delay = late + 9 * habit + rng.gamma(1.2, 9, n) - 18 + np.where(leaves, 25, 0)
    delay = delay + np.where(open_items["is_disputed"], 50, 0)
    paid_day = np.maximum(open_items["due_day"] + np.rint(delay), open_items["day"] + 1)
    is_lost = rng.random(n) < np.where(leaves, 0.12, 0.002)
    is_lost |= open_items["is_disputed"].to_numpy() & (rng.random(n) < 0.35)
    is_split = rng.random(n) < 0.08
    first = np.where(is_split, rng.uniform(0.3, 0.7, n), 1.0)
    money = np.round(open_items["amount"] * first, 2)
    base = open_items[["invoice_id"]]
    parts = base.assign(day=paid_day, amount=money)[~is_lost]
    rest = base.assign(day=paid_day + rng.integers(10, 60, n), amount=open_items["amount"] - money)
    # Part of the rests never comes.
    comes = is_split & ~is_lost & (rng.random(n) < 0.93)
    table = pd.concat([parts, rest[comes]], ignore_index=True)
    table["amount"] = table["amount"].round(2)
    table = table[(table["day"] < N_DAYS) & (table["amount"] > 0)]
    table = table.sort_values(["day", "invoice_id"], ignore_index=True)
    table["paid_date"] = to_date(table["day"])
    return table.assign(payment_id=number_ids("PAY", len(table)))


def simulate_credit_factors(world: World) -> pd.DataFrame:
    """The table ``credit_factors``: one row an account, factor and yearly rating (0 to 100)."""
    rng = world.stream("credit_factors")
    rated = world.buyers[world.buyers["segment"].isin(["strategic", "large", "regular"])]
    rows = []
    for place, account in rated.iterrows():
        level = 70 - 9 * account["punctuality"] + rng.normal(0, 6)
        for year in (2023, 2024, 2025):
            day = day_of(f"{year}-06-30")
            if not account["start_day"] < day < account["dropout_day"]:
                continue
            ratings: Array = np.clip(np.rint(level + rng.normal(0, 7, len(FACTORS))), 5, 100)
            is_known = rng.random(len(FACTORS)) < 0.92
            for factor, rating, known in zip(FACTORS, ratings, is_known, strict=True):
                if known:
                    rows.append((place, account["account_id"], factor, rating, day))
    table = pd.DataFrame(rows, columns=["place", "account_id", "factor", "rating", "day"])
    table["rated_date"] = to_date(table["day"])
    return table.sort_values(["account_id", "factor", "day"], ignore_index=True)


def build_exchange_rates() -> pd.DataFrame:
    """The table ``exchange_rates``: invented, and unused, since every amount is in CNY."""
    months = [f"{year}-{month:02d}-01" for year in (2024, 2025) for month in range(1, 13)]
    rows = [
        (currency, np.datetime64(month), round(rate + step * number, 4))
        for currency, rate, step in (("EUR", 7.70, 0.015), ("USD", 7.10, 0.005))
        for number, month in enumerate(months)
    ]
    return pd.DataFrame(rows, columns=["currency", "month", "rate"])
