"""The overview runs after the others, on what they handed on; in JupyterLab it runs them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest

from kamlib import open_report
from kamlib.errors import InputError
from kamlib.report.gathering import gather_chapters
from kamlib.report.run import Options, run_report

_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

READS = """from kamlib import open_report
from kamlib.report.gathering import gather_chapters
from kamlib.handover import Handover, Metric
report = open_report(dataset, period=period, rules=rules, out=out, lang=lang)
found = gather_chapters(report, dataset=dataset, rules=rules)
told = sorted(found["findings"]["notebook"]) + sorted(found["unanswered"]["table"])
handover = Handover(metrics=tuple(Metric(name, 1.0, "count") for name in told))"""


def test_the_overview_of_a_run_reads_what_ran_and_what_was_skipped(tmp_path):
    dataset = small.write_dataset(tmp_path / "data")
    notebooks = tmp_path / "notebooks"
    # By its name it would run first, and find nothing.
    small.write_notebook(notebooks, "00_overview", READS, small.hand_on("00_overview"), last=True)
    small.write_notebook(notebooks, "01_demo", small.HAND_ON, small.hand_on("01_demo"))
    small.write_notebook(notebooks, "05_survey", small.HAND_ON, small.hand_on("05_survey"),
                         tables=("survey_waves",))
    result = run_report(dataset, period="2025Q4", rules="", options=Options(
        reports=tmp_path / "reports", notebooks=notebooks))
    assert [(o.chapter.slug, o.status) for o in result.outcomes] == [
        ("00_overview", "ok"), ("01_demo", "ok"), ("05_survey", "skipped")]
    metrics = pd.read_parquet(result.folder / "metrics.parquet")
    assert metrics.loc[metrics["notebook"] == "00_overview", "name"].tolist() == [
        "01_demo", "survey_waves"]
    unanswered = pd.read_parquet(result.folder / "unanswered.parquet")
    assert unanswered[["question", "table"]].to_numpy().tolist() == [
        ["What about 05_survey?", "survey_waves"]]
    page = (result.folder / "index.html").read_text(encoding="utf-8").partition('id="chapters"')[2]
    assert page.index("00_overview.html") < page.index("01_demo.html")
    outputs = json.loads((result.folder / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    assert "sheet.html" in outputs


def test_in_jupyterlab_chapters_are_run_once_and_a_failing_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_CACHE", str(tmp_path / "cache"))
    dataset = str(small.write_dataset(tmp_path / "data"))
    notebooks = tmp_path / "notebooks"
    small.write_notebook(notebooks, "01_demo", small.HAND_ON, small.hand_on("01_demo"))
    report = open_report(dataset, period="2025Q4")
    found = gather_chapters(report, dataset=dataset, notebooks=notebooks)
    assert found["findings"]["sentence"].tolist() == ["A computed sentence."]
    # What has handed on is not run again: it would fail now.
    small.write_notebook(notebooks, "01_demo", "raise ValueError('run again')")
    again = gather_chapters(report, dataset=dataset, notebooks=notebooks)
    pd.testing.assert_frame_equal(again["findings"], found["findings"])
    small.write_notebook(notebooks, "02_broken", "raise ValueError('no such thing')")
    with pytest.raises(InputError, match="02_broken: ValueError: no such thing"):
        gather_chapters(report, dataset=dataset, notebooks=notebooks)
