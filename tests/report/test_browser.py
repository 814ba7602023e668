"""Pages in a real browser: alone, without a request or an error, for every reader, on every width.

Skipped where no Chromium is on the path. axe-core comes with the package axe-core-python (its
script is under the MPL 2.0) and is a tool of the tests alone: nothing of it is in a report.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from kamlib import language
from kamlib.handover import Attention, Finding, Handover, Metric, Unanswered
from kamlib.report.execute import translate_prose
from kamlib.report.pages import Chapter, PageMeta, render_first_page
from kamlib.report.render import render_account, render_chapter

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "make_pictures.py")
pictures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(pictures)

pytestmark = pytest.mark.skipif(not any(map(shutil.which, pictures.BROWSERS)),
                                reason=f"no browser on the path: {', '.join(pictures.BROWSERS)}")
META = PageMeta(dataset_name="Sample company", dataset_id="sample", period_label="2025Q4",
                period_start=date(2025, 10, 1), period_end=date(2025, 12, 31),
                as_of=date(2025, 12, 31), is_open=False, version=2, status="draft",
                reason="two orders restated", lang="en", currency="CNY",
                generated_by="kamlib 0.1.0")
EVIL = "<img src=x onerror=alert(1)><script>document.title='taken'</script>\u202e" + "W" * 10_000
# What is wider than the page but for what scrolls in a box of its own.
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# With its own rules for what is serious; best practices are no violations.
AXE = """axe.run(document, {resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}).then(
  r => JSON.stringify(r.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].html])))"""


def write_pages(folder: Path) -> dict[str, Path]:
    """A first page that names evil accounts, a chapter, and an account's page in Chinese."""
    handover = Handover(
        metrics=(Metric("net_revenue", 41.8e6, "amount", n=291, ci_low=40e6, ci_high=43e6,
                        previous=40.5e6, target=43e6, verdict="not met", headline=True),),
        findings=(Finding("k", f"{EVIL} fell.", 5e6, "96 answers", "overdue"),),
        attention=(Attention(EVIL, "falling", 1e6, "M-04"),),
        unanswered=(Unanswered("Share of wallet?", "No such data.", "wallets"),))
    frames = {name: frame.assign(notebook="10_improvement")
              for name, frame in handover.to_frames().items()}
    rows = pd.DataFrame({"table": ["orders"], "read": [86412], "kept": [86120], "excluded": [280],
                         "quarantined": [12], "quarantine_path": [""]})
    chapters = [Chapter("10_improvement", "Improvement", "Who matters?")]
    pages = {"index": render_first_page(
        META, **frames, accounting=rows, checks=pd.DataFrame(columns=["table", "check", "n"]),
        chapters=chapters, provenance={"commit": "1a2b3c4"})}
    notebook = nbformat.read(ROOT / "notebooks" / "10_improvement.ipynb", as_version=4)
    pages["10_improvement"] = render_chapter(
        notebook, slug="10_improvement", title="Improvement", meta=META)
    review = nbformat.read(ROOT / "notebooks" / "09_account_review.ipynb", as_version=4)
    review = translate_prose(review, slug="09_account_review", lang="zh")
    pages["account"] = render_account(review, name="东方贸易", audience="internal",
                                      meta=replace(META, lang="zh"))
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    language.use("en")
    return {name: folder / f"{name}.html" for name in pages}


def look_at(browser: Any, page: Path, *, width: int) -> dict[str, Any]:
    """Open a page; return requests other than for it, errors, its title, and what is too wide."""
    browser.events.clear()
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=width < 500)
    browser.call("Page.navigate", url=page.as_uri())
    pictures.wait(lambda: browser.ask("document.readyState == 'complete' && location.href "
                                      f"== {json.dumps(page.as_uri())}"), f"{page.name} not drawn")
    said = [(event["method"], event["params"]) for event in browser.events if "method" in event]
    asked = [about["request"]["url"] for kind, about in said
             if kind == "Network.requestWillBeSent"]
    return {"requests": [url for url in asked
                         if url != page.as_uri() and not url.startswith("data:")],
            "errors": [about for kind, about in said if kind == "Runtime.exceptionThrown" or (
                kind == "Log.entryAdded" and about["entry"]["level"] == "error")],
            "too wide": browser.ask(WIDER), "title": browser.ask("document.title")}


@pytest.fixture(scope="module")
def browser():
    with pictures.open_browser() as opened:
        for domain in ("Page", "Runtime", "Log", "Network"):
            opened.call(f"{domain}.enable")
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return write_pages(tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("name", ["index", "10_improvement", "account"])
def test_a_page_stands_alone_and_fits_a_phone(browser, pages, name):
    for width in (1280, 375):
        seen = look_at(browser, pages[name], width=width)
        assert (seen["requests"], seen["errors"]) == ([], [])
        assert seen["too wide"] <= 0, f"{name} is {seen['too wide']} px wider than {width}"
        assert "taken" not in seen["title"]


def test_what_looks_for_faults_finds_them(browser, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text("<title>x</title><script>document.title = 'taken'; boom()</script>"
                    "<img src='none.png'><div style='width:4000px'>x</div>", encoding="utf-8")
    seen = look_at(browser, page, width=375)
    assert [url.rsplit("/", 1)[-1] for url in seen["requests"]] == ["none.png"]
    assert seen["errors"]
    assert seen["title"] == "taken"
    assert seen["too wide"] > 3_000


def run_axe(browser) -> list[list[Any]]:
    """Serious and critical violations on the page that is open, its folds opened."""
    found = importlib.util.find_spec("axe_core_python")
    if found is None:
        pytest.skip("axe-core-python is not installed: make clean setup")
    script = Path(found.submodule_search_locations[0]) / "axe.min.js"
    browser.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    # The page's own policy forbids scripts; the debugger may run one all the same.
    browser.ask(script.read_text(encoding="utf-8") + "; true")
    said = browser.call("Runtime.evaluate", expression=AXE, awaitPromise=True)
    return [v for v in json.loads(said["result"]["value"]) if v[0] in ("serious", "critical")]


@pytest.mark.parametrize("name", ["index", "10_improvement", "account"])
def test_axe_finds_nothing_serious(browser, pages, name):
    look_at(browser, pages[name], width=1280)
    assert run_axe(browser) == []


def test_axe_finds_what_is_serious(browser, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text("<html><title>x</title><p style='color:#aaa'>pale</p><img src='data:,'>")
    look_at(browser, page, width=1280)
    assert {v[1] for v in run_axe(browser)} >= {"color-contrast", "image-alt", "html-has-lang"}


def test_a_table_is_not_cut_in_print(browser, pages):
    look_at(browser, pages["10_improvement"], width=1280)
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.call("Emulation.setDeviceMetricsOverride", width=690, height=1000,
                 deviceScaleFactor=1, mobile=False)  # A4 less its margins
    wider = browser.ask("[...document.querySelectorAll('table')].filter(t => t.offsetParent && "
                        "t.getBoundingClientRect().right > innerWidth + 1).map(t => t.id)"
                        ".join(' ')")
    heads = browser.ask("[...document.querySelectorAll('thead')].every("
                        "h => getComputedStyle(h).display == 'table-header-group')")
    browser.call("Emulation.setEmulatedMedia", media="")
    assert (wider, heads) == ("", True)
