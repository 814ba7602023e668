"""What a notebook hands on to the overview: metrics, findings, attention, unanswered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import fmt_list, translate


@dataclass(frozen=True)
class Metric:
    """One number a reader is shown, with its unit, n, interval, comparisons and verdict."""

    name: str
    value: float | None
    unit: str
    n: int | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    previous: float | None = None
    year_before: float | None = None
    target: float | None = None
    verdict: str = ""
    better: str = ""
    anchor: str = ""
    headline: bool = False


@dataclass(frozen=True)
class Finding:
    """One computed sentence; amount is the money at stake in the dataset's currency."""

    kind: str
    sentence: str
    amount: float | None = None
    evidence: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Attention:
    """One account that somebody should look at, and why."""

    account_id: str
    reason: str
    amount: float | None = None
    owner_id: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Unanswered:
    """One question the data could not answer, why, and the table that would answer it."""

    question: str
    reason: str
    table: str = ""


def list_unanswered(refused: Mapping[str, str], questions: Mapping[str, str],
                    tables: Mapping[str, str]) -> tuple[Unanswered, ...]:
    """Turn what was refused (name → reason) into questions, with the table that would answer each.

    >>> list_unanswered({"mix": "No lines."}, {"mix": "What is bought?"}, {"mix": "products"})
    (Unanswered(question='What is bought?', reason='No lines.', table='products'),)
    """
    return tuple(Unanswered(translate(questions[name]), reason, tables.get(name, ""))
                 for name, reason in refused.items())


KINDS = ("metrics", "findings", "attention", "unanswered")


class Attempts:
    """Builds tables; one that is refused comes back empty, and `refused` says why."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}

    def take(self, name: str, columns: Sequence[str],
             build: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Return what `build` makes, or a table with these columns, no row, and its reason.

        >>> attempts = Attempts()
        >>> def build() -> pd.DataFrame:
        ...     raise RefusedError("Too little data. More would lift this.")
        >>> len(attempts.take("ranks", ["account_id"], build)), attempts.refused
        (0, {'ranks': 'Too little data. More would lift this.'})
        """
        try:
            return build()
        except RefusedError as error:
            self.refused[name] = str(error)
            empty = pd.DataFrame(columns=list(columns))
            empty.attrs["reason"] = str(error)
            return empty


@dataclass(frozen=True)
class Handover:
    """All that one notebook hands on; `headline` holds at most three sentences."""

    headline: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    findings: tuple[Finding, ...] = ()
    attention: tuple[Attention, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Return the four tables by name, one row an entry, columns as the classes name them."""
        return {"metrics": _frame(Metric, self.metrics), "findings": _frame(Finding, self.findings),
                "attention": _frame(Attention, self.attention),
                "unanswered": _frame(Unanswered, self.unanswered)}


@dataclass(frozen=True)
class Concern:
    """What all notebooks say of one account; its amount is the largest, since reasons overlap.

    reasons: one mapping a reason, most money first: reason, amount, notebook, anchor and what else
    the row held.
    """

    account_id: str
    owner_id: str
    amount: float | None
    reasons: tuple[dict[str, Any], ...]


def group_attention(attention: pd.DataFrame) -> list[Concern]:
    """Join the rows of `Attention` by account: most money first, then by account_id.

    What two notebooks say in the same words counts once.

    >>> rows = [Attention("A", "late", 5.0), Attention("B", "unhappy", 9.0),
    ...         Attention("A", "unhappy", 7.0), Attention("A", "late")]
    >>> concerns = group_attention(Handover(attention=tuple(rows)).to_frames()["attention"])
    >>> [(c.account_id, c.amount, [r["reason"] for r in c.reasons]) for c in concerns]
    [('B', 9.0, ['unhappy']), ('A', 7.0, ['unhappy', 'late'])]
    """
    if attention.empty:
        return []
    ordered = attention.sort_values("amount", ascending=False, kind="stable", na_position="last")
    concerns = []
    for account_id, rows in ordered.groupby("account_id", sort=True):
        said = [{str(k): v for k, v in row.items()}
                for row in rows.drop_duplicates("reason").to_dict("records")]
        owners = [owner for owner in rows["owner_id"] if owner]
        amount = rows["amount"].iloc[0]
        concerns.append(Concern(str(account_id), owners[0] if owners else "",
                                None if pd.isna(amount) else float(amount), tuple(said)))
    return sorted(concerns, key=lambda c: (float("inf") if c.amount is None else -c.amount,
                                           c.account_id))


def or_none(value: float) -> float | None:
    """Return a number as a metric takes it: None for a gap.

    >>> or_none(2), or_none(float("nan"))
    (2.0, None)
    """
    return None if pd.isna(value) else float(value)


def name_accounts(account_ids: Sequence[str], names: Mapping[str, str], *, most: int = 3) -> str:
    """Name the first few accounts of a list and count the rest.

    >>> name_accounts(["A", "B", "C", "D"], {"A": "Bo"}, most=2)
    'Bo, B and 2 more'
    """
    return fmt_list([names.get(account) or account for account in account_ids], most=most)


def column_by_account(accounts: pd.DataFrame | None, column: str) -> dict[str, str]:
    """Return what is known in a column of accounts, by account_id; nothing where it is missing.

    >>> column_by_account(pd.DataFrame({"account_id": ["A", "B"], "name": ["Bo", None]}), "name")
    {'A': 'Bo'}
    """
    if accounts is None or column not in accounts:
        return {}
    known = accounts[accounts[column].notna()]
    return dict(zip(known["account_id"].astype(str), known[column].astype(str), strict=True))


def join_handovers(*parts: Handover) -> Handover:
    """Put what several analyses of one notebook hand on together; headlines take turns.

    >>> join_handovers(Handover(headline=("a", "b")), Handover(headline=("c",))).headline
    ('a', 'c', 'b')
    """
    longest = max((len(part.headline) for part in parts), default=0)
    turns = [part.headline[place] for place in range(longest)
             for part in parts if place < len(part.headline)]
    return Handover(tuple(turns), *(
        tuple(entry for part in parts for entry in getattr(part, name))
        for name in ("metrics", "findings", "attention", "unanswered")))


FLOATS = ("value", "ci_low", "ci_high", "previous", "year_before", "target", "amount")


def _frame(kind: type[Any], entries: Sequence[Any]) -> pd.DataFrame:
    columns = [field.name for field in fields(kind)]
    table = pd.DataFrame([[getattr(e, c) for c in columns] for e in entries], columns=columns)
    types = {c: "float64" if c in FLOATS else "Int64" if c == "n" else
             "bool" if c == "headline" else "str" for c in columns}
    return table.astype(types)
