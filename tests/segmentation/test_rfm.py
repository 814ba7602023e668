"""RFM scores: groups of about equal size that never part equal values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import InputError
from kamlib.rules import build_rules
from kamlib.segmentation import SegmentationRules
from kamlib.segmentation.rfm import (
    RFM_COLUMNS,
    THRESHOLD_COLUMNS,
    find_rfm_thresholds,
    score_ranks,
    score_rfm,
)

RULES = SegmentationRules()
SCORES = ["recency_score", "frequency_score", "amount_score"]
# Miles per gallon of the 32 cars in R's data set mtcars (Henderson & Velleman 1981).
MPG = [21.0, 21.0, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4,
       10.4, 14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26.0, 30.4, 15.8, 19.7,
       15.0, 21.4]


def build_facts(amounts, orders=None, days=None):
    n = len(amounts)
    return pd.DataFrame({
        "account_id": [f"{i:03d}" for i in range(n)],
        "days_since_last_sale": pd.array([10] * n if days is None else days, dtype="Int64"),
        "n_orders_window": pd.array([2] * n if orders is None else orders, dtype="Int64"),
        "net_amount_window": np.array(amounts, dtype="float64")})


def thresholds_of(facts, rules=RULES):
    return find_rfm_thresholds(score_rfm(facts, rules=rules), rules=rules)


def test_groups_are_those_of_proc_rank():
    # McLawhorn (2019), "How the RANK procedure calculates ranks with groups and ties", SAS Users:
    # GROUPS=5 TIES=MEAN puts these into the groups 1 and 4, counted from 0.
    assert score_ranks(pd.Series([1] * 6 + [8, 8]), n_scores=5).tolist() == [2] * 6 + [5, 5]


def test_amount_thresholds_enclose_the_published_quartiles():
    # R, summary(mtcars$mpg): 1st Qu. 15.43, Median 19.20, 3rd Qu. 22.80.
    table = thresholds_of(build_facts(MPG), SegmentationRules(rfm_scores=4))
    table = table[table["measure"] == "net_amount"].set_index("score")
    assert table["n_accounts"].tolist() == [8, 7, 10, 7]  # 19.2 and 22.8 are two cars each
    assert table.loc[1, "to_value"] < 15.43 <= table.loc[2, "from_value"]
    assert table.loc[2, "to_value"] < 19.20 == table.loc[3, "from_value"]
    assert table.loc[3, "to_value"] == 22.80 < table.loc[4, "from_value"]
    assert (table.loc[1, "from_value"], table.loc[4, "to_value"]) == (10.4, 33.9)


def test_recent_is_best_and_the_old_columns_stay():
    rfm = score_rfm(build_facts(range(1, 11), range(1, 11), range(1, 11)), rules=RULES)
    assert rfm.columns.tolist() == RFM_COLUMNS
    assert RFM_COLUMNS[:8] == ["account_id", "days_since_last_sale", "n_orders", "net_amount",
                               "is_recent", "is_frequent", "is_amount_high", "rfm_class"]
    assert rfm["recency_score"].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert rfm["amount_score"].tolist() == rfm["frequency_score"].tolist() == [
        1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_two_scores_without_ties_are_the_cut_at_the_median():
    rfm = score_rfm(build_facts([5, 1, 4, 2, 3], [1, 2, 3, 4, 5], [9, 7, 8, 6, 5]),
                    rules=SegmentationRules(rfm_scores=2))
    for flag, score in zip(["is_recent", "is_frequent", "is_amount_high"], SCORES, strict=True):
        assert (rfm[score] == 2).tolist() == rfm[flag].tolist()


def test_more_than_half_identical_share_one_score_and_it_is_reported():
    table = thresholds_of(build_facts(range(10), [1] * 6 + [2, 3, 4, 5]))
    orders = table[table["measure"] == "n_orders"].set_index("score")
    assert orders["n_accounts"].tolist() == [0, 6, 0, 2, 2]
    assert orders["n_scores"].tolist() == [3] * 5
    assert orders["tied_share"].tolist() == [0.6] * 5
    assert orders["from_value"].isna().tolist() == [True, False, True, False, False]


@pytest.mark.parametrize("n", [1, 2, 7])
def test_all_equal_get_the_middle_score(n):
    rfm = score_rfm(build_facts([4.0] * n), rules=RULES)
    assert (rfm[SCORES] == 3).all(axis=None)
    table = find_rfm_thresholds(rfm, rules=RULES)
    assert table.groupby("measure")["n_accounts"].sum().tolist() == [n, n, n]
    assert (table["n_scores"] == 1).all()


def test_no_account_gives_empty_tables():
    table = thresholds_of(build_facts([]))
    assert table.columns.tolist() == THRESHOLD_COLUMNS
    assert table.empty


@given(st.lists(st.integers(-3, 9), min_size=1, max_size=60), st.integers(2, 10))
@settings(max_examples=60, deadline=None)
def test_scores_keep_ties_together_and_rise_with_the_value(values, n_scores):
    scores = score_ranks(pd.Series(values, dtype="float64"), n_scores=n_scores)
    by_value = scores.groupby(pd.Series(values)).agg(["min", "max"])
    assert (by_value["min"] == by_value["max"]).all()
    assert by_value["min"].is_monotonic_increasing
    assert scores.between(1, n_scores).all()


@given(st.lists(st.integers(), min_size=10, max_size=60, unique=True), st.integers(2, 10))
@settings(max_examples=60, deadline=None)
def test_without_ties_groups_differ_by_one_at_most(values, n_scores):
    sizes = score_ranks(pd.Series(range(len(values))), n_scores=n_scores).value_counts()
    assert len(sizes) == n_scores
    assert sizes.max() - sizes.min() <= 1


@given(st.permutations(list(range(12))))
@settings(max_examples=20, deadline=None)
def test_row_order_is_irrelevant(order):
    facts = build_facts([3, 3, 1, 9, 8, 7, 7, 7, 2, 0, 5, 4], [1] * 5 + [2] * 7, range(12))
    expected = score_rfm(facts, rules=RULES)
    pd.testing.assert_frame_equal(score_rfm(facts.iloc[order], rules=RULES), expected)


def test_number_of_scores_has_limits():
    with pytest.raises(InputError, match=r"segmentation\.rfm_scores cannot be 11"):
        build_rules({"segmentation": {"rfm_scores": 11}}, sections=[SegmentationRules],
                    origin="test")
