"""A period run: whether there is anything new to say, and if so the next version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamlib import language
from kamlib.errors import InputError, KamlibError
from kamlib.report.chapters import (
    TIMEOUT_S,
    Chapter,
    check_parameters,
    find_chapters,
    hash_sources,
)
from kamlib.report.store import Store
from kamlib.rules import Rules
from kamlib.session.request import Request, build_request

if TYPE_CHECKING:
    from kamlib.report.execute import Outcome


class QuarantineError(KamlibError):
    """More rows were quarantined than the rules tolerate, and that was not accepted."""


@dataclass(frozen=True)
class Options:
    """How a run is carried out; nothing here changes a number.

    key: makes codes of ids, names and texts; b"" keeps them.
    """

    reports: Path
    notebooks: Path
    lang: str = "en"
    allow_open: bool = False
    accept_quarantine: bool = False
    force: bool = False
    reason: str = ""
    parameters: tuple[str, ...] = ()
    n_kernels: int = 2
    timeout_s: int = TIMEOUT_S
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class RunResult:
    """What came of a run: published, already there, or failed; `folder` holds the pages."""

    status: str
    folder: Path
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def page(self) -> Path:
        """The first page to read."""
        return self.folder / "index.html"


Progress = Callable[[str], None]
Done = Callable[["Outcome"], None]


def run_report(dataset: str | Path, *, period: str, rules: str | Path | Rules, options: Options,
               say: Progress = lambda text: None,
               done: Done = lambda outcome: None) -> RunResult:
    """Make the next version of a period's report.

    Wrong input raises InputError before anything is written; too many broken rows raise
    QuarantineError. A failing notebook gives status "failed" and no version; the others still
    run, and the executed notebooks are kept. With nothing changed since the latest version
    nothing is published and its folder is returned.
    """
    language.use(options.lang)
    request = build_request(dataset, period=period, rules=rules, allow_open=options.allow_open,
                            key=options.key)
    chapters = find_chapters(options.notebooks)
    extra = check_parameters(options.parameters, chapters)
    fingerprint = fingerprint_run(request, chapters, extra, options.lang)
    store = Store(options.reports)
    home = (request.file.id, request.period.label)
    if not options.force and (same := store.find(*home, fingerprint)) is not None:
        return RunResult("already there", same)
    from kamlib.report.make import make_version  # it needs the engine and all that renders

    return make_version(request, chapters, extra, fingerprint=fingerprint, store=store,
                        options=options, dataset_path=str(dataset), say=say, done=done)


def fingerprint_run(request: Request, chapters: Sequence[Chapter], extra: dict[str, Any],
                    lang: str) -> str:
    """SHA-256 of what a version answers: data, rules, code, notebooks' sources, language."""
    digest = hashlib.sha256(request.fingerprint().encode())
    digest.update(json.dumps([lang, extra], sort_keys=True).encode())
    for chapter in chapters:
        digest.update(json.dumps([chapter.slug, hash_sources(chapter.path)]).encode())
    return digest.hexdigest()


def default_notebooks() -> Path:
    """The notebooks beside the current folder, or those of the checkout kamlib runs from."""
    here = Path("notebooks")
    beside = Path(__file__).resolve().parents[2] / "notebooks"
    found = next((p for p in (here, beside) if p.is_dir()), None)
    if found is None:
        raise InputError("There is no folder 'notebooks' here. Run kam in the project's folder, "
                         "or give --notebooks the folder that holds them.")
    return found.resolve()
