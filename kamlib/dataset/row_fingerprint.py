"""Fingerprints of rows, month by month, worked out by the engine that holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ibis.expr.types import Table

from kamlib.dataset.engines import connect_engine, watched
from kamlib.dataset.file import DatasetFile, ReadOptions
from kamlib.dataset.fingerprint import OfTable
from kamlib.dataset.names import quote_name
from kamlib.dataset.portable import run_sql
from kamlib.dataset.sources import load_source


@contextmanager
def open_tables(file: DatasetFile) -> Iterator[OfTable]:
    """Connect to a data set's engine; yield what fingerprints the rows of one of its tables."""
    with watched(file):
        engine = connect_engine(file)

        def of_table(source: str | Sequence[str], read: ReadOptions, where: str) -> str:
            rows = load_source(source, read=read, folder=file.folder, con=None, engine=engine,
                               where=where).table
            return fingerprint_table(rows, event_date="").get("", "0")

        yield of_table


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
