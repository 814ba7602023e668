"""Charts and readings of the clusters: numbers are read off the Axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from kamlib.figures import clusters as figures
from kamlib.figures import theme
from kamlib.figures.describe import describe_axes
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK
from kamlib.period import parse_period
from kamlib.segmentation.clusters.find import cluster_accounts
from kamlib.segmentation.clusters.rules import ClusterRules

PLOTS = [figures.plot_clusters, figures.plot_choice, figures.plot_profile]
READS = [figures.read_clusters, figures.read_choice]
RULES = ClusterRules(n_references=10, n_resamples=10, k_max=4,
                     features=("net_amount", "days_since_last_sale", "returned_share"))


def plain(text):
    return text.replace(NO_BREAK, " ")


def cluster(amounts, days, returned=0.0):
    facts = pd.DataFrame({
        "account_id": [f"{i:03d}" for i in range(len(amounts))],
        "net_amount_window": np.array(amounts, dtype="float64"),
        "n_orders_window": pd.array([2] * len(amounts), dtype="Int64"),
        "days_since_last_sale": np.array(days, dtype="float64"),
        "gross_amount_window": 100.0, "returned_amount_window": returned})
    return cluster_accounts(facts, products=None, period=parse_period("2025Q4"), rules=RULES)


@pytest.fixture(scope="module")
def result():
    """Ten large accounts that bought lately and thirty small silent ones; two without orders."""
    rng = np.random.default_rng(1)
    return cluster(np.where(np.arange(40) < 10, 9e5, 1e3) * rng.lognormal(0, 0.2, 40),
                   np.where(np.arange(40) < 10, 5, 200) + rng.integers(0, 5, 40),
                   np.where(np.arange(40) < 10, 20.0, 1.0) + rng.uniform(0, 1, 40))


@pytest.fixture(scope="module")
def cloud():
    rng = np.random.default_rng(2)
    return cluster(rng.lognormal(8, 1, 60), rng.lognormal(3, 0.5, 60))


@pytest.fixture(scope="module")
def nothing():
    return cluster([1.0], [2.0])


def test_points_are_the_accounts_in_the_colour_of_their_cluster(result):
    ax = figures.plot_clusters(result)
    sizes = [len(points.get_offsets()) for points in ax.collections]
    assert sizes == [30, 10]
    assert [to_hex(points.get_facecolor()[0]) for points in ax.collections] == list(
        theme.CATEGORY[:2])
    drawn = np.vstack([np.asarray(points.get_offsets()) for points in ax.collections])
    order = result.assignments.sort_values(["cluster", "account_id"])
    assert drawn == pytest.approx(order[["pc1", "pc2"]].to_numpy())


def test_each_cluster_is_named_above_its_points(result):
    ax = figures.plot_clusters(result)
    assert [text.get_text() for text in ax.texts] == result.profile["cluster_name"].tolist()
    assert min(text.get_position()[1] for text in ax.texts) > result.assignments["pc2"].max()
    boxes = [to_hex(text.get_bbox_patch().get_edgecolor()) for text in ax.texts]
    assert boxes == list(theme.CATEGORY[:2])


def test_axes_say_how_much_they_show_and_of_what(result):
    ax = figures.plot_clusters(result)
    share = result.quality["pc1_share"][0]
    assert plain(ax.get_xlabel()).startswith(
        f"first component, {100 * share:.0f} % of the differences: ")
    assert all(name in ax.get_xlabel() for name in ("net sales", "since last sale"))
    assert plain(ax.get_ylabel()).startswith("second component, ")
    assert plain(plain_title(ax)).endswith("holds 75 % of them")


def test_names_of_clusters_that_share_a_place_do_not_cover_one_another(result):
    at_once = result.assignments.assign(pc1=0.0)
    ax = figures.plot_clusters(type(result)(**{**vars(result), "assignments": at_once}))
    heights = [text.get_position()[1] for text in ax.texts]
    assert heights[1] > heights[0]
    assert ax.get_ylim()[1] > heights[1]


def test_choice_shows_gap_error_and_silhouette_by_number(result):
    ax = figures.plot_choice(result)
    line = ax.containers[0].lines[0]
    assert line.get_xdata().tolist() == [1, 2, 3, 4]
    assert line.get_ydata().tolist() == result.choice["gap"].tolist()
    ends = np.array([segment[:, 1] for segment in ax.containers[0].lines[2][0].get_segments()])
    assert np.diff(ends).ravel() == pytest.approx(2 * result.choice["gap_se"].to_numpy())
    other = next(each for each in ax.figure.axes if each is not ax)
    assert other.lines[0].get_ydata()[1:].tolist() == result.choice["silhouette"][1:].tolist()
    marked = next(each for each in ax.lines if each.get_label() == "_chosen")
    assert marked.get_xdata() == [2, 2]
    assert plain_title(ax) == "2 clusters part the accounts best"


def test_profile_cells_are_medians_in_their_own_unit(result):
    ax = figures.plot_profile(result, currency="CNY")
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == ["Net sales (CNY)", "Since last sale (days)", "Share returned"]
    medians = result.profile[["median_net_amount", "median_days_since_last_sale",
                              "median_returned_share"]].to_numpy()
    written = [plain(text.get_text()) for text in ax.texts]
    assert written == [f"{medians[0, 0]:,.0f}", f"{medians[1, 0]:,.0f}", f"{medians[0, 1]:.0f}",
                       f"{medians[1, 1]:.0f}", f"{100 * medians[0, 2]:.1f} %",
                       f"{100 * medians[1, 2]:.1f} %"]
    cells = result.deviations.set_index(["feature", "cluster"])["median_deviation"]
    assert ax.collections[0].get_array().ravel().tolist() == [
        cells[feature, number] for feature in RULES.features for number in (1, 2)]
    names = result.profile["cluster_name"]
    assert f"Net sales (CNY) × {names[0]} {medians[0, 0]:,.0f}" in describe_axes(ax)


def test_readings_say_size_choice_and_firmness(result):
    text = plain(figures.read_clusters(result))
    assert "30 accounts (75 %)" in text
    assert "Net sales -0." in text
    choice = plain(figures.read_choice(result))
    assert choice.startswith("Accounts lie closer together in groups than by chance (gap "
                             "statistic). 2 clusters part them best: mean silhouette 0.")
    assert "with those of Ward's method by 1.00" in choice
    assert "nearly as well" not in choice


def test_reading_names_the_next_best_number(result):
    near = result.choice.assign(silhouette=[float("nan"), 0.9, 0.895, 0.2])
    quality = result.quality.assign(silhouette=0.9)
    again = type(result)(**{**vars(result), "choice": near, "quality": quality})
    assert "3 would do nearly as well." in figures.read_choice(again)


def test_no_structure_is_said_with_its_reason(cloud):
    assert plain_title(figures.plot_clusters(cloud)) == "There is nothing to show"
    assert cloud.reason[:40] in figures.plot_clusters(cloud).texts[0].get_text().replace("\n", " ")
    # The table of choices stays worth seeing.
    assert plain_title(figures.plot_choice(cloud)) == "No structure found among the accounts"
    assert figures.read_choice(cloud) == figures.read_clusters(cloud) == cloud.reason


@pytest.mark.parametrize("plot", PLOTS)
def test_too_few_accounts_are_said_on_the_chart(plot, nothing):
    assert plain_title(plot(nothing)) == "There is nothing to show"


@pytest.mark.parametrize("read", READS)
def test_every_reading_is_a_sentence_without_gaps(read, result, cloud, nothing):
    for text in (read(result), read(cloud), read(nothing)):
        assert text.endswith(".")
        assert "nan" not in text
