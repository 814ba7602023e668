"""Share of wallet, price premium and referrals, worked out by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.loyalty import LoyaltyRules, review_bonds
from kamlib.loyalty.bonds.premium import (
    compare_opinions,
    leave_out,
    score_prices,
    summarise_prices,
)
from kamlib.loyalty.bonds.referrals import compare_newcomers, list_referrers
from kamlib.loyalty.bonds.wallet import score_wallets, sum_lines, summarise_wallets

RULES = LoyaltyRules(n_resamples=100)
ESTIMATE_COLUMNS = ["account_id", "product_line", "year", "estimate_amount"]
AS_OF, HISTORY = date(2025, 12, 31), date(2022, 1, 1)


def build_products(*rows):
    table = pd.DataFrame(rows, columns=["account_id", "product_line", "quarter", "net_amount"])
    return table.assign(quarter=pd.to_datetime(table["quarter"]))


def wallets(estimates, products, *, as_of=AS_OF, history_from=HISTORY, rules=RULES):
    accounts = sorted({row[0] for row in estimates})
    return score_wallets(pd.DataFrame(estimates, columns=ESTIMATE_COLUMNS), products,
                         tiers=pd.DataFrame({"account_id": accounts, "tier": "core"}),
                         rules=rules, as_of=as_of, history_from=history_from)


def test_share_of_wallet_and_headroom_by_product_line():
    products = build_products(("A", "Pumps", "2025-01-01", 30.0), ("A", "Valves", "2025-04-01", 10),
                              ("A", "", "2025-07-01", 10.0), ("A", "Pumps", "2024-01-01", 99.0))
    table = wallets([("A", None, 2025, 200.0), ("A", "Pumps", 2025, 40.0)], products).set_index(
        "product_line")
    # All it buys, lines without a name too: 50 of 200; of pumps 30 of 40.
    assert table.loc["", ["own_amount", "wallet_share", "headroom_amount"]].tolist() == \
        pytest.approx([50.0, 0.25, 150.0])
    assert table.loc["Pumps", ["own_amount", "wallet_share", "headroom_amount"]].tolist() == \
        pytest.approx([30.0, 0.75, 10.0])
    assert table["wallet_share_ci_low"].isna().all()  # one estimate each: no interval
    lines = sum_lines(table.reset_index())
    assert lines[["product_line", "headroom_amount"]].values.tolist() == [["Pumps", 10.0]]
    assert summarise_wallets(table.reset_index())["wallet_share"].iloc[-1] == pytest.approx(0.25)


def test_several_estimates_are_a_geometric_mean():
    products = build_products(("A", "", "2025-01-01", 50.0))
    row = wallets([("A", None, 2025, 100.0), ("A", None, 2025, 400.0)], products).iloc[0]
    assert row["n_estimates"] == 2
    assert row["wallet_share"] == pytest.approx(np.sqrt(0.5 * 0.125))


@pytest.mark.parametrize(("as_of", "history", "years"), [
    (date(2025, 12, 31), HISTORY, [2025]), (date(2025, 9, 30), HISTORY, [2024]),
    # A year that the history does not hold in full is no year to compare with.
    (date(2024, 12, 31), date(2024, 1, 2), []), (date(2026, 6, 30), HISTORY, [2025])])
def test_only_full_known_years_count(as_of, history, years):
    products = build_products(("A", "", "2024-01-01", 5.0), ("A", "", "2025-01-01", 5.0))
    estimates = [("A", None, 2024, 50.0), ("A", None, 2025, 50.0)]
    rules = RULES.model_copy(update={"wallet_years": 1})
    facts = pd.DataFrame({"account_id": ["A"]})
    bonds = review_bonds(
        facts.assign(n_orders_window=1, net_amount_window=1.0),
        tables={"wallet_estimates": pd.DataFrame(estimates, columns=ESTIMATE_COLUMNS)},
        holdings=pd.DataFrame({c: [] for c in ("account_id", "product_id", "quantity_window",
                                               "quantity_gross_amount_window")}),
        products=products, tiers=facts.assign(tier="core"), rules=rules,
        window_start=date(2025, 1, 1), as_of=as_of, history_from=history)
    assert bonds.wallets["year"].tolist() == years
    assert ("wallets" in bonds.refused) is (not years)
    assert {"prices", "referrers"} <= set(bonds.refused)


def test_a_share_above_the_estimate_is_all_and_marked():
    row = wallets([("A", None, 2025, 40.0)], build_products(("A", "", "2025-01-01", 50.0))).iloc[0]
    assert bool(row["is_above_wallet"])
    assert (row["wallet_share"], row["headroom_amount"]) == (1.0, 0.0)


def test_intervals_of_shares_hold_the_truth():
    # 400 accounts whose share is known, estimated twice with an error of 30 %.
    rng = np.random.default_rng(2)
    share = rng.uniform(0.1, 0.6, 400)
    names = [f"{i:03d}" for i in range(400)]
    products = build_products(*[(a, "", "2025-01-01", 100.0) for a in names])
    estimates = [(a, None, 2025, 100.0 / s * np.exp(rng.normal(0, 0.3)))
                 for a, s in zip(names, share, strict=True) for _ in range(2)]
    table = wallets(estimates, products).set_index("account_id").loc[names]
    held = table["wallet_share_ci_low"].le(share) & table["wallet_share_ci_high"].ge(share)
    assert 0.92 <= held.mean() <= 0.98


# Product P: A buys 10 for 120, B, C and D 10 for 100 each.
PAID = {"A": 120.0, "B": 100.0, "C": 100.0, "D": 100.0}


def price_holdings(**changes):
    return pd.DataFrame({"account_id": list(PAID), "product_id": "P", "quantity_window": 10.0,
                         "quantity_gross_amount_window": list(PAID.values())} | changes)


def price_table(**changes):
    holdings = price_holdings(**changes)
    ratings = pd.DataFrame({
        "account_id": ["A", "A", "B"], "rated_date": pd.to_datetime(
            ["2024-01-01", "2025-01-01", "2025-01-01"]), "accepts_premium": [False, True, False]})
    tiers = pd.DataFrame({"account_id": list(PAID), "tier": ["core", *["general"] * 3]})
    return score_prices(holdings, ratings, tiers=tiers, rules=RULES)


def test_price_premium_beside_what_the_others_pay():
    table = price_table().set_index("account_id")
    assert table.loc["A", "price_premium_rate"] == pytest.approx(0.20)
    # The others' mean for B holds A's high price: 320 for 30.
    assert table.loc["B", "price_premium_rate"] == pytest.approx(100 / (320 / 3) - 1)
    assert table.loc["A", "accepts_premium"]  # the last rating counts
    prices = table.reset_index()
    left_out = leave_out(price_holdings(), prices, rules=RULES.model_copy(
        update={"min_price_accounts": 1}))
    # Without A all pay 100; without B, C's others pay 220 for 20, and so do D's.
    sums = left_out.set_index(["part", "group"])
    assert sums.loc[(0, "general")].tolist() == pytest.approx([300.0, 300.0])
    assert sums.loc[(1, "general")].tolist() == pytest.approx([200.0, 220.0])
    assert sums.loc[(1, "core")].tolist() == pytest.approx([120.0, 100.0])
    opinions = compare_opinions(prices, left_out=left_out, rules=RULES).set_index(
        "premium_opinion")
    assert opinions["n_accounts"].tolist() == [1, 1, 2]
    tiers = summarise_prices(prices, left_out=left_out, rules=RULES).set_index("tier")
    assert tiers.loc["core", "price_premium_rate"] == pytest.approx(0.20)
    assert tiers.loc["all", ["n_rated", "n_accepting"]].tolist() == [2, 1]
    assert pd.isna(tiers.loc["all", "price_premium_rate_ci_low"])


def test_dearer_money_changes_no_premium():
    dear = price_table(quantity_gross_amount_window=[7 * p for p in PAID.values()])
    assert dear["price_premium_rate"].tolist() == pytest.approx(
        price_table()["price_premium_rate"].tolist())


def test_referrals_and_their_margin():
    facts = pd.DataFrame({
        "account_id": ["A", "B", "C", "D"],
        "n_orders_window": pd.array([3, 2, 0, 1], dtype="Int64"),
        "net_amount_window": [90.0, 40.0, 0.0, 10.0], "margin_amount_window": [9.0, 8.0, 0.0, 1.0],
        "margin_known_amount_window": [90.0, 20.0, 0.0, 10.0], "is_start_known": True,
        "start_date": pd.to_datetime(["2020-01-01", "2025-02-01", "2023-01-01", "2025-03-01"])})
    accounts = pd.DataFrame({"account_id": ["A", "B", "C", "D"],
                             "referrer_id": [None, "A", "A", "D"]})  # D names itself
    (row,) = list_referrers(accounts, facts, tiers=facts[["account_id"]].assign(
        tier="core")).to_dict("records")
    assert (row["account_id"], row["n_referred"], row["n_referred_buying"]) == ("A", 2, 1)
    assert (row["referred_margin_amount"], row["margin_known_share"]) == (8.0, 0.5)
    new = compare_newcomers(accounts, facts, window_start=date(2025, 1, 1), rules=RULES)
    assert new["n_accounts"].tolist() == [1, 1, 2]
    assert new["newcomer_share"].tolist() == [0.5, 0.5, 1.0]
