"""Purchases over all the future, each discounted to today, when each takes k stages.

Given the rate, the count is a hypergeometric function of it; the rate is gamma distributed, so
one integral over the log of the rate remains, where the trapezoid rule is next to exact.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from kamlib.models.histories import Floats, Integers, sum_products

CHUNK = 4096
# What is left out at either end of the integral is smaller than e^-LEFT_OUT.
LEFT_OUT = 35.0
MAX_TERMS = 4000


def discounted_purchases(shapes: Floats, level: Integers, scale: Floats, *, a: float, b: Floats,
                         first: int, k: int, discount: float) -> Floats:
    """Discounted purchases of units that are customers still, over all their future.

    shapes and b: shape of the rate's distribution and dropout parameter, one a level; level and
    scale: level (sorted) and rate parameter of every unit; first: stages to the next purchase.

    >>> one, level = np.array([3.0]), np.array([0])
    >>> discounted_purchases(one, level, one, a=1e-9, b=one, first=1, k=1, discount=0.5).round(6)
    array([2.])
    """
    result = np.empty(len(level))
    bounds = np.searchsorted(level, np.arange(len(shapes) + 1))
    for i, shape in enumerate(shapes):
        rows = slice(bounds[i], bounds[i + 1])
        if rows.start < rows.stop:
            log_rates, step = _grid(float(shape), scale[rows])
            counts = _given_rate(np.exp(log_rates), a, float(b[i]), first, k, discount)
            result[rows] = _average(counts * step, log_rates, float(shape), scale[rows])
    return result


def continued_fraction(b: float, c: float, z: Floats) -> Floats:
    """Gauss' hypergeometric function 2F1(1, b; c; z) for 0 <= z < 1 and c > b > 0.

    Its continued fraction has positive terms only, unlike the connection formulas near z = 1.
    Source: NIST Digital Library of Mathematical Functions, 15.7.

    >>> continued_fraction(1.0, 2.0, np.array([0.5])).round(6)  # -log(1 - z) / z
    array([1.386294])
    """
    n_terms = min(MAX_TERMS, 20 + int(15 / math.sqrt(max(1 - float(z.max()), 1e-12))))
    value = np.ones_like(z)
    for n in range(n_terms, 0, -1):
        value = 1 - z * (n * (c - b + n - 1) / ((c + 2 * n - 2) * (c + 2 * n - 1))) \
            / (1 - z * ((b + n) * (c + n - 1) / ((c + 2 * n - 1) * (c + 2 * n))) / value)
    result: Floats = 1 / (1 - z * (b / c) / value)
    return result


def _grid(shape: float, scale: Floats) -> tuple[Floats, float]:
    """Choose logs of rates that cover the distributions of all units of a level."""
    left = LEFT_OUT / (shape + 1) + math.sqrt(2 * LEFT_OUT / (shape + 1))
    right = math.log1p((LEFT_OUT + math.sqrt(2 * LEFT_OUT * shape)) / shape)
    middle = math.log(shape) - np.log([float(scale.max()), float(scale.min())])
    step = min(0.4, 0.5 / math.sqrt(shape))
    return np.arange(middle[0] - left, middle[1] + right + step, step), step


def _given_rate(rates: Floats, a: float, b: float, first: int, k: int, discount: float) -> Floats:
    """Sum over n of P(not dropped out in n - 1 purchases) x discount factor of the n-th."""
    log_factor = -np.log1p(discount / rates)
    counts: Floats = np.exp(first * log_factor) \
        * continued_fraction(b, a + b, np.exp(k * log_factor))
    return counts


def _average(counts: Floats, log_rates: Floats, shape: float, scale: Floats) -> Floats:
    rates, parts = np.exp(log_rates), []
    for start in range(0, len(scale), CHUNK):
        part = scale[start:start + CHUNK, None]
        log_density = shape * (log_rates + np.log(part)) - part * rates - special.gammaln(shape)
        parts.append(sum_products(np.exp(log_density), counts))
    return np.concatenate(parts)
