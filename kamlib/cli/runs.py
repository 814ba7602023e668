"""Commands that make reports: run, accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kamlib.cli.progress import Pages, Steps
from kamlib.cli.terminal import (
    FAILED,
    REPORTS,
    SAMPLE,
    DatasetOption,
    KeyOption,
    LangOption,
    PeriodOption,
    PseudonymiseOption,
    ReportsOption,
    RulesOption,
    choose_key,
    complain,
    out,
)


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
        pseudonymise: PseudonymiseOption = False, key: KeyOption = "",
        jobs: Annotated[int, typer.Option(help="notebooks at a time", min=1, max=8)] = 2) -> None:
    """Check, execute, render and publish a period's report."""
    from kamlib.report.run import Options, default_notebooks, run_report

    options = Options(
        reports=reports, notebooks=Path(notebooks).resolve() if notebooks else default_notebooks(),
        lang=lang, allow_open=allow_open, accept_quarantine=accept_quarantine, force=force,
        reason=reason, parameters=tuple(parameter or ()), n_kernels=jobs,
        key=choose_key(dataset, pseudonymise=pseudonymise, key_file=key))
    with Steps() as steps:
        result = run_report(dataset, period=period, rules=rules, options=options,
                            say=steps.say, done=steps.done)
    if result.status == "failed":
        failed = [o for o in result.outcomes if o.status not in ("ok", "skipped")]
        for outcome in failed:
            complain(f"{outcome.chapter.slug} {outcome.status}: {outcome.reason}.")
        complain(f"No version was published. The notebooks, with the failure where it happened, "
                  f"are in {result.folder}.")
        raise typer.Exit(FAILED)
    if result.status == "already there":
        out.print(f"Nothing changed since this version: {result.page}", soft_wrap=True)
    else:
        out.print(f"Published: {result.page}", soft_wrap=True)


def accounts(account: Annotated[list[str] | None, typer.Argument(
                 help="ids of the accounts, as in the data")] = None,
             tier: Annotated[str, typer.Option(help="all of a tier: core, important or general")]
             = "",
             all_accounts: Annotated[bool, typer.Option("--all", help="every account")] = False,
             audience: Annotated[str, typer.Option(
                 help="internal, or customer for the edition that is handed over")] = "internal",
             dataset: DatasetOption = SAMPLE, period: PeriodOption = "latest",
             rules: RulesOption = "", reports: ReportsOption = REPORTS, lang: LangOption = "en",
             notebooks: Annotated[str, typer.Option(help="the folder of the notebooks")] = "",
             force: Annotated[bool, typer.Option(
                 "--force", help="make the pages although nothing changed")] = False,
             pseudonymise: PseudonymiseOption = False, key: KeyOption = "",
             jobs: Annotated[int, typer.Option(help="pages at a time", min=1, max=8)] = 2) -> None:
    """Make one page for each chosen account, beside the period's latest report."""
    from kamlib.report.accounts import AccountOptions, Choice, run_accounts
    from kamlib.report.run import default_notebooks

    options = AccountOptions(
        reports=reports, notebooks=Path(notebooks).resolve() if notebooks else default_notebooks(),
        audience=audience, lang=lang, force=force, n_kernels=jobs,
        key=choose_key(dataset, pseudonymise=pseudonymise, key_file=key))
    choice = Choice(tier, tuple(account or ()), all_accounts)
    with Pages() as pages:
        result = run_accounts(dataset, period=period, rules=rules, choice=choice, options=options,
                              say=pages.say)
    if result.status == "failed":
        for account_id, why in list(result.failed.items())[:5]:
            complain(f"{account_id}: {why}")
        complain(f"{len(result.failed)} of {result.n_pages} pages failed, so none was changed. "
                  f"Their notebooks are in {result.folder}.")
        raise typer.Exit(FAILED)
    words = "Nothing changed since these" if result.status == "already there" else "Made"
    out.print(f"{words} account pages ({result.n_pages}): {result.page}", soft_wrap=True)
