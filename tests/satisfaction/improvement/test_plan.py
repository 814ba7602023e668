"""What to mend first, worked out by hand where it can be, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kamlib import satisfaction
from kamlib.satisfaction.improvement.importance import map_importance
from kamlib.satisfaction.improvement.instrument import check_reliability, check_topics
from kamlib.satisfaction.improvement.priorities import map_markets, rank_priorities
from kamlib.satisfaction.improvement.promises import judge_topics, list_promises
from kamlib.satisfaction.improvement.result import choose_target

RULES = satisfaction.ImprovementRules(n_resamples=100, min_cell=2, min_pairs=3)


def build_means(scores: dict[str, list[float]]) -> pd.DataFrame:
    rows = [{"account_id": f"a{i}", "item_id": item, "score_index": score}
            for item, column in scores.items() for i, score in enumerate(column)]
    return pd.DataFrame(rows)


def build_items(**weights: float) -> pd.DataFrame:
    return pd.DataFrame({"item_id": list(weights), "text": [f"Item {w}" for w in weights],
                         "category": "c", "weight": list(weights.values()), "is_reversed": False})


AMOUNTS = pd.Series([100.0, 10.0, 1.0], index=["a0", "a1", "a2"])


def test_priority_is_weight_times_gap():
    """By hand: gaps 20 and 40, weights 3/4 and 1/4: 15 before 10, although the other is lower."""
    means = build_means({"x": [50, 50, 50], "y": [20, 30, 40], "z": [90, 90, 90]})
    found = rank_priorities(means, items=build_items(x=3, y=1, z=0.0001), target=70,
                            amounts=AMOUNTS, rules=RULES, level=0.95)
    assert found["item_id"].tolist() == ["x", "y", "z"]
    assert found["priority_index"].round(2).tolist() == [15.0, 10.0, 0.0]
    assert found["gap_verdict"].tolist() == ["not met", "not met", "met"]
    assert found["below_amount"].tolist() == [111.0, 111.0, 0.0]
    assert found["top_probability"].iloc[0] == 1


def test_a_gap_whose_interval_holds_zero_is_undetermined():
    means = build_means({"x": [30, 70, 105], "y": [60, 61, 62]})
    found = rank_priorities(means, items=build_items(x=1, y=1), target=70, amounts=AMOUNTS,
                            rules=RULES, level=0.95).set_index("item_id")
    assert found["gap_verdict"].to_dict() == {"y": "not met", "x": "cannot tell"}
    assert found.loc["x", "below_amount"] == 100


def test_small_cells_keep_their_number_only():
    means = build_means({"x": [50, 52, 90]})
    regions = pd.Series({"a0": "N", "a1": "N", "a2": "S"})
    found = map_markets(means, items=build_items(x=1), regions=regions, target=70, rules=RULES,
                        level=0.95).set_index("region")
    assert found["n_accounts"].to_dict() == {"N": 2, "S": 1}
    assert found.loc["N", "item_index"] == 51
    assert found.loc["S", ["item_index", "item_index_ci_low"]].isna().all()
    assert found.loc["S", "gap_verdict"] == "cannot tell"


def test_four_readings_of_one_map():
    """By hand: mean of performance 65, of stated importance 75; equal share 1/2; middle 50."""
    items = build_items(x=1, y=1).assign(
        item_index=[55.0, 75.0], item_index_ci_low=0.0, item_index_ci_high=100.0, n_accounts=9)
    stated = pd.DataFrame({"item_id": ["x", "y"], "stated_index": [80.0, 70.0],
                           "stated_index_ci_low": 0.0, "stated_index_ci_high": 100.0})
    derived = pd.DataFrame({"item_id": ["x", "y"], "derived_share": [0.3, 0.7],
                            "derived_share_ci_low": 0.0, "derived_share_ci_high": 1.0,
                            "overall_correlation": 0.5})
    table, lines = map_importance(items, stated=stated, derived=derived, neutral=50)
    rows = table.set_index("item_id")
    corners = rows.filter(like="quadrant_").rename(columns=lambda c: c.removeprefix("quadrant_"))
    assert corners.loc["x"].to_dict() == {
        "stated_midpoint": "keep_up", "stated_mean": "mend_first",
        "derived_midpoint": "possible_overkill", "derived_mean": "low_priority"}
    assert corners.loc["y", "stated_mean"] == "possible_overkill"
    assert rows["n_mend_first"].to_dict() == {"x": 1, "y": 0}
    assert lines.set_index("crosshair")["performance_index"].to_dict() == {
        "stated_midpoint": 50, "stated_mean": 65, "derived_midpoint": 50, "derived_mean": 65}


def test_the_invented_company(planned):
    assert planned.refused == {}
    assert planned.priorities["item_id"].iloc[0] == "D1"
    assert planned.rivals.set_index("item_id")["rival_verdict"].to_dict() == {
        "D1": "worse", "D2": "equal", "Q1": "better", "S1": "equal", "X1": "equal"}
    assert planned.importance["derived_share"].sum() == pytest.approx(1)
    assert planned.expectations["expectation_verdict"].tolist() == ["missed"]
    assert planned.expectations["compared_with"].tolist() == ["whole_index"]
    assert planned.coverage["is_covered"].all()
    assert (planned.target_index, planned.target_source) == (70.0, "satisfied_line")


def test_a_reversed_question_is_turned_for_rivals_too(planned):
    row = planned.rivals.set_index("item_id").loc["X1"]
    assert 60 < row["own_index"] < 80
    assert 60 < row["rival_index"] < 80


def test_several_people_of_an_account_count_once(planned, world):
    tables = world.build_tables()
    extra = tables["survey_answers"].assign(
        questionnaire_id=lambda t: t["questionnaire_id"] + "-again")
    doubled = {**tables, "survey_answers": pd.concat([tables["survey_answers"], extra])}
    twice = world.plan(doubled, actions=world.build_actions())
    for name in ("rivals", "priorities", "derived", "stated", "topics"):
        pd.testing.assert_frame_equal(getattr(planned, name), getattr(twice, name))


@pytest.mark.parametrize(("rule", "stated", "expected"), [
    (80.0, 75.0, (80.0, "item_rule")), (None, 75.0, (75.0, "index_target")),
    (None, np.nan, (70.0, "satisfied_line"))])
def test_where_the_target_comes_from(rule, stated, expected):
    survey = satisfaction.Survey(satisfaction.SatisfactionRules(),
                                 measures=pd.DataFrame({"target_index": [stated]}))
    rules = satisfaction.ImprovementRules(item_target_index=rule)
    assert choose_target(survey, rules) == expected


def test_what_became_of_promises(planned):
    states = planned.promises.set_index("action_id")["promise_status"].to_dict()
    assert states == {"A1": "kept", "A2": "kept_late", "A3": "overdue", "A4": "pending"}
    assert planned.promises.set_index("action_id").loc["A3", "overdue_days"] == 10
    topics = planned.topics.set_index("topic")
    assert topics["n_promised"].to_dict() == {"Delivery": 1, "delivery": 1, "invoice": 1}
    assert topics.loc["invoice", "movement"] == ""
    assert topics.loc["delivery", "n_paired"] == 60


@pytest.mark.parametrize(("shift", "movement"), [(1.0, "rose"), (-1.0, "fell"),
                                                 (0.0, "no clear change")])
def test_how_a_promised_topic_moved(planned, world, shift, movement):
    survey = world.read_survey(world.build_tables(shift=shift))
    topics = judge_topics(planned.promises, now=survey.now, before=survey.before, level=0.95,
                          rules=planned.rules).set_index("topic")
    assert topics.loc["delivery", "movement"] == movement
    assert topics.loc["delivery", "change_index"] == pytest.approx(10 * shift, abs=3)
    kinds = {finding.kind for finding in satisfaction.hand_on_improvement(
        replace(planned, topics=topics.reset_index()), currency="CNY").findings}
    assert ("topic_fell" in kinds) == (movement == "fell")


def test_promises_without_waves_belong_to_the_last_one_before():
    waves = pd.DataFrame({"wave_id": ["W1", "W2"],
                          "end_date": pd.to_datetime(["2024-09-30", "2025-09-30"])})
    actions = pd.DataFrame({"action_id": ["A", "B", "C"], "topic": "x",
                            "opened_date": pd.to_datetime(["2024-01-01", "2024-11-01",
                                                           "2025-10-01"])})
    found = list_promises(actions, waves=waves, as_of=pd.Timestamp("2025-12-31").date(),
                          amounts=AMOUNTS)
    assert found.set_index("action_id")["wave_id"].to_dict() == {"B": "W1", "C": "W2"}
    assert (found["promise_status"] == "pending").all()


def test_reliability_by_group_and_a_wrong_reversal(planned, world):
    groups = planned.reliability.set_index("category")
    assert list(groups.index) == ["whole_index", "delivery", "service"]
    assert (groups["n"] == 60).all()
    assert set(planned.fit["fit_verdict"]) == {"fits"}
    tables = world.build_tables()
    tables["survey_items"]["is_reversed"] = False
    survey = world.read_survey(tables)
    fit = check_reliability(survey.now, (tables["survey_items"], tables["survey_answers"]),
                            survey_rules=survey.rules, rules=planned.rules)[1]
    whole = fit[fit["category"] == "whole_index"].set_index("item_id")
    assert whole.loc["X1", "fit_verdict"] == "wrong_way"


def test_missing_topics():
    items = pd.DataFrame({"text": ["质量稳定"], "category": [None]})
    found = check_topics(items, topics=["quality|质量", "delivery"])
    assert found["is_covered"].tolist() == [True, False]
    assert found["questions_asked"].tolist() == ["质量稳定", ""]


def test_what_was_not_asked_is_refused_one_by_one(world):
    tables = world.build_tables(asks=False)
    kept = ~tables["survey_items"]["kind"].isin(["overall", "expectation"])
    found = world.plan({**tables, "survey_items": tables["survey_items"][kept]})
    assert set(found.refused) == {"importance", "crosshairs", "stated", "derived", "drivers",
                                  "rivals", "markets", "expectations", "promises", "topics"}
    assert found.refused["rivals"] == (
        "Not measured: this wave did not ask accounts how they rate the best rival. A wave that "
        "does (survey_answers.competitor_score) would lift this.")
    assert "no overall question" in found.refused["derived"]
    assert len(found.priorities) == 5
    handed = satisfaction.hand_on_improvement(found, currency="CNY")
    assert {u.table for u in handed.unanswered} == {"survey_answers", "survey_items", "actions"}
    assert [m.name for m in handed.metrics] == ["items_below_target"]


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_accounts_are_too_few(world, n):
    found = world.plan(world.build_tables(n=n), n=n, whole=True)
    assert found.priorities.empty
    assert "too few" in found.refused["priorities"]
    handed = satisfaction.hand_on_improvement(found, currency="CNY")
    assert handed.headline == (found.refused["priorities"],)


def test_no_survey_at_all(world):
    found = world.plan({}, whole=True)
    assert set(found.refused) >= {"priorities", "rivals", "reliability", "coverage"}
    handed = satisfaction.hand_on_improvement(found, currency="CNY")
    assert len(handed.unanswered) == 1
    assert handed.unanswered[0].table == "survey_answers"
    assert repr(found).startswith("Improvement(no wave, 0 of 0 items")


def test_all_answers_equal(world):
    tables = world.build_tables()
    tables["survey_answers"]["score"] = 7.0
    found = world.plan(tables, whole=True)
    assert "all answers" in found.refused["derived"]
    assert (found.reliability["reason"] != "").all()
    assert np.isnan(found.r_squared)


def test_findings_come_with_money_and_owner(planned):
    handed = satisfaction.hand_on_improvement(planned, currency="CNY")
    by_kind = {finding.kind: finding for finding in handed.findings}
    assert {"item_below_target", "behind_rival", "promises_overdue"} <= set(by_kind)
    amounts = [finding.amount or 0 for finding in handed.findings]
    assert amounts == sorted(amounts, reverse=True)
    row = planned.priorities.iloc[0]
    assert by_kind["item_below_target"].amount == row["below_amount"] == 100 * row["n_below"]
    assert [(a.account_id, a.owner_id, a.amount) for a in handed.attention] == [("a02", "m2", 100)]
    assert handed.attention[0].reason == (
        "Promised to mend “invoice” by 21 December 2025: 10 days overdue.")
    share = next(m for m in handed.metrics if m.name == "promises_kept_share")
    assert (share.value, share.n) == (pytest.approx(1 / 3), 3)


def test_row_order_does_not_matter(planned, world):
    tables = world.build_tables()
    mixed = {name: t.sample(frac=1, random_state=1) for name, t in tables.items()}
    again = world.plan(mixed, actions=world.build_actions())
    for name in ("priorities", "importance", "rivals", "markets", "cells", "reliability", "fit"):
        pd.testing.assert_frame_equal(getattr(planned, name), getattr(again, name))
