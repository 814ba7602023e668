"""What the company's people do: hours, contacts, judgements of relationships and credit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.accounts import GRADES, find_owners
from kamlib.sample.life import segment_of
from kamlib.sample.world import (
    MONTH_DAYS,
    N_DAYS,
    N_MONTHS,
    World,
    choose,
    day_of,
    number_ids,
    to_date,
    to_weekday,
)

ROLES = ("head of purchasing", "technical lead", "general management", "finance")
AUTHORITY = ("decides", "recommends", "approves", "checks")


def simulate_effort(world: World, owners: pd.DataFrame) -> pd.DataFrame:
    """The table ``effort``: one row an owner, account and month with at least an hour of work."""
    rng, buyers = world.stream("effort"), world.buyers
    place = np.repeat(buyers.index.to_numpy(), N_MONTHS)
    month = np.tile(np.arange(N_MONTHS), len(buyers))
    start = world.accounts["start_day"].to_numpy()[place]
    end = world.accounts["dropout_day"].to_numpy()[place]
    usual = segment_of(world.parameters, world.accounts, "hours_per_month")[place]
    # Some small accounts take far more time than they are worth.
    care = np.repeat(np.exp(rng.normal(0, 0.45, len(buyers))), N_MONTHS)
    hours = np.round(rng.gamma(2.5, usual * care / 2.5) * 2) / 2
    keeps = (MONTH_DAYS[month + 1] > start) & (MONTH_DAYS[month] < end + 90) & (hours >= 1)
    table: pd.DataFrame = pd.DataFrame({"place": place, "number": month, "hours": hours})[keeps]
    table = table.reset_index(drop=True)
    table["account_id"] = world.accounts["account_id"].to_numpy()[table["place"]]
    who = find_owners(owners, table["account_id"], MONTH_DAYS[table["number"]])
    table["owner_id"] = who["owner_id"]
    table["cost_amount"] = np.round(table["hours"] * who["owner_grade"].map(GRADES), 2)
    table["month"] = to_date(MONTH_DAYS[table["number"]])
    return table.sort_values(["month", "account_id"], ignore_index=True)


def simulate_contacts(world: World, owners: pd.DataFrame) -> pd.DataFrame:
    """The table ``contacts``: one row a visit, call or meeting."""
    rng, lives = world.stream("contacts"), world.accounts
    asked = lives[lives["kind"].isin(["buyer", "prospect"])]
    start = np.maximum(asked["start_day"].to_numpy(), 0)
    end = np.minimum(asked["dropout_day"].to_numpy() + 60, N_DAYS)
    hours = segment_of(world.parameters, asked, "hours_per_month")
    n_each = rng.poisson((end - start).clip(0) / 365.25 * (0.8 + 1.1 * hours))
    place = np.repeat(asked.index.to_numpy(), n_each)
    spread = rng.random(len(place))
    day = np.repeat(start, n_each) + spread * np.repeat(end - start, n_each)
    table = pd.DataFrame({"place": place, "day": to_weekday(day)})
    n = len(table)
    table["kind"] = choose(rng, {"call": 0.5, "visit": 0.35, "meeting": 0.15}, n)
    scale = table["kind"].map({"call": 0.3, "visit": 2.0, "meeting": 1.4})
    table["hours"] = np.maximum(np.round(scale * rng.gamma(4, 0.3, n) * 4) / 4, 0.25)
    is_told = rng.random(n) < 0.8
    table["cost_amount"] = np.where(
        is_told & (table["kind"] == "visit"), np.round(rng.gamma(2, 220, n), 2), np.nan
    )
    table["account_id"] = lives["account_id"].to_numpy()[table["place"]]
    table["owner_id"] = find_owners(owners, table["account_id"], table["day"])["owner_id"]
    table["contact_date"] = to_date(table["day"])
    table = table.sort_values(["day", "account_id"], kind="stable", ignore_index=True)
    return table.assign(contact_id=number_ids("V", n))


def simulate_relationships(world: World, owners: pd.DataFrame) -> pd.DataFrame:
    """The table ``relationships``: one row an account and half-yearly judgement by its owner."""
    rng = world.stream("relationships")
    level_of = {"strategic": 3.4, "large": 2.9, "regular": 2.3}
    rated = world.buyers[world.buyers["segment"].isin(list(level_of))]
    parts = []
    for day in (day_of(f"{year}-{month}") for year in (2023, 2024, 2025)
                for month in ("01-15", "07-15")):  # fmt: skip
        here = rated[(rated["start_day"] < day) & (rated["dropout_day"] > day)]
        place = here.index.to_numpy()
        score = world.satisfaction_at(place, np.full(len(place), day))
        later = world.satisfaction_at(place, np.full(len(place), day - 181))
        level = here["segment"].map(level_of).to_numpy(dtype=float) + 0.5 * score
        level = level + rng.normal(0, 0.5, len(here))
        move = score - later + rng.normal(0, 0.25, len(here))
        trend = np.select([move > 0.4, move > -0.35, move > -0.7],
                          ["developing", "steady", "defending"], "regressing")  # fmt: skip
        key = np.rint(level + rng.normal(0.3, 1.0, len(here)))
        parts.append(pd.DataFrame({
            "account_id": here["account_id"].to_numpy(), "day": day,
            "level": np.clip(np.rint(level), 1, 4), "trend": trend, "n_key_people": key.clip(0),
            "has_exclusive_information": rng.random(len(here)) < 0.15 * level,
            "accepts_premium": rng.random(len(here)) < 0.12 * level,
            "visibility": np.clip(np.rint(level + rng.normal(0.6, 0.7, len(here))), 1, 5),
        }))  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table["rater"] = find_owners(owners, table["account_id"], table["day"])["owner_id"]
    table["rated_date"] = to_date(table["day"])
    return table.sort_values(["account_id", "rated_date"], ignore_index=True)


def simulate_stakeholders(world: World) -> pd.DataFrame:
    """The table ``stakeholders``: one row a role at a big account; roles, never persons."""
    rng = world.stream("stakeholders")
    big = world.buyers[world.buyers["segment"].isin(["strategic", "large"])]
    rows = []
    for score_by_half, (_, account) in zip(world.satisfaction[big.index], big.iterrows(),
                                           strict=True):  # fmt: skip
        for year in (2024, 2025):
            day = day_of(f"{year}-07-15")
            if not account["start_day"] < day < account["dropout_day"]:
                continue
            score = float(score_by_half[5 if year == 2024 else 7])
            for role, authority in zip(ROLES, AUTHORITY, strict=True):
                if rng.random() < 0.8:
                    strength = min(max(round(3 + 0.7 * score + float(rng.normal(0, 0.8))), 1), 5)
                    rows.append((account["account_id"], role, authority, strength, day))
    columns = ["account_id", "role", "authority", "strength", "day"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(rated_date=to_date(table["day"]))
