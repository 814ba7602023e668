"""Accounts that buy in a rhythm and leave for good at some day, seen on seven days of the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kamlib.schema import known_by, load_schema

HORIZON, FIRST_CUT, N_CUTS = 182, pd.Timestamp("2023-01-01"), 6
CUTS = [FIRST_CUT + pd.Timedelta(days=HORIZON * i) for i in range(N_CUTS + 1)]
AS_OF = CUTS[-1].date()
HISTORY_DAYS = 2 * 365


def simulate_past(n_accounts: int = 260, *, seed: int = 1) -> pd.DataFrame:
    """Past facts of accounts with gaps of 20 to 60 days, a fifth of which leave each year."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    end = (CUTS[-1] - FIRST_CUT).days
    for at in range(n_accounts):
        gap = rng.uniform(20, 60)
        days = np.cumsum(rng.gamma(3.0, gap / 3, 300)).astype(int) - HISTORY_DAYS
        leaves = -HISTORY_DAYS + 100 + rng.exponential(5 * 365)
        days = np.unique(days[(days <= min(end, leaves))])
        amount = rng.lognormal(9, 1)
        rows += [row for i in range(len(CUTS))
                 if (row := past_row(f"A{at:03d}", days, i * HORIZON, amount))]
    table = pd.DataFrame(rows)
    return table.sort_values(["cut_date", "account_id"], ignore_index=True)


def past_row(account: str, days: np.ndarray, cut: int, amount: float) -> dict[str, Any] | None:
    """Facts of one account on one day, from its purchase days (counted from the first cut)."""
    seen = days[days <= cut]
    if not len(seen):
        return None
    spans = {"window": (seen > cut - 365).sum(), "period": (seen > cut - HORIZON).sum(),
             "previous": ((seen > cut - 2 * HORIZON) & (seen <= cut - HORIZON)).sum()}
    row: dict[str, Any] = {
        "cut_date": FIRST_CUT + pd.Timedelta(days=cut), "account_id": account,
        "first_sale_date": FIRST_CUT + pd.Timedelta(days=int(seen[0])),
        "last_sale_date": FIRST_CUT + pd.Timedelta(days=int(seen[-1])),
        "days_since_last_sale": cut - seen[-1], "is_active_closing": cut - seen[-1] < 365,
        "tenure_days": float(cut - seen[0]), "n_repeat_days": len(seen) - 1,
        "gap_mean_days": (seen[-1] - seen[0]) / (len(seen) - 1) if len(seen) > 1 else np.nan}
    for name, n in spans.items():
        row |= {f"n_purchase_days_{name}": n, f"net_amount_{name}": n * amount}
    return row


def make_read(**tables: pd.DataFrame) -> Callable[[str, date], pd.DataFrame]:
    """Give tables as they were known on a day, empty ones for the others."""
    def read(name: str, day: date) -> pd.DataFrame:
        if name not in tables:
            return pd.DataFrame(columns=list(load_schema()[name].columns)).astype("object")
        return known_by(tables[name], name=name, day=day)
    return read
