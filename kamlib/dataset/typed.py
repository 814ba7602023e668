"""Typed copies beside the columns of text: what their values look like decides."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ibis.expr.types import Table

from kamlib.dataset.file import ReadOptions
from kamlib.dataset.names import quote_text
from kamlib.dataset.portable import run_sql
from kamlib.dataset.sources import Source

SQL_TYPES = {"text": "VARCHAR", "date": "DATE", "decimal": "DECIMAL(18, 4)", "integer": "BIGINT",
             "number": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP"}
# the same as Ibis has them
TYPES = {"text": "string", "date": "date", "decimal": "decimal(18, 4)", "integer": "int64",
         "number": "float64", "boolean": "boolean", "timestamp": "timestamp"}
TYPED_SHARE = 0.99  # of the values that are there: so many must fit before a column has a type


@dataclass(frozen=True)
class TypedSource:
    """A source with aliases: names[i] is column ``r{i}``; kinds[i] the type of ``t{i}``."""

    table: Table
    names: tuple[str, ...]
    kinds: tuple[str, ...]  # "text" where there is no typed copy
    read: ReadOptions
    texts: frozenset[int]  # the columns whose texts may stand for numbers and days
    about: str = ""  # what to say beside a missing column


def build_typed(source: Source, *, read: ReadOptions,
                needed: frozenset[str] | None = None) -> TypedSource:
    """Give every column an alias and, where its texts fit a type, a typed copy.

    needed: the columns, in small letters, that some expression uses as more than text; None: all.
    Columns that have a type already are taken as they are.
    """
    names, schema = tuple(source.table.columns), source.table.schema()
    aliased = source.table.select(**{f"r{i}": source.table[name] for i, name in enumerate(names)})
    texts = frozenset(i for i, name in enumerate(names) if schema[name].is_string())
    asked = [i for i in sorted(texts) if needed is None or names[i].lower() in needed]
    kinds = _detect_kinds(aliased, asked, names, read)
    copies = ", ".join(f"{write_typed(f'r{i}', kind, read)} AS t{i}"
                       for i, kind in enumerate(kinds) if kind != "text")
    types = dict(aliased.schema()) | {f"t{i}": TYPES[kind] for i, kind in enumerate(kinds)
                                      if kind != "text"}
    table = run_sql(aliased, "aliased_rows", f"SELECT *, {copies} FROM aliased_rows", types) \
        if copies else aliased
    return TypedSource(table, names, kinds, read, texts, source.about)


def write_typed(column: str, kind: str, read: ReadOptions) -> str:
    """Write the SQL that reads a column of text as a type."""
    if kind in ("integer", "decimal", "number"):
        text = column
        if read.thousands:
            text = f"REPLACE({text}, {quote_text(read.thousands)}, '')"
        if read.decimal != ".":
            text = f"REPLACE({text}, {quote_text(read.decimal)}, '.')"
        shaped = f"regexp_matches({column}, {_number_shape(read)})"
        if kind == "integer":
            return (f"CASE WHEN regexp_matches({text}, '^[+-]?\\d+(\\.0+)?$') "
                    f"AND {shaped} THEN TRY_CAST({text} AS BIGINT) END")
        if text == column:
            return f"TRY_CAST({text} AS {SQL_TYPES[kind]})"
        # 100.00 is not ten thousand where the point parts thousands: a wrong shape is no number
        return f"CASE WHEN {shaped} THEN TRY_CAST({text} AS {SQL_TYPES[kind]}) END"
    if read.date_format:
        parsed = f"TRY_STRPTIME({column}, {quote_text(read.date_format)})"
        return f"CAST({parsed} AS DATE)" if kind == "date" else parsed
    return f"TRY_CAST({column} AS {SQL_TYPES[kind]})"


def _number_shape(read: ReadOptions) -> str:
    """A regular expression of numbers, so that '31.12.2025' is none where '.' parts thousands."""
    point = re.escape(read.decimal)
    mark = re.escape(read.thousands)
    groups = rf"\d{{1,3}}({mark}\d{{2,4}})*{mark}\d{{3}}|" if mark else ""
    return quote_text(rf"^[+-]?({groups}\d+)?({point}\d*)?([eE][+-]?\d+)?$")


def _detect_kinds(aliased: Table, asked: list[int], names: tuple[str, ...],
                  read: ReadOptions) -> tuple[str, ...]:
    """Choose the type of the columns asked for by the share of their values that fit."""
    items = []
    five_decimals = quote_text(re.escape(read.decimal) + r"\d{5,}$")
    for i in asked:
        decimals = f"regexp_matches(r{i}, {five_decimals})"
        tests = {"n": f"r{i} IS NOT NULL", "zero": f"regexp_matches(r{i}, '^[+-]?0\\d')",
                 "long": decimals,
                 "integer": f"({write_typed(f'r{i}', 'integer', read)}) IS NOT NULL "
                            f"AND r{i} NOT LIKE '%.%'",
                 "number": f"({write_typed(f'r{i}', 'number', read)}) IS NOT NULL "
                           f"AND regexp_matches(r{i}, {_number_shape(read)})",
                 "date": f"({write_typed(f'r{i}', 'date', read)}) IS NOT NULL "
                         f"AND length(r{i}) <= 10",
                 "timestamp": f"({write_typed(f'r{i}', 'timestamp', read)}) IS NOT NULL"}
        items += [f"count(*) FILTER (WHERE {test}) AS {name}_{i}" for name, test in tests.items()]
    kinds = ["text"] * len(names)
    if not items:
        return tuple(kinds)
    found = run_sql(aliased, "text_rows", f"SELECT {', '.join(items)} FROM text_rows",
                    {item.rpartition(" AS ")[2]: "int64" for item in items})
    counts = found.to_pyarrow().to_pylist()[0]
    for i in asked:
        n = {k: int(counts[f"{k}_{i}"]) for k in
             ("n", "zero", "long", "integer", "number", "date", "timestamp")}
        enough = TYPED_SHARE * n["n"]
        fits = [kind for kind in ("integer", "number", "date", "timestamp") if n[kind] >= enough]
        kind = fits[0] if fits and n["n"] and n["zero"] <= 0.01 * n["n"] else "text"
        if kind == "number" and not n["long"]:
            kind = "decimal"
        kinds[i] = read.types.get(names[i], kind)
    return tuple(kinds)
