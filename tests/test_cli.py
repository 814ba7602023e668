"""The command line: exit statuses and one readable paragraph instead of a traceback."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from kamlib.cli import main

_spec = importlib.util.spec_from_file_location(
    "small", Path(__file__).parent / "report" / "small.py")
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)


def kam(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    captured = capsys.readouterr()
    return stop.value.code, captured.out, " ".join(captured.err.split())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    small.write_dataset(tmp_path / "data")
    small.write_notebook(tmp_path / "notebooks", "01_demo", small.HAND_ON,
                         small.hand_on("01_demo"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_then_run_again_then_list(folder, capsys):
    words = ("run", "--dataset", "data/dataset.toml", "--period", "latest")
    status, out, _ = kam(capsys, *words)
    assert status == 0
    assert "Published: reports/small/2025Q4/v001/index.html" in out
    assert (folder / "reports" / "index.html").is_file()
    # Engines, and what draws, fits and renders, take seconds to import, and nobody asked for it.
    heavy = {"ibis", "sqlglot", "matplotlib", "scipy", "sklearn", "statsmodels", "nbformat",
             "nbconvert", "papermill", "xlsxwriter", "lark"}
    code = f"""import sys
from kamlib.cli import run_words
status = run_words(sys.argv[1:])
print(status, sorted({heavy} & set(sys.modules)))"""
    again = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True,
                           timeout=180, check=True)
    assert again.stdout == ("Nothing changed since this version: "
                            "reports/small/2025Q4/v001/index.html\n0 []\n")
    status, out, _ = kam(capsys, "list")
    assert status == 0
    assert "2025Q4" in out
    assert "draft" in out


def test_a_failed_notebook_is_exit_status_1(folder, capsys):
    small.write_notebook(folder / "notebooks", "01_demo", "raise ValueError('no such luck')")
    status, _, err = kam(capsys, "run", "--dataset", "data/dataset.toml")
    assert status == 1
    assert "01_demo failed: ValueError: no such luck. No version was published." in err


@pytest.mark.parametrize(("words", "message"), [
    (["run", "--dataset", "data/datset.toml"],
     "The dataset file 'data/datset.toml' does not exist. Did you mean 'dataset.toml'? Give the "
     "path of a dataset file, or write one with: kam init YOUR_FILES"),
    (["run", "--dataset", "data/dataset.toml", "--lang", "de"],
     "There is no language 'de'. Give lang one of: en, zh."),
    (["run", "--dataset", "data/dataset.toml", "--rules", "nope.toml"],
     "The rules file 'nope.toml' does not exist. Leave the parameter empty to use the defaults, "
     "or give another path."),
    (["run", "--dataset", "data/dataset.toml", "--notebooks", "data"],
     "There is no notebook in"),
    (["run", "--perod", "2025Q4"], "No such option: --perod"),
    (["rnu"], "No such command 'rnu'."),
    (["sample", "--accounts", "3"], "Input should be greater than or equal to")])
def test_wrong_input_is_exit_status_2_one_paragraph_and_nothing_written(
        folder, capsys, words, message):
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    status, _, err = kam(capsys, *words)
    assert status == 2
    assert message in err
    assert "Traceback" not in err
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_too_many_broken_rows_are_exit_status_3(folder, capsys):
    small.write_dataset(folder / "data", [*small.LINES, "6,A,2025-12-01,P,sale,1,many"])
    status, _, err = kam(capsys, "run", "--dataset", "data/dataset.toml")
    assert status == 3
    assert "orders: 1 of 6 rows" in err
    status, out, err = kam(capsys, "check", "--dataset", "data/dataset.toml")
    assert status == 3
    assert "wrong_type:amount" in out


def test_check_prints_the_row_equation(folder, capsys):
    status, out, _ = kam(capsys, "check", "--dataset", "data/dataset.toml")
    assert status == 0
    assert "read = kept + excluded + quarantined" in out


def test_template_and_sample_never_overwrite(folder, capsys):
    status, out, _ = kam(capsys, "template", "--out", "t.xlsx")
    assert status == 0
    assert "kam init t.xlsx" in out
    status, _, err = kam(capsys, "template", "--out", "t.xlsx")
    assert (status, err) == (2, "t.xlsx exists already and is not overwritten. Give --out "
                                "another name.")
    status, _, err = kam(capsys, "sample", "--out", "data")
    assert status == 2
    assert "is not empty and is not overwritten" in err


def test_debug_shows_the_traceback(folder):
    with pytest.raises(Exception, match="does not exist"):
        main(["run", "--dataset", "nope.toml", "--debug"])
