"""The data dictionary: every table and column that kamlib reads, declared once in schema.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import pandas as pd

from kamlib.errors import InputError, did_you_mean
from kamlib.language import current

TYPES = ("text", "date", "decimal", "integer", "number", "boolean")
PERSONAL = ("id", "name", "text", "class", "scope", "none")
_NOT_TABLES = ("conventions", "definitions", "units", "shared")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: type, limits (both inclusive), and in `zh` and `en` the names exports give it.

    known_ahead: a day that is agreed on before it comes, such as when an invoice is due.
    personal: of a text column without a closed list, what --pseudonymise does with it.
    """

    name: str
    type: str
    meaning: str
    meaning_zh: str
    example: str
    required: bool = False
    personal: str = ""
    known_ahead: bool = False
    unit: str = ""
    unit_zh: str = ""
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()
    references: str = ""
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    @property
    def limits(self) -> str:
        """What the column may hold, in signs that every language reads; "" when all is allowed."""
        if self.values:
            return ", ".join(self.values)
        if self.max is None:
            return "" if self.min is None else f"≥ {self.min:g}"
        return f"≤ {self.max:g}" if self.min is None else f"{self.min:g}–{self.max:g}"


@dataclass(frozen=True)
class RowRule:
    """A condition on one row, in DuckDB's dialect; NULL counts as held."""

    name: str
    holds: str
    message: str
    message_zh: str


@dataclass(frozen=True)
class Reference:
    """Columns of a table that must be found among `target_columns` of another table."""

    columns: tuple[str, ...]
    table: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: what one row is, its key (empty columns being equal), event date and columns.

    `key` is () where rows may repeat; `event_date` is "" where rows carry no date of their own.
    """

    name: str
    zh_name: str
    row: str
    row_zh: str
    columns: Mapping[str, Column]
    rules: Mapping[str, RowRule]
    key: tuple[str, ...] = ()
    event_date: str = ""
    references: tuple[Reference, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be given."""
        return tuple(column.name for column in self.columns.values() if column.required)


@cache
def load_schema() -> dict[str, Table]:
    """Return every table by name, in the dictionary's order; the same object each time."""
    return read_schema(_declared())


def table(name: str) -> Table:
    """Return a table of the dictionary.

    >>> table("contracts").key
    ('contract_id',)
    """
    tables = load_schema()
    if name not in tables:
        raise InputError(f"There is no table {name!r} in the data dictionary."
                         f"{did_you_mean(name, tables)} It has: {', '.join(tables)}.")
    return tables[name]


def name_table(name: str) -> str:
    """Return a table's name as a reader sees it: in Chinese with what it holds.

    >>> name_table("orders")
    'orders'
    >>> from kamlib.language import using
    >>> with using("zh"):
    ...     name_table("orders"), name_table("no_such_table")
    ('订单（orders）', 'no_such_table')
    """
    if current() != "zh" or name not in load_schema():
        return name
    return f"{load_schema()[name].zh_name}（{name}）"


def require_columns(frame: pd.DataFrame, columns: Iterable[str], *, name: str) -> None:
    """Refuse a table that lacks a column; says what is missing and what is there.

    >>> require_columns(pd.DataFrame({"account_id": ["A1"]}), ["account_id"], name="accounts")
    """
    there = [str(column) for column in frame.columns]
    missing = [column for column in columns if column not in there]
    if missing:
        hints = "".join(did_you_mean(column, there) for column in missing)
        raise InputError(f"{name} lacks {', '.join(missing)}; it has "
                         f"{', '.join(there) or 'no columns'}.{hints} Add or rename the columns.")


def known_by(frame: pd.DataFrame, *, name: str, day: date) -> pd.DataFrame:
    """Return what a table's rows said at the end of a day.

    frame: rows of the dictionary's table `name`. Rows whose event lies after the day leave; in
    the others a date after it is not known yet (a complaint that was settled later is open), but
    for what is agreed on ahead, such as when an invoice is due.

    >>> rows = pd.DataFrame({"opened_date": pd.to_datetime(["2025-01-05", "2025-03-01"]),
    ...                      "resolved_date": pd.to_datetime(["2025-02-20", None])})
    >>> known_by(rows, name="complaints", day=date(2025, 1, 31))["resolved_date"].isna().tolist()
    [True]
    """
    declared = table(name)
    if not declared.event_date:
        return frame
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    known = frame[pd.to_datetime(frame[declared.event_date]) < end].copy()
    for column in declared.columns.values():
        if column.type == "date" and not column.known_ahead and column.name in known:
            later = pd.to_datetime(known[column.name]) >= end
            known[column.name] = known[column.name].mask(later)
    return known


def require_known(frame: pd.DataFrame, *, name: str, day: date) -> None:
    """Refuse rows of a table that say what was not known at the end of a day; see `known_by`.

    >>> rows = pd.DataFrame({"contact_date": pd.to_datetime(["2025-01-05"])})
    >>> require_known(rows, name="contacts", day=date(2025, 1, 31))
    """
    declared = table(name)
    if not declared.event_date:
        raise InputError(f"The rows of {name} carry no date, so nobody can tell what they said on "
                         f"{day}. Leave this table out of what is tested on the past.")
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    later = {column.name: int((pd.to_datetime(frame[column.name]) >= end).sum())
             for column in declared.columns.values()
             if column.type == "date" and not column.known_ahead and column.name in frame}
    found = ", ".join(f"{n} in {column}" for column, n in later.items() if n)
    if found:
        raise InputError(f"What is judged on {day} may rest only on what was known then, but "
                         f"{name} holds later dates: {found}. Pass the rows of known_by.")


def write_data_readme() -> str:
    """Return the text of data/README.md: conventions, definitions and every table, in Markdown."""
    conventions = [f"- {text}" for text in _declared()["conventions"]]
    definitions = [f"- **{name}**: {text}" for name, text in _declared()["definitions"].items()]
    parts = ["# The data dictionary", "The text of this page is made from `kamlib/schema.toml`.",
             "\n".join(conventions), "## Definitions that every analysis shares",
             "\n".join(definitions), "## Tables", *map(_table_text, load_schema().values())]
    return "\n\n".join(parts) + "\n"


def read_schema(declared: Mapping[str, Any]) -> dict[str, Table]:
    """Build the tables from a parsed schema.toml; refuses one that contradicts itself."""
    bodies = {name: body for name, body in declared.items() if name not in _NOT_TABLES}
    return {name: _table(name, bodies, declared) for name in bodies}


def _table(name: str, bodies: Mapping[str, Any], declared: Mapping[str, Any]) -> Table:
    body = {**bodies[name], "name": name, "key": tuple(bodies[name].get("key", ()))}
    shared, units = declared["shared"], declared["units"]
    columns = {column: _column(name, {**shared.get(column, {}), **own, "name": column}, units)
               for column, own in body["columns"].items()}
    rules = {rule: _make(RowRule, f"{name}.rules.{rule}", {**own, "name": rule})
             for rule, own in body.get("rules", {}).items()}
    for column in filter(None, (*body["key"], body.get("event_date", ""))):
        _demand(column in columns, name, f"has no column {column!r}", did_you_mean(column, columns))
    body["references"] = tuple(_reference(name, column, columns, bodies)
                               for column in columns.values() if column.references)
    return _make(Table, name, {**body, "columns": columns, "rules": rules})


def _column(where: str, given: Mapping[str, Any], units: Mapping[str, str]) -> Column:
    where, kind, unit = f"{where}.{given['name']}", given.get("type", ""), given.get("unit", "")
    _demand(kind in TYPES, where, f"has type {kind!r}", f" Known: {', '.join(TYPES)}.")
    personal = given.get("personal", "")
    is_open = kind == "text" and not given.get("values")
    _demand(personal in PERSONAL if is_open else not personal, where,
            f"has personal {personal!r}", f" Known, of open text columns: {', '.join(PERSONAL)}.")
    _demand(not unit or unit in units, where, f"has unit {unit!r}", f" Known: {', '.join(units)}.")
    lists = {key: tuple(given.get(key, ())) for key in ("values", "zh", "en")}
    return _make(Column, where, {**given, **lists, "unit_zh": units.get(unit, "")})


def _reference(name: str, column: Column, columns: Mapping[str, Column],
               bodies: Mapping[str, Any]) -> Reference:
    target, where = column.references, f"{name}.{column.name}"
    _demand(target in bodies, where, f"references {target!r}", did_you_mean(target, bodies))
    key = tuple(bodies[target].get("key", ()))
    own = (*key[:-1], column.name)
    _demand(bool(key) and set(own) <= set(columns), where,
            f"references {target!r}, whose key is {', '.join(key)!r}", " Add the other columns.")
    return Reference(own, target, key)


def _make(kind: type[T], where: str, values: Mapping[str, Any]) -> T:
    try:
        return kind(**values)
    except TypeError as error:
        raise InputError(f"schema.toml: {where} is not well declared: {error}.") from error


def _demand(holds: bool, where: str, seen: str, hint: str) -> None:
    if not holds:
        raise InputError(f"schema.toml: {where} {seen}.{hint}")


def _table_text(each: Table) -> str:
    about = f"One row is {each.row}."
    about += f" Key: {', '.join(f'`{name}`' for name in each.key)}." if each.key else ""
    about += f" Event date: `{each.event_date}`." if each.event_date else ""
    rows = [["column", "type", "unit", "required", "limits", "meaning", "example"], ["---"] * 7]
    rows += [[f"`{c.name}`", c.type, c.unit, "yes" if c.required else "",
              f"in `{c.references}`" if c.references else c.limits, c.meaning, c.example]
             for c in each.columns.values()]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    rules = [f"- {rule.message} (`{rule.name}`)" for rule in each.rules.values()]
    lines += ["", "Of every row:", "", *rules] if rules else []
    return "\n".join([f"### {each.name}", "", about, "", *lines])


@cache
def _declared() -> dict[str, Any]:
    return tomllib.loads((files("kamlib") / "schema.toml").read_text(encoding="utf-8"))
