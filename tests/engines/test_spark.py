"""The same data set on a real Spark session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engines.comparing import (
    compare_folders,
    prepare_folder,
    retail_on,
    retail_texts,
    sample_on,
    sample_texts,
)
from tests.engines.servers import load_spark

URL = "spark://local[2]"


def test_the_sample_company_has_the_same_numbers(spark, sample_folder, tmp_path):
    load_spark(spark, sample_texts(), tmp_path)
    (tmp_path / "out").mkdir()
    found = prepare_folder(sample_on(URL, tmp_path), "2025Q4", tmp_path / "out")
    assert compare_folders(sample_folder, found) > 50


def test_online_retail_has_the_same_numbers(spark, retail_folder, real_data, tmp_path):
    load_spark(spark, retail_texts(real_data), tmp_path)
    (tmp_path / "out").mkdir()
    found = prepare_folder(retail_on(URL, tmp_path), "2011Q3", tmp_path / "out")
    assert compare_folders(retail_folder, found) > 20
