"""What other engines are asked for gives what DuckDB's own casts give, value by value."""

from __future__ import annotations

import duckdb
import ibis
import pytest
import sqlglot

from kamlib.dataset import open_dataset
from kamlib.dataset.portable import make_portable
from kamlib.dataset.profile import DATE_FORMATS
from kamlib.errors import InputError

DAYS = ["2025-01-13", "2025-2-3", "2025/01/13", "20250113", "2025-01-13 10:00", "2025-13-01",
        "2025-02-30", "2024-02-29", "1900-02-29", "2000-02-29", "0001-01-01", "2025-01-13x", "-5",
        "2025-01-13T10:00:00Z", "2025-01-13 10:00:00.123", "2025-1-3 1:2:3", "2025-01-13 10:61",
        "2025-01-13 10:00:00+02", "", "x", "13.01.2025", "31.02.2025", "1.2.2025", "1/13/2025",
        "2025-01", "Jan 3, 2025", "03 Feb 2025", "3-Feb-25", "3-Feb-70", "2025年1月13日",
        "13.01.25", "13.01.2025 10:00", "2025/3", "32.01.2025", "01.13.2025", "00.01.2025",
        "2025年3月"]
NUMBERS = ["1", "+1", " 1 ", "1.5", "2.5", "-2.5", "1e3", "1E3", "1.", ".5", ".", "", "1,5", "- 1",
           "99999999999999999999", "123456789012345", "99999999999999.99995", "1.00005", "1.00015",
           "-1.00005", "1e-5", "1e14", "1e", "１", "1 2", "+", "--1", "1d", "0", "-0", "00012",
           "2147483648", "9223372036854775000"]
FLAGS = ["true", "TRUE", "t", "yes", "y", "1", "on", "false", "f", "no", "n", "0", "off", "x",
         ""]
# Two figures for a year that has four, and years before 1000: read by DuckDB alone.
TWO_FIGURES = {"13.01.25", "3-Feb-25", "3-Feb-70"}


@pytest.mark.parametrize(("expression", "values"), [
    ("TRY_CAST(x AS DATE)", DAYS), ("TRY_CAST(x AS TIMESTAMP)", DAYS),
    ("TRY_CAST(x AS BIGINT)", NUMBERS), ("TRY_CAST(x AS DECIMAL(18, 4))", NUMBERS),
    ("TRY_CAST(x AS DOUBLE)", NUMBERS), ("TRY_CAST(x AS INTEGER)", NUMBERS),
    ("TRY_CAST(x AS BOOLEAN)", FLAGS),
    ("TRY_CAST(TRY_CAST(x AS DATE) AS VARCHAR)", DAYS),
    ("TRY_CAST(-TRY_CAST(x AS DOUBLE) * 2 AS DECIMAL(18, 4))", NUMBERS),
    *((f"TRY_STRPTIME(x, '{form}')", DAYS) for form in DATE_FORMATS)])
def test_a_guarded_cast_reads_what_the_own_cast_reads(expression, values):
    guarded = make_portable(expression, "postgres")
    assert "TRY_" not in guarded
    with duckdb.connect() as con:
        rows = con.execute(f"SELECT x, {expression}, {guarded} FROM (SELECT unnest(?) AS x)",
                           [values]).fetchall()
    assert len(rows) == len(values)
    assert any(own is not None for _, own, _ in rows) or "%" in expression
    different = [row for row in rows if row[1] != row[2]
                 and not ("%Y" in expression and row[0] in TWO_FIGURES)]
    assert not different


def test_what_duckdb_alone_has_is_written_otherwise():
    assert make_portable("contains(a, 'x')", "postgres") == "STRPOS(a, 'x') > 0"
    assert make_portable("max_by(a, b)", "postgres").startswith("(ARRAY_AGG(a ORDER BY b DESC)")
    assert make_portable("max_by(a, b)", "pyspark") == "ARG_MAX(a, b)"  # MAX_BY in its dialect
    assert sqlglot.transpile(make_portable("max_by(a, b)", "pyspark"), read="duckdb",
                             write="spark") == ["MAX_BY(a, b)"]


def test_what_no_other_engine_reads_is_refused_with_a_way_out():
    with pytest.raises(InputError, match=r"'%j of %Y' of dates is read by DuckDB only.*column of"):
        make_portable("TRY_STRPTIME(x, '%j of %Y')", "postgres")
    with pytest.raises(InputError, match=r"replaces the first match only.*Add 'g'"):
        make_portable("regexp_replace(x, '[.]', '')", "pyspark")


@pytest.mark.parametrize(("kind", "named"), [
    ("DOUBLE", "float64"), ("VARCHAR[]", r"array<string>"), ("BOOLEAN", "boolean")])
def test_a_column_of_another_type_is_refused_by_name(tmp_path, kind, named):
    with duckdb.connect(tmp_path / "company.duckdb") as con:
        con.execute("CREATE TABLE orders AS SELECT 'A1' AS order_id, 'C1' AS account_id, 'sale' AS "
                    f"line_kind, NULL::{kind} AS order_date, 1.5::DECIMAL(18, 4) AS amount")
    (tmp_path / "dataset.toml").write_text(
        'id = "tiny"\nname = "Tiny"\ncurrency = "EUR"\nhistory_from = 2025-01-01\n'
        'complete_until = 2025-12-31\n[engine]\nurl = "duckdb://company.duckdb"\n'
        '[tables.orders]\nsource = "orders"\n', encoding="utf-8")
    with pytest.raises(InputError, match=rf"tables.orders.columns.order_date: the source gives "
                                         rf"{named}, and order_date \(.*\) is date\."):
        open_dataset(tmp_path / "dataset.toml")


def test_texts_of_an_engine_are_read_like_those_of_a_file(tmp_path):
    """Blanks are nothing, and what is no number is set aside with its reason."""
    with duckdb.connect(tmp_path / "company.duckdb") as con:
        con.execute("CREATE TABLE orders AS SELECT * FROM (VALUES "
                    "('A1', 'C1 ', '2025-01-13', 'sale', '100.5'), "
                    "('A2', 'C1', '2025-02-30', 'sale', '1'), "
                    "('A3', 'C1', '2025-02-03', 'sale', '1O0'), "
                    "('A4', '  ', '2025-02-03', 'sale', '1')) AS "
                    "t(order_id, account_id, order_date, line_kind, amount)")
    (tmp_path / "dataset.toml").write_text(
        'id = "tiny"\nname = "Tiny"\ncurrency = "EUR"\nhistory_from = 2025-01-01\n'
        'complete_until = 2025-12-31\n[engine]\nurl = "duckdb://company.duckdb"\n'
        '[tables.orders]\nsource = "orders"\n', encoding="utf-8")
    opened = open_dataset(tmp_path / "dataset.toml")
    assert opened.tables["orders"].select("account_id").execute()["account_id"].tolist() == ["C1"]
    assert dict(opened.reasons[["reason", "n"]].itertuples(index=False)) == {
        "missing:account_id": 1, "wrong_type:amount": 1, "wrong_type:order_date": 1}
    assert isinstance(opened.con, ibis.BaseBackend)
