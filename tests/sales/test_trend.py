"""Months, the summary of the period, and how concentrated it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.period import parse_period


def test_moving_average_of_a_published_series(line, shop):
    # Hyndman & Athanasopoulos (2018), Forecasting: principles and practice, 2nd ed., table 6.1:
    # electricity sold in South Australia 1989-1994 (GWh) and its 5-MA, printed with 2 decimals.
    sold = [2354.34, 2379.71, 2318.52, 2468.99, 2386.09, 2569.47]
    rows = [line("a", f"2025-{month:02d}-15", amount)
            for month, amount in zip(range(7, 13), sold, strict=True)]
    trend = shop(rows, history_from="2025-07-01").sales(moving_average_months=5).trend
    assert trend["moving_average_amount"].iloc[:4].isna().all()
    assert trend["moving_average_amount"].iloc[4:].tolist() == pytest.approx(
        [2381.53, 2424.56], abs=0.005)


@pytest.fixture(scope="module")
def trend(line, shop):
    rows = [line("a", "2024-10-20", 100), line("b", "2024-12-01", 80),
            line("a", "2025-10-01", 150), line("a", "2025-10-09", -30, kind="return"),
            line("b", "2025-10-09", -20, kind="cancellation"),
            line("b", "2025-10-31", -7, kind="adjustment"),
            line("b", "2025-10-31", 0, kind="free"),
            line("b", "2025-11-01", 500, kind="paired_sale"),
            line("b", "2025-11-20", 50), line("b", "2025-11-21", 999)]
    return shop(rows, period="2025-10-01..2025-11-20", history_from="2024-10-15").sales().trend


def test_no_month_is_missing_and_cut_months_are_marked(trend):
    assert trend["month"].tolist() == list(pd.date_range("2024-10-01", "2025-11-01", freq="MS"))
    assert trend["is_complete"].tolist() == [False, *[True] * 12, False]
    assert trend["is_in_period"].tolist() == [False] * 12 + [True, True]
    assert trend["net_amount"].iloc[1] == 0


def test_amounts_of_a_month_by_kind(trend):
    october = trend.set_index("month").loc["2025-10-01"]
    assert october[["gross_amount", "returned_amount", "net_amount",
                    "adjustment_amount"]].tolist() == [150, 50, 100, -7]
    assert trend["gross_amount"].iloc[-1] == 50


def test_a_cut_month_has_amounts_but_no_rate(trend):
    october = trend.set_index("month").loc["2025-10-01"]
    assert october["year_before_net_amount"] == 100
    assert np.isnan(october["year_change_rate"])
    assert np.isnan(october["month_change_rate"])  # September sold nothing: no base
    assert trend["month_change_rate"].iloc[3] == -1  # December 80, January 0
    assert np.isnan(trend["moving_average_amount"].iloc[-1])


def test_season_from_two_whole_years_on(line, shop):
    days = pd.date_range("2023-01-01", "2025-12-01", freq="MS")
    rows = [line("a", str(day.date()), 200 if day.month == 12 else 100) for day in days]
    trend = shop(rows, history_from="2023-01-01").sales().trend.set_index("month")
    # 11 months of 1 and one of 2: 24/13 and 12/13 of the mean.
    assert trend.loc["2025-12-01", "seasonal_ratio"] == pytest.approx(24 / 13)
    assert trend.loc["2025-11-01", "seasonal_ratio"] == pytest.approx(12 / 13)
    for given in ({"history_from": "2024-01-02"}, {"history_from": "2024-01-01",
                                                   "period": "2025-11"}):
        assert shop(rows, **given).sales().trend["seasonal_ratio"].isna().all()
    shorter = shop(rows, history_from="2023-01-01").sales(min_season_months=37)
    assert shorter.trend["seasonal_ratio"].isna().all()


def test_a_season_of_nothing_is_a_gap(line, shop):
    sales = shop([line("a", "2025-12-01", 5)], history_from="2022-01-01").sales()
    assert sales.trend["seasonal_ratio"].isna().all()
    assert len(sales.trend) == 48


def test_summary_names_the_base_and_its_days(line, shop):
    rows = [line("a", "2024-11-01", 100), line("a", "2025-08-01", 200), line("b", "2025-08-01", 4),
            line("a", "2025-11-01", 150), line("a", "2025-11-02", -30, kind="return"),
            line("b", "2025-11-02", -5, kind="adjustment")]
    summary = shop(rows).sales().summary.set_index("comparison")
    assert summary["base_label"].to_dict() == {"previous": "2025Q3", "year_before": "2024Q4"}
    row = summary.loc["previous"]
    assert (str(row["base_start_date"].date()), str(row["base_end_date"].date())) == \
        ("2025-07-01", "2025-09-30")
    assert row[["net_amount", "base_net_amount", "change_amount", "gross_amount",
                "returned_amount", "adjustment_amount", "n_accounts",
                "base_n_accounts"]].tolist() == [120, 204, -84, 150, 30, -5, 1, 2]
    assert row["change_rate"] == pytest.approx(-84 / 204)


def test_a_base_of_nothing_has_no_rate(line, shop):
    summary = shop([line("a", "2025-11-01", 150)]).sales().summary
    assert summary["change_amount"].tolist() == [150, 150]
    assert summary["change_rate"].isna().all()


@pytest.mark.parametrize(("label", "previous", "year_before"), [
    ("2025", "2024", "2024"), ("2025H1", "2024H2", "2024H1"), ("2025Q1", "2024Q4", "2024Q1"),
    ("2025-01", "2024-12", "2024-01"), ("2025-12", "2025-11", "2024-12"),
    ("2025-10-05..2025-10-14", "2025-09-25..2025-10-04", "2024-10-05..2024-10-14"),
    ("2025-10-01..2025-12-31", "2025-07-01..2025-09-30", "2024-10-01..2024-12-31")])
def test_names_of_the_compared_periods(label, previous, year_before):
    period = parse_period(label)
    assert (period.previous_label, period.year_before_label) == (previous, year_before)
    for name, start in ((previous, period.previous_start),
                        (year_before, period.year_before_start)):
        assert parse_period(name).start == start


def test_a_fiscal_quarter_keeps_the_names_of_its_fiscal_year():
    period = parse_period("2026Q1", fiscal_year_start_month=4)
    before = parse_period(period.previous_label, fiscal_year_start_month=4)
    assert (period.previous_label, before.start) == ("2025Q4", period.previous_start)


def test_changes_by_account_the_largest_fall_first(line, shop):
    rows = [line("a", "2024-11-01", 100), line("a", "2025-11-01", 40),
            line("b", "2025-11-01", 9), line("c", "2022-11-01", 9)]
    changes = shop(rows).sales().account_changes
    assert changes.fillna(-9).values.tolist() == [["a", 40, 100, -60, -0.6], ["b", 9, 0, 9, -9]]


def test_concentration_of_the_published_shares(line, shop):
    # Metrics §2: shares of 30, 30, 20 and 20 % give an HHI of 0.26, as of 3.846 equal accounts.
    rows = [line(a, "2025-10-01", n) for a, n in zip("abcd", (30, 30, 20, 20), strict=True)]
    row = shop([*rows, line("e", "2025-10-02", -3, kind="return")]).sales().concentration.iloc[0]
    assert row["hhi"] == pytest.approx(0.26, abs=1e-12)
    assert row["effective_accounts"] == pytest.approx(3.846, abs=0.0005)
    assert row[["top_1_share", "top_5_share", "top_10_share"]].tolist() == pytest.approx(
        [0.3, 1, 1])
    assert (row["n_accounts"], row["n_below_zero"], row["net_amount"]) == (4, 1, 97)


def test_one_order_of_430_aircraft(line, shop):
    # Catalogue PRT-06: 430 aircraft for 49.5 billion USD are 115.12 million USD each.
    rows = [line("a", "2025-10-01", 49.5e9, quantity=430, order_id="A320neo"),
            line("b", "2025-10-01", 0.5e9, order_id="b")]
    row = shop(rows).sales().concentration.iloc[0]
    assert row["largest_order_unit_price"] == pytest.approx(115.12e6, abs=0.005e6)
    assert (row["largest_order_id"], row["largest_order_account_id"]) == ("A320neo", "a")
    assert row["largest_order_share"] == pytest.approx(0.99)
    other = shop([line("b", "2025-10-01", 5)]).sales().concentration.iloc[0]
    assert np.isnan(other["largest_order_unit_price"])
