"""What the accounts say unasked, and what was promised to mend it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.accounts import find_owners
from kamlib.sample.voice import WAVES, build_waves
from kamlib.sample.world import (
    N_DAYS,
    World,
    choose,
    day_of,
    half_of,
    keep_where,
    number_ids,
    to_date,
    to_weekday,
)

CLASSES = {"quality": 0.22, "delivery": 0.28, "service": 0.14, "invoice": 0.10, "price": 0.08,
           "maintenance": 0.10, "suggestion": 0.05, "special_request": 0.03}  # fmt: skip
SOURCES = {"phone": 0.45, "email": 0.3, "visit": 0.15, "online": 0.1}
TOPICS = {"delivery": 0.4, "service": 0.2, "quality": 0.15, "price": 0.1, "communication": 0.15}
RESULTS = {"second carrier hired": 0.25, "stock moved nearer to the account": 0.2,
           "contact person named": 0.25, "agreed and documented": 0.3}  # fmt: skip


def simulate_complaints(world: World, orders: pd.DataFrame) -> pd.DataFrame:
    """The table ``complaints``: one row a complaint; the dissatisfied complain more often."""
    rng = world.stream("complaints")
    sales = orders[(orders["line_kind"] == "sale") & (orders["line_no"] == 1)]
    place, day = sales["place"].to_numpy(), sales["day"].to_numpy()
    half = half_of(day)
    hurt = np.array(world.parameters.delivery_decline)[half]
    is_hit = (world.accounts["region"] == world.parameters.delivery_region).to_numpy()[place]
    rate = 0.045 * np.exp(-0.6 * world.satisfaction[place, half]) * (1 + 0.8 * hurt * is_hit)
    hit = rng.random(len(sales)) < rate
    table: pd.DataFrame = sales.loc[hit, ["account_id", "product_id", "day"]].reset_index(drop=True)
    n = len(table)
    table["day"] = to_weekday(table["day"] + 2 + np.rint(rng.gamma(1.5, 10, n)))
    table["complaint_class"] = choose(rng, CLASSES, n)
    is_late = (rng.random(n) < 0.5 * hurt[hit]) & is_hit[hit]
    table["complaint_class"] = table["complaint_class"].mask(is_late, "delivery")
    table["source"] = choose(rng, SOURCES, n)
    response = table["day"] + np.floor(rng.gamma(1.0, 1.6, n))
    resolved = response + 1 + np.rint(rng.gamma(1.3, 9, n))
    resolved = resolved.where(rng.random(n) > 0.03)
    table["first_response_date"] = to_date(response.where(response < N_DAYS))
    table["resolved_date"] = to_date(resolved.where(resolved < N_DAYS))
    table.loc[rng.random(n) < 0.3, "product_id"] = None
    table = table[table["day"] < N_DAYS].sort_values(["day", "account_id"], ignore_index=True)
    table["opened_date"] = to_date(table["day"])
    return table.assign(complaint_id=number_ids("CP", len(table), 4))


def simulate_actions(
    world: World, owners: pd.DataFrame, answers: pd.DataFrame, complaints: pd.DataFrame
) -> pd.DataFrame:
    """The table ``actions``: one row a promise, made after a poor answer or a complaint."""
    rng = world.stream("actions")
    waves = build_waves().set_index("wave_id")
    overall = answers[answers["item_id"] == "Q09"]
    poor = overall["score"] <= overall["wave_id"].map({w: 5 if i >= 4 else 2
                                                       for i, w in enumerate(WAVES)})  # fmt: skip
    chosen = overall[poor & (rng.random(len(overall)) < 0.6)].drop_duplicates(
        ["wave_id", "account_id"]
    )
    end = chosen["wave_id"].map(waves["end_date"])
    opened = ((end - pd.Timestamp("2022-01-01")).dt.days + 7).to_numpy()
    after_survey = pd.DataFrame({"account_id": chosen["account_id"], "wave_id": chosen["wave_id"],
                                 "topic": choose(rng, TOPICS, len(chosen)),
                                 "day": opened + rng.integers(0, 15, len(chosen))})  # fmt: skip
    asked = complaints[rng.random(len(complaints)) < 0.12]
    after_complaint = asked[["account_id", "day"]].assign(topic=asked["complaint_class"])
    after_complaint["day"] += 1
    company = pd.DataFrame({"topic": ["delivery", "delivery", "communication"],
                            "wave_id": ["W2025-03", "W2025-09", "W2023-03"],
                            "day": [day_of("2025-04-15"), day_of("2025-10-15"), 470]})  # fmt: skip
    table = pd.concat([after_survey, after_complaint, company], ignore_index=True)
    table = table[table["day"] < N_DAYS].sort_values(["day", "topic"], kind="stable")
    table = table.reset_index(drop=True)
    n = len(table)
    table["owner_id"] = find_owners(owners, table["account_id"], table["day"])["owner_id"]
    due = table["day"] + rng.choice([30, 60, 90], n)
    closed = due + np.rint(rng.normal(4, 20, n))
    closed = closed.clip(lower=table["day"] + 3).where(rng.random(n) > 0.15)
    closed = closed.where(closed < N_DAYS)
    table["opened_date"], table["due_date"] = to_date(table["day"]), to_date(due)
    table["closed_date"] = to_date(closed)
    result = choose(rng, RESULTS, n)
    table["result"] = keep_where(closed.notna(), result)
    return table.assign(action_id=number_ids("ACT", n, 4))
