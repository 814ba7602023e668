"""Charts of the survey: what is read off the Axes is what the tables say."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from kamlib.figures import satisfaction as figures
from kamlib.figures import survey as asked
from kamlib.figures.describe import describe_axes
from kamlib.figures.theme import VERDICT_COLOURS, finish, plain_title
from kamlib.language import NO_BREAK, using
from kamlib.satisfaction import SatisfactionRules, Survey, handing


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


@pytest.fixture
def survey() -> Survey:
    trend = pd.DataFrame({
        "wave_id": ["W1", "W2"], "name": ["Autumn 2024", "Autumn 2025"],
        "overall_index": [80.0, 72.5], "overall_index_ci_low": [78.0, 70.0],
        "overall_index_ci_high": [82.0, 75.0], "n_paired": [pd.NA, 40],
        "change_index": [None, -6.0], "change_index_ci_low": [None, -8.0],
        "change_index_ci_high": [None, -4.0], "movement": ["", "fell"]})
    items = pd.DataFrame({
        "text": ["Prices are fair", "Goods arrive late", "Goods work"],
        "is_reversed": [False, True, False], "item_index": [60.0, 70.0, 85.0],
        "item_index_ci_low": [55.0, 66.0, 81.0], "item_index_ci_high": [65.0, 74.0, 89.0],
        "previous_index": [61.0, 78.0, 85.0], "change_index": [-1.0, -8.0, 0.0],
        "change_index_ci_low": [-4.0, -11.0, -3.0], "change_index_ci_high": [2.0, -5.0, 3.0],
        "movement": ["no clear change", "fell", "no clear change"], "item_id": ["a", "b", "c"]})
    response = pd.DataFrame({
        "measure": ["questionnaires_returned", "questionnaires_valid", "frame_revenue"],
        "n": [28, 28, 5], "n_of": [45, 28, 9], "response_share": [28 / 45, 1.0, 0.6],
        "response_share_ci_low": [0.476, 0.88, None], "response_share_ci_high": [0.749, 1.0, None],
        "heard_amount": [None, None, 600.0], "of_amount": [None, None, 1000.0]})
    accounts = pd.DataFrame({
        "account_index": [40.0, 69.9, 70.0, 90.0, 95.0], "net_amount_window": [5.0, 10, 20, 30, 40],
        "is_satisfied": [False, False, True, True, True],
        "is_near_line": [False, True, True, False, False]})
    measures = pd.DataFrame({
        "measure": ["satisfaction_index", "satisfied_rate", "content_share"], "n": [5, 5, 60],
        "measured_index": [72.5, None, None], "measured_share": [None, 0.6, 0.4],
        "target_index": [75.0, None, None]})
    validity = pd.DataFrame({
        "validity_rule": ["one_missing", "two_thirds"], "is_used": [True, False],
        "n_questionnaires": [28, 28], "n_valid": [26, 28], "n_answers_missing": [7, 7],
        "n_out_of_scale": [1, 1], "n_imputed": [2, 0]})
    readings = pd.DataFrame({
        "reading": ["as_reported", "map_of_range", "revenue_weighted"],
        "overall_index": [72.5, 66.0, 70.0], "is_flipped": [False, True, False]})
    return Survey(SatisfactionRules(), "W2", "Autumn 2025", "Autumn 2024", measures=measures,
                  trend=trend, items=items, accounts=accounts, response=response,
                  validity=validity, readings=readings)


def test_the_trend_shows_waves_intervals_and_the_target(survey):
    ax = figures.plot_trend(survey)
    assert plain_title(ax) == "Satisfaction fell to 72.5 of 100 in Autumn 2025"
    data, *_caps, target = ax.get_lines()
    assert list(data.get_ydata()) == [80.0, 72.5]
    assert set(target.get_ydata()) == {75.0}
    assert [t.get_text() for t in ax.get_xticklabels()] == ["Autumn\n2024", "Autumn\n2025"]
    (bars,) = ax.containers[0].lines[2]
    assert [[y for _, y in segment] for segment in bars.get_segments()] == [[78, 82], [70, 75]]


def test_without_an_index_target_no_line_is_drawn(survey):
    survey.measures["target_index"] = float("nan")
    ax = figures.plot_trend(survey)
    assert not [text for text in ax.texts if "target" in text.get_text()]


def test_items_are_sorted_and_the_fallen_one_is_marked(survey):
    ax = figures.plot_items(survey)
    assert plain_title(ax) == "“Goods arrive late (reversed)” fell by 8.0 points"
    assert [bar.get_width() for bar in ax.patches] == [60.0, 70.0, 85.0]
    assert [to_hex(bar.get_facecolor()) == VERDICT_COLOURS["not met"] for bar in ax.patches] == [
        False, True, False]
    hollow = next(c for c in ax.collections if c.get_label() == "Autumn 2024")
    assert [x for x, _ in hollow.get_offsets()] == [61.0, 78.0, 85.0]
    bottom, top = ax.get_ylim()
    assert bottom > top  # the lowest item stands on top


def test_a_first_wave_has_no_hollow_markers(survey):
    survey.items["previous_index"] = float("nan")
    assert figures.plot_items(survey).get_legend() is None


def test_response_shows_shares_and_says_what_was_not_heard(survey):
    ax = asked.plot_response(survey)
    assert plain(plain_title(ax)) == (
        "Answers stand for only 60 % of the sales we set out to hear")
    assert [round(bar.get_width(), 3) for bar in ax.patches] == [0.622, 0.6]
    assert plain(ax.get_xlabel()) == "Share heard (dashed: the 80 % asked for)"


def test_the_spread_of_accounts_splits_at_the_line(survey):
    ax = figures.plot_accounts(survey)
    assert plain_title(ax) == "2 of 5 accounts are below the satisfied line of 70"
    bars = [bar for bar in ax.patches if bar.get_height()]
    assert sum(bar.get_height() for bar in bars) == 5
    for bar in bars:
        is_low = to_hex(bar.get_facecolor()) == VERDICT_COLOURS["not met"]
        assert is_low == (bar.get_x() + bar.get_width() <= 70)


def test_readings_are_computed_sentences(survey):
    assert plain(figures.read_trend(survey)) == (
        "40 accounts answered both in Autumn 2024 and in Autumn 2025: their index moved by -6.0 "
        "points on average (-8.0 to -4.0): fell. All waves are read with the scale map and the "
        "validity rule of the last one.")
    assert plain(figures.read_items(survey)) == (
        "Lowest are “Prices are fair” (60.0), “Goods arrive late (reversed)” (70.0) and “Goods "
        "work” (85.0). Down since Autumn 2024, beyond what chance explains for all items "
        "together: “Goods arrive late (reversed)” by 8.0 points (5.0–11.0).")
    assert plain(asked.read_response(survey, currency="CNY")) == (
        "28 of 45 questionnaires came back (62 %, 48–75 %). The 5 accounts heard of the 9 in the "
        "frame bring 600 CNY of its 1.00 k CNY (60 %).")
    assert plain(figures.read_accounts(survey, currency="CNY")) == (
        "2 of 5 accounts are below the satisfied line of 70. They buy for 15 CNY a year. 2 "
        "accounts, on either side, are so close to it that another answer could move them across.")
    assert plain(figures.read_measures(survey)) == (
        "Three figures that must not be mixed up: the index is 72.5 of 100, 60 % of 5 accounts "
        "are satisfied, and 40 % of 60 single ratings are good ones. A target is only held "
        "against a figure of its own kind.")
    assert plain(asked.read_validity(survey)) == (
        "Under the rule in use (at most one item missing) 26 of 28 questionnaires are valid; "
        "under the other (at least two thirds answered) 28 would be. 7 answers are missing, 1 of "
        "them because they lay outside the scale; 2 were filled in as neutral.")
    assert plain(asked.read_readings(survey)) == (
        "The same answers give an index from 66.0 (scale map (x - min) / (max - min)) to 72.5 "
        "(as reported). The verdict on the satisfied rate would differ under: Scale map (x - "
        "min) / (max - min).")


@pytest.mark.parametrize(("room", "name"), [
    (figures, "trend"), (figures, "items"), (figures, "accounts"), (asked, "response"),
    (asked, "bounds")])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_empty_survey_is_said_not_drawn(room, name, lang):
    empty = Survey(SatisfactionRules())
    with using(lang):
        ax = getattr(room, f"plot_{name}")(empty)
        finish(ax.figure)
        assert plain_title(ax)
        assert not ax.patches
        assert getattr(room, f"read_{name}")(empty)


@pytest.mark.parametrize(("room", "name"), [
    (asked, "basis"), (asked, "chase"), (asked, "oddities"), (asked, "directions"),
    (asked, "validity"), (asked, "readings"), (figures, "scores"), (figures, "categories"),
    (figures, "hidden")])
def test_an_empty_survey_has_a_sentence_everywhere(room, name):
    assert getattr(room, f"read_{name}")(Survey(SatisfactionRules())).endswith(".")


def test_bounds_show_worst_heard_and_best_and_the_verdict():
    bounds = pd.DataFrame({
        "measure": ["satisfaction_index", "satisfied_rate"], "weighting": "by_account",
        "n_frame": 10, "n_unheard": 2, "silent_share": 0.2, "measured_index": [80.0, None],
        "worst_index": [68.0, None], "best_index": [84.0, None], "measured_share": [None, 0.75],
        "worst_share": [None, 0.6], "best_share": [None, 0.8],
        "verdict": ["cannot tell", "not met"]})
    survey = Survey(SatisfactionRules(), bounds=bounds,
                    measures=pd.DataFrame({"target_index": [75.0, None]}))
    ax = asked.plot_bounds(survey)
    assert plain_title(ax) == "Silence leaves the frame's index between 68.0 and 84.0"
    (bar,) = ax.patches
    assert (bar.get_x(), bar.get_width()) == (68, 16)
    assert {"68.0", "84.0"} <= {text.get_text() for text in ax.texts}
    assert plain(asked.read_bounds(survey)) == (
        "2 of the 10 accounts of the frame are silent. With them the frame's index lies between "
        "68.0 (all of them at their worst) and 84.0 (all at their best), and between 60 % and 80 % "
        "of its accounts are satisfied: no assumption is needed for that. Satisfaction index: in "
        "the frame the silent decide about the target. Satisfied accounts: target missed in the "
        "frame, whatever the silent think.")


def test_three_countings_and_how_sure_they_are():
    estimates = pd.DataFrame({
        "weighting": ["by_account", "by_questionnaire", "by_revenue"], "n_effective": [8, 6.1, 2.3],
        "overall_index": [70.0, 72.0, 81.0], "overall_index_ci_low": [60.0, 61.0, 40.0],
        "overall_index_ci_high": [80.0, 83.0, 100.0], "interval_method": "student",
        "revenue_share": [None, None, 0.5]})
    said = plain(figures.read_estimates(Survey(SatisfactionRules(), estimates=estimates)))
    assert said == (
        "The index is 70.0 by account (60.0–80.0), 72.0 by questionnaire (61.0–83.0) and 81.0 by "
        "sales (40.0–100.0). The accounts heard bring 50 % of all sales; weighted by them they "
        "tell as much as 2 accounts of equal size. With so few accounts the intervals are "
        "Student's, taken over their means.")


def test_kinds_of_questions_that_stand_apart_are_named_with_their_distance():
    categories = pd.DataFrame({
        "category": ["fees", "staff", "site"], "difference_index": [-8.5, 6.0, 0.5],
        "difference_index_ci_low": [-10.4, 4.0, -2.0], "difference_index_ci_high": [-6.7, 8.0, 3.0],
        "standing": ["below", "above", "no clear difference"]})
    assert figures.read_categories(Survey(SatisfactionRules(), categories=categories)) == (
        "Clearly below the mean of all questions: fees by 8.5 points (6.7–10.4). Clearly above it: "
        "staff by 6.0 points (4.0–8.0).")


def test_a_questioned_direction_asks_what_it_suspects():
    directions = pd.DataFrame({
        "text": ["Goods arrive late", "Prices are fair"], "is_reversed": [True, False],
        "n_accounts": 40, "rest_correlation": [0.6, 0.7], "rest_correlation_ci_low": [0.3, 0.5],
        "rest_correlation_ci_high": [0.8, 0.9], "direction": ["questioned", "as_declared"]})
    assert asked.read_directions(Survey(SatisfactionRules(), directions=directions)) == (
        "1 of 2 questions clearly point the way they are said to. “Goods arrive late (reversed)” "
        "is turned, and yet it goes with the other questions as it stands (correlation 0.60, "
        "0.30–0.80; 40 accounts): should it be turned?")


def test_an_old_wave_says_its_age_and_a_stale_frame_its_day(survey):
    basis = pd.DataFrame({
        "wave_name": ["Spring 2025"], "field_start_date": [pd.Timestamp(2025, 5, 2)],
        "end_date": [pd.Timestamp(2025, 5, 28)], "reference": ["stale"],
        "reference_end_date": [pd.Timestamp(2023, 12, 31)], "scale_map": ["of_maximum"],
        "validity_rule": ["one_missing"]})
    old = Survey(SatisfactionRules(), basis=basis, is_in_period=False, age_months=7)
    said = asked.read_basis(old)
    assert "No wave ended in the period, so the last one is shown: it is 7 months old." in said
    assert "end on 31 December 2023, more than 365 days before it" in said
    assert handing.say_age(old) == "wave of 2025-05, 7 months old"


def test_alt_texts_tell_the_numbers(survey):
    assert "Autumn 2024 80; Autumn 2025 72.5" in describe_axes(
        figures.plot_trend(survey)).replace("\n", " ")
