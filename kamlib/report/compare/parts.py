"""A change put down to its parts: restated data, rules, program, and what really happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from kamlib.report.compare.pair import Pair, Version
from kamlib.report.compare.restated import Restated

NET = "net_revenue"  # net sales of the period, as the sales chapter hands it on
RESTATED, RULES, CODE, REAL = "restated", "rules", "code", "real"
OTHER = "other"  # neither time, data, rules nor program: a package, a parameter
PARTS = (RESTATED, RULES, CODE, REAL)
# Net sales of a period depend on no other rules.
NET_SECTIONS = ("measures.", "period.", "data.")
Key = tuple[str, str]
Values = Mapping[Key, Decimal | None]


@dataclass(frozen=True)
class Change:
    """One number then and now, and the parts of its change; parts add up exactly.

    was, now: None where a version did not give the number; then nothing is split. parts: amounts
    by name (restated, rules, code, real); not_split: names of those that could not be told apart
    and are therefore inside real, whose name then is "the rest".
    """

    notebook: str
    name: str
    unit: str
    anchor: str
    was: Decimal | None
    now: Decimal | None
    parts: Mapping[str, Decimal] = field(default_factory=dict)
    not_split: tuple[str, ...] = ()

    @property
    def change(self) -> Decimal | None:
        """Now less was."""
        return None if self.was is None or self.now is None else self.now - self.was


@dataclass(frozen=True)
class Again:
    """Metrics of further runs on today's data, None for a run that was not made.

    rules: the new period with the old rules; code: the same with the old program; period: the old
    period with the old rules, by the program named last.
    """

    rules: pd.DataFrame | None = None
    code: pd.DataFrame | None = None
    period: pd.DataFrame | None = None


def split_changes(pair: Pair, restated: Restated, again: Again) -> list[Change]:
    """Take every headline metric and net sales of two versions apart.

    Going back from the new version the old rules come first, then the old program, then the old
    period, then the old data; each step is a part, and what no step explains is real change.
    """
    old, new = pair.old.metrics, pair.new.metrics
    was, now = (_with_net(read_values(v.metrics), v) for v in (pair.old, pair.new))
    runs = {name: None if frame is None else read_values(frame)
            for name, frame in vars(again).items()}
    rows = pd.concat([new[new["headline"]], old[old["headline"]]])
    about: dict[Key, tuple[str, str]] = {}
    for row in rows.to_dict("records"):
        about.setdefault((row["notebook"], row["name"]), (row["unit"], row["anchor"]))
    if not any(name == NET for _notebook, name in about):
        about = {("", NET): ("amount", ""), **about}
    return [_split(key, unit, anchor, pair, restated, was.get(key), now.get(key), runs)
            for key, (unit, anchor) in sorted(about.items(), key=lambda item: item[0][1] != NET)]


def read_values(metrics: pd.DataFrame) -> dict[Key, Decimal | None]:
    """Return metrics by notebook and name, with so many digits that floats hold them exactly."""
    return {(row["notebook"], row["name"]): exact(row["value"], row["unit"])
            for row in metrics.to_dict("records")}


def exact(value: Any, unit: str) -> Decimal | None:
    """Return a number as a decimal: money to 4 digits, the rest to 9.

    >>> exact(0.1 + 0.2, "share"), exact(None, "amount") is None
    (Decimal('0.300000000'), True)
    """
    if value is None or pd.isna(value):
        return None
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-4 if unit == "amount" else -9))


def _with_net(values: dict[Key, Decimal | None], version: Version) -> Values:
    facts = version.table("account_facts")
    return {("", NET): exact(facts["net_amount_period"].sum(), "amount"), **values}


def _split(key: Key, unit: str, anchor: str, pair: Pair, restated: Restated,
           was: Decimal | None, now: Decimal | None,
           runs: Mapping[str, Values | None]) -> Change:
    notebook, name = key
    if was is None or now is None:
        return Change(notebook, name, unit, anchor, was, now)
    rules = _rules_part(key, pair, now, runs)
    code = _code_part(key, pair, None if rules is None else now - rules, runs)
    parts = {RESTATED: _restated_part(key, pair, restated, was, runs, code), RULES: rules,
             CODE: code}
    unknown = [part for part in (RESTATED, RULES, CODE) if parts[part] is None]
    known = {part: x for part, x in parts.items() if x is not None}
    rest = now - was - sum(known.values(), Decimal(0))
    if pair.is_time_out and len(unknown) == 1:
        # Time has moved nothing, so the one part that no run measured is all that is left.
        known[unknown.pop()], rest = rest, Decimal(0)
    elif pair.is_time_out and not unknown and rest:
        unknown = [OTHER]
    return Change(notebook, name, unit, anchor, was, now,
                  {part: {**known, REAL: rest}.get(part, Decimal(0)) for part in PARTS
                   if part not in unknown}, tuple(unknown))


def _rules_part(key: Key, pair: Pair, now: Decimal,
                runs: Mapping[str, Values | None]) -> Decimal | None:
    is_moved = any(rule.startswith(NET_SECTIONS) for rule in pair.rules) \
        if key[1] == NET else bool(pair.rules)
    if not is_moved:
        return Decimal(0)
    return _less(now, runs["rules"], key)


def _code_part(key: Key, pair: Pair, before_rules: Decimal | None,
               runs: Mapping[str, Values | None]) -> Decimal | None:
    if not pair.code:
        return Decimal(0)
    return None if before_rules is None else _less(before_rules, runs["code"], key)


def _restated_part(key: Key, pair: Pair, restated: Restated, was: Decimal,
                   runs: Mapping[str, Values | None], code: Decimal | None) -> Decimal | None:
    if restated.is_nothing:
        return Decimal(0)
    if key[1] == NET and _has_whole_months(pair.old) and not restated.n_unexplained:
        inside = restated.sales["month"] >= pd.Timestamp(pair.old.start)
        return exact(restated.sales.loc[inside, "change_amount"].sum(), "amount")
    again = runs["period"]
    if again is None or code is None or (value := again.get(key)) is None:
        return None
    return value - was


def _less(value: Decimal, run: Values | None, key: Key) -> Decimal | None:
    before = run.get(key) if run is not None else None
    return None if before is None else value - before


def _has_whole_months(version: Version) -> bool:
    return version.start.day == 1 and pd.Timestamp(version.end).is_month_end
