"""A table as a reader sees it: named columns, units, estimates with their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from kamlib.labels import heading, kind_of, label, unit_of
from kamlib.language import (
    MISSING,
    NO_BREAK,
    _,
    _n,
    fmt_amount,
    fmt_count,
    fmt_number,
    fmt_probability,
    fmt_range,
    fmt_share,
)

LOW, HIGH = "_ci_low", "_ci_high"
WORKBOOK = "tables.xlsx"
MAX_CELLS = 400_000  # a sheet above this is slow to open; the Parquet file holds it
Show = Callable[[Any], str]


@dataclass(frozen=True, repr=False, eq=False)
class TableView:
    """A table to show: `frame` under the id `name`, with a caption, cut at `max_rows`.

    file: of the version, which holds the rows that are not shown.
    Columns are named and formatted by what their names say (see `labels.kind_of`); a column x
    beside x_ci_low and x_ci_high is shown as one, "61 % (58–64)".
    """

    frame: pd.DataFrame
    name: str
    caption: str = ""
    currency: str = ""
    max_rows: int = 12
    file: str = WORKBOOK

    def __repr__(self) -> str:
        rows, columns = self.frame.shape
        return f"Table {self.name}: {rows} rows × {columns} columns"

    def _repr_html_(self) -> str:
        shown = self.frame.head(self.max_rows)
        columns = [_Column(self.frame, column) for column in self.frame.columns
                   if not _is_merged(column, self.frame)]
        cells = [[column.cell(row) for column in columns]
                 for row in shown.to_dict("records")]
        lines = [f'<table id="{escape(self.name)}">']
        if self.caption:
            lines.append(f"<caption>{escape(self.caption)}</caption>")
        head = "".join(column.head(self.currency) for column in columns)
        lines.append(f"<thead><tr>{head}</tr></thead>")
        lines.append("<tbody>")
        lines += [f"<tr>{''.join(row)}</tr>" for row in cells] or [self._empty_row(len(columns))]
        lines.append("</tbody></table>")
        rest = len(self.frame) - len(shown)
        if rest:
            more = _n("{n} more row in {file}.", "{n} more rows in {file}.", rest, file=self.file)
            lines.append(f'<p class="more">{escape(more)}</p>')
        return "\n".join(lines)

    def _empty_row(self, n_columns: int) -> str:
        """A refused table says why it is empty; any other that there is nothing to list."""
        reason = str(self.frame.attrs.get("reason", "")) or _("Nothing to list.")
        return f'<tr><td colspan="{n_columns}">{escape(reason)}</td></tr>'


def find_file(name: str, n_rows: int, n_columns: int) -> str:
    """Return the file of a version that holds all of a published table.

    >>> find_file("tiers", 300, 9), find_file("tiers", 1_000_000, 9)
    ('tables.xlsx', 'tables/tiers.parquet')
    """
    return WORKBOOK if n_rows * n_columns <= MAX_CELLS else f"tables/{name}.parquet"


class _Column:
    """How one column of a frame is headed, aligned and written."""

    def __init__(self, frame: pd.DataFrame, column: Any) -> None:
        self.column, self.name = column, str(column)
        values = frame[column]
        self.is_number = (pd.api.types.is_numeric_dtype(values)
                          and not pd.api.types.is_bool_dtype(values))
        self.has_interval = {f"{column}{LOW}", f"{column}{HIGH}"} <= set(frame.columns)
        self.show = (_show_number if self.is_number else _show_other)(self.name, values)
        if self.has_interval and kind_of(self.name) == "amount":
            self.show = _estimated_amount
        self.is_date = pd.api.types.is_datetime64_any_dtype(values)

    def head(self, currency: str) -> str:
        # The cells of a share carry their own percent sign.
        unit = unit_of(self.name, currency) if self.is_number else ""
        text = heading(self.name)
        if unit and unit != "%":
            text = _("{heading} ({unit})", heading=text, unit=unit)
        return f'<th scope="col"{self._align()}>{escape(text)}</th>'

    def cell(self, row: dict[Any, Any]) -> str:
        text = self.show(row[self.column])
        if self.has_interval and text != MISSING:
            span = fmt_range(row[f"{self.column}{LOW}"], row[f"{self.column}{HIGH}"], self.show)
            if span != MISSING:
                text = f"{text} ({span.removesuffix('%').removesuffix(NO_BREAK)})"
        return f"<td{self._align()}>{escape(text)}</td>"

    def _align(self) -> str:
        return ' class="n"' if self.is_number else ' class="d"' if self.is_date else ""


def _is_merged(column: Any, frame: pd.DataFrame) -> bool:
    for end in (LOW, HIGH):
        if str(column).endswith(end):
            stem = str(column).removesuffix(end)
            return {stem, stem + LOW, stem + HIGH} <= set(frame.columns)
    return False


def _show_number(name: str, values: pd.Series) -> Show:
    kind = kind_of(name)
    if name.endswith("_probability"):
        return fmt_probability
    if kind == "share":
        # A column of small shares would read as zeros.
        digits = int(bool(values.abs().between(0, 0.01, inclusive="neither").any()))
        return lambda x: fmt_share(x, digits=digits)
    if kind == "amount":
        return fmt_amount
    if kind in ("count", "days") or pd.api.types.is_integer_dtype(values):
        # Years and other labels that happen to be numbers are not grouped.
        return _year if name == "year" else fmt_count
    if kind in ("index", "months", "years"):
        return lambda x: fmt_number(x, 1)
    return _three_digits


def _estimated_amount(x: Any) -> str:
    """No more digits than an interval supports: three, as in sentences."""
    return MISSING if _is_missing(x) else fmt_amount(float(f"{float(x):.3g}"))


def _show_other(name: str, values: pd.Series) -> Show:
    if pd.api.types.is_datetime64_any_dtype(values):
        # Figures stand below each other, which words do not; the same in every language.
        form = "%Y-%m" if name == "month" else "%Y-%m-%d"
        return lambda x: MISSING if _is_missing(x) else x.strftime(form)
    return lambda x: MISSING if _is_missing(x) else label(x)


def _year(x: Any) -> str:
    return MISSING if _is_missing(x) else str(int(x))


def _three_digits(x: Any) -> str:
    if _is_missing(x) or not math.isfinite(x) or x == 0:
        return fmt_number(x, 0)
    # 5 beside 14.5 is five, not 5.00.
    whole = float(x).is_integer()
    return fmt_number(x, 0 if whole else max(0, min(4, 2 - math.floor(math.log10(abs(x))))))


def _is_missing(x: Any) -> bool:
    return x is None or (pd.api.types.is_scalar(x) and bool(pd.isna(x)))
