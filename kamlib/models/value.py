"""What an account is worth: margins to come, discounted to today."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kamlib.errors import InputError
from kamlib.models.gamma_gamma import expected_amounts
from kamlib.models.histories import Floats
from kamlib.models.result import FittedModel


def value_after_renewal(margin_amount: ArrayLike, *, retention_share: ArrayLike, rate: float
                        ) -> Floats:
    """Value of margins at the end of each period that the account is retained for.

    margin_amount: margin a period; retention_share: constant share retained (0-1); rate: interest
    a period. The first margin comes after one period: m r / (1 + d - r).
    Source: Gupta & Lehmann (2003), J. Interactive Marketing 17(1):9-24.

    >>> value_after_renewal(100, retention_share=0.8, rate=0.1).round(4)
    np.float64(266.6667)
    """
    margin, kept = _check(margin_amount, retention_share, rate)
    return margin * kept / (1 + rate - kept)


def value_from_now(margin_amount: ArrayLike, *, retention_share: ArrayLike, rate: float
                   ) -> Floats:
    """Value of margins of which the first comes now, for certain: m (1 + d) / (1 + d - r).

    Arguments and source as `value_after_renewal`.

    >>> value_from_now(100, retention_share=0.8, rate=0.1).round(4)
    np.float64(366.6667)
    """
    margin, kept = _check(margin_amount, retention_share, rate)
    return margin * (1 + rate) / (1 + rate - kept)


def value_accounts(summary: pd.DataFrame, *, orders: FittedModel, amounts: FittedModel,
                   margin_share: float, annual_rate: float, n_units: float = math.inf
                   ) -> pd.DataFrame:
    """Value of the margins of each account's orders to come: orders x amount x margin share.

    summary: one row an account, as in both fits; orders: a fitted counting model; amounts: a
    fitted Gamma-Gamma; margin_share: margin of an amount (0-1); annual_rate: interest a year;
    n_units: horizon in units of the counting model. Returns one row each, same index:
    ``discounted_orders``, ``expected_amount``, ``value_amount``.
    Source: Fader, Hardie & Lee (2005), J. Marketing Research 42:415-430.
    """
    count = orders.discounted_orders(summary, annual_rate=annual_rate, n_units=n_units)
    amount = expected_amounts(amounts, summary)
    return pd.DataFrame({"discounted_orders": count, "expected_amount": amount,
                         "value_amount": count * amount * margin_share})


def _check(margin_amount: ArrayLike, retention_share: ArrayLike, rate: float
           ) -> tuple[Floats, Floats]:
    kept = np.asarray(retention_share, dtype=np.float64)
    if not (((kept >= 0) & (kept <= 1)).all() and rate >= 0 and (1 + rate > kept).all()):
        raise InputError("A retention is a share from 0 to 1, and 1 plus the rate of interest is "
                         f"above it, but they are {kept.tolist()} and {rate}. "
                         "Give retention_share=0.8 and rate=0.1 for 80 % and 10 %.")
    return np.asarray(margin_amount, dtype=np.float64), kept
