"""What is learnt from all accounts together: how often they buy, for how much, how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kamlib.models.choose import Choice, fit_best
from kamlib.models.gamma_gamma import (
    expected_amounts,
    fit_gamma_gamma,
    population_mean,
    simulate_amounts,
)
from kamlib.models.histories import WEEK_DAYS, Counts
from kamlib.models.result import FittedModel
from kamlib.period import DAYS_A_YEAR
from kamlib.stats.budget import affordable_draws
from kamlib.value.rules import ValueRules

Floats = NDArray[np.float64]
YEAR_UNITS = DAYS_A_YEAR / WEEK_DAYS
# Draws times accounts times years that are held at once: about 64 megabytes.
MOST_CELLS = 8_000_000
FEWEST_DRAWS = 100
# Sums over accounts need more sets of parameters than single accounts do: of 90 % intervals in
# made-up worlds 20 sets held 85 %, 50 held 88 %.
PARAMETER_DRAWS = 50


@dataclass(frozen=True, eq=False)
class Forecast:
    """The fits behind every value.

    choice: the counting model that was chosen and its rivals; amounts: Gamma-Gamma of the amounts;
    mean_amount: mean of a purchase day over all accounts, used where amounts was refused;
    rank_correlation: Spearman's, of amount and number of repeat days, which the model takes as
    unrelated (NaN below three repeat buyers); n_unknown_start: accounts left out of the fits.
    """

    choice: Choice
    amounts: FittedModel
    mean_amount: float
    rank_correlation: float
    n_unknown_start: int

    @property
    def orders(self) -> FittedModel:
        """The counting model in use."""
        return self.choice.model

    @property
    def verdict(self) -> str:
        """"fitted", "weak" or "refused": of the counting model."""
        return str(self.orders.verdict)

    @property
    def is_drawn(self) -> bool:
        """Whether futures can be drawn: both fits stand."""
        return "refused" not in (self.verdict, self.amounts.verdict)

    def expect_orders(self, accounts: pd.DataFrame, *, years: int) -> Floats:
        """Expected purchase days of each account in each of the years to come: row x year."""
        cumulative = [self.choice.forecast_orders(accounts, YEAR_UNITS * year)["expected_orders"]
                      for year in range(1, years + 1)]
        return np.diff(np.column_stack(cumulative), axis=1, prepend=0.0)

    def expect_newcomer_orders(self, *, years: int) -> Floats:
        """Expected purchase days of a newcomer in each year after its first purchase day."""
        times = YEAR_UNITS * np.arange(1, years + 1)
        return np.diff(self.orders.expected_orders(times), prepend=0.0)

    def expect_amounts(self, accounts: pd.DataFrame) -> Floats:
        """Expected gross amount of a purchase day to come, one an account."""
        if self.amounts.verdict != "refused":
            return expected_amounts(self.amounts, accounts).to_numpy(dtype="float64")
        own = accounts["repeat_day_mean_amount"].to_numpy(dtype="float64", na_value=np.nan)
        return np.where(own > 0, own, self.mean_amount)

    @property
    def typical_amount(self) -> float:
        """Mean gross amount of a purchase day of an account that nothing is known of."""
        if self.amounts.verdict == "refused":
            return self.mean_amount
        return population_mean(self.amounts)

    def find_alive(self, accounts: pd.DataFrame) -> pd.Series:
        """Probability that each account is a customer still; NaN without a model."""
        if self.verdict == "refused":
            return pd.Series(np.nan, index=accounts.index)
        return self.orders.probability_alive(accounts)

    def draw_orders(self, accounts: pd.DataFrame, n_units: ArrayLike, *, n_draws: int,
                    seed: int) -> Counts:
        """Draw cumulative purchase days: draw x row x horizon."""
        return self.orders.simulate_orders(accounts, n_units, n_draws=n_draws, seed=seed,
                                           parameter_draws=PARAMETER_DRAWS)

    def draw_amounts(self, accounts: pd.DataFrame, *, years: int, rules: ValueRules) -> Floats:
        """Draw what each account may buy in each year: draw x row x year, gross amounts."""
        n_draws = affordable_draws(rules.n_draws, len(accounts) * years, cells=MOST_CELLS,
                                   fewest=FEWEST_DRAWS)
        counts = self.draw_orders(accounts, YEAR_UNITS * np.arange(1, years + 1),
                                  n_draws=n_draws, seed=rules.seed)
        totals = simulate_amounts(self.amounts, accounts, counts, seed=rules.seed + 1)
        return np.diff(totals, axis=-1, prepend=0.0)


def fit_forecast(accounts: pd.DataFrame, *, rules: ValueRules) -> Forecast:
    """Fit how often and for how much accounts buy to those whose start is known.

    accounts: from `select_accounts`, one row an account. With too few of them the fits carry the
    verdict "refused", and a rate drawn to the rate of all takes the model's place.
    """
    known = accounts[accounts["is_start_known"]]
    return Forecast(
        choice=fit_best(known, candidates=rules.order_models), amounts=fit_gamma_gamma(known),
        mean_amount=_mean_amount(accounts), rank_correlation=_correlate(known),
        n_unknown_start=len(accounts) - len(known))


def _mean_amount(accounts: pd.DataFrame) -> float:
    """Mean of all repeat days; of all days of the analysis window where nobody came again."""
    n = accounts["n_repeat_days"].astype("float64")
    amounts = accounts["repeat_day_mean_amount"].astype("float64")
    total = float((n * amounts).sum())
    if total > 0:
        return total / float(n[amounts.notna()].sum())
    days = float(accounts["n_purchase_days_window"].astype("float64").sum())
    return float(accounts["gross_amount_window"].sum()) / days if days > 0 else 0.0


def _correlate(known: pd.DataFrame) -> float:
    again = known[known["n_repeat_days"] > 0]
    n, amounts = (again[c].astype("float64") for c in ("n_repeat_days", "repeat_day_mean_amount"))
    if len(again) < 3 or n.nunique() < 2 or amounts.nunique() < 2:
        return float("nan")
    return float(n.corr(amounts, method="spearman"))
