"""Whole runs on a small data set: what is published, what never is, and what is said."""

import contextlib
import gc
import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pandas as pd
import psutil
import pytest
from bs4 import BeautifulSoup

from kamlib.errors import InputError
from kamlib.report.chapters import check_parameters, find_chapters, hash_sources
from kamlib.report.execute import KERNELS
from kamlib.report.run import Options, QuarantineError, run_report
from kamlib.report.store import Store

_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)


def run(folder, *, period="2025Q4", **options):
    chosen = Options(reports=folder / "reports", notebooks=folder / "notebooks", **options)
    return run_report(folder / "data" / "dataset.toml", period=period, rules="", options=chosen)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    small.write_dataset(folder / "data")
    small.write_notebook(folder / "notebooks", "01_demo", small.HAND_ON, small.hand_on("01_demo"))
    small.write_notebook(folder / "notebooks", "02_survey", small.HAND_ON,
                         small.hand_on("02_survey"), tables=("survey_answers",))
    return folder, run(folder)


def test_a_version_holds_pages_tables_and_what_was_handed_on(published):
    _, result = published
    assert result.status == "published"
    assert result.folder.name == "v001"
    names = {p.relative_to(result.folder).as_posix() for p in result.folder.rglob("*")}
    assert {"index.html", "01_demo.html", "01_demo.ipynb", "tables.xlsx", "manifest.json",
            "metrics.parquet", "findings.parquet", "attention.parquet", "unanswered.parquet",
            "tables/account_facts.parquet", "tables/account_months.parquet",
            "tables/facts.parquet"} <= names
    assert not any("prepared" in name or "handover" in name for name in names)
    metrics = pd.read_parquet(result.folder / "metrics.parquet")
    # 200 + 300 - 100 + 50.50 sold and returned in the fourth quarter
    assert metrics["value"].tolist() == [450.5]
    assert metrics["notebook"].tolist() == ["01_demo"]


def test_every_link_of_a_version_leads_somewhere(published):
    _, result = published
    pages = sorted(result.folder.glob("*.html"))
    assert {"index.html", "01_demo.html", "methods.html"} <= {page.name for page in pages}
    dead = []
    for page in pages:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for link in soup.select("a[href]"):
            address, _, anchor = unquote(str(link["href"])).partition("#")
            if address.startswith("data:"):
                continue
            target = page.parent / address if address else page
            if not target.is_file() or (anchor and not BeautifulSoup(
                    target.read_text(encoding="utf-8"), "html.parser").find(id=anchor)):
                dead.append((page.name, link["href"]))
    assert dead == []


def test_a_notebook_without_its_table_is_skipped_and_said(published):
    _, result = published
    assert {o.chapter.slug: o.status for o in result.outcomes} == \
        {"01_demo": "ok", "02_survey": "skipped"}
    unanswered = pd.read_parquet(result.folder / "unanswered.parquet")
    assert unanswered["table"].tolist() == ["survey_answers"]
    assert "the data set has no table survey_answers" in \
        (result.folder / "index.html").read_text(encoding="utf-8")


def test_the_manifest_accounts_for_rows_and_outputs(published):
    _, result = published
    manifest = json.loads((result.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["accounting"] == [{"table": "orders", "read": 5, "kept": 5, "excluded": 0,
                                       "quarantined": 0}]
    assert list(manifest["fingerprints"]["orders"]) == ["2025-01", "2025-10", "2025-11", "2025-12"]
    for name, about in manifest["outputs"].items():
        content = (result.folder / name).read_bytes()
        assert about["sha256"] == hashlib.sha256(content).hexdigest()
    assert {n["slug"]: n["status"] for n in manifest["notebooks"]} == \
        {"01_demo": "ok", "02_survey": "skipped"}


def test_running_again_with_nothing_changed_publishes_nothing(published):
    folder, result = published
    again = run(folder)
    assert (again.status, again.folder) == ("already there", result.folder)
    assert len(Store(folder / "reports").versions()) == 1


def test_another_language_and_forcing_make_a_version_with_equal_tables(published):
    folder, first = published
    second = run(folder, lang="zh")
    assert second.status == "published"
    page = (second.folder / "index.html").read_text(encoding="utf-8")
    assert '<html lang="zh' in page
    for path in sorted((first.folder / "tables").glob("*.parquet")):
        assert path.read_bytes() == (second.folder / "tables" / path.name).read_bytes()


def test_a_failing_notebook_gives_no_version_and_the_others_still_run(tmp_path):
    small.write_dataset(tmp_path / "data")
    small.write_notebook(tmp_path / "notebooks", "01_good", small.HAND_ON,
                         small.hand_on("01_good"))
    small.write_notebook(tmp_path / "notebooks", "02_bad", "answer = 1 / 0")
    result = run(tmp_path)
    assert result.status == "failed"
    assert {o.chapter.slug: (o.status, o.reason) for o in result.outcomes} == {
        "01_good": ("ok", ""), "02_bad": ("failed", "ZeroDivisionError: division by zero")}
    assert not len(Store(tmp_path / "reports").versions())
    assert not (tmp_path / "reports" / "small").exists()
    page = (result.folder / "02_bad.html").read_text(encoding="utf-8")
    assert "division by zero" in page
    assert list((tmp_path / "reports" / ".staging").glob("*/")) == []


def test_statuses_that_papermill_gets_wrong(tmp_path):
    small.write_dataset(tmp_path / "data")
    books = tmp_path / "notebooks"
    small.write_notebook(books, "01_exits", "import sys; sys.exit(0)", small.HAND_ON)
    small.write_notebook(books, "02_dies", "import os; os._exit(1)")
    small.write_notebook(books, "03_hangs", "import time; time.sleep(60)")
    result = run(tmp_path, timeout_s=3)
    assert {o.chapter.slug: o.status for o in result.outcomes} == {
        "01_exits": "failed", "02_dies": "kernel died", "03_hangs": "timed out"}
    assert result.status == "failed"


def test_too_many_broken_rows_need_to_be_accepted(tmp_path):
    small.write_dataset(tmp_path / "data", [*small.LINES, "6,A,2025-12-01,P,sale,1,many"])
    small.write_notebook(tmp_path / "notebooks", "01_demo", small.HAND_ON,
                         small.hand_on("01_demo"))
    with pytest.raises(QuarantineError, match=r"orders: 1 of 6 rows.*--accept-quarantine"):
        run(tmp_path)
    assert not (tmp_path / "reports" / "small").exists()
    result = run(tmp_path, accept_quarantine=True)
    assert result.status == "published"
    broken = pd.read_csv(result.folder / "quarantine" / "orders.csv")
    assert broken["reason"].tolist() == ["wrong_type:amount"]
    assert broken["amount"].tolist() == ["many"]


@pytest.mark.parametrize(("period", "message"), [
    ("2026Q1", "The period 2026Q1 is not closed: it ends on 31 March 2026, but the data is "
               "complete only until 31 December 2025 (complete_until in the dataset file). Choose "
               "2025Q4, or give --allow-open to report on an unfinished period, marked as such."),
    ("2023Q4", "The period 2023Q4 ends on 31 December 2023, before the known history begins on "
               "1 January 2024 (history_from in the dataset file). Choose a later period; the "
               "latest closed one is 2025Q4."),
    ("Q4/2025", "A period is written 2025, 2025H2, 2025Q4, 2025-12 or 2025-07-01..2025-12-31; "
                "'Q4/2025' is none of these. Correct the period and run again.")])
def test_a_wrong_period_is_refused_before_anything_is_written(tmp_path, period, message):
    small.write_dataset(tmp_path / "data")
    small.write_notebook(tmp_path / "notebooks", "01_demo", small.HAND_ON)
    with pytest.raises(InputError) as error:
        run(tmp_path, period=period)
    assert str(error.value).replace("\N{NO-BREAK SPACE}", " ") == message
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(("given", "message"), [
    ("topp=3", "No notebook takes a parameter 'topp=3'. Did you mean 'top'? Further parameters "
               "are written name=value; there are: top."),
    ("top=many", "The parameter top is of type int; 'many' is not. Correct the value and run "
                 "again."),
    ("lang=zh", "No notebook takes a parameter 'lang=zh'. Use --lang instead. Further parameters "
                "are written name=value; there are: top.")])
def test_wrong_parameters_are_refused_before_a_kernel_starts(tmp_path, given, message):
    small.write_notebook(tmp_path, "01_demo", small.HAND_ON)
    with pytest.raises(InputError) as error:
        check_parameters([given], find_chapters(tmp_path))
    assert str(error.value) == message


def test_parameters_reach_the_notebook_typed(tmp_path):
    small.write_notebook(tmp_path, "01_demo", small.HAND_ON)
    assert check_parameters(["top=5"], find_chapters(tmp_path)) == {"top": 5}


def test_a_notebook_without_its_parameters_cell_is_refused(tmp_path):
    path = small.write_notebook(tmp_path, "01_demo", small.HAND_ON)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["tags"] = []
    nbformat.write(notebook, path)
    with pytest.raises(InputError, match="has 0 cells tagged 'parameters'; it needs one"):
        find_chapters(tmp_path)


@pytest.mark.parametrize("text", [
    "", "not JSON", "[]", '{"worksheets": [], "nbformat": 3, "metadata": {}}',
    '{"cells": [{"cell_type": "code", "metadata": []}], "metadata": {}}'])
def test_what_is_no_notebook_is_refused_in_a_paragraph(tmp_path, text):
    small.write_notebook(tmp_path, "01_demo", small.HAND_ON)
    (tmp_path / "02_other.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"The notebook 02_other\.ipynb cannot be read as a "
                                         r"notebook of format 4 \(.*\)\. Open it in JupyterLab"):
        find_chapters(tmp_path)


def test_a_notebook_is_told_by_its_sources_however_they_lie_in_the_file(tmp_path):
    path = small.write_notebook(tmp_path, "01_demo", small.HAND_ON)
    notebook = nbformat.read(path, as_version=4)
    told = [[cell.cell_type, cell.source] for cell in notebook.cells]
    assert hash_sources(path) == hashlib.sha256(json.dumps(told).encode()).hexdigest()
    in_one_text = json.dumps(notebook)  # nbformat itself writes a list of lines
    before = hash_sources(path)
    path.write_text(in_one_text, encoding="utf-8")
    assert hash_sources(path) == before
    notebook.cells[0].source += "\n"
    nbformat.write(notebook, path)
    assert hash_sources(path) != before


@pytest.fixture(autouse=True)
def collect_dead_kernels():
    """Collect what papermill leaves of a dead kernel here, not inside a later test's parser."""
    yield
    gc.collect()


PATIENCE_S = 180  # on a machine that does much else


def kernels(folder):
    """Processes whose command line or environment names the folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(name in " ".join(process.cmdline()) for name in KERNELS) and \
                    process.environ().get("KAM_TEST_FOLDER") == str(folder):
                found.append(process)
    return found


def start_hanging_run(folder):
    """Start `kam run` on a notebook that sleeps; return when its kernel is there."""
    small.write_dataset(folder / "data")
    small.write_notebook(folder / "notebooks", "01_hangs",
                         "import time; open('started', 'w'); time.sleep(600)")
    process = subprocess.Popen(
        [sys.executable, "-c", "from kamlib.cli import main; main()", "run", "--dataset",
         "data/dataset.toml"], cwd=folder, env={**os.environ, "KAM_TEST_FOLDER": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for((folder / "notebooks" / "started").exists)
    assert kernels(folder)
    return process


def wait_for(condition, *, seconds=PATIENCE_S):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert condition()


def test_an_interrupted_run_leaves_no_version_no_staging_and_no_kernel(tmp_path):
    process = start_hanging_run(tmp_path)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Interrupted: nothing was published." in err
    assert not kernels(tmp_path)
    assert [p.name for p in (tmp_path / "reports").glob("*")] == [".staging"]
    assert list((tmp_path / "reports" / ".staging").glob("*/")) == []


def test_a_killed_run_leaves_no_version_and_the_next_run_cleans_up(tmp_path):
    process = start_hanging_run(tmp_path)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    wait_for(lambda: not kernels(tmp_path))
    staging = tmp_path / "reports" / ".staging"
    assert len(list(staging.glob("*/"))) == 1
    assert not len(Store(tmp_path / "reports").versions())
    small.write_notebook(tmp_path / "notebooks", "01_hangs", small.HAND_ON,
                         small.hand_on("01_hangs"))
    assert run(tmp_path).folder.name == "v001"
    assert list(staging.glob("*/")) == []
