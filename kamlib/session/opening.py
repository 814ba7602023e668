"""Opening a report: from a run's prepared folder, from the cache, or by preparing it now."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import platformdirs

from kamlib import language
from kamlib.errors import InputError
from kamlib.session.prepare import prepare
from kamlib.session.report import Report
from kamlib.session.request import Request, build_request

N_CACHED = 8  # prepared folders kept for JupyterLab, the latest used
PREPARED = "prepared"  # name of a run's prepared folder inside its `out`


def open_report(dataset: str | Path, *, period: str, rules: str | Path = "",
                out: str | Path = "", lang: str = "en") -> Report:
    """Open a data set for a period and hold everything a notebook asks for.

    dataset: a dataset file; period: such as 2025Q4, or latest; rules: a rules file, "" for the
    defaults; out: a folder in which tables and what is handed on are published, "" for none;
    lang: "en" or "zh". In a period run the folder `out` is prepared already; in JupyterLab it is
    prepared once and cached by a fingerprint of data, rules and code, so a second look is fast.
    An unfinished period can be opened here; only `kam run` refuses to publish one.
    """
    language.use(lang)  # before anything can go wrong: errors speak it too
    target = Path(out) if out else None
    if target and (target / PREPARED / "context.json").is_file():
        return _kept(target, lang)
    request = build_request(dataset, period=period, rules=rules, allow_open=True)
    return Report(_cached(request), out=target, lang=lang)


@lru_cache(maxsize=1)
def _keep(out: Path, lang: str) -> Report:
    return Report(out / PREPARED, out=out, lang=lang)


def _kept(out: Path, lang: str) -> Report:
    """A run's report; a kernel that makes many pages of one run reads its tables once.

    A run's prepared folder never changes, and nobody changes a table that a report hands out.
    """
    return _keep(out, lang).speak()


def find_prepared(request: Request) -> Path:
    """Return the prepared folder of a request from the cache; it is prepared now when not there."""
    return _cached(request)


def _cached(request: Request) -> Path:
    root = Path(os.environ.get("KAM_CACHE") or platformdirs.user_cache_path("kamlib"))
    folder = root / request.fingerprint()[:24]
    if not (folder / "context.json").is_file():
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"The cache folder {root} cannot be written ({error.strerror}). "
                             "Set KAM_CACHE to a folder that can.") from error
        staging = Path(tempfile.mkdtemp(prefix="preparing-", dir=root))
        try:
            prepare(request, into=staging)
            if not folder.exists():
                staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        _forget_oldest(root)
    os.utime(folder)
    return folder


def _forget_oldest(root: Path) -> None:
    kept = [p for p in root.iterdir() if (p / "context.json").is_file()]
    for folder in sorted(kept, key=lambda p: p.stat().st_mtime, reverse=True)[N_CACHED:]:
        shutil.rmtree(folder, ignore_errors=True)
