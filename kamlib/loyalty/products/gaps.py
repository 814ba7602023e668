"""White space: what an account does not hold and most accounts like it do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.loyalty.products.held import Held
from kamlib.loyalty.products.rules import CrossSellRules
from kamlib.measures.likeness import Like, LikeRules, count_holders, find_like, rows_of
from kamlib.stats.selected import selected_ends

GAP_COLUMNS = ["account_id", "product_id", "like_way", "n_like", "n_like_holding", "like_share",
               "like_share_ci_low", "like_share_ci_high", "overall_share", "like_mix_amount",
               "like_mix_low_amount", "like_mix_high_amount", "net_amount_window"]
GAP_PRODUCT_COLUMNS = ["product_id", "n_lacking", "like_mix_amount"]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def find_gaps(held: Held, *, accounts: pd.DataFrame, rules: CrossSellRules,
              like_rules: LikeRules) -> pd.DataFrame:
    """List what accounts do not hold though at least rules.gap_share of like accounts do.

    held: from `build_marks`; accounts: account_id and the profile columns; like_rules: which
    accounts are alike.
    Returns at most rules.n_gaps rows an account, most potential first: account_id, product_id,
    like_way (how they are alike, see `find_like`), n_like (like accounts), n_like_holding,
    like_share (with the interval of a share that is listed because it is high, `selected_ends`),
    overall_share (of all other accounts), like_mix_amount (its net sales x the median share that
    the like accounts holding the product spend on it; like_mix_low_amount, like_mix_high_amount:
    their quartiles, so the spread between accounts and no interval of the median),
    net_amount_window. Potentials are what the product would be worth at the like accounts' mix;
    they do not add up. Refused when no account has like accounts enough. Source: catalogue BEH-07.
    """
    n_holders = np.asarray(held.marks.sum(axis=0)).ravel()
    totals = np.asarray(held.amounts.sum(axis=1)).ravel()
    spent = sparse.diags(1 / np.where(totals > 0, totals, np.inf)) @ held.amounts
    rows, n_told, mix_of = [], 0, _Mix(spent)
    likes = find_like(held.accounts, held.marks, profiles=accounts, rules=like_rules)
    for own, (like, n_holding) in zip(rows_of(held.marks, np.arange(len(held.accounts))),
                                      count_holders(held.marks, likes), strict=True):
        if not like.way:
            continue
        n_told += 1
        place, share = like.place, n_holding / like.n
        is_gap = (own == 0) & (share >= rules.gap_share) & (n_holders >= rules.min_holders)
        for product in _best(share, n_holders, np.flatnonzero(is_gap), rules.n_gaps):
            rows.append((held.accounts[place], held.products[product], like.way, like.n,
                         int(n_holding[product]), share[product],
                         np.nan, np.nan,
                         n_holders[product] / (len(held.accounts) - 1),
                         *(float(q) * totals[place] for q in mix_of(like, product)),
                         totals[place]))
    if not n_told:
        raise RefusedError(_say_none(like_rules))
    table = pd.DataFrame(rows, columns=GAP_COLUMNS).sort_values(
        ["like_mix_amount", "account_id", "product_id"], ascending=[False, True, True],
        ignore_index=True)
    least = np.ceil(rules.gap_share * table["n_like"] - 1e-9)
    table["like_share_ci_low"], table["like_share_ci_high"] = selected_ends(
        table["n_like_holding"], table["n_like"], least=least, level=rules.confidence_level)
    return table


class _Mix:
    """Median and quartiles of the share that like accounts holding a product spend on it."""

    def __init__(self, spent: sparse.csr_matrix) -> None:
        self.spent = spent
        self.of_group: dict[tuple[tuple[str, int], int], Floats] = {}

    def __call__(self, like: Like, product: int) -> Floats:
        if like.key is None:
            return self._quartiles(like.group, product)
        # The account itself is in the group and spends nothing on what it does not hold.
        key = (like.key, product)
        if key not in self.of_group:
            self.of_group[key] = self._quartiles(like.group, product)
        return self.of_group[key]

    def _quartiles(self, places: Places, product: int) -> Floats:
        mix = self.spent[places, product].toarray().ravel()
        mix = mix[mix > 0]
        return np.quantile(mix, [0.5, 0.25, 0.75]) if len(mix) else np.full(3, np.nan)


def sum_gaps(gaps: pd.DataFrame) -> pd.DataFrame:
    """Add up the listed gaps of each product, most potential first.

    Returns one row a product: product_id, n_lacking (accounts), like_mix_amount (sum of theirs).
    """
    table = gaps.groupby("product_id", sort=True).agg(
        n_lacking=("account_id", "size"), like_mix_amount=("like_mix_amount", "sum")).reset_index()
    return table.sort_values(["like_mix_amount", "product_id"], ascending=[False, True],
                             ignore_index=True)[GAP_PRODUCT_COLUMNS]


def _best(share: Floats, n_holders: Floats, among: Places, n: int) -> list[int]:
    """The n products that most like accounts hold; equal ones by how many hold them at all."""
    order = np.lexsort((among, -n_holders[among], -share[among]))
    return [int(among[i]) for i in order[:n]]


def _say_none(rules: LikeRules) -> str:
    return _("No account has {least} accounts like it, so what they hold besides cannot be told. "
             "More accounts with {held} products or more, or other rules of likeness, would "
             "lift this.", least=fmt_count(rules.min_like), held=fmt_count(rules.min_held))
