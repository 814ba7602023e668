"""Breakdowns, the cross table and the mix of the margin: every total ties out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import KamlibError
from kamlib.sales import SalesRules, build_sales
from kamlib.sales.breakdown import BREAKDOWN_COLUMNS, CROSS_COLUMNS


@pytest.fixture(scope="module")
def trade(line, shop):
    """Four accounts of two regions; the period is 2025Q4."""
    rows = [
        line("a", "2025-10-01", 600, line="pumps", channel="web", cost=300, product="P"),
        line("a", "2025-11-01", 100, line="valves", channel="shop", product="V"),
        line("b", "2025-10-01", 200, line="pumps", channel="shop", cost=150, product="P"),
        line("b", "2025-10-02", -50, line="pumps", channel="shop", cost=-30, kind="return",
             product="P"),
        line("c", "2025-12-31", 150, product="X"),
        line("a", "2025-07-01", 500, line="pumps", channel="web", cost=250, product="P"),
        line("a", "2024-10-01", 400, line="pumps", channel="web", cost=200, product="P"),
        line("b", "2024-12-31", 400, line="pumps", channel="shop", cost=100, product="P"),
        line("d", "2025-12-01", -9, kind="adjustment")]
    return shop(rows, accounts={
        "region": ["East", "West", None, "East"], "industry": ["food", "food", "steel", "steel"],
        "star": [5.0, 4.0, np.nan, 1.0], "category": ["total", "A", "not_given", ""],
        "country": [None] * 4, "account_type": ["x", "y", "y", "y"],
        "tier": ["core", "general", "important", "no_sales"], "name": list("abcd")})


@pytest.fixture(scope="module")
def sales(trade):
    return trade.sales()


def of(sales, dimension):
    rows = sales.breakdown[sales.breakdown["dimension"] == dimension]
    return rows.set_index("category")


def test_every_dimension_that_is_given_and_only_those(sales):
    assert sales.breakdown.columns.tolist() == BREAKDOWN_COLUMNS
    assert sales.breakdown["dimension"].drop_duplicates().tolist() == [
        "region", "industry", "channel", "product_line", "account_type", "category", "star",
        "tier"]


def test_a_region_by_hand(sales):
    region = of(sales, "region")
    assert region.index.tolist() == ["East", "West", "not_given", "total"]
    east = region.loc["East"]
    assert east[["n_accounts", "net_amount", "mean_amount", "previous_net_amount",
                 "year_before_net_amount"]].tolist() == [1, 700, 700, 500, 400]
    assert east[["account_share", "amount_share", "previous_growth_rate",
                 "year_before_growth_rate", "contribution_rate"]].tolist() == pytest.approx(
        [1 / 3, 0.7, 0.4, 0.75, 300 / 800])
    assert east[["margin_amount", "margin_known_amount", "margin_share",
                 "margin_known_share"]].tolist() == pytest.approx([300, 600, 0.5, 600 / 700])
    assert (east["largest_account_id"], east["largest_account_share"], east["n_core"]) == \
        ("a", 1, 1)
    total = region.loc["total"]
    assert (total["n_accounts"], total["net_amount"], total["n_core"]) == (3, 1000, 1)
    assert total["largest_account_share"] == 0.7
    unknown = region.loc["not_given"]
    assert (unknown["net_amount"], unknown["year_before_net_amount"]) == (150, 0)
    assert np.isnan(unknown["year_before_growth_rate"])


def test_an_account_of_two_channels_counts_in_both_and_once_in_all(sales):
    channel = of(sales, "channel")
    assert channel["n_accounts"].to_dict() == {"web": 1, "shop": 2, "not_given": 1, "total": 3}
    assert channel["net_amount"].to_dict() == {"web": 600, "shop": 250, "not_given": 150,
                                               "total": 1000}


def test_contributions_add_up_to_the_growth_of_the_whole(sales):
    for dimension in sales.breakdown["dimension"].unique():
        table = of(sales, dimension)
        parts = table.drop("total")
        total = table.loc["total"]
        assert parts["contribution_rate"].sum() == pytest.approx(total["contribution_rate"])
        assert total["contribution_rate"] == pytest.approx(total["year_before_growth_rate"])
        assert parts["net_amount"].sum() == pytest.approx(1000, abs=0.005)
        assert parts["amount_share"].sum() == pytest.approx(1)


def test_numbers_are_written_as_words_and_reserved_words_in_quotes(sales):
    assert of(sales, "star").index.tolist() == ["5", "4", "not_given", "total"]
    own = of(sales, "category")
    assert own.index.tolist() == ["“total”", "A", "“not_given”", "total"]
    assert own.loc["“total”", "net_amount"] == 700


@pytest.mark.parametrize("name", ['O\'Neil "& Co", Ltd', "<b>East</b>", "华东{x}", "🏭", "nan"])
def test_hostile_names_stay_categories(line, shop, name):
    sales = shop([line("a", "2025-10-01", 10), line("b", "2025-10-01", 5)],
                 accounts={"region": [name, "x"]}).sales()
    assert of(sales, "region").index.tolist() == [name, "x", "total"]


def test_a_row_that_is_lost_is_caught_and_its_money_named(trade):
    inputs = trade.inputs()
    spans = inputs["account_spans"]
    lost = (spans["span"] == "period") & (spans["account_id"] == "c")
    with pytest.raises(KamlibError) as raised:
        build_sales(trade.facts(), rules=SalesRules(),
                    **{**inputs, "account_spans": spans[~lost]})
    assert str(raised.value).startswith(
        "Net sales by account and line add up to 850.00, but the account facts to 1000.00: "
        "-150.00 apart")


def test_an_account_that_stands_twice_is_caught(trade):
    inputs = trade.inputs()
    twice = pd.concat([trade.accounts, trade.accounts.head(1)])
    with pytest.raises(KamlibError, match=r"700\.00 apart"):
        build_sales(trade.facts(), rules=SalesRules(), **{**inputs, "accounts": twice})


def test_a_product_row_that_is_lost_is_caught(trade):
    inputs = trade.inputs()
    spans = inputs["product_spans"]
    inputs["product_spans"] = spans[~((spans["span"] == "period") & (spans["product_id"] == "V"))]
    inputs["product_spans"] = inputs["product_spans"].assign(quantity=1.0)
    with pytest.raises(KamlibError, match=r"by product add up to 900\.00"):
        build_sales(trade.facts(), rules=SalesRules(), **inputs)


def test_cross_ties_and_shows_what_is_not_given(sales):
    assert sales.cross.columns.tolist() == CROSS_COLUMNS
    assert sales.cross[["industry", "product_line", "n_accounts", "net_amount",
                        "year_before_net_amount"]].values.tolist() == [
        ["food", "pumps", 2, 750, 800], ["food", "valves", 1, 100, 0],
        ["steel", "not_given", 1, 150, 0]]
    assert sales.cross["amount_share"].sum() == pytest.approx(1)
    assert sales.cross.loc[0, "margin_share"] == pytest.approx(330 / 750)


def test_row_order_does_not_matter(trade, sales):
    rng = np.random.default_rng(1)
    inputs = {name: value.iloc[rng.permutation(len(value))] if isinstance(value, pd.DataFrame)
              else value for name, value in trade.inputs().items()}
    facts = trade.facts().iloc[rng.permutation(4)]
    mixed = build_sales(facts, rules=SalesRules(), **inputs)
    for name in ("breakdown", "cross", "trend", "growth", "growth_lines", "summary",
                 "account_type_mix", "concentration", "account_changes"):
        pd.testing.assert_frame_equal(getattr(mixed, name), getattr(sales, name))


def test_without_a_year_before_contributions_are_of_the_previous_period(trade):
    short = type(trade)(trade.lines.to_dict("records"), history_from="2025-01-01",
                        accounts={"region": ["E", "W", "W", "W"]})
    total = of(short.sales(), "region").loc["total"]
    assert np.isnan(total["year_before_net_amount"])
    assert total["contribution_rate"] == pytest.approx(1.0) == total["previous_growth_rate"]
    assert pd.isna(total["n_core"])


def test_no_dimension_at_all_is_refused_with_the_way_out(line, shop):
    sales = shop([line("a", "2025-10-01", 10)]).sales()
    assert sales.breakdown.empty
    assert list(sales.breakdown.columns) == BREAKDOWN_COLUMNS
    assert sales.refused["breakdown"] == (
        "No region, industry, channel or other way to divide sales is given. Such columns of the "
        "accounts, orders or products would lift this.")


def test_mix_effect_of_a_published_example(line, shop):
    # Certified Management Accountant examination (sales mix variance): budget 5,500 of E at a
    # unit contribution of 4.50 and 4,500 of F at 10.00, a composite of 6.975; sold 6,000 of each,
    # 7.250: 0.275 a unit, times 12,000 is 3,300. One unit is 1 of sales here, all over ten.
    rows = [line("e", "2024-10-01", 5500, cost=5500 - 0.45 * 5500),
            line("f", "2024-10-01", 4500, cost=0.0),
            line("e", "2025-10-01", 6000, cost=6000 - 0.45 * 6000),
            line("f", "2025-10-01", 6000, cost=0.0)]
    mix = shop(rows, accounts={"account_type": ["E", "F"]}).sales().account_type_mix
    assert mix["mix_effect_share"].sum() == pytest.approx(0.0275, abs=1e-12)
    assert mix["rate_effect_share"].abs().sum() == pytest.approx(0, abs=1e-12)
    assert mix["base_margin_share"].tolist() == pytest.approx([0.45, 1.0])


def test_mix_and_margin_effects_add_up_with_categories_that_come_and_go(line, shop):
    rows = [line("a", "2024-10-01", 100, cost=80), line("b", "2024-10-01", 300, cost=150),
            line("a", "2025-10-01", 200, cost=170), line("c", "2025-10-01", 200, cost=20)]
    sales = shop(rows, accounts={"tier": ["core", "general", "new"]}).sales(type_dimension="tier")
    mix = sales.account_type_mix.set_index("category")
    change = 210 / 400 - 170 / 400
    effects = mix[["mix_effect_share", "rate_effect_share"]]
    assert effects.to_numpy().sum() == pytest.approx(change)
    assert mix["rate_effect_share"].to_dict() == pytest.approx(
        {"core": 0.5 * (0.15 - 0.2), "general": 0, "new": 0})
    assert mix.loc["new", "mix_effect_share"] == pytest.approx(0.5 * (0.9 - 0.425))


@pytest.mark.parametrize(("given", "reason"), [
    ({"account_type": ["x", "y"]}, "The cost of no sales is known in one of the two spans."),
    ({"region": ["x", "y"]}, "The kinds of account that the margin is split by are not given.")])
def test_mix_is_refused_without_costs_or_kinds(line, shop, given, reason):
    rows = [line("a", "2024-10-01", 100), line("b", "2025-10-01", 100, cost=5)]
    assert shop(rows, accounts=given).sales().refused["account_type_mix"].startswith(reason)
