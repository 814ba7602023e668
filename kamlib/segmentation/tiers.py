"""Three tiers from amount and frequency: core, important, general."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.measures import require_window
from kamlib.segmentation.rules import TIERS, SegmentationRules

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
TIER_COLUMNS = ["account_id", "net_amount", "n_orders", "is_amount_high", "is_frequency_high",
                "tier", "tier_reason"]
CUT_COLUMNS = ["measure", "cut_rule", "threshold", "n_accounts", "n_high", "high_share", "n_tied"]
NEEDED = ("account_id", "n_orders_window", "net_amount_window")


def score_tiers(facts: pd.DataFrame, *, rules: SegmentationRules) -> pd.DataFrame:
    """Put each account into a tier by its net sales and orders in the analysis window.

    facts: account_facts, one row an account.
    Returns one row an account, sorted: account_id, net_amount (window), n_orders (window),
    is_amount_high, is_frequency_high (gap without sales), tier (core: both are high; important:
    one is; general: neither; no_sales: no order in the window, which no cut counts), tier_reason
    (both, amount_only, frequency_only, neither, no_sales). A threshold belongs to the high side
    and ties stay together; net sales of zero or less are never high.
    Loyalty is left out of the rule, being an outcome of it (E11); "important" is exactly one of
    the two, with its sub-type (E12). Source: catalogue SEG-01.
    Raises RefusedError where the window begins before the known history.

    >>> facts = pd.DataFrame({"account_id": ["a", "b", "c"], "n_orders_window": [9, 1, 0],
    ...                       "net_amount_window": [50.0, 80.0, 0.0]})
    >>> score_tiers(facts, rules=SegmentationRules())["tier"].tolist()
    ['important', 'important', 'no_sales']
    """
    table = _window(facts)
    bought = table["n_orders"] > 0
    amounts, orders = _values(table[bought])
    is_amount_high = amounts >= _amount_cut(amounts, rules)
    is_frequency_high = orders >= _order_cut(orders, rules)
    for column, flags in (("is_amount_high", is_amount_high),
                          ("is_frequency_high", is_frequency_high)):
        table[column] = pd.Series(pd.NA, index=table.index, dtype="boolean")
        table.loc[bought, column] = flags
    both, either = is_amount_high & is_frequency_high, is_amount_high | is_frequency_high
    table["tier"] = _spread(bought, np.select([both, either], TIERS[:2], TIERS[2]))
    table["tier_reason"] = _spread(bought, np.select(
        [both, is_amount_high, is_frequency_high], ["both", "amount_only", "frequency_only"],
        "neither"))
    return table[TIER_COLUMNS]


def add_tier(accounts: pd.DataFrame, facts: pd.DataFrame, *,
             rules: SegmentationRules) -> pd.DataFrame:
    """Put each account's tier beside what is known about it.

    accounts: one row an account; facts: account_facts.
    Returns the accounts, in their order, with tier (see `score_tiers`); a gap for an account
    without facts, and for all where the analysis window begins before the known history.

    >>> accounts = pd.DataFrame({"account_id": ["b", "c"], "name": ["Bo", "Cy"]})
    >>> facts = pd.DataFrame({"account_id": ["a", "b"], "n_orders_window": [9, 1],
    ...                       "net_amount_window": [50.0, 80.0]})
    >>> add_tier(accounts, facts, rules=SegmentationRules())["tier"].fillna("?").tolist()
    ['important', '?']
    """
    try:
        tiers = score_tiers(facts, rules=rules).set_index("account_id")["tier"]
    except RefusedError:
        tiers = pd.Series(dtype="str")
    return accounts.assign(tier=accounts["account_id"].map(tiers).astype("str"))


def find_cuts(tiers: pd.DataFrame, *, rules: SegmentationRules) -> pd.DataFrame:
    """The two thresholds in force, and how they split the accounts with sales.

    tiers: from `score_tiers`.
    Returns two rows: measure (net_amount, n_orders), cut_rule (top_share, absolute), threshold
    (unit of the measure; gap without accounts), n_accounts with sales, n_high at or above the
    threshold, high_share, n_tied exactly at the threshold.
    Source: catalogue SEG-01: the thresholds are not published, so the report prints its own.
    """
    amounts, orders = _values(tiers[tiers["tier"] != "no_sales"])
    rows = []
    for measure, values, cut, absolute in (
            ("net_amount", amounts, _amount_cut(amounts, rules), rules.amount_threshold),
            ("n_orders", orders, _order_cut(orders, rules), rules.orders_threshold)):
        n_high = int((values >= cut).sum())
        rows.append({"measure": measure, "cut_rule": "top_share" if absolute is None else
                     "absolute", "threshold": cut if math.isfinite(cut) else np.nan,
                     "n_accounts": len(values), "n_high": n_high,
                     "high_share": n_high / len(values) if len(values) else np.nan,
                     "n_tied": int((values == cut).sum())})
    return pd.DataFrame(rows, columns=CUT_COLUMNS)


def fix_cuts(tiers: pd.DataFrame, *, rules: SegmentationRules) -> SegmentationRules:
    """Return the rules with the thresholds that these tiers were cut at, as absolute ones."""
    cuts = find_cuts(tiers, rules=rules).set_index("measure")["threshold"]
    if cuts.isna().any():
        return rules
    return rules.model_copy(update={"amount_threshold": float(cuts["net_amount"]),
                                    "orders_threshold": int(cuts["n_orders"])})


def tier_codes(amounts: Floats, orders: Floats, *,
               rules: SegmentationRules) -> npt.NDArray[np.int8]:
    """Return 0 core, 1 important, 2 general for each account; the rule without its table."""
    n_high = ((amounts >= _amount_cut(amounts, rules)).astype(np.int8)
              + (orders >= _order_cut(orders, rules)).astype(np.int8))
    return (2 - n_high).astype(np.int8)


def _window(facts: pd.DataFrame) -> pd.DataFrame:
    require_window(facts, NEEDED, name="score_tiers")
    table = facts[list(NEEDED)].rename(columns=lambda c: c.removesuffix("_window"))
    return table.sort_values("account_id", ignore_index=True)


def _values(table: pd.DataFrame) -> tuple[Floats, Floats]:
    return (table["net_amount"].to_numpy(dtype="float64"),
            table["n_orders"].to_numpy(dtype="float64"))


def _amount_cut(amounts: Floats, rules: SegmentationRules) -> float:
    if rules.amount_threshold is not None:
        return rules.amount_threshold
    cut = _top_cut(amounts, rules.amount_top_share)
    if cut > 0:
        return cut
    # The top share reaches into accounts that brought nothing: only the others are high.
    above = amounts[amounts > 0]
    return float(above.min()) if len(above) else math.inf


def _order_cut(orders: Floats, rules: SegmentationRules) -> float:
    if rules.orders_threshold is not None:
        return float(rules.orders_threshold)
    return _top_cut(orders, rules.orders_top_share)


def _top_cut(values: Floats, top_share: float) -> float:
    """The value that at least `top_share` of all reach: inclusive, so ties stay together."""
    if not len(values):
        return math.inf
    # 0.4 * 5 may be a hair above 2; that hair must not take in a third account.
    k = max(1, math.ceil(top_share * len(values) - 1e-9))
    return float(np.partition(values, len(values) - k)[len(values) - k])


def _spread(where: pd.Series, values: npt.NDArray[np.str_]) -> pd.Series:
    column = pd.Series("no_sales", index=where.index, dtype="str")
    column[where] = values
    return column
