"""Servers of our own for the tests of engines, which only `make test-engines` collects."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

collect_ignore_glob = [] if os.environ.get("KAM_TEST_ENGINES") else ["*.py"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    from tests.engines.servers import find_postgres, serve_postgres

    if find_postgres() is None:
        pytest.skip("no PostgreSQL server is installed")
    with serve_postgres() as server:
        yield server


@pytest.fixture(scope="module")  # a test may end it, or need one of another kind
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from tests.engines.servers import run_spark

    if shutil.which("java") is None:
        pytest.skip("no Java is installed")
    with run_spark(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company's data, prepared by in-process DuckDB."""
    from tests.engines.comparing import SAMPLE, prepare_folder

    return prepare_folder(SAMPLE / "dataset.toml", "2025Q4", tmp_path_factory.mktemp("sample"))

