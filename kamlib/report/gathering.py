"""Chapters run for an overview that is opened in JupyterLab, outside of a period run."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd

from kamlib.errors import InputError
from kamlib.language import _, fmt_number
from kamlib.report.chapters import Chapter, find_chapters
from kamlib.report.execute import Outcome, run_chapters
from kamlib.report.nursery import close_nursery
from kamlib.session.handing_on import has_handed_on, read_handed_on
from kamlib.session.report import Report


def gather_chapters(report: Report, *, dataset: str, rules: str = "",
                    notebooks: Path | None = None) -> dict[str, pd.DataFrame]:
    """Return what all chapters handed on, by kind; see `kamlib.handover`.

    dataset, rules: the files that the report was opened with; notebooks: the folder of the
    notebooks, by default the current one, which is the overview's own. In a period run the
    chapters have run before. In JupyterLab those that have not yet run on this data, these rules
    and this code are run now, and what they hand on is kept beside the cache; one line a chapter
    tells how far that is. Raises InputError when one fails.
    """
    if not report.is_published:
        chapters = [c for c in find_chapters(notebooks or Path()) if not c.is_last]
        missing = [c for c in chapters if not has_handed_on(report.handover_folder, c.slug)]
        if missing:
            _run(missing, report, dataset, rules)
    own = [c.slug for c in find_chapters(notebooks or Path()) if c.is_last]
    return read_handed_on(report.handover_folder, without=own[0] if own else "")


def _run(chapters: list[Chapter], report: Report, dataset: str, rules: str) -> None:
    """Run chapters as JupyterLab would, for what they hand on; their pages are thrown away."""
    def tell(outcome: Outcome) -> None:
        print(_("{chapter}: {seconds} s", chapter=outcome.chapter.slug,
                seconds=fmt_number(outcome.seconds, 0)), file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="kam-overview-") as place:
        outcomes = run_chapters(
            chapters, into=Path(place), handover=report.handover_folder, has_table=report.has,
            lang=report.lang, report=tell,
            parameters={"dataset": dataset, "period": report.period.label, "rules": rules,
                        "out": "", "lang": report.lang})
    close_nursery()
    failed = [f"{o.chapter.slug}: {o.reason}" for o in outcomes
              if o.status not in ("ok", "skipped")]
    if failed:
        raise InputError(_("Chapters that the overview reads failed: {chapters}. Open them, see "
                           "where they stop, and run the overview again.",
                           chapters="; ".join(failed)))
