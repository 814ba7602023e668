"""All tables of the notebook on cross-selling, made in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_
from kamlib.loyalty.products.foretell import SUGGESTION_COLUMNS, foretell_purchases
from kamlib.loyalty.products.gaps import GAP_COLUMNS, GAP_PRODUCT_COLUMNS, find_gaps, sum_gaps
from kamlib.loyalty.products.held import (
    COUNT_COLUMNS,
    HELD_COLUMNS,
    SPREAD_COLUMNS,
    Held,
    build_marks,
    count_products,
    list_held,
    spread_products,
)
from kamlib.loyalty.products.pairs import PAIR_COLUMNS, Pairs, pair_products
from kamlib.loyalty.products.rules import CrossSellRules
from kamlib.measures.likeness import LikeRules
from kamlib.stats.redraws import Redraws

QUESTIONS = {
    "held": N_("Which products does each account hold?"),
    "pairs": N_("Which products go together?"),
    "gaps": N_("What do accounts not buy that accounts like them do?"),
    "suggestions": N_("Would suggestions to accounts have been bought?"),
}


@dataclass(frozen=True, repr=False)
class CrossSell:
    """Products held and what could be sold besides; `refused` says why a table is empty.

    held: `list_held`; counts: `count_products`; spread: `spread_products`; pairs: `pair_products`
    with if_name and then_name, of which n_pairs, n_lifted and n_together are counted; gaps:
    `find_gaps` with product_name, tier and was_held (in the window before); gap_products:
    `sum_gaps` with product_name; suggestions: `foretell_purchases`; dropped: the rows of held that
    still active accounts dropped, most money first.
    """

    held: pd.DataFrame
    counts: pd.DataFrame
    spread: pd.DataFrame
    pairs: pd.DataFrame
    gaps: pd.DataFrame
    gap_products: pd.DataFrame
    suggestions: pd.DataFrame
    refused: Mapping[str, str]
    rules: CrossSellRules
    like_rules: LikeRules
    n_pairs: int = 0
    n_lifted: int = 0
    n_together: int = 0

    def __repr__(self) -> str:
        return (f"CrossSell({self.held['account_id'].nunique()} accounts, "
                f"{len(self.spread)} products, {len(self.gaps)} gaps)")

    @property
    def dropped(self) -> pd.DataFrame:
        """What accounts that still buy something held in the window before and no longer do."""
        is_dropped = self.held["holding"] == "dropped"
        buys_still = (~is_dropped).groupby(self.held["account_id"]).transform("any")
        rows = self.held[is_dropped & buys_still]
        return rows.sort_values(["net_amount_before", "account_id", "product_id"],
                                ascending=[False, True, True], ignore_index=True)

    @property
    def together(self) -> pd.DataFrame:
        """The pairs that more accounts hold than their sizes explain, in both directions."""
        return self.pairs[self.pairs["pair_verdict"] == "together"].reset_index(drop=True)


def plan_cross_sell(holdings: pd.DataFrame, *, products: pd.DataFrame | None,
                    accounts: pd.DataFrame, tiers: pd.DataFrame, rules: CrossSellRules,
                    like_rules: LikeRules, redraws: Redraws | None = None) -> CrossSell:
    """Find what accounts hold, what goes together, and what could be sold to whom.

    holdings: account_holdings; products: of the dictionary, or None; accounts: account_id and the
    profile columns; tiers: account_id and tier; like_rules: which accounts are alike; redraws: see
    `count_products`. What cannot be computed is in `refused`.
    """
    attempts = Attempts()
    held = attempts.take("held", HELD_COLUMNS,
                         lambda: list_held(holdings, products, rules=rules))
    if held.empty or not (held["holding"] != "dropped").any():
        return _nothing(attempts, rules, like_rules, held)
    marks = build_marks(held)
    known = held[["product_id", "product_name"]].drop_duplicates()
    names: dict[str, str] = dict(known.itertuples(index=False))
    paired = _pair(marks, rules, attempts)
    pairs = paired.table
    gaps = attempts.take("gaps", GAP_COLUMNS,
                         lambda: find_gaps(marks, accounts=accounts, rules=rules,
                                           like_rules=like_rules))
    tier_of = tiers.set_index("account_id")["tier"]
    suggestions = attempts.take("suggestions", SUGGESTION_COLUMNS, lambda: foretell_purchases(
        held, accounts=accounts, rules=rules, like_rules=like_rules))
    return CrossSell(
        held=held, counts=count_products(held, tiers=tiers, rules=rules, redraws=redraws),
        spread=spread_products(held, tiers=tiers, rules=rules),
        pairs=pairs.assign(if_name=_named(pairs["if_product"], names),
                           then_name=_named(pairs["then_product"], names)),
        gaps=_mark_dropped(gaps, held).assign(product_name=_named(gaps["product_id"], names),
                         tier=gaps["account_id"].map(tier_of).astype("str")),
        gap_products=sum_gaps(gaps).assign(
            product_name=lambda t: _named(t["product_id"], names)),
        suggestions=suggestions, refused=attempts.refused, rules=rules,
        like_rules=like_rules, n_pairs=paired.n_pairs, n_lifted=paired.n_lifted,
        n_together=paired.n_together)


def _pair(marks: Held, rules: CrossSellRules, attempts: Attempts) -> Pairs:
    try:
        return pair_products(marks, rules=rules)
    except RefusedError as error:
        attempts.refused["pairs"] = str(error)
        return Pairs(pd.DataFrame(columns=PAIR_COLUMNS), 0, 0, 0)


def _mark_dropped(gaps: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Say which gaps the account filled in the window before."""
    dropped = held.loc[held["holding"] == "dropped", ["account_id", "product_id"]]
    keys = pd.MultiIndex.from_frame(gaps[["account_id", "product_id"]])
    return gaps.assign(was_held=keys.isin(pd.MultiIndex.from_frame(dropped)))


def _named(products: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """The name of each product; its id where it has none."""
    return pd.Series([names.get(p) or p for p in products], index=products.index, dtype="str")


def _nothing(attempts: Attempts, rules: CrossSellRules, like_rules: LikeRules,
             held: pd.DataFrame) -> CrossSell:
    return CrossSell(
        held=held, counts=pd.DataFrame(columns=COUNT_COLUMNS),
        spread=pd.DataFrame(columns=SPREAD_COLUMNS),
        pairs=pd.DataFrame(columns=[*PAIR_COLUMNS, "if_name", "then_name"]),
        gaps=pd.DataFrame(columns=[*GAP_COLUMNS, "product_name", "tier", "was_held"]),
        gap_products=pd.DataFrame(columns=[*GAP_PRODUCT_COLUMNS, "product_name"]),
        suggestions=pd.DataFrame(columns=SUGGESTION_COLUMNS), refused=attempts.refused,
        rules=rules, like_rules=like_rules)
