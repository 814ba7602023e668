"""Executing notebooks by papermill: two kernels at a time, statuses of our own.

papermill's own record of a run is wrong after a crash, a time-out or `sys.exit(0)`; so the
status comes from the exception, and from whether the notebook handed on what it should.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode

from kamlib import language
from kamlib.errors import one_line
from kamlib.handover import Handover, Unanswered
from kamlib.language import _
from kamlib.report.chapters import TIMEOUT_S, Chapter, read_declared
from kamlib.session.handing_on import HANDOVER, has_handed_on, write_handed_on

END_S = 20  # how long an interrupted run goes on ending its kernels
KERNELS = ("ipykernel", "kamlib.report.nursery")  # in the command line of a kernel


@dataclass(frozen=True)
class Outcome:
    """What became of a notebook: ok, skipped, failed, timed out, kernel died, interrupted."""

    chapter: Chapter
    status: str
    reason: str = ""
    seconds: float = 0.0


def run_chapters(chapters: Sequence[Chapter], *, into: Path, has_table: Callable[[str], bool],
                 parameters: Mapping[str, Any], lang: str, n_kernels: int = 2,
                 timeout_s: int = TIMEOUT_S, handover: Path | None = None,
                 report: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Execute notebooks into a folder, `n_kernels` at a time; return outcomes by name.

    A notebook whose tables are missing is skipped and leaves its question unanswered. One that
    fails does not stop the others; one that reads what the others hand on runs after them.
    handover: where they hand on, by default a folder in `into`. `report` is called as each ends.
    """
    from kamlib.report.nursery import open_nursery

    open_nursery(len(chapters))
    handover = handover or into / HANDOVER
    os.environ.setdefault("PYTHONHASHSEED", "0")
    outcomes: list[Outcome] = []

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        report(outcome)

    for is_last in (False, True):
        turn = [chapter for chapter in chapters if chapter.is_last == is_last]
        runnable = []
        for chapter in turn:
            missing = [table for table in chapter.tables if not has_table(table)]
            if missing:
                write_handed_on(handover, chapter.slug, _unanswered(chapter, missing[0]))
                note(Outcome(chapter, "skipped", missing[0]))
            else:
                runnable.append(chapter)
        _run_turn(runnable, n_kernels, note, into=into, handover=handover, parameters=parameters,
                  lang=lang, timeout_s=timeout_s)
    return sorted(outcomes, key=lambda outcome: outcome.chapter.slug)


def _run_turn(chapters: Sequence[Chapter], n_kernels: int, note: Callable[[Outcome], None],
              **how: Any) -> None:
    with ThreadPoolExecutor(n_kernels) as pool:
        futures: list[Future[Outcome]] = []
        try:
            futures += [pool.submit(_run_one, chapter, **how) for chapter in chapters]
            for future in as_completed(futures):
                note(future.result())
        except BaseException:  # an interruption: do not wait for what nobody will read
            pool.shutdown(wait=False, cancel_futures=True)
            _end_kernels(futures)
            raise


def _unanswered(chapter: Chapter, table: str) -> Handover:
    """What a skipped notebook leaves: its question, and the table that would answer it."""
    return Handover(unanswered=(Unanswered(
        chapter.title, _("the data set has no table {table}", table=table), table),))


def _end_kernels(futures: Sequence[Future[Outcome]]) -> None:
    """End the kernels that this process started; their threads then end by themselves.

    Again and again until they have: a thread that was just starting a kernel when the
    interruption came would else wait for it, however long its notebook runs.
    """
    deadline = time.monotonic() + END_S
    while not all(future.done() for future in futures) and time.monotonic() < deadline:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if any(name in word for word in child.cmdline() for name in KERNELS):
                    child.kill()
        time.sleep(0.1)


def translate_prose(notebook: NotebookNode, *, slug: str, lang: str) -> NotebookNode:
    """Return the notebook with its prose in the language of the report."""
    with language.using(lang):
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = language.translate_cell(slug, cell.get("id", ""), cell.source)
    return notebook


def _run_one(chapter: Chapter, *, into: Path, handover: Path, parameters: Mapping[str, Any],
             lang: str, timeout_s: int) -> Outcome:
    started = time.perf_counter()
    source = into / f".{chapter.slug}.source.ipynb"
    notebook = translate_prose(nbformat.read(chapter.path, as_version=4),
                               slug=chapter.slug, lang=lang)
    nbformat.write(notebook, source)
    declared = read_declared(notebook, chapter.slug)
    chosen = {name: value for name, value in parameters.items() if name in declared}
    status, reason = _execute(source, into / f"{chapter.slug}.ipynb", chosen, chapter, timeout_s)
    source.unlink()
    if status == "ok" and not has_handed_on(handover, chapter.slug):
        status, reason = "failed", "it ended before its last cells: nothing was handed on"
    if status == "ok" and (n_left := _count_left(into / f"{chapter.slug}.ipynb")):
        status, reason = "failed", f"it ended before its last cells: {n_left} were not executed"
    return Outcome(chapter, status, reason, time.perf_counter() - started)


def _count_left(path: Path) -> int:
    """Count the code cells without a trace of their execution: what `sys.exit(0)` leaves."""
    notebook = nbformat.read(path, as_version=4)
    return sum(1 for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()
               and cell.get("execution_count") is None)


def _execute(source: Path, target: Path, parameters: Mapping[str, Any], chapter: Chapter,
             timeout_s: int) -> tuple[str, str]:
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from kamlib.report.nursery import ForkManager

    try:
        papermill.execute_notebook(
            str(source), str(target), parameters=dict(parameters), kernel_name="python3",
            language="python",
            progress_bar=False, log_output=False, execution_timeout=timeout_s,
            start_timeout=120, shutdown_kernel="immediate", kernel_manager_class=ForkManager,
            resources={"metadata": {"path": str(chapter.path.parent)}})
    except PapermillExecutionError as error:
        if error.ename == "KeyboardInterrupt":
            return "interrupted", "its kernel was interrupted from outside"
        return "failed", one_line(ValueError(f"{error.ename}: {error.evalue}"))
    except CellTimeoutError:
        return "timed out", f"a cell ran longer than {timeout_s} s"
    except DeadKernelError:
        return "kernel died", "its kernel died (out of memory, or ended from outside)"
    except Exception as error:  # a kernel that cannot start, a disk that is full
        return "failed", f"{type(error).__name__}: {one_line(error)[:300]}"
    return "ok", ""
