"""What a real Spark session refuses, and codes in the place of names made by it."""

from __future__ import annotations

import importlib
import os
import re
import signal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from kamlib.errors import InputError
from kamlib.report.run import Options, run_report
from tests.engines.comparing import compare_folders, prepare_folder
from tests.engines.servers import load_spark
from tests.report.small import DATASET, HAND_ON, LINES, hand_on, write_dataset, write_notebook

URL = "spark://local[2]"


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


def test_codes_are_those_that_duckdb_gives(small):
    """The key and the values make a code; where it is made does not matter."""
    file = small / "dataset.toml"
    file.write_text(DATASET.replace('source = "orders.csv"', 'source = "small"')
                    + f'[engine]\nurl = "{URL}"\n', encoding="utf-8")
    here = write_dataset(small / "files")
    folders = [small / "spark", small / "duckdb"]
    for folder, dataset in zip(folders, (file, here), strict=True):
        folder.mkdir()
        prepare_folder(dataset, "2025Q4", folder, key=b"k" * 32)
    assert compare_folders(*folders) > 20
    facts = pd.read_parquet(folders[0] / "facts" / "account_facts.parquet")
    assert len(facts) == 3 and not set(facts["account_id"]) & set("ABC")


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
