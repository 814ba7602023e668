"""Measure what the segmentation notebook computes for 100,000 accounts: seconds a step, memory.

    .venv/bin/python -m benchmarks.segmentation                      the table of the README
    .venv/bin/python -m benchmarks.segmentation --accounts 10000     a quick look

The order lines are those of `benchmarks/facts.py`. Opening and the fact tables are made before and
kept in benchmarks/out; measured is one process from the facts in hand to the last table of the
notebook, bootstrap included, on two threads.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from benchmarks.facts import LINES_PER_ACCOUNT, OUT, PERIOD, THREADS, find_peak_mb, generate

GOAL_SECONDS = 30.0  # at 100,000 accounts
STEPS = {"result": ("score_tiers", "compare_tiers", "build_pareto", "score_rfm", "compare_periods"),
         "views": ("estimate_ranks", "judge_migration", "describe_accounts", "classify_accounts",
                   "cross_walk", "build_matrix", "cluster_accounts", "backtest_rfm",
                   "build_switchboard", "profile_key_accounts")}


def clock(function: Callable[..., Any], seconds: dict[str, float]) -> Callable[..., Any]:
    """Add the time of each call to `seconds`, by the function's name."""
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent = time.perf_counter() - start
            seconds[function.__name__] = seconds.get(function.__name__, 0.0) + spent
    return timed


def measure(n_accounts: int) -> dict[str, float]:
    """Compute the notebook's tables once; return seconds by step, the whole as total."""
    os.environ["KAM_CACHE"] = str(OUT / "cache")
    folder = generate(n_accounts * LINES_PER_ACCOUNT)

    from kamlib import open_report, segmentation
    from kamlib.segmentation import result as core
    from kamlib.segmentation import views as others

    report = open_report(folder / "dataset.toml", period=PERIOD)
    tables = [report.facts, report.months, report.products, report.accounts, report.profit,
              *report.earlier.values()]
    assert all(table is not None for table in tables)
    seconds: dict[str, float] = {}
    for module, names in ((core, STEPS["result"]), (others, STEPS["views"])):
        for name in names:
            setattr(module, name, clock(getattr(module, name), seconds))
    start = time.perf_counter()
    result = segmentation.segment_accounts(
        report.facts, rules=report.rules.segmentation, earlier=report.earlier,
        profit=report.profit, period=report.period, history_from=report.history_from,
        window_months=report.rules.measures.window_months)
    views = segmentation.build_views(
        result, months=report.months, products=report.products, accounts=report.accounts,
        read=report.read_if_given, rules=report.rules)
    segmentation.build_handover(result, views, accounts=report.accounts, currency="EUR")
    return {**seconds, "total": time.perf_counter() - start}


def main() -> int:
    """Print one line a step; the status is 1 when the goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    n_accounts = parser.parse_args().accounts
    os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
    seconds = measure(n_accounts)
    print(f"\n{n_accounts:,} accounts, {THREADS} threads\n")
    for name, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"{name:24} {spent:7.2f} s")
    print(f"{'peak':24} {find_peak_mb():7,.0f} MB, what was read included")
    missed = n_accounts >= 100_000 and seconds["total"] > GOAL_SECONDS
    print("missed" if missed else "held", f"the goal of {GOAL_SECONDS:.0f} s")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
