"""Targets: found for a span of days, held against what was reached, and refused row by row."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.sales import find_target
from kamlib.sales.ledger import is_start_unsure

YEAR, QUARTER = ("2025-01-01", "2025-12-31"), ("2025-10-01", "2025-12-31")


def test_target_of_months_is_added_up_only_without_gap():
    rows = pd.DataFrame({
        "scope": "company", "metric": "net_revenue", "kind": "amount", "target": [1.0, 2.0, 3.0],
        "from_date": ["2025-10-01", "2025-11-01", "2025-12-01"],
        "to_date": ["2025-10-31", "2025-11-30", "2025-12-31"]})
    span = {"start": date(2025, 10, 1), "end": date(2025, 12, 31)}
    assert find_target(rows, **span) == 6.0
    assert find_target(rows.drop(index=1), **span) is None
    assert find_target(None, **span) is None


def test_target_of_exactly_the_span_is_that_of_the_company():
    rows = pd.DataFrame([
        ("company", "net_amount", "amount", date(2025, 10, 1), date(2025, 12, 31), 400.0),
        ("company", "net_amount", "amount", date(2025, 1, 1), date(2025, 12, 31), 9e9),
        ("region", "net_amount", "amount", date(2025, 10, 1), date(2025, 12, 31), 1.0)],
        columns=["scope", "metric", "kind", "from_date", "to_date", "target"])
    assert find_target(rows, start=date(2025, 10, 1), end=date(2025, 12, 31)) == 400.0


def target(scope="company", scope_id=None, metric="net_amount", kind="amount", span=QUARTER,
           amount=100.0):
    return (scope, scope_id, metric, kind, *span, amount)


@pytest.fixture(scope="module")
def rows(line):
    """Every year: 10 a month, 90 in December; account a in the east, b in the west."""
    days = pd.date_range("2023-01-01", "2025-12-01", freq="MS")
    return [line("ab"[day.month % 2], str(day.date()), 90 if day.month == 12 else 10,
                 line="pumps") for day in days]


def attain(shop, rows, targets, **given):
    accounts = {"region": ["east", "west"], "owner_id": ["Lin", ""]}
    return shop(rows, **{"accounts": accounts, "history_from": "2023-01-01", "targets": targets,
                         **given}).sales()


def test_every_scope_is_held_against_its_own_sales(shop, rows):
    table = attain(shop, rows, [
        target(amount=110), target("region", "east"), target("region", "west", amount=10),
        target("owner", "Lin", amount=200), target("account", "b", amount=9),
        target("product_line", "pumps", amount=111), target(metric="gross_amount", amount=1),
        target(span=YEAR, metric="net_revenue", amount=200)]).attainment
    assert table[["scope", "scope_id", "metric", "actual", "verdict"]].values.tolist() == [
        ["company", "", "gross_amount", 110, "met"], ["company", "", "net_amount", 110, "met"],
        ["company", "", "net_revenue", 200, "met"], ["region", "east", "net_amount", 100, "met"],
        ["region", "west", "net_amount", 10, "met"],
        ["owner", "Lin", "net_amount", 100, "not met"],
        ["product_line", "pumps", "net_amount", 110, "not met"],
        ["account", "b", "net_amount", 10, "met"]]
    owner = table[table["scope"] == "owner"].iloc[0]
    assert owner[["attainment_rate", "target_gap", "expected_amount", "run_rate_amount",
                  "elapsed_share", "pace", "note"]].tolist() == [0.5, -100, 200, 100, 1, "behind",
                                                                 ""]


def test_a_running_year_is_paced_by_the_season_of_the_last(shop, rows):
    row = attain(shop, rows, [target(span=YEAR, amount=190)], period="2025Q3").attainment.iloc[0]
    # By September 90 of last year's 200 were sold: 45 %, though 273 of 365 days are gone.
    assert row["elapsed_share"] == pytest.approx(273 / 365)
    assert row[["actual", "expected_amount", "run_rate_amount"]].tolist() == pytest.approx(
        [90, 190 * 0.45, 200])
    assert row[["run_rate_basis", "verdict", "pace"]].tolist() == ["season", "cannot tell",
                                                                   "ahead"]


def test_each_scope_has_its_own_season_but_an_account_the_companys(shop, rows):
    table = attain(shop, rows, [target("region", "east", span=YEAR),
                                target("region", "west", span=YEAR),
                                target("account", "a", span=YEAR)],
                   period="2025Q3").attainment
    # By September: the east 40 of 140 (December is its), the west 50 of 60, the company 90 of 200.
    assert table["expected_amount"].tolist() == pytest.approx([4000 / 140, 5000 / 60, 45])


@pytest.mark.parametrize("given", [
    {"history_from": "2024-02-01"},  # last year is not known from its beginning
    {"period": "2025-07-01..2025-09-15"}])  # and months cannot be cut in the middle
def test_without_last_years_shape_the_calendar_paces(shop, rows, given):
    row = attain(shop, rows, [target(span=YEAR, amount=190)],
                 **{"period": "2025Q3", **given}).attainment.iloc[0]
    assert row["run_rate_basis"] == "calendar"
    assert row["run_rate_amount"] == pytest.approx(row["actual"] / row["elapsed_share"])
    assert row["pace"] == "behind"


@pytest.mark.parametrize(("amount", "pace"), [(112.2, "on_pace"), (112.3, "behind"),
                                              (107.85, "on_pace"), (107.8, "ahead")])
def test_pace_within_its_tolerance(shop, rows, amount, pace):
    row = attain(shop, rows, [target(amount=amount)]).attainment.iloc[0]
    assert row["pace"] == pace


@pytest.mark.parametrize(("row", "note"), [
    (target("account", "nobody"), "unknown_scope"), (target("region", "north"), "unknown_scope"),
    (target("owner", ""), "unknown_scope"), (target("product_line", "x"), "unknown_scope"),
    (target("product_line", "pumps", metric="n_new", kind="count"), "not_counted"),
    (target(span=("2022-07-01", "2026-06-30")), "before_history"),
    (target(span=("2025-10-15", "2025-12-31")), "part_months"),
    (target(span=("2025-10-01", "2025-11-15")), "part_months"),
    (target("product_line", "pumps", span=("2025-11-01", "2025-12-31")), "part_quarters"),
    (target(metric="n_new", kind="count", span=("2023-01-01", "2025-12-31")), "start_unsure")])
def test_what_cannot_be_held_against_anything_says_why(shop, rows, row, note):
    shop_ = shop(rows, accounts={"region": ["east", "west"], "owner_id": ["Lin", ""]},
                 history_from="2023-01-01", targets=[row])
    facts = shop_.facts().assign(start_date=pd.Timestamp("2020-01-01"))
    shop_.facts = lambda: facts
    found = shop_.sales().attainment.iloc[0]
    assert (found["note"], found["verdict"], found["pace"]) == (note, "cannot tell", "")
    assert found[["actual", "expected_amount", "attainment_rate", "run_rate_amount"]].isna().all()


def test_a_product_line_without_products_says_so(shop, rows):
    shop_ = shop(rows, targets=[target("product_line", "pumps")])
    inputs = shop_.inputs() | {"products": None}
    shop_.inputs = lambda: inputs
    assert shop_.sales().attainment["note"].tolist() == ["no_products"]


def test_new_accounts_are_first_sales_known_to_be_the_first(line, shop):
    rows = [line("old", "2023-05-01", 1), line("old", "2025-11-01", 1),
            line("new", "2025-11-01", 1), line("unseen", "2025-12-01", 1)]
    shop_ = shop(rows, targets=[target(metric="n_new", kind="count", amount=2)])
    facts = shop_.facts()
    facts.loc[facts["account_id"] == "unseen", "is_start_known"] = False
    shop_.facts = lambda: facts
    row = shop_.sales().attainment.iloc[0]
    assert (row["actual"], row["verdict"], row["target_gap"]) == (1, "not met", -1)


@pytest.mark.parametrize(("first", "since", "expected"), [
    ("2023-03-01", "2020-01-01", True), ("2023-03-01", "2023-02-01", False),
    ("2025-03-01", "2020-01-01", False)])
def test_a_start_is_unsure_only_near_the_history(first, since, expected):
    facts = pd.DataFrame({"first_sale_date": [pd.Timestamp(first)],
                          "start_date": [pd.Timestamp(since)]})
    assert is_start_unsure(facts, start=date(2023, 1, 1), end=date(2025, 12, 31),
                           history_from=date(2023, 1, 1)) is expected


@pytest.mark.parametrize("targets", [
    None, [target(metric="nrr", kind="rate")], [target(span=("2025-01-01", "2025-03-31"))],
    [target(span=("2026-01-01", "2026-03-31"))], [target(metric="n_complaints", kind="count")]])
def test_without_a_target_of_the_period_the_table_is_refused(shop, rows, targets):
    sales = attain(shop, rows, targets)
    assert sales.refused["attainment"] == ("No target of sales is given for the period. The "
                                           "targets table would lift this.")
    assert "pace" in sales.attainment.columns


def test_a_target_of_nothing_has_no_rate(shop, rows):
    row = attain(shop, rows, [target(amount=0)]).attainment.iloc[0]
    assert np.isnan(row["attainment_rate"])
    assert row["verdict"] == "met"
