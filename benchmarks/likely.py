"""Whether intervals of "so many of the like accounts hold it" hold the like accounts of the market.

What a company of 80 accounts says of a product is held against the same part of the whole market:
against all accounts of the same type and size, or against as large a share of the nearest ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError

COLUMNS = ["table", "row", "figure", "value", "low", "high", "truth", "company"]


def judge_likeness(market: dict[str, pd.DataFrame], drawn: list[dict[str, pd.DataFrame]],
                   known: Any) -> pd.DataFrame:
    """Rows of COLUMNS: every listed gap of a company with the market's share of holders."""
    everybody = _marks(market, known)
    rows: list[tuple[Any, ...]] = []
    for number, tables in enumerate(drawn):
        own = _marks(tables, known)
        rows += [(*row, number) for row in _by_holdings(tables, own, everybody, known)]
        rows += [(*row, number) for row in _by_profile(tables, everybody, market, known)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _marks(tables: dict[str, pd.DataFrame], known: Any) -> pd.DataFrame:
    """Accounts x products, 1 where held."""
    from kamlib.loyalty.products.held import build_marks, list_held

    held = build_marks(list_held(tables["holdings"], rules=known.rules.cross_sell))
    return pd.DataFrame(held.marks.toarray(), index=list(held.accounts),
                        columns=list(held.products))


def _by_holdings(tables: dict[str, pd.DataFrame], own: pd.DataFrame, everybody: pd.DataFrame,
                 known: Any) -> list[tuple[Any, ...]]:
    from kamlib.loyalty.products.gaps import find_gaps
    from kamlib.loyalty.products.held import build_marks, list_held

    held = build_marks(list_held(tables["holdings"], rules=known.rules.cross_sell))
    try:
        gaps = find_gaps(held, accounts=tables["accounts"], rules=known.rules.cross_sell,
                         like_rules=known.rules.likeness)
        gaps = gaps[gaps["like_way"] == "like_holdings"]
    except RefusedError:
        return []
    all_marks = everybody.to_numpy()
    sizes = all_marks.sum(axis=1)
    rows = []
    for account_id, part in gaps.groupby("account_id"):
        mine = own.loc[account_id].reindex(everybody.columns).fillna(0.0).to_numpy()
        both = all_marks @ mine
        alike = both / np.maximum(sizes + mine.sum() - both, 1.0)
        # As large a part of the market as the like accounts are of the company.
        n = round(part["n_like"].iloc[0] / (len(own) - 1) * len(everybody))
        share = everybody.iloc[np.argsort(-alike, kind="stable")[:n]].mean()
        rows += [("gaps", "like by holdings", "like_share", row.like_share, row.like_share_ci_low,
                  row.like_share_ci_high, share[row.product_id]) for row in part.itertuples()]
    return rows


def _by_profile(tables: dict[str, pd.DataFrame], everybody: pd.DataFrame,
                market: dict[str, pd.DataFrame], known: Any) -> list[tuple[Any, ...]]:
    """The gaps of the account review, of a few accounts of a company, by type and size."""
    from kamlib.loyalty.products.gaps import find_gaps
    from kamlib.loyalty.products.held import build_marks, list_held

    rules = known.rules.likeness.model_copy(update={"by": "profile"})
    held = build_marks(list_held(tables["holdings"], rules=known.rules.cross_sell))
    gaps = find_gaps(held, accounts=tables["accounts"], rules=known.rules.cross_sell.model_copy(
        update={"n_gaps": 100}), like_rules=rules)
    columns = {"like_profile": 2, "like_part": 1, "like_all": 0}
    profile = market["accounts"].set_index("account_id")[list(rules.profile_columns)]
    profile = profile.reindex(everybody.index)
    rows = []
    for account_id, part in gaps.groupby("account_id"):
        names = list(rules.profile_columns)[:columns[part["like_way"].iloc[0]]]
        alike = (profile[names] == profile.loc[account_id, names]).all(axis=1)
        share = everybody[alike].mean()
        rows += [("gaps", "like by profile", "like_share", row.like_share, row.like_share_ci_low,
                  row.like_share_ci_high, share[row.product_id]) for row in part.itertuples()]
    return rows
