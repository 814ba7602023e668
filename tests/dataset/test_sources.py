"""Sources as they lie: every way to write a file ends in the same two order lines."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import xlsxwriter

from kamlib.dataset import Dataset, open_dataset
from kamlib.errors import InputError

Write = Callable[..., Path]
ORDERS = """
[tables.orders]
source = "{source}"
constants = {{ line_kind = "sale" }}
{more}
"""
NAMES = ["order_id", "account_id", "order_date", "amount", "quantity"]
ROWS = [["A1", "C1", "2025-01-13", "100.00", "1"], ["A2", "C2", "2025-02-17", "250.50", "2"]]
EXPECTED = [("A1", "C1", date(2025, 1, 13), Decimal("100.0000"), Decimal("1.0000")),
            ("A2", "C2", date(2025, 2, 17), Decimal("250.5000"), Decimal("2.0000"))]


def tables(source: str, more: str = "") -> str:
    return ORDERS.format(source=source, more=more)


def lines(mark: str, *, header: bool = True) -> str:
    return "\n".join(mark.join(row) for row in ([NAMES] if header else []) + ROWS) + "\n"


def rows(dataset: Dataset) -> list[tuple[object, ...]]:
    frame = dataset.tables["orders"].select(*NAMES).to_pyarrow().to_pylist()
    return sorted(tuple(row.values()) for row in frame)


@pytest.mark.parametrize(("name", "content", "read"), [
    ("orders.csv", lines(","), ""),
    ("orders.csv.gz", gzip.compress(lines(",").encode()), ""),
    ("orders.csv", lines(";"), 'read = { delimiter = ";" }'),
    ("orders.tsv", lines("\t"), 'read = { delimiter = "\\t" }'),
    ("orders.txt", lines("   ").replace("A1", "  A1"), "read = { whitespace = true }"),
    ("orders.csv", lines(",", header=False), f"read = {{ header = false, names = {NAMES} }}"),
    ("orders.csv", "Sales 2025\n\n" + lines(","), "read = { skip = 2 }"),
    ("orders.csv", lines(",").replace("\n", "\r\n"), ""),
    ("orders.csv", "\ufeff" + lines(","), ""),
    ("orders.csv", lines(",").encode("utf-16"), 'read = { encoding = "utf-16" }'),
    ("orders.csv", lines(",").upper(), ""),
    ("orders.csv", lines(";").replace("100.00", "100").replace("250.50", "00.250,5"),
     'read = { delimiter = ";", decimal = ",", thousands = "." }'),
    ("orders.csv", lines(",").replace("C1", '"C1"').replace("A2", " A2 "), ""),
    ("orders.csv", lines(",").replace("2025-01-13", "13.01.2025").replace("2025-02-17",
                                                                         "17.2.2025"),
     'read = { date_format = "%d.%m.%Y" }'),
])
def test_a_text_file_in_every_manner(name: str, content: str | bytes, read: str,
                                     write: Write) -> None:
    path = write(tables(name, read), **{name.replace(".", "__"): content})
    dataset = open_dataset(path)
    assert rows(dataset) == EXPECTED
    assert dataset.accounting.to_dict("records") == [
        {"table": "orders", "read": 2, "kept": 2, "excluded": 0, "quarantined": 0}]


@pytest.mark.parametrize(("amount", "read"), [
    ("100.00", 'decimal = ",", thousands = "."'), ("1.250", 'decimal = ","'),
    ("1,250.50", ""), ("1.250,50", 'thousands = ","'), ("12,50", 'thousands = ","')])
def test_a_number_of_another_shape_is_set_aside_not_misread(amount: str, read: str,
                                                            write: Write) -> None:
    text = lines(";").replace("250.50", "250").replace("100.00", amount)
    dataset = open_dataset(write(tables("orders.csv", 'read.delimiter = ";"\n' + "".join(
        f"read.{option}\n" for option in read.split(", ") if option)), orders__csv=text))
    assert dataset.reasons["reason"].tolist() == ["wrong_type:amount"]
    assert dataset.tables["orders"].amount.sum().execute() == 250


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
def test_chinese_in_every_encoding(encoding: str, write: Write) -> None:
    text = lines(",").replace("C1", "海港食品")
    path = write(tables("orders.csv", f'read = {{ encoding = "{encoding}" }}'),
                 orders__csv=text.encode(encoding))
    assert rows(open_dataset(path))[0][1] == "海港食品"


def test_an_encoding_that_breaks_late_is_refused(write: Write) -> None:
    text = ("\n".join([",".join(NAMES), *[",".join(ROWS[0])] * 60_000]) + "\n").encode() + b"\xff\n"
    path = write(tables("orders.csv", 'read = { encoding = "gb18030" }'), orders__csv=text)
    with pytest.raises(InputError, match=r"orders\.csv is not written in gb18030 throughout"):
        open_dataset(path)


def test_a_workbook_keeps_dates_and_whole_numbers(write: Write, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "orders.xlsx")) as book:
        book.add_worksheet("Cover").write(0, 0, "Sales")
        sheet, day = book.add_worksheet("Data"), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, NAMES)
        for i, (order, account, ordered, amount, quantity) in enumerate(EXPECTED, 1):
            sheet.write_row(i, 0, [order, account])
            sheet.write_datetime(i, 2, ordered, day)
            sheet.write_row(i, 3, [amount, quantity])
    dataset = open_dataset(write(tables("orders.xlsx", 'read = { sheet = "Data" }')))
    assert rows(dataset) == EXPECTED
    with pytest.raises(InputError, match=r"orders\.xlsx has no sheet 'Date'\. Did you mean 'Data'\?"
                                         r" It has: Cover, Data\."):
        open_dataset(write(tables("orders.xlsx", 'read = { sheet = "Date" }')))


def test_a_pattern_of_sheets_puts_them_one_under_the_other(write: Write, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "orders.xlsx")) as book:
        for name, row in (("Jan 25", ROWS[0]), ("Feb 25", ROWS[1]), ("Notes", ["x"])):
            sheet = book.add_worksheet(name)
            for i, cells in enumerate([NAMES, row] if len(row) > 1 else [row]):
                sheet.write_row(i, 0, cells)
    assert rows(open_dataset(write(tables("orders.xlsx", 'read = { sheet = "* 25" }')))) == EXPECTED
    with pytest.raises(InputError, match=r"no sheet of orders\.xlsx matches 'March\*'\. It has: "
                                         r"Jan 25, Feb 25, Notes\."):
        open_dataset(write(tables("orders.xlsx", 'read = { sheet = "March*" }')))
    with pytest.raises(InputError, match=r"the sheet 'Notes' of .* has other columns than "):
        open_dataset(write(tables("orders.xlsx", 'read = { sheet = "*" }')))


def test_parquet_and_a_glob(write: Write, tmp_path: Path) -> None:
    frame = pd.DataFrame(EXPECTED, columns=NAMES)
    frame.iloc[:1].to_parquet(tmp_path / "orders_1.parquet")
    frame.iloc[1:].to_parquet(tmp_path / "orders_2.parquet")
    dataset = open_dataset(write(tables("orders_*.parquet")))
    assert rows(dataset) == EXPECTED
    assert [file.name for file in dataset.files["orders"]] == \
        ["orders_1.parquet", "orders_2.parquet"]


def test_files_of_a_glob_need_one_header(write: Write) -> None:
    path = write(tables("orders*.csv"), orders2__csv="order_id,amount\nA3,1.00\n")
    with pytest.raises(InputError, match="Files of one glob need the same header"):
        open_dataset(path)


def test_a_name_with_brackets_is_a_file_and_lock_files_are_none(write: Write) -> None:
    path = write(tables("orders [1].csv"), **{"orders [1]__csv": lines(",")})
    assert rows(open_dataset(path)) == EXPECTED
    path = write(tables("*.csv"), **{"orders__csv": lines(","), "~$orders__csv": b"\xff\xfe\x00"})
    (path.parent / "orders [1].csv").unlink()
    assert rows(open_dataset(path)) == EXPECTED


def test_the_first_source_that_exists_is_taken(write: Write) -> None:
    text = tables("orders.csv").replace('"orders.csv"', '["no.csv", "orders.csv"]')
    assert rows(open_dataset(write(text))) == EXPECTED
    with pytest.raises(InputError, match=r"the source 'ordres\.csv' does not exist\. "
                                         r"Did you mean 'orders\.csv'\?"):
        open_dataset(write(tables("ordres.csv")))


def test_a_table_of_a_duckdb_file(write: Write, tmp_path: Path) -> None:
    frame = pd.DataFrame(EXPECTED, columns=NAMES)
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.register("frame", frame)
        con.sql("CREATE SCHEMA sales")
        con.sql("CREATE TABLE sales.lines AS SELECT * FROM frame")
    engine = '[engine]\nurl = "duckdb:///shop.duckdb"\n'.replace("///", f"//{tmp_path}/")
    dataset = open_dataset(write(tables("sales.lines") + engine))
    assert rows(dataset) == EXPECTED
    with pytest.raises(InputError, match=r"the engine has no table 'sales\.line'"):
        open_dataset(write(tables("sales.line") + engine))


def test_a_url_with_a_password_never_reaches_an_error(
        write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAM_TEST_URL", "postgres://kam:secret@127.0.0.1:1/none")
    path = write(tables("lines") + '[engine]\nurl = "${KAM_TEST_URL}"\n')
    # Which of both depends on whether the extra is installed.
    said = "no connection to the postgres engine|the driver of postgres is not installed"
    with pytest.raises(InputError, match=said) as error:
        open_dataset(path)
    assert "secret" not in str(error.value) and error.value.__cause__ is None


def test_a_join_brings_columns_under_its_name(write: Write) -> None:
    more = """
join.heads = { source = "heads.csv", on = { order_id = "No" } }
[tables.orders.columns]
account_id = "heads.Customer"
order_date = "heads.Day"
"""
    path = write(tables("orders.csv", more),
                 orders__csv="order_id,amount,quantity\nA1,100.00,1\nA2,250.50,2\n",
                 heads__csv="No,Customer,Day\nA1,C1,2025-01-13\nA2,C2,2025-02-17\n")
    assert rows(open_dataset(path)) == EXPECTED


def test_a_join_key_that_occurs_twice_is_refused(write: Write) -> None:
    more = 'join.heads = { source = "heads.csv", on = { order_id = "No" } }'
    path = write(tables("orders.csv", more), heads__csv="No,Day\nA1,2025-01-13\nA1,2025-01-14\n")
    with pytest.raises(InputError, match=r"tables\.orders\.join\.heads: 1 value\(s\) of No occur "
                                         "more than once"):
        open_dataset(path)


def test_unpivot_makes_one_row_of_each_item(write: Write) -> None:
    answers = """
[tables.survey_answers]
source = "survey.csv"
unpivot = { columns = ["q*"] }
constants = { wave_id = "W1" }
columns = { questionnaire_id = "Sheet", account_id = "Customer", item_id = "item", \
score = "answer", answered_date = "Day" }
"""
    path = write(tables("orders.csv") + answers,
                 survey__csv="Sheet,Customer,Day,Q1,Q2\nR1,C1,2025-09-01,5,3\n"
                             "R2,C2,2025-09-02,4,\n")
    dataset = open_dataset(path)
    found = dataset.tables["survey_answers"].to_pyarrow().to_pylist()
    assert sorted((r["questionnaire_id"], r["item_id"], r["score"]) for r in found if r["score"]) \
        == [("R1", "Q1", 5.0), ("R1", "Q2", 3.0), ("R2", "Q1", 4.0)]
    assert dataset.accounting.set_index("table").loc["survey_answers", "read"] == 4


@pytest.mark.parametrize(("read", "mark"), [("", ","), ("read = { whitespace = true }", " ")])
def test_broken_lines_are_counted_and_kept_as_they_are(read: str, mark: str, write: Write) -> None:
    broken = f"{lines(mark)}A3{mark}C1\n"
    dataset = open_dataset(write(tables("orders.csv", read), orders__csv=broken))
    assert rows(dataset) == EXPECTED
    assert dataset.accounting[["read", "kept", "quarantined"]].to_numpy().tolist() == [[3, 2, 1]]
    assert dataset.reasons.to_dict("records") == [
        {"table": "orders", "kind": "quarantined", "reason": "broken_line", "n": 1}]
    assert dataset.quarantine["orders"]["order_id"].tolist() == [f"A3{mark}C1"]


def test_many_files_at_once_fit_into_the_engines_memory(write: Write) -> None:
    """Each file that is read takes a buffer; sixteen long lines a file were more than there is."""
    files = {f"orders_{month:02}.csv": f"{','.join(NAMES)}\nA{month},C1,2025-{month:02}-01,1.00,1\n"
             for month in range(1, 13)}
    assert len(rows(open_dataset(write(tables("orders_*.csv"), **files)))) == 12
