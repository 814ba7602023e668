"""What all accounts have in common between two windows, and the windows without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Tukey's biweight: an account this many standard errors away has no say (95 % efficient).
REACH = 4.685
STEPS = 30


class Growth(NamedTuple):
    """The common factor of amounts and of orders, now / before."""

    amounts: float
    orders: float


@dataclass(frozen=True)
class Windows:
    """Net amounts and orders of the same accounts in two windows."""

    amounts_before: Floats
    amounts: Floats
    orders_before: Floats
    orders: Floats


def estimate_growth(windows: Windows) -> Growth:
    """The factor by which most accounts changed alike, whatever a minority did.

    windows: accounts that were customers in all of both windows.
    Orders: sum now / sum before; value of an order: weighted mean of the log ratios of accounts
    with orders in both windows; amounts: the product. In both, accounts far from the rest lose
    their say (Tukey's biweight; Beaton & Tukey 1974, Technometrics 16:147-185).

    >>> before, now = np.full(9, 100.0), np.full(9, 115.0)
    >>> orders = np.full(9, 12.0)
    >>> growth = estimate_growth(Windows(before, now, orders, orders))
    >>> round(growth.amounts, 3), round(growth.orders, 3)
    (1.15, 1.0)
    """
    before, now = windows.orders_before, windows.orders
    orders = _order_factor(before, now)
    both = ((before > 0) & (now > 0) & (windows.amounts_before > 0) & (windows.amounts > 0))
    if not both.any():
        return Growth(orders, orders)
    ratio = np.log((windows.amounts[both] / now[both])
                   / (windows.amounts_before[both] / before[both]))
    weight = 1 / (1 / now[both] + 1 / before[both])
    order = np.argsort(ratio)
    reached = np.cumsum(weight[order])
    middle = float(ratio[order][np.searchsorted(reached, reached[-1] / 2)])
    for _step in range(STEPS):
        off = (ratio - middle) * np.sqrt(weight)
        w = weight * _biweight(off)
        middle = float((w * ratio).sum() / w.sum()) if w.sum() else middle
    return Growth(orders * float(np.exp(middle)), orders)


def remove_growth(windows: Windows, growth: Growth, *, seed: int) -> Windows:
    """Take the common growth out, so that the windows can be held against the same cuts.

    Of the window richer in orders each order is kept with the probability that makes both alike:
    a scaled count would be no count, and a scaled cut falls between two counts. Its amounts
    follow; what is left of the growth, the value of an order, is divided out.
    """
    rng = np.random.default_rng(seed)
    value = growth.amounts / growth.orders
    amounts_before, amounts = windows.amounts_before, windows.amounts / value
    orders_before, orders = windows.orders_before, windows.orders
    if growth.orders > 1:
        orders, amounts = _thin(orders, amounts, 1 / growth.orders, rng)
    else:
        orders_before, amounts_before = _thin(orders_before, amounts_before, growth.orders, rng)
    return Windows(amounts_before, amounts, orders_before, orders)


def _order_factor(before: Floats, now: Floats) -> float:
    if not before.sum() or not now.sum():
        return 1.0
    factor = float(now.sum() / before.sum())
    for _step in range(STEPS):
        share = factor / (1 + factor)
        all_orders = np.maximum(before + now, 1)
        off = (now - all_orders * share) / np.sqrt(all_orders * share * (1 - share))
        w = _biweight(np.where(before + now > 0, off, 0.0))
        if not (w * before).sum() or not (w * now).sum():
            break
        factor = float((w * now).sum() / (w * before).sum())
    return factor


def _biweight(off: Floats) -> Floats:
    """Weights of deviations, in units of their own robust spread."""
    spread = 1.4826 * float(np.median(np.abs(off)))
    weights: Floats
    if not spread:
        weights = (off == 0).astype("float64")
        return weights
    weights = (1 - np.minimum(np.abs(off) / (REACH * spread), 1.0)**2)**2
    return weights


def _thin(orders: Floats, amounts: Floats, kept_share: float,
          rng: np.random.Generator) -> tuple[Floats, Floats]:
    kept = rng.binomial(np.rint(orders).astype("int64"), min(1.0, kept_share)).astype("float64")
    return kept, amounts * kept / np.maximum(orders, 1)
