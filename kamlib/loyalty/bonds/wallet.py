"""Share of wallet: our sales by what the account spends in all, where somebody estimated it."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tiers import split_tiers
from kamlib.measures.wallet import TOTAL, estimate_wallets

WALLET_COLUMNS = ["account_id", "tier", "product_line", "year", "n_estimates", "n_years",
                  "own_amount", "wallet_amount", "wallet_share", "wallet_share_ci_low",
                  "wallet_share_ci_high", "headroom_amount", "headroom_amount_ci_low",
                  "headroom_amount_ci_high", "is_above_wallet"]
WALLET_TIER_COLUMNS = ["tier", "n_accounts", "own_amount", "wallet_amount", "wallet_share",
                       "median_wallet_share", "headroom_amount", "n_above_wallet"]
LINE_COLUMNS = ["product_line", "n_accounts", "own_amount", "wallet_amount", "wallet_share",
                "headroom_amount"]


def score_wallets(estimates: pd.DataFrame, products: pd.DataFrame, *, tiers: pd.DataFrame,
                  rules: LoyaltyRules, as_of: date, history_from: date | None) -> pd.DataFrame:
    """Share of wallet and headroom of each account with an estimate of its spending.

    estimates, products, as_of, history_from: as `estimate_wallets` takes them; tiers: account_id
    and tier. Returns its table with tier, `WALLET_COLUMNS`; refused as it is.
    """
    table = estimate_wallets(estimates, products, as_of=as_of, history_from=history_from,
                             years=rules.wallet_years, min_pairs=rules.min_wallet_pairs,
                             level=rules.confidence_level)
    tier_of = tiers.set_index("account_id")["tier"]
    table["tier"] = table["account_id"].map(tier_of).fillna("no_sales").astype("str")
    return table[WALLET_COLUMNS]


def summarise_wallets(wallets: pd.DataFrame) -> pd.DataFrame:
    """Share of wallet by tier: our sales of all accounts with an estimate by their wallets.

    Returns core, important, general and all (accounts in no tier too): tier, n_accounts,
    own_amount, wallet_amount, wallet_share (sum by sum), median_wallet_share, headroom_amount,
    n_above_wallet. Estimates are made of chosen accounts; the share is that of these, not of all.
    """
    rows = []
    for tier, part in split_tiers(wallets[wallets["product_line"] == TOTAL]):
        own, wallet = float(part["own_amount"].sum()), float(part["wallet_amount"].sum())
        rows.append((tier, len(part), own, wallet, own / wallet if wallet else float("nan"),
                     part["wallet_share"].median(), float(part["headroom_amount"].sum()),
                     int(part["is_above_wallet"].sum())))
    return pd.DataFrame(rows, columns=WALLET_TIER_COLUMNS)


def sum_lines(wallets: pd.DataFrame) -> pd.DataFrame:
    """Headroom by product line, where estimates name one, most first.

    Returns one row a product line: product_line, n_accounts, own_amount, wallet_amount,
    wallet_share, headroom_amount. Refused where every estimate is of all an account spends.
    """
    lines = wallets[wallets["product_line"] != TOTAL]
    if lines.empty:
        raise RefusedError(_("Every estimate is of all that an account spends; none names a "
                             "product line, so headroom by product line cannot be told. The "
                             "column product_line of wallet_estimates would lift this."))
    table = lines.groupby("product_line", sort=True).agg(
        n_accounts=("account_id", "size"), own_amount=("own_amount", "sum"),
        wallet_amount=("wallet_amount", "sum"), headroom_amount=("headroom_amount", "sum"))
    table["wallet_share"] = table["own_amount"] / table["wallet_amount"]
    return table.reset_index().sort_values(["headroom_amount", "product_line"],
                                           ascending=[False, True],
                                           ignore_index=True)[LINE_COLUMNS]
