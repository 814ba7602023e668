"""Products held, gaps, pairs and suggestions, on accounts that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError, RefusedError
from kamlib.loyalty import CrossSellRules, hand_on_cross_sell, list_products, plan_cross_sell
from kamlib.loyalty.products.foretell import foretell_purchases
from kamlib.loyalty.products.gaps import find_gaps
from kamlib.loyalty.products.held import build_marks, list_held
from kamlib.loyalty.products.pairs import pair_products
from kamlib.measures import LikeRules

RULES = CrossSellRules()


def build_holdings(now, before=(), *, known=True):
    """Holdings from account → {product: net amount}, in this window and in the one before."""
    rows = {}
    for which, given in (("window", dict(now)), ("before", dict(before))):
        for account, products in given.items():
            for product, amount in products.items():
                row = rows.setdefault((account, product), {"window": 0.0, "before": 0.0})
                row[which] = amount
    table = pd.DataFrame([(a, p, r["window"], r["before"]) for (a, p), r in sorted(rows.items())],
                         columns=["account_id", "product_id", "window", "before"])
    lines = {f"n_lines_{w}": (table[w] != 0).astype("Int64") for w in ("window", "before")}
    made = table[["account_id", "product_id"]].assign(
        product_line=table["product_id"].str[0], last_sale_date=pd.Timestamp("2025-06-01"),
        quantity_window=1.0, quantity_gross_amount_window=table["window"],
        gross_amount_window=table["window"].abs(), net_amount_window=table["window"].clip(lower=0),
        gross_amount_before=table["before"], net_amount_before=table["before"], **lines)
    if not known:
        made = made.assign(n_lines_before=pd.NA, gross_amount_before=np.nan,
                           net_amount_before=np.nan)
    return made


def test_held_new_dropped_and_sent_back():
    held = list_held(build_holdings(
        {"A": {"P1": 30.0, "P2": 10.0, "P3": -5.0}}, {"A": {"P1": 1.0, "Q1": 7.0}}), rules=RULES)
    # P3 was all sent back: it is not held.
    assert dict(zip(held["product_id"], held["holding"], strict=True)) == {
        "P1": "held", "P2": "first_bought", "Q1": "dropped"}
    assert held["account_amount_share"].tolist()[:2] == [0.75, 0.25]


def test_nothing_is_new_where_the_window_before_is_unknown():
    held = list_held(build_holdings({"A": {"P1": 1.0}}, known=False), rules=RULES)
    assert held["holding"].tolist() == ["held"]


def test_product_lines_can_be_what_is_held():
    rules = RULES.model_copy(update={"level": "product_line"})
    held = list_held(build_holdings({"A": {"P1": 30.0, "P2": 10.0, "Q1": 5.0}}), rules=rules)
    assert held[["product_id", "net_amount"]].values.tolist() == [["P", 40.0], ["Q", 5.0]]


def test_products_of_one_account_and_of_one_that_is_unknown():
    held = list_held(build_holdings({"A-1": {"P1": 1.0, "P2": 9.0}}, {"A-1": {"P3": 4.0}}),
                     rules=RULES)
    assert list_products(held, "A-1")["product_id"].tolist() == ["P2", "P1", "P3"]
    with pytest.raises(InputError) as raised:
        list_products(held, "A-2")
    assert str(raised.value) == ("The account 'A-2' bought no product in the last two windows. Did "
                                 "you mean 'A-1'? 1 accounts did.")


# Six accounts alike in P1 and P2; five of them hold P3 too, for half of what they spend.
ALIKE = {f"A{i}": {"P1": 10.0, "P2": 10.0, "P3": 20.0} for i in range(1, 6)} | {
    "A6": {"P1": 30.0, "P2": 30.0}} | {f"B{i}": {"Q1": 5.0, "Q2": 5.0} for i in range(1, 7)}


def test_a_gap_is_what_most_like_accounts_hold():
    gaps = find_gaps(build_marks(list_held(build_holdings(ALIKE), rules=RULES)), rules=RULES,
                     accounts=pd.DataFrame({"account_id": list(ALIKE)}),
                     like_rules=LikeRules(n_like=5))
    (row,) = gaps.to_dict("records")
    assert (row["account_id"], row["product_id"]) == ("A6", "P3")
    assert (row["n_like"], row["n_like_holding"], row["like_share"]) == (5, 5, 1.0)
    assert row["overall_share"] == pytest.approx(5 / 11)
    # Its own 60 at their half: 30; all alike, so the quartiles are the same.
    assert [row[f"like_mix_{end}amount"] for end in ("", "low_", "high_")] == [30.0] * 3


def test_like_accounts_by_profile():
    rules = RULES.model_copy(update={"min_holders": 1})
    like = LikeRules(by="profile", profile_columns=("industry",))
    marks = build_marks(list_held(build_holdings(ALIKE), rules=rules))
    accounts = pd.DataFrame({"account_id": list(ALIKE)})
    # B6 is of the industry of the As, and lacks what these hold.
    industry = ["x"] * 6 + ["y"] * 5 + ["x"]
    gaps = find_gaps(marks, accounts=accounts.assign(industry=industry), rules=rules,
                     like_rules=like)
    assert set(gaps["like_way"]) == {"like_profile", "like_all"}  # five of y have four others
    assert set(gaps.loc[gaps["account_id"] == "B6", "product_id"]) == {"P1", "P2", "P3"}
    # Without the column everybody is compared with all others, and with 50 asked for nobody.
    assert set(find_gaps(marks, accounts=accounts, rules=rules, like_rules=like)["like_way"]) \
        <= {"like_all"}
    with pytest.raises(RefusedError, match="No account has 50 accounts like it"):
        find_gaps(marks, accounts=accounts, rules=rules, like_rules=LikeRules(min_like=50))


def test_confidence_lift_and_support_of_the_textbook():
    # Tan, Steinbach & Kumar (2006), section 6.7.1: tea 200, coffee 800, both 150 of 1,000:
    # confidence 0.75, lift 0.9375 although the confidence is high; support 0.15.
    people = [{"tea", "coffee"}] * 150 + [{"tea"}] * 50 + [{"coffee"}] * 650 + [{"milk"}] * 150
    now = {f"{i:04d}": dict.fromkeys(held, 1.0) for i, held in enumerate(people)}
    found = pair_products(build_marks(list_held(build_holdings(now), rules=RULES)), rules=RULES)
    row = found.table.set_index("if_product").loc["tea"]
    assert (row["then_product"], row["n_together"], row["n_without"]) == ("coffee", 150, 50)
    assert (row["support_share"], row["confidence_share"]) == (0.15, 0.75)
    assert row["pair_lift"] == pytest.approx(0.9375, abs=0.00005)
    assert row["pair_lift_ci_low"] < 0.9375 < row["pair_lift_ci_high"]
    # The mid-P interval of 150 of 200; that ten have to hold both changes nothing here.
    assert row["confidence_share_ci_low"] == pytest.approx(0.686, abs=0.001)
    assert (found.n_pairs, found.n_together) == (1, 0)
    assert row["pair_verdict"] == "cannot tell"


def repeat_buyers():
    """Forty accounts of two kinds; each next buys the one product of its kind that it lacks."""
    rng, before, now = np.random.default_rng(11), {}, {}
    for i in range(40):
        kind = "PQ"[i % 2]
        whole = [f"{kind}{n}" for n in range(6)]
        missing = whole[int(rng.integers(6))]
        before[f"{i:02d}"] = {p: 1.0 for p in whole if p != missing}
        now[f"{i:02d}"] = dict.fromkeys(whole, 1.0)
    return list_held(build_holdings(now, before), rules=RULES)


def test_suggestions_of_like_accounts_are_bought():
    accounts = pd.DataFrame({"account_id": [f"{i:02d}" for i in range(40)]})
    rules = RULES.model_copy(update={"n_suggested": 1})
    table = foretell_purchases(repeat_buyers(), accounts=accounts, rules=rules,
                               like_rules=LikeRules()).set_index("suggested_by")
    assert table.loc["like_holdings", ["bought_share", "verdict"]].tolist() == [1.0, "better"]
    assert table.loc["like_holdings", "n_suggested"] == 40
    # Of seven products not held one was bought.
    assert table.loc["any", "bought_share"] == pytest.approx(1 / 7)
    assert "like_profile" not in table.index


@pytest.mark.parametrize("holdings", [
    build_holdings({}), build_holdings({"A": {"P1": 1.0}}), build_holdings({}, {"A": {"P1": 1.0}}),
    build_holdings({"A": {"P1": 1.0}}, known=False)])
def test_too_little_data_ends_in_unanswered(holdings):
    accounts = pd.DataFrame({"account_id": ["A"]})
    plan = plan_cross_sell(holdings, products=None, accounts=accounts,
                           tiers=accounts.assign(tier="general"), rules=RULES,
                           like_rules=LikeRules())
    handover = hand_on_cross_sell(plan, accounts=accounts)
    assert handover.unanswered or len(plan.dropped) == 0
    assert all(text.endswith(".") for text in handover.headline)


def test_the_sample_companys_pairs_are_of_one_line(sample_report):
    # Its accounts were made with product lines that they prefer, and no other connection.
    report = sample_report
    plan = plan_cross_sell(report.holdings, products=report.read("products"),
                           accounts=report.accounts,
                           tiers=report.accounts[["account_id"]].assign(tier="general"),
                           rules=report.rules.cross_sell, like_rules=report.rules.likeness)
    line_of = report.read("products").set_index("product_id")["product_line"]
    together = plan.together
    assert plan.n_together > 40
    assert (together["if_product"].map(line_of) == together["then_product"].map(line_of)).all()
    assert plan.n_lifted > 5 * plan.n_together
    # Products and money are those of the ledger.
    facts, held = report.facts, plan.held
    assert held["account_id"].isin(facts["account_id"]).all()
    assert held["net_amount"].sum() <= facts["gross_amount_window"].sum()
