"""The made-up company of these tests, as a module that they can import from."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("selection_world",
                                               Path(__file__).with_name("world.py"))
_world = importlib.util.module_from_spec(_spec)
sys.modules["selection_world"] = _world
_spec.loader.exec_module(_world)
