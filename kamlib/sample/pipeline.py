"""Business that may come: opportunities and their stages, bids, samples, contracts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.accounts import find_owners
from kamlib.sample.world import (
    N_DAYS,
    World,
    choose,
    day_of,
    keep_where,
    number_ids,
    to_date,
    to_weekday,
)

STAGES = ("identified", "informed", "valued", "trusted", "closing")
REASONS = {"price": 0.4, "competitor relationship": 0.25, "no budget": 0.2, "delivery time": 0.15}


def simulate_opportunities(
    world: World, owners: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``opportunities`` (one row each) and ``opportunity_stages`` (one row a stage)."""
    rng, lives = world.stream("opportunities"), world.accounts
    asked = lives[lives["kind"].isin(["buyer", "prospect"])]
    n = round(len(asked) * 1.5)
    place = rng.choice(asked.index.to_numpy(), n)
    table = pd.DataFrame({"place": place})
    table["account_id"] = lives["account_id"].to_numpy()[place]
    table["day"] = to_weekday(rng.uniform(0, N_DAYS - 5, n))
    table["owner_id"] = find_owners(owners, table["account_id"], table["day"])["owner_id"]
    table["account_id"] = table["account_id"].mask(rng.random(n) < 0.04)  # not yet an account
    product = world.products["product_id"].to_numpy()[rng.integers(0, len(world.products), n)]
    table["product_id"] = keep_where(rng.random(n) < 0.7, product)
    amount = 8 * lives["line_amount"].to_numpy()[place] * np.exp(rng.normal(0.6, 0.9, n))
    table["amount"] = np.where(rng.random(n) < 0.93, np.round(amount, -2), np.nan)
    value = np.log10(amount / 5_000) * 2 + rng.normal(0, 0.6, n)
    table["value_score"] = np.clip(np.rint(value), 1, 5)
    table["difficulty_score"] = rng.integers(1, 6, n)
    score = world.satisfaction_at(place, table["day"])
    odds = 0.5 * score - 0.45 * (table["difficulty_score"] - 3)
    is_won = rng.random(n) < 1 / (1 + np.exp(-odds))
    table["lost_reason"] = choose(rng, REASONS, n)
    table = table.assign(is_won=is_won).sort_values(["day", "place"], ignore_index=True)
    table["opportunity_id"] = number_ids("OP", n, 4)
    return _walk_stages(rng, table)


def _walk_stages(
    rng: np.random.Generator, table: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who wins goes through all stages, who loses stops at one; the rest is still open."""
    n, is_won = len(table), table["is_won"].to_numpy()
    last = np.where(is_won, len(STAGES), rng.integers(1, len(STAGES) + 1, n))
    dwell = np.rint(rng.gamma(1.6, 16, (n, len(STAGES))) + 3)
    entered = table["day"].to_numpy()[:, None] + np.cumsum(dwell, axis=1) - dwell
    closed = entered[np.arange(n), last - 1] + dwell[np.arange(n), last - 1]
    closed = np.where(rng.random(n) < 0.03, N_DAYS + 1, closed)  # forgotten and left open
    is_open = closed >= N_DAYS
    table["outcome"] = np.where(is_open, "open", np.where(is_won, "won", "lost"))
    table["lost_reason"] = keep_where(table["outcome"] == "lost", table["lost_reason"])
    table["created_date"] = to_date(table["day"])
    table["closed_date"] = to_date(np.where(is_open, np.nan, closed))
    stages = [
        (opportunity, STAGES[stage], entered[row, stage])
        for row, opportunity in enumerate(table["opportunity_id"])
        for stage in range(last[row])
        if entered[row, stage] < N_DAYS
    ]
    steps = pd.DataFrame(stages, columns=["opportunity_id", "stage", "day"])
    return table, steps.assign(entered_date=to_date(steps["day"]))


def simulate_bids(world: World) -> pd.DataFrame:
    """The table ``bids``: one row a tender of an institution in which we bid."""
    rng, buyers = world.stream("bids"), world.buyers
    places = buyers.index[buyers["account_type"] == "institution"].to_numpy()
    n = len(places) * 2
    place = rng.choice(places, n)
    amount = 12 * world.accounts["line_amount"].to_numpy()[place] * np.exp(rng.normal(0, 0.7, n))
    gap = rng.normal(0.0, 0.07, n)  # above 0: we asked more than the rival
    day = to_weekday(rng.uniform(0, N_DAYS, n))
    is_won = gap + rng.normal(0, 0.03, n) < -0.01
    outcome = np.where(day > N_DAYS - 40, "open", np.where(is_won, "won", "lost"))
    is_told = (rng.random(n) < 0.8) & (outcome != "open")
    table = pd.DataFrame({
        "account_id": world.accounts["account_id"].to_numpy()[place], "day": day,
        "amount": np.round(amount, -1), "outcome": outcome,
        "rival_amount": np.where(is_told, np.round(amount * (1 - gap), -1), np.nan),
    })  # fmt: skip
    table = table.sort_values(["day", "account_id"], ignore_index=True)
    return table.assign(bid_id=number_ids("B", n, 4), bid_date=to_date(table["day"]))


def simulate_samples(world: World, opportunities: pd.DataFrame) -> pd.DataFrame:
    """The table ``samples``: one row a sample promised in the course of an opportunity."""
    rng = world.stream("samples")
    asked = opportunities[opportunities["account_id"].notna()]
    asked = asked[rng.random(len(asked)) < 0.5].reset_index(drop=True)
    n = len(asked)
    promised = asked["day"] + rng.integers(10, 40, n)
    delivered = (promised + np.rint(rng.normal(0.5, 4, n))).clip(lower=asked["day"] + 2)
    is_there = (rng.random(n) < 0.95) & (delivered < N_DAYS)
    is_known = is_there & (rng.random(n) < 0.9)
    verdict = np.where(rng.random(n) < 0.78, True, False)
    table = pd.DataFrame({
        "account_id": asked["account_id"], "day": promised, "promised_date": to_date(promised),
        "delivered_date": to_date(np.where(is_there, delivered, np.nan)),
        "is_accepted": pd.Series(verdict).astype("boolean").where(pd.Series(is_known)),
    })  # fmt: skip
    table = table[table["day"] < N_DAYS].sort_values(["day", "account_id"], ignore_index=True)
    return table.assign(sample_id=number_ids("SM", len(table), 4))


def simulate_contracts(world: World) -> pd.DataFrame:
    """The table ``contracts``: one row a yearly contract of a big account, renewed or not."""
    rng, buyers = world.stream("contracts"), world.buyers
    is_big = buyers["segment"].isin(["strategic", "large"])
    is_bound = is_big | ((buyers["segment"] == "regular") & (rng.random(len(buyers)) < 0.3))
    rows = []
    for _, account in buyers[is_bound].iterrows():
        yearly = account["rate"] * account["lines_per_order"] * account["line_amount"] * 1.25
        first = max(int(account["start_day"]), 0) // 30 * 30 + int(rng.integers(0, 12)) * 30
        stop = min(account["dropout_day"], day_of("2025-12-15"))
        for start in range(first, int(stop), 365):
            end, amount = start + 364, round(yearly * float(rng.uniform(0.85, 1.1)), -3)
            goes_on = bool(end < account["dropout_day"] and rng.random() < 0.95)
            known = goes_on if end < N_DAYS else None
            rows.append((account["account_id"], start, end, known, amount))
            if not goes_on:
                break
    columns = ["account_id", "start", "end", "renewed", "annual_amount"]
    table = pd.DataFrame(rows, columns=columns).sort_values(["start", "account_id"])
    table = table.reset_index(drop=True).assign(contract_id=number_ids("CT", len(table), 4))
    table["renewed"] = table["renewed"].astype("boolean")
    return table.assign(start_date=to_date(table["start"]), end_date=to_date(table["end"]))
