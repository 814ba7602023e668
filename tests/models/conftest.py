"""CDNOW as the papers use it, single histories, and simulated customers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from kamlib.models.histories import Histories, read_histories
from kamlib.models.protocols import Model
from kamlib.models.result import FittedModel
from kamlib.models.summary import summarise_log

END = pd.Timestamp("1997-09-30")
Simulate = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def cdnow_days(real_data: Path) -> pd.DataFrame:
    """One row a purchase day of a customer of the 1/10 sample: purchases of one day are one."""
    log = pd.read_csv(real_data / "cdnow" / "CDNOW_sample.txt", sep=r"\s+", header=None,
                      names=["master", "id", "day", "n_cds", "amount"], dtype=str)
    log = log.assign(day=pd.to_datetime(log["day"], format="%Y%m%d"),
                     amount=log["amount"].astype(float))
    return log.groupby(["id", "day"], as_index=False)["amount"].sum()


@pytest.fixture(scope="session")
def cdnow(cdnow_days: pd.DataFrame) -> pd.DataFrame:
    """One row a customer of the 1/10 sample: calibration to END, purchase days after it."""
    days = cdnow_days
    before = days[days["day"] <= END]
    again = before[before["id"].duplicated()]
    table = summarise_log(before, as_of=END, unit="id", day="day")
    return table.assign(
        repeat_day_mean_amount=again.groupby("id")["amount"].mean().reindex(table.index),
        n_later=days[days["day"] > END].groupby("id").size().reindex(table.index, fill_value=0))


@pytest.fixture(scope="session")
def history() -> Callable[..., Histories]:
    """A function that makes histories of (n_repeats, to_last, to_now), in their own unit."""
    def make(*rows: tuple[float, float, float]) -> Histories:
        columns = ["n_repeat_days", "first_to_last_days", "first_to_as_of_days"]
        return read_histories(pd.DataFrame(list(rows), columns=columns), time_unit_days=1)
    return make


@pytest.fixture(scope="session")
def given_model() -> Callable[..., FittedModel]:
    """A function that makes a fitted model of given estimates, in weeks."""
    def make(model: Model, values: ArrayLike, **known: Any) -> FittedModel:
        table = pd.DataFrame({"parameter": list(model.parameters), "estimate": values})
        return FittedModel(model, table, 0.0, 100, 100, len(table), "fitted", "", True, "", **known)
    return make


@pytest.fixture(scope="session")
def simulate() -> Simulate:
    """A function that draws customers of (M)BG/CNBD-k; time in units, no rounding to days."""
    def draw(n: int, *, r: float, alpha: float, a: float, b: float, time: float, later: float = 0,
             k: int = 1, can_leave_at_once: bool = False, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        rate, leaves = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
        span = time * rng.uniform(0.6, 1, n)
        there = np.ones(n, dtype=bool) if not can_leave_at_once else rng.random(n) >= leaves
        now, last, logs = np.zeros(n), np.zeros(n), np.zeros(n)
        repeats, after = np.zeros(n), np.zeros(n)
        while there.any():
            rows = np.flatnonzero(there)
            gap = rng.gamma(k, 1 / rate[rows])
            now[rows] += gap
            inside = now[rows] <= span[rows]
            seen, out = rows[inside], rows[~inside]
            repeats[seen] += 1
            last[seen] = now[seen]
            logs[seen] += np.log(gap[inside])
            after[out] += now[out] <= span[out] + later
            there[rows] = (now[rows] <= span[rows] + later) & (
                rng.random(len(rows)) >= leaves[rows])
        return pd.DataFrame({"n_repeat_days": repeats, "first_to_last_days": last,
                             "first_to_as_of_days": span, "log_gap_sum": logs, "n_later": after})
    return draw
