"""From a number to its definition in one step, to the function and its test in a second one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from kamlib.report.methods import list_functions, read_measures, render_methods
from kamlib.report.pages import Chapter, PageMeta
from kamlib.report.render import render_chapter

ROOT = Path(__file__).resolve().parents[2]
META = PageMeta(dataset_name="Sample company", dataset_id="sample", period_label="2025Q4",
                period_start=date(2025, 10, 1), period_end=date(2025, 12, 31),
                as_of=date(2025, 12, 31), is_open=False, version=2, status="draft", reason="",
                lang="en", currency="CNY", generated_by="kamlib 0.1.0")
BOOKS = [path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
         if not path.name.startswith(("00_", "09_"))]


def read(path: Path) -> tuple[Chapter, list[str]]:
    cells = nbformat.read(path, as_version=4).cells
    return Chapter(path.stem, path.stem, "?"), [c.source for c in cells if c.cell_type == "code"]


@pytest.fixture(scope="module")
def methods():
    page = render_methods(META, [read(path) for path in BOOKS])
    return BeautifulSoup(page, "html.parser")


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_every_section_with_numbers_is_two_steps_from_function_and_test(path, methods):
    page = BeautifulSoup(render_chapter(
        nbformat.read(path, as_version=4), slug=path.stem, title=path.stem, meta=META),
        "html.parser")
    for section in page.select("main > section"):
        if not section.select("table, figure"):
            continue
        links = [str(a["href"]) for a in section.select("p.defined a")]
        assert f"methods.html#{path.stem}" in links, section.h2
        for link in links:
            place = methods.find(id=link.partition("#")[2])
            assert place, link
            row = place if place.name == "tr" else place.find_parent("section")
            assert "tests/" in row.get_text() or "kamlib/" in row.get_text()


def test_every_function_that_a_notebook_asks_has_its_definition_and_place(methods):
    names = {name for path in BOOKS for name in list_functions(read(path)[1])}
    assert len(names) > 15
    for name in names:
        cells = [cell.get_text() for cell in methods.find(id=name).select("td")]
        assert len(cells[0]) > 20, name
        file, _, line = cells[1].partition(":")
        assert (ROOT / file).is_file()
        assert line.isdecimal()


def test_the_readme_s_measures_reach_the_page_and_their_tests_exist(methods):
    found = read_measures((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len({path.name[:2] for path in BOOKS} & set(found)) >= 10
    for path in BOOKS:
        told = methods.find(id=path.stem).find_parent("section").get_text()
        assert all(measure.name in told for measure in found.get(path.name[:2], []))
    tests = [test for measures in found.values() for m in measures for test in m.tests]
    assert [test for test in tests if not (ROOT / test).exists()] == []


def test_the_page_is_in_the_version_s_language():
    page = BeautifulSoup(render_methods(replace(META, lang="zh"), [read(BOOKS[0])]), "html.parser")
    assert page.html["lang"] == "zh-Hans"
    assert page.select_one("tr[lang=en]")
