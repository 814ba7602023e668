"""The files that sources lie in: finding them, and telling whether one is still the same."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kamlib.dataset.file import fill_variables


@dataclass(frozen=True)
class SourceFile:
    """One file that was read: name without its folder, size in bytes, SHA-256."""

    name: str
    n_bytes: int
    sha256: str


def find_files(source: str | Sequence[str], *, folder: Path, where: str) -> list[Path]:
    """Return the files a source stands for, sorted; [] when it is a table of the engine."""
    for name in [source] if isinstance(source, str) else source:
        filled = fill_variables(name, origin=where)
        if (folder / filled).is_file():  # first, since a name like "orders [1].csv" is no glob
            return [folder / filled]
        # a filled name may be absolute, which Path.glob does not take
        paths = [folder / each for each in glob.glob(filled, root_dir=folder)]  # noqa: PTH207
        # "~$orders.xlsx" lies beside a workbook that somebody has open
        paths = [path for path in paths if path.is_file() and not path.name.startswith("~$")]
        if paths:
            return sorted(paths)
    return []


def fingerprint_file(path: Path) -> SourceFile:
    """Return a file's name, size and SHA-256."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return SourceFile(path.name, path.stat().st_size, digest)
