"""What may have moved a number between two versions: inputs, rules, code, packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kamlib.language import _, fmt_list, join_items

INPUT, RULE, CODE, PACKAGE, PARAMETER = "input", "rule", "code", "package", "parameter"
DIFFERENCE_COLUMNS = ["kind", "name", "was", "is_now"]
ABSENT = ""
N_NAMED = 5  # of what changed are named in the reason of a version


def list_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> pd.DataFrame:
    """Compare two manifests (of `read_manifest`), or a manifest and what a run would use.

    Returns one row a difference, sorted: kind (input: a table's files; rule; code: kamlib or a
    notebook; package; parameter: period, language, further parameters), name, was, is_now (texts;
    of files and code the first twelve digits of their hash; "" where there is none).
    """
    pairs = [(kind, read(old), read(new)) for kind, read in READERS.items()]
    rows = [{"kind": kind, "name": name, "was": was.get(name, ABSENT),
             "is_now": now.get(name, ABSENT)}
            for kind, was, now in pairs for name in sorted({*was, *now})
            if was.get(name, ABSENT) != now.get(name, ABSENT)]
    return pd.DataFrame(rows, columns=DIFFERENCE_COLUMNS).astype("str")


def say_differences(differences: pd.DataFrame) -> str:
    """One line: what is another than before, for the reason of a later version.

    A rule that only one of both programs knows came or went with the program, and is not named.
    """
    is_known = (differences["kind"] != RULE) | (
        (differences["was"] != ABSENT) & (differences["is_now"] != ABSENT))
    named = {kind: fmt_list(rows["name"], most=N_NAMED)
             for kind, rows in differences[is_known].groupby("kind", sort=False)}
    said = []
    if INPUT in named:
        said.append(_("data changed: {tables}", tables=named[INPUT]))
    if RULE in named:
        said.append(_("rules changed: {rules}", rules=named[RULE]))
    if CODE in named:
        said.append(_("program changed: {parts}", parts=named[CODE]))
    if PARAMETER in named:
        said.append(_("other parameters: {names}", names=named[PARAMETER]))
    return join_items(said)


def _inputs(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {table: " ".join(file["sha256"][:12] for file in files)
            for table, files in manifest["files"].items()}


def _rules(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {f"{section}.{name}": str(value) for section, values in manifest["rules"].items()
            for name, value in values.items()}


def _code(manifest: Mapping[str, Any]) -> dict[str, str]:
    parts = {notebook["slug"]: notebook["sha256"][:12] for notebook in manifest["notebooks"]}
    return parts | {"kamlib": str(manifest["code"].get("sha256", ""))[:12]}


def _packages(manifest: Mapping[str, Any]) -> dict[str, str]:
    environment = manifest["environment"]
    return {**environment["packages"], "python": environment["python"]}


def _parameters(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {"period": manifest["period"]["label"], "lang": manifest["lang"],
            **{name: str(value) for name, value in manifest["parameters"].items()}}


READERS = {INPUT: _inputs, RULE: _rules, CODE: _code, PACKAGE: _packages, PARAMETER: _parameters}
