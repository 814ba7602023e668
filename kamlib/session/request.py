"""What a report is asked for, and the fingerprint of all that can influence its numbers.

Light, since every command begins here and most of them find that nothing changed: no engine is
imported.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

from kamlib.dataset import DatasetFile, load_dataset_file
from kamlib.dataset.fingerprint import fingerprint_sources
from kamlib.dataset.pseudonym_key import Pseudonyms
from kamlib.errors import InputError
from kamlib.language import fmt_date
from kamlib.period import Period, latest_period, parse_period
from kamlib.rules import Rules, load_rules
from kamlib.session.sections import SECTIONS

# What of kamlib's own files makes another report when it changes.
SOURCES = (".py", ".pyi", ".toml", ".csv", ".po", ".css", ".html", ".j2")


@dataclass(frozen=True)
class Request:
    """What a report is asked for, checked: data set, period and rules."""

    file: DatasetFile
    period: Period
    rules: Rules
    is_open: bool
    pseudonyms: Pseudonyms | None = None

    @cached_property
    def sources(self) -> dict[str, list[str]]:
        """Fingerprints of what the tables are read from; an engine's tables are read for them."""
        return fingerprint_sources(self.file)

    def fingerprint(self) -> str:
        """SHA-256 of all that can influence a number: files, mapping, period, rules, code."""
        content = {"dataset": self.file.model_dump(mode="json", exclude={"folder"}),
                   "sources": self.sources, "period": self.period.label,
                   "is_open": self.is_open, "rules": self.rules.to_dict(), "code": code_hash()}
        if self.pseudonyms:
            content["pseudonyms"] = self.pseudonyms.mark
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def build_request(dataset: str | Path, *, period: str, rules: str | Path | Rules = "",
                  allow_open: bool = False, key: bytes = b"") -> Request:
    """Check the three parameters of a report.

    period: as `parse_period` reads it, or "latest" for the latest closed one of the size that
    the rules name; key: makes codes of ids, names and texts, b"" keeps them. Raises InputError for
    a wrong file, rule or period, for a period before the known history, and, unless `allow_open`,
    for one that the data does not cover to its end.
    """
    file = load_dataset_file(dataset)
    checked = rules if isinstance(rules, Rules) else load_rules(rules, sections=SECTIONS)
    start_month = checked.period.fiscal_year_start_month
    latest = latest_period(file.complete_until, size=checked.period.latest,
                           fiscal_year_start_month=start_month)
    span = latest if period == "latest" else parse_period(
        period, fiscal_year_start_month=start_month)
    if span.end < file.history_from:
        raise InputError(f"The period {span.label} ends on {fmt_date(span.end)}, before the known "
                         f"history begins on {fmt_date(file.history_from)} (history_from in the "
                         f"dataset file). Choose a later period; the latest closed one is "
                         f"{latest.label}.")
    is_open = span.end > file.complete_until
    if is_open and (not allow_open or span.start > file.complete_until):
        raise InputError(f"The period {span.label} is not closed: it ends on {fmt_date(span.end)}, "
                         f"but the data is complete only until {fmt_date(file.complete_until)} "
                         f"(complete_until in the dataset file). Choose {latest.label}, or give "
                         "--allow-open to report on an unfinished period, marked as such.")
    pseudonyms = Pseudonyms(key, checked.data.min_cell_accounts) if key else None
    return Request(file, span, checked, is_open, pseudonyms)


@cache
def code_hash() -> str:
    """SHA-256 over kamlib's own source: changed code makes another report."""
    digest = hashlib.sha256()
    root = Path(str(files("kamlib")))
    for path in sorted(root.rglob("*")):
        if path.suffix in SOURCES and path.is_file():
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
