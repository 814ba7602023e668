"""Measure a period run of all notebooks beside papermill and nbconvert, one notebook after another.

    .venv/bin/python -m benchmarks.period_run            the table of the README
    .venv/bin/python -m benchmarks.period_run --only 05_satisfaction 12_cross_sell

The rival runs `papermill` and `jupyter nbconvert --to html` for each notebook, as commands, with
the data prepared in the cache as in JupyterLab: once, by the first notebook. kamlib's run also
checks, assembles tables and a workbook, and publishes. Then the same run again with nothing
changed; where its time goes; and what each page weighs beside nbconvert's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATASET, PERIOD = ROOT / "data" / "sample" / "dataset.toml", "2025Q4"
GOAL_RATIO, GOAL_AGAIN_S, GOAL_WEIGHT = 0.6, 2.0, 0.5


def main() -> None:
    """Run both ways and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], help="slugs of notebooks; all if none")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebooks = folder / "notebooks"
        notebooks.mkdir()
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            if not path.name.startswith("09_") and (not given.only or path.stem in given.only):
                shutil.copy(path, notebooks)
        os.environ["KAM_CACHE"] = str(folder / "cache")
        started = clocks()
        run_one_by_one(notebooks, folder / "rival")
        rival = [now - then for now, then in zip(clocks(), started, strict=True)]
        ours, again, home = run_period(notebooks, folder)
        print(f"{len(list(notebooks.glob('*.ipynb')))} notebooks by papermill and nbconvert, one "
              f"after another: {rival[0]:.1f} s, {rival[1]:.1f} s of a processor")
        print(f"kam run: {ours[0]:.1f} s, {ours[0] / rival[0]:.2f} of it (goal {GOAL_RATIO}), "
              f"{ours[1]:.1f} s of a processor; again with nothing changed: {again[0]:.1f} s "
              f"(goal {GOAL_AGAIN_S:.0f}), {again[1]:.1f} s of a processor")
        weigh(home, folder / "rival")


def clocks() -> tuple[float, float]:
    """Seconds that have passed, and that processors spent on commands which have ended."""
    spent = os.times()
    return time.perf_counter(), spent.children_user + spent.children_system


def run_one_by_one(notebooks: Path, into: Path) -> None:
    """Execute and render each notebook as commands."""
    into.mkdir()
    paths = sorted(notebooks.glob("*.ipynb"))
    for path in paths[1:] + paths[:1]:  # the overview comes last, as in a run
        started = time.perf_counter()
        parameters = {"dataset": str(DATASET), "period": PERIOD}
        words = [word for name, value in parameters.items() for word in ("-p", name, value)]
        command("papermill", str(path), str(into / path.name), *words, "--cwd", str(notebooks))
        command("jupyter-nbconvert", "--to", "html", str(into / path.name))
        print(f"  rival {path.stem}: {time.perf_counter() - started:.1f} s", flush=True)


def command(name: str, *words: str) -> None:
    """Run one of the environment's commands."""
    subprocess.run([str(Path(sys.executable).with_name(name)), *words],
                   check=True, capture_output=True)


def run_period(notebooks: Path, folder: Path) -> tuple[list[float], list[float], Path]:
    """Run `kam run` twice; seconds of both, passed and of processors, and the version's folder."""
    words = ["run", "--dataset", str(DATASET), "--period", PERIOD, "--reports",
             str(folder / "reports"), "--notebooks", str(notebooks)]
    taken = []
    for _ in range(2):
        started = clocks()
        done = subprocess.run([str(Path(sys.executable).with_name("kam")), *words], check=True,
                              capture_output=True, text=True)
        taken.append([now - then for now, then in zip(clocks(), started, strict=True)])
        print("".join(f"  {line}\n" for line in done.stdout.splitlines()), end="", flush=True)
    home = folder / "reports" / "sample" / PERIOD / "v001"
    return taken[0], taken[1], home


def weigh(home: Path, rival: Path) -> None:
    """Print what each page weighs beside nbconvert's page of the same notebook."""
    for page in sorted(rival.glob("*.html")):
        ours, theirs = (home / page.name).stat().st_size, page.stat().st_size
        print(f"  {page.stem}: {ours / 1e3:.0f} KB, nbconvert {theirs / 1e3:.0f} KB, "
              f"{ours / theirs:.2f} (goal {GOAL_WEIGHT})")


if __name__ == "__main__":
    main()
