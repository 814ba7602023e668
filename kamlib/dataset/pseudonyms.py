"""Stable codes in the place of ids, names and free text: a report can be shown to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import BooleanValue, StringColumn, Table

from kamlib.dataset.engines import keep
from kamlib.dataset.pseudonym_key import Pseudonyms
from kamlib.language import N_, translate
from kamlib.schema import load_schema

CODED = ("id", "name", "text")
WITH_SCOPE = ("account", "owner")  # a scope_id of another scope is a class
OTHER = N_("other, of few accounts each")


def pseudonymise(tables: Mapping[str, Table], pseudonyms: Pseudonyms) -> dict[str, Table]:
    """Return the tables with codes in the place of ids, names and texts, and no rare class."""
    return {name: _code_table(name, _join_rare(name, table, pseudonyms.min_accounts), pseudonyms)
            for name, table in tables.items()}


def _code_table(name: str, table: Table, pseudonyms: Pseudonyms) -> Table:
    schema, wanted = load_schema()[name], list(table.columns)
    coded = table
    for column, (source, is_meant) in _coded_columns(name, table):
        values = table.filter(is_meant).select(v=table[source]).distinct().to_pyarrow()["v"]
        texts = pc.drop_null(values).to_pylist()
        codes = pa.table({"_value": pa.array(texts, pa.string()),
                          "_code": pa.array(map(pseudonyms.code, texts), pa.string())})
        given = ibis.memtable(codes)
        joined = coded.left_join(given, coded[source] == given._value)
        scope: Any = is_meant if schema.columns[column].personal != "scope" else \
            joined["scope"].isin(WITH_SCOPE)
        coded = joined.mutate(**{f"_{column}": scope.ifelse(joined._code, joined[column])}).drop(
            "_value", "_code")
    kept = [coded[f"_{column}"].name(column) if f"_{column}" in coded.columns else coded[column]
            for column in wanted]
    return keep(coded.select(*kept))


def _coded_columns(name: str, table: Table) -> Iterator[tuple[str, tuple[str, BooleanValue]]]:
    """Columns to code: what their code is made of, and of which rows."""
    schema = load_schema()[name]
    for column in schema.columns.values():
        if column.personal == "scope":
            yield column.name, (column.name, table["scope"].isin(WITH_SCOPE))
        elif column.personal in CODED:
            source = schema.key[0] if column.personal == "name" and schema.key else column.name
            yield column.name, (source, ibis.literal(True))


def _join_rare(name: str, table: Table, min_accounts: int) -> Table:
    """Join classes of few accounts; where those are few together, the next smallest joins them."""
    for column in load_schema()[name].columns.values():
        if column.personal != "class":
            continue
        counts = table.group_by(table[column.name].name("value")).agg(
            n=table["account_id"].nunique()).execute()
        counts = counts[counts["value"].notna()].sort_values(["n", "value"])
        sizes = list(counts[["value", "n"]].itertuples(index=False, name=None))
        rare = list_rare(sizes, min_accounts=min_accounts)
        if rare:
            held: StringColumn = table[column.name]
            table = table.mutate(**{column.name: held.isin(rare).ifelse(translate(OTHER), held)})
    return table


def list_rare(sizes: list[tuple[str, int]], *, min_accounts: int) -> list[str]:
    """Return the classes to be joined, of (class, accounts) sorted by size.

    Two at least: one alone could be had by subtracting the others from the whole.

    >>> list_rare([("a", 1), ("b", 5), ("c", 9)], min_accounts=3)
    ['a', 'b']
    >>> list_rare([("b", 5), ("c", 9)], min_accounts=3)
    []
    """
    rare: list[str] = []
    total = 0
    for value, n in sizes:
        if n >= min_accounts and (not rare or (total >= min_accounts and len(rare) > 1)):
            break
        rare.append(value)
        total += n
    return rare
