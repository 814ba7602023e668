"""The same data set on a real Spark session."""

from __future__ import annotations

import importlib
import os
import re
import signal
from pathlib import Path

import pyarrow as pa
import pytest

from kamlib.errors import InputError
from kamlib.report.run import Options, run_report
from tests.engines.comparing import (
    SAMPLE,
    choose_tables,
    compare_folders,
    prepare_folder,
    retail_on,
    retail_texts,
    sample_on,
    sample_texts,
)
from tests.engines.servers import load_spark
from tests.report.small import DATASET, HAND_ON, LINES, hand_on, write_notebook

URL = "spark://local[2]"


# Those that fact tables are made of, those with broken rows, and one of floating numbers; each
# table takes Spark some seconds whatever its size. All of them were compared once by hand.
SOME = ("accounts", "products", "orders", "invoices", "payments", "survey_answers")


def test_the_sample_company_has_the_same_numbers(spark, tmp_path):
    load_spark(spark, {name: table for name, table in sample_texts().items() if name in SOME},
               tmp_path)
    text = choose_tables((SAMPLE / "dataset.toml").read_text("utf-8"), SOME)
    files = tmp_path / "files.toml"
    files.write_text(text.replace('source = "', f'source = "{SAMPLE}/'), encoding="utf-8")
    rules = tmp_path / "rules.toml"  # fewer days of the past: each is a dozen queries more
    rules.write_text("[measures]\nbacktest_cuts = 1\n", encoding="utf-8")
    folders = [tmp_path / name for name in ("duckdb", "spark")]
    for folder, file in zip(folders, (files, sample_on(URL, tmp_path, only=SOME)), strict=True):
        folder.mkdir()
        prepare_folder(file, "2025Q4", folder, rules)
    assert compare_folders(*folders) > 25


def test_online_retail_has_the_same_numbers(spark, retail_folder, real_data, tmp_path):
    load_spark(spark, retail_texts(real_data), tmp_path)
    (tmp_path / "out").mkdir()
    found = prepare_folder(retail_on(URL, tmp_path), "2011Q3", tmp_path / "out")
    assert compare_folders(retail_folder, found) >= 20


def refusal(folder: Path, source: str) -> str:
    """Publish the small company from a table of Spark; return what the refusal says."""
    (folder / "dataset.toml").write_text(
        DATASET.replace('source = "orders.csv"', f'source = "{source}"')
        + f'[engine]\nurl = "{URL}"\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        run_report(folder / "dataset.toml", period="2025Q4", rules="", options=Options(
            reports=folder / "reports", notebooks=folder / "notebooks"))
    said = str(caught.value)
    assert not list((folder / "reports").rglob("manifest.json")), "half a version was published"
    assert "Traceback" not in said and "\n" not in said and len(said) < 900
    assert "at org.apache" not in said, "Java's stack is nobody's business"
    return said


@pytest.fixture
def small(spark, tmp_path):
    write_notebook(tmp_path / "notebooks", "01_demo", HAND_ON, hand_on("01_demo"))
    rows = [line.split(",") for line in LINES]
    columns = {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}
    odd = {**columns, "order_date": [20250113.5] * (len(rows) - 1)}
    load_spark(spark, {"small": pa.table(columns), "odd": pa.table(odd)}, tmp_path)
    return tmp_path


def test_a_missing_table_has_the_nearest_name(small):
    said = refusal(small, "smal")
    assert re.search(r"tables.orders: the engine has no table 'smal'. Did you mean 'small'\?", said)


def test_a_column_of_another_type_is_refused_by_name(small):
    said = refusal(small, "odd")
    assert "tables.orders.columns.order_date: the source gives float64, and order_date" in said


def test_a_value_that_spark_cannot_work_out(spark, small):
    spark.sql("CREATE OR REPLACE TEMP VIEW broken AS SELECT order_id, account_id, order_date, "
              "product_id, line_kind, quantity, CAST(1 / (CAST(order_id AS INT) - 3) AS "
              "DECIMAL(18, 4)) AS amount FROM small")
    said = refusal(small, "broken")
    assert re.search(r"the engine cannot run the expressions: .*DIVIDE_BY_ZERO", said)


def test_java_that_is_killed_in_mid_run(spark, small, monkeypatch):
    """The last test of this file: the session does not come back."""
    preparing = importlib.import_module("kamlib.session.prepare")  # not the function of that name
    work = preparing.build_order_days

    def kill_and_go_on(*given, **more):
        os.kill(spark.sparkContext._gateway.proc.pid, signal.SIGKILL)
        spark.sparkContext._gateway.proc.wait(30)
        return work(*given, **more)

    monkeypatch.setattr(preparing, "build_order_days", kill_and_go_on)
    assert re.search(r"\[engine\]: the engine is gone .*run again", refusal(small, "small"))
