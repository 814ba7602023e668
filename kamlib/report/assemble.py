"""From executed notebooks to what is published: pages, tables, workbook, manifest."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from kamlib.dataset import Dataset
from kamlib.figures.table import WORKBOOK
from kamlib.labels import label
from kamlib.language import _, using
from kamlib.report.chapters import hash_sources
from kamlib.report.compare import Version
from kamlib.report.compare.predecessor import PAGE, write_changes
from kamlib.report.differences import list_differences, say_differences
from kamlib.report.execute import Outcome
from kamlib.report.methods import render_methods
from kamlib.report.pages import Chapter, PageMeta, render_first_page, render_index, render_sheet
from kamlib.report.release import describe_versions
from kamlib.report.render import render_chapter
from kamlib.report.store import Staging, Store, write_whole
from kamlib.report.workbook import write_workbook
from kamlib.session.handing_on import HANDOVER, read_handed_on
from kamlib.session.opening import PREPARED
from kamlib.session.parquet import write_parquet
from kamlib.session.request import Request, code_hash

SHEET = "sheet.html"  # the one that prints


@dataclass(frozen=True)
class Assembled:
    """Everything but what depends on the version's number; `finish` writes that."""

    staging: Staging
    request: Request
    dataset: Dataset
    outcomes: Sequence[Outcome]
    frames: dict[str, pd.DataFrame]
    meta: PageMeta
    manifest: dict[str, Any]

    def finish(self, number: int) -> None:
        """Write pages and manifest for version `number` (0: a failed run)."""
        content = self.staging.content
        meta = replace(self.meta, version=number, status="draft" if number else "failed")
        chapters = [_describe(outcome) for outcome in self.outcomes]
        codes = []
        shown = [c for c, o in zip(chapters, self.outcomes, strict=True) if o.status != "skipped"]
        for place, chapter in enumerate(shown):
            source = content / f"{chapter.slug}.ipynb"
            if not source.is_file():
                continue
            notebook = nbformat.read(source, as_version=4)
            codes.append((chapter, [cell.source for cell in notebook.cells
                                    if cell.cell_type == "code"]))
            page = render_chapter(
                notebook, slug=chapter.slug, title=chapter.title,
                meta=meta, previous=shown[place - 1] if place else None,
                following=shown[place + 1] if place + 1 < len(shown) else None)
            (content / f"{chapter.slug}.html").write_text(page, encoding="utf-8")
        numbered = {**self.manifest, "version": number}
        changes = write_changes(Version(content, numbered), self.staging.store) if number else []
        (content / "methods.html").write_text(render_methods(meta, codes), encoding="utf-8")
        (content / "index.html").write_text(
            self._first_page(meta, chapters, changes), encoding="utf-8")
        (content / SHEET).write_text(
            render_sheet(meta, **self._named(), recommendations=self._advice()), encoding="utf-8")
        manifest = {**numbered,
                    "published": datetime.now(UTC).isoformat(timespec="seconds"),
                    "outputs": _outputs(content)}
        (content / "manifest.json").write_text(
            json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")

    def _first_page(self, meta: PageMeta, chapters: Sequence[Chapter],
                    changes: Sequence[str]) -> str:
        accounting = self.dataset.accounting.assign(quarantine_path=[
            f"quarantine/{name}.csv" if n else "" for name, n in
            self.dataset.accounting[["table", "quarantined"]].itertuples(index=False)])
        rules = self.request.rules.to_frame()
        changed = rules[~rules["is_default"]]
        code = self.manifest["code"]
        provenance = {
            _("Program"): f"kamlib {code['kamlib']}"
            + (f", {code['commit'][:7]}" if code["commit"] else ""),
            _("Rules"): [f"{s}.{r} = {v}" for s, r, v in
                         changed[["section", "rule", "value"]].itertuples(index=False)]
            or _("defaults"),
            _("Fingerprint"): self.manifest["fingerprint"][:12],
            **({_("Names"): _("codes in the place of ids, names and free text")}
               if self.manifest.get("is_pseudonymised") else {}),
            _("Account level"): label(
                f"level_{self.request.rules.measures.account_level}"),
        }
        return render_first_page(
            meta, **self._named(), accounting=accounting, checks=self.dataset.checks,
            chapters=chapters, provenance=provenance, tables_href=WORKBOOK,
            sheet_href=SHEET, recommendations=self._advice(), changes=changes,
            changes_href=PAGE if changes else "",
            accounts_href=f"../v{meta.version:03d}.accounts/index.html" if meta.version else "")

    def _advice(self) -> pd.DataFrame | None:
        """What the overview recommends; None where there is no such notebook."""
        path = self.staging.content / "tables" / "recommendations.parquet"
        return pd.read_parquet(path) if path.is_file() else None

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of the accounts that have one."""
        accounts = self.dataset.tables["accounts"].select("account_id", "name").execute()
        return dict(accounts.dropna()[["account_id", "name"]].itertuples(index=False))

    def _named(self) -> dict[str, pd.DataFrame]:
        """The handed-on tables, with accounts named."""
        attention = self.frames["attention"]
        attention = attention.assign(account_name=[
            self.names.get(a, "") for a in attention["account_id"]])
        return {**self.frames, "attention": attention}


def _describe(outcome: Outcome) -> Chapter:
    chapter = outcome.chapter
    reason = outcome.reason
    if outcome.status == "skipped":
        reason = _("the data set has no table {table}", table=outcome.reason)
    return Chapter(slug=chapter.slug, title=label(chapter.slug), question=chapter.title,
                   status=outcome.status, reason=reason)


def assemble(staging: Staging, request: Request, dataset: Dataset, outcomes: Sequence[Outcome], *,
             fingerprint: str, lang: str, reason: str, parameters: dict[str, Any],
             predecessor: dict[str, Any] | None = None) -> Assembled:
    """Gather what the notebooks handed on and write tables and workbook.

    predecessor: manifest of the version before; a later version that gives no reason states
    what changed since.
    """
    content = staging.content
    tables = content / "tables"
    tables.mkdir(exist_ok=True)
    prepared = content / PREPARED
    for name in ("account_facts", "account_months"):
        shutil.copyfile(prepared / "facts" / f"{name}.parquet", tables / f"{name}.parquet")
    if any((prepared / "quarantine").iterdir()):
        shutil.copytree(prepared / "quarantine", content / "quarantine")
    _publish_names(prepared, tables)
    frames = read_handed_on(content / HANDOVER)
    for kind, frame in frames.items():
        write_parquet(frame, content / f"{kind}.parquet")
    with using(lang):
        write_workbook(tables, to=content / WORKBOOK)
    context = json.loads((prepared / "context.json").read_text(encoding="utf-8"))
    shutil.rmtree(prepared)
    shutil.rmtree(content / HANDOVER, ignore_errors=True)
    manifest = _manifest(context, dataset, outcomes, fingerprint=fingerprint, lang=lang,
                         reason=reason, parameters=parameters)
    if predecessor and not reason:
        with using(lang):
            reason = say_differences(list_differences(predecessor, manifest)) or _(
                "made again, with nothing changed")
        manifest["reason"] = reason
    period = request.period
    meta = PageMeta(
        dataset_name=request.file.name, dataset_id=request.file.id, period_label=period.label,
        period_start=period.start, period_end=period.end, as_of=period.as_of,
        is_open=request.is_open, version=0, status="draft", reason=reason, lang=lang,
        currency=request.file.currency, generated_by=f"kamlib {version('kamlib')}")
    return Assembled(staging, request, dataset, outcomes, frames, meta, manifest)


def _publish_names(prepared: Path, tables: Path) -> None:
    """Publish the names of the accounts: later comparisons have only what was published."""
    accounts = pd.read_parquet(prepared / "tables" / "accounts.parquet")
    if "name" in accounts:
        write_parquet(accounts[["account_id", "name"]].dropna(), tables / "account_names.parquet")


def _manifest(context: dict[str, Any], dataset: Dataset, outcomes: Sequence[Outcome], *,
              fingerprint: str, lang: str, reason: str, parameters: dict[str, Any],
              ) -> dict[str, Any]:
    return {
        "schema_version": 1, **context, "fingerprint": fingerprint, "lang": lang,
        "reason": reason, "parameters": parameters,
        "accounting": dataset.accounting.to_dict("records"),
        "reasons": dataset.reasons.to_dict("records"),
        "checks": dataset.checks.to_dict("records"),
        "code": {"kamlib": version("kamlib"), "sha256": code_hash(),
                 "commit": _git("rev-parse", "HEAD"),
                 "is_changed": bool(_git("status", "--porcelain"))},
        "environment": {"python": platform.python_version(), "platform": platform.system(),
                        "packages": {d.name: d.version for d in distributions()}},
        "notebooks": [{"slug": o.chapter.slug, "status": o.status, "reason": o.reason,
                       "seconds": round(o.seconds, 2),
                       "sha256": hash_sources(o.chapter.path)}
                      for o in outcomes],
        "period": {**context["period"]},
    }


def _git(*words: str) -> str:
    """Ask git about the checkout that kamlib runs from; "" when it is none."""
    folder = Path(__file__).resolve().parents[2]
    try:
        found = subprocess.run(["git", "-C", str(folder), *words], capture_output=True,  # noqa: S603, S607
                               text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def _outputs(content: Path) -> dict[str, dict[str, Any]]:
    return {path.relative_to(content).as_posix():
            {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
            for path in sorted(content.rglob("*")) if path.is_file()}


def write_index(store: Store, *, lang: str) -> None:
    """Write reports/index.html anew: every data set, period and version."""
    with using(lang):
        write_whole(store.root / "index.html", render_index(describe_versions(store)))
