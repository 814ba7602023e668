"""Commands about published versions: list, review, release, verify."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kamlib.cli.terminal import (
    FAILED,
    REPORTS,
    SAMPLE,
    DatasetOption,
    ReportsOption,
    out,
    print_frame,
    say,
)

VersionArgument = Annotated[str, typer.Argument(
    help="a version: sample/2025Q4/v001, or sample/2025Q4 for the latest of a period")]
ByOption = Annotated[str, typer.Option("--by", help="who says so")]
NoteOption = Annotated[str, typer.Option(help="what there is to say")]
OnOption = Annotated[datetime | None, typer.Option(
    "--on", help="the day, if not today", formats=["%Y-%m-%d"])]


def list_versions(reports: ReportsOption = REPORTS) -> None:
    """List the versions of the report store."""
    from kamlib.report.release import describe_versions
    from kamlib.report.store import Store

    versions = describe_versions(Store(reports))
    if not len(versions):
        out.print(f"There is no version in {reports} yet. Make one with: kam run")
        return
    print_frame(versions[[
        "path", "status", "lang", "published", "released_by", "released_on", "reviewed_by",
        "reason"]], f"Versions in {reports}")


def review(version: VersionArgument, by: ByOption, note: NoteOption,
           reports: ReportsOption = REPORTS, on: OnOption = None) -> None:
    """Put down who read a version and what there was to say; it stays a draft."""
    from kamlib.report.release import add_review, find_version

    folder = find_version(version, reports=reports)
    add_review(folder, by=by, note=note, on=(on or datetime.now()).date())
    _index_anew(folder)
    out.print(f"Reviewed by {by}: {folder}. Release it with: kam release", soft_wrap=True)


def release(version: VersionArgument, by: ByOption, note: NoteOption,
            reports: ReportsOption = REPORTS, on: OnOption = None) -> None:
    """Release a version that was reviewed, with the hash of what is released."""
    from kamlib.report.release import find_version, release_version

    folder = find_version(version, reports=reports)
    release_version(folder, by=by, note=note, on=(on or datetime.now()).date())
    _index_anew(folder)
    out.print(f"Released by {by}: {folder / 'index.html'}", soft_wrap=True)


def verify(version: VersionArgument, dataset: DatasetOption = SAMPLE,
           reports: ReportsOption = REPORTS,
           notebooks: Annotated[str, typer.Option(help="the folder of the notebooks")] = "",
           no_run: Annotated[bool, typer.Option(
               "--no-run", help="check the hashes alone")] = False,
           jobs: Annotated[int, typer.Option(help="notebooks at a time", min=1, max=8)] = 2,
           ) -> None:
    """Check a version's hashes, make it again from its manifest, and hold both together."""
    from kamlib.report.release import find_version
    from kamlib.report.run import default_notebooks
    from kamlib.report.verify import describe_verdict, verify_version

    folder = find_version(version, reports=reports)
    books = Path(notebooks).resolve() if notebooks else default_notebooks()
    found = verify_version(folder, dataset="" if no_run else dataset, notebooks=books,
                           n_kernels=jobs)
    say(describe_verdict(found))
    for frame, title in ((found.files, "Files that are not as published"),
                         (found.differences, "What is another than then"),
                         (found.outputs, "Outputs that are not equal")):
        print_frame(frame, title)
    if found.verdict == "altered":
        _index_anew(folder)  # what was changed is released no more
    if not found.is_good:
        raise typer.Exit(FAILED)


def compare(old: Annotated[str, typer.Argument(
                help="the older version or period: sample/2025Q3, sample/2025Q4/v001")],
            new: Annotated[str, typer.Argument(help="the newer one")],
            reports: ReportsOption = REPORTS,
            dataset: Annotated[str, typer.Option(
                "--dataset", "-d", help="the dataset file, for the runs that split off changed "
                "rules and restated data")] = "",
            with_code: Annotated[str, typer.Option(
                "--with-code", help="the commit of the older program, to split off what changed "
                "code did; needs --dataset")] = "",
            notebooks: Annotated[str, typer.Option(help="the folder of the notebooks")] = "",
            to: Annotated[str, typer.Option(
                "--out", help="the page to write; without it in the report store")] = "",
            lang: Annotated[str, typer.Option(
                "--lang", help="language of the page; without it that of the newer version")] = "",
            jobs: Annotated[int, typer.Option(help="notebooks at a time", min=1, max=8)] = 2,
            ) -> None:
    """Hold two versions together: what changed, and what of it is real."""
    from kamlib.report.compare.again import Workshop
    from kamlib.report.compare.publish import publish_comparison
    from kamlib.report.release import find_version
    from kamlib.report.run import default_notebooks

    workshop = None
    if dataset:
        books = Path(notebooks).resolve() if notebooks else default_notebooks()
        workshop = Workshop(Path(dataset), books, jobs, say)
    folders = [find_version(version, reports=reports) for version in (old, new)]
    made = publish_comparison(*folders, workshop=workshop, with_code=with_code, to=to, lang=lang)
    for sentence in made.summary:
        say(sentence)
    out.print(f"Compared: {made.page}", soft_wrap=True)


def _index_anew(folder: Path) -> None:
    """The store's first page tells releases from drafts, in the version's language."""
    from kamlib.report.assemble import write_index
    from kamlib.report.store import Store, read_manifest

    manifest, place = read_manifest(folder), folder.resolve()
    if (place.parents[1].name, place.parent.name) == (
            manifest["dataset"]["id"], manifest["period"]["label"]):  # else a copy, in no store
        write_index(Store(place.parents[2]), lang=manifest["lang"])
