"""Classes by rule tables: the fixtures say by hand which rule has to fire."""

from __future__ import annotations

import json
import tomllib
from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError, RefusedError
from kamlib.labels import VALUES, heading, label
from kamlib.period import parse_period
from kamlib.rules import build_rules
from kamlib.segmentation import SegmentationRules, score_tiers
from kamlib.segmentation.classes.classify import (
    CLASS_COLUMNS,
    CROSS_WALK_COLUMNS,
    SUMMARY_COLUMNS,
    classify_accounts,
    cross_walk,
    summarise_classes,
)
from kamlib.segmentation.classes.describe import (
    DESCRIBED_COLUMNS,
    count_window_months,
    describe_accounts,
    list_described_columns,
)
from kamlib.segmentation.classes.profile import DIMENSIONS, PROFILE_COLUMNS, profile_core_accounts
from kamlib.segmentation.classes.rules import (
    ACTIONS,
    MULTI_LABEL,
    OTHERWISE,
    SCHEMES,
    TABLES,
    ClassRules,
)

RULES = ClassRules()
ACTION_CODES = set(ACTIONS.values())


def build_facts(amounts, orders=None, **columns):
    n = len(amounts)
    orders = [1] * n if orders is None else orders
    facts = pd.DataFrame({
        "account_id": [f"{i:03d}" for i in range(n)],
        "n_orders": pd.array(orders, dtype="Int64"),
        "n_orders_window": pd.array(orders, dtype="Int64"),
        "net_amount_window": np.array(amounts, dtype="float64")})
    return facts.assign(**columns)


def describe(**columns):
    """A described table straight from its columns, the others gaps of their type."""
    n = len(next(iter(columns.values())))
    given = {"account_id": [f"{i:03d}" for i in range(n)], "ip_scope": ["callers"] * n} | columns
    return pd.DataFrame({name: pd.array(given[name] if name in given else [None] * n, dtype=kind)
                         for name, (kind, _) in DESCRIBED_COLUMNS.items()})


def classes_of(described, scheme, rules=RULES):
    found = classify_accounts(described, rules=rules)
    found = found[found["scheme"] == scheme]
    return [(row["class"], row["rule"]) for row in found.to_dict("records")]


# SEG-09: catalogue S4 L63, "2000元以上" read as 2000 and more

@pytest.mark.parametrize(("line", "below", "at"), [
    ("dedicated_internet", ("is_large", "dedicated_internet"), ("is_large", "dedicated_internet")),
    ("互联网专线", ("is_large", "dedicated_internet"), ("is_large", "dedicated_internet")),
    ("ip_gateway", ("is_large", "ip_gateway"), ("is_large", "ip_gateway")),
    ("ip_caller", ("not_large", "otherwise"), ("is_large", "ip_caller")),
    ("ip_dialler", ("not_large", "otherwise"), ("is_large", "ip_caller")),
    ("IP拨号器", ("not_large", "otherwise"), ("is_large", "ip_caller")),
    ("VPDN", ("is_large", "vpdn"), ("is_large", "vpdn")),
    ("agent", ("is_large", "agent"), ("is_large", "agent")),
    ("telephone", ("not_large", "otherwise"), ("is_large", "any_other_line")),
    (None, ("cannot_tell", "line_missing"), ("is_large", "any_other_line")),
])
def test_each_service_line_below_and_at_the_threshold(line, below, at):
    described = describe(service_line=[line] * 2, monthly_amount=[1999.99, 2000.0])
    assert classes_of(described, "service_line") == [below, at]


def test_the_other_reading_of_the_ip_rule_asks_gateways_as_well():
    rules = ClassRules(ip_scope="all_ip")
    facts = build_facts([1999.99 * 12, 2000.0 * 12])
    accounts = pd.DataFrame({"account_id": ["000", "001"], "service_line": ["ip_gateway"] * 2})
    described = describe_accounts(facts, rules=rules, accounts=accounts)
    assert described["monthly_amount"].tolist() == [1999.99, 2000.0]
    assert classes_of(described, "service_line", rules) == [
        ("not_large", "otherwise"), ("is_large", "ip_gateway")]
    described = describe_accounts(facts, rules=RULES, accounts=accounts)
    assert {one for one, _ in classes_of(described, "service_line")} == {"is_large"}


def test_an_agent_by_type_is_large_whatever_its_line():
    described = describe(service_line=["telephone"], account_type=["代理商"], monthly_amount=[1.0])
    assert classes_of(described, "service_line") == [("is_large", "agent")]


def test_the_month_is_the_mean_over_the_known_months_of_the_window():
    period = parse_period("2011Q3")
    facts = build_facts([20_000.0])
    for history_from, months in ((date(2009, 1, 1), 12), (date(2010, 12, 1), 10),
                                 (date(2010, 12, 17), 9 + 15 / 31)):
        assert count_window_months(period, window_months=12, history_from=history_from) == \
            pytest.approx(months)
        described = describe_accounts(facts, rules=RULES, period=period,
                                      history_from=history_from)
        assert described["monthly_amount"].tolist() == pytest.approx([20_000 / months])


# SEG-05, E20

def test_value_classes_by_profit_growth_and_potential():
    described = describe(
        has_ordered=[True, True, True, True, True, True, False],
        profit_amount=[90.0, 10.0, 10.0, -0.01, 0.0, None, -5.0],
        profit_rank_share=[0.0, 0.5, 0.5, None, None, None, None],
        growth_rate=[None, 0.2, 0.1, 9.0, None, 5.0, None],
        growth_rank_share=[None, 0.1, 0.0, 0.0, None, 0.1, None],
        potential_rank_share=[None, None, 0.1, 0.0, 0.9, 0.0, 0.0])
    assert classes_of(described, "value_class") == [
        ("vip", "top_profit"), ("mgc", "fast_growth"), ("mgc", "large_potential"),
        ("bz", "unprofitable"), ("ordinary", "other_profit"), ("cannot_tell", "profit_unknown"),
        ("no_sales", "otherwise")]


def test_unprofitable_is_reviewed_and_nobody_is_dropped():
    assert ACTIONS["value_class", "bz"] == "action_bz"
    assert label("action_bz").startswith("Review")
    assert label("action_vip").startswith("Keep")
    assert label("action_mgc").startswith("Develop")
    assert not [code for code in ACTION_CODES if "drop" in label(code).lower()
                and "nobody is dropped" not in label(code).lower()]


# SEG-07

def test_business_classes_and_their_next_action():
    described = describe(
        has_ordered=[True, True, False, False, False], amount_rank_share=[0.19, 0.2, None, None,
                                                                          None],
        potential_amount=[None, 9.0, 0.01, 0.0, None])
    assert classes_of(described, "business_class") == [
        ("major_account", "top_sales"), ("ordinary", "smaller_sales"),
        ("prospect", "something_to_win"), ("unattractive", "little_to_win"),
        ("cannot_tell", "potential_unknown")]
    summary = summarise_classes(classify_accounts(described, rules=RULES), described, rules=RULES)
    actions = summary[summary["scheme"] == "business_class"].set_index("class")["action"]
    assert "first order" in label(actions["prospect"])
    assert (actions != "").all()


# SEG-03, E34

def test_categories_overlap_and_the_word_important_is_told_apart():
    described = describe(
        tenure_years=[5.0, 4.99, 5.0, None], relationship_level=[3, 4, 2, 4],
        amount_rank_share=[0.1, 0.3, None, 0.5], influence_score=[60.0, 80.0, None, 79.9],
        n_orders=[6, 6, 6, 6], gap_cv=[0.7, 0.71, 0.5, 0.1])
    found = classify_accounts(described, rules=RULES)
    found = found[found["scheme"] == "categories"]
    assert found.groupby("account_id")["class"].agg(list).to_dict() == {
        "000": ["strategic_partner", "large_customer", "key_customer"],
        "001": ["important_by_influence"], "002": ["key_customer"], "003": ["no_category"]}
    assert label("important_by_influence") != label("important")


# SEG-08

@pytest.mark.parametrize(("given", "canonical"), [
    ("institution", "organisation"), ("机构组织", "organisation"), ("ka_store", "hypermarket"),
    ("KA大卖场", "hypermarket"), ("Wholesaler", "intermediary"), ("中间商", "intermediary"),
    ("key_consumer", "key_consumer"), ("florist's \"🙂\" <b>", "other_type"),
    (None, "not_given"), ("", "not_given")])
def test_types_by_lookup(given, canonical):
    accounts = pd.DataFrame({"account_id": ["000"], "account_type": [given]})
    described = describe_accounts(build_facts([1.0]), rules=RULES, accounts=accounts)
    assert described["canonical_type"].tolist() == [canonical]
    assert classes_of(described, "account_type")[0][0] == canonical


@pytest.mark.parametrize(("transport", "days", "level"), [
    ("pickup", 0, "limited_service"), ("自提", 0, "limited_service"),
    ("pickup", 30, "full_service"),
    ("road", 0, "full_service"), ("road", None, "full_service"), (None, 30, "full_service"),
    ("pickup", None, "service_unknown"), (None, 0, "service_unknown"),
    (None, None, "service_unknown")])
def test_limited_service_collects_and_pays_at_once(transport, days, level):
    described = describe(canonical_type=["intermediary", "organisation", "not_given"],
                         transport=[transport] * 3, payment_terms_days=[days] * 3)
    assert [one for one, _ in classes_of(described, "service_level")] == [
        level, "not_intermediary", "service_unknown"]


# SEG-04

def ranked():
    """Twenty accounts, 1 … 19 of sales and one without an order."""
    facts = build_facts([0.0, *range(1, 20)], [0, *[1] * 19])
    return describe_accounts(facts, rules=RULES, tiers=score_tiers(
        facts, rules=SegmentationRules()))


def test_vocabularies_cut_the_same_accounts_differently():
    described = ranked()
    found = classify_accounts(described, rules=RULES).pivot_table(
        index="scheme", columns="class", values="account_id", aggfunc="count").fillna(0)
    # Of 19 with sales: under 5 % lies 1 (0/19), under 20 % four (3/19), under 40 % eight.
    assert found.loc["strategic_key_ordinary"][
        ["strategic_large", "key_large", "ordinary_large", "not_large", "no_sales"]
    ].tolist() == [1, 3, 4, 11, 1]
    assert found.loc["key_ordinary_potential"][
        ["major_account", "ordinary", "potential_account"]].tolist() == [4, 15, 1]
    # All have one order, so all are high by orders: eight by amount are core, nobody is general.
    assert found.loc["core_important_ordinary"][["core", "important", "no_sales"]].tolist() == [
        8, 11, 1]


def test_cross_walk_counts_every_account_once():
    described = ranked()
    classes = classify_accounts(described, rules=RULES)
    walk = cross_walk(classes, described, rules=RULES)
    assert walk.columns.tolist() == CROSS_WALK_COLUMNS
    assert set(walk["scheme"]) == {"core_important_ordinary"}
    assert walk.groupby("other_scheme")["n_accounts"].sum().tolist() == [20, 20]
    assert walk.groupby("other_scheme")["net_amount"].sum().tolist() == [190.0, 190.0]
    cell = walk.set_index(["class", "other_class"]).loc[("core", "key_large")]
    assert cell[["n_accounts", "class_share", "net_amount"]].tolist() == [3, 3 / 8, 18 + 17 + 16]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_vocabulary_may_be_chosen(scheme):
    rules = ClassRules(scheme=scheme)
    described = ranked()
    walk = cross_walk(classify_accounts(described, rules=rules), described, rules=rules)
    assert set(walk["scheme"]) == {scheme}
    assert set(walk["other_scheme"]) == set(SCHEMES) - {scheme}


# all schemes

HARD = {
    "all equal": [5.0] * 6, "one account": [5.0], "nothing above zero": [0.0, -3.0, 0.0],
    "mostly identical": [1.0, 1.0, 1.0, 1.0, 9.0], "nobody": [],
}


@pytest.mark.parametrize("amounts", HARD.values(), ids=HARD)
def test_every_account_has_one_class_of_each_scheme(amounts):
    facts = build_facts(amounts)
    described = describe_accounts(facts, rules=RULES)
    found = classify_accounts(described, rules=RULES)
    assert found.columns.tolist() == CLASS_COLUMNS
    for scheme in TABLES:
        part = found[found["scheme"] == scheme]
        assert set(part["account_id"]) == set(facts["account_id"])
        assert set(part["class"]) <= set(RULES.classes(scheme))
        if scheme != MULTI_LABEL:
            assert len(part) == len(facts)
    summary = summarise_classes(found, described, rules=RULES)
    assert summary.columns.tolist() == SUMMARY_COLUMNS
    single = summary[summary["scheme"] != MULTI_LABEL].groupby("scheme")
    assert (single["n_accounts"].sum() == len(facts)).all()
    if sum(amounts) > 0:
        assert single["amount_share"].sum().tolist() == pytest.approx([1.0] * 8)
    else:
        assert summary["amount_share"].isna().all()


def test_ties_stay_together_and_the_only_account_is_among_the_largest():
    assert describe_accounts(build_facts([5.0] * 4), rules=RULES)[
        "amount_rank_share"].tolist() == [0.0] * 4
    found = describe_accounts(build_facts([9.0, 5.0, 5.0, -1.0]), rules=RULES)
    assert found["amount_rank_share"].fillna(-1).tolist() == pytest.approx([0, 1 / 3, 1 / 3, -1])
    one = describe_accounts(build_facts([5.0]), rules=RULES)
    assert classes_of(one, "business_class") == [("major_account", "top_sales")]


def test_without_any_amount_above_zero_nobody_is_large():
    described = describe_accounts(build_facts([0.0, -3.0]), rules=RULES)
    assert {one for one, _ in classes_of(described, "business_class")} == {"ordinary"}
    assert {one for one, _ in classes_of(described, "strategic_key_ordinary")} == {"not_large"}


def test_the_order_of_the_rows_does_not_matter():
    facts = build_facts([3.0, 2.0, 1.0, 0.0], [3, 2, 1, 0])
    accounts = pd.DataFrame({"account_id": ["003", "000"], "industry": ["a", "b"]})
    one = describe_accounts(facts, rules=RULES, accounts=accounts)
    other = describe_accounts(facts.iloc[::-1], rules=RULES, accounts=accounts.iloc[::-1])
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(
        classify_accounts(one, rules=RULES),
        classify_accounts(one.iloc[::-1].reset_index(drop=True), rules=RULES))


# the described table

def test_the_table_has_the_columns_it_promises_with_gaps_where_nothing_is_given():
    # CDNOW: nothing is known of a buyer but the purchases.
    described = describe_accounts(build_facts([12.0, 24.0]), rules=RULES,
                                  accounts=pd.DataFrame({"account_id": ["000", "001"]}))
    assert described.columns.tolist() == list(DESCRIBED_COLUMNS)
    known = described.dropna(axis="columns").columns.tolist()
    assert known == ["account_id", "has_ordered", "n_orders", "net_amount", "amount_share",
                     "amount_rank_share", "monthly_amount", "canonical_type", "ip_scope"]
    assert {name: str(described[name].dtype) for name in described} == {
        name: kind for name, (kind, _) in DESCRIBED_COLUMNS.items()}
    assert classes_of(described, "value_class") == [("cannot_tell", "profit_unknown")] * 2


def test_potential_is_what_is_open_and_what_we_do_not_have_yet():
    facts = build_facts([100.0, 100.0, 0.0, 0.0, 100.0])
    opportunities = pd.DataFrame(
        [("000", 30.0, "open", None), ("000", 5.0, "open", None), ("000", 99.0, "won", None),
         ("002", 7.0, "lost", "2026-02-01"), ("003", None, "open", None),
         (None, 4.0, "open", None)],
        columns=["account_id", "amount", "outcome", "closed_date"])
    wallet = pd.DataFrame(
        [("000", None, 2024, 9000.0, "2024-05-01"), ("000", None, 2025, 900.0, "2025-05-01"),
         ("000", None, 2025, 400.0, "2025-06-01"), ("000", "Pumps", 2025, 9.0, "2025-07-01"),
         ("001", "Pumps", 2025, 70.0, "2025-05-01"), ("001", "Valves", 2025, 50.0, "2025-05-01"),
         ("004", None, 2025, 60.0, "2025-05-01")],
        columns=["account_id", "product_line", "year", "estimate_amount", "estimated_date"])
    given = {"opportunities": opportunities, "wallet": wallet, "period": parse_period("2025Q4")}
    found = describe_accounts(facts, rules=RULES, **given).set_index("account_id")
    assert found["wallet_amount"].fillna(-1).tolist() == [400.0, 120.0, -1, -1, 60.0]
    # Lost only after the period: at its end it was open.
    assert found["open_amount"].fillna(-1).tolist() == [35.0, -1, 7.0, -1, -1]
    assert found["potential_amount"].fillna(-1).tolist() == [335.0, 20.0, 7.0, -1, 0.0]
    larger = describe_accounts(facts, rules=ClassRules(potential="larger"), **given)
    assert larger["potential_amount"].fillna(-1).tolist() == [300.0, 20.0, 7.0, -1, 0.0]


def test_growth_is_against_the_window_a_year_before():
    facts, before = build_facts([30.0, 10.0, 5.0]), build_facts([20.0, 20.0, 0.0])
    found = describe_accounts(facts, rules=RULES, facts_year_before=before)
    assert found["growth_amount"].tolist() == [10.0, -10.0, 5.0]
    assert found["growth_rate"].fillna(9).tolist() == [0.5, -0.5, 9]
    assert found["growth_rank_share"].fillna(9).tolist() == [0.0, 9, 0.5]
    # The window a year before begins in October 2023, before the history.
    cut = describe_accounts(facts, rules=RULES, facts_year_before=before,
                            period=parse_period("2025Q3"), history_from=date(2023, 10, 2))
    assert cut["growth_rate"].isna().all()


def test_the_latest_rating_of_the_relationship_counts():
    rated = pd.DataFrame({"account_id": ["000"] * 2, "rated_date": pd.to_datetime(
        ["2025-07-01", "2024-07-01"]), "level": [4, 1], "trend": ["steady", "developing"]})
    found = describe_accounts(build_facts([1.0]), rules=RULES, relationships=rated)
    assert found[["relationship_level", "relationship_trend"]].values.tolist() == [[4, "steady"]]


def test_an_unknown_window_is_refused_and_a_missing_column_named():
    facts = build_facts([1.0])
    facts["n_orders_window"] = pd.array([None], dtype="Int64")
    with pytest.raises(RefusedError, match="begins before the known history"):
        describe_accounts(facts, rules=RULES)
    with pytest.raises(InputError, match="n_orders_window is missing"):
        describe_accounts(facts.drop(columns="n_orders_window"), rules=RULES)
    with pytest.raises(InputError, match="tier is missing"):
        classify_accounts(describe(net_amount=[1.0]).drop(columns="tier"), rules=RULES)


# the rules

def test_rule_tables_survive_json_and_read_as_lines():
    rules = build_rules({}, sections=[ClassRules], origin="defaults")
    again = build_rules(json.loads(json.dumps(rules.to_dict())), sections=[ClassRules],
                        origin="context.json")
    assert again.classes == RULES
    frame = again.to_frame()
    assert frame["is_default"].all()
    shown = frame.set_index("rule").loc["business_class", "value"]
    assert shown.startswith("(top_sales: amount_rank_share < 0.2 → major_account, smaller_sales: ")


def test_a_rules_file_may_replace_a_table():
    text = """
    [[classes.service_line]]
    name = "route 3"
    when = "service_line = 'Route 3' AND monthly_amount > 10"
    gives = "is_large"
    why = "Our best route."
    """
    rules = build_rules(tomllib.loads(text), sections=[ClassRules], origin="rules.toml").classes
    described = describe(service_line=["Route 3", "Route 1"], monthly_amount=[11.0, 11.0])
    assert classes_of(described, "service_line", rules) == [
        ("is_large", "route 3"), ("not_large", "otherwise")]


def test_a_wrong_column_in_a_rules_file_is_told_with_its_table():
    rules = build_rules({"classes": {"value_class": [
        {"name": "a", "when": "profit_amout > 0", "gives": "vip"}]}}, sections=[ClassRules],
        origin="rules.toml").classes
    with pytest.raises(InputError) as caught:
        classify_accounts(describe(net_amount=[1.0]), rules=rules)
    said = str(caught.value)
    assert said.startswith("classes.value_class: the condition of rule 'a', 'profit_amout > 0', "
                           "cannot be used: the table has no column 'profit_amout' (did you mean "
                           "'profit_amount'?)")
    assert all(name in said for name in DESCRIBED_COLUMNS)


def test_every_code_has_a_name():
    codes = {*TABLES, *ACTION_CODES, *OTHERWISE.values(), "otherwise",
             *(one.gives for scheme in TABLES for one in RULES.table(scheme)),
             *(one.name for scheme in TABLES for one in RULES.table(scheme)), *DIMENSIONS}
    assert sorted(codes - set(VALUES)) == []
    columns = {*CLASS_COLUMNS, *SUMMARY_COLUMNS, *CROSS_WALK_COLUMNS, *PROFILE_COLUMNS,
               *DESCRIBED_COLUMNS, "column", "meaning"}
    assert sorted(name for name in columns if heading(name) == name) == []


def test_the_columns_for_conditions_are_listed_as_sql_writes_them():
    listed = list_described_columns()
    assert [name.strip('"') for name in listed["column"]] == list(DESCRIBED_COLUMNS)
    assert (listed["meaning"].str.len() > 5).all()


# SEG-10, E33

def build_tiers(*tiers):
    return pd.DataFrame({"account_id": [f"{i:03d}" for i in range(len(tiers))],
                         "net_amount": [10.0] * len(tiers), "tier": tiers})


def test_profile_counts_customers_with_sales_and_shows_what_is_not_given():
    tiers = build_tiers("core", "general", "core", "no_sales", "important")
    accounts = pd.DataFrame({
        "account_id": ["000", "001", "002", "003", "900", "901"],
        "party_role": ["customer"] * 4 + ["supplier", "partner"],
        "region": ["East", "East", None, "East", "East", "West"], "star": [4.0, 4.0, 1.0, 1, 1, 1],
        "industry": [None] * 6})
    found = profile_core_accounts(tiers, accounts)
    assert found.columns.tolist() == PROFILE_COLUMNS
    rows = found[["dimension", "category", "n_accounts", "n_core"]].astype("object")
    assert rows.fillna("-").values.tolist() == [
        ["region", "East", 2, 1], ["region", "not_given", 2, 1],
        ["star", "4", 2, 1], ["star", "1", 1, 1], ["star", "not_given", 1, 0],
        ["party_role", "customer", 3, 2], ["party_role", "not_given", 1, 0],
        ["party_role", "partner", 1, "-"], ["party_role", "supplier", 1, "-"]]
    assert found.loc[0, ["net_amount", "amount_share", "mean_amount"]].tolist() == [20, 0.5, 10]


# Newcombe (1998), Stat. Med. 17:857-872, table I, method 3 (Wilson), 95 %.
@pytest.mark.parametrize(("n_core", "n", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718)])
def test_interval_of_the_core_share_is_newcombes_method_3(n_core, n, low, high):
    tiers = build_tiers(*["core"] * n_core, *["general"] * (n - n_core))
    accounts = tiers[["account_id"]].assign(region="East")
    found = profile_core_accounts(tiers, accounts).iloc[0]
    assert found["core_share_ci_low"] == pytest.approx(low, abs=0.00005)
    assert found["core_share_ci_high"] == pytest.approx(high, abs=0.00005)


def test_suppliers_never_count_even_with_a_tier():
    tiers = build_tiers("core", "core")
    accounts = pd.DataFrame({"account_id": ["000", "001"], "party_role": ["customer", "supplier"],
                             "region": ["East", "East"]})
    assert profile_core_accounts(tiers, accounts)["n_accounts"].tolist() == [1, 1, 1]


def test_profile_is_refused_where_nothing_describes_the_accounts():
    tiers = build_tiers("core")
    for accounts in (tiers[["account_id"]], tiers[["account_id"]].assign(party_role="customer"),
                     tiers[["account_id"]].assign(region=None)):
        with pytest.raises(RefusedError, match="something that describes them"):
            profile_core_accounts(tiers, accounts)
    with pytest.raises(RefusedError, match="accounts with sales"):
        profile_core_accounts(build_tiers("no_sales"), pd.DataFrame(
            {"account_id": ["000"], "region": ["East"]}))


def test_a_profile_of_returns_has_no_shares_of_sales():
    tiers = build_tiers("general", "general").assign(net_amount=[-5.0, 0.0])
    found = profile_core_accounts(tiers, tiers[["account_id"]].assign(region=["a", "b"]))
    assert found["amount_share"].isna().all()
    assert found["category"].tolist() == ["b", "a"]
