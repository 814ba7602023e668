"""An empty Excel workbook with every table of the dictionary, for a company to fill in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from kamlib.errors import InputError
from kamlib.language import N_, _, current, translate, using
from kamlib.schema import Column, Table, load_schema

README_SHEET = "read me"
# A fixed date keeps the bytes of two writes equal.
CREATED = datetime(2025, 1, 1)
TYPE_NAMES = {"text": N_("text"), "date": N_("date"), "decimal": N_("decimal number"),
              "integer": N_("whole number"), "number": N_("number"),
              "boolean": N_("TRUE or FALSE")}
# A text cell keeps the leading zeros of an id; the others only look right.
CELL_FORMATS = {"text": "@", "date": "yyyy-mm-dd", "decimal": "#,##0.00##", "integer": "0"}
LAST_ROW = 1_048_575


def write_template(path: str | Path, *, lang: str = "en") -> None:
    """Write the import template: a sheet that explains, then an empty sheet for each table.

    path: an .xlsx file in an existing folder; lang: "en" or "zh", of the explanations (the
    headings are always the dictionary's column names, so that the sheets can be read back).
    A heading carries its meaning, type, unit, limits and example as a comment; there is no
    example row, since it would be imported.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx" or not target.parent.is_dir():
        raise InputError(f"The template is an .xlsx file in an existing folder; {str(path)!r} is "
                         "not. Give a path that ends in .xlsx and make its folder first.")
    with using(lang):
        workbook = Workbook(str(target))
        workbook.set_properties({"title": _("Import template"), "created": CREATED})
        formats = _add_formats(workbook)
        _write_readme(workbook.add_worksheet(README_SHEET), formats)
        for table in load_schema().values():
            _write_table(workbook.add_worksheet(table.name), table, formats)
        workbook.close()


def describe_column(column: Column) -> str:
    """Say in the language in use what a column is: one fact a line.

    >>> print(describe_column(load_schema()["accounts"].columns["star"]))
    Star level given by the company
    Type: whole number
    Unit: stars
    Allowed: 1–5
    Example: 4
    """
    zh = current() == "zh"
    meaning, unit = (column.meaning_zh, column.unit_zh) if zh else (column.meaning, column.unit)
    lines = [meaning[:1].upper() + meaning[1:]]
    if column.required:
        lines.append(_("Required"))
    lines.append(_("Type: {type}", type=translate(TYPE_NAMES[column.type])))
    if unit:
        lines.append(_("Unit: {unit}", unit=unit))
    if column.limits:
        lines.append(_("Allowed: {limits}", limits=column.limits))
    if column.references:
        lines.append(_("Must be found in: {table}", table=column.references))
    lines.append(_("Example: {example}", example=column.example))
    return "\n".join(lines)


def _add_formats(workbook: Workbook) -> dict[str, Any]:
    bold = {"bold": True, "bottom": 1}
    formats = {"title": workbook.add_format({"bold": True, "font_size": 14}),
               "wrap": workbook.add_format({"text_wrap": True, "valign": "top"}),
               "head": workbook.add_format(bold),
               "required": workbook.add_format({**bold, "bg_color": "#FFE699"})}
    return formats | {kind: workbook.add_format({"num_format": code})
                      for kind, code in CELL_FORMATS.items()}


def _write_readme(sheet: Worksheet, formats: dict[str, Any]) -> None:
    lines = [
        _("One sheet holds one table. Fill in the sheets you have data for and leave the others "
          "empty; only orders must be filled."),
        _("Keep the names of sheets and columns. A yellow heading must have a value in every row; "
          "a column with another heading may stay empty."),
        _("Point at a heading to read what the column means, with an example."),
        _("Ids are text and keep their leading zeros. Money is in one currency, without VAT, "
          "after discounts. Dates are written like 2025-12-31, a month as its first day."),
        _("What comes back (returns, cancellations) has a negative quantity and amount."),
    ]
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, _("Import template"), formats["title"])
    for row, line in enumerate(lines, start=1):
        sheet.merge_range(row, 0, row, 1, line, formats["wrap"])
        sheet.set_row(row, 32)
    top = len(lines) + 2
    sheet.write_row(top, 0, [_("Sheet"), _("One row is")], formats["head"])
    for row, table in enumerate(load_schema().values(), start=top + 1):
        sheet.write_url(row, 0, f"internal:'{table.name}'!A1", string=table.name)
        about = f"{table.zh_name}：{table.row_zh}" if current() == "zh" else table.row
        sheet.write_string(row, 1, about)


def _write_table(sheet: Worksheet, table: Table, formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns.values()):
        sheet.set_column(place, place, max(12, len(column.name) + 3), formats.get(column.type))
        sheet.write_string(0, place, column.name,
                           formats["required" if column.required else "head"])
        text = describe_column(column)
        sheet.write_comment(0, place, text, {"author": "kamlib", "x_scale": 2.2,
                                             "height": 20 * (len(text.splitlines()) + 2)})
        allowed = ["TRUE", "FALSE"] if column.type == "boolean" else list(column.values)
        if allowed:
            sheet.data_validation(1, place, LAST_ROW, place, {
                "validate": "list", "source": allowed,
                "error_title": column.name, "error_message": ", ".join(allowed)})
