"""The order lines: sales, and what comes back, is corrected, or is given away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.life import segment_of
from kamlib.sample.trade import simulate_sales
from kamlib.sample.world import (
    N_DAYS,
    World,
    choose,
    day_of,
    keep_where,
    to_date,
    to_weekday,
)

REASONS = {"delivery_time": 0.4, "price": 0.2, "duplicate": 0.15, "budget": 0.15, "other": 0.1}
GIANT_DAY = day_of("2025-11-18")


def simulate_orders(world: World) -> pd.DataFrame:
    """The table ``orders``: one row an order line, sorted by date, order and line."""
    sales = simulate_sales(world)
    sales = _number_orders(sales.assign(line_kind="sale"), "S")
    parts = [sales, _return_goods(world, sales), _cancel_lines(world, sales)]
    parts += [_give_away(world, sales), _adjust(world, sales), _order_by_mistake(world)]
    lines = pd.concat(parts, ignore_index=True)
    lines["order_date"] = to_date(lines["day"])
    lines["account_id"] = world.accounts["account_id"].to_numpy()[lines["place"]]
    known = lines["product"].notna()
    codes = world.products["product_id"].to_numpy(dtype=object)
    named = codes[lines["product"].fillna(0).to_numpy(dtype=int)]
    lines["product_id"] = keep_where(known, named)
    lines["is_tender"] = lines["channel"] == "tender"
    lines["is_dropship"] = lines["is_dropship"].eq(True)
    return lines.sort_values(["order_date", "order_id", "line_no"], ignore_index=True)


def _number_orders(lines: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """Order numbers run with the calendar, line numbers within the order."""
    lines = lines.sort_values(["day", "place", "order", "product"], ignore_index=True)
    keys = pd.MultiIndex.from_frame(lines[["day", "place", "order"]])
    number = pd.factorize(keys)[0] + 1
    ids = [f"{prefix}{value:06d}" for value in number]
    line_no = lines.groupby(["day", "place", "order"], sort=False).cumcount() + 1
    return lines.assign(order_id=ids, line_no=line_no)


def _come_back(lines: pd.DataFrame, share: pd.Series) -> pd.DataFrame:
    """The same lines with the sign turned round, in part where ``share`` is below 1."""
    quantity = np.maximum(np.rint(lines["quantity"] * share), 1)
    part = quantity / lines["quantity"]
    money = {
        name: -np.round(lines[name] * part, 2)
        for name in ("amount", "cost_amount", "discount_amount")
    }
    return lines.assign(quantity=-quantity, original_order_id=lines["order_id"], **money)


def _return_goods(world: World, sales: pd.DataFrame) -> pd.DataFrame:
    """Goods that come back days or weeks later, more often from the dissatisfied."""
    rng, chosen = world.stream("returns"), world.parameters
    place, day = sales["place"].to_numpy(), sales["day"].to_numpy()
    score = world.satisfaction_at(place, day)
    chance = segment_of(chosen, world.accounts, "return_share")[place]
    chance = np.clip(chance * np.exp(-chosen.satisfaction_on_returns * score), 0, 0.35)
    back = sales[rng.random(len(sales)) < chance].reset_index(drop=True)
    share = np.where(rng.random(len(back)) < 0.65, 1.0, rng.uniform(0.1, 0.9, len(back)))
    lag = 8 + rng.gamma(2.0, 14, len(back))
    back = _come_back(back, pd.Series(share)).assign(line_kind="return")
    back["day"] = to_weekday(back["day"] + lag)
    return _number_orders(back[back["day"] < N_DAYS], "R")


def _cancel_lines(world: World, sales: pd.DataFrame) -> pd.DataFrame:
    """Lines called off within two weeks, whole, with a reason."""
    rng = world.stream("cancellations")
    is_off = rng.random(len(sales)) < world.parameters.cancellation_share
    off = sales[is_off].reset_index(drop=True)
    off["cancel_reason"] = choose(rng, REASONS, len(off))
    lag = rng.integers(0, 13, len(off))
    off = _come_back(off, pd.Series(np.ones(len(off)))).assign(line_kind="cancellation")
    off["day"] = np.maximum(to_weekday(off["day"] + lag), off["day"])
    return _number_orders(off[off["day"] < N_DAYS], "C")


def _give_away(world: World, sales: pd.DataFrame) -> pd.DataFrame:
    """Goods sent along with an order for nothing."""
    rng = world.stream("free")
    first = sales[sales["line_no"] == 1]
    free = first[rng.random(len(first)) < world.parameters.free_share].reset_index(drop=True)
    quantity = rng.integers(1, 4, len(free))
    cost = np.round(free["cost_amount"] / free["quantity"] * quantity, 2)
    return free.assign(
        line_kind="free", line_no=99, quantity=quantity, amount=0.0, cost_amount=cost,
        discount_amount=np.nan, retail_price=np.nan,
    )  # fmt: skip


def _adjust(world: World, sales: pd.DataFrame) -> pd.DataFrame:
    """Rebates at the end of the year to those who resell, and corrections of single orders."""
    rng = world.stream("adjustments")
    names = ["place", "day", "order", "channel", "amount", "line_kind"]
    year = (sales["day"] / 365.25).astype(int)
    total = sales["amount"].groupby([sales["place"], year]).sum().reset_index()
    resells = world.accounts["account_type"].isin(["intermediary", "ka_store"]).to_numpy()
    due = total[resells[total["place"]] & (total["amount"] > 300_000)].copy()
    due["amount"] = -np.round(due["amount"] * world.parameters.rebate_share, 2)
    due["day"] = due["day"].map({i: day_of(f"{2022 + i}-12-29") for i in range(4)})
    small = sales[rng.random(len(sales)) < 0.003].copy()
    small["amount"] = np.round(small["amount"] * rng.uniform(-0.15, 0.08, len(small)), 2)
    small["day"] = np.minimum(to_weekday(small["day"] + 21), N_DAYS - 1)
    small["original_order_id"] = small["order_id"]
    both = pd.concat([due, small], ignore_index=True).assign(line_kind="adjustment")
    both["order"] = np.arange(len(both))
    both["product"] = np.nan
    return _number_orders(both[[*names, "original_order_id", "product"]], "J")


def _order_by_mistake(world: World) -> pd.DataFrame:
    """Orders typed with too many zeros and called off at once; the last one is gigantic."""
    rng = world.stream("pairs")
    is_big = world.buyers["segment"].isin(["strategic", "large", "regular"])
    alive = world.buyers[is_big & (world.buyers["dropout_day"] > N_DAYS)]
    price = world.products["list_price"].to_numpy()
    places = rng.choice(alive.index.to_numpy(), 4)
    plan = zip(places, [200, 480, 900, GIANT_DAY], [80_000, 150_000, 60_000, 6_400_000],
               [0, 1, 1, 1], strict=True)  # fmt: skip
    rows = []
    for number, (place, day, amount, lag) in enumerate(plan):
        product = int(rng.integers(9, 17))
        unit = float(price[product])
        quantity = round(amount / unit, -1) if amount > 1_000_000 else round(amount / unit) + 1
        start = int(to_weekday(np.array([day]))[0])
        line = {"place": place, "product": product, "channel": "direct", "line_no": 1,
                "order": number, "day": start, "order_id": f"E{2 * number + 1:06d}",
                "line_kind": "sale", "quantity": quantity, "amount": round(quantity * unit, 2),
                "cost_amount": round(quantity * unit * 0.62, 2),
                "discount_amount": 0.0}  # fmt: skip
        off = {**line, "day": start + lag, "order_id": f"E{2 * number + 2:06d}",
               "line_kind": "cancellation", "cancel_reason": "duplicate",
               "original_order_id": line["order_id"], "quantity": -quantity,
               "amount": -line["amount"], "cost_amount": -line["cost_amount"]}  # fmt: skip
        rows += [line, off]
    return pd.DataFrame(rows)
