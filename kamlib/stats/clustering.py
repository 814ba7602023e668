"""Groups in a cloud of points: k-means, Ward, how many groups, whether any, and how firm.

Everything runs on one thread: sums added in another order differ in the last digit, which could
decide a tie. scikit-learn is slow to import and therefore imported where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kamlib.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["kmeans", "ward"]
CHOICE_COLUMNS = ["k", "within_sum", "gap", "gap_se", "silhouette", "n_smallest",
                  "is_gap_choice", "is_chosen"]
# A millionth of a standard deviation is noise of the arithmetic, not a difference of accounts.
DIGITS = 6


class Stability(NamedTuple):
    """Adjusted Rand index over resamples: median and the ends of its interval."""

    median: float
    ci_low: float
    ci_high: float
    n_resamples: int


class Plane(NamedTuple):
    """Two principal components: scores (of rows), loadings (of columns), shares of variance."""

    scores: Floats
    loadings: Floats
    shares: tuple[float, float]


def standardise(values: ArrayLike) -> Floats:
    """Centre every column and divide it by its standard deviation (n - 1); a constant one is 0.

    >>> standardise([[1, 5], [2, 5], [3, 5]]).tolist()
    [[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    """
    x = _matrix(values)
    sd = x.std(axis=0, ddof=1) if len(x) > 1 else np.zeros(x.shape[1])
    is_constant = sd <= 1e-12 * np.maximum(1.0, np.abs(x).max(axis=0, initial=0.0))
    scaled: Floats = (x - x.mean(axis=0)) / np.where(is_constant, 1.0, sd)
    scaled[:, is_constant] = 0.0
    return scaled.round(DIGITS) + 0.0


def cluster_kmeans(x: ArrayLike, k: int, *, seed: int, n_init: int = 10) -> Ints:
    """Divide rows into k groups of least within-group sum of squares (k-means++, Lloyd).

    x: one row a thing, columns on one scale, no gaps; n_init: starts, of which the best counts.
    Returns a label 0 … k-1 for each row, in the order of `renumber`.
    Source: Lloyd (1982), IEEE Trans. Inf. Theory 28:129-137; Arthur & Vassilvitskii (2007).

    >>> cluster_kmeans([[0.0], [0.1], [5.0]], 2, seed=1).tolist()
    [0, 0, 1]
    """
    with _one_thread():
        return _partitions(_checked(x, k), [k], method="kmeans", seed=seed, n_init=n_init)[k]


def cluster_ward(x: ArrayLike, k: int) -> Ints:
    """Merge rows into k groups, each time the two whose union adds least to the sum of squares.

    Input and labels as in `cluster_kmeans`; nothing is drawn at random.
    Source: Ward (1963), J. Am. Stat. Assoc. 58:236-244.

    >>> cluster_ward([[0.0], [0.1], [5.0]], 2).tolist()
    [0, 0, 1]
    """
    with _one_thread():
        return _partitions(_checked(x, k), [k], method="ward", seed=0, n_init=1)[k]


def choose_k(x: ArrayLike, *, seed: int, k_max: int = 8, n_references: int = 50, n_init: int = 10,
             min_size: int = 1, method: Method = "kmeans") -> pd.DataFrame:
    """Compare 1 to k_max groups and choose: whether there are groups at all, then how many.

    x, n_init: as in `cluster_kmeans`; references get half of the starts; min_size: the fewest
    rows of a group in a division that may be chosen.
    Returns one row a k: ``k``, ``within_sum`` (sum of squares around the group means), ``gap``
    and ``gap_se``, ``silhouette`` (-1 to 1, gap for k = 1), ``n_smallest`` (rows of the smallest
    group), ``is_gap_choice``, ``is_chosen``. k = 1 is chosen where there is no structure. k never
    exceeds the number of different rows less one.

    Notes: gap(k) = mean of log within_sum of `n_references` clouds drawn evenly from the box
    around the data along its principal axes - log within_sum of the data; gap_se = their
    deviation times sqrt(1 + 1 / n_references). The gap's choice is the smallest k with
    gap(k) >= gap(k+1) - gap_se(k+1), else k_max; if it is 1, nothing is divided. Otherwise the
    highest mean silhouette of k >= 2 is chosen.
    Source: Tibshirani, Walther & Hastie (2001), J. R. Stat. Soc. B 63:411-423.
    """
    rows = _checked(x, 1)
    ks = list(range(1, max(1, min(k_max, _n_different(rows) - 1)) + 1))
    with _one_thread():
        found = _partitions(rows, ks, method=method, seed=seed, n_init=n_init)
        sums = np.array([_within_sum(rows, found[k]) for k in ks])
        drawn = np.array([
            [_within_sum(cloud, labels) for labels in _partitions(
                cloud, ks, method=method, seed=seed, n_init=-(-n_init // 2)).values()]
            for cloud in _references(rows, seed, n_references)])
        means = [silhouettes(rows, found[k]).mean() if k > 1 else np.nan for k in ks]
    table = pd.DataFrame({"k": ks, "within_sum": sums, "gap": np.nan, "gap_se": np.nan,
                          "silhouette": means,
                          "n_smallest": [int(np.bincount(found[k]).min()) for k in ks]})
    if sums.min() > 0:  # else all rows are the same
        logs = np.log(drawn)
        table["gap"] = logs.mean(axis=0) - np.log(sums)
        table["gap_se"] = logs.std(axis=0) * np.sqrt(1 + 1 / n_references)
    gap_k = _gap_choice(table["gap"].to_numpy(), table["gap_se"].to_numpy())
    table["is_gap_choice"] = table["k"] == gap_k
    fit = table[(table["k"] > 1) & (table["n_smallest"] >= min_size)]
    chosen = 1 if gap_k == 1 or fit.empty else int(fit["k"].iloc[fit["silhouette"].argmax()])
    table["is_chosen"] = table["k"] == chosen
    return table[CHOICE_COLUMNS]


def stability(x: ArrayLike, k: int, *, seed: int, n_resamples: int = 50, n_init: int = 10,
              level: float = 0.95, method: Method = "kmeans") -> Stability:
    """Draw rows again, divide them anew, and compare with the division of the whole.

    Each resample draws as many rows with replacement; the index is of the different rows in it.
    Resamples with fewer than k different rows are left out; NaN when none remain.
    Source: the scheme of Hennig (2007), Comput. Stat. Data Anal. 52:258-271.
    """
    rows = _checked(x, k)
    rng, few, indices = np.random.default_rng([seed, 1]), -(-n_init // 2), []
    with _one_thread():
        whole = _partitions(rows, [k], method=method, seed=seed, n_init=n_init)[k]
        for _ in range(n_resamples):
            drawn = np.sort(rng.integers(0, len(rows), len(rows)))
            if _n_different(rows[drawn]) < k:
                continue
            again = _partitions(rows[drawn], [k], method=method, seed=seed, n_init=few)[k]
            seen, first = np.unique(drawn, return_index=True)
            indices.append(compare_partitions(whole[seen], again[first]))
    if not indices:
        return Stability(float("nan"), float("nan"), float("nan"), 0)
    low, median, high = np.quantile(indices, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Stability(float(median), float(low), float(high), len(indices))


def compare_partitions(first: ArrayLike, second: ArrayLike) -> float:
    """Adjusted Rand index of two divisions of the same rows: 1 the same, about 0 by chance.

    Source: Hubert & Arabie (1985), J. Classif. 2:193-218.

    >>> compare_partitions([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(np.asarray(first), np.asarray(second)))


def silhouettes(x: ArrayLike, labels: ArrayLike) -> Floats:
    """Silhouette of each row, -1 to 1: how much nearer its own group is than the next one.

    Source: Rousseeuw (1987), J. Comput. Appl. Math. 20:53-65.

    >>> silhouettes([[0.0], [0.0], [5.0], [5.0]], [0, 0, 1, 1]).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    from sklearn.metrics import silhouette_samples

    with _one_thread():
        return np.asarray(silhouette_samples(_matrix(x), np.asarray(labels)), dtype="float64")


def project(x: ArrayLike) -> Plane:
    """Project rows on their first two principal components.

    The sign of a component is that of its largest loading, so that it is the same each time.
    With one column the second component is 0.

    >>> project([[0.0], [1.0], [2.0]]).shares
    (1.0, 0.0)
    """
    rows = _matrix(x)
    centred = rows - rows.mean(axis=0)
    with _one_thread():
        _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = np.vstack([axes[:2], np.zeros((max(0, 2 - len(axes)), rows.shape[1]))])
    largest = np.argmax(np.abs(axes).round(DIGITS), axis=1)
    axes = axes * np.where(axes[[0, 1], largest] < 0, -1.0, 1.0)[:, None]
    variance = np.r_[sizes**2, 0.0]
    shares = variance[:2] / max(variance.sum(), np.finfo(float).tiny)
    return Plane(centred @ axes.T, axes.T, (float(shares[0]), float(shares[1])))


def draw_sample(n: int, size: int, *, seed: int) -> Ints:
    """Return the places of at most `size` of n rows, drawn without replacement, in order."""
    rng = np.random.default_rng([seed, 2])
    return np.sort(rng.choice(n, min(n, size), replace=False))


def assign_nearest(x: ArrayLike, centres: ArrayLike) -> Ints:
    """Return for each row the place of the nearest centre; of equals the first."""
    rows, middle = _matrix(x), _matrix(centres)
    distances = np.stack([((rows - centre) ** 2).sum(axis=1) for centre in middle])
    return np.asarray(distances.argmin(axis=0), dtype="int64")


def renumber(labels: ArrayLike) -> Ints:
    """Number groups from the largest, 0; of equals the one whose first row comes first.

    >>> renumber([7, 3, 3]).tolist()
    [1, 0, 0]
    """
    _, first, codes, sizes = np.unique(np.asarray(labels), return_index=True, return_inverse=True,
                                       return_counts=True)
    place = np.empty(len(sizes), dtype="int64")
    place[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return place[codes]


def _one_thread() -> Any:
    """Limit every library that counts in threads; one not yet loaded would escape."""
    # Imported here, because importing it writes to the environment.
    from threadpoolctl import threadpool_limits

    for name in ("scipy.cluster.hierarchy", "sklearn.cluster", "sklearn.metrics"):
        import_module(name)
    return threadpool_limits(limits=1)


def _partitions(x: Floats, ks: Sequence[int], *, method: Method, seed: int,
                n_init: int) -> dict[int, Ints]:
    if method == "ward" and len(x) > 1:
        from scipy.cluster.hierarchy import linkage

        tree = linkage(x, "ward")
        return {k: renumber(_cut(tree, k)) for k in ks}
    from sklearn.cluster import KMeans

    one = np.zeros(len(x), dtype="int64")
    return {k: one if k == 1 else renumber(
        KMeans(k, n_init=n_init, random_state=seed % 2**32).fit_predict(x)) for k in ks}


def _cut(tree: Floats, k: int) -> Ints:
    """Groups after all but k - 1 merges; row i of the tree makes node n + i out of two others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, done = len(tree) + 1, len(tree) + 1 - k
    ends = tree[:done, :2].ravel().astype("int64"), np.repeat(np.arange(n, n + done), 2)
    links = coo_array((np.ones(2 * done), ends), shape=(n + done, n + done))
    return np.asarray(connected_components(links, directed=False)[1][:n], dtype="int64")


def _references(x: Floats, seed: int, n: int) -> list[Floats]:
    """Clouds drawn evenly from the box around the data along its principal axes."""
    centred = x - x.mean(axis=0)
    turned = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    low, high = turned.min(axis=0), turned.max(axis=0)
    return [np.random.default_rng([seed, 0, b]).uniform(low, high, x.shape) for b in range(n)]


def _gap_choice(gap: Floats, se: Floats) -> int:
    holds = gap[:-1] >= gap[1:] - se[1:]
    if np.isnan(gap).any():
        return 1
    return int(np.argmax(holds)) + 1 if holds.any() else len(gap)


def _within_sum(x: Floats, labels: Ints) -> float:
    return float(sum(((x[labels == g] - x[labels == g].mean(axis=0)) ** 2).sum()
                     for g in range(labels.max() + 1)))


def _matrix(values: ArrayLike) -> Floats:
    x = np.asarray(values, dtype="float64")
    if x.ndim != 2 or not np.isfinite(x).all():
        seen = "a gap" if x.ndim == 2 else f"{x.ndim} dimension(s)"
        raise InputError(f"Clustering needs a table of numbers without gaps, but was given {seen}. "
                         "Leave incomplete rows out and say how many.")
    return x


def _checked(values: ArrayLike, k: int) -> Floats:
    x = _matrix(values)
    n = _n_different(x) if len(x) else 0
    if not 1 <= k <= n:
        raise InputError(f"{k} groups were asked of {len(x)} rows, {n} of them different. "
                         f"Ask for 1 to {n}.")
    return x


def _n_different(x: Floats) -> int:
    return len(np.unique(x, axis=0))
