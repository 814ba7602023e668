"""The page of one account: its rows of every table, and an edition that holds only what it may."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes

from kamlib.dataset.checks import find_tops
from kamlib.errors import InputError, RefusedError, did_you_mean
from kamlib.language import _
from kamlib.measures import year_start
from kamlib.review import (
    READ,
    Account,
    Review,
    check_audience,
    check_records,
    expect_orders,
    is_withheld,
    review_account,
    sum_peers,
)
from kamlib.session.parquet import write_parquet
from kamlib.session.views import ChecksView, FigureView, LinesView, ReadingView, ReasonView

if TYPE_CHECKING:
    from kamlib.session.report import Report

SHARED = ("survey_waves", "survey_items")  # of all accounts; read whole


class Nothing:
    """What a cell shows that has nothing to show in this edition."""

    def __repr__(self) -> str:
        return ""

    def _ipython_display_(self) -> None:
        """Show nothing, not even an empty line."""


NOTHING = Nothing()
Shown = FigureView | LinesView | ReadingView | ChecksView | Nothing


class AccountReport:
    """One account at one period, for one audience; see `Report.for_account`.

    What the audience may not hold is neither computed nor shown: `internal` calls nothing, and a
    withheld table shows nothing. An empty table shows the reason in its place.
    """

    def __init__(self, report: Report, account_id: str, *, audience: str) -> None:
        self._report, self.audience = report, check_audience(audience)
        self.account_id = _find(account_id, report)
        self._learned: dict[str, pd.DataFrame] = {}

    def __repr__(self) -> str:
        return f"AccountReport({self.account_id}, {self.audience})"

    def __getattr__(self, name: str) -> Any:
        """Everything else is the report's: facts, months, rules, period …"""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._report, name)

    # -- data ------------------------------------------------------------------------------------

    def internal(self, build: Callable[..., Any], *values: Any, **named: Any) -> Any:
        """Return what `build` makes; in the customer's edition nothing, without calling it."""
        return build(*values, **named) if self.audience == "internal" else NOTHING

    def learn(self, name: str, build: Callable[..., Any], *values: Any, part: str = "",
              **named: Any) -> None:
        """Take in what another room found of all accounts, for `review` to read this one's rows.

        name: what it is taken as; build: makes a table, or a result of which `part` is the table.
        It is made once and then read from the prepared folder, which the pages of a run share;
        where it is refused nothing is learned. In the customer's edition nothing is called.
        """
        if self.audience != "internal":
            return
        with suppress(RefusedError):
            self._learned[name] = self._once(name, lambda: _part(build(*values, **named), part))

    def _once(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        path = self._report.folder / "once" / f"{name}.parquet"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            # Two kernels may make it at once; a third must never read half of it.
            half = path.with_name(f".{name}.{os.getpid()}")
            write_parquet(make(), half)
            half.replace(path)
        return self._report.load("once", name)

    @cached_property
    def account(self) -> Account:
        """What a review reads of this account."""
        report, members = self._report, self._members
        months = report.rules.measures.window_months
        start = max(report.period.window_start(months), report.history_from)
        month = report.rules.period.fiscal_year_start_month
        tables = {name: self._rows(name) for name in READ if report.has(name)}
        tables |= {name: report.read(name) for name in SHARED if report.has(name)}
        products = report.read_if_given("products")
        rows = {name: self._own(name) for name in ("line_months", "goods", "order_ways",
                                                   "call_offs")}
        return Account(
            self.account_id, self.name, report.currency, report.period, report.history_from,
            year_start(report.period, fiscal_year_start_month=month), start,
            about=self._about, facts=_first(report.facts, self.account_id), members=members,
            subsidiaries=self._subsidiaries, products=products, tables=tables, **rows,
            peers=sum_peers(self.account_id, report.load("facts", "goods"), products=products,
                            accounts=report.accounts, rules=report.rules.likeness))

    @property
    def name(self) -> str:
        """The account's name, or its id where it has none."""
        return str(self._about.get("name") or self.account_id)

    @cached_property
    def _about(self) -> dict[str, Any]:
        return _first(self._report.accounts, self.account_id)

    @cached_property
    def _parents(self) -> dict[str, str]:
        accounts = self._report.read("accounts")
        known = accounts[accounts["parent_id"].isin(set(accounts["account_id"]))]
        return dict(known[["account_id", "parent_id"]].itertuples(index=False))

    @cached_property
    def _members(self) -> tuple[str, ...]:
        """The accounts counted under this one by the rules."""
        if self._report.rules.measures.account_level != "group":
            return (self.account_id,)
        tops = find_tops(self._parents)
        return (self.account_id, *sorted(a for a, top in tops.items()
                                         if top == self.account_id and a != self.account_id))

    @cached_property
    def _subsidiaries(self) -> pd.DataFrame:
        below, parents = {self.account_id}, self._parents
        while more := {child for child, parent in parents.items()
                       if parent in below and child not in below}:
            below |= more
        accounts = self._report.read("accounts")
        rows = accounts[accounts["account_id"].isin(below - {self.account_id})]
        rows = rows[["account_id", "name"]].merge(
            self._report.facts[["account_id", "net_amount_window"]], on="account_id", how="left")
        return rows.assign(name=rows["name"].fillna(rows["account_id"])).sort_values(
            "account_id", ignore_index=True)

    def _own(self, name: str) -> pd.DataFrame:
        return self._report.rows_of("facts", name, "account_id", [self.account_id])

    def _rows(self, table: str) -> pd.DataFrame:
        """The account's rows of a table of the dictionary, by whichever column names it."""
        report = self._report
        if table == "narratives":
            rows = report.read(table)
            return rows[(rows["scope"] == "account") & rows["scope_id"].isin(self._members)]
        if table == "payments":
            return self._of(table, "invoice_id", "invoices")
        if table == "opportunity_stages":
            return self._of(table, "opportunity_id", "opportunities")
        return report.rows_of("tables", table, "account_id", self._members)

    def _of(self, table: str, key: str, parent: str) -> pd.DataFrame:
        ids = list(self._rows(parent)[key]) if self._report.has(parent) else []
        return self._report.rows_of("tables", table, key, ids)

    def review(self) -> Review:
        """Make every table of the page that the audience may hold; see `review_account`."""
        rules, named = self._report.rules.review, dict(self._learned)
        records = None
        if self.audience == "internal":
            facts = self._report.facts
            named["expected"] = self._once("expected", lambda: expect_orders(
                facts.iloc[:0] if self._report.is_open else facts, rules=rules))
            known = facts.loc[facts["is_start_known"].fillna(False).astype(bool),
                              ["account_id", "start_date"]]
            records = self._once("records", lambda: check_records(
                self._report.accounts.merge(known, on="account_id", how="left"),
                as_of=self.account.as_of, rules=rules))
        return review_account(self.account, audience=self.audience, rules=rules,
                              standing_tables=named, records_of_all=records)

    # -- showing ---------------------------------------------------------------------------------

    @property
    def checks(self) -> Any:
        """Row accounting of the whole company's data; the customer is not shown it."""
        return self.internal(lambda: self._report.checks)

    def headline(self, sentences: Sequence[str]) -> LinesView:
        """Show the answer first."""
        return LinesView(tuple(sentences)[:3])

    def table(self, name: str, frame: pd.DataFrame, **options: Any) -> Any:
        """Show a table as `Report.table` does; its reason when it is empty, or nothing."""
        if is_withheld(frame):
            return NOTHING
        if frame.empty and self.audience == "customer":
            return NOTHING  # what our data lacks is nothing to the customer
        if frame.empty:
            return ReasonView(str(frame.attrs.get("reason") or _("Nothing is on record.")))
        shown = list(options.pop("show", frame.columns))
        # A column without any content says nothing on the page of one account.
        told = [c for c in shown if (frame[c].notna() & frame[c].ne("")).any()]
        return self._report.show(name, frame, rows=len(frame), show=told, **options)

    def figure(self, name: str, plot: Callable[..., Axes], frame: pd.DataFrame, **options: Any
               ) -> Shown:
        """Draw a table's figure; nothing when it is empty or withheld."""
        if is_withheld(frame) or frame.empty:
            return NOTHING
        return FigureView.of(name, plot(frame, **options), frame, embed=True)

    def reading(self, read: Callable[..., str], frame: pd.DataFrame, **options: Any) -> Shown:
        """Show the computed sentence about a table; nothing when it is empty or withheld."""
        if is_withheld(frame) or frame.empty:
            return NOTHING
        return ReadingView(read(frame, **options))

    @property
    def provenance(self) -> Any:
        """What is behind the page; for the customer the period alone, no rule and no version."""
        if self.audience == "internal":
            return self._report.provenance
        return ReadingView(_("Figures of {period} ({start} to {end}), as of {as_of}.",
                             period=self._report.period.label, start=str(self._report.period.start),
                             end=str(self._report.period.end),
                             as_of=str(self._report.period.as_of)))


def _part(result: Any, name: str) -> pd.DataFrame:
    found: pd.DataFrame = getattr(result, name) if name else result
    return found


def _find(account_id: str, report: Report) -> str:
    known = set(report.facts["account_id"])
    if account_id in known:
        return account_id
    if account_id in set(report.read("accounts")["account_id"]):
        raise InputError(f"The account {account_id!r} has no review of its own: it is no customer, "
                         "or is counted under the account that stands above it. Choose another.")
    near = did_you_mean(account_id, known)
    raise InputError(f"There is no account {account_id!r} in {report.name}.{near} Ids are written "
                     "as in the data, leading zeros too.")


def _first(frame: pd.DataFrame, account_id: str) -> dict[str, Any]:
    rows = frame[frame["account_id"] == account_id]
    return {str(c): None if pd.isna(v) else v for c, v in rows.iloc[0].items()} if len(rows) else {}
