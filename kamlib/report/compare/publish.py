"""Writing the comparison of two published versions: a page and the same numbers as JSON."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kamlib.errors import InputError
from kamlib.language import using
from kamlib.report.compare.again import Workshop, find_commit, split_further
from kamlib.report.compare.page import changes_to_json, render_changes
from kamlib.report.compare.pair import Version, read_version
from kamlib.report.compare.result import compare_versions
from kamlib.report.compare.wording import summarise
from kamlib.report.store import write_whole


@dataclass(frozen=True)
class Compared:
    """What was written: the page (its JSON lies beside it), and what it says first."""

    page: Path
    summary: list[str]


def publish_comparison(old: Path, new: Path, *, workshop: Workshop | None = None,
                       with_code: str = "", to: str = "", lang: str = "") -> Compared:
    """Compare the versions in two folders and write the page and its JSON.

    workshop: what further runs are made with, None for none; with_code: commit of the older
    program; to: the page, "" for a place in the newer version's store; lang: "" for the newer
    version's.
    """
    before, now = read_version(old), read_version(new)
    chosen = lang or now.manifest["lang"]
    if with_code:
        if workshop is None:
            raise InputError("--with-code runs the older program again and needs --dataset. Give "
                             "the dataset file too.")
        find_commit(with_code)
    with using(chosen):
        comparison = compare_versions(before, now) if workshop is None else \
            split_further(before, now, workshop=workshop, with_code=with_code)
        page = Path(to) if to else _place(before, now)
        if page.suffix != ".html":
            raise InputError(f"--out has to name a page that ends in .html, not {to!r}.")
        html = render_changes(comparison, lang=chosen, home=_way(page, new), before=_way(page, old),
                              data=page.with_suffix(".json").name)
        write_whole(page, html)
        write_whole(page.with_suffix(".json"), changes_to_json(comparison))
    with using("en"):  # the command line speaks English
        return Compared(page, summarise(comparison))


def _place(old: Version, new: Version) -> Path:
    """Beside the periods of the store: <data set>/compare/2025Q3-v001-to-2025Q4-v001.html."""
    names = [f"{version.period}-v{version.number:03d}" for version in (old, new)]
    return new.folder.resolve().parents[1] / "compare" / f"{names[0]}-to-{names[1]}.html"


def _way(page: Path, folder: Path) -> str:
    return Path(os.path.relpath(folder.resolve(), page.resolve().parent)).as_posix()
