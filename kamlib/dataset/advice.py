"""What to do about rows that were set aside: for each large reason what was seen, what to write."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlglot
from sqlglot import exp

from kamlib.dataset.file import ReadOptions, TableSpec
from kamlib.dataset.mapping import FIRST_DAY, LAST_DAY
from kamlib.dataset.matching import map_values
from kamlib.dataset.names import quote_name, quote_text, write_name, write_toml
from kamlib.dataset.profile import Profile, find_formats, find_shapes
from kamlib.schema import Column, load_schema

if TYPE_CHECKING:
    from kamlib.dataset.opening import Dataset

LARGE_SHARE = 0.001  # of a table's rows; a rarer reason is left to the quarantine file
N_EXAMPLES = 3


def explain_quarantine(dataset: Dataset) -> list[str]:
    """Return one paragraph for each large reason rows were set aside: what was seen, what to write.

    Largest first. A reason below 0.1 % of its table's rows is left to the quarantine file.
    """
    read = dict(zip(dataset.accounting["table"], dataset.accounting["read"], strict=True))
    broken = dataset.reasons[dataset.reasons["kind"] == "quarantined"]
    known = _known_accounts(dataset) if any(broken["reason"] == "unknown:account_id") else ()
    rows = broken.sort_values(["n", "table", "reason"], ascending=[False, True, True])
    return [explain_reason(row["table"], row["reason"], row["n"], n_read=int(read[row["table"]]),
                           rows=dataset.quarantine[row["table"]],
                           spec=dataset.file.tables[row["table"]], known_accounts=known)
            for row in rows.to_dict("records") if row["n"] >= LARGE_SHARE * read[row["table"]]]


def _known_accounts(dataset: Dataset) -> Collection[str]:
    return set(dataset.tables["accounts"].select("account_id").execute()["account_id"].astype(str))


def explain_reason(table: str, reason: str, n: int, *, n_read: int, rows: pd.DataFrame,
                   spec: TableSpec, known_accounts: Collection[str] = ()) -> str:
    """Explain one reason in a paragraph.

    rows: the quarantined rows of the table as they were read, with a column ``reason``.
    """
    kind, _, name = reason.partition(":")
    schema = load_schema()[table]
    mine = rows[rows["reason"].str.startswith(reason)]
    values = _raw_values(mine, name, spec)
    seen = f"tables.{table}: {n:,} of {n_read:,} rows are set aside"
    if kind == "broken_line":
        return f"{seen}: {_explain_line(mine, spec.read)}"
    if kind == "rule":
        return f"{seen}, because {schema.rules[name].message}. {_explain_rule(name, mine)}"
    if kind == "duplicate_key":
        keys = ", ".join(_examples(mine, schema.key[-1], spec))
        return (f"{seen}, because the same {name} occurs in an earlier row ({keys}). If these are "
                f"versions of one thing, write one_row_per under [tables.{table}]; if they are "
                "different things, map a column that tells them apart.")
    if kind == "unknown":
        return f"{seen}, because {_explain_unknown(values, known_accounts, spec)}"
    column = schema.columns[name]
    header = [v for v in values if v.strip().lower() in {c.lower() for c in rows.columns}]
    if header and len(header) == len(values):
        source = next(c for c in rows.columns if c.lower() == header[0].strip().lower())
        test = write_toml(f"{write_name(source)} = {quote_text(source)}")
        return (f"{seen}, because the header line occurs again among the rows. Write under "
                f"[tables.{table}.exclude]: repeated_header = {test}")
    if not values and kind == "missing":
        return f"{seen}, because {name} is empty. {_explain_missing(table, name, spec)}"
    cause = {"out_of_range": f"{name} is not {column.limits or f'{FIRST_DAY} to {LAST_DAY}'}",
             "not_allowed": f"{name} is none of {column.limits}"}.get(
                 kind, f"{name} is no {_type_name(column)}")
    shown = ": " + ", ".join(repr(v) for v in list(values)[:N_EXAMPLES]) if values else ""
    return f"{seen}, because {cause}{shown}. {_advise(column, values, spec, table)}"


def _type_name(column: Column) -> str:
    return {"date": "date", "decimal": "number", "number": "number", "integer": "whole number",
            "boolean": "true or false", "text": "text"}[column.type]


# -- what was seen -----------------------------------------------------------------------------

def _source_columns(name: str, spec: TableSpec, there: Collection[str]) -> list[str]:
    """Return the source's columns that a dictionary column is made from."""
    try:
        tree = sqlglot.parse_one(spec.columns.get(name, quote_name(name)), dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        return []
    asked = [".".join(p.name for p in c.parts).lower() for c in tree.find_all(exp.Column)]
    return [c for c in there if c.lower() in asked]


def _raw_values(rows: pd.DataFrame, name: str, spec: TableSpec) -> dict[str, int]:
    """Return what the rows hold where a dictionary column comes from, the most frequent first."""
    columns = _source_columns(name, spec, list(rows.columns))
    for column in columns:
        filled = rows[column][rows[column] != ""].astype(str)
        if len(columns) > 1 and find_shapes(dict(filled.value_counts()))["plain"] > 0.99:
            continue  # of several columns, the one with whole numbers is not at fault
        if len(filled):
            counts = filled.value_counts()
            order = sorted(counts.index, key=lambda v: (-counts[v], v))
            return {str(v): int(counts[v]) for v in order}
    return {}


def _examples(rows: pd.DataFrame, name: str, spec: TableSpec) -> list[str]:
    return [repr(v) for v in list(_raw_values(rows, name, spec))[:N_EXAMPLES]]


# -- what to write -----------------------------------------------------------------------------

def _advise(column: Column, values: Mapping[str, int], spec: TableSpec, table: str) -> str:
    given = dict(values)
    if column.values:
        return _advise_values(column, given, spec)
    if column.type == "date":
        return _advise_date(column, given, spec)
    if column.type in ("decimal", "number", "integer"):
        return _advise_number(column, given, spec, table)
    return "Correct them in the source, or exclude the rows with a named reason."


def _advise_date(column: Column, values: dict[str, int], spec: TableSpec) -> str:
    formats, used = list(find_formats(values)), spec.read.date_format
    if not formats and any(re.match(r"^\d{5}(\.0)?$", v) for v in values):
        source = _name_in(column.name, spec)
        written = write_toml(f"DATE '1899-12-30' + CAST({source} AS INTEGER)")
        return f"They are a spreadsheet's day numbers: write {column.name} = {written}."
    if not formats:
        return ("They fit no usual form. Say how they are written with date_format under read, as "
                "strptime does, or exclude the rows with a named reason.")
    best = formats[0]
    if used and used != best:
        return (f'read says date_format = "{used}", but they look like {best}. Write date_format = '
                f'"{best}" under read; the rows that were kept may have day and month swapped.')
    if len(formats) > 1:
        return (f"They fit {' as well as '.join(formats)}: find out which is right, and write "
                f'date_format = "{best}" or "{formats[1]}" under read.')
    if not best:
        return "They are written like 2025-12-31: take date_format out of read."
    return f'They look like {best}: write date_format = "{best}" under read.'


def _advise_number(column: Column, values: dict[str, int], spec: TableSpec, table: str) -> str:
    shapes = find_shapes(values)
    source = _name_in(column.name, spec)
    if shapes["marked"] > 0.5:
        cut = f"CAST(regexp_replace({source}, '[^0-9.-]', '', 'g') AS DECIMAL(18, 4))"
        if shapes["ten_thousands"]:
            cut += f" * CASE WHEN {source} LIKE '%万%' THEN 10000 ELSE 1 END"
        return f"They carry marks. Cut them off: {column.name} = {write_toml(cut)}."
    if shapes["comma_decimal"] or shapes["point_thousands"]:
        more = ' and thousands = "."' if shapes["point_thousands"] else ""
        return f'Their decimal mark is a comma: write decimal = ","{more} under read.'
    mark = next((m for shape, m in (("comma_thousands", ","), ("comma_three", ","),
                                    ("space_thousands", " "), ("apostrophe_thousands", "'"))
                 if shapes[shape] > 0.5), "")
    if mark:
        return f'They have marks between thousands: write thousands = "{mark}" under read.'
    if column.min is not None or column.max is not None:
        return "Correct them in the source, or exclude the rows with a named reason."
    return ("Correct them in the source, write null = [\"…\"] under read if they mean that nothing "
            f"is known, or exclude the rows under [tables.{table}.exclude].")


def _advise_values(column: Column, values: dict[str, int], spec: TableSpec) -> str:
    profile = Profile(column.name, 0, 0, len(values), values, {}, {})
    found, _ = map_values(profile, column.values)
    source = _name_in(column.name, spec)
    whens = " ".join(f"WHEN {quote_text(v)} THEN {quote_text(found.get(v, '…'))}"
                     for v in list(values)[:4])
    return f"Map them: {column.name} = {write_toml(f'CASE {source} {whens} END')}."


def _explain_missing(table: str, name: str, spec: TableSpec) -> str:
    short = "no_" + name.removesuffix("_id").removesuffix("_date")
    return (f"If such rows are of no use, write under [tables.{table}.exclude]: "
            f"{short} = {write_toml(f'{_name_in(name, spec)} IS NULL')}")


def _name_in(name: str, spec: TableSpec) -> str:
    """Return how the source's column is named in the dataset file, for an expression to write."""
    expression = spec.columns.get(name, quote_name(name))
    tree = sqlglot.parse_one(expression, dialect="duckdb")
    first = tree.find(exp.Column)
    return write_name(first.name) if first is not None and not first.table else \
        first.sql(dialect="duckdb") if first is not None else quote_name(name)


def _explain_unknown(values: Mapping[str, int], known: Collection[str], spec: TableSpec) -> str:
    shown = ", ".join(repr(v) for v in list(values)[:N_EXAMPLES])
    lead = f"their account is not among the accounts: {shown}. "
    source, width = _name_in("account_id", spec), max(map(len, known), default=0)
    for repaired, what, expression in (
            ({v: v.removesuffix(".0") for v in values}, "Without '.0'",
             f"regexp_replace({source}, '\\.0$', '')"),
            ({v: v.zfill(width) for v in values}, "With leading zeros",
             f"lpad({source}, {width}, '0')"),
            ({v: v.lstrip("0") for v in values}, "Without leading zeros", f"ltrim({source}, '0')"),
            ({v: v.upper() for v in values}, "In capitals", f"upper({source})")):
        if sum(r in known for v, r in repaired.items() if r != v) > 0.5 * len(values):
            return f"{lead}{what} they are: write account_id = {write_toml(expression)}."
    return lead + ("Add them to the accounts, or leave out [tables.accounts]: accounts are then "
                   "made from the orders.")


def _explain_rule(name: str, rows: pd.DataFrame) -> str:
    if name in ("back_not_positive", "back_quantity_not_positive", "back_cost_not_positive"):
        column = {"back_not_positive": "amount", "back_quantity_not_positive": "quantity",
                  "back_cost_not_positive": "cost_amount"}[name]
        return (f"What comes back needs a minus: write {column} = \"CASE WHEN … THEN -abs(…) "
                "ELSE … END\" with the test that line_kind has.")
    if name in ("sale_not_negative", "sale_quantity_not_negative", "sale_cost_not_negative"):
        return ("Say what a line below zero is: write line_kind = \"CASE WHEN … < 0 THEN 'return' "
                "ELSE 'sale' END\".")
    return f"The {len(rows):,} row(s) are in the quarantine file; correct them in the source."


def _explain_line(rows: pd.DataFrame, read: ReadOptions) -> str:
    texts = [str(text) for text in rows.iloc[:N_EXAMPLES, 1]] if rows.shape[1] > 1 else []
    shown = "; ".join(repr(text[:80]) for text in texts)
    return (f"these lines cannot be cut into the header's columns: {shown}. A {read.delimiter!r} "
            "or a quote inside a cell, or a line break, is the usual cause. Export the file again "
            "with quotes around texts, or correct the delimiter.")


def explain_results(name: str, reasons: list[dict[str, Any]], rows: pd.DataFrame, n_read: int,
                    spec: TableSpec, known_accounts: Iterable[str]) -> str:
    """Explain the two largest reasons of a table before there is a data set."""
    largest = sorted((r for r in reasons if r["kind"] == "quarantined"),
                     key=lambda r: (-int(r["n"]), str(r["reason"])))
    known = {str(account) for account in known_accounts}
    told = " ".join(explain_reason(name, str(r["reason"]), int(r["n"]), n_read=n_read, rows=rows,
                                   spec=spec, known_accounts=known)
                    for r in largest[:2])
    return told.replace(f"tables.{name}: ", "")
