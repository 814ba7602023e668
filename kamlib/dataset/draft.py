"""Writing a dataset file from guesses: every guess commented, what is ambiguous marked."""

from __future__ import annotations

import calendar
import itertools
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kamlib.dataset.advice import explain_quarantine
from kamlib.dataset.expressions import (
    Drafted,
    draft_column,
    draft_columns,
    draft_excludes,
    write_name,
)
from kamlib.dataset.file import ReadOptions
from kamlib.dataset.matching import Match, match_columns
from kamlib.dataset.opening import Dataset, open_dataset
from kamlib.dataset.questionnaire import write_item_rows, write_wave_rows
from kamlib.dataset.recognise import Guess, find_currency, recognise_files
from kamlib.dataset.sniff import write_csv
from kamlib.dataset.sources import quote_text
from kamlib.errors import InputError
from kamlib.language import fmt_count
from kamlib.schema import load_schema

CURRENCY_MARKS = (("CNY", r"[¥￥元]|CNY|RMB|人民币"), ("EUR", r"€|EUR"), ("USD", r"\$|USD"),
                  ("GBP", r"£|GBP"))
BASES = (("shipped", r"发货|出库|ship|deliver"), ("invoiced", r"开票|发票|invoice|billing"))
SHARED_TABLES = ("accounts", "products")  # may be cut out of the order lines themselves


@dataclass(frozen=True)
class Draft:
    """A written dataset file: where, from which guesses, what somebody has to decide, its text.

    dataset: as opened to try it, None when it cannot be opened yet, and `problem` says why;
    beside: other files that were written.
    """

    path: Path
    guesses: tuple[Guess, ...]
    ambiguous: tuple[str, ...]
    text: str
    beside: tuple[Path, ...] = ()
    dataset: Dataset | None = field(default=None, repr=False)
    problem: str = ""


@dataclass(frozen=True)
class _Section:
    """One [tables.…] on its way: TOML values of its keys, its columns, its comment."""

    table: str
    source: str
    comment: str
    read: Mapping[str, Any]
    columns: Mapping[str, Drafted]
    excludes: Mapping[str, Drafted] = field(default_factory=dict)
    one_row_per: str = ""
    unpivot: Mapping[str, Any] = field(default_factory=dict)


def init_dataset(paths: Sequence[str | Path], *, out: str | Path) -> str:
    """Write a dataset file from exports and return what to tell their owner."""
    return describe_draft(write_dataset_file(paths, out=out))


def write_dataset_file(paths: Sequence[str | Path], *, out: str | Path) -> Draft:
    """Recognise exports and write the dataset file that explains them, then open it once.

    paths: CSV, text, Excel or Parquet files; out: the file to write, which must not exist.
    Raises InputError when a file cannot be read, no orders are among them, or `out` exists.
    """
    path = Path(out)
    _refuse_existing(path)
    guesses = _unite(recognise_files(paths))
    if not any(guess.table == "orders" for guess in guesses):
        raise InputError(_no_orders(guesses))
    sections, beside = _draft_sections(guesses, path.parent)
    for other in beside:
        _refuse_existing(other)
    text = _write_text(guesses, sections, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    for other, content in beside.items():
        other.write_text(content, encoding="utf-8")
    ambiguous = tuple(line.strip() for line in text.splitlines()
                      if "AMBIGUOUS" in line and not line.startswith("#"))
    draft = Draft(path, tuple(guesses), ambiguous, text, tuple(beside))
    try:
        return replace(draft, dataset=open_dataset(path))
    except InputError as error:
        return replace(draft, problem=str(error))


def describe_draft(draft: Draft) -> str:
    """Say what was recognised, what has to be decided, how the rows fared and what to do next."""
    lines = [f"Written: {', '.join(str(p) for p in (draft.path, *draft.beside))}", ""]
    for guess in draft.guesses:
        what = f"{guess.table} ({len(guess.matches)} columns)" if guess.table else \
            "not recognised; left out"
        lines.append(f"{guess.sniffed.label}: {what}")
        lines += [f"  {doubt}" for doubt in guess.doubts]
    if draft.ambiguous:
        lines += ["", f"{len(draft.ambiguous)} line(s) of the file are ambiguous; look at them:",
                  *(f"  {line}" for line in draft.ambiguous)]
    lines.append("")
    if draft.dataset is None:
        return "\n".join([*lines, f"It cannot be opened yet: {draft.problem}"])
    for row in draft.dataset.accounting.to_dict("records"):
        lines.append("{}: {} rows read = {} kept + {} excluded + {} quarantined".format(
            row["table"], *(fmt_count(row[c]) for c in ("read", "kept", "excluded",
                                                        "quarantined"))))
    lines += [f"  {paragraph}" for paragraph in explain_quarantine(draft.dataset)]
    return "\n".join([*lines, "", f"Look through {draft.path}, then: kam run --dataset "
                                  f"{draft.path} --period {_last_period(draft.dataset)}"])


def _last_period(dataset: Dataset) -> str:
    end = dataset.file.complete_until + timedelta(days=1)
    year, quarter = (end.year, (end.month - 1) // 3) if end.month > 3 else (end.year - 1, 4)
    return f"{year}Q{quarter}"


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise InputError(f"{path} exists already and is not written over. Give another place "
                         "with --out, or remove it first.")


def _no_orders(guesses: Sequence[Guess]) -> str:
    seen = "; ".join(f"{g.sniffed.label} ({g.table or 'not recognised'}: "
                     f"{', '.join(list(g.profiles)[:8])})" for g in guesses)
    return ("None of the files looks like orders, the one table that every data set needs: a "
            f"column with dates, one with accounts, and an amount, or quantity and price. Seen: "
            f"{seen}. Give the file with the order lines, or rename its columns to order_id, "
            "account_id, order_date and amount.")


# -- several files of one table ------------------------------------------------------------------

def _unite(guesses: Sequence[Guess]) -> list[Guess]:
    """Keep the surest guess of each table; say of the others why they are left out."""
    kept: list[Guess] = []
    for table in dict.fromkeys(guess.table for guess in guesses):
        group = [guess for guess in guesses if guess.table == table]
        if not table or len(group) == 1:
            kept += group
            continue
        best = max(group, key=lambda g: (g.score, -group.index(g)))
        same = [g for g in group if list(g.profiles) == list(best.profiles) and g.read == best.read]
        pattern = _common_glob([g.sniffed.path for g in same])
        if len(same) > 1 and pattern:
            best = replace(best, sniffed=replace(best.sniffed, path=pattern))
            rest = [g for g in group if g not in same]
        else:
            rest = [g for g in group if g is not best]
        kept += [best, *(replace(g, table="", matches=(), doubts=(
            *g.doubts, f"AMBIGUOUS: it looks like {table} too, but {best.sniffed.label} is taken; "
                       "put them into one file if both are needed")) for g in rest)]
    return [guess for guess in kept if guess.table] + [g for g in kept if not g.table]


def _common_glob(paths: Sequence[Path]) -> Path | None:
    """Return a glob that matches just these files of one folder, or None."""
    names = [path.name for path in paths]
    if len({path.parent for path in paths}) > 1 or len(set(names)) < 2:
        return None
    head = _common_start(names)
    tail = _common_start([name[::-1] for name in names])[::-1]
    if re.search(r"[\[\]*?]", head + tail):
        return None
    matched = {p.name for p in paths[0].parent.glob(f"{head}*{tail}")}
    return paths[0].parent / f"{head}*{tail}" if matched == set(names) else None


def _common_start(names: Sequence[str]) -> str:
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


# -- sections ------------------------------------------------------------------------------------

def _draft_sections(guesses: Sequence[Guess], folder: Path) -> tuple[list[_Section],
                                                                     dict[Path, str]]:
    sections, beside = [], {}
    tables = {guess.table for guess in guesses}
    for guess in guesses:
        if guess.questionnaire:
            found, files = _draft_questionnaire(guess, folder, tables)
            beside.update(files)
            sections += found
        elif guess.table:
            columns = draft_columns(guess)
            sections.append(_Section(
                guess.table, _source(guess.sniffed.path, folder), _section_comment(guess),
                _read_options(guess.read), columns, draft_excludes(guess, columns)))
            if guess.table == "orders":
                sections += [s for t in SHARED_TABLES if t not in tables
                             for s in _cut_out(guess, t, folder)]
    order = list(load_schema())
    return sorted(sections, key=lambda s: order.index(s.table)), beside


def _cut_out(guess: Guess, table: str, folder: Path) -> list[_Section]:
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
    return [_Section(table, _source(guess.sniffed.path, folder),
                     f"guess: cut out of the order lines; one row a {source}, its last line counts",
                     _read_options(guess.read), drafted, excludes, one_row_per=source)]


def _draft_questionnaire(guess: Guess, folder: Path, tables: set[str]) -> tuple[
        list[_Section], dict[Path, str]]:
    questionnaire = guess.questionnaire
    assert questionnaire is not None  # for the type checker: the caller asked
    schema = load_schema()["survey_answers"]
    start, end = _extent(guess, "answered_date")
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
    section = _Section("survey_answers", _source(guess.sniffed.path, folder),
                       f"recognised as a questionnaire with {len(questionnaire.items)} questions",
                       read, {n: columns[n] for n in schema.columns if n in columns},
                       unpivot={"columns": list(questionnaire.ids), "name": "item",
                                "answer": "answer"})
    files = {"survey_waves": write_csv(write_wave_rows(
        questionnaire, wave, guess.sniffed.path.stem, start, end)),
        "survey_items": write_csv(write_item_rows(questionnaire, wave))}
    files = {name: text for name, text in files.items() if name not in tables}
    sections = [_Section(name, f"{name}.csv", f"guess: written by kam init from "
                         f"{guess.sniffed.label}; correct it there", {}, {}) for name in files]
    return [section, *sections], {folder / f"{name}.csv": text for name, text in files.items()}


def _extent(guess: Guess, column: str) -> tuple[date, date]:
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


# -- text ------------------------------------------------------------------------------------

def _write_text(guesses: Sequence[Guess], sections: Sequence[_Section], path: Path) -> str:
    lines = ["# Written by kam init. A guess says what it was made from; what is marked",
             "# AMBIGUOUS has to be decided before a number can be trusted.",
             *(f"# {guess.sniffed.label}: {doubt}" for guess in guesses for doubt in guess.doubts),
             *(f"# {guess.sniffed.label} was not recognised and is left out."
               for guess in guesses if not guess.table),
             *_write_head(next(g for g in guesses if g.table == "orders"), path)]
    for section in sections:
        lines += ["", f"[tables.{section.table}]  # {section.comment}",
                  f"source = {toml(section.source)}"]
        if section.read:
            lines.append(f"read = {toml(section.read)}")
        if section.one_row_per:
            lines.append(f"one_row_per = {toml(section.one_row_per)}")
        if section.unpivot:
            lines.append(f"unpivot = {toml(section.unpivot)}")
        for heading, drafted in (
                ("constants", {n: d for n, d in section.columns.items() if d.is_constant}),
                ("columns", {n: d for n, d in section.columns.items() if not d.is_constant}),
                ("exclude", section.excludes)):
            if drafted:
                lines.append(f"[tables.{section.table}.{heading}]")
                lines += [f"{name} = {_constant(d) if d.is_constant else toml(d.value)}"
                          f"  # {d.comment}" for name, d in drafted.items()]
    return "\n".join(lines) + "\n"


def _constant(drafted: Drafted) -> str:
    return drafted.value if re.fullmatch(r"\d{4}-\d\d-\d\d", drafted.value) else toml(drafted.value)


def _write_head(orders: Guess, path: Path) -> list[str]:
    start, last = _extent(orders, "order_date")
    until = last if last.day == calendar.monthrange(last.year, last.month)[1] else \
        max(last.replace(day=1) - timedelta(days=1), start)
    until = last if until < start.replace(day=28) and until <= start else until
    why = "the last order is of a month's last day" if until == last else \
        f"the last full month; the last order is of {last}"
    stem = orders.sniffed.path.name.split(".")[0].strip("*_- ") or "dataset"
    identity = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_") or \
        re.sub(r"[^A-Za-z0-9_-]+", "-", path.resolve().parent.name).strip("-_") or "dataset"
    currency, currency_why = _guess_currency(orders)
    tax, tax_why = _guess_tax(orders)
    basis = next((b for b, words in BASES
                  if re.search(words, orders.source_of("order_date"), re.IGNORECASE)), "ordered")
    return [
        f"id = {toml(identity[:64])}  # guess, from the file's name; names the report folder",
        f"name = {toml(stem)}  # guess, from the file's name",
        f"currency = {toml(currency)}  # {currency_why}",
        f"tax = {toml(tax)}  # {tax_why}",
        f"date_basis = {toml(basis)}  # guess, from {toml(orders.source_of('order_date'))}",
        f"history_from = {start}  # guess: the first order; before it nothing is known",
        f"complete_until = {until}  # guess: {why}"]


def _guess_currency(orders: Guess) -> tuple[str, str]:
    column = find_currency(orders.profiles)
    if column:
        profile = orders.profiles[column]
        words = " ".join(profile.examples[:1])
        found = next((c for c, mark in CURRENCY_MARKS if re.search(mark, words)),
                     words.strip().upper() if re.fullmatch(r"[A-Za-z]{3}", words) else "")
        if found and profile.n_distinct == 1:
            return found, f'guess, from "{column}"'
        if found:
            return found, (f'AMBIGUOUS: "{column}" has {profile.n_distinct} currencies; convert '
                           "the amounts of the others")
    texts = {n: " ".join([n, *p.examples]) for n, p in orders.profiles.items()
             if p.number_share > 0.5}
    for name, text in texts.items():
        for currency, mark in CURRENCY_MARKS:
            if re.search(mark, text):
                return currency, f'guess, from the marks of "{name}"'
    if any(re.search(r"[\u4e00-\u9fff]", name) for name in orders.profiles):
        return "CNY", "guess, from the Chinese headings"
    return ("EUR" if orders.read.decimal == "," else "USD",
            "AMBIGUOUS: nothing in the file names the currency")


def _guess_tax(orders: Guess) -> tuple[str, str]:
    name = orders.source_of("amount") or " ".join(orders.unused)
    if re.search(r"不含税|未税|excl|without (vat|tax)|\bnet\b", name, re.IGNORECASE):
        return "excluded", f"guess, from {toml(name)}"
    if re.search(r"含税|incl|with (vat|tax)|\bgross\b", name, re.IGNORECASE):
        return "included", f"guess, from {toml(name)}"
    return "unknown", "AMBIGUOUS: excluded or included, as the amounts are without or with VAT"


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


def toml(value: Any) -> str:
    """Write a value as TOML.

    >>> print(toml('"订单号"'), toml({"skip": 1, "header": False}))
    '"订单号"' { skip = 1, header = false }
    """
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    if isinstance(value, str) and ('"' in value or "\\" in value) and \
            re.fullmatch(r"[^'\x00-\x1f]*", value):
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)
