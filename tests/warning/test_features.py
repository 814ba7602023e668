"""Features by hand, and that nothing from after a cut enters one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.warning import WarningRules, build_features, find_missing

CUT = pd.Timestamp("2025-06-30")
RULES = WarningRules()


def days(*texts):
    return pd.to_datetime(list(texts))


def past(**changed):
    row = {"cut_date": CUT, "account_id": "A", "is_active_closing": True,
           "last_sale_date": pd.Timestamp("2025-05-01"), "days_since_last_sale": 60,
           "gap_mean_days": 20.0, "n_repeat_days": 9, "tenure_days": 300.0,
           "net_amount_window": 900.0, "net_amount_period": 300.0, "net_amount_previous": 600.0,
           "n_purchase_days_period": 3, "n_purchase_days_window": 9}
    return pd.DataFrame([row | changed])


COMPLAINTS = pd.DataFrame({
    "complaint_id": ["1", "2", "3", "4"], "account_id": "A",
    "opened_date": days("2024-01-10", "2025-02-01", "2025-06-30", "2024-03-01"),
    "resolved_date": days("2024-02-01", None, None, None)})
WAVES = pd.DataFrame({
    "wave_id": ["w1", "w2"], "start_date": days("2024-09-01", "2025-03-01"),
    "end_date": days("2024-09-30", "2025-03-31"), "scale_min": [1.0, 0.0],
    "scale_max": [5.0, 10.0]})
ITEMS = pd.DataFrame({
    "wave_id": ["w1", "w1", "w2", "w2", "w2"], "item_id": ["q", "r", "q", "r", "nps"],
    "is_reversed": [False, True, False, True, False],
    "kind": ["rating", "rating", "rating", "overall", "nps"]})
ANSWERS = pd.DataFrame({
    "wave_id": ["w1", "w1", "w2", "w2", "w2", "w2"], "questionnaire_id": "x", "account_id": "A",
    "item_id": ["q", "r", "q", "r", "nps", "q"], "score": [5.0, 2.0, 6.0, 4.0, 0.0, 11.0],
    "answered_date": days(*["2024-09-10"] * 2, *["2025-03-10"] * 4)})
INVOICES = pd.DataFrame({
    "invoice_id": ["i0", "i1", "i2", "i3", "i4", "i5"], "account_id": "A",
    "invoice_date": days("2024-10-01", *["2025-03-01"] * 5),
    "due_date": days("2024-11-01", "2025-04-01", "2025-04-01", "2025-06-20", "2025-04-01",
                     "2025-07-20"),
    "amount": [10.0, 100.0, 100.0, 100.0, -50.0, 100.0]})
PAYMENTS = pd.DataFrame({
    "payment_id": list("abcd"), "invoice_id": ["i1", "i2", "i2", "i3"],
    "paid_date": days("2025-04-01", "2025-04-10", "2025-05-01", "2025-07-15"),
    "amount": [100.0, 40.0, 60.0, 100.0]})
OWNERS = pd.DataFrame({
    "account_id": ["A", "A", "A", "B"], "owner_id": ["x", "x", "y", "z"],
    "from_date": days("2024-01-01", "2025-02-01", "2025-05-01", "2025-04-01")})
TABLES = {"complaints": COMPLAINTS, "survey_waves": WAVES, "survey_items": ITEMS,
          "survey_answers": ANSWERS, "invoices": INVOICES, "payments": PAYMENTS,
          "account_owners": OWNERS}


def describe(world, frame=None, **tables):
    return build_features(past() if frame is None else frame, read=world.make_read(**tables),
                          horizon_days=182, rules=RULES).iloc[0]


def test_from_orders_by_hand(world):
    row = describe(world)
    assert row["silence_ratio"] == 3.0  # 60 days / 20
    assert row["sales_change_rate"] == -0.5  # 300 / 600 - 1
    assert (row["n_gaps"], row["is_first_year"]) == (9.0, 1.0)


@pytest.mark.parametrize("before", [0.0, -5.0, np.nan])
def test_a_change_from_nothing_is_not_known(world, before):
    assert np.isnan(describe(world, past(net_amount_previous=before))["sales_change_rate"])


def test_unknown_rhythm_and_start(world):
    row = describe(world, past(gap_mean_days=np.nan, tenure_days=np.nan))
    assert np.isnan(row["silence_ratio"])
    assert row["is_first_year"] == 0.0


def test_complaints_by_hand(world):
    # Opened in the 182 days: 2 and 3; still open from before: 4; settled long ago: 1.
    row = describe(world, **TABLES)
    assert (row["n_complaints"], row["n_open_complaints"]) == (3.0, 3.0)


def test_satisfaction_by_hand(world):
    # w1: q 5 of 1..5 = 1, r 2 reversed = 0.75, mean 0.875. w2: q 0.6, r 0.4 reversed = 0.6, so
    # 0.6; the score of 11 is off the scale and nps no question of satisfaction.
    row = describe(world, **TABLES)
    assert row["satisfaction_share"] == pytest.approx(0.6)
    assert row["satisfaction_change_share"] == pytest.approx(0.6 - 0.875)


def test_answers_grow_old(world):
    old = past(cut_date=pd.Timestamp("2026-06-30"))
    assert np.isnan(describe(world, old, **TABLES)["satisfaction_share"])


def test_payment_by_hand(world):
    # Due in the span: i1 paid on the day, i2 in full 30 days late, i3 open and 10 days late; i4 is
    # a credit note. More than 15 days late is only i2.
    row = describe(world, **TABLES)
    assert row["n_invoices"] == 3.0
    assert row["late_invoice_share"] == pytest.approx(1 / 3)
    assert row["late_mean_days"] == pytest.approx((0 + 30 + 10) / 3)


def test_owner_by_hand(world):
    # The same owner written twice is no change, nor is the first one.
    assert describe(world, **TABLES)["n_owner_changes"] == 1.0
    assert describe(world, past(account_id="B"), **TABLES)["n_owner_changes"] == 0.0


def test_an_account_without_complaints_has_none_but_an_unknown_satisfaction(world):
    row = describe(world, past(account_id="C"), **TABLES)
    assert (row["n_complaints"], row["n_owner_changes"]) == (0.0, 0.0)
    assert row[["satisfaction_share", "late_invoice_share"]].isna().all()


def test_a_table_that_begins_within_the_span_says_nothing_about_it(world):
    late = {name: TABLES[name].iloc[keep] for name, keep in (
        ("complaints", [1, 2]), ("account_owners", [1, 2]))}
    row = describe(world, **late)
    assert row[["n_complaints", "n_open_complaints", "n_owner_changes"]].isna().all()


def test_missing_tables_leave_gaps_and_are_named(world):
    row = describe(world)
    assert row[["n_complaints", "satisfaction_share", "n_invoices"]].isna().all()
    assert find_missing(world.make_read(complaints=COMPLAINTS), day=CUT.date()) == [
        "survey_waves", "survey_answers", "survey_items", "invoices", "payments",
        "account_owners"]


@pytest.mark.parametrize(("table", "row", "told"), [
    ("complaints", {"complaint_id": "9", "account_id": "A", "opened_date": "2025-07-01"},
     "1 in opened_date"),
    ("complaints", {"complaint_id": "9", "account_id": "A", "opened_date": "2025-06-01",
                    "resolved_date": "2025-07-20"}, "1 in resolved_date"),
    ("survey_waves", {"wave_id": "w3", "start_date": "2025-09-01", "end_date": "2025-09-30",
                      "scale_min": 0, "scale_max": 10}, "1 in start_date"),
    ("survey_answers", {"wave_id": "w2", "account_id": "A", "item_id": "q", "score": 1,
                        "answered_date": "2025-07-01"}, "1 in answered_date"),
    ("invoices", {"invoice_id": "i9", "account_id": "A", "invoice_date": "2025-07-01",
                  "due_date": "2025-08-01", "amount": 1}, "1 in invoice_date"),
    ("payments", {"payment_id": "z", "invoice_id": "i3", "paid_date": "2025-07-01", "amount": 1},
     "1 in paid_date"),
    ("account_owners", {"account_id": "A", "owner_id": "q", "from_date": "2025-07-01"},
     "1 in from_date")])
def test_what_was_not_known_on_the_cut_is_caught(world, table, row, told):
    clean = world.make_read(**TABLES)
    dates = {k: pd.Timestamp(v) for k, v in row.items() if k.endswith("_date")}

    def leak(name, day):
        known = clean(name, day)
        return pd.concat([known, pd.DataFrame([row | dates])]) if name == table else known

    with pytest.raises(InputError) as error:
        build_features(past(), read=leak, horizon_days=182, rules=RULES)
    assert str(error.value) == (
        f"What is judged on 2025-06-30 may rest only on what was known then, but {table} holds "
        f"later dates: {told}. Pass the rows of known_by.")


def test_a_sale_from_after_the_cut_is_caught(world):
    with pytest.raises(InputError) as error:
        describe(world, past(last_sale_date=pd.Timestamp("2025-07-01")))
    assert str(error.value) == (
        "What is judged on a cut may rest only on what was known then, but past_facts holds "
        "sales of 1 account(s) from after it (A). Pass report.past_facts.")


def test_later_rows_change_no_earlier_feature(world, past):
    # The future taken away, row by row the same features.
    whole = build_features(past, read=world.make_read(**TABLES), horizon_days=182, rules=RULES)
    cut = world.CUTS[3]
    known = past[past["cut_date"] <= cut]
    before = build_features(known, read=world.make_read(**TABLES), horizon_days=182, rules=RULES)
    pd.testing.assert_frame_equal(
        whole[whole["cut_date"] <= cut].reset_index(drop=True), before)


def test_no_attribute_without_a_date_is_a_feature(world):
    with_region = past(region="North", industry="steel")
    assert not {"region", "industry"} & set(describe(world, with_region).index)
