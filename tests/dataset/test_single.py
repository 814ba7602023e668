"""One table of the dictionary from a file of its own: headings, words, rows set aside."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from kamlib.dataset.single import read_single
from kamlib.errors import InputError
from kamlib.satisfaction import read_quoted_file

CHINESE = """编号;指标名称;数值;性质;样本数;分子;目标值;目标类型;是否达标;备注
A1;总体平均分;94,32%;均值;;;90%;;达标;x
A2;客户满意率;78,40%;指数;4;;85%;比率;未达标;y
A3;怪;5;瓜;;;;;;z
;;;;;;;;;
A1;再来;62%;比率;45;28;;;;
"""


def write(folder: Path, text: str, name: str = "deck.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_headings_decimal_commas_and_words(tmp_path, encoding):
    quoted, notes = read_quoted_file(write(tmp_path, CHINESE, encoding=encoding))
    assert quoted[["quote_id", "quoted", "kind", "stated_verdict"]].to_numpy().tolist() == [
        ["A1", "94,32%", "mean", "met"], ["A2", "78,40%", "index", "not met"]]
    assert quoted["n"].tolist()[1] == 4
    assert quoted["source"].tolist() == ["deck.csv"] * 2
    assert notes == (
        "Columns that are not used: 备注.",
        "Set aside: row 3 (性质 may be index, rate, share, mean, sum, count).",
        "Set aside, since their id stands in an earlier row: A1.")


def test_english_headings_and_numbered_rows(tmp_path):
    text = ("Name,Value,Type,Sample size,Numerator,Goal,labl of target\n"
            'Return,62%,Rate,45,28,,\nMean,"94,32",Average,8,,90,x\n')
    quoted, notes = read_quoted_file(write(tmp_path, text))
    assert quoted[["quote_id", "label", "quoted", "kind", "target"]].iloc[1].tolist() == [
        "2", "Mean", "94,32", "mean", "90"]
    assert notes == ("Columns that are not used: labl of target (did you mean target_kind?).",)


def test_trailing_zeros_stay(tmp_path):
    quoted, _ = read_quoted_file(write(tmp_path, "label,quoted,kind\na,91.0,mean\nb,92.0,mean\n"))
    assert quoted["quoted"].tolist() == ["91.0", "92.0"]


def test_a_line_that_a_decimal_comma_cuts_is_named(tmp_path):
    text = "label,quoted,kind\n" + "Mean,94,32%,mean\n" * 5 + "Rate,62%,rate\n"
    quoted, notes = read_quoted_file(write(tmp_path, text))
    assert quoted["label"].tolist() == ["Rate"]
    assert notes[0] == (
        "Line 2 has not as many cells as the heading and is left out: Mean,94,32%,mean. A decimal "
        "comma needs quotes around its number, or another mark between the cells.")
    assert notes[3] == "So are 2 more lines."


def test_the_sheet_that_fits_best(tmp_path):
    path = tmp_path / "deck.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("notes").write_column(0, 0, ["about", "this", "deck"])
        sheet = book.add_worksheet("numbers")
        for row, cells in enumerate((["Annual review"], ["label", "value", "kind", "n"],
                                     ["Satisfied", 0.784, "rate", 4], ["Mean", 95.5, "mean", 8])):
            sheet.write_row(row, 0, cells)
    quoted, notes = read_quoted_file(path)
    assert quoted[["quoted", "kind"]].to_numpy().tolist() == [["0.784", "rate"], ["95.5", "mean"]]
    assert notes == ("Of the workbook the sheet “numbers” was read.",)


@pytest.mark.parametrize(("name", "content", "message"), [
    ("deck.csv", b"label,quoted\na,62%\n",
     "deck.csv has no column for: kind (how it was made: index (0 to 100), rate (of accounts), "
     "share (of a whole), mean, sum or count). It has: label, quoted. Add or rename the columns; "
     "kam template writes a workbook with the sheet quoted_figures."),
    ("deck.csv", b"label,quoted,kind\n,,\n",
     "deck.csv holds no number that can be audited: no row has label, quoted and kind."),
    ("deck.csv", b"", "deck.csv is empty. Export it again."),
    ("deck.pdf", b"%PDF", "deck.pdf is not a kind of file that can be read."),
    ("deck.xlsx", b"PK nothing", "the workbook deck.xlsx cannot be opened"),
    ("deck.csv", bytes(range(256)) * 20, "deck.csv"), ("deck.csv", b"\x00" * 500, "deck.csv")])
def test_what_cannot_be_read_is_one_paragraph(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_quoted_file(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file(tmp_path):
    for path in (tmp_path, tmp_path / "no.csv"):
        with pytest.raises(InputError, match="does not exist"):
            read_quoted_file(path)


def test_any_table_of_the_dictionary_can_be_read(tmp_path):
    path = write(tmp_path, "Complaint No,Customer,Date\nC1,A,2025-01-31\nC2,,2025-02-30\n")
    found = read_single(path, table="complaints")
    assert found.kept["complaint_id"].tolist() == ["C1"]
    assert found.broken.to_dict("records") == [{"row": 2, "reason": "missing:account_id"}]
    assert found.matched["opened_date"] == "Date"
