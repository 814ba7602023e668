"""Pareto/NBD: buying at random while a customer, leaving at any moment.

Source: Schmittlein, Morrison & Colombo (1987), Management Science 33:1-24; in the notation of
Fader, Hardie & Lee (2005), J. Marketing Research 42:415-430. Their likelihood is a difference of
two Gaussian hypergeometric functions; here the integral behind it is taken by quadrature, as all
its terms are positive, it never overflows, and its gradient falls off on the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from kamlib.models.discount import discounted_time
from kamlib.models.draws import draw_events
from kamlib.models.histories import Counts, Floats, Histories, read_histories
from kamlib.models.leaving import LeavingAhead, count_while_leaving

CHUNK = 1024
# Where the integrand has fallen by e^-FALL, the integral ends.
FALL = 36.0


class _Leaving(NamedTuple):
    """Log odds of having left, and the moments of leaving: one row a node, one column a history.

    share: probability of the moments, given that it has left; far_a, far_b: alpha and beta plus
    the moment, relative to alpha and beta plus the last purchase; log_a, log_b: their logs.
    """

    log_odds: Floats
    share: Floats
    log_a: Floats
    log_b: Floats
    far_a: Floats
    far_b: Floats


@dataclass(frozen=True)
class ParetoNBD:
    """Parameters: r, alpha of the gamma distribution of rates; s, beta of that of leaving."""

    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    name: ClassVar[str] = "Pareto/NBD"

    def read(self, summary: pd.DataFrame, *, time_unit_days: float) -> Histories:
        """Read the histories that the model is fitted to."""
        return read_histories(summary, time_unit_days=time_unit_days)

    def starts(self, histories: Histories) -> list[Floats]:
        """Starting points of the search, as log parameters."""
        time = float(np.average(histories.to_now, weights=histories.weight)) or 1.0
        base = np.log([0.7, 0.4 * time, 0.7, 0.4 * time])
        return [base, base + np.log([2.0, 2.0, 0.5, 1.0]), base + np.log([1.0, 1.0, 2.0, 8.0])]

    def log_likelihood(self, theta: Floats, histories: Histories) -> tuple[float, Floats]:
        """Log-likelihood at log parameters and its gradient by them."""
        values = np.exp(theta)
        r, alpha, s, beta = values
        weight, shape = histories.level_weight, r + histories.levels
        n = weight.sum()
        by_level = np.array([
            weight @ (special.gammaln(shape) - special.gammaln(r))
            + n * (r * np.log(alpha) + s * np.log(beta)),
            weight @ (special.psi(shape) - special.psi(r)) + n * np.log(alpha),
            n * r / alpha, n * np.log(beta), n * s / beta])
        by_row = [_row_part(values, part) for part in histories.chunks(CHUNK)]
        value, *gradient = by_level + np.sum(by_row, axis=0)
        return float(value), np.array(gradient) * values

    def log_gap_share(self, histories: Histories, log_gaps: float) -> float:
        """The gaps add nothing: buying is purely random."""
        return 0.0

    def probability_alive(self, values: Floats, histories: Histories) -> Floats:
        """Probability that a unit has not left by the end of observation."""
        odds = [_integrate(values, part).log_odds for part in histories.chunks(CHUNK)]
        alive: Floats = special.expit(-np.concatenate([np.empty(0), *odds]))
        return alive

    def expected(self, values: Floats, times: Floats) -> Floats:
        """Expected orders of newcomers within times; the first purchase is not one."""
        r, alpha, s, beta = values
        result: Floats = r / alpha * _life(s, beta, times)
        return result

    def conditional(self, values: Floats, histories: Histories, time: float) -> Floats:
        """Expected orders in the time to come."""
        r, alpha, s, beta = values
        rate = (r + histories.n_repeats) / (alpha + histories.to_now)
        life = _life(s, beta + histories.to_now, time)
        orders: Floats = self.probability_alive(values, histories) * rate * life
        return orders

    def discounted(self, values: Floats, histories: Histories, discount: float,
                   horizon: float) -> Floats:
        """Discounted expected residual transactions; discount is a continuous rate.

        Over all the future this is the closed form with Tricomi's function of Fader, Hardie & Lee
        (2005), JMR 42:415-430; its integral is taken, which also ends at a horizon.
        """
        r, alpha, s, beta = values
        rate = (r + histories.n_repeats) / (alpha + histories.to_now)
        scale, place = np.unique(beta + histories.to_now, return_inverse=True)
        life = discounted_time(lambda time: (1 + time / scale[:, None])**-s,
                               discount=discount, horizon=horizon, scale=float(beta / max(s, 1)))
        orders: Floats = self.probability_alive(values, histories) * rate * life[place]
        return orders

    def count_ahead(self, values: Floats, histories: Histories, n: Floats, time: float) -> Floats:
        """Probability of exactly n orders in the time to come."""
        r, alpha, s, beta = values
        alive = self.probability_alive(values, histories)
        ahead = LeavingAhead(r + histories.n_repeats, alpha + histories.to_now, float(s),
                             beta + histories.to_now, n)
        return alive * count_while_leaving(ahead, time) + np.where(n == 0, 1 - alive, 0.0)

    def draw_ahead(self, values: Floats, histories: Histories, times: Floats, n_draws: int,
                   rng: np.random.Generator) -> Counts:
        """Draw orders to come: draw x history x time, cumulative over the rising times."""
        r, alpha, s, beta = values
        size = (n_draws, len(histories))
        rate = rng.standard_gamma(r + histories.n_repeats, size) / (alpha + histories.to_now)
        leaves = rng.standard_gamma(s, size) / (beta + histories.to_now)
        with np.errstate(divide="ignore", over="ignore"):
            life = rng.standard_exponential(size) / leaves
        alive = rng.random(size) < self.probability_alive(values, histories)
        there = np.minimum(np.where(alive, life, 0.0)[..., None], times)
        return draw_events(rate, there, rng).astype(np.int32)


def _life(s: float, beta: float | Floats, time: float | Floats) -> Floats:
    """Expected time as a customer within a time; the limit at s = 1 needs no care this way."""
    log_growth = np.log1p(time / beta)
    life: Floats = beta * log_growth * special.exprel(-(s - 1) * log_growth)
    return life


def _integrate(values: Floats, part: Histories) -> _Leaving:
    """Integrate over the moment of leaving, between the last purchase and now.

    The integrand (alpha + y)^-(r + x) (beta + y)^-(s + 1) first falls on the scale h, then more
    and more slowly, so log(1 + (y - last) / h) is the variable; it ends where nothing is left. With
    h as it is, the integrand has no singularity nearer than pi, and the width alone tells how many
    nodes are needed.
    """
    r, alpha, s, beta = values
    shape, span = r + part.n_repeats, part.to_now - part.to_last
    alpha_last, beta_last = alpha + part.to_last, beta + part.to_last
    h = 1 / (np.maximum(shape, 1) / alpha_last + (s + 1) / beta_last)
    end = np.minimum(span, np.minimum(alpha_last * np.expm1(np.minimum(FALL / shape, FALL)),
                                      beta_last * np.expm1(min(FALL / (s + 1), FALL))))
    width = np.log(1 + end / h)
    # So many leave a relative error of 1e-11, and less where the width is small.
    nodes, weights = _choose_rule(min(32, 4 + math.ceil(4 * width.max())))
    # One row a node. Plain logs and exponentials are three times as fast as log1p and expm1, and
    # the digits that these spare would be lost in the sums.
    mass = nodes * width
    passed = h * (np.exp(mass) - 1)
    far_a, far_b = 1 + passed / alpha_last, 1 + passed / beta_last
    log_a, log_b = np.log(far_a), np.log(far_b)
    mass -= shape * log_a
    mass -= (s + 1) * log_b
    np.exp(mass, out=mass)
    mass *= weights
    total = mass.sum(axis=0)
    with np.errstate(divide="ignore"):
        log_odds = np.log(s * width * h / beta_last * total) \
            + shape * np.log((alpha + part.to_now) / alpha_last) \
            + s * np.log((beta + part.to_now) / beta_last)
    mass /= total
    return _Leaving(log_odds, mass, log_a, log_b, far_a, far_b)


@cache
def _choose_rule(n_nodes: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (nodes[:, None] + 1) / 2, weights[:, None] / 2


def _row_part(values: Floats, part: Histories) -> Floats:
    """Log-likelihood and gradient of what hangs on times, over some histories."""
    r, alpha, s, beta = values
    shape, left = r + part.n_repeats, _integrate(values, part)
    log_a, log_b = np.log(alpha + part.to_now), np.log(beta + part.to_now)
    gone = part.weight * special.expit(left.log_odds)
    here = part.weight - gone
    # Means over the moment of leaving.
    log_left_a = np.log(alpha + part.to_last) + (left.share * left.log_a).sum(axis=0)
    log_left_b = np.log(beta + part.to_last) + (left.share * left.log_b).sum(axis=0)
    per_a = (left.share / left.far_a).sum(axis=0) / (alpha + part.to_last)
    per_b = (left.share / left.far_b).sum(axis=0) / (beta + part.to_last)
    return np.array([
        part.weight @ (np.logaddexp(0, left.log_odds) - shape * log_a - s * log_b),
        -here @ log_a - gone @ log_left_a,
        -here @ (shape / (alpha + part.to_now)) - gone @ (shape * per_a),
        -here @ log_b - gone @ log_left_b + gone.sum() / s,
        -here @ (s / (beta + part.to_now)) - (s + 1) * (gone @ per_b)])
