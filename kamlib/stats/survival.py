"""How long something lasts when some have not ended yet and some were there before we looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from kamlib.errors import InputError, RefusedError

Floats = NDArray[np.float64]
CURVE_COLUMNS = ["time", "n_at_risk", "n_events", "survival_share", "survival_share_ci_low",
                 "survival_share_ci_high"]
HALF = 0.5


@dataclass(frozen=True, repr=False)
class SurvivalCurve:
    """A product-limit estimate; see `survival_curve`.

    table: one row a time at which something ended; n, n_events: how many were followed and ended;
    median with its interval, in units of time: NaN where the curve, or the end of its interval,
    does not reach one half.
    """

    table: pd.DataFrame
    n: int
    n_events: int
    median: float
    median_ci_low: float
    median_ci_high: float
    entries: Floats
    durations: Floats

    def __repr__(self) -> str:
        return f"SurvivalCurve({self.n_events} of {self.n} ended)"

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Read the curve off at any times: one row a time, the columns of `table`, n_events to it.

        Before the first end the share is 1 and has no interval.
        """
        asked = np.asarray(times, dtype="float64")
        place = np.searchsorted(self.table["time"].to_numpy("float64"), asked, side="right")
        start = pd.DataFrame({"time": [0.0], "n_events": [0], "survival_share": [1.0]})
        rows = pd.concat([start, self.table], ignore_index=True)
        rows["n_events"] = rows["n_events"].cumsum()
        found = rows.iloc[place].reset_index(drop=True)
        return found.assign(time=asked, n_at_risk=self.count_at_risk(asked))[CURVE_COLUMNS]

    def time_until(self, ended_share: float) -> tuple[float, float, float]:
        """First time by which this share has ended, with the interval that the curve's implies.

        NaN where the curve, or an end of its interval, does not fall that far; 0.5 is the median.
        Source: Brookmeyer & Crowley (1982), Biometrics 38:29-41, for any share.

        >>> survival_curve([1, 2, 3, 4, 5], [True] * 5).time_until(0.8)[0]
        4.0
        """
        times = self.table["time"].to_numpy("float64")
        found = [_first(times, self.table[f"survival_share{end}"].to_numpy("float64"),
                        1 - ended_share) for end in ("", "_ci_low", "_ci_high")]
        return found[0], found[1], found[2]

    def count_at_risk(self, times: ArrayLike) -> NDArray[np.int64]:
        """How many are followed at each time and had not ended before it."""
        asked = np.asarray(times, dtype="float64")[:, None]
        followed = (self.entries < asked) & (self.durations >= asked)
        return np.asarray(followed.sum(axis=1), dtype=np.int64)


def survival_curve(durations: ArrayLike, events: ArrayLike, *, entries: ArrayLike | None = None,
                   level: float = 0.95) -> SurvivalCurve:
    """Share that lasts beyond each time, after Kaplan & Meier, with pointwise intervals.

    durations: time from the beginning to the end, or to the day until which it is known to last;
    events: whether it ended; entries: time since the beginning from which it was watched (delayed
    entry), None when all were from the start: whoever was there before one looked had lasted
    already, and counts as at risk only from then on.
    The table has one row a time at which something ended, sorted: time, n_at_risk (watched just
    before), n_events, survival_share (0..1) with its interval (Greenwood's variance on the scale
    of log(-log): never outside 0..1; no upper end at 0). The median is the first time at which
    the share is one half or less; its interval holds the times at which that of the share holds
    one half.
    Refused when nobody is at risk or nothing ended.
    Source: Kaplan & Meier (1958), J. Am. Stat. Assoc. 53:457-481; Kalbfleisch & Prentice (2002),
    The Statistical Analysis of Failure Time Data, 1.4; Brookmeyer & Crowley (1982), Biometrics
    38:29-41.

    >>> curve = survival_curve([1, 2, 2, 3], [True, True, False, False])
    >>> curve.table[["time", "n_at_risk", "survival_share"]].round(2).values.tolist()
    [[1.0, 4.0, 0.75], [2.0, 3.0, 0.5]]
    """
    ends, ended = np.asarray(durations, dtype="float64"), np.asarray(events, dtype=bool)
    # Whoever was there from the beginning is at risk at time 0 too.
    begins = np.full(len(ends), -1.0) if entries is None else np.asarray(entries, "float64")
    if not len(ends) == len(ended) == len(begins):
        raise InputError(f"Every duration needs its event and its entry, but there are "
                         f"{len(ends)}, {len(ended)} and {len(begins)}. Give one of each.")
    if (begins >= ends).any():
        raise InputError(f"{int((begins >= ends).sum())} duration(s) end when they enter or before "
                         "and were never at risk. Leave these out, and say how many.")
    if not ended.any():
        raise RefusedError(f"Nothing has ended among {len(ends)} that were followed, so there is "
                           "no curve to estimate. A longer history would lift this.")
    fitted = SurvfuncRight(ends, ended.astype("int64"), entry=begins)
    # Once nobody is left the share stays 0, whoever enters later.
    share, n_at_risk = np.minimum.accumulate(fitted.surv_prob), fitted.n_risk
    low, high = _log_log(share, fitted.surv_prob_se, level)
    table = pd.DataFrame({
        "time": fitted.surv_times, "n_at_risk": n_at_risk.astype("int64"),
        "n_events": fitted.n_events.astype("int64"), "survival_share": share,
        "survival_share_ci_low": low, "survival_share_ci_high": high})
    times = table["time"].to_numpy("float64")
    return SurvivalCurve(table, len(ends), int(ended.sum()), _first(times, share),
                         _first(times, low), _first(times, high), begins, ends)


class GroupedQuantile(NamedTuple):
    """A quantile of a product-limit curve over rows that come in groups, and its interval."""

    value: float
    low: float
    high: float
    n: int
    n_groups: int


def grouped_quantile(days: ArrayLike, events: ArrayLike, groups: ArrayLike, *, seed: int,
                     ended_share: float = 0.5, n_resamples: int = 1000,
                     level: float = 0.95) -> GroupedQuantile:
    """First day by which this share has ended, with an interval over whole groups.

    days: whole days, below 0 too (an invoice paid before it was due); events: whether it ended
    then, or was only watched until then; groups: such as the account of each row, whose rows
    resemble one another. Groups are drawn anew, and the percentiles taken; NaN where the curve
    does not fall that far, and an end of the interval that so many draws do not reach is NaN too.
    Source: Kaplan & Meier (1958); cluster bootstrap: Field & Welsh (2007), J. R. Stat. Soc. B
    69:369-390.

    >>> grouped_quantile([-2, 0, 5, 9], [True] * 4, ["a", "a", "b", "c"], seed=1).value
    0.0
    """
    at, ended = np.asarray(days, dtype="int64"), np.asarray(events, dtype=bool)
    number, names = pd.factorize(np.asarray(groups, dtype="object"), sort=True)
    if not len(at):
        return GroupedQuantile(float("nan"), float("nan"), float("nan"), 0, 0)
    first, n_days = int(at.min()), int(np.ptp(at)) + 1
    counts = np.zeros((2, len(names), n_days))
    np.add.at(counts[0], (number, at - first), 1)
    np.add.at(counts[1], (number, at - first), ended)
    rng, n = np.random.default_rng(seed), len(names)
    drawn = np.array([np.bincount(rng.integers(0, n, n), minlength=n)
                      for _ in range(n_resamples)], dtype="float64")
    value = _quantiles(np.ones((1, n)), counts, ended_share)[0] + first
    if n < 2:
        return GroupedQuantile(float(value), float("nan"), float("nan"), len(at), n)
    # What a draw does not reach lies beyond every day.
    spread = np.nan_to_num(_quantiles(drawn, counts, ended_share), nan=np.inf)
    low, high = np.quantile(spread, [(1 - level) / 2, (1 + level) / 2], method="nearest") + first
    ends = [float(end) if np.isfinite(end) else float("nan") for end in (low, high)]
    return GroupedQuantile(float(value), ends[0], ends[1], len(at), n)


def _quantiles(weights: Floats, counts: Floats, ended_share: float) -> Floats:
    """One row a draw of groups: the place of the first day by which the share has ended."""
    here, ended = weights @ counts[0], weights @ counts[1]
    at_risk = here[:, ::-1].cumsum(axis=1)[:, ::-1]
    stays = 1 - np.divide(ended, at_risk, out=np.zeros_like(ended), where=at_risk > 0)
    reached = stays.cumprod(axis=1) <= 1 - ended_share + 1e-12
    return np.where(reached.any(axis=1), reached.argmax(axis=1).astype("float64"), np.nan)


def _log_log(share: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, HALF)
    width = stats.norm.ppf((1 + level) / 2) * np.where(inside, error, 0) / (safe * np.log(safe))
    low, high = safe ** np.exp(-width), safe ** np.exp(width)
    return np.where(inside, low, np.where(share <= 0, 0.0, np.nan)), np.where(inside, high, np.nan)


def _first(times: Floats, share: Floats, line: float = HALF) -> float:
    """Return the first time at which a share is the line or less, NaN where it never is."""
    reached = np.flatnonzero(share <= line + 1e-12)  # 0.5 made of products is not quite 0.5
    return float(times[reached[0]]) if len(reached) else float("nan")
