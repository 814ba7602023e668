"""Value beyond the orders at today's pace: growth, referrals, and knowledge as a score."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from scipy import stats

from kamlib.period import add_months
from kamlib.value.clv import CENT, Book
from kamlib.value.rules import ValueRules

COMPONENT_COLUMNS = ["account_id", "transaction_amount", "growth_rate", "growth_value_amount",
                     "n_referred", "referral_amount", "is_referrer", "has_information",
                     "answered_survey", "knowledge_score"]
MONEY = ["transaction_amount", "growth_value_amount", "referral_amount"]
SCORED = ["is_referrer", "has_information", "answered_survey"]


def split_components(book: Book, *, facts: pd.DataFrame, facts_year_before: pd.DataFrame | None,
                     accounts: pd.DataFrame, relationships: pd.DataFrame,
                     survey_answers: pd.DataFrame, as_of: date, rules: ValueRules
                     ) -> pd.DataFrame:
    """Split the value of each account into its components.

    facts, facts_year_before: account_facts now and a year before (None: no growth can be tested);
    accounts, relationships, survey_answers: tables of the dictionary, empty when not given.
    Returns one row a valued account, first those with most beyond their own orders: account_id;
    transaction_amount (its CLV at the pace of today); growth_rate (a year, as far as proven;
    NaN where not testable) and growth_value_amount (CLV with it less CLV without; negative for
    contraction); n_referred and referral_amount (rules.referral_share of the CLV of accounts it
    referred lately; already in theirs, so never added to customer equity; NaN without referrers);
    knowledge_score, 0 to 3: one point each for is_referrer, has_information (an exclusive source,
    by its latest assessment) and answered_survey (in the last 12 months); NaN where a table lacks.
    Knowledge is not money. Source: catalogue LIF-04.
    """
    table = book.table[["account_id", "clv_amount"]].rename(
        columns={"clv_amount": "transaction_amount"})
    table["growth_rate"] = table["account_id"].map(measure_growth(
        facts, facts_year_before, rules=rules, regularity=book.forecast.orders.k))
    table["growth_value_amount"] = _grow(book, table["growth_rate"].to_numpy("float64"), rules)
    credit = credit_referrals(book, accounts=accounts, as_of=as_of, rules=rules)
    for name in credit.columns:
        table[name] = table["account_id"].map(credit[name])
    has_referrers = "referrer_id" in accounts and accounts["referrer_id"].notna().any()
    if has_referrers:
        table[["n_referred", "referral_amount"]] = table[["n_referred", "referral_amount"]].fillna(
            0.0)
    known = {"is_referrer": table["n_referred"] > 0 if has_referrers else None,
             "has_information": _informs(table["account_id"], relationships),
             "answered_survey": _answered(table["account_id"], survey_answers, as_of)}
    for name, values in known.items():
        table[name] = pd.Series(pd.NA if values is None else values, index=table.index,
                                dtype="boolean")
    table["knowledge_score"] = table[SCORED].astype("Int64").sum(axis=1, skipna=False)
    beyond = table[MONEY[1:]].abs().fillna(0).sum(axis=1)
    table = table.assign(beyond=beyond, n_referred=table["n_referred"].astype("Int64"))
    return table.sort_values(["beyond", "transaction_amount", "account_id"], ignore_index=True,
                             ascending=[False, False, True])[COMPONENT_COLUMNS]


def measure_growth(facts: pd.DataFrame, facts_year_before: pd.DataFrame | None, *,
                   rules: ValueRules, regularity: int = 1) -> pd.Series:
    """Yearly growth of each account's purchase days, as far as it is proven: by account_id.

    Days of the analysis window are compared with those of the window a year before. The interval
    of their ratio is exact given their sum, for purchases at random; with a regularity of k each
    counts as k stages, since regular buyers scatter less. The growth that counts is its end nearer
    to none, 0 when the interval holds none, and at most rules.growth_cap_rate either way. NaN for
    accounts whose first sale lies within the window before or later, or that bought in neither.
    Source: exact interval of a ratio of rates: Clopper & Pearson (1934), Biometrika 26:404-413.

    >>> now = pd.DataFrame({"account_id": ["a", "b"], "n_purchase_days_window": [60, 12]})
    >>> then = pd.DataFrame({"account_id": ["a", "b"], "n_purchase_days_window": [30, 10],
    ...                      "first_to_as_of_days": [900, 900]})
    >>> measure_growth(now, then, rules=ValueRules()).round(3).tolist()
    [0.25, 0.0]
    """
    if facts_year_before is None:
        return pd.Series(dtype="float64")
    then = facts_year_before.set_index("account_id")
    now = facts.set_index("account_id")["n_purchase_days_window"].reindex(then.index)
    n1, n0 = (regularity * x.astype("float64") for x in (now, then["n_purchase_days_window"]))
    is_old = then["first_to_as_of_days"].astype("float64") >= 365
    tail = (1 - rules.growth_level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = stats.beta.ppf(tail, n1, n0 + 1), stats.beta.ppf(1 - tail, n1 + 1, n0)
        low, high = np.where(n1 > 0, low, 0.0), np.where(n0 > 0, high, 1.0)
        low, high = low / (1 - low), high / (1 - high)
    proven = np.where(low > 1, low - 1, np.where(high < 1, high - 1, 0.0))
    growth = np.clip(proven, -rules.growth_cap_rate, rules.growth_cap_rate)
    return pd.Series(growth, index=then.index).where(is_old & (n0 + n1 > 0)).sort_index()


def credit_referrals(book: Book, *, accounts: pd.DataFrame, as_of: date, rules: ValueRules
                     ) -> pd.DataFrame:
    """Credit referrers with a share of the value of whom they referred in rules.referral_years.

    Returns one row a referrer (index): n_referred, referral_amount. Who was referred when: the
    first sale of the referred account; referrals of referrals are not passed on.
    """
    if "referrer_id" not in accounts or accounts["referrer_id"].isna().all():
        return pd.DataFrame({"n_referred": pd.Series(dtype="float64"),
                             "referral_amount": pd.Series(dtype="float64")})
    since = pd.Timestamp(add_months(as_of, -12 * rules.referral_years))
    first = pd.Series(book.accounts["first_sale_date"].to_numpy(), index=book.table["account_id"])
    rows = book.table[["account_id", "clv_amount"]].merge(
        accounts[["account_id", "referrer_id"]], on="account_id")
    rows = rows[rows["referrer_id"].notna() & (rows["account_id"].map(first) > since)]
    by = rows.groupby("referrer_id")["clv_amount"]
    return pd.DataFrame({"n_referred": by.size().astype("float64"),
                         "referral_amount": (by.sum() * rules.referral_share).round(CENT)})


def _grow(book: Book, growth: np.ndarray, rules: ValueRules) -> np.ndarray:
    """Value with growth less value without; the pace of year y is (1 + g)^min(y, years)."""
    years = np.minimum(np.arange(1, rules.horizon_years + 1), rules.growth_years)
    extra = (1 + growth)[:, None] ** years - 1
    share = book.shares["contribution_share"].to_numpy("float64")
    return np.asarray(((book.sales * extra).sum(axis=1) * share).round(CENT))


def _informs(ids: pd.Series, relationships: pd.DataFrame) -> pd.Series | None:
    if relationships.empty or relationships["has_exclusive_information"].isna().all():
        return None
    dated = relationships.sort_values(["account_id", "rated_date"])
    latest = dated.groupby("account_id")["has_exclusive_information"].last()
    return ids.map(latest.astype("boolean")).astype("boolean").fillna(False)


def _answered(ids: pd.Series, answers: pd.DataFrame, as_of: date) -> pd.Series | None:
    if answers.empty:
        return None
    recent = pd.to_datetime(answers["answered_date"]) > pd.Timestamp(add_months(as_of, -12))
    return ids.isin(answers.loc[recent, "account_id"])
