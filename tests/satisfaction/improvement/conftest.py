"""The invented company, planned once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from kamlib import satisfaction


@pytest.fixture(scope="session")
def world() -> ModuleType:
    spec = importlib.util.spec_from_file_location("improvement_world",
                                                  Path(__file__).parent / "world.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def planned(world: ModuleType) -> satisfaction.Improvement:
    return world.plan(world.build_tables(), actions=world.build_actions())
