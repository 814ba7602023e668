"""Fingerprints of data: of files before they are opened, of kept rows month by month."""

from __future__ import annotations

from ibis.expr.types import Table

from kamlib.dataset.file import DatasetFile
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
    columns = " || '|' || ".join(
        f"COALESCE(CAST({_quoted(name)} AS VARCHAR), '')" for name in table.columns)
    digits = " + ".join(
        f"{16 ** (4 - i)} * (STRPOS('0123456789abcdef', SUBSTRING(h, {i + 1}, 1)) - 1)"
        for i in range(5))
    month = f"strftime({_quoted(event_date)}, '%Y-%m')" if event_date else "''"
    sql = (f"SELECT month, count(*) AS n, sum({digits}) AS total FROM "
           f"(SELECT {month} AS month, md5({columns}) AS h FROM fingerprint_rows) GROUP BY month")
    frame = table.alias("fingerprint_rows").sql(sql, dialect="duckdb").execute()
    frame["month"] = frame["month"].fillna("undated")
    return {str(month): f"{int(n)}:{int(total):x}"
            for month, n, total in sorted(frame.itertuples(index=False))}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
