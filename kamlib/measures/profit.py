"""What an account leaves after the goods and the work that went into it."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import InputError

PROFIT_COLUMNS = ["account_id", "margin_amount", "cost_to_serve_amount", "profit_amount",
                  "is_cost_to_serve_known"]
NEEDED = ("account_id", "net_amount_window", "margin_amount_window",
          "margin_known_amount_window")
EFFORT = ("account_id", "month")


def build_profit(facts: pd.DataFrame, effort: pd.DataFrame, *, start: date,
                 end: date) -> pd.DataFrame:
    """Margin of the analysis window less the cost of the work recorded for the account.

    facts: account_facts, one row an account; effort: one row an owner, account and month with
    cost_amount, or empty; start, end: first and last day of the window, whose months count.
    Returns one row an account, sorted: account_id, margin_amount (net sales less cost of goods;
    a gap where no cost of goods is known for what it bought), cost_to_serve_amount (a gap where
    no cost of work is recorded for anybody), profit_amount (margin less cost to serve, a gap
    where the margin is), is_cost_to_serve_known (work is recorded for the account, each row with
    its cost; otherwise the profit leaves out what is not recorded).
    The margin counts only lines whose cost is known, so that it and the profit understate an
    account whose cost of goods is known for part of its net sales. Source: catalogue SEG-05.

    >>> facts = pd.DataFrame({"account_id": ["a"], "net_amount_window": [100.0],
    ...     "margin_amount_window": [30.0], "margin_known_amount_window": [90.0]})
    >>> effort = pd.DataFrame({"account_id": ["a"], "month": pd.to_datetime(["2025-03-01"]),
    ...                        "cost_amount": [45.0]})
    >>> build_profit(facts, effort, start=date(2025, 1, 1),
    ...              end=date(2025, 12, 31))["profit_amount"].tolist()
    [-15.0]
    """
    _require(facts, NEEDED, "the account facts")
    table = facts[list(NEEDED)].sort_values("account_id", ignore_index=True)
    table.columns = pd.Index([column.removesuffix("_window") for column in table.columns])
    costs = _sum_costs(effort, start, end).reindex(table["account_id"])
    has_cost = table["margin_known_amount"].fillna(0) != 0
    # Where costs of goods are kept at all, no sales have none, and their margin is zero.
    is_known = has_cost | ((table["net_amount"] == 0) & bool(has_cost.any()))
    margin = table["margin_amount"].astype("float64").where(is_known)
    spent = costs["cost_amount"].to_numpy("float64")
    table["margin_amount"] = margin
    table["cost_to_serve_amount"] = spent if pd.isna(spent).all() else pd.Series(spent).fillna(0.0)
    table["profit_amount"] = (margin - table["cost_to_serve_amount"].fillna(0.0)).round(4)
    is_complete = costs["is_known"].astype("boolean").fillna(False)
    table["is_cost_to_serve_known"] = is_complete.to_numpy(bool)
    return table[PROFIT_COLUMNS]


def _sum_costs(effort: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    """Cost of the months in the span by account, and whether every row of it has its cost."""
    if effort.empty or "cost_amount" not in effort:
        return pd.DataFrame({"cost_amount": pd.Series(dtype="float64"),
                             "is_known": pd.Series(dtype="boolean")})
    _require(effort, EFFORT, "the effort table")
    month = pd.to_datetime(effort["month"])
    # A month is named by its first day, so a window that begins within it takes it whole.
    inside = month.between(pd.Timestamp(start.replace(day=1)), pd.Timestamp(end))
    rows = effort[inside].assign(is_known=effort["cost_amount"].notna())
    rows["cost_amount"] = rows["cost_amount"].astype("float64")
    return rows.groupby("account_id").agg(
        cost_amount=("cost_amount", lambda costs: costs.sum(min_count=1)),
        is_known=("is_known", "all"))


def _require(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(f"build_profit needs {', '.join(columns)} in {name}; "
                         f"{', '.join(missing)} is missing. Pass report.facts and "
                         "report.read_if_given(\"effort\").")
