"""How often the intervals of the ranks held the truth, where the truth was known."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

COVERAGE_COLUMNS = ["measure", "n_months", "level", "coverage_share", "mc_error",
                    "n_replications", "n_accounts", "seed"]


def read_coverage() -> pd.DataFrame:
    """Return the coverage table that `make stress` measured last.

    One row a measure (monthly_amount, rank) and number of months, sorted: n_months of evidence,
    level (nominal, 0-1), coverage_share (0-1: intervals that held the truth), mc_error (standard
    error of that share), n_replications (made worlds), n_accounts in each, seed.

    >>> read_coverage()["level"].unique().tolist()
    [0.95]
    """
    path = files("kamlib.segmentation.ranks") / "coverage.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file)[COVERAGE_COLUMNS]
