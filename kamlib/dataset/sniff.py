"""How a company's file is written: encoding, delimiter, title rows, header; one answer a sheet."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kamlib.dataset.file import ReadOptions
from kamlib.dataset.names import unique_names
from kamlib.dataset.sources import EXCEL, TEXT
from kamlib.dataset.spreadsheets import cell_text, read_sheet
from kamlib.dataset.textfiles import SAMPLE_BYTES, find_encoding, read_start
from kamlib.errors import InputError

SAMPLE_ROWS = 200
DELIMITERS = (";", "\t", "|", ",")  # the first of equals wins
VALUE = re.compile(r"^[^\w]{0,2}[+-]?\d[\d.,:/\-\s年月日]*[%万元]{0,2}$")
HEADER_FILLED_SHARE = 0.6  # of the width: a title row fills less
HEADER_VALUES_SHARE = 0.25  # more numbers and dates than that, and the first row is data


@dataclass(frozen=True)
class Sniffed:
    """One file, or one sheet of a workbook, and how to read it; `doubts` are for its reader."""

    path: Path
    read: ReadOptions
    doubts: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The file's name, with the sheet where there are several."""
        return self.path.name + (f" [{self.read.sheet}]" if self.read.sheet else "")


def sniff_file(path: Path) -> list[Sniffed]:
    """Find out how a file is written: one result, or one for each filled sheet of a workbook.

    Raises InputError for a file that is missing, empty, locked or of an unknown kind.
    """
    name = path.name.lower()
    if not path.is_file():
        raise InputError(f"The file {str(path)!r} does not exist. Correct its path and run again.")
    if name.endswith(".parquet"):
        return [Sniffed(path, ReadOptions())]
    if name.endswith(EXCEL):
        return _sniff_workbook(path)
    if name.endswith(TEXT):
        return [_sniff_text(path)]
    raise InputError(f"{path.name} is not a kind of file that can be read. Give "
                     f"{', '.join(TEXT[:2] + EXCEL[:3])} or .parquet; export it again as one.")


# -- text --------------------------------------------------------------------------------------

def _sniff_text(path: Path) -> Sniffed:
    raw = read_start(path)
    encoding, doubts = find_encoding(raw)
    text = codecs.getincrementaldecoder(encoding)(errors="ignore").decode(raw)
    lines = text.lstrip("\ufeff").splitlines()
    if len(raw) == SAMPLE_BYTES:
        lines = lines[:-1]  # the last one may be cut
    if not any(line.strip() for line in lines):
        raise InputError(f"{path.name} is empty. Export it again.")
    delimiter = find_delimiter(lines)
    rows = [line.split() for line in lines[:SAMPLE_ROWS]] if delimiter == " " else \
        [next(csv.reader([line], delimiter=delimiter), []) for line in lines[:SAMPLE_ROWS]]
    options: dict[str, Any] = {"encoding": encoding.replace("-sig", ""), **find_header(rows)}
    options |= {"whitespace": True} if delimiter == " " else {"delimiter": delimiter}
    return Sniffed(path, ReadOptions(**options), doubts)


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the mark that cuts most lines into the same number of cells; " " for runs of spaces.

    >>> find_delimiter(["a;b", "1,5;2,5", "3;4"])
    ';'
    """
    filled = [line for line in lines if line.strip()][:SAMPLE_ROWS]
    ranks = {}
    for mark in DELIMITERS:
        widths = [len(row) for row in csv.reader(filled, delimiter=mark)]
        width, n = Counter(w for w in widths if w > 1).most_common(1)[0] if max(widths) > 1 \
            else (1, 0)
        if n > 0.5 * len(filled):
            # the header has the right mark too, but not the commas of decimal numbers
            ranks[mark] = (widths.index(width), -(width - 1) * (n / len(filled)) ** 2)
    if ranks:
        return min(ranks, key=lambda mark: ranks[mark])
    spaced = Counter(len(line.split()) for line in filled)
    width, n = spaced.most_common(1)[0]
    return " " if width > 1 and n > 0.9 * len(filled) else ","


# -- spreadsheets ------------------------------------------------------------------------------

def _sniff_workbook(path: Path) -> list[Sniffed]:
    _, sheets = read_sheet(path, sheet="", where=path.name)
    found = []
    for sheet in sheets:
        raw, _ = read_sheet(path, sheet=sheet, where=path.name)
        rows = [[cell_text(cell, ReadOptions()) or "" for cell in row] for row in raw]
        if sum(any(row) for row in rows) > 1:
            options = {**find_header(rows[:SAMPLE_ROWS])}
            found.append(Sniffed(path, ReadOptions(sheet=sheet, **options)))
    if not found:
        raise InputError(f"Every sheet of {path.name} is empty. Export it again.")
    return found


# -- header ------------------------------------------------------------------------------------

def find_header(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the read options `skip`, `header` and `names` that a table's first rows ask for.

    A title row fills few cells; a row of numbers and dates is no header; two header rows, as
    merged cells leave them, become joined names.

    >>> find_header([["Sales 2025", ""], ["Order", "Amount"], ["A1", "5"]])
    {'skip': 1}
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    width = Counter(n for n in map(len, filter(any, rows)) if n).most_common(1)[0][0]
    usual = sorted(n for n in filled if n)[sum(n > 0 for n in filled) // 2]
    place = next(i for i, n in enumerate(filled) if n >= min(HEADER_FILLED_SHARE * usual, usual)
                 and (n > 1 or usual == 1))
    header = [cell.strip() for cell in rows[place]]
    values = sum(bool(VALUE.match(cell)) for cell in header)
    if values > HEADER_VALUES_SHARE * max(filled[place], 1):
        names = [f"column_{i}" for i in range(1, width + 1)]
        return {"header": False, "names": names} | ({"skip": place} if place else {})
    below = [cell.strip() for cell in rows[place + 1]] if place + 1 < len(rows) else []
    for top, sub, skip in ((header, below, place + 1),
                           ([c.strip() for c in rows[place - 1]] if place else [], header, place)):
        if _are_two_levels(top, sub):
            return {"skip": skip, "names": _join_levels(top, sub)}
    return {"skip": place} if place else {}


def _are_two_levels(top: list[str], sub: list[str]) -> bool:
    """Two header rows complete each other: each has gaps that the other fills, neither values."""
    if len(top) != len(sub) or sum(map(bool, top)) < 2:
        return False
    has_values = any(VALUE.match(cell) for cell in sub)
    fills = any(t and not s for t, s in zip(top, sub, strict=True)) or \
        len(set(filter(None, sub))) < sum(map(bool, sub))
    gaps = any(s and not t for t, s in zip(top, sub, strict=True))
    whole = all(t or s for t, s in zip(top, sub, strict=True))
    return fills and gaps and whole and not has_values


def _join_levels(top: list[str], sub: list[str]) -> list[str]:
    names, group = [], ""
    for upper, lower in zip(top, sub, strict=True):
        group = upper or group
        names.append(f"{group} {lower}" if lower and group != lower else group)
    return unique_names(names)


def write_csv(rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as comma-separated text."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
