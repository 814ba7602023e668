"""What a hundred million order lines cost: DuckDB in 4 GB, PostgreSQL, Spark, pandas, SQL by hand.

    .venv/bin/python -m benchmarks.scale                          all of the README's table
    .venv/bin/python -m benchmarks.scale --lines 1000000          a quick look
    .venv/bin/python -m benchmarks.scale --accounts 1000000       a whole period run of so many

The lines are made from their number alone into a temporary folder, streamed by DuckDB, after a look
at the free disk. Every measurement runs in a process of its own on two threads; peaks are sampled
over it and over what it started or asked: Java, the server's process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.facts import PERIOD, THREADS, generate, run_kamlib, run_pandas, run_sql

MEMORY = "4GB"
BYTES_PER_LINE = 120  # of free disk: the file, what DuckDB lays aside, a server's copy
ENGINE_LINES, PANDAS_LINES = 10_000_000, 30_000_000  # what is measured beside DuckDB up to there
NAMES = {"facts": "account facts, DuckDB in 4 GB", "sql": "the same, SQL by hand",
         "pandas": "most of the same, pandas", "duckdb": "all data of a period, DuckDB in 4 GB",
         "postgres": "all data of a period, PostgreSQL", "spark": "all data of a period, Spark"}


def require_disk(folder: Path, n_lines: int) -> None:
    """Stop before the disk is full."""
    free, needed = shutil.disk_usage(folder).free, BYTES_PER_LINE * n_lines
    if free < needed:
        raise SystemExit(f"{n_lines:,} lines need {needed / 1e9:.0f} GB in {folder}, and "
                         f"{free / 1e9:.0f} GB are free. Set TMPDIR to a larger disk.")


class Watch:
    """The peak memory of a process and of others, and what they read."""

    def __init__(self) -> None:
        self.others: list[psutil.Process] = []
        self.peak = 0
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.2):
            self.peak = max(self.peak, sum(map(_own_memory, self._all())))

    def _all(self) -> list[psutil.Process]:
        found = [psutil.Process(), *psutil.Process().children(recursive=True)]
        for other in self.others:
            with suppress(psutil.Error):
                found += other.children(recursive=True)
        return found

    def read(self) -> int:
        total = 0
        for process in self._all():
            with suppress(psutil.Error):
                total += process.io_counters().read_chars
        return total


def _own_memory(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
        # what server processes share is counted once, as its setting says
        return memory.rss - (memory.shared if "postgres" in process.name() else 0)
    except psutil.Error:
        return 0


@contextmanager
def engine_of(way: str, folder: Path, watch: Watch) -> Iterator[Path]:
    """A dataset file over the same lines in an engine, loaded before the clock starts."""
    text = (folder / "dataset.toml").read_text(encoding="utf-8")
    tables = ("orders", "accounts", "products")
    for name in tables:
        text = text.replace(f'source = "{name}.parquet"', f'source = "{name}"'
                            if way != "duckdb" else f'source = "{folder / name}.parquet"')
    file = folder / f"dataset_{way}.toml"

    def write(url: str) -> Path:
        head, _, rest = text.partition("[tables.")
        file.write_text(f'{head}[engine]\nurl = "{url}"\n[tables.{rest}', encoding="utf-8")
        return file

    if way == "postgres":
        from tests.engines.servers import serve_postgres

        with serve_postgres() as server:
            server.load_parquet({name: folder / f"{name}.parquet" for name in tables})
            watch.others = [psutil.Process(int(
                (server.folder / "data" / "postmaster.pid").read_text().split()[0]))]
            yield write(server.url("reader"))
    elif way == "spark":
        from tests.engines.servers import run_spark

        with tempfile.TemporaryDirectory() as aside, run_spark(Path(aside)) as session:
            for name in tables:
                session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
            yield write("spark://local[2]")
    else:
        file.write_text(text, encoding="utf-8")
        yield file


def prepare_period(file: Path) -> int:
    """All data of a period: opened, checked, every fact table, fingerprints."""
    from kamlib.session.prepare import prepare
    from kamlib.session.request import build_request

    with tempfile.TemporaryDirectory() as into:
        opened = prepare(build_request(file, period=PERIOD), into=Path(into))
        return int(opened.accounting.set_index("table").loc["orders", "kept"])


FACTS: dict[str, Callable[[Path], Any]] = {"facts": run_kamlib, "sql": run_sql,
                                           "pandas": run_pandas}


def measure_here(way: str, folder: Path) -> None:
    """Measure one way in this process and print what was found as JSON."""
    watch = Watch()
    sampler = threading.Thread(target=watch.run, daemon=True)
    if way in FACTS:
        import kamlib.measures  # noqa: F401  before the clock starts

        found = _timed(watch, sampler, lambda: len(FACTS[way](folder)))
    else:
        with engine_of(way, folder, watch) as file:
            found = _timed(watch, sampler, lambda: prepare_period(file))
    # getrusage would count what the parent held before it started this program
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    own = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    found["peak_mb"] = max(watch.peak / 1e6, int(own.split()[1]) / 1e3)
    print(json.dumps(found))


def _timed(watch: Watch, sampler: threading.Thread, work: Callable[[], int]) -> dict[str, float]:
    before, start = watch.read(), time.perf_counter()
    sampler.start()
    rows = work()
    seconds = time.perf_counter() - start
    read = watch.read() - before
    watch.is_over.set()
    sampler.join()
    return {"seconds": seconds, "read_mb": max(read, 0) / 1e6, "rows": rows}


def measure(way: str, folder: Path) -> dict[str, float] | None:
    """Measure one way in a process of its own; None when it did not come to its end."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.scale", "--one", way, str(folder)],
        check=False, capture_output=True, text=True,
        env=os.environ | {"KAM_ENGINE_MEMORY": MEMORY, "POLARS_MAX_THREADS": str(THREADS)})
    if done.returncode:  # one that ran out of memory must not take the others with it
        sys.stderr.write(f"{way} ended with status {done.returncode}: {done.stderr[-2000:]}\n")
        return None
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def ways_for(n_lines: int) -> list[str]:
    ways = ["facts", "sql", "duckdb"]
    if n_lines <= PANDAS_LINES:
        ways.insert(2, "pandas")
    return [*ways, "postgres", "spark"] if n_lines <= ENGINE_LINES else ways


def print_table(sizes: list[int], ways: list[str]) -> None:
    print("| what | lines | seconds | times the size before | peak MB | MB read |\n"
          "|---|---:|---:|---:|---:|---:|", flush=True)
    before: dict[str, float] = {}
    for n_lines in sizes:
        with tempfile.TemporaryDirectory(prefix="kam-scale-") as root:
            require_disk(Path(root), n_lines)
            folder = generate(n_lines, root=Path(root))
            for way in [each for each in ways_for(n_lines) if not ways or each in ways]:
                found = measure(way, folder)
                if found is None:
                    print(f"| {NAMES[way]} | {n_lines:,} | failed | | | |", flush=True)
                    continue
                growth = f"{found['seconds'] / before[way]:.1f}" if way in before else ""
                print(f"| {NAMES[way]} | {n_lines:,} | {found['seconds']:.1f} | {growth} | "
                      f"{found['peak_mb']:,.0f} | {found['read_mb']:,.0f} |", flush=True)
                before[way] = found["seconds"]


def run_accounts(n_accounts: int, *, n_kernels: int) -> None:
    """A whole period run of so many accounts, with ten lines each: how long every step takes."""
    from kamlib.report.run import Options, default_notebooks, run_report

    with tempfile.TemporaryDirectory(prefix="kam-scale-") as root:
        require_disk(Path(root), 10 * n_accounts)
        folder = generate(10 * n_accounts, root=Path(root), n_accounts=n_accounts)
        watch, start = Watch(), time.perf_counter()
        threading.Thread(target=watch.run, daemon=True).start()

        def say(step: str) -> None:
            print(f"{time.perf_counter() - start:8.1f} s  {step}", flush=True)

        result = run_report(folder / "dataset.toml", period=PERIOD, rules="", say=say,
                            done=lambda outcome: say(f"  {outcome.chapter.slug}: {outcome.status} "
                                                     f"{outcome.reason} {outcome.seconds:.0f} s"),
                            options=Options(reports=Path(root) / "reports", accept_quarantine=True,
                                            notebooks=default_notebooks(), timeout_s=3600,
                                            n_kernels=n_kernels))
        say(f"{result.status}; peak of this process "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB, of all together "
            f"{watch.peak / 1e6:,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what many order lines cost.")
    parser.add_argument("--lines", type=int, action="append", help="number of order lines")
    parser.add_argument("--way", action="append", choices=list(NAMES), help="only this one")
    parser.add_argument("--accounts", type=int, help="a period run of so many accounts")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks of that run at a time")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given: Any = parser.parse_args()
    if given.one:
        measure_here(given.one[0], Path(given.one[1]))
    elif given.accounts:
        os.environ.setdefault("KAM_ENGINE_MEMORY", MEMORY)
        run_accounts(given.accounts, n_kernels=given.jobs)
    else:
        print_table(given.lines or [1_000_000, 10_000_000, 100_000_000], given.way or [])


if __name__ == "__main__":
    main()
