"""Files of text, read with every column as text: encodings, delimiters, headers, broken lines."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset.file import ReadOptions
from kamlib.dataset.names import describe_title, quote_name, quote_text, unique_names
from kamlib.errors import InputError, one_line

SAMPLE_BYTES = 1 << 20
# The engine would hold sixteen such lines of every file it reads at once, more than it may.
MAX_LINE_BYTES = 1 << 24
_counter = itertools.count()


def read_text(paths: list[Path], read: ReadOptions, con: Any,
              where: str) -> tuple[Table, pd.DataFrame, str]:
    """Read files of one header into a table of text.

    Also returns the lines that could not be cut into columns (line, text, problem), and what to
    say of the files when a column is missing.
    """
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
        try:
            if read.whitespace:
                return *_read_spaced(files, headers[0], read, con), ""
            about = _describe_header(paths[0], encodings[0], read)
            return *_read_delimited(files, headers[0], read, con), about
        except (duckdb.InvalidInputException, duckdb.ParserException) as error:
            # a picture that is called .csv
            said = one_line(error).split(" Possible ")[0][:160]
            raise InputError(f"{where}: {paths[0].name} is not text in columns ({said}) Open it in "
                             "an editor, or export it again.") from error


def _open_text(path: Path, encoding: str) -> io.TextIOBase:
    if path.name.lower().endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path), encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _check_encoding(path: Path, read: ReadOptions, where: str) -> str:
    """Return the encoding to read with; refuse one that the first megabyte does not fit."""
    encoding = "utf-8-sig" if read.encoding.lower().replace("_", "-") == "utf-8" else read.encoding
    try:
        with _open_text(path, encoding) as stream:
            stream.read(SAMPLE_BYTES)
    except LookupError as error:
        raise InputError(f"{where}: there is no encoding {read.encoding!r}. Write for example "
                         "utf-8, gb18030, cp1252 or utf-16.") from error
    except UnicodeError as error:
        likely = find_encoding(read_start(path))[0].removesuffix("-sig")
        raise InputError(f"{where}: {path.name} is not written in {read.encoding}, but probably in "
                         f'{likely}: write encoding = "{likely}" under read.') from error
    except (OSError, EOFError) as error:
        raise InputError(f"{where}: {path.name} cannot be read: {one_line(error)}. "
                         "Copy the file again.") from error
    return encoding


def read_start(path: Path) -> bytes:
    """Return the first megabyte of a file, unpacked."""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            return stream.read(SAMPLE_BYTES)
    except (OSError, EOFError) as error:
        raise InputError(f"{path.name} cannot be read ({error}). Copy the file again.") from error


def find_encoding(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of a file's first bytes, and a doubt where it is a guess.

    >>> find_encoding("客户".encode("gb18030"))[0], find_encoding("Müller".encode("cp1252"))[0]
    ('gb18030', 'cp1252')
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", ()
    if raw[1::2].count(0) > 0.3 * len(raw[1::2]) + 1:
        return "utf-16-le", ()
    if _decodes(raw, "utf-8"):
        return "utf-8-sig", ()
    high = re.findall(rb"[\x80-\xff]+", raw)
    # Frequent Chinese characters are pairs whose first byte is B0 to D7, their punctuation A1 to
    # A3; a letter with an accent stands alone among plain ones, or has a higher byte
    common = sum(0xB0 <= first <= 0xD7 or 0xA1 <= first <= 0xA3
                 for run in high for first in run[0:len(run) // 2 * 2:2])
    if 2 * common > 0.6 * sum(map(len, high)) and _decodes(raw, "gb18030"):
        return "gb18030", ()
    encoding = "cp1252" if _decodes(raw, "cp1252") else "iso-8859-1"
    return encoding, (f"the encoding is taken as {encoding}: look at letters with accents",)


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(raw)
    except UnicodeDecodeError:
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
            for block in iter(lambda: stream.read(SAMPLE_BYTES), ""):
                out.write(block)
    except UnicodeError as error:
        raise InputError(f"{path.name} is not written in {encoding} throughout: {one_line(error)}. "
                         "Export it again in one encoding, or name another under read.") from error
    return copy


def _describe_header(path: Path, encoding: str, read: ReadOptions) -> str:
    """Say where the header seems to be when the line taken for it fills fewer cells than others."""
    if read.whitespace or not read.header:
        return ""
    with _open_text(path, encoding) as stream:
        lines = list(itertools.islice(stream, read.skip, read.skip + 30))
    rows = _cut(lines, read)
    return describe_title([sum(bool(c.strip()) for c in row) for row in rows], "Line", read)


def _cut(lines: list[str], read: ReadOptions) -> list[list[str]]:
    csv.field_size_limit(MAX_LINE_BYTES)  # of Python's reader; as long as the engine takes
    return list(csv.reader(lines, delimiter=read.delimiter, quotechar=read.quote or None,
                           quoting=csv.QUOTE_MINIMAL if read.quote else csv.QUOTE_NONE))


def _header(path: Path, encoding: str, read: ReadOptions, where: str) -> list[str]:
    with _open_text(path, encoding) as stream:
        lines: Iterator[str] = itertools.islice(stream, read.skip, read.skip + 1)
        first = next(lines, "")
    if not first.strip():
        raise InputError(f"{where}: {path.name} is empty after {read.skip} skipped line(s). "
                         "Export it again, or correct skip.")
    cells = first.split() if read.whitespace else _cut([first], read)[0]
    if not read.header:
        names = list(read.names) or [f"column_{i}" for i in range(1, len(cells) + 1)]
        if len(names) != len(cells):
            raise InputError(f"{where}: {path.name} has {len(cells)} columns, but names lists "
                             f"{len(names)}. Correct names, or the delimiter.")
        return names
    return list(read.names) or unique_names(cells)


def _read_delimited(files: list[Path], header: list[str], read: ReadOptions,
                    con: Any) -> tuple[Table, pd.DataFrame]:
    number = next(_counter)
    columns = ", ".join(f"{quote_text(f'c{i}')}: 'VARCHAR'" for i in range(len(header)))
    clean = ", ".join(f"{clean_text(f'c{i}', read)} AS {quote_name(name)}"
                      for i, name in enumerate(header))
    paths = ", ".join(quote_text(str(f)) for f in files)
    con.raw_sql(
        f"CREATE TABLE text_{number} AS SELECT {clean} FROM read_csv([{paths}], "
        f"auto_detect=false, delim={quote_text(read.delimiter)}, quote={quote_text(read.quote)}, "
        f"escape={quote_text(read.quote)}, header={str(read.header).lower()}, skip={read.skip}, "
        f"columns={{{columns}}}, ignore_errors=true, store_rejects=true, null_padding=false, "
        f"max_line_size={MAX_LINE_BYTES}, buffer_size={2 * MAX_LINE_BYTES}, "
        f"rejects_table='reject_{number}', rejects_scan='scan_{number}')")
    rejected = con.raw_sql(
        f"SELECT line, any_value(csv_line) AS text, min(error_type::VARCHAR) AS problem "
        f"FROM reject_{number} GROUP BY file_id, line ORDER BY file_id, line").df()
    return con.table(f"text_{number}"), rejected


def clean_text(column: str, read: ReadOptions) -> str:
    """SQL of a column's text without blanks around it, NULL where that is nothing."""
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
    cells = ", ".join(f"{clean_text(f'cells[{i + 1}]', read)} AS {quote_name(name)}"
                      for i, name in enumerate(header))
    con.raw_sql(f"CREATE TABLE text_{number} AS SELECT {cells} FROM lines_{number} "
                f"WHERE len(cells) = {n} ORDER BY line")
    broken = con.raw_sql(f"SELECT line, text, 'COLUMN COUNT' AS problem FROM lines_{number} "
                         f"WHERE len(cells) <> {n} ORDER BY line").df()
    return con.table(f"text_{number}"), broken
