"""Charts and readings of the segmentation: numbers are read off the Axes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.figures import segmentation as figures
from kamlib.figures.describe import describe_axes
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK
from kamlib.period import parse_period
from kamlib.segmentation import SegmentationRules, segment_accounts

PLOTS = [figures.plot_shares, figures.plot_pareto, figures.plot_lorenz, figures.plot_rfm,
         figures.plot_migration]
READS = [figures.read_cuts, figures.read_shares, figures.read_pareto, figures.read_lorenz,
         figures.read_rfm, figures.read_migration]


def build_result(amounts, orders, *, days=None, before=None):
    def facts(values, counts):
        table = pd.DataFrame({
            "account_id": [f"{i:03d}" for i in range(len(values))],
            "n_orders_window": pd.array(counts, dtype="Int64"),
            "net_amount_window": np.array(values, dtype="float64"),
            "days_since_last_sale": pd.array(days or [10] * len(values), dtype="Int64")})
        table["margin_amount_window"] = table["net_amount_window"] * 0.25
        table["margin_known_amount_window"] = table["net_amount_window"]
        return table

    earlier = {"previous": facts(*before) if before else None, "year_before": None}
    return segment_accounts(facts(amounts, orders), rules=SegmentationRules(), earlier=earlier,
                            period=parse_period("2025Q4"), history_from=date(2020, 1, 1))


@pytest.fixture(scope="module")
def result():
    # Two core, two important (one by each), one general; the win-back account is the second.
    return build_result([50, 30, 12, 5, 3], [9, 1, 8, 2, 1], days=[1, 200, 3, 2, 90],
                        before=([50, 30, 12, 5, 3], [9, 8, 1, 2, 1]))


@pytest.fixture(scope="module")
def nothing():
    return build_result([], [])


def plain(text):
    return text.replace(NO_BREAK, " ")


def test_shares_are_the_heights_of_the_bars(result):
    ax = figures.plot_shares(result)
    heights = [[bar.get_height() for bar in container] for container in ax.containers]
    assert heights[0] == pytest.approx([0.2, 0.4, 0.4])
    assert heights[1] == pytest.approx([0.5, 0.42, 0.08])
    assert plain(plain_title(ax)) == "Core is 20 % of the accounts and 50 % of net sales"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["Core", "Important", "General"]
    assert "(%)" in ax.get_ylabel()


def test_published_shares_stand_beside_them(result):
    marks = [line.get_ydata().tolist() for line in figures.plot_shares(result).lines]
    assert marks == [[0.2, 0.4, 0.4], [0.6, 0.3, 0.1]]


def test_pareto_marks_the_crossing(result):
    ax = figures.plot_pareto(result)
    points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines
              if line.get_marker() == "o"]
    assert points == [pytest.approx((0.4, 0.8))] * 2  # sales and margin, which are proportional
    assert plain(plain_title(ax)) == "2 of 5 accounts (40 %) bring 80 % of net sales"
    assert plain(figures.read_pareto(result)) == (
        "2 of 5 accounts (40 %) reach 80 % of net sales. The account that crosses the line takes "
        "the sum from 50.0 % to 80.0 % and is counted among the largest. Of the margin, known for "
        "100 % of net sales, the same line takes 2 accounts.")


def test_lorenz_ends_in_both_corners(result):
    curve = figures.plot_lorenz(result).lines[1].get_xydata()
    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == pytest.approx([1, 1])


def test_rfm_bars_are_sales_in_currency(result):
    ax = figures.plot_rfm(result, currency="CNY")
    widths = {label.get_text(): bar.get_width()
              for label, bar in zip(ax.get_yticklabels(), ax.patches, strict=True)}
    assert widths["Important, to win back"] == 30
    assert sum(widths.values()) == 100
    assert ax.get_xlabel() == "net sales of 12 months (CNY)"
    assert plain(plain_title(ax)) == (
        "1 large account is to be won back; it brought 30 CNY in 12 months")


def test_rfm_reading_names_a_one_sided_cut():
    lopsided = build_result(range(10, 20), [1] * 10, days=[*range(1, 11)])
    assert plain(figures.read_rfm(lopsided)).endswith(
        "The cut on orders is one-sided: 100 % of the accounts lie on its high side.")


def test_migration_cells_are_the_matrix(result):
    ax = figures.plot_migration(result)
    cells = [text.get_text() for text in ax.texts]
    matrix = result.migration[["n_core", "n_important", "n_general", "n_no_sales"]].to_numpy()
    assert cells == [str(n) for n in matrix.ravel()]
    assert plain_title(ax) == "2 accounts changed their tier since the previous period"


def test_alt_text_tells_the_bars(result):
    assert "Core 20 %; Important 40 %; General 40 %" in plain(
        describe_axes(figures.plot_shares(result)))


@pytest.mark.parametrize("plot", PLOTS)
def test_empty_result_says_so_on_the_chart(plot, nothing):
    assert plain_title(plot(nothing)) == "There is nothing to show"


@pytest.mark.parametrize("read", READS)
def test_every_reading_is_a_sentence_without_gaps(read, result, nothing):
    for text in (read(result), read(nothing)):
        assert text.endswith(".")
        assert "nan" not in text
