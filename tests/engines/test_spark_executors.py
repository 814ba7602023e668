"""An executor of Spark that is killed in mid-run; the session itself lives on."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import psutil
import pyarrow as pa
import pytest

from kamlib.report.run import Options, RunResult, run_report
from tests.engines.servers import load_spark, run_spark
from tests.report.small import DATASET, HAND_ON, LINES, hand_on, write_notebook

MASTER = "local-cluster[1,1,1024]"  # one executor, a process of its own


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cluster")
    with run_spark(folder, MASTER) as session:
        write_notebook(folder / "notebooks", "01_demo", HAND_ON, hand_on("01_demo"))
        rows = [line.split(",") for line in LINES]
        load_spark(session, {"small": pa.table({
            name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])})}, folder)
        (folder / "dataset.toml").write_text(
            DATASET.replace('source = "orders.csv"', 'source = "small"')
            + f'[engine]\nurl = "spark://{MASTER}"\n', encoding="utf-8")
        yield folder


def kill_executors() -> int:
    """Kill every executor of this session; return how many."""
    killed = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "CoarseGrainedExecutorBackend" in " ".join(process.cmdline()):
                process.kill()
                killed += 1
    return killed


def publish(folder: Path, monkeypatch: pytest.MonkeyPatch, before: object) -> RunResult:
    """Run the period; `before` is called in the midst of preparing it."""
    preparing = importlib.import_module("kamlib.session.prepare")  # not the function of that name
    work = preparing.build_order_days

    def do_and_go_on(*given, **more):
        before()
        return work(*given, **more)

    monkeypatch.setattr(preparing, "build_order_days", do_and_go_on)
    return run_report(folder / "dataset.toml", period="2025Q4", rules="", options=Options(
        reports=folder / "reports", notebooks=folder / "notebooks"))


def test_an_executor_that_is_killed_costs_time_and_no_number(cluster, monkeypatch):
    killed = []
    result = publish(cluster, monkeypatch, lambda: killed.append(kill_executors()))
    assert killed == [1] and result.status == "published"
    facts = pd.read_parquet(result.folder / "tables" / "facts.parquet")
    assert facts.set_index("account_id")["net_amount_period"].to_dict() == {
        "A": 200.0, "B": 200.0, "C": 50.5}
