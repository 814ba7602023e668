"""Whether a version is what was published, and whether it can be made again."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.report.differences import list_differences, say_differences
from kamlib.report.hashes import check_hashes
from kamlib.report.run import Options, run_report
from kamlib.report.store import read_manifest
from kamlib.report.verify import compare_outputs, verify_version

_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small data set with a rule of its own, published once."""
    folder = tmp_path_factory.mktemp("verify")
    small.write_dataset(folder / "data")
    small.write_notebook(folder / "notebooks", "01_demo", small.HAND_ON, small.hand_on("01_demo"))
    return folder, run(folder).folder


def run(folder, **options):
    chosen = Options(reports=folder / "reports", notebooks=folder / "notebooks", **options)
    return run_report(folder / "data" / "dataset.toml", period="2025Q4", rules="", options=chosen)


def verify(folder, version):
    return verify_version(version, dataset=folder / "data" / "dataset.toml",
                          notebooks=folder / "notebooks")


@pytest.fixture
def copy(made, tmp_path):
    """A copy of data, notebooks and version that may be spoiled."""
    folder, version = made
    for name in ("data", "notebooks"):
        shutil.copytree(folder / name, tmp_path / name)
    shutil.copytree(version, tmp_path / "reports" / "small" / "2025Q4" / "v001")
    return tmp_path, tmp_path / "reports" / "small" / "2025Q4" / "v001"


def test_the_run_made_again_is_equal(made):
    found = verify(*made)
    assert (found.verdict, found.is_good) == ("equal", True)
    names = {path.relative_to(made[1]).as_posix() for path in made[1].rglob("*.parquet")}
    assert found.n_compared == len(names) + 1  # and the notebook
    assert len(names) >= 6
    assert found.differences.empty
    assert found.outputs.empty


def test_a_flipped_byte_is_named_and_nothing_is_run(copy):
    folder, version = copy
    page = version / "index.html"
    content = bytearray(page.read_bytes())
    content[100] ^= 1
    page.write_bytes(bytes(content))
    (version / "tables.xlsx").unlink()
    (version / "more.txt").write_text("", encoding="utf-8")
    found = verify(folder, version)
    assert found.verdict == "altered"
    assert found.files.to_numpy().tolist() == [["index.html", "altered"], ["more.txt", "added"],
                                               ["tables.xlsx", "missing"]]
    assert found.n_compared == 0


def test_hashes_alone(made):
    found = verify_version(made[1])
    assert (found.verdict, found.is_good) == ("intact", True)


def test_altered_data_is_told_from_an_unstable_program(copy):
    folder, version = copy
    orders = folder / "data" / "orders.csv"
    orders.write_text(orders.read_text(encoding="utf-8").replace("300.00", "310.00"),
                      encoding="utf-8")
    found = verify(folder, version)
    assert (found.verdict, found.is_good) == ("inputs changed", False)
    assert found.differences[["kind", "name"]].to_numpy().tolist() == [["input", "orders"]]
    assert "tables/facts.parquet" in set(found.outputs["output"])
    # The next version says by itself why it was made.
    assert read_manifest(run(folder).folder)["reason"] == "data changed: orders"


def test_a_changed_notebook_is_changed_code_where_it_moves_what_is_said(copy):
    folder, version = copy
    small.write_notebook(folder / "notebooks", "01_demo", small.HAND_ON.replace("Net ", "Sold "),
                         small.hand_on("01_demo"), "report.headline(handover)")
    found = verify(folder, version)
    assert found.verdict == "code changed"
    assert found.differences[["kind", "name"]].to_numpy().tolist() == [["code", "01_demo"]]
    assert found.outputs["output"].tolist() == ["01_demo.ipynb"]


def test_the_manifests_data_set_has_to_be_the_one_given(copy):
    folder, version = copy
    other = folder / "data" / "dataset.toml"
    other.write_text(other.read_text(encoding="utf-8").replace('id = "small"', 'id = "other"'),
                     encoding="utf-8")
    with pytest.raises(InputError, match="of the data set 'small', but the dataset file given is "
                                         "of 'other'"):
        verify(folder, version)


def test_a_table_that_differs_without_a_cause_is_different(copy):
    folder, version = copy
    facts = version / "tables" / "facts.parquet"
    frame = pd.read_parquet(facts)
    frame.iloc[0, 1] += 1
    frame.to_parquet(facts)
    manifest = read_manifest(version)
    assert check_hashes(version, manifest)["output"].tolist() == ["tables/facts.parquet"]
    outputs, n = compare_outputs(version, version.parent / "v001")
    assert (len(outputs), n > 6) == (0, True)
    other = folder / "other"
    shutil.copytree(version, other)
    frame.iloc[0, 1] += 1
    frame.to_parquet(other / "tables" / "facts.parquet")
    (other / "metrics.parquet").unlink()
    outputs, _n = compare_outputs(version, other)
    assert outputs.to_numpy().tolist() == [["metrics.parquet", "missing"],
                                           ["tables/facts.parquet", "different"]]


def test_differences_are_told_by_kind(made):
    old = read_manifest(made[1])
    new = json.loads(json.dumps(old))
    assert list_differences(old, new).empty
    assert say_differences(list_differences(old, new)) == ""
    new["files"]["orders"][0]["sha256"] = "f" * 64
    section, values = next((s, v) for s, v in new["rules"].items() if v)
    rule = next(iter(values))
    values[rule] = "another"
    new["code"]["sha256"] = "e" * 64
    new["environment"]["packages"]["pandas"] = "0.1"
    found = list_differences(old, new)
    assert found["kind"].tolist() == ["input", "rule", "code", "package"]
    assert found["name"].tolist() == ["orders", f"{section}.{rule}", "kamlib", "pandas"]
    assert found["is_now"].tolist()[2:] == ["e" * 12, "0.1"]
    assert say_differences(found) == (
        f"data changed: orders; rules changed: {section}.{rule}; program changed: kamlib")


def test_a_long_reason_names_a_few_and_leaves_out_rules_that_came_with_the_program():
    rows = [("rule", f"credit.r{i}", "", "1") for i in range(9)]
    rows += [("rule", f"sales.r{i}", "1", "2") for i in range(7)]
    found = pd.DataFrame([*rows, ("code", "kamlib", "a", "b")],
                         columns=["kind", "name", "was", "is_now"])
    assert say_differences(found) == (
        "rules changed: sales.r0, sales.r1, sales.r2, sales.r3, sales.r4 and 2 more; "
        "program changed: kamlib")
