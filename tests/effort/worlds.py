"""Made-up months of hours and margins: without any effect, or with one that is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

CLASSES = ("key_account", "ordinary")
# How hours come about where they have no effect: they follow the size of the account, its trend,
# the orders of the same span, or those of the span before.
NULLS = ("size", "trend", "same_span", "span_before")


def make_panel(rng: np.random.Generator, *, kind: str = "size",
               sizes: tuple[int, int] = (60, 60), n_spans: int = 14,
               effect: tuple[float, float] = (0.0, 0.0)) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The panel of `build_panel` and the classes of its accounts.

    sizes: accounts of each class; effect: by class, the share of an account's margin that twice
    its usual hours add in the span after.
    """
    parts, classes = [], []
    for place, (name, n) in enumerate(zip(CLASSES, sizes, strict=True)):
        size = np.exp(rng.normal(11 - place, 0.8, n))
        trend, shock = rng.normal(0, 0.04, n), rng.normal(0, 0.1, n_spans)
        usual = 5 * np.sqrt(size / np.exp(10)) * np.exp(rng.normal(0, 0.4, n))
        follows = (0.8, 0.2)[place]
        chance, care = rng.gamma(4, 1 / 4, (n, n_spans)), rng.gamma(2.5, 1 / 2.5, (n, n_spans))
        margin, hours = np.zeros((n, n_spans)), np.zeros((n, n_spans))
        before, last = np.ones(n), np.ones(n)
        for span in range(n_spans):
            level = np.exp(trend * span + shock[span])
            own = level * chance[:, span] + effect[place] * (before - 1)
            factor = {"size": 1.0, "trend": level**2, "same_span": 1 + follows * (
                chance[:, span] - 1), "span_before": 1 + follows * (last - 1)}[kind]
            margin[:, span], before = size * own, care[:, span] * np.maximum(factor, 0.05)
            hours[:, span], last = usual * before, own / level
        ids = [f"{name[0]}{number:03d}" for number in range(n)]
        parts.append(pd.DataFrame({
            "account_id": np.repeat(ids, n_spans), "span": np.tile(np.arange(n_spans) + 1, n),
            "margin_amount": margin.ravel(), "hours": hours.ravel()}))
        classes.append(pd.DataFrame({"account_id": ids, "business_class": name}))
    return pd.concat(parts, ignore_index=True), pd.concat(classes, ignore_index=True)
