"""Current value beside potential, and whether the call of a year ago came true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from selection_world import RULES, build_facts, build_known, build_months, select

from kamlib.selection.potential import place_accounts, prove_quadrants, sum_quadrants

BIG = {f"B{i:02d}": 10_000.0 + i for i in range(10)}
SMALL = {f"S{i:02d}": 1_000.0 + i for i in range(10)}
PLACE = RULES.model_copy(update={"current_line_amount": 60_000.0,
                                 "potential_line_amount": 50_000.0, "min_wallet_pairs": 3})


def estimates(spend: dict[str, float], *, year: int = 2025, spread: float = 1.05) -> pd.DataFrame:
    """Two estimates of each account's spending in a year, so far apart."""
    rows = [(a, None, year, amount * side, "interview", pd.Timestamp(year, 11, 1))
            for a, amount in spend.items() for side in (spread, 1 / spread)]
    return pd.DataFrame(rows, columns=["account_id", "product_line", "year", "estimate_amount",
                                       "source", "estimated_date"])


def spend_of(amounts: dict[str, float], *, wide: set[str], by: float = 100_000.0
             ) -> dict[str, float]:
    return {a: 12 * m + (by if a in wide else 1_000.0) for a, m in amounts.items()}


def test_four_quadrants_by_two_lines():
    amounts = BIG | SMALL
    known = build_known(amounts, {"wallet_estimates": estimates(
        spend_of(amounts, wide={"B00", "S00"}))})
    placed, current, potential = place_accounts(known, rules=PLACE)
    calls = placed.set_index("account_id")["value_quadrant"]
    assert (current, potential) == (60_000.0, 50_000.0)
    assert [calls[a] for a in ("B00", "S00", "B01", "S01")] == [
        "to_protect", "to_grow", "to_harvest", "to_monitor"]
    row = placed.set_index("account_id").loc["S00"]
    assert row["headroom_amount"] == pytest.approx(100_000, rel=1e-6)
    assert row["headroom_amount_ci_low"] < 100_000 < row["headroom_amount_ci_high"]
    sizes = sum_quadrants(placed.assign(is_listed=False), 1e6).set_index("value_quadrant")
    assert sizes["n_accounts"].tolist() == [1, 1, 9, 9]


def test_estimates_far_apart_leave_the_quadrant_open():
    amounts = BIG | SMALL
    table = estimates(spend_of(amounts, wide=set(SMALL), by=50_500.0), spread=1.8)
    placed, _current, _potential = place_accounts(build_known(
        amounts, {"wallet_estimates": table}), rules=PLACE)
    assert placed.loc[placed["account_id"] == "S00", "is_quadrant_open"].all()


def test_without_estimates_the_potential_is_refused():
    result = select(build_known(BIG))
    assert result.placed.empty and result.quadrants.empty
    assert result.refused["placed"] == (
        "Nobody has estimated what accounts spend in all, so their potential is not known; growth "
        "of the past is no potential. A few rows in the table wallet_estimates would lift this.")


def then(grow_by: float) -> tuple:
    """What was known at the end of 2024, and the facts of a year later."""
    amounts = BIG | SMALL
    wide = {f"S{i:02d}" for i in range(5)}
    months = build_months(amounts)
    past = months[months["month"] < "2025-01-01"]
    spent = {a: 12 * m / 1.1 + (100_000 if a in wide else 1_000) for a, m in amounts.items()}
    known = replace(build_known(amounts), as_of=date(2024, 12, 31), months=past,
                    facts=build_facts(past, year=2024),
                    tables={"wallet_estimates": estimates(spent, year=2024)})
    after = {a: m * (grow_by if a in wide else 1.0) for a, m in amounts.items()}
    return known, build_facts(build_months(after))


@pytest.mark.parametrize(("grow_by", "verdict"), [(2.0, "better"), (0.5, "worse"),
                                                  (1.0, "cannot tell")])
def test_what_was_called_grow_is_held_against_what_was_called_monitor(grow_by, verdict):
    known, later = then(grow_by)
    table = prove_quadrants(known, later, rules=PLACE).set_index("called")
    row = table.loc["to_grow"]
    assert (row["n_accounts"], table.at["to_monitor", "n_accounts"]) == (5, 5)
    assert row["growth_rate"] == pytest.approx(1.1 * grow_by - 1, abs=1e-9)
    assert row["difference_rate"] == pytest.approx(1.1 * (grow_by - 1), abs=1e-3)
    if verdict != "cannot tell":  # all alike: the interval of no difference is a point
        assert row["verdict"] == verdict
    assert np.isnan(table.at["to_monitor", "difference_rate"])


def test_no_estimate_then_is_a_refusal_with_its_day():
    known, later = then(1.0)
    result = select(build_known(BIG | SMALL, {"wallet_estimates": estimates(
        spend_of(BIG | SMALL, wide={"S00"}))}), rules=PLACE)
    assert len(result.placed) == 20 and "proof" not in result.refused
    with pytest.raises(Exception, match="cannot be tested on 31 December 2024: Nobody has"):
        prove_quadrants(replace(known, tables={}), later, rules=PLACE)
