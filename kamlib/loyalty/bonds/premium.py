"""Price premium accepted: what accounts pay for a product beside what others pay for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.tiers import ALL, split_tiers
from kamlib.measures.prices import compare_prices, list_bought, value_at_others
from kamlib.stats.clustered import LEAST_EFFECTIVE, kish
from kamlib.stats.intervals import UNKNOWN, wilson_interval

MOST_PARTS = 100

PAID_COLUMNS = ["account_id", "tier", "n_products", "paid_amount", "others_amount",
                "price_premium_rate", "accepts_premium", "compared_share"]
PREMIUM_COLUMNS = ["tier", "n_accounts", "paid_amount", "price_premium_rate",
                   "price_premium_rate_ci_low", "price_premium_rate_ci_high", "n_rated",
                   "n_accepting", "accepting_share", "accepting_share_ci_low",
                   "accepting_share_ci_high"]
OPINION_COLUMNS = ["premium_opinion", "n_accounts", "paid_amount", "price_premium_rate",
                   "price_premium_rate_ci_low", "price_premium_rate_ci_high"]


def score_prices(holdings: pd.DataFrame, ratings: pd.DataFrame, *, tiers: pd.DataFrame,
                 rules: LoyaltyRules) -> pd.DataFrame:
    """What each account paid beside what the others paid for the same products.

    holdings: account_holdings (quantities and amounts of sale lines in the analysis window);
    ratings: relationships (account_id, rated_date, accepts_premium), may be empty; tiers:
    account_id and tier. The reference of a product is the mean price that all other accounts paid,
    weighted by quantity, where at least rules.min_price_accounts others bought it.
    Returns one row an account of a tier, sorted: account_id, tier, n_products (compared),
    paid_amount, others_amount (the same quantities at the others' prices), price_premium_rate
    (paid / reference - 1), accepts_premium (its last rating says so; gap when not rated),
    compared_share (of its sales with a quantity). It is what was paid, not what would be: large
    quantities earn discounts. Source: catalogue LOY-05; dictionary, relationships.
    """
    table = compare_prices(holdings, min_accounts=rules.min_price_accounts)
    placed = tiers.loc[tiers["tier"] != "no_sales", ["account_id", "tier"]]
    table = table.merge(placed, on="account_id").sort_values("account_id", ignore_index=True)
    table["accepts_premium"] = table["account_id"].map(_last_opinion(ratings)).astype("boolean")
    return table[PAID_COLUMNS]


def leave_out(holdings: pd.DataFrame, prices: pd.DataFrame, *,
              rules: LoyaltyRules) -> pd.DataFrame:
    """What was paid, and at the others' prices, with accounts left out and all compared anew.

    holdings: as for `score_prices`, prices: what it returned. Each account is left out, from
    MOST_PARTS accounts on each of so many parts of them, because an account that leaves changes
    the prices of all others too.
    Returns one row a part and group: part, group (a tier or a premium_opinion), paid_amount,
    others_amount. Source: delete-a-group jackknife, Kott (2001), J. Off. Stat. 17:521-526.
    """
    rows = list_bought(holdings).sort_values(["account_id", "product_id"], ignore_index=True)
    of_account = pd.factorize(rows["account_id"], sort=True)[0]
    named = prices.assign(opinion=_opinions(prices)).set_index("account_id")
    # Where an account stands in no tier, it is compared with, and in no group of its own.
    groups = [pd.factorize(rows["account_id"].map(named[c]), sort=True)
              for c in ("tier", "opinion")]
    found: list[tuple[object, ...]] = []
    for part in range(min(MOST_PARTS, len(np.unique(of_account)))):
        kept = rows[of_account % MOST_PARTS != part]
        reference = value_at_others(kept, min_accounts=rules.min_price_accounts).to_numpy()
        is_told = ~np.isnan(reference)
        for codes, names in groups:
            code = codes[of_account % MOST_PARTS != part]
            inside = is_told & (code >= 0)
            sums = [np.bincount(code[inside], values[inside], minlength=len(names))
                    for values in (kept["paid"].to_numpy(), reference)]
            found.extend((part, *row) for row in zip(names, *sums, strict=True))
    columns = ["part", "group", "paid_amount", "others_amount"]
    table = pd.DataFrame(found, columns=columns)
    return table[table["others_amount"] > 0].reset_index(drop=True)


def summarise_prices(prices: pd.DataFrame, *, left_out: pd.DataFrame,
                     rules: LoyaltyRules) -> pd.DataFrame:
    """Price premium by tier, and how many are rated to accept one.

    prices, left_out: from `score_prices` and `leave_out`. Returns core, important, general and
    all: tier, n_accounts, paid_amount, price_premium_rate (sums / sums - 1, with Student's
    interval; none for all accounts, who pay on the whole what they pay), n_rated, n_accepting,
    accepting_share (with Wilson's interval).
    """
    rows = []
    for tier, part in split_tiers(prices):
        rated = part["accepts_premium"].dropna()
        n, k = len(rated), int(rated.sum())
        low, high = wilson_interval(k, n, level=rules.confidence_level)
        rows.append((tier, *_premium(part, tier, left_out, rules), n, k,
                     k / n if n else float("nan"), low, high))
    return pd.DataFrame(rows, columns=PREMIUM_COLUMNS)


def compare_opinions(prices: pd.DataFrame, *, left_out: pd.DataFrame,
                     rules: LoyaltyRules) -> pd.DataFrame:
    """Whether accounts rated to accept a premium do pay one.

    Returns three rows: premium_opinion (accepting, not_accepting, not_rated), n_accounts,
    paid_amount, price_premium_rate with its interval as in `summarise_prices`.
    """
    opinion = _opinions(prices)
    rows = [(name, *_premium(prices[opinion == name], name, left_out, rules))
            for name in ("accepting", "not_accepting", "not_rated")]
    return pd.DataFrame(rows, columns=OPINION_COLUMNS)


def _premium(part: pd.DataFrame, group: str, left_out: pd.DataFrame,
             rules: LoyaltyRules) -> tuple[int, float, float, float, float]:
    paid, reference = float(part["paid_amount"].sum()), float(part["others_amount"].sum())
    rate = paid / reference - 1 if reference else float("nan")
    again = left_out[left_out["group"] == group]
    n_parts = left_out["part"].nunique()
    if group == ALL or len(again) < n_parts or len(part) < 2:
        return len(part), paid, rate, *UNKNOWN
    apart = (again["paid_amount"] / again["others_amount"] - 1 - rate).to_numpy() ** 2
    weights = part["others_amount"].to_numpy()
    freedom = min(kish(weights), kish(apart)) - 1
    if freedom < LEAST_EFFECTIVE - 1:
        return len(part), paid, rate, *UNKNOWN
    error = float(np.sqrt((n_parts - 1) / n_parts * apart.sum()))
    half = float(stats.t.ppf((1 + rules.confidence_level) / 2, freedom)) * error
    return len(part), paid, rate, rate - half, rate + half


def _opinions(prices: pd.DataFrame) -> pd.Series:
    opinion = prices["accepts_premium"].map({True: "accepting", False: "not_accepting"})
    return opinion.astype("object").where(prices["accepts_premium"].notna(), "not_rated")


def _last_opinion(ratings: pd.DataFrame) -> pd.Series:
    known = ratings[ratings["accepts_premium"].notna()].sort_values(["account_id", "rated_date"])
    return known.groupby("account_id")["accepts_premium"].last().astype("boolean")
