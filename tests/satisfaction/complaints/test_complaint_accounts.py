"""Who complains, who is silent, and what is handed on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.language import NO_BREAK, using
from kamlib.satisfaction import ComplaintRules
from kamlib.satisfaction.complaints.accounts import cross_opinions, link_complaints, list_silent
from kamlib.satisfaction.complaints.handover import hand_on_complaints

OLD = ("a", "2023-01-05", "2023-01-06", "2023-01-07")


def plain(text):
    return text.replace(NO_BREAK, " ")


@pytest.fixture
def heard():
    # a and b are dissatisfied, b without a word; c and d satisfied, c without a word.
    return pd.DataFrame({
        "account_id": list("abcd"), "owner_id": "m", "account_index": [50.0, 60.0, 80.0, 90.0],
        "is_satisfied": [False, False, True, True],
        "n_complaints": pd.array([3, 0, 0, 1], dtype="Int64"),
        "n_orders": pd.array([10, 10, 10, 0], dtype="Int64"),
        "complaints_per_100": [30.0, 0.0, 0.0, np.nan], "lowest_item": "Price",
        "net_amount_window": [100.0, 200.0, 400.0, 800.0]})


def test_the_four_fields_by_hand(heard):
    cross = cross_opinions(heard, level=0.95).set_index("opinion")
    assert cross["n_complained"].to_dict() == {"dissatisfied": 1, "satisfied": 1}
    assert cross["silent_amount"].to_dict() == {"dissatisfied": 200, "satisfied": 400}
    assert cross["net_amount_window"].to_dict() == {"dissatisfied": 300, "satisfied": 1200}
    # Wilson's interval of 1 of 2: 9.5 to 90.5 %.
    assert cross["complained_share_ci_low"].tolist() == pytest.approx([0.0945] * 2, abs=5e-5)


def test_the_silent_are_dissatisfied_and_have_not_complained(heard):
    assert list_silent(heard)["account_id"].tolist() == ["b"]


def test_accounts_that_were_not_heard_are_not_called_silent(world):
    one = world([OLD], indexes={"a": 50.0})
    assert one.build().silent["account_id"].tolist() == ["a"]


def test_links_need_pairs_and_say_so(heard):
    links = link_complaints(heard, rules=ComplaintRules())
    assert links["verdict"].tolist() == ["cannot tell"] * 2
    assert links["n_accounts"].tolist() == [4, 3]
    assert links["reason"].iloc[0].startswith("Only 4 accounts have both measures")


def test_links_find_what_is_there_and_what_is_not():
    rng = np.random.default_rng(3)
    n, rules, told = 60, ComplaintRules(), 0
    index = rng.normal(70, 10, n)
    table = pd.DataFrame({"account_index": index,
                          "n_complaints": rng.poisson(np.exp((70 - index) / 8)),
                          "complaints_per_100": np.exp((70 - index) / 8)})
    assert link_complaints(table, rules=rules)["verdict"].tolist() == ["supported"] * 2
    turned = table.assign(account_index=-index)
    assert link_complaints(turned, rules=rules)["verdict"].tolist() == ["contradicted"] * 2
    for _world in range(80):  # no relation at all, most accounts without a complaint
        counts = rng.poisson(0.6, n).astype("float64")
        lone = table.assign(n_complaints=counts, complaints_per_100=counts)
        told += (link_complaints(lone, rules=rules)["verdict"] != "cannot tell").iloc[0]
    assert told <= 0.05 * 80 + 3 * np.sqrt(80 * 0.05 * 0.95)


def test_accounts_by_number_of_complaints(world):
    now = [("b", "2025-11-01", None, None, "late")] * 2 + [("b", "2025-11-02", None, None, "x")]
    found = world([OLD, *now, ("a", "2025-05-01", None, "2025-05-02", "x"), ("a", "2024-05-01")],
                  indexes={"a": 50.0}).build().complainers
    assert found["account_id"].tolist() == ["b", "a"]
    assert found["n_complaints"].tolist() == [3, 1]
    assert found["n_complaints_before"].tolist() == [0, 1]
    assert found["n_open"].tolist() == [3, 1]  # that of 2024 was never closed
    assert found["main_class"].tolist() == ["late", "x"]
    assert found["complaints_per_100"].tolist() == pytest.approx([7.5, 2.5])
    assert found["account_index"].iloc[1] == 50


def test_what_is_handed_on(world):
    base = [(a, "2024-11-01", "2024-11-02", "2024-11-03", "late") for a in "abc" for _n in range(4)]
    rise = [(a, "2025-11-01", "2025-11-02", "2025-11-20", "late") for a in "abc"
            for _n in range(12)]
    old = ("a", "2025-01-02", "2025-01-02", None, "late")
    result = world([OLD, *base, *rise, old], indexes={"a": 50.0, "c": 80.0},
                   kept_target_share=0.9).build()
    handed = hand_on_complaints(result, currency="CNY")
    found = {f.kind: f for f in handed.findings}
    assert set(found) == {"complaints_rose", "complaint_group_rose", "complaints_left_open",
                          "complaints_too_slow"}
    assert plain(found["complaints_rose"].sentence) == (
        "Over 12 months there were 30.8 complaints for 100 orders, up from 10.0 in the 12 months "
        "before. That is 3.08 times as many (1.57–6.49).")
    assert found["complaints_rose"].amount == 600
    assert plain(found["complaints_left_open"].sentence) == (
        "1 complaint has been open for more than 90 days; the account bought for 100 CNY in 12 "
        "months.")
    assert plain(found["complaints_too_slow"].sentence) == (
        "0 % of complaints are settled within 14 days; 90 % should be.")
    metrics = {m.name: m for m in handed.metrics}
    assert metrics["complaints_per_100"].value == pytest.approx(120)
    assert metrics["complaints_per_100"].year_before == pytest.approx(40)
    assert metrics["silent_dissatisfied_amount"].value == 0
    assert [m.name for m in handed.metrics if m.headline] == ["complaints_per_100",
                                                              "silent_dissatisfied_amount"]
    assert [a.account_id for a in handed.attention] == ["a", "c", "b"]
    assert handed.attention[0].owner_id == "m1"
    assert plain(handed.attention[0].reason) == (
        "13 complaints in 12 months, mostly about late. 1 is still open.")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_log_one_reason_is_said_and_nothing_fails(world, lang):
    with using(lang):
        result = world([]).build(complaints=None)
        handed = hand_on_complaints(result, currency="CNY")
    assert len(handed.unanswered) == 1
    assert handed.unanswered[0].table == "complaints"
    assert handed.headline == (handed.unanswered[0].reason,)
    assert (handed.metrics, handed.findings, handed.attention) == ((), (), ())


@pytest.mark.parametrize("entries", [
    [("a", "2025-12-31")], [("stranger", "2025-12-31")], [OLD],
    [("a", "2025-12-31", None, None, "suggestion")], [("a", "2026-05-01")],
    [("a", "2025-12-31", None, None, "{rate} <script> %")] * 3])
def test_odd_logs_give_sentences(world, entries):
    result = world(entries).build()
    handed = hand_on_complaints(result, currency="CNY")
    assert handed.headline
    assert all(entry.reason for entry in handed.unanswered)
    assert set(result.refused) >= {"cross", "silent", "links", "heard"}


def test_silence_and_a_survey_without_complaints_of_the_heard(world):
    result = world([OLD], indexes={"a": 50.0, "b": 80.0}).build()
    handed = hand_on_complaints(result, currency="CNY")
    assert "1 of 1 dissatisfied accounts have not complained in 12 months; they bought for " \
           "100 CNY in that time." in [plain(line) for line in handed.headline]
    (finding,) = [f for f in handed.findings if f.kind == "silent_dissatisfied"]
    assert finding.amount == 100
