"""Purchase histories as the models read them: distinct rows with weights, in model time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# Orders that were drawn: many, each of them small.
Counts = NDArray[np.int32]

COLUMNS = ("n_repeat_days", "first_to_last_days", "first_to_as_of_days")
WEEK_DAYS = 7.0
# Rows that are worked on at once: few enough to stay in the processor's cache, and to be added up
# by one core (OpenBLAS shares out dot products above 10,000, which is slow when cores are busy).
CHUNK = 8192


class Counted:
    """Distinct histories, each standing for as many units as its weight says."""

    n_repeats: Floats
    weight: Floats

    @property
    def n(self) -> int:
        """Units with a history."""
        return int(self.weight.sum())

    @property
    def n_repeaters(self) -> int:
        """Units that bought, or used an opportunity, again."""
        return int(self.weight[self.n_repeats > 0].sum())


@dataclass(frozen=True)
class Histories(Counted):
    """Distinct histories: parallel arrays, one element a history, sorted.

    n_repeats: repeat purchase days; to_last, to_now: time from the first purchase to the last
    and to the end of observation; weight: units that share the history; level: place of n_repeats
    in ``levels``, its distinct values. ``place`` has one element a row of the table that was read:
    the place of its history, -1 where the unit has none.
    """

    n_repeats: Floats
    to_last: Floats
    to_now: Floats
    weight: Floats
    levels: Floats
    level: Integers
    place: Integers

    @cached_property
    def level_weight(self) -> Floats:
        """Units at each of the levels."""
        sums = np.bincount(self.level, weights=self.weight, minlength=len(self.levels))
        return sums.astype(np.float64)

    def __len__(self) -> int:
        return len(self.n_repeats)

    def cut(self, part: slice) -> Histories:
        """Return some of the distinct histories; ``place`` is empty then."""
        return replace(self, n_repeats=self.n_repeats[part], to_last=self.to_last[part],
                       to_now=self.to_now[part], weight=self.weight[part],
                       level=self.level[part], place=np.empty(0, dtype=np.int64))

    def chunks(self, size: int = CHUNK) -> Iterator[Histories]:
        """Walk through the distinct histories in parts."""
        if len(self) <= size:
            yield self
            return
        for start in range(0, len(self), size):
            yield self.cut(slice(start, start + size))

    def by_row(self) -> Histories:
        """Undo the grouping: one history a row of the table that has one, in its order."""
        known = self.place >= 0
        chosen = self.place[known]
        return replace(self, n_repeats=self.n_repeats[chosen], to_last=self.to_last[chosen],
                       to_now=self.to_now[chosen], weight=np.ones(len(chosen)),
                       level=self.level[chosen],
                       place=np.where(known, np.cumsum(known) - 1, -1))

    def spread(self, values: Floats) -> Floats:
        """Give every row of the table the value of its history, NaN without one."""
        return np.append(values, np.nan)[self.place]


def read_histories(summary: pd.DataFrame, *, time_unit_days: float = WEEK_DAYS) -> Histories:
    """Read distinct histories off a summary and bring its days into model time.

    summary: one row a unit: ``n_repeat_days`` (purchase days after the first),
    ``first_to_last_days`` and ``first_to_as_of_days``. A unit without a purchase
    (``first_to_as_of_days`` is NA) has no history.

    >>> two = pd.DataFrame({"n_repeat_days": [2, 2], "first_to_last_days": [14, 14],
    ...                     "first_to_as_of_days": [70, 70]})
    >>> read_histories(two).to_now, read_histories(two).weight
    (array([10.]), array([2.]))
    """
    check_columns(summary, COLUMNS)
    if not time_unit_days > 0:
        raise InputError(f"A unit of time has more than 0 days, not {time_unit_days}. "
                         "Give time_unit_days=7 for weeks.")
    repeats, to_last, to_now = (read_numbers(summary, name) for name in COLUMNS)
    known = ~np.isnan(to_now)
    parts = [values[known] for values in (repeats, to_last, to_now)]
    _check(summary, known, *parts)
    (repeats, to_last, to_now), counts, inverse = _distinct(parts)
    place = np.full(len(summary), -1, dtype=np.int64)
    place[known] = inverse
    levels, level = np.unique(repeats, return_inverse=True)
    return Histories(repeats, to_last / time_unit_days, to_now / time_unit_days,
                     counts.astype(np.float64), levels, level.astype(np.int64), place)


def read_log_gaps(summary: pd.DataFrame, *, time_unit_days: float = WEEK_DAYS) -> float:
    """Sum the logs of all gaps between purchases, the gaps brought into model time.

    summary: one row a unit: ``log_gap_sum`` (sum of the logs of its gaps in days; NA counts as 0
    where there is no gap) and ``n_repeat_days`` (number of gaps).

    >>> read_log_gaps(pd.DataFrame({"n_repeat_days": [1, 0],
    ...                             "log_gap_sum": [np.log(7), np.nan]}))
    0.0
    """
    check_columns(summary, ("n_repeat_days", "log_gap_sum"))
    repeats = np.nan_to_num(read_numbers(summary, "n_repeat_days"))
    logs = read_numbers(summary, "log_gap_sum")
    lacking = int((np.isnan(logs) & (repeats > 0)).sum())
    if lacking:
        raise InputError(f"A unit that bought again has a log_gap_sum, but {lacking} of "
                         f"{len(summary)} have none. Compute it or fit a model with k = 1.")
    return float(np.nansum(logs) - repeats.sum() * np.log(time_unit_days))


def sum_products(values: Floats, weights: Floats) -> Floats:
    """Sum values times weights over the last axis, on one core whatever their number.

    >>> sum_products(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
    array([12., 34.])
    """
    result: Floats = np.einsum("...i,...i->...", values, weights)
    return result


def check_columns(summary: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Refuse a table that lacks columns."""
    missing = [name for name in names if name not in summary.columns]
    if missing:
        raise InputError(f"The summary needs the columns {', '.join(names)}, but lacks "
                         f"{', '.join(missing)}; it has {', '.join(map(str, summary.columns))}. "
                         "Add or rename them.")


def read_numbers(summary: pd.DataFrame, name: str) -> Floats:
    """Read a column as floats, gaps as NaN."""
    return summary[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _check(summary: pd.DataFrame, known: NDArray[np.bool_], repeats: Floats, to_last: Floats,
           to_now: Floats) -> None:
    finite = np.isfinite(repeats) & np.isfinite(to_last) & np.isfinite(to_now)
    right = finite & (repeats >= 0) & (to_last >= 0) & (to_last <= to_now) \
        & ((repeats > 0) == (to_last > 0))
    if not right.all():
        seen = summary[list(COLUMNS)][known][~right].head(5)
        raise InputError(
            "A history has n_repeat_days >= 0, 0 <= first_to_last_days <= first_to_as_of_days, "
            "and first_to_last_days is 0 just when n_repeat_days is, but "
            f"{int((~right).sum())} of {len(right)} rows break this, the first at "
            f"{', '.join(map(str, seen.index))}: {seen.to_numpy().tolist()}. "
            "Count distinct purchase days and measure from the first one.")


def _distinct(parts: list[Floats]) -> tuple[list[Floats], Integers, Integers]:
    """Find the distinct rows of three columns, how often each occurs, and where each row went."""
    spans = [int(p.max()) + 1 if len(p) else 1 for p in parts]
    if np.prod([float(s) for s in spans]) < 2**62 and all((p == np.rint(p)).all() for p in parts):
        # Whole days fit into one integer, which sorts faster than rows do.
        key = (parts[0].astype(np.int64) * spans[1] + parts[1].astype(np.int64)) * spans[2] \
            + parts[2].astype(np.int64)
        distinct, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
        rest, last = np.divmod(distinct, spans[2])
        rows = [column.astype(np.float64) for column in (*np.divmod(rest, spans[1]), last)]
        return rows, counts.astype(np.int64), inverse.astype(np.int64)
    order = np.lexsort(parts[::-1])
    rows = [column[order] for column in parts]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = np.any([column[1:] != column[:-1] for column in rows], axis=0)
    inverse = np.empty(len(order), dtype=np.int64)
    inverse[order] = np.cumsum(is_new) - 1
    counts = np.diff(np.append(np.flatnonzero(is_new), len(order)))
    return [column[is_new] for column in rows], counts.astype(np.int64), inverse
