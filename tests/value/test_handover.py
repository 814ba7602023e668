"""What is handed on, and the cases in which little can be said: always in words, never a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.language import NO_BREAK, using
from kamlib.value import build_handover
from kamlib.value.wording import tell_limits, tell_trust


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def hand(result, **more):
    return build_handover(result, currency="EUR", **more)


def test_headline_says_the_money_first(result):
    first, trust = hand(result).headline[:2]
    assert plain(first).startswith("Customer equity is ")
    assert " over 3 years; " in plain(first) and "at the end of the previous period" in first
    assert plain(first).endswith(" %.") and "the 10 most valuable of 150 accounts hold" in first
    assert trust.startswith("In 3 tests on the past the forecast of purchase days was ")


def test_metrics_carry_interval_n_and_comparisons(result):
    metrics = {m.name: m for m in hand(result).metrics}
    equity = metrics["customer_equity"]
    assert equity.headline and equity.value == result.book.total and equity.n == 150
    assert equity.ci_low < equity.value < equity.ci_high
    assert (equity.previous, equity.year_before) == (result.previous.total,
                                                     result.year_before.total)
    assert metrics["contract_renewal"].value == pytest.approx(40 / 50)
    assert metrics["order_interval_coverage"].target == 0.8
    assert metrics["newcomer_value"].value > 0


def test_findings_name_money_and_where_to_look(result):
    findings = {f.kind: f for f in hand(result).findings}
    assert {"equity_change", "gone_silent", "negative_value", "equity_lever"} <= set(findings)
    negative = plain(findings["negative_value"].sentence)
    n = int((result.clv["clv_amount"] < 0).sum())
    assert n >= 2 and f"{n} accounts cost more than they bring" in negative
    assert ("lies below zero; only there may ending" in negative) or (
        "For none of them" in negative)
    assert findings["negative_value"].amount == pytest.approx(
        -result.clv["clv_amount"].clip(upper=0).sum())
    assert all(f.sentence.endswith(".") and "nan" not in f.sentence for f in findings.values())


def test_attention_names_each_account_once_with_its_owner(result, log, room):
    accounts = pd.DataFrame({"account_id": result.clv["account_id"], "owner_id": "M7"})
    entries = hand(result, accounts=accounts).attention
    assert {entry.owner_id for entry in entries} == {"M7"}
    assert all(entry.amount > 0 and entry.reason.endswith(".") for entry in entries)
    hidden = [e.account_id for e in entries if e.anchor == "earned_and_expected"]
    others = [e.account_id for e in entries if e.anchor != "earned_and_expected"]
    assert not set(hidden) & set(others)
    negative = [e for e in entries if e.anchor == "account_values"]
    assert len(negative) >= 2 and "Review prices, terms and the work on it." in negative[0].reason


@pytest.mark.parametrize(("verdicts", "bias", "words"), [
    (("better", "better"), -0.08, "too low by 8 % in total, and closer by account than any"),
    (("cannot tell", "worse"), 0.3, "too high by 30 % in total, and worse by account than a rule"),
    (("cannot tell", "cannot tell"), 0.001, "right to the percent in total; by account it could")])
def test_trust_is_said_as_it_was_found(result, verdicts, bias, words):
    scores = result.scores.copy()
    first = (scores["cut"] == "all") & (scores["method"] == "order_model")
    scores.loc[first, ["error_verdict", "score_verdict"]] = verdicts
    scores.loc[first, "bias_share"] = bias
    told = replace(result, backtest=replace(result.backtest, scores=scores))
    assert words in plain(tell_trust(told))
    beaten = [f for f in hand(told).findings if f.kind == "forecast_beaten"]
    assert len(beaten) == (0 if verdicts[0] == "better" else 1)


def test_short_history_and_unknown_costs_are_said(room, log):

    result = room.make_value(log, margin=0.0, has_past=False, history_from=date(2025, 1, 1))
    handover = hand(result)
    assert handover.headline[0].startswith("Counted in sales, since costs are not known, ")
    assert "could not be tested on the past" in handover.headline[1]
    assert "Only 12 months of history are known" in handover.headline[2]
    tables = {u.table for u in handover.unanswered}
    assert {"orders.cost_amount", "contracts", "accounts.referrer_id", "relationships",
            "survey_answers"} <= tables


def test_one_account_gets_a_rough_value_and_the_reason(room):
    log = room.make_log(60, seed=2)
    one = log[log["account_id"] == log["account_id"].value_counts().index[0]]
    result = room.make_value(one)
    handover = hand(result)
    assert result.book.forecast.verdict == "refused" and len(result.clv) == 1
    assert "There are too few accounts for a model" in tell_limits(result)
    assert np.isnan(result.clv["clv_amount_ci_low"].iloc[0])
    assert "How long will the accounts stay?" in {u.question for u in handover.unanswered}
    assert "one_newcomer" not in set(result.levers["lever"])


def test_nobody_bought_is_a_sentence(room, log):
    none = room.make_value(log[log["day"] < "2000-01-01"])
    handover = hand(none)
    assert none.book is None and none.candidates.empty and none.clv.empty
    assert handover.headline == ("No account has bought anything yet, so none has a value to come. "
                                 "Orders would lift this.",)
    assert handover.metrics[0].value is None and not handover.findings
    assert "clv" in none.refused and none.equity.attrs["reason"] == none.refused["clv"]


def test_all_silent_still_have_what_their_lives_say(room, log):
    result = room.make_value(log[log["day"] < "2024-06-01"], has_past=False)
    assert not result.clv["is_active_closing"].any()
    assert result.book.contribution.basis == "basis_margin"
    assert result.profit.empty and "Nothing was sold" in result.profit.attrs["reason"]
    assert "Who is worth less than it earned lately?" in {
        u.question for u in hand(result).unanswered}


def test_no_previous_period_is_said(room, log):
    result = room.make_value(log, has_previous=False)
    handover = hand(result)
    assert result.steps.empty and result.changes.empty
    assert "previous period" not in handover.headline[0]
    assert "Why did customer equity change since the previous period?" in {
        u.question for u in handover.unanswered}


def test_frames_hold_everything_and_chinese_is_possible(result):
    frames = hand(result).to_frames()
    assert len(frames["metrics"]) >= 8
    with using("zh"):
        assert len(hand(result).headline) == len(hand(result).headline)
