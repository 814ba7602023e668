"""What every command shares: options, exit statuses, tables and paragraphs on a terminal."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WRONG_INPUT, FAILED, QUARANTINED, INTERRUPTED = 2, 1, 3, 130
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
PseudonymiseOption = Annotated[bool, typer.Option(
    "--pseudonymise", help="codes in the place of ids, names and free text")]
KeyOption = Annotated[str, typer.Option(
    "--key", help="the file with the key of the codes; without it KAM_PSEUDONYM_KEY, or a key made "
    "beside the dataset file")]
SAMPLE = Path("data/sample/dataset.toml")
REPORTS = Path("reports")


def print_frame(frame: Any, title: str) -> None:
    """Print a table, numbers to the right; nothing of an empty one."""
    table = Table(title=title, title_justify="left")
    for name in frame.columns:
        is_number = frame[name].dtype.kind in "iuf"
        table.add_column(str(name), justify="right" if is_number else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{v:,}" if isinstance(v, int) else escape(str(v)) for v in row))
    if len(frame):
        out.print(table)


def say(text: str) -> None:
    """Print a paragraph."""
    out.print(textwrap.fill(text, 100), markup=False, soft_wrap=True)


def complain(text: str) -> None:
    """Print a paragraph to the error stream."""
    err.print(textwrap.fill(text, 100), markup=False, soft_wrap=True)


def choose_key(dataset: Path, *, pseudonymise: bool, key_file: str) -> bytes:
    """Return the key of the codes, b"" where ids and names stay."""
    from kamlib.dataset.pseudonym_key import load_key
    from kamlib.errors import InputError

    if key_file and not pseudonymise:
        raise InputError("--key is for --pseudonymise, which was not given. Give both or neither.")
    return load_key(dataset, key_file=key_file) if pseudonymise else b""
