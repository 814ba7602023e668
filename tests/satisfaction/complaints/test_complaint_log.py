"""What an entry of the log is, and how long it took."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.satisfaction import ComplaintRules
from kamlib.satisfaction.complaints.log import read_kinds


def test_days_run_to_the_answer_or_to_the_last_day(world):
    log = world([("a", "2025-12-01", "2025-12-03", "2025-12-11"), ("b", "2025-12-21")]).log()
    assert log["response_days"].tolist() == [2, 10]
    assert log["is_answered"].tolist() == [True, False]
    assert log["resolution_days"].tolist() == [10, 10]
    assert log["is_resolved"].tolist() == [True, False]


def test_a_settled_complaint_has_been_answered(world):
    log = world([("a", "2025-12-01", "2025-12-02"), ("b", "2025-12-01", None, "2025-12-05")]).log()
    assert log["response_days"].tolist() == [1, 4]
    assert log["is_answered"].all()


def test_without_a_column_of_answers_nothing_is_answered(world):
    one = world([("b", "2025-12-01", None, "2025-12-05")])
    one.table = one.table.drop(columns=["first_response_date", "source", "product_id"])
    log = one.log()
    assert not log["is_answered"].any()
    assert log["source"].tolist() == [""]


def test_what_is_dated_after_the_last_day_is_not_known(world):
    log = world([("a", "2025-12-30", "2026-01-02", "2026-01-09"), ("a", "2026-01-01")]).log()
    assert len(log) == 1
    assert not log[["is_answered", "is_resolved"]].to_numpy().any()
    assert log["response_days"].tolist() == [1]


def test_entries_of_others_than_customers_are_left_out(world):
    assert world([("a", "2025-12-01"), ("supplier", "2025-12-01")]).log()[
        "account_id"].tolist() == ["a"]


def test_kinds_follow_the_rules_and_unknown_classes_stay_themselves(world):
    log = world([("a", "2025-12-01", None, None, "投诉"), ("a", "2025-12-02", None, None, "late"),
                 ("a", "2025-12-03", None, None, "suggestion"), ("a", "2025-12-04")]).log()
    assert log["complaint_class"].tolist() == ["投诉", "late", "suggestion", "no_class"]
    assert log["contact_kind"].tolist() == ["complaint", "unassigned", "suggestion", "unassigned"]
    assert log["contact_heading"].tolist() == ["opinion", "unassigned", "advice", "unassigned"]
    assert log["is_complaint"].tolist() == [True, True, False, True]


def test_a_hostile_class_is_a_name_like_any_other(world):
    name = "<b>x=y</b> {0} %s"
    log = world([("a", "2025-12-01", None, None, name)],
                complaint_classes=(f"{name}=grievance",)).log()
    assert log["contact_kind"].tolist() == ["grievance"]


@pytest.mark.parametrize(("rules", "words"), [
    ({"complaint_classes": ("late=complaints",)}, "'late=complaints', but the kinds are "
                                                  "grievance, complaint"),
    ({"complaint_classes": ("=complaint",)}, "names no class"),
    ({"not_complaints": ("advise",)}, "not_complaints has 'advise'")])
def test_a_wrong_rule_is_an_error(rules, words):
    with pytest.raises(InputError, match=words):
        read_kinds(ComplaintRules(**rules))


def test_the_order_of_rows_does_not_matter(world):
    one = world([("a", "2025-12-01"), ("b", "2025-11-01"), ("c", "2025-12-01")])
    first = one.log()
    one.table = one.table.iloc[::-1]
    pd.testing.assert_frame_equal(one.log(), first)
