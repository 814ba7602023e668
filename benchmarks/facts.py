"""Measure the fact tables beside SQL by hand and pandas: time, memory, equal numbers.

    .venv/bin/python benchmarks/facts.py            the table of the README
    .venv/bin/python benchmarks/facts.py --bytes    twenty runs, one hash
    .venv/bin/python benchmarks/facts.py --lines 1000000 --runs 1

Every measurement runs in a process of its own, on two threads, after its imports; the peak is
that process's resident memory, imports included. What is read and written stays in
benchmarks/out, which git ignores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

OUT = Path(__file__).parent / "out"
PERIOD, HISTORY_FROM, THREADS = "2025Q4", date(2022, 1, 1), 2
LINES_PER_ACCOUNT = 50
DATASET = """id = "benchmark"
name = "Benchmark"
currency = "EUR"
date_basis = "ordered"
history_from = 2022-01-01
complete_until = 2026-01-31
[tables.orders]
source = "orders.parquet"
[tables.orders.columns]
"""  + "".join(f'{name} = "{name}"\n' for name in (
    "order_id", "account_id", "order_date", "product_id", "channel", "line_kind", "quantity",
    "amount", "cost_amount")) + """[tables.accounts]
source = "accounts.parquet"
[tables.accounts.columns]
account_id = "account_id"
name = "name"
customer_since = "customer_since"
[tables.accounts.constants]
party_role = "customer"
[tables.products]
source = "products.parquet"
[tables.products.columns]
product_id = "product_id"
name = "name"
product_line = "product_line"
"""
GOALS = {"sql": 1.2, "pandas": 0.3}  # at most this part of the other's time, at 10 million lines
GOAL_MB = 1000


def generate(n_lines: int, *, root: Path = OUT, n_accounts: int = 0) -> Path:
    """Write order lines and accounts, equal for equal `n_lines`; return their folder."""
    folder = root / f"{n_lines}"
    if not (folder / "accounts.parquet").is_file():
        import duckdb

        folder.mkdir(parents=True, exist_ok=True)
        sql = (Path(__file__).parent / "generate.sql").read_text(encoding="utf-8")
        con = duckdb.connect()
        con.execute(f"SET threads = {THREADS}")
        con.execute("SET memory_limit = '4GB'")
        con.execute(f"SET temp_directory = '{folder / 'aside'}'")
        n_accounts = n_accounts or n_lines // LINES_PER_ACCOUNT
        for statement in sql.format(n_lines=n_lines, n_accounts=n_accounts,
                                    folder=folder).split(";"):
            con.execute(statement)
        (folder / "dataset.toml").write_text(DATASET, encoding="utf-8")
    return folder


class Prepared:
    """kamlib's way up to the order days, as a run goes it."""

    def __init__(self, folder: Path) -> None:
        from kamlib import measures
        from kamlib.dataset.engines import connect
        from kamlib.period import parse_period

        self.measures, self.rules = measures, measures.MeasureRules()
        self.period, con = parse_period(PERIOD), connect()
        con.raw_sql(f"SET threads = {THREADS}")
        self.orders = con.read_parquet(folder / "orders.parquet")
        self.accounts = con.read_parquet(folder / "accounts.parquet")
        self.products = con.read_parquet(folder / "products.parquet")
        self.lines = measures.build_lines(self.orders, self.accounts, as_of=self.period.as_of,
                                          rules=self.rules)
        self.order_days = measures.build_order_days(self.lines)

    def facts(self) -> pd.DataFrame:
        who = self.measures.fetch(self.accounts.select("account_id", "customer_since"))
        return self.measures.build_account_facts(
            self.order_days, who, period=self.period, history_from=HISTORY_FROM,
            starts_with="ongoing", rules=self.rules)


def run_kamlib(folder: Path) -> pd.DataFrame:
    return Prepared(folder).facts()


def run_all(folder: Path) -> pd.DataFrame:
    """All three fact tables, each handed to Parquet and let go, as a run does."""
    from kamlib.session.parquet import write_parquet

    prepared = Prepared(folder)
    write_parquet(prepared.facts(), folder / "all_facts.parquet")
    write_parquet(prepared.measures.build_account_months(prepared.order_days),
                  folder / "all_months.parquet")
    products = prepared.measures.build_account_products(prepared.lines, prepared.products)
    write_parquet(products, folder / "all_products.parquet")
    return products.head(1)


def run_checks(folder: Path) -> pd.DataFrame:
    """Open the same files as a data set: mapped, typed, checked, counted, fingerprinted."""
    from kamlib.dataset import open_dataset
    from kamlib.dataset.row_fingerprint import fingerprint_table

    dataset = open_dataset(folder / "dataset.toml")
    dataset.con.raw_sql(f"SET threads = {THREADS}")
    fingerprint_table(dataset.tables["orders"], event_date="order_date")
    return dataset.accounting


def run_sql(folder: Path) -> pd.DataFrame:
    """The same account facts by SQL, written by hand for DuckDB."""
    import duckdb

    con = duckdb.connect()
    con.execute(f"SET threads = {THREADS}")
    sql = (Path(__file__).parent / "account_facts.sql").read_text(encoding="utf-8")
    for statement in sql.format(folder=folder).split(";"):
        con.execute(statement)
    return con.df()


def run_pandas(folder: Path) -> pd.DataFrame:
    """Counts, amounts, dates and gaps by groupby; without pairs, so it has less to do."""
    columns = ["order_id", "account_id", "order_date", "line_kind", "amount", "cost_amount"]
    lines = pd.read_parquet(folder / "orders.parquet", columns=columns)
    lines["order_date"] = pd.to_datetime(lines["order_date"])
    for name in ("amount", "cost_amount"):
        lines[name] = lines[name].astype("float64")
    lines = lines[lines["order_date"] <= "2025-12-31"]
    kind = lines["line_kind"]
    sale, back = kind == "sale", kind.isin(["return", "cancellation"])
    net = sale | back
    known = net & lines["cost_amount"].notna()
    amounts = pd.DataFrame({
        "account_id": lines["account_id"], "order_date": lines["order_date"],
        "n_lines": sale.astype("int64"), "gross_amount": lines["amount"].where(sale, 0.0),
        "returned_amount": -lines["amount"].where(back, 0.0),
        "adjustment_amount": lines["amount"].where(kind == "adjustment", 0.0),
        "margin_known_amount": lines["amount"].where(known, 0.0),
        "cost_amount": lines["cost_amount"].where(known, 0.0)})
    days = amounts.groupby(["account_id", "order_date"], sort=True).sum().reset_index()
    orders = lines[sale].groupby(["account_id", "order_id"])["order_date"].min().reset_index()
    spans = {"": ("2000-01-01", "2025-12-31"), "_period": ("2025-10-01", "2025-12-31"),
             "_previous": ("2025-07-01", "2025-09-30"), "_window": ("2025-01-01", "2025-12-31"),
             "_year_before": ("2024-10-01", "2024-12-31")}
    parts = []
    for suffix, (start, end) in spans.items():
        inside = days[days["order_date"].between(start, end)]
        parts.append(inside.drop(columns="order_date").groupby("account_id").sum()
                     .add_suffix(suffix))
        bought = inside[inside["n_lines"] > 0].groupby("account_id").size()
        parts.append(bought.rename(f"n_purchase_days{suffix}"))
        started = orders[orders["order_date"].between(start, end)].groupby("account_id").size()
        parts.append(started.rename(f"n_orders{suffix}"))
    bought = days[days["n_lines"] > 0]
    gaps = bought.groupby("account_id")["order_date"].diff().dt.days
    by_account = bought.assign(gap=gaps, log_gap=np.log(gaps)).groupby("account_id")
    parts += [by_account["order_date"].agg(first_sale_date="min", last_sale_date="max"),
              by_account["gap"].agg(gap_mean_days="mean", gap_sd_days="std"),
              by_account["log_gap"].sum().rename("log_gap_sum")]
    return pd.concat(parts, axis=1).sort_index().reset_index()


WAYS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "kamlib": run_kamlib, "sql": run_sql, "pandas": run_pandas, "all": run_all,
    "checks": run_checks}


def measure_here(way: str, folder: Path) -> None:
    """Measure one way in this process; print seconds and peak memory as JSON."""
    import kamlib.measures  # noqa: F401  imports are not what is measured

    start = time.perf_counter()
    result = WAYS[way](folder)
    seconds = time.perf_counter() - start
    peak = find_peak_mb()
    if way in ("kamlib", "sql"):
        result.to_parquet(folder / f"result_{way}.parquet")
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


def find_peak_mb() -> float:
    """Peak resident memory of this process; getrusage would take over the parent's on Linux."""
    status = Path("/proc/self/status")
    if status.is_file():
        found = next(n for n in status.read_text().splitlines() if n.startswith("VmHWM"))
        return int(found.split()[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def measure(ways: list[str], n_lines: int, *, runs: int) -> dict[str, dict[str, float]]:
    """Median of `runs` processes for each way; the ways take turns, so noise meets all alike."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for way in ways * runs:
        command = [sys.executable, __file__, "--one", way, "--lines", str(n_lines)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[way].append(json.loads(done.stdout))
    return {way: {name: statistics.median(f[name] for f in numbers)
                  for name in ("seconds", "peak_mb")} for way, numbers in found.items()}


def compare(folder: Path) -> str:
    """Say whether kamlib's account facts are those of the SQL; raise when they are not."""
    ours, theirs = (pd.read_parquet(folder / f"result_{way}.parquet") for way in ("kamlib", "sql"))
    theirs = theirs[ours.columns]
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=1e-9, atol=1e-9)
    return f"{len(ours):,} accounts × {ours.shape[1]} columns are equal"


NAMES = {"kamlib": "kamlib, account facts", "sql": "SQL by hand, the same",
         "pandas": "pandas, most of the same", "all": "kamlib, all three tables, written",
         "checks": "kamlib, opening and checks"}


def print_table(n_lines: int, found: dict[str, dict[str, float]]) -> None:
    print(f"\n| {n_lines:,} lines | seconds | kamlib takes, of that | peak MB |")
    print("|---|---:|---:|---:|")
    for way, numbers in found.items():
        ratio = found["kamlib"]["seconds"] / numbers["seconds"]
        shown = f"{ratio:.2f}" if way in GOALS else ""
        print(f"| {NAMES[way]} | {numbers['seconds']:.1f} | {shown} | {numbers['peak_mb']:,.0f} |",
              flush=True)


def judge(found: dict[str, dict[str, float]]) -> str:
    """Say which goals are met."""
    seconds = found["kamlib"]["seconds"]
    met = {f"at most {share} of {way}": seconds <= share * found[way]["seconds"]
           for way, share in GOALS.items()}
    met[f"below {GOAL_MB:,} MB"] = found["kamlib"]["peak_mb"] < GOAL_MB
    return " Goals: " + ", ".join(f"{g} {'met' if ok else 'MISSED'}" for g, ok in met.items()) + "."


def check_bytes(n_lines: int, *, runs: int) -> None:
    """Build the three tables again and again; raise when a byte differs."""
    folder, hashes = generate(n_lines), set()
    for _ in range(runs):
        measure(["all"], n_lines, runs=1)
        names = ("all_facts", "all_months", "all_products")
        hashes.add(tuple(hashlib.sha256((folder / f"{n}.parquet").read_bytes()).hexdigest()
                         for n in names))
    if len(hashes) > 1:
        raise SystemExit(f"{len(hashes)} different results in {runs} runs")
    print(f"{runs} runs over {n_lines:,} lines on {THREADS} threads: equal bytes, "
          f"{' '.join(h[:12] for h in next(iter(hashes)))}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the fact tables.")
    parser.add_argument("--lines", type=int, action="append", help="number of order lines")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bytes", action="store_true", help="twenty runs have to be equal")
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    given: Any = parser.parse_args()
    if given.one:
        measure_here(given.one, OUT / str(given.lines[0]))
        return
    if given.bytes:
        check_bytes((given.lines or [1_000_000])[0], runs=20)
        return
    for n_lines in given.lines or [1_000_000, 10_000_000, 30_000_000]:
        folder = generate(n_lines)
        ways = ["kamlib", "sql"] if n_lines > 10_000_000 else list(WAYS)
        found = measure(ways, n_lines, runs=given.runs)
        print_table(n_lines, found)
        print(f"\n{compare(folder)}.{judge(found) if n_lines == 10_000_000 else ''}", flush=True)


if __name__ == "__main__":
    main()
