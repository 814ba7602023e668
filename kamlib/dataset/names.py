"""Names and texts written down: for SQL, for TOML, made unique, and where a header seems to be."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from kamlib.dataset.file import ReadOptions


def quote_name(name: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a text literal for SQL."""
    return "'" + text.replace("'", "''") + "'"


def write_name(name: str) -> str:
    """Write a column's name for an expression, quoted where SQL needs it.

    >>> write_name("InvoiceNo"), write_name("order date")
    ('InvoiceNo', '"order date"')
    """
    if name.isascii() and name.isidentifier():
        try:
            tree = sqlglot.parse_one(name, dialect="duckdb")
        except sqlglot.errors.SqlglotError:
            return quote_name(name)
        if isinstance(tree, exp.Column) and tree.name == name:
            return name
    return quote_name(name)


def write_toml(value: Any) -> str:
    """Write a value as TOML.

    >>> print(write_toml('"订单号"'), write_toml({"skip": 1, "header": False}))
    '"订单号"' { skip = 1, header = false }
    """
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {write_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write_toml(v) for v in value) + "]"
    if isinstance(value, str) and ('"' in value or "\\" in value) and \
            re.fullmatch(r"[^'\x00-\x1f]*", value):
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


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


def describe_title(filled: Sequence[int], what: str, read: ReadOptions) -> str:
    """Say which row the header seems to be when the one taken for it fills fewer cells.

    filled: filled cells of each row from the one taken on; what: "Line" or "Row".
    """
    fuller = next((i for i, n in enumerate(filled) if n == max(filled)), 0)
    if fuller == 0 or filled[0] > 0.6 * filled[fuller]:
        return ""
    return (f"{what} {read.skip + 1} fills {filled[0]} cell(s) and {what.lower()} "
            f"{read.skip + fuller + 1} fills {filled[fuller]}, so the header seems to be there: "
            f"write skip = {read.skip + fuller} under read.")
