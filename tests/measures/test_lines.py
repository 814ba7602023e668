"""Order lines as measures see them: levels, customers, order-and-cancel pairs."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.measures import MeasureRules, build_levels

PAIRED = ["paired_cancellation", "paired_sale"]


@pytest.fixture
def kinds(line, ledger):
    """Mark pairs among (day, ±amount[, quantity]) of one account and product; kinds by day."""
    def mark(*moves, **rules):
        rows = [line("A", f"2025-01-{day:02d}", amount, product_id="P", order_id=f"{i:02d}",
                     quantity=rest[0] if rest else (1 if amount >= 0 else -1),
                     kind="sale" if amount >= 0 else "cancellation")
                for i, (day, amount, *rest) in enumerate(moves)]
        return [kind for _, kind in ledger(rows).rows("order_id", "line_kind", **rules)]
    return mark


def test_lines_end_with_as_of(line, ledger):
    book = ledger([line("A", "2025-01-31", 1), line("A", "2025-02-01", 2)])
    assert book.rows("amount", as_of="2025-01-31") == [(1.0,)]


def test_other_parties_are_left_out_and_no_role_is_a_customer(line, ledger):
    book = ledger([line(a, "2025-01-31", n) for n, a in enumerate("ABCD", 1)],
                  {"A": {}, "B": {"party_role": "supplier"}, "C": {"party_role": None},
                   "D": {"party_role": "partner"}})
    assert book.rows("account_id", "amount") == [("A", 1.0), ("C", 3.0)]


FAMILY = {"top": {}, "mid": {"parent_id": "top"}, "low": {"parent_id": "mid"},
          "lone": {}, "stray": {"parent_id": "nobody"}}


def test_accounts_stand_for_themselves(line, ledger):
    book = ledger([line(a, "2025-01-31", 1) for a in FAMILY], FAMILY)
    assert book.rows("account_id") == [(a,) for a in sorted(FAMILY)]


def test_a_group_is_counted_under_its_top(line, ledger):
    book = ledger([line(a, "2025-01-31", n) for n, a in enumerate(FAMILY, 1)], FAMILY)
    assert book.rows("account_id", "amount", account_level="group") == [
        ("lone", 4.0), ("stray", 5.0), ("top", 1.0), ("top", 2.0), ("top", 3.0)]


def test_levels_say_where_each_account_is_counted(line, ledger):
    book = ledger([line("top", "2025-01-31", 1)], FAMILY)
    levels = build_levels(book.accounts, rules=MeasureRules(account_level="group"))
    expected = pd.DataFrame({"account_id": ["lone", "low", "mid", "stray", "top"],
                             "level_id": ["lone", "top", "top", "stray", "top"],
                             "is_customer": True})
    pd.testing.assert_frame_equal(levels, expected, check_dtype=False)


def test_a_group_that_runs_in_a_circle_is_refused(line, ledger):
    book = ledger([line("a", "2025-01-31", 1)], {"a": {"parent_id": "b"}, "b": {"parent_id": "a"}})
    with pytest.raises(InputError) as caught:
        book.rows("account_id", account_level="group")
    assert str(caught.value) == (
        "accounts.parent_id runs in a circle: a → b → a. A group needs one account at its top; "
        "correct the parents.")


@pytest.mark.parametrize("day", [10, 11, 13])
def test_a_sale_cancelled_within_three_days_is_a_pair(kinds, day):
    assert kinds((10, 5), (day, -5)) == ["paired_sale", "paired_cancellation"]


def test_later_it_is_not(kinds):
    assert kinds((10, 5), (14, -5)) == ["sale", "cancellation"]
    assert kinds((10, 5), (14, -5), pair_days=4) == ["paired_sale", "paired_cancellation"]
    assert kinds((10, 5), (11, -5), pair_days=0) == ["sale", "cancellation"]


def test_a_cancellation_before_the_sale_is_no_pair(kinds):
    assert kinds((10, -5), (11, 5)) == ["cancellation", "sale"]
    assert kinds((10, -5), (11, 5), (12, -5)) == [
        "cancellation", "paired_sale", "paired_cancellation"]


def test_two_sales_and_one_cancellation_make_one_pair_with_the_later_sale(kinds):
    assert kinds((10, 5), (11, 5), (12, -5)) == ["sale", "paired_sale", "paired_cancellation"]


def test_one_sale_and_two_cancellations_make_one_pair(kinds):
    assert kinds((10, 5), (11, -5), (12, -5)) == [
        "paired_sale", "paired_cancellation", "cancellation"]


def test_pairs_nest_and_follow_one_another_like_brackets(kinds):
    open_close = ["paired_sale", "paired_cancellation"]
    assert kinds((1, 5), (2, -5), (3, 5), (3, -5)) == open_close * 2
    # The inner pair closes first; the outer cancellation is 3 days after its sale.
    assert kinds((1, 5), (2, 5), (3, -5), (4, -5)) == [
        "paired_sale", "paired_sale", "paired_cancellation", "paired_cancellation"]
    # Here the outer one comes 4 days after its sale, which is too late.
    assert kinds((1, 5), (2, 5), (3, -5), (5, -5)) == [
        "sale", "paired_sale", "paired_cancellation", "cancellation"]


def test_other_amounts_and_other_quantities_are_no_pair(kinds):
    assert kinds((10, 5), (10, -4)) == ["sale", "cancellation"]
    assert kinds((10, 5, 2), (10, -5, -1)) == ["sale", "cancellation"]


def test_a_cancellation_may_state_its_quantity_without_a_sign(kinds):
    assert kinds((10, 5, 2), (10, -5, 2)) == ["paired_sale", "paired_cancellation"]


def test_another_product_another_account_and_a_return_are_no_pair(line, ledger):
    given = {"quantity": 1, "product_id": "P"}
    back = given | {"quantity": -1}
    rows = [line("A", "2025-01-10", 5, **given),
            line("A", "2025-01-10", -5, **(back | {"product_id": "Q"}), kind="cancellation"),
            line("B", "2025-01-10", -5, **back, kind="cancellation"),
            line("A", "2025-01-10", -5, **back, kind="return")]
    assert [k for k, in ledger(rows).rows("line_kind")] == [
        "cancellation", "cancellation", "return", "sale"]


def test_without_product_or_quantity_nothing_is_paired(line, ledger):
    rows = [line("A", "2025-01-10", 5, quantity=1),
            line("A", "2025-01-10", -5, quantity=-1, kind="cancellation"),
            line("A", "2025-01-10", 6, product_id="P"),
            line("A", "2025-01-10", -6, product_id="P", kind="cancellation")]
    assert [k for k, in ledger(rows).rows("line_kind")] == [
        "cancellation", "cancellation", "sale", "sale"]


def test_a_pair_across_two_members_is_one_of_the_group(line, ledger):
    given = {"product_id": "P"}
    rows = [line("top", "2025-01-10", 5, quantity=1, **given),
            line("low", "2025-01-11", -5, quantity=-1, kind="cancellation", **given)]
    book = ledger(rows, {"top": {}, "low": {"parent_id": "top"}})
    assert [k for k, in book.rows("line_kind")] == ["cancellation", "sale"]
    assert [k for k, in book.rows("line_kind", account_level="group")] == PAIRED


def test_marking_keeps_every_line_and_every_column(line, ledger):
    rows = [line("A", "2025-01-10", 5, quantity=2, product_id="P", channel="web", cost_amount=3),
            line("A", "2025-01-11", -5, quantity=-2, product_id="P", channel="shop",
                 kind="cancellation", order_id="back"),
            line("A", "2025-01-11", 9)]
    assert ledger(rows).rows("order_id", "channel", "line_kind", "quantity", "amount") == [
        ("A-2025-01-10-5", "web", "paired_sale", 2.0, 5.0),
        ("A-2025-01-11-9", pytest.approx(float("nan"), nan_ok=True), "sale",
         pytest.approx(float("nan"), nan_ok=True), 9.0),
        ("back", "shop", "paired_cancellation", -2.0, -5.0)]
