"""Reliability against published figures, and what must not change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import RefusedError
from kamlib.stats.reliability import (
    drop_each_item,
    fisher_interval,
    item_rest_correlations,
    measure_reliability,
)

# pingouin, documentation of cronbach_alpha: three questions, ten people.
QUESTIONS = pd.DataFrame({"Q1": [1, 2, 2, 3, 2, 2, 3, 3, 2, 3],
                          "Q2": [1, 1, 1, 2, 3, 3, 2, 3, 3, 3],
                          "Q3": [1, 1, 2, 1, 2, 3, 3, 3, 2, 3]})
# ECSI survey of a bank (plspm-python, tests/data): raw and standardised alpha by scale; plspm's own
# "cronbach_alpha" is the standardised one.
ECSI = {"imag": (.821854638200, .830226690205339), "expe": (.843144857658, .84658407892526),
        "qual": (.868517948364, .871324954769643), "val": (.831966606745, .835722840511797),
        "sat": (.894295187931, .894010912676559), "loy": (.820638564394, .819421641029961)}
# R, data set attitude, psych::alpha: alpha without each item.
ATTITUDE = {"rating": .810, "complaints": .797, "privileges": .828, "learning": .803,
            "raises": .795, "critical": .864, "advance": .840}


def test_three_questions_as_published():
    found = measure_reliability(QUESTIONS)
    assert (found.n_items, found.n, found.n_dropped) == (3, 10, 0)
    assert found.alpha == pytest.approx(0.7734375, abs=5e-8)
    assert found.alpha_ci_low == pytest.approx(0.336, abs=5e-4)
    assert found.alpha_ci_high == pytest.approx(0.939, abs=5e-4)


# pingouin's data set cronbach_alpha (real-statistics.com): ten questions, fifteen people.
RATINGS = {"Q1": "357261426544564", "Q2": "243452345432553", "Q3": "465363545653655",
           "Q4": "135354335422245", "Q5": "456242571355323", "Q6": "514245226533321",
           "Q7": "123242125324213", "Q8": "453663242132442", "Q9": "356675463743463",
           "Q10": "255352352214554"}
# pingouin's data set cronbach_wide_missing: eleven yes-or-no questions, "." a gap.
BINARY = ["11111111111", "11111111010", ".011.111100", "11101101100", "11111000100",
          "01.01111000", "11110010000", "11111000000", "01011000010", "10010100.00",
          "11100000000", "10010000000"]


def test_ten_questions_as_published():
    table = pd.DataFrame({name: [int(x) for x in row] for name, row in RATINGS.items()})
    found = measure_reliability(table)
    assert found.alpha == pytest.approx(.5917188485995826, abs=5e-16)
    assert found.alpha_ci_low == pytest.approx(.195, abs=5e-4)
    assert found.alpha_ci_high == pytest.approx(.840, abs=5e-4)


def test_gaps_as_published():
    """pingouin: listwise .8016949152542373, filled with medians .7380191693290734 (.447, .911).

    Its listwise interval (.581, .933) counts all twelve, also the three that left; ours is that of
    nine. Its pairwise .7327 rests on different people for each pair, and is not offered.
    """
    table = pd.DataFrame([[np.nan if x == "." else float(x) for x in row] for row in BINARY])
    found = measure_reliability(table)
    assert (found.n, found.n_dropped) == (9, 3)
    assert found.alpha == pytest.approx(.8016949152542373, abs=5e-16)
    assert found.alpha_ci_low < .581 - .04
    assert found.alpha_ci_high > .933
    filled = measure_reliability(table.fillna(table.median()))
    assert filled.alpha == pytest.approx(.7380191693290734, abs=5e-16)
    assert filled.alpha_ci_low == pytest.approx(.447, abs=5e-4)
    assert filled.alpha_ci_high == pytest.approx(.911, abs=5e-4)


def test_attitude_as_published(real_data):
    table = pd.read_csv(real_data / "reference" / "attitude.csv")
    found = measure_reliability(table)
    assert found.alpha == pytest.approx(0.843143, abs=5e-7)
    assert found.standardised_alpha == pytest.approx(0.839084, abs=5e-7)
    dropped = drop_each_item(table).set_index("item_id")["alpha_if_dropped"]
    assert dropped.to_dict() == pytest.approx(ATTITUDE, abs=5e-4)


@pytest.mark.parametrize("scale", ECSI)
def test_ecsi_bank_as_published(real_data, scale):
    table = pd.read_csv(real_data / "reference" / "ecsi_bank.csv")
    found = measure_reliability(table.filter(regex=f"^{scale}[0-9]"))
    raw, standardised = ECSI[scale]
    assert found.n == 250
    assert found.alpha == pytest.approx(raw, abs=5e-13)
    assert found.standardised_alpha == pytest.approx(standardised, abs=5e-13)


def test_rows_with_a_gap_leave_before_anything_is_counted():
    gap = pd.DataFrame({"Q1": [1.0, np.nan], "Q2": [np.nan, 3.0], "Q3": [5.0, 1.0]})
    found = measure_reliability(pd.concat([QUESTIONS, gap]))
    assert (found.n, found.n_dropped) == (10, 2)
    assert found.alpha == measure_reliability(QUESTIONS).alpha


def test_a_question_turned_the_wrong_way_shows_below_zero():
    turned = QUESTIONS.assign(Q3=4 - QUESTIONS["Q3"])
    rest = item_rest_correlations(turned).set_index("item_id")
    assert (item_rest_correlations(QUESTIONS)["item_rest_correlation"] > 0).all()
    assert rest.loc["Q3", "item_rest_correlation_ci_high"] < 0
    assert measure_reliability(turned).alpha < 0
    # By hand: the correlation of Q3 with the sum of the others only changes its sign.
    assert rest.loc["Q3", "item_rest_correlation"] == pytest.approx(
        -np.corrcoef(QUESTIONS["Q3"], QUESTIONS["Q1"] + QUESTIONS["Q2"])[0, 1])


def test_order_unit_and_origin_do_not_matter():
    other = (QUESTIONS.sample(frac=1, random_state=2)[["Q2", "Q3", "Q1"]] - 1) * 25
    assert measure_reliability(other).alpha == pytest.approx(measure_reliability(QUESTIONS).alpha)


def test_fisher_interval_has_edges():
    # Fisher's z by hand: atanh .8 = 1.0986, half 1.96 / sqrt(100) = .196.
    assert fisher_interval(0.8, 103) == pytest.approx((np.tanh(.90261), np.tanh(1.29461)), abs=1e-5)
    assert np.isnan(fisher_interval(0.5, 3)).all()
    assert fisher_interval(1.0, 9) == (1.0, 1.0)


@pytest.mark.parametrize(("table", "words"), [
    (QUESTIONS[["Q1"]], "needs 2 questions and 3 complete questionnaires, but there are 1 and 10"),
    (QUESTIONS.head(2), "there are 3 and 2"),
    (QUESTIONS.assign(Q2=3), "the same answer to Q2"),
    (pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]}), "the questions together")])
def test_what_cannot_be_measured_is_refused(table, words):
    with pytest.raises(RefusedError, match=words):
        measure_reliability(table)


def test_with_two_items_none_can_be_dropped():
    assert drop_each_item(QUESTIONS[["Q1", "Q2"]])["alpha_if_dropped"].isna().all()
