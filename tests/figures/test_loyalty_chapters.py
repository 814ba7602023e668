"""Charts and readings of what binds, of the index, and of products held."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from kamlib.figures import bonds, cross_sell, standing
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK
from kamlib.loyalty import (
    CrossSellRules,
    LoyaltyRules,
    plan_cross_sell,
    review_bonds,
    review_standing,
)
from kamlib.measures import LikeRules

PLACES = Path(__file__).parents[1] / "loyalty"


def load(name):
    spec = importlib.util.spec_from_file_location(name, PLACES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


held, standings = load("test_products_held"), load("test_standing")
ACCOUNTS = pd.DataFrame({"account_id": list(held.ALIKE)})


@pytest.fixture(scope="module")
def plan():
    before = {a: dict(list(p.items())[:2]) for a, p in held.ALIKE.items()} | {
        "A6": {"P1": 1.0, "P2": 1.0, "P3": 9.0}}
    return plan_cross_sell(held.build_holdings(held.ALIKE, before), products=None,
                           accounts=ACCOUNTS, tiers=ACCOUNTS.assign(tier="core"),
                           rules=CrossSellRules(min_both=5),
                           like_rules=LikeRules(n_like=5))


@pytest.fixture(scope="module")
def no_plan():
    return plan_cross_sell(held.build_holdings({}), products=None, accounts=ACCOUNTS,
                           tiers=ACCOUNTS.assign(tier="core"), rules=CrossSellRules(),
                           like_rules=LikeRules())


def build_bonds(n):
    facts = pd.DataFrame({
        "account_id": ["A", "B"], "n_orders_window": 1, "net_amount_window": 5.0,
        "margin_amount_window": 1.0, "margin_known_amount_window": 5.0, "is_start_known": True,
        "start_date": pd.Timestamp("2025-02-01")}).head(n)
    estimates = pd.DataFrame({"account_id": ["A"], "product_line": [None], "year": 2025,
                              "estimate_amount": 20.0})
    products = pd.DataFrame({"account_id": ["A"], "product_line": [""], "net_amount": 5.0,
                             "quarter": pd.Timestamp("2025-01-01")})
    holdings = pd.DataFrame({"account_id": list("ABCDE"), "product_id": "P",
                             "quantity_window": 10.0,
                             "quantity_gross_amount_window": [110.0, 100, 100, 100, 100]})
    tables = {"wallet_estimates": estimates.head(n), "accounts": pd.DataFrame(
        {"account_id": ["B"], "referrer_id": ["A"]}).head(n)}
    return review_bonds(
        facts, tables=tables, holdings=holdings.head(5 * n), products=products.head(n),
        tiers=pd.DataFrame({"account_id": list("ABCDE"), "tier": ["core"] * 3 + ["general"] * 2}),
        rules=LoyaltyRules(n_resamples=100), window_start=date(2025, 1, 1),
        as_of=date(2025, 12, 31))


def build_standing(n):
    return review_standing(
        standings.build_facts(3).head(n), products=standings.PRODUCTS,
        past_facts=standings.build_past().head(240 * n), heard=standings.HEARD.head(4 * n),
        tiers=pd.DataFrame({"account_id": list("ABC"), "tier": "core"}), satisfied_line=70.0,
        rules=standings.RULES, as_of=standings.AS_OF)


@pytest.fixture(scope="module")
def results():
    return {bonds: build_bonds(2), standing: build_standing(3)}


@pytest.fixture(scope="module")
def nothing():
    return {bonds: build_bonds(0), standing: build_standing(0)}


def plain(text):
    return text.replace(NO_BREAK, " ")


def drawn(room):
    return [getattr(room, name) for name in dir(room) if name.startswith("plot_")]


def readings(room):
    return [getattr(room, name) for name in dir(room) if name.startswith("read_")]


@pytest.mark.parametrize("plot", drawn(cross_sell))
def test_charts_of_products(plot, plan, no_plan):
    assert plain_title(plot(no_plan)) == "There is nothing to show"
    if plot is not cross_sell.plot_suggestions:  # twelve accounts are too few to test on
        assert "nan" not in plain_title(plot(plan))
        assert plain_title(plot(plan)) != "There is nothing to show"


@pytest.mark.parametrize("read", readings(cross_sell))
def test_readings_of_products(read, plan, no_plan):
    for text in (read(plan), read(no_plan)):
        assert text.endswith(".")
        assert "nan" not in text


@pytest.mark.parametrize("room", [bonds, standing], ids=["bonds", "standing"])
def test_charts_and_readings(room, results, nothing):
    for plot in drawn(room):
        assert plain_title(plot(nothing[room])) == "There is nothing to show"
        assert plain_title(plot(results[room])) != "There is nothing to show"
    for read in readings(room):
        for result in (results[room], nothing[room]):
            assert read(result).endswith(".")
            assert "nan" not in read(result)


def test_bars_of_the_wallet_are_sales_and_headroom(results):
    ax = bonds.plot_wallets(results[bonds])
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([5.0, 15.0])
    assert plain(plain_title(ax)) == ("Of what 1 account is estimated to spend, 25 % is spent with "
                                      "us")


def test_the_gap_that_was_held_before_is_marked(plan):
    (row,) = plan.gaps.to_dict("records")
    assert (row["account_id"], row["product_id"], row["was_held"]) == ("A6", "P3", True)
    assert plain(cross_sell.read_products(plan, "A6")) == (
        "The account A6 holds 2 products (60 in 12 months). It no longer buys 1 product, which "
        "brought 9 in the window before. Most accounts like it also hold: P3.")
    assert cross_sell.show_products(plan)["account_id"].unique().tolist() == ["A6"]
