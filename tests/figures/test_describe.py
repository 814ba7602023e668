"""Alt texts: the numbers that were drawn are the numbers that are told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import seaborn as sns

from kamlib.figures.describe import describe_axes
from kamlib.figures.theme import amount_axis, new_axes, share_axis
from kamlib.language import NO_BREAK, using


def test_bars_are_told_with_their_categories_and_units():
    ax = new_axes()
    ax.bar(["Core", "General"], [0.6, 0.4])
    share_axis(ax)
    ax.set(title="Core accounts bring 60 % of sales", xlabel="Tier", ylabel="Share of sales")
    assert describe_axes(ax).replace(NO_BREAK, " ") == (
        "Core accounts bring 60 % of sales. Horizontal axis: Tier. Vertical axis: Share of sales. "
        "Bars: Core 60 %; General 40 %.")


def test_horizontal_bars_are_told_by_width():
    ax = new_axes()
    ax.barh(["Lost", "New"], [1_200_000, 350_000], label="2025")
    amount_axis(ax, axis="x", currency="CNY")
    assert describe_axes(ax).replace(NO_BREAK, " ") == (
        "Bars “2025”: Lost 1.2 M CNY; New 350 k CNY.")


def test_grouped_seaborn_bars_keep_category_and_series():
    data = pd.DataFrame({"tier": ["A", "A", "B", "B"], "year": ["24", "25"] * 2, "n": [1, 2, 3, 4]})
    ax = sns.barplot(data, x="tier", y="n", hue="year", ax=new_axes(), errorbar=None, seed=0)
    text = describe_axes(ax)
    assert "“24”: A 1; B 3." in text
    assert "“25”: A 2; B 4." in text


def test_long_line_is_told_by_its_ends_and_extremes():
    ax = new_axes()
    ax.plot([date(2025, month, 1) for month in range(1, 13)] + [date(2026, 1, 1)],
            [5, 1, *range(20, 30), 7])
    assert describe_axes(ax) == (
        "Line: 13 values, first 1 January 2025 5, last 1 January 2026 7, "
        "lowest 1 February 2025 1, highest 1 December 2025 29.")


def test_reference_lines_and_error_bars_are_not_told_as_data():
    ax = new_axes()
    ax.errorbar([1, 2, 3], [4.25, 5, 6], yerr=[1, 1, 1], fmt="o", capsize=3)
    ax.axhline(5)
    ax.axvline(2)
    assert describe_axes(ax) == "Points: 1 4.25; 2 5; 3 6."


def test_points_of_a_scatter_and_gaps():
    ax = new_axes()
    ax.scatter([1, 2], [10, np.nan], label="accounts")
    assert describe_axes(ax) == "Points “accounts”: 1 10; 2 –."


def test_cells_of_a_heatmap_are_told_as_written():
    table = pd.DataFrame([[0.9, 0.1], [0.2, 0.8]], index=["core", "general"],
                         columns=["stay", "leave"])
    ax = sns.heatmap(table, annot=True, fmt=".0%", cbar=False, ax=new_axes())
    assert "core × stay 90%; core × leave 10%; general × stay 20%" in describe_axes(ax)


def test_chart_without_values_says_so():
    ax = new_axes()
    ax.plot([1, 2, 3], [np.nan] * 3)
    assert describe_axes(ax) == "Line: no values."


@pytest.mark.parametrize("n", [12, 13])
def test_more_than_twelve_values_become_extremes(n):
    ax = new_axes()
    ax.bar([f"a{i}" for i in range(n)], range(n))
    assert ("12 values" in describe_axes(ax) or "13 values" in describe_axes(ax)) == (n == 13)


def test_numbers_follow_the_language():
    ax = new_axes()
    ax.bar(["a"], [41_783_000])
    amount_axis(ax, currency="CNY")
    with using("zh"):
        assert "4,180万元" in describe_axes(ax)
