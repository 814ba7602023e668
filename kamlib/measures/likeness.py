"""Which accounts are like an account: by what they buy, or by what they are; one rule for all.

By holdings, those with most products in common; by profile, those that agree in the columns of the
rules, in fewer of them where too few agree in all, and in the end all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.rules import Section, rule

if TYPE_CHECKING:
    from scipy import sparse

Places = NDArray[np.int64]
CHUNK = 256  # accounts compared with all others at a time
BY_HOLDINGS, BY_PROFILE, BY_PART, BY_ALL = "like_holdings", "like_profile", "like_part", "like_all"
NOBODY = np.zeros(0, dtype="int64")


class LikeRules(Section):
    """Rules of which accounts count as alike.

    >>> LikeRules().by
    'holdings'
    """

    name: ClassVar[str] = "likeness"
    by: Literal["holdings", "profile"] = rule(
        "holdings", unit="choice", source="BEH-07, ABR-02; chosen by the test on the past",
        help="holdings: like accounts buy most of the same products, and where an account buys too "
             "few, have the same profile; profile: they have the same profile_columns.")
    profile_columns: tuple[str, ...] = rule(
        ("account_type", "size_class"), unit="columns", source="ABR-02", min_length=1,
        help="Columns of accounts that are the same for accounts alike by profile; where too few "
             "agree in all of them the last is left out, and so on.")
    n_like: int = rule(
        20, unit="count", source="convention", ge=3, le=500,
        help="So many accounts with most products in common count as like an account.")
    min_held: int = rule(
        2, unit="count", source="convention", ge=1,
        help="An account that holds fewer products has no like accounts by holdings.")
    min_like: int = rule(
        5, unit="count", source="ABR-02", ge=2,
        help="Fewer accounts are not enough to compare with.")


class Like(NamedTuple):
    """The accounts like one: its place, theirs, and how they are alike ("" where too few are).

    way: like_holdings, like_profile (all columns), like_part (the first of them), like_all.
    """

    place: int
    members: Places
    way: str


def find_like(accounts: Sequence[str], marks: sparse.csr_matrix, *, profiles: pd.DataFrame,
              rules: LikeRules, places: Iterable[int] | None = None) -> Iterator[Like]:
    """Yield the like accounts of each account, never itself.

    accounts: ids, one a row of marks (accounts x products, 1 where held); profiles: account_id and
    the profile columns that are known; places: of the accounts to be told, or None for all.
    Source: Jaccard (1901), Bull. Soc. Vaud. Sci. Nat. 37:547-579 (products of both by those of
    any); catalogue BEH-07, ABR-02.

    >>> from scipy import sparse
    >>> marks = sparse.csr_matrix([[1, 1, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]])
    >>> rules = LikeRules(n_like=3, min_like=2)
    >>> found = find_like(list("abcd"), marks, profiles=pd.DataFrame({"account_id": []}),
    ...                   rules=rules, places=[0, 2])
    >>> [(like.place, like.members.tolist(), like.way) for like in found]
    [(0, [3, 1], 'like_holdings'), (2, [0, 1, 3], 'like_all')]
    """
    asked = np.arange(len(accounts)) if places is None else np.asarray(list(places), dtype="int64")
    groups = _groups(accounts, profiles, rules)
    nearest = _nearest(marks, asked, rules) if rules.by == "holdings" else iter(())
    for place in asked:
        members = next(nearest, NOBODY)
        if len(members) >= rules.min_like:
            yield Like(int(place), members, BY_HOLDINGS)
        else:
            yield _by_profile(int(place), groups, rules)


def _nearest(marks: sparse.csr_matrix, asked: Places, rules: LikeRules) -> Iterator[Places]:
    sizes = np.asarray(marks.sum(axis=1), dtype="float64").ravel()
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start:start + CHUNK]
        both = (marks[chunk] @ marks.T).toarray()
        alike = both / np.maximum(sizes[chunk, None] + sizes - both, 1.0)
        for place, likeness in zip(chunk, alike, strict=True):
            likeness[place] = 0.0
            nearest = np.argsort(-likeness, kind="stable")[:rules.n_like]
            yield nearest[likeness[nearest] > 0] if sizes[place] >= rules.min_held else NOBODY


def _groups(accounts: Sequence[str], profiles: pd.DataFrame,
            rules: LikeRules) -> list[tuple[str, NDArray[np.int64]]]:
    """The closest grouping first: how accounts are alike in it, and the group of each, -1 unknown.

    A column that the accounts do not have is known of nobody.
    """
    table = profiles.drop_duplicates("account_id").set_index("account_id").reindex(list(accounts))
    columns = list(rules.profile_columns)
    found = []
    for n in range(len(columns), 0, -1):
        part = table.reindex(columns=columns[:n])
        codes = part.groupby(columns[:n], sort=True).ngroup().fillna(-1).to_numpy(dtype="int64")
        found.append((BY_PROFILE if n == len(columns) else BY_PART, codes))
    return [*found, (BY_ALL, np.zeros(len(table), dtype="int64"))]


def _by_profile(place: int, groups: list[tuple[str, NDArray[np.int64]]],
                rules: LikeRules) -> Like:
    for way, codes in groups:
        members = np.flatnonzero(codes == codes[place])
        members = members[members != place]
        if codes[place] >= 0 and len(members) >= rules.min_like:
            return Like(place, members, way)
    return Like(place, NOBODY, "")
