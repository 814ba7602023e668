"""Accounts brought in by others: who referred whom, and what they earn."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.stats.clustered import amount_interval
from kamlib.stats.intervals import UNKNOWN, wilson_interval

REFERRER_COLUMNS = ["account_id", "tier", "n_referred", "n_referred_buying",
                    "referred_net_amount", "referred_margin_amount", "margin_known_share",
                    "own_net_amount"]
NEWCOMER_COLUMNS = ["newcomers", "n_accounts", "newcomer_share", "newcomer_share_ci_low",
                    "newcomer_share_ci_high", "net_amount", "margin_amount",
                    "mean_margin_amount", "mean_margin_amount_ci_low",
                    "mean_margin_amount_ci_high"]


def list_referrers(accounts: pd.DataFrame, facts: pd.DataFrame, *,
                   tiers: pd.DataFrame) -> pd.DataFrame:
    """Who brought accounts in, and what these brought in the analysis window.

    accounts: account_id, referrer_id; facts: account_facts; tiers: account_id and tier.
    Returns one row a referrer, most margin first: account_id, tier ("" for one that is no account
    of ours), n_referred (accounts that name it), n_referred_buying (with an order in the window),
    referred_net_amount, referred_margin_amount (of the sales whose cost is known),
    margin_known_share (of the sales), own_net_amount (its own sales). An account that names itself
    is not counted. Refused where no account names who referred it. Source: catalogue LOY-07.
    """
    rows = _referred(accounts, facts)
    if rows.empty:
        raise RefusedError(_("No account names the one that referred it, so referrals cannot be "
                             "counted. The column referrer_id of the accounts would lift this."))
    rows = rows.assign(is_buying=rows["n_orders_window"].fillna(0) > 0)
    table = rows.groupby("referrer_id", sort=True).agg(
        n_referred=("account_id", "size"), n_referred_buying=("is_buying", "sum"),
        referred_net_amount=("net_amount_window", "sum"),
        referred_margin_amount=("margin_amount_window", "sum"),
        known=("margin_known_amount_window", "sum")).reset_index()
    net = table["referred_net_amount"]
    table["margin_known_share"] = table["known"] / net.where(net > 0)
    table = table.rename(columns={"referrer_id": "account_id"})
    table["tier"] = table["account_id"].map(tiers.set_index("account_id")["tier"]).fillna("") \
        .astype("str")
    table["own_net_amount"] = table["account_id"].map(
        facts.set_index("account_id")["net_amount_window"]).astype("float64")
    return table.sort_values(["referred_margin_amount", "account_id"], ascending=[False, True],
                             ignore_index=True)[REFERRER_COLUMNS]


def compare_newcomers(accounts: pd.DataFrame, facts: pd.DataFrame, *, window_start: date,
                      rules: LoyaltyRules) -> pd.DataFrame:
    """New accounts that were referred beside those that came without.

    New is an account whose known start lies in the analysis window and that has bought.
    Returns three rows: newcomers (referred, not_referred, all_new), n_accounts, newcomer_share
    (with Wilson's interval; all are all), net_amount, margin_amount (of the window, sales with
    known cost), mean_margin_amount of an account (with the interval of `amount_interval`). Refused
    without a new account.
    """
    fresh = facts[facts["is_start_known"].fillna(False).astype(bool)
                  & (facts["start_date"] >= pd.Timestamp(window_start))]
    if fresh.empty:
        raise RefusedError(_("No account began in the analysis window, so there are no newcomers "
                             "to tell where they came from."))
    referred = fresh["account_id"].isin(_referred(accounts, facts)["account_id"])
    parts = {"referred": fresh[referred], "not_referred": fresh[~referred], "all_new": fresh}
    rows = []
    for name, part in parts.items():
        low, high = UNKNOWN if name == "all_new" else wilson_interval(
            len(part), len(fresh), level=rules.confidence_level)
        margin = part["margin_amount_window"].astype("float64")
        rows.append((name, len(part), len(part) / len(fresh), low, high,
                     part["net_amount_window"].sum(), margin.sum(), margin.mean(),
                     *amount_interval(margin, level=rules.confidence_level)))
    return pd.DataFrame(rows, columns=NEWCOMER_COLUMNS)


def _referred(accounts: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    if "referrer_id" not in accounts:
        return facts.head(0).assign(referrer_id="")
    named = accounts[accounts["referrer_id"].notna() & (accounts["referrer_id"] != "")
                     & (accounts["referrer_id"] != accounts["account_id"])]
    return facts.merge(named[["account_id", "referrer_id"]], on="account_id")
