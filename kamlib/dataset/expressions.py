"""The expressions of a drafted dataset file, each with the comment that says why it is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kamlib.dataset.matching import CONTENT, Match, canonical, map_values
from kamlib.dataset.names import quote_text, write_name
from kamlib.dataset.profile import MARK, Profile
from kamlib.dataset.recognise import Guess, find_price
from kamlib.schema import Column, load_schema

SERIAL_DAY_ZERO = "DATE '1899-12-30'"  # a spreadsheet's day 0
TEN_THOUSAND = "万元"
TRUE_FALSE = ("true", "false")
AS_PRINTED = ("quoted", "target")  # 91.0 says more than 91 does


@dataclass(frozen=True)
class Drafted:
    """One line of [columns], [constants] or [exclude]: TOML value and comment."""

    value: str
    comment: str
    is_constant: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Somebody has to decide."""
        return "AMBIGUOUS" in self.comment


def draft_columns(guess: Guess, matches: Mapping[str, Match] | None = None) -> dict[str, Drafted]:
    """Draft every column of a guessed table that the source can give, in the table's order."""
    table = load_schema()[guess.table]
    found = matches if matches is not None else {m.column: m for m in guess.matches}
    drafted = {name: draft_column(guess, match, table.columns[name])
               for name, match in found.items()}
    if guess.table == "orders":
        drafted = _complete_orders(guess, drafted)
    drafted |= {name: _derived(guess, name, drafted) for name in table.required
                if name not in drafted and name in DERIVED}
    return {name: drafted[name] for name in table.columns if name in drafted}


DERIVED = ("name", "party_role", "product_line", "contact_id", "kind")


def _derived(guess: Guess, name: str, drafted: Mapping[str, Drafted]) -> Drafted:
    if name == "name":
        key = load_schema()[guess.table].key[0]
        return replace(drafted[key], comment="guess: no column holds a name, so the id serves")
    if name == "party_role":
        return Drafted("customer", "guess: all are customers", is_constant=True)
    if name == "contact_id":
        parts = [write_name(guess.source_of(c)) for c in ("account_id", "contact_date", "owner_id")]
        return Drafted("concat(" + ", '-', ".join(parts) + ")",
                       "guess: no column numbers the contacts, so account, day and owner do")
    if name == "kind":
        return Drafted("visit", "AMBIGUOUS: no column says visit, call or meeting",
                       is_constant=True)
    other = next((c for c in guess.unused
                  if guess.profiles[c].n and guess.profiles[c].number_share < 0.5), "")
    if other:
        return Drafted(write_name(other), f'AMBIGUOUS: no product line found, "{other}" taken')
    return Drafted("all", "AMBIGUOUS: no column holds a product line", is_constant=True)


def draft_column(guess: Guess, match: Match, column: Column) -> Drafted:
    """Draft one column from the source's column that was matched to it."""
    profile = guess.profiles[match.source]
    value, notes = _draft_value(guess, profile, column)
    comment = f'from "{match.source}" ({match.how})' + "".join(f"; {note}" for note in notes)
    if match.how == CONTENT or match.rivals:
        also = ", ".join(f'"{r}"' for r in match.rivals)
        comment = f"AMBIGUOUS: {comment}" + (f"; it could also be {also}" if also else "")
    return Drafted(value, comment)


def _draft_value(guess: Guess, profile: Profile, column: Column) -> tuple[str, list[str]]:
    name = write_name(profile.name)
    if column.type == "date":
        return _draft_date(guess, profile, name)
    if column.type in ("decimal", "number", "integer"):
        return draft_number(guess, profile)
    if column.values or column.type == "boolean":
        return _draft_values(profile, column, name)
    if profile.shapes["point_zero"] > 0.5 and column.name not in AS_PRINTED:
        return f"regexp_replace({name}, '\\.0$', '')", ["'.0' cut off"]
    return name, []


def _draft_date(guess: Guess, profile: Profile, name: str) -> tuple[str, list[str]]:
    notes = []
    if profile.rival_formats:
        notes.append(f"AMBIGUOUS: read as {profile.date_format}, but no date tells day from month; "
                     f"{' or '.join(profile.rival_formats)} fits as well")
    if not profile.n or not profile.date_format or profile.date_format == guess.read.date_format:
        is_serial = profile.n and not profile.date_share
        if is_serial:
            return f"{SERIAL_DAY_ZERO} + CAST({name} AS INTEGER)", ["a spreadsheet's day numbers"]
        return name, notes
    return f"CAST(strptime({name}, {quote_text(profile.date_format)}) AS DATE)", notes


def draft_number(guess: Guess, profile: Profile) -> tuple[str, list[str]]:
    """Draft a number: as it is, or with currency marks, brackets and 万 taken care of."""
    name, shapes, read, notes = write_name(profile.name), profile.shapes, guess.read, []
    value = name
    if _is_dirty(shapes):
        sign = "()-" if shapes["negative"] else ""  # put back by the last CASE
        cut = f"regexp_replace({name}, '{MARK}|[\\s{sign}]', '', 'g')"
        cut = f"replace({cut}, {quote_text(read.thousands)}, '')" if read.thousands.strip() else cut
        cut = f"replace({cut}, ',', '.')" if read.decimal == "," else cut
        value = f"CAST({cut} AS DECIMAL(18, 4))"
        notes.append("marks cut off")
        if shapes["ten_thousands"]:
            value += f" * CASE WHEN {name} LIKE '%万%' THEN 10000 ELSE 1 END"
            notes.append("万 is 10,000")
        if shapes["negative"]:
            value += f" * CASE WHEN regexp_matches({name}, '[-(]') THEN -1 ELSE 1 END"
    elif TEN_THOUSAND in profile.name:
        return f"{name} * 10000", ["the heading says 万元"]
    return value, notes


def _draft_values(profile: Profile, column: Column, name: str) -> tuple[str, list[str]]:
    values = column.values or TRUE_FALSE
    found, share = map_values(profile, values)
    if all(given == value for given, value in found.items()) and share == 1:
        return name, []
    if column.type == "boolean" and set(profile.values) <= {"0", "1"}:
        return f"{name} = 1", []
    groups = {value: sorted(g for g, v in found.items() if v == value) for value in values}
    whens = " ".join(f"WHEN {name} IN ({', '.join(map(quote_text, given))}) "
                     f"THEN {value if column.type == 'boolean' else quote_text(value)}"
                     for value, given in groups.items() if given)
    unknown = sorted(set(profile.values) - set(found))
    notes = ["AMBIGUOUS: no meaning was found for " + ", ".join(map(repr, unknown[:5]))] \
        if unknown else []
    return f"CASE {whens} END" if whens else name, notes


# -- orders ------------------------------------------------------------------------------------

def _complete_orders(guess: Guess, drafted: dict[str, Drafted]) -> dict[str, Drafted]:
    price = find_price({n: guess.profiles[n] for n in guess.unused})
    if "amount" not in drafted and price:
        number, notes = draft_number(guess, guess.profiles[price])
        note = "".join(f"; {n}" for n in notes)
        drafted["amount"] = Drafted(
            f"{drafted['quantity'].value} * {number}",
            f'guess: no amount, so "{guess.source_of("quantity")}" times "{price}"{note}')
    if "order_id" not in drafted:
        account, day = (write_name(guess.source_of(c)) for c in ("account_id", "order_date"))
        drafted["order_id"] = Drafted(
            f"concat({account}, '-', {day})",
            "AMBIGUOUS: no order number, so all lines of an account and day are one order")
    if "line_kind" not in drafted:
        return _draft_kind(guess, drafted)
    return _turn_positive_returns(guess, drafted)


def _draft_kind(guess: Guess, drafted: dict[str, Drafted]) -> dict[str, Drafted]:
    """Draft line_kind from signs, and give amount and quantity the sign that only one has."""
    tests = {name: _below_zero(guess, name) for name in ("amount", "quantity")}
    negative = [name for name, test in tests.items() if test]
    if not negative:
        return {**drafted, "line_kind": Drafted(
            "sale", "guess: no amount or quantity is negative", is_constant=True)}
    test = " OR ".join(tests[name] for name in negative)
    turned = {name: replace(drafted[name],
                            value=f"CASE WHEN {test} THEN -abs({drafted[name].value}) "
                                  f"ELSE {drafted[name].value} END",
                            comment=f"{drafted[name].comment}; negative where {negative[0]} is")
              for name in tests if name not in negative and guess.source_of(name)}
    kind = Drafted(f"CASE WHEN {test} THEN 'return' ELSE 'sale' END",
                   f"AMBIGUOUS: a negative {' or '.join(negative)} is taken as a return; it could "
                   "be a cancellation or an adjustment")
    return {**drafted, **turned, "line_kind": kind}


def _below_zero(guess: Guess, column: str) -> str:
    """Return the test that a column of numbers is negative, or "" where it never is."""
    source = guess.source_of(column)
    shapes = guess.profiles[source].shapes if source else {}
    if not shapes or not shapes["negative"]:
        return ""
    name = write_name(source)
    return f"regexp_matches({name}, '[-(]')" if _is_dirty(shapes) else f"{name} < 0"


def _is_dirty(shapes: Mapping[str, float]) -> bool:
    return bool(shapes["marked"] or shapes["brackets"] or shapes["trailing_minus"])


def _turn_positive_returns(guess: Guess, drafted: dict[str, Drafted]) -> dict[str, Drafted]:
    """Where returns are named but written without a minus, put it in."""
    source = guess.source_of("line_kind")
    column = load_schema()["orders"].columns["line_kind"]
    found, _ = map_values(guess.profiles[source], column.values)
    back = sorted(given for given, kind in found.items() if kind in ("return", "cancellation"))
    for name in ("amount", "quantity", "cost_amount", "discount_amount"):
        given = guess.source_of(name)
        is_signed = given and guess.profiles[given].shapes["negative"]
        if back and name in drafted and not is_signed and (given or name == "amount"):
            old = drafted[name]
            drafted[name] = replace(
                old, comment=f"{old.comment}; what comes back is written without a minus",
                value=f"CASE WHEN {write_name(source)} IN ({', '.join(map(quote_text, back))}) "
                      f"THEN -({old.value}) ELSE {old.value} END")
    return drafted


def draft_excludes(guess: Guess, drafted: Mapping[str, Drafted]) -> dict[str, Drafted]:
    """Draft exclusions for what spreadsheets leave among the rows: totals, repeated headers."""
    excludes: dict[str, Drafted] = {}
    for name, profile in guess.profiles.items():
        if name in profile.values and profile.n > 1:
            excludes.setdefault("repeated_header", Drafted(
                f"{write_name(name)} = {quote_text(name)}", "guess: the header line occurs again"))
        totals = sorted(v for v in profile.values if canonical(v) in TOTALS)
        if totals:
            excludes.setdefault("total", Drafted(
                f"{write_name(name)} IN ({', '.join(map(quote_text, totals))})",
                "guess: lines with totals"))
    account = guess.source_of("account_id")
    if guess.table == "orders" and guess.profiles[account].n < guess.profiles[account].n_rows:
        excludes["no_account"] = Drafted(f"{write_name(account)} IS NULL",
                                         "guess: lines without an account say nothing of one")
    return excludes


TOTALS = {canonical(word) for word in ("合计", "总计", "小计", "本页合计", "total", "grand total",
                                       "subtotal", "sum")}
