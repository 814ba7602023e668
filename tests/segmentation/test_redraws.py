"""Accounts drawn and grouped anew."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.segmentation import SegmentationRules, redraw_tiers
from kamlib.stats.intervals import mean_interval
from kamlib.stats.redraws import Redraws


def facts(n: int, seed: int) -> pd.DataFrame:
    orders = np.random.default_rng(seed).geometric(0.1, n)
    return pd.DataFrame({"account_id": [f"{i:04d}" for i in range(n)], "n_orders_window": orders,
                         "net_amount_window": orders * 100.0})


def test_a_mean_of_all_has_the_plug_in_error():
    # Efron & Tibshirani (1993), ch. 5: the ideal bootstrap error is sqrt(sum((x - mean)^2)) / n.
    table = facts(200, 1)
    redraws = redraw_tiers(table, rules=SegmentationRules(), n_draws=4000)
    values = table.set_index("account_id")["n_orders_window"]
    low, high = redraws.mean_interval(values)
    half = 1.96 * values.std(ddof=0) / np.sqrt(200)
    assert (high - low) / 2 == pytest.approx(half, rel=0.05)


def test_a_tier_cut_at_a_quantile_of_the_same_values_moves_with_the_cut():
    # The mean below a quantile has the winsorized variance (Tukey & McLaughlin 1963, Sankhya A
    # 25:331-352, one side): values above the cut count as the cut, divided by the share below.
    table = facts(400, 2)
    redraws = redraw_tiers(table, rules=SegmentationRules(), n_draws=2000)
    values = table.set_index("account_id")["n_orders_window"]
    low, high = redraws.mean_interval(values, "general")
    cut = np.sort(values)[-160]
    winsorized = np.minimum(values, cut)
    half = 1.96 * winsorized.std(ddof=1) / np.sqrt(400) / (values < cut).mean()
    assert (high - low) / 2 == pytest.approx(half, rel=0.15)
    below = mean_interval(values[values < cut])
    assert high - low > 1.3 * (below.high - below.low)


def test_same_seed_same_draws_and_nobody_with_sales_is_no_interval():
    table, rules = facts(20, 3), SegmentationRules()
    one, two = (redraw_tiers(table, rules=rules, n_draws=50) for _ in range(2))
    assert (one.counts == two.counts).all() and (one.groups == two.groups).all()
    empty = redraw_tiers(table.assign(n_orders_window=0), rules=rules, n_draws=5)
    assert isinstance(empty, Redraws)
    assert np.isnan(empty.mean_interval(pd.Series(dtype="float64"), "core").low)
