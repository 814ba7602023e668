"""Pareto/NBD: buying at random while a customer, leaving at any moment.

Source: Schmittlein, Morrison & Colombo (1987), Management Science 33:1-24; in the notation of
Fader, Hardie & Lee (2005), J. Marketing Research 42:415-430. Their likelihood is a difference of
two Gaussian hypergeometric functions; here the integral behind it is taken by quadrature, as all
its terms are positive, it never overflows, and its gradient falls off on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from kamlib.models.discount import discounted_time
from kamlib.models.histories import Floats, Histories, read_histories, sum_products

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
CHUNK = 1024
# Where the integrand has fallen by e^-FALL, the integral ends.
FALL = 45.0


class _Left(NamedTuple):
    """Log odds of having left, and means over the moment of leaving, given that."""

    log_odds: Floats
    log_alpha_time: Floats
    log_beta_time: Floats
    per_alpha_time: Floats
    per_beta_time: Floats


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
        odds = [_left(values, part).log_odds for part in histories.chunks(CHUNK)]
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


def _life(s: float, beta: float | Floats, time: float | Floats) -> Floats:
    """Expected time as a customer within a time; the limit at s = 1 needs no care this way."""
    log_growth = np.log1p(time / beta)
    life: Floats = beta * log_growth * special.exprel(-(s - 1) * log_growth)
    return life


def _left(values: Floats, part: Histories) -> _Left:
    """Integrate over the moment of leaving, between the last purchase and now.

    The integrand (alpha + y)^-(r + x) (beta + y)^-(s + 1) first falls on the scale h, then more
    and more slowly, so log(1 + (y - last) / h) is the variable; it ends where nothing is left.
    """
    r, alpha, s, beta = values
    shape, span = r + part.n_repeats, part.to_now - part.to_last
    alpha_last, beta_last = alpha + part.to_last, beta + part.to_last
    h = 1 / (shape / alpha_last + (s + 1) / beta_last)
    end = np.minimum(span, np.minimum(alpha_last * np.expm1(np.minimum(FALL / shape, FALL)),
                                      beta_last * np.expm1(min(FALL / (s + 1), FALL))))
    width = np.log1p(end / h)
    log_growth = width[:, None] * NODES
    passed = h[:, None] * np.expm1(log_growth)
    by_alpha, by_beta = 1 / (alpha_last[:, None] + passed), 1 / (beta_last[:, None] + passed)
    log_a = np.log1p(passed / alpha_last[:, None])
    log_b = np.log1p(passed / beta_last[:, None])
    mass = WEIGHTS * np.exp(log_growth - shape[:, None] * log_a - (s + 1) * log_b)
    total = mass.sum(axis=1)
    with np.errstate(divide="ignore"):
        log_odds = np.log(s * width * h / beta_last * total) \
            + shape * np.log1p(span / alpha_last) + s * np.log1p(span / beta_last)
    share = mass / total[:, None]

    def mean(at_nodes: Floats) -> Floats:
        return sum_products(share, at_nodes)

    return _Left(log_odds, mean(log_a) + np.log(alpha_last), mean(log_b) + np.log(beta_last),
                 mean(by_alpha), mean(by_beta))


def _row_part(values: Floats, part: Histories) -> Floats:
    """Log-likelihood and gradient of what hangs on times, over some histories."""
    r, alpha, s, beta = values
    shape, left = r + part.n_repeats, _left(values, part)
    log_a, log_b = np.log(alpha + part.to_now), np.log(beta + part.to_now)
    gone = part.weight * special.expit(left.log_odds)
    here = part.weight - gone
    return np.array([
        part.weight @ (np.logaddexp(0, left.log_odds) - shape * log_a - s * log_b),
        -here @ log_a - gone @ left.log_alpha_time,
        -here @ (shape / (alpha + part.to_now)) - gone @ (shape * left.per_alpha_time),
        -here @ log_b - gone @ left.log_beta_time + gone.sum() / s,
        -here @ (s / (beta + part.to_now)) - (s + 1) * (gone @ left.per_beta_time)])
