"""Clustering against printed numbers, and against clouds of which the answer is known."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from threadpoolctl import threadpool_info, threadpool_limits

from kamlib.errors import InputError
from kamlib.stats.clustering import (
    CHOICE_COLUMNS,
    assign_nearest,
    choose_k,
    cluster_kmeans,
    cluster_ward,
    compare_partitions,
    draw_sample,
    project,
    silhouettes,
    stability,
    standardise,
)

IRIS, SPECIES = load_iris(return_X_y=True)


def within_sum(x, labels):
    return sum(((x[labels == g] - x[labels == g].mean(axis=0)) ** 2).sum() for g in set(labels))


def blobs(*, sizes=(60, 50, 40), seed=3):
    """Three clear round groups in two dimensions."""
    rng = np.random.default_rng(seed)
    middles = [(0, 0), (8, 0), (0, 8)]
    return np.vstack([rng.normal(middle, 1.0, (n, 2))
                      for middle, n in zip(middles, sizes, strict=True)])


def chosen(table):
    return table.loc[table["is_chosen"], "k"].tolist()


# published_numbers.md B10: k-means of iris, 50 starts.
@pytest.mark.parametrize(("k", "inertia", "silhouette"), [
    (2, 152.347952, 0.681046), (3, 78.851441, 0.552819), (4, 57.228473, 0.498051),
    (5, 46.446182, 0.488749)])
def test_kmeans_of_iris(k, inertia, silhouette):
    labels = cluster_kmeans(IRIS, k, seed=0, n_init=50)
    assert within_sum(IRIS, labels) == pytest.approx(inertia, abs=5e-7)
    assert silhouettes(IRIS, labels).mean() == pytest.approx(silhouette, abs=5e-7)


def test_kmeans_of_iris_against_the_species():
    # published_numbers.md B10: sizes 38/50/62, adjusted Rand index .730238.
    labels = cluster_kmeans(IRIS, 3, seed=0)
    assert np.bincount(labels).tolist() == [62, 50, 38]
    assert compare_partitions(labels, SPECIES) == pytest.approx(0.730238, abs=5e-7)


def test_ward_of_iris_against_the_species():
    # published_numbers.md B10: sizes 36/50/64, adjusted Rand index .731199.
    labels = cluster_ward(IRIS, 3)
    assert np.bincount(labels).tolist() == [64, 50, 36]
    assert compare_partitions(labels, SPECIES) == pytest.approx(0.731199, abs=5e-7)


def test_us_arrests_as_r_prints_it(real_data: Path):
    # published_numbers.md B10, R: kmeans(scale(USArrests), 4, nstart = 50).
    arrests = standardise(pd.read_csv(real_data / "reference" / "us_arrests.csv", index_col=0))
    labels = cluster_kmeans(arrests, 4, seed=0, n_init=50)
    assert within_sum(arrests, labels) == pytest.approx(56.40317, abs=5e-6)
    assert sorted(np.bincount(labels)) == [8, 13, 13, 16]
    table = choose_k(arrests, seed=0, n_references=5)
    assert table["within_sum"].iloc[[0, 3]].tolist() == pytest.approx([196, 56.40317], abs=5e-4)


def test_standardise_divides_by_n_less_one():
    scaled = standardise(IRIS)
    assert scaled.std(axis=0, ddof=1) == pytest.approx([1] * 4, abs=1e-6)
    assert scaled.mean(axis=0) == pytest.approx([0] * 4, abs=1e-6)
    assert standardise(np.full((3, 1), 0.1 + 0.2)).tolist() == [[0], [0], [0]]


# Tibshirani, Walther & Hastie (2001), section 5, scenarios (a) and (b): 200 points drawn evenly
# in ten dimensions are one cluster; 25, 25 and 50 normal ones around these middles are three.
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gap_of_its_authors_scenarios(seed):
    rng = np.random.default_rng(seed)
    even = choose_k(rng.uniform(size=(200, 10)), seed=0, k_max=4, n_references=15)
    assert even.loc[even["is_gap_choice"], "k"].tolist() == [1]
    assert chosen(even) == [1]
    three = np.vstack([rng.normal(middle, 1, (n, 2))
                       for middle, n in (((0, 0), 25), ((0, 5), 25), ((5, -3), 50))])
    table = choose_k(three, seed=0, k_max=5, n_references=15)
    assert table.loc[table["is_gap_choice"], "k"].tolist() == [3]
    assert chosen(table) == [3]


def test_one_normal_cloud_has_no_structure():
    cloud = np.random.default_rng(7).normal(size=(200, 3)) @ np.diag([5, 2, 1])
    assert chosen(choose_k(cloud, seed=0, k_max=4, n_references=15)) == [1]


def test_gap_is_the_mean_log_of_references_less_the_log_of_the_data():
    """One column: the log of the sum of squares of n even numbers in a box as wide as the data."""
    x = np.r_[np.zeros(50), np.ones(50)][:, None] + np.linspace(0, 1e-3, 100)[:, None]
    table = choose_k(x, seed=0, k_max=2, n_references=200)
    # Of n numbers drawn evenly from a width of w the variance is near w² / 12 and that of two
    # halves near w² / 48; the data have w² / 4 and, within the halves, that of a line.
    width = x.max() - x.min()
    half = (x[:50] - x[:50].mean()) ** 2
    expected = [np.log(100 * width**2 / 12 / table["within_sum"][0]),
                np.log(100 * width**2 / 48 / (2 * half.sum()))]
    assert table["gap"].tolist() == pytest.approx(expected, abs=0.05)
    assert (table["gap_se"] < 0.15).all()


@pytest.mark.parametrize("method", ["kmeans", "ward"])
def test_three_blobs_are_three_and_firm(method):
    x = blobs()
    table = choose_k(x, seed=0, k_max=6, n_references=15, method=method)
    assert table.columns.tolist() == CHOICE_COLUMNS
    assert chosen(table) == [3]
    assert table["k"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["n_smallest"][2] == 40
    firm = stability(x, 3, seed=0, n_resamples=20, method=method)
    assert firm.median > 0.95
    assert firm.ci_low <= firm.median <= firm.ci_high
    assert firm.n_resamples == 20


def test_division_of_an_even_cloud_is_not_firm():
    even = np.random.default_rng(5).uniform(size=(150, 4))
    assert stability(even, 5, seed=0, n_resamples=20).median < 0.6


def test_a_group_has_to_be_large_enough():
    x = np.vstack([np.random.default_rng(1).normal(size=(50, 2)), [[40.0, 40.0]]])
    assert chosen(choose_k(x, seed=0, k_max=4, n_references=10)) == [2]
    assert chosen(choose_k(x, seed=0, k_max=4, n_references=10, min_size=25)) == [1]


def test_groups_are_numbered_by_size_and_then_by_first_row():
    far, near, tied = [[9.0]] * 2, [[0.0]] * 3, [[5.0]] * 2
    assert cluster_kmeans(far + near + tied, 3, seed=0).tolist() == [1, 1, 0, 0, 0, 2, 2]
    assert cluster_ward(tied + near + far, 3).tolist() == [1, 1, 0, 0, 0, 2, 2]


def test_threads_change_nothing():
    x = np.random.default_rng(2).normal(size=(1000, 5))
    results = []
    for n_threads in (1, 2):
        with threadpool_limits(limits=n_threads):
            results.append((choose_k(x, seed=4, k_max=3, n_references=4),
                            stability(x, 3, seed=4, n_resamples=4),
                            cluster_kmeans(x, 6, seed=4).tolist(), project(x).scores.tolist()))
    pd.testing.assert_frame_equal(results[0][0], results[1][0], check_exact=True)
    assert results[0][1:] == results[1][1:]


def test_everything_is_fitted_on_one_thread(monkeypatch):
    seen = []

    class Watched(KMeans):
        def fit_predict(self, *args):
            seen.extend(pool["num_threads"] for pool in threadpool_info())
            return super().fit_predict(*args)

    monkeypatch.setattr("sklearn.cluster.KMeans", Watched)
    with threadpool_limits(limits=2):
        choose_k(blobs(), seed=0, k_max=2, n_references=2)
        stability(blobs(), 2, seed=0, n_resamples=2)
        cluster_kmeans(blobs(), 2, seed=0)
    assert set(seen) == {1}


def test_the_same_seed_gives_the_same_table():
    x = blobs(sizes=(20, 20, 20))
    tables = [choose_k(x, seed=seed, k_max=3, n_references=5) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    assert tables[0]["gap"].tolist() != tables[2]["gap"].tolist()


def test_a_sample_is_drawn_only_where_there_are_more_rows():
    assert draw_sample(10, 4, seed=1).tolist() == draw_sample(10, 4, seed=1).tolist()
    assert draw_sample(3, 4, seed=1).tolist() == [0, 1, 2]


def test_few_different_rows_are_survived():
    same = choose_k(np.ones((20, 2)), seed=0)
    assert same[["k", "is_chosen"]].to_dict("list") == {"k": [1], "is_chosen": [True]}
    # Two different rows: dividing them leaves nothing, and nothing can be compared with that.
    two = choose_k(np.repeat([[0.0], [1.0]], 10, axis=0), seed=0)
    assert two["k"].tolist() == [1]
    three = choose_k(np.repeat([[0.0], [1.0], [9.0]], 10, axis=0), seed=0, n_references=5)
    assert three["k"].tolist() == [1, 2]
    assert stability([[0.0], [1.0]], 2, seed=0, n_resamples=20).n_resamples < 20


def test_projection_keeps_the_variance():
    plane = project(standardise(IRIS))
    # R: summary(prcomp(iris[, 1:4], scale. = TRUE)), proportion of variance 0.7296 and 0.2285.
    assert plane.shares == pytest.approx((0.7296, 0.2285), abs=5e-5)
    # R, same call: loadings of PC1 0.5211 -0.2693 0.5804 0.5649 (the sign is free).
    assert plane.loadings[:, 0] == pytest.approx([0.5211, -0.2693, 0.5804, 0.5649], abs=5e-5)
    one = project([[1.0], [2.0]])
    assert one.shares == (1.0, 0.0)
    assert one.scores[:, 1].tolist() == [0, 0]


def test_rows_go_to_the_nearest_centre():
    assert assign_nearest([[0.0], [2.0], [5.0]], [[4.0], [0.0]]).tolist() == [1, 0, 0]


def test_gaps_and_too_many_groups_are_refused():
    with pytest.raises(InputError, match=r"^Clustering needs a table of numbers without gaps"):
        cluster_kmeans([[1.0], [float("nan")]], 1, seed=0)
    with pytest.raises(InputError, match=r"^3 groups were asked of 3 rows, 2 of them different"):
        cluster_ward([[1.0], [1.0], [2.0]], 3)


def test_three_hundred_accounts_take_seconds():
    x = np.random.default_rng(0).normal(size=(300, 7))
    start = time.process_time()  # the machine may be busy with something else
    choose_k(x, seed=0)
    stability(x, 4, seed=0)
    assert time.process_time() - start < 6
