"""What is known of each account, in one table that the rules of the classes may ask."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kamlib.language import N_, translate
from kamlib.measures import require_window
from kamlib.period import DAYS_A_YEAR, Period, add_months
from kamlib.rule_table import apply_rules
from kamlib.segmentation.classes.rules import OTHERWISE, ClassRules

TEXT, NUMBER, COUNT, FLAG = "str", "float64", "Int64", "boolean"
# Every column that a condition may name: its type and what it means.
DESCRIBED_COLUMNS: dict[str, tuple[str, str]] = {
    "account_id": (TEXT, N_("the account")),
    "tier": (TEXT, N_("core, important, general or no_sales, by amount and frequency")),
    "has_ordered": (FLAG, N_("whether it has ever ordered")),
    "n_orders": (COUNT, N_("orders of the analysis window")),
    "net_amount": (NUMBER, N_("net sales of the analysis window")),
    "amount_share": (NUMBER, N_("its share of all net sales, 0 to 1")),
    "amount_rank_share": (NUMBER, N_("share of the accounts with sales that bought for more: 0 is "
                                     "the largest, under 0.2 the top fifth")),
    "monthly_amount": (NUMBER, N_("net sales a month, over the known months of the window")),
    "growth_amount": (NUMBER, N_("change of net sales from the window a year before")),
    "growth_rate": (NUMBER, N_("that change as a share of the sales a year before")),
    "growth_rank_share": (NUMBER, N_("share of the growing accounts that grew by more money")),
    "margin_amount": (NUMBER, N_("margin of the window, on lines whose cost is known")),
    "cost_to_serve_amount": (NUMBER, N_("cost of the recorded work of the window")),
    "profit_amount": (NUMBER, N_("margin less cost to serve")),
    "profit_rank_share": (NUMBER, N_("share of the accounts with a profit that leave more")),
    "open_amount": (NUMBER, N_("amount of its open opportunities")),
    "wallet_amount": (NUMBER, N_("latest estimate of what it spends on such goods in a year")),
    "potential_amount": (NUMBER, N_("open opportunities and estimated spend less net sales")),
    "potential_rank_share": (NUMBER, N_("share of the accounts with a potential that have more")),
    "tenure_years": (NUMBER, N_("years since the relationship began")),
    "days_since_last_sale": (COUNT, N_("days since the last sale")),
    "gap_mean_days": (NUMBER, N_("mean days between two purchases")),
    "gap_cv": (NUMBER, N_("deviation of those gaps divided by their mean: low is steady")),
    "relationship_level": (COUNT, N_("latest rating of the relationship, 1 to 4")),
    "relationship_trend": (TEXT, N_("latest rating of where the relationship goes")),
    "has_exclusive_information": (FLAG, N_("tells us what it tells no rival, by that rating")),
    "accepts_premium": (FLAG, N_("pays more for our goods than for a rival's, by that rating")),
    "account_type": (TEXT, N_("kind of business, in the company's own words")),
    "canonical_type": (TEXT, N_("organisation, intermediary, hypermarket, key_consumer, "
                                "other_type or not_given, by the rules account_type")),
    "category": (TEXT, N_("the company's own class of account")),
    "region": (TEXT, N_("sales region")),
    "country": (TEXT, N_("country")),
    "city_tier": (TEXT, N_("tier of its city")),
    "industry": (TEXT, N_("industry")),
    "size_class": (TEXT, N_("size class, in the company's own words")),
    "employees": (COUNT, N_("number of its employees")),
    "service_line": (TEXT, N_("service line or route that serves it")),
    "star": (COUNT, N_("star level given by the company, 1 to 5")),
    "payment_terms_days": (COUNT, N_("days it has to pay an invoice")),
    "credit_limit_amount": (NUMBER, N_("the most it may owe us")),
    "transport": (TEXT, N_("how goods reach it")),
    "influence_score": (NUMBER, N_("influence on its market, 0 to 100")),
    "ip_scope": (TEXT, N_("the rule ip_scope: callers or all_ip")),
}
GIVEN = ("account_type", "category", "region", "country", "city_tier", "industry", "size_class",
         "employees", "service_line", "star", "payment_terms_days", "credit_limit_amount",
         "transport", "influence_score")
RATED = {"level": "relationship_level", "trend": "relationship_trend",
         "has_exclusive_information": "has_exclusive_information",
         "accepts_premium": "accepts_premium"}
NEEDED = ("account_id", "n_orders", "n_orders_window", "net_amount_window")


def list_described_columns() -> pd.DataFrame:
    """One row a column that a condition may name: column (as SQL writes it), meaning.

    >>> list_described_columns().iloc[0].tolist()
    ['"account_id"', 'the account']
    """
    return pd.DataFrame([(f'"{name}"', translate(meaning))
                         for name, (_kind, meaning) in DESCRIBED_COLUMNS.items()],
                        columns=["column", "meaning"])


def describe_accounts(facts: pd.DataFrame, *, rules: ClassRules,
                      accounts: pd.DataFrame | None = None, tiers: pd.DataFrame | None = None,
                      profit: pd.DataFrame | None = None,
                      facts_year_before: pd.DataFrame | None = None,
                      opportunities: pd.DataFrame | None = None,
                      wallet: pd.DataFrame | None = None,
                      relationships: pd.DataFrame | None = None, period: Period | None = None,
                      window_months: int = 12,
                      history_from: date | None = None) -> pd.DataFrame:
    """Describe each account by the columns of `DESCRIBED_COLUMNS`.

    facts: account_facts at as_of; accounts, opportunities, wallet (wallet_estimates),
    relationships: tables of the dictionary, as far as given; tiers: from `score_tiers`; profit:
    from `build_profit`; facts_year_before: account_facts a year before; period, window_months,
    history_from: given together they cut the window to the known months, and refuse growth
    against a window that is cut.
    Returns one row an account, sorted, with all the columns; what is not given is a gap, and a
    gap meets no condition. Ranks count the accounts that lie above, so that ties stay together;
    an amount of zero or less has no rank. Growth is a gap without sales a year before. The
    estimate of spend is the latest of the latest year; where we sell more than that, nothing of
    it is left. Source: catalogue SEG-03, SEG-05, SEG-07, SEG-08, SEG-09.
    Raises RefusedError where the window is not known.

    >>> facts = pd.DataFrame({"account_id": ["a"], "n_orders": [2], "n_orders_window": [2],
    ...                       "net_amount_window": [24000.0]})
    >>> describe_accounts(facts, rules=ClassRules())["monthly_amount"].tolist()
    [2000.0]
    """
    table = _start(facts)
    table["monthly_amount"] = table["net_amount"] / count_window_months(
        period, window_months=window_months, history_from=history_from)
    before = None if _is_cut(period, window_months, history_from) else facts_year_before
    _add_growth(table, before)
    _join(table, tiers, ["tier"])
    _join(table, profit, ["margin_amount", "cost_to_serve_amount", "profit_amount"])
    _add_potential(table, opportunities, wallet, rules, period)
    _join(table, accounts, GIVEN)
    _join(table, _latest_rating(relationships), list(RATED.values()))
    table["ip_scope"] = rules.ip_scope
    table = _complete(table)
    for name, of in (("amount_rank_share", "net_amount"), ("growth_rank_share", "growth_amount"),
                     ("profit_rank_share", "profit_amount"),
                     ("potential_rank_share", "potential_amount")):
        table[name] = _rank_share(table[of])
    table["canonical_type"] = apply_rules(
        table, rules.account_type, otherwise=OTHERWISE["account_type"],
        origin="classes.account_type")["gives"]
    return table[list(DESCRIBED_COLUMNS)]


def count_window_months(period: Period | None, *, window_months: int,
                        history_from: date | None) -> float:
    """Months of the analysis window that are known; a month known in part counts in part.

    >>> from kamlib.period import parse_period
    >>> count_window_months(parse_period("2011Q3"), window_months=12,
    ...                     history_from=date(2010, 12, 1))
    10.0
    """
    if period is None or history_from is None:
        return float(window_months)
    start = period.window_start(window_months)
    known_from, first_after = max(start, history_from), period.end + timedelta(days=1)
    if known_from == start:
        return float(window_months)
    whole = 0
    while add_months(first_after, -whole - 1) >= known_from:
        whole += 1
    rest = (add_months(first_after, -whole) - known_from).days
    return whole + rest / monthrange(known_from.year, known_from.month)[1]


def _is_cut(period: Period | None, window_months: int, history_from: date | None) -> bool:
    if period is None or history_from is None:
        return False
    return add_months(period.window_start(window_months), -12) < history_from


def _start(facts: pd.DataFrame) -> pd.DataFrame:
    require_window(facts, NEEDED, name="describe_accounts")
    facts = facts.sort_values("account_id", ignore_index=True)
    table = pd.DataFrame({"account_id": facts["account_id"].astype("str"),
                          "has_ordered": facts["n_orders"] > 0,
                          "n_orders": facts["n_orders_window"],
                          "net_amount": facts["net_amount_window"].astype("float64")})
    total = float(table["net_amount"].sum())
    table["amount_share"] = table["net_amount"] / total if total > 0 else float("nan")
    for column in ("tenure_days", "gap_mean_days", "gap_sd_days", "days_since_last_sale"):
        table[column] = facts[column].astype("Float64") if column in facts else pd.NA
    table["tenure_years"] = table["tenure_days"] / DAYS_A_YEAR
    mean = table["gap_mean_days"].astype("Float64")
    table["gap_cv"] = table["gap_sd_days"].astype("Float64") / mean.where(mean > 0)
    return table


def _add_growth(table: pd.DataFrame, before: pd.DataFrame | None) -> None:
    if before is None or "net_amount_window" not in before:
        return
    earlier = table["account_id"].map(
        before.set_index("account_id")["net_amount_window"]).astype("float64")
    table["growth_amount"] = table["net_amount"] - earlier
    table["growth_rate"] = table["growth_amount"] / earlier.where(earlier > 0)


def _add_potential(table: pd.DataFrame, opportunities: pd.DataFrame | None,
                   wallet: pd.DataFrame | None, rules: ClassRules,
                   period: Period | None) -> None:
    for name, amounts in (("open_amount", _open_amounts(opportunities, period)),
                          ("wallet_amount", _wallets(wallet))):
        table[name] = table["account_id"].map(amounts).astype("float64")
    parts = pd.DataFrame({"open": table["open_amount"],
                          "rest": (table["wallet_amount"] - table["net_amount"]).clip(lower=0)})
    table["potential_amount"] = (parts.max(axis=1) if rules.potential == "larger"
                                 else parts.sum(axis=1, min_count=1))


def _open_amounts(opportunities: pd.DataFrame | None, period: Period | None) -> Mapping[Any, Any]:
    if opportunities is None or opportunities.empty:
        return {}
    is_open = opportunities["outcome"] == "open"
    if period is not None and "closed_date" in opportunities:
        # Won or lost later, so it was open then.
        is_open |= pd.to_datetime(opportunities["closed_date"]) > pd.Timestamp(period.as_of)
    rows = opportunities[is_open & opportunities["account_id"].notna()]
    amounts = rows["amount"].astype("float64").groupby(rows["account_id"]).sum(min_count=1)
    return dict(amounts.items())


def _wallets(wallet: pd.DataFrame | None) -> Mapping[Any, Any]:
    """Latest estimate of the latest year; the row for all product lines before their sum."""
    if wallet is None or wallet.empty:
        return {}
    rows = wallet.assign(line=wallet["product_line"].fillna("") if "product_line" in wallet
                         else "", estimate=wallet["estimate_amount"].astype("float64"))
    rows = rows[rows["year"] == rows.groupby("account_id")["year"].transform("max")]
    # The estimate itself breaks a tie of two on one day.
    rows = rows.sort_values(["account_id", "line", "estimated_date", "estimate"])
    rows = rows.groupby(["account_id", "line"], as_index=False).last()
    has_total = rows["line"].eq("").groupby(rows["account_id"]).transform("any")
    rows = rows[rows["line"].eq("") | ~has_total]
    return dict(rows.groupby("account_id")["estimate"].sum(min_count=1).items())


def _latest_rating(relationships: pd.DataFrame | None) -> pd.DataFrame | None:
    if relationships is None or relationships.empty:
        return None
    order = [c for c in ("account_id", "rated_date", "rater") if c in relationships]
    return relationships.sort_values(order).groupby("account_id", as_index=False) \
        .tail(1).rename(columns=RATED)


def _join(table: pd.DataFrame, other: pd.DataFrame | None, columns: Any) -> None:
    if other is None:
        return
    by_id = other.set_index(other["account_id"].astype("str"))
    for column in columns:
        if column in by_id:
            table[column] = table["account_id"].map(by_id[column])


def _rank_share(values: pd.Series) -> pd.Series:
    """Share of the accounts above zero that lie above: 0 for the largest, equal for ties."""
    above = values.astype("float64").where(values > 0)
    n = int(above.notna().sum())
    return (above.rank(ascending=False, method="min") - 1) / max(1, n)


def _complete(table: pd.DataFrame) -> pd.DataFrame:
    """All columns in their types; what nobody gave is a gap."""
    columns: dict[str, pd.Series] = {}
    for name, (kind, _meaning) in DESCRIBED_COLUMNS.items():
        values = table[name] if name in table else pd.Series(pd.NA, index=table.index)
        if kind == TEXT:
            texts = values.astype("object").where(values.notna(), None)
            columns[name] = texts.replace("", None).astype("str")
        elif kind == FLAG:
            columns[name] = values.astype("boolean")
        else:
            # The last bits of a quotient must not decide whether a threshold is met.
            numbers = pd.to_numeric(values).astype("Float64").round(10)
            columns[name] = (numbers.round().astype("Int64") if kind == COUNT
                             else numbers.astype("float64"))
    return pd.DataFrame(columns)
