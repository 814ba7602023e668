"""How often the key account list's intervals of rank hold, and whether its probabilities are true.

    .venv/bin/python -m benchmarks.key_list                      all, about 10 minutes on 2 cores
    .venv/bin/python -m benchmarks.key_list --replications 60    a quick look

Companies are made whose long-run figures are known: orders by chance or at even steps (half of the
accounts each), order values with a long tail, a growth of each account's own, with and without a
season and common shocks (`benchmarks/stress.py`). The list is made from what they bought in the
window and the year before; the truth is the same score of the long-run figures. What does not
come from months (years, lines, collection) is the same in both. A condition's truth is whether the
long-run figures meet it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.stress import WORLDS, World
from kamlib.rule_table import check_conditions
from kamlib.selection import SelectionRules, score_criteria
from kamlib.selection.criteria import add_ranks
from kamlib.selection.draws import Monthlies, ask_draws, rank_draws
from kamlib.selection.keylist import cut_of

SEED, N_REPLICATIONS = 20251231, 1000
BINS = (0.0, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99, 1.0)
RULES = SelectionRules()
READINGS = {"all_conditions": "all", "any_condition": "any"}


@dataclass(frozen=True)
class Case:
    """Companies of one kind: their worlds in turn, accounts, whole months of the window."""

    name: str
    worlds: tuple[World, ...] = WORLDS
    n_accounts: int = 200
    n_months: int = 12


CASES = (Case("200 accounts, 12 kinds of companies in turn"),
         Case("60 accounts", n_accounts=60), Case("1,000 accounts", n_accounts=1000),
         Case("most order once a year or less", (World(rate=0.08),)),
         Case("strong season and shocks", (World(rate=3.0, shock_sd=0.3, season=0.7),)),
         Case("accounts nearly alike", (World(sigma=0.3),)),
         Case("8 months known, no year before", n_months=8))


@dataclass(frozen=True)
class Company:
    """Its criteria as seen and in the long run, account by account, and its months."""

    seen: pd.DataFrame
    true: pd.DataFrame
    months: Monthlies


def make_company(case: Case, replication: int) -> Company:
    """Make a company; only accounts that ordered in the window are in it."""
    rng = np.random.default_rng([SEED, CASES.index(case), replication])
    world, n = case.worlds[replication % len(case.worlds)], case.n_accounts
    z = rng.standard_normal((2, n))
    amount = np.exp(8 + world.sigma * z[0])
    rate = world.rate * np.exp(0.7 * (0.5 * z[0] + np.sqrt(0.75) * z[1]))
    growth, is_even = np.exp(rng.normal(0, 0.2, n)) - 1, rng.random(n) < 0.5
    width = 2 * case.n_months
    factor = draw_factors(world, rng, width)
    expected = rate[:, None] * factor
    expected[:, :case.n_months] /= 1 + growth[:, None]
    counts = count_orders(expected, is_even, rng)
    values = np.exp(world.value_sd * rng.standard_normal(counts.sum()) - world.value_sd**2 / 2)
    sums = np.bincount(np.repeat(np.arange(counts.size), counts.ravel()), weights=values,
                       minlength=counts.size).reshape(counts.shape) * (amount / rate)[:, None]
    now, before = sums[:, case.n_months:], sums[:, :case.n_months]
    there = counts[:, case.n_months:].sum(axis=1) > 0
    share = np.clip(rng.normal(0.3, 0.07, n), 0.05, None)
    orders = counts.astype("float64")
    is_known = case.n_months == 12
    fixed = {"tenure_years": rng.gamma(2, 2.5, n), "n_product_lines": rng.integers(1, 6, n) * 1.0,
             "collection_rate": rng.beta(20, 1.5, n), "influence_score": rng.uniform(0, 100, n),
             "potential_amount": 0.0, "cost_to_serve_amount": 0.0}
    earlier = before.sum(axis=1)
    grown = is_known & (earlier > 0)

    def tell(net: np.ndarray, n_orders: np.ndarray, rise: np.ndarray,
             variation: np.ndarray) -> pd.DataFrame:
        return add_ranks(pd.DataFrame({
            "net_amount": net, "profit_amount": share * net, "n_orders": n_orders,
            "growth_rate": np.where(grown, rise, np.nan), "month_variation": variation,
            **fixed})[there].reset_index(drop=True))

    seen = tell(now.sum(axis=1), orders[:, case.n_months:].sum(axis=1),
                now.sum(axis=1) / np.where(earlier > 0, earlier, 1) - 1,
                now.std(axis=1) / np.where(there, now.mean(axis=1), 1))
    true = tell(case.n_months * amount, case.n_months * rate, growth,
                vary_in_the_long_run(world, rate, is_even))
    months = Monthlies(now[there], orders[there, case.n_months:], (share[:, None] * now)[there],
                       *((part[there, :case.n_months] if is_known else None)
                         for part in (sums, orders)))
    return Company(seen, true, months)


def draw_factors(world: World, rng: np.random.Generator, n_months: int) -> np.ndarray:
    """What all accounts share in each month: chance and season, 1 on average."""
    common = np.exp(world.shock_sd * rng.standard_normal(n_months) - world.shock_sd**2 / 2)
    phase = 2 * np.pi * (np.arange(n_months) + rng.integers(12)) / 12
    return np.asarray(common * (1 + world.season * np.sin(phase)))


def count_orders(expected: np.ndarray, is_even: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Orders of each month, account x month: by chance, or whenever one more has come together."""
    start = rng.random((len(expected), 1))
    steps = np.floor(np.concatenate([start, start + expected.cumsum(axis=1)], axis=1))
    return np.where(is_even[:, None], np.diff(steps, axis=1).astype("int64"),
                    rng.poisson(expected))


def vary_in_the_long_run(world: World, rate: np.ndarray, is_even: np.ndarray) -> np.ndarray:
    """Standard deviation of a month's sales by their mean over thousands of months."""
    factor = np.concatenate([draw_factors(world, np.random.default_rng(k), 12) for k in range(50)])
    expected = rate[:, None] * factor
    left = expected % 1  # an even buyer has the whole part for certain, and one more or not
    counts = np.where(is_even, (left * (1 - left)).mean(axis=1), rate)
    values = rate * (np.exp(world.value_sd**2) - 1)
    shared = np.exp(world.shock_sd**2) * (1 + world.season**2 / 2) - 1
    return np.asarray(np.sqrt((counts + values) / rate**2 + shared))


def try_list(replication: int, *, case: Case) -> pd.DataFrame:
    """One company: rank, its interval and probability of each account, beside the truth."""
    company = make_company(case, replication)
    scored = score_criteria(company.seen, rules=RULES)
    true = score_criteria(company.true, rules=RULES)["key_score_index"]
    cut = cut_of(scored, rules=RULES)
    drawn = rank_draws(scored, company.months, cut=cut, rules=RULES)
    return pd.DataFrame({
        "replication": replication, "cut": cut, "rank": scored["key_score_index"].rank(
            ascending=False, method="min"), "true_rank": true.rank(ascending=False, method="min"),
        "low": drawn["rank_ci_low"], "high": drawn["rank_ci_high"],
        "probability": drawn["listed_probability"], "n_orders": scored["n_orders"]})


def try_conditions(replication: int, *, case: Case) -> pd.DataFrame:
    """One company: probability of each condition, and whether the long-run figures meet it."""
    company = make_company(case, replication)
    scored = score_criteria(company.seen, rules=RULES)
    asked = {name: getattr(RULES, name) for name in READINGS}
    drawn = ask_draws(scored, company.months, asked, rules=RULES)
    parts = []
    for name, how in READINGS.items():
        truth = check_conditions(company.true.assign(row=np.arange(len(scored))), asked[name],
                                 key="row").fillna(False)
        times = [getattr(one.fillna(False), how)(axis=1).to_numpy(bool) for one in drawn[name]]
        parts.append(pd.DataFrame({"reading": name, "probability": np.mean(times, axis=0),
                                   "is_in": getattr(truth, how)(axis=1).to_numpy(bool)}))
    return pd.concat(parts, ignore_index=True)


def say_coverage(case: Case, told: pd.DataFrame) -> str:
    """One row of the table: how often intervals of ranks held, and what in and out came to."""
    held = (told["low"] <= told["true_rank"]) & (told["true_rank"] <= told["high"])
    by_company = held.groupby(told["replication"]).mean()
    is_in, is_out = told["high"] <= told["cut"], told["low"] > told["cut"]
    on = told["true_rank"] <= told["cut"]
    shares = (held.mean(), held[told["rank"] <= 2 * told["cut"]].mean(), held[on].mean(),
              held[told["n_orders"] <= 1].mean(), on[is_in].mean(), (~on)[is_out].mean())
    cells = " | ".join("–" if pd.isna(x) else f"{x:.1%}" for x in shares)
    error = by_company.std(ddof=1) / np.sqrt(len(by_company))
    return f"| {case.name} | {len(by_company):,} | {cells} | {error:.1%} |"


def say_calibration(probability: pd.Series, is_in: pd.Series) -> Iterable[str]:
    """One row a bin of the probability: its mean, and the share that truly is in."""
    bins = pd.cut(probability, [-1.0, *BINS[1:-1], 1.0], labels=False)
    for place, part in is_in.groupby(bins):
        low, high = (BINS[int(place)], BINS[int(place) + 1])
        yield (f"| {low:.0%} to {high:.0%} | {len(part):,} | {probability[part.index].mean():.1%} "
               f"| {part.mean():.1%} |")


def run_all(n: int, run: Callable[..., Iterable[pd.DataFrame]]) -> None:
    """Measure and print everything."""
    print("| companies | n | all ranks held | near the list | truly on it | one order | “in” right "
          "| “out” right | error |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    first = pd.DataFrame()
    for case in CASES:
        times = n if case is CASES[0] else n // 5
        told = pd.concat(run(partial(try_list, case=case), range(times)), ignore_index=True)
        first = told if case is CASES[0] else first
        print(say_coverage(case, told), flush=True)
    head = "| printed | accounts | mean printed | truly in |\n|---|---:|---:|---:|"
    print(f"\nOn the list\n\n{head}")
    for line in say_calibration(first["probability"], first["true_rank"] <= first["cut"]):
        print(line)
    told = pd.concat(run(partial(try_conditions, case=CASES[0]), range(n // 10)),
                     ignore_index=True)
    for name, part in told.groupby("reading"):
        print(f"\n{name}\n\n{head}")
        for line in say_calibration(part["probability"], part["is_in"]):
            print(line)


def main() -> None:
    """Run all cases on two cores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=N_REPLICATIONS)
    n = parser.parse_args().replications
    with ProcessPoolExecutor(2) as pool:
        run_all(n, partial(pool.map, chunksize=5))


if __name__ == "__main__":
    main()
