"""All tables of what binds beyond buying again, made in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_, _
from kamlib.loyalty.bonds.premium import (
    OPINION_COLUMNS,
    PAID_COLUMNS,
    PREMIUM_COLUMNS,
    compare_opinions,
    leave_out,
    score_prices,
    summarise_prices,
)
from kamlib.loyalty.bonds.referrals import (
    NEWCOMER_COLUMNS,
    REFERRER_COLUMNS,
    compare_newcomers,
    list_referrers,
)
from kamlib.loyalty.bonds.wallet import (
    LINE_COLUMNS,
    WALLET_COLUMNS,
    WALLET_TIER_COLUMNS,
    score_wallets,
    sum_lines,
    summarise_wallets,
)
from kamlib.loyalty.rules import LoyaltyRules

QUESTIONS = {
    "wallets": N_("Which share of what accounts spend do we get?"),
    "wallet_lines": N_("In which product lines is the headroom?"),
    "prices": N_("Do loyal accounts accept a higher price?"),
    "referrers": N_("Which accounts brought in others?"),
    "newcomers": N_("How many new accounts were referred?"),
}
# The table of the dictionary that would answer each.
TABLES = {"wallets": "wallet_estimates", "wallet_lines": "wallet_estimates", "prices": "orders",
          "referrers": "accounts", "newcomers": "accounts"}


@dataclass(frozen=True, repr=False)
class Bonds:
    """What binds beyond buying again; a refused table is empty and `refused` says why.

    wallets, wallet_tiers, wallet_lines: see `score_wallets`, `summarise_wallets`, `sum_lines`;
    prices, premiums, opinions: see `score_prices`, `summarise_prices`, `compare_opinions`;
    referrers, newcomers: see `list_referrers`, `compare_newcomers`.
    """

    wallets: pd.DataFrame
    wallet_tiers: pd.DataFrame
    wallet_lines: pd.DataFrame
    prices: pd.DataFrame
    premiums: pd.DataFrame
    opinions: pd.DataFrame
    referrers: pd.DataFrame
    newcomers: pd.DataFrame
    refused: Mapping[str, str]
    rules: LoyaltyRules

    def __repr__(self) -> str:
        return (f"Bonds({len(self.wallets)} wallets, {len(self.prices)} accounts with prices, "
                f"{len(self.referrers)} referrers)")


def review_bonds(facts: pd.DataFrame, *, tables: Mapping[str, pd.DataFrame],
                 holdings: pd.DataFrame, products: pd.DataFrame, tiers: pd.DataFrame,
                 rules: LoyaltyRules, window_start: date, as_of: date,
                 history_from: date | None = None) -> Bonds:
    """Compute share of wallet, price accepted and referrals.

    facts: account_facts; tables: accounts, and wallet_estimates and relationships where the
    company has them; holdings, products: account_holdings and account_products; tiers: account_id
    and tier. What is refused comes back empty with its reason.
    """
    attempts = Attempts()
    wallets = attempts.take("wallets", WALLET_COLUMNS, lambda: score_wallets(
        _given(tables, "wallet_estimates"), products, tiers=tiers, rules=rules, as_of=as_of,
        history_from=history_from))
    lines = attempts.take("wallet_lines", LINE_COLUMNS, lambda: sum_lines(wallets)) \
        if len(wallets) else pd.DataFrame(columns=LINE_COLUMNS)
    ratings = tables.get("relationships")
    if ratings is None:
        ratings = pd.DataFrame(columns=["account_id", "rated_date", "accepts_premium"])
    prices = attempts.take("prices", PAID_COLUMNS, lambda: score_prices(
        holdings, ratings, tiers=tiers, rules=rules))
    left_out = leave_out(holdings, prices, rules=rules) if len(prices) else prices
    accounts = tables.get("accounts", pd.DataFrame(columns=["account_id"]))
    referrers = attempts.take("referrers", REFERRER_COLUMNS, lambda: list_referrers(
        accounts, facts, tiers=tiers))
    newcomers = attempts.take("newcomers", NEWCOMER_COLUMNS, lambda: compare_newcomers(
        accounts, facts, window_start=window_start, rules=rules)) \
        if len(referrers) else pd.DataFrame(columns=NEWCOMER_COLUMNS)
    return Bonds(
        wallets=wallets, wallet_tiers=summarise_wallets(wallets) if len(wallets) else
        pd.DataFrame(columns=WALLET_TIER_COLUMNS), wallet_lines=lines, prices=prices,
        premiums=summarise_prices(prices, left_out=left_out, rules=rules) if len(prices) else
        pd.DataFrame(columns=PREMIUM_COLUMNS),
        opinions=compare_opinions(prices, left_out=left_out, rules=rules) if len(prices) else
        pd.DataFrame(columns=OPINION_COLUMNS), referrers=referrers, newcomers=newcomers,
        refused=attempts.refused, rules=rules)


def _given(tables: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    table = tables.get(name)
    if table is None or table.empty:
        raise RefusedError(_("There is no estimate of what accounts spend in all: the table "
                             "wallet_estimates is missing or empty. A few estimates by account "
                             "managers would lift this."))
    return table
