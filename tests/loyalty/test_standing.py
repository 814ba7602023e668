"""The loyalty index, its test on the past, and loyalty beside satisfaction."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from kamlib.errors import RefusedError
from kamlib.loyalty import LoyaltyRules, review_standing, score_loyalty
from kamlib.loyalty.aims import compare_targets
from kamlib.loyalty.standing import foretell
from kamlib.loyalty.standing.foretell import compare_origins, follow_index, foretell_staying
from kamlib.loyalty.standing.index import list_weights
from kamlib.loyalty.standing.quadrants import class_accounts, sum_classes

AS_OF = date(2025, 12, 31)
RULES = LoyaltyRules(n_resamples=200)
PRODUCTS = pd.DataFrame({"account_id": ["A", "A", "B", "B"], "product_line": ["P", "Q", "P", ""],
                         "quarter": pd.to_datetime(["2025-01-01", "2025-10-01"] * 2),
                         "n_orders": 1})


def build_facts(n=3, **columns):
    facts = pd.DataFrame({"account_id": list("ABCDEFGH")[:n]})
    defaults = {"tenure_days": 1000, "n_purchase_days_window": 4, "gap_mean_days": 30.0,
                "days_since_last_sale": 30, "gross_amount_window": 100.0,
                "net_amount_window": 100.0}
    for name, value in (defaults | columns).items():
        facts[name] = value
    return facts


def test_index_is_the_weighted_mean_of_ranks():
    facts = build_facts(n_purchase_days_window=[9, 5, 1], days_since_last_sale=[60, 15, 30],
                        net_amount_window=[90.0, 100.0, 100.0], tenure_days=[100, 300, 200])
    table = score_loyalty(facts, PRODUCTS, as_of=AS_OF, rules=RULES).set_index("account_id")
    parts = ["tenure_index", "frequency_index", "rhythm_index", "returns_index"]
    # Three accounts: ranks 1/6, 3/6, 5/6; of two that return nothing each has the mean of both.
    assert table.loc["A", parts].tolist() == pytest.approx([100 / 6, 500 / 6, 100 / 6, 100 / 6])
    assert table.loc["C", parts].tolist() == pytest.approx([50, 100 / 6, 50, 400 / 6])
    assert table.loc["A", "n_product_lines"] == 2
    assert table.loc["B", "n_product_lines"] == 1  # a line without a name is none
    # C has bought no product line by name, so that part is not known of it.
    assert table.loc["C", "loyalty_index"] == pytest.approx(table.loc["C", parts].mean())
    assert table.loc["C", "n_parts"] == 4


def test_amount_is_no_part_of_loyalty_unless_the_rules_say_so():
    facts = build_facts(net_amount_window=[100.0, 10.0, 1.0],
                        gross_amount_window=[100.0, 10.0, 1.0])
    more = facts.assign(net_amount_window=facts["net_amount_window"][::-1].to_numpy(),
                        gross_amount_window=facts["gross_amount_window"][::-1].to_numpy())
    before, after = (score_loyalty(f, PRODUCTS, as_of=AS_OF, rules=RULES).set_index("account_id")
                     for f in (facts, more))
    pd.testing.assert_series_equal(before["loyalty_index"].sort_index(),
                                   after["loyalty_index"].sort_index())
    rules = RULES.model_copy(update={"weight_amount": 5.0})
    ranked = score_loyalty(facts, PRODUCTS, as_of=AS_OF, rules=rules)
    assert list_weights(ranked, rules=rules).set_index("part").loc["amount", "weight_share"] == 0.5


def test_quarters_that_had_not_ended_are_not_seen():
    table = score_loyalty(build_facts(), PRODUCTS, as_of=date(2025, 11, 30), rules=RULES)
    assert table.set_index("account_id").loc["A", "n_product_lines"] == 1


def test_too_few_parts_give_no_index():
    facts = build_facts(tenure_days=[np.nan, 300, 200], gap_mean_days=[np.nan, 30, 30],
                        gross_amount_window=[0.0, 1, 1], net_amount_window=[0.0, 1, 1])
    table = score_loyalty(facts, PRODUCTS.iloc[2:], as_of=AS_OF, rules=RULES)
    assert pd.isna(table.set_index("account_id").loc["A", "loyalty_index"])


def build_past(n=120, seed=4):
    """Accounts on two days; who buys often stays, tenure has nothing to do with it."""
    rng = np.random.default_rng(seed)
    days = rng.integers(1, 30, n)
    stays = rng.random(n) < days / 30
    ids = [f"{i:03d}" for i in range(n)]
    first = build_facts(0).reindex(range(n)).assign(
        account_id=ids, n_purchase_days_window=days, tenure_days=rng.integers(30, 3000, n),
        gap_mean_days=30.0, days_since_last_sale=rng.integers(1, 300, n),
        gross_amount_window=100.0, net_amount_window=100.0, n_purchase_days_period=1)
    later = first.assign(n_purchase_days_period=stays.astype(int))
    return pd.concat([first.assign(cut_date=pd.Timestamp("2025-01-01")),
                      later.assign(cut_date=pd.Timestamp("2025-07-02"))], ignore_index=True)


def test_area_is_scikit_learns():
    rows = follow_index(build_past(), PRODUCTS, rules=RULES)
    table = foretell_staying(rows, rules=RULES).set_index("predictor")
    for predictor, column in (("loyalty_index", "loyalty_index"), ("tenure_alone", "tenure_index"),
                              ("silence_alone", "silence_index")):
        expected = roc_auc_score(rows["has_stayed"], rows[column])
        assert table.loc[predictor, "roc_area"] == pytest.approx(expected, abs=1e-12)
    assert table.loc["frequency_alone", "verdict"] == "better"
    assert table.loc["tenure_alone", "verdict"] == ""
    assert table.loc["loyalty_index", "difference"] == pytest.approx(
        table.loc["loyalty_index", "roc_area"] - table.loc["tenure_alone", "roc_area"])


def test_draws_a_few_at_a_time_are_those_of_all_at_once_and_fewer_of_many_rows(monkeypatch):
    rows = follow_index(build_past(), PRODUCTS, rules=RULES)
    whole = foretell_staying(rows, rules=RULES)
    monkeypatch.setattr(foretell, "MOST_AT_ONCE", 7 * len(rows))  # 200 draws, seven at a time
    pd.testing.assert_frame_equal(foretell_staying(rows, rules=RULES), whole)
    monkeypatch.setattr(foretell, "MOST_CELLS", 0)  # the fewest: what 200 were asked for, of 900
    many = RULES.model_copy(update={"n_resamples": 900})
    pd.testing.assert_frame_equal(foretell_staying(rows, rules=many), whole)


def test_pairs_are_of_the_same_day():
    # On each day the index is perfect, but on the second all stand lower: between days it is not.
    rows = pd.DataFrame({
        "cut_date": pd.to_datetime(["2025-01-01"] * 4 + ["2025-07-01"] * 4),
        "account_id": list("ABCDEFGH"), "loyalty_index": [90.0, 80, 70, 60, 40, 30, 20, 10],
        "tenure_index": 50.0, "frequency_index": 50.0, "rhythm_index": np.nan,
        "silence_index": 50.0, "has_stayed": [True, True, False, False] * 2})
    table = foretell_staying(rows, rules=RULES.model_copy(update={"min_leavers": 4})).set_index(
        "predictor")
    assert table.loc["loyalty_index", "roc_area"] == 1.0
    assert table.loc["rhythm_alone", "roc_area"] == 0.5
    assert roc_auc_score(rows["has_stayed"], rows["loyalty_index"]) < 1
    assert compare_origins(rows)["index_roc_area"].tolist() == [1.0, 1.0]
    with pytest.raises(RefusedError, match="4 accounts left"):
        foretell_staying(rows, rules=RULES)


HEARD = pd.DataFrame({"account_id": list("ABCD"), "account_index": [90.0, 90.0, 50.0, 70.0],
                      "is_near_line": [False, False, False, True]})


def test_four_classes_with_their_sales():
    index = pd.DataFrame({"account_id": list("ABCDE"), "tier": "core",
                          "loyalty_index": [80.0, 20.0, 80.0, 49.0, 90.0],
                          "net_amount_window": [1.0, 2.0, 3.0, 4.0, 10.0]})
    classed = class_accounts(index, HEARD, satisfied_line=70.0, rules=RULES)
    named = dict(zip(classed["account_id"], classed["loyalty_class"], strict=True))
    # Jones & Sasser (1995): satisfied is from the line on.
    assert named == {"A": "apostle", "B": "mercenary", "C": "hostage", "D": "mercenary"}
    assert classed["account_id"].tolist()[0] == "C"
    assert classed.set_index("account_id")["is_near_class_line"].to_dict() == {
        "A": False, "B": False, "C": False, "D": True}
    table = sum_classes(classed, index, rules=RULES).set_index("loyalty_class")
    assert table["n_accounts"].tolist() == [1, 2, 1, 0, 1]
    assert table.loc[["mercenary", "unheard"], "net_amount"].tolist() == [6.0, 10.0]
    assert table["amount_share"].sum() == pytest.approx(1.0)


def test_without_a_survey_the_classes_are_unanswered():
    standing = review_standing(
        build_facts(), products=PRODUCTS, past_facts=build_past(3), heard=HEARD.head(0),
        tiers=pd.DataFrame({"account_id": list("ABC"), "tier": "core"}), satisfied_line=70.0,
        rules=RULES, as_of=AS_OF)
    assert set(standing.refused) == {"classed", "staying"}
    assert standing.correlation is None
    assert len(standing.index) == 3


@pytest.mark.parametrize(("low", "high", "target", "verdict"), [
    (0.91, 0.95, 0.9, "met"), (0.9, 0.95, 0.9, "met"), (0.7, 0.89, 0.9, "not met"),
    (0.8, 0.95, 0.9, "cannot tell")])
def test_own_targets_stand_above_the_rules(low, high, target, verdict):
    empty = pd.DataFrame(columns=["tier"])
    table = pd.DataFrame({"tier": ["all"], "n_observed": [50], "repurchase_rate": [0.9],
                          "repurchase_rate_ci_low": low, "repurchase_rate_ci_high": high})
    tables = {"tenure": empty, "repurchase": table, "returns": empty}
    rules = RULES.model_copy(update={"repurchase_target": 0.1})
    stated = pd.DataFrame({"scope": ["company"], "metric": ["repurchase_rate"],
                           "from_date": ["2025-01-01"], "to_date": ["2025-12-31"],
                           "target": [target]})
    (row,) = compare_targets(tables, stated, as_of=AS_OF, rules=rules).to_dict("records")
    assert (row["verdict"], row["target_source"]) == (verdict, "target_table")
    (row,) = compare_targets(tables, stated.assign(to_date="2025-06-30"), as_of=AS_OF,
                             rules=rules).to_dict("records")
    assert (row["verdict"], row["target_source"]) == ("met", "target_rule")
    assert compare_targets(tables, None, as_of=AS_OF, rules=RULES).empty
