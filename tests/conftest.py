"""What tests of several rooms share."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from kamlib import language, open_report
from kamlib.session.report import Report

ROOT = Path(__file__).resolve().parents[1]

# The same examples every time, on a slow machine too; others: --hypothesis-profile=default.
settings.register_profile("kam", derandomize=True, deadline=None, database=None,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kam")


class FreshSentences:
    """Every test, doctests of kamlib too, begins in English with a window of twelve months.

    A report that a test opens speaks its own language from then on; the next test of the same
    process would go on in it.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        language.use("en")
        language.use_window(12)


def pytest_configure(config: pytest.Config) -> None:
    """One cache of prepared data for the run: its processes and the notebooks' kernels."""
    config.pluginmanager.register(FreshSentences())
    if hasattr(config, "workerinput"):
        return  # a worker has the variable from the process that started it
    cache = tempfile.TemporaryDirectory(prefix="kam-test-cache-", ignore_cleanup_errors=True)
    patch = pytest.MonkeyPatch()
    patch.setenv("KAM_CACHE", cache.name)
    config.add_cleanup(cache.cleanup)
    config.add_cleanup(patch.undo)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The overview comes last: it reads what the chapters hand on, and runs what has not run."""
    items.sort(key=lambda item: item.path.name == "00_overview.ipynb")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the collector what stays: modules and tests, gone through again at every turn.

    Building and translating expressions makes so many small objects that up to a third of the
    time went into looking for cycles among those that never go.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the public data sets that are too large, or not ours, to ship."""
    folder = os.environ.get("KAM_REAL_DATA", "")
    if not folder:
        pytest.skip("KAM_REAL_DATA is not set: no public data sets to compare with")
    return Path(folder)


@pytest.fixture(scope="session")
def sample_report() -> Report:
    """The sample company's last quarter, prepared once for all processes that test."""
    # Two processes that find it missing would both prepare it.
    with FileLock(Path(os.environ["KAM_CACHE"]) / "sample.lock"):
        return open_report(ROOT / "data" / "sample" / "dataset.toml", period="2025Q4")
