"""How much of last year's revenue is still there: net and gross revenue retention."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _

RETENTION_COLUMNS = ["n_accounts", "n_churned", "opening_amount", "expansion_amount",
                     "contraction_amount", "churned_amount", "closing_amount",
                     "net_retention_share", "gross_retention_share", "n_left_out"]


def compare_retention(facts: pd.DataFrame,
                      facts_year_before: pd.DataFrame | None) -> pd.DataFrame:
    """Revenue of the accounts of a year ago, then and now.

    facts, facts_year_before: account_facts at as_of and a year before, or None.
    Returns one row: n_accounts (with net sales above zero in the window a year ago), n_churned
    (of these, without an order in this window), opening_amount (net sales of 12 months then),
    expansion_amount, contraction_amount, churned_amount (>= 0: by how much accounts grew, shrank
    while buying, and left), closing_amount (now), net_retention_share = closing / opening,
    gross_retention_share = sum of min(now, then) / opening (never above 1), n_left_out (accounts
    that bought then but whose returns took all of it). New accounts do not count. A complete
    ledger has no interval. Source: metrics §2 (NRR, GRR).

    >>> then = pd.DataFrame({"account_id": ["a", "b"], "n_orders_window": [3, 2],
    ...                      "net_amount_window": [80.0, 20.0]})
    >>> now = then.assign(net_amount_window=[100.0, 5.0])
    >>> compare_retention(now, then)[["net_retention_share", "gross_retention_share"]].values
    array([[1.05, 0.85]])
    """
    if facts_year_before is None or facts_year_before["n_orders_window"].isna().any():
        raise RefusedError(_("The known history does not hold the twelve months that ended a year "
                             "ago. It would have to reach two years back."))
    columns = ["account_id", "n_orders_window", "net_amount_window"]
    bought = facts_year_before.loc[facts_year_before["n_orders_window"] > 0, columns]
    cohort = bought[bought["net_amount_window"] > 0]
    if cohort.empty:
        raise RefusedError(_("No account had net sales above zero in the twelve months that ended "
                             "a year ago. A later period would lift this."))
    pairs = cohort.merge(facts[columns], on="account_id", how="left", suffixes=("_then", ""))
    then = pairs["net_amount_window_then"].astype("float64")
    now = pairs["net_amount_window"].astype("float64").fillna(0.0)
    is_gone = pairs["n_orders_window"].fillna(0) == 0
    change, opening = now - then, float(then.sum())
    row = {"n_accounts": len(pairs), "n_churned": int(is_gone.sum()), "opening_amount": opening,
           "expansion_amount": float(change[~is_gone].clip(lower=0).sum()),
           "contraction_amount": -float(change[~is_gone].clip(upper=0).sum()),
           "churned_amount": -float(change[is_gone].sum()), "closing_amount": float(now.sum()),
           "net_retention_share": float(now.sum()) / opening,
           "gross_retention_share": float(now.clip(upper=then).sum()) / opening,
           "n_left_out": len(bought) - len(cohort)}
    return pd.DataFrame([row], columns=RETENTION_COLUMNS)
