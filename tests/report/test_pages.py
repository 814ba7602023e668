"""The first page and the index: order, links, escaping, empty cases, both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from kamlib import language
from kamlib.handover import Attention, Finding, Handover, Metric, Unanswered
from kamlib.report.pages import (
    Chapter,
    PageMeta,
    format_metric,
    render_first_page,
    render_index,
    render_sheet,
)

META = PageMeta(dataset_name="Sample company", dataset_id="sample", period_label="2025Q4",
                period_start=date(2025, 10, 1), period_end=date(2025, 12, 31),
                as_of=date(2025, 12, 31), is_open=False, version=2, status="draft",
                reason="two orders restated", lang="en", currency="CNY",
                generated_by="kamlib 0.1.0")
CHAPTERS = [Chapter("02_segmentation", "Segmentation", "Who matters?"),
            Chapter("06_loyalty", "Loyalty", "Who stays?", "skipped", "No table wallets.")]
SECTIONS = ["headline", "findings", "attention", "unanswered", "chapters", "data", "provenance"]
ACCOUNTING = pd.DataFrame({"table": ["orders"], "read": [86412], "kept": [86120],
                           "excluded": [280], "quarantined": [12],
                           "quarantine_path": ["tables/quarantine_orders.csv"]})
CHECKS = pd.DataFrame({"table": ["orders"], "check": ["late"], "n": [41], "message": ["Late."]})


def first_page(handover: Handover | None = None, *, meta: PageMeta = META, notebook: str =
               "02_segmentation", **changed: Any) -> BeautifulSoup:
    frames = {name: frame.assign(notebook=notebook)
              for name, frame in (handover or Handover()).to_frames().items()}
    arguments: dict[str, Any] = {**frames, "accounting": ACCOUNTING, "checks": CHECKS,
                                 "chapters": CHAPTERS, "provenance": {"commit": "1a2b3c4"}}
    return BeautifulSoup(render_first_page(meta, **{**arguments, **changed}), "html.parser")


def text(page: BeautifulSoup, selector: str) -> str:
    return " ".join(" ".join(found.get_text(" ").split()) for found in page.select(selector))


def test_sections_stand_in_the_order_of_the_reader_s_questions() -> None:
    ids = [found["id"] for found in first_page().select("[id]")]
    assert [name for name in ids if name in SECTIONS] == SECTIONS


def test_header_names_dataset_period_as_of_version_and_status() -> None:
    header = text(first_page(), "header")
    assert header == ("Sample company · key accounts Fourth quarter 2025 "
                      "as of 31 December 2025 · version 2 · two orders restated "
                      "Draft: not released when this page was made")


def test_an_open_period_and_a_release_are_marked() -> None:
    page = first_page(meta=replace(META, is_open=True, status="released"))
    assert text(page, ".marks") == ("Reviewed and released "
                                    "Period still open: these numbers will change")


def test_a_fiscal_period_shows_its_days() -> None:
    meta = replace(META, period_label="2025", period_start=date(2024, 4, 1),
                   period_end=date(2025, 3, 31), as_of=date(2025, 3, 31))
    assert text(first_page(meta=meta), "h1") == "Fiscal year 2025"
    assert "1 April 2024 to 31 March 2025" in text(first_page(meta=meta), "header")


def test_a_headline_number_carries_unit_interval_changes_and_verdict() -> None:
    metric = Metric("Net sales", 41.8e6, "amount", n=291, ci_low=40e6, ci_high=43e6,
                    previous=40.5e6, year_before=44e6, target=43e6, verdict="not met",
                    anchor="sales", headline=True)
    page = first_page(Handover(metrics=(metric, Metric("Hidden", 1, "count"))))
    assert text(page, "#headline") == (
        "Net sales 41.8 M CNY likely 40.0–43.0 M CNY · n = 291 +1.30 M CNY (3.2 %) on the "
        "previous period −2.20 M CNY (5.0 %) on the year before target 43.0 M CNY: not met")
    assert page.select_one("#headline .verdict.bad")
    assert [a["href"] for a in page.select("#headline a")] == ["02_segmentation.html#sales"]


@pytest.mark.parametrize(("metric", "expected"), [
    (Metric("x", 0.61, "share", previous=0.6), "61 % +1.0 points on the previous period"),
    (Metric("x", 58, "count", previous=58), "58 no change on the previous period"),
    (Metric("x", 58, "count", year_before=60), "58 −2 on the year before"),
    (Metric("x", None, "count", previous=60), "not known"),
    (Metric("x", 512.0, "amount", previous=0.0), "512 CNY +512 CNY on the previous period"),
    (Metric("x", 78, "index", target=80, verdict="cannot tell"), "78 against 80: cannot tell"),
    (Metric("x", 4.2, "ratio", verdict="better"), "4.20 better than the benchmark"),
])
def test_changes_are_said_in_the_unit_s_own_way(metric: Metric, expected: str) -> None:
    page = first_page(Handover(metrics=(replace(metric, headline=True),)))
    assert text(page, "#headline") == f"x {expected}"


@pytest.mark.parametrize(("value", "unit", "expected"), [
    (0.034, "share", "3.4 %"), (2.5, "years", "2.5 years"), (31, "days", "31 days")])
def test_each_unit_is_printed(value: float, unit: str, expected: str) -> None:
    assert format_metric(value, unit=unit).replace(language.NO_BREAK, " ") == expected


def test_findings_with_most_money_stand_first_and_link_to_their_chart() -> None:
    findings = (Finding("k", "none.", None), Finding("k", "small.", 1e6, anchor="a b"),
                Finding("k", "large.", 5.2e6, "96 answers", "overdue"))
    page = first_page(Handover(findings=findings))
    said = [text(page, f"ol.findings > li:nth-child({i})") for i in (1, 2, 3)]
    assert [[word for word in ("large", "small", "none") if f"{word}." in item]
            for item in said] == [["large"], ["small"], ["none"]]
    assert [m.get_text() for m in page.select(".money")] == [
        language.fmt_money(5.2e6, "CNY"), language.fmt_money(1e6, "CNY")]
    assert [a["href"] for a in page.select("#findings a")] == [
        "02_segmentation.html#overdue", "02_segmentation.html#a%20b", "02_segmentation.html"]
    assert text(page, ".evidence") == "96 answers"


def test_what_a_skipped_chapter_says_has_no_dead_link() -> None:
    page = first_page(Handover(findings=(Finding("k", "s.", 1.0, anchor="x"),)),
                      notebook="06_loyalty")
    assert not page.select("#findings a")
    assert "Loyalty Skipped No table wallets." in text(page, "#chapters")
    assert [a["href"] for a in page.select("#chapters a")] == [
        "02_segmentation.html", "methods.html"]


def test_many_findings_are_folded_below_the_first() -> None:
    findings = tuple(Finding("k", f"finding {i}.", float(i)) for i in range(11))
    page = first_page(Handover(findings=findings))
    assert len(page.select("#findings > ol > li")) == 8
    assert len(page.select("#findings details li")) == 3
    assert text(page, "#findings summary") == "3 more findings"


def test_an_account_is_one_row_with_its_reasons_joined() -> None:
    attention = (Attention("A-2", "overdue", None), Attention("A-1", "complaint", 5e5, "", "c"),
                 Attention("A-1", "falling", 2310000.4, "M-04"), Attention("A-1", "falling", 1.0))
    rows = first_page(Handover(attention=attention)).select("#attention tbody tr")
    assert [" | ".join(cell.get_text("", strip=True) for cell in row.select("th, td"))
            for row in rows] == ["A-1 | M-04 | falling;complaint | 2,310,000",
                                 "A-2 | no owner named | overdue | –"]


def test_names_of_accounts_and_owners_are_shown_when_known() -> None:
    frame = Handover(attention=(Attention("A-1", "falling", 1.0, "M-04"),)).to_frames()[
        "attention"].assign(notebook="02_segmentation", account_name="东方", owner_name="Li")
    assert "东方 A-1 Li falling" in text(first_page(attention=frame), "#attention tbody")


def test_what_two_notebooks_could_not_answer_is_said_once() -> None:
    entry = Unanswered("Share of wallet?", "No such data.", "wallets")
    page = first_page(Handover(unanswered=(entry, entry)))
    assert text(page, "#unanswered li") == (
        "Share of wallet? No such data. It would be answered by the table wallets.")


def test_rows_are_accounted_for_and_quarantine_is_linked() -> None:
    page = first_page()
    assert text(page, "#data table:first-of-type tbody").startswith("orders 86,412 86,120 280 12")
    assert [a["href"] for a in page.select("#data a")] == ["tables/quarantine_orders.csv"]
    assert "read = kept + excluded" in text(page, "#data p")


def test_rows_that_do_not_add_up_are_said() -> None:
    page = first_page(accounting=ACCOUNTING.assign(kept=1))
    assert text(page, "#data p.bad") == "The rows of these tables do not add up: orders."


def test_empty_tables_are_said_plainly() -> None:
    page = first_page(accounting=pd.DataFrame(), checks=pd.DataFrame(), chapters=[],
                      metrics=pd.DataFrame(), findings=pd.DataFrame(),
                      attention=pd.DataFrame(), unanswered=pd.DataFrame())
    said = text(page, "main p")
    for sentence in ("No headline number could be computed for this period.",
                     "Nothing was found by these rules.",
                     "No account needs attention by these rules.",
                     "Every question of this report could be answered.",
                     "This version has no chapters.", "No table was read.",
                     "No check found anything unusual."):
        assert sentence in said
    assert "Every row is accounted for" not in said


def test_what_comes_from_the_data_is_escaped() -> None:
    evil = "<script>alert(1)</script>\"'<img src=x>"
    handover = Handover(metrics=(Metric(evil, 1.0, "count", headline=True, anchor=evil),),
                        findings=(Finding(evil, evil, 1.0, evil, evil),),
                        attention=(Attention(evil, evil, 1.0, evil),),
                        unanswered=(Unanswered(evil, evil, evil),))
    page = first_page(
        handover, meta=replace(META, dataset_name=evil, reason=evil, generated_by=evil),
        chapters=[Chapter("02_segmentation", evil, evil)], provenance={evil: evil},
        accounting=ACCOUNTING.assign(table=evil, quarantine_path=evil),
        checks=CHECKS.assign(table=evil, check=evil, message=evil))
    assert not page.select("script, img")
    assert text(page, "#findings").count("<script>") == 3  # sentence, link, evidence


@pytest.mark.parametrize(("lang", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_the_page_is_in_the_version_s_language(lang: str, tag: str) -> None:
    before = language.current()
    metric = Metric("x", 41_800_000, "amount", headline=True)
    page = first_page(Handover(metrics=(metric,)), meta=replace(META, lang=lang))
    root = page.select_one("html")
    assert root is not None and root["lang"] == tag
    assert ("4,180" if lang == "zh" else "41.8") in text(page, "#headline")
    assert language.current() == before


def test_the_page_stands_alone_and_prints() -> None:
    page = first_page(Handover(attention=(Attention("A", "r"),)), tables_href="tables.xlsx",
                      accounts_href="../v001.accounts/index.html")
    assert [a["href"] for a in page.select("#attention th[scope=row] a")] == [
        "../v001.accounts/index.html#account-A"]
    assert not page.select("script, link, iframe, [src]")
    ids = [found["id"] for found in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for anchor in page.select("a[href]"):
        href = str(anchor["href"])
        assert href[1:] in ids if href.startswith("#") else not PurePosixPath(href).is_absolute()
    css = text(page, "style")
    assert "url(" not in css and "@import" not in css
    assert "@media print" in css and "table-header-group" in css
    assert all(th.get("scope") for th in page.select("th"))
    assert page.select_one("body > a.skip[href='#content']")


def test_provenance_prints_lists_and_mappings() -> None:
    page = first_page(provenance={"sources": ["a.csv", "b.csv"], "rules changed": {"x": 0.35}})
    assert text(page, "#provenance") == ("sources a.csv b.csv rules changed x: 0.35 "
                                         "Made by kamlib 0.1.0")


def versions() -> pd.DataFrame:
    rows = [("s", "Sample", "2025Q3", 1, "released", "2025-10-05", "s/2025Q3/v001/index.html", ""),
            ("s", "Sample", "2025Q4", 2, "draft", "2026-01-09", "s/2025Q4/v002/index.html", "new"),
            ("s", "Sample", "2025Q4", 1, "released", "2026-01-05", "s/2025Q4/v001", ""),
            ("s", "Sample", "2025Q3", 2, "released", "2025-10-15", "s/2025Q3/v002/index.html", ""),
            ("s", "<script>", "2025Q4", None, "failed", None, "", "it stopped")]
    return pd.DataFrame(rows, columns=["dataset_id", "name", "period", "version", "status",
                                       "published", "path", "reason"])


def test_index_puts_the_latest_release_first_and_drafts_apart() -> None:
    page = BeautifulSoup(render_index(versions()), "html.parser")
    assert [a["href"] for a in page.select("#released a")] == [
        "s/2025Q4/v001/index.html", "s/2025Q3/v002/index.html", "s/2025Q3/v001/index.html"]
    assert text(page, "#released tbody tr:last-child") == (
        "Sample, 2025Q3 1 replaced by a later one 5 October 2025")
    assert text(page, "#released").count("replaced") == 1
    assert text(page, "#drafts tbody") == "Sample, 2025Q4 2 9 January 2026 new"
    assert text(page, "#failed tbody") == "<script>, 2025Q4 – – it stopped"
    assert not page.select("script")


def test_a_version_reviewed_but_not_released_stands_among_the_drafts() -> None:
    page = BeautifulSoup(render_index(versions().replace("draft", "reviewed")), "html.parser")
    assert [a["href"] for a in page.select("#drafts a")] == ["s/2025Q4/v002/index.html"]


def test_index_without_versions_says_so_in_the_language_in_use() -> None:
    empty = versions().iloc[:0]
    page = BeautifulSoup(render_index(empty), "html.parser")
    assert text(page, "main p") == ("No version has been released yet. "
                                    "No draft is waiting for review.")
    with language.using("zh"):
        assert '<html lang="zh-Hans">' in render_index(empty)


ADVICE = pd.DataFrame({"cycle_step": ["needs", "execution"], "recommendation": ["Ask.", "Call."],
                       "stake_amount": [5.0, 7e6], "evidence": ["Two <b>say</b> so.", "One."],
                       "owners": ["", "M1"], "chapter": ["02_segmentation"] * 2,
                       "anchor": ["ranks", "calls"]})


def test_recommendations_stand_most_money_first_with_their_evidence() -> None:
    page = first_page(recommendations=ADVICE, sheet_href="sheet.html")
    assert text(page, "#recommendations li") == (
        "7.00 M CNY Call. Segmentation One. Owners: M1. 5 CNY Ask. Segmentation Two <b>say</b> so.")
    assert [a["href"] for a in page.select("#recommendations a")] == [
        "02_segmentation.html#calls", "02_segmentation.html#ranks"]
    assert page.select_one('header a[href="sheet.html"]')
    assert not first_page().select("#recommendations")


def test_one_sheet_holds_the_most_important_and_counts_the_rest() -> None:
    handover = Handover(
        metrics=tuple(Metric(f"m{i}", i, "count", headline=True) for i in range(12)),
        findings=tuple(Finding("demo", f"Finding {i}.", float(i)) for i in range(9)),
        attention=tuple(Attention(f"{i:02}", f"late by {i}", float(i)) for i in range(20)),
        unanswered=(Unanswered("Who?", "nobody"),))
    frames = {name: frame.assign(notebook="x") for name, frame in handover.to_frames().items()}
    page = BeautifulSoup(render_sheet(META, **frames, recommendations=ADVICE), "html.parser")
    found = text(page, "main")
    assert "Finding 8." in found and "Finding 3." not in found
    assert "late by 19" in found and "late by 11" not in found
    assert len(page.select(".numbers .value")) == 8
    assert "findings 9, recommendations 2, accounts 20, open questions 1." in found
    empty = {name: frame.iloc[:0] for name, frame in frames.items()}
    assert "Nothing was found" in text(BeautifulSoup(render_sheet(META, **empty), "html.parser"),
                                       "main")
