"""Writing a dataset file from guesses: every guess commented, what is ambiguous marked."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from kamlib.dataset.advice import explain_quarantine
from kamlib.dataset.expressions import Drafted
from kamlib.dataset.names import write_toml
from kamlib.dataset.opening import Dataset, open_dataset
from kamlib.dataset.recognise import Guess, find_currency, recognise_files
from kamlib.dataset.sections import Section, draft_sections, find_extent, unite
from kamlib.errors import InputError
from kamlib.language import fmt_count

CURRENCY_MARKS = (("CNY", r"[¥￥元]|CNY|RMB|人民币"), ("EUR", r"€|EUR"), ("USD", r"\$|USD"),
                  ("GBP", r"£|GBP"))
BASES = (("shipped", r"发货|出库|ship|deliver"), ("invoiced", r"开票|发票|invoice|billing"))


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
    guesses = unite(recognise_files(paths))
    if not any(guess.table == "orders" for guess in guesses):
        raise InputError(_no_orders(guesses))
    sections, beside = draft_sections(guesses, path.parent)
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
    """Return the last closed quarter of the history, else all of it."""
    end = dataset.file.complete_until + timedelta(days=1)
    year, quarter = (end.year, (end.month - 1) // 3) if end.month > 3 else (end.year - 1, 4)
    if date(year, 3 * quarter - 2, 1) >= dataset.file.history_from.replace(day=1):
        return f"{year}Q{quarter}"
    return f"{dataset.file.history_from}..{dataset.file.complete_until}"


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


def _write_text(guesses: Sequence[Guess], sections: Sequence[Section], path: Path) -> str:
    lines = ["# Written by kam init. A guess says what it was made from; what is marked",
             "# AMBIGUOUS has to be decided before a number can be trusted.",
             *(f"# {guess.sniffed.label}: {doubt}" for guess in guesses for doubt in guess.doubts),
             *(f"# {guess.sniffed.label} was not recognised and is left out."
               for guess in guesses if not guess.table),
             *_write_head(next(g for g in guesses if g.table == "orders"), path)]
    for section in sections:
        lines += ["", f"[tables.{section.table}]  # {section.comment}",
                  f"source = {write_toml(section.source)}"]
        if section.read:
            lines.append(f"read = {write_toml(section.read)}")
        if section.one_row_per:
            lines.append(f"one_row_per = {write_toml(section.one_row_per)}")
        if section.unpivot:
            lines.append(f"unpivot = {write_toml(section.unpivot)}")
        for heading, drafted in (
                ("constants", {n: d for n, d in section.columns.items() if d.is_constant}),
                ("columns", {n: d for n, d in section.columns.items() if not d.is_constant}),
                ("exclude", section.excludes)):
            if drafted:
                lines.append(f"[tables.{section.table}.{heading}]")
                lines += [f"{name} = {_constant(d) if d.is_constant else write_toml(d.value)}"
                          f"  # {d.comment}" for name, d in drafted.items()]
    return "\n".join(lines) + "\n"


def _constant(drafted: Drafted) -> str:
    is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", drafted.value)
    return drafted.value if is_date else write_toml(drafted.value)


def _write_head(orders: Guess, path: Path) -> list[str]:
    start, last = find_extent(orders, "order_date")
    until, why = last.replace(day=1) - timedelta(days=1), \
        f"the last full month; the last order is of {last}"
    if last.day == calendar.monthrange(last.year, last.month)[1]:
        until, why = last, "the last order is of a month's last day"
    elif until < start:
        until, why = last, "the last order; there is no full month"
    stem = orders.sniffed.path.name.split(".")[0].strip("*_- ") or "dataset"
    identity = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_") or \
        re.sub(r"[^A-Za-z0-9_-]+", "-", path.resolve().parent.name).strip("-_") or "dataset"
    currency, currency_why = _guess_currency(orders)
    tax, tax_why = _guess_tax(orders)
    day = orders.source_of("order_date")
    basis = next((b for b, words in BASES if re.search(words, day, re.IGNORECASE)), "ordered")
    return [
        f"id = {write_toml(identity[:64])}  # guess, from the file's name; names the report folder",
        f"name = {write_toml(stem)}  # guess, from the file's name",
        f"currency = {write_toml(currency)}  # {currency_why}",
        f"tax = {write_toml(tax)}  # {tax_why}",
        f"date_basis = {write_toml(basis)}  # guess, from {write_toml(day)}",
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
        return "excluded", f"guess, from {write_toml(name)}"
    if re.search(r"含税|价税合计|incl|with (vat|tax)|\bgross\b", name, re.IGNORECASE):
        return "included", f"guess, from {write_toml(name)}"
    return "unknown", "AMBIGUOUS: excluded or included, as the amounts are without or with VAT"
