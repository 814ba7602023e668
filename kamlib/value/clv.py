"""Customer lifetime value: what each account may bring in the years to come, as of today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kamlib.value.contribution import Contribution
from kamlib.value.fit import Forecast
from kamlib.value.rules import ValueRules

Floats = NDArray[np.float64]
CLV_COLUMNS = ["account_id", "is_start_known", "is_active_closing", "alive_probability",
               "expected_orders", "expected_day_amount", "contribution_share", "is_own_share",
               "clv_amount", "clv_amount_ci_low", "clv_amount_ci_high"]
CENT = 2


@dataclass(frozen=True, eq=False)
class Book:
    """The value of all accounts on one day.

    table: see `value_accounts`; sales: row x year, expected gross sales discounted to today;
    draws: draw x row x year, the same as it may turn out, None without a model; accounts, forecast,
    contribution: what it was made of, accounts in the order of the table; spread: standard
    deviation of the common factor (on the log scale) by which the draws are widened.
    """

    table: pd.DataFrame
    sales: Floats
    draws: Floats | None
    accounts: pd.DataFrame
    forecast: Forecast
    contribution: Contribution
    spread: float

    @property
    def shares(self) -> pd.DataFrame:
        """Parts of gross sales of each account: net_part, margin_part, contribution_share."""
        table = self.contribution.table.set_index("account_id")
        return table.reindex(self.table["account_id"]).reset_index()

    @property
    def total(self) -> float:
        """Customer equity: the sum of all values, to the cent."""
        return round(float(self.table["clv_amount"].sum()), CENT)

    def __repr__(self) -> str:
        return (f"Book({len(self.table)} accounts, {self.total:.0f}, "
                f"{self.contribution.basis}, {self.forecast.verdict})")


def discount_years(n_years: int, *, annual_rate: float) -> Floats:
    """Factors that bring margins of each year to today; a year's margins count at its middle.

    >>> discount_years(2, annual_rate=0.21).round(6).tolist()
    [0.909091, 0.751315]
    """
    return np.asarray((1 + annual_rate) ** -(np.arange(n_years) + 0.5), dtype="float64")


def value_accounts(accounts: pd.DataFrame, *, forecast: Forecast, contribution: Contribution,
                   rules: ValueRules, spread: float = 0.0, is_drawn: bool = True) -> Book:
    """Value each account: expected orders x amount x share that stays, discounted to today.

    accounts: from `select_accounts`; forecast, contribution: of the same day; spread: how far
    forecasts of the total were off in the past, on the log scale; is_drawn: whether to draw
    intervals. The table of the result has one row an account, sorted: ``account_id``,
    ``is_start_known``, ``is_active_closing``, ``alive_probability`` (0-1), ``expected_orders``
    (purchase days in rules.horizon_years), ``expected_day_amount`` (gross amount of one),
    ``contribution_share`` (what stays of it; may be negative), ``is_own_share`` (else that of
    all accounts), ``clv_amount`` (sum over years of orders x amount x share, discounted; cents)
    and its interval: what the account may bring, at rules.interval_level; NaN without a model.
    Not in the interval: how far the contribution share is off.
    Source: catalogue LIF-03; Fader, Hardie & Lee (2005), J. Marketing Research 42:415-430.
    """
    years = rules.horizon_years
    orders = forecast.expect_orders(accounts, years=years)
    amounts = forecast.expect_amounts(accounts)
    factors = discount_years(years, annual_rate=rules.discount_rate)
    sales = orders * amounts[:, None] * factors
    shares = contribution.table.set_index("account_id").reindex(accounts["account_id"])
    share = shares["contribution_share"].to_numpy(dtype="float64")
    table = accounts[["account_id", "is_start_known", "is_active_closing"]].assign(
        alive_probability=forecast.find_alive(accounts).to_numpy("float64"),
        expected_orders=orders.sum(axis=1), expected_day_amount=amounts, contribution_share=share,
        is_own_share=shares["is_own_share"].to_numpy(dtype=bool),
        clv_amount=(sales.sum(axis=1) * share).round(CENT))
    draws = None
    if is_drawn and forecast.is_drawn:
        draws = _widen(forecast.draw_amounts(accounts, years=years, rules=rules) * factors,
                       spread=spread, seed=rules.seed)
    ends = _ends(None if draws is None else draws.sum(axis=2) * share, rules, len(table))
    table["clv_amount_ci_low"], table["clv_amount_ci_high"] = ends.round(CENT)
    return Book(table[CLV_COLUMNS], sales, draws, accounts, forecast, contribution, spread)


def draw_totals(book: Book, weights: ArrayLike, *, years: ArrayLike | None = None
                ) -> Floats | None:
    """Draws of a sum over accounts and years of sales times weights; None without a model.

    weights: one an account, such as contribution shares; years: one a year, 1 when not given.
    """
    if book.draws is None:
        return None
    by_year = np.ones(book.draws.shape[2]) if years is None else np.asarray(years, "float64")
    totals: Floats = np.einsum("dry,r,y->d", book.draws, np.asarray(weights, "float64"), by_year)
    return totals


def find_interval(draws: Floats | None, *, level: float) -> tuple[float, float]:
    """Return the ends between which the middle draws lie, NaN without draws."""
    if draws is None:
        return float("nan"), float("nan")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _widen(draws: Floats, *, spread: float, seed: int) -> Floats:
    """Multiply every draw by a factor of mean 1 that all accounts share, as they do in life."""
    if not spread > 0:
        return draws
    z = np.random.default_rng(seed + 2).standard_normal(len(draws))
    return draws * np.exp(spread * z - spread**2 / 2)[:, None, None]


def _ends(values: Floats | None, rules: ValueRules, n: int) -> Floats:
    if values is None:
        return np.full((2, n), np.nan)
    tail = (1 - rules.interval_level) / 2
    return np.quantile(values, [tail, 1 - tail], axis=0)
