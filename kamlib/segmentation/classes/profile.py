"""Where the core accounts are: by region, size, industry and whatever is given."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.segmentation.rules import TIERS
from kamlib.stats.intervals import Interval, wilson_interval

DIMENSIONS = ("region", "country", "city_tier", "size_class", "industry", "star",
              "account_type", "party_role")
NOT_GIVEN = "not_given"
PROFILE_COLUMNS = ["dimension", "category", "n_accounts", "n_core", "core_share",
                   "core_share_ci_low", "core_share_ci_high", "net_amount", "amount_share",
                   "mean_amount"]


def profile_core_accounts(tiers: pd.DataFrame, accounts: pd.DataFrame, *,
                          level: float = 0.95) -> pd.DataFrame:
    """Number, sales and share of core accounts in each category of what is known of them.

    tiers: from `score_tiers`; accounts: accounts of the dictionary, customers only or with the
    suppliers and partners among them; level: of the intervals.
    Returns, by dimension in the order of `DIMENSIONS` and category by net sales, largest first,
    not_given last: dimension, category, n_accounts (customers with sales in the window), n_core,
    core_share (0-1, with Wilson's interval as core_share_ci_low and _high: the category as a
    judgement about an account like these), net_amount (window), amount_share (of all of them; a
    gap when their sum is not above zero), mean_amount (of an account).
    A dimension of which nothing is given is left out. Suppliers and partners never count as
    accounts (E33): they have rows of party_role with their number and nothing else.
    Source: catalogue SEG-10; Wilson (1927), J. Am. Stat. Assoc. 22:209-212.
    Raises RefusedError without accounts with sales, or where nothing describes them.

    >>> tiers = pd.DataFrame({"account_id": ["a", "b"], "net_amount": [90.0, 10.0],
    ...                       "tier": ["core", "general"]})
    >>> accounts = pd.DataFrame({"account_id": ["a", "b"], "region": ["East", "East"]})
    >>> profile_core_accounts(tiers, accounts)[["category", "core_share"]].values.tolist()
    [['East', 0.5]]
    """
    is_other = _is_other(accounts)
    sold = tiers[tiers["tier"].isin(TIERS)]
    sold = sold[~sold["account_id"].isin(accounts.loc[is_other, "account_id"])]
    given = [name for name in DIMENSIONS if name in accounts
             and accounts.loc[~is_other, name].notna().any()]
    if sold.empty or not set(given) - {"party_role"}:
        raise RefusedError(_(
            "A profile needs accounts with sales in the window and something that describes them, "
            "such as region, size_class or industry. Columns in the accounts table would lift "
            "this."))
    joined = sold.merge(accounts[["account_id", *given]], on="account_id", how="left")
    parts = [_profile(joined, name, level) for name in given]
    if is_other.any():
        parts.append(_left_out(accounts[is_other]))
    table = pd.concat(parts, ignore_index=True)
    return table[PROFILE_COLUMNS].astype(
        {"dimension": "str", "category": "str", "n_accounts": "Int64", "n_core": "Int64"})


def _is_other(accounts: pd.DataFrame) -> pd.Series:
    """Suppliers and partners; an account without a role is a customer."""
    if "party_role" not in accounts:
        return pd.Series(False, index=accounts.index)
    return accounts["party_role"].notna() & (accounts["party_role"] != "customer")


def _profile(joined: pd.DataFrame, dimension: str, level: float) -> pd.DataFrame:
    rows = joined.assign(category=_name_categories(joined[dimension]),
                         is_core=joined["tier"] == "core")
    table = rows.groupby("category").agg(
        n_accounts=("account_id", "size"), n_core=("is_core", "sum"),
        net_amount=("net_amount", "sum")).reset_index()
    total = float(table["net_amount"].sum())
    table["dimension"] = dimension
    table["core_share"] = table["n_core"] / table["n_accounts"]
    ends: list[Interval] = [wilson_interval(row["n_core"], row["n_accounts"], level=level)
                            for row in table.to_dict("records")]
    table["core_share_ci_low"] = [end.low for end in ends]
    table["core_share_ci_high"] = [end.high for end in ends]
    table["amount_share"] = table["net_amount"] / total if total > 0 else float("nan")
    table["mean_amount"] = table["net_amount"] / table["n_accounts"]
    table["is_last"] = table["category"] == NOT_GIVEN
    return table.sort_values(["is_last", "net_amount", "category"], ascending=[True, False, True])


def _name_categories(values: pd.Series) -> pd.Series:
    """Categories as text: the star 4.0 is "4"."""
    if pd.api.types.is_numeric_dtype(values):
        values = values.astype("Float64").astype("Int64")
    texts = values.astype("str").where(values.notna(), NOT_GIVEN)
    named: pd.Series = texts.where(texts.str.strip() != "", NOT_GIVEN).astype("str")
    return named


def _left_out(others: pd.DataFrame) -> pd.DataFrame:
    counts = others["party_role"].value_counts().sort_index()
    return pd.DataFrame({"dimension": "party_role", "category": counts.index,
                         "n_accounts": counts.to_numpy()})
