"""Whether the files of a version are those that its manifest names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

OUTPUT_COLUMNS = ["output", "outcome"]


def check_hashes(folder: Path, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """Files of a version that are not as its manifest says: altered, missing or added.

    Returns one row a file, sorted: output (its path in the version), outcome.
    """
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")
             if path.is_file() and path.name != "manifest.json"}
    rows = []
    for name, about in manifest["outputs"].items():
        if name not in there:
            rows.append((name, "missing"))
        elif hashlib.sha256(there[name].read_bytes()).hexdigest() != about["sha256"]:
            rows.append((name, "altered"))
    rows += [(name, "added") for name in there if name not in manifest["outputs"]]
    return pd.DataFrame(sorted(rows), columns=OUTPUT_COLUMNS)
