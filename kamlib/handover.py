"""What a notebook hands on to the overview: metrics, findings, attention, unanswered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError


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


FLOATS = ("value", "ci_low", "ci_high", "previous", "year_before", "target", "amount")


def _frame(kind: type[Any], entries: Sequence[Any]) -> pd.DataFrame:
    columns = [field.name for field in fields(kind)]
    table = pd.DataFrame([[getattr(e, c) for c in columns] for e in entries], columns=columns)
    types = {c: "float64" if c in FLOATS else "Int64" if c == "n" else
             "bool" if c == "headline" else "str" for c in columns}
    return table.astype(types)
