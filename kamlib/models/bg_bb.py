"""BG/BB: buying or not at each of a row of opportunities, such as yearly events or seasons.

Source: Fader, Hardie & Shang (2010), Marketing Science 29:1086-1108.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import special

from kamlib.errors import InputError
from kamlib.models.discount import FAR
from kamlib.models.draws import draw_survived
from kamlib.models.fitting import MIN_REPEATERS, MIN_UNITS, fit_model
from kamlib.models.histories import (
    Counted,
    Counts,
    Floats,
    Integers,
    check_columns,
    read_numbers,
    sum_products,
)
from kamlib.models.result import FittedModel

COLUMNS = ("n_repeat_periods", "last_period", "n_periods")


@dataclass(frozen=True)
class Opportunities(Counted):
    """Distinct histories: parallel arrays, one element a history, sorted.

    n_repeats: opportunities that were used; last: number of the last one used, 0 without;
    n_periods: opportunities there were; place: history of every row of the table that was read.
    """

    n_repeats: Floats
    last: Floats
    n_periods: Floats
    weight: Floats
    place: Integers

    def __len__(self) -> int:
        return len(self.n_repeats)

    def by_row(self) -> Opportunities:
        """Undo the grouping: one history a row of the table, in its order."""
        return Opportunities(self.n_repeats[self.place], self.last[self.place],
                             self.n_periods[self.place], np.ones(len(self.place)),
                             np.arange(len(self.place)))

    def spread(self, values: Floats) -> Floats:
        """Give every row of the table the value of its history."""
        return values[self.place]


@dataclass(frozen=True)
class BetaBernoulli:
    """Parameters: alpha, beta of the distribution of buying; gamma, delta of leaving."""

    parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    name: ClassVar[str] = "BG/BB"

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Opportunities:
        """Read distinct histories; a column ``n_alike`` tells how many units share a row."""
        check_columns(summary, COLUMNS)
        columns = [read_numbers(summary, name) for name in COLUMNS]
        x, last, n = columns
        right = (x >= 0) & (x <= last) & (last <= n) & ((x > 0) == (last > 0))
        if not right.all():
            raise InputError("A history has 0 <= n_repeat_periods <= last_period <= n_periods, "
                             "and last_period is 0 just when n_repeat_periods is, but "
                             f"{int((~right).sum())} of {len(right)} rows break this. "
                             "Number the opportunities after the first purchase from 1.")
        units = read_numbers(summary, "n_alike") if "n_alike" in summary.columns \
            else np.ones(len(summary))
        rows, place = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
        weight = np.bincount(place, weights=units, minlength=len(rows)).astype(np.float64)
        return Opportunities(rows[:, 0], rows[:, 1], rows[:, 2], weight, place.astype(np.int64))

    def starts(self, data: Opportunities) -> list[Floats]:
        """Starting points of the search, as log parameters."""
        return [np.log([1.0, 1.0, 1.0, 3.0]), np.log([0.5, 1.5, 0.5, 1.0]),
                np.log([3.0, 3.0, 0.5, 10.0])]

    def log_likelihood(self, theta: Floats, data: Opportunities) -> tuple[float, Floats]:
        """Log-likelihood at log parameters and its gradient by them."""
        alpha, beta, gamma, delta = values = np.exp(theta)
        terms, (bought, passed, left, stayed) = self._terms(values, data)
        each = special.logsumexp(terms, axis=1)
        share = np.exp(terms - each[:, None]) * data.weight[:, None]
        psi_buy = special.psi(alpha + beta) - special.psi(bought + passed)
        psi_leave = special.psi(gamma + delta) - special.psi(left + stayed)
        gradient = np.array([
            (share * (special.psi(bought) - special.psi(alpha) + psi_buy)).sum(),
            (share * (special.psi(passed) - special.psi(beta) + psi_buy)).sum(),
            (share * (special.psi(left) - special.psi(gamma) + psi_leave)).sum(),
            (share * (special.psi(stayed) - special.psi(delta) + psi_leave)).sum()])
        return float(data.weight @ each), gradient * values

    def log_gap_share(self, data: Opportunities, log_gaps: float) -> float:
        """Gaps play no part."""
        return 0.0

    def each_log_likelihood(self, values: Floats, data: Opportunities) -> Floats:
        """Log-likelihood of each history."""
        each: Floats = special.logsumexp(self._terms(values, data)[0], axis=1)
        return each

    def expected(self, values: Floats, times: Floats) -> Floats:
        """Expected uses of a newcomer's first opportunities; times are whole numbers."""
        alpha, beta, gamma, delta = values
        stays = np.cumsum(_stay(gamma, delta, np.arange(1, _whole(times.max()) + 1)))
        return np.asarray([alpha / (alpha + beta) * stays[_whole(t) - 1] for t in times])

    def conditional(self, values: Floats, histories: Opportunities, time: float) -> Floats:
        """Expected uses of the opportunities to come, a whole number of them."""
        steps = np.arange(1, _whole(time) + 1)
        return self._sum_ahead(values, histories, steps, np.ones(len(steps)))

    def discounted(self, values: Floats, histories: Opportunities, discount: float,
                   horizon: float) -> Floats:
        """Discounted expected uses of opportunities; the next is one unit of time away."""
        steps = np.arange(1, _whole(min(horizon, math.ceil(FAR / discount))) + 1)
        return self._sum_ahead(values, histories, steps, np.exp(-discount * steps))

    def probability_alive(self, values: Floats, histories: Opportunities) -> Floats:
        """Probability that a unit is there at the next opportunity."""
        return self._stay_ahead(values, histories, np.ones(1))[:, 0]

    def count_ahead(self, values: Floats, histories: Opportunities, n: Floats, time: float
                    ) -> Floats:
        """Probability of exactly n uses of the opportunities to come, a whole number of them."""
        alpha, beta, gamma, delta = values
        steps = np.arange(_whole(time) + 1)
        there = self._stay_ahead(values, histories, steps.astype(np.float64))
        # Used the last opportunity that it was there for, and left at the next.
        ends = there * gamma / (gamma + delta + histories.n_periods[:, None] + steps)
        ends[:, -1] = there[:, -1]
        bought = (alpha + histories.n_repeats)[:, None]
        passed = (beta + histories.n_periods - histories.n_repeats)[:, None]
        rest = np.maximum(steps - n[:, None], 0)
        used = np.exp(special.betaln(bought + n[:, None], passed + rest)
                      - special.betaln(bought, passed)) * special.binom(steps, n[:, None])
        used = np.where(steps >= n[:, None], used, 0.0)
        result: Floats = (used * ends).sum(axis=1) + np.where(n == 0, 1 - there[:, 0], 0.0)
        return result

    def draw_ahead(self, values: Floats, histories: Opportunities, times: Floats, n_draws: int,
                   rng: np.random.Generator) -> Counts:
        """Draw uses of opportunities to come: draw x history x time, cumulative."""
        alpha, beta, gamma, delta = values
        whole = np.array([_whole(time) for time in times])
        x, n, size = histories.n_repeats, histories.n_periods, (n_draws, len(histories))
        there = self._stay_ahead(values, histories, np.zeros(1))[:, 0]
        buys = rng.beta(alpha + x, beta + n - x, size=size)
        stays = draw_survived(rng.beta(gamma, delta + n, size=size), rng)
        stays = np.where(rng.random(size) < there, stays, 0.0)
        met = np.minimum(stays[..., None], whole).astype(np.int64)
        used = rng.binomial(np.diff(met, axis=-1, prepend=0), buys[..., None])
        return used.cumsum(axis=-1).astype(np.int32)

    def count_probability(self, values: Floats, n: Floats, n_periods: int) -> Floats:
        """Probability that a newcomer uses exactly n of its first n_periods opportunities."""
        alpha, beta, gamma, delta = values
        periods = np.arange(n_periods + 1)
        stay = _stay(gamma, delta, np.append(periods, n_periods + 1))
        # The last period that a unit was there for, and the end of observation.
        ends = np.append(stay[:n_periods] - stay[1:n_periods + 1], stay[n_periods])
        m = periods[None, :]
        used = np.exp(special.betaln(alpha + n[:, None], beta + np.maximum(m - n[:, None], 0))
                      - special.betaln(alpha, beta)) * special.binom(m, n[:, None])
        return sum_products(np.where(m >= n[:, None], used, 0.0), ends)

    def _terms(self, values: Floats, data: Opportunities
               ) -> tuple[Floats, tuple[Floats, Floats, Floats, Floats]]:
        """Logs of the terms of the likelihood, one a period after which the unit may have left.

        The column i < n is of a unit that left after period i, the last one of one that stayed.
        """
        alpha, beta, gamma, delta = values
        n = data.n_periods[:, None]
        end = np.arange(int(n.max(initial=0)) + 1)[None, :]
        possible = (end >= data.last[:, None]) & (end <= n)
        end = np.clip(end, data.last[:, None], n)
        bought = alpha + data.n_repeats[:, None] + 0 * end
        passed = beta + end - data.n_repeats[:, None]
        left, stayed = gamma + (end < n), delta + end
        terms = special.betaln(bought, passed) - special.betaln(alpha, beta) \
            + special.betaln(left, stayed) - special.betaln(gamma, delta)
        return np.where(possible, terms, -np.inf), (bought, passed, left, stayed)

    def _stay_ahead(self, values: Floats, data: Opportunities, steps: Floats) -> Floats:
        """Probability to be there so many opportunities ahead, one row a history."""
        alpha, beta, gamma, delta = values
        x, n = data.n_repeats, data.n_periods
        log_used = special.betaln(alpha + x, beta + n - x) - special.betaln(alpha, beta)
        log_there = special.betaln(gamma, delta + n[:, None] + steps) \
            - special.betaln(gamma, delta)
        each = self.each_log_likelihood(values, data)
        result: Floats = np.exp(log_there + (log_used - each)[:, None])
        return result

    def _sum_ahead(self, values: Floats, data: Opportunities, steps: Integers,
                   factors: Floats) -> Floats:
        alpha, beta, _, _ = values
        buys = (alpha + data.n_repeats) / (alpha + beta + data.n_periods)
        stays = self._stay_ahead(values, data, steps.astype(np.float64))
        result: Floats = buys * sum_products(stays, factors)
        return result


def fit_bg_bb(summary: pd.DataFrame, *, time_unit_days: float = 365.25,
              min_units: int = MIN_UNITS, min_repeaters: int = MIN_REPEATERS) -> FittedModel:
    """Fit which of a row of opportunities units use, and when they leave.

    summary: one row a unit, or a group of ``n_alike`` alike: ``n_repeat_periods`` (opportunities
    used after the first purchase), ``last_period`` (number of the last one used, 0 without) and
    ``n_periods`` (opportunities there were). time_unit_days: days from one to the next. Horizons
    of the result count opportunities. Returns a fitted model with alpha, beta, gamma, delta.
    """
    return fit_model(BetaBernoulli(), summary, time_unit_days=time_unit_days,
                     min_units=min_units, min_repeaters=min_repeaters)


def _stay(gamma: float, delta: float, n: Floats | Integers) -> Floats:
    """Probability not to have left before opportunity n."""
    result: Floats = np.exp(special.betaln(gamma, delta + n) - special.betaln(gamma, delta))
    return result


def _whole(time: float) -> int:
    if time != round(time):
        raise InputError(f"Opportunities to come are counted, so {time} cannot be. "
                         "Give a whole number.")
    return round(time)
