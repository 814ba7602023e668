"""The open report: data to ask for, and ways to show and to publish results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kamlib import language
from kamlib.errors import InputError, did_you_mean
from kamlib.figures.table import TableView, find_file
from kamlib.handover import Handover
from kamlib.language import _, fmt_count, join_sentences, translate
from kamlib.measures import build_profit
from kamlib.period import Period
from kamlib.rules import Rules, build_rules
from kamlib.schema import known_by, load_schema
from kamlib.session.handing_on import HANDOVER, write_handed_on
from kamlib.session.parquet import write_parquet
from kamlib.session.sections import SECTIONS
from kamlib.session.suppress import hide_small_cells
from kamlib.session.views import ChecksView, FigureView, LinesView, ReadingView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kamlib.session.account import AccountReport

PACKAGES = ("kamlib", "pandas", "ibis-framework", "duckdb", "scipy", "statsmodels", "matplotlib")
BENEATH = {"data", "measures", "period"}  # sections that every fact rests on


class Report:
    """One data set at one period, as every notebook sees it; see `open_report`."""

    def __init__(self, folder: Path, *, out: Path | None, lang: str) -> None:
        self._folder, self._out, self.lang = folder, out, lang
        self._held: dict[tuple[str, str], pd.DataFrame] = {}
        self._places: dict[tuple[str, str, str], Any] = {}
        self._context: dict[str, Any] = json.loads(
            (folder / "context.json").read_text(encoding="utf-8"))
        self.speak()
        self.rules: Rules = build_rules(self._context["rules"], sections=SECTIONS,
                                        origin="context.json")

    def speak(self) -> Report:
        """Use the report's language, and its analysis window, from here on; return the report."""
        language.use(self.lang)
        language.use_window(self._context["window_months"])
        return self

    def __repr__(self) -> str:
        return f"Report({self.name}, {self.period.label}, as of {self.period.as_of})"

    @property
    def name(self) -> str:
        """The data set's name."""
        return str(self._context["dataset"]["name"])

    @property
    def currency(self) -> str:
        """The data set's one currency, as a three-letter code."""
        return str(self._context["dataset"]["currency"])

    @cached_property
    def period(self) -> Period:
        """The period reported on, with the two it is compared with."""
        values = dict(self._context["period"])
        label = values.pop("label")
        return Period(label=label, **{k: date.fromisoformat(v) for k, v in values.items()})

    @property
    def history_from(self) -> date:
        """Before this day nothing is known."""
        return date.fromisoformat(self._context["dataset"]["history_from"])

    @property
    def is_open(self) -> bool:
        """Whether the period had not ended in the data."""
        return bool(self._context["is_open"])

    # -- data ----------------------------------------------------------------------------------

    @cached_property
    def facts(self) -> pd.DataFrame:
        """Account facts at `as_of`: one row an account."""
        return self._load("facts", "account_facts")

    @cached_property
    def facts_previous(self) -> pd.DataFrame | None:
        """Account facts at the end of the previous period; None where history does not reach."""
        return self._load_known("account_facts_previous")

    @cached_property
    def facts_year_before(self) -> pd.DataFrame | None:
        """Account facts a year before; None where history does not reach."""
        return self._load_known("account_facts_year_before")

    @property
    def earlier(self) -> dict[str, pd.DataFrame | None]:
        """Account facts of both earlier days by name: previous and year_before."""
        return {"previous": self.facts_previous, "year_before": self.facts_year_before}

    @cached_property
    def profit(self) -> pd.DataFrame:
        """Margin of the analysis window less the cost of work on the account; see measures."""
        start = self.period.window_start(self.rules.measures.window_months)
        return build_profit(self.facts, self.read_if_given("effort"),
                            start=max(start, self.history_from), end=self.period.end)

    @cached_property
    def key_accounts(self) -> frozenset[str]:
        """Ids of the key accounts: those on the list of the chapter on selection."""
        from kamlib.session.keys import find_key_accounts

        return find_key_accounts(self)

    @cached_property
    def months(self) -> pd.DataFrame:
        """Account months up to `as_of`: one row an account, month and line kind."""
        return self._load("facts", "account_months")

    @cached_property
    def products(self) -> pd.DataFrame:
        """Account products: one row an account, product line, channel and quarter."""
        return self._load("facts", "account_products")

    @cached_property
    def product_spans(self) -> pd.DataFrame:
        """Sums of the period, the previous one and a year before: product, line and channel."""
        return self._load("facts", "product_spans")

    @cached_property
    def account_spans(self) -> pd.DataFrame:
        """Sums of the same spans: one row a span, account, product line and channel."""
        return self._load("facts", "account_spans")

    @cached_property
    def largest_orders(self) -> pd.DataFrame:
        """The ten largest orders of each of these spans."""
        return self._load("facts", "largest_orders")

    @cached_property
    def account_bridge(self) -> pd.DataFrame:
        """Sales of the analysis window and of the one before: one row an account; see measures."""
        return self._load("facts", "account_bridge")

    @cached_property
    def holdings(self) -> pd.DataFrame:
        """Products of the analysis window and the one before: one row an account and product."""
        return self._load("facts", "account_holdings")

    @cached_property
    def past_facts(self) -> pd.DataFrame:
        """Account facts on days of the past, one horizon apart: one row a cut and account."""
        return self._load("facts", "past_facts")

    @cached_property
    def purchase_days(self) -> pd.DataFrame:
        """Purchases by day of the accounts that were known at the last cut of past_facts."""
        return self._load("facts", "purchase_days")

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """Customers: one row an account, with owner_id, the owner at `as_of` ("" if none)."""
        accounts = self.read("accounts")
        accounts = accounts[accounts["account_id"].isin(self.facts["account_id"])]
        owners = pd.DataFrame({"account_id": [], "owner_id": []}, dtype="str")
        if self.has("account_owners"):
            dated = self.read("account_owners").sort_values(["account_id", "from_date"])
            owners = dated.groupby("account_id", sort=True)["owner_id"].last().reset_index()
        joined = accounts.merge(owners, on="account_id", how="left")
        joined["owner_id"] = joined["owner_id"].fillna("").astype("str")
        return joined.sort_values("account_id").reset_index(drop=True)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of the accounts by id; empty where the data has none of its own."""
        named = self.accounts[self.accounts["name"].notna()]
        is_own = bool((named["name"] != named["account_id"]).any())
        return dict(named[["account_id", "name"]].itertuples(index=False)) if is_own else {}

    def has(self, table: str) -> bool:
        """Whether the data set has a table of the dictionary, with rows known at `as_of`."""
        return (self._folder / "tables" / f"{table}.parquet").is_file()

    def read(self, table: str) -> pd.DataFrame:
        """Return the kept rows of a table that were known at `as_of`."""
        if table not in load_schema() or table == "orders":
            options = [name for name in load_schema() if name != "orders"]
            raise InputError(f"The data dictionary has no table {table!r} to read here."
                             f"{did_you_mean(table, options)} Orders are asked through "
                             "report.facts, report.months and report.products.")
        if not self.has(table):
            raise InputError(f"The data set {self.name!r} has no table {table!r}. Add "
                             f"[tables.{table}] to its dataset file, or ask report.has first.")
        return self.load("tables", table)

    def read_known(self, table: str, day: date) -> pd.DataFrame:
        """Return what a table's kept rows said at the end of a day of the past."""
        return known_by(self.read_if_given(table), name=table, day=day)

    def read_if_given(self, table: str) -> pd.DataFrame:
        """Return a table's kept rows; none, with the dictionary's columns, when not given."""
        if self.has(table):
            return self.read(table)
        return pd.DataFrame(columns=list(load_schema()[table].columns)).astype("object")

    @property
    def folder(self) -> Path:
        """The prepared folder that this report is read from."""
        return self._folder

    def for_account(self, account: str, *, audience: str = "internal") -> AccountReport:
        """Hold one account for one audience; asks as this report does, shows what it may.

        account: its account_id; audience: "internal", or "customer" for the edition that is
        handed over. Raises InputError for an account or audience that there is not.
        """
        from kamlib.session.account import AccountReport

        return AccountReport(self, account, audience=audience)

    def load(self, kind: str, name: str) -> pd.DataFrame:
        """Read a table of the prepared folder: kind is facts, tables or once."""
        if (kind, name) not in self._held:
            self._held[kind, name] = self._load(kind, name)
        return self._held[kind, name]

    def rows_of(self, kind: str, name: str, column: str, values: Iterable[str]) -> pd.DataFrame:
        """Return the rows of a table in which a column has one of these values, in its order."""
        frame, key = self.load(kind, name), (kind, name, column)
        if key not in self._places:
            self._places[key] = frame.groupby(column, sort=False).indices
        places = [self._places[key][value] for value in values if value in self._places[key]]
        chosen = np.sort(np.concatenate(places)) if places else np.array([], dtype="int64")
        return frame.iloc[chosen].reset_index(drop=True)

    def _load(self, kind: str, name: str) -> pd.DataFrame:
        frame = pd.read_parquet(self._folder / kind / f"{name}.parquet")
        return frame.astype({c: "Int64" for c in frame.columns
                             if c.startswith(("n_", "n_repeat")) or
                             (c.endswith("_days") and pd.api.types.is_integer_dtype(frame[c]))})

    def _load_known(self, name: str) -> pd.DataFrame | None:
        known = (self._folder / "facts" / f"{name}.parquet").is_file()
        return self._load("facts", name) if known else None

    # -- showing and publishing ----------------------------------------------------------------

    @cached_property
    def checks(self) -> ChecksView:
        """Rows read, kept, excluded and quarantined with reasons, and what looks suspicious."""
        frames = {name: pd.read_parquet(self._folder / f"{name}.parquet")
                  for name in ("accounting", "reasons", "checks")}
        return ChecksView(**frames)

    def headline(self, handover: Handover) -> LinesView:
        """Show the answer first: at most three computed sentences."""
        return LinesView(handover.headline[:3] or (
            _("There is too little data for an answer; see what could not be answered."),))

    def table(self, name: str, frame: pd.DataFrame, caption: str = "",
              show: Sequence[str] = (), by: str = "", rows: int = 12) -> TableView:
        """Show a table under the id `name`, and publish it when the report has an `out`.

        show: the columns to display (all when empty); by: a column whose largest values are
        shown first; rows: how many. The published table has all of them, in its own order.
        An account is shown with its name beside its id.
        """
        frame, n_hidden = self._shareable(frame)
        if n_hidden:
            caption = join_sentences(filter(None, [caption and f"{caption}.", _(
                "Rows of fewer than {n} accounts are emptied.", n=self._min_accounts)]))
        if self._out:
            folder = self._out / "tables"
            folder.mkdir(parents=True, exist_ok=True)
            write_parquet(frame, folder / f"{name}.parquet")
        return self.show(name, frame, caption=caption, show=show, by=by, rows=rows)

    def show(self, name: str, frame: pd.DataFrame, *, caption: str = "", show: Sequence[str] = (),
             by: str = "", rows: int = 12) -> TableView:
        """Show a table as `table` does, without publishing it."""
        shown = frame.sort_values(by, ascending=False, kind="stable") if by else frame
        shown = shown[list(show)] if show else shown
        if "account_id" in shown.columns and "account_name" not in shown.columns and self.names:
            place = list(shown.columns).index("account_id") + 1
            shown = shown.copy()
            shown.insert(place, "account_name", shown["account_id"].map(self.names).fillna(""))
        return TableView(shown, name=name, caption=caption, currency=self.currency,
                         max_rows=rows, file=find_file(name, *frame.shape))

    def figure(self, name: str, ax: Axes, data: pd.DataFrame | None = None) -> FigureView:
        """Show a figure under the id `name` with its alt text; `data` can be downloaded."""
        if data is not None:
            data, _hidden = self._shareable(data)
        return FigureView.of(name, ax, data, out=self._out)

    @property
    def _min_accounts(self) -> int:
        return int(self.rules.data.min_cell_accounts)

    def _shareable(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
        """A table as it may be seen: of a pseudonymised report, no row of a few accounts."""
        if not self._context.get("is_pseudonymised"):
            return frame, 0
        return hide_small_cells(frame, min_accounts=self._min_accounts)

    def reading(self, sentence: str) -> ReadingView:
        """Show one computed sentence."""
        return ReadingView(sentence)

    @property
    def is_published(self) -> bool:
        """Whether what is shown is published as well: a period run's report."""
        return self._out is not None

    @property
    def handover_folder(self) -> Path:
        """Where notebooks hand on: a run's own folder, or in JupyterLab one beside the cache."""
        return self._out / HANDOVER if self._out else self._folder / HANDOVER / self.lang

    def hand_on(self, notebook: str, handover: Handover) -> ReadingView:
        """Publish what the overview is made of, and say how much that is."""
        frames = handover.to_frames()
        write_handed_on(self.handover_folder, notebook, handover)
        return ReadingView(_(
            "Handed on to the overview: {metrics} metrics, {findings} findings, {attention} "
            "accounts that need attention, {unanswered} open questions.",
            **{kind: fmt_count(len(frame)) for kind, frame in frames.items()}))

    @property
    def provenance(self) -> TableView:
        """What could have influenced a number here: data, period, rules, versions.

        Of the rules those of the sections that this page asked for or that the facts rest on, and
        whatever else was changed.
        """
        rows = [(_("Data set"), f"{self.name} ({self._context['dataset']['id']})"),
                (_("Period"), f"{self.period.label}: {self.period.start} – {self.period.end}"),
                (_("Fingerprint of data, rules and code"), self._context["fingerprint"][:16])]
        rules = self.rules.to_frame()
        told = rules[rules["section"].isin(self.rules.read | BENEATH) | ~rules["is_default"]]
        rows += [(f"{section}.{key}", f"{value}  [{translate(unit)}] {translate(help_)}")
                 for section, key, value, unit, help_ in
                 told[["section", "rule", "value", "unit", "help"]].itertuples(index=False)]
        rows.append((_("Rules of other chapters"), _(
            "{n} rules, all at their defaults, stand on the pages that use them",
            n=fmt_count(len(rules) - len(told)))))
        rows += [(package, version(package)) for package in PACKAGES]
        frame = pd.DataFrame(rows, columns=["item", "content"])
        return TableView(frame, name="provenance", max_rows=len(frame),
                         caption=_("Data, rules and versions behind this page"))
