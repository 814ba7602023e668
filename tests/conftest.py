"""What tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the public data sets that are too large, or not ours, to ship."""
    folder = os.environ.get("KAM_REAL_DATA", "")
    if not folder:
        pytest.skip("KAM_REAL_DATA is not set: no public data sets to compare with")
    return Path(folder)
