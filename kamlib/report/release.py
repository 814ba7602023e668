"""Reviews and the release of a version: a file beside it, with the hash of what was released."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from kamlib.errors import InputError
from kamlib.report.hashes import check_hashes
from kamlib.report.store import Store, StoreError, read_manifest, write_whole

DRAFT, RELEASED, ALTERED = "draft", "released", "altered"
KEYS = ("by", "date", "note")
STATUS_COLUMNS = ["status", "released_by", "released_on", "note", "n_reviews", "reviewed_by"]


def seal_version(folder: Path) -> str:
    """SHA-256 over every file of a version, with its name: one byte more or less makes another."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read_reviews(folder: Path) -> dict[str, Any]:
    """What was said of a version: reviews (a list of by, date, note) and release, or None.

    Raises StoreError when the file beside the version cannot be read.
    """
    path = _beside(folder)
    if not path.is_file():
        return {"reviews": [], "release": None}
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        reviews = [{key: str(row[key]) for key in KEYS} for row in loaded["reviews"]]
        release = loaded["release"]
        if release is not None:
            release = {key: str(release[key]) for key in (*KEYS, "sha256")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"The review file {path.name} beside the version cannot be read. It was "
                         "changed by hand; restore it, or move it away and review again."
                         ) from error
    return {"reviews": reviews, "release": release}


def review_status(folder: Path) -> str:
    """Say released, altered (changed since its release, which is void then) or draft."""
    release = read_reviews(folder)["release"]
    if release is None:
        return DRAFT
    return RELEASED if release["sha256"] == seal_version(folder) else ALTERED


def add_review(folder: Path, *, by: str, note: str, on: date) -> None:
    """Put down who read a version, when, and what there was to say.

    folder: of a published version. Raises InputError without a name or a note, and when the files
    are no longer those that were published.
    """
    _refuse_empty(by=by, note=note)
    _refuse_altered(folder)
    with _locked(folder):
        said = read_reviews(folder)
        said["reviews"].append({"by": by.strip(), "date": on.isoformat(), "note": note.strip()})
        _write(folder, said)


def release_version(folder: Path, *, by: str, note: str, on: date) -> None:
    """Release a version that was reviewed, with the hash of what is released.

    Raises InputError without a name, without a review before, when this very content is
    released already, and when the files are no longer those that were published and reviewed.
    """
    _refuse_empty(by=by, note=note)
    _refuse_altered(folder)
    with _locked(folder):
        said, number = read_reviews(folder), read_manifest(folder)["version"]
        if not said["reviews"]:
            raise InputError(f"Version {number} has not been reviewed, so it cannot be released. "
                             "Read it and say so first: kam review.")
        seal = seal_version(folder)
        if said["release"] and said["release"]["sha256"] == seal:
            raise InputError(f"Version {number} was released on {said['release']['date']} by "
                             f"{said['release']['by']} and has not changed since. There is "
                             "nothing to release.")
        said["release"] = {"by": by.strip(), "date": on.isoformat(), "note": note.strip(),
                           "sha256": seal}
        _write(folder, said)


def describe_versions(store: Store) -> pd.DataFrame:
    """The store's versions, each with its status (released, altered, draft) and its release.

    Returns the columns of `Store.versions`, then status, released_by, released_on and note (of the
    release that holds; "" without one), n_reviews and reviewed_by (the last one's name).
    """
    versions = store.versions()
    rows = []
    for path in versions["path"]:
        folder = store.root / path
        said, status = read_reviews(folder), review_status(folder)
        release = said["release"] if status == RELEASED else {"by": "", "date": "", "note": ""}
        last = said["reviews"][-1]["by"] if said["reviews"] else ""
        rows.append([status, release["by"], release["date"], release["note"],
                     len(said["reviews"]), last])
    about = pd.DataFrame(rows, columns=STATUS_COLUMNS, index=versions.index)
    return pd.concat([versions, about], axis=1)


def find_version(version: str, *, reports: Path) -> Path:
    """Folder of a version given as sample/2025Q4/v001, sample/2025Q4 (the latest), or a path."""
    candidates = [folder for folder in (Path(version), reports / version) if folder.is_dir()]
    for folder in candidates:
        if (folder / "manifest.json").is_file():
            return folder
        numbered = sorted((p.parent for p in folder.glob("v*/manifest.json")),
                          key=lambda p: int(p.name[1:]))
        if numbered:
            return numbered[-1]
    raise InputError(f"There is no version {version!r} in {reports}. Give one as kam list shows "
                     "it, such as sample/2025Q4/v001, and --reports if the store lies elsewhere.")


def _beside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.review.json")


def _locked(folder: Path) -> FileLock:
    return FileLock(str(folder.with_name(f".{folder.name}.review.lock")))


def _write(folder: Path, said: dict[str, Any]) -> None:
    write_whole(_beside(folder), json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False))


def _refuse_altered(folder: Path) -> None:
    """A review is of what was published, and so is a release."""
    files = check_hashes(folder, read_manifest(folder))
    if len(files):
        named = ", ".join(f"{name} ({outcome})" for name, outcome in
                          files.head(5).itertuples(index=False))
        raise InputError(f"Files of the version are not as they were published: {named}. "
                         "Restore it from a copy, or make a new version with kam run.")


def _refuse_empty(**values: str) -> None:
    for name, value in values.items():
        if not value.strip():
            raise InputError(f"--{name} is empty: a review and a release say who, and what there "
                             "was to say. Give it and try again.")
