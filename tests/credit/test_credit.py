"""Receivables, how accounts pay, grades and terms: by hand, and against printed numbers."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.credit import CreditRules, ageing, behaviour, dso, loss, score, terms
from kamlib.errors import InputError, RefusedError
from kamlib.measures import settle_invoices

_spec = importlib.util.spec_from_file_location("credit_ledgers",
                                               Path(__file__).with_name("ledgers.py"))
ledgers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ledgers)

RULES, DAY = CreditRules(), ledgers.AS_OF
INVOICES = ledgers.invoices(
    ("1", "a", "2025-09-01", "2025-10-01", 100.0, False),
    ("2", "a", "2025-10-01", "2025-10-31", 200.0, True),
    ("3", "b", "2025-11-01", "2025-12-01", 300.0, False),
    ("4", "b", "2025-12-10", "2026-01-09", 400.0, False),
    ("5", "c", "2025-08-01", "2025-08-15", 50.0, False),
    ("6", "c", "2025-12-01", "2025-12-01", -20.0, False))
PAYMENTS = ledgers.payments(("1", "2025-10-05", 100.0), ("3", "2025-11-20", 300.0),
                            ("5", "2025-12-01", 10.0))
TIERS = pd.DataFrame({"account_id": ["a", "b", "c"], "tier": ["core", "core", "general"]})
SPAN = {"start": date(2025, 1, 1), "end": DAY, "rules": RULES}


# Spec metrics, "DSO countback": AR 212, sales 100/80/70 in months of 30 days.
def test_count_back_of_the_metrics():
    assert dso.count_back(212, [100, 80, 70], [30, 30, 30]) == pytest.approx(73.7, abs=0.05)


@pytest.mark.parametrize(("receivable", "sales", "days"), [
    (0, [100], 0.0), (-5, [100], 0.0), (50, [100], 15.0), (100, [100, 80], 30.0),
    # More was credited than billed in the last month: it adds to what is to be used up.
    (80, [-20, 200], 30 + 30 * 100 / 200), (201, [100, 100], np.nan)])
def test_count_back_at_its_ends(receivable, sales, days):
    found = dso.count_back(receivable, sales, [30] * len(sales))
    assert found == pytest.approx(days, nan_ok=True)


def test_days_of_sales_outstanding():
    table = dso.build_dso(INVOICES, PAYMENTS, as_of=DAY, history_from=date(2025, 7, 1),
                          spans={"period": date(2025, 10, 1), "window": date(2025, 1, 1)})
    found = table.set_index("dso_method")
    # Open: 200 + 400 + 40 - 20; billed in the quarter 200 + 300 + 400 - 20; the window begins
    # before the history and is left out.
    assert list(found.index) == ["simple_period", "count_back", "best_possible"]
    assert found.loc["simple_period", "receivable_amount"] == 620
    assert found.loc["simple_period", "dso_days"] == pytest.approx(620 / 880 * 92)
    # December 380 in 31 days, the other 240 of November's 300.
    assert found.loc["count_back", "dso_days"] == pytest.approx(31 + 240 / 300 * 30)
    assert found.loc["best_possible", "dso_days"] == pytest.approx(400 / 880 * 92)


def test_nothing_billed_is_refused():
    with pytest.raises(RefusedError, match="No invoice was written by 30 June 2025"):
        dso.build_dso(INVOICES, PAYMENTS, as_of=date(2025, 6, 30), spans={},
                      history_from=date(2025, 1, 1))


def test_ageing_adds_up_to_the_receivables():
    settled = settle_invoices(INVOICES, PAYMENTS, as_of=DAY)
    table = ageing.age_receivables(settled).set_index("age_band")
    assert table["open_invoice_amount"].sum() == settled["open_invoice_amount"].sum() == 620
    assert table.loc[["not_due", "late_61_90", "late_over_120", "credit_notes"],
                     "open_invoice_amount"].tolist() == [400, 200, 40, -20]
    assert table.loc["late_61_90", "disputed_amount"] == 200
    assert table["open_share"].sum() == pytest.approx(1)
    owing = ageing.list_owing(settled, long_days=90).set_index("account_id")
    assert owing.loc["c", ["open_invoice_amount", "overdue_amount",
                           "long_overdue_amount"]].tolist() == [20, 40, 40]
    assert owing.loc["b", ["overdue_amount", "oldest_late_days"]].tolist() == [0, 0]


@pytest.mark.parametrize(("late", "band"), [
    (0, "not_due"), (1, "late_1_30"), (30, "late_1_30"), (31, "late_31_60"), (90, "late_61_90"),
    (120, "late_91_120"), (121, "late_over_120")])
def test_bands_hold_their_upper_end(late, band):
    due = pd.Timestamp(DAY) - pd.Timedelta(days=late)
    one = ledgers.invoices(("1", "a", due, due, 10.0, False))
    table = ageing.age_receivables(settle_invoices(one, PAYMENTS[:0], as_of=DAY))
    assert table.loc[table["open_invoice_amount"] > 0, "age_band"].tolist() == [band]


def test_how_accounts_paid():
    table = behaviour.summarise_behaviour(INVOICES, PAYMENTS, tiers=TIERS, **SPAN).set_index("tier")
    # Due: 1 (4 days late), 2 (open), 3 (early), 5 (10 of 50); the credit note is off.
    assert table.loc["all", ["n_accounts", "n_invoices"]].tolist() == [3, 4]
    assert table.loc["all", "collection_rate"] == pytest.approx(410 / 630)
    assert table.loc["all", "on_time_share"] == 1 / 4
    assert table.loc["all", "on_time_amount_share"] == pytest.approx(300 / 650)
    # Half is paid 4 days late: -11, 4, and two open ones.
    assert table.loc["all", "median_late_days"] == 4
    assert table.loc["general", "collection_rate"] == pytest.approx(10 / 30)
    # Three accounts say too little for an interval.
    assert table["on_time_share_ci_low"].isna().all()


def test_disputed_beside_the_others():
    table = behaviour.compare_disputes(behaviour.select_due(INVOICES, PAYMENTS, **SPAN),
                                       rules=RULES).set_index("dispute_group")
    assert table["n_invoices"].tolist() == [1, 3]
    assert table.loc["disputed", ["n_open", "open_invoice_amount", "dispute_rate"]].tolist() == [
        1, 200, 0.25]
    assert np.isnan(table.loc["disputed", "median_pay_days"])  # half of one was never paid


def test_no_payment_at_all_is_refused():
    with pytest.raises(RefusedError, match="whether invoices are unpaid or payments are not"):
        behaviour.select_due(INVOICES, PAYMENTS[:0], **SPAN)


def test_oddities_are_counted():
    odd = ledgers.payments(("1", "2025-08-20", 100.0), ("3", "2025-11-20", 310.0))
    table = behaviour.check_payments(settle_invoices(INVOICES, odd, as_of=DAY), odd)
    assert table.set_index("payment_check")[["n_odd_invoices", "amount"]].values.tolist() == [
        [1, 100], [1, 10], [1, 20]]


def test_on_time_interval_holds_the_habits_of_accounts():
    invoices, payments, _factors = ledgers.ledger(60)
    tiers = pd.DataFrame({"account_id": invoices["account_id"].unique(), "tier": "core"})
    row = behaviour.summarise_behaviour(invoices, payments, tiers=tiers, **SPAN).iloc[-1]
    width = row["on_time_share_ci_high"] - row["on_time_share_ci_low"]
    # Twelve invoices of one account are worth far less than twelve of twelve.
    assert width > 2 * 2 * 1.96 * np.sqrt(0.25 / row["n_invoices"]) * 0.8
    assert row["median_late_days_ci_low"] <= 0 <= row["median_late_days_ci_high"]


RATINGS = pd.DataFrame(
    [("a", "agency grade", 90.0, "2025-06-30"), ("a", "agency grade", 10.0, "2023-06-30"),
     ("a", "cooperation", 70.0, "2025-06-30"), ("b", "agency grade", 40.0, "2025-06-30"),
     ("c", "cooperation", 60.0, "2022-06-30")],
    columns=["account_id", "factor", "rating", "rated_date"]).assign(
        rated_date=lambda t: pd.to_datetime(t["rated_date"]))
NOBODY = pd.DataFrame(columns=behaviour.PAYER_COLUMNS)
OWING = pd.DataFrame({"account_id": ["a", "b", "c"], "open_invoice_amount": [200.0, 400.0, 20.0],
                      "overdue_amount": [200.0, 0.0, 40.0], "invoiced_amount": [1200.0] * 3,
                      "long_overdue_amount": [0.0, 0.0, 40.0]})


def graded(rules: CreditRules = RULES, owing: pd.DataFrame = OWING) -> pd.DataFrame:
    ratings = score.rate_factors(RATINGS, NOBODY, as_of=DAY, rules=rules)
    factors = score.weigh_factors(ratings, rules=rules)
    return score.score_accounts(ratings, factors, tiers=TIERS, owing=owing,
                                rules=rules).set_index("account_id")


def test_latest_rating_weights_and_grade():
    table = graded()
    assert table.loc["a", ["credit_score", "credit_grade", "rule"]].tolist() == [
        80.0, "A", "score_high"]
    # Half of the weights are known, which is just enough; an old rating is none.
    assert table.loc["b", ["credit_score", "credit_grade"]].tolist() == [40.0, "D"]
    assert table.loc["c", ["n_factors", "credit_grade"]].tolist() == [0, "not_rated"]
    # Without the agency's grade it would be B, without cooperation still A.
    assert table.loc["a", ["best_grade", "worst_grade"]].tolist() == ["A", "B"]
    weighted = graded(CreditRules(factor_weights={"agency grade": 3, "cooperation": 1}))
    assert weighted.loc["a", "credit_score"] == 85.0


def test_a_factor_nobody_is_rated_on_is_named():
    with pytest.raises(InputError, match="'agency grad', on which no account is rated"
                       ) as found:
        graded(CreditRules(factor_weights={"agency grad": 1}))
    assert "Did you mean 'agency grade'?" in str(found.value)


def test_long_overdue_comes_before_the_score():
    table = graded(owing=OWING.assign(long_overdue_amount=[130.0, 0.0, 0.0]))
    assert table.loc["a", ["credit_grade", "rule"]].tolist() == ["D", "long_overdue"]


def test_measured_factor_needs_its_invoices():
    payers = NOBODY.copy()
    payers.loc[0, ["account_id", "n_invoices", "on_time_amount_share"]] = ["a", 3, 0.5]
    payers.loc[1, ["account_id", "n_invoices", "on_time_amount_share"]] = ["b", 2, 0.5]
    ratings = score.rate_factors(RATINGS, payers, as_of=DAY, rules=RULES)
    measured = ratings[ratings["credit_factor"] == "paid_on_time"]
    assert measured[["account_id", "rating"]].values.tolist() == [["a", 50.0]]
    with pytest.raises(RefusedError, match="No account is rated"):
        score.rate_factors(RATINGS[:0], NOBODY, as_of=DAY, rules=RULES)


def test_terms_limit_and_conflicts():
    accounts = pd.DataFrame({"account_id": ["a", "b", "c"], "payment_terms_days": [60, 60, None],
                             "credit_limit_amount": [150.0, None, None]})
    scores = graded().reset_index()
    proposed = terms.propose_terms(scores, accounts, OWING, months=12, rules=RULES)
    table = proposed.set_index("account_id")
    # Four months of 100 for an A; a D pays in advance.
    assert table["proposed_limit_amount"].tolist() == [400.0, 0.0, 150.0]
    assert table.loc["a", "limit_use_share"] == pytest.approx(200 / 150)
    assert table.loc["b", ["proposed_terms_days", "above_proposed_amount"]].tolist() == [0, 400]
    net = pd.Series({"a": 1000.0, "b": 900.0, "c": 10.0})
    found = terms.find_conflicts(proposed, OWING, net_amounts=net, owners=pd.Series({"a": "M1"}),
                                 whys=scores.set_index("account_id")["why"], rules=RULES)
    assert found[["conflict", "account_id", "at_stake_amount"]].values.tolist() == [
        ["upper_weak", "b", 400.0], ["over_limit", "a", 50.0], ["weak_long_terms", "b", 400.0]]
    grades = terms.summarise_grades(proposed, OWING, net_amounts=net, rules=RULES)
    assert grades.set_index("credit_grade")["n_accounts"].to_dict() == {
        "A": 1, "B": 0, "C": 0, "D": 1, "not_rated": 1}
    assert grades["net_amount_share"].sum() == pytest.approx(1)


def test_a_grade_without_terms_is_refused():
    with pytest.raises(InputError, match="says nothing of the grade 'B'"):
        score.list_grades(RULES.model_copy(update={"terms": (RULES.terms[0], *RULES.terms[2:])}))


def test_what_if_an_account_leaves_or_does_not_pay():
    profit = pd.DataFrame({"account_id": ["a", "b", "c"], "margin_amount": [300.0, 200.0, 100.0],
                           "profit_amount": [250.0, 200.0, 90.0]})
    net = pd.Series({"a": 1500.0, "b": 1200.0, "c": 300.0})
    table = loss.weigh_losses(graded().reset_index(), profit, OWING, net_amounts=net, months=12)
    row = table.set_index("account_id").loc["b"]
    # 400 lost at a mean margin of 20 % takes 2,000 of sales, eight months of all margins.
    assert row[["net_amount_share", "sales_to_recover_amount", "margin_months"]].tolist() == \
        pytest.approx([0.4, 2000, 8])
    top = loss.sum_largest(table, weak_grades=("C", "D"))
    assert top["n_largest"].tolist() == [1, 3]
    assert top.loc[1, ["margin_amount_share", "weak_open_share"]].tolist() == pytest.approx(
        [1, 400 / 620])
    # With margins below 0 shares of their sum mean nothing.
    minus = loss.weigh_losses(graded().reset_index(), profit.assign(
        margin_amount=[300.0, -200.0, 100.0]), OWING, net_amounts=net, months=12)
    assert loss.sum_largest(minus, weak_grades=("C",))["margin_amount_share"].isna().all()
