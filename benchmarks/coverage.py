"""How often the survey's 95 % intervals hold the truth, where the truth is known.

    .venv/bin/python -m benchmarks.coverage                  the table of the README, 2,000 worlds
    .venv/bin/python -m benchmarks.coverage --worlds 200

Accounts are drawn from a large market with a known index; people of one account resemble each
other; their answers are whole numbers from 1 to 5, so the index is bent at its upper end as in real
surveys. Each world is scored as a report is, and the share of worlds whose interval holds the
market's index is counted. Beside it stands what is often printed: every questionnaire as if it were
an account of its own. At the end the bounds for silence, which have to hold in every world.
"""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from kamlib.satisfaction import SatisfactionRules, WaveScores, bound_silence
from kamlib.stats.clustered import cluster_mean
from kamlib.stats.intervals import wilson_interval

Floats = NDArray[np.float64]
RULES, SEED, N_ITEMS = SatisfactionRules(), 12, 10
LEAST, MOST = 0.92, 0.98
WEIGHTINGS = ("by account", "by questionnaire", "by sales")


class Design(NamedTuple):
    """How a wave is answered: accounts, people an account, and how unequal sales are."""

    n_accounts: int
    n_people: int
    sigma_sales: float


DESIGNS = (Design(3, 1, 0.5), Design(4, 1, 0.5), Design(8, 1, 1.0), Design(9, 5, 1.0),
           Design(15, 2, 1.0), Design(29, 2, 1.0), Design(30, 2, 1.0), Design(60, 3, 1.0),
           Design(140, 2, 1.5))


class World(NamedTuple):
    """The index of each person, the place of his account, and the accounts' sales."""

    index: Floats
    account: NDArray[np.int64]
    sales: Floats


def draw_world(design: Design, rng: np.random.Generator) -> World:
    """Answers of one wave: the account's mood, the person's, the item's, rounded to 1-5."""
    n = design.n_accounts
    people = 1 + rng.binomial(design.n_people - 1, 0.6, n)
    account = np.repeat(np.arange(n), people)
    mood = rng.normal(3.9, 0.5, n)[account] + rng.normal(0, 0.35, len(account))
    answers = np.clip(np.rint(mood[:, None] + rng.normal(0, 0.7, (len(account), N_ITEMS))), 1, 5)
    return World(answers.mean(axis=1) / 5 * 100, account,
                 rng.lognormal(10, design.sigma_sales, n))


def find_truth() -> float:
    """The market's index: a very large survey of one person an account."""
    world = draw_world(Design(400_000, 1, 1.0), np.random.default_rng(SEED))
    return float(world.index.mean())


def hold_intervals(design: Design, truth: float, *, n_worlds: int) -> dict[str, float]:
    """Share of worlds whose interval holds the truth, by weighting; and the customary one's."""
    rng = np.random.default_rng([SEED, *design[:2]])
    held = dict.fromkeys((*WEIGHTINGS, "customary"), 0)
    for _ in range(n_worlds):
        world = draw_world(design, rng)
        sums, people = np.bincount(world.account, world.index), np.bincount(world.account)
        means = sums / people
        ways = ((means, np.ones(len(means))), (sums, people), (means * world.sales, world.sales))
        for name, (totals, weights) in zip(WEIGHTINGS, ways, strict=True):
            found = cluster_mean(totals, weights, seed=SEED, n_resamples=1000,
                                 bootstrap_from=RULES.bootstrap_from_accounts)
            held[name] += found.low <= truth <= found.high
        held["customary"] += is_held_naively(world.index, truth)
    return {name: n / n_worlds for name, n in held.items()}


def is_held_naively(index: Floats, truth: float) -> bool:
    """Whether mean +- 1.96 standard errors over questionnaires holds the truth."""
    half = stats.norm.ppf(0.975) * index.std(ddof=1) / np.sqrt(len(index))
    return bool(abs(index.mean() - truth) <= half)


def count_escapes(n_worlds: int) -> int:
    """Worlds in which the truth about the frame lies outside its bounds; has to be none.

    The lower an account's index, the likelier its silence; somebody always speaks.
    """
    rng, n_escaped = np.random.default_rng(SEED), 0
    wave = WaveScores("W", 1.0, 5.0, "of_maximum", "one_missing", *[pd.DataFrame()] * 3)
    for _ in range(n_worlds):
        n = int(rng.integers(3, 40))
        index = 20 + 80 * rng.beta(4, 1.6, n)
        speaks = rng.random(n) < index / 100
        speaks[int(rng.integers(n))] = True
        frame = pd.DataFrame({"account_id": range(n), "reference_amount": rng.lognormal(10, 1, n),
                              "in_survey_frame": True})
        heard = pd.DataFrame({"account_id": np.flatnonzero(speaks), "account_index": index[speaks],
                              "is_satisfied": index[speaks] >= RULES.satisfied_line})
        bounds = bound_silence(frame, heard, wave=wave, rules=RULES)
        for row in bounds.to_dict("records"):
            kind = "index" if row["measure"] == "satisfaction_index" else "share"
            truth = np.average(index if kind == "index" else index >= RULES.satisfied_line,
                               weights=None if row["weighting"] == "by_account" else
                               frame["reference_amount"])
            n_escaped += not row[f"worst_{kind}"] - 1e-9 <= truth <= row[f"best_{kind}"] + 1e-9
    return n_escaped


def print_interval(design: Design, held: dict[str, float], n_worlds: int) -> bool:
    """Print one row of the table; return whether all of ours lie within the goal, or chance."""
    cells, fits = [], True
    for name, share in held.items():
        low, high = wilson_interval(round(share * n_worlds), n_worlds)
        fits = fits and (name == "customary" or (high >= LEAST and low <= MOST))
        cells.append(f"{100 * share:.1f}")
    print(f"| {design.n_accounts} | up to {design.n_people} | {design.sigma_sales} | "
          f"{' | '.join(cells)} |", flush=True)
    return fits


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the coverage of the survey's intervals.")
    parser.add_argument("--worlds", type=int, default=2000)
    n_worlds = parser.parse_args().worlds
    truth = find_truth()
    print(f"Index of the market {truth:.2f}; {n_worlds:,} worlds a row; share of 95 % intervals "
          "that hold it, in %\n")
    print(f"| accounts | people | sigma of sales | {' | '.join(WEIGHTINGS)} | customary |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    fits = [print_interval(design, hold_intervals(design, truth, n_worlds=n_worlds), n_worlds)
            for design in DESIGNS]
    n_escaped = count_escapes(n_worlds)
    print(f"\n- within {100 * LEAST:.0f} to {100 * MOST:.0f} %: "
          f"{'met' if all(fits) else 'MISSED'} in {sum(fits)} of {len(fits)} designs")
    print(f"- bounds that do not hold the truth: {n_escaped} of {4 * n_worlds:,}, in "
          f"{n_worlds:,} worlds where the unhappy keep silent")
    if n_escaped:
        sys.exit("Bounds have to hold always.")


if __name__ == "__main__":
    main()
