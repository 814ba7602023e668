"""Words on a command line to the functions that do the work; errors as one paragraph."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from typer.exceptions import TyperException

from kamlib.errors import InputError, KamlibError

WRONG_INPUT, FAILED, QUARANTINED, INTERRUPTED = 2, 1, 3, 130
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Key account workbench: check data, run period reports, list versions.")
# A pipe or a file has no width; a table there is not to be cut.
WIDTH = None if sys.stdout.isatty() else 160
out, err = Console(highlight=False, width=WIDTH), Console(stderr=True, highlight=False)

DatasetOption = Annotated[Path, typer.Option(
    "--dataset", "-d", help="the dataset file: where the tables are and what they mean")]
PeriodOption = Annotated[str, typer.Option(
    "--period", "-p", help="2025, 2025H2, 2025Q4, 2025-12, 2025-07-01..2025-12-31 or latest")]
RulesOption = Annotated[str, typer.Option(
    "--rules", "-r", help="a rules file; without it the defaults hold")]
ReportsOption = Annotated[Path, typer.Option("--reports", help="the folder of the report store")]
LangOption = Annotated[str, typer.Option("--lang", help="language of the report: en or zh")]
SAMPLE = Path("data/sample/dataset.toml")
REPORTS = Path("reports")


@app.command()
def run(dataset: DatasetOption = SAMPLE, period: PeriodOption = "latest", rules: RulesOption = "",
        reports: ReportsOption = REPORTS, lang: LangOption = "en",
        notebooks: Annotated[str, typer.Option(help="the folder of the notebooks")] = "",
        parameter: Annotated[list[str] | None, typer.Option(
            help="a further parameter of a notebook, name=value")] = None,
        allow_open: Annotated[bool, typer.Option(
            "--allow-open", help="report on a period that has not ended in the data")] = False,
        accept_quarantine: Annotated[bool, typer.Option(
            "--accept-quarantine", help="publish although many rows are broken")] = False,
        force: Annotated[bool, typer.Option(
            "--force", help="make another version although nothing changed")] = False,
        reason: Annotated[str, typer.Option(help="why a later version is made")] = "",
        jobs: Annotated[int, typer.Option(help="notebooks at a time", min=1, max=8)] = 2) -> None:
    """Check, execute, render and publish a period's report."""
    from kamlib.report.run import Options, default_notebooks, run_report

    options = Options(
        reports=reports, notebooks=Path(notebooks).resolve() if notebooks else default_notebooks(),
        lang=lang, allow_open=allow_open, accept_quarantine=accept_quarantine, force=force,
        reason=reason, parameters=tuple(parameter or ()), n_kernels=jobs)
    with _Steps() as steps:
        result = run_report(dataset, period=period, rules=rules, options=options,
                            say=steps.say, done=steps.done)
    if result.status == "failed":
        failed = [o for o in result.outcomes if o.status not in ("ok", "skipped")]
        for outcome in failed:
            _complain(f"{outcome.chapter.slug} {outcome.status}: {outcome.reason}.")
        _complain(f"No version was published. The notebooks, with the failure where it happened, "
                  f"are in {result.folder}.")
        raise typer.Exit(FAILED)
    if result.status == "already there":
        out.print(f"Nothing changed since this version: {result.page}", soft_wrap=True)
    else:
        out.print(f"Published: {result.page}", soft_wrap=True)


@app.command()
def check(dataset: DatasetOption = SAMPLE, rules: RulesOption = "") -> None:
    """Read the data only: rows read, kept, excluded, quarantined, and what looks odd."""
    from kamlib.dataset import open_dataset
    from kamlib.dataset.advice import explain_quarantine
    from kamlib.rules import load_rules
    from kamlib.session.sections import SECTIONS

    tolerance = load_rules(rules, sections=SECTIONS).data.quarantine_tolerance_share
    opened = open_dataset(dataset)
    _print_frame(opened.accounting, "Rows: read = kept + excluded + quarantined")
    _print_frame(opened.reasons, "Why rows were left out")
    for paragraph in explain_quarantine(opened):
        _say(paragraph)
    for row in opened.checks.itertuples():
        _say(f"{row.table}: {row.n:,} {row.message}")
    if len(opened.over_tolerance(tolerance)):
        _complain("More rows are broken than data.quarantine_tolerance_share allows; a run needs "
                  "--accept-quarantine.")
        raise typer.Exit(QUARANTINED)


@app.command("list")
def list_versions(reports: ReportsOption = REPORTS) -> None:
    """List the versions of the report store."""
    from kamlib.report.store import Store

    versions = Store(reports).versions()
    if not len(versions):
        out.print(f"There is no version in {reports} yet. Make one with: kam run")
        return
    _print_frame(versions.drop(columns=["fingerprint", "name"]), f"Versions in {reports}")


@app.command()
def init(files: Annotated[list[Path], typer.Argument(help="exports: CSV, text or Excel files")],
         to: Annotated[Path, typer.Option("--out", help="the dataset file to write")] = Path(
             "dataset.toml")) -> None:
    """Write a dataset file from a company's exports, with every guess said."""
    from kamlib.dataset.draft import init_dataset

    out.print(init_dataset(files, out=to), markup=False)


@app.command()
def template(to: Annotated[Path, typer.Option("--out", help="the workbook to write")] = Path(
        "kam_template.xlsx"), lang: LangOption = "en") -> None:
    """Write a workbook with one sheet for each table of the data dictionary."""
    from kamlib.dataset.template import write_template

    if to.exists():
        raise InputError(f"{to} exists already and is not overwritten. Give --out another name.")
    write_template(to, lang=lang)
    out.print(f"Wrote {to}. Fill the sheets you have, then: kam init {to}", soft_wrap=True)


@app.command()
def sample(to: Annotated[Path, typer.Option("--out", help="the folder to write into")] = Path(
               "sample"),
           seed: Annotated[int, typer.Option(help="seed of the simulation")] = 7,
           accounts: Annotated[int, typer.Option(help="number of accounts", min=20)] = 300) -> None:
    """Make a sample company from a seed: every table of the dictionary, with a dataset file."""
    from kamlib.sample import make_sample

    if to.exists() and any(to.iterdir()):
        raise InputError(f"{to} is not empty and is not overwritten. Give --out another folder.")
    made = make_sample(to, seed=seed, n_accounts=accounts)
    out.print(f"Wrote {made}. Next: kam run --dataset {to / 'dataset.toml'}", soft_wrap=True)


@app.command()
def audit(file: Annotated[Path, typer.Argument(help="a CSV, text or Excel file of numbers that a "
                                               "report quotes: label, quoted, kind, n, target …")],
          lang: LangOption = "en", rules: RulesOption = "",
          strict: Annotated[bool, typer.Option(
              "--strict", help="exit status 1 when a number does not add up")] = False) -> None:
    """Check whether quoted numbers add up; a flagged number is a finding, so the status is 0."""
    from kamlib.figures.audit import AUDIT_COLUMNS, read_audit
    from kamlib.labels import heading, label
    from kamlib.language import using
    from kamlib.rules import load_rules
    from kamlib.satisfaction import audit_figures, judge_figures, read_quoted_file
    from kamlib.session.sections import SECTIONS

    chosen = load_rules(rules, sections=SECTIONS)
    with using(lang):
        quoted, notes = read_quoted_file(file)
        checks = audit_figures(quoted, rules=chosen.audit,
                               label_scores=chosen.satisfaction.label_scores)
        figures = judge_figures(quoted, checks)
        for paragraph in (read_audit(figures), *notes):
            _say(paragraph)
        shown = checks[list(AUDIT_COLUMNS)].copy()
        for column in ("check", "verdict"):
            shown[column] = shown[column].map(label)
        _print_frame(shown.rename(columns=heading), str(file))
    if strict and figures["verdict"].isin(["does not add up", "different kinds"]).any():
        raise typer.Exit(FAILED)


class _Steps:
    """Shows what a run is doing: a spinner on a terminal, plain lines elsewhere."""

    WORDS = {"check": "reading and checking the data", "execute": "executing the notebooks",
             "render": "rendering and publishing"}

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=out, transient=True)
        self._task: Any = None

    def __enter__(self) -> _Steps:
        if out.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if out.is_terminal:
            self._progress.stop()

    def say(self, step: str) -> None:
        if not out.is_terminal:
            out.print(self.WORDS[step])
            return
        place = list(self.WORDS).index(step)
        if self._task is None:
            self._task = self._progress.add_task("", total=len(self.WORDS))
        self._progress.update(self._task, description=self.WORDS[step], completed=place)

    def done(self, outcome: Any) -> None:
        why = f" ({outcome.reason})" if outcome.reason else ""
        self._progress.console.print(
            f"  {outcome.chapter.slug}: {outcome.status}{why}, {outcome.seconds:.1f} s",
            markup=False)


def _print_frame(frame: Any, title: str) -> None:
    table = Table(title=title, title_justify="left")
    for name in frame.columns:
        is_number = frame[name].dtype.kind in "iuf"
        table.add_column(str(name), justify="right" if is_number else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{v:,}" if isinstance(v, int) else escape(str(v)) for v in row))
    if len(frame):
        out.print(table)


def _say(text: str) -> None:
    out.print(textwrap.fill(text, 100), markup=False, soft_wrap=True)


def _complain(text: str) -> None:
    err.print(textwrap.fill(text, 100), markup=False, soft_wrap=True)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command; a KamlibError becomes its paragraph and an exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    is_debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    sys.exit(_run(words, is_debug))


def _run(words: list[str], is_debug: bool) -> int:
    try:
        code = app(words, standalone_mode=False, prog_name="kam")
    except TyperException as error:
        _complain(f"{error} See: kam --help")
        return WRONG_INPUT
    except KamlibError as error:
        if is_debug:
            raise
        from kamlib.report.run import QuarantineError

        _complain(str(error))
        return QUARANTINED if isinstance(error, QuarantineError) else \
            WRONG_INPUT if isinstance(error, InputError) else FAILED
    if code == INTERRUPTED:  # what typer makes of Ctrl-C
        _complain("Interrupted: nothing was published.")
    return int(code or 0)
