"""Open, check and build once; let every notebook of the run read the same folder.

A prepared folder holds the fact tables, the kept rows of all other tables as they were known at
`as_of`, the row accounting, and `context.json` with everything that could have influenced them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset import Dataset, DatasetFile, open_dataset
from kamlib.dataset.checks import COLUMNS, MESSAGES, visible
from kamlib.dataset.engines import watched
from kamlib.dataset.row_fingerprint import fingerprint_table
from kamlib.measures import (
    FURTHER,
    MeasureRules,
    build_account_bridge,
    build_account_facts,
    build_account_holdings,
    build_account_months,
    build_account_products,
    build_largest_orders,
    build_levels,
    build_lines,
    build_order_days,
    build_past_facts,
    build_purchase_days,
    build_span_sums,
    build_trade,
    fetch,
    list_cuts,
)
from kamlib.period import Period, parse_period
from kamlib.schema import known_by, load_schema
from kamlib.session.csv_text import write_csv_text
from kamlib.session.parquet import write_parquet
from kamlib.session.request import Request


def prepare(request: Request, *, into: Path) -> Dataset:
    """Open the data set and write the prepared folder; return the opened data set."""
    with watched(request.file):
        return _prepare(request, into)


def _prepare(request: Request, into: Path) -> Dataset:
    dataset = open_dataset(request.file, pseudonyms=request.pseudonyms)
    dataset = replace(dataset, checks=pd.concat([dataset.checks, _check_window(request)]))
    for folder in ("facts", "tables", "quarantine"):
        (into / folder).mkdir(parents=True)
    _write_facts(request, dataset, into / "facts")
    _write_tables(dataset, request.period.as_of, into)
    _write_quarantine(dataset, into)
    context = build_context(request, dataset)
    (into / "context.json").write_text(
        json.dumps(context, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")
    return dataset


# The tables of spans by name, and what each has a row for.
SPANS_BY = {"product_spans": ("product_id", "product_line", "channel"),
            "account_spans": ("account_id", "product_line", "channel")}


def _write_facts(request: Request, dataset: Dataset, into: Path) -> None:
    period, history_from = request.period, request.file.history_from
    measures: MeasureRules = request.rules.measures
    products = dataset.tables.get("products")
    lines = build_lines(dataset.tables["orders"], dataset.tables["accounts"],
                        as_of=period.as_of, rules=measures, further=FURTHER)
    order_days = build_order_days(lines)
    who = _accounts_at_level(dataset, measures)
    if _is_cut_from_orders(request.file):
        # Whoever orders for the first time later is not known yet.
        known = fetch(order_days.select("account_id").distinct())["account_id"]
        who = who[who["account_id"].isin(known)].reset_index(drop=True)
    for name, span in _fact_periods(request).items():
        facts = build_account_facts(
            order_days, who, period=span, history_from=history_from,
            starts_with=request.file.starts_with, rules=measures)
        write_parquet(facts, into / f"{name}.parquet")
    write_parquet(build_account_months(order_days), into / "account_months.parquet")
    write_parquet(build_account_products(lines, products), into / "account_products.parquet")
    for name, by in SPANS_BY.items():
        sums = build_span_sums(lines, products, by=by, period=period, history_from=history_from)
        write_parquet(sums, into / f"{name}.parquet")
    largest = build_largest_orders(order_days, period=period, history_from=history_from)
    write_parquet(largest, into / "largest_orders.parquet")
    bridge = build_account_bridge(lines, period=period, history_from=history_from, rules=measures)
    write_parquet(bridge, into / "account_bridge.parquet")
    holdings = build_account_holdings(lines, products, period=period, history_from=history_from,
                                      rules=measures)
    write_parquet(holdings, into / "account_holdings.parquet")
    trade = build_trade(lines, products, period=period, rules=measures, history_from=history_from,
                        fiscal_year_start_month=request.rules.period.fiscal_year_start_month)
    for name, frame in trade.items():
        write_parquet(frame, into / f"{name}.parquet")
    _write_past(request, order_days, who, into)


def _write_past(request: Request, order_days: Table, who: pd.DataFrame, into: Path) -> None:
    """What forecasts are tested on: earlier days, and what those known on the last of them did."""
    measures: MeasureRules = request.rules.measures
    as_of, history_from = request.period.as_of, request.file.history_from
    past = build_past_facts(order_days, who, as_of=as_of, history_from=history_from,
                            starts_with=request.file.starts_with, rules=measures)
    write_parquet(past, into / "past_facts.parquet")
    cuts = list_cuts(as_of, history_from=history_from, rules=measures)
    ids: list[str] = []
    if cuts:
        last = [("is_start_known", "==", True), ("cut_date", "==", pd.Timestamp(cuts[-1]))]
        ids += list(pd.read_parquet(into / "past_facts.parquet", columns=["account_id"],
                                    filters=last)["account_id"])
    write_parquet(build_purchase_days(order_days, ids), into / "purchase_days.parquet")


def known_window_months(request: Request) -> int:
    """Return how many months the analysis window holds once it is cut to the known history."""
    months: int = request.rules.measures.window_months
    start = max(request.period.window_start(months), request.file.history_from)
    return max(1, round((request.period.end - start).days / 30.44))


def _check_window(request: Request) -> pd.DataFrame:
    """A check row when the analysis window is shorter than its rule."""
    months = known_window_months(request)
    is_cut = months < request.rules.measures.window_months
    rows = [("orders", "window_cut", months, MESSAGES["window_cut"])] if is_cut else []
    return pd.DataFrame(rows, columns=COLUMNS)


def _is_cut_from_orders(file: DatasetFile) -> bool:
    accounts = file.tables.get("accounts")
    return accounts is None or bool(accounts.one_row_per)


def _accounts_at_level(dataset: Dataset, rules: MeasureRules) -> pd.DataFrame:
    levels = build_levels(dataset.tables["accounts"], rules=rules)
    accounts = dataset.tables["accounts"].select("account_id", "customer_since").execute()
    joined = levels[levels["is_customer"]].merge(accounts, on="account_id")
    joined["customer_since"] = pd.to_datetime(joined["customer_since"]).astype("datetime64[s]")
    return joined.groupby("level_id", sort=True)["customer_since"].min().rename_axis(
        "account_id").reset_index()


def _fact_periods(request: Request) -> dict[str, Period]:
    """The day of the report, and the two earlier ones it is compared with where known."""
    period, first = request.period, request.file.history_from
    found = {"account_facts": period}
    earlier = {"account_facts_previous": (period.previous_start, period.previous_end),
               "account_facts_year_before": (period.year_before_start, period.year_before_end)}
    for name, (start, end) in earlier.items():
        if start >= first:
            found[name] = parse_period(f"{start}..{end}")
    return found


def _write_tables(dataset: Dataset, as_of: date, into: Path) -> None:
    schema = load_schema()
    for name, table in sorted(dataset.tables.items()):
        if name == "orders":
            continue  # orders stay in the engine; the fact tables stand for them
        frame = fetch(visible(table, event_date=schema[name].event_date, as_of=as_of))
        frame = known_by(frame, name=name, day=as_of)
        frame = frame.sort_values(list(frame.columns)).reset_index(drop=True)
        write_parquet(frame, into / "tables" / f"{name}.parquet")


def _write_quarantine(dataset: Dataset, into: Path) -> None:
    for name, frame in sorted(dataset.quarantine.items()):
        if len(frame):
            (into / "quarantine" / f"{name}.csv").write_text(
                write_csv_text(frame), encoding="utf-8", newline="")
    write_parquet(dataset.accounting, into / "accounting.parquet")
    write_parquet(dataset.reasons, into / "reasons.parquet")
    write_parquet(dataset.checks, into / "checks.parquet")


def build_context(request: Request, dataset: Dataset) -> dict[str, Any]:
    """Return what the notebooks and the manifest need to know, as plain JSON values."""
    file, period = request.file, request.period
    schema = load_schema()
    months = {name: fingerprint_table(table, event_date=schema[name].event_date)
              for name, table in sorted(dataset.tables.items())}
    return {
        "dataset": {"id": file.id, "name": file.name, "currency": file.currency, "tax": file.tax,
                    "date_basis": file.date_basis, "starts_with": file.starts_with,
                    "history_from": str(file.history_from),
                    "complete_until": str(file.complete_until)},
        "period": {k: str(v) for k, v in asdict(period).items()},
        "is_open": request.is_open,
        "is_pseudonymised": request.pseudonyms is not None,
        "pseudonym_mark": request.pseudonyms.mark if request.pseudonyms else "",
        "window_months": known_window_months(request),
        "rules": request.rules.to_dict(),
        "files": {name: [asdict(f) for f in found] for name, found in dataset.files.items()},
        "fingerprints": months,
        "fingerprint": request.fingerprint(),
    }
