"""The import template: every table and column, explained, and the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from kamlib.dataset.template import README_SHEET, describe_column, write_template
from kamlib.errors import InputError
from kamlib.language import current, using
from kamlib.schema import load_schema

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.xlsx"
    write_template(path)
    return path


def part(path: Path, name: str) -> ElementTree.Element:
    with ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read(name))


def test_a_sheet_a_table_with_its_columns_and_no_row_to_import(template: Path) -> None:
    workbook = CalamineWorkbook.from_path(template)
    assert workbook.sheet_names == [README_SHEET, *load_schema()]
    for name, table in load_schema().items():
        assert workbook.get_sheet_by_name(name).to_python() == [list(table.columns)]


def test_the_first_sheet_lists_every_table(template: Path) -> None:
    rows = CalamineWorkbook.from_path(template).get_sheet_by_name(README_SHEET).to_python()
    assert rows[0][0] == "Import template"
    tables = load_schema().values()
    assert [row[:2] for row in rows[-len(tables):]] == [[t.name, t.row] for t in tables]


def test_every_heading_has_a_comment(template: Path) -> None:
    for place, table in enumerate(load_schema().values(), start=1):
        comments = part(template, f"xl/comments{place}.xml")
        texts = ["".join(c.itertext()).strip() for c in comments.iter(f"{MAIN}comment")]
        assert texts == [describe_column(column) for column in table.columns.values()]


def test_closed_lists_are_offered(template: Path) -> None:
    place = list(load_schema()).index("orders") + 2
    rules = part(template, f"xl/worksheets/sheet{place}.xml").iter(f"{MAIN}dataValidation")
    offered = {rule.get("sqref", ""): rule.findtext(f"{MAIN}formula1") for rule in rules}
    assert offered == {
        "G2:G1048576": '"sale,return,cancellation,adjustment,free"',
        "N2:N1048576": '"TRUE,FALSE"', "O2:O1048576": '"TRUE,FALSE"'}


def test_headings_are_frozen_and_the_required_ones_stand_out(template: Path) -> None:
    place = list(load_schema()).index("orders") + 2
    sheet = part(template, f"xl/worksheets/sheet{place}.xml")
    pane = next(sheet.iter(f"{MAIN}pane"))
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    styles = [cell.get("s") for cell in sheet.iter(f"{MAIN}c")]
    required = [column.required for column in load_schema()["orders"].columns.values()]
    assert len(set(styles)) == 2
    assert [style == styles[0] for style in styles] == required


def test_two_writes_give_the_same_bytes(template: Path, tmp_path: Path) -> None:
    write_template(tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == template.read_bytes()


def test_in_chinese_the_explanations_change_and_the_headings_stay(tmp_path: Path) -> None:
    write_template(tmp_path / "zh.xlsx", lang="zh")
    assert current() == "en"
    workbook = CalamineWorkbook.from_path(tmp_path / "zh.xlsx")
    orders = load_schema()["orders"]
    assert workbook.get_sheet_by_name("orders").to_python() == [list(orders.columns)]
    first = workbook.get_sheet_by_name(README_SHEET).to_python()
    assert first[-len(load_schema())][1] == "客户：一个客户（购买方、供应方或合作方）"
    with using("zh"):
        lines = describe_column(orders.columns["quantity"]).splitlines()
    assert lines[0] == "数量（退回为负）"
    assert "件" in lines[2]


@pytest.mark.parametrize("name", ["template.csv", "nowhere/template.xlsx"])
def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(InputError) as caught:
        write_template(path)
    assert str(caught.value) == (
        f"The template is an .xlsx file in an existing folder; {str(path)!r} is not. "
        "Give a path that ends in .xlsx and make its folder first.")


def test_an_unknown_language_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_template(tmp_path / "template.xlsx", lang="cn")
    assert str(caught.value).startswith("There is no language 'cn'.")
    assert list(tmp_path.iterdir()) == []
