"""Charts and readings of the matrices, the test of the classes and the other readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from kamlib.figures import matrices as figures
from kamlib.figures import theme
from kamlib.figures.naming import MAX_LETTERS, name_points
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK
from kamlib.segmentation import SegmentationRules
from kamlib.segmentation.matrices.matrix import (
    INPUT_COLUMNS,
    MATRIX_COLUMNS,
    MATRIX_CUT_COLUMNS,
    build_matrix,
    find_matrix_cuts,
)
from kamlib.segmentation.matrices.rules import MatrixRules
from kamlib.segmentation.matrices.switchboard import SWITCHBOARD_COLUMNS
from kamlib.segmentation.rfm import THRESHOLD_COLUMNS, find_rfm_thresholds, score_rfm
from kamlib.segmentation.rfm_backtest import BACKTEST_COLUMNS

RULES = MatrixRules()
REASON = "The history is too short. A later period would lift this."
NAMES = {"star": "Müller, \"Söhne\" & <b>Co</b> $1$ 示例 🏭", "cow": "Cow Ltd"}


def plain(text):
    return text.replace(NO_BREAK, " ")


def build_both(rows, variant):
    table = pd.DataFrame(rows, columns=INPUT_COLUMNS[1:5]).assign(subject="account")
    table["margin_known_amount"] = table["amount"]
    return (build_matrix(table, variant=variant, rules=RULES),
            find_matrix_cuts(table, variant=variant, rules=RULES))


FOUR = [("cow", 80.0, 80.0, 20.0), ("dog", 20.0, 30.0, 1.0), ("ask", 30.0, 10.0, 9.0),
        ("star", 100.0, 80.0, 8.0), ("fresh", 0.5, 0.0, 0.1)]


def points(ax):
    # Marks of one size share a collection.
    return {tuple(np.round(xy, 4)): group.get_sizes()[0] for group in ax.collections
            for xy in group.get_offsets()}


def test_bubbles_stand_at_share_and_growth_with_the_amount_as_area():
    ax = figures.plot_matrix(*build_both(FOUR, "growth_share"), currency="CNY")
    found = points(ax)
    total = 230.5
    assert set(found) == {(round(a / total, 4), round(a / b - 1, 4))
                          for _id, a, b, _margin in FOUR[:4]}
    # Areas go in twelve steps up to the largest amount: 20 of 100 takes three of them.
    assert found[round(100 / total, 4), 0.25] / found[round(20 / total, 4), -0.3333] == 12 / 3
    assert plain(plain_title(ax)) == "1 star of 4 placed brings 43 % of net sales"
    assert ax.get_xlabel() == "share of net sales of 12 months (%)"
    assert ax.get_ylabel() == "growth since the year before (%)"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "Star (1)", "Cash cow (1)", "Question mark (1)", "Dog (1)"]


def test_cut_lines_carry_their_values():
    ax = figures.plot_matrix(*build_both(FOUR, "sales_profit"), currency="CNY")
    lines = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines]
    assert [lines[0][0], lines[1][1]] == [30.0, 8.0]  # the new one is placed here, so medians of 5
    texts = [plain(text.get_text()) for text in ax.texts]
    assert texts[:2] == ["30 CNY", "8 CNY"]
    assert plain(plain_title(ax)) == (
        "3 of 5 are high in sales and margin and bring 91 % of net sales")
    assert ax.get_xlabel() == "net sales of 12 months (CNY)"


def test_names_are_shown_as_they_are_and_shortened():
    ax = figures.plot_matrix(*build_both(FOUR, "growth_share"), names=NAMES)
    theme.finish(ax.figure)
    texts = [text.get_text() for text in ax.texts]
    assert "Cow Ltd" in texts and "dog" in texts
    assert f"{NAMES['star'][:MAX_LETTERS - 1]}…" in texts
    ax.figure.savefig("/dev/null", format="svg")


def test_only_the_largest_eight_are_named():
    rows = [(f"n{i:02d}", 10.0 + i, 10.0, 1.0 + i) for i in range(20)]
    ax = figures.plot_matrix(*build_both(rows, "growth_share"))
    assert sorted(text.get_text() for text in ax.texts[2:]) == [f"n{i}" for i in range(12, 20)]


def test_names_do_not_cover_each_other():
    ax = theme.new_axes()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    name_points(ax, [(0.5, 0.5)] * 8, ["Example Ltd"] * 8, radii=[10.0] * 8)
    ax.figure.canvas.draw()
    # The text without the thread to its mark, which an annotation's own extent would hold.
    boxes = [Text.get_window_extent(text) for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize(("amount", "scale"), [(100.0, "linear"), (1e6, "symlog")])
def test_an_axis_bends_only_where_the_largest_lies_far_off(amount, scale):
    rows = [("a", amount, 80.0, 9.0), ("b", 20.0, 30.0, 1.0), ("c", 30.0, 25.0, 9.0)]
    ax = figures.plot_matrix(*build_both(rows, "sales_profit"))
    assert ax.get_xscale() == scale


@pytest.mark.parametrize(("value", "text"), [(0.1, "10 %"), (0.125, "12.5 %"), (0.001, "0.1 %"),
                                             (-0.0001, "-0.01 %"), (0.0, "0 %"), (10.0, "1,000 %")])
def test_share_ticks_are_exact(value, text):
    assert plain(figures._share(value)) == text


def test_matrix_reading_names_cuts_cells_and_who_stands_apart():
    text = plain(figures.read_matrix(*build_both(FOUR, "growth_share"), currency="CNY"))
    assert text == (
        "High is share of sales from 24 % (median) and growth from 15 % (growth of the whole "
        "portfolio). Star: 1, 100 CNY; Cash cow: 1, 80 CNY; Question mark: 1, 30 CNY; Dog: 1, "
        "20 CNY. Apart stand: New 1. Share is that of the own portfolio: a market share would "
        "need figures of the market, which the data does not hold.")


def test_reading_of_sales_by_margin_says_what_it_adds_to_size():
    along = [("a", 10.0, 10.0, 1.0), ("b", 20.0, 10.0, 2.0), ("c", 30.0, 10.0, 3.0)]
    assert figures.read_matrix(*build_both(along, "sales_profit")).endswith(
        "Margin follows sales in every case, so this matrix says no more than size.")
    off = [*along, ("d", 40.0, 10.0, 0.5)]
    assert figures.read_matrix(*build_both(off, "sales_profit"), names={"d": "Dee"}).endswith(
        "2 are high on one axis alone, the largest Dee and b; for the others margin follows "
        "sales.")


def build_summary():
    rows = [("E10", True, 10, 3, 0.3, 500.0, ""), ("E12", True, 10, 0, 0.0, 0.0, ""),
            ("E17_repeat", True, 8, 4, 0.5, 90.0, ""),
            ("E18", False, None, None, None, None, REASON)]
    names = ["reading", "is_available", "n_accounts", "n_changed", "changed_share",
             "changed_amount", "reason"]
    return pd.DataFrame(rows, columns=names).reindex(columns=SWITCHBOARD_COLUMNS)


def test_switchboard_bars_are_the_shares_with_accounts_and_money():
    ax = figures.plot_switchboard(build_summary(), currency="CNY")
    assert [bar.get_width() for bar in ax.patches] == [0.0, 0.5, 0.0, 0.3]
    assert [t.get_text() for t in ax.get_yticklabels()][1:] == [
        "Repeat purchase for recency (E17)", "Important by amount only (E12)",
        "Published shares as the rule (E10)"]
    assert [plain(text.get_text()) for text in ax.texts] == [
        "cannot be computed", "4 of 8, 90 CNY", "0 of 10, 0 CNY", "3 of 10, 500 CNY"]
    assert plain(plain_title(ax)) == (
        "Read otherwise, one rule moves 50 % of the accounts to another class")


def test_switchboard_reading_names_the_largest_change_and_the_gaps():
    assert plain(figures.read_switchboard(build_summary(), currency="CNY")) == (
        "Most accounts change class under Repeat purchase for recency (E17): 4 of 8 (50 %), with "
        "90 CNY of net sales. Most money moves under Published shares as the rule (E10): 500 CNY. "
        "Nothing changes under: Important by amount only (E12). Matrix by sales and profit (E18) "
        f"cannot be computed: {REASON}")


def build_backtest(verdict):
    nan = float("nan")
    rows = [("margin", "rfm_class", 213, 8, 44.0, 80.0, 0.72, 0.58, 0.81, "better", -0.02, -0.12,
             0.08, verdict),
            ("margin", "amount_groups", 213, 8, 31.0, 59.0, 0.74, 0.57, 0.84, "better", nan, nan,
             nan, ""),
            ("margin", "overall_mean", 213, 1, 60.0, 97.0, 0.0, nan, nan, "", -0.74, -0.84, -0.57,
             "worse")]
    return pd.DataFrame(rows, columns=BACKTEST_COLUMNS)


@pytest.mark.parametrize(("verdict", "title"), [
    ("better", "The RFM class foretold the period better than amount alone"),
    ("worse", "Amount alone foretold the period better than the RFM class"),
    ("cannot tell", "RFM class or amount alone: which foretells better cannot be told")])
def test_backtest_shows_each_predictor_with_its_interval(verdict, title):
    ax = figures.plot_backtest(build_backtest(verdict))
    assert plain_title(ax) == title
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert marks == [0.0, 0.74, 0.72]
    spans = [group.get_segments()[0][:, 0].tolist() for group in ax.collections[1:]]
    assert spans == [[0.57, 0.84], [0.58, 0.81]]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "Mean of all accounts", "Groups by amount alone", "RFM class"]
    assert ax.get_xlabel().startswith("rank correlation with the period's margin")


def test_backtest_reading():
    assert plain(figures.read_backtest(build_backtest("cannot tell"), currency="CNY")) == (
        "Of 213 accounts, the 8 classes of the period's opening order the period's margin with a "
        "rank correlation of 0.72 (0.58–0.81); as many groups by amount alone reach 0.74 "
        "(0.57–0.84). The difference is -0.02 (-0.12 to 0.08): cannot tell. The mean error is "
        "44 CNY by class, 31 CNY by amount and 60 CNY by the mean of all accounts.")


@pytest.mark.parametrize(("orders", "text"), [
    ([1] * 6 + [2, 3, 4, 5], "By orders, more than half of the accounts (60 %) are the same and "
     "share one score; 3 of 5 scores are in use."),
    ([1] * 4 + [2, 2, 3, 3, 4, 5], "By orders, 40 % of the accounts are the same; 4 of 5 scores "
     "are in use."),
    (range(1, 11), "")])
def test_scores_reading_reports_ties(orders, text):
    facts = pd.DataFrame({
        "account_id": list("abcdefghij"), "net_amount_window": np.arange(10.0),
        "days_since_last_sale": pd.array(range(10), dtype="Int64"),
        "n_orders_window": pd.array(list(orders), dtype="Int64")})
    rules = SegmentationRules()
    shown = plain(figures.read_scores(
        find_rfm_thresholds(score_rfm(facts, rules=rules), rules=rules), currency="CNY"))
    first, _dot, rest = shown.partition(". ")
    assert first.rstrip(".").startswith("The best scores take a sale no more than 1 day ago, at ")
    assert first.rstrip(".").endswith("orders and 8 CNY of net sales")
    assert rest == text


EMPTY = {
    figures.plot_matrix: (MATRIX_COLUMNS, MATRIX_CUT_COLUMNS),
    figures.read_matrix: (MATRIX_COLUMNS, MATRIX_CUT_COLUMNS),
    figures.plot_switchboard: (SWITCHBOARD_COLUMNS,), figures.plot_backtest: (BACKTEST_COLUMNS,),
    figures.read_switchboard: (SWITCHBOARD_COLUMNS,), figures.read_backtest: (BACKTEST_COLUMNS,),
    figures.read_scores: (THRESHOLD_COLUMNS,)}


@pytest.mark.parametrize("show", EMPTY)
def test_nothing_to_show_says_why(show):
    tables = [pd.DataFrame(columns=columns) for columns in EMPTY[show]]
    tables[0].attrs["reason"] = REASON
    shown = show(*tables)
    if isinstance(shown, str):
        assert shown == REASON
    else:
        assert plain_title(shown) == "There is nothing to show"
        assert " ".join(shown.texts[0].get_text().split()) == REASON
