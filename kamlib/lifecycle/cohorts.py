"""Who still buys, by the quarter or half-year in which accounts first bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from kamlib.language import _, fmt_count
from kamlib.lifecycle.rules import LifecycleRules

COLUMNS = ["cohort", "n_accounts", "n_quarters_since", "n_active", "active_share"]


@dataclass(frozen=True)
class Cohorts:
    """Retention of each cohort, and how many accounts stayed out and why.

    table: one row cohort x later quarter, see `build_cohorts`; n_unknown_start: first seen too
    near the beginning of the history; n_before_history: known to have started before it;
    n_open: first sale in a quarter or half-year that is not over.
    """

    table: pd.DataFrame
    unit: str
    n_unknown_start: int
    n_before_history: int
    n_open: int

    @property
    def n_refused(self) -> int:
        """Cohorts that are too small for a share."""
        refused = self.table[self.table["active_share"].isna()]
        return int(refused["cohort"].nunique())

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table

    def __repr__(self) -> str:
        return (f"Cohorts({self.table['cohort'].nunique()} by {self.unit}, "
                f"{self.n_refused} too small, {self.n_excluded} accounts left out)")

    def _repr_html_(self) -> str:
        shown = self.table.to_html(index=False, na_rep="")
        return f"<p>{self.describe_exclusions()}</p>{shown}"

    @property
    def n_excluded(self) -> int:
        """Accounts in no cohort."""
        return self.n_unknown_start + self.n_before_history + self.n_open

    def describe_exclusions(self) -> str:
        """Say in one sentence who is in no cohort."""
        return _("Accounts in no cohort: {unknown} of unknown start, {before} that started before "
                 "the known history, {open} that first bought too lately.",
                 unknown=fmt_count(self.n_unknown_start), before=fmt_count(self.n_before_history),
                 open=fmt_count(self.n_open))


def build_cohorts(months: pd.DataFrame, facts: pd.DataFrame, *, as_of: date,
                  rules: LifecycleRules) -> Cohorts:
    """Follow accounts from the quarter of their first sale: which share buys in later quarters.

    months: account_months, one row account x month x line_kind (sale lines are used); facts:
    account_facts at `as_of`, one row an account.
    The table has one row cohort x quarter that the whole cohort has lived through, sorted:
    ``cohort`` ("2024Q1" or "2024H1"), ``n_accounts``, ``n_quarters_since`` (1 = the quarter after
    an account's first), ``n_active`` (at least one sale line in that quarter),
    ``active_share`` (0..1, NA below ``min_cohort_accounts``). Quarters are calendar quarters.
    A complete ledger is a fact: the shares have no interval.
    """
    sales = months[(months["line_kind"] == "sale") & (months["n_lines"] > 0)]
    last = pd.Timestamp(as_of + timedelta(days=1)).to_period("Q") - 1
    bought = facts[facts["first_sale_date"].notna()]
    known = bought["is_start_known"].astype(bool)
    before = known & (bought["start_date"] < sales["month"].min())
    first = bought["first_sale_date"].dt.to_period("Q")
    cohort_end = _cohort_end(first, rules.cohort_unit)
    is_open = known & ~before & (cohort_end > last)
    members = pd.DataFrame({"account_id": bought["account_id"], "first": first, "end": cohort_end})
    members = members[known & ~before & ~is_open]
    table = _follow(members, sales, last=last, rules=rules)
    return Cohorts(table=table, unit=rules.cohort_unit, n_unknown_start=int((~known).sum()),
                   n_before_history=int(before.sum()), n_open=int(is_open.sum()))


def _cohort_end(first: pd.Series, unit: str) -> pd.Series:
    """A half-year's cohort is complete with its second quarter."""
    if unit == "quarter":
        return first
    ends: pd.Series = first + first.dt.quarter % 2
    return ends


def _follow(members: pd.DataFrame, sales: pd.DataFrame, *, last: pd.Period,
            rules: LifecycleRules) -> pd.DataFrame:
    bought = pd.DataFrame({"account_id": sales["account_id"],
                           "quarter": sales["month"].dt.to_period("Q")}).drop_duplicates()
    joined = members.merge(bought, on="account_id")
    joined["since"] = joined["quarter"].astype("int64") - joined["first"].astype("int64")
    rows = []
    for end in sorted(members["end"].unique()):
        n = int((members["end"] == end).sum())
        active = joined.loc[joined["end"] == end].groupby("since")["account_id"].nunique()
        for since in range(1, last.ordinal - end.ordinal + 1):
            n_active = int(active.get(since, 0))
            share = n_active / n if n >= rules.min_cohort_accounts else float("nan")
            rows.append([_name(end, rules.cohort_unit), n, since, n_active, share])
    types = {"cohort": "str", "n_accounts": "int64", "n_quarters_since": "int64",
             "n_active": "int64", "active_share": "float64"}
    return pd.DataFrame(rows, columns=COLUMNS).astype(types)


def _name(end: pd.Period, unit: str) -> str:
    return f"{end.year}Q{end.quarter}" if unit == "quarter" else f"{end.year}H{end.quarter // 2}"
