"""What a review reads: the rows of one account, and of those like it only sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.period import Period
from kamlib.review.peers import Peers
from kamlib.schema import name_table

# Tables of the dictionary with an account_id that a review reads.
READ = ("quotas", "stock", "checks", "bids", "samples", "complaints", "invoices", "payments",
        "survey_answers", "actions", "opportunities", "opportunity_stages", "needs",
        "narratives", "wallet_estimates", "contacts", "relationships", "stakeholders")


@dataclass(frozen=True, repr=False)
class Account:
    """One account at the end of a period.

    account_id, name; about: its row of accounts, with owner_id; facts: its row of account_facts;
    members: the accounts counted under it (itself, and its subsidiaries where the rules count
    groups); subsidiaries: one row a direct or further subsidiary: account_id, name,
    net_amount_window (NA where it is counted under this account).
    line_months, goods, order_ways, call_offs: its rows of the tables of `build_trade`; months: of
    account_months; tables: its rows of the dictionary's tables of READ that are given; products,
    survey_waves, survey_items: whole; peers: from `sum_peers`.
    year_start: first day of the fiscal year; window_start: of the analysis window.
    """

    account_id: str
    name: str
    currency: str
    period: Period
    history_from: date
    year_start: date
    window_start: date
    about: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    subsidiaries: pd.DataFrame = field(default_factory=pd.DataFrame)
    line_months: pd.DataFrame = field(default_factory=pd.DataFrame)
    goods: pd.DataFrame = field(default_factory=pd.DataFrame)
    order_ways: pd.DataFrame = field(default_factory=pd.DataFrame)
    call_offs: pd.DataFrame = field(default_factory=pd.DataFrame)
    products: pd.DataFrame = field(default_factory=pd.DataFrame)
    peers: Peers = field(default_factory=Peers)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Account({self.account_id}, {self.period.label})"

    @property
    def as_of(self) -> pd.Timestamp:
        """The last day of the report."""
        return pd.Timestamp(self.period.as_of)

    @property
    def has_ordered(self) -> bool:
        """Whether it ever bought."""
        return bool(self.facts.get("n_orders") or 0)

    def require(self, table: str) -> pd.DataFrame:
        """Return its rows of a table; refuse when the table is not given or holds none."""
        if table not in self.tables:
            raise RefusedError(_("The data set has no table {table}.", table=name_table(table)))
        rows = self.tables[table]
        if rows.empty:
            raise RefusedError(_("The table {table} holds nothing about this account.",
                                 table=name_table(table)))
        return rows

    def rows(self, table: str) -> pd.DataFrame:
        """Return its rows of a table, none when it is not given."""
        return self.tables.get(table, pd.DataFrame())

    def require_orders(self) -> None:
        """Refuse what needs orders of an account that never bought."""
        if not self.has_ordered:
            raise RefusedError(_("What this account ordered was called off.")
                               if len(self.call_offs) else _("This account has never ordered."))


def whole_months(start: date, end: date) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last whole month of a span of days; none when last < first.

    >>> [str(m.date()) for m in whole_months(date(2025, 10, 1), date(2025, 12, 30))]
    ['2025-10-01', '2025-11-01']
    """
    first = pd.Timestamp(start)
    if first.day > 1:
        first = (first + pd.offsets.MonthBegin()).normalize()
    last = (pd.Timestamp(end) + pd.Timedelta(days=1)).to_period("M").to_timestamp() \
        - pd.offsets.MonthBegin()
    return first, last
