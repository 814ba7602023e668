"""The list: score, rank with its interval, three readings, who came and who went."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from selection_world import RULES, TEN, YEAR, build_known, select, select_ten

from benchmarks import key_list as benchmark
from kamlib.errors import InputError
from kamlib.rule_table import ClassRule
from kamlib.selection import SelectionRules, measure_criteria, score_criteria
from kamlib.selection.changes import compare_lists
from kamlib.selection.keylist import build_list, cut_of, name_key_accounts


def listed(known, rules=RULES):
    scored = score_criteria(measure_criteria(known, rules=rules), rules=rules)
    return build_list(scored, known, rules=rules)


def test_a_score_is_the_weighted_mean_of_the_places():
    # Ten accounts alike but for sales and profit: the largest has the place 95 in both, and the
    # middle, 50, wherever all are alike; growth, orders, years, lines and even months.
    keys, _logics, reason, _nobody = listed(build_known(TEN))
    assert reason == ""
    value = (2 * 95 + 2 * 95 + 1 * 50) / 5
    first = keys.iloc[0]
    assert (first["account_id"], first["rank"]) == ("A01", 1)
    assert first["value_score_index"] == pytest.approx(value)
    assert first["loyalty_score_index"] == first["stability_score_index"] == pytest.approx(50)
    assert first["key_score_index"] == pytest.approx(0.5 * value + 0.5 * 50)


def test_months_that_are_all_alike_leave_no_doubt():
    keys, *_rest = listed(build_known(TEN))
    assert cut_of(keys, rules=RULES) == 2  # a fifth of ten, and less than three
    for end in ("rank_ci_low", "rank_ci_high"):
        assert keys[end].tolist() == keys["rank"].tolist()
    assert keys["list_standing"].tolist() == ["in"] * 2 + ["out"] * 8


def test_uneven_months_make_the_line_a_matter_of_chance():
    near = {f"A{i:02d}": 1000.0 + i for i in range(20)}
    keys, *_rest = listed(build_known(near, noise=0.8))
    unsure = keys[keys["list_standing"] == "cannot tell"]
    assert len(unsure) > 3
    assert (unsure["rank_ci_low"] <= 3).all() and (unsure["rank_ci_high"] > 3).all()
    again, *_rest = listed(build_known(near, noise=0.8))
    pd.testing.assert_frame_equal(keys, again)


def test_satisfaction_is_beside_the_score_and_never_in_it():
    heard = pd.DataFrame({"account_id": list(TEN), "account_index": np.linspace(5, 95, 10)})
    with_it, without = select(build_known(TEN), heard=heard), select_ten()
    columns = ["account_id", "key_score_index", "rank", "is_listed"]
    pd.testing.assert_frame_equal(with_it.keys[columns], without.keys[columns])
    assert with_it.keys["satisfaction_index"].notna().all()


def test_an_indicator_that_nobody_has_leaves_its_weight_to_the_others():
    result = select(build_known(TEN, has_cost=False))
    weights = result.weights.set_index("indicator")["weight_share"]
    assert weights["profit"] == weights["collection"] == 0
    assert weights.sum() == pytest.approx(1)
    # Value keeps its half of the whole: two thirds sales, one third growth.
    assert weights["sales"] == pytest.approx(0.5 * 2 / 3)
    assert result.keys["account_id"].tolist()[:2] == ["A01", "A02"]


def test_all_any_and_weighted_are_three_lists():
    rules = RULES.model_copy(update={
        "all_conditions": (ClassRule(name="big", when="amount_rank_share < 0.3", gives="met"),
                           ClassRule(name="known", when="influence_score >= 50", gives="met")),
        "any_condition": (ClassRule(name="big", when="amount_rank_share < 0.1", gives="met"),
                          ClassRule(name="known", when="influence_score >= 90", gives="met"))})
    influence = [10, 60, np.nan, 95, *[20] * 6]
    _keys, logics, *_rest = listed(build_known(TEN, influence_score=influence), rules)
    table = logics.set_index("account_id")
    assert table["in_weighted"].sum() == 2
    # A03 is large, and nobody knows its name: that leaves it open.
    assert table["all_conditions"].to_dict()["A02"] == "in"
    assert table["all_conditions"].to_dict()["A03"] == "cannot tell"
    assert table["all_conditions"].to_dict()["A01"] == "out"
    assert table.loc[table["in_any_condition"], "any_basis"].to_dict() == {"A01": "big",
                                                                          "A04": "known"}


def test_a_condition_that_nobody_can_be_asked_is_left_out_and_named():
    result = select_ten()
    rows = result.readings.set_index("logic")
    assert rows.at["all_conditions", "unchecked"] == "market_name"
    assert rows.at["any_condition", "unchecked"] == "by_strategy"
    assert rows.at["all_conditions", "n_in"] == 2  # the largest fifth that grew


def test_the_chosen_reading_makes_the_list_and_too_many_is_said():
    rules = RULES.model_copy(update={"logic": "any_condition", "most_key_accounts": 1,
                                     "any_condition": (ClassRule(
                                         name="sold", when="net_amount > 0", gives="met"),)})
    result = select(build_known(TEN), rules=rules)
    assert len(result.listed) == 10
    assert result.readings.set_index("logic").at["any_condition", "is_too_long"]


@pytest.mark.parametrize("logic", ["weighted", "all_conditions", "any_condition"])
def test_other_rooms_are_told_the_accounts_on_the_list(logic):
    rules = RULES.model_copy(update={"logic": logic})
    known = build_known({f"A{i:02d}": 1000.0 + i for i in range(20)}, noise=0.8)
    keys, *_rest = listed(known, rules)
    assert name_key_accounts(known, rules=rules) == set(keys.loc[keys["is_listed"], "account_id"])
    nobody = known.__class__(**{**known.__dict__, "facts": known.facts.assign(n_orders_window=0)})
    assert name_key_accounts(nobody, rules=rules) == set()


def test_who_was_confirmed_by_name_can_be_the_list():
    told = pd.DataFrame({"scope": "account", "scope_id": ["A07", "A09", "A01"],
                         "topic": [RULES.approval_topic, RULES.approval_topic, "needs"],
                         "author": ["Li", "", "Li"], "written_date": pd.Timestamp("2025-03-01")})
    rules = RULES.model_copy(update={"logic": "any_condition", "any_condition": (
        ClassRule(name="approved", when="is_confirmed", gives="met"),)})
    assert name_key_accounts(build_known(TEN, {"narratives": told}), rules=rules) == {"A07"}
    assert name_key_accounts(build_known(TEN), rules=rules) == set()


def test_a_condition_that_cannot_be_used_names_the_rule():
    rules = RULES.model_copy(update={"all_conditions": (
        ClassRule(name="odd", when="net_amout > 0", gives="met"),)})
    with pytest.raises(InputError) as error:
        listed(build_known(TEN), rules)
    assert str(error.value).startswith(
        "selection.all_conditions: the condition of rule 'odd', 'net_amout > 0', cannot be used: "
        "the table has no column 'net_amout' (did you mean 'net_amount'?).")


def test_shares_of_profit_with_losses_are_of_the_profits():
    known = build_known(TEN)
    facts = known.facts.assign(margin_amount_window=[300.0, 100.0, -200.0, *[0.0] * 7])
    criteria = measure_criteria(known.__class__(**{**known.__dict__, "facts": facts}), rules=RULES)
    assert criteria["profit_share"].tolist()[:2] == [0.75, 0.25]
    assert criteria["profit_share"].isna().sum() == 8


def test_a_list_cut_at_a_score():
    scores = pd.DataFrame({"key_score_index": [90.0, 75.0, 60.0, np.nan]})
    assert cut_of(scores, rules=SelectionRules(least_score=75)) == 2


def test_who_came_and_who_left_and_why():
    before, now = build_known(TEN), build_known({**TEN, "A02": 100.0})
    parts = []
    for known in (now, before):
        scored = score_criteria(measure_criteria(known, rules=RULES), rules=RULES)
        parts += [build_list(scored, known, rules=RULES)[0], scored]
    table = compare_lists(*parts, rules=RULES).set_index("account_id")
    assert table["list_move"].to_dict() == {"A03": "entered", "A02": "left"}
    assert table.at["A02", "rank_before"] == 2
    assert table.at["A02", "moved_by"] in ("sales", "profit")
    assert table.at["A02", "score_change"] < 0 < table.at["A03", "score_change"]


def test_too_few_months_leave_the_list_without_intervals():
    known = build_known(TEN)
    short = known.__class__(**{**known.__dict__, "history_from": YEAR.end.replace(month=9, day=1),
                               "months": known.months[known.months["month"] >= "2025-09-01"]})
    keys, _logics, reason, _nobody = listed(short)
    assert reason == ("Ranks have an interval from 6 whole months of known sales on, and the data "
                      "has 4. A later period would lift this.")
    assert keys["rank_ci_low"].isna().all() and keys["is_listed"].sum() == 2


def test_nobody_bought_is_a_refusal():
    known = build_known(TEN)
    facts = known.facts.assign(n_orders_window=0, net_amount_window=0.0)
    result = select(known.__class__(**{**known.__dict__, "facts": facts}))
    assert result.refused["keys"] == ("No account bought in the analysis window, so none can be "
                                      "chosen as a key account. A period with sales would lift "
                                      "this.")
    assert all(table.empty for table in result.tables.values())


def test_intervals_of_ranks_hold_in_made_companies():
    """A small form of benchmarks/key_list.py; months drawn with replacement hold in 89 %."""
    told = pd.concat(benchmark.try_list(n, case=benchmark.CASES[0]) for n in range(6))
    held = (told["low"] <= told["true_rank"]) & (told["true_rank"] <= told["high"])
    assert held.mean() > 0.94
    is_sure = told["probability"] > 0.95
    assert (told["true_rank"] <= told["cut"])[is_sure].mean() > 0.9
