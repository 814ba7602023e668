"""The index, the rate and their targets against the published surveys of the catalogue."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import satisfaction
from kamlib.errors import RefusedError
from kamlib.satisfaction import build_measures, find_target, score_accounts, score_categories
from kamlib.satisfaction.survey.index import judge
from kamlib.satisfaction.survey.scoring import weighted_index

RULES = satisfaction.SatisfactionRules()

# Catalogue SAT-16: eight customers, ten items in groups of 4, 3 and 3 (percent).
EIGHT = pd.DataFrame({
    "item_index": [96, 94.5, 95.5, 95.4, 93.1, 93.2, 100, 91, 91, 93.5],
    "category": ["technical"] * 4 + ["quality"] * 3 + ["service"] * 3})


def test_eight_customers_mean_of_items_and_mean_of_groups():
    # E7: the report's 94.32 is the mean of the items; the mean of the groups is 94.21 (94.206).
    groups = score_categories(EIGHT).set_index("category")["category_index"]
    assert EIGHT["item_index"].mean() == pytest.approx(94.32, abs=0.005)
    assert groups["technical"] == pytest.approx(95.35, abs=0.005)
    assert groups["quality"] == pytest.approx(95.433, abs=0.0005)
    assert groups["service"] == pytest.approx(91.833, abs=0.0005)
    assert groups.mean() == pytest.approx(94.206, abs=0.0005)
    assert groups.mean() == pytest.approx(94.21, abs=0.005)


def published_2018(scored, items):
    """SAT-11: 4 valid questionnaires of 4 customers, all at 70 or above, index 78.4, 12 items.

    The answers are not published, and whole ratings with equal weights cannot give 78.4; a mean
    rating of 3.92 does, under x/5.
    """
    return scored({f"p{k}": (f"a{k}", [mean] * 12) for k, mean in
                   enumerate([3.6, 3.8, 4.0, 4.28])}, items=items(12))


def test_2018_index_rate_and_target_are_three_different_things(scored, items):
    wave = published_2018(scored, items)
    accounts = score_accounts(wave, satisfied_line=70)
    table = build_measures(wave, accounts, rules=RULES, index_target=None,
                           rate_target=0.85).set_index("measure")
    index, rate = table.loc["satisfaction_index"], table.loc["satisfied_rate"]
    assert index["measured_index"] == pytest.approx(78.4, abs=0.05)
    # 4 of 4 is 100 %, Wilson 95 % 51.0-100 (SAT-11).
    assert rate["measured_share"] == 1
    assert rate["measured_share_ci_low"] == pytest.approx(0.510, abs=0.0005)
    assert rate["measured_share_ci_high"] == 1
    # 100 % meets 85 % nominally, but four questionnaires cannot show it; the index has no target.
    assert rate["verdict"] == "cannot tell"
    assert index["verdict"] == ""
    assert np.isnan(index["target_share"])


def test_the_index_is_never_held_against_the_target_of_the_rate(scored, items):
    wave = published_2018(scored, items)
    accounts = score_accounts(wave, satisfied_line=70)
    table = build_measures(wave, accounts, rules=RULES, index_target=99.0,
                           rate_target=0.40).set_index("measure")
    assert table["verdict"].to_dict() == {"satisfaction_index": "not met", "satisfied_rate": "met",
                                          "content_share": ""}


def test_thirty_of_forty_eight_ratings_are_satisfied_ones(scored):
    # E2: 63 % is 30 of 48 ratings (62.5 %), 4 questionnaires of 12 items.
    papers = {f"p{k}": (f"a{k}", [4] * n + [3] * (12 - n)) for k, n in enumerate([9, 8, 7, 6])}
    wave = scored(papers)
    table = build_measures(wave, score_accounts(wave, satisfied_line=70), rules=RULES,
                           index_target=None, rate_target=None).set_index("measure")
    content = table.loc["content_share"]
    assert (content["n"], content["counted"]) == (48, "ratings")
    assert content["measured_share"] == pytest.approx(0.625)
    # Four shares of 9, 8, 7 and 6 of 12: 0.625 +- 3.182 (Student, 3 degrees) * 0.1076 / 2.
    assert content["measured_share_ci_low"] == pytest.approx(0.4538, abs=5e-5)
    assert content["measured_share_ci_high"] == pytest.approx(0.7962, abs=5e-5)


def test_seventy_is_satisfied_before_rounding(scored):
    # 3.5 on the five-point scale is 70 exactly; 69.97 rounds to 70.0 and is not satisfied.
    wave = scored({"p0": ("a", [3, 4]), "p1": ("b", [3.4985, 3.4985])})
    table = score_accounts(wave, satisfied_line=70).set_index("account_id")
    assert table["is_satisfied"].to_dict() == {"a": True, "b": False}
    assert round(table["account_index"]["b"], 1) == 70.0


def test_accounts_come_first_however_many_answer(scored):
    # E9: five happy people of one account do not outvote the other account.
    papers = {f"p{k}": ("big", [5, 5]) for k in range(5)} | {"q": ("small", [1, 1])}
    accounts = score_accounts(scored(papers), satisfied_line=70)
    assert accounts["account_index"].tolist() == [100, 20]
    assert accounts["account_index"].mean() == 60
    assert accounts["n_questionnaires"].tolist() == [5, 1]


def test_the_line_is_near_within_one_standard_error(scored):
    papers = {"p0": ("a", [3, 3]), "p1": ("a", [4, 4]), "p2": ("b", [5, 5])}
    table = score_accounts(scored(papers), satisfied_line=70).set_index("account_id")
    # One account with two papers of 60 and 80: the pooled deviation is 14.142.
    assert table["account_index_se"].round(3).to_dict() == {"a": 10.0, "b": 14.142}
    assert table["is_near_line"].to_dict() == {"a": True, "b": False}
    single = score_accounts(scored({"p2": ("b", [5, 5])}), satisfied_line=70)
    assert single["is_near_line"].isna().all()


@given(weights=st.lists(st.floats(0.1, 10), min_size=3, max_size=3), factor=st.floats(0.01, 100))
@settings(max_examples=20)
def test_scaling_all_weights_changes_nothing(weights, factor):
    # SAT-09: csi is unchanged by scaling all w.
    scores = pd.DataFrame({"account_id": "a", "score_index": [20.0, 60.0, 100.0],
                           "weight": weights})
    scaled = scores.assign(weight=scores["weight"] * factor)
    one, other = (weighted_index(t, by="account_id")["a"]
                  for t in (scores, scaled))
    assert one == pytest.approx(other)


def test_weights_count(scored, items):
    wave = scored({"p0": ("a", [5, 1])}, items=items(2, weight=[3.0, 1.0]))
    assert score_accounts(wave, satisfied_line=70)["account_index"].tolist() == [80]  # (300+20)/4


def test_too_few_questionnaires_are_refused_with_what_would_lift_it(scored):
    wave = scored({"p0": ("a", [5, 5]), "p1": ("b", [5, 5])})
    with pytest.raises(RefusedError) as error:
        build_measures(wave, score_accounts(wave, satisfied_line=70), rules=RULES,
                       index_target=None, rate_target=None)
    assert str(error.value) == (
        "Wave W2 has too few valid questionnaires: 2, of 2 accounts. An index needs 4 "
        "questionnaires and 3 accounts. More answers, or lower rules "
        "satisfaction.min_questionnaires and satisfaction.min_accounts, would lift this.")


@pytest.mark.parametrize(("low", "high", "target", "verdict"), [
    (85, 90, 85, "met"), (80, 84.9, 85, "not met"), (80, 85, 85, "cannot tell"),
    (80, 90, None, "")])
def test_verdicts(low, high, target, verdict):
    assert judge(low, high, target) == verdict


def test_a_target_of_the_other_kind_is_never_taken():
    targets = pd.DataFrame({
        "scope": ["company", "company", "region"], "metric": "satisfaction",
        "kind": ["rate", "rate", "index"], "target": [0.8, 0.9, 70.0],
        "from_date": pd.to_datetime(["2024-01-01", "2025-01-01", "2025-01-01"]),
        "to_date": pd.to_datetime(["2025-12-31"] * 3)})
    day = pd.Timestamp("2025-12-31").date()
    assert find_target(targets, kind="rate", as_of=day, default=None) == 0.9
    assert find_target(targets, kind="index", as_of=day, default=75.0) == 75.0
    assert find_target(None, kind="rate", as_of=day, default=0.85) == 0.85
