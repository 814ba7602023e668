"""How often accounts order, by tier, and which orders were called off at once."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tiers import ALL, join_tiers, split_tiers
from kamlib.stats.intervals import mean_interval
from kamlib.stats.redraws import Redraws

FREQUENCY_COLUMNS = ["tier", "n_accounts", "mean_orders", "mean_orders_ci_low",
                     "mean_orders_ci_high", "median_orders", "mean_purchase_days",
                     "usual_gap_days", "n_with_rhythm"]
CANCELLED_COLUMNS = ["tier", "n_accounts", "n_cancelling", "n_called_off_orders",
                     "called_off_amount", "called_off_share", "amount_return_rate",
                     "with_pairs_rate"]
CALLED_OFF_COLUMNS = ["account_id", "tier", "n_called_off_orders", "called_off_amount",
                      "gross_amount", "called_off_share"]


def summarise_frequency(facts: pd.DataFrame, *, tiers: pd.DataFrame,
                        rules: LoyaltyRules, redraws: Redraws | None = None) -> pd.DataFrame:
    """Orders of the analysis window and the usual time between purchases, by tier.

    facts: account_facts; tiers: account_id and tier; redraws: accounts drawn and tiers cut anew,
    or None where the tiers are taken as given.
    Returns core, important, general and all: tier, n_accounts, mean_orders (of the window, with
    the percentile interval of the redraws, else Student's), median_orders, mean_purchase_days (a
    day with several orders counts once), usual_gap_days (median over the accounts of their mean gap
    between purchase days, over their whole known life), n_with_rhythm (accounts with two purchase
    days or more). The number of orders is part of the tiers' rule, so that tiers differ here by
    construction.
    Source: catalogue LOY-05, 购买频率.
    """
    table = join_tiers(facts, tiers)
    if table["n_orders_window"].isna().any():
        raise RefusedError(_("The analysis window begins before the known history. A later period "
                             "would lift this."))
    rows = []
    for tier, part in split_tiers(table):
        orders = part["n_orders_window"].astype("float64")
        low, high = mean_interval(orders, level=rules.confidence_level)
        if redraws is not None and len(part) > 1:
            low, high = redraws.mean_interval(table.set_index("account_id")["n_orders_window"],
                                              "" if tier == ALL else tier,
                                              level=rules.confidence_level)
        gaps = part["gap_mean_days"].astype("float64").dropna()
        rows.append((tier, len(part), orders.mean(), low, high, orders.median(),
                     part["n_purchase_days_window"].astype("float64").mean(), gaps.median(),
                     len(gaps)))
    return pd.DataFrame(rows, columns=FREQUENCY_COLUMNS)


def score_called_off(returns: pd.DataFrame, months: pd.DataFrame, *, window_start: date,
                     as_of: date) -> pd.DataFrame:
    """Orders that each account called off in full within days, which returns leave out.

    returns: from `score_returns`; months: account_months.
    Returns one row an account of a tier with such an order, most money first: account_id, tier,
    n_called_off_orders, called_off_amount, gross_amount (of what was not called off),
    called_off_share (called off / all that was ordered). Source: dictionary, order-and-cancel pair.
    """
    pairs = months[(months["line_kind"] == "paired_sale")
                   & (months["month"] >= pd.Timestamp(window_start))
                   & (months["month"] <= pd.Timestamp(as_of))].groupby("account_id")
    table = returns[["account_id", "tier", "gross_amount"]].copy()
    table["n_called_off_orders"] = table["account_id"].map(
        pairs["n_orders"].sum()).fillna(0).astype("int64")
    table["called_off_amount"] = table["account_id"].map(
        pairs["amount"].sum()).fillna(0.0).astype("float64")
    ordered = table["gross_amount"] + table["called_off_amount"]
    table["called_off_share"] = table["called_off_amount"] / ordered.where(ordered > 0)
    table = table[table["n_called_off_orders"] > 0]
    return table.sort_values(["called_off_amount", "account_id"], ascending=[False, True],
                             ignore_index=True)[CALLED_OFF_COLUMNS]


def summarise_called_off(returns: pd.DataFrame, called_off: pd.DataFrame) -> pd.DataFrame:
    """Orders called off at once by tier, and what the return rate would be with them in it.

    returns, called_off: from `score_returns`, `score_called_off`.
    Returns core, important, general and all: tier, n_accounts, n_cancelling (accounts that called
    something off), n_called_off_orders, called_off_amount, called_off_share (of all ordered),
    amount_return_rate (without them, as everywhere), with_pairs_rate (with them on both
    sides: what a ledger says that does not tell a slip from a return).
    """
    per = called_off.set_index("account_id")
    table = returns.assign(
        n_off=returns["account_id"].map(per["n_called_off_orders"]).fillna(0).astype("int64"),
        off=returns["account_id"].map(per["called_off_amount"]).fillna(0.0).astype("float64"))
    rows = []
    for tier, part in split_tiers(table):
        gross, back, off = (float(part[c].sum()) for c in ("gross_amount", "returned_amount",
                                                           "off"))
        ordered = gross + off
        rows.append((tier, len(part), int((part["n_off"] > 0).sum()), int(part["n_off"].sum()),
                     off, off / ordered if ordered > 0 else float("nan"),
                     back / gross if gross > 0 else float("nan"),
                     (back + off) / ordered if ordered > 0 else float("nan")))
    return pd.DataFrame(rows, columns=CANCELLED_COLUMNS)
