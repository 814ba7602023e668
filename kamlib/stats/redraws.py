"""Accounts drawn anew and grouped anew: for means of groups whose own border was estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.stats.intervals import UNKNOWN, Interval

NO_GROUP = -1


@dataclass(frozen=True, repr=False)
class Redraws:
    """Draws of the accounts with replacement, each grouped by the rule as if it were the data.

    account_ids: of the accounts, names: of the groups; counts, groups: draws x accounts, how often
    an account was drawn, and the place of its group in names (NO_GROUP where it was not drawn).
    Where a border between groups is a quantile of the accounts, it moves from draw to draw; an
    interval that takes the groups as given is too narrow for what the border depends on.
    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, 8.4 (redo every step).
    """

    account_ids: tuple[str, ...]
    names: tuple[str, ...]
    counts: NDArray[np.int32]
    groups: NDArray[np.int8]

    def __repr__(self) -> str:
        return f"Redraws({len(self.counts)} draws of {len(self.account_ids)} accounts)"

    def mean_interval(self, values: pd.Series, group: str = "", *, level: float = 0.95) -> Interval:
        """Percentile interval of a group's mean, of all accounts where group is "".

        values: one an account (index account_id); unknown ones are left out.

        >>> draws = Redraws(("a", "b"), ("low",), np.array([[2, 0], [1, 1], [0, 2]]),
        ...                 np.zeros((3, 2), dtype=np.int8))
        >>> draws.mean_interval(pd.Series({"a": 1.0, "b": 3.0}), "low", level=0.9)
        Interval(low=1.1, high=2.9)
        """
        known = values.reindex(list(self.account_ids)).to_numpy(dtype="float64", na_value=np.nan)
        weights = self.counts * ~np.isnan(known)
        if group:
            weights = weights * (self.groups == self.names.index(group))
        totals = weights.sum(axis=1)
        is_told = totals > 0
        if is_told.sum() < 2:
            return Interval(*UNKNOWN)
        means = (weights @ np.nan_to_num(known))[is_told] / totals[is_told]
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
        return Interval(float(low), float(high))
