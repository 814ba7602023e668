"""BG/NBD, MBG/NBD and their kin with regular timing, BG/CNBD-k and MBG/CNBD-k.

While a customer, a unit buys at gaps that are sums of k exponential stages of its own rate; k = 1
is purely random, larger k more regular. After each purchase it may leave for good; in the
"modified" (MBG) models already after the first.
Sources: Fader, Hardie & Lee (2005), Marketing Science 24:275-284 (BG/NBD); Batislam, Denizel &
Filiztekin (2007), Int. J. Research in Marketing 24:201-209 (MBG/NBD); Platzer & Reutterer (2016),
Marketing Science 35:779-799 and Reutterer, Platzer & Schröder (2021), Int. J. Research in
Marketing 38:194-215 (regular timing).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import special

from kamlib.models.discount import discounted_growth
from kamlib.models.draws import draw_events, draw_survived
from kamlib.models.histories import Counts, Floats, Histories, read_histories, sum_products
from kamlib.models.lifetime import discounted_purchases
from kamlib.models.stages import Ahead, expected_purchases, stage_probability


@dataclass(frozen=True)
class RegularBuying:
    """A model of the family: k stages a gap; ``can_leave_at_once``: after the first purchase.

    Parameters: r and alpha, shape and rate of the gamma distribution of stage rates; a and b of
    the beta distribution of leaving after a purchase.
    """

    k: int = 1
    can_leave_at_once: bool = False
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

    @property
    def name(self) -> str:
        """The name the literature gives it.

        >>> RegularBuying().name, RegularBuying(k=3, can_leave_at_once=True).name
        ('BG/NBD', 'MBG/CNBD-3')
        """
        timing = "NBD" if self.k == 1 else f"CNBD-{self.k}"
        return f"{'MBG' if self.can_leave_at_once else 'BG'}/{timing}"

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Histories:
        """Read the histories that the model is fitted to."""
        return read_histories(summary, time_unit_days=time_unit_days)

    def starts(self, histories: Histories) -> list[Floats]:
        """Starting points of the search, as log parameters."""
        time = float(np.average(histories.to_now, weights=histories.weight)) or 1.0
        base = np.log([0.5, 0.4 * time / self.k, 0.8, 2.0])
        return [base, base + np.log([4.0, 4.0, 0.5, 2.0]), base + np.log([0.5, 0.25, 0.5, 0.5])]

    def log_likelihood(self, theta: Floats, histories: Histories) -> tuple[float, Floats]:
        """Log-likelihood at log parameters and its gradient by them, without the gaps' share.

        What depends on the gaps alone, (k - 1) sum(log gap) - n_repeats log((k-1)!), has no
        parameter in it; `log_gap_share` gives it.
        """
        by_level = self._level_part(np.exp(theta), histories)
        by_row = [self._row_part(np.exp(theta), part) for part in histories.chunks()]
        value, *gradient = by_level + np.sum(by_row, axis=0)
        return float(value), np.array(gradient) * np.exp(theta)

    def log_gap_share(self, histories: Histories, log_gaps: float) -> float:
        """The share of the log-likelihood that the gaps contribute, whatever the parameters."""
        n_gaps = float(sum_products(histories.n_repeats, histories.weight))
        return (self.k - 1) * log_gaps - n_gaps * float(special.gammaln(self.k))

    def probability_alive(self, values: Floats, histories: Histories) -> Floats:
        """Probability that a unit has not left by the end of observation."""
        r, alpha, a, b = values
        u, _, _, _ = _odds(self._shape(r, histories), alpha, self._log_left(a, b, histories),
                           histories, self.k)
        alive: Floats = special.expit(-u)
        return alive

    def expected(self, values: Floats, times: Floats) -> Floats:
        """Expected orders of newcomers within times, each > 0; the first purchase is not one."""
        r, alpha, a, b = values
        m = float(self.can_leave_at_once)
        stay = b / (a + b) if self.can_leave_at_once else 1.0
        ahead = Ahead(np.full(len(times), r), times / (alpha + times), float(a),
                      np.full(len(times), b + m))
        return stay * expected_purchases(ahead, first=self.k, k=self.k)

    def conditional(self, values: Floats, histories: Histories, time: float) -> Floats:
        """Expected orders in the time to come; exact."""
        _, alpha, a, b = values
        odds = time / (alpha + histories.to_now + time)
        later = b + histories.n_repeats + float(self.can_leave_at_once)

        def after(passed: int, shape: Floats) -> Floats:
            ahead = Ahead(shape, odds, float(a), later)
            return expected_purchases(ahead, first=self.k - passed, k=self.k)

        return self._mix_stages(values, histories, after)

    def discounted(self, values: Floats, histories: Histories, discount: float,
                   horizon: float) -> Floats:
        """Discounted expected residual transactions; discount is a continuous rate.

        By quadrature over the rate for all the future, over the time to come up to a horizon.
        """
        r, alpha, a, b = values
        if math.isfinite(horizon):
            return discounted_growth(lambda time: self.conditional(values, histories, time),
                                     discount=discount, horizon=horizon, scale=float(alpha))

        def after(passed: int, shape: Floats) -> Floats:
            return discounted_purchases(
                r + self.k * histories.levels + passed, histories.level,
                alpha + histories.to_now, a=float(a), k=self.k, first=self.k - passed,
                b=b + histories.levels + float(self.can_leave_at_once), discount=discount)

        return self._mix_stages(values, histories, after)

    def _mix_stages(self, values: Floats, histories: Histories,
                    after: Callable[[int, Floats], Floats]) -> Floats:
        """Average what is expected after 0 to k - 1 stages that passed since the last purchase.

        Given the stages, the rate is gamma distributed with their number added to its shape, and
        independent of dropping out.
        """
        shape, total = self._shape(values[0], histories), np.zeros(len(histories))
        weights = np.zeros(len(histories))
        for passed, weight in enumerate(self._weigh_stages(values, histories)):
            total += weight * after(passed, shape + passed)
            weights += weight
        return self.probability_alive(values, histories) * total / weights

    def _weigh_stages(self, values: Floats, histories: Histories) -> Iterator[Floats]:
        """Weigh the numbers of stages, 0 to k - 1, that passed since the last purchase."""
        r, alpha, _, _ = values
        shape = self._shape(r, histories)
        open_share = (histories.to_now - histories.to_last) / (alpha + histories.to_now)
        weight = np.ones(len(shape))
        for passed in range(self.k):
            yield weight
            weight = weight * (shape + passed) * open_share / (passed + 1)

    def count_ahead(self, values: Floats, histories: Histories, n: Floats, time: float) -> Floats:
        """Probability of exactly n orders in the time to come; exact, a sum of positive terms.

        Either the stages passed end between the n-th purchase and the next, or they go beyond and
        the unit left at the n-th.
        """
        _, alpha, a, b = values
        odds = time / (alpha + histories.to_now + time)
        later = b + histories.n_repeats + float(self.can_leave_at_once)
        before = np.maximum(n - 1, 0)
        stays = np.exp(special.betaln(a, later + before) - special.betaln(a, later))
        leaves = np.where(n > 0, a / (a + later + before), 0.0)

        def after(passed: int, shape: Floats) -> Floats:
            first = self.k * n - passed
            between = sum(stage_probability(first + i, shape, odds) for i in range(self.k))
            beyond = special.betainc(first + self.k, shape, odds)
            result: Floats = np.where(n > 0, stays, 1.0) * (between + leaves * beyond)
            return result

        left = 1 - self.probability_alive(values, histories)
        return self._mix_stages(values, histories, after) + np.where(n == 0, left, 0.0)

    def draw_ahead(self, values: Floats, histories: Histories, times: Floats, n_draws: int,
                   rng: np.random.Generator) -> Counts:
        """Draw orders to come: draw x history x time, cumulative over the rising times."""
        r, alpha, a, b = values
        size = (n_draws, len(histories))
        passed = np.zeros(size, dtype=np.int64)
        if self.k > 1:
            sums = np.cumsum(list(self._weigh_stages(values, histories)), axis=0)
            chosen = rng.random(size) * sums[-1]
            passed = (chosen >= sums[:-1, None, :]).sum(axis=0)
        rate = rng.standard_gamma(self._shape(r, histories) + passed) / (alpha + histories.to_now)
        later = b + histories.n_repeats + float(self.can_leave_at_once)
        most = 1 + draw_survived(rng.beta(a, later, size=size), rng)
        alive = rng.random(size) < self.probability_alive(values, histories)
        stages = draw_events(rate, times, rng) + passed[..., None]
        bought: Counts = np.minimum(stages // self.k, np.where(alive, most, 0.0)[..., None]
                                    ).astype(np.int32)
        return bought

    def count_probability(self, values: Floats, n: Floats, time: float) -> Floats:
        """Probability that a newcomer places exactly n orders (n >= 0) within a time."""
        return self._at_least(values, n, time) - self._at_least(values, n + 1, time)

    def _at_least(self, values: Floats, n: Floats, time: float) -> Floats:
        r, alpha, a, b = values
        stays = np.maximum(n - 1 + self.can_leave_at_once, 0)
        log_stay = special.betaln(a, b + stays) - special.betaln(a, b)
        reached = special.betainc(self.k * np.maximum(n, 1), r, time / (alpha + time))
        return np.where(n >= 1, np.exp(log_stay) * reached, 1.0)

    def _shape(self, r: float, histories: Histories) -> Floats:
        return r + self.k * histories.n_repeats

    def _log_left(self, a: float, b: float, histories: Histories) -> Floats:
        """Log of a / (b + n_repeats - 1 (+ 1)): of leaving after the last purchase, by level."""
        before = b + histories.levels - 1 + float(self.can_leave_at_once)
        could = (histories.levels > 0) | self.can_leave_at_once
        by_level = np.where(could, np.log(a) - np.log(np.where(could, before, 1.0)), -np.inf)
        spread: Floats = by_level[histories.level]
        return spread

    def _level_part(self, values: Floats, histories: Histories) -> Floats:
        """Log-likelihood and gradient of what hangs on the number of repeats alone."""
        r, alpha, a, b = values
        weight, levels = histories.level_weight, histories.levels
        n, shape = weight.sum(), r + self.k * levels
        stay = b + levels + float(self.can_leave_at_once)
        psi_all = special.psi(a + b) - special.psi(a + stay)
        value = weight @ (special.gammaln(shape) - special.gammaln(r) + r * np.log(alpha)
                          + special.gammaln(stay) - special.gammaln(b)
                          + special.gammaln(a + b) - special.gammaln(a + stay))
        return np.array([
            value,
            weight @ (special.psi(shape) - special.psi(r)) + n * np.log(alpha),
            n * r / alpha,
            weight @ psi_all,
            weight @ (special.psi(stay) - special.psi(b) + psi_all)])

    def _row_part(self, values: Floats, part: Histories) -> Floats:
        """Log-likelihood and gradient of what hangs on times, over some histories."""
        r, alpha, a, b = values
        shape, log_left = self._shape(r, part), self._log_left(a, b, part)
        u, log_now, log_ratio, opened = _odds(shape, alpha, log_left, part, self.k)
        small = np.exp(-np.abs(u))
        left = np.where(u >= 0, 1.0, small) / (1 + small)
        value = part.weight @ (opened.log_sum - shape * log_now + np.maximum(u, 0)
                               + np.log1p(small))
        now, last = 1 / (alpha + part.to_now), 1 / (alpha + part.to_last)
        weighted_left = part.weight * left
        weighted_open = part.weight - weighted_left
        before = b + part.levels - 1 + float(self.can_leave_at_once)
        return np.array([
            value,
            weighted_left @ log_ratio - part.weight @ log_now + weighted_open @ opened.by_shape,
            -weighted_left @ (shape * last) - weighted_open @ (now * (shape + opened.mean_passed)),
            weighted_left.sum() / a,
            -weighted_left @ (1 / np.where(before > 0, before, np.inf))[part.level]])


@dataclass(frozen=True)
class _Open:
    """Stages since the last purchase: log of the sum of their weights, its slope, their mean."""

    log_sum: Floats
    by_shape: Floats
    mean_passed: Floats


def _odds(shape: Floats, alpha: float, log_left: Floats, histories: Histories, k: int
          ) -> tuple[Floats, Floats, Floats, _Open]:
    """Log odds of having left; log(alpha + now); log of (alpha + now) / (alpha + last); stages."""
    log_now = np.log(alpha + histories.to_now)
    log_ratio = log_now - np.log(alpha + histories.to_last)
    opened = _open_stages(shape, alpha, histories, k)
    return log_left + shape * log_ratio - opened.log_sum, log_now, log_ratio, opened


def _open_stages(shape: Floats, alpha: float, histories: Histories, k: int) -> _Open:
    nothing = np.zeros(1)
    if k == 1:
        return _Open(nothing, np.zeros(len(shape)), nothing)
    share = (histories.to_now - histories.to_last) / (alpha + histories.to_now)
    term, slope = np.ones(len(shape)), np.zeros(len(shape))
    total, slopes, passed = term.copy(), slope.copy(), slope.copy()
    for j in range(1, k):
        step = share / j
        slope = (slope * (shape + j - 1) + term) * step
        term = term * (shape + j - 1) * step
        total += term
        slopes += slope
        passed += j * term
    return _Open(np.log(total), slopes / total, passed / total)
