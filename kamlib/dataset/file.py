"""The dataset file: where a company's tables are and what their columns mean.

Only reading and checking of the file itself; the data it points at is read by `sources`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kamlib.errors import InputError, did_you_mean, one_line
from kamlib.schema import load_schema

VARIABLE = re.compile(r"\$\{(\w+)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadOptions(_Strict):
    """How a file is written; everything empty means an ordinary comma-separated UTF-8 file."""

    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    names: tuple[str, ...] = ()  # column names where the file has none
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    sheet: str = ""
    skip: int = Field(default=0, ge=0)  # lines before the header
    whitespace: bool = False  # columns set apart by runs of spaces
    date_format: str = ""  # as strptime writes it, where dates are not 2025-12-31
    null: tuple[str, ...] = ()  # texts that mean: nothing here
    types: dict[str, Literal["text", "integer", "decimal", "number", "date", "timestamp"]] = {}

    @model_validator(mode="after")
    def _marks_are_told_apart(self) -> ReadOptions:
        """Refuse marks that no reader could tell apart."""
        marks = {"delimiter": self.delimiter, "quote": self.quote, "decimal": self.decimal,
                 "thousands": self.thousands}
        may_be_empty = ("quote", "thousands")
        for name, mark in marks.items():
            if len(mark) != 1 and not (mark == "" and name in may_be_empty):
                raise ValueError(f"{name} has to be one character"
                                 + (" or empty" if name in may_be_empty else ""))
            if mark in ("\r", "\n", "\0") or (mark.isalnum() and name != "delimiter"):
                raise ValueError(f"{name} cannot be {mark!r}")
        if self.delimiter == self.quote or self.decimal == self.thousands:
            raise ValueError("two marks are the same, so nothing could tell them apart")
        return self


# No file system takes a longer one, and a message has to name it.
UNION_TAGS = ("str", "constrained-str")  # what pydantic adds where one of two types may stand
SourceName = Annotated[str, Field(min_length=1, max_length=1_000)]
SourceNames = SourceName | Annotated[tuple[SourceName, ...], Field(min_length=1)]


class Join(_Strict):
    """A second source whose columns are seen as ``name.column``; at most one row a key."""

    source: SourceNames
    on: dict[str, str] = Field(min_length=1)  # column of the table = column of the joined source
    read: ReadOptions = ReadOptions()


class Unpivot(_Strict):
    """Many columns of one kind (one an item) turned into rows."""

    columns: tuple[str, ...] = Field(min_length=1)  # names, or one pattern such as "Q*"
    name: str = "item"
    answer: str = "answer"


class TableSpec(_Strict):
    """Where one table is and how its columns map."""

    source: SourceNames  # a file, a glob, a table of the engine; of a list the first
    read: ReadOptions = ReadOptions()
    join: dict[str, Join] = {}
    unpivot: Unpivot | None = None
    one_row_per: str = ""  # reduce the source to one row a value; columns are then aggregates
    columns: dict[str, str] = {}
    constants: dict[str, str | int | float | bool | date] = {}
    exclude: dict[str, str] = {}


class EngineSpec(_Strict):
    """The engine that holds the tables; without it, in-process DuckDB."""

    url: str


class DatasetFile(_Strict):
    """A checked dataset file."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)
    name: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    tax: Literal["excluded", "included", "unknown"] = "unknown"
    date_basis: Literal["ordered", "shipped", "invoiced"] = "ordered"
    history_from: date
    complete_until: date
    starts_with: Literal["ongoing", "cohort"] = "ongoing"
    tables: dict[str, TableSpec]
    engine: EngineSpec | None = None
    folder: Path = Path()  # where the file lies; relative sources start here


def load_dataset_file(path: str | Path) -> DatasetFile:
    """Read a dataset file (TOML).

    Raises InputError, one paragraph with the nearest right name, for a missing file, a syntax
    error, an unknown key, table or column, an unset ${VARIABLE}, or a missing `orders`.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "dataset.toml"
    if not file.is_file():
        near = did_you_mean(file.name, [p.name for p in file.parent.glob("*.toml")]
                            if file.parent.is_dir() else [])
        raise InputError(f"The dataset file {str(path)!r} does not exist.{near} Give the path of "
                         "a dataset file, or write one with: kam init YOUR_FILES")
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The dataset file {str(path)!r} is not valid TOML: {one_line(error)}. "
                         "Correct that line and run again.") from error
    return build_dataset_file(raw, origin=str(path), folder=file.resolve().parent)


def build_dataset_file(raw: Mapping[str, Any], *, origin: str, folder: Path) -> DatasetFile:
    """Check the content of a dataset file; see `load_dataset_file`."""
    _check_names(raw, origin)
    try:
        return DatasetFile.model_validate({**raw, "folder": folder})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in UNION_TAGS)
        if first["type"] == "missing":
            raise InputError(f"{origin}: the key {where!r} is missing. "
                             f"Add it; data/recipes/online_retail.toml shows one.") from None
        said = first["msg"].removeprefix("Value error, ")
        # What stands under [engine] may be a password; a whole table is no value to print.
        given = first.get("input")
        seen = "" if where.startswith("engine") or isinstance(given, Mapping) else \
            f" cannot be {given!r}"
        raise InputError(f"{origin}: {where}{seen}: {said}. Correct it and run again.") from None


def _check_names(raw: Mapping[str, Any], origin: str) -> None:
    _known(raw, set(DatasetFile.model_fields) - {"folder"}, f"{origin}: the dataset file", "key")
    tables = raw.get("tables", {})
    if not isinstance(tables, Mapping) or "orders" not in tables:
        raise InputError(f"{origin}: there is no [tables.orders]. Orders are the one table that "
                         "every data set needs; add where they are and what their columns mean.")
    schema = load_schema()
    _known(tables, set(schema), f"{origin}: the data dictionary", "table")
    for name, spec in tables.items():
        if not isinstance(spec, Mapping):
            raise InputError(f"{origin}: tables.{name} has to be a table, [tables.{name}].")
        _known(spec, set(TableSpec.model_fields), f"{origin}: [tables.{name}]", "key")
        _known(spec.get("read", {}), set(ReadOptions.model_fields),
               f"{origin}: [tables.{name}.read]", "key")
        for key in ("columns", "constants"):
            _known(spec.get(key, {}), set(schema[name].columns),
                   f"{origin}: the table {name!r} of the data dictionary", "column")


def _known(given: Any, options: set[str], where: str, what: str) -> None:
    for name in given if isinstance(given, Mapping) else ():
        if name not in options:
            raise InputError(f"{where} has no {what} {name!r}.{did_you_mean(name, options)} "
                             f"It knows: {', '.join(sorted(options))}.")


def fill_variables(text: str, *, origin: str) -> str:
    """Replace every ${NAME} by the environment's value; raise InputError when it is not set."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in os.environ:
            raise InputError(f"{origin} uses ${{{name}}}, which is not set in the environment. "
                             f"Set {name} and run again.")
        return os.environ[name]

    return VARIABLE.sub(value, text)
