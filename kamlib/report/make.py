"""Making a version: prepare, execute, render, publish; all of it or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kamlib.dataset import Dataset
from kamlib.dataset.advice import explain_quarantine
from kamlib.dataset.engines import watched
from kamlib.language import fmt_count, fmt_share
from kamlib.report.account_index import write_stub
from kamlib.report.assemble import assemble, write_index
from kamlib.report.chapters import Chapter
from kamlib.report.execute import run_chapters
from kamlib.report.nursery import open_nursery
from kamlib.report.run import Done, Options, Progress, QuarantineError, RunResult
from kamlib.report.store import Staging, Store, read_manifest, told_when_full
from kamlib.report.watchdog import guard_kernels, interruptible
from kamlib.session.opening import PREPARED
from kamlib.session.prepare import prepare
from kamlib.session.request import Request


def make_version(request: Request, chapters: Sequence[Chapter], extra: dict[str, Any], *,
                 fingerprint: str, store: Store, options: Options, dataset_path: str,
                 say: Progress, done: Done) -> RunResult:
    """Make the next version in a staging folder of its own and publish it; see `run_report`."""
    staging = store.begin()
    try:
        with interruptible(), guard_kernels(), told_when_full(store), watched(request.file):
            return _make(request, chapters, extra, fingerprint=fingerprint, store=store,
                         options=options, dataset_path=dataset_path, say=say, done=done,
                         staging=staging)
    finally:
        shutil.rmtree(staging.folder, ignore_errors=True)


def _make(request: Request, chapters: Sequence[Chapter], extra: dict[str, Any], *,
          fingerprint: str, store: Store, options: Options, dataset_path: str, say: Progress,
          done: Done, staging: Staging) -> RunResult:
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
    tables = "; ".join(f"{name}: {fmt_count(bad)} of {fmt_count(read)} rows"
                       for name, bad, read in
                       over[["table", "quarantined", "read"]].itertuples(index=False))
    advice = " ".join(explain_quarantine(dataset)[:3])
    raise QuarantineError(
        f"More rows are broken than the rules tolerate ({fmt_share(tolerance, 1)}, "
        f"data.quarantine_tolerance_share): {tables}. {advice} Correct the data or its mapping, "
        "or publish all the same with --accept-quarantine.")
