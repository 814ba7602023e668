"""What the company aims at, and what its people wrote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.sample.world import World

QUARTERS = [(year, quarter) for year in range(2022, 2026) for quarter in range(1, 5)]
# Metric, kind, better, target of each year 2022 to 2025.
YEARLY: tuple[tuple[str, str, tuple[float, ...]], ...] = (
    ("satisfied_rate", "rate", (0.70, 0.70, 0.75, 0.80)),
    ("satisfaction_index", "index", (72, 73, 74, 75)),
    ("nrr", "rate", (1.0, 1.0, 1.0, 1.0)),
    ("grr", "rate", (0.85, 0.85, 0.85, 0.85)),
    ("margin_share", "rate", (0.27, 0.27, 0.27, 0.28)),
    ("n_new", "count", (24, 24, 22, 22)),
    ("n_complaints", "count", (170, 160, 150, 140)),
    ("response_rate", "rate", (0.60, 0.60, 0.65, 0.65)),
)


def simulate_targets(world: World, orders: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """The table ``targets``: one row a thing aimed at, for a scope and a stretch of time.

    Revenue is planned on the same quarter a year before; the first year on a guess.
    """
    rng = world.stream("targets")
    net = orders[orders["line_kind"].isin(["sale", "return", "cancellation"])].copy()
    net = net.merge(world.accounts[["account_id", "region"]], on="account_id", how="left")
    net["product_line"] = net["product_id"].map(
        world.products.set_index("product_id")["product_line"]
    )
    last = owners.drop_duplicates("account_id", keep="last").set_index("account_id")["owner_id"]
    net["owner"] = net["account_id"].map(last)
    net["year"], net["quarter"] = net["order_date"].dt.year, net["order_date"].dt.quarter
    rows = _plan_company(rng, net)
    for metric, kind, values in YEARLY:
        for year, value in zip(range(2022, 2026), values, strict=True):
            rows.append(("company", None, metric, kind, *_span(year), value))
    big = world.buyers.loc[world.buyers["segment"] == "strategic", "account_id"]
    rows += _plan_parts(rng, net, "region", "region", 1.06)
    rows += _plan_parts(rng, net, "owner", "owner", 1.05)
    rows += _plan_parts(rng, net, "product_line", "product_line", 1.06)
    rows += _plan_parts(rng, net[net["account_id"].isin(big)], "account", "account_id", 1.05)
    columns = ["scope", "scope_id", "metric", "kind", "from_date", "to_date", "target"]
    table = pd.DataFrame(rows, columns=columns)
    order = ["scope", "scope_id", "metric", "from_date", "to_date"]
    return table.sort_values(order, ignore_index=True, na_position="first")


def _span(year: int, quarter: int = 0) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of a year, or of one of its quarters."""
    first, months = (3 * quarter - 2, 3) if quarter else (1, 12)
    start = pd.Timestamp(year=year, month=first, day=1)
    return start, start + pd.DateOffset(months=months, days=-1)


def _plan_company(rng: np.random.Generator, net: pd.DataFrame) -> list[tuple[Any, ...]]:
    sums = net["amount"].groupby([net["year"], net["quarter"]]).sum()
    rows: list[tuple[Any, ...]] = []
    total: dict[int, float] = {}
    for year, quarter in QUARTERS:
        known = (year - 1, quarter) if year > 2022 else (year, quarter)
        growth = 1.03 if year > 2022 else float(rng.uniform(0.96, 1.04))
        target = round(float(sums.get(known, 0.0)) * growth, -5)
        total[year] = total.get(year, 0.0) + target
        rows.append(("company", None, "net_amount", "amount", *_span(year, quarter), target))
    rows += [("company", None, "net_amount", "amount", *_span(y), t) for y, t in total.items()]
    return rows


def _plan_parts(
    rng: np.random.Generator, net: pd.DataFrame, scope: str, column: str, growth: float
) -> list[tuple[Any, ...]]:
    """Yearly revenue of each part for 2024 and 2025, and its quarters for 2025."""
    by_year = net["amount"].groupby([net[column], net["year"]]).sum()
    by_quarter = net["amount"].groupby([net[column], net["year"], net["quarter"]]).sum()
    rows: list[tuple[Any, ...]] = []
    for part in sorted(net[column].dropna().unique()):
        ambition = growth * float(rng.uniform(0.95, 1.05))
        for year in (2024, 2025):
            base = float(by_year.get((part, year - 1), 0.0))
            if base > 0:
                rows.append((scope, part, "net_amount", "amount", *_span(year),
                             round(base * ambition, -4)))  # fmt: skip
        for quarter in range(1, 5):
            base = float(by_quarter.get((part, 2024, quarter), 0.0))
            if base > 0 and scope != "account":
                rows.append((scope, part, "net_amount", "amount", *_span(2025, quarter),
                             round(base * ambition, -4)))  # fmt: skip
    return rows


def simulate_narratives(world: World) -> pd.DataFrame:
    """The table ``narratives``: one row a text, in English or Chinese."""
    big = world.buyers[world.buyers["segment"] == "strategic"]
    rng = world.stream("narratives")
    texts = [
        ("strengths", "Good standing with the technical side; purchasing still compares prices."),
        ("plan", "Offer a yearly contract for all product lines; next review after the fair."),
        ("优势", "技术部门认可我方产品，双方合作稳定。"),
        ("改进建议", "建议缩短交货期，并安排一次管理层互访。"),
    ]
    rows: list[tuple[Any, ...]] = [
        ("company", None, "vision", "sales management", "2025-01-15",
         "Grow with the accounts we have; no account is lost for a reason we could have mended."),
        ("company", None, "愿景", "销售管理部", "2025-01-15", "与现有客户共同成长，把交付做稳。"),
        ("company", None, "delivery", "sales management", "2025-10-10",
         "Complaints about late goods come mostly from South China; a second carrier is sought."),
        ("company", None, "risk", "sales management", "2025-12-12",
         "Some large accounts have been silent since autumn; visits are planned for January."),
        ("region", "East China", "展望", "Manager 04", "2025-12-10",
         "华东区需求平稳，重点推进新产品线。"),
        ("product_line", "Displays", "outlook", "product management", "2025-11-20",
         "A new product came in February 2025; few accounts have tried it so far."),
    ]  # fmt: skip
    for number, account_id in enumerate(big["account_id"]):
        topic, text = texts[number % len(texts)]
        author = f"Manager {1 + int(rng.integers(16)):02d}"
        day = f"2025-{1 + int(rng.integers(12)):02d}-{1 + int(rng.integers(28)):02d}"
        rows.append(("account", account_id, topic, author, day, text))
    columns = ["scope", "scope_id", "topic", "author", "written_date", "text"]
    table = pd.DataFrame(rows, columns=columns)
    table["written_date"] = pd.to_datetime(table["written_date"])
    return table
