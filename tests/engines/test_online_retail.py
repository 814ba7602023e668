"""A real company's whole period report on every engine: rows, facts, and all that is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.comparing import (
    RETAIL,
    RETAIL_RULES,
    Run,
    hold_equal,
    retail_on,
    retail_texts,
    run_period,
)
from tests.engines.servers import load_spark

PERIOD = "2011Q3"


@pytest.fixture(scope="module")
def by_duckdb(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Run:
    return run_period(RETAIL, PERIOD, tmp_path_factory.mktemp("retail"), RETAIL_RULES)


def test_postgres_has_the_same_numbers(by_duckdb, postgres, real_data, tmp_path):
    postgres.load(retail_texts(real_data))
    prepared, published = hold_equal(by_duckdb, retail_on(postgres.url("reader"), tmp_path),
                                     PERIOD, tmp_path, RETAIL_RULES)
    assert prepared >= 20 and published > 150


def test_spark_has_the_same_numbers(by_duckdb, spark, real_data, tmp_path):
    load_spark(spark, retail_texts(real_data), tmp_path)
    prepared, published = hold_equal(by_duckdb, retail_on("spark://local[2]", tmp_path),
                                     PERIOD, tmp_path, RETAIL_RULES)
    assert prepared >= 20 and published > 150
