"""Tables of rules: conditions in SQL, in order, and the name of the rule that fired.

The conditions are DuckDB's expressions over a table's columns, as in a dataset file. They run in
a database of their own that holds this one table and can reach nothing outside itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from kamlib.errors import InputError, did_you_mean

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false", "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false", "threads": "1"}
# The rule of what no condition caught.
OTHERWISE = "otherwise"
# Parts of a statement that an expression alone never has.
CLAUSES = ("modifiers", "where_clause", "group_expressions", "having", "qualify", "sample")
# Functions that read the clock or the machine, though DuckDB calls some of them consistent.
CLOCKS = ("age", "current_localtime", "current_localtimestamp", "current_setting")
REFUSED_PARTS = {"SUBQUERY": "a query within it", "WINDOW": "a window function", "STAR": "a star",
                 "PARAMETER": "a parameter", "DEFAULT": "the word DEFAULT"}


class ClassRule(BaseModel):
    """One rule of a table: whoever meets the condition gets the class.

    name: what a reader is told that fired; when: an SQL expression that is true or false;
    gives: the class; why: the reason in words.

    >>> ClassRule(name="big", when="net_amount >= 1000", gives="key")
    big: net_amount >= 1000 → key
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1)
    when: str = Field(min_length=1)
    gives: str = Field(min_length=1)
    why: str = ""

    def __repr__(self) -> str:
        return f"{self.name}: {self.when} → {self.gives}"

    def __str__(self) -> str:
        return repr(self)


def apply_rules(table: pd.DataFrame, rules: Sequence[ClassRule], *, key: str = "account_id",
                first: bool = True, otherwise: str = "", origin: str = "rules") -> pd.DataFrame:
    """Give each row the class of the first rule whose condition is true, and say which one it was.

    table: one row a `key`, with the columns that the conditions name; rules: in their order;
    first: False gives one row for every rule that fires, so a key may come several times;
    otherwise: class of the rows that no rule caught; empty leaves a gap (first) or no row;
    origin: where the rules stand, for error messages.
    Returns, sorted by key and then by rule: key, gives, rule (its name, "otherwise" where none
    fired), why. A condition that meets a gap is neither true nor false and does not fire.
    Raises InputError for a condition that is not one expression of true or false over columns of
    the table, naming the rule, what DuckDB said and the columns there are.

    >>> table = pd.DataFrame({"account_id": ["a", "b"], "net_amount": [5000.0, None]})
    >>> big = ClassRule(name="big", when="net_amount >= 1000", gives="key")
    >>> apply_rules(table, [big], otherwise="ordinary")[["gives", "rule"]].values.tolist()
    [['key', 'big'], ['ordinary', 'otherwise']]
    """
    _check_names(table, rules, key, origin)
    fired = _evaluate(table, rules, key, origin).filled(False)
    caught = fired.any(axis=1)
    if first:
        # argmax finds the first true one; whoever has none takes the place after the last rule.
        places = np.where(caught, fired.argmax(axis=1) if len(rules) else 0, len(rules))
        rows = np.arange(len(table))
    else:
        fired = np.column_stack([fired, ~caught & bool(otherwise)])
        rows, places = np.nonzero(fired)
    result = pd.DataFrame({key: table[key].to_numpy()[rows]})
    result[key] = result[key].astype(table[key].dtype)
    last = [otherwise or None, OTHERWISE if otherwise else None, ""]
    for at, field in enumerate(("gives", "name", "why")):
        words = np.array([*(getattr(rule, field) for rule in rules), last[at]], dtype="object")
        result["rule" if field == "name" else field] = pd.Series(words[places], dtype="str")
    order = np.lexsort((places, pd.factorize(result[key], sort=True)[0]))
    return result.iloc[order].reset_index(drop=True)


def check_conditions(table: pd.DataFrame, rules: Sequence[ClassRule], *, key: str = "account_id",
                     origin: str = "rules") -> pd.DataFrame:
    """Say of each row and condition whether it holds, does not, or meets a gap.

    table, rules, key, origin: as `apply_rules`. Returns one row a row of the table, in its order,
    one boolean column a rule under its name: a gap where the condition is neither true nor false.

    >>> table = pd.DataFrame({"account_id": ["a", "b"], "net_amount": [5000.0, None]})
    >>> big = ClassRule(name="big", when="net_amount >= 1000", gives="key")
    >>> check_conditions(table, [big])["big"].tolist()
    [True, <NA>]
    """
    _check_names(table, rules, key, origin)
    found = _evaluate(table, rules, key, origin)
    return pd.DataFrame({rule.name: pd.array(found.data[:, at], dtype="boolean")
                         for at, rule in enumerate(rules)}, index=table.index).mask(found.mask)


def _check_names(table: pd.DataFrame, rules: Sequence[ClassRule], key: str, origin: str) -> None:
    if key not in table:
        raise InputError(f"The table has no column {key!r} to name its rows by."
                         f"{did_you_mean(key, map(str, table.columns))} {_columns(table)}")
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{origin}: the rule name {twice[0]!r} is there twice, so that nobody "
                         "could tell which of them fired. Give each rule a name of its own.")


def _evaluate(table: pd.DataFrame, rules: Sequence[ClassRule], key: str,
              origin: str) -> Any:
    """One row a row of the table, one column a rule: whether it is true, masked where unknown."""
    with duckdb.connect(":memory:", config=SETTINGS) as engine:
        engine.register("described", _to_arrow(table, key))
        engine.execute("SET python_enable_replacements = false; SET lock_configuration = true")
        for rule in rules:
            _check_condition(engine, rule, table, origin)
        if not rules or table.empty:
            return np.ma.array(np.zeros((len(table), len(rules)), dtype=bool), mask=False)
        try:
            return _fetch(engine, rules)
        except duckdb.Error:
            for rule in rules:  # which of them was it?
                try:
                    _fetch(engine, [rule])
                except duckdb.Error as error:
                    raise _error(rule, _first_line(error), table, origin) from error
            raise


def _fetch(engine: duckdb.DuckDBPyConnection,
           rules: Sequence[ClassRule]) -> Any:
    # The line break ends a comment at the end of a condition.
    asked = ", ".join(f"(\n{rule.when}\n) AS rule_{at}"
                      for at, rule in enumerate(rules))
    found = engine.execute(f"SELECT {asked} FROM described").fetchnumpy()
    columns = [np.ma.asarray(found[f"rule_{at}"]) for at in range(len(rules))]
    return np.ma.array(np.column_stack([column.filled(False).astype(bool) for column in columns]),
                       mask=np.column_stack([np.ma.getmaskarray(column) for column in columns]))


def _to_arrow(table: pd.DataFrame, key: str) -> pa.Table:
    try:
        return pa.Table.from_pandas(table, preserve_index=False)  # NaN becomes a gap
    except pa.ArrowException as error:
        raise InputError(f"The rules need columns of one type each, but: {_first_line(error)} "
                         f"Convert the column before the rules are applied to {key}.") from error


def _check_condition(engine: duckdb.DuckDBPyConnection, rule: ClassRule, table: pd.DataFrame,
                     origin: str) -> None:
    tree = _parse(engine, rule, table, origin)
    for part in _walk(tree):
        problem = _find_problem(part, table)
        if problem:
            raise _error(rule, problem, table, origin)
    try:
        # An aggregate that hides in a macro fails beside the other columns.
        kind = engine.execute(f"DESCRIBE SELECT *, (\n{rule.when}\n) AS met FROM described")
        found = str(kind.fetchall()[-1][1])
    except duckdb.Error as error:
        raise _error(rule, _first_line(error), table, origin) from error
    if found != "BOOLEAN":
        raise _error(rule, f"it is a value of type {found}, not true or false", table, origin)


def _parse(engine: duckdb.DuckDBPyConnection, rule: ClassRule, table: pd.DataFrame,
           origin: str) -> dict[str, Any]:
    """Parse by DuckDB itself: no other parser could tell what it will run."""
    row = engine.execute("SELECT json_serialize_sql(?)", [f"SELECT {rule.when}\n"]).fetchone()
    parsed: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if parsed["error"]:
        said = str(parsed.get("error_message", "")).splitlines()
        if parsed.get("error_type") != "parser":  # it parses, but as something to be done
            said = ["it is more than one expression"]
        raise _error(rule, said[0] if said else "it is no expression", table, origin)
    nodes = [statement["node"] for statement in parsed["statements"]]
    if (len(nodes) != 1 or nodes[0]["type"] != "SELECT_NODE" or len(nodes[0]["select_list"]) != 1
            or nodes[0]["from_table"]["type"] != "EMPTY" or nodes[0]["cte_map"]["map"]
            or any(nodes[0].get(clause) for clause in CLAUSES)):
        raise _error(rule, "it is more than one expression", table, origin)
    expression: dict[str, Any] = nodes[0]["select_list"][0]
    if expression["alias"]:
        raise _error(rule, f"it renames itself {expression['alias']!r}", table, origin)
    return expression


def _walk(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "class" in part:
            yield part
        for inner in part.values():
            yield from _walk(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _walk(inner)


@cache
def _list_functions() -> dict[str, list[tuple[str, str | None]]]:
    """Kinds (scalar, aggregate, …) and stabilities of DuckDB's functions by name."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    with duckdb.connect(":memory:", config=SETTINGS) as engine:
        for name, kind, stability in engine.execute(
                "SELECT DISTINCT function_name, function_type, stability FROM duckdb_functions()"
                ).fetchall():
            found.setdefault(name, []).append((kind, stability))
    return found


def _find_problem(part: dict[str, Any], table: pd.DataFrame) -> str:
    kind = str(part["class"])
    if kind in REFUSED_PARTS:
        return f"it holds {REFUSED_PARTS[kind]}"
    if kind == "COLUMN_REF":
        name = str(part["column_names"][-1])
        columns = [str(column) for column in table.columns]
        if len(part["column_names"]) > 1 or name.lower() not in map(str.lower, columns):
            said = ".".join(part["column_names"])
            return f"the table has no column {said!r}{_hint(name, columns)}"
    if kind == "FUNCTION":
        name = str(part["function_name"])
        kinds = _list_functions().get(name.lower(), [])
        if any(one == "aggregate" for one, _ in kinds):
            return f"{name}() looks at more than one row"
        reads_clock = name.lower() in CLOCKS and len(part["children"]) < 2  # age(a, b) does not
        if reads_clock or any(stability not in (None, "CONSISTENT") for _, stability in kinds):
            return f"{name}() does not give the same answer every time"
    return ""


def _error(rule: ClassRule, problem: str, table: pd.DataFrame, origin: str) -> InputError:
    return InputError(
        f"{origin}: the condition of rule {rule.name!r}, {rule.when!r}, cannot be used: "
        f"{problem}. Write one SQL expression that is true or false. {_columns(table)}")


def _hint(name: str, columns: Sequence[str]) -> str:
    near = did_you_mean(name, columns).removeprefix(" Did you mean ").rstrip("?")
    return f" (did you mean {near}?)" if near else ""


def _columns(table: pd.DataFrame) -> str:
    return f"Columns: {', '.join(map(str, table.columns))}."


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".!")
