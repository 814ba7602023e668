"""Invented waves with worth and burden questions, and months of sales around them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from kamlib import satisfaction

AS_OF = date(2025, 12, 31)
ITEMS = ("R1", "V1", "V2", "V3", "V4", "C1", "C2", "C3", "C4")
KINDS = ["rating", *["delivered_value"] * 4, *["delivered_cost"] * 4]
# Questionnaire -> account and one answer an item of ITEMS; a gap is None.
Papers = dict[str, tuple[str, list[float | None]]]


def build_wave(wave_id: str, end: str, **stated: Any) -> dict[str, Any]:
    return {"wave_id": wave_id, "name": f"Wave {wave_id}", "start_date": pd.Timestamp(end),
            "end_date": pd.Timestamp(end), "reference_from": pd.NaT, "reference_to": pd.NaT,
            "scale_min": 1.0, "scale_max": 5.0, "validity_rule": None, "scale_map": "of_range",
            **stated}


def build_tables(papers: dict[str, tuple[str, Papers]], **stated: Any) -> dict[str, pd.DataFrame]:
    """papers: wave -> its last day and its questionnaires."""
    waves = [build_wave(wave, end, **stated) for wave, (end, _papers) in papers.items()]
    items = pd.concat([pd.DataFrame({
        "wave_id": wave, "item_id": ITEMS, "text": [f"Item {i}" for i in ITEMS],
        "category": "topic", "weight": None, "is_reversed": False, "kind": KINDS})
        for wave in papers], ignore_index=True)
    rows = [{"wave_id": wave, "questionnaire_id": f"{wave}-{paper}", "account_id": account,
             "item_id": item, "score": score, "answered_date": pd.Timestamp(end)}
            for wave, (end, sheet) in papers.items() for paper, (account, scores) in sheet.items()
            for item, score in zip(ITEMS, scores, strict=True)]
    return {"survey_waves": pd.DataFrame(waves), "survey_items": items,
            "survey_answers": pd.DataFrame(rows).astype({"score": "float64"})}


def build_months(sales: dict[str, dict[str, float]]) -> pd.DataFrame:
    """sales: account -> month -> amount; each is one order."""
    rows = [(account, pd.Timestamp(f"{month}-01"), "sale", 1, amount)
            for account, by_month in sales.items() for month, amount in by_month.items()]
    return pd.DataFrame(rows, columns=["account_id", "month", "line_kind", "n_orders", "amount"])


def build_facts(ids: list[str], first: str = "2020-01-01") -> pd.DataFrame:
    return pd.DataFrame({"account_id": ids, "net_amount_window": [100.0 * (i + 1) for i in
                                                                  range(len(ids))],
                         "first_sale_date": pd.Timestamp(first)})


def build(tables: dict[str, pd.DataFrame], *, months: pd.DataFrame | None = None,
          facts: pd.DataFrame | None = None, satisfaction_rules: dict[str, Any] | None = None,
          complaints: pd.DataFrame | None = None, values: pd.DataFrame | None = None,
          **rules: Any) -> satisfaction.Worth:
    ids = (sorted(tables["survey_answers"]["account_id"].unique()) if "survey_answers" in tables
           else ["a"])
    facts = build_facts(ids) if facts is None else facts
    months = build_months({}) if months is None else months
    accounts = pd.DataFrame({"account_id": ids, "party_role": "customer", "owner_id": "m1"})
    survey = satisfaction.build_survey(
        tables, facts=facts, months=months, accounts=accounts, as_of=AS_OF,
        rules=satisfaction.SatisfactionRules(**(satisfaction_rules or {})))
    return satisfaction.build_worth(
        tables, survey=survey, facts=facts, months=months, accounts=accounts, as_of=AS_OF,
        history_from=date(2020, 1, 1), complaints=complaints, values=values,
        rules=satisfaction.WorthRules(**{"n_resamples": 200} | rules))


class Bench:
    """The builders above, under one fixture."""

    tables = staticmethod(build_tables)
    months = staticmethod(build_months)
    facts = staticmethod(build_facts)
    build = staticmethod(build)


@pytest.fixture
def bench() -> Bench:
    return Bench()
