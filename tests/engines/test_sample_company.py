"""The sample company's whole period report on every engine: rows, facts, all that is published."""

from __future__ import annotations

import pytest

from tests.engines.comparing import SAMPLE, Run, hold_equal, run_period, sample_on, sample_texts
from tests.engines.servers import load_spark

PERIOD = "2025Q4"


@pytest.fixture(scope="module")
def by_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_period(SAMPLE / "dataset.toml", PERIOD, tmp_path_factory.mktemp("sample"))


def test_postgres_has_the_same_numbers(by_duckdb, postgres, tmp_path):
    postgres.load(sample_texts())
    prepared, published = hold_equal(by_duckdb, sample_on(postgres.url("reader"), tmp_path),
                                     PERIOD, tmp_path)
    assert prepared > 50 and published > 190


def test_spark_has_the_same_numbers(by_duckdb, spark, tmp_path):
    load_spark(spark, sample_texts(), tmp_path)
    prepared, published = hold_equal(by_duckdb, sample_on("spark://local[2]", tmp_path),
                                     PERIOD, tmp_path)
    assert prepared > 50 and published > 190
