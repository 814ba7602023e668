"""The index by account, by questionnaire and by revenue, and what silence could hide."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import RefusedError
from kamlib.satisfaction import (
    SatisfactionRules,
    bound_silence,
    build_measures,
    estimate_index,
    score_accounts,
)

RULES = SatisfactionRules()
# Three people of one account, one of each other; of_maximum: 5 -> 100, 3 -> 60, 2 -> 40, 4 -> 80.
PAPERS = {"p1": ("a", [5, 5]), "p2": ("a", [5, 5]), "p3": ("a", [5, 5]), "p4": ("b", [3, 3]),
          "p5": ("c", [2, 2]), "p6": ("d", [4, 4])}


def estimate(wave, **more):
    accounts = score_accounts(wave, satisfied_line=RULES.satisfied_line)
    return estimate_index(wave, accounts, rules=more.pop("rules", RULES), **more).set_index(
        "weighting")


def test_three_ways_to_count_one_account_with_three_people(scored):
    amounts = pd.Series({"a": 10.0, "b": 70.0, "c": 10.0, "d": 10.0, "unheard": 100.0})
    table = estimate(scored(PAPERS), amounts=amounts)
    assert table["overall_index"].to_dict() == pytest.approx({
        "by_account": (100 + 60 + 40 + 80) / 4, "by_questionnaire": (300 + 60 + 40 + 80) / 6,
        "by_revenue": (1000 + 4200 + 400 + 800) / 100})
    assert table["n_accounts"].tolist() == [4, 4, 4]
    assert table["n_questionnaires"].tolist() == [6, 6, 6]
    # Kish: 36 / (9 + 3) = 3 accounts; 100 ** 2 / (4900 + 300) = 1.923.
    assert table["n_effective"].tolist() == pytest.approx([4, 3, 1.923], abs=5e-4)
    assert table.loc["by_revenue", "revenue_share"] == 0.5
    assert (table["overall_index_ci_low"] < table["overall_index"]).all()


def test_one_full_questionnaire_each_makes_both_counts_the_plain_mean(scored):
    wave = scored({f"p{k}": (f"a{k}", [k % 5 + 1, (2 * k) % 5 + 1]) for k in range(9)})
    table = estimate(wave)
    plain = np.mean([(k % 5 + 1 + (2 * k) % 5 + 1) / 2 * 20 for k in range(9)])
    assert table["overall_index"].tolist() == pytest.approx([plain, plain])
    numbers = [c for c in table if "index" in c]
    assert table.loc["by_account", numbers].tolist() == pytest.approx(
        table.loc["by_questionnaire", numbers].tolist())
    assert table["interval_method"].tolist() == ["student", "student"]


def test_from_thirty_accounts_on_accounts_are_resampled(scored):
    papers = {f"p{k}": (f"a{k:02d}", [k % 5 + 1, 3]) for k in range(30)}
    assert estimate(scored(papers)).loc["by_account", "interval_method"] == "resampled"
    del papers["p29"]
    assert estimate(scored(papers)).loc["by_account", "interval_method"] == "student"


def test_two_accounts_are_refused_however_many_answer(scored):
    wave = scored({f"p{k}": (f"a{k % 2}", [5, 4]) for k in range(10)})
    with pytest.raises(RefusedError, match="10, of 2 accounts"):
        estimate(wave)


def test_the_finite_population_correction_is_a_rule_and_off(scored):
    wave = scored(PAPERS)
    rules = SatisfactionRules(finite_population_correction=True)
    plain, known = estimate(wave, population=8), estimate(wave, rules=rules, population=8)
    half = (plain["overall_index_ci_high"] - plain["overall_index"]).loc["by_account"]
    narrow = (known["overall_index_ci_high"] - known["overall_index"]).loc["by_account"]
    assert plain.loc["by_account", "overall_index_ci_high"] == 100.0  # 70 + 41.1, kept on the scale
    assert half == 30.0
    # Student, 3 degrees: 3.182 * 25.82 / 2 = 41.09; times sqrt((8 - 4) / (8 - 1)) = 31.06: 100 too;
    # so the low end is read: 70 - 31.06.
    assert narrow == 30.0
    assert known.loc["by_account", "overall_index_ci_low"] == pytest.approx(38.94, abs=0.005)
    assert plain.loc["by_account", "overall_index_ci_low"] == pytest.approx(28.91, abs=0.005)
    accounts = score_accounts(wave, satisfied_line=70)
    everybody = build_measures(wave, accounts, rules=rules, index_target=None, rate_target=0.5,
                               population=4).set_index("measure").loc["satisfied_rate"]
    assert everybody[["measured_share", "measured_share_ci_low"]].tolist() == [0.5, 0.5]
    assert everybody["verdict"] == "met"


def hear(accounts, frame):
    """A hearing of a frame: account -> revenue."""
    return pd.DataFrame({"account_id": list(frame), "reference_amount": list(frame.values()),
                         "in_survey_frame": [amount >= 10 for amount in frame.values()]})


def test_bounds_put_the_silent_at_both_ends_of_the_scale(scored):
    wave = scored(PAPERS)
    accounts = score_accounts(wave, satisfied_line=70)
    # c is outside the frame; e is silent and buys for as much as the others together.
    hearing = hear(accounts, {"a": 40.0, "b": 30.0, "d": 30.0, "e": 100.0, "c": 1.0})
    table = bound_silence(hearing, accounts, wave=wave, rules=RULES, index_target=85.0,
                          rate_target=0.6).set_index(["measure", "weighting"])
    index = table.loc[("satisfaction_index", "by_account")]
    # 1 of 5 is the scale's worst answer: 20 points under x / max, not 0.
    assert index[["measured_index", "worst_index", "best_index"]].tolist() == pytest.approx(
        [80, (240 + 20) / 4, (240 + 100) / 4])
    assert (index["n_frame"], index["n_unheard"], index["silent_share"]) == (4, 1, 0.25)
    assert index["verdict"] == "cannot tell"
    money = table.loc[("satisfaction_index", "by_revenue")]
    told = (4000 + 1800 + 2400) / 200
    assert money[["worst_index", "best_index"]].tolist() == pytest.approx([told + 10, told + 50])
    rate = table.loc[("satisfied_rate", "by_account")]
    assert rate[["measured_share", "worst_share", "best_share"]].tolist() == pytest.approx(
        [2 / 3, 0.5, 0.75])
    assert table.loc[("satisfied_rate", "by_revenue"), "verdict"] == ""


def test_bounds_judge_when_silence_cannot_matter(scored):
    wave = scored(PAPERS)
    accounts = score_accounts(wave, satisfied_line=70)
    everybody = hear(accounts, dict.fromkeys("abcd", 10.0))
    table = bound_silence(everybody, accounts, wave=wave, rules=RULES, index_target=70.0,
                          rate_target=0.6)
    by_account = table[table["weighting"] == "by_account"]
    assert by_account["verdict"].tolist() == ["met", "not met"]
    assert by_account["worst_index"].iloc[0] == by_account["best_index"].iloc[0] == 70


def test_bounds_always_hold_the_truth_also_when_the_unhappy_keep_silent(scored):
    rng = np.random.default_rng(11)
    for _ in range(40):
        n = int(rng.integers(4, 12))
        scores = rng.integers(1, 6, (n, 2))
        amounts = rng.lognormal(3, 1, n) + 10
        everybody = scored({f"p{k}": (f"a{k:02d}", list(map(float, scores[k]))) for k in range(n)})
        truth = score_accounts(everybody, satisfied_line=70).set_index("account_id")
        # The lower the mark, the likelier the silence; somebody always speaks.
        speaks = rng.random(n) < scores.mean(axis=1) / 5
        speaks[int(rng.integers(n))] = True
        heard = truth[speaks].reset_index()
        hearing = hear(heard, dict(zip(truth.index, amounts, strict=True)))
        table = bound_silence(hearing, heard, wave=everybody, rules=RULES).set_index(
            ["measure", "weighting"])
        for weighting, weight in (("by_account", np.ones(n)), ("by_revenue", amounts)):
            index = np.average(truth["account_index"], weights=weight)
            rate = np.average(truth["is_satisfied"], weights=weight)
            row = table.loc[("satisfaction_index", weighting)]
            assert row["worst_index"] - 1e-9 <= index <= row["best_index"] + 1e-9
            row = table.loc[("satisfied_rate", weighting)]
            assert row["worst_share"] - 1e-9 <= rate <= row["best_share"] + 1e-9


def test_without_a_frame_there_are_no_bounds(scored):
    wave = scored(PAPERS)
    accounts = score_accounts(wave, satisfied_line=70)
    hearing = hear(accounts, {"a": 1.0})
    assert bound_silence(hearing, accounts, wave=wave, rules=RULES).empty
