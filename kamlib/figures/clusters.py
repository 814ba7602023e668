"""Clusters as charts and as computed readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.labels import kind_of, label
from kamlib.language import (
    _,
    _n,
    fmt_amount,
    fmt_count,
    fmt_list,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
    name_currency,
)
from kamlib.segmentation.clusters.find import Clusters
from kamlib.segmentation.clusters.names import is_line, name_feature

# What a page shows of a wide table; the published one has every column.
PROFILE_COLUMNS = ("cluster_name", "n_accounts", "account_share", "net_amount", "amount_share",
                   "silhouette", "standouts")
FEATURE_COLUMNS = ("feature", "transform", "n_with_feature", "n_without_feature", "is_used",
                   "why_not")
# Kaufman & Rousseeuw (1990), Finding Groups in Data, p. 88: what a mean silhouette says.
SEPARATIONS = ((0.70, "separation_strong"), (0.50, "separation_fair"), (0.25, "separation_weak"),
               (-1.0, "separation_none"))
# A silhouette this close to the best is as good a choice.
NEAR = 0.02
N_AXIS_FEATURES = 3
# Nine-point letters that fit across the chart.
LETTERS = 96


def plot_clusters(result: Clusters, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Points: accounts on the two principal components, coloured and named by cluster."""
    ax = ax or theme.new_axes(8.0, 5.4)
    if not result.found:
        return theme.say_nothing(ax, result.reason)
    first = result.profile.to_dict("records")[0]
    ax.set_title(_n("{n} cluster of accounts; the largest, “{name}”, holds {share} of them",
                    "{n} clusters of accounts; the largest, “{name}”, holds {share} of them",
                    len(result.profile), name=first["cluster_name"],
                    share=fmt_share(first["account_share"])))
    for at, (name, part) in enumerate(result.assignments.groupby(["cluster", "cluster_name"])):
        colour = theme.CATEGORY[at % len(theme.CATEGORY)]
        ax.scatter(part["pc1"], part["pc2"], s=26, color=colour, alpha=0.65, linewidth=0,
                   label=str(name[1]))
    _name_clouds(ax, result)
    row = result.quality.to_dict("records")[0]
    ax.set_xlabel(_("first component, {share} of the differences: {features}",
                    share=fmt_share(row["pc1_share"]), features=_axis_features(result, "pc1")))
    ax.set_ylabel(theme.wrap(_("second component, {share}: {features}",
                               share=fmt_share(row["pc2_share"]),
                               features=_axis_features(result, "pc2")), width=52))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    return ax


def read_clusters(result: Clusters) -> str:
    """Say how large each cluster is, what it brings and what marks it."""
    if not result.found:
        return result.reason
    parts = join_items(
        _("“{name}”, {n} accounts ({share}) with {amount} of net sales: {standouts}",
          name=row["cluster_name"], n=fmt_count(row["n_accounts"]),
          share=fmt_share(row["account_share"]), amount=fmt_share(row["amount_share"]),
          standouts=row["standouts"].replace(";", ",") or label("word_average").lower())
        for row in result.profile.to_dict("records"))
    row = result.quality.to_dict("records")[0]
    texts = [_("{parts} (standard deviations from the mean of all).", parts=parts),
             _("The picture shows {share} of the differences between accounts.",
               share=fmt_share(row["pc1_share"] + row["pc2_share"]))]
    return join_sentences([*texts, *_left_out(row["n_with_gap"], row["n_without_sales"])])


def plot_choice(result: Clusters, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Gap statistic with its error and mean silhouette by number of clusters, the choice marked."""
    ax = ax or theme.new_axes(8.0, 4.4)
    if result.choice.empty:
        return theme.say_nothing(ax, result.reason)
    table, k = result.choice, _chosen(result)
    ax.set_title(_choice_title(result, k))
    ax.axvline(k, color=theme.FAINT, linewidth=10, zorder=0, label="_chosen")
    ax.errorbar(table["k"], table["gap"], yerr=table["gap_se"], color=theme.ACCENT, marker="o",
                capsize=3, linewidth=1.6, label=_("gap statistic"))
    ax.set_xlabel(_("clusters (number)"))
    ax.set_ylabel(_("gap statistic (log of the spread)"), color=theme.ACCENT)
    ax.set_xticks(table["k"].tolist(), [fmt_count(each) for each in table["k"]])
    ax.set_xlim(0.6, max(2, int(table["k"].max())) + 0.4)
    other = ax.twinx()
    theme.style_axes(other)
    other.grid(False)
    other.plot(table["k"], table["silhouette"], color=theme.CATEGORY[5], marker="s", linewidth=1.6,
               linestyle="--", label=_("silhouette"))
    other.set_ylabel(_("mean silhouette (-1 to 1)"), color=theme.CATEGORY[5])
    ends = table["silhouette"].agg(["min", "max"]).fillna(0.0)
    other.set_ylim(min(0.0, 1.15 * ends["min"]), max(0.6, 1.15 * ends["max"]))
    return ax


def read_choice(result: Clusters) -> str:
    """Say which number of clusters was chosen and why, how firm it is, and what Ward says."""
    if result.choice.empty:
        return result.reason
    row = result.quality.to_dict("records")[0]
    if pd.isna(row["silhouette"]):
        return result.reason
    texts = [_("Accounts lie closer together in groups than by chance (gap statistic). {k} "
               "clusters part them best: mean silhouette {silhouette}, {separation}.",
               k=fmt_count(row["k"]), silhouette=fmt_number(row["silhouette"], 2),
               separation=label(_separation(row["silhouette"])))]
    near = result.choice[(result.choice["silhouette"] > row["silhouette"] - NEAR)
                         & (result.choice["k"] != row["k"])]
    if len(near):
        texts.append(_("{ks} would do nearly as well.",
                       ks=fmt_list([fmt_count(k) for k in near["k"]])))
    texts.append(_(
        "With accounts drawn again the clusters agree by {firm} ({span}) and with those of "
        "{method} by {agreement}; 1 is the same, 0 is chance.",
        firm=fmt_number(row["stability"], 2),
        span=fmt_range(row["stability_ci_low"], row["stability_ci_high"],
                       lambda x: fmt_number(x, 2)),
        method=label("ward" if result.rules.method == "kmeans" else "kmeans"),
        agreement=fmt_number(row["agreement"], 2)))
    return join_sentences([*texts, result.reason] if result.reason else texts)


def plot_profile(result: Clusters, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Heat map: median of each feature (down) in each cluster (across), in its own unit."""
    n_features = result.deviations["feature"].nunique()
    ax = ax or theme.new_axes(8.0, 1.6 + 0.42 * max(2, n_features))
    if not result.found:
        return theme.say_nothing(ax, result.reason)
    features = list(dict.fromkeys(result.deviations["feature"]))
    grids = [result.deviations.pivot(index="feature", columns="cluster", values=column)
             .loc[features].to_numpy("float64") for column in ("median_deviation", "median")]
    names = result.profile["cluster_name"].tolist()
    ax.set_title(_profile_title(result))
    mesh = ax.pcolormesh(np.arange(len(names) + 1), np.arange(len(features) + 1), grids[0],
                         cmap="RdBu", vmin=-2, vmax=2, edgecolors="white", linewidth=2)
    for y, x in np.ndindex(grids[0].shape):
        ax.text(x + 0.5, y + 0.5, _in_unit(features[y], float(grids[1][y, x])), ha="center",
                va="center", fontsize=9,
                color="white" if abs(grids[0][y, x]) > 1.3 else theme.INK)
    ax.set_xticks(np.arange(len(names)) + 0.5)
    ax.xaxis.set_major_formatter(FixedFormatter([theme.wrap(n, width=22, lines=3) for n in names]))
    ax.set_yticks(np.arange(len(features)) + 0.5)
    ax.yaxis.set_major_formatter(FixedFormatter([_with_unit(f, currency) for f in features]))
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_xlabel(_("cluster (medians in the cells)"))
    figure = ax.get_figure(root=True)
    if figure is not None:
        bar = figure.colorbar(mesh, ax=ax, fraction=0.04, pad=0.02)
        bar.set_label(_("from the mean of all (standard deviations)"))
        bar.outline.set_visible(False)
    return ax


def _name_clouds(ax: Axes, result: Clusters) -> None:
    """Write each name over its points, in a band above all of them that covers none."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    middles = result.assignments.groupby("cluster")["pc1"].median()
    rows: list[list[tuple[float, float]]] = []
    for at, (name, middle) in enumerate(zip(result.profile["cluster_name"], middles, strict=True)):
        text = theme.wrap(name, width=40, lines=1)
        half = (right - left) * sum(1 + (ord(c) > theme.WIDE_FROM) for c in text) / LETTERS / 2
        x = min(max(float(middle), left + half), right - half)
        row = next((r for r, taken in enumerate(rows)
                    if all(abs(x - a) > half + b for a, b in taken)), len(rows))
        rows += [[]] * (row == len(rows))
        rows[row] = [*rows[row], (x, half)]
        ax.text(x, high + (high - low) * (0.04 + 0.08 * row), text, ha="center", va="center",
                fontsize=9, color=theme.INK,
                bbox={"boxstyle": "round,pad=0.3", "facecolor": "white",
                      "edgecolor": theme.CATEGORY[at % len(theme.CATEGORY)], "linewidth": 1.6})
    ax.set_ylim(low, high + (high - low) * 0.08 * (len(rows) + 0.2))


def _axis_features(result: Clusters, axis: str) -> str:
    """The features that weigh most in a component, each with the side on which it grows."""
    used = result.features[result.features["is_used"]]
    weights = used.set_index("feature")[f"{axis}_loading"]
    top = weights.abs().sort_values(ascending=False, kind="stable").index[:N_AXIS_FEATURES]
    return fmt_list(_("more {feature}", feature=_lower(f)) if weights[f] > 0 else
                    _("less {feature}", feature=_lower(f)) for f in top)


def _lower(feature: str) -> str:
    return name_feature(feature) if is_line(feature) else name_feature(feature).lower()


def _left_out(n_with_gap: int, n_without_sales: int) -> list[str]:
    texts = []
    if n_with_gap:
        texts.append(_n("{n} account is left out, because a feature is not known of it.",
                        "{n} accounts are left out, because a feature is not known of them.",
                        int(n_with_gap)))
    if n_without_sales:
        texts.append(_n("{n} account without an order in {window} stands apart.",
                        "{n} accounts without an order in {window} stand apart.",
                        int(n_without_sales)))
    return texts


def _chosen(result: Clusters) -> int:
    return int(result.choice.loc[result.choice["is_chosen"], "k"].iloc[0])


def _choice_title(result: Clusters, k: int) -> str:
    if not result.found:
        return _("No structure found among the accounts")
    return _n("{n} cluster parts the accounts best", "{n} clusters part the accounts best", k)


def _profile_title(result: Clusters) -> str:
    shares = result.profile["amount_share"]
    if shares.isna().all():
        return _n("{n} cluster side by side", "{n} clusters side by side", len(shares))
    top = result.profile.to_dict("records")[int(shares.argmax())]
    return _("One cluster brings {amount} of net sales with {share} of the accounts",
             amount=fmt_share(top["amount_share"]), share=fmt_share(top["account_share"]))


def _separation(silhouette: float) -> str:
    return next(code for least, code in SEPARATIONS if silhouette > least)


def _kind(feature: str) -> str:
    return "amount" if is_line(feature) else kind_of(feature)


def _in_unit(feature: str, value: float) -> str:
    if _kind(feature) == "share":
        return fmt_share(value, 1)
    if _kind(feature) == "amount":
        return fmt_amount(value)
    return fmt_number(value, 0 if value.is_integer() or _kind(feature) == "days" else 1)


def _with_unit(feature: str, currency: str) -> str:
    unit = {"amount": name_currency(currency), "days": _("days")}.get(_kind(feature), "")
    name = theme.wrap(name_feature(feature), width=26)
    return _("{heading} ({unit})", heading=name, unit=unit) if unit else name
