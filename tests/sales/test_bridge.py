"""The bridge from former to present sales closes, and is the textbook's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.sales.bridge import COMPONENTS


def bridge(sales, comparison="year_before", column="amount"):
    rows = sales.growth[sales.growth["comparison"] == comparison]
    return dict(zip(rows["component"], rows[column], strict=True))


def test_selling_price_and_sales_volume_variance_of_the_textbook(line, shop):
    # Horngren, Datar & Rajan, Cost Accounting, 14th ed. (2012), ch. 7, exhibit 7-2: Webb planned
    # 12,000 jackets at 120 and sold 10,000 at 125: selling-price variance 50,000 F, sales-volume
    # variance 240,000 U. Exercise 7-32: 7,500 frames at 80 planned, 7,275 at 82 sold: 14,550 F
    # and 18,000 U.
    rows = [line("a", "2024-10-01", 1_440_000, product="jacket", quantity=12_000, line="clothes"),
            line("a", "2025-10-01", 1_250_000, product="jacket", quantity=10_000, line="clothes"),
            line("a", "2024-10-01", 600_000, product="frame", quantity=7_500, line="glass"),
            line("a", "2025-10-01", 596_550, product="frame", quantity=7_275, line="glass")]
    sales = shop(rows).sales()
    assert bridge(sales) == {
        "base": 2_040_000, "price": 50_000 + 14_550, "volume": -240_000 - 18_000, "mix_new": 0,
        "mix_gone": 0, "quantity_unknown": 0, "returned": 0, "current": 1_846_550}
    lines = sales.growth_lines[sales.growth_lines["comparison"] == "year_before"]
    assert lines[["product_line", "base_amount", "price_amount", "volume_amount",
                  "current_amount"]].values.tolist() == [
        ["clothes", 1_440_000, 50_000, -240_000, 1_250_000],
        ["glass", 600_000, 14_550, -18_000, 596_550]]


@pytest.fixture(scope="module")
def mixed(line, shop):
    rows = [
        line("a", "2024-10-01", 100, product="P", quantity=10, channel="web"),
        line("a", "2025-10-01", 90, product="P", quantity=6, channel="web"),
        line("b", "2025-10-01", 60, product="P", quantity=4, channel="shop"),
        line("b", "2025-10-02", 7, product="P", channel="shop"),  # quantity unknown
        line("a", "2025-10-01", 55, product="new", quantity=5),
        line("a", "2024-11-01", 33, product="gone", quantity=3),
        line("a", "2024-10-01", 20, product="vague"),
        line("a", "2025-10-01", 25, product="vague", quantity=5),
        line("a", "2024-10-01", 11), line("a", "2025-10-01", 15),  # no product
        line("a", "2024-10-05", -4, product="P", kind="return"),
        line("a", "2025-10-05", -10, product="P", kind="cancellation"),
        line("a", "2025-12-01", -99, kind="adjustment")]
    return shop(rows).sales()


def test_every_component_by_hand(mixed):
    assert bridge(mixed) == {
        "base": 160, "price": (15 - 10) * 10, "volume": 0, "mix_new": 55, "mix_gone": -33,
        "quantity_unknown": 7 + 5 + 4, "returned": -6, "current": 242}
    assert bridge(mixed, column="n_products") == {
        "base": 3, "price": 1, "volume": 1, "mix_new": 1, "mix_gone": 1, "quantity_unknown": 2,
        "returned": 1, "current": 3}


def test_components_stand_in_the_order_of_the_bridge(mixed):
    assert mixed.growth["component"].tolist() == [*COMPONENTS, *COMPONENTS]
    assert mixed.growth["comparison"].drop_duplicates().tolist() == ["previous", "year_before"]


numbers = st.integers(-3, 50) | st.none()
lots = st.lists(st.tuples(
    st.sampled_from(["2024-11-01", "2025-08-01", "2025-11-01"]),
    st.sampled_from(["P", "Q", "R", ""]), st.sampled_from(["sale", "sale", "sale", "return"]),
    st.integers(0, 10**7), numbers),
    min_size=10, max_size=40)


@settings(max_examples=5, deadline=None)
@given(lots=lots)
def test_the_bridge_closes_to_the_cent_for_all_and_for_every_line(lots, line, shop):
    rows = [line("a", day, -cents / 100 if kind == "return" else cents / 100, kind=kind,
                 product=product, line={"P": "l", "Q": "m"}.get(product, ""),
                 quantity=np.nan if n is None else n) for day, product, kind, cents, n in lots]
    rows += [line("a", day, 10, product="S", quantity=1, line="l")
             for day in ("2024-11-01", "2025-08-01", "2025-11-01")]
    sales = shop(rows).sales()
    for comparison in ("previous", "year_before"):
        parts = bridge(sales, comparison)
        assert sum(v for k, v in parts.items() if k != "current") == pytest.approx(
            parts["current"], abs=0.005)
    table = sales.growth_lines
    ends = table.filter(like="_amount").drop(columns="current_amount").sum(axis=1)
    assert ends.to_numpy() == pytest.approx(table["current_amount"].to_numpy(), abs=0.005)


@pytest.mark.parametrize(("values", "reason"), [
    ({}, "The orders name no products"),
    ({"product": "P"}, "No product was sold with a known quantity in both spans"),
    ({"product": "P", "quantity": 0}, "No product was sold with a known quantity")])
def test_without_products_or_quantities_price_and_volume_are_refused(line, shop, values, reason):
    rows = [line("a", day, 10, **values) for day in ("2024-10-01", "2025-10-01")]
    sales = shop(rows).sales()
    assert sales.refused["growth"].startswith(reason)
    assert sales.growth.columns.tolist() == ["comparison", "component", "amount", "n_products"]


def test_without_a_former_span_nothing_is_compared(line, shop):
    sales = shop([line("a", "2025-10-01", 10, product="P", quantity=1)],
                 history_from="2025-08-01").sales()
    assert {"summary", "growth", "growth_lines", "account_changes"} <= set(sales.refused)
    assert (sales.base, sales.base_label) == ("", "")
