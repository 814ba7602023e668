"""Targets against what was reached, and where the pace so far leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.period import Period, add_months
from kamlib.sales.ledger import Series, build_ledger, is_start_unsure, year_earlier
from kamlib.sales.rules import SalesRules
from kamlib.sales.spans import share_of

ATTAINMENT_COLUMNS = ["scope", "scope_id", "metric", "from_date", "to_date", "target", "actual",
                      "elapsed_share", "expected_amount", "attainment_rate", "target_gap",
                      "run_rate_amount", "run_rate_basis", "verdict", "pace", "note"]
# What a target's metric is held against.
ACTUALS = {"net_amount": "net_amount", "net_revenue": "net_amount",
           "gross_amount": "gross_amount", "n_new": "n_new"}
KINDS = ("amount", "count")
SCOPES = ("company", "region", "owner", "product_line", "account")
GAPS: dict[str, Any] = {name: float("nan") for name in (
    "actual", "expected_amount", "attainment_rate", "target_gap", "run_rate_amount")}


@dataclass(frozen=True)
class Known:
    """What a target can be held against: sums by scope, and from when to when they are known."""

    ledger: Mapping[tuple[str, str], Series]
    facts: pd.DataFrame
    history_from: date
    as_of: date


def build_attainment(targets: pd.DataFrame | None, months: pd.DataFrame, facts: pd.DataFrame, *,
                     accounts: pd.DataFrame | None, products: pd.DataFrame | None,
                     period: Period, history_from: date, rules: SalesRules) -> pd.DataFrame:
    """Hold every target of sales that covers days of the period against what was reached.

    targets: the targets table; months, facts, accounts, products: see `build_ledger`.
    Returns one row a target of net or gross sales or new accounts, sorted by scope: scope,
    scope_id, metric, from_date, to_date, target, actual (to to_date or as_of), elapsed_share (of
    the days), expected_amount (target × the share expected by now), attainment_rate (actual /
    target), target_gap (actual - target), run_rate_amount (actual / the share expected by now),
    run_rate_basis (what is expected by now: season, the share that last year had brought by the
    same day; calendar, the elapsed share, where that is unknown. An account's shape is the
    company's), verdict (met or not met once the span is over, else cannot tell), pace (ahead,
    behind or on_pace of what is expected, within rules.attainment_tolerance), note (why nothing
    can be held against it: unknown_scope, no_products, not_counted, before_history, part_months,
    part_quarters, start_unsure).
    Source: catalogue SAL-07. Refused when no such target is given.
    """
    rows = _choose(targets, period)
    if rows.empty:
        raise RefusedError(_("No target of sales is given for the period. The targets table "
                             "would lift this."))
    known = Known(build_ledger(months, facts, accounts=accounts, products=products), facts,
                  history_from, period.as_of)
    table = pd.DataFrame([_hold(row, known, rules) for row in rows.to_dict("records")])
    table["scope"] = pd.Categorical(table["scope"], SCOPES)
    table = table.sort_values(["scope", "scope_id", "metric", "from_date", "to_date"],
                              ignore_index=True)[ATTAINMENT_COLUMNS]
    dates = dict.fromkeys(("from_date", "to_date"), "datetime64[s]")
    return table.astype({"scope": "str", **dates})


def _choose(targets: pd.DataFrame | None, period: Period) -> pd.DataFrame:
    if targets is None or targets.empty:
        return pd.DataFrame()
    rows = targets.assign(from_date=pd.to_datetime(targets["from_date"]),
                          to_date=pd.to_datetime(targets["to_date"]),
                          scope_id=targets["scope_id"].fillna("").astype("str"),
                          target=targets["target"].astype("float64"))
    chosen = (rows["kind"].isin(KINDS) & rows["metric"].isin(list(ACTUALS))
              & rows["scope"].isin(SCOPES)
              & (rows["from_date"] <= pd.Timestamp(period.end))
              & (rows["to_date"] >= pd.Timestamp(period.start)))
    return rows[chosen]


def _hold(row: Mapping[Any, Any], known: Known, rules: SalesRules) -> dict[str, Any]:
    scope = str(row["scope"])
    scope_id = "" if scope == "company" else str(row["scope_id"])
    start, end = row["from_date"].date(), row["to_date"].date()
    by_now = min(end, known.as_of)
    elapsed = ((by_now - start).days + 1) / ((end - start).days + 1)
    target = float(row["target"])
    held = {"scope": scope, "scope_id": scope_id, "metric": row["metric"],
            "from_date": row["from_date"], "to_date": row["to_date"], "target": target,
            "elapsed_share": elapsed, "verdict": "cannot tell", "pace": "", "run_rate_basis": ""}
    value = ACTUALS[str(row["metric"])]
    note = _find_obstacle(known, (scope, scope_id), value, start, end)
    if note:
        return {**held, **GAPS, "note": note}
    series = known.ledger[scope, scope_id]
    actual = series.total(value, start, by_now)
    shape = known.ledger["company", ""] if scope == "account" else series
    season = _season_share(shape, value, start, end, known)
    expected_share = elapsed if season is None else season
    expected = target * expected_share
    if end <= known.as_of:
        held["verdict"] = "met" if actual >= target else "not met"
    return {**held, "actual": actual, "expected_amount": expected,
            "attainment_rate": share_of(actual, target), "target_gap": actual - target,
            "run_rate_amount": actual / expected_share,
            "run_rate_basis": "calendar" if season is None else "season",
            "pace": _pace(actual, expected, rules.attainment_tolerance), "note": ""}


def _pace(actual: float, expected: float, tolerance: float) -> str:
    if abs(actual - expected) <= tolerance * abs(expected):
        return "on_pace"
    return "ahead" if actual > expected else "behind"


def _find_obstacle(known: Known, key: tuple[str, str], value: str, start: date,
                   end: date) -> str:
    series = known.ledger.get(key)
    if series is None:
        is_missing = key[0] == "product_line" and not any(s == key[0] for s, _id in known.ledger)
        return "no_products" if is_missing else "unknown_scope"
    if key[0] == "product_line" and value == "n_new":
        return "not_counted"
    if start < known.history_from:
        return "before_history"
    if not series.begins(start) or (end < known.as_of and not series.ends(end)):
        return "part_months" if series.step_months == 1 else "part_quarters"
    is_unsure = value == "n_new" and is_start_unsure(
        known.facts, start=start, end=min(end, known.as_of), history_from=known.history_from)
    return "start_unsure" if is_unsure else ""


def _season_share(shape: Series, value: str, start: date, end: date, known: Known) -> float | None:
    """The share that the same span of last year had brought by the same day; None if unknown."""
    first, by_now = add_months(start, -12), year_earlier(min(end, known.as_of))
    if end <= known.as_of or first < known.history_from or not shape.ends(by_now):
        return None
    share = share_of(shape.total(value, first, by_now),
                     shape.total(value, first, year_earlier(end)))
    return share if 0 < share <= 1 else None
