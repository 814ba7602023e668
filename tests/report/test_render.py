"""A chapter: order, figures, tables, errors, folding, and that the page stands alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup

from kamlib.report.pages import Chapter, PageMeta
from kamlib.report.render import render_chapter

META = PageMeta(dataset_name="Sample company", dataset_id="sample", period_label="2025Q4",
                period_start=date(2025, 10, 1), period_end=date(2025, 12, 31),
                as_of=date(2025, 12, 31), is_open=False, version=1, status="draft", reason="",
                lang="en", currency="CNY", generated_by="kamlib 0.1.0")
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>核心</text></svg>'
TABLE = '<table id="tiers"><tr><th scope="col">Tier</th></tr></table>'


Json = dict[str, Any]


def prose(source: str, cell_id: str = "p", tags: tuple[str, ...] = ()) -> Json:
    return {"cell_type": "markdown", "id": cell_id, "source": source,
            "metadata": {"tags": list(tags)}}


def code(source: str = "x", cell_id: str = "c", *outputs: Json, tags: tuple[str, ...] = ()) -> Json:
    return {"cell_type": "code", "id": cell_id, "source": source, "outputs": list(outputs),
            "execution_count": 1, "metadata": {"tags": list(tags)}}


def shown(metadata: Json | None = None, **data: str) -> Json:
    kinds = {"html": "text/html", "plain": "text/plain", "svg": "image/svg+xml", "png": "image/png"}
    return {"output_type": "display_data", "metadata": metadata or {},
            "data": {kinds[kind]: content for kind, content in data.items()}}


def html(markup: str) -> Json:
    return shown(html=markup, plain="plain")


def figure(**about: str) -> Json:
    return shown({"image/svg+xml": about}, svg=SVG)


def stream(text: str, name: str = "stdout") -> Json:
    return {"output_type": "stream", "name": name, "text": text}


def error(message: str, *traceback: str) -> Json:
    return {"output_type": "error", "ename": "InputError", "evalue": message,
            "traceback": list(traceback)}


def chapter(*cells: Json, meta: PageMeta = META, **more: Any) -> BeautifulSoup:
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook = nbformat.reads(  # type: ignore[no-untyped-call]
        json.dumps(content), as_version=4)
    page = render_chapter(notebook, slug="02_segmentation", title="Segmentation", meta=meta, **more)
    return BeautifulSoup(page, "html.parser")


def text(page: BeautifulSoup, selector: str) -> str:
    return " ".join(" ".join(found.get_text(" ").split()) for found in page.select(selector))


def decoded(data_href: object) -> str:
    return unquote(str(data_href).split(",", 1)[1])


def full() -> tuple[Json, ...]:
    return (
        prose("# Who matters?\n\nFor the head of sales.", "question"),
        code('period: str = "2025Q3"  # the period\nlang: str = "en"', "parameters",
             tags=("parameters",)),
        code('period = "2025Q4"', "injected", tags=("injected-parameters",)),
        code("from kamlib import open_report", "imports"),
        code("report.checks", "open", html('<table id="checks"></table>')),
        code("report.headline(handover)", "headline", html("<p>Few carry most.</p>")),
        prose("## Who is in *which* tier?\n\nDefinition.\n\n### Detail", "tiers"),
        code("table()", "table", html(TABLE)),
        code("figure()", "figure", figure(alt="Bars", caption="Tiers", name="tiers",
                                          download="tiers.csv", csv="tier\n核心\n")),
        code("reading()", "reading", html('<p class="reading">One reading.</p>')),
        prose("## Limits\n\nNone.", "limits"),
        code("report.provenance", "provenance", html("<p>data 9f31</p>")),
    )


def test_question_answer_setup_sections_and_provenance_stand_in_this_order() -> None:
    page = chapter(*full())
    said = text(page, "body")
    marks = ["Who matters?", "Few carry most.", "For the head of sales.",
             "Parameters, data and checks", "Definition.", "One reading.", "None.", "data 9f31"]
    places = [said.rindex(mark) for mark in marks]
    assert places == sorted(places)
    assert text(page, "h1") == "Who matters?"
    assert text(page, "#answer") == "Few carry most."


def test_contents_link_to_the_sections() -> None:
    page = chapter(*full())
    links = page.select("aside li a")
    assert [a.get_text() for a in links] == ["Who is in which tier?", "Limits"]
    assert [a["href"] for a in links] == ["#section-tiers", "#section-limits"]
    assert [h2["id"] for h2 in page.select("h2")] == ["section-tiers", "section-limits"]


def test_code_is_folded_under_its_section() -> None:
    page = chapter(*full())
    folded = [[pre.get_text() for pre in found.select("pre")]
              for found in page.select("section > details.code")]
    assert folded == [["table()", "figure()", "reading()"]]
    assert not page.select("details[open]")


def test_parameters_show_what_was_used_and_the_help() -> None:
    page = chapter(*full())
    assert text(page, "details.setup > div:first-of-type tbody tr") == (
        "period 2025Q4 the period lang en")
    assert page.select_one("details.setup #checks")


def test_injected_chinese_is_readable() -> None:
    page = chapter(code('out = "\\u5ba2\\u6237"\nn: int = -3', tags=("injected-parameters",)))
    assert text(page, "details.setup tbody") == "out 客户 n -3"


def test_a_figure_has_alt_text_caption_and_its_data() -> None:
    page = chapter(code("f", "c", figure(alt='a "bar" chart', caption="Tiers <b>", name="bars",
                                         download="bars.csv", csv="tier\n核心\n")))
    found = page.select_one("figure#bars img")
    assert found is not None and found["alt"] == 'a "bar" chart'
    assert str(found["src"]).startswith("data:image/svg+xml;charset=utf-8,")
    assert len(str(found["src"])) < 1.3 * len(SVG) + 40  # base64 is a third longer, and more
    assert decoded(found["src"]) == SVG.replace('"', "'")
    assert text(page, "figcaption") == "Tiers <b> · data of this chart"
    link = page.select_one("figcaption a")
    assert link is not None and link["download"] == "bars.csv"
    assert decoded(link["href"]) == "\ufefftier\n核心\n"


def test_a_figure_without_metadata_still_has_an_alt_text() -> None:
    page = chapter(code("f", "c", figure(), shown(png="aGk=\n")))
    assert [img["alt"] for img in page.select("img")] == ["A chart without a description"] * 2
    assert [str(img["src"])[:24] for img in page.select("img")][1] == "data:image/png;base64,aG"
    assert not page.select("figcaption")


def test_ids_are_unique_when_table_figure_and_headings_share_a_name() -> None:
    page = chapter(*full(), prose("## Again\n## And again", "other"),
                   code("f()", "more", figure(name="tiers"), figure(name="section-other")))
    ids = [found["id"] for found in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert {"tiers", "tiers-figure", "tiers-figure-2",
            "section-other", "section-other-2"} <= set(ids)
    for anchor in page.select('a[href^="#"]'):
        assert str(anchor["href"])[1:] in ids


def test_tables_scroll_sideways() -> None:
    assert chapter(*full()).select_one(".scroll[tabindex='0'][role=region][aria-label] > #tiers")


def test_an_error_is_readable_where_it_happened() -> None:
    stop = error("no column <b>amount</b>", "\x1b[0;31mTraceback\x1b[0m", "File x")
    page = chapter(prose("## Tiers", "tiers"), code("boom()", "c", stop))
    assert text(page, "section .error > p") == "InputError: no column <b>amount</b>"
    assert text(page, ".error pre") == "Traceback File x"
    assert not page.select(".error details[open]")
    assert text(page, "details.code[open] pre") == "boom()"
    assert text(page, "main > p.bad") == (
        "This chapter is not complete: the notebook stopped with an error")
    assert page.select_one("main > p.bad a[href='#error']") and page.select_one("#error")


def test_an_error_of_the_setup_is_not_folded_away() -> None:
    page = chapter(prose("# Q?"), code("open()", "open", error("no file")),
                   code("h()", "headline"))
    assert text(page, "details.setup[open] .error p") == "InputError: no file"
    assert not page.select("#answer")


def test_papermill_s_own_marks_are_left_out() -> None:
    mark = prose('<span style="color:red">An Exception</span>', "m",
                 tags=("papermill-error-cell-tag",))
    assert "An Exception" not in text(chapter(mark, prose("# Q?")), "body")


def test_kernel_noise_is_dropped_and_other_stderr_kept() -> None:
    # The message as ipykernel 7.4 (kernelapp.py) writes it.
    noise = ("[IPKernelApp] WARNING | Kernel is running over TCP without encryption. All "
             "communication (including code and outputs) is sent in plain text\n")
    warning = "/tmp/ipykernel_71/12.py:1: UserWarning: few rows\n"
    page = chapter(code("w", "c", stream(noise + warning, "stderr")),
                   code("v", "d", stream(noise, "stderr")))
    assert [pre.get_text() for pre in page.select("pre.stderr")] == ["UserWarning: few rows"]


def test_plain_outputs_are_escaped() -> None:
    page = chapter(code("<script>0</script>", "c", stream("<script>1</script>\n"),
                        shown(plain="<script>2</script>")))
    assert not page.select("script")
    assert [pre.get_text() for pre in page.select("main > pre")] == [
        "<script>1</script>", "<script>2</script>"]


@pytest.mark.parametrize("markup", ["<div></div><script>x()</script>", "<img src='//x.org/a.png'>",
                                    '<link rel="stylesheet" href="https://x.org/a.css">'])
def test_outputs_that_run_or_load_are_left_out(markup: str) -> None:
    page = chapter(code("plotly()", "c", html(markup)))
    assert "An interactive output is left out here" in text(page, "main pre")
    assert not page.select("script, link, img")


def test_prose_is_markdown_in_which_only_folding_tags_are_html() -> None:
    source = ("# Q?\n\n<details><summary>Definition</summary>\n\nx<sub>i</sub> **bold**\n\n"
              "</details>\n\n<script>x()</script>\n\n![pic](https://x.org/a.png) "
              "[bad](javascript:x) [good](https://x.org)\n\n```python\n## no heading\n```")
    page = chapter(prose(source))
    assert not page.select("script, img, h2")
    assert text(page, "main details > summary") == "Definition"
    assert text(page, "main sub") == "i" and text(page, "main strong") == "bold"
    assert [a["href"] for a in page.select("main a")] == ["#harmful-link", "https://x.org"]
    assert text(page, "main pre") == "## no heading"


def test_a_notebook_without_headline_is_shown_as_it_stands() -> None:
    page = chapter(prose("# Q?"), code("a()", "a", stream("first")), code("b()", "b", html(TABLE)))
    assert text(page, "main > pre") == "first" and page.select_one("main > .scroll #tiers")
    assert not page.select("details.setup")


def test_neighbours_and_the_first_page_are_linked() -> None:
    before, after = Chapter("01_sales", "Sales", ""), Chapter("03_x", "X", "", "skipped")
    page = chapter(*full(), previous=before, following=after)
    assert [a["href"] for a in page.select("nav.pages a")] == ["01_sales.html", "index.html"]
    assert page.select_one("footer a[href='02_segmentation.ipynb']")


@pytest.mark.parametrize(("lang", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_the_page_says_its_language(lang: str, tag: str) -> None:
    root = chapter(*full(), meta=replace(META, lang=lang)).select_one("html")
    assert root is not None and root["lang"] == tag


def test_the_page_stands_alone_is_lean_and_prints() -> None:
    page = chapter(*full())
    assert not page.select("script, link, iframe")
    assert all(str(found["src"]).startswith("data:") for found in page.select("[src]"))
    policy = page.select_one("meta[http-equiv]")
    assert policy is not None and str(policy["content"]).startswith("default-src 'none'")
    assert "@media print" in text(page, "style") and "break-inside:avoid" in text(page, "style")
    assert len(str(page)) < 20_000
    assert "MathJax" not in str(page)
