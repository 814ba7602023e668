"""What was sold, month by month or quarter by quarter, to everything a target can be set for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from kamlib.period import add_months
from kamlib.sales.spans import DECIMALS
from kamlib.sales.trend import sum_months

VALUES = ("net_amount", "gross_amount", "n_new")
# No entry guard is longer (rules.measures.entry_guard_days): later, a first sale is a first sale.
LONGEST_GUARD_DAYS = 730


@dataclass(frozen=True)
class Series:
    """Net and gross sales and new accounts of one scope, one row a step of so many months."""

    rows: pd.DataFrame
    step_months: int

    def total(self, value: str, start: date, end: date) -> float:
        """Sum from one day to another; both have to be ends of steps, or after all data."""
        inside = self.rows["month"].between(pd.Timestamp(start), pd.Timestamp(end))
        return float(round(self.rows.loc[inside, value].sum(), DECIMALS))

    def begins(self, day: date) -> bool:
        """Whether a step begins on this day."""
        return day.day == 1 and (day.month - 1) % self.step_months == 0

    def ends(self, day: date) -> bool:
        """Whether a step ends on this day."""
        return self.begins(day + timedelta(days=1))


def build_ledger(months: pd.DataFrame, facts: pd.DataFrame, *, accounts: pd.DataFrame | None,
                 products: pd.DataFrame | None) -> dict[tuple[str, str], Series]:
    """Collect what targets are held against, by scope and scope_id.

    months: account_months; facts: account_facts; accounts: account_id with region and owner_id,
    each of which may be absent; products: account_products by quarter, or None.
    Scopes: company (""), account, region, owner by month; product_line by quarter, without new
    accounts. An account counts for the region and the owner that it has now. Each Series holds
    month, net_amount, gross_amount, n_new (first sale in the month, and known to be the first).
    """
    sums = sum_months(months)[["account_id", "month", "net_amount", "gross_amount"]]
    rows = pd.concat([sums.assign(n_new=0), _find_new(facts)], ignore_index=True)
    rows["month"] = rows["month"].astype("datetime64[s]")
    ledger = {("company", ""): _series(rows, 1)}
    scopes = {"account": facts[["account_id"]].assign(scope_id=facts["account_id"])}
    for scope, column in (("region", "region"), ("owner", "owner_id")):
        if accounts is not None and column in accounts:
            scopes[scope] = accounts[["account_id"]].assign(scope_id=accounts[column])
    for scope, members in scopes.items():
        members = members[members["scope_id"].notna() & (members["scope_id"] != "")]
        joined = members.merge(rows, on="account_id", how="left")
        for scope_id, part in joined.groupby("scope_id", sort=True):
            ledger[scope, str(scope_id)] = _series(part.dropna(subset=["month"]), 1)
    if products is not None:
        dated = products.rename(columns={"quarter": "month"}).assign(n_new=float("nan"))
        for line, part in dated[dated["product_line"] != ""].groupby("product_line", sort=True):
            ledger["product_line", str(line)] = _series(part, 3)
    return ledger


def _series(rows: pd.DataFrame, step_months: int) -> Series:
    return Series(rows.groupby("month", sort=True)[list(VALUES)].sum().reset_index(), step_months)


def _find_new(facts: pd.DataFrame) -> pd.DataFrame:
    first = facts[["account_id", "first_sale_date"]][facts["is_start_known"].astype("bool")]
    first = first.dropna(subset=["first_sale_date"])
    month = first["first_sale_date"].dt.to_period("M").dt.to_timestamp()
    return pd.DataFrame({"account_id": first["account_id"], "month": month, "net_amount": 0.0,
                         "gross_amount": 0.0, "n_new": 1})


def is_start_unsure(facts: pd.DataFrame, *, start: date, end: date, history_from: date) -> bool:
    """Whether accounts first seen in a span may be old ones, customers since before the history.

    Only so near to its beginning that they may have bought before, unseen.
    """
    if "start_date" not in facts or start > history_from + timedelta(days=LONGEST_GUARD_DAYS):
        return False
    first, since = facts["first_sale_date"], facts["start_date"]
    inside = first.between(pd.Timestamp(start), pd.Timestamp(end))
    near = first < pd.Timestamp(history_from + timedelta(days=LONGEST_GUARD_DAYS))
    old = since < pd.Timestamp(history_from)
    return bool((inside & near & old).any())


def year_earlier(day: date) -> date:
    """The same day a year before; a month's last day stays one.

    >>> year_earlier(date(2025, 2, 28))
    datetime.date(2024, 2, 29)
    """
    return add_months(day + timedelta(days=1), -12) - timedelta(days=1)
