"""Reading sources as they lie: files through in-process DuckDB, tables through their engine.

Files of text are read with every column as text; `typing` puts typed copies beside it. So an id
keeps its zeros, and a bad value in the last line is a row to quarantine, not the end of the run.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from ibis.common.exceptions import TableNotFound
from ibis.expr.types import Table

from kamlib.dataset.file import Join, ReadOptions, Unpivot, fill_variables
from kamlib.dataset.locating import SourceFile, find_files, fingerprint_file
from kamlib.dataset.names import quote_name
from kamlib.dataset.portable import run_sql
from kamlib.dataset.spreadsheets import read_excel
from kamlib.dataset.textfiles import clean_text, read_text
from kamlib.errors import InputError, did_you_mean, one_line

EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
TEXT = (".csv", ".csv.gz", ".txt", ".txt.gz", ".tsv", ".tsv.gz")
_counter = itertools.count()


@dataclass(frozen=True)
class Source:
    """A source's rows: `table` has the source's own column names.

    is_text: the columns are text as written; is_stored: a table, not a view over a file.
    broken_lines: lines that could not be cut into columns (line, text, problem).
    about: what to know when a column is missing: other sheets, a header further down.
    """

    table: Table
    is_text: bool
    is_stored: bool
    files: tuple[SourceFile, ...] = ()
    broken_lines: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["line", "text", "problem"]))
    about: str = ""


def load_source(source: str | Sequence[str], *, read: ReadOptions, folder: Path, con: Any,
                engine: Any, where: str) -> Source:
    """Read one source.

    source: a file, a glob, a table of the engine, or several of which the first that exists
    is taken; con: in-process DuckDB; engine: the data set's engine or None; where: for messages.
    """
    names = [source] if isinstance(source, str) else list(source)
    filled = [fill_variables(name, origin=where) for name in names]
    if paths := find_files(source, folder=folder, where=where):
        return _load_files(paths, read, con, where)
    if engine is not None and not any(_looks_like_file(name) for name in filled):
        return _load_engine_table(filled[0], read, engine, where)
    seen = sorted(p.name for p in (folder / filled[0]).parent.glob("*")) \
        if (folder / filled[0]).parent.is_dir() else []
    raise InputError(f"{where}: the source {names[0]!r} does not exist"
                     f"{' (nor its alternatives)' if len(names) > 1 else ''}."
                     f"{did_you_mean(Path(filled[0]).name, seen)} "
                     "Paths start at the dataset file's folder. Correct the source and run again.")


def join_source(source: Source, joined: Source, *, name: str, spec: Join, where: str) -> Source:
    """Add the columns of a second source as ``name.column``; refuse a key that occurs twice."""
    left = {find_column(source.table.columns, c, where=where): c for c in spec.on}
    right = {c: find_column(joined.table.columns, spec.on[c], where=f"{where}.join.{name}")
             for c in spec.on}
    keys = list(right.values())
    twice = joined.table.group_by(keys).agg(n=lambda t: t.count()).filter(lambda t: t.n > 1)
    n_twice = int(twice.count().execute())
    if n_twice:
        raise InputError(f"{where}.join.{name}: {n_twice} value(s) of {', '.join(keys)} occur more "
                         "than once, so a line would be counted twice. Join on a column that is "
                         "unique in the joined source.")
    renamed = joined.table.rename({f"{name}.{c}": c for c in joined.table.columns})
    predicates = [source.table[a] == renamed[f"{name}.{right[b]}"] for a, b in left.items()]
    table = source.table.left_join(renamed, predicates)
    return Source(table=table, is_text=source.is_text, is_stored=source.is_stored,
                  files=source.files + joined.files,
                  broken_lines=pd.concat([source.broken_lines, joined.broken_lines]),
                  about=source.about)


def unpivot_source(source: Source, *, spec: Unpivot, where: str) -> Source:
    """Turn many columns into rows: one row for each source row and each of the columns."""
    columns: list[str] = []
    for pattern in spec.columns:
        regex = re.compile(re.escape(pattern).replace(r"\*", ".*") + "$", re.IGNORECASE)
        found = [c for c in source.table.columns if regex.match(c)]
        columns += found or [find_column(source.table.columns, pattern, where=f"{where}.unpivot")]
    import ibis.selectors as s

    table = source.table.pivot_longer(s.cols(*dict.fromkeys(columns)), names_to=spec.name,
                                      values_to=spec.answer)
    return Source(table=table, is_text=source.is_text, is_stored=source.is_stored,
                  files=source.files, broken_lines=source.broken_lines, about=source.about)


def find_column(columns: Sequence[str], name: str, *, where: str, about: str = "") -> str:
    """Return the source's own spelling of a column, whatever the case; refuse with a hint.

    about: what else to say of the source when the column is missing.
    """
    if name in columns:
        return name
    by_lower = {c.lower(): c for c in columns}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    hint = did_you_mean(name, columns)
    if len(columns) == 1:
        found = next((mark for mark in ";\t|," if mark in columns[0]), "")
        if found:
            hint = (f" The file seems to have only one column: probably the delimiter is "
                    f"{found!r}; write delimiter = {found!r} under read.".replace("'\\t'", '"\\t"'))
    raise InputError(f"{where}: the source has no column {name!r}.{hint} "
                     f"It has: {', '.join(columns[:40])}.{about and ' ' + about}")


def _looks_like_file(name: str) -> bool:
    return "/" in name or "\\" in name or name.lower().endswith(TEXT + EXCEL + (".parquet",))


def _load_engine_table(name: str, read: ReadOptions, engine: Any, where: str) -> Source:
    schema, _, table = name.rpartition(".")
    try:
        found = engine.table(table, database=schema) if schema else engine.table(table)
    except TableNotFound:
        options = engine.list_tables(database=schema) if schema else engine.list_tables()
        raise InputError(f"{where}: the engine has no table {name!r}.{did_you_mean(table, options)}"
                         f" It has: {', '.join(sorted(options)[:40])}.") from None
    texts = {c for c, kind in found.schema().items() if kind.is_string()}
    if texts:  # what is empty or blank is nothing here, as in files
        cleaned = ", ".join(f"{clean_text(quote_name(c), read)} AS {quote_name(c)}"
                            if c in texts else quote_name(c) for c in found.columns)
        found = run_sql(found, "engine_rows", f"SELECT {cleaned} FROM engine_rows", found.schema())
    return Source(table=found, is_text=False, is_stored=True)


def _load_files(paths: list[Path], read: ReadOptions, con: Any, where: str) -> Source:
    files = tuple(fingerprint_file(path) for path in paths)
    _refuse_copies(files, where)
    kinds = {_kind(path) for path in paths}
    if len(kinds) > 1:
        raise InputError(f"{where}: the glob matches files of different kinds "
                         f"({', '.join(p.name for p in paths[:5])}). Give one kind.")
    kind = kinds.pop()
    if kind == "parquet":
        try:
            return Source(con.read_parquet([str(p) for p in paths]), False, False, files)
        except Exception as error:
            raise InputError(f"{where}: {paths[0].name} cannot be read as Parquet: "
                             f"{one_line(error)[:200]}. Export it again.") from error
    if kind == "excel":
        sheets = [read_excel(path, read, where) for path in paths]
        table = pa.concat_tables([table for table, _ in sheets])
        return Source(_store(con, table), True, True, files, about=sheets[0][1])
    text, broken, about = read_text(paths, read, con, where)
    return Source(text, True, True, files, broken, about)


def _refuse_copies(files: Sequence[SourceFile], where: str) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.sha256 in seen:
            raise InputError(f"{where}: {seen[file.sha256]} and {file.name} hold the same bytes, "
                             "so every line would be counted twice. Remove one of them, or make "
                             "the glob narrower.")
        seen[file.sha256] = file.name


def _kind(path: Path) -> str:
    name = path.name.lower()
    return "parquet" if name.endswith(".parquet") else "excel" if name.endswith(EXCEL) else "text"


def _store(con: Any, table: pa.Table) -> Table:
    return con.create_table(f"raw_{next(_counter)}", obj=table)
