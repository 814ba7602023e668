"""Purchases: when each account orders, what, how much of it and at which price."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.life import segment_of
from kamlib.sample.products import draw_portfolio
from kamlib.sample.world import MONTH_DAYS, N_DAYS, YEAR_DAYS, Array, World, choose, to_weekday

CHANNELS = {
    "institution": {"direct": 0.55, "tender": 0.40, "online": 0.05},
    "intermediary": {"dealer": 0.80, "online": 0.20},
    "ka_store": {"direct": 0.65, "online": 0.35},
    "key_consumer": {"direct": 0.35, "online": 0.65},
}
BREADTH = {"strategic": 0.9, "large": 0.75, "regular": 0.6, "small": 0.45, "occasional": 0.35}
# Knots of an account's intensity: the first of each month and the day after the last.
KNOT_YEARS: Array = MONTH_DAYS / YEAR_DAYS


def simulate_sales(world: World) -> pd.DataFrame:
    """All sale lines.

    Returns one row an order line, sorted by account and day: ``place`` (of the account),
    ``order`` (a number), ``day``, ``product`` (a number), ``channel``, ``quantity``, ``amount``,
    ``cost_amount`` (NaN where unknown), ``discount_amount``, ``retail_price``, ``is_dropship``.
    """
    rng = world.stream("orders")
    parts = []
    for place, account in world.buyers.iterrows():
        days = draw_order_days(rng, account, world)
        portfolio = draw_portfolio(rng, world.products, BREADTH[account["segment"]])
        n_lines = 1 + rng.poisson(account["lines_per_order"] - 1, len(days))
        options = {"export": 1.0} if account["region"] == "Overseas" else None
        channel = choose(rng, options or CHANNELS[account["account_type"]], len(days))
        order = np.repeat(np.arange(len(days)), n_lines)
        part = pd.DataFrame({"place": place, "order": order, "day": days[order]})
        part["channel"] = channel[order]
        part["product"] = rng.choice(len(portfolio), size=len(part), p=portfolio)
        parts.append(part)
    sales = pd.concat(parts, ignore_index=True)
    sales["product"] = _after_launch(sales["product"].to_numpy(), sales["day"].to_numpy(), world)
    sales = sales.drop_duplicates(["place", "order", "product"], ignore_index=True)
    return _price_lines(world, sales)


def draw_order_days(rng: np.random.Generator, account: pd.Series, world: World) -> Array:
    """The days on which one account orders: Erlang gaps in the time of its own intensity."""
    start, end = max(float(account["start_day"]), 0.0), min(float(account["dropout_day"]), N_DAYS)
    knots = np.unique(np.concatenate([[start, end], MONTH_DAYS.astype(float)]))
    knots = knots[(knots >= start) & (knots <= end)]
    middle = (knots[1:] + knots[:-1]) / 2
    pace = _intensity(account, middle, world) * np.diff(knots) / YEAR_DAYS
    clock = np.concatenate([[0.0], np.cumsum(pace)])
    k = int(account["regularity"])
    n_gaps = int(clock[-1] * 2) + 30
    gaps = rng.gamma(k, 1 / k, n_gaps)
    # An old customer is met somewhere between two orders, a new one with its first order.
    gaps[0] = gaps[0] * rng.random() if account["start_day"] < 0 else 0.0
    ticks = np.cumsum(gaps)
    days = np.interp(ticks[ticks < clock[-1]], clock, knots)
    return to_weekday(np.minimum(days, end - 1))


def _intensity(account: pd.Series, days: Array, world: World) -> Array:
    """Orders a year of one account on each day, with season, growth and its own course."""
    chosen = world.parameters
    month = (np.searchsorted(MONTH_DAYS, days, side="right") - 1) % 12
    pace = account["rate"] * np.array(chosen.season)[month]
    pace = pace * (1 + chosen.volume_growth_per_year) ** (days / YEAR_DAYS)
    age = (days - account["start_day"]) / YEAR_DAYS
    grown = np.clip(age / chosen.ramp_years, 0, 1)
    pace = pace * (chosen.ramp_from_share + (1 - chosen.ramp_from_share) * grown)
    turned = np.maximum(days - account["turn_day"], 0) / YEAR_DAYS
    slope = {"growing": chosen.growing_per_year, "declining": chosen.declining_per_year}
    pace = pace * np.exp(slope.get(account["shape"], 0.0) * turned)
    if account["is_fading"]:
        left = (account["dropout_day"] - days) / 240
        pace = pace * np.clip(0.35 + 0.65 * left, 0.35, 1.0)
    intensity: Array = pace
    return intensity


def _after_launch(product: Array, day: Array, world: World) -> Array:
    """A product not yet on sale is replaced by the one before it in the list."""
    launch = world.products["launch_date"].to_numpy().astype("datetime64[D]")
    launch_day = (launch - np.datetime64("2022-01-01", "D")).astype(int)
    replaced: Array = np.where(day < launch_day[product], product - 1, product)
    return replaced


def _price_lines(world: World, sales: pd.DataFrame) -> pd.DataFrame:
    """Quantities and money of each line, at the prices of its year."""
    rng, n = world.stream("order_values"), len(sales)
    accounts, products = world.accounts, world.products
    place, product = sales["place"].to_numpy(), sales["product"].to_numpy()
    price = products["list_price"].to_numpy()[product]
    year = sales["day"].to_numpy() // YEAR_DAYS
    price = np.round(price * (1 + world.parameters.price_growth_per_year) ** year, 2)
    usual = segment_of(world.parameters, accounts, "discount_share")[place]
    discount = np.clip(usual * rng.uniform(0.6, 1.4, n), 0, 0.4).round(3)
    spread = np.exp(rng.normal(0, world.parameters.line_amount_sd, n))
    wanted = accounts["line_amount"].to_numpy()[place] * spread
    quantity = np.maximum(np.rint(wanted / (price * (1 - discount))), 1)
    listed = np.round(quantity * price, 2)
    amount = np.round(listed * (1 - discount), 2)
    unit_cost = price * products["cost_share"].to_numpy()[product] * rng.uniform(0.97, 1.03, n)
    is_unknown = rng.random(n) < products["unknown_cost_share"].to_numpy()[product]
    resells = accounts["account_type"].isin(["intermediary", "ka_store"]).to_numpy()[place]
    retail = np.round(price * products["markup"].to_numpy()[product], 1)
    is_small = accounts["account_type"].eq("intermediary").to_numpy()[place]
    ships = rng.random(n) < 0.15
    return sales.assign(
        quantity=quantity,
        amount=amount,
        cost_amount=np.where(is_unknown, np.nan, np.round(quantity * unit_cost, 2)),
        discount_amount=np.round(listed - amount, 2),
        retail_price=np.where(resells, retail, np.nan),
        is_dropship=is_small & ships,
    )
