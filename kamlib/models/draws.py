"""Draws of what may be true and what may come: parameters, leaving, purchases."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from kamlib.models.histories import Counts, Floats
from kamlib.models.protocols import OrderModel

# No draw moves a parameter by more than a factor of e^FARTHEST = 4.5: where the data leave a
# parameter open, the curvature at the optimum tells little of what lies beyond.
FARTHEST = 1.5
# Draws times units that are worked on at once.
CELLS = 1_000_000


def draw_parameters(log_parameters: Floats, log_covariance: Floats, *, n: int,
                    rng: np.random.Generator) -> Floats:
    """Draw log parameters from the normal distribution that the likelihood is near its top.

    Returns one row a draw; the parameters themselves, once, when n is 0 or the covariance is not
    known. Each direction is drawn once from each of n equally likely slices (a Latin hypercube),
    so that few draws represent the whole; a draw that moves a parameter by more than a factor of
    4.5 is shortened in its direction.
    Source: McKay, Beckman & Conover (1979), Technometrics 21:239-245.
    """
    root = _find_root(log_covariance)
    if n == 0 or root is None:
        return log_parameters[None, :]
    slices = rng.permuted(np.tile(np.arange(n), (len(root), 1)), axis=1).T
    moves = special.ndtri((slices + rng.random(slices.shape)) / n) @ root.T
    longest = np.abs(moves).max(axis=1, keepdims=True)
    result: Floats = log_parameters + moves * np.minimum(1, FARTHEST / longest)
    return result


def simulate_ahead(model: OrderModel, rows: Any, times: Floats, *, parameters: Floats,
                   n_draws: int, rng: np.random.Generator) -> Counts:
    """Draw the orders of every row: draw x row x time, cumulative; the parameters take turns.

    rows: histories, one a row; parameters: one row a draw of the parameters.
    """
    found = np.zeros((n_draws, len(rows), len(times)), dtype=np.int32)
    step = max(1, CELLS // max(1, len(rows) * len(times)))
    for values, block in zip(parameters, _share_out(n_draws, len(parameters)), strict=True):
        for start in range(block.start, block.stop, step):
            stop = min(start + step, block.stop)
            found[start:stop] = model.draw_ahead(values, rows, times, stop - start, rng)
    return found


def draw_survived(leaves: Floats, rng: np.random.Generator) -> Floats:
    """Draw how often a unit stays before it leaves, given its probability to leave each time.

    >>> draw_survived(np.array([1.0, 0.0]), np.random.default_rng(1))
    array([ 0., inf])
    """
    with np.errstate(divide="ignore", over="ignore"):
        survived: Floats = np.floor(rng.standard_exponential(leaves.shape) / -np.log1p(-leaves))
    return survived


def draw_events(rate: Floats, spans: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw cumulative Poisson counts; spans: cumulative times on the last axis, rising."""
    steps = np.diff(spans, axis=-1, prepend=0.0)
    return rng.poisson(rate[..., None] * steps).cumsum(axis=-1)


def _find_root(covariance: Floats) -> Floats | None:
    if not np.isfinite(covariance).all():
        return None
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return None
    return root.astype(np.float64)


def _share_out(n: int, n_parts: int) -> Iterable[range]:
    """Cut 0..n-1 into parts of equal length, to one."""
    bounds = [n * i // n_parts for i in range(n_parts + 1)]
    return [range(*pair) for pair in pairwise(bounds)]
