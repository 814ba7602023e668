"""Charts and readings of the sales overview: numbers are read off the Axes."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from kamlib.figures import attainment, breakdown, growth, margins
from kamlib.figures import sales as figures
from kamlib.figures.describe import describe_axes
from kamlib.figures.svg import render_svg
from kamlib.figures.theme import plain_title
from kamlib.labels import heading
from kamlib.language import NO_BREAK
from kamlib.period import parse_period
from kamlib.sales import Sales, SalesRules

PLOTS = [figures.plot_trend, figures.plot_concentration, growth.plot_bridge, margins.plot_cross,
         breakdown.plot_where, attainment.plot_attainment]
READS = [figures.read_summary, figures.read_trend, figures.read_concentration, growth.read_bridge,
         growth.read_lines, margins.read_cross, margins.read_mix, breakdown.read_ties,
         attainment.read_attainment, breakdown.read_where]


def frame(columns, *rows):
    return pd.DataFrame(list(rows), columns=columns.split())


SUMMARY = frame(
    "comparison base_label base_start_date base_end_date net_amount base_net_amount "
    "change_amount change_rate gross_amount base_gross_amount returned_amount "
    "base_returned_amount adjustment_amount base_adjustment_amount n_accounts base_n_accounts",
    ["previous", "2025Q3", "2025-07-01", "2025-09-30", 1200.0, 1500.0, -300.0, -0.2, 1260.0,
     1520.0, 60.0, 20.0, 0.0, 0.0, 12, 13],
    ["year_before", "2024Q4", "2024-10-01", "2024-12-31", 1200.0, 1000.0, 200.0, 0.2, 1260.0,
     1010.0, 60.0, 10.0, 0.0, 0.0, 12, 11])
MONTHS = pd.date_range("2024-10-01", "2025-12-01", freq="MS")
TREND = pd.DataFrame({
    "month": MONTHS, "gross_amount": 410.0, "returned_amount": 10.0,
    "net_amount": [300.0] * 12 + [350.0, 500.0, 350.0], "adjustment_amount": 0.0,
    "month_before_net_amount": 300.0, "month_change_rate": 0.0,
    "year_before_net_amount": [np.nan] * 12 + [310.0, 320.0, 330.0], "year_change_rate": 0.1,
    "moving_average_amount": [np.nan] * 11 + [300.0, 304.0, 320.0, 325.0], "seasonal_ratio": 1.25,
    "is_in_period": MONTHS >= "2025-10-01", "is_complete": True})
BREAKDOWN = frame(
    "dimension category n_accounts account_share net_amount amount_share mean_amount "
    "previous_net_amount previous_growth_rate year_before_net_amount year_before_growth_rate "
    "contribution_rate margin_amount margin_known_amount margin_share margin_known_share "
    "largest_account_id largest_account_share n_core",
    *[[name, category, n, n / 12, amount, amount / 1200, amount / n, before, 0.0, before, 0.0,
       0.0, 0.25 * amount, amount, 0.25, 1.0, "A1", largest, 1]
      for name in ("region", "channel") for category, n, amount, before, largest in (
          ("East", 6, 700.0, 400.0, 0.4), ("<West & \"Co\">", 4, 400.0, 540.0, 0.9),
          ("not_given", 2, 100.0, 60.0, 0.5), ("total", 12, 1200.0, 1000.0, 0.3))])
CROSS = frame(
    "industry product_line n_accounts net_amount amount_share year_before_net_amount "
    "year_before_growth_rate margin_share margin_known_share",
    ["power", "Cables", 3, 500.0, 0.42, 450.0, 0.1, 0.12, 1.0],
    ["power", "Drives", 3, 400.0, 0.33, 350.0, 0.1, 0.31, 1.0],
    ["retail", "Cables", 2, 290.0, 0.24, 195.0, 0.1, 0.22, 0.9],
    ["retail", "Drives", 1, 10.0, 0.01, 5.0, 0.1, -0.9, 1.0])  # too small to be named
MIX = frame("category amount_share base_amount_share margin_share base_margin_share "
            "mix_effect_share rate_effect_share",
            ["institution", 0.6, 0.5, 0.3, 0.3, 0.01, 0.0],
            ["intermediary", 0.4, 0.5, 0.15, 0.2, 0.002, -0.02])
GROWTH = frame("comparison component amount n_products", *[
    [comparison, component, amount, 4] for comparison, values in (
        ("year_before", (1000.0, 50.0, 220.0, 30.0, -50.0, 0.0, -50.0, 1200.0)),
        ("previous", (1500.0, 0.0, -300.0, 0.0, 0.0, 0.0, 0.0, 1200.0)))
    for component, amount in zip(("base", "price", "volume", "mix_new", "mix_gone",
                                  "quantity_unknown", "returned", "current"), values,
                                 strict=True)])
LINES = frame("comparison product_line base_amount price_amount volume_amount mix_amount "
              "quantity_unknown_amount returned_amount current_amount",
              ["year_before", "Cables", 500.0, 20.0, -60.0, 0.0, 0.0, 0.0, 460.0],
              ["year_before", "Drives", 500.0, 30.0, 280.0, -20.0, 0.0, -50.0, 740.0])
ATTAINMENT = frame(
    "scope scope_id metric from_date to_date target actual elapsed_share expected_amount "
    "attainment_rate gap run_rate_amount run_rate_basis verdict pace note",
    *[[scope, name, metric, pd.Timestamp(start), pd.Timestamp("2025-12-31"), target, actual, 1.0,
       target, actual / target, actual - target, actual, "calendar",
       "met" if actual >= target else "not met", "ahead" if actual >= target else "behind", ""]
      for scope, name, metric, start, target, actual in (
          ("account", "A1", "net_amount", "2025-10-01", 200.0, 100.0),
          ("company", "", "net_amount", "2025-10-01", 1000.0, 1200.0),
          ("region", "East", "net_amount", "2025-10-01", 800.0, 760.0),
          ("company", "", "net_amount", "2025-01-01", 5000.0, 4000.0),
          ("company", "", "margin_share", "2025-10-01", 0.2, 0.25))])
CONCENTRATION = frame(
    "span n_accounts net_amount top_1_share top_5_share top_10_share hhi effective_accounts "
    "largest_order_id largest_order_account_id largest_order_amount largest_order_share "
    "largest_order_unit_price n_below_zero",
    ["period", 12, 1200.0, 0.3, 0.7, 0.96, 0.125, 8.0, "O-9", "A1", 120.0, 0.1, 2.5, 1],
    ["previous", 13, 1500.0, 0.25, 0.6, 0.9, 0.1, 10.0, "O-7", "A2", 100.0, 0.07, 2.5, 0],
    ["year_before", 11, 1000.0, 0.28, 0.72, 0.98, 0.2, 5.0, "O-1", "A1", 90.0, 0.09, 2.5, 0])
CHANGES = frame("account_id net_amount base_net_amount change_amount change_rate",
                ["A1", 360.0, 280.0, 80.0, 0.29])
TABLES = {"summary": SUMMARY, "trend": TREND, "breakdown": BREAKDOWN, "cross": CROSS,
          "account_type_mix": MIX, "growth": GROWTH, "growth_lines": LINES,
          "attainment": ATTAINMENT, "concentration": CONCENTRATION,
          "product_line_mix": MIX, "account_changes": CHANGES}
REST = {"rules": SalesRules(), "period": parse_period("2025Q4"), "target_amount": None}


@pytest.fixture
def result():
    return Sales(**TABLES, **REST, base="year_before", refused={})


@pytest.fixture
def nothing():
    # As a refused table is made: without the types of its columns.
    return Sales(**{name: pd.DataFrame(columns=list(table)) for name, table in TABLES.items()},
                 **REST, base="",
                 refused={name: f"There is too little for {name}." for name in TABLES})


@pytest.fixture
def baseless(result):
    """The known history begins with the period."""
    return replace(result, base="", summary=SUMMARY.iloc[:0], growth=GROWTH.iloc[:0],
                   growth_lines=LINES.iloc[:0],
                   breakdown=BREAKDOWN.assign(previous_net_amount=np.nan,
                                              year_before_net_amount=np.nan),
                   account_type_mix=MIX.iloc[:0], concentration=CONCENTRATION.iloc[:1],
                   refused=dict.fromkeys(["summary", "growth", "growth_lines",
                                          "account_type_mix"], "No base is known."))


def plain(text):
    return text.replace(NO_BREAK, " ")


def bars(ax):
    return {container.get_label(): [max(p.get_height(), p.get_width(), key=abs)
                                    if container.orientation == "vertical" else p.get_width()
                                    for p in container] for container in ax.containers}


def test_trend_names_the_change_in_money_first(result):
    ax = figures.plot_trend(result, currency="CNY")
    assert plain(plain_title(ax)) == (
        "Net sales of 2025Q4 were 1.20 k CNY, 200 CNY (20.0 %) more than in 2024Q4")
    assert [p.get_height() for p in ax.containers[1]] == [350, 500, 350]
    assert len(ax.containers[0]) == 12
    assert ax.get_ylabel() == "net sales of the month (CNY)"


def test_trend_leads_with_the_previous_period_where_no_year_is_known(result):
    ax = figures.plot_trend(replace(result, summary=SUMMARY.iloc[:1], base="previous"),
                            currency="CNY")
    assert plain(plain_title(ax)).endswith("300 CNY (20.0 %) less than in 2025Q3")


def test_without_a_base_the_sum_is_told_alone(baseless):
    assert plain(plain_title(figures.plot_trend(baseless))) == (
        "Net sales of 2025Q4 were 1.20 k; there is no known base to compare with")
    assert plain(figures.read_summary(baseless)) == (
        "Net sales of 2025Q4 are 1.20 k. No base is known.")
    assert plain(plain_title(breakdown.plot_where(baseless))) == (
        "Most net sales come from East: 700")


def test_open_months_stand_apart(result):
    trend = TREND.assign(is_complete=MONTHS < "2025-12-01")
    cut = replace(result, trend=trend)
    assert bars(figures.plot_trend(cut))["month not complete"] == [350]
    assert "1 month is not complete" in figures.read_trend(cut)


def test_summary_reading_names_both_bases(result):
    assert plain(figures.read_summary(result, currency="CNY")) == (
        "12 accounts bought for 1.26 k CNY in 2025Q4 and returned 60 CNY; net sales are 1.20 k "
        "CNY. Against 2024Q4: +200 CNY, +20.0 %. Against 2025Q3: -300 CNY, -20.0 %.")


def test_trend_reading_knows_the_season(result):
    assert plain(figures.read_trend(result, currency="CNY")) == (
        "The largest month was November 2025 with 500 CNY, against 320 CNY a year before. By its "
        "season alone that month is worth 1.25 average months.")


def test_bridge_starts_at_the_base_and_ends_at_the_period(result):
    ax = growth.plot_bridge(result, currency="CNY")
    starts = [bar.get_y() for bar in ax.patches]
    steps = [bar.get_height() for bar in ax.patches]
    assert steps == [50, 220, 30, -50, -50]  # nothing of unknown quantity: no empty step
    assert starts[0] == 1000
    assert starts[-1] + steps[-1] == 1200
    assert [t.get_text().replace("\n", " ") for t in ax.get_xticklabels()] == [
        "2024Q4", "Price", "Volume", "New products", "Products gone", "Effect of returns", "2025Q4"]
    assert plain(plain_title(ax)) == (
        "Net sales rose by 200 CNY against 2024Q4: volume (+220 CNY) added most, effect of returns "
        "(-50 CNY) took most")


def test_bridge_of_the_other_base(result):
    ax = growth.plot_bridge(result, comparison="previous")
    assert plain(plain_title(ax)) == (
        "Net sales fell by 300 against 2025Q3: volume (-300) made most of it")
    assert plain(growth.read_bridge(result, comparison="previous")) == (
        "Against 2025Q3: volume -300; together -300.")


def test_lines_begin_with_the_largest_change(result):
    assert growth.lines_of(result)["return_effect_amount"].tolist() == [-50, 0]
    assert len(growth.parts_of(result)) == 8
    assert growth.caption_of(result, "previous") == "Net sales from 2025Q3 to 2025Q4"
    assert growth.lines_of(result)["product_line"].tolist() == ["Drives", "Cables"]
    assert plain(growth.read_lines(result)) == (
        "Most gained Drives: +240 against 2024Q4, of which price +30 and volume +280. "
        "Most lost Cables: -40 against 2024Q4, of which price +20 and volume -60.")


def test_small_categories_are_added_up(result):
    rows = [["region", f"R{i:02d}", 1, 0.05, 10.0 - i / 10, 0.05, 1.0, 5.0, 0.0, 5.0, 0.0, 0.0,
             1.0, 1.0, 0.2, 1.0, "A1", 1.0, 0] for i in range(20)]
    many = replace(result, breakdown=frame(" ".join(BREAKDOWN.columns), *rows))
    ax = breakdown.plot_where(many, dimensions=["region"])
    assert [t.get_text() for t in ax.get_yticklabels()][-1] == "12 others"
    assert sum(bars(ax)["Region"]) == pytest.approx(sum(row[4] for row in rows))


def test_where_has_one_series_for_each_dimension(result):
    ax = breakdown.plot_where(result)
    assert bars(ax) == {"Region": [700, 400, 100], "Channel": [700, 400, 100]}
    assert ax.lines[0].get_xdata().tolist() == [400, 540, 60] * 2
    alt = plain(describe_axes(ax))
    assert "Bars “Channel”: East 700;" in alt


def test_a_dimension_that_is_not_given_is_named(result):
    # Without any of those wanted, those there are.
    ax = breakdown.plot_where(result, dimensions=["industry"])
    assert list(bars(ax)) == ["Region", "Channel"]


def test_where_reading_names_dependence_and_what_is_not_given(result):
    assert plain(breakdown.read_where(result, dimensions=["region"], currency="CNY",
                                      names={"A1": "Ada"})) == (
        'Most net sales come from East (region; 700 CNY, 58 %). In East one account, Ada, brings '
        '40 %. In <West & "Co"> one account, Ada, brings 90 %. Not given: region of 100 CNY '
        '(8.3 %).')


def test_totals_tie_out_or_are_named(result):
    assert breakdown.read_ties(result) == (
        "The totals of all 2 breakdowns are the ledger's net sales of 1,200.00, to the cent.")
    wrong = BREAKDOWN.copy()
    wrong.loc[7, "net_amount"] += 0.01
    assert breakdown.read_ties(replace(result, breakdown=wrong)) == (
        "The ledger's net sales are 1,200.00; these breakdowns give another total: "
        "Channel 1,200.01.")


def test_rows_of_keeps_the_total(result):
    assert breakdown.rows_of(result, "channel")["category"].tolist()[-1] == "total"
    assert len(breakdown.rows_of(result, "channel", "region")) == len(BREAKDOWN)


def test_cross_cells_and_the_title_leaves_out_the_tiny(result):
    ax = margins.plot_cross(result)
    cells = [plain(text.get_text()) for text in ax.texts]
    assert cells == ["12 %\n500", "31 %\n400", "22 %\n290", "-90 %\n10"]
    assert plain(plain_title(ax)) == ("Margin is highest for Drives in Power: 31 %; lowest for "
                                      "Cables in Power: 12 %")


def test_cross_without_cost_shows_sales(result):
    unknown = CROSS.assign(margin_share=np.nan, margin_known_share=0.0)
    ax = margins.plot_cross(replace(result, cross=unknown))
    assert [text.get_text() for text in ax.texts] == ["500", "400", "290", "10"]
    assert plain_title(ax) == "Net sales of each industry and product line"
    assert "too few" in margins.read_cross(replace(result, cross=unknown))


def test_mix_is_told_in_points(result):
    assert margins.read_mix(result) == (
        "The margin share moved by -0.8 percentage points against 2024Q4: +1.2 because sales "
        "moved between types of accounts, -2.0 because the types' own margins moved. The largest "
        "own move: Intermediary, -2.0 points.")


def test_attainment_shows_the_periods_targets_of_net_sales(result):
    ax = attainment.plot_attainment(result, currency="CNY", names={"A1": "Ada 💡"})
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Ada 💡", "East", "Company"]
    assert [p.get_width() for p in ax.containers[0]] == [0.5, 0.95, 1.2]
    assert plain(plain_title(ax)) == (
        "The company reached 1.20 k CNY of its target of 1.00 k CNY (120 %); 2 of 3 targets are "
        "missed or behind")
    assert plain(attainment.read_attainment(result, names={"A1": "Ada"})) == (
        "2 of 3 targets are missed or behind what is expected by now. Most is missing at Ada: "
        "100, with 50 % of the target reached.")


def test_running_targets_have_a_mark_of_their_pace(result):
    running = ATTAINMENT.assign(to_date=pd.Timestamp("2026-03-31"), elapsed_share=0.5, pace="ahead",
                                verdict="cannot tell", expected_amount=ATTAINMENT["target"] * 0.4)
    ax = attainment.plot_attainment(replace(result, attainment=running))
    assert ax.lines[0].get_xdata().tolist() == pytest.approx([0.4] * 3)
    assert "the mark is what is expected by now" in ax.get_xlabel()
    assert attainment.read_attainment(replace(result, attainment=running)) == (
        "0 of 3 targets are missed or behind what is expected by now.")


def test_each_scope_has_the_targets_nearest_to_the_period(result):
    year = ATTAINMENT.iloc[[0]].assign(from_date=pd.Timestamp("2025-01-01"))
    month = ATTAINMENT.iloc[[0]].assign(from_date=pd.Timestamp("2025-12-01"))
    held = pd.concat([year, month, ATTAINMENT.iloc[1:2], year.assign(scope="company", target=1.0)])
    ax = attainment.plot_attainment(replace(result, attainment=held))
    assert [t.get_text().replace("\n", " ") for t in ax.get_yticklabels()] == [
        "A1, January 2025 to December 2025", "Company"]


def test_a_year_has_one_base(result):
    summary = pd.concat([SUMMARY.iloc[[1]].assign(comparison="previous"), SUMMARY.iloc[[1]]])
    year = replace(result, summary=summary, concentration=CONCENTRATION.iloc[[0, 2, 2]].assign(
        span=["period", "previous", "year_before"]))
    assert list(bars(figures.plot_concentration(year))) == ["2025Q4", "2024Q4"]
    assert figures.read_summary(year).count("2024Q4") == 1


def test_more_targets_than_fit_are_counted(result):
    many = pd.concat([ATTAINMENT.iloc[:1].assign(scope_id=f"A{i}") for i in range(20)])
    ax = attainment.plot_attainment(replace(result, attainment=many))
    assert len(ax.patches) == 16
    assert ax.get_xlabel() == (
        "share of the target for October 2025 to December 2025 reached (%); 4 more in the table")


def test_nobody_above_zero_is_said(result):
    none = CONCENTRATION.assign(top_1_share=np.nan, top_5_share=np.nan, top_10_share=np.nan)
    assert figures.read_concentration(replace(result, concentration=none)) == (
        "No account has net sales above zero in 2025Q4.")


def test_concentration_bars_are_the_three_spans(result):
    ax = figures.plot_concentration(result)
    assert bars(ax) == {"2025Q4": [0.3, 0.7, 0.96], "2024Q4": [0.28, 0.72, 0.98],
                        "2025Q3": [0.25, 0.6, 0.9]}
    assert plain(plain_title(ax)) == (
        "The 10 largest accounts bring 96.0 % of net sales, against 98.0 % in 2024Q4")
    assert plain(figures.read_concentration(result, currency="CNY", names={"A1": "Ada"})) == (
        "Sales of 2025Q4 are spread as if 8.0 equal accounts brought them, of 12 (Herfindahl "
        "index 0.1250). In 2024Q4 it was 5.0. The largest order, O-9 of Ada, is 120 CNY: "
        "10.0 % of gross sales. 1 account returned more than it bought and counts as zero here.")


def test_largest_orders_are_those_of_the_period():
    orders = frame("span rank order_id account_id order_date quantity gross_amount "
                   "span_gross_amount",
                   ["period", 1, "O-9", "A1", pd.Timestamp("2025-11-03"), 48.0, 120.0, 1260.0],
                   ["period", 2, "O-8", "A2", pd.Timestamp("2025-12-03"), None, 63.0, 1260.0],
                   ["year_before", 1, "O-1", "A1", pd.Timestamp("2024-11-03"), 1.0, 1.0, 1010.0])
    table = figures.orders_of(orders)
    assert table["order_share"].tolist() == pytest.approx([120 / 1260, 0.05])
    assert table["unit_price"].tolist()[0] == 2.5
    assert table["unit_price"].isna().tolist() == [False, True]


def test_price_of_a_unit_as_published():
    # Catalogue PRT-06: 430 aircraft of one order for 49.5 billion USD are 115.12 million each.
    order = frame("span rank order_id account_id order_date quantity gross_amount "
                  "span_gross_amount", ["period", 1, "A320neo", "A", pd.NaT, 430.0, 49.5e9, 99e9])
    row = figures.orders_of(order).iloc[0]
    assert row["unit_price"] == pytest.approx(115.12e6, abs=0.005e6)
    assert row["order_share"] == 0.5


@pytest.mark.parametrize("plot", PLOTS)
def test_empty_result_gives_its_reason_on_the_chart(plot, nothing):
    ax = plot(nothing)
    assert plain_title(ax) == "There is nothing to show"
    assert "There is too little for" in ax.texts[0].get_text().replace("\n", " ")


@pytest.mark.parametrize("plot", PLOTS)
def test_every_chart_can_be_drawn_without_a_base(plot, result, baseless):
    for table in (result, baseless):
        assert render_svg(plot(table, currency="CNY").get_figure(), name="x").startswith("<svg")


@pytest.mark.parametrize("read", READS)
def test_every_reading_is_a_sentence_without_gaps(read, result, nothing, baseless):
    for table in (result, nothing, baseless):
        text = read(table)
        assert text.endswith(".")
        assert "nan" not in text


def test_shown_columns_have_names():
    tuples = [getattr(module, name) for module in (figures, growth, breakdown, margins, attainment)
              for name in dir(module) if name.endswith("_COLUMNS")]
    assert max(len(names) for names in tuples) <= 11
    every = {c for names in tuples for c in names} | {c for t in TABLES.values() for c in t}
    assert [column for column in sorted(every) if heading(column) == column] == []


def test_the_tables_are_those_of_the_room():
    assert {*TABLES, *REST, "base", "refused"} == {field.name for field in fields(Sales)}
