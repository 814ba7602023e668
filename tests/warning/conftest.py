"""One simulated company, judged once for all tests of the room."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from kamlib.warning import WarningRules, Warnings, build_warnings

_spec = importlib.util.spec_from_file_location("simulate", Path(__file__).with_name("simulate.py"))
simulate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(simulate)


@pytest.fixture(scope="session")
def world() -> ModuleType:
    """The simulation: past facts, dates, and tables as they were known on a day."""
    return simulate


@pytest.fixture(scope="session")
def quick() -> WarningRules:
    """The defaults with fewer resamples."""
    return WarningRules(n_resamples=200, n_refits=50)


@pytest.fixture(scope="session")
def past() -> pd.DataFrame:
    return simulate.simulate_past()


@pytest.fixture(scope="session")
def found(past, quick) -> Warnings:
    return build_warnings(past, read=simulate.make_read(), as_of=simulate.AS_OF,
                          horizon_days=simulate.HORIZON, rules=quick)
