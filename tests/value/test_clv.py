"""Value of accounts: discounting against closed forms, conventions, shares, levers, sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from kamlib.errors import InputError, RefusedError
from kamlib.models.cnbd_k import RegularBuying
from kamlib.models.result import FittedModel
from kamlib.value import measure_contribution, select_accounts, value_accounts
from kamlib.value.clv import discount_years, find_interval
from kamlib.value.conventions import compare_conventions
from kamlib.value.equity import (
    find_main_channel,
    group_equity,
    measure_concentration,
    measure_equity,
)
from kamlib.value.levers import imply_retention, measure_levers, scale_retention


def test_a_steady_buyer_is_worth_its_annuity(room):
    # 12 days a year at 1: an annuity at mid-years, 12 (1.1^-0.5 + 1.1^-1.5 + 1.1^-2.5), by hand.
    book = room.set_book({"A": [12.0, 12.0, 12.0]}, rules=room.make_rules())
    assert book.total == pytest.approx(12 * (0.953463 + 0.866784 + 0.787986), abs=0.005)
    # Margins that flow without a break: 12 (1 - 1.1^-3) / ln 1.1; mid-years are close to it.
    assert book.total == pytest.approx(12 * (1 - 1.1**-3) / np.log(1.1), rel=5e-4)


def test_a_poisson_buyer_who_never_leaves_has_the_closed_form():
    # BG/NBD at its Poisson limit: everybody buys 0.25 times a week and hardly ever leaves.
    def fitted(model, parameters):
        table = pd.DataFrame({"parameter": list(model.parameters), "estimate": parameters})
        return FittedModel(model=model, parameters=table, log_likelihood=0.0, n=1, n_repeaters=1,
                           n_parameters=4, verdict="fitted", reason="", converged=True, penalty="")
    orders = fitted(RegularBuying(), [1e7, 4e7, 1e-9, 1e3])
    account = pd.DataFrame({"n_repeat_days": [25], "first_to_last_days": [690],
                            "first_to_as_of_days": [700]})
    rate = 0.25 * 365.25 / 7
    by_year = np.diff([0, *(orders.conditional_orders(account, 365.25 / 7 * y).iloc[0]
                            for y in (1, 2, 3))])
    value = float(by_year @ discount_years(3, annual_rate=0.1))
    assert value == pytest.approx(rate * (1 - 1.1**-3) / np.log(1.1), rel=5e-4)
    exact = orders.discounted_orders(account, annual_rate=0.1, n_units=3 * 365.25 / 7).iloc[0]
    assert value == pytest.approx(exact, rel=5e-4)


def test_interest_and_horizon_count(room):
    orders = {"A": [10.0] * 5}
    free = room.set_book(orders, rules=room.make_rules(discount_rate=0.0, horizon_years=5))
    dear = room.set_book(orders, rules=room.make_rules(discount_rate=0.25, horizon_years=2))
    assert free.total == 50.0
    assert dear.total == pytest.approx(10 * (1.25**-0.5 + 1.25**-1.5), abs=0.005)


def test_shares_are_own_where_there_is_enough_of_them(room):
    facts = pd.DataFrame({
        "account_id": ["A", "B", "C"], "n_purchase_days_window": [10, 10, 2],
        "gross_amount_window": [100.0, 100.0, 50.0], "net_amount_window": [80.0, 100.0, 50.0],
        "margin_amount_window": [20.0, 10.0, 20.0],
        "margin_known_amount_window": [80.0, 100.0, 50.0]})
    profit = pd.DataFrame({"account_id": ["A", "B", "C"], "cost_to_serve_amount": [5.0, 30.0, 0.0]})
    found = measure_contribution(facts, profit=profit, rules=room.make_rules().value)
    assert found.basis == "basis_profit" and found.cost_known_share == 1.0
    # Together: (50 - 35) / 250; A: (20 - 5) / 100; B costs more than it brings: (10 - 30) / 100.
    assert found.table["contribution_share"].tolist() == pytest.approx([0.15, -0.2, 0.06])
    assert found.table["is_own_share"].tolist() == [True, True, False]
    assert found.table["net_part"].tolist() == pytest.approx([0.8, 1.0, 0.92])
    assert found.overall == pytest.approx(
        {"net_part": 0.92, "margin_part": 0.2, "contribution_share": 0.06})


@pytest.mark.parametrize(("known", "rules", "basis", "share"), [
    (0.0, {}, "basis_sales", 0.8), (0.0, {"flat_margin_share": 0.25}, "basis_flat", 0.2),
    (30.0, {}, "basis_sales", 0.8), (80.0, {}, "basis_margin", 0.3)])
def test_without_costs_value_is_counted_otherwise(room, known, rules, basis, share):
    facts = pd.DataFrame({
        "account_id": ["A"], "n_purchase_days_window": [10], "gross_amount_window": [100.0],
        "net_amount_window": [80.0], "margin_amount_window": [30.0],
        "margin_known_amount_window": [known]})
    profit = pd.DataFrame({"account_id": ["A"], "cost_to_serve_amount": [np.nan]})
    found = measure_contribution(facts, profit=profit, rules=room.make_rules(**rules).value)
    assert (found.basis, found.overall["contribution_share"]) == (basis, pytest.approx(share))


def test_who_costs_more_than_it_brings_has_a_negative_value(room):
    book = room.set_book({"A": [10.0], "B": [10.0]}, rules=room.make_rules(horizon_years=1),
                         margin=0.3, costs={"A": 50.0})
    # A leaves 30 - 50 of 100, B 30 of 100; ten days of 1 at the middle of the year.
    assert book.table["clv_amount"].tolist() == pytest.approx(
        [-2 / 1.1**0.5, 3 / 1.1**0.5], abs=0.005)


def test_equity_is_the_mean_times_the_number_and_not_the_median(room):
    # E15: 1000, 10, 10 at no interest; the sum is 1020, three median accounts are 30.
    rules = room.make_rules(horizon_years=1, discount_rate=0.0)
    book = room.set_book({"A": [1000.0], "B": [10.0], "C": [10.0]}, rules=rules)
    table = measure_equity(book, rules=rules.value).set_index("reading")["equity_amount"]
    assert table.to_dict() == {"sum_of_values": 1020.0, "mean_times_n": 1020.0,
                               "median_times_n": 30.0}
    held = measure_concentration(book, rules=room.make_rules(n_top=1).value)
    assert held["top_share"] == pytest.approx(1000 / 1020) and held["n_half"] == 1
    book.table.loc[0, "clv_amount"] = np.nan
    with pytest.raises(InputError, match="values are missing"):
        measure_equity(book, rules=rules.value)


def test_groups_add_up_and_unknown_is_one(room):
    rules = room.make_rules(horizon_years=1, discount_rate=0.0)
    book = room.set_book({"A": [30.0], "B": [10.0], "C": [10.0]}, rules=rules)
    groups = {"region": pd.Series({"A": "north", "B": "south", "C": None}),
              "industry": pd.Series({"A": "x", "B": "x", "C": "x"})}
    table = group_equity(book, groups=groups, rules=rules.value)
    assert table[["dimension", "group", "equity_amount"]].to_numpy().tolist() == [
        ["region", "north", 30.0], ["region", "south", 10.0], ["region", "unknown", 10.0]]
    assert table["equity_share"].sum() == pytest.approx(1)


def test_main_channel_is_where_most_was_bought_lately():
    rows = [("A", "old", "2024-01-01", 900.0), ("A", "direct", "2025-10-01", 50.0),
            ("A", "dealer", "2025-07-01", 60.0), ("A", "", "2025-04-01", 99.0),
            ("B", "", "2025-01-01", 5.0)]
    products = pd.DataFrame(rows, columns=["account_id", "channel", "quarter", "gross_amount"])
    products["quarter"] = pd.to_datetime(products["quarter"])
    assert find_main_channel(products).to_dict() == {"A": "dealer"}


def test_levers_by_hand(room):
    # 100, 80, 64 days of 1: retention 0.8. Margin 0.5, work 10 of 100: 0.4 of every amount stays.
    rules = room.make_rules()
    book = room.set_book({"A": [100.0, 80.0, 64.0]}, rules=rules, margin=0.5, costs={"A": 10.0})
    assert_allclose(imply_retention(book, np.ones(1), years=3), 0.8)
    d = 1.1 ** -np.array([0.5, 1.5, 2.5])
    sales = np.array([100.0, 80.0, 64.0]) * d
    more = (0.81 / 0.8) ** np.array([0.5, 1.5, 2.5]) - 1
    dearer = (1.11 ** -np.array([0.5, 1.5, 2.5])) / d - 1
    newcomer = 0.4 * 10 * (1 + 2 * d.sum())
    expected = {"retention_point": 0.4 * sales @ more, "discount_point": 0.4 * sales @ dearer,
                "price_percent": 0.01 * sales.sum(), "margin_percent": 0.005 * sales.sum(),
                "cost_to_serve_percent": 0.001 * sales.sum(), "one_newcomer": newcomer}
    table = measure_levers(book, rules=rules.value).set_index("lever")
    assert table["gain_amount"].to_dict() == pytest.approx(expected)
    assert table.loc["retention_point", "gain_share"] == pytest.approx(
        expected["retention_point"] / (0.4 * sales.sum()))
    assert table["gain_amount"].abs().is_monotonic_decreasing


def test_levers_by_channel_add_up_to_those_of_all(room, result):
    table = result.levers[result.levers["lever"] == "price_percent"].set_index("group")
    assert table.loc[["dealer", "direct"], "gain_amount"].sum() == pytest.approx(
        table.loc["all", "gain_amount"])


def test_without_costs_no_lever_pretends_to_know_them(room):
    rules = room.make_rules()
    book = room.set_book({"A": [10.0, 10.0, 10.0]}, rules=rules)
    levers = set(measure_levers(book, rules=rules.value)["lever"])
    assert levers == {"retention_point", "price_percent", "discount_point", "one_newcomer"}


def test_retention_that_varies_multiplies_year_by_year():
    found = scale_retention(np.array([0.5, 0.5, 0.9]))
    assert_allclose(found, (0.51 / 0.5)**0.5 * np.array([1, 0.51 / 0.5, 0.51 / 0.5 * 0.91 / 0.9]))


def test_simple_formulas_stand_beside_the_horizon(room):
    # r = 0.8, d = 0.1, m = 100: 266.6667 after one period, 366.6667 now (catalogue, metrics 2).
    rules = room.make_rules()
    book = room.set_book({"A": [100.0, 80.0, 64.0]}, rules=rules)
    table = compare_conventions(book, rules=rules.value).set_index("convention")
    assert table["margin_amount"].iloc[0] == pytest.approx(100)
    assert table.loc["formula_after", "equity_amount"] == pytest.approx(266.6667, abs=5e-5)
    assert table.loc["formula_now", "equity_amount"] == pytest.approx(366.6667, abs=5e-5)
    nothing = room.set_book({"A": [0.0, 0.0, 0.0]}, rules=rules)
    with pytest.raises(RefusedError, match="no yearly retention"):
        compare_conventions(nothing, rules=rules.value)


def test_intervals_of_sums_are_narrower_than_sums_of_intervals(result):
    table = result.clv
    low, high = result.equity.loc[0, ["equity_amount_ci_low", "equity_amount_ci_high"]]
    assert table["clv_amount_ci_low"].sum() < low < result.book.total < high
    assert high < table["clv_amount_ci_high"].sum()
    assert result.book.draws.mean(axis=0).sum() == pytest.approx(result.book.sales.sum(), rel=0.1)


def test_past_errors_widen_the_interval_and_leave_the_values(room, log):
    facts = room.make_facts(log)
    accounts, rules = select_accounts(facts), room.make_rules().value
    base = room.make_value(log, has_past=False, has_previous=False).book
    more = {"forecast": base.forecast, "contribution": base.contribution, "rules": rules}
    plain, wide = (value_accounts(accounts, spread=spread, **more) for spread in (0.0, 0.3))
    assert plain.table["clv_amount"].equals(wide.table["clv_amount"])
    widths = [np.diff(measure_equity(b, rules=rules).loc[0, ["equity_amount_ci_low",
                                                             "equity_amount_ci_high"]])
              for b in (plain, wide)]
    assert widths[1] > 1.5 * widths[0]
    # 80 % of a lognormal factor of spread 0.3 lie within exp(+-1.28 x 0.3): 0.65 to 1.4 times.
    low, high = find_interval(wide.draws.sum(axis=(1, 2)), level=0.8)
    assert 0.5 < low / wide.sales.sum() < 0.8 and 1.25 < high / wide.sales.sum() < 1.6


def test_order_of_rows_and_unit_of_money_do_not_matter(room, log, result):
    again = room.make_value(log, has_past=False, has_previous=False)
    mixed = room.make_value(log.sample(frac=1, random_state=1), has_past=False, has_previous=False)
    pd.testing.assert_frame_equal(again.clv, mixed.clv)
    cents = room.make_value(log.assign(amount=log["amount"] * 100), has_past=False,
                            has_previous=False)
    assert_allclose(cents.clv["clv_amount"], 100 * again.clv["clv_amount"], rtol=2e-3, atol=2)
    assert_allclose(cents.clv["expected_orders"], again.clv["expected_orders"])


def test_what_the_accounts_bring_lies_in_their_intervals(room):
    # Forecast the last 182 days of a log from what was known before, account by account.
    log = room.make_log(400, seed=11)
    cut = room.as_of - pd.Timedelta(days=182)
    accounts = select_accounts(room.make_facts(log, day=cut))
    base = room.make_value(log[log["day"] <= cut], has_past=False, has_previous=False)
    counts = base.book.forecast.draw_orders(accounts, [26.0], n_draws=500, seed=1)[:, :, 0]
    low, high = np.quantile(counts, [0.1, 0.9], axis=0)
    came = log[log["day"] > cut].groupby("account_id").size().reindex(
        accounts["account_id"], fill_value=0)
    inside = ((came >= low) & (came <= high)).mean()
    assert inside > 0.8  # counts are whole, so that intervals hold a little more
    total = np.quantile(counts.sum(axis=1), [0.005, 0.995])
    assert total[0] <= came.sum() <= total[1]


def test_without_models_rates_and_means_take_their_place(room):
    # One of 40 came again, a hundred days later: no model of orders or amounts can be fitted.
    log = pd.DataFrame({"account_id": [f"{i}" for i in range(40)], "amount": 10.0,
                        "day": room.as_of - pd.to_timedelta(np.arange(40) * 20 + 1, unit="D")})
    again = pd.DataFrame({"account_id": ["39"], "amount": 10.0,
                          "day": [log["day"].min() + pd.Timedelta(days=100)]})
    result = room.make_value(pd.concat([log, again]), has_past=False, has_previous=False)
    assert result.book.forecast.verdict == "refused"
    assert result.clv["clv_amount_ci_low"].isna().all()
    assert result.clv["expected_day_amount"].unique().tolist() == [10.0]
    # One repeat day in 40 accounts' days together, for three years each; 30 % of 10 stays.
    days = 365.25 * 3 * 40 / result.book.accounts["first_to_as_of_days"].sum()
    assert result.clv["expected_orders"].sum() == pytest.approx(days, rel=1e-6)
    alone = room.make_value(log, has_past=False)
    assert alone.book is None and "No account has bought on a second day" in alone.refused["clv"]


def test_unknown_starts_are_valued_and_not_learnt_from(result):
    # The log has 150 accounts; the start of 0001 and 0002 is not known.
    forecast = result.book.forecast
    assert (forecast.orders.n, forecast.n_unknown_start) == (148, 2)
    rows = result.clv.set_index("account_id").loc[["0001", "0002"]]
    assert not rows["is_start_known"].any() and rows["clv_amount"].notna().all()
