"""The two matrices: cells, cuts, who stands apart, and what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import InputError, RefusedError
from kamlib.labels import label
from kamlib.segmentation.matrices.inputs import account_matrix_inputs, line_matrix_inputs
from kamlib.segmentation.matrices.matrix import (
    APART,
    CELLS,
    MATRIX_COLUMNS,
    MATRIX_CUT_COLUMNS,
    build_matrix,
    find_matrix_cuts,
)
from kamlib.segmentation.matrices.rules import MatrixRules

RULES = MatrixRules()


def build_table(rows, *, subject="account"):
    """rows: id, amount, amount before, margin, amount with known cost (all when left out)."""
    full = [(*row, row[1]) if len(row) == 4 else row for row in rows]
    table = pd.DataFrame(full, columns=["subject_id", "amount", "amount_before", "margin_amount",
                                        "margin_known_amount"])
    return table.assign(subject=subject)


# One of each cell; growth of all is 230 / 200 - 1 = 15 %, the median share 55 / 230.
FOUR = [("cow", 80.0, 80.0, 20.0), ("dog", 20.0, 30.0, 1.0), ("ask", 30.0, 10.0, 9.0),
        ("star", 100.0, 80.0, 8.0)]


def cells(rows, variant="growth_share", rules=RULES, **options):
    matrix = build_matrix(build_table(rows, **options), variant=variant, rules=rules)
    return dict(zip(matrix["subject_id"], matrix["cell"], strict=True))


def test_growth_and_share_give_the_cells_of_the_boston_matrix():
    # Catalogue BEH-03 (S4 L183): star high in both, dog low in both; cash cow high share only.
    assert cells(FOUR) == {"ask": "bcg_question_mark", "cow": "bcg_cash_cow", "dog": "bcg_dog",
                           "star": "bcg_star"}
    matrix = build_matrix(build_table(FOUR), variant="growth_share", rules=RULES)
    assert matrix.columns.tolist() == MATRIX_COLUMNS
    assert matrix["amount_share"].sum() == pytest.approx(1)
    assert matrix["growth_rate"].tolist() == pytest.approx([2.0, 0.0, -1 / 3, 0.25])
    assert matrix["action"].tolist() == [f"action_{cell}" for cell in matrix["cell"]]


def test_sales_and_margin_place_the_same_subjects_elsewhere():
    # Median sales 55, median margin 8.5.
    assert cells(FOUR, "sales_profit") == {
        "ask": "small_profitable", "cow": "big_profitable", "dog": "small_unprofitable",
        "star": "big_unprofitable"}


def test_cuts_are_printed():
    cuts = find_matrix_cuts(build_table(FOUR), variant="growth_share", rules=RULES)
    assert cuts.columns.tolist() == MATRIX_CUT_COLUMNS
    assert cuts["axis"].tolist() == ["amount_share", "growth_rate"]
    assert cuts["cut_rule"].tolist() == ["median", "total_growth"]
    assert cuts["cut_value"].tolist() == pytest.approx([55 / 230, 0.15])
    assert (cuts["n_placed"].tolist(), cuts["n_high"].tolist()) == ([4, 4], [2, 2])


@pytest.mark.parametrize(("rules", "variant", "rule", "values"), [
    ({"share_cut": "mean", "growth_cut": "zero"}, "growth_share", ["mean", "zero"], [0.25, 0.0]),
    ({"share_threshold": 0.1, "growth_threshold": 0.3}, "growth_share", ["absolute"] * 2,
     [0.1, 0.3]),
    ({"sales_cut": "mean", "margin_cut": "mean"}, "sales_profit", ["mean"] * 2, [57.5, 9.5]),
    ({"sales_threshold": 30.0, "margin_threshold": 0.0}, "sales_profit", ["absolute"] * 2,
     [30.0, 0.0])])
def test_every_cut_can_be_chosen(rules, variant, rule, values):
    cuts = find_matrix_cuts(build_table(FOUR), variant=variant, rules=MatrixRules(**rules))
    assert cuts["cut_rule"].tolist() == rule
    assert cuts["cut_value"].tolist() == pytest.approx(values)


def test_the_cut_belongs_to_the_high_side():
    found = cells(FOUR, rules=MatrixRules(share_threshold=30 / 230, growth_threshold=0.25))
    assert found["ask"] == found["star"] == "bcg_star"


def test_subjects_without_a_base_stand_apart_and_move_no_cut():
    rows = [*FOUR, ("new", 500.0, 0.0, 9.0), ("never", 0.0, 0.0, 0.0), ("gone", 0.0, 90.0, 0.0),
            ("back", 10.0, -5.0, 1.0)]
    found = cells(rows, rules=MatrixRules(growth_cut="zero"))
    assert {k: found[k] for k in ("new", "gone", "back")} == {
        "new": "new", "gone": "gone", "back": "no_base"}
    assert "never" not in found
    cuts = find_matrix_cuts(build_table(rows), variant="growth_share", rules=RULES)
    assert cuts["n_placed"].tolist() == [4, 4]
    assert cuts["cut_value"].iloc[0] == pytest.approx(55 / 740)  # share of all, new ones too
    apart = build_matrix(build_table(rows), variant="growth_share", rules=RULES).set_index(
        "subject_id").loc["new"]
    assert pd.isna(apart["x_high"]) and pd.isna(apart["growth_rate"])


def test_more_returned_than_bought_is_low_on_both():
    rows = [*FOUR, ("back", -10.0, 40.0, -3.0)]
    matrix = build_matrix(build_table(rows), variant="growth_share", rules=RULES)
    row = matrix.set_index("subject_id").loc["back"]
    assert (row["cell"], row["growth_rate"]) == ("bcg_dog", pytest.approx(-1.25))
    assert row["amount_share"] == pytest.approx(-10 / 220)
    assert cells(rows, "sales_profit")["back"] == "small_unprofitable"


def test_margin_counts_as_unknown_below_the_known_share():
    rows = [*FOUR, ("half", 100.0, 1.0, 9.0, 50.0), ("less", 100.0, 1.0, 9.0, 49.0),
            ("none", 100.0, 1.0, 0.0, 0.0)]
    found = cells(rows, "sales_profit")
    assert (found["half"], found["less"], found["none"]) == (
        "big_profitable", "margin_unknown", "margin_unknown")


@pytest.mark.parametrize("variant", CELLS)
def test_equal_subjects_share_one_cell(variant):
    rows = [(f"{i}", 0.1 * 3, 0.1, 0.07) for i in range(7)]
    found = set(cells(rows, variant).values())
    assert found == {next(iter(CELLS[variant].values()))}  # at the cut, so high on both


@pytest.mark.parametrize(("rows", "variant", "message"), [
    ([("a", 9.0, 8.0, 1.0)], "growth_share", "needs at least two that can be compared.* are 1"),
    ([("a", 9.0, 8.0, 1.0)], "sales_profit", "needs at least two that can be compared.* are 1"),
    ([], "sales_profit", "there are 0"),
    ([("a", 9.0, np.nan, 1.0), ("b", 9.0, np.nan, 1.0)], "growth_share", "a year before"),
    ([("a", -9.0, 1.0, 1.0), ("b", 2.0, 1.0, 1.0)], "growth_share", "total above zero"),
    ([("a", 9.0, 1.0, 0.0, 0.0), ("b", 9.0, 1.0, 0.0, 0.0)], "sales_profit", "Cost is not known"),
    ([("a", 9.0, -3.0, 0.0), ("b", 9.0, 1.0, 0.0), ("c", 9.0, 1.0, 0.0)], "growth_share",
     "no growth to cut at")])
def test_what_cannot_be_placed_is_refused(rows, variant, message):
    with pytest.raises(RefusedError, match=message):
        build_matrix(build_table(rows), variant=variant, rules=RULES)


def test_wrong_calls_are_told_what_to_do():
    with pytest.raises(InputError, match="Did you mean 'growth_share'"):
        build_matrix(build_table(FOUR), variant="growthshare", rules=RULES)
    with pytest.raises(InputError, match=r"amount_before is missing.*account_matrix_inputs"):
        build_matrix(build_table(FOUR).drop(columns="amount_before"), variant="sales_profit",
                     rules=RULES)


def test_every_cell_and_action_has_words():
    for code in [*APART, *(cell for names in CELLS.values() for cell in names.values())]:
        assert label(code) != code
        assert label(f"action_{code}") != f"action_{code}"


amounts = st.integers(-50, 1000).map(float)


@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=3, max_size=25), st.randoms())
@settings(max_examples=15, deadline=None)
def test_row_order_and_currency_do_not_matter(rows, random):
    table = build_table([(f"{i:02d}", *row) for i, row in enumerate(rows)])
    money = ["amount", "amount_before", "margin_amount", "margin_known_amount"]
    for variant in CELLS:
        try:
            expected = build_matrix(table, variant=variant, rules=RULES)
        except RefusedError:
            continue
        mixed = table.sample(frac=1, random_state=random.randrange(1000))
        pd.testing.assert_frame_equal(build_matrix(mixed, variant=variant, rules=RULES), expected)
        other = build_matrix(table.assign(**{c: table[c] * 8 for c in money}), variant=variant,
                             rules=RULES)
        assert other["cell"].tolist() == expected["cell"].tolist()
        assert len(expected) == (table[["amount", "amount_before"]] != 0).any(axis=1).sum()


def build_facts(amounts, *, ids="abc"):
    return pd.DataFrame({"account_id": list(ids), "net_amount_window": amounts,
                         "margin_amount_window": 1.0, "margin_known_amount_window": amounts})


def test_accounts_come_with_their_window_a_year_before():
    now, before = build_facts([9.0, 8.0, 7.0]), build_facts([3.0, 2.0, 1.0], ids="bcd")
    table = account_matrix_inputs(now, before)
    assert table["subject"].unique().tolist() == ["account"]
    assert table[["subject_id", "amount", "amount_before"]].to_numpy().tolist() == [
        ["a", 9.0, 0.0], ["b", 8.0, 3.0], ["c", 7.0, 2.0]]
    assert account_matrix_inputs(now, None)["amount_before"].isna().all()
    cut = before.assign(net_amount_window=np.nan)
    assert account_matrix_inputs(now, cut)["amount_before"].isna().all()
    with pytest.raises(RefusedError, match="begins before the known history"):
        account_matrix_inputs(cut, before)


QUARTERS = pd.date_range("2024-01-01", "2025-12-31", freq="QS")


def build_products():
    rows = [("a", line, "direct", quarter, amount) for line, first in (("Cables", 1.0), ("", 10.0))
            for amount, quarter in enumerate(QUARTERS, start=int(first))]
    products = pd.DataFrame(rows, columns=["account_id", "product_line", "channel", "quarter",
                                           "net_amount"])
    return products.assign(margin_amount=0.5, margin_known_amount=products["net_amount"])


def test_lines_are_sums_of_whole_quarters():
    table = line_matrix_inputs(build_products(), as_of=date(2025, 12, 31),
                               history_from=date(2024, 1, 1))
    # Cables sell 1 to 8 from quarter to quarter, sales without a line 10 to 17.
    assert table[["subject_id", "amount", "amount_before"]].to_numpy().tolist() == [
        ["Cables", 26.0, 10.0], ["unknown", 62.0, 46.0]]
    assert table["margin_amount"].tolist() == [2.0, 2.0]
    short = line_matrix_inputs(build_products(), as_of=date(2025, 12, 31), window_months=6)
    assert short[["amount", "amount_before"]].to_numpy().tolist() == [[15.0, 7.0], [33.0, 25.0]]


def test_lines_need_whole_quarters_and_a_known_history():
    products = build_products()
    for as_of, months in ((date(2025, 11, 30), 12), (date(2025, 12, 30), 12),
                          (date(2025, 12, 31), 10)):
        with pytest.raises(RefusedError, match="not made of whole quarters"):
            line_matrix_inputs(products, as_of=as_of, window_months=months)
    cut = line_matrix_inputs(products, as_of=date(2025, 12, 31), history_from=date(2024, 1, 2))
    assert cut["amount_before"].isna().all()
    with pytest.raises(RefusedError, match="begins before the known history"):
        line_matrix_inputs(products, as_of=date(2025, 12, 31), history_from=date(2025, 1, 2))


def test_sales_without_a_line_are_no_line():
    table = line_matrix_inputs(build_products(), as_of=date(2025, 12, 31))
    with pytest.raises(RefusedError, match=r"there are 1; other sales carry no product line"):
        build_matrix(table, variant="growth_share", rules=RULES)
