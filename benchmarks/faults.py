"""Kill runs, fill the disk, start many at once, and look what is left in the report store.

    .venv/bin/python -m benchmarks.faults             100 kills, 20 + 20 runs at once, full disks
    .venv/bin/python -m benchmarks.faults --small     what `make test` does of it

Every run is a real one, in a process of its own that is forked from this one, so that what is
measured is the run and not the imports. After each fault the store has to hold: no half version,
none lost, published versions equal byte for byte, the staging of the dead cleaned up by the next
run and that of the living untouched, no kernel left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import kamlib.report.assemble
import kamlib.report.make
import kamlib.report.store
from benchmarks.company import (
    BUSY,
    FAILED,
    HAND_ON,
    KEPT,
    PREPARE,
    PUBLISHED,
    REFUSED,
    TOKEN,
    Company,
    company,
    fork,
    kernels,
    prepare_once,
    wait_for,
    wait_until,
)
from kamlib.report.store import Store

# The room's module; its name in the package is the function.
PREPARING = sys.modules["kamlib.session.prepare"]
Patch = tuple[Any, str, int, bool]  # owner, name, at which call, before it (else after)
STEPS: dict[str, Patch] = {
    "staging begun": (Store, "begin", 1, False),
    "data half prepared": (PREPARING, "write_parquet", 3, True),
    "data prepared": (kamlib.report.make, "refuse_quarantine", 1, True),
    "notebooks done": (kamlib.report.make, "assemble", 1, True),
    "tables copied": (kamlib.report.assemble, "write_workbook", 1, True),
    "number taken, pages half written": (kamlib.report.assemble.Assembled, "_first_page", 1, True),
    "all written, not renamed": (kamlib.report.store, "_flush", 1, False),
    "renamed": (kamlib.report.make, "write_stub", 1, True),
    "index half written": (Path, "replace", 2, True),
}


def kill_at(step: Patch) -> None:
    """Let this process be killed at a step."""
    owner, name, at, before = step
    if owner is PREPARING:
        kamlib.report.make.prepare = PREPARE
    inner, calls = getattr(owner, name), [0]

    def outer(*args: Any, **more: Any) -> Any:
        calls[0] += 1
        if before and calls[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)
        result = inner(*args, **more)
        if calls[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, outer)


def kill_at_steps() -> tuple[int, list[str]]:
    """Kill a run at each named step; return how many were killed, and what is wrong."""
    wrong, n_killed = [], 0
    with company() as made:
        for top, (name, step) in enumerate(STEPS.items(), 1):
            def work(step: Patch = step, top: int = top) -> str:
                kill_at(step)
                return made.run(top)

            status = wait_for(fork(work, made.folder / "said"))
            n_killed += status == -signal.SIGKILL
            if status != -signal.SIGKILL:
                wrong.append(f"{name}: the run was not killed but ended with {status}")
            wrong += [f"{name}: {what}" for what in made.look() + made.look_at_staging()]
        flag = made.folder / "busy"
        made.write(BUSY.format(flag=flag))
        child = fork(lambda: made.run(99), made.folder / "said")
        if not wait_until(flag.exists):
            wrong.append("no kernel was started")
        os.kill(child, signal.SIGKILL)
        n_killed += wait_for(child) == -signal.SIGKILL
        if not wait_until(lambda: not kernels(), 30):
            wrong.append("kernel at work: it outlived its run")
        wrong += [f"kernel at work: {what}" for what in made.look() + made.look_at_staging()]
        made.write(HAND_ON, tables=("survey_answers",))
        n_before = len(made.versions())
        wait_for(fork(lambda: made.run(1000), made.folder / "said"))
        wrong += made.look()
        if len(made.versions()) != n_before + 1:
            wrong.append("the run after the kills published nothing")
        left = [p.name for p in made.store.root.glob(".index*")]
        wrong += [f"half an index is left: {left}"] if left else []
    return n_killed, wrong


def kill_at_random(n: int, seed: int) -> tuple[int, list[str]]:
    """Kill runs at random moments, every second one with a notebook at work."""
    dice, wrong, n_killed = random.Random(seed), [], 0
    with company() as made:
        for top in range(1, n + 1):
            made.write(HAND_ON, tables=() if top % 2 else ("survey_answers",))
            child = fork(lambda top=top: made.run(top), made.folder / "said")
            time.sleep(dice.uniform(0, 7 if top % 2 else 2))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            status = wait_for(child)
            n_killed += status == -signal.SIGKILL
            if status not in (PUBLISHED, -signal.SIGKILL):
                wrong.append(f"run {top} ended with {status}")
            if not wait_until(lambda: not kernels(), 30):
                wrong.append(f"run {top}: its kernel outlived it")
            wrong += [f"run {top}: {what}" for what in made.look() + made.look_at_staging()]
    return n_killed, wrong


def run_at_once(n: int, *, alike: bool) -> tuple[int, list[str]]:
    """Start runs at the same time; different ones give a version each, identical ones give one."""
    with company() as made:
        children = [fork(lambda i=i: made.run(1 if alike else i), made.folder / f"said{i}")
                    for i in range(1, n + 1)]
        statuses = [wait_for(child) for child in children]
        wrong = [f"a run ended with {status}: {(made.folder / f'said{i}').read_text()[-300:]}"
                 for i, status in enumerate(statuses, 1) if status]
        wrong += made.look() + made.look_at_staging()
        n_new = len(made.versions()) - 1
        if n_new != (1 if alike else n):
            wrong.append(f"{n} {'identical' if alike else 'different'} runs gave {n_new} versions")
    return n_new, wrong


def fill_the_disk(limits: list[int]) -> tuple[int, list[str]]:
    """Let no file grow beyond a limit (EFBIG, of the system itself), for several limits."""
    wrong, n_refused = [], 0
    with company() as made:
        for top, limit in enumerate(limits, 1):
            def work(limit: int = limit, top: int = top) -> str:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                return made.run(top)

            wrong += _refused(made, work, f"no file above {limit} bytes")
            n_refused += 1
    return n_refused, wrong


def fill_a_small_disk(sizes: list[int]) -> tuple[int, list[str]]:
    """Publish into a small file system that is too small for the second version (ENOSPC)."""
    wrong, n_refused = [], 0
    for size in sizes:
        with company() as made, tempfile.TemporaryDirectory() as place:
            small = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]
            if subprocess.run(small, check=False, capture_output=True).returncode:
                return n_refused, ["tmpfs cannot be mounted here: RLIMIT_FSIZE alone was tried"]
            try:
                shutil.copytree(made.store.root, Path(place) / "reports")
                shutil.rmtree(made.store.root)
                made.store.root.symlink_to(Path(place) / "reports")
                wrong += _refused(made, lambda made=made: made.run(1), f"a disk of {size} bytes")
                n_refused += 1
            finally:
                subprocess.run(["umount", "-l", place], check=True)
    return n_refused, wrong


def _refused(made: Company, work: Callable[[], str], name: str) -> list[str]:
    n_before, said = len(made.versions()), made.folder / "said"
    said.write_text("")
    status = wait_for(fork(work, said))
    wrong = made.look() + made.look_at_staging()
    if status not in (REFUSED, FAILED) or len(made.versions()) != n_before:
        wrong.append(f"the run ended with {status}: {said.read_text()[-300:]}")
    return [f"{name}: {what}" for what in wrong]


def interrupt() -> tuple[int, list[str]]:
    """Ask runs to end while their notebook is at work: SIGINT and SIGTERM."""
    wrong, asked = [], (signal.SIGINT, signal.SIGTERM)
    with company() as made:
        for number in asked:
            flag = made.folder / f"at-work-{number}"
            made.write(f'import pathlib, time\npathlib.Path("{flag}").touch()\ntime.sleep(300)')
            child = fork(lambda: made.run(5), made.folder / "said")
            wait_until(flag.exists)
            os.kill(child, number)
            status = wait_for(child)
            if status != 130:
                wrong.append(f"{number.name}: the run ended with {status}")
            if list((made.store.root / ".staging").glob("*/")):
                wrong.append(f"{number.name}: staging is left")
            if not wait_until(lambda: not kernels(), 30):
                wrong.append(f"{number.name}: a kernel is left")
            wrong += made.look()
    return len(asked), wrong


def main() -> None:
    """Do all of it; one line of JSON a fault, exit status 1 when something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="what make test does of it")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=20)
    given = parser.parse_args()
    os.environ[TOKEN] = str(os.getpid())
    os.environ["PYTHONWARNINGS"] = "ignore"
    if given.small:
        kamlib.report.make.prepare = prepare_once
    is_full, n = not given.small, 3 if given.small else given.at_once
    plan: dict[str, Callable[[], tuple[int, list[str]]]] = {
        "kills at named steps": kill_at_steps,
        "different runs at once": lambda: run_at_once(n, alike=False),
        "identical runs at once": lambda: run_at_once(n, alike=True),
        "files that may not grow": lambda: fill_the_disk(
            [2_000, 9_000] if given.small else [1_000, 2_000, 4_000, 6_000, 8_000, 9_000, 12_000]),
    }
    if is_full:
        plan |= {"kills at random moments": lambda: kill_at_random(given.kills, 7),
                 "small disks": lambda: fill_a_small_disk([160_000, 240_000, 320_000]),
                 "interruptions": interrupt}
    all_wrong = []
    for name, work in plan.items():
        started = time.perf_counter()
        count, wrong = work()
        all_wrong += wrong
        print(json.dumps({"fault": name, "n": count, "wrong": wrong,
                          "seconds": round(time.perf_counter() - started, 1)}), flush=True)
    if KEPT:
        shutil.rmtree(KEPT["place"])
    sys.exit(bool(all_wrong))


if __name__ == "__main__":
    main()
