"""Words on a command line to the functions that do the work; errors as one paragraph."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from kamlib.cli import data, runs, versions
from kamlib.cli.terminal import FAILED, INTERRUPTED, QUARANTINED, WRONG_INPUT, complain
from kamlib.errors import InputError, KamlibError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Key account workbench: check data, run period reports, list versions.")
for _command in (runs.run, data.check, versions.list_versions, versions.review, versions.release,
                 versions.verify, versions.compare, data.init, data.template, data.sample,
                 data.audit, runs.accounts):
    app.command(_command.__name__.split("_")[0])(_command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command; a KamlibError becomes its paragraph and an exit status."""
    # Half a command is imports, which leave nothing behind that had to be looked for.
    gc.set_threshold(50_000, 20, 20)
    words = list(sys.argv[1:] if arguments is None else arguments)
    is_debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    sys.exit(run_words(words, is_debug))


def run_words(words: list[str], is_debug: bool = False) -> int:
    """Run a command and return its exit status."""
    try:
        code = app(words, standalone_mode=False, prog_name="kam")
    except TyperException as error:
        complain(f"{error} See: kam --help")
        return WRONG_INPUT
    except KamlibError as error:
        if is_debug:
            raise
        from kamlib.report.run import QuarantineError

        complain(str(error))
        return QUARANTINED if isinstance(error, QuarantineError) else \
            WRONG_INPUT if isinstance(error, InputError) else FAILED
    if code == INTERRUPTED:  # what typer makes of Ctrl-C
        complain("Interrupted: nothing was published.")
    return int(code or 0)
