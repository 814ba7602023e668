"""The accounts' own markets: quotas, stock, promotions, shop checks, wallets and needs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.accounts import find_owners
from kamlib.sample.world import (
    MONTH_DAYS,
    N_DAYS,
    World,
    choose,
    day_of,
    keep_where,
    number_ids,
    to_date,
    to_weekday,
)

RESELLERS = ["intermediary", "ka_store"]
TOPICS = ("compliance", "price_tags", "brand_building", "display", "record")
DIMENSIONS = {"features": 0.2, "price": 0.25, "delivery": 0.25, "after_sales": 0.15,
              "quality": 0.15}  # fmt: skip
SOURCES = {"account interview": 0.5, "trade statistics": 0.3, "owner's estimate": 0.2}
FIRST_QUOTA_MONTH = 24  # quotas were introduced in January 2024


def simulate_quotas(world: World, orders: pd.DataFrame) -> pd.DataFrame:
    """The table ``quotas``: one row a dealer, product line and month since 2024."""
    rng = world.stream("quotas")
    sales = orders[(orders["line_kind"] == "sale") & ~orders["order_id"].str.startswith("E")]
    dealers = world.buyers[world.buyers["account_type"] == "intermediary"]
    line = sales["product_id"].map(world.products.set_index("product_id")["product_line"])
    recent = sales.assign(product_line=line)[sales["day"] >= MONTH_DAYS[12]]
    recent = recent[recent["place"].isin(dealers.index) & (recent["product_line"] != "Service")]
    volume = recent.groupby(["place", "product_line"], as_index=False)["quantity"].sum()
    volume = volume.sort_values(["quantity", "place"], ascending=False).head(60)
    n_months = len(MONTH_DAYS) - 1 - FIRST_QUOTA_MONTH
    table: pd.DataFrame = volume.loc[volume.index.repeat(n_months)].reset_index(drop=True)
    table["number"] = FIRST_QUOTA_MONTH + np.tile(np.arange(n_months), len(volume))
    n, usual = len(table), table["quantity"] / 36
    season = np.array(world.parameters.season)[table["number"] % 12]
    quota = np.maximum(np.rint(usual * 1.25 * season), 1)
    demand = np.maximum(np.rint(usual * season * rng.gamma(6, 1 / 6, n) * 1.1), 0)
    is_short = rng.random(n) < 0.12
    available = np.where(is_short, np.rint(quota * rng.uniform(0.3, 0.8, n)), np.rint(quota * 1.3))
    table = table.assign(
        quota_quantity=quota, demand_quantity=demand, available_quantity=available,
        account_id=world.accounts["account_id"].to_numpy()[table["place"]],
        month=to_date(MONTH_DAYS[table["number"]]),
    )  # fmt: skip
    return table.sort_values(["account_id", "product_line", "month"], ignore_index=True)


def simulate_stock(world: World, orders: pd.DataFrame) -> pd.DataFrame:
    """The table ``stock``: one row a count of a product at a reseller, at each quarter's end."""
    rng = world.stream("stock")
    sales = orders[(orders["line_kind"] == "sale") & ~orders["order_id"].str.startswith("E")]
    resellers = world.buyers[world.buyers["account_type"].isin(RESELLERS)]
    parts = []
    for month in range(26, 48, 3):
        end = MONTH_DAYS[month + 1] - 1
        window = sales[(sales["day"] > end - 180) & (sales["day"] <= end)]
        window = window[window["place"].isin(resellers.index)]
        bought = window.groupby(["account_id", "product_id"], as_index=False)["quantity"].sum()
        bought = bought.sort_values(["account_id", "quantity"], ascending=[True, False])
        top = bought.groupby("account_id").head(2)
        parts.append(top[rng.random(len(top)) < 0.6].assign(day=end))
    table: pd.DataFrame = pd.concat(parts, ignore_index=True)
    table["quantity"] = np.rint(table["quantity"] / 6 * rng.gamma(2, 0.5, len(table)))
    table["counted_date"] = to_date(table["day"])
    return table.sort_values(["account_id", "product_id", "day"], ignore_index=True)


def simulate_promotions(world: World) -> pd.DataFrame:
    """The table ``promotions``: one row a promotion at a store or dealer, or for everybody."""
    rng, buyers = world.stream("promotions"), world.buyers
    places = buyers.index[buyers["account_type"].isin(RESELLERS)].to_numpy()
    n = max(len(places) // 2, 4)
    place = rng.choice(places, n)
    start = to_weekday(rng.uniform(60, N_DAYS - 20, n))
    asked = start - rng.integers(18, 60, n)
    approved = np.minimum(asked + rng.integers(2, 12, n), start - 1)
    lines = world.products["product_line"].unique()
    ids = world.accounts["account_id"].to_numpy()[place]
    planned = 4 * world.accounts["line_amount"].to_numpy()[place] * rng.uniform(0.8, 3, n)
    table = pd.DataFrame({
        "account_id": keep_where(rng.random(n) < 0.9, ids),
        "product_line": keep_where(rng.random(n) < 0.9, rng.choice(lines, n)), "day": start,
        "requested_date": to_date(asked), "approved_date": to_date(approved),
        "start_date": to_date(start), "end_date": to_date(start + rng.choice([13, 20, 30], n)),
        "planned_amount": np.round(planned, -2),
        "cost_amount": np.where(rng.random(n) < 0.9, np.round(planned * 0.06, -1), np.nan),
    })  # fmt: skip
    table = table.sort_values("day", kind="stable", ignore_index=True)
    return table.assign(promotion_id=number_ids("PR", n, 3))


def simulate_checks(world: World, owners: pd.DataFrame) -> pd.DataFrame:
    """The table ``checks``: one row a topic rated on the spot at a reseller (1 to 5)."""
    rng, buyers = world.stream("checks"), world.buyers
    shops = buyers[buyers["account_type"].isin(RESELLERS)]
    parts = []
    for year in (2024, 2025):
        start = day_of(f"{year}-03-01")
        here = shops[(shops["start_day"] < start) & (shops["dropout_day"] > start + 200)]
        day = np.repeat(to_weekday(start + rng.integers(0, 200, len(here))), len(TOPICS))
        level = np.repeat(rng.normal(3.7, 0.6, len(here)), len(TOPICS))
        rating = np.clip(np.rint(level + rng.normal(0, 0.6, len(level))), 1, 5)
        parts.append(pd.DataFrame({"account_id": here["account_id"].repeat(len(TOPICS)),
                                   "day": day, "topic": TOPICS * len(here),
                                   "rating": rating}))  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table["rater"] = find_owners(owners, table["account_id"], table["day"])["owner_id"]
    return table.assign(check_date=to_date(table["day"]))


def simulate_wallets(world: World, orders: pd.DataFrame) -> pd.DataFrame:
    """The table ``wallet_estimates``: one row an estimate of what an account spends in a year."""
    rng = world.stream("wallet_estimates")
    sales = orders[(orders["line_kind"] == "sale") & ~orders["order_id"].str.startswith("E")]
    year = sales["order_date"].dt.year
    spent = sales["amount"].groupby([sales["account_id"], year]).sum()
    ours = spent.rename_axis(["account_id", "year"]).reset_index()
    ours = ours[ours["year"].isin([2024, 2025]) & (ours["amount"] > 250_000)]
    # The true share of wallet belongs to the account, the estimate to the year.
    ids, shares = world.accounts["account_id"], rng.beta(3, 3, len(world.accounts))
    share = dict(zip(ids, shares, strict=True))
    wallet = ours["amount"] / ours["account_id"].map(share).clip(lower=0.12)
    estimate = np.round(wallet * np.exp(rng.normal(0, 0.15, len(ours))), -4)
    day = [day_of(f"{y}-{m:02d}-20") for y, m in zip(ours["year"], rng.integers(9, 13, len(ours)),
                                                     strict=True)]  # fmt: skip
    table = ours[["account_id", "year"]].assign(estimate_amount=estimate, product_line=None)
    table["source"] = choose(rng, SOURCES, len(ours))
    return table.assign(estimated_date=to_date(day)).reset_index(drop=True)


def simulate_needs(world: World) -> pd.DataFrame:
    """The table ``needs``: one row a need noted at a big or regular account."""
    rng = world.stream("needs")
    rated = world.buyers[world.buyers["segment"].isin(["strategic", "large", "regular"])]
    n = len(rated) * 2
    place = np.sort(rng.choice(rated.index.to_numpy(), n))
    begin = np.maximum(world.accounts["start_day"].to_numpy()[place], 300)
    end = np.minimum(world.accounts["dropout_day"].to_numpy()[place], N_DAYS)
    day = np.maximum(begin + rng.random(n) * (end - begin), 0)
    dimension = choose(rng, DIMENSIONS, n)
    poor = (dimension == "delivery") & (day > day_of("2024-10-01"))
    fit = np.clip(np.rint(rng.normal(3.6, 0.9, n) - poor), 1, 5)
    return pd.DataFrame({
        "account_id": world.accounts["account_id"].to_numpy()[place], "dimension": dimension,
        "kind": choose(rng, {"basic": 0.65, "latent": 0.35}, n),
        "importance": np.clip(np.rint(rng.normal(3.8, 0.9, n)), 1, 5),
        "fit": np.where(rng.random(n) < 0.85, fit, np.nan),
        "noted_date": to_date(to_weekday(np.minimum(day, N_DAYS - 1))),
    })  # fmt: skip
