"""How many orders are to come when a unit may leave at any moment: the distribution.

Orders until a moment are negative binomial, and moments of leaving follow a Pareto distribution;
their product is integrated over the moment, on a log scale, where its logarithm is concave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from kamlib.models.histories import Floats, sum_products
from kamlib.models.stages import stage_probability

NODES, WEIGHTS = np.polynomial.legendre.leggauss(80)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
CHUNK = 1024
# Where the integrand has fallen by e^-FALL from its highest, the integral ends; halving the
# distance so often finds the place.
FALL, HALVINGS = 30.0, 25


class LeavingAhead(NamedTuple):
    """Units that are customers still, parallel arrays, and a number of orders for each.

    shape, scale: gamma distribution of the rate; s, beta: that of leaving; n: orders asked for.
    """

    shape: Floats
    scale: Floats
    s: float
    beta: Floats
    n: Floats

    def part(self, which: slice) -> LeavingAhead:
        """Return some of the units."""
        return LeavingAhead(self.shape[which], self.scale[which], self.s, self.beta[which],
                            self.n[which])


def count_while_leaving(ahead: LeavingAhead, time: float) -> Floats:
    """Probability of exactly n orders within a time.

    >>> one = LeavingAhead(np.array([2.0]), np.array([1.0]), 1e-9, np.ones(1), np.ones(1))
    >>> count_while_leaving(one, 1.0).round(6)  # nobody leaves: negative binomial
    array([0.25])
    """
    stays = ahead.s * np.log1p(time / ahead.beta)
    through: Floats = np.exp(-stays) * stage_probability(
        ahead.n, ahead.shape, time / (ahead.scale + time))
    parts = [_integrate(ahead.part(slice(start, start + CHUNK)), time)
             for start in range(0, len(ahead.n), CHUNK)]
    result: Floats = through + np.concatenate([np.empty(0), *parts])
    return result


def _integrate(ahead: LeavingAhead, time: float) -> Floats:
    """Probability to leave within the time, having placed n orders."""
    shape, scale, s, beta, n = ahead
    # The integrand's logarithm has its slope 0 at the positive root of a quadratic equation.
    linear = (n - s) * scale + (1 - shape) * beta
    square = np.sqrt(linear**2 + 4 * (shape + s) * (n + 1) * scale * beta)
    top = np.minimum(np.where(linear >= 0, (linear + square) / (2 * (shape + s)),
                              2 * (n + 1) * scale * beta / (square - linear)), time)

    def fall(log_ratio: Floats) -> Floats:
        """How far the logarithm is below its highest, at a moment e^log_ratio times the top."""
        more = top * np.expm1(log_ratio)
        fallen: Floats = (shape + n) * np.log1p(more / (scale + top)) \
            + (s + 1) * np.log1p(more / (beta + top)) - (n + 1) * log_ratio
        return fallen

    # To the left it falls at a slope of n + 1 in the end, which bounds how far there is to go.
    deepest = (FALL + (shape + n) * np.log1p(top / scale) + (s + 1) * np.log1p(top / beta)) \
        / (n + 1)
    left, right = _find_end(fall, -deepest), _find_end(fall, np.log(time / top))
    mass = sum_products(np.exp(-fall(left + (right - left) * NODES[:, None])).T, WEIGHTS)
    log_top = special.gammaln(shape + n) - special.gammaln(shape) - special.gammaln(n + 1) \
        - shape * np.log1p(top / scale) + n * np.log(top / (scale + top)) \
        + np.log(s * top / beta) - (s + 1) * np.log1p(top / beta)
    result: Floats = np.exp(log_top) * (right - left) * mass
    return result


def _find_end(fall: Callable[[Floats], Floats], bound: Floats) -> Floats:
    """Find where the fall from 0 on is FALL, or the bound when it is less there."""
    inside, outside = np.zeros_like(bound), bound
    for _round in range(HALVINGS):
        middle = (inside + outside) / 2
        is_far = fall(middle) > FALL
        inside, outside = np.where(is_far, inside, middle), np.where(is_far, middle, outside)
    return np.where(fall(bound) > FALL, outside, bound)
