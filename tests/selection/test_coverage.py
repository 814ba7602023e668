"""The four bigs, and what key accounts carry of regions, industries and product lines (SEL-07)."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.selection import SelectionRules
from kamlib.selection.coverage import cover, find_bigs

# Conditions of a test alone: what is asked is said here, not what a company calls large.
BIGS = [{"name": f"big_{name}", "when": f"{name} >= 100", "gives": "met"}
        for name in ("sales", "profit", "strength", "potential")]
RULES = SelectionRules(four_bigs=BIGS, least_bigs=3, n_large_by_region=2)
AS_OF = pd.Timestamp("2025-12-31")


def build_criteria(rows: dict[str, tuple]) -> pd.DataFrame:
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[
        "region", "n_orders", "sales", "profit", "strength", "potential"])
    table = table.rename_axis("account_id").reset_index()
    measured = ["sales", "profit", "strength", "potential"]
    return table.assign(net_amount=table["sales"].fillna(0.0), industry="food",
                        **{c: table[c].astype("float64") for c in measured})


CRITERIA = build_criteria({
    "A": ("East", 9, 500, 200, 100, 100),  # all four, the last two just so
    "B": ("East", 9, 300, 99, 100, 150),   # three of four
    "C": ("East", 9, 200, 100, None, None),  # two, and two that nobody knows
    "D": ("West", 9, 50, 10, 10, 10),      # none
    "E": ("West", 0, 900, 900, 900, 900),  # has not bought
    "F": (None, 9, 100, 10, 10, 10)})
KEYS = pd.DataFrame({"account_id": ["A", "D"], "is_listed": [True, True]})
PRODUCTS = pd.DataFrame({
    "account_id": ["A", "A", "B", "D"], "product_line": ["Filters", "", "Filters", "Pumps"],
    "quarter": pd.to_datetime(["2025-10-01", "2025-10-01", "2024-10-01", "2025-01-01"]),
    "net_amount": [400.0, 100.0, 300.0, 50.0]})


def test_each_big_is_asked_and_counted_and_what_is_not_known_is_a_gap():
    bigs, nobody = find_bigs(CRITERIA, KEYS, rules=RULES)
    rows = bigs.set_index("account_id")
    assert rows.index.tolist() == ["A", "B", "C", "F"]  # most bigs first; D has none, E no order
    assert rows["n_bigs"].tolist() == [4, 3, 2, 1]
    assert rows["is_large"].tolist() == [True, True, False, False]
    assert rows["is_listed"].tolist() == [True, False, False, False]
    assert not rows.loc["B", "big_profit"] and rows.loc["A", "big_strength"]
    assert pd.isna(rows.loc["C", "big_strength"]) and nobody == []


def test_a_big_that_nobody_can_be_asked_is_named():
    bigs, nobody = find_bigs(CRITERIA.assign(potential=float("nan")), KEYS, rules=RULES)
    assert nobody == ["big_potential"]
    assert bigs.set_index("account_id")["n_bigs"].to_dict() == {"A": 3, "B": 2, "C": 2, "F": 1}


def test_two_or_three_large_accounts_of_a_region_and_what_they_carry():
    bigs, _nobody = find_bigs(CRITERIA, KEYS, rules=RULES)
    covered = cover(CRITERIA, KEYS, bigs, PRODUCTS, as_of=AS_OF, rules=RULES)
    rows = covered.set_index(["dimension", "group"])
    east = rows.loc["region", "East"]
    assert (east["n_accounts"], east["n_key"], east["n_large"]) == (3, 1, 2)
    assert east["net_amount"] == 1000 and east["key_amount_share"] == pytest.approx(0.5)
    # A and B, the two largest, carry 800 of 1,000
    assert east["largest_accounts"] == "A, B"
    assert east["largest_amount_share"] == pytest.approx(0.8)
    assert rows.loc["region", "West"]["largest_accounts"] == "D"  # E has not bought
    assert rows.loc["region", "not_given"]["net_amount"] == 100


def test_regions_add_up_and_lines_count_the_last_four_quarters():
    bigs, _nobody = find_bigs(CRITERIA, KEYS, rules=RULES)
    covered = cover(CRITERIA, KEYS, bigs, PRODUCTS, as_of=AS_OF, rules=RULES)
    bought = CRITERIA.loc[CRITERIA["n_orders"] > 0, "net_amount"].sum()
    assert covered.loc[covered["dimension"] == "region", "net_amount"].sum() == bought
    lines = covered[covered["dimension"] == "product_line"].set_index("group")
    # B bought filters a year too early, and 100 of A's sales name no line
    assert lines["net_amount"].to_dict() == {"Filters": 400, "Pumps": 50}
    assert lines["key_amount_share"].tolist() == [1, 1]


def test_without_regions_there_is_no_row_of_regions():
    bigs, _nobody = find_bigs(CRITERIA.assign(region=None), KEYS, rules=RULES)
    covered = cover(CRITERIA.assign(region=None), KEYS, bigs, PRODUCTS.head(0), as_of=AS_OF,
                    rules=RULES)
    assert covered["dimension"].unique().tolist() == ["industry"]


def test_a_condition_over_a_column_that_there_is_not_is_refused():
    rules = SelectionRules(four_bigs=[{"name": "big_fame", "when": "fame > 1", "gives": "met"}])
    with pytest.raises(InputError, match=r"selection\.four_bigs.*fame"):
        find_bigs(CRITERIA, KEYS, rules=rules)
