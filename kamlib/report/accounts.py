"""One page for each chosen account, beside a published version; all of them or none.

The pages of a version v001 lie in `v001.accounts/`, one folder an edition, since a published
version is never changed; its first page links there. The notebook of the account review is the
only source of a page: for the customer its internal cells are left out before anything runs.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat import NotebookNode

from kamlib import language
from kamlib.errors import InputError, KamlibError, did_you_mean
from kamlib.language import fmt_list
from kamlib.report.account_index import PLAIN, about_of, pages_of, write_account_index
from kamlib.report.chapters import find_chapters, read_declared
from kamlib.report.execute import translate_prose
from kamlib.report.kept import run_kept
from kamlib.report.layout import PageMeta
from kamlib.report.nursery import N_WORTHWHILE, open_nursery
from kamlib.report.render import render_account
from kamlib.report.run import fingerprint_run
from kamlib.report.store import Staging, Store, read_manifest, told_when_full, write_whole
from kamlib.report.watchdog import guard_kernels, interruptible
from kamlib.review import check_audience
from kamlib.segmentation import TIERS, score_tiers
from kamlib.session.opening import PREPARED, find_prepared, open_report
from kamlib.session.report import Report
from kamlib.session.request import Request, build_request

NOTEBOOK = "09_account_review"
# Names that Windows keeps for devices.
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


@dataclass(frozen=True)
class Choice:
    """Which accounts get a page: those of a tier, those named, or all."""

    tier: str = ""
    account_ids: tuple[str, ...] = ()
    all_accounts: bool = False


@dataclass(frozen=True)
class AccountOptions:
    """How the pages are made; nothing here changes a number."""

    reports: Path
    notebooks: Path
    audience: str = "internal"
    lang: str = "en"
    force: bool = False
    n_kernels: int = 2
    timeout_s: int = 300
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class AccountsResult:
    """What came of it: published, already there, or failed with the reason of each page."""

    status: str
    folder: Path
    n_pages: int
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def page(self) -> Path:
        """The list of the pages."""
        return self.folder.parent / "index.html"


Progress = Callable[[int, int], None]


def run_accounts(dataset: str | Path, *, period: str, rules: str | Path, choice: Choice,
                 options: AccountOptions, say: Progress = lambda n_done, n_all: None
                 ) -> AccountsResult:
    """Make a page for each chosen account beside the period's latest version.

    say: told after each page how many of how many are done. Raises InputError for an unknown
    account or tier, and where the latest version does not hold today's data, rules and code: its
    pages would contradict it. A page that fails leaves the pages there were, and says why.
    """
    language.use(options.lang)
    check_audience(options.audience)
    request = build_request(dataset, period=period, rules=rules, allow_open=True,
                            key=options.key)
    if request.pseudonyms:
        choice = replace(choice, account_ids=tuple(map(request.pseudonyms.code,
                                                       choice.account_ids)))
    store = Store(options.reports)
    home = _latest(store, request, options)
    notebook = _read_notebook(options.notebooks)
    if not choice.account_ids or len(choice.account_ids) >= N_WORTHWHILE:
        open_nursery(N_WORTHWHILE)  # it imports while the data is opened
    folder = pages_of(home) / options.audience
    staging = store.begin()
    try:
        with interruptible(), guard_kernels(), told_when_full(store):
            shutil.copytree(find_prepared(request), staging.content / PREPARED)
            company = open_report(dataset, period=request.period.label, rules=rules,
                                  out=staging.content, lang=options.lang)
            chosen = choose_accounts(company, choice)
            about = _describe(home, notebook, chosen, options)
            if not options.force and _holds(folder, about):
                return AccountsResult("already there", folder, len(chosen))
            return _make(request, notebook, company, chosen, about, folder, staging, options, say)
    finally:
        shutil.rmtree(staging.folder, ignore_errors=True)


def choose_accounts(company: Report, choice: Choice) -> pd.DataFrame:
    """Return the chosen accounts, the largest sales first: account_id, tier, net_amount_window.

    Raises InputError for a tier or account that there is not, or when nothing is chosen.
    """
    tiers = score_tiers(company.facts, rules=company.rules.segmentation)
    table = company.facts[["account_id", "net_amount_window"]].merge(
        tiers[["account_id", "tier"]], on="account_id", how="left")
    if choice.tier:
        if choice.tier not in TIERS:
            raise InputError(f"There is no tier {choice.tier!r}.{did_you_mean(choice.tier, TIERS)} "
                             f"Give one of: {', '.join(TIERS)}.")
        table = table[table["tier"] == choice.tier]
    elif choice.account_ids:
        for account_id in choice.account_ids:
            company.for_account(account_id)  # refuses an unknown one with the nearest id
        table = table[table["account_id"].isin(choice.account_ids)]
    elif not choice.all_accounts:
        raise InputError("No account is chosen. Name accounts, or give --tier core, or --all.")
    if table.empty:
        raise InputError(f"No account is of the tier {choice.tier!r} in {company.period.label}. "
                         "Choose another tier, or name accounts.")
    return table.sort_values(["net_amount_window", "account_id"], ascending=[False, True],
                             ignore_index=True)


def name_pages(account_ids: Sequence[str]) -> dict[str, str]:
    """Return a file name for each account: safe on every disk, never two alike.

    An id of plain letters, digits, - and _ is its own name; any other gets its plain part and the
    beginning of its hash.

    >>> name_pages(["0132", "../x"])
    {'0132': '0132.html', '../x': 'x-d6b96a97.html'}
    """
    plain = {a: "".join(c for c in a if c in PLAIN)[:40] for a in account_ids}
    seen = Counter(name.casefold() for name in plain.values())
    names = {}
    for account_id, name in plain.items():
        is_safe = (name == account_id and seen[name.casefold()] == 1
                   and name.casefold() not in DEVICES)
        mark = hashlib.sha256(account_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        names[account_id] = f"{name}.html" if is_safe else f"{name or 'account'}-{mark}.html"
    return names


def for_audience(notebook: NotebookNode, audience: str) -> NotebookNode:
    """Leave out the cells tagged `internal`, prose and code, from the customer's edition."""
    if audience == "customer":
        notebook.cells = [cell for cell in notebook.cells
                          if "internal" not in cell.metadata.get("tags", [])]
    return notebook


def _latest(store: Store, request: Request, options: AccountOptions) -> Path:
    found = store.latest(request.file.id, request.period.label)
    if found is None:
        raise InputError(f"There is no report of {request.period.label} in {store.root} to put "
                         "account pages beside. Make one first with: kam run")
    manifest = read_manifest(found)
    fingerprint = fingerprint_run(request, find_chapters(options.notebooks),
                                  manifest["parameters"], manifest["lang"])
    if fingerprint != manifest["fingerprint"]:
        raise InputError(f"The latest report of {request.period.label} ({found.name}) was made of "
                         "other data, rules or code than there are today, so account pages beside "
                         "it would contradict it. Make a new version first with: kam run")
    return found


def _read_notebook(folder: Path) -> NotebookNode:
    path = folder / f"{NOTEBOOK}.ipynb"
    if not path.is_file():
        raise InputError(f"There is no notebook {path.name} in {folder}. Give --notebooks the "
                         "folder that holds it.")
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    missing = {"account", "audience"} - set(read_declared(notebook, path.name))
    if missing:
        raise InputError(f"The notebook {path.name} does not declare {fmt_list(sorted(missing))} "
                         "in its parameters cell.")
    return notebook


def _describe(home: Path, notebook: NotebookNode, chosen: pd.DataFrame, options: AccountOptions
              ) -> dict[str, Any]:
    """All that the pages depend on, and which there are."""
    sources = json.dumps([[c.cell_type, c.source, c.metadata.get("tags", [])]
                          for c in notebook.cells])
    return {"version": home.name, "fingerprint": read_manifest(home)["fingerprint"],
            "notebook": hashlib.sha256(sources.encode()).hexdigest(), "lang": options.lang,
            "audience": options.audience, "kamlib": version("kamlib"),
            "accounts": name_pages(list(chosen["account_id"]))}


def _holds(folder: Path, about: dict[str, Any]) -> bool:
    try:
        there = json.loads(about_of(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return {name: there.get(name) for name in about} == about


def _make(request: Request, notebook: NotebookNode, company: Report, chosen: pd.DataFrame,
          about: dict[str, Any], folder: Path, staging: Staging, options: AccountOptions,
          say: Progress) -> AccountsResult:
    pages, failed, made = staging.work / options.audience, {}, []
    pages.mkdir()
    meta = _meta(request, folder, options)
    clean = _prepare(notebook, options, request, staging)

    def done(account_id: str, executed: NotebookNode, why: str) -> None:
        if why:
            failed[account_id] = why
            nbformat.write(executed, staging.work / f"{about['accounts'][account_id]}.ipynb")
        else:
            name = company.names.get(account_id, account_id)
            html = render_account(executed, name=name, audience=options.audience, meta=meta)
            (pages / about["accounts"][account_id]).write_text(html, encoding="utf-8")
        made.append(account_id)
        say(len(made), len(chosen))

    jobs = ((a, clean(a)) for a in chosen["account_id"])  # one at a time: they are kept nowhere
    run_kept(jobs, folder=options.notebooks, done=done,
             n_kernels=min(options.n_kernels, len(chosen)), timeout_s=options.timeout_s)
    if failed:
        kept = _keep_failed(staging, options, request)
        return AccountsResult("failed", kept, len(chosen), dict(sorted(failed.items())))
    listed = _list_accounts(company, chosen, about)
    hashes = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(pages.iterdir())}
    # Beside the folder, not in it: the customer's folder holds nothing but the customers' pages.
    record = about_of(folder)
    record.unlink(missing_ok=True)
    _swap(pages, folder)
    write_whole(record, json.dumps({**about, "sha256": hashes, "listed": listed}, indent=1,
                                   sort_keys=True, ensure_ascii=False))
    write_account_index(folder.parent.with_name(about["version"]), lang=options.lang,
                        names=company.names)
    return AccountsResult("published", folder, len(chosen))


def _prepare(notebook: NotebookNode, options: AccountOptions, request: Request, staging: Staging
             ) -> Callable[[str], NotebookNode]:
    """Return what makes the notebook of one account: its edition, language and parameters."""
    text = nbformat.writes(translate_prose(for_audience(notebook, options.audience),
                                           slug=NOTEBOOK, lang=options.lang))
    values = {"dataset": "", "period": request.period.label, "rules": "",
              "out": str(staging.content.resolve()), "lang": options.lang,
              "audience": options.audience}

    def build(account_id: str) -> NotebookNode:
        made: NotebookNode = nbformat.reads(text, as_version=4)
        place = next(i for i, cell in enumerate(made.cells)
                     if "parameters" in cell.metadata.get("tags", []))
        # repr() writes any text, hostile or Chinese, as a literal that a reader can read.
        source = "\n".join(f"{k} = {v!r}" for k, v in {**values, "account": account_id}.items())
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
        made.cells.insert(place + 1, cell)
        for code in made.cells:
            if code.cell_type == "code":
                code.outputs, code.execution_count = [], None
        return made

    return build


def _meta(request: Request, folder: Path, options: AccountOptions) -> PageMeta:
    number = int(folder.parent.name.removesuffix(".accounts").removeprefix("v"))
    period = request.period
    return PageMeta(
        dataset_name=request.file.name, dataset_id=request.file.id, period_label=period.label,
        period_start=period.start, period_end=period.end, as_of=period.as_of,
        is_open=request.is_open, version=number, status="draft", reason="", lang=options.lang,
        currency=request.file.currency, generated_by=f"kamlib {version('kamlib')}")


def _keep_failed(staging: Staging, options: AccountOptions, request: Request) -> Path:
    target = (options.reports / "failed"
              / f"{request.file.id}.{request.period.label}.accounts.{staging.folder.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(staging.work / options.audience, ignore_errors=True)
    staging.work.rename(target)
    return target


def _swap(pages: Path, folder: Path) -> None:
    """Put the new pages in the place of the old ones; a reader never finds half of them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    old = pages.with_name(f"{pages.name}.old")
    try:
        if folder.exists():
            folder.rename(old)
        pages.rename(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise KamlibError(f"The account pages cannot be put into {folder} ({error.strerror}). "
                          "Close what holds them open and run again.") from error


def _list_accounts(company: Report, chosen: pd.DataFrame, about: dict[str, Any]
                   ) -> list[dict[str, Any]]:
    known = company.accounts[["account_id", "owner_id"]]
    owners: dict[str, str] = dict(known.itertuples(index=False))
    return [{"account_id": a, "name": company.names.get(a, a), "owner": owners.get(a, ""),
             "tier": tier if isinstance(tier, str) else "",
             "amount": None if pd.isna(amount) else round(float(amount), 2),
             "file": about["accounts"][a]}
            for a, amount, tier in chosen[["account_id", "net_amount_window", "tier"]].itertuples(
                index=False)]
