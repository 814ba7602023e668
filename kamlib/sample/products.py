"""What the sample company sells: six product lines, forty-two products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.sample.world import Array, open_stream

# Name: products, weight in sales, lowest and highest list price (CNY), cost share, share of
# lines whose cost is not known.
LINES: dict[str, tuple[int, float, float, float, float, float]] = {
    "Sensors": (9, 0.26, 40, 900, 0.58, 0.01),
    "Controllers": (8, 0.24, 300, 4_200, 0.62, 0.01),
    "Drives": (7, 0.20, 600, 9_000, 0.68, 0.01),
    "Cables": (7, 0.12, 8, 160, 0.76, 0.01),
    "Displays": (6, 0.12, 150, 2_600, 0.66, 0.01),
    "Service": (5, 0.06, 400, 3_000, 0.48, 0.60),
}
LATE_LAUNCHES = {8: "2023-03-15", 16: "2024-04-10", 23: "2022-09-01", 36: "2025-02-20"}


def build_products(seed: int) -> pd.DataFrame:
    """The products with what only the simulation knows of them.

    Returns one row a product: the dictionary's columns, and ``list_price`` (CNY, 2022),
    ``cost_share``, ``unknown_cost_share``, ``weight`` and ``markup`` (list to retail price).
    """
    rng = open_stream(seed, "products")
    rows: list[dict[str, Any]] = []
    for line, (n, weight, low, high, cost, unknown) in LINES.items():
        popularity = rng.dirichlet(np.full(n, 2.0))
        for place in range(n):
            number = len(rows)
            launch = LATE_LAUNCHES.get(number, f"{2009 + int(rng.integers(12))}-06-01")
            price = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            rows.append(
                {
                    "product_id": f"P{number + 1:03d}",
                    "name": f"{line.rstrip('s')} {100 + number + 1}",
                    "product_line": line,
                    "brand": "Example Pro" if rng.random() < 0.4 else "Example Basic",
                    "category": "service" if line == "Service" else "goods",
                    "launch_date": np.datetime64(launch),
                    "list_price": round(price, 2),
                    "cost_share": cost * float(rng.uniform(0.94, 1.06)),
                    "unknown_cost_share": unknown,
                    "weight": weight * float(popularity[place]),
                    "markup": float(rng.uniform(1.04, 1.22)),
                }
            )
    return pd.DataFrame(rows)


def draw_portfolio(rng: np.random.Generator, products: pd.DataFrame, breadth: float) -> Array:
    """The chance of each product on a line of one account: some lines it never buys."""
    lines = products["product_line"].unique()
    strength = dict(zip(lines, rng.gamma(0.9, size=len(lines)), strict=True))
    missing = rng.random(len(lines)) > breadth
    for line in lines[missing][: len(lines) - 1]:
        strength[line] = 0.0
    taste = rng.gamma(0.8, size=len(products))
    chances = products["weight"].to_numpy() * products["product_line"].map(strength).to_numpy()
    chances = chances * taste + 1e-12
    portfolio: Array = chances / chances.sum()
    return portfolio
