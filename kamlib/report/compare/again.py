"""Further runs on today's data, which split off what published tables alone do not tell.

A run executes only the notebooks that hand on a headline number, renders nothing, and leaves
nothing behind. The old program runs in a process of its own, from a worktree of its commit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.dataset import load_dataset_file
from kamlib.dataset.fingerprint import fingerprint_sources
from kamlib.dataset.pseudonym_key import load_key
from kamlib.errors import InputError, KamlibError
from kamlib.report.chapters import check_parameters, find_chapters, hash_sources
from kamlib.report.compare.pair import Pair, Version
from kamlib.report.compare.parts import CODE, RESTATED, RULES, Again
from kamlib.report.compare.result import Comparison, compare_versions
from kamlib.report.execute import run_chapters
from kamlib.report.store import Store
from kamlib.rules import build_rules, keep_known
from kamlib.session.handing_on import HANDOVER, read_handed_on
from kamlib.session.opening import PREPARED
from kamlib.session.prepare import prepare
from kamlib.session.request import build_request, code_hash
from kamlib.session.sections import SECTIONS

COMMAND = "import sys; from kamlib.cli import main; main(sys.argv[1:])"
ROOT = Path(__file__).resolve().parents[3]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Workshop:
    """What further runs are made with: the data set, today's notebooks, kernels at a time."""

    dataset: Path
    notebooks: Path
    n_kernels: int = 2
    say: Say = lambda text: None


def split_further(old: Version, new: Version, *, workshop: Workshop,
                  with_code: str = "") -> Comparison:
    """Compare two versions, with as many further runs as their differences need.

    with_code: commit whose program is the old one, "" to leave a changed program inside the rest.
    Raises InputError when data or program are no longer those of the newer version, when the
    commit cannot be had, or when a run fails.
    """
    found = compare_versions(old, new)
    if with_code and not found.pair.code:
        raise InputError("Both versions were made by the same program, so there is nothing for "
                         "--with-code to split off. Leave it out.")
    wanted = _not_split(found)
    if not wanted & {RULES, RESTATED} and not with_code:
        return found
    _refuse_other_data(new, workshop)
    again = Again()
    if RULES in wanted:
        _refuse_other_program(new, workshop)
        workshop.say(f"running {new.period} with the rules of {old.period}, version {old.number}")
        again = Again(rules=_measure(found.pair, new, workshop))
    if with_code:
        workshop.say(f"running {new.period} with the program of {with_code}")
        again = Again(rules=again.rules,
                      code=_measure_with(with_code, old.manifest, new, workshop))
    found = compare_versions(old, new, again=again, with_code=with_code)
    if RESTATED in _not_split(found) and CODE not in _not_split(found):
        workshop.say(f"running {old.period} on today's data")
        if with_code:
            past = _measure_with(with_code, old.manifest, old, workshop)
        else:
            _refuse_other_program(new, workshop)
            past = _measure(found.pair, old, workshop)
        again = Again(again.rules, again.code, past)
        found = compare_versions(old, new, again=again, with_code=with_code)
    return found


def _not_split(comparison: Comparison) -> set[str]:
    return {name for change in comparison.changes for name in change.not_split}


def _refuse_other_data(new: Version, workshop: Workshop) -> None:
    file = load_dataset_file(workshop.dataset)
    named = new.manifest["dataset"]["id"]
    if file.id != named:
        raise InputError(f"The versions are of the data set {named!r}, but the dataset file given "
                         f"is of {file.id!r}. Give --dataset the right one.")
    today = fingerprint_sources(file)
    then = {table: [f["sha256"] for f in files] for table, files in new.manifest["files"].items()}
    changed = sorted(t for t in {*today, *then} if today.get(t) != then.get(t))
    if changed:
        raise InputError(f"The data has changed since the newer version was made "
                         f"({', '.join(changed)}), so a further run would not be of its data. "
                         "Publish the period again with kam run and compare with that version.")


def _refuse_other_program(new: Version, workshop: Workshop) -> None:
    chapters = {c.slug: hash_sources(c.path) for c in find_chapters(workshop.notebooks)}
    then = {n["slug"]: n["sha256"] for n in new.manifest["notebooks"]}
    if new.manifest["code"]["sha256"] != code_hash() or chapters != then:
        raise InputError("The program has changed since the newer version was made, so a further "
                         "run would measure that too. Publish the period again with kam run and "
                         "compare with that version, or check out its commit.")


def _measure(pair: Pair, version: Version, workshop: Workshop) -> pd.DataFrame:
    """Metrics of a version's period on today's data with the old version's rules."""
    manifest = version.manifest
    rules = build_rules(keep_known(pair.old.manifest["rules"], sections=SECTIONS),
                        sections=SECTIONS, origin="the old manifest")
    needed = {row["notebook"] for v in (pair.old, pair.new)
              for row in v.metrics.to_dict("records") if row["headline"]}
    chapters = [c for c in find_chapters(workshop.notebooks) if c.slug in needed]
    request = build_request(workshop.dataset, period=version.period, rules=rules,
                            allow_open=bool(manifest["is_open"]),
                            key=load_key(workshop.dataset) if version.codes else b"")
    given = [f"{name}={value}" for name, value in manifest["parameters"].items()]
    with tempfile.TemporaryDirectory(prefix="kam-compare-") as place:
        content = Path(place)
        (content / PREPARED).mkdir()
        prepare(request, into=content / PREPARED)
        parameters = {"dataset": str(workshop.dataset), "period": version.period, "rules": "",
                      "out": str(content.resolve()), "lang": manifest["lang"],
                      **check_parameters(given, find_chapters(workshop.notebooks))}
        outcomes = run_chapters(
            chapters, into=content, parameters=parameters, lang=manifest["lang"],
            has_table=lambda n: (content / PREPARED / "tables" / f"{n}.parquet").is_file(),
            n_kernels=workshop.n_kernels)
        failed = [f"{o.chapter.slug}: {o.reason}" for o in outcomes
                  if o.status not in ("ok", "skipped")]
        if failed:
            raise InputError(f"The further run failed ({'; '.join(failed)}). Mend that, or compare "
                             "without --dataset.")
        return read_handed_on(content / HANDOVER)["metrics"]


def _measure_with(commit: str, rules_of: Mapping[str, Any], version: Version,
                  workshop: Workshop) -> pd.DataFrame:
    """Metrics of a version's period on today's data, with the old rules, by the old program."""
    full = find_commit(commit)
    with tempfile.TemporaryDirectory(prefix="kam-compare-") as place:
        tree, store = Path(place) / "tree", Path(place) / "reports"
        _git("worktree", "add", "--detach", str(tree), full)
        try:
            rules = Path(place) / "rules.toml"
            rules.write_text(rules_to_toml(rules_of["rules"]), encoding="utf-8")
            _run_old(tree, store, rules, version, workshop)
        finally:
            _git("worktree", "remove", "--force", str(tree))
        folder = Store(store).latest(version.manifest["dataset"]["id"], version.period)
        if folder is None:
            raise InputError(f"The program of {commit} published nothing for {version.period}. "
                             "Compare without --with-code.")
        return pd.read_parquet(folder / "metrics.parquet")


def _run_old(tree: Path, store: Path, rules: Path, version: Version, workshop: Workshop) -> None:
    words = ["run", "--dataset", str(workshop.dataset.resolve()), "--period", version.period,
             "--rules", str(rules), "--reports", str(store), "--accept-quarantine",
             "--notebooks", str(tree / "notebooks"), "--lang", version.manifest["lang"]]
    words += ["--allow-open"] if version.manifest["is_open"] else []
    words += ["--pseudonymise"] if version.codes else []
    # Its own cache: what another program prepared is not what this one would have.
    environment = {**os.environ, "PYTHONPATH": str(tree), "KAM_CACHE": str(store.parent / "cache")}
    done = subprocess.run([sys.executable, "-c", COMMAND, *words], cwd=tree,  # noqa: S603
                          env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-400:]
        raise InputError(f"The program of that commit could not make the report again: {said} "
                         "Compare without --with-code.")


def find_commit(commit: str) -> str:
    """Return the full id of a commit of the checkout that kamlib runs from."""
    if not (ROOT / ".git").exists():
        raise InputError("kamlib does not run from a git checkout here, so an older program "
                         "cannot be had. Compare without --with-code, or from a checkout.")
    found = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet",  # noqa: S603, S607
                            "--end-of-options", f"{commit}^{{commit}}"],
                           capture_output=True, text=True, check=False)
    if found.returncode:
        raise InputError(f"This checkout knows no commit {commit!r}. Give --with-code one that git "
                         "log shows; the manifest of a version names its own.")
    return found.stdout.strip()


def _git(*words: str) -> None:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True,  # noqa: S603, S607
                          text=True, check=False)
    if done.returncode:
        raise KamlibError(f"git could not check out the older program: {done.stderr.strip()}. "
                          "Free space in the folder for temporary files and try again.")


def rules_to_toml(rules: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a manifest's rules as a rules file; what is not set is left out.

    >>> print(rules_to_toml({"measures": {"window_months": 12, "note": None, "kinds": ["a"]}}))
    [measures]
    window_months = 12
    kinds = ["a"]
    """
    return "\n".join(line for section, content in rules.items() for line in (
        f"[{section}]", *(f"{_quoted(name)} = {_toml(value)}" for name, value in content.items()
                          if value is not None)))


def _toml(value: Any) -> str:
    """A value as TOML: its texts, numbers and lists are those of JSON, its tables are not."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(key))} = {_toml(x)}" for key, x in value.items()
                               if x is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(x) for x in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _quoted(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else json.dumps(name, ensure_ascii=False)
