"""A version's first page and the index of all versions: what a reviewer opens first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import pandas as pd

from kamlib import language
from kamlib.figures.metrics import format_metric, say_change
from kamlib.handover import group_attention
from kamlib.labels import label
from kamlib.language import (
    _,
    fmt_count,
    fmt_range,
)
from kamlib.report.account_index import anchor_of
from kamlib.report.layout import Chapter, PageMeta, records, render_page

__all__ = ["Chapter", "PageMeta", "render_first_page", "render_index", "render_sheet"]

# The first page is to print on one or two sheets; the rest is folded below.
N_FINDINGS_SHOWN = 8
N_ADVICE_SHOWN = 6
N_ACCOUNTS_SHOWN = 12
# What one sheet of A4 holds.
N_SHEET_NUMBERS, N_SHEET_FINDINGS, N_SHEET_ADVICE, N_SHEET_ACCOUNTS = 8, 5, 5, 8
VERDICT_CLASSES = {"met": "good", "better": "good", "not met": "bad", "worse": "bad",
                   "cannot tell": "unsure", "in line": "unsure"}


def render_first_page(meta: PageMeta, *, metrics: pd.DataFrame, findings: pd.DataFrame,
                      attention: pd.DataFrame, unanswered: pd.DataFrame,
                      accounting: pd.DataFrame, checks: pd.DataFrame,
                      chapters: Sequence[Chapter], provenance: Mapping[str, object],
                      tables_href: str = "", accounts_href: str = "", sheet_href: str = "",
                      recommendations: pd.DataFrame | None = None,
                      changes: Sequence[str] = (), changes_href: str = "") -> str:
    """Return the HTML of a version's index.html, in the order of the reader's questions.

    metrics, findings, attention, unanswered: one row an entry, columns of the classes in
    `kamlib.handover` and `notebook` (slug of the chapter); attention may add ``account_name``
    and ``owner_name``. Only metrics with ``headline`` true are shown.
    accounting: one row a source table: ``table, read, kept, excluded, quarantined`` (rows) and
    perhaps ``quarantine_path`` (link to the rows that broke a rule).
    checks: one row a check that has something to say: ``table, check, n, message``.
    provenance: what to print at the foot, by its name; a list prints as a list.
    tables_href: link to the workbook of all published tables, accounts_href: to the list of the
    account pages, sheet_href: to the sheet that prints; "" for none.
    recommendations: one row a recommendation, as the overview publishes them. changes: sentences
    on what changed since the version before, changes_href: link to the page that says the rest.
    An empty table is said plainly, never left out.
    """
    with language.using(meta.lang):
        links = {chapter.slug: chapter for chapter in chapters}
        rows = records(accounting)
        return render_page(
            "first_page.html.j2", lang=meta.lang, meta=meta, chapters=chapters,
            metrics=[_metric_tile(row, links, meta.currency)
                     for row in records(metrics) if row.get("headline")],
            findings=_sorted_findings(findings, links), n_findings=N_FINDINGS_SHOWN,
            recommendations=_sorted_advice(recommendations, links), n_advice=N_ADVICE_SHOWN,
            sheet_href=sheet_href,
            accounts=_by_account(attention, links, accounts_href), n_accounts=N_ACCOUNTS_SHOWN,
            unanswered=_distinct(records(unanswered), ("question", "reason", "table")),
            accounting=rows, checks=records(checks), tables_href=tables_href,
            accounts_href=accounts_href, changes=changes, changes_href=changes_href,
            uneven=[row["table"] for row in rows if not _adds_up(row)],
            provenance=_provenance(provenance))


def render_sheet(meta: PageMeta, *, metrics: pd.DataFrame, findings: pd.DataFrame,
                 attention: pd.DataFrame, unanswered: pd.DataFrame,
                 recommendations: pd.DataFrame | None = None) -> str:
    """Return the HTML of one sheet of A4: the numbers, the findings, what to do and with whom.

    The tables are those of `render_first_page`; the most money comes first, and what does not fit
    on a sheet is counted.
    """
    with language.using(meta.lang):
        links: dict[str, Chapter] = {}
        questions = _distinct(records(unanswered), ("question", "reason", "table"))
        return render_page(
            "sheet.html.j2", lang=meta.lang, meta=meta,
            metrics=[_metric_tile(row, links, meta.currency)
                     for row in records(metrics) if row.get("headline")][:N_SHEET_NUMBERS],
            findings=_sorted_findings(findings, links), n_findings=N_SHEET_FINDINGS,
            recommendations=_sorted_advice(recommendations, links), n_advice=N_SHEET_ADVICE,
            accounts=_by_account(attention, links), n_accounts=N_SHEET_ACCOUNTS,
            n_unanswered=len(questions))


def render_index(versions: pd.DataFrame) -> str:
    """Return the HTML of reports/index.html in the language in use: released, drafts, failed.

    versions: one row a version or failed run: ``dataset_id, name, period, version``,
    ``status`` (released, failed; any other is a draft), ``published`` (a time or its text),
    ``path`` (a version's folder or page, relative to the index), ``reason``; further, where known,
    ``released_by``, ``released_on``, ``note`` and ``reviewed_by``. In each group the
    latest published stands first, among the released the latest released; of a period's releases
    only the highest version is current.
    """
    rows = records(versions)
    rows.sort(key=lambda row: (str(row["published"] or ""), str(row["period"]),
                               _number(row["version"])), reverse=True)
    groups: dict[str, list[dict[str, Any]]] = {"released": [], "draft": [], "failed": []}
    for row in rows:  # reviewed but not released is still a draft
        groups[row["status"] if row["status"] in groups else "draft"].append(row)
    groups["released"].sort(key=lambda row: str(row.get("released_on") or ""), reverse=True)
    highest: dict[tuple[str, str], int] = {}
    for row in groups["released"]:
        key = (str(row["dataset_id"]), str(row["period"]))
        highest[key] = max(highest.get(key, 0), _number(row["version"]))
    for row in rows:
        row["replaced"] = row["status"] == "released" and _number(row["version"]) < highest[
            (str(row["dataset_id"]), str(row["period"]))]
        row["version"] = str(_number(row["version"]) or row["version"] or "")
        row["href"] = _page_of(row)
    return render_page("index.html.j2", lang=language.current(), groups=groups)


def _page_of(row: Mapping[str, Any]) -> str:
    """Link to a version's first page; a failed run has none, so to where its notebooks lie."""
    path = str(row["path"] or "")
    is_folder = path and row["status"] != "failed" and not path.endswith(".html")
    return quote(f"{path}/index.html" if is_folder else path)


def _number(version: object) -> int:
    """Read 2 out of 2, "2", 2.0 or "v002"; 0 where there is no number (a failed run)."""
    match = re.search(r"\d+", str(version or ""))
    return int(match[0]) if match else 0


def _link(row: Mapping[str, Any], links: Mapping[str, Chapter]) -> dict[str, str]:
    """Return where an entry is shown: the chapter's title, and its address if it has a page."""
    chapter = links.get(str(row.get("notebook") or ""))
    if chapter is None or not chapter.has_page:
        return {"title": chapter.title if chapter else "", "href": ""}
    return {"title": chapter.title, "href": chapter.href(str(row.get("anchor") or ""))}


def _metric_tile(row: Mapping[str, Any], links: Mapping[str, Chapter],
                 currency: str) -> dict[str, Any]:
    fmt = partial(format_metric, unit=row["unit"], currency=currency)
    low, high = row.get("ci_low"), row.get("ci_high")
    number, unit = _split_unit(fmt(row["value"]))
    since = {name: say_change(row["value"], row.get(name), unit=row["unit"], currency=currency)
             for name in ("previous", "year_before")}
    changes = [_("{change} on the previous period", change=since["previous"]),
               _("{change} on the year before", change=since["year_before"])]
    known = [row.get("previous") is not None, row.get("year_before") is not None]
    return {"name": label(row["name"]), "number": number, "unit": unit, **_link(row, links),
            "range": "" if low is None or high is None else fmt_range(low, high, fmt),
            "n": "" if row.get("n") is None else fmt_count(row["n"]),
            "changes": [text for text, is_known in zip(changes, known, strict=True)
                        if is_known and row["value"] is not None],
            "verdict": _verdict(row, fmt(row.get("target"))),
            "verdict_class": VERDICT_CLASSES.get(str(row.get("verdict") or ""), "")}


def _split_unit(text: str) -> tuple[str, str]:
    """Part "41.8 M CNY" into the number, printed large, and its unit, printed small."""
    match = re.match(r"^-?\d[\d.,]*", text)
    return (match[0], text[match.end():].strip()) if match else (text, "")


def _verdict(row: Mapping[str, Any], target: str) -> str:
    verdict = str(row.get("verdict") or "")
    if row.get("target") is None:
        bare = {"met": _("target met"), "not met": _("target not met"),
                "cannot tell": _("cannot tell"), "better": _("better than the benchmark"),
                "in line": _("in line with the benchmark"),
                "worse": _("worse than the benchmark")}
        return bare.get(verdict, verdict)
    full = {"met": _("target {target}: met", target=target),
            "not met": _("target {target}: not met", target=target),
            "cannot tell": _("against {target}: cannot tell", target=target),
            "better": _("better than the benchmark of {target}", target=target),
            "in line": _("in line with the benchmark of {target}", target=target),
            "worse": _("worse than the benchmark of {target}", target=target),
            "": _("target {target}", target=target)}
    return full.get(verdict, verdict)


def _most_money_first(row: Mapping[str, Any]) -> float:
    amount = row.get("amount")
    return float("inf") if amount is None else -float(amount)


def _sorted_findings(findings: pd.DataFrame,
                     links: Mapping[str, Chapter]) -> list[dict[str, Any]]:
    rows = sorted(records(findings), key=_most_money_first)
    return [{**row, **_link(row, links)} for row in rows]


def _sorted_advice(recommendations: pd.DataFrame | None,
                   links: Mapping[str, Chapter]) -> list[dict[str, Any]]:
    if recommendations is None:
        return []
    rows = [{**row, "amount": row["stake_amount"], "notebook": row["chapter"]}
            for row in records(recommendations)]
    return [{**row, **_link(row, links)} for row in sorted(rows, key=_most_money_first)]


def _by_account(attention: pd.DataFrame, links: Mapping[str, Chapter],
                accounts_href: str = "") -> list[dict[str, Any]]:
    """What is said of each account, with the names of account and owner where they are known.

    Each links to its row in the list of account pages, which is there before any page is.
    """
    return [{"account_id": entry.account_id, "amount": entry.amount,
             "name": _first_of(entry.reasons, "account_name"),
             "owner": _first_of(entry.reasons, "owner_name") or entry.owner_id,
             "href": accounts_href and f"{accounts_href}#{anchor_of(entry.account_id)}",
             "reasons": [{"text": reason["reason"], **_link(reason, links)}
                         for reason in entry.reasons]}
            for entry in group_attention(attention)]


def _first_of(rows: Sequence[Mapping[str, Any]], column: str) -> str:
    return next((str(row[column]) for row in rows if row.get(column)), "")


def _distinct(rows: list[dict[str, Any]], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Drop what two notebooks say alike, keeping the order."""
    return list({tuple(row.get(c) for c in columns): row for row in rows}.values())


def _adds_up(row: Mapping[str, Any]) -> bool:
    parts = [row.get(name) or 0 for name in ("kept", "excluded", "quarantined")]
    return bool((row.get("read") or 0) == sum(parts))


def _provenance(provenance: Mapping[str, object]) -> list[tuple[str, list[str]]]:
    """Return name and lines; a list has several lines, a mapping one line an entry."""
    entries = []
    for name, value in provenance.items():
        if isinstance(value, Mapping):
            lines = [f"{key}: {item}" for key, item in value.items()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            lines = [str(item) for item in value]
        else:
            lines = [str(value)]
        entries.append((name, lines))
    return entries
