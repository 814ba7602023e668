"""Executing notebooks by papermill: two kernels at a time, statuses of our own.

papermill's own record of a run is wrong after a crash, a time-out or `sys.exit(0)`; so the
status comes from the exception, and from whether the notebook handed on what it should.
"""

from __future__ import annotations

import ast
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode

from kamlib import language
from kamlib.errors import InputError, did_you_mean, one_line

TYPES: dict[str, type[Any]] = {"str": str, "int": int, "float": float, "bool": bool}
RUN_PARAMETERS = ("dataset", "period", "rules", "out", "lang")
TIMEOUT_S = 1800


@dataclass(frozen=True)
class Chapter:
    """A notebook to run: its file, slug, the prose cell with its question, the tables it needs."""

    path: Path
    slug: str
    cell_id: str
    prose: str
    tables: tuple[str, ...]

    @property
    def title(self) -> str:
        """The question it asks, in the language in use; a notebook without one has its slug."""
        prose = language.translate_cell(self.slug, self.cell_id, self.prose)
        return next((line.removeprefix("# ").strip() for line in prose.splitlines()
                     if line.startswith("# ")), self.slug)


@dataclass(frozen=True)
class Outcome:
    """What became of a notebook: ok, skipped, failed, timed out, kernel died, interrupted."""

    chapter: Chapter
    status: str
    reason: str = ""
    seconds: float = 0.0


def find_chapters(folder: Path) -> list[Chapter]:
    """Return the notebooks of a folder, by name; refuse one that cannot be run for a period."""
    paths = sorted(p for p in folder.glob("*.ipynb") if not p.name.startswith("."))
    if not paths:
        raise InputError(f"There is no notebook in {folder}. Give --notebooks the folder that "
                         "holds them.")
    return [_read_chapter(path) for path in paths]


def _read_chapter(path: Path) -> Chapter:
    notebook = nbformat.read(path, as_version=4)
    declared = read_declared(notebook, path.name)
    missing = [name for name in RUN_PARAMETERS if name not in declared]
    if missing:
        raise InputError(f"The notebook {path.name} does not declare {', '.join(missing)} in its "
                         f"parameters cell; a period run needs {', '.join(RUN_PARAMETERS)}.")
    cell_id, prose = next(((str(cell.get("id", "")), cell.source) for cell in notebook.cells
                           if cell.cell_type == "markdown"
                           and any(line.startswith("# ") for line in cell.source.splitlines())),
                          ("", ""))
    tables = tuple(notebook.metadata.get("kam", {}).get("tables", ()))
    return Chapter(path, path.stem, cell_id, prose, tables)


def read_declared(notebook: NotebookNode, name: str) -> dict[str, str]:
    """Return the parameters that a notebook declares, name → type, from its parameters cell."""
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise InputError(f"The notebook {name} has {len(cells)} cells tagged 'parameters'; it "
                         "needs one. Tag the cell that holds dataset, period, rules, out, lang.")
    declared = {}
    for node in ast.parse(cells[0].source).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            declared[node.target.id] = ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            declared[node.targets[0].id] = type(ast.literal_eval(node.value)).__name__
    return declared


def check_parameters(given: Sequence[str], chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Turn ``name=value`` texts into typed values; refuse unknown and ill-typed ones."""
    declared: dict[str, str] = {}
    for chapter in chapters:
        declared |= read_declared(nbformat.read(chapter.path, as_version=4), chapter.path.name)
    own = sorted(set(declared) - set(RUN_PARAMETERS))
    values: dict[str, Any] = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or name in RUN_PARAMETERS or name not in declared:
            hint = f" Use --{name} instead." if name in RUN_PARAMETERS else did_you_mean(name, own)
            raise InputError(f"No notebook takes a parameter {item!r}.{hint} Further parameters "
                             f"are written name=value; there are: {', '.join(own) or 'none'}.")
        values[name] = _typed(text, declared[name], name)
    return values


def _typed(text: str, kind: str, name: str) -> Any:
    try:
        value = text if kind == "str" else ast.literal_eval(text.capitalize()
                                                            if kind == "bool" else text)
    except (ValueError, SyntaxError):
        value = None
    wanted = TYPES.get(kind, str)
    if kind == "float" and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise InputError(f"The parameter {name} is of type {kind}; {text!r} is not. "
                         "Correct the value and run again.")
    return value


def run_chapters(chapters: Sequence[Chapter], *, into: Path, has_table: Callable[[str], bool],
                 parameters: Mapping[str, Any], lang: str, n_kernels: int = 2,
                 timeout_s: int = TIMEOUT_S,
                 report: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Execute notebooks into a folder, `n_kernels` at a time; return outcomes by name.

    A notebook whose tables are missing is skipped with the reason. One that fails does not stop
    the others. `report` is called as each ends.
    """
    # Half of papermill's import time is a parser for a format check that nobody asks for.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    os.environ.setdefault("PYTHONHASHSEED", "0")
    outcomes = []
    with ThreadPoolExecutor(n_kernels) as pool:
        futures = {}
        for chapter in chapters:
            missing = [table for table in chapter.tables if not has_table(table)]
            if missing:
                outcomes.append(Outcome(chapter, "skipped", missing[0]))
                report(outcomes[-1])
                continue
            futures[pool.submit(_run_one, chapter, into, parameters, lang, timeout_s)] = chapter
        try:
            for future in as_completed(futures):
                outcomes.append(future.result())
                report(outcomes[-1])
        except BaseException:  # an interruption: do not wait for what nobody will read
            pool.shutdown(wait=False, cancel_futures=True)
            _end_kernels()
            raise
    return sorted(outcomes, key=lambda outcome: outcome.chapter.slug)


def _end_kernels() -> None:
    """End the kernels that this process started; their threads then end by themselves."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if any("ipykernel" in word for word in child.cmdline()):
                child.kill()


def translate_prose(notebook: NotebookNode, *, slug: str, lang: str) -> NotebookNode:
    """Return the notebook with its prose in the language of the report."""
    with language.using(lang):
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = language.translate_cell(slug, cell.get("id", ""), cell.source)
    return notebook


def _run_one(chapter: Chapter, into: Path, parameters: Mapping[str, Any], lang: str,
             timeout_s: int) -> Outcome:
    started = time.perf_counter()
    source = into / f".{chapter.slug}.source.ipynb"
    notebook = translate_prose(nbformat.read(chapter.path, as_version=4),
                               slug=chapter.slug, lang=lang)
    nbformat.write(notebook, source)
    declared = read_declared(notebook, chapter.slug)
    chosen = {name: value for name, value in parameters.items() if name in declared}
    status, reason = _execute(source, into / f"{chapter.slug}.ipynb", chosen, chapter, timeout_s)
    source.unlink()
    handed_on = into / "handover" / f"{chapter.slug}.metrics.parquet"
    if status == "ok" and not handed_on.is_file():
        status, reason = "failed", "it ended before its last cells: nothing was handed on"
    return Outcome(chapter, status, reason, time.perf_counter() - started)


def _execute(source: Path, target: Path, parameters: Mapping[str, Any], chapter: Chapter,
             timeout_s: int) -> tuple[str, str]:
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(
            str(source), str(target), parameters=dict(parameters), kernel_name="python3",
            language="python",
            progress_bar=False, log_output=False, execution_timeout=timeout_s,
            start_timeout=120, shutdown_kernel="immediate",
            extra_arguments=["--log-level=ERROR"],  # each start warns of an unencrypted port
            resources={"metadata": {"path": str(chapter.path.parent)}})
    except PapermillExecutionError as error:
        return "failed", one_line(ValueError(f"{error.ename}: {error.evalue}"))
    except CellTimeoutError:
        return "timed out", f"a cell ran longer than {timeout_s} s"
    except DeadKernelError:
        return "kernel died", "its kernel died (out of memory, or ended from outside)"
    except Exception as error:  # a kernel that cannot start, a disk that is full
        return "failed", f"{type(error).__name__}: {one_line(error)[:300]}"
    return "ok", ""
