"""Which table of the dictionary each of a company's files and sheets is, and which column is which.

Nothing is decided in silence: a guess carries how it was made and what else would have fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ibis.expr.types import Table as IbisTable

from kamlib.dataset.engines import connect
from kamlib.dataset.file import ReadOptions
from kamlib.dataset.matching import CONTENT, Match, canonical, match_columns, score_name
from kamlib.dataset.profile import Profile, profile_table
from kamlib.dataset.questionnaire import Questionnaire, find_questionnaire
from kamlib.dataset.sniff import Sniffed, sniff_file
from kamlib.dataset.sources import load_source
from kamlib.errors import InputError
from kamlib.schema import Column, Table, load_schema

PRICE = Column(name="unit_price", type="decimal", meaning="", meaning_zh="", example="",
               zh=("单价", "销售单价", "价格", "成交单价", "不含税单价", "含税单价"),
               en=("unit price", "price", "sales price", "selling price", "price per unit"))
CURRENCY = "currency"  # of exchange_rates: where an order line's second currency is named
# Required columns that `draft` can write without a column of the source.
DERIVABLE = {"orders": ("order_id", "line_kind", "amount"), "accounts": ("name", "party_role"),
             "products": ("name", "product_line"), "contacts": ("contact_id", "kind")}
CURRENCIES = {"CNY", "RMB", "EUR", "USD", "GBP", "JPY", "HKD", "CHF", "KRW", "TWD", "SGD", "AUD",
              "CAD", "INR", "人民币", "美元", "欧元", "港币", "日元", "英镑"}
NAMED_LIKE_TABLE = 0.3  # what a file or sheet name that names the table adds to its score
NEAR = 0.08  # scores nearer than this are said to be ambiguous
MIN_SCORE = 0.3


@dataclass(frozen=True)
class Guess:
    """What one file or sheet is.

    table: of the dictionary, or "" when none fits; matches: dictionary columns found;
    rivals: tables that fit nearly as well; doubts: sentences for who checks the file.
    """

    sniffed: Sniffed
    read: ReadOptions
    table: str
    matches: tuple[Match, ...]
    profiles: Mapping[str, Profile] = field(repr=False)
    rows: IbisTable = field(repr=False, compare=False)
    con: Any = field(repr=False, compare=False)
    score: float = 0.0
    rivals: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    questionnaire: Questionnaire | None = None

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns of the source that were not recognised."""
        used = {match.source for match in self.matches}
        return tuple(name for name in self.profiles if name not in used)

    def source_of(self, column: str) -> str:
        """Return the source's column for a dictionary column, or ""."""
        return next((m.source for m in self.matches if m.column == column), "")


def recognise_files(paths: Sequence[str | Path]) -> list[Guess]:
    """Recognise files and sheets: one guess each, in the order given.

    Raises InputError for a file that cannot be read; a file that is no table of the dictionary
    comes back with table "".
    """
    if not paths:
        raise InputError("There is nothing to recognise. Give the files of your exports.")
    con = connect()
    return [recognise(sniffed, con) for path in paths for sniffed in sniff_file(Path(path))]


def match_source(sniffed: Sniffed, con: Any, *, table: str) -> Guess:
    """Match the columns of a file or sheet to a table that somebody said it is."""
    guess = _look_at(sniffed, con)
    columns = load_schema()[table].columns
    found = _add_dates(match_columns(guess.profiles, columns), guess.profiles, columns)
    return replace(guess, table=table, matches=tuple(found))


def _look_at(sniffed: Sniffed, con: Any) -> Guess:
    source = load_source(sniffed.path.name, read=sniffed.read, folder=sniffed.path.parent, con=con,
                         engine=None, where=sniffed.label)
    profiles = profile_table(source.table, con)
    read, doubts = find_marks(sniffed.read, profiles)
    return Guess(sniffed, read, "", (), profiles, source.table, con,
                 doubts=(*sniffed.doubts, *doubts))


def recognise(sniffed: Sniffed, con: Any) -> Guess:
    """Recognise one file or sheet."""
    guess = _look_at(sniffed, con)
    profiles = guess.profiles
    questionnaire = find_questionnaire(profiles)
    if questionnaire:
        columns = load_schema()["survey_answers"].columns
        rest = {n: p for n, p in profiles.items() if n not in questionnaire.items}
        wanted = {n: columns[n] for n in ("account_id", "questionnaire_id", "answered_date")}
        matches = _add_dates(match_columns(rest, wanted), rest, wanted)
        if "account_id" in {m.column for m in matches}:
            return replace(guess, table="survey_answers", matches=tuple(matches), score=1.0,
                           questionnaire=questionnaire)
        guess = replace(guess, doubts=(*guess.doubts, "it looks like a questionnaire, but no "
                                       "column says which account answered"))
    return _choose_table(guess)


def _choose_table(guess: Guess) -> Guess:
    found = []
    for name, table in load_schema().items():
        matches = _add_dates(match_columns(guess.profiles, table.columns), guess.profiles,
                             table.columns)
        matches = _add_contents(name, _add_account(name, matches, guess.profiles), guess.profiles)
        score = _score_table(table, matches, guess)
        if score >= MIN_SCORE:
            found.append((score, name, tuple(matches)))
    found.sort(key=lambda each: -each[0])  # stable: the dictionary's order among equals
    if not found:
        return guess
    score, name, matches_found = found[0]
    rivals = tuple(other for s, other, _ in found[1:3] if s >= score - NEAR)
    return replace(guess, table=name, matches=matches_found, score=score, rivals=rivals)


def _score_table(table: Table, matches: Sequence[Match], guess: Guess) -> float:
    """Return 0 when a required column is missing, else how much of the file the table explains."""
    there = {match.column for match in matches}
    missing = set(table.required) - there
    derivable = set(DERIVABLE.get(table.name, ()))
    if missing - derivable:
        return 0.0
    if "amount" in missing and not (find_price(guess.profiles) and "quantity" in there):
        return 0.0
    if table.name == "orders" and "quantity" not in there and "amount" not in there:
        return 0.0
    surely = sum(m.score for m in matches if m.how != CONTENT or m.column == "account_id")
    if not surely and not _all_unnamed(guess.profiles):
        return 0.0
    score = surely / len(guess.profiles) + 0.1 * len(set(table.required) & there)
    key = [m.source for m in matches if (m.column,) == table.key]
    if key and guess.profiles[key[0]].distinct_share < 0.95:
        score -= 0.5
    label = canonical(f"{guess.sniffed.path.stem.split('.')[0]} {guess.read.sheet}")
    label = label.replace(" ", "")
    names = [canonical(table.name.replace("_", " ")).replace(" ", ""), canonical(table.zh_name)]
    if any(name and (name in label or name.rstrip("s") in label) for name in names):
        score += NAMED_LIKE_TABLE
    return score + (0.2 if _all_unnamed(guess.profiles) and table.name == "orders" else 0)


def find_price(profiles: Mapping[str, Profile]) -> str:
    """Return the column that holds a price a piece, or "". """
    scores = {name: score_name(name, PRICE) for name, profile in profiles.items()
              if profile.number_share > 0.9}
    best = max(scores, key=lambda name: scores[name], default="")
    return best if best and scores[best] > 0.6 else ""


def find_currency(profiles: Mapping[str, Profile]) -> str:
    """Return the column that names a currency, or ""."""
    column = load_schema()["exchange_rates"].columns[CURRENCY]
    named = [name for name, profile in profiles.items()
             if score_name(name, column) > 0.9 and profile.n_distinct <= 30]
    held = [name for name, profile in profiles.items()
            if profile.n and set(profile.values) <= CURRENCIES]
    return next(iter(named + held), "")


def _all_unnamed(profiles: Mapping[str, Profile]) -> bool:
    return all(name.startswith("column_") for name in profiles)


def _add_dates(matches: list[Match], profiles: Mapping[str, Profile],
               columns: Mapping[str, Column]) -> list[Match]:
    """Give a required date that has no name in the source the first free column of dates."""
    used = {match.source for match in matches}
    missing = [c for c in columns.values()
               if c.required and c.type == "date" and c.name not in {m.column for m in matches}]
    free = [n for n, p in profiles.items() if n not in used and p.n and p.date_share >= 0.8]
    if len(missing) != 1 or not free:
        return matches
    return [*matches, Match(missing[0].name, free[0], CONTENT, 0.4, tuple(free[1:]))]


def _add_account(table: str, matches: list[Match],
                 profiles: Mapping[str, Profile]) -> list[Match]:
    """Take the account's name for its id in order lines that have no id."""
    if table != "orders" or "account_id" in {match.column for match in matches}:
        return matches
    name = load_schema()["accounts"].columns["name"]
    used = {match.source for match in matches}
    named = [n for n in profiles if n not in used and score_name(n, name) > 0.9]
    return [*matches, Match("account_id", named[0], CONTENT, 0.5)] if named else matches


def _add_contents(table: str, matches: list[Match],
                  profiles: Mapping[str, Profile]) -> list[Match]:
    """Guess an order line's account, quantity and amount by contents where names do not tell."""
    there = {match.column for match in matches}
    if table != "orders" or "order_date" not in there or "amount" in there or find_price(profiles):
        return matches
    used = {match.source for match in matches}
    free = {n: p for n, p in profiles.items() if n not in used and p.n}
    numbers = [n for n, p in free.items() if p.number_share > 0.95]
    amounts = [n for n in numbers if any("." in v or "," in v for v in free[n].values)]
    found = list(matches)
    if amounts:
        found.append(Match("amount", amounts[-1], CONTENT, 0.4, tuple(amounts[:-1])))
    if not _all_unnamed(profiles):
        return found
    whole = [n for n in numbers if n not in amounts]
    counts = [n for n in whole if free[n].n_distinct < 0.05 * free[n].n]
    ids = sorted((n for n in free if n not in amounts and n not in counts),
                 key=lambda n: free[n].distinct_share)
    if counts:
        found.append(Match("quantity", counts[-1], CONTENT, 0.4))
    if ids:
        found.append(Match("account_id", ids[0], CONTENT, 0.4, tuple(ids[1:])))
    if len(ids) > 1 and free[ids[-1]].n_distinct > 1.2 * free[ids[0]].n_distinct:
        found.append(Match("order_id", ids[-1], CONTENT, 0.3))
    return found


def find_marks(read: ReadOptions, profiles: Mapping[str, Profile]) -> tuple[
        ReadOptions, tuple[str, ...]]:
    """Find the file's decimal and thousands marks from all its columns of numbers."""
    shapes = [p.shapes for p in profiles.values() if p.number_share > 0.8 and p.date_share < 0.8]
    seen = {name for each in shapes for name, share in each.items() if share}
    doubts: tuple[str, ...] = ()
    decimal, thousands = ".", ""
    if "comma_decimal" in seen or "point_thousands" in seen:
        decimal = ","
        thousands = "." if "point_thousands" in seen else ""
    elif "comma_thousands" in seen:
        thousands = ","
    elif "comma_three" in seen:
        thousands = ","
        doubts = ("numbers like 1,234 are read as thousands; if the comma is the decimal mark, "
                  'write decimal = "," and drop thousands',)
    if "space_thousands" in seen:
        thousands = " "
    if "apostrophe_thousands" in seen:
        thousands = "'"
    formats = {p.date_format for p in profiles.values() if p.date_share >= 0.8}
    date_format = formats.pop() if len(formats) == 1 else ""
    return read.model_copy(update={"decimal": decimal, "thousands": thousands,
                                   "date_format": date_format.replace("%Y%m%d", "")}), doubts
