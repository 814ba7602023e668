"""Opening a data set: every table mapped, typed and checked; every source row accounted for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset.advice import explain_results
from kamlib.dataset.checks import find_oddities, refuse_cycles, refuse_second_currency
from kamlib.dataset.engines import bring, connect, connect_engine, engine_told, keep, watched
from kamlib.dataset.file import DatasetFile, ReadOptions, TableSpec, load_dataset_file
from kamlib.dataset.locating import SourceFile
from kamlib.dataset.mapping import build_mapping, combine, find_typed_uses
from kamlib.dataset.portable import in_byte_order
from kamlib.dataset.pseudonym_key import Pseudonyms
from kamlib.dataset.pseudonyms import pseudonymise
from kamlib.dataset.sources import Source, join_source, load_source, unpivot_source
from kamlib.dataset.typed import TYPES, TypedSource, build_typed
from kamlib.errors import InputError
from kamlib.schema import Table as SchemaTable
from kamlib.schema import load_schema

ACCOUNTING = ["table", "read", "kept", "excluded", "quarantined"]
REASONS = ["table", "kind", "reason", "n"]


@dataclass(frozen=True)
class Dataset:
    """An opened data set.

    tables: kept rows of each table, columns of the dictionary; accounting: one row a table
    (read = kept + excluded + quarantined); reasons: one row a reason; checks: one row an oddity
    that is suspicious but usable; quarantine: the broken rows as they were read, with reasons.
    """

    file: DatasetFile
    tables: dict[str, Table]
    accounting: pd.DataFrame
    reasons: pd.DataFrame
    checks: pd.DataFrame
    quarantine: dict[str, pd.DataFrame]
    files: dict[str, tuple[SourceFile, ...]]
    con: Any = field(repr=False)

    def over_tolerance(self, tolerance_share: float) -> pd.DataFrame:
        """Return the rows of `accounting` whose quarantined share is above the tolerance."""
        share = self.accounting["quarantined"] / self.accounting["read"].clip(lower=1)
        return self.accounting[share > tolerance_share]


@dataclass(frozen=True)
class _Staged:
    """One table on its way: `rows` has source columns, dictionary columns and reasons."""

    name: str
    schema: SchemaTable
    rows: Table
    typed: TypedSource
    source: Source


def open_dataset(path: str | Path | DatasetFile, *, only: Iterable[str] = (),
                 pseudonyms: Pseudonyms | None = None) -> Dataset:
    """Read, map, type and check the tables of a dataset file.

    path: a dataset file, or one already loaded; only: table names to open besides accounts and
    orders (all when empty); pseudonyms: what replaces ids, names and texts, None to keep them; rows
    in quarantine then have their reason alone. Raises InputError when the file or a source is
    wrong; broken rows raise nothing, they are quarantined and counted.
    """
    file = path if isinstance(path, DatasetFile) else load_dataset_file(path)
    wanted = {"accounts", "orders", *only} if only else set(file.tables)
    with watched(file):
        opened = _open(file, [name for name in load_schema()
                              if name in file.tables and name in wanted])
    if pseudonyms is None:
        return opened
    return replace(opened, tables=pseudonymise(opened.tables, pseudonyms),
                   quarantine={name: frame[["reason"]].assign(
                       reason=frame["reason"].astype("str").str.replace(r": .*", "", regex=True))
                       for name, frame in opened.quarantine.items()})


def _open(file: DatasetFile, order: list[str]) -> Dataset:
    local, schema = connect(), load_schema()
    engine = connect_engine(file) if file.engine else None
    needed = set().union(*(find_typed_uses(file.tables[name], schema[name]) for name in order))
    loaders = _Loaders(file, local, engine, frozenset(needed))
    results = [_Result.of(_stage(name, schema[name], loaders), file)
               for name in order if name == "accounts"]
    accounts = results[0].kept if results else None
    for name in order:
        if name != "accounts":
            staged = _stage(name, schema[name], loaders)
            results.append(_Result.of(_check_accounts(staged, accounts), file))
    return _assemble(file, results, local if engine is None else engine)


@dataclass(frozen=True)
class _Loaders:
    """Reads and types each source once, however many tables are mapped from it."""

    file: DatasetFile
    local: Any
    engine: Any
    needed: frozenset[str]  # columns that some table uses as more than text
    seen: dict[str, Source] = field(default_factory=dict)
    typed: dict[int, tuple[Source, TypedSource]] = field(default_factory=dict)

    def load(self, source: str | tuple[str, ...], read: ReadOptions, where: str) -> Source:
        key = repr((source, read))
        if key not in self.seen:
            self.seen[key] = load_source(source, read=read, folder=self.file.folder,
                                         con=self.local, engine=self.engine, where=where)
        return self.seen[key]

    def type_columns(self, source: Source, read: ReadOptions) -> TypedSource:
        if id(source) not in self.typed:  # the source is kept too: an id is its only while it lives
            typed = build_typed(source, read=read, needed=self.needed)
            self.typed[id(source)] = source, typed
        return self.typed[id(source)][1]


def _stage(name: str, schema: SchemaTable, loaders: _Loaders) -> _Staged:
    where, spec = f"tables.{name}", loaders.file.tables[name]
    source = loaders.load(spec.source, spec.read, where)
    for joined_name, join in spec.join.items():
        joined = loaders.load(join.source, join.read, f"{where}.join.{joined_name}")
        source = join_source(source, joined, name=joined_name, spec=join, where=where)
    if spec.unpivot:
        source = unpivot_source(source, spec=spec.unpivot, where=where)
    refuse_second_currency(source.table, spec, schema, currency=loaders.file.currency, where=where)
    with engine_told(where, loaders.file):
        typed = loaders.type_columns(source, spec.read)
        mapped = build_mapping(spec, schema, typed, where=where)
        rows = combine(mapped, typed, schema)
        # What had to be read from texts is read once; what has its types is read where it lies.
        is_parsed = source.is_text or set(typed.kinds) != {"text"}
        rows = keep(rows) if source.is_stored and is_parsed else rows
        rows.limit(1).to_pyarrow()
    if schema.key:
        rows = _mark_duplicates(rows, schema)
    return _Staged(name, schema, rows, typed, source)


def _mark_duplicates(rows: Table, schema: SchemaTable) -> Table:
    """Break the second and later rows of a key; the first in the order of all columns stays."""
    good = rows._excluded.isnull() & rows._broken.isnull()
    order = [in_byte_order(rows[c]) for c in schema.columns]
    place = ibis.row_number().over(
        group_by=[good, *(rows[c] for c in schema.key)], order_by=order)
    marked = rows.mutate(_place=place)
    is_second = marked._excluded.isnull() & marked._broken.isnull() & (marked._place > 0)
    return marked.mutate(_broken=is_second.ifelse(f"duplicate_key:{','.join(schema.key)}",
                                                  marked._broken)).drop("_place")


def _check_accounts(staged: _Staged, accounts: Table | None) -> _Staged:
    """Break rows whose account is not among the kept accounts."""
    column = staged.schema.columns.get("account_id")
    if accounts is None or column is None:
        return staged
    known = accounts.select(_known=accounts.account_id).distinct()
    if accounts.get_backend() is not staged.rows.get_backend():
        known = bring(known)
    rows = staged.rows.left_join(known, staged.rows.account_id == known._known)
    is_unknown = rows._excluded.isnull() & rows._broken.isnull() & \
        rows.account_id.notnull() & rows._known.isnull()
    if not int(is_unknown.sum().execute() or 0):
        return staged
    marked = rows.mutate(_broken=is_unknown.ifelse("unknown:account_id", rows._broken))
    return _Staged(staged.name, staged.schema, marked.drop("_known"), staged.typed, staged.source)


@dataclass(frozen=True)
class _Result:
    name: str
    kept: Table
    accounting: dict[str, Any]
    reasons: list[dict[str, Any]]
    quarantine: pd.DataFrame
    files: tuple[SourceFile, ...]

    @classmethod
    def of(cls, staged: _Staged, file: DatasetFile) -> _Result:
        rows, lines = staged.rows, staged.source.broken_lines
        with engine_told(f"tables.{staged.name}", file):
            counts = rows.group_by(["_excluded", "_broken"]).agg(n=lambda t: t.count()).execute()
        counts = counts.astype({"_excluded": object, "_broken": object})
        excluded = counts[counts["_excluded"].notna()].groupby("_excluded")["n"].sum()
        broken = counts[counts["_excluded"].isna() & counts["_broken"].notna()]
        broken = broken.groupby("_broken")["n"].sum()
        n_kept = int(counts.loc[counts["_excluded"].isna() & counts["_broken"].isna(), "n"].sum())
        reasons = [{"table": staged.name, "kind": kind, "reason": str(reason), "n": int(n)}
                   for kind, series in (("excluded", excluded), ("quarantined", broken))
                   for reason, n in series.items()]
        if len(lines):
            reasons.append({"table": staged.name, "kind": "quarantined",
                            "reason": "broken_line", "n": len(lines)})
        n_read = int(counts["n"].sum()) + len(lines)
        n_quarantined = int(broken.sum()) + len(lines)
        kept = rows if n_kept == n_read else \
            rows.filter(rows._excluded.isnull() & rows._broken.isnull())
        return cls(staged.name, kept.select(*staged.schema.columns),
                   {"table": staged.name, "read": n_read, "kept": n_kept,
                    "excluded": int(excluded.sum()), "quarantined": n_quarantined},
                   reasons, _quarantined(staged, n_quarantined), staged.source.files)


def _quarantined(staged: _Staged, n_quarantined: int) -> pd.DataFrame:
    """Return broken rows as they were read: reason, then the source's columns as text."""
    names = [f"r{i}" for i in range(len(staged.typed.names))]
    has_raw = names[:1] == [c for c in staged.rows.columns if c == "r0"]
    shown = dict(zip(names, staged.typed.names, strict=True)) if has_raw else \
        {c: c for c in staged.schema.columns}
    if not n_quarantined:
        return pd.DataFrame(columns=["reason", *shown.values()])
    rows = staged.rows.filter(staged.rows._excluded.isnull() & staged.rows._broken.notnull())
    frame = rows.select("_broken", *shown).execute().astype(object)
    frame.columns = pd.Index(["reason", *shown.values()])
    lines = staged.source.broken_lines
    extra = pd.DataFrame({"reason": "broken_line: " + lines["problem"].astype(str),
                          frame.columns[1]: lines["text"].astype(str)}) if len(lines) else None
    whole: pd.DataFrame = frame if extra is None else pd.concat([frame, extra])
    whole = whole.astype(object).where(whole.notna(), "").astype("str")
    return whole.sort_values(list(whole.columns), kind="stable").reset_index(drop=True)


def _assemble(file: DatasetFile, results: list[_Result], con: Any) -> Dataset:
    tables = {result.name: result.kept for result in results}
    orders = next(result for result in results if result.name == "orders")
    if not orders.accounting["kept"]:
        raise InputError(_no_orders(orders, tables.get("accounts"), file.tables["orders"]))
    if "accounts" not in tables:
        tables["accounts"] = _derive_accounts(tables["orders"])
    for name in ("accounts", "products"):  # what orders are joined with meets them where they are
        if name in tables and tables[name].get_backend() is not tables["orders"].get_backend():
            tables[name] = bring(tables[name])
    refuse_cycles(tables["accounts"])
    checks = find_oddities(tables, file)
    return Dataset(
        file=file, tables=tables, con=con,
        accounting=pd.DataFrame([r.accounting for r in results], columns=ACCOUNTING),
        reasons=pd.DataFrame([reason for r in results for reason in r.reasons], columns=REASONS),
        checks=checks, quarantine={r.name: r.quarantine for r in results},
        files={r.name: r.files for r in results})


def _no_orders(orders: _Result, accounts: Table | None, spec: TableSpec) -> str:
    n_read = orders.accounting["read"]
    if not n_read:
        names = ", ".join(file.name for file in orders.files) or "the source"
        return (f"tables.orders: {names} has a header but no row. A report needs at least one "
                "order. Export it again with the period filled in.")
    known = [] if accounts is None else accounts.select("account_id").execute()["account_id"]
    why = explain_results("orders", orders.reasons, orders.quarantine, n_read, spec, known)
    excluded = "; ".join(f"{r['reason']} {r['n']:,}" for r in orders.reasons
                         if r["kind"] == "excluded")
    return (f"tables.orders: none of {n_read:,} rows read is usable, and a report needs at least "
            f"one order. {f'Excluded: {excluded}. ' if excluded else ''}{why}".strip())


def _derive_accounts(orders: Table) -> Table:
    """One account for each account_id of the orders, named by its id."""
    ids = orders.select("account_id").distinct()
    columns = {name: ibis.null(TYPES[column.type])
               for name, column in load_schema()["accounts"].columns.items()}
    columns |= {"account_id": ids.account_id, "name": ids.account_id,
                "party_role": ibis.literal("customer")}
    return ids.select(**columns)
