"""What tests of several rooms share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kamlib import open_report
from kamlib.session.report import Report

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the public data sets that are too large, or not ours, to ship."""
    folder = os.environ.get("KAM_REAL_DATA", "")
    if not folder:
        pytest.skip("KAM_REAL_DATA is not set: no public data sets to compare with")
    return Path(folder)


@pytest.fixture(scope="session")
def sample_report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """The sample company's last quarter, prepared once for all processes that test."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAM_CACHE", str(shared / "kam_cache"))
        yield open_report(ROOT / "data" / "sample" / "dataset.toml", period="2025Q4")
