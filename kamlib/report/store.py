"""The report store: plain folders, a version published by one rename and never changed.

reports/<dataset id>/<period>/v001 …; reports/failed/… for runs that got no version;
reports/.staging/… while a run lives.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from filelock import FileLock

from kamlib.errors import KamlibError, one_line

VERSION = re.compile(r"v(\d{3,})$")
COLUMNS = ["dataset_id", "name", "period", "version", "lang", "published", "path", "reason",
           "fingerprint"]


class StoreError(KamlibError):
    """The store cannot be written, or a version in it is not what it should be."""


@dataclass(frozen=True)
class Staging:
    """A run's own folder; `content` becomes the version."""

    folder: Path

    @property
    def content(self) -> Path:
        """What is published."""
        return self.folder / "content"

    @property
    def store(self) -> Store:
        """The store that the version will be published in."""
        return Store(self.folder.parents[1])

    @property
    def work(self) -> Path:
        """What is needed on the way and thrown away."""
        return self.folder / "work"


@dataclass(frozen=True)
class Store:
    """A folder of reports."""

    root: Path

    def begin(self) -> Staging:
        """Clean up after dead runs and make a staging folder that says whose it is."""
        self._clean_dead()
        folder = self.root / ".staging" / f"{os.getpid()}-{secrets.token_hex(8)}"
        staging = Staging(folder)
        try:
            folder.mkdir(parents=True)
            owner = {"pid": os.getpid(), "started": psutil.Process().create_time()}
            (folder / "owner.json").write_text(json.dumps(owner), encoding="utf-8")
            staging.content.mkdir()
            staging.work.mkdir()
        except OSError as error:
            raise StoreError(f"The report folder {self.root} cannot be written "
                             f"({error.strerror}). Free space, or give --reports another "
                             "folder.") from error
        return staging

    def publish(self, staging: Staging, *, dataset_id: str, period: str, fingerprint: str,
                force: bool, finish: Callable[[int], None]) -> tuple[Path, bool]:
        """Make the staged content the next version; return its folder and whether it is new.

        Under one lock: when the latest version has the same fingerprint (another run was
        faster) and not `force`, nothing is published. `finish(n)` writes what depends on the
        version's number; then one rename publishes, and the folder is never touched again.
        """
        home = self.root / dataset_id / period
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(str(self.root / ".staging" / f"{dataset_id}.{period}.lock")):
            same = self.find(dataset_id, period, fingerprint)
            if same is not None and not force:
                return same, False
            number = max(self._numbers(home), default=0) + 1
            finish(number)
            _flush(staging.content)
            target = home / f"v{number:03d}"
            staging.content.rename(target)
        shutil.rmtree(staging.folder, ignore_errors=True)
        return target, True

    def fail(self, staging: Staging, *, dataset_id: str, period: str) -> Path:
        """Keep what a failed run left, for reading; it gets no version."""
        target = self.root / "failed" / f"{dataset_id}.{period}.{staging.folder.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        staging.content.rename(target)
        shutil.rmtree(staging.folder, ignore_errors=True)
        return target

    def find(self, dataset_id: str, period: str, fingerprint: str) -> Path | None:
        """Return the latest version's folder when it holds this very answer."""
        folder = self.latest(dataset_id, period)
        if folder is None:
            return None
        return folder if read_manifest(folder).get("fingerprint") == fingerprint else None

    def latest(self, dataset_id: str, period: str) -> Path | None:
        """Return the folder of the latest version of a period, None when there is none."""
        home = self.root / dataset_id / period
        number = max(self._numbers(home), default=0)
        return home / f"v{number:03d}" if number else None

    def versions(self) -> pd.DataFrame:
        """One row a published version, sorted: see COLUMNS; path relative to the store."""
        rows = []
        for manifest in sorted(self.root.glob("*/*/v*/manifest.json")):
            folder = manifest.parent
            if not VERSION.match(folder.name):
                continue
            about = read_manifest(folder)
            rows.append({
                "dataset_id": about["dataset"]["id"], "name": about["dataset"]["name"],
                "period": about["period"]["label"], "version": int(about["version"]),
                "lang": about["lang"], "published": about["published"], "reason": about["reason"],
                "path": folder.relative_to(self.root).as_posix(),
                "fingerprint": about["fingerprint"]})
        return pd.DataFrame(rows, columns=COLUMNS)

    def _numbers(self, home: Path) -> list[int]:
        names = [VERSION.match(p.name) for p in home.iterdir()] if home.is_dir() else []
        return [int(match[1]) for match in names if match]

    def _clean_dead(self) -> None:
        for folder in (self.root / ".staging").glob("*/"):
            if not _is_alive(folder):
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def told_when_full(store: Store) -> Iterator[None]:
    """Turn what the disk says while a run writes, a full one above all, into a paragraph."""
    from xlsxwriter.exceptions import XlsxWriterException  # the whole of it comes with this

    try:
        yield
    except (OSError, XlsxWriterException) as error:
        why = getattr(error, "strerror", "") or one_line(error)[:200]
        raise StoreError(f"The report could not be written into {store.root} ({why}), so nothing "
                         "was published. Free space, or give --reports another folder.") from error


def _is_alive(folder: Path) -> bool:
    """Whether the process that made a staging folder still runs (a pid alone may be reused).

    A folder that was made a moment ago does not say yet whose it is, but for the pid in its name.
    """
    pid = folder.name.partition("-")[0]
    try:
        owner = json.loads((folder / "owner.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return pid.isdecimal() and psutil.pid_exists(int(pid))
    try:
        return bool(psutil.Process(owner["pid"]).create_time() == owner["started"])
    except (KeyError, TypeError, psutil.Error):
        return False


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a version's manifest."""
    try:
        loaded = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"The version {folder} has no readable manifest.json. It was changed "
                         "after it was published; restore it or move it away.") from error
    return dict(loaded)


def _flush(folder: Path) -> None:
    """Make sure that every byte is on the disk before the rename says that it is."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*-*"):  # by a process that died on the way
        pid = left.name.rsplit(".", 1)[-1].partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            left.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
