"""Small invented logs of complaints; every number a test expects can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kamlib import satisfaction
from kamlib.period import Period, parse_period
from kamlib.satisfaction.complaints.log import read_log

PERIOD = parse_period("2025Q4")
Entry = tuple[Any, ...]


def build_table(entries: list[Entry]) -> pd.DataFrame:
    """entries: account, opened, first answer, settled, class; the last three may be left out."""
    rows = [(*entry, None, None, None)[:5] for entry in entries]
    table = pd.DataFrame(rows, columns=["account_id", "opened_date", "first_response_date",
                                        "resolved_date", "complaint_class"])
    for column in ("opened_date", "first_response_date", "resolved_date"):
        table[column] = pd.to_datetime(table[column])
    return table.assign(complaint_id=[f"C{i:03d}" for i in range(len(table))], source="phone",
                        product_id=None)


def build_facts(orders: dict[str, tuple[int, int, int, int]], sales: float = 100.0
                ) -> pd.DataFrame:
    """orders: account -> orders of the period, the previous one, a year before, the window."""
    table = pd.DataFrame.from_dict(orders, orient="index", columns=[
        f"n_orders_{span}" for span in ("period", "previous", "year_before", "window")])
    table = table.rename_axis("account_id").reset_index()
    amounts = [sales * (at + 1) for at in range(len(table))]
    return table.assign(net_amount_window=amounts)


def build_survey(indexes: dict[str, float], facts: pd.DataFrame) -> satisfaction.Survey:
    sales = facts.set_index("account_id")["net_amount_window"]
    table = pd.DataFrame({
        "account_id": list(indexes), "account_index": list(indexes.values()),
        "is_satisfied": [index >= 70 for index in indexes.values()], "lowest_item": "Delivery",
        "net_amount_window": [sales.get(account, np.nan) for account in indexes]})
    return satisfaction.Survey(satisfaction.SatisfactionRules(), "W2", "Autumn", accounts=table)


class World:
    """A log beside orders, owners and a survey; accounts a, b, c with 10 orders a quarter."""

    period: Period = PERIOD

    def __init__(self, entries: list[Entry], indexes: dict[str, float] | None = None,
                 **rules: Any) -> None:
        self.table = build_table(entries)
        quarters = dict.fromkeys("abc", (10, 10, 10, 40))
        self.facts = build_facts(quarters)
        self.survey = (satisfaction.Survey(satisfaction.SatisfactionRules()) if indexes is None
                       else build_survey(indexes, self.facts))
        self.accounts = pd.DataFrame({"account_id": list("abc"), "owner_id": ["m1", "m2", "m1"],
                                      "region": ["North", "South", "South"]})
        months = pd.date_range("2023-01-01", "2025-12-01", freq="MS")
        self.months = pd.DataFrame({"month": months, "account_id": "a", "line_kind": "sale",
                                    "n_orders": 10, "amount": 1.0})
        self.rules = satisfaction.ComplaintRules(**rules)

    def log(self) -> pd.DataFrame:
        return read_log(self.table, account_ids=list("abc"), as_of=PERIOD.as_of, rules=self.rules)

    def build(self, **given: Any) -> satisfaction.Complaints:
        return satisfaction.build_complaints(**{
            "complaints": self.table, "survey": self.survey, "facts": self.facts,
            "months": self.months, "accounts": self.accounts, "period": PERIOD,
            "history_from": date(2023, 1, 1), "rules": self.rules,
            "facts_year_before": self.facts} | given)


@pytest.fixture
def world() -> Callable[..., World]:
    return World
