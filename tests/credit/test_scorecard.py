"""The scorecard: what it finds, and that it finds nothing where there is nothing."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.credit import CreditRules
from kamlib.credit.history import describe_payers, follow_payers, list_days
from kamlib.credit.scorecard import backtest_scorecard, fit_scorecard, score_points
from kamlib.errors import RefusedError

_spec = importlib.util.spec_from_file_location("credit_ledgers",
                                               Path(__file__).with_name("ledgers.py"))
ledgers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ledgers)
RULES = CreditRules(bad_days=20, n_resamples=200)
KNOWN = {"as_of": ledgers.AS_OF, "history_from": date(2023, 1, 1)}


@pytest.fixture(scope="module")
def followed() -> pd.DataFrame:
    return follow_payers(*ledgers.ledger(120), rules=RULES, **KNOWN)


def test_only_what_was_known_then(followed):
    tables = ledgers.ledger(120)
    day = list_days(ledgers.AS_OF, history_from=date(2023, 1, 1), rules=RULES)[1]
    cut = [table[table.iloc[:, list(table.columns).index(name)] <= pd.Timestamp(day)]
           for table, name in zip(tables, ("invoice_date", "paid_date", "rated_date"),
                                  strict=True)]
    pd.testing.assert_frame_equal(describe_payers(*tables, day=day, rules=RULES),
                                  describe_payers(*cut, day=day, rules=RULES))


def test_a_habit_is_found_and_tested(followed):
    card = fit_scorecard(followed, rules=RULES)
    bins = card.bins[(card.bins["credit_factor"] == "paid_on_time")
                     & (card.bins["bin"] != "missing")]
    assert bins["points"].is_monotonic_increasing
    assert bins["bad_share"].is_monotonic_decreasing
    test = backtest_scorecard(followed, pd.Series(dtype="float64"), rules=RULES)
    found = test.set_index("predictor")
    assert found.loc["scorecard", "roc_area_ci_low"] > 0.7
    # Nobody has a credit score here: no order at all.
    assert found.loc["credit_score", "roc_area"] == 0.5


def test_points_are_the_log_odds(followed):
    card = fit_scorecard(followed, rules=RULES)
    points = card.score(followed)
    # Twenty points double the odds, and all chances add up to what happened.
    odds = (1 / card.bad_probability(points) - 1)
    assert np.log2(odds / 50) * 20 + 600 == pytest.approx(points)
    assert card.bad_probability(points).sum() == pytest.approx(followed["is_bad"].sum(), rel=0.01)
    table = score_points(card, describe_payers(*ledgers.ledger(120), day=ledgers.AS_OF,
                                               rules=RULES))
    assert table["points"].is_monotonic_increasing
    assert len(table) == 120


def test_chance_is_no_better_than_the_naive_order():
    verdicts = []
    for seed in range(3):
        rows = follow_payers(*ledgers.ledger(50, habit=0.0, seed=seed), rules=RULES, **KNOWN)
        try:
            test = backtest_scorecard(rows, pd.Series(dtype="float64"), rules=RULES)
            verdicts += test["verdict"].tolist()
        except RefusedError:
            verdicts.append("refused")
    assert len(verdicts) >= 3
    assert verdicts.count("refused") < 3  # or nothing was tested
    assert verdicts.count("better") <= 1


def test_too_few_events_are_refused(followed):
    few = followed[~followed["is_bad"] | (followed["is_bad"].cumsum() <= 20)]
    with pytest.raises(RefusedError, match="there are 20 such cases"):
        fit_scorecard(few, rules=RULES)
