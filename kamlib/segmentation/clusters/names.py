"""What a cluster is called: computed from where it departs most from all accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import pandas as pd

from kamlib.labels import heading, label
from kamlib.language import _, fmt_list, fmt_number, join_items
from kamlib.segmentation.clusters.rules import SOURCES

# Half a standard deviation is what Cohen (1988) calls a medium difference.
STANDOUT = 0.5
N_WORDS = 2
N_STANDOUTS = 3


def name_clusters(deviations: pd.DataFrame) -> list[str]:
    """Name each cluster by at most two words for where its mean departs most from all accounts.

    deviations: one row a cluster and feature: cluster, feature, mean_deviation (of the cluster's
    mean from that of all accounts, in standard deviations).
    Returns one name a cluster, in order, each of them once. Product lines of one direction are
    told together.

    >>> table = pd.DataFrame({"cluster": [1, 1, 2, 2], "feature": ["net_amount", "n_orders"] * 2,
    ...                       "mean_deviation": [1.2, 0.7, -0.9, 0.1]})
    >>> name_clusters(table)
    ['Large, frequent', 'Small']
    """
    names = [_name(part) for _cluster, part in deviations.groupby("cluster", sort=True)]
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else _("{name} ({n})", name=name, n=seen[name]))
    return unique


def tell_standouts(deviations: pd.DataFrame) -> list[str]:
    """List for each cluster the features that stand out, with their departure: "Orders +1.2"."""
    return [join_items(
        _("{feature} {deviation}", feature=name_feature(feature),
          deviation=("+" if value > 0 else "") + fmt_number(value, 1))
        for feature, value in _standouts(part)[:N_STANDOUTS])
        for _cluster, part in deviations.groupby("cluster", sort=True)]


def name_feature(feature: str) -> str:
    """Return a feature as a reader sees it; a product line goes by its own name."""
    return heading(feature)


def is_line(feature: str) -> bool:
    """Say whether a feature is the net sales of one product line."""
    return feature not in SOURCES and feature != "n_product_lines"


def _standouts(part: pd.DataFrame) -> list[tuple[str, float]]:
    # The last digits of two equal departures must not decide which is named first.
    rows = part.assign(size=part["mean_deviation"].abs().round(6)).sort_values(
        ["size", "feature"], ascending=[False, True])
    rows = rows[rows["size"] >= STANDOUT]
    return list(zip(rows["feature"], rows["mean_deviation"], strict=True))


def _name(part: pd.DataFrame) -> str:
    found = _standouts(part)[:N_WORDS]
    if not found:
        return label("word_average")
    words = []
    for (line, is_high), group in groupby(found, lambda f: (is_line(f[0]), f[1] > 0)):
        features = [feature for feature, _value in group]
        words += [_line_word(features, is_high)] if line else [
            label(f"word_{feature}_{'high' if is_high else 'low'}") for feature in features]
    text = _join(words)
    return text[0].upper() + text[1:]


def _line_word(lines: Sequence[str], is_high: bool) -> str:
    if is_high:
        return _("much {lines}", lines=fmt_list(lines))
    return _("little {lines}", lines=fmt_list(lines))


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else _("{first}, {second}", first=words[0], second=words[1])
