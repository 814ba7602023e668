"""Fingerprints of data: of files before they are opened, of kept rows month by month."""

from __future__ import annotations

from typing import Any

from ibis.expr.types import Table

from kamlib.dataset.file import DatasetFile
from kamlib.dataset.names import quote_name
from kamlib.dataset.portable import run_sql
from kamlib.dataset.sources import find_files, fingerprint_file


def fingerprint_sources(file: DatasetFile) -> dict[str, list[str]]:
    """Return the SHA-256 of every file that the data set's tables are read from, by table.

    A table of an engine has no files: [] (its rows are fingerprinted by `fingerprint_table`).
    """
    hashes: dict[str, str] = {}
    found = {}
    for name, spec in sorted(file.tables.items()):
        sources = [(spec.source, f"tables.{name}")]
        sources += [(join.source, f"tables.{name}.join.{key}") for key, join in spec.join.items()]
        paths = [path for source, where in sources
                 for path in find_files(source, folder=file.folder, where=where)]
        for path in paths:
            hashes.setdefault(str(path), fingerprint_file(path).sha256)
        found[name] = [hashes[str(path)] for path in paths]
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
