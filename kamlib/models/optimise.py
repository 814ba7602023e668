"""Maximum likelihood over positive parameters: search on their logs, then Newton's method."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import linalg
from scipy.optimize import minimize

from kamlib.models.histories import Floats

# From log parameters to the log-likelihood and its gradient by them.
Objective = Callable[[Floats], tuple[float, Floats]]

# A parameter that is this many e-folds (a factor of 22,000) away from its start is not estimated.
REACH = 10.0
# What half a Newton step may still add to the log-likelihood when the search is called finished.
DONE = 1e-6
STEP = 1e-4
# Steps with a covariance that is about right; each takes away nine tenths of the distance.
GUIDED = 12
# What the search is told where the likelihood has no number.
LOST = 1e10
# Standard deviation, in e-folds, of the weak pull towards the start when data alone do not decide.
PENALTY_SD = 3.0


class Optimum(NamedTuple):
    """Where the likelihood is highest, on the log scale.

    covariance: inverse of the negative Hessian, NaN where that is not positive definite;
    at_bound: a parameter has run away; penalty: standard deviation of the pull, 0 without one.
    """

    log_parameters: Floats
    log_likelihood: float
    covariance: Floats
    converged: bool
    at_bound: tuple[bool, ...]
    penalty: float

    @property
    def is_definite(self) -> bool:
        """The likelihood falls off in every direction."""
        return bool(np.isfinite(self.covariance).all())

    @property
    def is_sound(self) -> bool:
        """Data alone settled every parameter."""
        return self.converged and self.is_definite and not any(self.at_bound)


def maximise(objective: Objective, starts: Sequence[Floats]) -> Optimum:
    """Find the highest likelihood from several starts; the first start sets the scale.

    When no start leads to a sound optimum, the search is done again with a weak pull of every log
    parameter towards the first start, a penalty of ((log parameter - start) / 3)^2 / 2; the
    likelihood that is returned never contains the penalty.

    >>> peak = maximise(lambda v: (-float((v**2).sum()) * 50, -100 * v), [np.ones(2)])
    >>> abs(peak.log_parameters.round(6)).tolist(), float(peak.covariance[0, 0].round(6))
    ([0.0, 0.0], 0.01)
    """
    best = _best(objective, starts, starts[0])
    if best.is_sound:
        return best
    centre = starts[0]

    def pulled(theta: Floats) -> tuple[float, Floats]:
        value, gradient = objective(theta)
        off = (theta - centre) / PENALTY_SD
        return value - float(off @ off) / 2, gradient - off / PENALTY_SD

    held = _best(pulled, starts, centre)
    likelihood = objective(held.log_parameters)[0]
    return held._replace(log_likelihood=likelihood, penalty=PENALTY_SD)


def refine(objective: Objective, near: Optimum, *, share: float) -> Optimum:
    """Go on from the optimum of a fair part of the data, with few evaluations of the whole.

    share: the part's share of the data, by which its covariance is too large. That covariance
    guides the steps to the top; only there is the Hessian of the whole taken.
    """
    theta, guide = near.log_parameters, near.covariance * share
    value, gradient = objective(theta)
    for _round in range(GUIDED):
        step = guide @ gradient
        ahead = theta + step
        new_value, new_gradient = objective(ahead)
        if gradient @ step / 2 < DONE / 10 or not new_value >= value:
            break
        theta, value, gradient = ahead, new_value, new_gradient
    return _polish(objective, theta, near.log_parameters)


def hessian(objective: Objective, theta: Floats) -> Floats:
    """Differentiate the gradient once more, by central differences."""
    rows = []
    for i in range(len(theta)):
        shift = np.zeros(len(theta))
        shift[i] = STEP
        rows.append((objective(theta + shift)[1] - objective(theta - shift)[1]) / (2 * STEP))
    square = np.array(rows)
    return (square + square.T) / 2


def _best(objective: Objective, starts: Sequence[Floats], centre: Floats) -> Optimum:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = [_climb(objective, start, centre) for start in starts]
    return max(found, key=lambda optimum: optimum.log_likelihood)


def _climb(objective: Objective, start: Floats, centre: Floats) -> Optimum:
    # The search sees gains relative to what the start has, whatever the number of units.
    scale = max(abs(objective(start)[0]), 1.0)

    def loss(theta: Floats) -> tuple[float, Floats]:
        # Beyond the reach a wall rises, so that the search meets neither bound nor overflow.
        inside = np.clip(theta, centre - REACH, centre + REACH)
        beyond = theta - inside
        value, gradient = objective(inside)
        slope = np.where(beyond == 0, -gradient / scale, 0.0) + beyond
        if not (math.isfinite(value) and np.isfinite(gradient).all()):
            return LOST, beyond
        return -value / scale + float(beyond @ beyond) / 2, slope

    # L-BFGS-B would need fewer lines, but it wakes all threads of the linear algebra library for
    # its tiny matrices, which takes a hundred times as long when other cores are busy.
    # Where it is known, the curvature at the start saves it a third of the evaluations.
    guide = _invert(-hessian(objective, start)) * scale
    known = {"hess_inv0": guide} if np.isfinite(guide).all() else {}
    search = minimize(loss, start, jac=True, method="BFGS",
                      options={"maxiter": 300, "gtol": 3e-7, **known})
    theta = np.clip(np.asarray(search.x, dtype=np.float64), centre - REACH, centre + REACH)
    return _polish(objective, theta, centre)


def _polish(objective: Objective, theta: Floats, centre: Floats) -> Optimum:
    """Take Newton steps until they gain nothing; the last Hessian gives the covariance."""
    value, gradient = objective(theta)
    covariance, converged = np.full((len(theta), len(theta)), np.nan), False
    for _round in range(8):
        covariance = _invert(-hessian(objective, theta))
        if not np.isfinite(covariance).all():
            break
        step = covariance @ gradient
        converged = bool(gradient @ step / 2 < DONE)
        ahead = np.clip(theta + step, centre - REACH, centre + REACH)
        new_value, new_gradient = objective(ahead)
        if not new_value >= value:
            break
        theta, value, gradient = ahead, new_value, new_gradient
        if converged:
            break
    at_bound = tuple(bool(b) for b in np.abs(theta - centre) > REACH - 0.01)
    return Optimum(theta, value, covariance, converged, at_bound, 0.0)


def _invert(square: Floats) -> Floats:
    """Invert a positive definite matrix; all NaN when it, or by rounding its inverse, is not."""
    nothing = np.full_like(square, np.nan)
    if not np.isfinite(square).all():
        return nothing
    try:
        inverse = linalg.cho_solve(linalg.cho_factor(square), np.eye(len(square)))
        inverse = (inverse + inverse.T) / 2
        linalg.cho_factor(inverse)
    except linalg.LinAlgError:
        return nothing
    symmetric: Floats = inverse
    return symmetric
