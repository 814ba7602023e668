"""Bridge, profit beside value, components, contracts and RFM, each on numbers worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binomtest, spearmanr

from kamlib.errors import RefusedError
from kamlib.models.contracts import discounted_renewals, fit_contracts, retention_share
from kamlib.value.bridge import bridge_equity
from kamlib.value.components import credit_referrals, measure_growth, split_components
from kamlib.value.profit import compare_profit
from kamlib.value.renewals import measure_renewals
from kamlib.value.rfm_check import check_rfm, compare_ranks

ONE_YEAR = {"horizon_years": 1, "discount_rate": 0.0}


def test_bridge_by_hand(room):
    rules = room.make_rules(**ONE_YEAR)
    then = room.set_book({"A": [10.0], "B": [20.0], "C": [30.0], "D": [5.0]}, rules=rules)
    now = room.set_book({"A": [15.0], "B": [8.0], "C": [1.0], "D": [5.0], "N": [7.0]}, rules=rules,
                        alive={"A": 1.0, "B": 0.9, "C": 0.2, "D": 1.0, "N": 1.0})
    # By today's model the accounts of then would be worth a tenth more.
    orders = {"A": [11.0], "B": [22.0], "C": [33.0], "D": [5.0]}
    forecast = replace(now.forecast, orders_of=orders)
    steps, changes = bridge_equity(replace(now, forecast=forecast), before=then, rules=rules.value)
    assert steps[["step", "n_accounts", "step_amount"]].to_numpy().tolist() == [
        ["opening", 4, 65.0], ["reestimated", 4, 6.0], ["new_in_book", 1, 7.0],
        ["value_rose", 1, 4.0], ["value_fell", 1, -14.0], ["gone_silent", 1, -32.0],
        ["closing", 5, 36.0]]
    assert changes["account_id"].tolist() == ["C", "B", "D", "A", "N"]
    assert changes["step"].tolist() == ["gone_silent", "value_fell", "value_unchanged",
                                        "value_rose", "new_in_book"]


def test_bridge_closes_and_shows_five_digits_of_its_larger_end(result):
    amounts = result.steps.set_index("step")["step_amount"]
    assert amounts.iloc[:-1].sum() == amounts["closing"]
    assert 10_000 < result.book.total < 100_000  # so that the unit is one
    assert amounts["closing"] == round(result.book.total)
    assert amounts["opening"] == round(result.previous.total)
    moved = result.changes.groupby("step")["value_change_amount"].sum().drop("value_unchanged")
    assert {step: amounts[step] for step in moved.index} == moved.round().to_dict()
    assert len(result.changes) == len(result.clv)


def test_bridge_refuses_what_does_not_compare(room):
    rules = room.make_rules(**ONE_YEAR)
    now = room.set_book({"A": [1.0]}, rules=rules)
    with pytest.raises(RefusedError, match="does not reach the previous period"):
        bridge_equity(now, before=None, rules=rules.value)
    costed = room.set_book({"A": [1.0]}, rules=rules, margin=0.3)
    with pytest.raises(RefusedError, match="known in another way"):
        bridge_equity(now, before=costed, rules=rules.value)


def test_profit_beside_value_by_hand(room):
    rules = room.make_rules(**ONE_YEAR)
    book = room.set_book({"A": [10.0], "B": [100.0], "C": [100.0]}, rules=rules, margin=0.3,
                         costs={"C": 40.0})
    facts = book.accounts
    profit = pd.DataFrame({"account_id": ["A", "B", "C"], "margin_amount": 30.0,
                           "cost_to_serve_amount": [0.0, 0.0, 40.0],
                           "profit_amount": [30.0, 30.0, -10.0]})
    table = compare_profit(book, facts=facts, profit=profit, window_days=365, rules=rules.value)
    assert table["account_id"].tolist() == ["A", "B", "C"]
    # 30, 60 and 50 of 50 earned: the whale's back passes 100 %.
    assert table["cumulative_share"].tolist() == pytest.approx([0.6, 1.2, 1.0])
    yearly = 30 * 365.25 / 365
    assert table["continued_amount"].tolist() == pytest.approx(
        [yearly, yearly, -yearly / 3], abs=0.005)
    assert table["clv_amount"].tolist() == pytest.approx([3.0, 30.0, -10.0])
    assert table["is_hidden_risk"].tolist() == [True, False, False]


def test_growth_is_the_near_end_of_the_exact_interval(room):
    rules = room.make_rules(growth_cap_rate=1.0).value
    now = pd.DataFrame({"account_id": ["up", "down", "same", "young", "gone"],
                        "n_purchase_days_window": [90, 20, 22, 50, 0]})
    then = pd.DataFrame({"account_id": ["up", "down", "same", "young", "gone"],
                         "n_purchase_days_window": [40, 60, 20, 5, 0],
                         "first_to_as_of_days": [900, 900, 900, 100, 900]})
    growth = measure_growth(now, then, rules=rules)
    # scipy's own exact interval of a proportion, turned into a ratio.
    low = binomtest(90, 130).proportion_ci(0.95, method="exact").low
    high = binomtest(20, 80).proportion_ci(0.95, method="exact").high
    assert growth["up"] == pytest.approx(low / (1 - low) - 1)
    assert growth["down"] == pytest.approx(high / (1 - high) - 1)
    assert growth["same"] == 0
    assert growth[["young", "gone"]].isna().all()
    # Regular buyers scatter less, so more of the same change is proven.
    assert measure_growth(now, then, rules=rules, regularity=3)["up"] > growth["up"]
    assert measure_growth(now, None, rules=rules).empty


def test_components_by_hand(room):
    rules = room.make_rules(horizon_years=2, discount_rate=0.0, referral_share=0.5,
                            growth_cap_rate=0.1)
    book = room.set_book({"A": [10.0, 10.0], "B": [4.0, 4.0], "C": [6.0, 6.0]}, rules=rules)
    facts = pd.DataFrame({"account_id": ["A", "B", "C"], "n_purchase_days_window": [200, 10, 10]})
    before = facts.assign(n_purchase_days_window=[100, 10, 10], first_to_as_of_days=900)
    accounts = pd.DataFrame({"account_id": ["A", "B", "C"], "referrer_id": [None, "A", "B"]})
    relationships = pd.DataFrame({
        "account_id": ["A", "A", "B"], "has_exclusive_information": [False, True, False],
        "rated_date": pd.to_datetime(["2025-01-01", "2025-06-01", "2025-01-01"])})
    answers = pd.DataFrame({"account_id": ["B", "C"],
                            "answered_date": pd.to_datetime(["2025-03-01", "2024-03-01"])})
    table = split_components(book, facts=facts, facts_year_before=before, accounts=accounts,
                             relationships=relationships, survey_answers=answers,
                             as_of=date(2025, 12, 31), rules=rules.value).set_index("account_id")
    # A's growth is capped at 10 % for one year, then the pace stays: 10 x 0.1 x 2.
    assert table["growth_value_amount"].to_dict() == pytest.approx({"A": 2.0, "B": 0.0, "C": 0.0})
    # Half of B's 8 to A, half of C's 12 to B; nothing is passed on, and equity stays the sum.
    assert table["referral_amount"].to_dict() == {"A": 4.0, "B": 6.0, "C": 0.0}
    assert table["transaction_amount"].sum() == book.total == 40.0
    assert table["knowledge_score"].to_dict() == {"A": 2, "B": 2, "C": 0}
    bare = split_components(
        book, facts=facts, facts_year_before=None, accounts=accounts.drop(columns="referrer_id"),
        relationships=relationships.iloc[:0], survey_answers=answers.iloc[:0],
        as_of=date(2025, 12, 31), rules=rules.value)
    assert bare[["growth_rate", "referral_amount", "knowledge_score"]].isna().all(axis=None)


def test_old_referrals_are_not_credited(room):
    rules = room.make_rules(**ONE_YEAR)
    book = room.set_book({"A": [10.0], "B": [4.0]}, rules=rules)  # first sales in January 2024
    accounts = pd.DataFrame({"account_id": ["A", "B"], "referrer_id": [None, "A"]})
    old = credit_referrals(book, accounts=accounts, as_of=date(2027, 6, 30), rules=rules.value)
    assert old.empty


def test_renewals_count_chains_and_fit_them(room):
    contracts = room.make_contracts(30)
    table = measure_renewals(contracts, as_of=room.as_of.date(), rules=room.make_rules().value)
    # All 30 came up in 2024 and 20 were renewed; these came up in 2025, and all run still.
    assert table[["n_renewals", "n_due", "n_renewed", "n_running"]].to_numpy().tolist() == [
        [0, 30, 20, 0], [1, 20, 20, 0], [2, 0, 0, 20]]
    assert table["running_amount"].sum() == 2000.0
    fitted = fit_contracts(pd.DataFrame({"n_renewals": [0] * 10 + [2] * 20,
                                         "is_lost": [True] * 10 + [False] * 20}))
    assert_allclose(table["fitted_renewal_share"], retention_share(fitted, [0, 1, 2]))
    assert_allclose(table["remaining_years"], discounted_renewals(fitted, [1, 2, 3], rate=0.1))
    later = measure_renewals(contracts, as_of=room.as_of.date(),
                             rules=room.make_rules(first_margin="after_one_period").value)
    assert_allclose(later["remaining_years"] * 1.1, table["remaining_years"])


def test_an_outcome_is_not_known_before_the_last_day(room):
    contracts = room.make_contracts(30)
    with pytest.raises(RefusedError, match="0 yearly contracts with a known outcome"):
        measure_renewals(contracts, as_of=date(2024, 6, 29), rules=room.make_rules().value)
    months = contracts.assign(end_date=contracts["start_date"] + pd.Timedelta(days=30))
    with pytest.raises(RefusedError, match="20 are needed"):
        measure_renewals(months, as_of=room.as_of.date(), rules=room.make_rules().value)


def scores(ids: pd.Series, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"account_id": ids, "rfm_class": np.where(values > 2, "high", "low"),
                         "recency_score": values, "frequency_score": values,
                         "amount_score": values})


def test_rank_correlations_are_spearmans(result, log, room):
    table = result.clv
    rng = np.random.default_rng(4)
    noisy = table["clv_amount"].to_numpy() + rng.normal(0, 200, len(table))
    rfm = scores(table["account_id"], noisy)
    found = compare_ranks(result.book, rfm=rfm, backtest=result.backtest, past=room.make_past(log),
                          rules=result.rules)
    today = found[found["question"] == "value_today"].iloc[0]
    assert today["rank_correlation"] == pytest.approx(spearmanr(noisy, table["clv_amount"])[0])
    assert today["rank_correlation_ci_low"] < today["rank_correlation"]
    past = found[found["question"] == "what_came"].set_index("predictor")
    assert past["outcome"].unique().tolist() == ["margin"]
    assert past["n_tests"].unique().tolist() == [3]
    assert past.loc["last_amount", "verdict"] == ""
    assert past["rank_correlation"].between(0.1, 1).all()
    assert past["n_accounts"].unique().tolist() == [len(result.backtest.forecasts)]


def test_a_perfect_forecast_is_better_than_the_last_amount(result, log, room):
    past = room.make_past(log)
    later = past[["cut_date", "account_id", "net_amount_period"]].copy()
    later["cut_date"] -= pd.Timedelta(days=182)
    rows = result.backtest.forecasts.drop(columns="predicted_amount").merge(
        later.rename(columns={"net_amount_period": "predicted_amount"}),
        on=["cut_date", "account_id"], how="left").fillna({"predicted_amount": 0.0})
    told = replace(result.backtest, forecasts=rows)
    rfm = scores(result.clv["account_id"], np.arange(len(result.clv), dtype=float))
    found = compare_ranks(result.book, rfm=rfm, backtest=told, past=past,
                          rules=result.rules).set_index("predictor")
    assert found.loc["value_model", "verdict"] == "better"
    assert found.loc["value_model", "rank_correlation"] > 0.95


def test_rfm_check_says_why_it_cannot(result, room):
    few = scores(result.clv["account_id"].head(5), np.arange(5.0))
    check = check_rfm(result, rfm=few, past=pd.DataFrame())
    assert check.classes.empty and "5 accounts have both" in check.ranks.attrs["reason"]
    rfm = scores(result.clv["account_id"], np.arange(len(result.clv), dtype=float) % 5)
    classes = check_rfm(replace(result, backtest=None), rfm=rfm, past=pd.DataFrame()).classes
    assert classes["n_accounts"].sum() == len(result.clv)
    assert classes["equity_share"].sum() == pytest.approx(1)
