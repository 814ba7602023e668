"""What customer equity gains when retention, margin, price, interest or the base move a little."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.value.clv import Book, discount_years, draw_totals, find_interval
from kamlib.value.rules import ValueRules

Floats = NDArray[np.float64]
LEVER_COLUMNS = ["group", "lever", "gain_amount", "gain_amount_ci_low",
                 "gain_amount_ci_high", "gain_share"]
POINT = 0.01


def measure_levers(book: Book, *, rules: ValueRules, channels: pd.Series | None = None
                   ) -> pd.DataFrame:
    """Change of customer equity for one step on each lever, all else equal.

    channels: main channel by account_id, to repeat the levers within each; None for none.
    Returns one row a group ("all", then channels) and lever, largest change first: group, lever,
    gain_amount with its interval (what all accounts may bring moves it), gain_share (of the
    group's equity). Levers: retention_point (yearly retention one point higher), price_percent
    (prices 1 % higher, all of it stays), margin_percent (margins 1 % higher, cost to serve as it
    is), cost_to_serve_percent (1 % lower), discount_point (interest one point higher),
    one_newcomer (one more account, from its first purchase day on; a mean, without interval).
    Levers without the costs that they need are left out. Source: catalogue CE-02.

    Notes
    -----
    Retention of year y is r_y = expected orders of year y / those of year y - 1, that of the first
    year being r_2. Expected orders of year y are multiplied by
    ((r_1 + 0.01) / r_1)^0.5 x prod over j = 2..y of (r_j + 0.01) / r_j, as the margins of a year
    are counted at its middle.
    """
    everybody = np.ones(len(book.table))
    rows = _levers(book, everybody, "all", rules)
    if book.forecast.verdict != "refused":
        rows.append(["all", "one_newcomer", value_newcomer(book, rules=rules), np.nan, np.nan,
                     np.nan])
    if channels is not None:
        own = book.table["account_id"].map(channels)
        for name in sorted(own.dropna().unique()):
            rows += _levers(book, (own == name).to_numpy("float64"), str(name), rules)
    table = pd.DataFrame(rows, columns=LEVER_COLUMNS)
    weight = np.where(book.total != 0, 1 / (book.total or 1), np.nan)
    is_new = table["lever"] == "one_newcomer"
    table.loc[is_new, "gain_share"] = table.loc[is_new, "gain_amount"] * weight
    place = {name: i for i, name in enumerate(dict.fromkeys(table["group"]))}
    return table.assign(place=table["group"].map(place), size=-table["gain_amount"].abs()) \
        .sort_values(["place", "size", "lever"], ignore_index=True)[LEVER_COLUMNS]


def value_newcomer(book: Book, *, rules: ValueRules) -> float:
    """Value of one more account on the day of its first purchase, which counts in full."""
    later = book.forecast.expect_newcomer_orders(years=rules.horizon_years)
    factors = discount_years(rules.horizon_years, annual_rate=rules.discount_rate)
    return float((1 + later @ factors) * book.forecast.typical_amount
                 * book.contribution.overall["contribution_share"])


def imply_retention(book: Book, inside: Floats, *, years: int) -> Floats:
    """Yearly retention that the forecast implies for some accounts: orders to those a year before.

    inside: 1 for an account that counts, else 0. One share a year from the first, which has that
    of the second; NaN where nothing is expected.
    """
    orders = book.forecast.expect_orders(book.accounts, years=max(2, years))
    by_year = inside @ orders
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = by_year[1:] / by_year[:-1]
    return np.asarray(np.concatenate([kept[:1], kept])[:years], dtype="float64")


def scale_retention(retention: Floats, *, step: float = POINT) -> Floats:
    """Factors on the expected orders of each year when yearly retention rises by a step.

    >>> scale_retention(np.array([0.8, 0.8])).round(5).tolist()  # 1.0125 to the power 0.5 and 1.5
    [1.00623, 1.01881]
    """
    ratio = (retention + step) / retention
    return np.asarray(np.sqrt(ratio[0]) * np.cumprod(np.concatenate([[1.0], ratio[1:]])))


def _levers(book: Book, inside: Floats, name: str, rules: ValueRules) -> list[list[object]]:
    shares, years = book.shares, rules.horizon_years
    net, margin, kept = (shares[c].to_numpy("float64") * inside
                         for c in ("net_part", "margin_part", "contribution_share"))
    flat = np.ones(years)
    longer = scale_retention(imply_retention(book, inside, years=years)) - 1
    dearer = discount_years(years, annual_rate=rules.discount_rate + POINT) / discount_years(
        years, annual_rate=rules.discount_rate) - 1
    steps = {"retention_point": (kept, longer), "price_percent": (POINT * net, flat),
             "discount_point": (kept, dearer), "margin_percent": (POINT * margin, flat),
             "cost_to_serve_percent": (POINT * (margin - kept), flat)}
    if book.contribution.basis != "basis_profit":
        del steps["cost_to_serve_percent"]
    if not book.contribution.is_costed:
        del steps["margin_percent"]
    equity = float((book.sales * kept[:, None]).sum())
    rows: list[list[object]] = []
    for lever, (weights, by_year) in steps.items():
        change = float(weights @ book.sales @ by_year)
        if np.isfinite(change):
            ends = find_interval(draw_totals(book, weights, years=by_year),
                                 level=rules.interval_level)
            rows.append([name, lever, change, *ends,
                         change / equity if equity > 0 else np.nan])
    return rows

