"""Small invented surveys; every number a test expects can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd
import pytest

from kamlib import satisfaction

AS_OF = date(2025, 12, 31)
Papers = Mapping[str, tuple[str, list[float | None]]]


def build_wave(wave_id: str = "W2", year: int = 2025, **stated: Any) -> dict[str, Any]:
    return {"wave_id": wave_id, "name": f"Wave {wave_id}", "start_date": pd.Timestamp(year, 9, 1),
            "end_date": pd.Timestamp(year, 9, 30), "reference_from": pd.NaT,
            "reference_to": pd.NaT, "scale_min": 1.0, "scale_max": 5.0, "validity_rule": None,
            "scale_map": None, **stated}


def build_items(n: int, wave_id: str = "W2", **columns: Any) -> pd.DataFrame:
    names = [f"Q{i:02d}" for i in range(1, n + 1)]
    return pd.DataFrame({"wave_id": wave_id, "item_id": names, "text": [f"Item {q}" for q in names],
                         "category": "service", "weight": None, "is_reversed": False,
                         "kind": "rating"} | columns)


def build_answers(papers: Papers, wave_id: str = "W2", year: int = 2025) -> pd.DataFrame:
    """papers: questionnaire -> (account, one score an item; None leaves it out)."""
    rows = [{"wave_id": wave_id, "questionnaire_id": f"{wave_id}-{paper}", "account_id": account,
             "item_id": f"Q{i:02d}", "score": score, "answered_date": pd.Timestamp(year, 9, 20)}
            for paper, (account, scores) in papers.items()
            for i, score in enumerate(scores, start=1)]
    return pd.DataFrame(rows).astype({"score": "float64"})


def score(papers: Papers, *, items: pd.DataFrame | None = None,
          rules: satisfaction.SatisfactionRules | None = None, impute: bool = True,
          **stated: Any) -> satisfaction.WaveScores:
    """Score one wave of questionnaires; all have the same number of items."""
    n_items = len(next(iter(papers.values()))[1])
    return satisfaction.score_wave(
        pd.Series(build_wave(**stated)), items=build_items(n_items) if items is None else items,
        answers=build_answers(papers), rules=rules or satisfaction.SatisfactionRules(),
        impute=impute)


class Company:
    """Accounts a00, a01, … with sales, and two waves in which each answers one questionnaire."""

    def __init__(self, now: list[list[float | None]], before: list[list[float | None]],
                 *, sales: list[float], silent: tuple[int, ...] = ()) -> None:
        ids = [f"a{i:02d}" for i in range(len(sales))]
        self.ids, n = ids, len((now or before)[0])
        self.facts = pd.DataFrame({"account_id": ids, "net_amount_window": sales})
        self.accounts = pd.DataFrame({"account_id": ids, "party_role": "customer",
                                      "owner_id": [f"m{i % 2}" for i in range(len(ids))]})
        self.months = pd.DataFrame({"account_id": pd.Series(dtype="str"),
                                    "month": pd.Series(dtype="datetime64[ns]"),
                                    "line_kind": pd.Series(dtype="str"),
                                    "amount": pd.Series(dtype="float64")})
        papers = [{f"p{i:02d}": (ids[i], scores) for i, scores in enumerate(wave)
                   if wave is before or i not in silent} for wave in (before, now)]
        waves = [build_wave("W1", 2024), build_wave("W2", 2025)]
        parts = [build_answers(paper, w["wave_id"], w["start_date"].year)
                 for paper, w in zip(papers, waves, strict=True) if paper]
        self.tables: dict[str, pd.DataFrame] = {
            "survey_waves": pd.DataFrame(waves),
            "survey_items": pd.concat([build_items(n, "W1"), build_items(n, "W2")],
                                      ignore_index=True),
            "survey_answers": pd.concat(parts, ignore_index=True)}

    def survey(self, **rules: Any) -> satisfaction.Survey:
        return satisfaction.build_survey(
            self.tables, facts=self.facts, months=self.months, accounts=self.accounts, as_of=AS_OF,
            rules=satisfaction.SatisfactionRules(**rules))

    def hand_over(self, **rules: Any) -> Any:
        return satisfaction.build_handover(self.survey(**rules), accounts=self.accounts,
                                           currency="CNY")


@pytest.fixture
def company() -> Callable[..., Company]:
    return Company


@pytest.fixture
def scored() -> Callable[..., satisfaction.WaveScores]:
    return score


@pytest.fixture
def items() -> Callable[..., pd.DataFrame]:
    return build_items


@pytest.fixture
def wave() -> Callable[..., pd.Series]:
    return lambda *args, **stated: pd.Series(build_wave(*args, **stated))
