"""The sections of a drafted dataset file: which table from which file, with which columns."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from kamlib.dataset.expressions import Drafted, draft_column, draft_columns, draft_excludes
from kamlib.dataset.file import ReadOptions
from kamlib.dataset.matching import Match, match_columns
from kamlib.dataset.names import quote_text, write_name
from kamlib.dataset.questionnaire import write_item_rows, write_wave_rows
from kamlib.dataset.recognise import Guess, recognise
from kamlib.dataset.sniff import Sniffed, write_csv
from kamlib.schema import load_schema

SHARED_TABLES = ("accounts", "products")  # may be cut out of the order lines themselves


@dataclass(frozen=True)
class Section:
    """One [tables.…] on its way: TOML values of its keys, its columns, its comment."""

    table: str
    source: str
    comment: str
    read: Mapping[str, Any]
    columns: Mapping[str, Drafted]
    excludes: Mapping[str, Drafted] = field(default_factory=dict)
    one_row_per: str = ""
    unpivot: Mapping[str, Any] = field(default_factory=dict)


def unite(guesses: Sequence[Guess]) -> list[Guess]:
    """Keep the surest guess of each table; say of the others why they are left out."""
    kept: list[Guess] = []
    for table in dict.fromkeys(guess.table for guess in guesses):
        group = [guess for guess in guesses if guess.table == table]
        if not table or len(group) == 1:
            kept += group
            continue
        best = max(group, key=lambda g: (g.score, -group.index(g)))
        same = [g for g in group if _is_same(g, best)]
        united = _join_sniffed([g.sniffed for g in same]) if len(same) > 1 else None
        if united:
            best = recognise(united, best.con)
            rest = [g for g in group if g not in same]
        else:
            rest = [g for g in group if g is not best]
        kept += [best, *(replace(g, table="", matches=(), doubts=(
            *g.doubts, f"AMBIGUOUS: it looks like {table} too, but {best.sniffed.label} is taken; "
                       "put them into one file if both are needed")) for g in rest)]
    return [guess for guess in kept if guess.table] + [g for g in kept if not g.table]


def _is_same(one: Guess, other: Guess) -> bool:
    mine, theirs = (g.sniffed.read.model_copy(update={"sheet": ""}) for g in (one, other))
    return list(one.profiles) == list(other.profiles) and mine == theirs


def _join_sniffed(parts: Sequence[Sniffed]) -> Sniffed | None:
    """Return one source that stands for several: sheets of a workbook, or files of a folder."""
    paths, sheets = {part.path for part in parts}, [part.read.sheet for part in parts]
    if len(paths) > 1:
        pattern = _common_glob([part.path for part in parts]) if len(set(sheets)) == 1 else None
        return replace(parts[0], path=pattern) if pattern else None
    every = CalamineWorkbook.from_path(str(parts[0].path)).sheet_names
    head = _common_start(sheets).rstrip("0123456789")
    tail = _common_start([sheet[::-1] for sheet in sheets])[::-1].lstrip("0123456789")
    if {s for s in every if fnmatchcase(s, f"{head}*{tail}")} != set(sheets):
        return None
    return replace(parts[0], read=parts[0].read.model_copy(update={"sheet": f"{head}*{tail}"}))


def _common_glob(paths: Sequence[Path]) -> Path | None:
    """Return a glob that matches just these files of one folder, or None."""
    names = [path.name for path in paths]
    if len({path.parent for path in paths}) > 1 or len(set(names)) < 2:
        return None
    head = _common_start(names).rstrip("0123456789")
    tail = _common_start([name[::-1] for name in names])[::-1]
    if re.search(r"[\[\]*?]", head + tail):
        return None
    matched = {p.name for p in paths[0].parent.glob(f"{head}*{tail}")}
    return paths[0].parent / f"{head}*{tail}" if matched == set(names) else None


def _common_start(names: Sequence[str]) -> str:
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def draft_sections(guesses: Sequence[Guess], folder: Path) -> tuple[list[Section],
                                                                     dict[Path, str]]:
    """Draft all sections, in the dictionary's order, and the files to be written beside them.

    folder: where the dataset file will lie; returns sections, and texts by path.
    """
    sections, beside = [], {}
    tables = {guess.table for guess in guesses}
    for guess in guesses:
        if guess.questionnaire:
            found, files = _draft_questionnaire(guess, folder, tables)
            beside.update(files)
            sections += found
        elif guess.table:
            columns = draft_columns(guess)
            sections.append(Section(
                guess.table, _source(guess.sniffed.path, folder), _section_comment(guess),
                _read_options(guess.read), columns, draft_excludes(guess, columns)))
            if guess.table == "orders":
                sections += [s for t in SHARED_TABLES if t not in tables
                             for s in _cut_out(guess, t, folder)]
    order = list(load_schema())
    return sorted(sections, key=lambda s: order.index(s.table)), beside


def _cut_out(guess: Guess, table: str, folder: Path) -> list[Section]:
    """Draft accounts or products from what the order lines say of them; their last line counts."""
    schema = load_schema()[table]
    key = schema.key[0]
    source = guess.source_of(key)
    columns = {n: c for n, c in schema.columns.items() if n != key}
    free = {n: guess.profiles[n] for n in guess.unused if n != source and guess.profiles[n].n}
    matches = [m for m in match_columns(free, columns)
               if m.score > 0.75 or m.how == "name"] if source else []
    found = {match.column for match in matches}
    if not matches or (table == "products" and "product_line" not in found):
        return []
    day = write_name(guess.source_of("order_date"))
    part = replace(guess, table=table, matches=(Match(key, source, "name", 1.0), *matches))
    drafted = draft_columns(part)
    drafted = {n: d if d.is_constant or n == key or d.value == drafted[key].value
               else replace(d, value=f"max_by({d.value}, {day})") for n, d in drafted.items()}
    if drafted["name"].value == drafted[key].value:
        drafted["name"] = replace(drafted["name"], value=drafted[key].value)
    empty = {f"no_{key.removesuffix('_id')}": Drafted(f"{write_name(source)} IS NULL", "guess")}
    has_empty = guess.profiles[source].n < guess.profiles[source].n_rows
    excludes = {**{k: v for k, v in draft_excludes(part, drafted).items() if k != "no_account"
                   and v.value.startswith(write_name(source))}, **(empty if has_empty else {})}
    return [Section(table, _source(guess.sniffed.path, folder),
                     f"guess: cut out of the order lines; one row a {source}, its last line counts",
                     _read_options(guess.read), drafted, excludes, one_row_per=source)]


def _draft_questionnaire(guess: Guess, folder: Path, tables: set[str]) -> tuple[
        list[Section], dict[Path, str]]:
    questionnaire = guess.questionnaire
    assert questionnaire is not None  # for the type checker: the caller asked
    schema = load_schema()["survey_answers"]
    start, end = find_extent(guess, "answered_date")
    wave = f"W{end.year}"
    columns = {m.column: draft_column(guess, m, schema.columns[m.column]) for m in guess.matches}
    account = columns["account_id"].value
    if "questionnaire_id" not in columns:
        is_single = guess.profiles[guess.source_of("account_id")].distinct_share == 1
        day = write_name(guess.source_of("answered_date"))
        columns["questionnaire_id"] = Drafted(
            account if is_single or not day else f"concat({account}, '-', {day})",
            "guess: no column numbers the questionnaires")
    if "answered_date" not in columns:
        columns["answered_date"] = Drafted(
            end.isoformat(), "AMBIGUOUS: no column of dates; put the day of the survey here",
            is_constant=True)
    columns |= {
        "wave_id": Drafted(wave, "guess: one wave; see survey_waves.csv", is_constant=True),
        "item_id": Drafted("item", "guess: the questions are the columns under unpivot"),
        "score": Drafted("answer", "guess: their answers")}
    read = _read_options(guess.read)
    if questionnaire.are_renamed:
        ids = dict(zip(questionnaire.items, questionnaire.ids, strict=True))
        read["names"] = [ids.get(name, name) for name in guess.profiles]
    section = Section("survey_answers", _source(guess.sniffed.path, folder),
                       f"recognised as a questionnaire with {len(questionnaire.items)} questions",
                       read, {n: columns[n] for n in schema.columns if n in columns},
                       unpivot={"columns": list(questionnaire.ids), "name": "item",
                                "answer": "answer"})
    files = {"survey_waves": write_csv(write_wave_rows(
        questionnaire, wave, guess.sniffed.path.stem, start, end)),
        "survey_items": write_csv(write_item_rows(questionnaire, wave))}
    files = {name: text for name, text in files.items() if name not in tables}
    sections = [Section(name, f"{name}.csv", f"guess: written by kam init from "
                         f"{guess.sniffed.label}; correct it there", {}, {}) for name in files]
    return [section, *sections], {folder / f"{name}.csv": text for name, text in files.items()}


def find_extent(guess: Guess, column: str) -> tuple[date, date]:
    """Return the first and last day of a date column of all rows; today is never asked."""
    match = next((m for m in guess.matches if m.column == column), None)
    if match is None:
        return date(2000, 1, 1), date(2000, 1, 1)
    fmt, profile = guess.profiles[match.source].date_format, guess.profiles[match.source]
    name = '"' + match.source.replace('"', '""') + '"'
    day = f"TRY_STRPTIME({name}, {quote_text(fmt)})" if fmt else f"TRY_CAST({name} AS DATE)"
    if not profile.date_share:
        day = f"DATE '1899-12-30' + TRY_CAST({name} AS INTEGER)"
    low, high = guess.con.raw_sql(
        f"SELECT CAST(min({day}) AS DATE), CAST(max({day}) AS DATE) "
        f"FROM ({guess.con.compile(guess.rows)}) WHERE year({day}) BETWEEN 1970 AND 2100"
    ).fetchone()
    return low, high


def _section_comment(guess: Guess) -> str:
    also = f"; AMBIGUOUS: it could also be {' or '.join(guess.rivals)}" if guess.rivals else ""
    return f"recognised by {len(guess.matches)} of its {len(guess.profiles)} columns{also}"


def _read_options(read: ReadOptions) -> dict[str, Any]:
    return read.model_dump(exclude_defaults=True)


def _source(path: Path, folder: Path) -> str:
    """Return a path as seen from the dataset file's folder."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return path.resolve().as_posix()
