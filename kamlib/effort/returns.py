"""What an account costs us, what comes back for it, and how much of the budget is used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from kamlib.effort.rules import CLASSES, EffortRules
from kamlib.errors import RefusedError
from kamlib.language import _

ACCOUNT_COLUMNS = ["account_id", "business_class", "hours", "work_cost_amount",
                   "contact_cost_amount", "promotion_cost_amount", "account_cost_amount",
                   "margin_amount", "account_result_amount", "account_roi"]
RETURN_COLUMNS = ["business_class", "n_accounts", "n_below_zero", "hours", "account_cost_amount",
                  "margin_amount", "account_result_amount", "result_share", "account_roi",
                  "margin_an_hour_amount"]
BUDGET_COLUMNS = ["scope", "scope_id", "from_date", "to_date", "budget_amount", "spent_amount",
                  "used_share", "elapsed_share"]
COSTS = {"effort": ("work_cost_amount", "month"), "contacts": ("contact_cost_amount",
         "contact_date"), "promotions": ("promotion_cost_amount", "start_date")}
BUDGET = "account_cost"  # the measure of targets that is a budget
# With more below zero than this part of what is above, shares of a sum mean nothing.
BELOW_SHARE = 0.05


def list_costs(tables: Mapping[str, pd.DataFrame], *, start: date, end: date,
               rules: EffortRules) -> pd.DataFrame:
    """Every cost of a span that is charged to an account.

    tables: effort, contacts, promotions of the dictionary, as far as given. Hours without a cost
    count rules.hourly_cost_amount each. A promotion is charged on its first day.
    Returns one row a cost: account_id ("" where none is named), owner_id ("" likewise), day, kind
    (work_cost_amount, contact_cost_amount, promotion_cost_amount), amount, hours (of work).
    """
    parts = []
    for name in rules.cost_tables:
        rows = tables.get(name, pd.DataFrame())
        kind, dated = COSTS[name]
        if rows.empty or "cost_amount" not in rows:
            rows = rows.assign(cost_amount=np.nan)
        if rows.empty:
            continue
        first = start.replace(day=1) if dated == "month" else start
        day = pd.to_datetime(rows[dated])
        rows = rows.assign(day=day)[day.between(pd.Timestamp(first), pd.Timestamp(end))]
        amount = rows["cost_amount"].astype("float64")
        hours = rows["hours"].astype("float64") if name == "effort" else pd.Series(
            0.0, index=rows.index)
        if name == "effort" and rules.hourly_cost_amount is not None:
            amount = amount.fillna(hours * rules.hourly_cost_amount)
        owner = rows["owner_id"] if "owner_id" in rows else pd.Series("", index=rows.index)
        parts.append(pd.DataFrame({
            "account_id": rows["account_id"].fillna("").astype("str"),
            "owner_id": owner.fillna("").astype("str"), "day": rows["day"], "kind": kind,
            "amount": amount, "hours": hours}))
    columns = ["account_id", "owner_id", "day", "kind", "amount", "hours"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def score_returns(costs: pd.DataFrame, profit: pd.DataFrame,
                  classes: pd.DataFrame) -> pd.DataFrame:
    """Return on what each account cost.

    costs: from `list_costs`; profit: account_id and margin_amount of the same window, from
    `build_profit`; classes: account_id and business_class.
    Returns one row an account with a cost or a margin, the smallest result first: account_id,
    business_class, hours, work_cost_amount, contact_cost_amount, promotion_cost_amount,
    account_cost_amount (their sum; a gap where work was recorded without a cost and no rate is
    given), margin_amount (a gap where no cost of goods is known), account_result_amount (margin
    less cost), account_roi (result by cost: 2 means that 1 spent brought itself back and 2
    more; a gap where nothing was spent). Source: EFF-03.
    Refused where no cost is recorded.
    """
    if costs.empty or not costs["amount"].notna().any():
        raise RefusedError(_("No cost of work on an account is recorded. The column cost_amount of "
                             "the table of effort, or the rule effort.hourly_cost_amount, would "
                             "lift this."))
    by_kind = costs.pivot_table(index="account_id", columns="kind", values="amount",
                                aggfunc="sum", observed=True)
    by_id = classes.set_index(classes["account_id"].astype("str"))["business_class"]
    table = pd.DataFrame({"account_id": by_id.index.astype("str"),
                          "business_class": by_id.to_numpy()})
    names = [kind for kind, _dated in COSTS.values()]
    for name in names:
        found = by_kind[name] if name in by_kind else pd.Series(dtype="float64")
        table[name] = table["account_id"].map(found).fillna(0.0).astype("float64")
    hours = costs.groupby("account_id")["hours"].sum()
    table["hours"] = table["account_id"].map(hours).fillna(0.0).astype("float64")
    open_cost = set(costs.loc[costs["amount"].isna() & (costs["hours"] > 0), "account_id"])
    table["account_cost_amount"] = table[names].sum(axis=1).where(
        ~table["account_id"].isin(open_cost)).round(4)
    margin = profit.set_index(profit["account_id"].astype("str"))["margin_amount"]
    table["margin_amount"] = table["account_id"].map(margin).astype("float64")
    table["account_result_amount"] = (table["margin_amount"]
                                      - table["account_cost_amount"]).round(4)
    cost = table["account_cost_amount"]
    table["account_roi"] = table["account_result_amount"] / cost.where(cost > 0)
    kept = table[(table["account_cost_amount"].fillna(1) != 0)
                 | (table["margin_amount"].fillna(0) != 0)]
    return kept.sort_values(["account_result_amount", "account_id"],
                            ignore_index=True)[ACCOUNT_COLUMNS]


def summarise_returns(accounts: pd.DataFrame) -> pd.DataFrame:
    """The same by business class, and all together.

    accounts: from `score_returns`; accounts whose cost or margin is not known leave.
    Returns one row a class that occurs, then "all": n_accounts, n_below_zero (cost more than
    their margin), hours, account_cost_amount, margin_amount, account_result_amount, result_share
    (of all results; a gap where those below 0 make up more than 5 % of those above: shares of
    such a sum mean nothing), account_roi, margin_an_hour_amount (a mean, not what one more hour
    would bring).
    """
    known = accounts.dropna(subset=["account_result_amount"])
    rows = pd.concat([known, known.assign(business_class="all")], ignore_index=True)
    table = rows.assign(n_below_zero=rows["account_result_amount"] < 0).groupby(
        "business_class").agg(
            n_accounts=("account_id", "size"), n_below_zero=("n_below_zero", "sum"),
            **{c: (c, "sum") for c in ("hours", "account_cost_amount", "margin_amount",
                                       "account_result_amount")})
    cost, hours = table["account_cost_amount"], table["hours"]
    table["account_roi"] = table["account_result_amount"] / cost.where(cost > 0)
    table["margin_an_hour_amount"] = table["margin_amount"] / hours.where(hours > 0)
    results = known["account_result_amount"]
    above, below = results.clip(lower=0).sum(), -results.clip(upper=0).sum()
    is_clear = above > 0 and below <= BELOW_SHARE * above
    table["result_share"] = table["account_result_amount"] / results.sum() if is_clear else np.nan
    order = [c for c in (*CLASSES, *sorted(set(table.index) - {*CLASSES, "all"}), "all")
             if c in table.index]
    return table.loc[order].reset_index().astype({"n_below_zero": "int64"})[RETURN_COLUMNS]


def follow_budgets(targets: pd.DataFrame, costs: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """How much of each budget is spent.

    targets: table of the dictionary; its rows of metric account_cost and kind amount are budgets;
    costs: from `list_costs`, reaching back to the first of their days.
    Returns one row a budget of company, owner or account that runs or ran by `as_of`, sorted:
    scope, scope_id, from_date, to_date, budget_amount, spent_amount (up to `as_of`), used_share
    (spent / budget), elapsed_share (of its days). Source: EFF-03. Refused where there is none.
    """
    chosen = pd.DataFrame()
    if len(targets):
        chosen = targets[(targets["metric"] == BUDGET) & (targets["kind"] == "amount")
                         & targets["scope"].isin(["company", "owner", "account"])
                         & (pd.to_datetime(targets["from_date"]) <= pd.Timestamp(as_of))]
    if chosen.empty:
        raise RefusedError(_("No budget is given. Rows of the table of targets with the measure "
                             "account_cost would lift this."))
    found = []
    for row in chosen.to_dict("records"):
        first, last = pd.Timestamp(row["from_date"]), pd.Timestamp(row["to_date"])
        scope_id = "" if pd.isna(row.get("scope_id")) else str(row["scope_id"])
        rows = costs[costs["day"].between(first, min(last, pd.Timestamp(as_of)))]
        if row["scope"] != "company":
            rows = rows[rows[f"{row['scope']}_id"] == scope_id]
        budget, spent = float(row["target"]), float(rows["amount"].sum())
        elapsed = min(1.0, ((pd.Timestamp(as_of) - first).days + 1) / ((last - first).days + 1))
        found.append((row["scope"], scope_id, first, last, budget, spent,
                      spent / budget if budget > 0 else np.nan, elapsed))
    return pd.DataFrame(found, columns=BUDGET_COLUMNS).sort_values(
        ["scope", "scope_id", "from_date"], ignore_index=True)
