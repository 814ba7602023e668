"""A period run: check, prepare, execute, render, publish; all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kamlib import language
from kamlib.dataset import Dataset
from kamlib.dataset.engines import watched
from kamlib.errors import InputError, KamlibError
from kamlib.language import fmt_count, fmt_share
from kamlib.report.execute import (
    TIMEOUT_S,
    Chapter,
    Outcome,
    check_parameters,
    find_chapters,
    hash_sources,
    run_chapters,
)
from kamlib.report.store import Staging, Store, read_manifest, told_when_full
from kamlib.report.watchdog import guard_kernels
from kamlib.rules import Rules
from kamlib.session.opening import PREPARED
from kamlib.session.prepare import Request, build_request, prepare


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


def run_report(dataset: str | Path, *, period: str, rules: str | Path | Rules, options: Options,
               say: Progress = lambda text: None,
               done: Callable[[Outcome], None] = lambda outcome: None) -> RunResult:
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
    staging = store.begin()
    try:
        with interruptible(), guard_kernels(), told_when_full(store), watched(request.file):
            return _run(request, str(dataset), chapters, extra, fingerprint, store, staging,
                        options, say, done)
    finally:
        shutil.rmtree(staging.folder, ignore_errors=True)


def _run(request: Request, dataset_path: str, chapters: Sequence[Chapter], extra: dict[str, Any],
         fingerprint: str, store: Store, staging: Staging, options: Options, say: Progress,
         done: Callable[[Outcome], None]) -> RunResult:
    from kamlib.report.nursery import open_nursery

    open_nursery(len(chapters))  # it imports while the data is prepared
    say("check")
    prepared = staging.content / PREPARED
    prepared.mkdir()
    dataset = prepare(request, into=prepared)
    refuse_quarantine(dataset, request, accepted=options.accept_quarantine)
    say("execute")
    # A folder may be named after a customer, and nothing is read from there any more.
    shown = Path(dataset_path).name if request.pseudonyms else dataset_path
    parameters = {"dataset": shown, "period": request.period.label,
                  "rules": "", "out": str(staging.content.resolve()), "lang": options.lang, **extra}
    outcomes = run_chapters(
        chapters, into=staging.content, parameters=parameters, lang=options.lang,
        has_table=lambda name: (prepared / "tables" / f"{name}.parquet").is_file(),
        n_kernels=options.n_kernels, timeout_s=options.timeout_s, report=done)
    from kamlib.report.account_index import write_stub  # heavy, and not asked when nothing is new
    from kamlib.report.assemble import assemble, write_index

    say("render")
    home = {"dataset_id": request.file.id, "period": request.period.label}
    latest = store.latest(**home)
    assembled = assemble(staging, request, dataset, outcomes, fingerprint=fingerprint,
                         lang=options.lang, reason=options.reason, parameters=extra,
                         predecessor=read_manifest(latest) if latest else None)
    if any(outcome.status not in ("ok", "skipped") for outcome in outcomes):
        assembled.finish(0)
        return RunResult("failed", store.fail(staging, **home), outcomes)
    folder, is_new = store.publish(staging, **home, fingerprint=fingerprint, force=options.force,
                                   finish=assembled.finish)
    write_stub(folder, lang=options.lang, names=assembled.names)
    write_index(store, lang=options.lang)
    return RunResult("published" if is_new else "already there", folder, outcomes)


def refuse_quarantine(dataset: Dataset, request: Request, *, accepted: bool) -> None:
    """Raise QuarantineError when a table lost more rows than the rules tolerate."""
    tolerance = request.rules.data.quarantine_tolerance_share
    over = dataset.over_tolerance(tolerance)
    if accepted or not len(over):
        return
    from kamlib.dataset.advice import explain_quarantine

    tables = "; ".join(f"{name}: {fmt_count(bad)} of {fmt_count(read)} rows"
                       for name, bad, read in
                       over[["table", "quarantined", "read"]].itertuples(index=False))
    advice = " ".join(explain_quarantine(dataset)[:3])
    raise QuarantineError(
        f"More rows are broken than the rules tolerate ({fmt_share(tolerance, 1)}, "
        f"data.quarantine_tolerance_share): {tables}. {advice} Correct the data or its mapping, "
        "or publish all the same with --accept-quarantine.")


def fingerprint_run(request: Request, chapters: Sequence[Chapter], extra: dict[str, Any],
                    lang: str) -> str:
    """SHA-256 of what a version answers: data, rules, code, notebooks' sources, language."""
    digest = hashlib.sha256(request.fingerprint().encode())
    digest.update(json.dumps([lang, extra], sort_keys=True).encode())
    for chapter in chapters:
        digest.update(json.dumps([chapter.slug, hash_sources(chapter.path)]).encode())
    return digest.hexdigest()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a polite request to end (SIGTERM) unwind like Ctrl-C, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, before)


def default_notebooks() -> Path:
    """The notebooks beside the current folder, or those of the checkout kamlib runs from."""
    here = Path("notebooks")
    beside = Path(__file__).resolve().parents[2] / "notebooks"
    found = next((p for p in (here, beside) if p.is_dir()), None)
    if found is None:
        raise InputError("There is no folder 'notebooks' here. Run kam in the project's folder, "
                         "or give --notebooks the folder that holds them.")
    return found.resolve()
