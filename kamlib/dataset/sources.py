"""Reading sources as they lie: files through in-process DuckDB, tables through their engine.

Files of text are read with every column as text; `typing` puts typed copies beside it. So an id
keeps its zeros, and a bad value in the last line is a row to quarantine, not the end of the run.
"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import io
import itertools
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table
from python_calamine import CalamineError, CalamineWorkbook

from kamlib.dataset.file import Join, ReadOptions, Unpivot, fill_variables
from kamlib.errors import InputError, did_you_mean, one_line

EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
TEXT = (".csv", ".csv.gz", ".txt", ".txt.gz", ".tsv", ".tsv.gz")
_counter = itertools.count()


@dataclass(frozen=True)
class SourceFile:
    """One file that was read: name without its folder, size in bytes, SHA-256."""

    name: str
    n_bytes: int
    sha256: str


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


def quote_name(name: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a text literal for SQL."""
    return "'" + text.replace("'", "''") + "'"


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
        return _load_engine_table(filled[0], engine, where)
    seen = sorted(p.name for p in (folder / filled[0]).parent.glob("*")) \
        if (folder / filled[0]).parent.is_dir() else []
    raise InputError(f"{where}: the source {names[0]!r} does not exist"
                     f"{' (nor its alternatives)' if len(names) > 1 else ''}."
                     f"{did_you_mean(Path(filled[0]).name, seen)} "
                     "Paths start at the dataset file's folder. Correct the source and run again.")


def find_files(source: str | Sequence[str], *, folder: Path, where: str) -> list[Path]:
    """Return the files a source stands for, sorted; [] when it is a table of the engine."""
    for name in [source] if isinstance(source, str) else source:
        filled = fill_variables(name, origin=where)
        if (folder / filled).is_file():  # first, since a name like "orders [1].csv" is no glob
            return [folder / filled]
        # a filled name may be absolute, which Path.glob does not take
        paths = [folder / each for each in glob.glob(filled, root_dir=folder)]  # noqa: PTH207
        # "~$orders.xlsx" lies beside a workbook that somebody has open
        paths = [path for path in paths if path.is_file() and not path.name.startswith("~$")]
        if paths:
            return sorted(paths)
    return []


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


def _load_engine_table(name: str, engine: Any, where: str) -> Source:
    schema, _, table = name.rpartition(".")
    try:
        found = engine.table(table, database=schema) if schema else engine.table(table)
    except Exception as error:  # each engine raises its own class for a missing table
        options = engine.list_tables()
        raise InputError(f"{where}: the engine has no table {name!r}.{did_you_mean(table, options)}"
                         f" It has: {', '.join(options[:40])}.") from error
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
        sheets = [_read_excel(path, read, where) for path in paths]
        table = pa.concat_tables([table for table, _ in sheets])
        return Source(_store(con, table), True, True, files, about=sheets[0][1])
    text, broken = _read_text(paths, read, con, where)
    return Source(text, True, True, files, broken, _describe_header(paths[0], read, where))


def _refuse_copies(files: Sequence[SourceFile], where: str) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.sha256 in seen:
            raise InputError(f"{where}: {seen[file.sha256]} and {file.name} hold the same bytes, so "
                             "every line would be counted twice. Remove one of them, or make the "
                             "glob narrower.")
        seen[file.sha256] = file.name


def _kind(path: Path) -> str:
    name = path.name.lower()
    return "parquet" if name.endswith(".parquet") else "excel" if name.endswith(EXCEL) else "text"


def fingerprint_file(path: Path) -> SourceFile:
    """Return a file's name, size and SHA-256."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return SourceFile(path.name, path.stat().st_size, digest)


def _store(con: Any, table: pa.Table) -> Table:
    return con.create_table(f"raw_{next(_counter)}", obj=table)  # type: ignore[no-any-return]


# -- text --------------------------------------------------------------------------------------

def _open_text(path: Path, encoding: str) -> io.TextIOBase:
    if path.name.lower().endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path), encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _check_encoding(path: Path, read: ReadOptions, where: str) -> str:
    """Return the encoding to read with; refuse one that the first megabyte does not fit."""
    encoding = "utf-8-sig" if read.encoding.lower().replace("_", "-") == "utf-8" else read.encoding
    try:
        with _open_text(path, encoding) as stream:
            stream.read(1 << 20)
    except LookupError as error:
        raise InputError(f"{where}: there is no encoding {read.encoding!r}. Write for example "
                         "utf-8, gb18030, cp1252 or utf-16.") from error
    except UnicodeError as error:
        fits = [e for e in ("gb18030", "cp1252") if _decodes(path, e)]
        raise InputError(f"{where}: {path.name} is not written in {read.encoding}. "
                         f"It fits: {' or '.join(fits) or 'none of gb18030, cp1252'}. Write "
                         f'encoding = "{fits[0] if fits else "…"}" under read.') from error
    except (OSError, EOFError) as error:
        raise InputError(f"{where}: {path.name} cannot be read: {one_line(error)}. "
                         "Copy the file again.") from error
    return encoding


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with _open_text(path, encoding) as stream:
            stream.read(1 << 20)
    except UnicodeError:
        return False
    return True


def _as_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """Return the file itself when DuckDB reads its encoding, else a copy in UTF-8."""
    if encoding in ("utf-8", "utf-8-sig", "ascii"):
        return path
    copy = folder / f"{next(_counter)}.csv"
    try:
        with _open_text(path, encoding) as stream, \
                copy.open("w", encoding="utf-8", newline="") as out:
            for block in iter(lambda: stream.read(1 << 20), ""):
                out.write(block)
    except UnicodeError as error:
        raise InputError(f"{path.name} is not written in {encoding} throughout: {one_line(error)}. "
                         "Export it again in one encoding, or name another under read.") from error
    return copy


def _read_text(paths: list[Path], read: ReadOptions, con: Any,
               where: str) -> tuple[Table, pd.DataFrame]:
    encodings = [_check_encoding(path, read, where) for path in paths]
    headers = [_header(path, encoding, read, where)
               for path, encoding in zip(paths, encodings, strict=True)]
    for path, header in zip(paths, headers, strict=True):
        if header != headers[0]:
            raise InputError(f"{where}: {path.name} has other columns ({', '.join(header[:8])}) "
                             f"than {paths[0].name} ({', '.join(headers[0][:8])}). "
                             "Files of one glob need the same header.")
    with tempfile.TemporaryDirectory(prefix="kam-") as folder:
        files = [_as_utf8(p, e, Path(folder)) for p, e in zip(paths, encodings, strict=True)]
        if read.whitespace:
            return _read_spaced(files, headers[0], read, con)
        return _read_delimited(files, headers[0], read, con, where)


def _describe_header(path: Path, read: ReadOptions, where: str) -> str:
    """Say where the header seems to be when the line taken for it fills fewer cells than others."""
    if read.whitespace or not read.header:
        return ""
    with _open_text(path, _check_encoding(path, read, where)) as stream:
        lines = list(itertools.islice(stream, read.skip, read.skip + 30))
    rows = csv.reader(lines, delimiter=read.delimiter, quotechar=read.quote or None)
    return _describe_title([sum(bool(c.strip()) for c in row) for row in rows], "Line", read)


def _describe_title(filled: Sequence[int], what: str, read: ReadOptions) -> str:
    fuller = next((i for i, n in enumerate(filled) if n == max(filled)), 0)
    if fuller == 0 or filled[0] > 0.6 * filled[fuller]:
        return ""
    return (f"{what} {read.skip + 1} fills {filled[0]} cell(s) and {what.lower()} "
            f"{read.skip + fuller + 1} fills {filled[fuller]}, so the header seems to be there: "
            f"write skip = {read.skip + fuller} under read.")


def _header(path: Path, encoding: str, read: ReadOptions, where: str) -> list[str]:
    with _open_text(path, encoding) as stream:
        lines: Iterator[str] = itertools.islice(stream, read.skip, read.skip + 1)
        first = next(lines, "")
    if not first.strip():
        raise InputError(f"{where}: {path.name} is empty after {read.skip} skipped line(s). "
                         "Export it again, or correct skip.")
    cells = first.split() if read.whitespace else \
        next(csv.reader([first], delimiter=read.delimiter, quotechar=read.quote or None))
    if not read.header:
        names = list(read.names) or [f"column_{i}" for i in range(1, len(cells) + 1)]
        if len(names) != len(cells):
            raise InputError(f"{where}: {path.name} has {len(cells)} columns, but names lists "
                             f"{len(names)}. Correct names, or the delimiter.")
        return names
    return list(read.names) or unique_names(cells)


def unique_names(cells: Sequence[Any]) -> list[str]:
    """Name a header's cells: blanks get a number, a repeated name a suffix.

    >>> unique_names(["a", "", "a"])
    ['a', 'column_2', 'a_2']
    """
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        name = " ".join(str(cell if cell is not None else "").split()) or f"column_{position}"
        taken = {n.lower() for n in names}
        candidates = itertools.chain([name], (f"{name}_{k}" for k in itertools.count(2)))
        names.append(next(c for c in candidates if c.lower() not in taken))
    return names


def _read_delimited(files: list[Path], header: list[str], read: ReadOptions, con: Any,
                    where: str) -> tuple[Table, pd.DataFrame]:
    number = next(_counter)
    columns = ", ".join(f"{quote_text(f'c{i}')}: 'VARCHAR'" for i in range(len(header)))
    clean = ", ".join(f"{_clean(f'c{i}', read)} AS {quote_name(name)}"
                      for i, name in enumerate(header))
    paths = ", ".join(quote_text(str(f)) for f in files)
    con.raw_sql(
        f"CREATE TABLE raw_{number} AS SELECT {clean} FROM read_csv([{paths}], "
        f"auto_detect=false, delim={quote_text(read.delimiter)}, quote={quote_text(read.quote)}, "
        f"escape={quote_text(read.quote)}, header={str(read.header).lower()}, skip={read.skip}, "
        f"columns={{{columns}}}, ignore_errors=true, store_rejects=true, null_padding=false, "
        f"max_line_size=16777216, rejects_table='reject_{number}', rejects_scan='scan_{number}')")
    rejected = con.raw_sql(
        f"SELECT line, any_value(csv_line) AS text, min(error_type::VARCHAR) AS problem "
        f"FROM reject_{number} GROUP BY file_id, line ORDER BY file_id, line").df()
    return con.table(f"raw_{number}"), rejected


def _clean(column: str, read: ReadOptions) -> str:
    cleaned = f"NULLIF(TRIM({column}), '')"
    for text in read.null:
        cleaned = f"NULLIF({cleaned}, {quote_text(text)})"
    return cleaned


def _read_spaced(files: list[Path], header: list[str], read: ReadOptions,
                 con: Any) -> tuple[Table, pd.DataFrame]:
    number, n = next(_counter), len(header)
    paths = ", ".join(quote_text(str(f)) for f in files)
    con.raw_sql(
        f"CREATE TEMP TABLE lines_{number} AS SELECT row_number() OVER () AS line, "
        f"trim(text) AS text, regexp_split_to_array(trim(text), '\\s+') AS cells "
        f"FROM read_csv([{paths}], auto_detect=false, delim='\x01', quote='', escape='', "
        f"header=false, skip={read.skip + int(read.header)}, columns={{'text': 'VARCHAR'}}) "
        "WHERE trim(text) <> ''")
    cells = ", ".join(f"{_clean(f'cells[{i + 1}]', read)} AS {quote_name(name)}"
                      for i, name in enumerate(header))
    con.raw_sql(f"CREATE TABLE raw_{number} AS SELECT {cells} FROM lines_{number} "
                f"WHERE len(cells) = {n} ORDER BY line")
    broken = con.raw_sql(f"SELECT line, text, 'COLUMN COUNT' AS problem FROM lines_{number} "
                         f"WHERE len(cells) <> {n} ORDER BY line").df()
    return con.table(f"raw_{number}"), broken


# -- spreadsheets ------------------------------------------------------------------------------

def read_sheet(path: Path, *, sheet: str, where: str) -> tuple[list[list[Any]], list[str]]:
    """Return one sheet's rows as Python values, and the names of all sheets."""
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        locked = "password" in str(error).lower() or "encrypt" in str(error).lower()
        advice = "It is locked with a password: save a copy without one." if locked else \
            "Open it, save it as .xlsx again, and close it."
        raise InputError(f"{where}: the workbook {path.name} cannot be opened "
                         f"({one_line(error)}). {advice}") from error
    sheets = list(book.sheet_names)
    if sheet and sheet not in sheets:
        raise InputError(f"{where}: the workbook {path.name} has no sheet {sheet!r}."
                         f"{did_you_mean(sheet, sheets)} It has: {', '.join(sheets)}.")
    return book.get_sheet_by_name(sheet or sheets[0]).to_python(skip_empty_area=False), sheets


def _read_excel(path: Path, read: ReadOptions, where: str) -> tuple[pa.Table, str]:
    """Return a sheet as a table of text, and what to say of it when a column is missing."""
    rows, sheets = read_sheet(path, sheet=read.sheet, where=where)
    rows = rows[read.skip:]
    about = _describe_sheets([sum(c != "" for c in row) for row in rows[:30]], sheets, read)
    rows = [row for row in rows if any(cell != "" for cell in row)]
    if not rows:
        raise InputError(f"{where}: the sheet {read.sheet or sheets[0]!r} of {path.name} is empty "
                         f"after {read.skip} skipped row(s). {about or 'Correct skip.'}")
    header = list(read.names) or unique_names(rows[0]) if read.header else \
        list(read.names) or [f"column_{i}" for i in range(1, len(rows[0]) + 1)]
    body = rows[1:] if read.header else rows
    columns = [pa.array([cell_text(row[i], read) if i < len(row) else None for row in body],
                        pa.string()) for i in range(len(header))]
    return pa.table(columns, names=header), about


def _describe_sheets(filled: Sequence[int], sheets: Sequence[str], read: ReadOptions) -> str:
    title = _describe_title(filled, "Row", read) if read.header else ""
    others = [sheet for sheet in sheets if sheet != (read.sheet or sheets[0])]
    also = (f"This is the sheet {read.sheet or sheets[0]!r}; the workbook also has: "
            f"{', '.join(others)}. Name the right one with sheet under read.") if others else ""
    return " ".join(filter(None, (title, also)))


def cell_text(cell: Any, read: ReadOptions) -> str | None:
    """Write a cell as a text file would hold it: whole numbers without '.0', dates as ISO."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    text = str(cell).strip()
    return None if text == "" or text in read.null else text


def connect(url: str = "") -> Any:
    """Open an engine: in-process DuckDB when `url` is empty, with extensions never fetched."""
    if url in ("", "duckdb://"):
        con = ibis.duckdb.connect()
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
            con.raw_sql(f"SET {setting} = false")
        con.raw_sql("SET preserve_insertion_order = true")
        return con
    return ibis.connect(url)
