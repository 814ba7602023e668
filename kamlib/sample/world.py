"""The calendar and the random streams of the sample company, and what is true of its accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.sample.parameters import Parameters

Array = npt.NDArray[Any]

FIRST_DAY = np.datetime64("2022-01-01", "D")
LAST_DAY = np.datetime64("2025-12-31", "D")
N_DAYS = int((LAST_DAY - FIRST_DAY).astype(int)) + 1
N_MONTHS = 48
YEAR_DAYS = 365.25
MONTHS = np.arange("2022-01", "2026-02", dtype="datetime64[M]")
# Day number of the first day of each month, and of the day after the last one.
MONTH_DAYS: Array = (MONTHS.astype("datetime64[D]") - FIRST_DAY).astype(int)


@dataclass(frozen=True)
class World:
    """What the simulation knows and no table tells.

    ``accounts``: one row an account, with its segment, rate, start and drop-out (``start_day``
    and ``dropout_day`` count from 2022-01-01; never dropping out is a day past the end).
    ``satisfaction``: accounts x half-years. ``products``: one row a product.
    """

    seed: int
    parameters: Parameters
    accounts: pd.DataFrame
    satisfaction: Array
    products: pd.DataFrame

    @property
    def buyers(self) -> pd.DataFrame:
        """The accounts that buy, at their place in ``accounts``."""
        return self.accounts[self.accounts["kind"] == "buyer"]

    def satisfaction_at(self, places: Any, days: Any) -> Array:
        """The satisfaction of the accounts at ``places`` on ``days``."""
        scores: Array = self.satisfaction[np.asarray(places), half_of(days)]
        return scores

    def stream(self, name: str) -> np.random.Generator:
        """The random numbers of one table; adding a table does not shift the others."""
        return open_stream(self.seed, name)


def open_stream(seed: int, name: str) -> np.random.Generator:
    """A generator that depends on the seed and the name alone.

    >>> int(open_stream(7, "orders").integers(100)) == int(open_stream(7, "orders").integers(100))
    True
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(crc32(name.encode()),))
    return np.random.Generator(np.random.PCG64(sequence))


def to_date(days: Any) -> Array:
    """Day numbers as dates; a missing number stays missing."""
    numbers = np.asarray(days, dtype=float)
    known = np.isfinite(numbers)
    whole = np.where(known, numbers, 0).astype("timedelta64[D]")
    dates: Array = np.where(known, FIRST_DAY + whole, np.datetime64("NaT", "D"))
    return dates


def day_of(text: str) -> int:
    """The day number of a date.

    >>> day_of("2022-02-01")
    31
    """
    return int((np.datetime64(text, "D") - FIRST_DAY).astype(int))


def half_of(days: Any) -> Array:
    """The half-year (0 to 7) in which each day lies."""
    months = np.searchsorted(MONTH_DAYS, np.asarray(days), side="right") - 1
    halves: Array = np.clip(months // 6, 0, 7)
    return halves


def to_weekday(days: Any) -> Array:
    """Saturdays move to Friday and Sundays to Monday: nobody orders on a week-end."""
    whole = np.floor(np.asarray(days, dtype=float)).astype(int)
    weekday = (whole + 5) % 7  # 2022-01-01 was a Saturday
    moved = whole + np.where(weekday == 5, -1, np.where(weekday == 6, 1, 0))
    shifted: Array = np.where((moved < 0) | (moved >= N_DAYS), whole, moved)
    return shifted


def keep_where(condition: Any, values: Any) -> Array:
    """The values where the condition holds, nothing elsewhere; for text.

    >>> keep_where([True, False], ["a", "b"]).tolist()
    ['a', None]
    """
    kept = np.array(values, dtype=object, copy=True)
    kept[~np.asarray(condition, dtype=bool)] = None
    return kept


def number_ids(prefix: str, n: int, width: int = 5) -> list[str]:
    """Ids in a row.

    >>> number_ids("C", 2, 3)
    ['C001', 'C002']
    """
    return [f"{prefix}{i + 1:0{width}d}" for i in range(n)]


def choose(rng: np.random.Generator, options: dict[str, float], n: int) -> Array:
    """``n`` draws from named options with the given weights."""
    weights = np.array(list(options.values()), dtype=float)
    return rng.choice(np.array(list(options), dtype=object), size=n, p=weights / weights.sum())
