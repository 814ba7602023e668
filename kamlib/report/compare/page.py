"""The page and the JSON of a comparison: the same numbers for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pandas as pd

from kamlib.labels import label
from kamlib.language import _, fmt_amount, fmt_count, fmt_money, fmt_month, name_currency
from kamlib.report.compare.moves import CLASSINGS
from kamlib.report.compare.pair import Version
from kamlib.report.compare.parts import CODE, NET, REAL, RESTATED, RULES, Change
from kamlib.report.compare.result import Comparison
from kamlib.report.compare.wording import (
    explain_move,
    explain_parts,
    name_account,
    name_class,
    name_scheme,
    say_kind,
    show_change,
    summarise,
)
from kamlib.report.layout import records, render_page
from kamlib.schema import name_table

N_SHOWN, N_LISTED = 12, 200  # rows before the rest is folded, and before it is in the JSON
OPEN_SCHEMES = {classing.scheme for classing in CLASSINGS}
SECTION_OF_CODE = {"input", "rule", "code", "package", "parameter"}


def render_changes(comparison: Comparison, *, lang: str, home: str = "", before: str = "",
                   data: str = "changes.json") -> str:
    """Return the page of a comparison in the language in use.

    Call it in that language (`language.using`). home, before: links to the folders of the newer
    and the older version, "" for where the page itself lies; data: link to the JSON.
    """
    pair, currency = comparison.pair, pair_currency(comparison)
    shown = [_metric_row(change, home, currency) for change in comparison.changes]
    return render_page(
        "changes.html.j2", lang=lang, title=_("What changed"), old=pair.old, new=pair.new,
        dataset_name=pair.new.manifest["dataset"]["name"], currency=currency,
        currency_name=name_currency(currency), kind=say_kind(comparison),
        summary=summarise(comparison), rows=shown,
        has_rest=any(change.not_split for change in comparison.changes),
        notes=explain_parts(comparison),
        months=[{**row, "month": fmt_month(row["month"])}
                for row in records(comparison.restated.by_month())],
        restated=[_restated_row(row, comparison)
                  for row in records(comparison.restated.sales.head(N_LISTED))],
        n_restated=len(comparison.restated.sales), n_shown=N_SHOWN, n_listed=N_LISTED, data=data,
        is_other_language=pair.old.manifest["lang"] != pair.new.manifest["lang"],
        records=[{**row, "table": name_table(row["table"])}
                 for row in records(comparison.restated.records)],
        unexplained=comparison.restated.n_unexplained,
        differences=_by_kind(pair.differences), schemes=list(_schemes(comparison)),
        charts=comparison.charts, home=_link(home), before=_link(before),
        generated_by=f"kamlib {pair.new.manifest['code']['kamlib']}")


def render_no_changes(*, lang: str, dataset_name: str, name: str, reason: str) -> str:
    """Return the page of a version that cannot be compared with one before, and why."""
    return render_page("no_changes.html.j2", lang=lang, title=_("What changed"),
                       dataset_name=dataset_name, name=name, reason=reason)


def changes_to_json(comparison: Comparison | None) -> str:
    """Return a comparison as JSON: keys sorted, no clock, the numbers of the page undivided.

    None for a version without a predecessor.
    """
    content = {"schema_version": 1, "predecessor": None} if comparison is None else \
        _content(comparison)
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def pair_currency(comparison: Comparison) -> str:
    """The one currency of both versions."""
    return str(comparison.pair.new.manifest["dataset"]["currency"])


def _content(comparison: Comparison) -> dict[str, Any]:
    pair, restated = comparison.pair, comparison.restated
    return {
        "schema_version": 1, "dataset": pair.new.manifest["dataset"]["id"],
        "currency": pair_currency(comparison),
        "predecessor": _about(pair.old), "version": _about(pair.new),
        "is_same_period": pair.is_same_period, "closed_until": str(pair.closed_until),
        "summary": summarise(comparison), "with_code": comparison.with_code,
        "differences": records(pair.differences),
        "metrics": [{"notebook": c.notebook, "name": c.name, "unit": c.unit,
                     "was": _number(c.was), "now": _number(c.now), "change": _number(c.change),
                     "parts": {name: float(x) for name, x in c.parts.items()},
                     "not_split": list(c.not_split)} for c in comparison.changes],
        "restated": [{**row, "month": f"{row['month']:%Y-%m}"}
                     for row in records(restated.sales)],
        "restated_amount": round(restated.amount, 4),
        "restated_records": records(restated.records),
        "moves": [{**row, "reasons": list(row["reasons"]),
                   "facts": [dict(zip(("kind", "name", "was", "now"), map(_plain, fact),
                                      strict=True)) for fact in row["facts"]]}
                  for row in _rows(comparison.moves.table)],
        "charts": [{"notebook": c.slug, "figure": c.name} for c in comparison.charts]}


def _about(version: Version) -> dict[str, Any]:
    manifest = version.manifest
    return {"period": version.period, "version": version.number, "start": str(version.start),
            "end": str(version.end), "lang": manifest["lang"],
            "fingerprint": manifest["fingerprint"]}


def _rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in table.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A value that JSON knows: a gap is null."""
    return None if not isinstance(value, str) and pd.isna(value) else value


def _number(x: Any) -> float | None:
    return None if x is None else float(x)


def _metric_row(change: Change, home: str, currency: str) -> dict[str, Any]:
    unit = {"amount": name_currency(currency), "share": _("%, change in points"),
            "index": _("points"), "days": _("days"), "years": _("years")}.get(change.unit, "")
    name = _("Net sales") if change.name == NET else label(change.name)
    href = f"{_link(home)}{quote(change.notebook)}.html#{quote(change.anchor)}" \
        if change.notebook else ""
    shown = show_change(change)
    inside = _("in the rest") if shown["change"] else ""
    parts = [shown.get(part, inside) for part in (RESTATED, RULES, CODE, REAL)]
    return {"name": name, "unit": unit, "href": href, "parts": parts, **{
        key: shown[key] for key in ("was", "now", "change")}}


def _restated_row(row: Mapping[str, Any], comparison: Comparison) -> dict[str, Any]:
    return {"month": fmt_month(row["month"]), "was": fmt_amount(row["was_amount"]),
            "account": name_account(str(row["account_id"]), comparison),
            "account_id": row["account_id"], "now": fmt_amount(row["now_amount"]),
            "change": fmt_amount(row["change_amount"]),
            "cost": fmt_amount(row["cost_change_amount"])}


def _by_kind(differences: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    return {kind: records(differences[differences["kind"] == kind])
            for kind in sorted(SECTION_OF_CODE)}


def _schemes(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Each set of classes with its moves; most money first."""
    moves = comparison.moves
    for scheme, n in moves.n_classed.items():
        table = moves.table[moves.table["scheme"] == scheme]
        amount = table["net_amount_window"].sum()
        yield {"name": name_scheme(scheme), "n_classed": fmt_count(n), "n": len(table),
               "amount": fmt_money(amount, pair_currency(comparison)),
               "is_open": scheme in OPEN_SCHEMES,
               "rows": [{"account": name_account(row["account_id"], comparison),
                         "account_id": row["account_id"], "was": name_class(row["was"]),
                         "now": name_class(row["now"]),
                         "amount": fmt_amount(row["net_amount_window"]),
                         "why": explain_move(row["reasons"], row["facts"])}
                        for row in _rows(table.head(N_LISTED))]}


def _link(folder: str) -> str:
    return f"{quote(folder)}/" if folder else ""
