"""Which questionnaires count under rule A and rule B, and what is filled in."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib import satisfaction
from kamlib.errors import InputError
from kamlib.satisfaction import list_imputations, score_accounts, summarise_validity


def paper(n_missing: int, rating: float = 5, n: int = 12) -> list[float | None]:
    return [None] * n_missing + [rating] * (n - n_missing)


def test_rules_conflict_between_two_and_four_gaps_of_twelve(scored):
    # Catalogue SAT-08, E3: of 12 items rule A allows 1 missing, rule B allows 4.
    wave = scored({f"p{k}": ("a", paper(k)) for k in range(6)})
    table = wave.questionnaires
    assert table["n_missing"].tolist() == [0, 1, 2, 3, 4, 5]
    assert table["is_valid_one_missing"].tolist() == [True, True, False, False, False, False]
    assert table["is_valid_two_thirds"].tolist() == [True, True, True, True, True, False]


def test_the_wave_decides_which_rule_counts(scored):
    papers = {"p0": ("a", paper(0)), "p4": ("b", paper(4))}
    assert scored(papers).questionnaires["is_valid"].tolist() == [True, False]
    stated = scored(papers, validity_rule="at least 2/3 of the items answered")
    assert stated.questionnaires["is_valid"].tolist() == [True, True]
    with pytest.raises(InputError, match="validity_rule 'whenever' is not understood"):
        scored(papers, validity_rule="whenever")


def test_one_gap_is_filled_as_neutral_and_logged(scored):
    wave = scored({"p0": ("a", paper(0)), "p1": ("b", paper(1))})
    log = list_imputations(wave)
    assert log.to_dict("records") == [
        {"questionnaire_id": "W2-p1", "account_id": "b", "item_id": "Q01", "rating": 3.0,
         "score_index": 60.0}]
    index = score_accounts(wave, satisfied_line=70).set_index("account_id")["account_index"]
    # Eleven times 100 and once the neutral 60; without filling, 100.
    assert index["b"] == pytest.approx((11 * 100 + 60) / 12)
    plain = scored({"p0": ("a", paper(0)), "p1": ("b", paper(1))}, impute=False)
    assert score_accounts(plain, satisfied_line=70)["account_index"].tolist() == [100, 100]


def test_rule_b_fills_nothing(scored):
    wave = scored({"p1": ("b", paper(1))}, validity_rule="two_thirds")
    assert list_imputations(wave).empty
    assert wave.questionnaires["questionnaire_index"].tolist() == [100]


def test_a_rating_outside_the_scale_counts_as_missing(scored):
    wave = scored({"p0": ("a", [9, *paper(0)[1:]]), "p1": ("b", [9, 0, *paper(0)[2:]])})
    table = wave.questionnaires
    assert table["n_out_of_scale"].tolist() == [1, 2]
    assert table["n_missing"].tolist() == [1, 2]
    assert table["is_valid"].tolist() == [True, False]


def test_reversed_items_turn_on_the_scale_not_on_the_data(scored, items):
    one_reversed = items(2, is_reversed=[True, False])
    wave = scored({"p0": ("a", [2, 4])}, items=one_reversed)
    assert wave.scores["rating"].tolist() == [4, 4]  # 1 + 5 - 2


@pytest.mark.parametrize("kind", ["overall", "nps", "expectation", "intention", "delivered_value",
                                  "delivered_cost"])
def test_other_kinds_of_question_never_enter_the_index(scored, items, kind):
    wave = scored({"p0": ("a", [5, 5, 1])}, items=items(3, kind=["rating", "rating", kind]))
    assert wave.questionnaires["questionnaire_index"].tolist() == [100]
    assert wave.questionnaires["n_items"].tolist() == [2]


def test_both_rules_are_shown_with_their_rates(scored):
    # 28 of 28 valid is 100 % (SAT-08); Wilson's lower end 28 / (28 + 1.959964^2) = 0.8794.
    wave = scored({f"p{k:02d}": (f"a{k}", paper(0)) for k in range(28)})
    table = summarise_validity(wave, level=0.95)
    assert table["valid_share"].tolist() == [1.0, 1.0]
    assert table["valid_share_ci_low"].iloc[0] == pytest.approx(0.8794, abs=5e-5)
    assert table["is_used"].tolist() == [True, False]


def test_a_weight_for_some_items_only_is_refused(scored, items):
    with pytest.raises(InputError) as error:
        scored({"p0": ("a", [5, 5])}, items=items(2, weight=[1.0, None]))
    assert str(error.value) == (
        "In wave W2 every rating item needs a weight above 0, or none has one; without are 1: Q02. "
        "Complete survey_items.weight or empty it.")


def test_a_questionnaire_of_two_accounts_is_refused(wave, items):
    answers = pd.DataFrame({"wave_id": "W2", "questionnaire_id": "p0", "account_id": ["a", "b"],
                            "item_id": ["Q01", "Q02"], "score": [4.0, 5.0]})
    with pytest.raises(InputError, match="belongs to one account, but 1 name several: p0"):
        satisfaction.score_wave(wave(), items=items(2), answers=answers,
                                rules=satisfaction.SatisfactionRules())


def test_two_different_ratings_of_one_item_count_as_missing(wave, items):
    answers = pd.DataFrame({"wave_id": "W2", "questionnaire_id": "p0", "account_id": "a",
                            "item_id": ["Q01", "Q01", "Q02"], "score": [4.0, 5.0, 5.0]})
    scores = satisfaction.score_wave(wave(), items=items(2), answers=answers,
                                     rules=satisfaction.SatisfactionRules())
    assert scores.questionnaires[["n_contradictory", "n_missing"]].to_numpy().tolist() == [[1, 1]]


def test_what_does_not_apply_is_no_gap_and_no_score(scored):
    # 0 lies on this scale of 0 to 10 and would be its worst score; by rule it says nothing.
    papers = {"p0": ("a", [0, *[10] * 5]), "p1": ("b", [5, *[10] * 5]),
              "p2": ("c", [0, None, *[10] * 4])}
    scale = {"scale_min": 0.0, "scale_max": 10.0}
    rules = satisfaction.SatisfactionRules(not_applicable_codes=(0.0,))
    wave = scored(papers, rules=rules, **scale)
    table = wave.questionnaires
    assert table["n_not_applicable"].tolist() == [1, 0, 1]
    assert table["n_missing"].tolist() == [0, 0, 1]
    # c: one gap of five asked, filled as the neutral 5; four times 10.
    assert table["questionnaire_index"].tolist() == pytest.approx([100, 550 / 6, 90])
    plain = scored(papers, **scale).questionnaires
    assert plain["questionnaire_index"].iloc[0] == pytest.approx(500 / 6)
    assert summarise_validity(wave, level=0.95)["n_not_applicable"].tolist() == [2, 2]


def test_an_item_that_nobody_answered_leaves_the_wave(scored):
    wave = scored({f"p{i}": (f"a{i}", [None, 5, 4]) for i in range(4)})
    assert wave.silent_items == ("Q01",)
    assert wave.questionnaires["n_missing"].tolist() == [0] * 4
    assert wave.questionnaires["is_imputed"].sum() == 0


def test_an_item_asked_on_another_scale_leaves_the_wave_and_slips_do_not(scored):
    slips = scored({f"p{i}": (f"a{i}", [9 if i < 4 else 3, 5, 4]) for i in range(12)})
    assert slips.off_scale_items == ()
    other = scored({f"p{i}": (f"a{i}", [9 if i < 6 else 3, 5, 4]) for i in range(12)})
    assert other.off_scale_items == ("Q01",)
    assert other.items["item_id"].tolist() == ["Q02", "Q03"]
    assert other.questionnaires["is_valid"].all()


@pytest.mark.parametrize("scale_max", [5.0, 7.0, 10.0, 11.0])
def test_scales_of_five_seven_ten_and_eleven_points(scored, scale_max):
    wave = scored({"p0": ("a", [1, scale_max])}, scale_max=scale_max, scale_map="of_range")
    assert wave.scores["score_index"].tolist() == [0, 100]
