"""Measure how long the pages of 300 accounts take, from the command to the last page.

    .venv/bin/python -m benchmarks.accounts                    the table of the README
    .venv/bin/python -m benchmarks.accounts --pages 20

A sample company with as many customers is made from its seed, a report of one chapter is published
and then a page for each account, on two kept kernels. The data is prepared once before; what that
takes is told apart. Beside it the same page on a kernel of its own, as papermill runs notebooks.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import nbformat

from kamlib.report.accounts import AccountOptions, Choice, choose_accounts, run_accounts
from kamlib.report.nursery import close_nursery
from kamlib.report.refresh import refresh_notebook
from kamlib.report.run import Options, run_report
from kamlib.sample import make_sample
from kamlib.session.opening import open_report

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "09_account_review.ipynb"
PERIOD, GOAL_SECONDS = "2025Q4", 150.0
CHAPTER = """dataset: str = "x"  # data
period: str = "2025Q4"  # period
rules: str = ""  # rules
out: str = ""  # folder
lang: str = "en"  # language"""
HAND_ON = """from kamlib import open_report
from kamlib.handover import Handover
report = open_report(dataset, period=period, rules=rules, out=out, lang=lang)
report.hand_on("01_chapter", Handover(headline=("One chapter.",)))"""


def main() -> None:
    """Make the pages and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=300, help="how many accounts get a page")
    parser.add_argument("--jobs", type=int, default=2, help="kernels")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["KAM_CACHE"] = str(folder / "cache")
        measure(folder, n_pages=given.pages, n_kernels=given.jobs)


def measure(folder: Path, *, n_pages: int, n_kernels: int) -> None:
    """Time both editions of the largest accounts, and one page on a kernel of its own."""
    # Some parties of the sample are no customers.
    dataset = make_sample(folder / "data", seed=7, n_accounts=max(60, round(n_pages * 1.05)))
    notebooks = write_notebooks(folder / "notebooks")
    options = Options(reports=folder / "reports", notebooks=notebooks)
    run_report(dataset, period=PERIOD, rules="", options=options)
    started = time.perf_counter()
    company = open_report(dataset, period=PERIOD)
    print(f"prepared once: {time.perf_counter() - started:.1f} s")
    chosen = tuple(choose_accounts(company, Choice(all_accounts=True))["account_id"][:n_pages])
    for audience in ("internal", "customer"):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        result = run_accounts(
            dataset, period=PERIOD, rules="", choice=Choice(account_ids=chosen),
            options=AccountOptions(folder / "reports", notebooks, audience=audience,
                                   n_kernels=n_kernels))
        seconds = time.perf_counter() - started
        close_nursery()  # only then is the time of the kernels it forked added to ours
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        size = sum(path.stat().st_size for path in result.folder.iterdir()) / 1e6
        print(f"{audience}: {result.status}, {result.n_pages} pages on {n_kernels} kernels in "
              f"{seconds:.1f} s ({seconds / n_pages:.2f} s a page, {cpu:.0f} s of processor time "
              f"in the kernels), {size:.1f} MB; goal for 300: {GOAL_SECONDS:.0f} s")
    started = time.perf_counter()
    refresh_notebook(notebooks / NOTEBOOK)
    print(f"one page on a kernel of its own: {time.perf_counter() - started:.1f} s")


def write_notebooks(folder: Path) -> Path:
    """A chapter that hands on nothing, and the account review."""
    folder.mkdir()
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, folder)
    notebook = nbformat.read(folder / NOTEBOOK, as_version=4)
    for cell in notebook.cells:  # where it lies now, the sample is elsewhere
        cell.source = cell.source.replace("../data/sample", "../data")
    nbformat.write(notebook, folder / NOTEBOOK)
    new = nbformat.v4
    cells = [new.new_markdown_cell("# What?"),
             new.new_code_cell(CHAPTER, metadata={"tags": ["parameters"]}),
             new.new_code_cell(HAND_ON)]
    nbformat.write(new.new_notebook(cells=cells), folder / "01_chapter.ipynb")
    return folder


if __name__ == "__main__":
    main()
