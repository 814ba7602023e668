"""The same data set on a real PostgreSQL server, whose alphabet sorts otherwise than DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamlib.dataset import open_dataset
from tests.engines.comparing import (
    compare_folders,
    compare_frames,
    prepare_folder,
    retail_on,
    retail_texts,
    sample_on,
    sample_texts,
    typed_tables,
)
from tests.engines.servers import Postgres


@pytest.fixture(scope="module")
def loaded(postgres: Postgres) -> Postgres:
    postgres.load(sample_texts())
    return postgres


def test_the_sample_company_has_the_same_numbers(loaded, sample_folder, tmp_path):
    file = sample_on(loaded.url("reader"), tmp_path)
    (tmp_path / "out").mkdir()
    found = prepare_folder(file, "2025Q4", tmp_path / "out")
    assert compare_folders(sample_folder, found) > 50


def test_online_retail_has_the_same_numbers(postgres, retail_folder, real_data, tmp_path):
    postgres.load(retail_texts(real_data))
    (tmp_path / "out").mkdir()
    found = prepare_folder(retail_on(postgres.url("reader"), tmp_path), "2011Q3", tmp_path / "out")
    assert compare_folders(retail_folder, found) > 20
