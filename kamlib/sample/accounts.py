"""The account master as the company keeps it, and who looks after whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.sample.life import segment_of
from kamlib.sample.world import (
    LAST_DAY,
    N_DAYS,
    Array,
    World,
    choose,
    day_of,
    keep_where,
    to_date,
)

# Industry, English and Chinese stem of invented names.
INDUSTRIES = (
    ("automotive", "Example Automotive", "示例汽车"),
    ("electronics", "Example Electronics", "示例电子"),
    ("telecommunications", "Example Telecom", "样本通信"),
    ("power", "Example Power", "示例电力"),
    ("construction", "Example Construction", "虚构建筑"),
    ("manufacturing", "Example Instruments", "示例机械"),
    ("retail", "Example Stores", "样本商贸"),
)
COUNTRIES = {"Germany": 0.3, "Vietnam": 0.25, "Thailand": 0.15, "Japan": 0.15,
             "United States": 0.15}  # fmt: skip
CITY_TIERS = {"1": 0.35, "2": 0.40, "3": 0.25}
SIZES = {"strategic": ["multinational", "listed"], "large": ["listed", "large"],
         "regular": ["large", "medium"], "small": ["medium", "small"],
         "occasional": ["small", "small"]}  # fmt: skip
CATEGORIES = {"strategic": ["strategic_partner", "strategic_partner", "large"],
              "large": ["large", "key"], "regular": ["key", "important", None, None],
              "small": [None], "occasional": [None]}  # fmt: skip
TRANSPORT = {"road": 0.55, "rail": 0.15, "pickup": 0.15, "water": 0.10, "other": 0.05}
N_OWNERS = 16
TEAMS = {"East China": [1, 2, 3, 4, 5], "South China": [6, 7, 8, 9], "North China": [10, 11, 12],
         "Central China": [13], "Southwest China": [14], "Overseas": [15, 16]}  # fmt: skip
LEAVER, LEAVING_DAY = 5, day_of("2024-07-01")
GRADES = {"senior": 320.0, "standard": 240.0, "junior": 180.0}  # grade: CNY an hour


def simulate_accounts(world: World) -> pd.DataFrame:
    """The table ``accounts``: one row an account, sorted by id."""
    rng, lives = world.stream("accounts"), world.accounts
    n = len(lives)
    table = lives[["account_id", "account_type", "region"]].copy()
    _name(rng, table)
    is_other = lives["kind"].isin(["supplier", "partner"])
    table["party_role"] = lives["kind"].where(is_other, "customer")
    table["account_type"] = table["account_type"].mask(is_other)
    table["parent_id"] = _group(rng, world)
    is_abroad = (table["region"] == "Overseas").to_numpy()
    table["country"] = np.where(is_abroad, choose(rng, COUNTRIES, n), "China")
    table["city_tier"] = keep_where(~is_abroad, choose(rng, CITY_TIERS, n))
    pick = rng.random((n, 3))
    for column, options, draw in (("size_class", SIZES, 0), ("category", CATEGORIES, 1)):
        lists: list[Any] = [options[s] for s in lives["segment"]]
        table[column] = [x[int(u * len(x))] for x, u in zip(lists, pick[:, draw], strict=True)]
    table.loc[(lives["kind"] != "buyer").to_numpy(), "category"] = None
    heads = table["size_class"].map({"small": 30, "medium": 160, "large": 700, "listed": 3000,
                                     "multinational": 15000})  # fmt: skip
    employees = np.rint(heads.to_numpy() * np.exp(rng.normal(0, 0.5, n)))
    table["employees"] = np.where(rng.random(n) < 0.15, np.nan, employees)
    level = {"strategic": 5, "large": 4, "regular": 3, "small": 2, "occasional": 1}
    star = lives["segment"].map(level).to_numpy() + rng.integers(-1, 2, n)
    table["star"] = np.where(lives["kind"] == "buyer", np.clip(star, 1, 5), np.nan)
    table["influence_score"] = np.clip(np.rint(rng.normal(18 + 13 * star, 12)), 0, 100)
    table["service_line"] = [f"Route {1 + int(u * 6)}" for u in pick[:, 2]]
    _date(rng, table, world)
    return _terms(rng, table, world)


def _name(rng: np.random.Generator, table: pd.DataFrame) -> None:
    which = rng.integers(0, len(INDUSTRIES), len(table))
    is_zh = (rng.random(len(table)) < 0.5) & (table["region"] != "Overseas").to_numpy()
    number = [str(value)[-3:] for value in table["account_id"]]
    table["industry"] = [INDUSTRIES[i][0] for i in which]
    table["name"] = [
        f"{INDUSTRIES[i][2]} {no} 有限公司" if zh else f"{INDUSTRIES[i][1]} {no}"
        for i, no, zh in zip(which, number, is_zh, strict=True)
    ]


def _group(rng: np.random.Generator, world: World) -> Array:
    """A few groups: the head is a big account, two to four smaller ones belong to it."""
    parent = np.full(len(world.accounts), None, dtype=object)
    buyers = world.buyers
    ids = world.accounts["account_id"].to_numpy()
    heads = np.array(buyers.index[buyers["segment"].isin(["strategic", "large"])])
    free = rng.permutation(np.array(buyers.index[buyers["segment"].isin(["regular", "small"])]))
    for head in rng.permutation(heads)[: max(len(heads) // 6, 1)]:
        n_children = int(rng.integers(2, 5))
        parent[free[:n_children]] = ids[head]
        free = free[n_children:]
    return parent


def _date(rng: np.random.Generator, table: pd.DataFrame, world: World) -> None:
    """Since when, by whom and from where: known for most of the old, for some of the new."""
    lives, n = world.accounts, len(table)
    start = lives["start_day"].to_numpy()
    is_told = rng.random(n) < np.where(start < 0, 0.88, 0.60)
    is_buyer = (lives["kind"] == "buyer").to_numpy()
    table["customer_since"] = to_date(np.where(is_told & is_buyer, start, np.nan))
    table["developed_date"] = to_date(np.where(is_told & is_buyer, start - 40, np.nan))
    owner = [f"Manager {i:02d}" for i in rng.integers(1, N_OWNERS + 1, n)]
    table["developed_by"] = keep_where(is_told & is_buyer, owner)
    old = lives.index[is_buyer & (start < -700)].to_numpy()
    referrer = lives["account_id"].to_numpy()[rng.choice(old, n)]
    is_referred = is_buyer & (start > -400) & (rng.random(n) < 0.25)
    table["referrer_id"] = keep_where(is_referred, referrer)
    checked = N_DAYS - 1 - np.rint(rng.gamma(1.6, 110, n))
    table["last_checked_date"] = to_date(np.where(checked > start, checked, np.nan))


def _terms(rng: np.random.Generator, table: pd.DataFrame, world: World) -> pd.DataFrame:
    """How it pays and how goods reach it."""
    lives, n = world.accounts, len(table)
    is_customer = (table["party_role"] == "customer").to_numpy()
    terms = segment_of(world.parameters, lives, "payment_terms_days")
    table["payment_terms_days"] = np.where(is_customer, terms, np.nan)
    yearly = lives["rate"] * lives["lines_per_order"] * lives["line_amount"] * 1.3
    limit = np.round(yearly * (terms + 45) / 365 * rng.uniform(0.8, 1.6, n), -4)
    is_limited = is_customer & (rng.random(n) < 0.85)
    table["credit_limit_amount"] = np.where(is_limited, np.maximum(limit, 20_000.0), np.nan)
    table["transport"] = choose(rng, TRANSPORT, n)
    resells = table["account_type"].isin(["intermediary", "ka_store"]).to_numpy()
    table["coverage_radius_km"] = np.where(resells, rng.integers(1, 31, n) * 10, np.nan)
    return table


def simulate_owners(world: World) -> pd.DataFrame:
    """The table ``account_owners``: one row an account and from when somebody looks after it."""
    rng, lives = world.stream("owners"), world.accounts
    rows = []
    for _, account in lives[lives["kind"].isin(["buyer", "prospect"])].iterrows():
        since = max(int(account["start_day"]), 0) if account["kind"] == "buyer" else 0
        team = [i for i in TEAMS[account["region"]] if i != LEAVER or since < LEAVING_DAY]
        owner = int(rng.choice(team))
        rows.append((account["account_id"], owner, since))
        # One owner left the company; other accounts changed hands now and then.
        handover = LEAVING_DAY if owner == LEAVER else int(rng.integers(200, N_DAYS - 60))
        if (owner == LEAVER or rng.random() < 0.18) and handover > since:
            heir = int(rng.choice([i for i in range(1, N_OWNERS + 1) if i not in (owner, LEAVER)]))
            rows.append((account["account_id"], heir, handover))
    table = pd.DataFrame(rows, columns=["account_id", "owner", "from_day"])
    grades = list(GRADES)
    table["owner_id"] = [f"Manager {i:02d}" for i in table["owner"]]
    table["owner_grade"] = [grades[i % 3] for i in table["owner"]]
    table["from_date"] = to_date(table["from_day"])
    return table.sort_values(["account_id", "from_date"], ignore_index=True)


def find_owners(owners: pd.DataFrame, account_ids: pd.Series, days: Any) -> pd.DataFrame:
    """Who looked after each account on each day: ``owner_id`` and ``owner_grade``, in order."""
    dates = pd.Series(np.minimum(to_date(days), LAST_DAY)).astype("datetime64[s]")
    asked = pd.DataFrame({"account_id": account_ids.to_numpy(), "date": dates.to_numpy()})
    asked["row"] = np.arange(len(asked))
    known = owners.assign(date=owners["from_date"].astype("datetime64[s]"))
    known = known[["account_id", "date", "owner_id", "owner_grade"]].sort_values("date")
    found = pd.merge_asof(asked.sort_values("date"), known, on="date", by="account_id")
    first = owners.drop_duplicates("account_id").set_index("account_id")
    found = found.sort_values("row", ignore_index=True)
    for column in ("owner_id", "owner_grade"):
        found[column] = found[column].fillna(found["account_id"].map(first[column]))
    return found[["owner_id", "owner_grade"]]
