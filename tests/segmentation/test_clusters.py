"""Clusters of accounts: which accounts and features count, when there are none, what they say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib import open_report
from kamlib.errors import InputError
from kamlib.labels import heading, label
from kamlib.period import parse_period
from kamlib.rules import build_rules, load_rules
from kamlib.segmentation.clusters.features import FEATURE_COLUMNS, build_features
from kamlib.segmentation.clusters.find import (
    ASSIGNMENT_COLUMNS,
    DEVIATION_COLUMNS,
    PROFILE_COLUMNS,
    QUALITY_COLUMNS,
    cluster_accounts,
)
from kamlib.segmentation.clusters.names import name_clusters
from kamlib.segmentation.clusters.rules import DEFAULT_FEATURES, SOURCES, ClusterRules
from kamlib.stats.clustering import CHOICE_COLUMNS, cluster_kmeans, compare_partitions, standardise

RECIPES = Path(__file__).parents[2] / "data" / "recipes"
PERIOD = parse_period("2025Q4")
QUICK = {"n_references": 10, "n_resamples": 10, "k_max": 4}


def rules(**more):
    return ClusterRules(**{**QUICK, **more})


def build_facts(amounts, orders, days, *, tenure=None, ids=None):
    n = len(amounts)
    facts = pd.DataFrame({
        "account_id": ids or [f"{i:03d}" for i in range(n)],
        "net_amount_window": np.array(amounts, dtype="float64"),
        "n_orders_window": pd.array(orders, dtype="Int64"),
        "days_since_last_sale": np.array(days, dtype="float64"),
        "tenure_days": np.full(n, np.nan) if tenure is None else np.array(tenure, dtype="float64")})
    for column, share in (("gross_amount", 1.0), ("returned_amount", 0.0),
                          ("margin_amount", 0.3), ("margin_known_amount", 1.0)):
        facts[f"{column}_window"] = share * facts["net_amount_window"]
    return facts


def two_kinds(n_large=30, n_small=50, seed=1):
    """Large accounts that order often and lately, small ones that have gone silent."""
    rng = np.random.default_rng(seed)
    large = np.arange(n_large + n_small) < n_large
    return build_facts(
        np.where(large, 1e6, 1e3) * rng.lognormal(0, 0.4, len(large)),
        np.where(large, 40, 3) + rng.integers(0, 4, len(large)),
        np.where(large, 5, 200) + rng.integers(0, 9, len(large)))


def run(facts, *, products=None, **more):
    return cluster_accounts(facts, products=products, period=PERIOD, rules=rules(**more))


def build_products(rows, quarter="2025-01-01"):
    table = pd.DataFrame(rows, columns=["account_id", "product_line", "net_amount"])
    return table.assign(quarter=pd.Timestamp(quarter), channel="")


@pytest.fixture(scope="module")
def found():
    return run(two_kinds())


def test_two_kinds_of_accounts_are_found_and_named(found):
    assert found.found
    assert found.reason == ""
    assert found.choice.columns.tolist() == CHOICE_COLUMNS
    assert found.choice.loc[found.choice["is_chosen"], "k"].tolist() == [2]
    by_cluster = found.assignments.groupby("cluster")["account_id"].agg(set)
    assert by_cluster[1] == {f"{i:03d}" for i in range(30, 80)}
    assert by_cluster[2] == {f"{i:03d}" for i in range(30)}
    words = [set(name.lower().split(", ")) for name in found.profile["cluster_name"]]
    assert words[0] < {"small", "infrequent", "long silent"}
    assert words[1] < {"large", "frequent", "bought lately"}
    assert [len(each) for each in words] == [2, 2]
    assert found.quality["stability"][0] > 0.95
    assert found.quality["agreement"][0] > 0.95
    assert found.assignments["silhouette"].between(0.5, 1).all()
    assert repr(found) == "Clusters(2 clusters of 80 accounts)"


def test_profile_is_in_the_own_unit_of_each_feature(found):
    facts = two_kinds()
    small = facts.iloc[30:]
    row = found.profile.iloc[0]
    assert (row["n_accounts"], row["account_share"]) == (50, 0.625)
    assert row["net_amount"] == pytest.approx(small["net_amount_window"].sum())
    assert row["median_net_amount"] == pytest.approx(small["net_amount_window"].median())
    assert row["median_n_orders"] == small["n_orders_window"].median()
    assert found.profile["amount_share"].sum() == pytest.approx(1)
    assert found.profile.columns.tolist() == PROFILE_COLUMNS + [
        "median_net_amount", "median_n_orders", "median_days_since_last_sale"]
    # Means of a standardised feature cancel out over all accounts.
    weighted = found.deviations["mean_deviation"] * found.deviations["cluster"].map({1: 50, 2: 30})
    assert weighted.groupby(found.deviations["feature"]).sum().tolist() == pytest.approx(
        [0] * 3, abs=1e-3)


def test_every_feature_is_accounted_for(found):
    features = found.features.set_index("feature")
    assert features.index.tolist() == list(DEFAULT_FEATURES)
    assert features["is_used"].tolist() == [True, True, True, False, False, False, False]
    assert features["why_not"].tolist() == ["", "", "", "feature_unknown", "feature_constant",
                                            "feature_constant", "feature_unknown"]
    assert features["transform"].tolist() == ["as_log"] * 3 + ["as_is"] * 3 + ["as_log"]
    assert found.features.columns.tolist() == FEATURE_COLUMNS
    assert found.features["pc1_loading"].notna().tolist() == features["is_used"].tolist()
    assert found.quality[["pc1_share", "pc2_share"]].sum(axis=1)[0] <= 1 + 1e-9


def test_row_order_does_not_matter(found):
    shuffled = run(two_kinds().sample(frac=1, random_state=3))
    for table in ("assignments", "choice", "profile", "quality"):
        pd.testing.assert_frame_equal(getattr(shuffled, table), getattr(found, table))


def test_ward_finds_them_too(found):
    ward = run(two_kinds(), method="ward")
    assert ward.assignments["cluster"].tolist() == found.assignments["cluster"].tolist()


def test_one_cloud_is_no_structure():
    rng = np.random.default_rng(4)
    cloud = run(build_facts(rng.lognormal(8, 1, 100), 1 + rng.poisson(20, 100),
                            rng.lognormal(3, 1, 100)))
    assert not cloud.found
    assert cloud.reason.startswith("No structure found: divided in two, the accounts lie no closer")
    assert cloud.choice.loc[cloud.choice["is_chosen"], "k"].tolist() == [1]
    assert cloud.assignments.empty
    assert cloud.assignments.columns.tolist() == ASSIGNMENT_COLUMNS
    assert cloud.profile.columns.tolist() == PROFILE_COLUMNS
    assert cloud.deviations.columns.tolist() == DEVIATION_COLUMNS
    assert cloud.quality["n_clustered"].tolist() == [100]


def test_unstable_clusters_are_no_structure():
    assert run(two_kinds(), min_stability=1.0).found
    loose = np.random.default_rng(2)
    large = np.arange(60) < 30
    facts = build_facts(np.exp(np.where(large, 9.8, 8) + loose.normal(0, 0.5, 60)),
                        [3] * 60, [10] * 60)
    result = run(facts, min_stability=1.0)
    assert not result.found
    assert result.reason.startswith("No structure found: 2 clusters come out differently when "
                                    "accounts are drawn again (agreement 0.")
    assert result.quality["k"].tolist() == [2]


def test_a_single_giant_is_an_exception_and_not_a_cluster():
    rng = np.random.default_rng(5)
    facts = build_facts([*rng.lognormal(5, 0.3, 60), 1e15], [*(3 + rng.integers(0, 3, 60)), 4000],
                        [10] * 61)
    result = run(facts, k_max=2)
    assert result.reason == ("No structure found: every division only sets fewer than 5 accounts "
                             "apart, which are exceptions and not a group.")
    assert run(facts, k_max=2, min_cluster_accounts=1).profile["n_accounts"].tolist() == [60, 1]


@pytest.mark.parametrize(("facts", "reason"), [
    (build_facts([5.0] * 40, [2] * 40, [3] * 40), "No feature tells the accounts apart"),
    (build_facts([5.0], [2], [3]), "Clusters need 30 accounts with an order in 12 months and "
                                   "every feature known; 1 of 1 are so."),
    (build_facts([], [], []), "Clusters need 30 accounts"),
    (build_facts([0.0] * 40, [0] * 40, [3] * 40), "Clusters need 30 accounts"),
    (two_kinds().assign(n_orders_window=pd.array([pd.NA] * 80, dtype="Int64")),
     "The analysis window begins before the known history")])
def test_too_little_is_said_and_raises_nothing(facts, reason):
    result = run(facts)
    assert not result.found
    assert result.reason.startswith(reason)
    assert result.choice.empty
    assert result.quality.columns.tolist() == QUALITY_COLUMNS
    assert result.features.columns.tolist() == FEATURE_COLUMNS


def test_amounts_of_zero_and_below_are_survived():
    facts = two_kinds()
    facts["net_amount_window"] = np.where(facts.index < 30, -facts["net_amount_window"], 0.0)
    result = run(facts, features=("net_amount", "n_orders"))
    assert result.found
    assert result.profile["amount_share"].isna().all()
    assert result.profile["median_net_amount"].iloc[0] == 0


def test_accounts_with_a_gap_are_left_out_and_counted():
    facts = two_kinds()
    tenure = np.where(facts.index < 30, 3000.0, 300.0) + facts.index
    facts["tenure_days"] = tenure
    facts.loc[[3, 50, 60], "tenure_days"] = np.nan
    facts.loc[79, "n_orders_window"] = 0
    result = run(facts)
    row = result.quality.iloc[0]
    assert (row["n_accounts"], row["n_without_sales"], row["n_with_gap"], row["n_clustered"]) == (
        80, 1, 3, 76)
    assert not {"003", "050", "060", "079"} & set(result.assignments["account_id"])
    # Known for fewer than the rule asks, the feature goes instead of the accounts.
    strict = run(facts, min_known_share=0.99)
    dropped = strict.features.set_index("feature").loc["tenure_days"]
    assert (dropped["n_with_feature"], dropped["n_without_feature"]) == (76, 3)
    assert dropped["why_not"] == "feature_gaps"
    assert strict.quality["n_with_gap"].tolist() == [0]


def test_product_lines_are_one_feature_each_and_only_of_the_window():
    facts = two_kinds()
    odd = ['Pipes, "steel"', "阀门 🔧", "<b>Pumps</b>"]
    bought = [(f"{i:03d}", line, 100.0 + i) for i in range(80)
              for line in (odd[:2] if i < 30 else odd[1:])]
    old = build_products([(f"{i:03d}", "Old line", 5.0) for i in range(80)], "2024-10-01")
    unknown = build_products([("000", None, 5.0), ("001", "", 5.0)])
    products = pd.concat([build_products(bought), old, unknown])
    table = build_features(facts, products=products, period=PERIOD, window_months=12,
                           rules=rules(features=("product_lines", "n_product_lines")))
    assert table.features["feature"].tolist() == [*sorted(odd), "n_product_lines"]
    assert table.features["why_not"].tolist() == ["", "", "", "feature_constant"]
    assert table.values.loc["000", "<b>Pumps</b>"] == 0
    result = run(facts, products=products, features=("product_lines",))
    assert result.profile["cluster_name"].tolist() == [
        'Little Pipes, "steel", much <b>Pumps</b>', 'Much Pipes, "steel", little <b>Pumps</b>']
    assert result.profile["median_<b>Pumps</b>"].tolist() == [154.5, 0]


def test_account_without_any_known_product_line_is_a_gap_not_a_zero():
    facts = two_kinds()
    products = build_products([(f"{i:03d}", "A" if i % 2 else "B", 10.0 + i) for i in range(1, 80)])
    table = build_features(facts, products=products, period=PERIOD, window_months=12,
                           rules=rules(features=("product_lines",)))
    assert table.n_with_gap == 1
    assert "000" not in table.values.index


@pytest.mark.parametrize(("transform", "first"), [("log", np.log1p(90.0)), ("rank", 3.0),
                                                  ("none", 90.0)])
def test_transform_is_of_amounts_and_counts(transform, first):
    facts = build_facts([10, 40, 90, *range(1000, 1030)], [2] * 33, [5] * 33,
                        tenure=range(100, 133))
    table = build_features(facts, products=None, period=PERIOD, window_months=12,
                           rules=rules(transform=transform))
    lowest = {"log": np.log1p(10.0), "rank": 1.0, "none": 10.0}[transform]
    second = {"log": np.log1p(40.0), "rank": 2.0, "none": 40.0}[transform]
    steps = np.diff(table.scaled[:3, 0])
    assert steps[1] / steps[0] == pytest.approx((first - second) / (second - lowest), rel=1e-3)
    # Tenure is as it is: equal steps.
    assert np.diff(table.scaled[:, 1]) == pytest.approx([table.scaled[1, 1] - table.scaled[0, 1]]
                                                        * 32, abs=1e-5)


def test_centres_of_the_sample_assign_everybody(found):
    facts = two_kinds(n_large=150, n_small=250)
    result = run(facts, max_sample=100)
    assert result.quality[["n_sampled", "n_clustered"]].iloc[0].tolist() == [100, 400]
    assert result.assignments["silhouette"].notna().sum() == 100
    assert result.profile["n_accounts"].tolist() == [250, 150]
    assert (result.assignments["cluster"] == np.where(facts.index < 150, 2, 1)).all()


def test_names_are_of_the_largest_departures_and_unique():
    rows = [(1, "net_amount", 0.9), (1, "n_orders", -0.2), (2, "net_amount", 0.8),
            (2, "n_orders", 0.1), (3, "net_amount", -0.1), (3, "n_orders", 0.2),
            (4, "days_since_last_sale", 2.0), (4, "tenure_days", -1.0), (4, "margin_share", 1.5)]
    table = pd.DataFrame(rows, columns=["cluster", "feature", "mean_deviation"])
    assert name_clusters(table) == ["Large", "Large (2)", "Near the average",
                                    "Long silent, high margin"]


@pytest.mark.parametrize("values", [{"features": ["region"]}, {"features": []},
                                    {"features": ["n_orders", "n_orders"]}, {"k_max": 1}])
def test_location_and_nonsense_cannot_be_features(values):
    with pytest.raises(InputError, match=r"clusters\.(features|k_max)"):
        build_rules({"clusters": values}, sections=[ClusterRules], origin="test")


def test_every_feature_has_its_words():
    from kamlib.labels.clusters import VALUES

    named = [*SOURCES, "n_product_lines"]
    assert {f"word_{f}_{end}" for f in named for end in ("high", "low")} <= set(VALUES)


def test_facts_without_the_window_are_refused():
    with pytest.raises(InputError, match=r"n_orders_window is missing\. Pass report\.facts\."):
        run(two_kinds().drop(columns="n_orders_window"))
    assert PERIOD.window_start(12) == date(2025, 1, 1)


def test_wholesale_customers_part_into_shops_and_kitchens(real_data, tmp_path, monkeypatch):
    """UCI data set 292, six categories: the clusters are blind to Channel and find it again."""
    monkeypatch.setenv("KAM_REAL_DATA", str(real_data))
    monkeypatch.setenv("KAM_CACHE", str(tmp_path))
    report = open_report(RECIPES / "wholesale_customers.toml", period="2011")
    chosen = load_rules(RECIPES / "wholesale_customers_rules.toml", sections=[ClusterRules])
    result = cluster_accounts(report.facts, products=report.products, period=report.period,
                              rules=chosen.clusters)
    assert result.choice.loc[result.choice["is_chosen"], "k"].tolist() == [2]
    assert result.profile["cluster_name"].tolist() == [
        "Little Detergents/paper and Grocery", "Much Detergents/paper and Grocery"]
    assert result.profile["n_accounts"].tolist() == [252, 188]
    # The same by hand from the file, without facts or rules.
    source = pd.read_csv(real_data / "wholesale_customers" / "wholesale_customers.csv")
    plain = cluster_kmeans(standardise(np.log1p(source.iloc[:, 2:])), 2, seed=1)
    assert compare_partitions(plain, result.assignments["cluster"]) == 1
    types = report.accounts.set_index("account_id")["account_type"]
    kinds = pd.crosstab(result.assignments["cluster"],
                        result.assignments["account_id"].map(types)).to_numpy()
    assert kinds.tolist() == [[244, 8], [54, 134]]
    assert compare_partitions(result.assignments["cluster"], source["Channel"]) == pytest.approx(
        0.5135, abs=5e-5)
    assert result.quality["stability"][0] > 0.8
    medians = result.profile.set_index("cluster")
    for line in ("Detergents/paper", "Grocery", "Milk"):
        assert medians.loc[2, f"median_{line}"] > 3 * medians.loc[1, f"median_{line}"]
    for line in ("Fresh", "Frozen"):
        assert medians.loc[1, f"median_{line}"] > 1.5 * medians.loc[2, f"median_{line}"]


@pytest.mark.parametrize("name", ["assignments", "choice", "profile", "deviations", "features",
                                  "quality"])
def test_every_column_and_code_shown_has_a_name(found, name):
    table = getattr(found, name)
    shown = [c for c in table if not c.endswith(("_ci_low", "_ci_high"))]
    assert [c for c in shown if heading(c) == c] == []
    codes = [code for column in ("feature", "transform", "why_not") if column in table
             for code in table[column] if code and label(code) == code]
    assert codes == []
