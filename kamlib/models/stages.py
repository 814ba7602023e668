"""How many purchases are to come when each is reached after k stages of a Poisson process.

The stages still to come are negative binomial, since the rate is gamma distributed; so the
expected number of purchases is a sum of positive terms, which has no singularity and loses no
digits, however many purchases a history holds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from kamlib.models.histories import Floats, Integers, sum_products

# What is left out at either end has a probability below e^-LEFT_OUT.
LEFT_OUT = 27.0
BLOCK = 4096
# Where more terms than this would be summed, their sum is an integral.
MAX_TERMS = 3_000
N_FIRST = 64
NODES, WEIGHTS = np.polynomial.legendre.leggauss(100)


class Ahead(NamedTuple):
    """What the future hangs on, parallel arrays: one element a unit that is still a customer.

    shape: shape of the gamma distribution of the rate; odds: share t / (rate scale + t) of the
    horizon; a, b: the beta distribution of dropping out after a purchase.
    """

    shape: Floats
    odds: Floats
    a: float
    b: Floats

    def part(self, which: Integers) -> Ahead:
        """Return some of the units."""
        return Ahead(self.shape[which], self.odds[which], self.a, self.b[which])


def expected_purchases(ahead: Ahead, *, first: int, k: int) -> Floats:
    """Expected purchases of units of which the next purchase is `first` stages away.

    Sum over n >= 1 of P(not dropped out in n - 1 purchases) P(at least first + k (n - 1) stages).

    >>> unit = Ahead(np.array([2.0]), np.array([0.5]), 1.0, np.array([3.0]))
    >>> expected_purchases(unit, first=1, k=1).round(6)
    array([1.5])
    """
    result: Floats = np.zeros(len(ahead.shape))
    low, high = _range_of_stages(ahead)
    # The walk starts at 0 stages unless the probability of none is too small for a double.
    starts_at_zero = ahead.shape * np.log1p(-ahead.odds) > -600
    begin = np.where(starts_at_zero, 0.0, low)
    too_many = high - begin > MAX_TERMS
    for chosen, solve in (((starts_at_zero & ~too_many), _walk_from_zero),
                          ((~starts_at_zero & ~too_many), _walk_from_low),
                          (too_many, _integrate)):
        rows = np.flatnonzero(chosen)
        order = rows[np.argsort((high - begin)[rows], kind="stable")]
        for start in range(0, len(order), BLOCK):
            block = order[start:start + BLOCK]
            result[block] = solve(ahead.part(block), low[block], high[block], first, k)
    return result


def stage_probability(n: Floats, shape: Floats, odds: Floats) -> Floats:
    """Probability of exactly n stages to come (negative binomial), 0 below n = 0.

    >>> stage_probability(np.array([-1.0, 0.0, 2.0]), np.ones(3), np.full(3, 0.5))
    array([0.   , 0.5  , 0.125])
    """
    many = np.maximum(n, 0)
    log_mass = special.gammaln(shape + many) - special.gammaln(shape) \
        - special.gammaln(many + 1) + shape * np.log1p(-odds) + special.xlogy(many, odds)
    mass: Floats = np.where(n >= 0, np.exp(log_mass), 0.0)
    return mass


def survivors_sum(n: Floats, a: float, b: Floats) -> Floats:
    """Sum over i = 1..n of B(a, b + i - 1) / B(a, b): purchases before one drops out, at most n.

    >>> survivors_sum(np.array([3.0]), 1.0, np.array([1.0])).round(6)  # 1 + 1/2 + 1/3
    array([1.833333])
    """
    # One term is taken out so that a + b - 1 stays above 0.
    b, m = b + 1, n - 1
    # 1 - (gamma ratio) over a - 1; near a = 1 by the slope of the log of the ratio.
    if abs(a - 1) < 1e-3:
        slope = special.psi(b + m + (a - 1) / 2) - special.psi(b + (a - 1) / 2)
        rest = (a + b - 1) * slope * special.exprel(-(a - 1) * slope)
    else:
        log_ratio = special.gammaln(a + b - 1) - special.gammaln(b) \
            + special.gammaln(b + m) - special.gammaln(a + b + m - 1)
        rest = -(a + b - 1) * np.expm1(log_ratio) / (a - 1)
    sums: Floats = np.where(n >= 1, 1 + (b - 1) / (a + b - 1) * rest, 0.0)
    return sums


def _range_of_stages(ahead: Ahead) -> tuple[Floats, Floats]:
    """Bound the stages to come from both sides (Bernstein's inequality for a gamma-like tail)."""
    decay = -np.log(np.maximum(ahead.odds, 1e-300))
    mean = ahead.shape * ahead.odds / (1 - ahead.odds)
    spread = np.sqrt(2 * LEFT_OUT * mean / (1 - ahead.odds))
    return np.floor(np.maximum(mean - spread, 0)), np.ceil(mean + spread + LEFT_OUT / decay) + 1


def _walk_from_zero(ahead: Ahead, low: Floats, high: Floats, first: int, k: int) -> Floats:
    log_none = ahead.shape * np.log1p(-ahead.odds)
    nothing = np.zeros(1)
    return _walk(ahead, np.exp(log_none), nothing, nothing, int(high.max()) + 1, first, k)


def _walk_from_low(ahead: Ahead, low: Floats, high: Floats, first: int, k: int) -> Floats:
    """Start at the last purchase before the lower bound."""
    done = np.maximum(np.floor((low - first) / k) + 1, 0)
    stage = np.where(done > 0, first + k * (done - 1), 0.0)
    mass = stage_probability(stage, ahead.shape, ahead.odds)
    n_steps = int((high - stage).max()) + 1
    # Stages from the start of the walk to the next purchase: k, or `first` before any.
    result = np.empty(len(stage))
    for is_fresh, gap in ((done > 0, k), (done == 0, first)):
        rows = np.flatnonzero(is_fresh)
        if len(rows):
            result[rows] = _walk(ahead.part(rows), mass[rows], stage[rows],
                                 done[rows], n_steps, gap, k)
    return result


def _walk(ahead: Ahead, mass: Floats, stage: Floats, done: Floats, n_steps: int, gap: int,
          k: int) -> Floats:
    """Add P(stages) x expected purchases at that stage, stage after stage."""
    a, b = ahead.a, ahead.b
    scaled, odds = ahead.shape * ahead.odds, ahead.odds
    bought = survivors_sum(done, a, b)
    alive = np.exp(special.gammaln(b + done) - special.gammaln(b)
                   + special.gammaln(a + b) - special.gammaln(a + b + done))
    total = mass * bought
    step = np.empty_like(mass)
    for i in range(1, n_steps + 1):
        np.multiply(odds, stage + (i - 1), out=step)
        step += scaled
        step /= stage + i
        mass *= step
        if i >= gap and (i - gap) % k == 0:
            bought = bought + alive
            n = done + (i - gap) // k
            alive = alive * ((b + n) / (a + b + n))
        np.multiply(mass, bought, out=step)
        total += step
    return total


def _integrate(ahead: Ahead, low: Floats, high: Floats, first: int, k: int) -> Floats:
    """Sum the first terms, then turn the rest into an integral over the log of n."""
    def term(n: Floats) -> Floats:
        log_alive = special.gammaln(b + n - 1) - special.gammaln(b) \
            + special.gammaln(a + b) - special.gammaln(a + b + n - 1)
        tail: Floats = special.betainc(first + k * (n - 1), shape, odds)
        alive: Floats = np.exp(log_alive)
        return alive * tail

    shape, odds, a, b = ahead.shape[:, None], ahead.odds[:, None], ahead.a, ahead.b[:, None]
    total: Floats = term(np.arange(1.0, N_FIRST + 1)).sum(axis=1)
    certain = np.maximum(np.floor(low / k) - 1, N_FIRST)
    total += survivors_sum(certain, a, ahead.b) \
        - survivors_sum(np.full_like(certain, N_FIRST), a, ahead.b)
    left, right = np.log(certain + 0.5)[:, None], np.log(high / k + 1.5)[:, None]
    n = np.exp(left + (right - left) * (NODES + 1) / 2)
    rest: Floats = sum_products(term(n) * n, WEIGHTS) * (right - left)[:, 0] / 2
    total += rest
    return total
