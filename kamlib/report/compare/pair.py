"""Two versions to compare: what each published, and whether they can stand beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.errors import InputError
from kamlib.language import _
from kamlib.report.differences import CODE, RULE, list_differences
from kamlib.report.layout import describe_period
from kamlib.report.store import read_manifest


@dataclass(frozen=True)
class Version:
    """A version, or what is about to become one: its folder and its manifest."""

    folder: Path
    manifest: Mapping[str, Any]

    def table(self, name: str) -> pd.DataFrame:
        """A published table; one without rows or columns when it was not published."""
        path = self.folder / "tables" / f"{name}.parquet"
        return pd.read_parquet(path) if path.is_file() else pd.DataFrame()

    @property
    def metrics(self) -> pd.DataFrame:
        """What the notebooks handed on as numbers, one row a metric."""
        return pd.read_parquet(self.folder / "metrics.parquet")

    @property
    def start(self) -> date:
        """First day of the period."""
        return date.fromisoformat(self.manifest["period"]["start"])

    @property
    def end(self) -> date:
        """Last day of the period; nothing later was known to the version."""
        return date.fromisoformat(self.manifest["period"]["end"])

    @property
    def known_until(self) -> date:
        """Last day that was closed when the version was made, and that it looked at."""
        return min(self.end, date.fromisoformat(self.manifest["dataset"]["complete_until"]))

    @property
    def period(self) -> str:
        """The period as the calendar writes it."""
        return str(self.manifest["period"]["label"])

    @property
    def number(self) -> int:
        """Its number among the versions of the period."""
        return int(self.manifest["version"])

    @property
    def codes(self) -> str:
        """Tells the key of a pseudonymised version's codes; "" for a version with names."""
        return str(self.manifest.get("pseudonym_mark", ""))

    @property
    def name(self) -> str:
        """Period and number in words, in the language in use."""
        return _("{period}, version {version}", version=self.number,
                 period=describe_period(self.period, self.start, self.end))


@dataclass(frozen=True)
class Pair:
    """The older and the newer version, and what may have moved a number between them."""

    old: Version
    new: Version
    differences: pd.DataFrame

    @property
    def is_same_period(self) -> bool:
        """Both answer for the same days, so that time alone can have moved nothing."""
        return (self.old.start, self.old.end) == (self.new.start, self.new.end)

    @property
    def is_time_out(self) -> bool:
        """Nothing new can have happened: the same period, closed when the old one was made."""
        return self.is_same_period and not self.old.manifest["is_open"]

    @property
    def closed_until(self) -> date:
        """Last day that both knew as closed: whatever changes up to it is restated."""
        return min(self.old.known_until, self.new.known_until)

    @property
    def rules(self) -> list[str]:
        """The rules that differ, as section.rule."""
        return list(self.differences.loc[self.differences["kind"] == RULE, "name"])

    @property
    def code(self) -> list[str]:
        """What of the program differs: kamlib, or notebooks by name."""
        return list(self.differences.loc[self.differences["kind"] == CODE, "name"])


def read_version(folder: Path) -> Version:
    """Read a published version."""
    return Version(folder, read_manifest(folder))


def pair_versions(old: Version, new: Version) -> Pair:
    """Put two versions beside each other.

    Raises InputError for one version twice, for two data sets, for names beside codes, and for
    two currencies or ways of counting tax: they have nothing in common.
    """
    was, now = old.manifest["dataset"], new.manifest["dataset"]
    if old.folder.resolve() == new.folder.resolve():
        raise InputError(f"Both words name the same version, {old.folder}. Give two that differ, "
                         "as kam list shows them.")
    if was["id"] != now["id"]:
        raise InputError(f"The versions are of two data sets, {was['id']!r} and {now['id']!r}. "
                         "Only versions of one data set are compared; give two of the same.")
    if old.codes != new.codes:
        raise InputError("The versions name accounts in two ways: by names or codes, or by codes "
                         "of two keys. Compare two that were made the same way: names would show "
                         "beside codes, and no account would be found again.")
    for key in ("currency", "tax"):
        if was[key] != now[key]:
            raise InputError(f"The versions count money in two ways: {key} was {was[key]!r} and is "
                             f"now {now[key]!r}. Publish the older period again with today's "
                             "dataset file, then compare.")
    return Pair(old, new, list_differences(old.manifest, new.manifest))
