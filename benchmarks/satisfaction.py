"""Measure the satisfaction survey at the size of a large company: seconds, memory, equal numbers.

    .venv/bin/python -m benchmarks.satisfaction                the table of the README
    .venv/bin/python -m benchmarks.satisfaction --runs 1

130,000 questionnaires of 14 items from 30,000 accounts, drawn from a seed. Every measurement runs
in a process of its own, after its imports and with its answers in memory. Beside it the index as
pandas makes it by hand, from the same answers: a grouped mean, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.facts import find_peak_mb

ROOT = Path(__file__).resolve().parents[1]
N_PAPERS, N_ITEMS, N_ACCOUNTS, WAVE = 130_000, 14, 30_000, "W"
MISSING_SHARE = 0.005
GOAL_SECONDS = 20.0
Run = Callable[[], list[float]]


def draw_survey() -> dict[str, pd.DataFrame]:
    """survey_items, survey_answers and accounts, equal for an equal seed; scores from 1 to 5."""
    rng = np.random.default_rng(1)
    account = np.sort(np.append(np.arange(N_ACCOUNTS),
                                rng.integers(0, N_ACCOUNTS, N_PAPERS - N_ACCOUNTS)))
    mood = rng.normal(0, 0.7, N_ACCOUNTS)[account]
    scores = np.clip(np.rint(3.8 + mood[:, None] + rng.normal(0, 0.8, (N_PAPERS, N_ITEMS))), 1, 5)
    scores[rng.random((N_PAPERS, N_ITEMS)) < MISSING_SHARE] = np.nan
    accounts = pd.Series([f"A{i:05d}" for i in range(N_ACCOUNTS)], dtype="str")
    papers = pd.Series([f"R{i:06d}" for i in range(N_PAPERS)], dtype="str")
    items = pd.DataFrame({
        "wave_id": WAVE, "item_id": [f"Q{i:02d}" for i in range(N_ITEMS)], "text": "item",
        "category": "service", "weight": None, "is_reversed": False, "kind": "rating"})
    answers = pd.DataFrame({
        "wave_id": WAVE, "questionnaire_id": papers.repeat(N_ITEMS).to_numpy(),
        "account_id": accounts.iloc[account].repeat(N_ITEMS).to_numpy(),
        "item_id": np.tile(items["item_id"], N_PAPERS), "score": scores.ravel(),
        "answered_date": pd.Timestamp("2025-09-20")})
    amounts = pd.DataFrame({"account_id": accounts, "amount": rng.lognormal(10, 1, N_ACCOUNTS)})
    return {"items": items, "answers": answers, "amounts": amounts}


# The ways; each imports first and returns what is measured

def score_kamlib(data: dict[str, pd.DataFrame]) -> Run:
    """Validity, filled gaps, index of every questionnaire and account: what a report needs."""
    from kamlib import satisfaction

    wave, rules = build_wave(), satisfaction.SatisfactionRules()

    def run() -> list[float]:
        scored = satisfaction.score_wave(wave, items=data["items"], answers=data["answers"],
                                         rules=rules)
        accounts = satisfaction.score_accounts(scored, satisfied_line=rules.satisfied_line)
        return [float(len(accounts)), float(accounts["account_index"].mean())]
    return run


def report_kamlib(data: dict[str, pd.DataFrame]) -> Run:
    """The same with all figures and intervals (accounts resampled), bounds for silence, items."""
    from kamlib import satisfaction

    wave, rules = build_wave(), satisfaction.SatisfactionRules()
    amounts = data["amounts"].set_index("account_id")["amount"]
    # Every tenth account of the frame was never heard.
    frame = pd.DataFrame({"account_id": [*amounts.index, *(f"S{i}" for i in range(3_000))],
                          "reference_amount": [*amounts, *[1.0] * 3_000], "in_survey_frame": True})

    def run() -> list[float]:
        scored = satisfaction.score_wave(wave, items=data["items"], answers=data["answers"],
                                         rules=rules)
        accounts = satisfaction.score_accounts(scored, satisfied_line=rules.satisfied_line)
        satisfaction.build_measures(scored, accounts, rules=rules, index_target=75.0,
                                    rate_target=0.8)
        satisfaction.estimate_index(scored, accounts, amounts=amounts, rules=rules)
        satisfaction.bound_silence(frame, accounts, wave=scored, rules=rules, index_target=75.0,
                                   rate_target=0.8)
        satisfaction.score_items(scored, previous=None, amounts=amounts, rules=rules)
        return [float(len(accounts)), float(accounts["account_index"].mean())]
    return run


def score_pandas(data: dict[str, pd.DataFrame]) -> Run:
    """The index by hand: drop papers with two gaps, fill one, mean by account and item."""
    def run() -> list[float]:
        answers = data["answers"]
        wide = answers.pivot(index=["account_id", "questionnaire_id"], columns="item_id",
                             values="score")
        valid = wide[wide.isna().sum(axis=1) <= 1].fillna(3)
        index = (valid / 5 * 100).groupby("account_id").mean().mean(axis=1)
        return [float(len(index)), float(index.mean())]
    return run


WAYS: dict[str, Callable[[dict[str, pd.DataFrame]], Run]] = {
    "kamlib, index of every account": score_kamlib,
    "kamlib, with intervals, bootstrap, bounds and items": report_kamlib,
    "pandas by hand, index only": score_pandas}


def build_wave() -> pd.Series:
    """One row of survey_waves, which states neither map nor validity rule."""
    return pd.Series({"wave_id": WAVE, "name": WAVE, "start_date": pd.Timestamp("2025-09-01"),
                      "end_date": pd.Timestamp("2025-09-30"), "scale_min": 1.0, "scale_max": 5.0,
                      "validity_rule": None, "scale_map": None})


# Measuring

def measure_here(way: str) -> None:
    """Measure one way in this process; print seconds, peak memory and numbers as JSON."""
    run = WAYS[way](draw_survey())
    start = time.perf_counter()
    numbers = run()
    seconds = time.perf_counter() - start
    print("\n" + json.dumps({"seconds": seconds, "peak_mb": find_peak_mb(), "numbers": numbers}))


def measure(way: str) -> dict[str, Any]:
    """Measure one way in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.satisfaction", "--one", way], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{way}: {found['seconds']:.2f} s, {found['peak_mb']:,.0f} MB", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the satisfaction survey.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure_here(given.one)
        return
    found: dict[str, list[dict[str, Any]]] = {}
    for way in list(WAYS) * given.runs:  # they take turns
        found.setdefault(way, []).append(measure(way))
    print_table(found)


def print_table(found: dict[str, list[dict[str, Any]]]) -> None:
    """Print medians and ratios; refuse numbers that differ, and say whether the goal is met."""
    plain = list(WAYS)[-1]
    seconds = {way: statistics.median(f["seconds"] for f in runs) for way, runs in found.items()}
    print(f"\n{N_PAPERS:,} questionnaires × {N_ITEMS} items, {N_ACCOUNTS:,} accounts\n")
    print("| what | seconds | times pandas by hand | peak MB |")
    print("|---|---:|---:|---:|")
    for way, runs in found.items():
        np.testing.assert_allclose(runs[0]["numbers"], found[plain][0]["numbers"], rtol=1e-9,
                                   err_msg=way)
        peak = statistics.median(f["peak_mb"] for f in runs)
        print(f"| {way} | {seconds[way]:.2f} | {seconds[way] / seconds[plain]:.1f} | {peak:,.0f} |")
    whole = seconds[list(WAYS)[1]]
    print("\nThe numbers agree.")
    print(f"- indices, items, bounds and bootstrap: {whole:.1f} seconds; goal below "
          f"{GOAL_SECONDS:.0f}: {'met' if whole < GOAL_SECONDS else 'MISSED'}")


if __name__ == "__main__":
    main()
