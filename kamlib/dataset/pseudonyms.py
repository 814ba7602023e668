"""Stable codes in the place of ids, names and free text, so that a report can be shown to others.

A code is a keyed hash (HMAC-SHA256): the same value has the same code in every table and period,
and without the key nobody can try out values until one fits. The key never enters a report.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import BooleanValue, StringColumn, Table

from kamlib.dataset.engines import keep
from kamlib.errors import InputError, one_line
from kamlib.language import N_, translate
from kamlib.schema import load_schema

VARIABLE = "KAM_PSEUDONYM_KEY"
MIN_KEY_BYTES = 32
CODE_LETTERS = 12  # 60 bits: among five million ids two codes meet once in 90,000 data sets
CODED = ("id", "name", "text")
WITH_SCOPE = ("account", "owner")  # a scope_id of another scope is a class
OTHER = N_("other, of few accounts each")


@dataclass(frozen=True)
class Pseudonyms:
    """Makes codes; min_accounts: a class of fewer accounts is joined with others."""

    key: bytes = field(repr=False)
    min_accounts: int = 3

    def code(self, value: str) -> str:
        """Return the code of a value.

        >>> Pseudonyms(b"k" * 32).code("A0042")
        'jmkuxtcmxayu'
        """
        digest = hmac.digest(self.key, value.encode("utf-8", "surrogatepass"), "sha256")
        return base64.b32encode(digest).decode()[:CODE_LETTERS].lower()

    @property
    def mark(self) -> str:
        """Tells two keys apart, and nothing of either."""
        return self.code("\0kamlib")


def load_key(dataset: str | Path, *, key_file: str | Path = "") -> bytes:
    """Return the key: from a file, from KAM_PSEUDONYM_KEY, or from beside the dataset file.

    Where there is none, one is made beside the dataset file, readable by its owner alone. Raises
    InputError for a key that is short, missing, or readable by others.
    """
    if not key_file and VARIABLE in os.environ:
        return _check_key(os.environ[VARIABLE].strip().encode(), VARIABLE)
    file = Path(dataset)
    beside = (file / "dataset" if file.is_dir() else file).with_suffix(".pseudonym-key")
    path = Path(key_file) if key_file else beside
    if not path.is_file():
        if key_file:
            raise InputError(f"The key file {path.name} does not exist. Give the one with which "
                             "earlier reports were made, or leave it out to make a new key.")
        _make_key(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"The key file {path.name} can be read by others, who could then find out "
                         f"whose codes these are. Run: chmod 600 {path.name}")
    return _check_key(path.read_bytes().strip(), path.name)


def _make_key(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"No key can be written beside the dataset file ({one_line(error)}). Set "
                         f"{VARIABLE} to at least {MIN_KEY_BYTES} characters.") from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")


def _check_key(key: bytes, origin: str) -> bytes:
    if len(key) < MIN_KEY_BYTES:
        raise InputError(f"The key of {origin} is shorter than {MIN_KEY_BYTES} characters and "
                         "could be guessed. Make one with: openssl rand -hex 32")
    return key


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
