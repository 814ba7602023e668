"""Commands about data: init, check, template, sample, audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kamlib.cli.terminal import (
    FAILED,
    QUARANTINED,
    SAMPLE,
    DatasetOption,
    LangOption,
    PseudonymiseOption,
    RulesOption,
    complain,
    out,
    print_frame,
    say,
)
from kamlib.errors import InputError


def init(files: Annotated[list[Path], typer.Argument(help="exports: CSV, text or Excel files")],
         to: Annotated[Path, typer.Option("--out", help="the dataset file to write")] = Path(
             "dataset.toml")) -> None:
    """Write a dataset file from a company's exports, with every guess said."""
    from kamlib.dataset.draft import init_dataset

    out.print(init_dataset(files, out=to), markup=False)


def check(dataset: DatasetOption = SAMPLE, rules: RulesOption = "",
          pseudonymise: PseudonymiseOption = False) -> None:
    """Read the data only: rows read, kept, excluded, quarantined, and what looks odd.

    With --pseudonymise the paragraphs that quote the data are left out.
    """
    from kamlib.dataset import open_dataset
    from kamlib.dataset.advice import explain_quarantine
    from kamlib.rules import load_rules
    from kamlib.session.sections import SECTIONS

    tolerance = load_rules(rules, sections=SECTIONS).data.quarantine_tolerance_share
    opened = open_dataset(dataset)
    print_frame(opened.accounting, "Rows: read = kept + excluded + quarantined")
    print_frame(opened.reasons, "Why rows were left out")
    for paragraph in () if pseudonymise else explain_quarantine(opened):
        say(paragraph)
    for row in opened.checks.itertuples():
        say(f"{row.table}: {row.n:,} {row.message}")
    if len(opened.over_tolerance(tolerance)):
        complain("More rows are broken than data.quarantine_tolerance_share allows; a run needs "
                  "--accept-quarantine.")
        raise typer.Exit(QUARANTINED)


def template(to: Annotated[Path, typer.Option("--out", help="the workbook to write")] = Path(
        "kam_template.xlsx"), lang: LangOption = "en") -> None:
    """Write a workbook with one sheet for each table of the data dictionary."""
    from kamlib.dataset.template import write_template

    if to.exists():
        raise InputError(f"{to} exists already and is not overwritten. Give --out another name.")
    write_template(to, lang=lang)
    out.print(f"Wrote {to}. Fill the sheets you have, then: kam init {to}", soft_wrap=True)


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
            say(paragraph)
        shown = checks[list(AUDIT_COLUMNS)].copy()
        for column in ("check", "verdict"):
            shown[column] = shown[column].map(label)
        print_frame(shown.rename(columns=heading), str(file))
    if strict and figures["verdict"].isin(["does not add up", "different kinds"]).any():
        raise typer.Exit(FAILED)
