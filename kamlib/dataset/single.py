"""One table of the dictionary from a file of its own, without a data set around it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.dataset.engines import connect
from kamlib.dataset.expressions import draft_columns
from kamlib.dataset.file import TableSpec
from kamlib.dataset.mapping import build_mapping, combine
from kamlib.dataset.matching import canonical
from kamlib.dataset.recognise import Guess, match_source
from kamlib.dataset.sniff import sniff_file
from kamlib.dataset.sources import load_source
from kamlib.dataset.typed import build_typed
from kamlib.errors import InputError, did_you_mean, one_line
from kamlib.language import _, _n, join_items
from kamlib.schema import Table, load_schema


@dataclass(frozen=True)
class SingleTable:
    """The rows of one table: `kept` with the dictionary's columns, in the file's order.

    broken: rows that were set aside: row (its place in the table, from 1), reason;
    matched: dictionary column → the file's heading; notes: what to know, as sentences.
    """

    kept: pd.DataFrame
    broken: pd.DataFrame
    matched: dict[str, str]
    notes: tuple[str, ...]


def read_single(path: str | Path, *, table: str, may_lack: Sequence[str] = ()) -> SingleTable:
    """Read a table of the dictionary from a text file or workbook whose headings may differ.

    may_lack: required columns that the file need not have; they stay empty. Headings, decimal
    marks, dates and words of closed lists are recognised as `kam init` does; of a workbook the
    sheet that fits best is taken. Raises InputError when the file cannot be read or lacks a column.
    """
    schema, con = load_schema()[table], connect()
    guesses = [match_source(sniffed, con, table=table) for sniffed in sniff_file(Path(path))]
    guess = max(guesses, key=lambda g: sum(match.score for match in g.matches))
    columns = {match.column: match.source for match in guess.matches}
    lacking = [name for name in schema.required if name not in columns and name not in may_lack]
    if lacking:
        raise InputError(_describe_lack(guess, schema, lacking))
    rows, cut = _load_rows(guess, schema, may_lack, con)
    filled = [name for name in columns if rows[name].notna().any()]
    is_filled = rows[filled].notna().any(axis=1)
    rows = rows[is_filled | rows["_broken"].str.startswith("wrong", na=False)]
    broken, kept = rows[rows["_broken"].notna()], rows[rows["_broken"].isna()]
    left = [_near(name, schema, columns) for name in guess.unused
            if guess.profiles[name].n]
    notes = [*guess.doubts, *cut,
             *([_("Columns that are not used: {names}.", names=join_items(left))]
               if left else []),
             *([_("Of the workbook the sheet “{sheet}” was read.", sheet=guess.read.sheet)]
               if len(guesses) > 1 else [])]
    return SingleTable(
        kept[list(schema.columns)].reset_index(drop=True),
        pd.DataFrame({"row": broken["_row"], "reason": broken["_broken"]}).reset_index(drop=True),
        columns, tuple(notes))


def _load_rows(guess: Guess, schema: Table, may_lack: Sequence[str],
               con: Any) -> tuple[pd.DataFrame, list[str]]:
    drafted = draft_columns(guess)
    spec = TableSpec(source=guess.sniffed.path.name, read=guess.read, columns={
        # A word that no list has is set aside with its reason, not emptied.
        name: each.value.removesuffix("END") + f'ELSE "{guess.source_of(name)}" END'
        if schema.columns[name].values and each.value.endswith(" END") else each.value
        for name, each in drafted.items()})
    relaxed = dataclasses.replace(schema, columns={
        name: dataclasses.replace(column, required=column.required and name not in may_lack)
        for name, column in schema.columns.items()})
    where = guess.sniffed.label
    source = load_source(guess.sniffed.path.name, read=guess.read, folder=guess.sniffed.path.parent,
                         con=con, engine=None, where=where)
    typed = build_typed(source, read=guess.read)
    mapped = build_mapping(spec, relaxed, typed, where=where)
    try:
        rows: pd.DataFrame = combine(mapped, typed, relaxed).to_pandas()
    except Exception as error:  # the engine's own words
        raise InputError(f"{where} cannot be read as {schema.name}: {one_line(error)[:200]} Write "
                         "its columns under the names of the data dictionary.") from error
    rows["_row"] = range(1, len(rows) + 1)
    cut = [_("Line {line} has not as many cells as the heading and is left out: {content}. A "
             "decimal comma needs quotes around its number, or another mark between the cells.",
             line=line["line"], content=str(line["text"]).strip()[:60])
           for line in source.broken_lines.head(3).to_dict("records")]
    n_more = len(source.broken_lines) - len(cut)
    return rows, cut + ([_n("So is {n} more line.", "So are {n} more lines.", n_more)]
                        if n_more else [])


def _describe_lack(guess: Guess, schema: Table, lacking: Sequence[str]) -> str:
    there = list(guess.profiles)
    wanted = "; ".join(f"{name} ({schema.columns[name].meaning})"
                       f"{did_you_mean(name, guess.unused)}" for name in lacking)
    return (f"{guess.sniffed.label} has no column for: {wanted}. It has: "
            f"{', '.join(there[:40])}. Add or rename the columns; kam template writes a workbook "
            f"with the sheet {schema.name}.")


def _near(heading: str, schema: Table, taken: dict[str, str]) -> str:
    """A heading that was not used, with the nearest free column of the dictionary."""
    free = {canonical(alias): name for name, column in schema.columns.items() if name not in taken
            for alias in (name, *column.zh, *column.en)}
    hint = did_you_mean(canonical(heading), free)
    found = free.get(hint.removeprefix(" Did you mean '").removesuffix("'?"), "")
    return _("{name} (did you mean {column}?)", name=heading, column=found) if found else heading
