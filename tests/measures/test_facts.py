"""The fact tables: every number of a small ledger worked by hand, and what always holds."""

from __future__ import annotations

import hashlib
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib.measures.facts import AMOUNTS, COUNTS
from kamlib.session.parquet import write_parquet

PERIOD = "2025Q4"
SPANS = ("", "_period", "_previous", "_year_before", "_window")


@pytest.fixture(scope="module")
def book(line, ledger):
    """Account A with one of everything, B without orders, C who is a supplier."""
    rows = [
        line("A", "2024-11-05", 100, order_id="o1", cost_amount=60, quantity=10),
        line("A", "2025-02-10", 200, order_id="o2", cost_amount=150, product_id="P1"),
        line("A", "2025-02-10", 50, order_id="o2"),
        line("A", "2025-08-20", 80, order_id="o3", cost_amount=50, product_id="P1", channel="web"),
        line("A", "2025-10-02", 30, order_id="o4", cost_amount=10, quantity=3, product_id="P2"),
        line("A", "2025-10-03", 20, order_id="o4", quantity=2, product_id="P2"),
        line("A", "2025-10-15", -80, order_id="r3", cost_amount=-50, kind="return",
             product_id="P1", channel="web"),
        line("A", "2025-11-01", 0, order_id="o5", cost_amount=5, kind="free", quantity=1),
        line("A", "2025-12-01", 0, order_id="o6"),
        line("A", "2025-12-05", -7, order_id="a1", kind="adjustment"),
        line("A", "2025-12-31", -30, order_id="c4", cost_amount=-10, kind="cancellation"),
        line("A", "2026-01-01", 999, order_id="later"),
        line("C", "2025-11-11", 500),
    ]
    return ledger(rows, {"A": {}, "B": {}, "C": {"party_role": "supplier"}},
                  {"P1": "pumps", "P2": "valves"})


@pytest.fixture(scope="module")
def facts(book):
    return book.facts(PERIOD)


def test_one_row_a_customer_whether_it_bought_or_not(facts):
    assert facts.index.tolist() == ["A", "B"]


@pytest.mark.parametrize(("suffix", "n_orders", "n_purchase_days", "n_lines"), [
    # The order o4 has lines on two days: one order, two purchase days. o6 of amount 0 counts,
    # the free o5 does not; nor do returns, cancellations, adjustments.
    ("_period", 2, 3, 3), ("_previous", 1, 1, 1), ("_year_before", 1, 1, 1),
    ("_window", 4, 5, 6), ("", 5, 6, 7)])
def test_counts(facts, suffix, n_orders, n_purchase_days, n_lines):
    found = facts.loc["A", [f"{c}{suffix}" for c in COUNTS]].tolist()
    assert found == [n_orders, n_purchase_days, n_lines]


@pytest.mark.parametrize(("suffix", "gross", "returned", "net", "adjustment", "margin", "known"), [
    # 30 + 20 + 0 sold; 80 + 30 came back. Cost is known of 30, -80 and -30: 10 - 50 - 10.
    ("_period", 50, 110, -60, -7, -30, -80),
    ("_previous", 80, 0, 80, 0, 30, 80),
    ("_year_before", 100, 0, 100, 0, 40, 100),
    # The year: 200 + 50 + 80 + 50; cost is known of 200 + 80 + 30 - 80 - 30, being 150.
    ("_window", 380, 110, 270, -7, 50, 200),
    ("", 480, 110, 370, -7, 90, 300)])
def test_amounts(facts, suffix, gross, returned, net, adjustment, margin, known):
    names = ("gross_amount", "returned_amount", "net_amount", "adjustment_amount",
             "margin_amount", "margin_known_amount")
    assert facts.loc["A", [f"{c}{suffix}" for c in names]].tolist() == [
        gross, returned, net, adjustment, margin, known]


def test_dates(facts):
    a = facts.loc["A"]
    assert a["first_sale_date"] == pd.Timestamp(2024, 11, 5)
    assert a["last_sale_date"] == pd.Timestamp(2025, 12, 1)  # amount 0 counts, free does not
    assert a["last_sale_before_opening_date"] == pd.Timestamp(2025, 8, 20)
    assert a["days_since_last_sale"] == 30
    assert a["tenure_days"] == 365 + 56


def test_the_repeat_buying_summary(facts):
    a, gaps = facts.loc["A"], [97, 191, 43, 1, 59]
    assert (a["n_repeat_days"], a["first_to_last_days"], a["first_to_as_of_days"]) == (5, 391, 421)
    assert a["repeat_day_mean_amount"] == (250 + 80 + 30 + 20 + 0) / 5
    assert a["gap_mean_days"] == 391 / 5
    assert a["gap_sd_days"] == pytest.approx(np.std(gaps, ddof=1), rel=1e-9)
    assert a["log_gap_sum"] == pytest.approx(sum(math.log(g) for g in gaps), abs=1e-11)


def test_an_account_without_sales_has_zeros_and_no_dates(facts):
    b = facts.loc["B"]
    for suffix in SPANS:
        assert b[[f"{c}{suffix}" for c in (*COUNTS, *AMOUNTS, "net_amount")]].eq(0).all()
    assert b[[c for c in facts.columns if c.endswith("_date")]].isna().all()
    unknown = ["days_since_last_sale", "tenure_days", "first_to_last_days", "first_to_as_of_days",
               "repeat_day_mean_amount", "gap_mean_days", "gap_sd_days"]
    assert b[unknown].isna().all()
    assert b["n_repeat_days"] == 0
    assert not b[[c for c in facts.columns if c.startswith("is_")]].any()


def test_types_do_not_depend_on_the_data(facts, line, ledger):
    other = ledger([line("Z", "2020-01-01", -1, kind="return")]).facts(PERIOD)
    pd.testing.assert_series_equal(facts.dtypes, other.dtypes)
    assert {str(facts[f"{c}{s}"].dtype) for c in COUNTS for s in SPANS} == {"Int64"}
    assert {str(facts[f"{c}{s}"].dtype) for c in AMOUNTS for s in SPANS} == {"float64"}
    assert {str(facts[c].dtype) for c in facts if c.endswith("_date")} == {"datetime64[s]"}
    assert {str(facts[c].dtype) for c in facts if c.startswith("is_")} == {"bool"}


def test_an_order_over_two_periods_is_one_order_of_the_first(line, ledger):
    rows = [line("A", "2025-09-30", 1, order_id="o"), line("A", "2025-10-01", 2, order_id="o")]
    a = ledger(rows).facts(PERIOD).loc["A"]
    assert (a["n_orders"], a["n_orders_previous"], a["n_orders_period"]) == (1, 1, 0)
    assert (a["n_purchase_days_previous"], a["n_purchase_days_period"]) == (1, 1)
    assert (a["gross_amount_previous"], a["gross_amount_period"]) == (1, 2)


def test_the_same_order_number_of_two_accounts_is_two_orders(line, ledger):
    rows = [line(a, "2025-10-01", 1, order_id="o") for a in "AB"]
    assert ledger(rows).facts(PERIOD)["n_orders"].tolist() == [1, 1]


def test_a_pair_is_in_neither_side_and_no_purchase(line, ledger):
    rows = [line("A", "2025-10-01", 5, product_id="P", quantity=1),
            line("A", "2025-10-02", -5, product_id="P", quantity=-1, kind="cancellation"),
            line("A", "2025-10-05", 8, product_id="P", quantity=1)]
    a = ledger(rows).facts(PERIOD).loc["A"]
    assert (a["gross_amount"], a["returned_amount"], a["n_orders"], a["n_lines"]) == (8, 0, 1, 1)
    assert a["first_sale_date"] == pd.Timestamp(2025, 10, 5)
    months = ledger(rows).months()
    assert months[["line_kind", "n_lines", "amount"]].values.tolist() == [
        ["paired_cancellation", 1, -5], ["paired_sale", 1, 5], ["sale", 1, 8]]


def test_money_is_exact_to_the_last_digit(line, ledger):
    a = ledger([line("A", "2025-10-01", "0.1")] * 3 + [line("A", "2025-10-02", "-0.3",
                                                            kind="return")]).facts(PERIOD).loc["A"]
    assert a["net_amount"] == 0  # in doubles 0.1 + 0.1 + 0.1 - 0.3 is not


def test_account_months(book):
    months = book.months("2025-12-31")
    assert months.columns.tolist() == [
        "account_id", "month", "line_kind", "n_orders", "n_purchase_days", "n_lines", "quantity",
        "amount", "cost_amount", "cost_known_amount"]
    october = months[months["month"] == pd.Timestamp(2025, 10, 1)].iloc[:, 2:]
    assert october.values.tolist() == [
        ["return", 1, 1, 1, pytest.approx(math.nan, nan_ok=True), -80.0, -50.0, -80.0],
        ["sale", 1, 2, 2, 5.0, 50.0, 10.0, 30.0]]
    december = months[months["month"] == pd.Timestamp(2025, 12, 1)]
    assert december["line_kind"].tolist() == ["adjustment", "cancellation", "sale"]
    assert december["cost_known_amount"].tolist() == [0.0, -30.0, 0.0]
    assert months["account_id"].unique().tolist() == ["A"]


def test_account_products(book):
    found = book.by_product("2025-12-31")
    quarter = found[found["quarter"] == pd.Timestamp(2025, 10, 1)].set_index("product_line")
    assert quarter.index.tolist() == ["", "pumps", "valves"]
    assert quarter["channel"].tolist() == ["", "web", ""]
    assert quarter["n_orders"].tolist() == [1, 0, 1]
    assert quarter["gross_amount"].tolist() == [0, 0, 50]
    assert quarter["returned_amount"].tolist() == [30, 80, 0]
    assert quarter["net_amount"].tolist() == [-30, -80, 50]
    assert quarter["margin_amount"].tolist() == [-20, -30, 20]
    assert quarter["margin_known_amount"].tolist() == [-30, -80, 30]
    assert quarter.loc["valves", "quantity"] == 5
    assert book.by_product("2025-12-31").equals(found)


def test_without_products_the_product_line_is_blank(line, ledger):
    found = ledger([line("A", "2025-10-01", 1, product_id="P")]).by_product()
    assert found[["account_id", "product_line", "channel"]].values.tolist() == [["A", "", ""]]


ACCOUNTS = [f"{letter}{n}" for letter in "ABCDEF" for n in (1, 2, 3)]
accounts = st.sampled_from(ACCOUNTS)
days = st.integers(0, 900).map(lambda n: str(date(2023, 7, 1) + timedelta(days=n)))
kinds = st.sampled_from(["sale", "sale", "sale", "return", "cancellation", "adjustment", "free"])
cents = st.sampled_from([5.0, -5.0, 20.0, -20.0]) | \
    st.integers(-10**6, 10**6).map(lambda n: n / 100)


@st.composite
def ledgers(draw):
    """Orders of 18 accounts over two and a half years, of every kind, some cancelled.

    What is said of each account is said of many in one ledger: translating the questions for the
    engine takes far longer than answering them, however many accounts there are. The first
    ledger that Hypothesis draws is always the plainest, so there must be more than one.
    """
    moves = draw(st.lists(st.tuples(accounts, days, kinds, cents, st.booleans()),
                          min_size=60, max_size=180))
    return [{"account": a, "day": d, "amount": abs(m) if k == "sale" else m, "kind": k,
             "order_id": f"o{i // 2}", "cost_amount": round(m / 2, 2) if has_cost else None,
             "product_id": "P" if has_cost else None, "quantity": 1}
            for i, (a, d, k, m, has_cost) in enumerate(moves)]


def build(ledger, line, moves, con, accounts=None):
    rows = [line(m["account"], m["day"], m["amount"],
                 **{k: v for k, v in m.items() if k not in ("account", "day", "amount")})
            for m in moves]
    return ledger(rows, accounts, con=con)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves=ledgers())
def test_months_and_products_tie_to_the_facts(moves, line, ledger, engine):
    book = build(ledger, line, moves, engine, {a: {} for a in ACCOUNTS})
    facts, months = book.facts("2025"), book.months("2025-12-31")
    kinds = months.groupby(["account_id", "line_kind"])["amount"].sum().unstack()
    sums = kinds.reindex(index=ACCOUNTS, columns=["sale", "return", "cancellation",
                                                  "adjustment"]).fillna(0)
    for column, expected in [("gross_amount", sums["sale"]),
                             ("adjustment_amount", sums["adjustment"]),
                             ("returned_amount", -sums["return"] - sums["cancellation"])]:
        assert facts[column].round(4).tolist() == expected.round(4).tolist()
    products = book.by_product("2025-12-31").groupby("account_id")[
        ["gross_amount", "returned_amount", "net_amount", "margin_amount",
         "margin_known_amount"]].sum().reindex(ACCOUNTS, fill_value=0)
    for column in products:
        assert facts[column].round(4).tolist() == products[column].round(4).tolist()
    assert facts["n_lines"].sum() == months.loc[months["line_kind"] == "sale", "n_lines"].sum()


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves=ledgers())
def test_spans_of_orders_and_amounts_add_up(moves, line, ledger, engine):
    book = build(ledger, line, moves, engine, {a: {} for a in ACCOUNTS})
    quarters = [book.facts(f"2025Q{n}", pair_days=0) for n in (1, 2, 3, 4)]
    whole = book.facts("2025", pair_days=0)  # a pair may close after its quarter's end
    for name in ("n_orders", "n_purchase_days", "n_lines", "gross_amount", "returned_amount",
                 "adjustment_amount", "margin_amount"):
        total = sum(q[f"{name}_period"] for q in quarters)
        assert total.round(4).tolist() == whole[f"{name}_period"].round(4).tolist()
    assert whole["n_orders_period"].tolist() == whole["n_orders_window"].tolist()


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves=ledgers(), seed=st.integers(0, 99))
def test_the_order_of_rows_is_irrelevant(moves, seed, line, ledger, engine):
    book = build(ledger, line, moves, engine)
    expected = book.facts("2025H2"), book.months(), book.by_product()
    mixed = [moves[i] for i in np.random.default_rng(seed).permutation(len(moves))]
    again = build(ledger, line, mixed, engine)
    for one, other in zip(expected, (again.facts("2025H2"), again.months(), again.by_product()),
                          strict=True):
        pd.testing.assert_frame_equal(one, other)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves=ledgers())
def test_another_unit_of_money_scales_money_only(moves, line, ledger, engine):
    small = build(ledger, line, moves, engine).facts("2025H2")
    hundredfold = [m | {c: m[c] and round(m[c] * 100, 2) for c in ("amount", "cost_amount")}
                   for m in moves]
    large = build(ledger, line, hundredfold, engine).facts("2025H2")
    money = [c for c in small if "_amount" in c]
    pd.testing.assert_frame_equal(small.drop(columns=money), large.drop(columns=money))
    pd.testing.assert_frame_equal(small[money] * 100, large[money], rtol=1e-9)


def test_equal_bytes_on_one_and_two_threads(ledger, line, tmp_path):
    random = np.random.default_rng(7)
    rows = [line(f"A{random.integers(40)}", str(date(2023, 1, 1) + timedelta(
                days=int(random.integers(1000)))), round(float(random.normal(50, 20)), 4),
                 kind=str(random.choice(["sale", "sale", "return"])), order_id=f"o{n // 3}",
                 cost_amount=round(float(random.normal(30, 9)), 4)) for n in range(4000)]
    hashes = set()
    for threads in (1, 2, 2):
        book = ledger(rows)
        book.con.raw_sql(f"SET threads = {threads}")
        for name, table in [("facts", book.facts("2025Q3").reset_index()),
                            ("months", book.months()), ("products", book.by_product())]:
            write_parquet(table, tmp_path / name)
            hashes.add((name, hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()))
    assert sorted(name for name, _ in hashes) == ["facts", "months", "products"]


def test_repeat_buying_summary_of_a_published_log(line, ledger):
    # lifetimes, tests/test_utils.py: thirteen transactions of six customers, seen on 2015-02-07.
    log = {"1": [("01-01", 1), ("02-06", 2)], "2": [("01-01", 2)],
           "3": [("01-01", 3), ("01-02", 1), ("01-05", 5)],
           "4": [("01-16", 6), ("02-02", 3), ("02-05", 3)],
           "5": [("01-16", 3), ("01-17", 1), ("01-18", 8)], "6": [("02-02", 5)]}
    book = ledger([line(account, f"2015-{day}", amount) for account, days in log.items()
                   for day, amount in days])
    found = book.facts("2015-01-01..2015-02-07")[[
        "n_repeat_days", "first_to_last_days", "first_to_as_of_days", "repeat_day_mean_amount"]]
    assert found.fillna(0).astype(float).values.tolist() == [
        [1, 36, 37, 2], [0, 0, 37, 0], [2, 4, 37, 3], [2, 20, 22, 3], [2, 2, 22, 4.5],
        [0, 0, 5, 0]]
