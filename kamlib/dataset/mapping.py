"""From a source's columns to the dictionary's: typed copies, expressions, one SELECT.

Expressions are SQL in DuckDB's dialect. Each is parsed, its columns are found whatever their
case, and it is written again over aliases: ``r3`` is the fourth column as the source has it,
``t3`` its typed copy. Which of the two an expression sees follows from what is done with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlglot
from ibis.expr.types import Table
from sqlglot import exp

from kamlib.dataset.file import ReadOptions, TableSpec
from kamlib.dataset.names import quote_name, quote_text
from kamlib.dataset.sources import Source, find_column
from kamlib.errors import InputError, one_line
from kamlib.schema import Table as SchemaTable

SQL_TYPES = {"text": "VARCHAR", "date": "DATE", "decimal": "DECIMAL(18, 4)", "integer": "BIGINT",
             "number": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP"}
TYPED_SHARE = 0.99  # of the values that are there: so many must fit before a column has a type
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
class TypedSource:
    """A source with aliases: names[i] is column ``r{i}``; kinds[i] the type of ``t{i}``."""

    table: Table
    names: tuple[str, ...]
    kinds: tuple[str, ...]  # "text" where there is no typed copy
    read: ReadOptions
    about: str = ""  # what to say beside a missing column


@dataclass(frozen=True)
class Mapped:
    """SELECT items of one table of the dictionary, over the aliases of a TypedSource."""

    columns: dict[str, str]  # dictionary column → SQL of the value, cast
    problems: list[tuple[str, str]]  # (reason, SQL that is true for a broken row), in order
    excludes: list[tuple[str, str]]  # (reason, SQL that is true for an excluded row), in order
    group_by: str = ""


def build_typed(source: Source, *, read: ReadOptions, con: Any) -> TypedSource:
    """Give every column an alias and, where a text file's values fit a type, a typed copy."""
    names = tuple(source.table.columns)
    aliased = source.table.select(**{f"r{i}": source.table[name] for i, name in enumerate(names)})
    if not source.is_text:
        return TypedSource(aliased, names, ("text",) * len(names), read, source.about)
    kinds = _detect_kinds(aliased, names, read, con)
    copies = ", ".join(f"{_typed_sql(f'r{i}', kind, read)} AS t{i}"
                       for i, kind in enumerate(kinds) if kind != "text")
    table = con.sql(f"SELECT *, {copies} FROM ({con.compile(aliased)})", dialect="duckdb") \
        if copies else aliased
    return TypedSource(table, names, kinds, read, source.about)


def _typed_sql(column: str, kind: str, read: ReadOptions) -> str:
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


def _detect_kinds(aliased: Table, names: tuple[str, ...], read: ReadOptions,
                  con: Any) -> tuple[str, ...]:
    """Choose each column's type by the share of its values that fit."""
    items = []
    five_decimals = quote_text(re.escape(read.decimal) + r"\d{5,}$")
    for i in range(len(names)):
        decimals = f"regexp_matches(r{i}, {five_decimals})"
        tests = {"n": f"r{i} IS NOT NULL", "zero": f"regexp_matches(r{i}, '^[+-]?0\\d')",
                 "long": decimals,
                 "integer": f"({_typed_sql(f'r{i}', 'integer', read)}) IS NOT NULL "
                            f"AND NOT contains(r{i}, '.')",
                 "number": f"({_typed_sql(f'r{i}', 'number', read)}) IS NOT NULL "
                           f"AND regexp_matches(r{i}, {_number_shape(read)})",
                 "date": f"({_typed_sql(f'r{i}', 'date', read)}) IS NOT NULL "
                         f"AND length(r{i}) <= 10",
                 "timestamp": f"({_typed_sql(f'r{i}', 'timestamp', read)}) IS NOT NULL"}
        items += [f"count(*) FILTER (WHERE {test}) AS {name}_{i}" for name, test in tests.items()]
    query = f"SELECT {', '.join(items)} FROM ({con.compile(aliased)})"
    counts = con.raw_sql(query).df().iloc[0]
    kinds = []
    for i, name in enumerate(names):
        n = {k: int(counts[f"{k}_{i}"]) for k in
             ("n", "zero", "long", "integer", "number", "date", "timestamp")}
        enough = TYPED_SHARE * n["n"]
        fits = [kind for kind in ("integer", "number", "date", "timestamp") if n[kind] >= enough]
        kind = fits[0] if fits and n["n"] and n["zero"] <= 0.01 * n["n"] else "text"
        if kind == "number" and not n["long"]:
            kind = "decimal"
        kinds.append(read.types.get(name, kind))
    return tuple(kinds)


def build_mapping(spec: TableSpec, schema: SchemaTable, typed: TypedSource, *, is_text: bool,
                  where: str) -> Mapped:
    """Translate a table's expressions; columns that are not mapped are taken when names agree."""
    expressions = _expressions(spec, schema, typed, where)
    mapped: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    cast = "TRY_CAST" if is_text else "CAST"
    for name, column in schema.columns.items():
        kind = SQL_TYPES[column.type]
        if name in spec.constants:
            mapped[name] = f"CAST({_literal(spec.constants[name])} AS {kind})"
            continue
        if name not in expressions:
            mapped[name] = f"CAST(NULL AS {kind})"
            continue
        sql, lost = _resolve(expressions[name], typed, is_text=is_text, wanted=column.type,
                             where=f"{where}.columns.{name}")
        mapped[name] = f"{cast}({sql} AS {kind})"
        if is_text:
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
    excludes = [(reason, _resolve(text, typed, is_text=is_text, wanted="boolean",
                                  where=f"{where}.exclude.{reason}")[0])
                for reason, text in spec.exclude.items()]
    return Mapped(mapped, problems, excludes, _group(spec, typed, where))


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


def _resolve(text: str, typed: TypedSource, *, is_text: bool, wanted: str,
             where: str) -> tuple[str, list[str]]:
    """Write an expression over the aliases; also return SQL that is true where a value was lost.

    wanted: the type of the dictionary's column.
    """
    tree = _parse(text, where)
    lost: list[str] = []
    root = exp.Paren(this=tree)  # a root of its own, so that a bare column can be replaced
    for column in list(root.find_all(exp.Column)):
        name = ".".join(part.name for part in column.parts)
        index = typed.names.index(find_column(typed.names, name, where=where, about=typed.about))
        copy = "" if _is_text_use(column, tree, wanted == "text") else \
            f"t{index}" if typed.kinds[index] != "text" else \
            _mixed_copy(column, index, typed, wanted) if is_text else ""
        if copy:
            lost.append(f"r{index} IS NOT NULL AND {copy} IS NULL")
        column.replace(sqlglot.parse_one(copy or f"r{index}", dialect="duckdb"))
    if not is_text:
        return root.this.sql(dialect="duckdb"), []
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
    return sql, list(dict.fromkeys(lost))


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
        return _typed_sql(f"r{index}", wanted, read)
    if isinstance(parent, exp.Cast):
        if parent.is_type("date", "timestamp") and read.date_format:
            return _typed_sql(f"r{index}", "timestamp", read)
        is_plain = read.decimal == "." and not read.thousands
        is_number = parent.is_type(*exp.DataType.NUMERIC_TYPES)
        return _typed_sql(f"r{index}", "decimal", read) if is_number and not is_plain else ""
    beside_number = isinstance(parent, COMPARISONS) and any(
        isinstance(each, exp.Literal) and not each.is_string for each in parent.iter_expressions())
    if isinstance(parent, NUMBER_USES) or beside_number:
        return _typed_sql(f"r{index}", "decimal", read)
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


def combine(mapped: Mapped, typed: TypedSource, schema: SchemaTable, *, con: Any) -> Table:
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
    rows = f"typed_{schema.name}"  # two tables of views may meet in one query
    sql = (f"SELECT {keep_raw}{_case(_in_order(mapped.excludes))} AS _excluded, "
           f"{_case(problems + schema_problems(schema))} AS _broken FROM "
           f"(SELECT {raw}{inner}{flags}{_exclude_flags(mapped)} FROM {rows}{group})")
    return typed.table.alias(rows).sql(sql, dialect="duckdb")


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
