"""Customer equity: the values of all accounts added up, by group, and how uneven they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamlib.errors import InputError
from kamlib.stats.concentration import pareto_share
from kamlib.value.clv import CENT, Book, draw_totals, find_interval
from kamlib.value.rules import ValueRules

EQUITY_COLUMNS = ["reading", "n_accounts", "per_account_amount", "equity_amount",
                  "equity_amount_ci_low", "equity_amount_ci_high"]
GROUP_COLUMNS = ["dimension", "group", "n_accounts", "equity_amount", "equity_amount_ci_low",
                 "equity_amount_ci_high", "equity_share", "per_account_amount", "middle_amount"]


def measure_equity(book: Book, *, rules: ValueRules) -> pd.DataFrame:
    """Customer equity as a sum, as mean x number and as median x number.

    Returns three rows: reading (sum_of_values, mean_times_n, median_times_n), n_accounts,
    per_account_amount (mean, mean, median), equity_amount, and the interval of the sum: what all
    accounts together may bring, from adding up each draw. The first two agree by definition; the
    third shows how far a typical account misleads. Source: catalogue CE-01, E15.
    """
    values, n = book.table["clv_amount"], len(book.table)
    mean, middle = float(values.mean()), float(values.median())
    if not np.isclose(mean * n, book.total, rtol=1e-9, atol=0.01 * n):
        raise InputError(f"Mean x number is {mean * n} and the sum {book.total}: values are "
                         "missing. Value every account.")
    share = book.shares["contribution_share"]
    low, high = find_interval(draw_totals(book, share), level=rules.interval_level)
    rows = [("sum_of_values", n, mean, book.total, low, high),
            ("mean_times_n", n, mean, mean * n, np.nan, np.nan),
            ("median_times_n", n, middle, middle * n, np.nan, np.nan)]
    return pd.DataFrame(rows, columns=EQUITY_COLUMNS)


def group_equity(book: Book, *, groups: Mapping[str, pd.Series], rules: ValueRules
                 ) -> pd.DataFrame:
    """Customer equity of the groups of each dimension.

    groups: by dimension (such as region), the group of each account by account_id; accounts
    without one are "unknown". A dimension in which no account or only one group is known is left
    out. Returns one row a dimension and group, most valuable first: dimension, group, n_accounts,
    equity_amount with its interval, equity_share (of all, 0-1; NaN when the sum is not above 0),
    per_account_amount (mean), middle_amount (median).
    """
    share = book.shares["contribution_share"].to_numpy("float64")
    rows = []
    for dimension, names in groups.items():
        group = book.table["account_id"].map(names).astype("object")
        group = group.where(group.notna() & (group != ""), "unknown")
        if group[group != "unknown"].nunique() < 2:
            continue
        for name, part in book.table.groupby(group, sort=True):
            inside = (group == name).to_numpy()
            low, high = find_interval(draw_totals(book, share * inside),
                                      level=rules.interval_level)
            total = round(float(part["clv_amount"].sum()), CENT)
            rows.append([dimension, str(name), len(part), total, low, high,
                         total / book.total if book.total > 0 else np.nan,
                         float(part["clv_amount"].mean()), float(part["clv_amount"].median())])
    table = pd.DataFrame(rows, columns=GROUP_COLUMNS)
    order = {name: place for place, name in enumerate(groups)}
    return table.sort_values(["dimension", "equity_amount", "group"], ascending=[True, False, True],
                             key=lambda c: c.map(order) if c.name == "dimension" else c,
                             ignore_index=True)


def measure_concentration(book: Book, *, rules: ValueRules) -> dict[str, float]:
    """Say how uneven values are: n_top, top_share, n_half, n_negative, negative_amount.

    top_share: part of the equity that the rules.n_top most valuable hold; n_half: fewest accounts
    that hold half of it; both NaN when the equity is not above 0.
    """
    values = book.table["clv_amount"].sort_values(ascending=False)
    negative = values[values < 0]
    n_top = min(rules.n_top, len(values))
    above = book.total > 0
    return {"n_top": n_top, "n_negative": len(negative), "negative_amount": float(negative.sum()),
            "top_share": float(values.head(n_top).sum()) / book.total if above else np.nan,
            "n_half": pareto_share(values, threshold=0.5).k if above else np.nan}


def find_main_channel(products: pd.DataFrame) -> pd.Series:
    """Find the channel through which each account bought most: by account_id.

    products: account_products, one row an account, product line, channel and quarter. The last
    four quarters in the table count; "" (no channel given) loses against any other.
    """
    if products.empty:
        return pd.Series(dtype="object")
    latest = sorted(products["quarter"].unique())[-4:]
    rows = products[products["quarter"].isin(latest) & (products["channel"] != "")]
    sums = rows.groupby(["account_id", "channel"], sort=True)["gross_amount"].sum().reset_index()
    sums = sums.sort_values(["account_id", "gross_amount", "channel"],
                            ascending=[True, False, True])
    return sums.groupby("account_id")["channel"].first().astype("object")
