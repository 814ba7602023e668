"""A DuckDB file that several read at once, and nobody writes."""

from __future__ import annotations

import duckdb
import pytest

from kamlib.errors import InputError
from tests.engines.comparing import compare_folders, prepare_folder, sample_on, sample_texts


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    path = tmp_path_factory.mktemp("shared") / "company.duckdb"
    with duckdb.connect(path) as con:
        for name, table in sample_texts().items():
            con.register("given", table)
            con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM given')
            con.unregister("given")
    return path


def test_a_shared_file_has_the_same_numbers_and_is_left_as_it_was(shared, sample_folder, tmp_path):
    before = shared.read_bytes()
    with duckdb.connect(shared, read_only=True):  # somebody else reads it, too
        (tmp_path / "out").mkdir()
        found = prepare_folder(sample_on(f"duckdb://{shared}", tmp_path), "2025Q4",
                               tmp_path / "out")
    assert compare_folders(sample_folder, found) > 50
    assert shared.read_bytes() == before


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "company.duckdb").write_text("no database", encoding="utf-8")
    with pytest.raises(InputError, match=r"no connection to the duckdb engine .*Check the url"):
        prepare_folder(sample_on("duckdb://company.duckdb", tmp_path), "2025Q4", tmp_path)
