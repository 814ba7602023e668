"""Opening a report: from a run's prepared folder, from the cache, or by preparing it now."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

from kamlib import language
from kamlib.errors import InputError
from kamlib.session.prepare import Request, build_request, prepare
from kamlib.session.report import Report

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
        return Report(target / PREPARED, out=target, lang=lang)
    request = build_request(dataset, period=period, rules=rules, allow_open=True)
    return Report(_cached(request), out=target, lang=lang)


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
