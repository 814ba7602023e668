"""The version before: what every new version is compared with when it is published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kamlib.errors import KamlibError, one_line
from kamlib.language import _, using
from kamlib.report.compare.page import changes_to_json, render_changes, render_no_changes
from kamlib.report.compare.pair import Version, read_version
from kamlib.report.compare.result import compare_versions
from kamlib.report.compare.wording import summarise_briefly
from kamlib.report.store import VERSION, Store

PAGE, DATA = "changes.html", "changes.json"


def find_predecessor(store: Store, manifest: Mapping[str, Any], number: int) -> Version | None:
    """Return the version before `number` of the same period, else the latest of the one before.

    Only a version that names accounts as this one does, by names or by codes of the same key.
    """
    home = store.root / manifest["dataset"]["id"]
    period, codes = manifest["period"], manifest.get("pseudonym_mark", "")
    same = [v for v in _versions(home / period["label"]) if v.number < number and v.codes == codes]
    if same:
        return same[-1]
    before = (period["previous_start"], period["previous_end"])
    for folder in sorted(path for path in home.glob("*") if path.is_dir()):
        found = [v for v in _versions(folder) if v.codes == codes]
        if found and (str(found[-1].start), str(found[-1].end)) == before:
            return found[-1]
    return None


def write_changes(version: Version, store: Store) -> list[str]:
    """Write changes.html and changes.json into a version that is about to be published.

    Returns the one or two sentences for its first page. A predecessor that cannot be read, or
    that has nothing in common with the version, is said and does not stop the publication.
    """
    with using(version.manifest["lang"]):
        try:
            return _write(version, store)
        except (KamlibError, OSError, ValueError, KeyError) as error:
            reason = str(error) if isinstance(error, KamlibError) else _(
                "The version before cannot be read ({error}). Hold its files against its manifest "
                "with: kam verify --no-run", error=one_line(error))
            _put(version, _nothing(version, reason), changes_to_json(None))
            return [_("What changed since the version before could not be told.")]


def _write(version: Version, store: Store) -> list[str]:
    old = find_predecessor(store, version.manifest, version.number)
    if old is None:
        _put(version, _nothing(version, _(
            "There is nothing to compare with: the store holds no earlier version of this period "
            "and none of the period before.")), changes_to_json(None))
        return [_("There is no earlier version to compare with.")]
    comparison = compare_versions(old, version)
    before = f"../v{old.number:03d}" if old.period == version.period else \
        f"../../{old.folder.parent.name}/{old.folder.name}"
    page = render_changes(comparison, lang=version.manifest["lang"], before=before)
    _put(version, page, changes_to_json(comparison))
    return summarise_briefly(comparison)


def _nothing(version: Version, reason: str) -> str:
    return render_no_changes(lang=version.manifest["lang"], name=version.name, reason=reason,
                             dataset_name=version.manifest["dataset"]["name"])


def _put(version: Version, page: str, content: str) -> None:
    (version.folder / PAGE).write_text(page, encoding="utf-8")
    (version.folder / DATA).write_text(content, encoding="utf-8")


def _versions(home: Path) -> list[Version]:
    """The versions of a period, by number."""
    folders = [path.parent for path in home.glob("v*/manifest.json")
               if VERSION.match(path.parent.name)]
    return sorted((read_version(folder) for folder in folders), key=lambda v: v.number)
