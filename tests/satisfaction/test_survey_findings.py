"""From whole surveys to findings: each kind is shown firing and staying silent."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kamlib import satisfaction
from kamlib.language import NO_BREAK
from kamlib.satisfaction import TABLES, build_survey, choose_waves

HAPPY, NEUTRAL, ANGRY = [5, 5, 5], [3, 3, 3], [1, 1, 1]
SALES = [400.0, 300.0, 100.0, 80.0, 60.0, 30.0, 20.0, 10.0]


def kinds(handover):
    return sorted(finding.kind for finding in handover.findings)


def sentence(handover, kind):
    return next(f for f in handover.findings if f.kind == kind).sentence.replace(NO_BREAK, " ")


def amount(handover, kind):
    return next(f for f in handover.findings if f.kind == kind).amount


def test_a_content_company_has_no_findings_and_no_rows(company):
    answers = [HAPPY] * 7 + [[5, 5, 4]]
    handover = company(answers, answers, sales=SALES).hand_over(index_target=80.0, rate_target=0.5)
    assert handover.findings == ()
    assert handover.attention == ()
    verdicts = {m.name: m.verdict for m in handover.metrics}
    assert verdicts["satisfaction_index"] == verdicts["satisfied_rate"] == "met"


def test_answers_that_are_all_alike_show_no_spread_and_so_no_interval(company):
    survey = company([HAPPY] * 8, [], sales=SALES).survey(index_target=80.0, rate_target=0.5)
    index = survey.measures.set_index("measure").loc["satisfaction_index"]
    assert (index["measured_index"], index["verdict"]) == (100, "cannot tell")
    assert pd.isna(index["measured_index_ci_low"]) and pd.isna(index["measured_index_ci_high"])
    odd = survey.oddities.set_index("oddity")
    assert odd.loc["all_accounts_alike", ["n", "treatment"]].tolist() == [8, "no_interval"]


def test_index_below_its_target(company):
    survey = company([NEUTRAL] * 4 + [[3, 3, 4]] * 4, [], sales=SALES)
    assert "index_below_target" not in kinds(survey.hand_over())  # no target of that kind
    handover = survey.hand_over(index_target=80.0)
    # 60 four times and 66.667 four times: 63.3 +- 2.365 * 3.563 / sqrt(8) (Student, 7 degrees).
    assert sentence(handover, "index_below_target") == (
        "The satisfaction index of 63.3 (60.4–66.3) is below its target of 80.0.")
    assert amount(handover, "index_below_target") == 1000


def test_rate_below_its_target(company):
    survey = company([ANGRY] * 8, [], sales=SALES)
    # Wilson 95 % for 0 of 8: 0 to 3.8415 / 11.8415 = 32.4 %.
    assert sentence(survey.hand_over(), "rate_below_target") == (
        "0 % of accounts are satisfied (0–32 %), below the target of 85 %.")
    assert "rate_below_target" not in kinds(survey.hand_over(rate_target=0.3))


def test_index_fell_beyond_noise(company):
    now = [[4, 4, 4]] * 7 + [[5, 5, 4]]
    fell = company(now, [HAPPY] * 8, sales=SALES).hand_over()
    assert "index_fell" in kinds(fell)
    # Seven by 20 and one by 6.667: 18.333 +- 2.365 * 4.714 / sqrt(8).
    assert sentence(fell, "index_fell") == (
        "Asked again, 8 accounts rate us 18.3 points lower than in Wave W1 (14.4–22.3).")
    assert amount(fell, "index_fell") == 1000


def test_a_mixed_change_is_noise(company):
    before = [[4, 4, 4]] * 8
    now = [HAPPY, [3, 3, 3]] * 4
    handover = company(now, before, sales=SALES).hand_over()
    assert not {"index_fell", "item_fell"} & set(kinds(handover))
    assert handover.headline[0].endswith("no clear change since Wave W1.")


def test_one_item_fell_with_the_sales_of_those_who_lowered_it(company):
    before = [HAPPY] * 8
    now = [[3, 5, 5]] * 7 + [HAPPY]  # the smallest account (sales 10) stays
    survey = company(now, before, sales=SALES)
    handover = survey.hand_over()
    assert [f.kind for f in handover.findings].count("item_fell") == 1
    assert sentence(handover, "item_fell").startswith("“Item Q01” fell by 35.0 points (")
    assert amount(handover, "item_fell") == 990
    items = survey.survey().items.set_index("item_id")
    assert items["movement"].to_dict() == {"Q01": "fell", "Q02": "no clear change",
                                           "Q03": "no clear change"}
    # Three items share the 5 %: t(7) at 1 - 0.05 / 6 is 3.128; sd 14.142, n 8, so +- 15.64.
    assert items.loc["Q01", "change_index_ci_low"] == pytest.approx(-35 - 15.64, abs=0.005)


def test_too_few_pairs_cannot_tell(company):
    survey = company([ANGRY] * 4, [HAPPY] * 4, sales=SALES).survey()
    assert survey.items["movement"].tolist() == ["cannot tell"] * 3
    assert survey.trend["movement"].tolist() == ["", "cannot tell"]


def test_revenue_not_heard(company):
    # The frame is a00 to a02 (400 + 300 + 100 of 1000); a00 is silent, so 400 of 800 is heard.
    handover = company([HAPPY] * 8, [HAPPY] * 8, sales=SALES, silent=(0,)).hand_over()
    assert sentence(handover, "revenue_not_heard") == (
        "The answers stand for 50 % of the sales that the survey set out to hear (at least 80 % "
        "is asked for); 400 CNY has no voice.")
    assert amount(handover, "revenue_not_heard") == 400
    reasons = {row.account_id: row.reason for row in handover.attention}
    assert reasons == {"a00": "No valid answer in Wave W2."}
    small = company([HAPPY] * 8, [HAPPY] * 8, sales=SALES, silent=(2,)).hand_over()
    assert "revenue_not_heard" not in kinds(small)  # 700 of 800


def test_dissatisfied_large_accounts(company):
    handover = company([ANGRY, HAPPY, ANGRY, *[HAPPY] * 5], [], sales=SALES).hand_over()
    assert sentence(handover, "dissatisfied_large_accounts") == (
        "2 of the 3 large accounts heard are below the satisfied line of 70; they buy for 500 CNY "
        "a year.")
    assert [(row.account_id, row.amount, row.owner_id) for row in handover.attention] == [
        ("a00", 400.0, "m0"), ("a02", 100.0, "m0")]
    assert handover.attention[0].reason == (
        "Index 20.0, below the satisfied line of 70; lowest on “Item Q01”.")
    outside = company([HAPPY] * 7 + [ANGRY], [], sales=SALES).hand_over()
    assert "dissatisfied_large_accounts" not in kinds(outside)
    assert outside.attention == ()


def test_findings_stand_by_money(company):
    handover = company([ANGRY] * 8, [HAPPY] * 8, sales=SALES, silent=(1,)).hand_over()
    amounts = [f.amount for f in handover.findings]
    assert amounts == sorted(amounts, reverse=True)
    assert len(amounts) >= 4


def test_without_survey_tables_the_question_stays_open(company):
    maker = company([HAPPY] * 8, [], sales=SALES)
    del maker.tables["survey_answers"]
    handover = maker.hand_over()
    assert [(u.question, u.table) for u in handover.unanswered] == [
        ("How satisfied are our accounts?", "survey_answers")]
    assert handover.metrics == handover.findings == handover.attention == ()
    assert handover.headline == (
        "There is no survey: the table survey_answers is missing or empty.",)


def test_too_few_questionnaires_become_an_unanswered_entry(company):
    maker = company([HAPPY] * 3, [], sales=SALES)
    handover = maker.hand_over()
    assert handover.unanswered[0].reason.startswith(
        "Wave W2 has too few valid questionnaires: 3, of 3 accounts.")
    assert handover.findings == ()
    assert [m.name for m in handover.metrics] == ["survey_revenue_heard_share"]
    assert maker.hand_over(min_questionnaires=3).metrics[0].value == 100


def test_suppliers_are_not_in_the_frame(company):
    # E33: suppliers, lawyers and banks are called customers in one source.
    maker = company([HAPPY] * 8, [], sales=SALES)
    maker.accounts.loc[0, "party_role"] = "supplier"
    hearing = maker.survey().hearing.set_index("account_id")
    assert not hearing.loc["a00", "in_survey_frame"]
    assert hearing["in_survey_frame"].sum() == 3  # 300 + 100 + 80 of 600


def test_a_wave_still_in_the_field_is_not_seen(company):
    maker = company([HAPPY] * 8, [ANGRY] * 8, sales=SALES)
    early = build_survey(maker.tables, facts=maker.facts, months=maker.months,
                         accounts=maker.accounts, as_of=date(2025, 9, 25),
                         rules=satisfaction.SatisfactionRules())
    assert early.wave_name == "Wave W1"
    assert early.measures["measured_index"].iloc[0] == 20
    waves = choose_waves(*(maker.tables[name] for name in TABLES[:3]), as_of=date(2023, 1, 1))
    assert waves.empty


def test_invitations_count_as_they_stood_on_the_day(company):
    maker = company([HAPPY] * 8, [], sales=SALES)
    returned = [pd.Timestamp(2025, 9, 20)] * 7 + [pd.Timestamp(2026, 1, 5)]
    maker.tables["survey_invitations"] = pd.DataFrame({
        "wave_id": "W2", "account_id": maker.ids, "contact_role": "purchasing",
        "sent_date": pd.Timestamp(2025, 9, 1), "reminded_date": pd.NaT, "returned_date": returned})
    response = maker.survey().response.set_index("measure")
    assert response.loc["questionnaires_returned", ["n", "n_of"]].tolist() == [7, 8]
    maker.tables["survey_invitations"]["wave_id"] = "W1"
    # There is no overall question either, which survey_items would lift.
    assert [u.table for u in maker.hand_over().unanswered] == ["survey_items", "survey_invitations",
                                                               "survey_waves"]


def test_unknown_sales_leave_money_out_and_say_so(company):
    maker = company([ANGRY] * 8, [HAPPY] * 8, sales=[float("nan")] * 8)
    handover = maker.hand_over()
    assert "orders" in [u.table for u in handover.unanswered]
    assert {f.amount for f in handover.findings} == {None}
    assert "index_fell" in kinds(handover)


def test_a_new_ruler_is_no_new_opinion(company):
    maker = company([[4, 4, 4]] * 8, [[4, 4, 4]] * 8, sales=SALES)
    waves = maker.tables["survey_waves"]
    waves["scale_map"] = ["of_range", "of_maximum"]
    trend = maker.survey().trend
    assert trend["overall_index"].tolist() == [80, 80]
    assert trend["change_index"].iloc[-1] == 0
    # 4 of 1-5 and 7.5 of 0-10 are both three quarters of the way.
    waves["scale_map"] = None
    waves.loc[1, ["scale_min", "scale_max"]] = [0.0, 10.0]
    late = maker.tables["survey_answers"]["wave_id"] == "W2"
    maker.tables["survey_answers"].loc[late, "score"] = 7.5
    assert maker.survey().trend["overall_index"].tolist() == [75, 75]


def test_metrics_carry_the_wave_a_year_before(company):
    metric = company([HAPPY] * 8, [[4, 4, 4]] * 8, sales=SALES).hand_over().metrics[0]
    assert (metric.name, metric.value, metric.previous, metric.year_before, metric.n) == (
        "satisfaction_index", 100, 80, 80, 8)


def test_readings_say_where_the_verdict_flips(company):
    # Seven accounts at 3.5 are satisfied under x/5 (70) and not under (x-1)/4 (62.5).
    maker = company([[3.5, 3.5, 3.5]] * 7 + [HAPPY], [], sales=SALES)
    readings = maker.survey(rate_target=0.6).readings.set_index("reading")
    assert readings.loc["as_reported", "satisfied_share"] == 1
    assert readings.loc["as_reported", "verdict"] == "met"
    assert readings.loc["map_of_range", "satisfied_share"] == pytest.approx(1 / 8)
    assert readings.loc["map_of_range", "verdict"] == "not met"
    assert readings.loc["map_of_range", "is_flipped"]
    assert readings.loc["category_mean", "overall_index"] == pytest.approx((7 * 70 + 100) / 8)
    # The account at 100 holds 10 of 1000 in sales.
    assert readings.loc["revenue_weighted", "overall_index"] == pytest.approx(0.99 * 70 + 1)


def test_an_answer_filled_in_shows_in_the_readings(company):
    readings = company([[None, 5, 5]] * 7 + [[5, 5, 5]], [], sales=SALES).survey().readings
    by_name = readings.set_index("reading")["overall_index"]
    assert by_name["as_reported"] == pytest.approx((7 * (60 + 100 + 100) / 3 + 100) / 8)
    assert by_name["one_missing_unfilled"] == 100


def test_row_order_and_currency_unit_change_nothing_else(company):
    maker = company([ANGRY, NEUTRAL, *[HAPPY] * 6], [HAPPY] * 8, sales=SALES)
    first = maker.survey()
    maker.tables = {name: t.sample(frac=1, random_state=3) for name, t in maker.tables.items()}
    maker.facts = maker.facts.assign(
        net_amount_window=maker.facts["net_amount_window"] * 7).sample(frac=1, random_state=1)
    second = maker.survey()
    for name in ("measures", "validity", "readings", "coverage", "imputations"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    pd.testing.assert_frame_equal(first.items.drop(columns="fallen_amount"),
                                  second.items.drop(columns="fallen_amount"))
    assert (second.items["fallen_amount"] == 7 * first.items["fallen_amount"]).all()


def test_hidden_dissatisfaction_is_a_finding_and_a_call(company):
    maker = company([[2, 5, 5, 5]] * 2 + [[5, 5, 4, 5]] * 6, [], sales=SALES)
    maker.tables["survey_items"]["kind"] = ["rating", "rating", "rating", "overall"] * 2
    handover = maker.hand_over()
    assert sentence(handover, "hidden_dissatisfied").startswith(
        "2 accounts rate something low and say all the same that all is well: most often “Item "
        "Q01”.")
    assert amount(handover, "hidden_dissatisfied") == sum(SALES[:2])
    calls = [row for row in handover.attention if row.anchor == "hidden_dissatisfied"]
    assert [row.account_id for row in calls] == ["a00", "a01"]
    assert calls[0].reason == "Rates “Item Q01” low and the whole high: hidden dissatisfaction."


def test_a_missed_target_says_whether_the_silent_could_change_it(company):
    maker = company([ANGRY] * 8, [], sales=SALES)
    evidence = {f.kind: f.evidence for f in maker.hand_over(frame_share=1.0).findings}
    assert evidence["rate_below_target"] == ""  # everybody was heard
    some = company([ANGRY] * 8, [], sales=SALES, silent=(7,))
    evidence = {f.kind: f.evidence for f in some.hand_over(frame_share=1.0).findings}
    assert evidence["rate_below_target"] == (
        "missed in the frame whatever its silent accounts think")


def test_the_index_by_sales_is_handed_on_with_its_interval(company):
    maker = company([[5, 5, 5], [3, 3, 3], [4, 4, 4], [5, 4, 3]], [],
                    sales=[700.0, 100, 100, 100])
    metric = {m.name: m for m in maker.hand_over().metrics}["index_by_revenue"]
    assert metric.value == pytest.approx((700 * 100 + 100 * 60 + 100 * 80 + 100 * 80) / 1000)
    assert metric.ci_low < metric.value
    assert (metric.n, metric.anchor) == (4, "index_estimates")
