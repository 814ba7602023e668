"""Forked kernels: as fresh as others, gone with what forked them, replaced when it dies."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import nbformat
import psutil
import pytest

from kamlib.report import nursery
from kamlib.report.chapters import find_chapters
from kamlib.report.execute import run_chapters
from kamlib.report.nursery import N_WORTHWHILE, close_nursery, find_nursery, open_nursery

_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

pytestmark = pytest.mark.skipif(not nursery.CAN_FORK, reason="kernels are forked on Linux alone")
TELL = """import json, os, sys
early = "pandas" in sys.modules and "sklearn" in sys.modules
print(json.dumps([os.getpid(), os.getppid(), os.getcwd(), os.environ.get("KAM_TOLD"), early,
                  "seen" in globals(), __name__, sys.argv[0]]))
seen = True
os.environ["KAM_TOLD"] = "by another notebook" """


def execute(folder: Path) -> list:
    """Execute the folder's notebooks; their statuses, and what each printed last."""
    into = folder / "out"
    into.mkdir(exist_ok=True)
    outcomes = run_chapters(find_chapters(folder), into=into, parameters={}, lang="en",
                            has_table=lambda name: True, n_kernels=1)
    texts = []
    for outcome in outcomes:
        notebook = nbformat.read(into / f"{outcome.chapter.slug}.ipynb", as_version=4)
        texts += [output["text"] for output in notebook.cells[-1].get("outputs", ())
                  if output.get("name") == "stdout"]
    return [[(o.status, o.reason) for o in outcomes], [json.loads(text) for text in texts]]


def test_a_forked_kernel_is_as_fresh_as_any(tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_TOLD", "by the run")
    for name in ("01_one", "02_two"):
        small.write_notebook(tmp_path, name, TELL)
    _, told = execute(tmp_path)
    pids, parents, *rest = (set(x) for x in zip(*told, strict=True))
    assert len(pids) == 2
    assert psutil.Process(parents.pop()).ppid() == os.getpid()
    assert rest == [{str(tmp_path)}, {"by the run"}, {True}, {False}, {"__main__"},
                    {"ipykernel_launcher"}]
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"
                   for pid in pids)


def test_without_forks_a_kernel_starts_as_always(tmp_path, monkeypatch):
    monkeypatch.setattr(nursery, "find_nursery", lambda: None)
    small.write_notebook(tmp_path, "01_one", TELL)
    _, [told] = execute(tmp_path)
    assert told[1] == os.getpid()
    assert told[4] is False  # nothing is imported yet


def test_when_what_forks_dies_the_run_says_so_and_the_next_one_works(tmp_path):
    small.write_notebook(tmp_path, "01_one", "import os, signal, time",
                         "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)")
    assert execute(tmp_path)[0] == [
        ("kernel died", "its kernel died (out of memory, or ended from outside)")]
    assert find_nursery() is None
    small.write_notebook(tmp_path, "01_one", TELL)
    assert execute(tmp_path)[1][0][1] == os.getpid()
    open_nursery(N_WORTHWHILE - 1)
    assert find_nursery() is None
    open_nursery(N_WORTHWHILE)
    assert execute(tmp_path)[1][0][1] == find_nursery()._process.pid
    close_nursery()
    assert find_nursery() is None
