"""What is known of each account, in one table that the scorecard and every condition may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import N_, _, translate
from kamlib.measures import build_collection, build_profit, require_window
from kamlib.measures.monthly import Monthly, build_monthly, last_whole_month
from kamlib.measures.wallet import TOTAL, estimate_wallets
from kamlib.period import DAYS_A_YEAR, add_months
from kamlib.selection.approvals import find_approvals
from kamlib.selection.rules import SelectionRules

TEXT, NUMBER, COUNT, FLAG, DAY = "str", "float64", "Int64", "boolean", "datetime64[s]"
# Every column that a condition may name: its type and what it means.
CRITERIA: dict[str, tuple[str, str]] = {
    "account_id": (TEXT, N_("the account")),
    "net_amount": (NUMBER, N_("net sales of the analysis window")),
    "amount_share": (NUMBER, N_("its share of all net sales, 0 to 1")),
    "amount_rank_share": (NUMBER, N_("share of the accounts with sales that bought for more: 0 is "
                                     "the largest, under 0.2 the top fifth")),
    "n_orders": (COUNT, N_("orders of the analysis window")),
    "orders_rank_share": (NUMBER, N_("share of the accounts with sales that ordered more often")),
    "margin_amount": (NUMBER, N_("margin of the window, on lines whose cost is known")),
    "margin_share": (NUMBER, N_("that margin by the sales whose cost is known")),
    "cost_to_serve_amount": (NUMBER, N_("cost of the recorded work of the window")),
    "cost_to_serve_share": (NUMBER, N_("that cost by net sales")),
    "profit_amount": (NUMBER, N_("margin less cost to serve")),
    "profit_rank_share": (NUMBER, N_("share of the accounts with a profit that leave more")),
    "profit_share": (NUMBER, N_("its part of the profits above zero; a gap for a loss")),
    "growth_amount": (NUMBER, N_("change of net sales from the same months a year before")),
    "growth_rate": (NUMBER, N_("that change by the sales a year before")),
    "tenure_years": (NUMBER, N_("years since the relationship began")),
    "n_product_lines": (COUNT, N_("named product lines bought in the last four full quarters")),
    "month_variation": (NUMBER, N_("deviation of the months' net sales by their mean")),
    "days_since_last_sale": (COUNT, N_("days since the last sale")),
    "silence_ratio": (NUMBER, N_("that silence by the account's mean gap")),
    "collection_rate": (NUMBER, N_("collected of what fell due in the window, 0 to 1")),
    "wallet_amount": (NUMBER, N_("what it is estimated to spend on such goods in a year")),
    "headroom_amount": (NUMBER, N_("that estimate less what it buys from us")),
    "open_amount": (NUMBER, N_("amount of its open opportunities")),
    "potential_amount": (NUMBER, N_("the larger of headroom and open opportunities")),
    "potential_rank_share": (NUMBER, N_("share of the accounts with a potential that have more")),
    "satisfaction_index": (NUMBER, N_("satisfaction, 0 to 100; never part of the score")),
    "relationship_level": (COUNT, N_("latest rating of the relationship, 1 to 4")),
    "relationship_trend": (TEXT, N_("latest rating of where the relationship goes")),
    "rated_date": (DAY, N_("day of that rating")),
    "rater": (TEXT, N_("who rated")),
    "n_key_people": (COUNT, N_("key people with good relations, by that rating")),
    "has_exclusive_information": (FLAG, N_("tells us what it tells no rival, by that rating")),
    "accepts_premium": (FLAG, N_("pays for added value, by that rating")),
    "visibility": (NUMBER, N_("how well known we are there, 1 to 5, by that rating")),
    "is_rated": (FLAG, N_("whether its relationship has been rated; a gap without such ratings")),
    "is_heard": (FLAG, N_("whether it answered the last survey; a gap without a survey")),
    "is_confirmed": (FLAG, N_("whether a named approver has confirmed it as a key account; a gap "
                              "while nobody has confirmed any")),
    "owner_id": (TEXT, N_("who looks after it")),
    "region": (TEXT, N_("sales region")),
    "industry": (TEXT, N_("industry")),
    "account_type": (TEXT, N_("kind of business, in the company's own words")),
    "category": (TEXT, N_("the company's own class of account")),
    "size_class": (TEXT, N_("size class, in the company's own words")),
    "employees": (COUNT, N_("number of its employees")),
    "influence_score": (NUMBER, N_("influence on its market, 0 to 100")),
}
GIVEN = ("owner_id", "region", "industry", "account_type", "category", "size_class", "employees",
         "influence_score")
RATED = {"level": "relationship_level", "trend": "relationship_trend", "rated_date": "rated_date",
         "rater": "rater", "n_key_people": "n_key_people", "visibility": "visibility",
         "has_exclusive_information": "has_exclusive_information",
         "accepts_premium": "accepts_premium"}
NEEDED = ("account_id", "n_orders", "n_orders_window", "net_amount_window")


@dataclass(frozen=True)
class Known:
    """What was known of all accounts on one day.

    facts: account_facts at as_of; months: account_months; products: account_products; accounts:
    customers with owner_id; tables: those of the dictionary by name, as far as the company has
    them, known by as_of; heard: account_id and account_index of a survey; window_months: of the
    analysis window.
    """

    facts: pd.DataFrame
    months: pd.DataFrame
    products: pd.DataFrame
    accounts: pd.DataFrame
    as_of: date
    history_from: date
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    heard: pd.DataFrame | None = None
    window_months: int = 12

    @property
    def window_start(self) -> date:
        """First known day of the analysis window."""
        return max(add_months(self.as_of + timedelta(days=1), -self.window_months),
                   self.history_from)

    def monthly(self) -> Monthly:
        """Whole months of the window and the one before, account x month."""
        last = last_whole_month(self.as_of)
        return build_monthly(self.months, self.facts["account_id"], last=last,
                             first=last - 2 * self.window_months + 1,
                             history_from=self.history_from)

    def table(self, name: str) -> pd.DataFrame | None:
        """A table of the dictionary; None where the company has none, or no row of it."""
        found = self.tables.get(name)
        return None if found is None or found.empty else found


def list_criteria() -> pd.DataFrame:
    """One row a column that a condition may name: column, meaning.

    >>> list_criteria().iloc[0].tolist()
    ['account_id', 'the account']
    """
    return pd.DataFrame([(name, translate(meaning)) for name, (_k, meaning) in CRITERIA.items()],
                        columns=["column", "meaning"])


def measure_criteria(known: Known, *, rules: SelectionRules) -> pd.DataFrame:
    """Measure what decides on key accounts.

    Returns one row an account, sorted, with the columns of `CRITERIA`; what is not known is a gap,
    and a gap meets no condition. Ranks are among the accounts that bought in the window and count
    those that lie above, so that ties stay together. Shares of profit are of the profits above
    zero: with losses among them, shares of the total would add up to more than one, and below a
    total of zero mean nothing (SEL-06). Raises RefusedError where the window is not known or nobody
    bought in it. Source: catalogue SEL-01 to SEL-07.
    """
    require_window(known.facts, NEEDED, name="measure_criteria")
    facts = known.facts.sort_values("account_id", ignore_index=True)
    if not (facts["n_orders_window"].fillna(0) > 0).any():
        raise RefusedError(_("No account bought in the analysis window, so none can be chosen as "
                             "a key account. A period with sales would lift this."))
    table = pd.DataFrame({"account_id": facts["account_id"].astype("str"),
                          "net_amount": facts["net_amount_window"].astype("float64"),
                          "n_orders": facts["n_orders_window"]})
    _add_facts(table, facts)
    _add_months(table, known)
    _add_money(table, facts, known)
    _add_potential(table, known, rules)
    table["n_product_lines"] = table["account_id"].map(
        count_lines(known.products, known.as_of)).fillna(0)
    if not (known.products["product_line"] != "").any():
        table["n_product_lines"] = np.nan
    _join(table, known.accounts, {name: name for name in GIVEN})
    rated, heard = latest_ratings(known.table("relationships")), known.heard
    _join(table, rated, RATED)
    for name, found in (("is_rated", rated), ("is_heard", heard)):
        if found is not None and len(found):
            table[name] = table["account_id"].isin(found["account_id"].astype("str"))
    approved = find_approvals(known.table("narratives"), topic=rules.approval_topic)
    if len(approved):
        table["is_confirmed"] = table["account_id"].isin(approved["account_id"])
    _join(table, heard, {"account_index": "satisfaction_index"})
    return _complete(add_ranks(table))


def latest_ratings(relationships: pd.DataFrame | None) -> pd.DataFrame | None:
    """The last rating of each account; of several on one day that of the last rater by name."""
    if relationships is None:
        return None
    order = relationships.sort_values(["account_id", "rated_date", "rater"])
    return order.groupby("account_id", as_index=False).tail(1)


def count_lines(products: pd.DataFrame, as_of: date) -> pd.Series:
    """Named product lines that each account bought in the last four quarters ended by a day."""
    rows = recent_quarters(products, as_of, n=4)
    rows = rows[(rows["product_line"] != "") & (rows["n_orders"] > 0)]
    return rows.groupby("account_id")["product_line"].nunique().astype("float64")


def recent_quarters(products: pd.DataFrame, as_of: date, *, n: int, skip: int = 0) -> pd.DataFrame:
    """Rows of the last n quarters that had ended by a day, after leaving out the last `skip`."""
    day = pd.Timestamp(as_of) + pd.DateOffset(days=1)
    after = pd.Timestamp(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    after -= pd.DateOffset(months=3 * skip)
    quarter = pd.to_datetime(products["quarter"])
    return products[(quarter < after) & (quarter >= after - pd.DateOffset(months=3 * n))]


def add_ranks(table: pd.DataFrame, *, by: str = "") -> pd.DataFrame:
    """Add every share and rank that compares accounts: to criteria, or to each draw `by` itself."""
    groups = table[by].to_numpy() if by else np.zeros(len(table), dtype="int64")
    bought = table["n_orders"].fillna(0) > 0

    def share(values: pd.Series) -> pd.Series:
        total = values.groupby(groups).transform("sum")
        return values / total.where(total > 0)

    profits = table["profit_amount"].astype("float64")
    added = {"amount_share": share(table["net_amount"]),
             "profit_share": share(profits.clip(lower=0)).where(profits > 0)}
    for name, of in (("amount_rank_share", "net_amount"), ("orders_rank_share", "n_orders"),
                     ("profit_rank_share", "profit_amount"),
                     ("potential_rank_share", "potential_amount")):
        values = table[of].astype("float64")
        above = values.where((values > 0) & (bought | (of == "potential_amount"))).groupby(groups)
        n = above.transform("count").clip(lower=1)
        added[name] = (above.rank(ascending=False, method="min") - 1) / n
    return table.assign(**added)


def _add_facts(table: pd.DataFrame, facts: pd.DataFrame) -> None:
    for column in ("tenure_days", "gap_mean_days", "days_since_last_sale"):
        values = facts[column] if column in facts else pd.Series(pd.NA, index=facts.index)
        table[column] = values.astype("Float64").astype("float64")
    table["tenure_years"] = table["tenure_days"] / DAYS_A_YEAR
    gap = table["gap_mean_days"]
    table["silence_ratio"] = table["days_since_last_sale"] / gap.where(gap > 0)


def _add_months(table: pd.DataFrame, known: Known) -> None:
    """Growth and evenness, from whole months."""
    monthly, width = known.monthly(), known.window_months
    by_id = pd.DataFrame(monthly.amounts, index=monthly.account_ids)
    amounts = by_id.reindex(table["account_id"]).to_numpy("float64")
    now, before = amounts[:, -width:], amounts[:, :-width]
    if before.shape[1] == width:
        earlier = before.sum(axis=1)
        table["growth_amount"] = now.sum(axis=1) - earlier
        table["growth_rate"] = table["growth_amount"] / np.where(earlier > 0, earlier, np.nan)
    if now.shape[1] > 1:
        mean = now.mean(axis=1)
        table["month_variation"] = now.std(axis=1) / np.where(mean > 0, mean, np.nan)


def _add_money(table: pd.DataFrame, facts: pd.DataFrame, known: Known) -> None:
    effort = known.table("effort")
    profit = build_profit(facts, pd.DataFrame() if effort is None else effort,
                          start=known.window_start, end=known.as_of)
    for column in ("margin_amount", "cost_to_serve_amount", "profit_amount"):
        table[column] = profit[column].astype("float64")
    costed = facts["margin_known_amount_window"].astype("float64")
    table["margin_share"] = table["margin_amount"] / costed.where(costed > 0)
    net = table["net_amount"]
    table["cost_to_serve_share"] = table["cost_to_serve_amount"] / net.where(net > 0)
    invoices, payments = known.table("invoices"), known.table("payments")
    if invoices is not None and payments is not None:
        _join(table, build_collection(invoices, payments, start=known.window_start,
                                      end=known.as_of), {"collection_rate": "collection_rate"})


def _add_potential(table: pd.DataFrame, known: Known, rules: SelectionRules) -> None:
    estimates, chances = known.table("wallet_estimates"), known.table("opportunities")
    if estimates is not None:
        try:
            wallets = estimate_wallets(estimates, known.products, as_of=known.as_of,
                                       history_from=known.history_from, years=rules.wallet_years,
                                       min_pairs=rules.min_wallet_pairs,
                                       level=rules.confidence_level)
        except RefusedError:  # the section on potential says it with its reason
            wallets = pd.DataFrame(columns=["account_id", "product_line"])
        _join(table, wallets[wallets["product_line"] == TOTAL],
              {"wallet_amount": "wallet_amount", "headroom_amount": "headroom_amount"})
    if chances is not None:
        rows = chances[(chances["outcome"] == "open") & chances["account_id"].notna()]
        amounts = rows["amount"].astype("float64").groupby(rows["account_id"]).sum(min_count=1)
        table["open_amount"] = table["account_id"].map(amounts).astype("float64")
    parts = [table[c] for c in ("headroom_amount", "open_amount") if c in table]
    table["potential_amount"] = pd.concat(parts, axis=1).max(axis=1) if parts else np.nan


def _join(table: pd.DataFrame, other: pd.DataFrame | None, columns: Mapping[str, str]) -> None:
    if other is None or other.empty:
        return
    by_id = other.drop_duplicates("account_id").set_index(other["account_id"].astype("str"))
    for column, name in columns.items():
        if column in by_id:
            table[name] = table["account_id"].map(by_id[column])


def _complete(table: pd.DataFrame) -> pd.DataFrame:
    """All columns in their types; what nobody gave is a gap."""
    columns: dict[str, Any] = {}
    for name, (kind, _meaning) in CRITERIA.items():
        values = table[name] if name in table else pd.Series(pd.NA, index=table.index)
        if kind == TEXT:
            texts = values.astype("object").where(values.notna(), None)
            columns[name] = texts.replace("", None).astype("str")
        elif kind in (NUMBER, COUNT):
            # The last bits of a quotient must not decide whether a threshold is met.
            numbers = pd.to_numeric(values).astype("Float64").round(10)
            columns[name] = (numbers.round().astype("Int64") if kind == COUNT
                             else numbers.astype("float64"))
        elif kind == FLAG:
            columns[name] = values.astype("boolean")
        else:
            columns[name] = pd.to_datetime(values).astype("datetime64[s]")
    return pd.DataFrame(columns)
