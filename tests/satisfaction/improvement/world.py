"""A small invented company and its survey of two waves, with everything that can be asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kamlib import satisfaction

AS_OF = date(2025, 12, 31)
N = 60
# Item, text, category, kind, level on the scale 0-10, level of the best rival (None: not asked).
ITEMS = (("D1", "Goods come in time", "delivery", "rating", 5.5, 7.5),
         ("D2", "Goods come whole", "delivery", "rating", 7.5, 7.5),
         ("Q1", "It works", "quality", "rating", 8.5, 7.0),
         ("S1", "Calls are <b>answered</b> $fast$", "service", "rating", 7.0, 7.0),
         ("X1", "Complaining takes long", "service", "rating", 3.0, 3.0),
         ("O1", "Overall", "overall", "overall", 7.0, None),
         ("E1", "What did you expect?", "expectation", "expectation", 8.5, None))
RULES = satisfaction.ImprovementRules(n_resamples=100, equal_margin=7)


def build_tables(*, asks: bool = True, n: int = N, shift: float = 0.0) -> dict[str, pd.DataFrame]:
    """asks: whether importance and rivals are asked; shift: of delivery in the second wave."""
    rng = np.random.default_rng(3)
    waves, items, answers = [], [], []
    for place, year in enumerate((2024, 2025)):
        wave = f"W{year}"
        waves.append({"wave_id": wave, "name": f"Wave {year}", "start_date": f"{year}-09-01",
                      "end_date": f"{year}-09-30", "reference_from": pd.NaT,
                      "reference_to": pd.NaT, "scale_min": 0.0, "scale_max": 10.0,
                      "validity_rule": None, "scale_map": None})
        mood = np.random.default_rng(7).normal(0, 1.0, n)
        for item, text, category, kind, level, rival in ITEMS:
            items.append({"wave_id": wave, "item_id": item, "text": text, "category": category,
                          "weight": 1.0 if kind == "rating" else None,
                          "is_reversed": item == "X1", "kind": kind})
            moved = level + shift * place * (category == "delivery")
            sign = -1 if item == "X1" else 1
            scores = (moved + sign * mood * (kind != "expectation")
                      + rng.normal(0, 0.7, n)).round().clip(0, 10)
            answers.append(pd.DataFrame({
                "wave_id": wave, "questionnaire_id": [f"{wave}-{i}" for i in range(n)],
                "account_id": [f"a{i:02d}" for i in range(n)], "item_id": item, "score": scores,
                "importance_score": (9.0 - 1.5 * (item == "S1") + rng.normal(0, 0.5, n)).round()
                .clip(0, 10) if asks and kind == "rating" else np.nan,
                "competitor_score": (rival + rng.normal(0, 0.7, n)).round().clip(0, 10)
                if asks and rival is not None else np.nan,
                "answered_date": f"{year}-09-20"}))
    tables = {"survey_waves": pd.DataFrame(waves), "survey_items": pd.DataFrame(items),
              "survey_answers": pd.concat(answers, ignore_index=True),
              "survey_invitations": pd.concat([_invite(year, n) for year in (2024, 2025)])}
    for table, columns in (("survey_waves", ["start_date", "end_date"]),
                           ("survey_answers", ["answered_date"]),
                           ("survey_invitations", ["sent_date", "reminded_date",
                                                   "returned_date"])):
        tables[table][columns] = tables[table][columns].apply(pd.to_datetime)
    return tables


def _invite(year: int, n: int) -> pd.DataFrame:
    return pd.DataFrame({"wave_id": f"W{year}", "account_id": [f"a{i:02d}" for i in range(n)],
                         "contact_role": "buyer", "sent_date": f"{year}-09-01",
                         "reminded_date": f"{year}-09-15", "returned_date": f"{year}-09-20"})


def build_actions() -> pd.DataFrame:
    """Five promises: kept, kept late, overdue, not due yet, and one that no wave called for."""
    rows = [("A1", "a00", "W2024", "Delivery", "m1", "2024-10-10", "2024-12-01", "2024-11-20"),
            ("A2", "a01", "W2024", "delivery", "m1", "2024-10-10", "2024-12-01", "2025-02-01"),
            ("A3", "a02", "W2024", "invoice", "m2", "2024-10-10", "2025-12-21", None),
            ("A4", None, "W2025", "service", None, "2025-10-10", "2026-02-01", "2026-01-15"),
            ("A5", "a03", None, "quality", "m2", "2025-10-10", "2025-11-01", None)]
    table = pd.DataFrame(rows, columns=["action_id", "account_id", "wave_id", "topic", "owner_id",
                                        "opened_date", "due_date", "closed_date"])
    dates = ["opened_date", "due_date", "closed_date"]
    table[dates] = table[dates].apply(pd.to_datetime)
    return table


def build_accounts(n: int = N) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts (owner and market) and facts (sales of 100 each)."""
    ids = [f"a{i:02d}" for i in range(n)]
    accounts = pd.DataFrame({"account_id": ids, "party_role": "customer",
                             "owner_id": [f"m{i % 2}" for i in range(n)],
                             "region": ["North" if i % 3 else "South" for i in range(n)]})
    return accounts, pd.DataFrame({"account_id": ids, "net_amount_window": 100.0})


MONTHS = pd.DataFrame({"account_id": pd.Series(dtype="str"),
                       "month": pd.Series(dtype="datetime64[ns]"),
                       "line_kind": pd.Series(dtype="str"), "amount": pd.Series(dtype="float64")})


def read_survey(tables: dict[str, pd.DataFrame], *, n: int = N, **rules: Any
                ) -> satisfaction.Survey:
    """The parts of a survey that a plan rests on, without those that take long."""
    own = satisfaction.SatisfactionRules(**rules)
    items, answers = tables["survey_items"], tables["survey_answers"]
    waves = satisfaction.choose_waves(tables["survey_waves"], items, answers, as_of=AS_OF)
    before, now = satisfaction.score_waves(waves, items, answers, rules=own).values()
    if before.wave_id > now.wave_id:
        before, now = now, before
    amounts = build_accounts(n)[1].set_index("account_id")["net_amount_window"]
    return satisfaction.Survey(
        own, now.wave_id, "Wave 2025", "Wave 2024",
        measures=pd.DataFrame({"measure": ["satisfaction_index"], "target_index": [
            np.nan if own.index_target is None else own.index_target]}),
        items=satisfaction.score_items(now, previous=before, amounts=amounts, rules=own),
        now=now, before=before)


def plan(tables: dict[str, pd.DataFrame], *, actions: pd.DataFrame | None = None,
         rules: satisfaction.ImprovementRules = RULES, n: int = N, whole: bool = False
         ) -> satisfaction.Improvement:
    """whole: with the survey as the notebook builds it."""
    accounts, facts = build_accounts(n)
    given = {**tables, **({} if actions is None else {"actions": actions})}
    survey = satisfaction.build_survey(
        given, facts=facts, months=MONTHS, accounts=accounts, as_of=AS_OF,
        rules=satisfaction.SatisfactionRules()) if whole else read_survey(tables, n=n)
    return satisfaction.plan_improvement(survey, given, accounts=accounts, facts=facts,
                                         as_of=AS_OF, rules=rules)
