"""Who left, which signs fire, what became of warnings, who is on the list: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.labels import HEADINGS, VALUES
from kamlib.warning import (
    FlagRule,
    WarningRules,
    add_flags,
    build_features,
    count_outcomes,
    find_flags,
    mark_outcome,
)
from kamlib.warning.features import FEATURE_COLUMNS
from kamlib.warning.lessons import compare_warnings, count_fates, draw_lessons, name_fates
from kamlib.warning.rules import FLAGS
from kamlib.warning.watch import list_calls, watch_accounts
from kamlib.warning.wording import WORDS, say_value

RULES = WarningRules()
C1, C2, C3 = pd.to_datetime(["2025-01-01", "2025-07-02", "2025-12-31"])


def row(cut, account, **values):
    base = {"cut_date": cut, "account_id": account, "is_active_closing": True,
            "last_sale_date": cut - pd.Timedelta(days=10), "days_since_last_sale": 10,
            "gap_mean_days": 30.0, "n_repeat_days": 9, "tenure_days": 900.0,
            "net_amount_window": 100.0, "net_amount_period": 50.0, "net_amount_previous": 50.0,
            "n_purchase_days_period": 3, "n_purchase_days_window": 6}
    return base | values


@pytest.fixture(scope="module")
def three():
    """Three days: B leaves for good after the first, D comes back, C is slow, E is new."""
    gone = {"n_purchase_days_period": 0, "net_amount_period": 0.0, "net_amount_previous": 50.0,
            "days_since_last_sale": 192, "last_sale_date": C1 - pd.Timedelta(days=10)}
    return pd.DataFrame([
        row(C1, "A"), row(C1, "B"), row(C1, "C", gap_mean_days=200.0), row(C1, "D"),
        row(C1, "E", n_repeat_days=0, gap_mean_days=np.nan),
        row(C2, "A"), row(C2, "B", **gone), row(C2, "C", **gone), row(C2, "D", **gone),
        row(C2, "E"),
        row(C3, "A"), row(C3, "B", **gone | {"is_active_closing": False}), row(C3, "C"),
        row(C3, "D"), row(C3, "E")])


@pytest.fixture(scope="module")
def judged(three, world):
    features = build_features(three, read=world.make_read(), horizon_days=182, rules=RULES)
    outcome = mark_outcome(features, three, horizon_days=182, rules=RULES)
    flags = find_flags(features, rules=RULES)
    return features, outcome, flags, add_flags(features, flags, rules=RULES)


def test_who_left_and_who_came_back(judged):
    features, outcome, _flags, _flagged = judged
    first = outcome[outcome["cut_date"] == C1].set_index("account_id")
    assert first["judgement"].to_dict() == {"A": "judged", "B": "judged", "C": "too_slow",
                                            "D": "judged", "E": "rhythm_unknown"}
    assert first["is_left"].tolist() == [False, True, True, True, False]
    assert first.loc["B", "is_back"] == np.False_
    assert first.loc["D", "is_back"] == np.True_
    assert outcome.loc[outcome["cut_date"] == C3, "is_left"].isna().all()
    counts = count_outcomes(outcome, features, rules=RULES)
    assert counts["cut_date"].tolist() == [C1, C2]
    assert counts.iloc[0][["n_active_accounts", "n_rhythm_unknown", "n_too_slow", "n_judged",
                           "n_left", "n_followed", "n_back"]].tolist() == [5, 1, 1, 3, 2, 2, 1]
    assert counts["left_amount"].tolist() == [200.0, 100.0]  # B again, who stays silent
    assert counts["n_followed"].tolist() == [2, 0]


def test_the_number_left_is_the_silent_of_the_next_day(past, world):
    features = build_features(past, read=world.make_read(), horizon_days=182, rules=RULES)
    outcome = mark_outcome(features, past, horizon_days=182, rules=RULES)
    for cut, following in zip(world.CUTS, world.CUTS[1:], strict=False):
        active = set(features.loc[features["cut_date"] == cut, "account_id"])
        after = past[past["cut_date"] == following]
        silent = active & set(after.loc[after["n_purchase_days_period"] == 0, "account_id"])
        assert int(outcome.loc[outcome["cut_date"] == cut, "is_left"].sum()) == len(silent)


THRESHOLDS = [
    ({"n_gaps": 3.0, "silence_ratio": 2.0}, ["overdue"]),
    ({"n_gaps": 2.0, "silence_ratio": 9.0}, []),
    ({"n_gaps": 3.0, "silence_ratio": 1.99}, []),
    ({"sales_change_rate": -0.5, "n_purchase_days_window": 3.0}, ["falling_trend"]),
    ({"sales_change_rate": -0.49, "n_purchase_days_window": 3.0}, []),
    ({"sales_change_rate": -1.0, "n_purchase_days_window": 2.0}, []),
    ({"n_complaints": 3.0, "n_open_complaints": 0.0}, ["complaints"]),
    ({"n_complaints": 2.0, "n_open_complaints": 2.0}, ["complaints"]),
    ({"n_complaints": 2.0, "n_open_complaints": 1.0}, []),
    ({"satisfaction_change_share": -0.1}, ["satisfaction_drop"]),
    ({"satisfaction_change_share": 0.1}, []),
    ({"n_invoices": 2.0, "late_invoice_share": 0.5}, ["late_payment"]),
    ({"n_invoices": 1.0, "late_invoice_share": 1.0}, []),
    ({"n_owner_changes": 1.0}, ["owner_change"]),
    ({}, []),
]


@pytest.mark.parametrize(("values", "fired"), THRESHOLDS)
def test_each_sign_fires_at_its_threshold(values, fired):
    table = pd.DataFrame([dict.fromkeys(FEATURE_COLUMNS, np.nan)
                          | {"cut_date": C1, "account_id": "A"} | values])
    assert find_flags(table, rules=RULES)["flag"].tolist() == fired


def test_signs_keep_their_evidence_and_add_up(judged):
    _features, _outcome, flags, flagged = judged
    shown = flags[(flags["cut_date"] == C2) & (flags["account_id"] == "B")]
    assert shown[["flag", "evidence_number", "flag_action"]].values.tolist() == [
        ["overdue", 6.4, "call_and_ask"], ["falling_trend", -1.0, "review_with_customer"]]
    by_account = flagged[flagged["cut_date"] == C2].set_index("account_id")
    assert by_account["n_flags"].to_dict() == {"A": 0, "B": 2, "C": 2, "D": 2, "E": 0}
    assert by_account["is_warned"].tolist() == [False, True, True, True, False]


def test_a_company_changes_thresholds_weights_and_signs(judged):
    features = judged[0]
    calm = WarningRules(overdue_factor=7.0)
    assert set(find_flags(features, rules=calm)["flag"]) == {"falling_trend"}
    own = WarningRules(flags=[FlagRule(name="tiny", when="net_amount_window < 1000", weight=2,
                                       gives="call_and_ask", evidence="net_amount_window")])
    flags = find_flags(features, rules=own)
    assert set(flags["flag"]) == {"tiny"}
    assert add_flags(features, flags, rules=own)["is_warned"].all()


def test_a_sign_that_cannot_be_read_is_refused(judged):
    features = judged[0]
    sign = {"gives": "x", "when": "silence_ratio > 1"}
    with pytest.raises(InputError) as error:
        find_flags(features, rules=WarningRules(
            flags=[FlagRule(name="odd", evidence="silence", **sign)]))
    assert str(error.value) == (
        "warning.flags: the sign 'odd' shows the column 'silence', which the features do not "
        "have. Did you mean 'silence_ratio'?")
    with pytest.raises(InputError, match="has no column 'overdue_facto'"):
        find_flags(features, rules=WarningRules(flags=[FlagRule(
            name="odd", evidence="silence_ratio", gives="x",
            when="silence_ratio > overdue_facto")]))


def test_every_sign_and_its_action_has_a_name():
    assert {flag.name for flag in FLAGS} | {flag.gives for flag in FLAGS} <= set(VALUES)
    assert {flag.evidence for flag in FLAGS} <= set(HEADINGS) & set(WORDS)


def test_fates_by_hand(judged):
    _features, outcome, flags, flagged = judged
    fates = name_fates(flagged, flags, outcome)
    assert fates[["cut_date", "account_id", "fate"]].values.tolist() == [
        [C1, "B", "missed"], [C1, "D", "missed"],
        [C2, "B", "came_true"], [C2, "C", "false_alarm"],
        [C2, "D", "false_alarm"]]
    counts = count_fates(fates, pd.Series([C1, C2]))
    assert counts.filter(like="n_").values.tolist() == [[0, 0, 0, 2, 0], [1, 0, 2, 0, 0]]
    assert counts.loc[1, "false_alarm_amount"] == 200.0
    assert count_fates(fates.iloc[:0], pd.Series([C1, C2])).filter(like="n_").sum().sum() == 0


def test_lessons_and_changes_by_hand(judged):
    _features, outcome, flags, flagged = judged
    nothing = pd.DataFrame(columns=["account_id", "leave_probability", "leave_probability_ci_low",
                                    "leave_probability_ci_high"])
    reasons = pd.DataFrame(columns=["account_id", "reason_rank", "feature", "feature_number"])
    watch = watch_accounts(flagged, flags, outcome, now=nothing, reasons=reasons, accounts=None,
                           rules=RULES)
    assert not watch["is_warned"].any()
    assert list_calls(watch).empty
    lessons = draw_lessons(name_fates(flagged, flags, outcome), watch, pd.DataFrame())
    assert lessons["account_id"].tolist() == ["B", "C", "D"]
    assert lessons["leave_probability"].isna().all()
    changes = compare_warnings(flagged, flags)
    assert changes[["account_id", "warning_change"]].values.tolist() == [
        ["B", "ended_warning"], ["C", "ended_warning"], ["D", "ended_warning"]]
    before = compare_warnings(flagged[flagged["cut_date"] < C3], flags[flags["cut_date"] < C3])
    assert set(before["warning_change"]) == {"new_warning"}
    assert compare_warnings(flagged[flagged["cut_date"] == C3], flags).empty


def test_the_list_by_hand(judged, world):
    # The second day as the last: A and E have chances, B C D two signs each.
    _features, outcome, flags, flagged = judged
    last = [t[t["cut_date"] <= C2] for t in (flagged, flags, outcome)]
    now = pd.DataFrame({"account_id": ["A", "B", "E"], "leave_probability": [0.2, 0.9, 0.1],
                        "leave_probability_ci_low": [0.1, 0.8, 0.0],
                        "leave_probability_ci_high": [0.3, 1.0, 0.2]})
    reasons = pd.DataFrame({"account_id": ["A", "A"], "reason_rank": [1, 2],
                            "feature": ["silence_ratio", "satisfaction_share"],
                            "feature_number": [3.25, 0.61]})
    owners = pd.DataFrame({"account_id": ["A", "B"], "owner_id": ["Li", "Wu"]})
    watch = watch_accounts(*last, now=now, reasons=reasons, accounts=owners,
                           rules=WarningRules(n_called=2)).set_index("account_id")
    assert watch["listed_by"].to_dict() == {
        "A": "model", "B": "signs_and_model", "C": "signs", "D": "signs", "E": ""}
    assert watch.loc["B", ["owner_id", "risk_amount", "signs_shown"]].tolist() == [
        "Wu", 90.0, "silent for 6.4 mean gaps; no sales of late"]
    assert watch.loc["A", "model_reasons"] == "silent for 3.2 mean gaps; satisfaction 61 of 100"
    assert watch.loc["A", "flag_action"] == "call_and_ask"
    assert watch.loc["D", "owner_id"] == ""


@pytest.mark.parametrize(("column", "value", "words"), [
    ("sales_change_rate", -0.57, "sales down by 57 %"),
    ("sales_change_rate", 0.2, "sales up by 20 %"),
    ("sales_change_rate", -1.4, "no sales of late"),
    ("satisfaction_change_share", -0.14, "satisfaction 14 points lower"),
    ("satisfaction_change_share", 0.03, "satisfaction 3 points higher"),
    ("late_invoice_share", 2 / 3, "67 % of invoices late"),
    ("late_mean_days", 1.2, "pays 1 day late"),
    ("n_complaints", 1.0, "1 complaint"), ("n_open_complaints", 2.0, "2 open complaints"),
    ("n_owner_changes", 1.0, "new owner on our side"), ("n_owner_changes", 0.0, "no new owner"),
    ("is_first_year", 1.0, "customer for less than a year"),
    ("is_first_year", 0.0, "customer for more than a year"),
    ("n_purchase_days_window", 1.0, "bought on 1 day in 12 months"),
    ("net_amount_window", 12.5, "Net sales, 12 months 12.50"),
    ("tenure_days", np.nan, "Tenure not known")])
def test_values_in_words(column, value, words):
    assert say_value(column, value).replace("\N{NO-BREAK SPACE}", " ") == words
