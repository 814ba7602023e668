"""Expressions in DuckDB's SQL, written so that every engine takes them alike.

Other engines stop at the first value that no cast can take, and each has its own idea of which
values those are. So a value is looked at by a regular expression first and cast only when it fits;
what DuckDB reads by TRY_CAST and TRY_STRPTIME, these read too (tests hold the two side by side).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

import ibis
import ibis.expr.operations as ops
import sqlglot
from ibis.expr.types import Table
from sqlglot import exp

from kamlib.dataset.names import quote_text
from kamlib.errors import InputError

DUCKDB = "duckdb"
NUMBER = r"^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})? *$"
DAY = (r"^[0-9]{4}-((0?[13578]|1[02])-(0?[1-9]|[12][0-9]|3[01])"
       r"|(0?[469]|11)-(0?[1-9]|[12][0-9]|30)|0?2-(0?[1-9]|1[0-9]|2[0-8]))$"
       r"|^([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-0?2-29$")
TIME = r"^(([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9]([.][0-9]{1,6})?)?)?$"
TRUE, FALSE = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"
WHOLE = {"BIGINT": 63, "INT": 31, "SMALLINT": 15}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# What is a text, and what is a number, whatever it is made of.
TEXTUAL = (exp.Literal, exp.Replace, exp.RegexpReplace, exp.Trim, exp.Substring, exp.SplitPart)
NUMERIC = (exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Round, exp.Sum, exp.Avg, exp.Count)
_counter = itertools.count()
GUARDED = "guarded"  # what a cast that was written out casts to
# what a part of strptime's format looks like; how many digits where no mark parts it from the next
DIRECTIVES = {"Y": ("[0-9]{4}", 4), "m": ("(0?[1-9]|1[0-2])", 2), "d": ("[0-9]{1,2}", 2),
              "y": ("[0-9]{2}", 2), "b": ("[A-Za-z]{3}", 3), "B": ("[A-Za-z]{3,9}", 0),
              "H": ("[0-9]{1,2}", 2), "M": ("[0-9]{1,2}", 2), "S": ("[0-9]{1,2}", 2)}


def run_sql(table: Table, name: str, sql: str, schema: Mapping[str, Any] | None = None) -> Table:
    """Return a query in DuckDB's SQL over a table, which it calls `name`, in the table's engine.

    schema: name → type of the result's columns; the engine is asked when it is not given.
    """
    only = f"{name}_{next(_counter)}"  # two such tables may meet in one query
    engine, aliased = table.get_backend(), table.alias(only)
    sql = sql.replace(f"FROM {name}", f"FROM {only}")
    query = sql if engine.name == DUCKDB else make_portable(sql, engine.name)
    if schema is None:
        return aliased.sql(query, dialect=DUCKDB)
    written = sqlglot.transpile(query, read=DUCKDB, write=engine.dialect)[0]
    return ops.SQLStringView(parent=aliased.op(), query=written,
                             schema=ibis.schema(schema)).to_expr()


def count_true(flag: Any) -> Any:
    """Count the rows in which something holds; not every engine takes true for a 1."""
    return flag.ifelse(1, 0).cast("int64").sum()


def _convert_to(text: str, encoding: str) -> bytes:
    """PostgreSQL's own function: Ibis reads name and types of it, and never runs the body."""
    raise AssertionError("PostgreSQL runs this, not Python")


_as_bytes: Any = ibis.udf.scalar.builtin(_convert_to, name="convert_to")


def in_byte_order(column: Any) -> Any:
    """Return what to sort by, so that texts stand in the same order in every engine.

    PostgreSQL sorts by the alphabet of its database, the others by code.
    """
    is_sorted_otherwise = column.type().is_string() and column.get_backend().name == "postgres"
    return _as_bytes(column, "UTF8") if is_sorted_otherwise else column


def make_portable(sql: str, engine: str) -> str:
    """Rewrite what only DuckDB has; the result is still in its dialect.

    engine: Ibis' name of the one that it is for.

    >>> make_portable("contains(a, 'x')", "postgres")
    "STRPOS(a, 'x') > 0"
    """
    root = exp.Paren(this=_parse(sql))  # a root of its own, so that the whole can be replaced
    is_guarded = False
    for node in reversed(list(root.this.walk())):  # the inner ones first
        written = _rewrite(node, engine)
        if written is not node:
            is_guarded |= isinstance(node, exp.TryCast)
            node.replace(written)
    if is_guarded and engine == "postgres":
        # It would work out each expression anew wherever its name stands; an offset holds it.
        for select in root.find_all(exp.Select):
            select.offset(0, copy=False)
    return str(root.this.sql(dialect=DUCKDB))


def _rewrite(node: Any, engine: str) -> Any:
    if isinstance(node, exp.RegexpReplace):
        _check_replace(node, engine)
    if isinstance(node, exp.TryCast):
        return guard_cast(node.this, node.to)
    if isinstance(node, exp.Anonymous) and node.name.upper() == "TRY_STRPTIME":
        text, form = node.expressions
        return _parse(guard_strptime(text.sql(dialect=DUCKDB), form.name))
    if isinstance(node, exp.Contains):
        return _parse(f"STRPOS({node.this.sql(DUCKDB)}, {node.expression.sql(DUCKDB)}) > 0")
    if isinstance(node, exp.ArgMax | exp.ArgMin) and engine == "postgres":
        value, by = node.this.sql(DUCKDB), node.expression.sql(DUCKDB)
        order = "DESC" if isinstance(node, exp.ArgMax) else "ASC"
        return _parse(f"(ARRAY_AGG({value} ORDER BY {by} {order}) FILTER (WHERE {value} IS NOT "
                      f"NULL AND {by} IS NOT NULL))[1]")
    return node


def _check_replace(node: exp.RegexpReplace, engine: str) -> None:
    """Spark replaces every match; DuckDB only the first unless told 'g'."""
    pattern = node.expression.name
    is_one = node.args.get("modifiers") is None and not pattern.startswith("^") and \
        not pattern.endswith("$")
    if engine == "pyspark" and is_one:
        raise InputError(f"regexp_replace with {pattern!r} replaces the first match only, and "
                         "Spark has no such thing. Add 'g' as the fourth argument to replace all.")


def _parse(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect=DUCKDB)


def guard_cast(value: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """Return a cast that gives NULL for what cannot be cast, on every engine."""
    inner = value.unnest()
    if inner.meta.get(GUARDED) == kind.sql(dialect=DUCKDB):
        return inner
    guarded = _guard(value, inner, kind)
    guarded.meta[GUARDED] = kind.sql(dialect=DUCKDB)
    return guarded


def _guard(value: exp.Expr, inner: exp.Expr, kind: exp.DataType) -> exp.Expr:
    name = kind.this.value.upper()
    text = value.sql(dialect=DUCKDB)
    if name in ("VARCHAR", "TEXT"):
        return _parse(f"CAST({text} AS VARCHAR)")
    shown = text if isinstance(inner, TEXTUAL) else f"CAST({text} AS VARCHAR)"
    guards: dict[str, Callable[[str], str]] = {
        "DATE": guard_date, "TIMESTAMP": guard_timestamp, "TIMESTAMPNTZ": guard_timestamp,
        "BOOLEAN": guard_boolean}
    if name in guards:
        return _parse(guards[name](shown))
    target = kind.sql(dialect=DUCKDB)
    is_number = isinstance(inner, NUMERIC)
    if name in WHOLE:
        rounded = f"CAST(ROUND(CAST({text} AS DECIMAL(38, 10))) AS {target})"
        return _guard_number(text, shown, rounded, 2.0 ** WHOLE[name], is_number)
    if name == "DECIMAL":
        digits = [int(each.name) for each in kind.expressions] or [18, 3]
        room = 10.0 ** (digits[0] - (digits[1] if len(digits) > 1 else 0))
        return _guard_number(text, shown, f"CAST({text} AS {target})", room, is_number)
    if name in ("DOUBLE", "FLOAT"):
        return _guard_number(text, shown, f"CAST({text} AS {target})", 0, is_number)
    return _parse(f"CAST({text} AS {target})")


def _guard_number(text: str, shown: str, cast: str, below: float, is_number: bool) -> exp.Expr:
    """below: how far the type reaches, 0 for one that reaches as far as any text."""
    size = f"abs({text})" if is_number else f"abs(CAST({text} AS DOUBLE))"
    inner = f"CASE WHEN {size} < {below:.0f} THEN {cast} END" if below else cast
    return _parse(inner if is_number else
                  f"CASE WHEN regexp_matches({shown}, {quote_text(NUMBER)}) THEN {inner} END")


def guard_boolean(text: str) -> str:
    """SQL that reads a text as true or false."""
    return (f"CASE WHEN lower({text}) IN {TRUE} THEN TRUE "
            f"WHEN lower({text}) IN {FALSE} THEN FALSE END")


def guard_date(text: str) -> str:
    """SQL that reads a text as a day, year first; what comes after the day is not looked at."""
    start = f"regexp_replace(replace(trim({text}), '/', '-'), '[^0-9-].*$', '')"
    day = f"regexp_replace({start}, '-$', '')"
    return (f"CASE WHEN {_has_year(text)} THEN "
            f"CASE WHEN {_is_day(day)} THEN CAST({day} AS DATE) END END")


def _has_year(text: str) -> str:
    """A first look that costs little."""
    return f"(trim({text}) LIKE '____-%' OR trim({text}) LIKE '____/%')"


def _is_day(day: str) -> str:
    return f"regexp_matches({day}, {quote_text(DAY)}) AND {day} NOT LIKE '0000%'"


def guard_timestamp(text: str) -> str:
    """SQL that reads a text as a day and time; a time zone is not looked at."""
    plain = f"replace(replace({text}, '/', '-'), 'T', ' ')"
    day = f"split_part({plain}, ' ', 1)"
    clock = f"regexp_replace(split_part({plain}, ' ', 2), '(Z|[+-].*)$', '')"
    return (f"CASE WHEN {_has_year(text)} THEN "
            f"CASE WHEN {_is_day(day)} AND regexp_matches({clock}, {quote_text(TIME)}) "
            f"THEN CAST(trim({day} || ' ' || {clock}) AS TIMESTAMP) END END")


def guard_strptime(text: str, form: str) -> str:
    """SQL that reads a text by a format of strptime, by its parts alone."""
    pieces = re.split(r"%-?([a-zA-Z])", form)
    literals, codes = pieces[::2], pieces[1::2]
    unknown = [code for code in codes if code not in DIRECTIVES]
    if unknown or len(set(codes)) != len(codes) or not ({"Y", "y"} & set(codes)):
        raise InputError(f"The form {form!r} of dates is read by DuckDB only. Other engines read "
                         f"%{', %'.join(DIRECTIVES)}, each once and a year among them; give the "
                         "engine's table a column of dates instead.")
    shape = "".join(re.escape(literal) + (DIRECTIVES[code][0] if code else "")
                    for literal, code in zip(literals, [*codes, ""], strict=True))
    parts = _cut(text, literals, codes)
    month = parts.get("m") or _month(parts.get("b") or parts.get("B", "'1'"))
    year = parts.get("Y") or (f"CASE WHEN {parts['y']} >= '69' THEN '19' ELSE '20' END "
                              f"|| {parts['y']}")
    day = f"(({year}) || '-' || {month} || '-' || {parts.get('d', quote_text('1'))})"
    clock = " || ':' || ".join(parts.get(code, "'00'") for code in "HMS")
    return (f"CASE WHEN regexp_matches({text}, {quote_text('^' + shape + '$')}) THEN "
            f"{guard_timestamp(f'({day} || {quote_text(chr(32))} || {clock})')} END")


def _cut(text: str, literals: list[str], codes: list[str]) -> dict[str, str]:
    """SQL of each part: between marks by its place, without marks by its width."""
    spaced = f"trim(regexp_replace({text}, '[^0-9A-Za-z]+', ' ', 'g'))"
    parts: dict[str, str] = {}
    place = start = 1
    for before, code in zip(literals, codes, strict=False):
        if parts and before:
            place, start = place + 1, 1
        piece, width = f"split_part({spaced}, ' ', {place})", DIRECTIVES[code][1]
        follows = literals[codes.index(code) + 1] == "" and code != codes[-1]
        parts[code] = f"substring({piece}, {start}, {width})" if follows or start > 1 else piece
        start += width
    return parts


def _month(part: str) -> str:
    if part == "'1'":
        return part
    whens = " ".join(f"WHEN '{name}' THEN '{i}'" for i, name in enumerate(MONTHS, 1))
    return f"CASE lower(substring({part}, 1, 3)) {whens} ELSE '0' END"
