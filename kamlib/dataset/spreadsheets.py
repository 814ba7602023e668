"""Spreadsheets, read by Calamine into tables of text."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from kamlib.dataset.file import ReadOptions
from kamlib.dataset.names import describe_title, unique_names
from kamlib.errors import InputError, did_you_mean, one_line


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


def read_excel(path: Path, read: ReadOptions, where: str) -> tuple[pa.Table, str]:
    """Return a sheet as a table of text, and what to say of it when a column is missing.

    A sheet such as "*月" stands for all sheets it matches, put one under the other.
    """
    if "*" not in read.sheet:
        return _read_one(path, read, where)
    _, sheets = read_sheet(path, sheet="", where=where)
    matched = [sheet for sheet in sheets if fnmatchcase(sheet, read.sheet)]
    if not matched:
        raise InputError(f"{where}: no sheet of {path.name} matches {read.sheet!r}. "
                         f"It has: {', '.join(sheets)}.")
    parts = [_read_one(path, read.model_copy(update={"sheet": sheet}), where)
             for sheet in matched]
    for sheet, (table, _) in zip(matched, parts, strict=True):
        if table.column_names != parts[0][0].column_names:
            raise InputError(f"{where}: the sheet {sheet!r} of {path.name} has other columns than "
                             f"{matched[0]!r}. Sheets of one pattern need the same header.")
    return pa.concat_tables([table for table, _ in parts]), parts[0][1]


def _read_one(path: Path, read: ReadOptions, where: str) -> tuple[pa.Table, str]:
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
    title = describe_title(filled, "Row", read) if read.header else ""
    others = [sheet for sheet in sheets if sheet != (read.sheet or sheets[0])]
    also = (f"This is the sheet {read.sheet or sheets[0]!r}; the workbook also has: "
            f"{', '.join(others)}. Name the right one with sheet under read.") if others else ""
    return " ".join(filter(None, (title, also)))


def cell_text(cell: Any, read: ReadOptions) -> str | None:
    """Write a cell as a text file would hold it: whole numbers without '.0', dates as ISO."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        is_whole = cell.is_integer() and abs(cell) < 1e15
        return str(int(cell)) if is_whole else repr(cell).replace(".", read.decimal)
    text = str(cell).strip()
    return None if text == "" or text in read.null else text
