"""Bad input: each oddity gives a sentence, a correct table, or a refusal with its reason."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from kamlib.figures import satisfaction as figures
from kamlib.figures import survey as asked
from kamlib.figures.theme import plain_title

GOOD, SALES = [5, 4, 4], [100.0] * 6
VARIED = [[5, 4, 4], [4, 4, 3], [3, 3, 4], [2, 4, 5], [5, 5, 4], [4, 2, 4]]


def add(maker, **row):
    table = maker.tables["survey_answers"]
    new = table[table["wave_id"] == "W2"].iloc[0].to_dict() | row
    maker.tables["survey_answers"] = pd.concat([table, pd.DataFrame([new])], ignore_index=True)


def odd(survey):
    return survey.oddities.set_index("oddity")


def test_a_wave_with_nobody_shows_the_one_before_and_says_so(company):
    survey = company([], VARIED, sales=SALES).survey()
    assert (survey.wave_id, survey.age_months) == ("W1", 15)
    assert odd(survey).loc["wave_unheard", ["n", "examples", "treatment"]].tolist() == [
        1, "Wave W2", "earlier_wave_shown"]


def test_one_respondent_is_refused(company):
    survey = company([GOOD], [], sales=SALES).survey()
    assert survey.measures.empty
    assert survey.estimates.empty
    assert "1, of 1 accounts" in survey.unanswered[0].reason
    assert survey.refused["three_figures"] == survey.unanswered[0].reason


def test_an_item_nobody_answered_is_left_out(company):
    survey = company([[a, b, None] for a, b, _ in VARIED], [], sales=SALES).survey()
    assert odd(survey).loc["item_unanswered", "examples"] == "Q03"
    assert survey.items.set_index("item_id")["n_accounts"].to_dict()["Q01"] == 6
    assert len(survey.measures) == 3


def test_scores_outside_the_scale_are_missing(company):
    survey = company([[9, 4, 4], *VARIED[1:]], [], sales=SALES).survey()
    row = odd(survey).loc["rating_off_scale"]
    assert row[["n", "counted", "examples", "treatment"]].tolist() == [
        1, "answers", "W2-p00", "as_missing"]


def test_two_scales_in_one_item_leave_it_out(company):
    survey = company([[*a[:2], 9 if k < 5 else 4] for k, a in enumerate(VARIED)], [],
                     sales=SALES).survey()
    assert odd(survey).loc["item_on_two_scales", "examples"] == "Q03"
    assert survey.measures["measured_index"].iloc[0] == pytest.approx(
        sum(a + b for a, b, _ in VARIED) / 12 * 20)


def test_an_account_answering_twice_is_averaged_and_a_copy_is_named(company):
    maker = company(VARIED, [], sales=SALES)
    for item, score in zip(("Q01", "Q02", "Q03"), VARIED[0], strict=True):
        add(maker, questionnaire_id="W2-again", item_id=item, score=float(score))
    table = odd(maker.survey())
    assert table.loc["answered_several_times", ["examples", "treatment"]].tolist() == [
        "a00", "averaged"]
    assert table.loc["same_paper_twice", ["examples", "treatment"]].tolist() == [
        "W2-p00", "as_it_is"]
    # The same answers on another day are a second opinion.
    maker.tables["survey_answers"].loc[
        maker.tables["survey_answers"]["questionnaire_id"] == "W2-again",
        "answered_date"] = pd.Timestamp(2025, 9, 25)
    assert "same_paper_twice" not in odd(maker.survey()).index


def test_an_answer_without_an_invitation_counts_and_is_named(company):
    maker = company(VARIED, [], sales=SALES)
    maker.tables["survey_invitations"] = pd.DataFrame({
        "wave_id": "W2", "account_id": maker.ids[:5], "contact_role": "purchasing",
        "sent_date": pd.Timestamp(2025, 9, 1), "reminded_date": pd.NaT,
        "returned_date": pd.Timestamp(2025, 9, 20)})
    survey = maker.survey()
    row = odd(survey).loc["answered_uninvited"]
    assert row[["n", "examples", "treatment"]].tolist() == [1, "a05", "as_it_is"]
    assert survey.measures["n"].iloc[0] == 6


def test_the_same_tick_everywhere_is_named_also_where_a_question_is_turned(company):
    maker = company([[3, 3, 3, 3], [5, 4, 4, 2], [4, 4, 3, 2], [2, 2, 4, 4]], [], sales=SALES[:4])
    maker.tables["survey_items"]["is_reversed"] = [False, False, False, True] * 2
    assert odd(maker.survey()).loc["all_answers_alike", "examples"] == "W2-p00"
    maker = company([[5, 5, 5, 1], [5, 4, 4, 2], [4, 4, 3, 2], [2, 2, 4, 4]], [], sales=SALES[:4])
    maker.tables["survey_items"]["is_reversed"] = [False, False, False, True] * 2
    assert "all_answers_alike" not in odd(maker.survey()).index


def test_a_wave_in_the_field_is_tracked_and_its_silent_are_chased(company):
    maker = company(VARIED, list(VARIED), silent=(0, 2),
                    sales=[600.0, 500.0, 400.0, 300.0, 200.0, 100.0])
    waves = maker.tables["survey_waves"]
    waves.loc[1, "end_date"] = pd.Timestamp(2026, 1, 31)
    maker.tables["survey_invitations"] = pd.DataFrame({
        "wave_id": "W2", "account_id": maker.ids[:1] * 2 + maker.ids[1:2], "contact_role": "x",
        "sent_date": pd.Timestamp(2025, 9, 1),
        "reminded_date": [pd.NaT, pd.Timestamp(2025, 10, 5), pd.NaT],
        "returned_date": pd.NaT})
    survey = maker.survey(frame_share=1.0)
    assert (survey.wave_id, survey.tracked_name) == ("W1", "Wave W2")
    chase = survey.chase.set_index("account_id")
    assert chase.index.tolist() == ["a00", "a02"]  # largest first
    assert chase["silence"].tolist() == ["no_answer", "not_asked"]
    assert chase.loc["a00", "last_asked_date"] == pd.Timestamp(2025, 10, 5)
    assert chase.loc["a00", "n_sent"] == 2


def test_a_rate_set_as_percent_is_not_used_and_named(company):
    maker = company(VARIED, [], sales=SALES)
    maker.tables["targets"] = pd.DataFrame({
        "metric": ["satisfied_rate", "csi"], "kind": ["rate", "rate"], "scope": "company",
        "target": [85.0, 0.85], "from_date": pd.Timestamp(2025, 1, 1),
        "to_date": pd.Timestamp(2025, 12, 31)})
    survey = maker.survey(rate_target=None)
    reasons = [u.reason for u in survey.unanswered if u.table == "targets"]
    assert len(reasons) == 2
    assert "is set as a target of kind rate, which is another figure" in reasons[0]
    assert "85" in reasons[1]
    assert "lies outside 0 to 1" in reasons[1]
    assert survey.measures["verdict"].tolist() == ["", "", ""]


BAD_WAVES = {
    "nobody": ([], []), "one": ([GOOD], []), "two": ([GOOD, GOOD], []),
    "item unanswered": ([[a, b, None] for a, b, _ in VARIED], []),
    "all alike": ([[4, 4, 4]] * 6, [[4, 4, 4]] * 6), "off the scale": ([[9, 0, 7]] * 6, []),
    "nothing answered": ([[None, None, None]] * 6, VARIED), "three": (VARIED[:3], VARIED[:4])}


@pytest.mark.parametrize("name", BAD_WAVES)
def test_every_bad_wave_has_a_page_of_whole_sentences(company, name):
    now, before = BAD_WAVES[name]
    if name == "nobody":
        maker = company(VARIED, [], sales=SALES)
        maker.tables["survey_answers"] = maker.tables["survey_answers"].head(0)
    else:
        maker = company(now, before, sales=SALES)
    survey = maker.survey(index_target=80.0)
    said = [getattr(room, read)(survey) for room in (figures, asked) for read in dir(room)
            if read.startswith("read_")]
    assert [text for text in said if not text.endswith((".", "?"))] == []
    assert [text for text in said if "nan" in text.lower() or "None" in text] == []
    for room in (figures, asked):
        for plot in (name for name in dir(room) if name.startswith("plot_")):
            assert plain_title(getattr(room, plot)(survey))
            plt.close("all")
    handover = maker.hand_over(index_target=80.0)
    assert handover.headline
    assert {metric.name for metric in handover.metrics if metric.value is None} == set()
