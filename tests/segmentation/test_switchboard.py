"""Other readings of unclear rules: which accounts change class, by rules worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.labels import label
from kamlib.segmentation import SegmentationRules
from kamlib.segmentation.matrices.rules import MatrixRules
from kamlib.segmentation.matrices.switchboard import (
    CHANGE_COLUMNS,
    READINGS,
    SWITCHBOARD_COLUMNS,
    build_switchboard,
)

RULES = SegmentationRules()
CODES = ["E10", "E11", "E12", "E17_lost", "E17_repeat", "E18", "E20"]
# Ten accounts, largest first. The top 40 % by amount are a to d, by orders (10, 9, 8, 7) a, b, e
# and f: so a, b are core, c, d and e, f important, the rest general. Account k is silent.
IDS = list("abcdefghij")
AMOUNTS = [100.0, 90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0, 20.0, 10.0]
ORDERS = [10, 9, 1, 1, 8, 7, 3, 2, 2, 1]
DAYS = [1, 200, 2, 190, 3, 180, 4, 170, 5, 160]


def build_facts(**changes):
    table = pd.DataFrame({
        "account_id": IDS, "n_orders_window": ORDERS, "net_amount_window": AMOUNTS,
        "days_since_last_sale": DAYS, "tenure_days": 3000,
        "margin_amount_window": [50.0, -9.0, 40.0, 30.0, 2.0, 1.0, 20.0, 10.0, 0.0, 3.0]})
    table["margin_known_amount_window"] = table["net_amount_window"]
    table = table.assign(**changes)
    silent = {"account_id": "k", "n_orders_window": 0, "net_amount_window": 0.0,
              "days_since_last_sale": 500, "tenure_days": 4000, "margin_amount_window": 0.0,
              "margin_known_amount_window": 0.0}
    never = {**silent, "account_id": "l", "days_since_last_sale": None, "tenure_days": None}
    table = pd.concat([table, pd.DataFrame([silent]), pd.DataFrame([never]).astype("object")],
                      ignore_index=True)
    table["n_orders"] = [*table["n_orders_window"][:10], 4, 0]
    return table.astype({"n_orders_window": "Int64", "n_orders": "Int64",
                         "days_since_last_sale": "Int64", "tenure_days": "Int64",
                         "net_amount_window": "float64", "margin_amount_window": "float64",
                         "margin_known_amount_window": "float64"})


def build_before(amounts=None):
    facts = build_facts()
    facts["net_amount_window"] = [*(amounts or AMOUNTS[::-1]), 5.0, 0.0]
    return facts


def run(facts=None, before=None, **options):
    given = {"rules": RULES, "matrix_rules": MatrixRules(), **options}
    return build_switchboard(build_facts() if facts is None else facts, before, **given)


def moves(changes, code):
    part = changes[changes["reading"] == code]
    return {row["account_id"]: (row["class_chosen"], row["class_other"])
            for row in part.to_dict("records")}


@pytest.fixture(scope="module")
def board():
    return run(before=build_before())


def test_every_reading_is_a_row_with_words(board):
    summary, changes = board
    assert summary.columns.tolist() == SWITCHBOARD_COLUMNS
    assert changes.columns.tolist() == CHANGE_COLUMNS
    assert summary["reading"].tolist() == [reading.code for reading in READINGS] == CODES
    assert summary["is_available"].all()
    for column in ("reading", "question", "chosen", "other"):
        assert all(label(code) != code for code in summary[column])
    for column in ("class_chosen", "class_other"):
        assert all(label(code) != code for code in changes[column])


def test_summary_counts_the_changes(board):
    summary, changes = board
    by_reading = changes.groupby("reading")["net_amount"].agg(["size", "sum"]).reindex(
        summary["reading"], fill_value=0)
    assert summary["n_changed"].tolist() == by_reading["size"].tolist()
    assert summary["changed_amount"].tolist() == by_reading["sum"].tolist()
    assert summary["n_accounts"].tolist()[:5] == [10, 10, 10, 11, 10]
    assert summary["changed_share"].iloc[2] == pytest.approx(2 / 10)


def test_forced_tiers_are_20_40_40_by_amount(board):
    # Catalogue SEG-02: two, four and four of ten. Core stays a, b; c to f stay important.
    assert moves(board[1], "E10") == {}
    facts = build_facts(n_orders_window=[1] * 9 + [20])  # all tie on orders but the last
    found = moves(run(facts)[1], "E10")
    # High on both were a to d, and j by orders only: the cut on orders takes all who tie at 1.
    assert found == {"c": ("core", "important"), "d": ("core", "important"),
                     **dict.fromkeys("ghij", ("important", "general"))}


def test_forced_tiers_keep_equal_sales_together():
    found = run(build_facts(net_amount_window=7.0))
    forced = moves(found[1], "E10")
    assert set(forced.values()) == {("important", "core")}
    assert set(forced) == set("cdghij")


def test_loyalty_inside_the_rule_turns_young_core_accounts_important():
    facts = build_facts(tenure_days=[1826, 3000, *[None] * 8])
    # Five years are 1826.25 days: a is a quarter of a day short.
    assert moves(run(facts)[1], "E11") == {"a": ("core", "important")}
    unknown = build_facts(tenure_days=[None, 3000, *[1] * 8])
    assert moves(run(unknown)[1], "E11") == {"a": ("core", "important")}
    two_years = run(facts, matrix_rules=MatrixRules(loyal_tenure_years=4.9))
    assert moves(two_years[1], "E11") == {}


def test_important_by_amount_only_drops_the_frequent(board):
    assert moves(board[1], "E12") == {"e": ("important", "general"),
                                      "f": ("important", "general")}


def test_silent_accounts_become_a_ninth_class(board):
    assert moves(board[1], "E17_lost") == {"k": ("no_sales", "lost")}
    # Since the history began k has four orders, and is frequent: then it stays as it was.
    lifetime = SegmentationRules(rfm_span="lifetime")
    facts = build_facts().assign(net_amount=[*AMOUNTS, 5.0, 0.0])
    assert moves(run(facts, rules=lifetime)[1], "E17_lost") == {}
    facts.loc[10, "n_orders"] = 1
    assert moves(run(facts, rules=lifetime)[1], "E17_lost") == {"k": ("general_win_back", "lost")}


def test_repeat_purchase_takes_the_place_of_recency(board):
    # Recent are a, c, e, g, i by days; with two orders or more a, b, e, f, g, h, i.
    found = moves(board[1], "E17_repeat")
    assert set(found) == set("bcfh")
    assert found["c"] == ("important_develop", "important_win_back")
    assert found["b"] == ("important_keep", "important_value")
    # Three orders and more: h and i, with two, are no repeat buyers either.
    three = run(matrix_rules=MatrixRules(repeat_orders=3), before=build_before())[1]
    assert set(moves(three, "E17_repeat")) == set("bcfi")


def test_stars_by_sales_and_profit(board):
    # Growth: a to e from less (above the growth of all), f to j from more; share high a to e. So
    # a to e are stars, f to j dogs. Margin is high for a, c, d, g, h.
    assert moves(board[1], "E18") == {
        "b": ("bcg_star", "one_high"), "e": ("bcg_star", "one_high"),
        "g": ("bcg_dog", "one_high"), "h": ("bcg_dog", "one_high")}


def test_below_zero_as_falling_sales(board):
    found = moves(board[1], "E20")
    assert found == {"b": ("is_bz", "not_bz"), **dict.fromkeys("fghij", ("not_bz", "is_bz"))}


def test_profit_takes_the_place_of_margin():
    profit = pd.DataFrame({"account_id": IDS, "profit_amount": [1.0] * 9 + [-1.0]})
    found = moves(run(before=build_before(), profit=profit)[1], "E20")
    assert found == dict.fromkeys("fghi", ("not_bz", "is_bz"))
    gaps = profit.assign(profit_amount=[1.0] * 8 + [np.nan] * 2)
    summary, _changes = run(before=build_before(), profit=gaps)
    assert summary.set_index("reading").loc["E20", "n_accounts"] == 8


def test_what_cannot_be_computed_is_a_row_with_its_reason():
    facts = build_facts(margin_known_amount_window=0.0, tenure_days=100)
    summary, changes = run(facts)
    rows = summary.set_index("reading")
    assert rows.index[~rows["is_available"]].tolist() == ["E18", "E20"]
    assert "a year before" in rows.loc["E18", "reason"]
    assert rows.loc["E20", "reason"].startswith("Neither profit nor margin is known")
    assert rows.loc["E20", ["n_accounts", "changed_share", "changed_amount"]].isna().all()
    assert not changes["reading"].isin(["E18", "E20"]).any()
    young = facts.assign(tenure_days=pd.array([100] * 12, dtype="Int64"))
    reasons = run(young)[0].set_index("reading")["reason"]
    assert reasons["E11"].startswith("No account is known to have bought for 5 years")


def test_unknown_window_refuses_every_reading():
    facts = build_facts()
    facts["n_orders_window"] = pd.array([None] * 12, dtype="Int64")
    facts["net_amount_window"] = np.nan
    summary, changes = run(facts, build_before())
    assert not summary["is_available"].any()
    assert summary["reason"].str.endswith(".").all()
    assert changes.columns.tolist() == CHANGE_COLUMNS
    assert changes.empty


@pytest.mark.parametrize("keep", [1, 0])
def test_one_account_or_none(keep):
    summary, _changes = run(build_facts().head(keep), build_before().head(keep))
    assert len(summary) == len(CODES)
    assert (summary["reason"].str.len() > 0).tolist() == (~summary["is_available"]).tolist()
    assert summary["is_available"].sum() == (6 if keep else 0)


def test_row_order_is_irrelevant(board):
    mixed = run(build_facts().iloc[::-1], build_before().sample(frac=1, random_state=3))
    for table, expected in zip(mixed, board, strict=True):
        pd.testing.assert_frame_equal(table, expected)
