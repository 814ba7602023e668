"""Fingerprints of data: of files before they are opened, of kept rows month by month."""

from __future__ import annotations

from typing import Any

from ibis.expr.types import Table

from kamlib.dataset.engines import connect_engine, watched
from kamlib.dataset.file import DatasetFile
from kamlib.dataset.names import quote_name
from kamlib.dataset.portable import run_sql
from kamlib.dataset.sources import find_files, fingerprint_file, load_source


def fingerprint_sources(file: DatasetFile) -> dict[str, list[str]]:
    """Return the SHA-256 of every file that the data set's tables are read from, by table.

    A table of an engine has no files: of each its rows are fingerprinted where they are, which
    reads them all once.
    """
    seen: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    with watched(file):
        engine = connect_engine(file) if file.engine else None
        for name, spec in sorted(file.tables.items()):
            sources = [(spec.source, spec.read, f"tables.{name}")]
            sources += [(join.source, join.read, f"tables.{name}.join.{key}")
                        for key, join in spec.join.items()]
            found[name] = []
            for source, read, where in sources:
                paths = find_files(source, folder=file.folder, where=where)
                for path in paths:
                    if str(path) not in seen:
                        seen[str(path)] = fingerprint_file(path).sha256
                    found[name].append(seen[str(path)])
                if engine is not None and not paths:
                    key = repr((source, read))
                    if key not in seen:
                        rows = load_source(source, read=read, folder=file.folder, con=None,
                                           engine=engine, where=where).table
                        seen[key] = fingerprint_table(rows, event_date="").get("", "0")
                    found[name].append(seen[key])
    return found


def fingerprint_table(table: Table, *, event_date: str) -> dict[str, str]:
    """Return a number for the rows of each month ("" for a table without an event date).

    The number is the count and the sum of five hexadecimal digits of each row's MD5: the same on
    every engine, whatever the order of rows, and another when any value of a row changes.
    """
    columns = " || '|' || ".join(f"COALESCE({_write(name, kind)}, '')"
                                 for name, kind in table.schema().items())
    digits = " + ".join(
        f"{16 ** (4 - i)} * (STRPOS('0123456789abcdef', SUBSTRING(h, {i + 1}, 1)) - 1)"
        for i in range(5))
    month = f"strftime({quote_name(event_date)}, '%Y-%m')" if event_date else "''"
    sql = (f"SELECT month, count(*) AS n, sum({digits}) AS total FROM "
           f"(SELECT {month} AS month, md5({columns}) AS h FROM fingerprint_rows) AS hashed "
           "GROUP BY month")
    frame = run_sql(table, "fingerprint_rows", sql,
                    {"month": "string", "n": "int64", "total": "int64"}).execute()
    frame["month"] = frame["month"].fillna("undated")
    return {str(month): f"{int(n)}:{int(total):x}"
            for month, n, total in sorted(frame.itertuples(index=False))}


def _write(name: str, kind: Any) -> str:
    """SQL of a value's text; each engine writes floating numbers in its own way."""
    text = f"CAST({quote_name(name)} AS VARCHAR)"
    return f"CAST(TRY_CAST({text} AS DECIMAL(38, 10)) AS VARCHAR)" if kind.is_floating() else text
