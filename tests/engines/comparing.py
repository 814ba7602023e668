"""Prepared folders of two engines held against each other."""

from __future__ import annotations

import importlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from kamlib.report.run import Options, default_notebooks, run_report
from kamlib.schema import load_schema
from kamlib.session.prepare import prepare
from kamlib.session.request import build_request
from tests.engines.servers import name_engine, read_texts

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
RETAIL = ROOT / "data" / "recipes" / "online_retail.toml"
RETAIL_RULES = RETAIL.with_name("online_retail_rules.toml")
NAMES = sorted(path.stem for path in SAMPLE.glob("*.csv"))
TOLERANCE = 1e-9  # of numbers that are no money
WRITTEN_OF_FILES = ("files", "fingerprint")  # what names the source itself


def prepare_folder(dataset: Path, period: str, into: Path, rules: str | Path = "",
                   key: bytes = b"") -> Path:
    prepare(build_request(dataset, period=period, rules=rules, key=key), into=into)
    return into


@dataclass(frozen=True)
class Run:
    """A whole period run: what the notebooks were given, and the version they made."""

    prepared: Path
    version: Path


def run_period(dataset: Path, period: str, into: Path, rules: str | Path = "") -> Run:
    """Publish a period with all notebooks and keep the data that was prepared for them."""
    making, kept = importlib.import_module("kamlib.report.make"), into / "prepared"

    def prepare_and_keep(request: Any, *, into: Path) -> Any:
        made = prepare(request, into=into)
        shutil.copytree(into, kept)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "prepare", prepare_and_keep)
        result = run_report(dataset, period=period, rules=rules, options=Options(
            reports=into / "reports", notebooks=default_notebooks()))
    assert result.status == "published", result.outcomes
    return Run(kept, result.folder)


def choose_tables(text: str, names: tuple[str, ...]) -> str:
    """A dataset file's text with some of its tables only."""
    head, *sections = text.split("[tables.")
    return head + "".join(f"[tables.{section}" for section in sections
                          if section.split("]")[0] in names)


def sample_on(url: str, folder: Path, *, edit: tuple[str, str] = ("", ""),
              only: tuple[str, ...] = ()) -> Path:
    """The sample's dataset file, whose only difference is its engine; of some tables only."""
    text = (SAMPLE / "dataset.toml").read_text("utf-8")
    text = name_engine(choose_tables(text, only) if only else text, url)
    file = folder / "dataset.toml"
    file.write_text(text.replace(*edit) if edit[0] else text, encoding="utf-8")
    return file


def retail_on(url: str, folder: Path) -> Path:
    """The recipe of Online Retail over a table of an engine instead of its files."""
    lines = RETAIL.read_text("utf-8").splitlines()
    text = "\n".join('source = "online_retail"' if line.startswith("source = [") else line
                     for line in lines)
    file = folder / "dataset.toml"
    file.write_text(name_engine(text, url), encoding="utf-8")
    return file


def sample_texts() -> dict[str, pa.Table]:
    return read_texts(SAMPLE, NAMES)


def retail_texts(real_data: Path) -> dict[str, pa.Table]:
    source = real_data / "online_retail" / "online_retail.csv.gz"
    return {"online_retail": duckdb.sql(
        f"SELECT * FROM read_csv('{source}', all_varchar=true, header=true)").to_arrow_table()}


def typed_tables(names: tuple[str, ...]) -> dict[str, pa.Table]:
    """The sample's tables without their broken rows, every column in the dictionary's type."""
    kinds = {"text": "VARCHAR", "date": "DATE", "decimal": "DECIMAL(18, 4)", "integer": "BIGINT",
             "number": "DOUBLE", "boolean": "BOOLEAN"}
    tables = {}
    for name in names:
        columns = load_schema()[name].columns
        raw = duckdb.sql(f"SELECT * FROM read_csv('{SAMPLE / name}.csv', all_varchar=true, "
                         "header=true)")
        items = ", ".join(f'TRY_CAST("{c}" AS {kinds[columns[c].type]}) AS "{c}"'
                          for c in raw.columns)
        keep = " WHERE order_id NOT LIKE 'F000%'" if name == "orders" else ""
        tables[name] = duckdb.sql(f"SELECT {items} FROM raw{keep}").to_arrow_table()
    return tables


def compare_folders(ours: Path, theirs: Path) -> int:
    """Hold every file of two prepared folders equal; return how many there are."""
    names = {path.relative_to(ours) for path in ours.rglob("*") if path.is_file()}
    assert names == {path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file()}
    for name in sorted(names):
        one, other = ours / name, theirs / name
        if name.suffix == ".parquet":
            compare_frames(pd.read_parquet(one), pd.read_parquet(other), str(name))
        elif name.suffix == ".csv":  # the rows in quarantine, as they were read
            assert one.read_text("utf-8") == other.read_text("utf-8"), name
        else:
            contexts = [json.loads(each.read_text("utf-8")) for each in (one, other)]
            assert all(contexts[0][key] == contexts[1][key] for key in contexts[0]
                       if key not in WRITTEN_OF_FILES), name
    return len(names)


def compare_versions(ours: Path, theirs: Path) -> int:
    """Hold all that two versions published as numbers or sentences equal; return how many."""
    names = {path.relative_to(ours) for path in ours.rglob("*.parquet")}
    assert names == {path.relative_to(theirs) for path in theirs.rglob("*.parquet")}
    for name in sorted(names):
        compare_frames(pd.read_parquet(ours / name), pd.read_parquet(theirs / name), str(name))
    return len(names)


def hold_equal(reference: Run, dataset: Path, period: str, into: Path,
               rules: str | Path = "") -> tuple[int, int]:
    """Publish the same period from another engine; return how much was compared and equal."""
    found = run_period(dataset, period, into, rules)
    return (compare_folders(reference.prepared, found.prepared),
            compare_versions(reference.version, found.version))


def compare_frames(one: pd.DataFrame, other: pd.DataFrame, name: str) -> None:
    """Money exactly, all else that is a number within 1e-9."""
    for column in one.columns:
        is_money = "amount" in column or not pd.api.types.is_float_dtype(one[column])
        pd.testing.assert_series_equal(
            one[column], other[column], check_exact=is_money, obj=f"{name}.{column}",
            **({} if is_money else {"rtol": TOLERANCE, "atol": TOLERANCE}))
    assert list(one.columns) == list(other.columns), name
