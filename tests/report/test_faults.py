"""A small form of `make stress`: kills, full disks, runs at once, and broken data sets."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from kamlib.dataset import load_dataset_file
from kamlib.dataset.engines import connect
from kamlib.dataset.sources import load_source
from kamlib.errors import KamlibError
from kamlib.report.run import Options, QuarantineError, run_report
from kamlib.report.store import read_manifest
from kamlib.report.verify import check_hashes

ROOT = Path(__file__).resolve().parents[2]


sys.path.append(str(ROOT))  # what `python -m pytest` does by itself
broken = importlib.import_module("benchmarks.broken")
_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked, which this system cannot")
def test_the_store_holds_after_ten_kills_full_disks_and_runs_at_once():
    done = subprocess.run([sys.executable, "-m", "benchmarks.faults", "--small"], cwd=ROOT,
                          capture_output=True, text=True, timeout=1200, check=False)
    said = {row["fault"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert {name: row["wrong"] for name, row in said.items() if row["wrong"]} == {}, done.stderr
    assert {name: row["n"] for name, row in said.items()} == {
        "kills at named steps": 10, "different runs at once": 3, "identical runs at once": 1,
        "files that may not grow": 2}
    assert done.returncode == 0


def read_only(made, con) -> str:
    """Read the dataset file and its sources, where lines could be lost; say what is wrong."""
    try:
        file = load_dataset_file(made.file)
        for name, spec in file.tables.items():
            source = load_source(spec.source, read=spec.read, folder=file.folder, con=con,
                                 engine=None, where=f"tables.{name}")
            n = int(con.raw_sql(f'SELECT count(*) FROM "{source.table.get_name()}"').fetchone()[0])
            n += len(source.broken_lines)
            if spec.source == f"{name}.csv" and spec.read == type(spec.read)() and \
                    n != made.n_lines.get(name, n):
                return f"{name}: {made.n_lines[name]} lines, {n} read"
    except KamlibError as error:
        return broken.judge_paragraph(str(error))
    return ""


def test_a_thousand_broken_data_sets_are_read_without_losing_a_line(tmp_path):
    wrong, con = {}, connect()
    for seed in range(1_000):
        made = broken.write_broken(tmp_path, seed)
        if said := read_only(made, con):
            wrong[seed] = (made.story, said)
    assert wrong == {}


def test_some_of_them_are_checked_to_the_end(tmp_path):
    verdicts = {}
    # Each of these was a traceback, an unreadable paragraph or a lost row once.
    for seed in (42, 149, 154, 182, 243, 283, 291, 743, 1079, 1099, 1887, 4499, 4635,
                 *range(2_000, 2_012)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        verdicts[seed] = broken.check_broken(broken.write_broken(folder, seed))
    assert {seed: v for seed, v in verdicts.items() if v[0] == "bug"} == {}
    assert {v[0] for v in verdicts.values()} == {"opened", "refused"}


def test_ten_broken_data_sets_give_a_report_that_accounts_for_every_row_or_a_paragraph(tmp_path):
    small.write_notebook(tmp_path / "notebooks", "01_demo", small.HAND_ON, tables=("wallets",))
    options = Options(reports=tmp_path / "reports", notebooks=tmp_path / "notebooks", force=True,
                      accept_quarantine=True)
    outcomes = []
    for seed in (0, 1, 2, 4, 5, 6, 8, 9, 10, 154):
        made = broken.write_broken(tmp_path, seed)
        try:
            result = run_report(made.file, period="2025Q4", rules="", options=options)
        except (KamlibError, QuarantineError) as error:
            assert broken.judge_paragraph(str(error)) == ""
            outcomes.append("refused")
            continue
        manifest = read_manifest(result.folder)
        rows = pd.DataFrame(manifest["accounting"])
        assert (rows["read"] == rows[["kept", "excluded", "quarantined"]].sum(axis=1)).all()
        assert not len(check_hashes(result.folder, manifest))
        outcomes.append(result.status)
    assert set(outcomes) == {"refused", "published"}


def test_what_looks_for_faults_finds_half_a_version_and_a_changed_one(tmp_path):
    company = importlib.import_module("benchmarks.company").Company(tmp_path)
    folder = tmp_path / "reports" / "small" / "2025Q4" / "v001"
    folder.mkdir(parents=True)
    assert "v001 is half a version" in company.look()[0]
    (folder / "manifest.json").write_text('{"outputs": {}}')
    assert company.look() == []
    (folder / "manifest.json").write_text('{"outputs": {} }')
    assert company.look() == ["v001 was changed"]
    (folder / "manifest.json").unlink()
    folder.rmdir()
    assert company.look() == ["v001 was lost"]
