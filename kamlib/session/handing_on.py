"""Where notebooks hand on what the overview is made of, and where the overview reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from kamlib.handover import KINDS, Handover
from kamlib.session.parquet import write_parquet

HANDOVER = "handover"  # folder in which notebooks hand on
SLUG = "notebook"  # the column that says which notebook handed a row on


def write_handed_on(folder: Path, notebook: str, handover: Handover) -> None:
    """Write one notebook's four tables into a folder, each with the notebook's slug.

    Its metrics come last, by a rename: who finds them finds the other three whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = handover.to_frames()
    for kind in reversed(KINDS):
        frame = frames[kind]
        named = frame.assign(**{SLUG: pd.Series(notebook, index=frame.index, dtype="str")})
        half = folder / f".{notebook}.{kind}.{os.getpid()}"
        write_parquet(named, half)
        half.replace(folder / f"{notebook}.{kind}.parquet")


def has_handed_on(folder: Path, notebook: str) -> bool:
    """Whether a notebook has handed on into a folder."""
    return (folder / f"{notebook}.{KINDS[0]}.parquet").is_file()


def read_handed_on(folder: Path, *, without: str = "") -> dict[str, pd.DataFrame]:
    """Return what all notebooks but one handed on, by kind: one row an entry, by notebook.

    Columns are those of the classes in `kamlib.handover`, and ``notebook`` (its slug).
    """
    frames = {}
    for kind, empty in Handover().to_frames().items():
        paths = [path for path in sorted(folder.glob(f"*.{kind}.parquet"))
                 if path.name != f"{without}.{kind}.parquet"]
        parts = [frame for path in paths if len(frame := pd.read_parquet(path))]
        frames[kind] = pd.concat(parts, ignore_index=True) if parts else \
            empty.assign(**{SLUG: pd.Series(dtype="str")})
    return frames
