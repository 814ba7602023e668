"""The published tables as one workbook for people."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import xlsxwriter

from kamlib.figures.table import WORKBOOK, find_file
from kamlib.labels import heading
from kamlib.language import _, fmt_count

FIXED_DAY = datetime(2000, 1, 1)  # a workbook stamps itself; the same input gives the same bytes


def write_workbook(folder: Path, *, to: Path) -> None:
    """Write every ``*.parquet`` of a folder as a sheet, with the headings of the pages.

    A table too large for a sheet is named on the first sheet with its file instead. Texts are
    written as texts: nothing that looks like a formula becomes one.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "nan_inf_to_errors": True}
    book = xlsxwriter.Workbook(str(to), options)
    book.set_properties({"created": FIXED_DAY, "title": _("Tables of the report")})
    contents = book.add_worksheet(_("contents"))
    head = book.add_format({"bold": True, "bottom": 1})
    for column, text in enumerate((_("Table"), _("Rows"), _("Columns"), _("Where"))):
        contents.write_string(0, column, text, head)
    for row, path in enumerate(sorted(folder.glob("*.parquet")), 1):
        size = pq.read_metadata(path)
        file = find_file(path.stem, size.num_rows, size.num_columns)
        fits = file == WORKBOOK
        sheet = f"{row:02d} {path.stem}"[:31]
        where = sheet if fits else _("too large for a sheet: {file}", file=file)
        for column, text in enumerate((path.stem, fmt_count(size.num_rows),
                                       fmt_count(size.num_columns), where)):
            contents.write_string(row, column, text)
        if fits:
            _write_sheet(book.add_worksheet(sheet), pd.read_parquet(path), head)
    contents.set_column(0, 0, 36)
    contents.set_column(3, 3, 48)
    book.close()


def _write_sheet(sheet: xlsxwriter.worksheet.Worksheet, frame: pd.DataFrame, head: object) -> None:
    for column, name in enumerate(frame.columns):
        sheet.write_string(0, column, heading(str(name)) or str(name), head)
        values = frame[name]
        is_number = pd.api.types.is_numeric_dtype(values) and \
            not pd.api.types.is_bool_dtype(values)
        for row, value in enumerate(values, 1):
            if pd.isna(value):
                continue
            if is_number:
                sheet.write_number(row, column, float(value))
            elif isinstance(value, pd.Timestamp):
                sheet.write_string(row, column, value.date().isoformat())
            else:
                sheet.write_string(row, column, str(value)[:32_000])
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(frame.columns), 16)
