"""Whether a version is what was published, and whether it can be made again."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from kamlib.dataset import load_dataset_file
from kamlib.dataset.pseudonym_key import load_key
from kamlib.errors import InputError
from kamlib.report.differences import CODE, INPUT, PACKAGE, list_differences
from kamlib.report.hashes import OUTPUT_COLUMNS, check_hashes
from kamlib.report.run import Options, run_report
from kamlib.report.store import read_manifest
from kamlib.rules import build_rules, keep_known
from kamlib.session.sections import SECTIONS

INTACT, EQUAL = "intact", "equal"
# Pages and the workbook tell the number of the version and its day; what they show is held against
# the published version by its tables and by what the notebooks say.
COMPARED = {".parquet", ".csv", ".ipynb"}
PROVENANCE = "report.provenance"


@dataclass(frozen=True)
class Verification:
    """What came of a check.

    verdict: intact or altered (hashes alone were checked), or, after a run, equal, inputs changed,
    code changed, different; files: one row a file that is not as the manifest says (output,
    outcome: altered, missing, added); outputs: one row an output of the run that is not equal
    (output, outcome: different, missing, added); differences: see `list_differences`; n_compared:
    outputs held against each other.
    """

    verdict: str
    files: pd.DataFrame
    outputs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=OUTPUT_COLUMNS))
    differences: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(
        columns=["kind", "name", "was", "is_now"]))
    n_compared: int = 0

    @property
    def is_good(self) -> bool:
        """Nothing speaks against the version."""
        return self.verdict in (INTACT, EQUAL)


def verify_version(folder: Path, *, dataset: str | Path = "", notebooks: Path | None = None,
                   n_kernels: int = 2) -> Verification:
    """Check a version's hashes and, given its data set, make it again and compare.

    folder: of a published version; dataset: its dataset file, or "" to check the hashes alone;
    notebooks: the folder of today's notebooks. The run takes period, rules, language and further
    parameters from the manifest, is written beside nothing and thrown away. An altered version is
    not run again: there is nothing left to hold the run against.
    """
    manifest = read_manifest(folder)
    files = check_hashes(folder, manifest)
    if len(files) or not dataset or notebooks is None:
        return Verification("altered" if len(files) else INTACT, files)
    with tempfile.TemporaryDirectory(prefix="kam-verify-") as place:
        again = _run_again(manifest, dataset, notebooks, Path(place), n_kernels)
        differences = list_differences(manifest, read_manifest(again))
        outputs, n_compared = compare_outputs(folder, again)
    return Verification(_judge(differences, outputs), files, outputs, differences, n_compared)


def describe_verdict(found: Verification) -> str:
    """Say in one paragraph what was checked and what came of it.

    >>> describe_verdict(Verification("intact", pd.DataFrame(columns=OUTPUT_COLUMNS)))
    'Intact: every file is as it was published. Nothing was run again.'
    """
    n = found.n_compared
    return {
        INTACT: "Intact: every file is as it was published. Nothing was run again.",
        "altered": "Altered: the files named below are not as they were published, so nothing was "
                   "run again. Restore the version from a copy, or make a new one.",
        EQUAL: f"Equal: every file is as it was published, and the run made again gave the same "
               f"{n} tables and notebooks.",
        "inputs changed": f"Inputs changed: {len(found.outputs)} of {n} tables and notebooks "
                          "differ, and so does the data they are made from. Whether the version "
                          "was right then cannot be told from today's data.",
        "code changed": f"Code changed: {len(found.outputs)} of {n} tables and notebooks differ, "
                        "and so does the program or a package. Check out the commit of the "
                        "version's manifest and verify again.",
        "different": f"Different: {len(found.outputs)} of {n} tables and notebooks differ although "
                     "data, rules and program are the same. Do not release this version before "
                     "the cause is found."}[found.verdict]


def compare_outputs(published: Path, again: Path) -> tuple[pd.DataFrame, int]:
    """Outputs that are not equal, and how many were held against each other.

    Tables have to be equal byte for byte; of notebooks, what every cell says (their provenance,
    which names the commit, left out).
    """
    old, new = (_outputs_of(folder) for folder in (published, again))
    rows = []
    for name in sorted({*old, *new}):
        if name not in new:
            rows.append((name, "missing"))
        elif name not in old:
            rows.append((name, "added"))
        elif _content(old[name]) != _content(new[name]):
            rows.append((name, "different"))
    return pd.DataFrame(rows, columns=OUTPUT_COLUMNS), len({*old, *new})


def _run_again(manifest: dict[str, Any], dataset: str | Path, notebooks: Path, place: Path,
               n_kernels: int) -> Path:
    given, wanted = load_dataset_file(dataset).id, manifest["dataset"]["id"]
    if given != wanted:
        raise InputError(f"The version is of the data set {wanted!r}, but the dataset file given "
                         f"is of {given!r}. Give --dataset the right one.")
    rules = build_rules(keep_known(manifest["rules"], sections=SECTIONS), sections=SECTIONS,
                        origin="the manifest")
    options = Options(
        reports=place, notebooks=notebooks, lang=manifest["lang"], allow_open=manifest["is_open"],
        accept_quarantine=True, n_kernels=n_kernels,
        key=load_key(dataset) if manifest.get("is_pseudonymised") else b"",
        parameters=tuple(f"{name}={value}" for name, value in manifest["parameters"].items()))
    result = run_report(dataset, period=manifest["period"]["label"], rules=rules, options=options)
    if result.status == "failed":
        failed = "; ".join(f"{o.chapter.slug}: {o.reason}" for o in result.outcomes
                           if o.status not in ("ok", "skipped"))
        raise InputError(f"The version could not be made again, because notebooks failed "
                         f"({failed}). Mend that and verify again.")
    return result.folder


def _judge(differences: pd.DataFrame, outputs: pd.DataFrame) -> str:
    if outputs.empty:
        return EQUAL
    kinds = set(differences["kind"])
    if INPUT in kinds:
        return "inputs changed"
    return "code changed" if kinds & {CODE, PACKAGE} else "different"


def _outputs_of(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")
            if path.is_file() and path.suffix in COMPARED}


def _content(path: Path) -> object:
    """What is compared of a file: its bytes, or what a notebook's cells say."""
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    return [[cell.id, [output.get("data", output.get("text", "")) for output in cell.outputs]]
            for cell in notebook.cells
            if cell.cell_type == "code" and cell.source.strip() != PROVENANCE
            # The runner's own cell of parameters has another id each time.
            and "injected-parameters" not in cell.metadata.get("tags", [])]
