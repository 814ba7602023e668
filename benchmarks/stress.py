"""How often the ranks' intervals hold the truth, and how often the test of moves is a false alarm.

    .venv/bin/python -m benchmarks.stress                      all, about 6 minutes on 2 cores
    .venv/bin/python -m benchmarks.stress --replications 100   a quick look; writes nothing

Worlds are made in which the truth is known: accounts whose expected amounts are lognormal, orders
that come by chance, order values with a long tail, with and without a common shock a month and a
seasonal cycle. The coverage table is written to kamlib/segmentation/ranks/coverage.csv, from where
the report shows it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from kamlib.segmentation.ranks.estimate import estimate_ranks
from kamlib.segmentation.ranks.noise import judge_migration
from kamlib.segmentation.ranks.rules import RankRules
from kamlib.segmentation.rules import SegmentationRules
from kamlib.segmentation.tiers import tier_codes
from kamlib.stats.resample import draw_means, estimate_means

COVERAGE = Path(__file__).parents[1] / "kamlib" / "segmentation" / "ranks" / "coverage.csv"
SEED, N_REPLICATIONS, N_ACCOUNTS = 20251231, 1000, 200
MONTHS = (6, 12, 24, 36, 48)
LAST, LAST_DAY = pd.Timestamp(2025, 12, 1), date(2025, 12, 31)
TIER_RULES = SegmentationRules()


@dataclass(frozen=True)
class World:
    """Who the accounts are: spread of their amounts, orders a month, and what all share."""

    sigma: float = 1.25
    rate: float = 1.0
    value_sd: float = 0.8
    shock_sd: float = 0.0
    season: float = 0.0


# Rare and frequent buyers, narrow and wide spread, calm and shaken months take turns.
WORLDS = tuple(World(sigma, rate, shock_sd=shock, season=season)
               for sigma in (1.0, 1.5) for rate in (0.5, 1.0, 3.0)
               for shock, season in ((0.0, 0.0), (0.15, 0.3)))


@dataclass(frozen=True)
class Made:
    """A world's months (account x month), and the truth behind them."""

    amounts: np.ndarray
    orders: np.ndarray
    true_amounts: np.ndarray
    true_orders: np.ndarray


def make_world(world: World, rng: np.random.Generator, *, n_months: int,
               n_accounts: int = N_ACCOUNTS, factor: np.ndarray | None = None,
               alike: float = 0.0) -> Made:
    """Make the months of a world.

    factor: of the expected orders, account x month; alike: above 0, the second account has the
    first one's expected amount and so many times its orders.
    """
    z = rng.standard_normal((2, n_accounts))
    amounts = np.exp(8 + world.sigma * z[0])
    # Large accounts buy more often, but far from always.
    orders = world.rate * np.exp(0.7 * (0.5 * z[0] + np.sqrt(0.75) * z[1]))
    if alike:
        amounts[1], orders[1] = amounts[0], orders[0] * alike
    common = np.exp(world.shock_sd * rng.standard_normal(n_months) - world.shock_sd**2 / 2)
    phase = 2 * np.pi * (np.arange(n_months) + rng.integers(12)) / 12
    rates = orders[:, None] * (common * (1 + world.season * np.sin(phase)))[None, :]
    counts = rng.poisson(rates if factor is None else rates * factor)
    values = np.exp(world.value_sd * rng.standard_normal(counts.sum()) - world.value_sd**2 / 2)
    sums = np.bincount(np.repeat(np.arange(counts.size), counts.ravel()), weights=values,
                       minlength=counts.size).reshape(counts.shape)
    return Made(sums * (amounts / orders)[:, None], counts.astype("float64"), amounts, orders)


def to_tables(made: Made, *, window: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Account months and account facts of a world that ends with December 2025."""
    n, n_months = made.orders.shape
    ids = np.array([f"{i:05d}" for i in range(n)])
    months = pd.date_range(end=LAST, periods=n_months, freq="MS")
    who, when = np.nonzero(made.orders)
    table = pd.DataFrame({"account_id": ids[who], "month": months[when], "line_kind": "sale",
                          "n_orders": made.orders[who, when], "amount": made.amounts[who, when]})
    facts = pd.DataFrame({
        "account_id": ids, "n_orders_window": made.orders[:, -window:].sum(axis=1).astype("int64"),
        "net_amount_window": made.amounts[:, -window:].sum(axis=1),
        # These accounts were there before the first month.
        "start_date": pd.Timestamp(2000, 1, 1), "is_start_known": True})
    return table, facts


def try_ranks(replication: int, *, n_months: int, n_draws: int = 400) -> dict[str, object]:
    """One world: shares of intervals that hold the truth, and P(core) beside being core."""
    rng = np.random.default_rng([SEED, n_months, replication])
    made = make_world(WORLDS[replication % len(WORLDS)], rng, n_months=n_months)
    months, facts = to_tables(made)
    rules = RankRules(months=max(12, n_months), min_months=min(12, n_months), n_draws=n_draws,
                      seed=replication)
    found = estimate_ranks(months, facts, as_of=LAST_DAY, rules=rules, tier_rules=TIER_RULES)
    at = found["account_id"].astype("int64").to_numpy()
    amounts, orders = made.true_amounts[at], made.true_orders[at]
    rank = pd.Series(-amounts).rank().to_numpy()
    held = {name: found[f"{name}_ci_low"].to_numpy("float64") <= truth
            for name, truth in (("monthly_amount", amounts), ("rank", rank))}
    for name, truth in (("monthly_amount", amounts), ("rank", rank)):
        held[name] &= truth <= found[f"{name}_ci_high"].to_numpy("float64")
    is_core = tier_codes(amounts, orders, rules=TIER_RULES) == 0
    return {"monthly_amount": held["monthly_amount"].mean(), "rank": held["rank"].mean(),
            "core_probability": found["core_probability"].to_numpy(), "is_core": is_core}


def try_equals(replication: int, *, n_months: int = 24, times: float = 1.0) -> float:
    """Probability that the first of two accounts with equal expected amounts is the larger."""
    rng = np.random.default_rng([SEED, 1, replication])
    made = make_world(WORLDS[replication % len(WORLDS)], rng, n_months=n_months, alike=times)
    everywhere = np.ones(made.orders.shape, dtype=bool)
    means = estimate_means(made.amounts, made.orders.sum(axis=1), everywhere)
    drawn = [values for values, in draw_means([means], n_draws=400, seed=replication)]
    return float(np.mean([part[:, 0] > part[:, 1] for part in drawn]))


CHANGES: dict[str, str] = {
    "none": "nothing changes", "shock": "all accounts order 15 % more",
    "values": "all order values rise by 15 %", "third": "a third of the accounts halve"}


def try_moves(replication: int, *, change: str, rate: float, lag: int = 12) -> list[bool]:
    """Alarms of the five tests in a world where something changed before the last months."""
    rng = np.random.default_rng([SEED, 2, replication])
    n_months, factor = 12 + lag, np.ones((N_ACCOUNTS, 12 + lag))
    if change == "shock":
        factor[:, 12:] = 1.15
    if change == "third":
        factor[rng.random(N_ACCOUNTS) < 1 / 3, 12:] = 0.5
    made = make_world(World(rate=rate), rng, n_months=n_months, factor=factor)
    if change == "values":
        made.amounts[:, 12:] *= 1.15
    months, facts = to_tables(made)
    before = (LAST - pd.DateOffset(months=lag) + pd.offsets.MonthEnd(0)).date()
    found = judge_migration(months, facts, as_of=LAST_DAY, as_of_before=before,
                            rules=RankRules(noise_draws=200, seed=replication),
                            tier_rules=TIER_RULES)
    return found["is_alarm"].tolist()


def measure_coverage(results: dict[int, list[dict[str, object]]], *, level: float) -> pd.DataFrame:
    """One row a measure and number of months: how often the interval held the truth."""
    rows = []
    for measure in ("monthly_amount", "rank"):
        for n_months, found in results.items():
            shares = np.array([one[measure] for one in found], dtype="float64")
            rows.append({"measure": measure, "n_months": n_months, "level": level,
                         "coverage_share": round(float(shares.mean()), 4),
                         "mc_error": round(float(shares.std(ddof=1) / np.sqrt(len(shares))), 4),
                         "n_replications": len(shares), "n_accounts": N_ACCOUNTS, "seed": SEED})
    return pd.DataFrame(rows)


def measure_calibration(found: Iterable[dict[str, object]]) -> pd.DataFrame:
    """One row a bin of P(core): its mean beside the share that truly is core."""
    parts = [pd.DataFrame({"p": one["core_probability"], "core": one["is_core"], "replication": i})
             for i, one in enumerate(found)]
    table = pd.concat(parts, ignore_index=True)
    table["bin"] = np.minimum((table["p"] * 10).astype("int64"), 9)
    by_bin = table.groupby("bin")
    # Accounts of one world share its cut, so worlds are what is independent.
    gaps = (table.assign(gap=table["core"] - table["p"]).groupby(["bin", "replication"])["gap"]
            .agg(["sum", "size"]).groupby("bin"))
    error = gaps.apply(lambda g: np.sqrt((g["sum"]**2).sum()) / g["size"].sum())
    return pd.DataFrame({"core_probability": by_bin["p"].mean(),
                         "core_share": by_bin["core"].mean(),
                         "n": by_bin.size(), "mc_error": error})


def run_all(n: int, run: Callable[..., Iterable[object]]) -> pd.DataFrame:
    """Run and print everything; return the coverage table."""
    results = {m: list(run(partial(try_ranks, n_months=m), range(n))) for m in MONTHS}
    coverage = measure_coverage(results, level=RankRules().confidence_level)
    print(coverage.to_string(index=False), flush=True)
    print("\nP(core) at 24 months\n", measure_calibration(results[24]).round(3).to_string())
    for times in (1.0, 4.0):
        p = np.array(list(run(partial(try_equals, times=times), range(n))))
        print(f"\nP(A above B), equal amounts, {times:g} times the orders: {p.mean():.3f} "
              f"(Monte Carlo error {p.std(ddof=1) / np.sqrt(n):.3f})", flush=True)
    print(f"\nalarms of 1: {'change':36} rate lag  bowker  s-m    bowker* s-m*   movers "
          "(*: common growth removed)")
    for change, rate, lag in (*((c, 1.0, lag) for lag in (12, 3) for c in CHANGES),
                              ("third", 4.0, 12)):
        alarms = np.array(list(run(partial(try_moves, change=change, rate=rate, lag=lag),
                                   range(n))), dtype="float64")
        print(f"{CHANGES[change]:49} {rate:4g} {lag:3}  "
              + "  ".join(f"{a:.3f}" for a in alarms.mean(axis=0)), flush=True)
    print(f"Monte Carlo error of an alarm share of 0.05: {np.sqrt(0.0475 / n):.3f}")
    return coverage


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold ranks and moves against known truths.")
    parser.add_argument("--replications", type=int, default=N_REPLICATIONS)
    n = parser.parse_args().replications
    with ProcessPoolExecutor(2) as pool:
        coverage = run_all(n, partial(pool.map, chunksize=10))
    if n == N_REPLICATIONS:
        coverage.to_csv(COVERAGE, index=False, lineterminator="\n")
        print(f"\nwritten to {COVERAGE}")


if __name__ == "__main__":
    main()
