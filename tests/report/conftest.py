"""Runs of tests have a notebook or two; what forks their kernels is opened once for all of them."""

import pytest

from kamlib.report.nursery import N_WORTHWHILE, open_nursery


@pytest.fixture(autouse=True, scope="module")
def forked_kernels():
    """Open it again where a test has ended it."""
    open_nursery(N_WORTHWHILE)
