"""Clusters of accounts that are alike: whether there are any, how many, and what marks each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count, fmt_number
from kamlib.period import Period
from kamlib.segmentation.clusters.features import FEATURE_COLUMNS, FeatureTable, build_features
from kamlib.segmentation.clusters.names import name_clusters, tell_standouts
from kamlib.segmentation.clusters.rules import ClusterRules
from kamlib.stats.clustering import (
    CHOICE_COLUMNS,
    Floats,
    Ints,
    Plane,
    Stability,
    assign_nearest,
    choose_k,
    cluster_kmeans,
    cluster_ward,
    compare_partitions,
    draw_sample,
    project,
    renumber,
    silhouettes,
    stability,
)

ASSIGNMENT_COLUMNS = ["account_id", "cluster", "cluster_name", "pc1", "pc2", "silhouette"]
PROFILE_COLUMNS = ["cluster", "cluster_name", "n_accounts", "account_share", "net_amount",
                   "amount_share", "silhouette", "standouts"]
DEVIATION_COLUMNS = ["cluster", "cluster_name", "feature", "median", "median_deviation",
                     "mean_deviation"]
QUALITY_COLUMNS = ["n_accounts", "n_without_sales", "n_with_gap", "n_clustered", "n_sampled", "k",
                   "gap_k", "silhouette", "stability", "stability_ci_low", "stability_ci_high",
                   "agreement", "pc1_share", "pc2_share"]
UNKNOWN = Stability(float("nan"), float("nan"), float("nan"), 0)


@dataclass(frozen=True, repr=False)
class Clusters:
    """Clusters of accounts, or why there are none: a normal answer.

    assignments: one row an account in a cluster, sorted: account_id, cluster (1 the largest),
    cluster_name, pc1, pc2 (scores on the principal components), silhouette (-1 to 1; a gap for
    accounts outside the sample). Empty where no structure was found.
    choice: one row a number of clusters tried, see `choose_k`; k = 1 chosen means no structure.
    profile: one row a cluster: n_accounts, account_share, net_amount (analysis window),
    amount_share (of the clustered accounts; gap when their total is not above 0), silhouette
    (mean), median_<feature> in the feature's own unit, standouts (what departs most, in standard
    deviations).
    deviations: one row a cluster and feature: median (own unit), median_deviation and
    mean_deviation (of the transformed feature from the mean of all, in standard deviations).
    features: one row a feature asked for: transform, n_with_feature, n_without_feature
    (accounts), is_used, why_not, pc1_loading, pc2_loading.
    quality: one row: accounts counted, k, gap_k (the gap statistic's own choice), silhouette,
    stability with interval, agreement (adjusted Rand index with the other method), variance
    shares of the two components.
    found, reason: whether clusters were found, and if not, why; choice is empty when nothing
    could be tried.
    """

    assignments: pd.DataFrame
    choice: pd.DataFrame
    profile: pd.DataFrame
    deviations: pd.DataFrame
    features: pd.DataFrame
    quality: pd.DataFrame
    found: bool
    reason: str
    rules: ClusterRules

    def __repr__(self) -> str:
        return f"Clusters({len(self.profile)} clusters of {len(self.assignments)} accounts)"


def cluster_accounts(facts: pd.DataFrame, *, products: pd.DataFrame | None, period: Period,
                     rules: ClusterRules, window_months: int = 12) -> Clusters:
    """Look for clusters among the accounts with an order in the analysis window.

    facts: account_facts; products: account_products, or None where products are not known;
    period, window_months: the analysis window ends with the period.
    Never raises for too little data: found is False and reason says what would lift it.
    Source: catalogue BEH-04, BEH-05.
    """
    try:
        table = build_features(facts, products=products, period=period,
                               window_months=window_months, rules=rules)
    except RefusedError as error:
        return _nothing(str(error), rules)
    sample = draw_sample(len(table.scaled), rules.max_sample, seed=rules.seed)
    x = table.scaled[sample]
    choice = choose_k(x, seed=rules.seed, k_max=rules.k_max, n_references=rules.n_references,
                      min_size=rules.min_cluster_accounts, method=rules.method)
    k = int(choice.loc[choice["is_chosen"], "k"].iloc[0])
    gap_k = int(choice.loc[choice["is_gap_choice"], "k"].iloc[0])
    firm = stability(x, k, seed=rules.seed, n_resamples=rules.n_resamples,
                     method=rules.method) if k > 1 else UNKNOWN
    reason = _why_none(k, gap_k, firm, rules)
    plane = project(table.scaled)
    features = _with_loadings(table, plane)
    labels, inside = _divide(table.scaled, sample, k, rules)
    quality = _quality(table, k=k, gap_k=gap_k, firm=firm, plane=plane, n_sampled=len(sample),
                       silhouette=float(choice.loc[choice["is_chosen"], "silhouette"].iloc[0]),
                       agreement=_agreement(x, labels[sample], k, rules))
    if reason:
        return _nothing(reason, rules, choice=choice, features=features, quality=quality)
    deviations = _deviations(table, labels)
    names = name_clusters(deviations)
    deviations.insert(1, "cluster_name", [names[c - 1] for c in deviations["cluster"]])
    assignments = pd.DataFrame({
        "account_id": table.values.index.astype("str"), "cluster": labels + 1,
        "cluster_name": [names[c] for c in labels], "pc1": plane.scores[:, 0],
        "pc2": plane.scores[:, 1], "silhouette": inside})
    return Clusters(assignments[ASSIGNMENT_COLUMNS], choice,
                    _profile(table, assignments, deviations), deviations[DEVIATION_COLUMNS],
                    features, quality, found=True, reason="", rules=rules)


def _divide(scaled: Floats, sample: Ints, k: int, rules: ClusterRules) -> tuple[Ints, Floats]:
    """Clusters of all accounts, 0 the largest, and silhouettes of the sampled ones."""
    if k == 1:
        return np.zeros(len(scaled), dtype="int64"), np.full(len(scaled), np.nan)
    drawn = _partition(scaled[sample], k, rules.method, rules)
    centres = np.stack([scaled[sample][drawn == g].mean(axis=0) for g in range(k)])
    labels = assign_nearest(scaled, centres)
    labels[sample] = drawn
    inside = np.full(len(scaled), np.nan)
    inside[sample] = silhouettes(scaled[sample], drawn)
    return renumber(labels), inside


def _partition(x: Floats, k: int, method: str, rules: ClusterRules) -> Ints:
    return cluster_ward(x, k) if method == "ward" else cluster_kmeans(x, k, seed=rules.seed)


def _agreement(x: Floats, labels: Ints, k: int, rules: ClusterRules) -> float:
    if k == 1:
        return float("nan")
    other = "ward" if rules.method == "kmeans" else "kmeans"
    return compare_partitions(labels, _partition(x, k, other, rules))


def _why_none(k: int, gap_k: int, firm: Stability, rules: ClusterRules) -> str:
    if gap_k == 1:
        return _("No structure found: divided in two, the accounts lie no closer together than "
                 "points strewn evenly would (gap statistic), so any groups would be arbitrary.")
    if k == 1:
        return _("No structure found: every division only sets fewer than {n} accounts apart, "
                 "which are exceptions and not a group.", n=fmt_count(rules.min_cluster_accounts))
    if not firm.median >= rules.min_stability:
        return _("No structure found: {k} clusters come out differently when accounts are drawn "
                 "again (agreement {firm}, where 1 is the same; at least {least} is asked for).",
                 k=fmt_count(k), firm=fmt_number(firm.median, 2),
                 least=fmt_number(rules.min_stability, 2))
    return ""


def _with_loadings(table: FeatureTable, plane: Plane) -> pd.DataFrame:
    features = table.features.copy()
    for at, column in enumerate(("pc1_loading", "pc2_loading")):
        features[column] = float("nan")
        features.loc[features["is_used"], column] = plane.loadings[:, at]
    return features[FEATURE_COLUMNS]


def _deviations(table: FeatureTable, labels: Ints) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for cluster in range(labels.max() + 1):
        is_in = labels == cluster
        rows += [{"cluster": cluster + 1, "feature": feature,
                  "median": float(table.values[feature][is_in].median()),
                  "median_deviation": float(np.median(table.scaled[is_in, at])),
                  "mean_deviation": float(table.scaled[is_in, at].mean())}
                 for at, feature in enumerate(table.values)]
    return pd.DataFrame(rows)


def _profile(table: FeatureTable, assignments: pd.DataFrame,
             deviations: pd.DataFrame) -> pd.DataFrame:
    rows = assignments.assign(net_amount=table.net_amount.to_numpy("float64"))
    profile = rows.groupby(["cluster", "cluster_name"], as_index=False).agg(
        n_accounts=("account_id", "size"), net_amount=("net_amount", "sum"),
        silhouette=("silhouette", "mean"))
    total = float(profile["net_amount"].sum())
    profile["account_share"] = profile["n_accounts"] / len(rows)
    profile["amount_share"] = profile["net_amount"] / total if total > 0 else float("nan")
    profile["standouts"] = pd.Series(tell_standouts(deviations), dtype="str")
    medians = deviations.pivot(index="cluster", columns="feature", values="median")
    medians = medians[list(table.values)].add_prefix("median_").reset_index(drop=True)
    return pd.concat([profile[PROFILE_COLUMNS], medians], axis=1)


def _quality(table: FeatureTable, *, plane: Plane, firm: Stability, **more: Any) -> pd.DataFrame:
    row = {"n_accounts": table.n_accounts, "n_without_sales": table.n_no_sales,
           "n_with_gap": table.n_with_gap, "n_clustered": len(table.values),
           "stability": firm.median, "stability_ci_low": firm.ci_low,
           "stability_ci_high": firm.ci_high, "pc1_share": plane.shares[0],
           "pc2_share": plane.shares[1], **more}
    return pd.DataFrame([row], columns=QUALITY_COLUMNS)


def _nothing(reason: str, rules: ClusterRules, *, choice: pd.DataFrame | None = None,
             features: pd.DataFrame | None = None,
             quality: pd.DataFrame | None = None) -> Clusters:
    def or_empty(table: pd.DataFrame | None, columns: list[str]) -> pd.DataFrame:
        return pd.DataFrame(columns=columns) if table is None else table

    return Clusters(pd.DataFrame(columns=ASSIGNMENT_COLUMNS), or_empty(choice, CHOICE_COLUMNS),
                    pd.DataFrame(columns=PROFILE_COLUMNS), pd.DataFrame(columns=DEVIATION_COLUMNS),
                    or_empty(features, FEATURE_COLUMNS), or_empty(quality, QUALITY_COLUMNS),
                    found=False, reason=reason, rules=rules)
