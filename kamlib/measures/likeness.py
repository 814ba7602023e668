"""Which accounts are like an account: by what they buy, or by what they are; one rule for all.

By holdings, those with most products in common; by profile, those that agree in the columns of the
rules, in fewer of them where too few agree in all, and in the end all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.rules import Section, rule

if TYPE_CHECKING:
    from scipy import sparse

Places = NDArray[np.int64]
Floats = NDArray[np.float64]
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
    group: places of the accounts alike; by profile it is the same array for all of them, and holds
    the account itself, so that what a group sums to has to be summed once.
    """

    place: int
    group: Places
    way: str

    @property
    def members(self) -> Places:
        """The places of the like accounts, never its own."""
        return self.group if self.way == BY_HOLDINGS else self.group[self.group != self.place]

    @property
    def n(self) -> int:
        """How many like accounts there are."""
        return max(len(self.group) - (self.way != BY_HOLDINGS), 0)

    @property
    def key(self) -> tuple[str, int] | None:
        """What names a group that accounts share; None for accounts alike to one alone."""
        return None if self.way in ("", BY_HOLDINGS) else (self.way, int(self.group[0]))


class _Grouping(NamedTuple):
    """One way to be alike by profile: the group of each account, -1 unknown, and who is in it."""

    way: str
    codes: Places
    members: dict[int, Places]


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


def count_holders(marks: sparse.csr_matrix,
                  likes: Iterable[Like]) -> Iterator[tuple[Like, Floats]]:
    """Yield each of `likes` with how many of the like accounts hold each product.

    >>> from scipy import sparse
    >>> marks = sparse.csr_matrix([[1, 1], [0, 1], [0, 1]])
    >>> group = np.arange(3)
    >>> [(like.n, n.tolist()) for like, n in count_holders(marks, [Like(0, group, "like_all")])]
    [(2, [0.0, 2.0])]
    """
    of_group: dict[tuple[str, int], Floats] = {}
    left = iter(likes)
    while chunk := list(islice(left, CHUNK)):
        own = marks[[like.place for like in chunk]].toarray()
        sums = _sum_groups(marks, [NOBODY if like.key else like.group for like in chunk])
        for like, held, n_holding in zip(chunk, own, sums, strict=True):
            if like.key is None:
                yield like, n_holding
                continue
            if like.key not in of_group:
                (of_group[like.key],) = _sum_groups(marks, [like.group])
            yield like, of_group[like.key] - held


def _sum_groups(marks: sparse.csr_matrix, groups: Sequence[Places]) -> Floats:
    """Groups x products: how many of each group hold each product."""
    from scipy import sparse  # a request reads this module's rules, and shall not wait for it

    ends = np.cumsum([0, *map(len, groups)])
    members = sparse.csr_matrix((np.ones(ends[-1]), np.concatenate(groups), ends),
                                shape=(len(groups), marks.shape[0]))
    return np.asarray((members @ marks).toarray(), dtype="float64")


def rows_of(table: sparse.csr_matrix, places: Places) -> Iterator[Floats]:
    """Yield rows of a sparse table as arrays, made a few at a time."""
    for start in range(0, len(places), CHUNK):
        yield from table[places[start:start + CHUNK]].toarray()


def _nearest(marks: sparse.csr_matrix, asked: Places, rules: LikeRules) -> Iterator[Places]:
    """Those with most in common; accounts that hold the same are compared with the others once."""
    sizes = np.asarray(marks.sum(axis=1), dtype="float64").ravel()
    kinds = _kinds(marks[asked])
    first = np.unique(kinds, return_index=True)[1]
    first = first[sizes[asked[first]] >= rules.min_held]
    near = dict(zip(kinds[first], _most_alike(marks, asked[first], sizes, rules.n_like + 1),
                    strict=True))
    for place, kind in zip(asked, kinds, strict=True):
        found = near.get(kind, NOBODY)
        yield found[found != place][:rules.n_like]


def _kinds(marks: sparse.csr_matrix) -> Places:
    """The same number for accounts that hold the same products."""
    table = marks.sorted_indices()
    held = [table.indices[a:b].tobytes() + table.data[a:b].tobytes()
            for a, b in pairwise(table.indptr)]
    return np.asarray(pd.factorize(np.asarray(held, dtype="object"))[0], dtype="int64")


def _most_alike(marks: sparse.csr_matrix, rows: Places, sizes: Floats,
                n: int) -> Iterator[Places]:
    """The n accounts most like each of some, itself among them; equal ones in their order."""
    turned = marks.T.tocsr()
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start:start + CHUNK]
        both = marks[chunk] @ turned  # only accounts with a product in common have a place in it
        for row, (a, b) in zip(chunk, pairwise(both.indptr), strict=True):
            others, common = both.indices[a:b], both.data[a:b]
            alike = common / (sizes[row] + sizes[others] - common)
            if len(others) > n:
                others, alike = _keep_best(others, alike, n)
            yield others[np.lexsort((others, -alike))].astype("int64")


def _keep_best(places: Places, values: Floats, n: int) -> tuple[Places, Floats]:
    """The n largest values; of equal ones at the edge, those of the lowest places."""
    edge = np.partition(values, len(values) - n)[len(values) - n]
    above, equal = np.flatnonzero(values > edge), np.flatnonzero(values == edge)
    equal = equal[np.argsort(places[equal], kind="stable")][:n - len(above)]
    kept = np.concatenate([above, equal])
    return places[kept], values[kept]


def _groups(accounts: Sequence[str], profiles: pd.DataFrame,
            rules: LikeRules) -> list[_Grouping]:
    """The closest grouping first; a column that the accounts do not have is known of nobody."""
    table = profiles.drop_duplicates("account_id").set_index("account_id").reindex(list(accounts))
    columns = list(rules.profile_columns)
    found = []
    for n in range(len(columns), 0, -1):
        part = table.reindex(columns=columns[:n])
        codes = np.asarray(part.groupby(columns[:n], sort=True).ngroup().fillna(-1), dtype=np.int64)
        order = np.argsort(codes, kind="stable")
        known = order[codes[order] >= 0]
        edges = np.flatnonzero(np.diff(codes[known])) + 1
        members = {int(codes[part[0]]): part for part in np.split(known, edges) if len(part)}
        found.append(_Grouping(BY_PROFILE if n == len(columns) else BY_PART, codes, members))
    everyone = np.arange(len(table), dtype="int64")
    return [*found, _Grouping(BY_ALL, np.zeros(len(table), dtype="int64"), {0: everyone})]


def _by_profile(place: int, groups: list[_Grouping], rules: LikeRules) -> Like:
    for way, codes, members in groups:
        group = members.get(int(codes[place]), NOBODY)
        if len(group) > rules.min_like:  # itself is one of them
            return Like(place, group, way)
    return Like(place, NOBODY, "")
