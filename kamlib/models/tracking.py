"""What a fitted model expects of a whole cohort, week by week."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kamlib.models.histories import read_histories, sum_products
from kamlib.models.result import FittedModel


def track_orders(fitted: FittedModel, summary: pd.DataFrame, *, n_units: ArrayLike
                 ) -> pd.DataFrame:
    """Repeat orders that all units together are expected to place, by time since the first of all.

    summary: one row a unit, as in the fit; the oldest unit starts at time 0, the others later.
    n_units: times in model units, rising. Returns one row a time: ``n_units``,
    ``cumulative_orders`` (the sum over units of E[X(time - start)], nothing before the start),
    ``orders`` (since the row before).
    """
    data = read_histories(summary, time_unit_days=fitted.time_unit_days)
    times = np.atleast_1d(np.asarray(n_units, dtype=np.float64))
    age, place = np.unique(data.to_now, return_inverse=True)
    weight = np.bincount(place, weights=data.weight).astype(np.float64)
    since = times[:, None] - (age.max(initial=0) - age)[None, :]
    # Many pairs of time and start are the same age apart.
    distinct, where = np.unique(np.maximum(since, 0).round(9), return_inverse=True)
    expected = fitted.expected_orders(distinct)[where.reshape(since.shape)]
    cumulative = sum_products(expected, weight)
    return pd.DataFrame({"n_units": times, "cumulative_orders": cumulative,
                         "orders": np.diff(cumulative, prepend=0.0)})
