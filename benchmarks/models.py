"""Measure the models of buying beside lifetimes and pymc-marketing: seconds, memory, equal numbers.

    .venv/bin/python -m benchmarks.models                       the tables of the README
    .venv/bin/python -m benchmarks.models --runs 1 --only lifetimes

Each peer lives in an environment of its own under benchmarks/out, made once; every measurement
runs in a process of its own, after its imports and with its table in memory. The data is the CDNOW
sample of Fader & Hardie where KAM_REAL_DATA has it, customers from a seed where not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.facts import OUT, THREADS, find_peak_mb

ROOT, DATA = Path(__file__).resolve().parents[1], OUT / "models"
PEERS = ("lifetimes", "pymc-marketing")
COPIES, N_MILLION, END = 145, 1_000_000, "1997-09-30"
PERIOD = "1997-07-01..1997-09-30"
COLUMNS = ["n_repeat_days", "first_to_last_days", "first_to_as_of_days"]
Run = Callable[[], list[float]]
# (numerator, denominator, times): the one takes at least so many times as long as the other.
GOALS = [("fit CDNOW", "lifetimes", 5), ("fit large", "lifetimes", 4),
         ("fit CDNOW", "pymc-marketing, cold", 100), ("summary", "lifetimes", 4)]
GOAL_SECONDS, GOAL_MB, SHORT_SECONDS = 5.0, 500, 0.5


# Data, equal for an equal seed

def read_log() -> pd.DataFrame:
    """One row a purchase: the CDNOW sample, or simulated customers of its size."""
    root = os.environ.get("KAM_REAL_DATA", "")
    path = Path(root) / "cdnow" / "CDNOW_sample.txt"
    if root and path.is_file():
        log = pd.read_csv(path, sep=r"\s+", header=None, dtype=str,
                          names=["master", "account_id", "order_date", "n_cds", "amount"])
        return log.assign(order_date=pd.to_datetime(log["order_date"], format="%Y%m%d"),
                          account_id=log["account_id"].astype("int64"),
                          amount=log["amount"].astype("float64"))[
                              ["account_id", "order_date", "amount"]]
    print("KAM_REAL_DATA does not point to CDNOW_sample.txt: simulated customers instead.\n")
    table = simulate_customers(2357, weeks=39, seed=1)
    again = np.repeat(np.arange(len(table)), table["n_repeat_days"].astype(int) + 1)
    share = np.random.default_rng(2).random(len(again))
    first = np.append(True, again[1:] != again[:-1])
    days = np.where(first, 0, 1 + share * table["first_to_last_days"].to_numpy()[again])
    start = pd.Timestamp(END) - pd.to_timedelta(table["first_to_as_of_days"], unit="D")
    dates = start.to_numpy()[again] + np.floor(days).astype("timedelta64[D]")
    dates = np.minimum(dates.astype("datetime64[s]"), np.datetime64(END, "s"))
    return pd.DataFrame({"account_id": again, "order_date": dates,
                         "amount": np.round(10 + 50 * share, 2)})


def simulate_customers(n: int, *, weeks: float, seed: int) -> pd.DataFrame:
    """Customers of BG/NBD: r .5, alpha 8 weeks, a .8, b 2.5; fractions of days, so none alike."""
    rng = np.random.default_rng(seed)
    rate, leaves = rng.gamma(0.5, 1 / 56, n), rng.beta(0.8, 2.5, n)
    span, now = 7 * weeks * rng.uniform(0.7, 1, n), np.zeros(n)
    last, repeats = np.zeros(n), np.zeros(n)
    rows = np.arange(n)
    while len(rows):
        now[rows] += rng.exponential(1 / rate[rows])
        rows = rows[now[rows] <= span[rows]]
        last[rows] = now[rows]
        repeats[rows] += 1
        rows = rows[rng.random(len(rows)) >= leaves[rows]]
    return pd.DataFrame(dict(zip(COLUMNS, (repeats, last, span), strict=True)))


def prepare() -> None:
    """Write the tables: CDNOW, copies of it of which no two are alike, a million, and a log."""
    DATA.mkdir(parents=True, exist_ok=True)
    log, rng = read_log(), np.random.default_rng(3)
    from kamlib.models.summary import summarise_log

    small = summarise_log(log, as_of=END)[COLUMNS].astype("float64")
    large = pd.concat([small] * COPIES, ignore_index=True)
    shift = rng.uniform(0, 1, (len(large), 2))
    large["first_to_as_of_days"] += 1 + shift[:, 0]
    large["first_to_last_days"] += np.where(large["n_repeat_days"] > 0, shift[:, 1], 0.0)
    copies = pd.concat([log.assign(account_id=log["account_id"] + 10_000 * i)
                        for i in range(COPIES)], ignore_index=True)
    tables = {"CDNOW": small, "large": large, "log": copies,
              "million": simulate_customers(N_MILLION, weeks=104, seed=4)}
    for name, table in tables.items():
        np.savez(DATA / f"{name}.npz", **{c: table[c].to_numpy() for c in table.columns})
    write_order_lines(copies)


def write_order_lines(log: pd.DataFrame) -> None:
    """The same log as kamlib reads it: order lines with all their columns, and accounts."""
    import duckdb

    con = duckdb.connect()
    con.register("log", log)
    con.execute(f"""COPY (SELECT (row_number() OVER ())::VARCHAR order_id,
        lpad(account_id::VARCHAR, 8, '0') account_id, order_date::DATE order_date,
        'p' product_id, 'c' channel, 'sale' line_kind, 1::DECIMAL(18, 4) quantity,
        amount::DECIMAL(18, 4) amount, NULL::DECIMAL(18, 4) cost_amount FROM log)
        TO '{DATA / "orders.parquet"}'""")
    con.execute(f"""COPY (SELECT DISTINCT lpad(account_id::VARCHAR, 8, '0') account_id,
        lpad(account_id::VARCHAR, 8, '0') AS name, NULL::DATE customer_since,
        NULL::VARCHAR parent_id, 'customer' party_role FROM log)
        TO '{DATA / "accounts.parquet"}'""")


def load(name: str) -> pd.DataFrame:
    with np.load(DATA / f"{name}.npz") as columns:
        return pd.DataFrame({name: columns[name] for name in columns.files})


# The ways; each loads and imports first and returns what is measured

def fit_kamlib(table: pd.DataFrame) -> Run:
    from kamlib.models.counts import fit_bg_nbd
    return lambda: [float(v) for v in fit_bg_nbd(table).require()]


def fit_kamlib_pareto(table: pd.DataFrame) -> Run:
    from kamlib.models.counts import fit_pareto_nbd
    return lambda: [float(v) for v in fit_pareto_nbd(table).require()]


def predict_kamlib(table: pd.DataFrame) -> Run:
    from kamlib.models.counts import fit_bg_nbd

    def run() -> list[float]:
        fitted = fit_bg_nbd(table)
        return [float(fitted.conditional_orders(table, 52).sum()),
                float(fitted.probability_alive(table).mean())]
    return run


def fit_lifetimes(table: pd.DataFrame) -> Run:
    from lifetimes import BetaGeoFitter

    repeats, last, now = table["n_repeat_days"], *(table[c] / 7 for c in COLUMNS[1:])
    return lambda: [float(v) for v in BetaGeoFitter().fit(repeats, last, now).params_[
        ["r", "alpha", "a", "b"]]]


def fit_pymc(table: pd.DataFrame) -> Run:
    """Flat priors, so that the mode is the maximum of the likelihood, as for the others."""
    from pymc_extras.prior import Prior
    from pymc_marketing.clv import BetaGeoModel

    data = pd.DataFrame({"customer_id": np.arange(len(table)), "frequency": table["n_repeat_days"],
                         "recency": table["first_to_last_days"] / 7,
                         "T": table["first_to_as_of_days"] / 7})
    names = ["r", "alpha", "a", "b"]

    def run() -> list[float]:
        model = BetaGeoModel(data=data, model_config={name: Prior("HalfFlat") for name in names})
        model.fit(method="map", progressbar=False)
        return [float(model.fit_result[name].mean()) for name in names]
    return run


def summarise_kamlib(log: pd.DataFrame) -> Run:
    from kamlib.models.summary import summarise_log

    log = with_text_ids(log)

    def run() -> list[float]:
        found = summarise_log(log, as_of=END)
        return add_up(*(found[c] for c in COLUMNS))
    return run


def summarise_in_engine(log: pd.DataFrame, *, all_facts: bool = False) -> Run:
    """From order lines in a Parquet file, as a period run does; the others have three columns."""
    from datetime import date

    from kamlib import measures
    from kamlib.dataset.engines import connect
    from kamlib.measures import facts as parts
    from kamlib.period import parse_period

    rules, period, con = measures.MeasureRules(), parse_period(PERIOD), connect()
    con.raw_sql(f"SET threads = {THREADS}")
    orders, accounts = (con.read_parquet(DATA / f"{n}.parquet") for n in ("orders", "accounts"))

    def run() -> list[float]:
        lines = measures.build_lines(orders, accounts, as_of=period.as_of, rules=rules)
        if all_facts:
            days = measures.build_order_days(lines)
            who = measures.fetch(accounts.select("account_id", "customer_since"))
            found = measures.build_account_facts(
                days, who, period=period, history_from=date(1997, 1, 1), starts_with="cohort",
                rules=rules)
            found = found[found["first_sale_date"].notna()]
            return add_up(*(found[c] for c in COLUMNS))
        sales = lines.filter((lines.line_kind == "sale") & (lines.order_date <= period.end))
        found = measures.fetch(parts._days_part(sales, [], period, rules))
        first, last = found["first_sale_date"], found["last_sale_date"]
        return add_up(found["n_gaps"], (last - first).dt.days,
                      (pd.Timestamp(period.end) - first).dt.days)
    return run


def with_text_ids(log: pd.DataFrame) -> pd.DataFrame:
    """Ids as in a company's export, and as kamlib keeps them; numbers are grouped faster."""
    return log.assign(account_id=log["account_id"].astype(str).str.zfill(8))


def summarise_lifetimes(log: pd.DataFrame) -> Run:
    from lifetimes.utils import summary_data_from_transaction_data

    log = with_text_ids(log)

    def run() -> list[float]:
        found = summary_data_from_transaction_data(
            log, "account_id", "order_date", "amount", observation_period_end=END)
        return add_up(found["frequency"], found["recency"], found["T"])
    return run


def summarise_pymc(log: pd.DataFrame) -> Run:
    from pymc_marketing.clv import rfm_summary

    log = with_text_ids(log)

    def run() -> list[float]:
        found = rfm_summary(log, "account_id", "order_date", "amount",
                            observation_period_end=END, time_unit="D")
        return add_up(found["frequency"], found["recency"], found["T"])
    return run


def add_up(repeats: Any, to_last: Any, to_now: Any) -> list[float]:
    return [float(len(repeats)), *(float(c.sum()) for c in (repeats, to_last, to_now))]


WAYS: dict[str, Callable[[pd.DataFrame], Run]] = {
    "fit kamlib": fit_kamlib, "fit lifetimes": fit_lifetimes, "fit pymc-marketing": fit_pymc,
    "fit kamlib, Pareto/NBD": fit_kamlib_pareto, "predict kamlib": predict_kamlib,
    "summary kamlib": summarise_kamlib,
    "summary kamlib, from order lines": summarise_in_engine,
    "summary kamlib, all account facts": lambda log: summarise_in_engine(log, all_facts=True),
    "summary lifetimes": summarise_lifetimes, "summary pymc-marketing": summarise_pymc}


# Measuring

def measure_here(way: str, data: str) -> None:
    """Measure one way in this process; print seconds, peak memory and numbers as JSON."""
    warnings.simplefilter("ignore")
    run, spent = WAYS[way](load(data)), []
    # What takes less than half a second is done seven times, and the median counts.
    while not spent or (spent[0] < SHORT_SECONDS and len(spent) < 7):
        start = time.perf_counter()
        numbers = run()
        spent.append(time.perf_counter() - start)
    seconds = statistics.median(spent)
    print("\n" + json.dumps({"seconds": seconds, "peak_mb": find_peak_mb(), "numbers": numbers}))


def find_python(peer: str) -> Path | None:
    """Python of the peer's environment, made when there is none; None when that fails."""
    folder = OUT / f"env_{peer}"
    python = folder / "bin" / "python"
    if not (folder / ".ready").is_file():
        print(f"Making an environment with {peer} ...", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        done = subprocess.run([str(python), "-m", "pip", "install", "-q", peer],
                              capture_output=True, text=True)
        if done.returncode:
            print(f"{peer} cannot be installed and is left out.\n")
            return None
        (folder / ".ready").touch()
    return python


class Job(NamedTuple):
    """One measurement: what is done and by whom, the way and its data, where, how."""

    task: str
    who: str
    way: str
    data: str
    python: Path
    is_cold: bool = False


def list_jobs(peers: list[str]) -> list[Job]:
    own = Path(sys.executable)
    pythons = {peer: found for peer in peers if (found := find_python(peer))}
    jobs = []
    for data in ("CDNOW", "large"):
        jobs += [Job(f"fit {data}", who, f"fit {who}", data, own)
                 for who in ("kamlib", "kamlib, Pareto/NBD")]
        for peer, python in pythons.items():
            states = ("cold", "warm") if peer == "pymc-marketing" else ("",)
            jobs += [Job(f"fit {data}", f"{peer}, {state}" if state else peer, f"fit {peer}", data,
                         python, state == "cold") for state in states]
    jobs += [Job("summary", who, f"summary {who}", "log", own)
             for who in ("kamlib", "kamlib, from order lines", "kamlib, all account facts")]
    jobs += [Job("summary", peer, f"summary {peer}", "log", python)
             for peer, python in pythons.items()]
    return [*jobs, Job("a million", "kamlib", "predict kamlib", "million", own)]


def run_job(job: Job) -> dict[str, Any]:
    """Run one job in a process of its own; cold: with nothing compiled before."""
    with tempfile.TemporaryDirectory() as empty:
        compiled = empty if job.is_cold else str(OUT / "pytensor")
        done = subprocess.run(
            [str(job.python), "-m", "benchmarks.models", "--one", job.way, "--data", job.data],
            env={**os.environ, "PYTENSOR_FLAGS": f"base_compiledir={compiled}"}, cwd=ROOT,
            capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{job.task}, {job.who} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{job.task}, {job.who}: {found['seconds']:.3f} s, {found['peak_mb']:,.0f} MB, "
          f"{[float(f'{n:.6g}') for n in found['numbers']]}", flush=True)
    return found


def measure_all(runs: int, peers: list[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Median seconds and memory, and the numbers, by task and who did it; all take turns."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    jobs = list_jobs(peers)
    for job in jobs * runs:
        found.setdefault((job.task, job.who), []).append(run_job(job))
    return {key: {"seconds": statistics.median(f["seconds"] for f in results),
                  "peak_mb": statistics.median(f["peak_mb"] for f in results),
                  "numbers": results[0]["numbers"]} for key, results in found.items()}


def check_equal(found: dict[tuple[str, str], dict[str, Any]]) -> str:
    """Hold everyone's numbers against kamlib's; raise when they differ."""
    for (task, who), result in found.items():
        if "Pareto" not in who:
            ours = found[task, "kamlib"]["numbers"]
            np.testing.assert_allclose(result["numbers"], ours, err_msg=f"{task}, {who}",
                                       rtol=0 if task == "summary" else 0.01)
    return "Estimates agree within 1 %, and the sums of the summaries are equal."


def print_table(found: dict[tuple[str, str], dict[str, Any]]) -> None:
    print("\n| what | who | seconds | times kamlib | peak MB |")
    print("|---|---|---:|---:|---:|")
    for (task, who), result in found.items():
        ratio = result["seconds"] / found[task, "kamlib"]["seconds"]
        print(f"| {task} | {who} | {result['seconds']:.2g} | {ratio:.1f} | "
              f"{result['peak_mb']:,.0f} |")


def judge(found: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    """Say which goals are met."""
    lines = []
    for task, who, times in GOALS:
        if (task, who) in found:
            ratio = found[task, who]["seconds"] / found[task, "kamlib"]["seconds"]
            lines.append(f"- {task}: {who} takes {ratio:.1f} times as long; goal {times}: "
                         f"{'met' if ratio >= times else 'MISSED'}")
    million = found["a million", "kamlib"]
    for value, goal, unit in ((million["seconds"], GOAL_SECONDS, "seconds"),
                              (million["peak_mb"], GOAL_MB, "MB")):
        lines.append(f"- a million accounts: {value:,.1f} {unit}; goal below {goal:,.0f}: "
                     f"{'met' if value < goal else 'MISSED'}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the models of buying.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=PEERS, action="append", help="peers to measure")
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--data", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure_here(given.one, given.data)
        return
    prepare()
    found = measure_all(given.runs, given.only or list(PEERS))
    print_table(found)
    print(f"\n{check_equal(found)}\n")
    print("\n".join(judge(found)))


if __name__ == "__main__":
    main()
