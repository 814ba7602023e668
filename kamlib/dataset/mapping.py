"""From a source's columns to the dictionary's: typed copies, expressions, one SELECT.

Expressions are SQL in DuckDB's dialect. Each is parsed, its columns are found whatever their
case, and it is written again over aliases: ``r3`` is the fourth column as the source has it,
``t3`` its typed copy. Which of the two an expression sees follows from what is done with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlglot
from ibis.expr.types import Table
from sqlglot import exp

from kamlib.dataset.file import TableSpec
from kamlib.dataset.names import quote_name, quote_text
from kamlib.dataset.portable import run_sql
from kamlib.dataset.sources import find_column
from kamlib.dataset.typed import SQL_TYPES, TYPES, TypedSource, write_typed
from kamlib.errors import InputError, one_line
from kamlib.schema import Table as SchemaTable

# What an engine's column may be where the dictionary wants a type; ids are often whole numbers.
FITTING: dict[str, Callable[[Any], bool]] = {
    "text": lambda t: t.is_string() or t.is_integer() or t.is_uuid() or
    (t.is_decimal() and not t.scale),
    "date": lambda t: t.is_date() or t.is_timestamp(),
    "decimal": lambda t: t.is_numeric() and not t.is_boolean(),
    "number": lambda t: t.is_numeric() and not t.is_boolean(),
    "integer": lambda t: t.is_numeric() and not t.is_boolean(),
    "boolean": lambda t: t.is_boolean()}
# What works on text sees the text, everything else the typed copy.
TEXT_USES = (exp.Like, exp.ILike, exp.RegexpLike, exp.RegexpReplace, exp.RegexpExtract,
             exp.StartsWith, exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Concat, exp.DPipe,
             exp.Pad, exp.SplitPart, exp.Replace, exp.Left, exp.Right, exp.Length, exp.StrToTime,
             exp.Is, exp.StrPosition)
# What works on numbers reads a column of text as numbers, even one too mixed to be typed.
NUMBER_USES = (exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Sum, exp.Avg, exp.Sign)
COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Add,
               exp.Sub)
FORBIDDEN = (exp.Select, exp.Subquery, exp.Command, exp.DDL, exp.DML, exp.Explode)
# 0001-01-01 is what programs write for no day; 9999-12-31 is how they write without an end.
FIRST_DAY, LAST_DAY = "1900-01-01", "9999-12-31"
# What looks outside, and what makes several rows of one.
INSIDES = re.compile(r"<class '[\w.]*?(\w+)'>")  # how sqlglot names the kind of an expression
FORBIDDEN_WORDS = ("getenv", "generate_subscripts")


@dataclass(frozen=True)
class Mapped:
    """SELECT items of one table of the dictionary, over the aliases of a TypedSource."""

    columns: dict[str, str]  # dictionary column → SQL of the value, cast
    problems: list[tuple[str, str]]  # (reason, SQL that is true for a broken row), in order
    excludes: list[tuple[str, str]]  # (reason, SQL that is true for an excluded row), in order
    group_by: str = ""


def find_typed_uses(spec: TableSpec, schema: SchemaTable) -> set[str]:
    """Return the source's columns, in small letters, that are used as more than text."""
    used = {name for name, column in schema.columns.items()
            if column.type != "text" and name not in spec.columns and name not in spec.constants}
    wanted = {"boolean": list(spec.exclude.values())}
    for name, text in spec.columns.items():
        wanted.setdefault(schema.columns[name].type, []).append(text)
    for kind, text in ((kind, text) for kind, each in wanted.items() for text in each):
        with suppress(sqlglot.errors.SqlglotError):  # refused by name where it is resolved
            tree: Any = sqlglot.parse_one(text, dialect="duckdb")
            used |= {".".join(part.name for part in column.parts).lower()
                     for column in tree.find_all(exp.Column)
                     if not _is_text_use(column, tree, kind == "text")}
    return used


def build_mapping(spec: TableSpec, schema: SchemaTable, typed: TypedSource, *,
                  where: str) -> Mapped:
    """Translate a table's expressions; columns that are not mapped are taken when names agree."""
    expressions = _expressions(spec, schema, typed, where)
    mapped: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    given: dict[str, str] = {}
    for name, column in schema.columns.items():
        kind = SQL_TYPES[column.type]
        if name in spec.constants:
            mapped[name] = f"CAST({_literal(spec.constants[name])} AS {kind})"
            continue
        if name not in expressions:
            mapped[name] = f"CAST(NULL AS {kind})"
            continue
        sql, lost, is_text = _resolve(expressions[name], typed, wanted=column.type,
                                      where=f"{where}.columns.{name}")
        has_type = sql in {f"t{i}" for i, each in enumerate(typed.kinds) if each == column.type}
        mapped[name] = sql if has_type else f"{'TRY_CAST' if is_text else 'CAST'}({sql} AS {kind})"
        if not is_text:
            given[name] = sql
        elif column.type != "text" or lost:
            bad = [f"({sql}) IS NOT NULL AND {mapped[name]} IS NULL"]
            bad += lost if not spec.one_row_per else []
            problems.append((f"wrong_type:{name}", " OR ".join(f"({b})" for b in bad)))
        if column.required:
            problems.append((f"missing:{name}", f"{mapped[name]} IS NULL"))
    for name, column in schema.columns.items():
        if column.required and name not in expressions and name not in spec.constants:
            raise InputError(f"{where}: the column {name!r} ({column.meaning}) is required, and "
                             "neither [columns] nor a source column of that name gives it. "
                             f"The source has: {', '.join(typed.names[:40])}."
                             f"{typed.about and ' ' + typed.about}")
    excludes = [(reason, _resolve(text, typed, wanted="boolean",
                                  where=f"{where}.exclude.{reason}")[0])
                for reason, text in spec.exclude.items()]
    group = _group(spec, typed, where)
    _refuse_types(given, typed, schema, group, where)
    return Mapped(mapped, problems, excludes, group)


def _refuse_types(given: dict[str, str], typed: TypedSource, schema: SchemaTable, group: str,
                  where: str) -> None:
    """Raise InputError for a column that the engine gives in a type that cannot be meant."""
    if not given:
        return
    items = ", ".join(f"{sql} AS {quote_name(name)}" for name, sql in given.items())
    by = f" GROUP BY {group}" if group else ""
    found = run_sql(typed.table, "given_rows", f"SELECT {items} FROM given_rows{by}").schema()
    for name, kind in found.items():
        wanted = schema.columns[name].type
        if not kind.is_null() and not FITTING[wanted](kind):
            raise InputError(
                f"{where}.columns.{name}: the source gives {kind}, and {name} "
                f"({schema.columns[name].meaning}) is {wanted}. Name another column, or write "
                "an expression that makes one of the other, such as CAST(… AS "
                f"{SQL_TYPES[wanted]}).")


def _expressions(spec: TableSpec, schema: SchemaTable, typed: TypedSource,
                 where: str) -> dict[str, str]:
    same = {n.lower(): n for n in typed.names}
    found = {name: quote_name(same[name]) for name in schema.columns
             if name in same and name not in spec.constants}
    return {**({} if spec.one_row_per else found), **spec.columns}


def _group(spec: TableSpec, typed: TypedSource, where: str) -> str:
    if not spec.one_row_per:
        return ""
    index = typed.names.index(find_column(typed.names, spec.one_row_per, where=where))
    return f"r{index}" if typed.kinds[index] == "text" else f"r{index}, t{index}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return repr(value)
    return quote_text(value.isoformat() if isinstance(value, date) else str(value))


def _resolve(text: str, typed: TypedSource, *, wanted: str,
             where: str) -> tuple[str, list[str], bool]:
    """Write an expression over the aliases; also return SQL that is true where a value was lost,
    and whether it reads a text, which may be anything.

    wanted: the type of the dictionary's column.
    """
    tree = _parse(text, where)
    lost: list[str] = []
    columns = list(tree.find_all(exp.Column))
    is_text = not columns  # a text that stands there says what it is
    root = exp.Paren(this=tree)  # a root of its own, so that a bare column can be replaced
    for column in columns:
        name = ".".join(part.name for part in column.parts)
        index = typed.names.index(find_column(typed.names, name, where=where, about=typed.about))
        is_text |= index in typed.texts
        copy = "" if _is_text_use(column, tree, wanted == "text") else \
            f"t{index}" if typed.kinds[index] != "text" else \
            _mixed_copy(column, index, typed, wanted) if index in typed.texts else ""
        if copy:
            lost.append(f"r{index} IS NOT NULL AND {copy} IS NULL")
        column.replace(sqlglot.parse_one(copy or f"r{index}", dialect="duckdb"))
    if not is_text:
        return root.this.sql(dialect="duckdb"), [], False
    casts = [node for node in root.find_all(exp.Cast, exp.StrToTime)
             if type(node) in (exp.Cast, exp.StrToTime)]
    for node in casts:
        if type(node) is exp.Cast:
            node.replace(exp.TryCast(this=node.this, to=node.to, safe=True))
    sql = _try_strptime(root.this.sql(dialect="duckdb"))
    for node in root.find_all(exp.TryCast, exp.StrToTime):
        inner, outer = (_try_strptime(each.sql(dialect="duckdb")) for each in (node.this, node))
        if any(node.this is cast.this for cast in casts):
            lost.append(f"({sql}) IS NULL AND ({inner}) IS NOT NULL AND {outer} IS NULL")
    return sql, list(dict.fromkeys(lost)), True


def _parse(text: str, where: str) -> Any:  # an Expr, by the name this version of sqlglot has
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise InputError(f"{where}: {text!r} is not an expression in DuckDB's SQL: "
                         f"{_say_fault(error)}. Correct it and run again.") from error
    if not isinstance(tree, exp.Condition | exp.Filter) or tree.find(*FORBIDDEN) or \
            any(word in text.lower() for word in FORBIDDEN_WORDS):
        raise InputError(f"{where}: {text!r} is a query, not an expression over the columns of "
                         "one row. Use joins, constants and expressions only.")
    return tree


def _say_fault(error: Exception) -> str:
    return INSIDES.sub(r"\1", one_line(error))[:160]


def _try_strptime(sql: str) -> str:
    return sql.replace("STRPTIME(", "TRY_STRPTIME(").replace("TRY_TRY_", "TRY_")


def _mixed_copy(column: Any, index: int, typed: TypedSource, wanted: str) -> str:
    """Return the typed reading of a text column whose use or target needs one, else ""."""
    node, read = column, typed.read
    while isinstance(node.parent, exp.Paren) and node.parent.parent is not None:
        node = node.parent
    parent = node.parent
    is_result = (isinstance(parent, exp.Paren | exp.Coalesce)
                 or (isinstance(parent, exp.Case) and node.arg_key == "default")
                 or (isinstance(parent, exp.If) and node.arg_key in ("true", "false")))
    if is_result and wanted in ("decimal", "number", "integer", "date"):
        return write_typed(f"r{index}", wanted, read)
    if isinstance(parent, exp.Cast):
        if parent.is_type("date", "timestamp") and read.date_format:
            return write_typed(f"r{index}", "timestamp", read)
        is_plain = read.decimal == "." and not read.thousands
        is_number = parent.is_type(*exp.DataType.NUMERIC_TYPES)
        return write_typed(f"r{index}", "decimal", read) if is_number and not is_plain else ""
    beside_number = isinstance(parent, COMPARISONS) and any(
        isinstance(each, exp.Literal) and not each.is_string for each in parent.iter_expressions())
    if isinstance(parent, NUMBER_USES) or beside_number:
        return write_typed(f"r{index}", "decimal", read)
    return ""


def _is_text_use(column: exp.Column, tree: exp.Expression, wants_text: bool) -> bool:
    if column is tree:
        return wants_text
    node: Any = column
    while node.parent is not None and not isinstance(node.parent, exp.Case | exp.If):
        node = node.parent
        if isinstance(node, TEXT_USES):
            return True
        if isinstance(node, exp.EQ | exp.NEQ | exp.In):
            literals = [e for e in node.find_all(exp.Literal) if e.is_string]
            return bool(literals)
        if isinstance(node, exp.Binary | exp.Cast | exp.Func):
            return False
    # what remains are the branches of a CASE: they have the type of what is wanted
    return wants_text


def combine(mapped: Mapped, typed: TypedSource, schema: SchemaTable) -> Table:
    """Return all rows of a table: source columns, dictionary columns, reasons.

    ``_excluded`` is the first exclusion that holds, ``_broken`` the first rule of the schema
    that the row breaks; both NULL for a row that is kept.
    """
    raw = "" if mapped.group_by else ", ".join(f"r{i}" for i in range(len(typed.names))) + ", "
    problems = [(reason, f"p{i}") for i, (reason, _) in enumerate(mapped.problems)]
    flags = "".join(f", ({sql}) AS p{i}" for i, (_, sql) in enumerate(mapped.problems))
    inner = ", ".join(f"{sql} AS {quote_name(name)}" for name, sql in mapped.columns.items())
    group = f" GROUP BY {mapped.group_by}" if mapped.group_by else ""
    keep_raw = raw + "".join(f"{quote_name(c)}, " for c in schema.columns)
    rows = "typed_rows"
    sql = (f"SELECT {keep_raw}{_case(_in_order(mapped.excludes))} AS _excluded, "
           f"{_case(problems + schema_problems(schema))} AS _broken FROM "
           f"(SELECT {raw}{inner}{flags}{_exclude_flags(mapped)} FROM {rows}{group}) AS mapped")
    given = typed.table.schema()
    types = {} if mapped.group_by else {f"r{i}": given[f"r{i}"] for i in range(len(typed.names))}
    types |= {name: TYPES[column.type] for name, column in schema.columns.items()}
    return run_sql(typed.table, rows, sql, types | {"_excluded": "string", "_broken": "string"})


def _exclude_flags(mapped: Mapped) -> str:
    return "".join(f", ({sql}) AS e{i}" for i, (_, sql) in enumerate(mapped.excludes))


def _in_order(excludes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(reason, f"e{i}") for i, (reason, _) in enumerate(excludes)]


def _case(reasons: list[tuple[str, str]]) -> str:
    if not reasons:
        return "CAST(NULL AS VARCHAR)"
    whens = " ".join(f"WHEN {sql} THEN {quote_text(reason)}" for reason, sql in reasons)
    return f"CASE {whens} END"


def schema_problems(schema: SchemaTable) -> list[tuple[str, str]]:
    """Ranges, closed lists and row rules of the dictionary as (reason, SQL true when broken)."""
    problems = []
    for name, column in schema.columns.items():
        quoted = quote_name(name)
        bounds = [f"{quoted} {sign} {_literal(bound)}" for sign, bound in
                  (("<", column.min), (">", column.max)) if bound is not None]
        if column.type == "date":  # beyond, neither Python nor a spreadsheet has days
            bounds = [f"{quoted} < DATE '{FIRST_DAY}'", f"{quoted} > DATE '{LAST_DAY}'"]
        if bounds:
            problems.append((f"out_of_range:{name}", " OR ".join(bounds)))
        if column.values:
            listed = ", ".join(quote_text(value) for value in column.values)
            problems.append((f"not_allowed:{name}", f"{quoted} NOT IN ({listed})"))
    problems += [(f"rule:{name}", f"NOT ({row_rule.holds})") for name, row_rule in
                 schema.rules.items()]
    return problems
