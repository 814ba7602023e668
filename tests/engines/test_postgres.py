"""A real PostgreSQL server: its types, codes in the place of names, and what goes wrong."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pandas as pd
import pytest

from kamlib.dataset import open_dataset
from kamlib.errors import InputError
from kamlib.report.run import Options, run_report
from tests.engines.comparing import (
    SAMPLE,
    compare_folders,
    compare_frames,
    prepare_folder,
    sample_on,
    sample_texts,
    typed_tables,
)
from tests.engines.servers import PASSWORD, Postgres
from tests.report.small import HAND_ON, LINES, hand_on, write_dataset, write_notebook

TYPED = ("accounts", "products", "orders")


@pytest.fixture(scope="module")
def loaded(postgres: Postgres) -> Postgres:
    postgres.load(sample_texts())
    return postgres


def test_typed_tables_are_read_as_they_are_and_a_file_meets_them(loaded, tmp_path):
    """All in the engine, or accounts and products in files: the same as all of it in files."""
    loaded.run("CREATE SCHEMA IF NOT EXISTS typed", "GRANT USAGE ON SCHEMA typed TO reader")
    loaded.load({f"typed_{name}": table for name, table in typed_tables(TYPED).items()})
    for name in TYPED:
        loaded.run(f"ALTER TABLE typed_{name} SET SCHEMA typed",
                   f"ALTER TABLE typed.typed_{name} RENAME TO {name}")
    head = (SAMPLE / "dataset.toml").read_text("utf-8").split("[tables.")[0]
    both = {}
    engine = f'[engine]\nurl = "{loaded.url("reader")}"\n'
    for way, in_engine in (("all", TYPED), ("engine", ("orders",)), ("files", ())):
        folder = tmp_path / way
        folder.mkdir()
        sections = [f'[tables.{name}]\nsource = "'
                    f'{f"typed.{name}" if name in in_engine else f"{SAMPLE / name}.csv"}"\n'
                    for name in TYPED]
        (folder / "dataset.toml").write_text("\n".join([
            head, engine if in_engine else "", *sections,
            "[tables.orders.exclude]\nbroken = \"order_id LIKE 'F000%'\"\n"]), encoding="utf-8")
        both[way] = prepare_folder(folder / "dataset.toml", "2025Q4", _made(folder / "out"))
    for name in ("account_facts", "account_months", "account_products", "account_bridge"):
        one, *others = (pd.read_parquet(both[each] / "facts" / f"{name}.parquet")
                        for each in ("files", "engine", "all"))
        for other in others:
            compare_frames(one, other, name)
    accounting = (both[each] / "accounting.parquet" for each in ("engine", "files"))
    assert len({path.read_bytes() for path in accounting}) == 2  # the broken rows are in the files


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_codes_are_those_that_duckdb_gives(loaded, tmp_path):
    """The key and the values make a code; where it is made does not matter."""
    files = [SAMPLE / "dataset.toml", sample_on(loaded.url("reader"), tmp_path)]
    folders = [prepare_folder(file, "2025Q4", _made(tmp_path / name), key=b"k" * 32)
               for file, name in zip(files, ("duckdb", "postgres"), strict=True)]
    assert compare_folders(*folders) > 50
    names = set(pd.read_csv(SAMPLE / "accounts.csv", dtype=str)["name"])
    assert not names & set(pd.read_parquet(folders[1] / "tables" / "accounts.parquet")["name"])


def test_an_account_that_only_the_file_knows_is_an_unknown_one(loaded, tmp_path):
    lines = (SAMPLE / "accounts.csv").read_text("utf-8").splitlines()
    (tmp_path / "accounts.csv").write_text("\n".join(lines[:-40]) + "\n", encoding="utf-8")
    file = sample_on(loaded.url("reader"), tmp_path,
                     edit=('[tables.accounts]\nsource = "accounts"',
                           '[tables.accounts]\nsource = "accounts.csv"'))
    reasons = open_dataset(file, only=["orders"]).reasons
    found = reasons.set_index(["table", "reason"])["n"]
    assert found["orders", "unknown:account_id"] > 40


# -- what goes wrong --------------------------------------------------------------------------

@pytest.fixture
def small(postgres, tmp_path):
    """A small company whose orders are in the engine, and a notebook to publish."""
    write_dataset(tmp_path)
    write_notebook(tmp_path / "notebooks", "01_demo", HAND_ON, hand_on("01_demo"))
    columns = LINES[0].split(",")
    rows = ", ".join("('" + "', '".join(line.split(",")) + "')" for line in LINES[1:])
    postgres.run("DROP TABLE IF EXISTS small CASCADE",
                 f"CREATE TABLE small ({', '.join(f'{c} text' for c in columns)})",
                 f"INSERT INTO small VALUES {rows}", "GRANT SELECT ON small TO reader",
                 "GRANT TEMPORARY ON DATABASE kam TO PUBLIC")
    return tmp_path


def publish(folder: Path, url: str, source: str = "small", more: str = "") -> str:
    """Run a period; return what the refusal says, after looking that nothing is left of it."""
    file = folder / "dataset.toml"
    text = file.read_text("utf-8").split("[tables.orders]")[0].split("[engine]")[0]
    file.write_text(f'{text}[engine]\nurl = "{url}"\n[tables.orders]\nsource = "{source}"\n{more}',
                    encoding="utf-8")
    reports = folder / "reports"
    with pytest.raises(InputError) as caught:
        run_report(file, period="2025Q4", rules="", options=Options(
            reports=reports, notebooks=folder / "notebooks"))
    said = str(caught.value)
    assert not list(reports.rglob("manifest.json")), "half a version was published"
    left = [path for path in reports.rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in path.read_bytes() for path in left)
    assert PASSWORD not in said and "Traceback" not in said and "\n" not in said
    assert len(said) < 900
    assert caught.value.__cause__ is None  # nothing that could be printed below it
    return said


def test_a_version_is_published_without_a_secret(postgres, small, monkeypatch):
    monkeypatch.setenv("KAM_TEST_URL", postgres.url("reader"))
    file = small / "dataset.toml"
    file.write_text(file.read_text("utf-8").replace('source = "orders.csv"', 'source = "small"')
                    + '[engine]\nurl = "${KAM_TEST_URL}"\n', encoding="utf-8")
    options = Options(reports=small / "reports", notebooks=small / "notebooks")
    first = run_report(file, period="2025Q4", rules="", options=options)
    assert first.status == "published"
    for path in first.folder.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path
    # the file is the same and so is the table: nothing new
    assert run_report(file, period="2025Q4", rules="", options=options).status == "already there"
    postgres.run("UPDATE small SET amount = '101.00' WHERE order_id = '2'")
    again = run_report(file, period="2025Q4", rules="", options=options)
    assert again.status == "published" and again.folder != first.folder


def test_a_wrong_password_is_said_and_not_shown(postgres, small, monkeypatch):
    wrong = PASSWORD + "!"
    monkeypatch.setenv("KAM_TEST_PASSWORD", wrong.replace("/", "%2F").replace(":", "%3A"))
    url = f"postgres://reader:${{KAM_TEST_PASSWORD}}@127.0.0.1:{postgres.port}/kam"
    said = publish(small, url)
    assert re.search(r"no connection to the postgres engine .*password.*Check the url", said)
    assert wrong not in said


def test_a_server_that_is_not_there(postgres, small):
    said = publish(small, postgres.url("reader").replace(str(postgres.port), "1"))
    assert "no connection to the postgres engine" in said and "that the engine runs" in said


def test_a_missing_table_has_the_nearest_name(postgres, small):
    said = publish(small, postgres.url("reader"), source="smal")
    assert re.search(r"tables.orders: the engine has no table 'smal'. Did you mean 'small'\?", said)


def test_a_table_that_may_not_be_read(postgres, small):
    postgres.run("REVOKE SELECT ON small FROM reader")
    said = publish(small, postgres.url("reader"))
    assert re.search(r"permission denied for table small.*needs SELECT on the tables", said)


def test_a_user_who_may_keep_nothing(postgres, small):
    postgres.run("REVOKE TEMPORARY ON DATABASE kam FROM PUBLIC")
    said = publish(small, postgres.url("reader"))
    postgres.run("GRANT TEMPORARY ON DATABASE kam TO PUBLIC")
    assert re.search(r"permission denied to create temporary tables.*TEMPORARY on the database",
                     said)


def test_a_query_that_takes_too_long(postgres, small):
    postgres.run("CREATE OR REPLACE VIEW slow AS SELECT small.* FROM small, pg_sleep(5)",
                 "GRANT SELECT ON slow TO reader")
    said = publish(small, postgres.url("reader", options="-c statement_timeout=200"), source="slow")
    assert re.search(r"canceling statement due to statement timeout.*\(statement_timeout\)", said)


def test_a_column_of_another_type_is_refused_by_name(postgres, small):
    postgres.run("DROP TABLE IF EXISTS odd",
                 "CREATE TABLE odd AS SELECT order_id, account_id, product_id, line_kind,"
                 " 20250113.5::float8 AS order_date, amount::numeric(18, 4) FROM small",
                 "GRANT SELECT ON odd TO reader")
    said = publish(small, postgres.url("reader"), source="odd")
    assert re.search(r"tables.orders.columns.order_date: the source gives float64, and order_date "
                     r"\(.*\) is date\.", said)


@pytest.mark.parametrize("step", ["build_order_days", "build_context"])
def test_a_server_that_stops_in_mid_run(postgres, small, monkeypatch, step):
    preparing = importlib.import_module("kamlib.session.prepare")  # not the function of that name
    work = getattr(preparing, step)

    def stop_and_go_on(*given, **more):
        postgres.stop()
        return work(*given, **more)

    monkeypatch.setattr(preparing, step, stop_and_go_on)
    said = publish(small, postgres.url("reader"))
    postgres.start()
    assert re.search(r"\[engine\]: .*(shut down|gone).*run again", said)
