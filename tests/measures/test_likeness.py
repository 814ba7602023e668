"""Who is like whom, against scipy's Jaccard distances and against a count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from kamlib.measures.likeness import LikeRules, count_holders, find_like

N_ACCOUNTS, N_PRODUCTS = 600, 9  # more than one chunk; few products, so many hold the same


@pytest.fixture(scope="module")
def marks():
    rng = np.random.default_rng(3)
    held = rng.random((N_ACCOUNTS, N_PRODUCTS)) < rng.uniform(0.05, 0.6, (N_ACCOUNTS, 1))
    return sparse.csr_matrix(held.astype("float64"))


@pytest.fixture(scope="module")
def profiles():
    rng = np.random.default_rng(4)
    return pd.DataFrame({
        "account_id": _ids(), "account_type": rng.choice(["maker", "dealer", None], N_ACCOUNTS),
        "size_class": rng.choice([*"abcdefgh", None], N_ACCOUNTS)})


def _ids():
    return [f"A{i:03d}" for i in range(N_ACCOUNTS)]


def test_the_nearest_are_those_of_scipys_jaccard_distance_and_of_equal_ones_the_first(
        marks, profiles):
    rules = LikeRules(n_like=7, min_held=2, min_like=3)
    distance = cdist(marks.toarray().astype(bool), marks.toarray().astype(bool), "jaccard")
    n_held = np.asarray(marks.sum(axis=1)).ravel()
    seen = 0
    for like in find_like(_ids(), marks, profiles=profiles, rules=rules):
        if like.way != "like_holdings":
            continue
        seen += 1
        others = np.delete(np.arange(N_ACCOUNTS), like.place)
        order = others[np.lexsort((others, distance[like.place, others].round(12)))][:7]
        expected = order[distance[like.place, order] < 1]
        assert like.members.tolist() == expected.tolist(), like.place
    assert seen == (n_held >= 2).sum() > 400


def test_accounts_of_one_profile_are_told_from_each_other_and_from_the_unknown(marks, profiles):
    rules = LikeRules(by="profile", min_like=20)
    known = profiles.set_index("account_id")
    ways = set()
    for like in find_like(_ids(), marks, profiles=profiles, rules=rules):
        own = known.iloc[like.place]
        columns = {"like_profile": ["account_type", "size_class"], "like_part": ["account_type"],
                   "like_all": []}[like.way]
        same = np.logical_and.reduce([known[c] == own[c] for c in columns], axis=0) \
            if columns else np.ones(N_ACCOUNTS, dtype=bool)
        expected = [p for p in np.flatnonzero(same) if p != like.place]
        assert (like.members.tolist(), like.n) == (expected, len(expected)), like
        ways.add(like.way)
    assert ways == {"like_profile", "like_part", "like_all"}


@pytest.mark.parametrize("by", ["holdings", "profile"])
def test_what_like_accounts_hold_is_counted_without_the_account_itself(marks, profiles, by):
    rules = LikeRules(by=by, min_like=30, n_like=40)
    asked = list(range(0, N_ACCOUNTS, 7))
    likes = find_like(_ids(), marks, profiles=profiles, rules=rules, places=asked)
    counted = list(count_holders(marks, likes))
    assert [like.place for like, _n in counted] == asked
    for like, n_holding in counted:
        assert n_holding.tolist() == marks.toarray()[like.members].sum(axis=0).tolist()
