"""Would the suggestions have been bought? The window before, held against what came after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.loyalty.products.held import Held, build_marks
from kamlib.loyalty.products.rules import CrossSellRules
from kamlib.measures.likeness import (
    BY_HOLDINGS,
    BY_PROFILE,
    LikeRules,
    count_holders,
    find_like,
    rows_of,
)
from kamlib.stats.clustered import cluster_share

SUGGESTION_COLUMNS = ["suggested_by", "n_accounts", "n_suggested", "n_bought", "bought_share",
                      "bought_share_ci_low", "bought_share_ci_high", "difference_share",
                      "difference_share_ci_low", "difference_share_ci_high", "verdict"]
NAIVE = "most_held"
MIN_ACCOUNTS = 20
Floats = NDArray[np.float64]


def foretell_purchases(held: pd.DataFrame, *, accounts: pd.DataFrame, rules: CrossSellRules,
                       like_rules: LikeRules) -> pd.DataFrame:
    """Suggest products from the window before, and count which were bought in the next.

    held: from `list_held`; accounts: account_id and the profile columns; like_rules: which
    accounts are alike, here in both ways.
    Returns one row a way to suggest: suggested_by (any: mean over all products not held; most_held:
    what most others hold, the naive way; like_holdings; like_profile, where profiles are known),
    n_accounts, n_suggested, n_bought (expected, for any), bought_share (bought / suggested, with
    the interval of `cluster_share`), difference_share to most_held with Student's interval of the
    pairs, verdict (better, worse, cannot tell; "" for the naive way). Accounts are those
    that held like_rules.min_held products or more before and any in the window after. Refused below
    20 of them, and without a window before. Source of the errors: Cochran (1977), Sampling
    Techniques, 6.15 (jackknife).
    """
    if not held["net_amount_before"].notna().any():
        raise RefusedError(_("The window before lies outside the known history, so no suggestion "
                             "can be tested on it. A longer history would lift this."))
    before = build_marks(held, before=True)
    later = held[held["holding"].isin(["held", "first_bought"])]
    n_held = np.asarray(before.marks.sum(axis=1)).ravel()
    still = set(later["account_id"])
    buys_still = np.asarray([a in still for a in before.accounts], dtype="bool")
    places = np.flatnonzero((n_held >= like_rules.min_held) & buys_still)
    if len(places) < MIN_ACCOUNTS:
        raise RefusedError(_(
            "{n} accounts held products in the window before and bought in this one; from {least} "
            "on suggestions can be tested. A longer history would lift this.",
            n=fmt_count(len(places)), least=fmt_count(MIN_ACCOUNTS)))
    bought = _bought(held, before)
    found = {"any": _count(places, before, bought, repeat(None), rules)}
    for name, scores in _scores(places, before, accounts, like_rules).items():
        found[name] = _count(places, before, bought, scores, rules)
    return _judge(found, rules)


def _bought(held: pd.DataFrame, before: Held) -> sparse.csr_matrix:
    """Accounts x products of the window before: 1 where the account bought it for the first."""
    fresh = held[held["holding"] == "first_bought"]
    rows = pd.Index(before.accounts).get_indexer(pd.Index(fresh["account_id"]))
    columns = pd.Index(before.products).get_indexer(pd.Index(fresh["product_id"]))
    known = (rows >= 0) & (columns >= 0)
    return sparse.csr_matrix((np.ones(int(known.sum())), (rows[known], columns[known])),
                             shape=before.marks.shape)


def _scores(places: NDArray[np.int64], before: Held, accounts: pd.DataFrame,
            rules: LikeRules) -> dict[str, Iterable[Floats]]:
    """By way to suggest, what each account's products are ordered by."""
    totals = np.asarray(before.marks.sum(axis=0)).ravel()
    scores: dict[str, Iterable[Floats]] = {NAIVE: repeat(totals)}
    has_profiles = all(c in accounts and accounts[c].notna().any() for c in rules.profile_columns)
    for name, way in ((BY_HOLDINGS, "holdings"), (BY_PROFILE, "profile")):
        if name == BY_PROFILE and not has_profiles:
            continue  # there is nothing to compare
        way_rules = rules.model_copy(update={"by": way})
        scores[name] = _score_like(places, before, accounts, way_rules, totals)
    return scores


def _score_like(places: NDArray[np.int64], before: Held, accounts: pd.DataFrame, rules: LikeRules,
                totals: Floats) -> Iterator[Floats]:
    likes = find_like(before.accounts, before.marks, profiles=accounts, rules=rules, places=places)
    for like, n_holding in count_holders(before.marks, likes):
        if not like.n:
            yield totals / max(len(before.accounts), 1)
            continue
        # What few accounts cannot tell apart is ordered by how many hold it at all.
        yield n_holding / like.n + 1e-6 * totals / max(totals.max(), 1.0)


def _count(places: NDArray[np.int64], before: Held, bought: sparse.csr_matrix,
           scores: Iterable[Floats | None], rules: CrossSellRules) -> Floats:
    """Suggested and bought of each account; without scores all it does not hold, in proportion."""
    counts = []
    for own, its, score in zip(rows_of(before.marks, places), rows_of(bought, places), scores,
                               strict=False):
        open_ = np.flatnonzero(own == 0)
        n = min(rules.n_suggested, len(open_))
        if score is None:
            counts.append((n, n * its[open_].mean() if n else 0.0))
            continue
        chosen = open_[np.argsort(-score[open_], kind="stable")[:n]]
        counts.append((n, its[chosen].sum()))
    return np.asarray(counts, dtype="float64")


def _judge(found: dict[str, Floats], rules: CrossSellRules) -> pd.DataFrame:
    level, naive = rules.confidence_level, found[NAIVE]
    rows = []
    for name, counts in found.items():
        suggested, bought = counts.T
        share = cluster_share(bought, suggested, level=level)
        gap, low, high, verdict = np.nan, np.nan, np.nan, ""
        if name != NAIVE:
            gap, low, high = paired_difference(counts, naive, level=level)
            verdict = "better" if low > 0 else "worse" if high < 0 else "cannot tell"
        rows.append((name, len(counts), int(suggested.sum()), bought.sum(), share.value, share.low,
                     share.high, gap, low, high, verdict))
    return pd.DataFrame(rows, columns=SUGGESTION_COLUMNS)


def paired_difference(counts: Floats, others: Floats, *,
                      level: float) -> tuple[float, float, float]:
    """How much larger one share is than another over the same accounts, with Student's interval.

    counts, others: accounts x (tried, succeeded). The error is the jackknife's of the difference.

    >>> ours, naive = np.array([[3, 1], [3, 2], [3, 3]]), np.array([[3, 0], [3, 1], [3, 2]])
    >>> [round(x, 3) for x in paired_difference(ours, naive, level=0.95)]
    [0.333, 0.333, 0.333]
    """
    n = len(counts)
    gap = _share(counts.sum(axis=0)) - _share(others.sum(axis=0))
    left = _share((counts.sum(axis=0) - counts).T) - _share((others.sum(axis=0) - others).T)
    error = float(np.sqrt((n - 1) / n * ((left - gap) ** 2).sum()))
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
    return float(gap), float(gap - half), float(gap + half)


def _share(sums: Floats) -> Floats:
    return np.asarray(sums[1] / sums[0], dtype="float64")
