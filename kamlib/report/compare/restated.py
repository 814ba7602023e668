"""A past that changed: months that were closed then, held against what the data says now."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kamlib.measures import NET_KINDS
from kamlib.report.compare.pair import Pair, Version
from kamlib.schema import load_schema

RESTATED_COLUMNS = ["month", "account_id", "was_amount", "now_amount", "change_amount",
                    "cost_change_amount"]
RECORD_COLUMNS = ["table", "n_months", "first_month", "last_month"]
KEYS = ["month", "account_id"]
NUMBERS = ["amount", "cost_amount", "quantity", "n_orders"]
UNDATED = ""


@dataclass(frozen=True)
class Restated:
    """What of the closed past is another than it was.

    sales: one row a month and account, largest change first: month (its first day), was_amount,
    now_amount, change_amount (net sales), cost_change_amount; records: one row a table whose rows
    of closed months differ, with n_months, first_month and last_month ("" where the table carries
    no date); n_unexplained: months of accounts that differ although the orders of the month are
    the same, so that rules or program did it.
    """

    sales: pd.DataFrame
    records: pd.DataFrame
    n_unexplained: int

    @property
    def amount(self) -> float:
        """Net sales added to, or taken from, months that were closed."""
        return float(self.sales["change_amount"].sum())

    @property
    def is_nothing(self) -> bool:
        """No row of the past is another than it was."""
        return self.sales.empty and self.records.empty

    def by_month(self) -> pd.DataFrame:
        """One row a restated month, sorted: month, n_accounts, was, now and change of net sales."""
        grouped = self.sales.groupby("month", sort=True)
        return grouped.agg(n_accounts=("account_id", "nunique"), was_amount=("was_amount", "sum"),
                           now_amount=("now_amount", "sum"),
                           change_amount=("change_amount", "sum")).reset_index()


def find_restated(pair: Pair) -> Restated:
    """Compare what both versions say of the months that both knew as closed."""
    records = _changed_records(pair)
    is_other_level = "measures.account_level" in pair.rules
    was, now = (_months(version, pair, is_other_level) for version in (pair.old, pair.new))
    table = was.add_suffix("_was").join(now.add_suffix("_now"), how="outer").fillna(0.0)
    differs = pd.concat([(table[f"{n}_was"] - table[f"{n}_now"]).abs() > 0.00005
                         for n in NUMBERS], axis=1).any(axis=1)
    table = table[differs].reset_index()
    suspects = _suspect_months(pair, records)
    is_data = table["month"].dt.strftime("%Y-%m").isin(suspects) if suspects is not None else \
        pd.Series(True, index=table.index)
    change = (table["amount_now"] - table["amount_was"]).round(4)
    sales = table[KEYS].assign(
        was_amount=table["amount_was"], now_amount=table["amount_now"], change_amount=change,
        cost_change_amount=(table["cost_amount_now"] - table["cost_amount_was"]).round(4))
    sales = sales.assign(size=change.abs())[is_data].sort_values(
        ["size", *KEYS], ascending=[False, True, True])
    return Restated(sales[RESTATED_COLUMNS].reset_index(drop=True), records,
                    int((~is_data).sum()))


def _months(version: Version, pair: Pair, is_other_level: bool) -> pd.DataFrame:
    """Net sales by closed month and account (all accounts as one where the level differs)."""
    table = version.table("account_months")
    ends = table["month"] + pd.offsets.MonthEnd(0)
    kept = table[table["line_kind"].isin(NET_KINDS) & (ends <= pd.Timestamp(pair.closed_until))]
    if is_other_level:
        kept = kept.assign(account_id="")
    return kept.astype(dict.fromkeys(NUMBERS, "float64")).groupby(KEYS)[NUMBERS].sum()


def _suspect_months(pair: Pair, records: pd.DataFrame) -> set[str] | None:
    """Months whose orders differ; None for all, when nothing but data can have moved a month.

    With other rules or another program a month may differ over the same orders.
    """
    if not pair.rules and not pair.code:
        return None
    if "accounts" in set(records["table"]):
        return None  # who belongs to whom has no date
    return set(_differing(pair, "orders"))


def _changed_records(pair: Pair) -> pd.DataFrame:
    rows = []
    tables = {*pair.old.manifest["fingerprints"], *pair.new.manifest["fingerprints"]}
    for table in sorted(tables & set(load_schema())):
        months = _differing(pair, table)
        if months:
            rows.append([table, len([m for m in months if m]), months[0], months[-1]])
    return pd.DataFrame(rows, columns=RECORD_COLUMNS)


def _differing(pair: Pair, table: str) -> list[str]:
    """Closed months in which the rows of a table are others than they were; "" for undated."""
    was, now = (v.manifest["fingerprints"].get(table, {}) for v in (pair.old, pair.new))
    last = (pd.Timestamp(pair.closed_until) + pd.Timedelta(days=1)).to_period("M")
    return sorted(m for m in {*was, *now} if was.get(m) != now.get(m)
                  and (m in (UNDATED, "undated") or pd.Period(m, "M") < last))
