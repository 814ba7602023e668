"""Purchase logs whose truth is known, the facts they make, and forecasts set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kamlib.measures import build_profit
from kamlib.period import parse_period
from kamlib.rules import Rules, build_rules
from kamlib.session.sections import SECTIONS
from kamlib.value import Value, build_value, measure_contribution, value_accounts
from kamlib.value.clv import Book

AS_OF = pd.Timestamp("2025-12-31")
PERIOD = parse_period("2025Q4")
FROM = date(2022, 1, 1)
SPANS = {"": 100_000, "_window": 365, "_period": 182, "_previous": 364}


def make_log(n: int, *, seed: int, leaves: float = 0.05, rate_shape: float = 2.0,
             amount: float = 100.0) -> pd.DataFrame:
    """Buyers at random, each with its own chance to leave after a purchase (MBG/NBD).

    Returns account_id, day, amount, one row an account and day.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        day, rate = float(rng.uniform(0, 1000)), rng.gamma(rate_shape, 0.5 / 30)
        mean, chance = amount * rng.gamma(4, 0.25), rng.beta(1.5, 1.5 / leaves - 1.5)
        while day < 1460:
            rows.append((f"{i:04d}", pd.Timestamp(FROM) + pd.Timedelta(days=int(day)),
                         float(mean * rng.gamma(4, 0.25))))
            day += rng.exponential(1 / rate)
            if rng.random() < chance:
                break
    log = pd.DataFrame(rows, columns=["account_id", "day", "amount"])
    return log.groupby(["account_id", "day"], as_index=False)["amount"].sum()


def make_facts(log: pd.DataFrame, *, day: pd.Timestamp = AS_OF, margin: float = 0.3,
               unknown: tuple[str, ...] = ()) -> pd.DataFrame:
    """account_facts of the columns that the room reads, of what a log says by a day."""
    seen = log[log["day"] <= day].sort_values(["account_id", "day"])
    gap = seen.groupby("account_id")["day"].diff().dt.days
    by, again = seen.groupby("account_id"), seen[gap.notna()].groupby("account_id")
    facts = pd.DataFrame({"first_sale_date": by["day"].min(), "last_sale_date": by["day"].max()})
    facts["n_repeat_days"] = (by.size() - 1).astype("Int64")
    facts["first_to_last_days"] = (facts["last_sale_date"] - facts["first_sale_date"]).dt.days
    facts["first_to_as_of_days"] = (day - facts["first_sale_date"]).dt.days
    facts["days_since_last_sale"] = (day - facts["last_sale_date"]).dt.days
    facts["repeat_day_mean_amount"] = again["amount"].mean()
    facts["log_gap_sum"] = np.log(gap.where(gap > 0)).groupby(seen["account_id"]).sum()
    for suffix, days in SPANS.items():
        inside = seen[(seen["day"] > day - pd.Timedelta(days=days))
                      & ((suffix != "_previous") | (seen["day"] <= day - pd.Timedelta(days=182)))]
        sums = inside.groupby("account_id")["amount"].agg(["size", "sum"]).reindex(
            facts.index, fill_value=0)
        facts[f"n_purchase_days{suffix}"] = sums["size"].astype("Int64")
        for name in ("gross_amount", "net_amount", "margin_known_amount"):
            facts[f"{name}{suffix}"] = sums["sum"].astype("float64")
        facts[f"margin_amount{suffix}"] = margin * facts[f"net_amount{suffix}"]
        if not margin:
            facts[f"margin_known_amount{suffix}"] = 0.0
    facts["is_start_known"] = ~facts.index.isin(unknown)
    facts["is_active_closing"] = facts["days_since_last_sale"] < 365
    return facts.rename_axis("account_id").reset_index().astype({"account_id": "str"})


def make_past(log: pd.DataFrame, *, n_cuts: int = 3, **more: Any) -> pd.DataFrame:
    """Past facts: facts on days 182 days apart, the last being AS_OF."""
    days = [AS_OF - pd.Timedelta(days=182 * i) for i in range(n_cuts, -1, -1)]
    return pd.concat([make_facts(log, day=day, **more).assign(cut_date=day) for day in days],
                     ignore_index=True)


def make_purchase_days(log: pd.DataFrame, *, cut: pd.Timestamp) -> pd.DataFrame:
    """Purchases by day of the accounts known at a cut."""
    known = log[log["account_id"].isin(log.loc[log["day"] <= cut, "account_id"])]
    first = known.groupby("account_id")["day"].transform("min")
    return known.assign(is_first=known["day"] == first).groupby("day").agg(
        n_accounts=("account_id", "size"), n_first_accounts=("is_first", "sum")).reset_index(
        ).rename(columns={"day": "order_date"})


def make_rules(**values: Any) -> Rules:
    """Rules with one counting model and few draws, which is quick."""
    quick = {"n_draws": 200, "order_models": ["MBG/NBD"]}
    return build_rules({"value": quick | values}, sections=SECTIONS, origin="test")


def make_accounts(facts: pd.DataFrame) -> pd.DataFrame:
    ids = facts["account_id"]
    return pd.DataFrame({"account_id": ids, "owner_id": "M1", "region": None,
                         "referrer_id": None}).astype({"region": "object"})


def make_effort(facts: pd.DataFrame, costs: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"owner_id": "M1", "account_id": list(costs),
                         "month": pd.Timestamp("2025-06-01"), "cost_amount": list(costs.values())})


TABLES = {
    "contracts": ["contract_id", "account_id", "start_date", "end_date", "renewed",
                  "annual_amount"],
    "relationships": ["account_id", "rated_date", "has_exclusive_information"],
    "survey_answers": ["account_id", "answered_date"],
    "effort": ["owner_id", "account_id", "month", "cost_amount"]}


def make_value(log: pd.DataFrame, *, rules: Rules | None = None, margin: float = 0.3,
               has_past: bool = True, has_previous: bool = True,
               accounts: pd.DataFrame | None = None, products: pd.DataFrame | None = None,
               unknown: tuple[str, ...] = (), history_from: date = FROM,
               **tables: pd.DataFrame) -> Value:
    """Everything of the room on a log."""
    rules = rules or make_rules()
    facts = make_facts(log, margin=margin, unknown=unknown)
    earlier = {end: make_facts(log, day=pd.Timestamp(end), margin=margin, unknown=unknown)
               for end in (PERIOD.previous_end, PERIOD.year_before_end)} if has_previous else {}
    past = make_past(log, margin=margin, unknown=unknown) if has_past else \
        make_facts(log).assign(cut_date=AS_OF).iloc[:0]
    given = {name: pd.DataFrame(columns=columns) for name, columns in TABLES.items()} | tables
    return build_value(
        facts, profit=build_profit(facts, given["effort"], start=date(2025, 1, 1),
                                   end=date(2025, 12, 31)),
        period=PERIOD, rules=rules, history_from=history_from,
        accounts=make_accounts(facts) if accounts is None else accounts,
        products=pd.DataFrame(columns=["account_id", "product_line", "channel", "quarter",
                                       "gross_amount"]) if products is None else products,
        read=given.__getitem__, past=past,
        purchase_days=make_purchase_days(log, cut=AS_OF - pd.Timedelta(days=182)),
        facts_previous=earlier.get(PERIOD.previous_end),
        facts_year_before=earlier.get(PERIOD.year_before_end))


@dataclass(frozen=True, eq=False)
class SetForecast:
    """A forecast set by hand: yearly orders, chance to be a customer and amount by account."""

    orders_of: dict[str, list[float]]
    alive: dict[str, float]
    amount: float = 1.0
    verdict: str = "fitted"
    is_drawn: bool = False
    typical_amount: float = 10.0
    n_unknown_start: int = 0
    rank_correlation: float = 0.0
    orders: Any = field(default_factory=lambda: SimpleNamespace(k=1, n=0))

    def expect_orders(self, accounts: pd.DataFrame, *, years: int) -> np.ndarray:
        found = [self.orders_of[account] for account in accounts["account_id"]]
        return np.array([list(row)[:years] + [0.0] * (years - len(row)) for row in found])

    def expect_newcomer_orders(self, *, years: int) -> np.ndarray:
        return np.full(years, 2.0)

    def expect_amounts(self, accounts: pd.DataFrame) -> np.ndarray:
        return np.full(len(accounts), self.amount)

    def find_alive(self, accounts: pd.DataFrame) -> pd.Series:
        return accounts["account_id"].map(self.alive).astype("float64")


def set_book(orders: dict[str, list[float]], *, rules: Rules,
             alive: dict[str, float] | None = None, margin: float = 0.0,
             costs: dict[str, float] | None = None) -> Book:
    """A book with forecasts set by hand; every account sold 100 on ten days of the window."""
    ids = sorted(orders)
    facts = pd.DataFrame({"account_id": ids, "is_start_known": True, "is_active_closing": True,
                          "first_sale_date": pd.Timestamp("2024-01-01"),
                          "n_purchase_days_window": 10, "gross_amount_window": 100.0,
                          "net_amount_window": 100.0, "margin_amount_window": 100.0 * margin,
                          "margin_known_amount_window": 100.0 if margin else 0.0})
    effort = make_effort(facts, costs) if costs else pd.DataFrame(columns=TABLES["effort"])
    profit = build_profit(facts, effort, start=date(2025, 1, 1), end=date(2025, 12, 31))
    return value_accounts(
        facts, forecast=SetForecast(orders, alive or dict.fromkeys(ids, 1.0)),  # type: ignore[arg-type]
        contribution=measure_contribution(facts, profit=profit, rules=rules.value),
        rules=rules.value)


@pytest.fixture(scope="session")
def log() -> pd.DataFrame:
    """A log of 150 accounts over four years."""
    return make_log(150, seed=3)


@pytest.fixture(scope="session")
def result(log: pd.DataFrame) -> Value:
    """The room's tables on the log, with cost of goods and work, channels, contracts, referrers."""
    facts = make_facts(log)
    ids = facts["account_id"]
    accounts = make_accounts(facts).assign(
        region=np.where(ids < "0070", "North {x}", "South"),
        referrer_id=[None if i < 100 else f"{i - 100:04d}" for i in range(len(ids))])
    products = pd.DataFrame({
        "account_id": ids, "product_line": "A", "quarter": pd.Timestamp("2025-10-01"),
        "channel": np.where(ids < "0030", "direct", "dealer"), "gross_amount": 1.0})
    relationships = pd.DataFrame({"account_id": ids[:20], "rated_date": AS_OF,
                                  "has_exclusive_information": [True, False] * 10})
    answers = pd.DataFrame({"account_id": ids[:40], "answered_date": pd.Timestamp("2025-09-01")})
    heavy = facts.loc[facts["n_purchase_days_window"] >= 6, "account_id"].iloc[:3]
    return make_value(log, accounts=accounts, products=products, relationships=relationships,
                      survey_answers=answers, contracts=make_contracts(30),
                      effort=make_effort(facts, dict.fromkeys(heavy, 700.0)),
                      unknown=("0001", "0002"))


def make_contracts(n: int) -> pd.DataFrame:
    """Accounts with yearly contracts from July 2023 on; every third was not renewed in 2024."""
    rows = []
    for i in range(n):
        for year in (2023, 2024, 2025):
            lost = i % 3 == 0 and year == 2023
            rows.append((f"C{i}-{year}", f"{i:04d}", pd.Timestamp(f"{year}-07-01"),
                         pd.Timestamp(f"{year + 1}-06-30"), None if year == 2025 else not lost,
                         100.0))
            if lost:
                break
    return pd.DataFrame(rows, columns=TABLES["contracts"])


@pytest.fixture(scope="session")
def room() -> SimpleNamespace:
    """The functions of this file, for tests to call."""
    return SimpleNamespace(
        make_log=make_log, make_facts=make_facts, make_past=make_past, make_rules=make_rules,
        make_purchase_days=make_purchase_days, make_value=make_value, set_book=set_book,
        make_effort=make_effort, make_contracts=make_contracts, as_of=AS_OF)
