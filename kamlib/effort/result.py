"""Everything about effort for one report, and what had to be refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.effort import audit, people, returns, shares
from kamlib.effort.rules import KEY, EffortRules
from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_, _
from kamlib.period import Period

TABLES = ("effort", "contacts", "promotions", "account_owners", "targets")
ORDINARY, FORMER = "ordinary", "former"
QUESTIONS = {
    "shares": N_("Does each class of accounts get its share of the hours?"),
    "assignment": N_("Do the best people look after the key accounts?"),
    "returns": N_("What comes back for what an account costs?"),
    "budgets": N_("How much of the budget for accounts is used?"),
    "marginal": N_("Would an hour bring more with another class of accounts?"),
}
ANSWERED_BY = {"shares": "effort", "assignment": "account_owners", "returns": "effort",
               "budgets": "targets", "marginal": "effort"}


@dataclass(frozen=True, repr=False)
class Effort:
    """The tables of effort; a refused one is empty and `refused` says why.

    shares: see `allocate_effort`; before: the same of the window that ended a year before, empty
    where not known; assignment, owners, mismatches: see `kamlib.effort.people`; account_returns,
    returns, budgets: `score_returns`, `summarise_returns`, `follow_budgets`; uncharged_amount:
    cost of the window that names no account; marginal, pairs: `audit_effort`.
    """

    shares: pd.DataFrame
    before: pd.DataFrame
    assignment: pd.DataFrame
    owners: pd.DataFrame
    mismatches: pd.DataFrame
    account_returns: pd.DataFrame
    returns: pd.DataFrame
    uncharged_amount: float
    budgets: pd.DataFrame
    marginal: pd.DataFrame
    pairs: pd.DataFrame
    refused: Mapping[str, str]
    rules: EffortRules

    def __repr__(self) -> str:
        return f"Effort({len(self.account_returns)} accounts, {len(self.refused)} refused)"


def review_effort(facts: pd.DataFrame, *, months: pd.DataFrame, profit: pd.DataFrame,
                  classes: pd.DataFrame, keys: Collection[str],
                  tables: Mapping[str, pd.DataFrame], period: Period, window_start: date,
                  history_from: date, rules: EffortRules) -> Effort:
    """Compute every table of effort.

    facts, months: account_facts and account_months; profit: from `build_profit`; classes:
    account_id and business_class, of which the prospects are taken; keys: ids of the key accounts,
    those of the list; tables: those of TABLES, without rows where not given;
    window_start: first day of the analysis window, cut to the history here.
    """
    take, as_of = Attempts(), period.as_of
    classes = class_accounts(classes, facts, keys=keys)
    start = max(window_start, history_from)
    net = facts.set_index(facts["account_id"].astype("str"))["net_amount_window"].astype("float64")
    owners = people.find_owners(tables["account_owners"], classes, net_amounts=net, as_of=as_of) \
        if len(tables["account_owners"]) else pd.DataFrame(
            columns=["account_id", "business_class", "owner_id", "owner_grade", "net_amount"])
    costs = returns.list_costs(tables, start=start, end=as_of, rules=rules)
    accounts = take.take("returns", returns.ACCOUNT_COLUMNS,
                         lambda: returns.score_returns(costs, profit, classes))
    marginal, pairs = _audit(take, months, tables["effort"], classes, as_of, rules)
    return Effort(
        shares=take.take("shares", shares.SHARE_COLUMNS, lambda: shares.allocate_effort(
            classes, tables["effort"], start=start, end=as_of, rules=rules,
            contacts=tables["contacts"])),
        before=_before(classes, tables["effort"], window_start, history_from, as_of, rules),
        assignment=take.take("assignment", people.ASSIGNMENT_COLUMNS,
                             lambda: people.assign_people(owners, rules=rules)),
        owners=people.list_owners(owners, tables["effort"], start=start, end=as_of),
        mismatches=take.take("assignment", people.MISMATCH_COLUMNS,
                             lambda: people.find_mismatches(owners, rules=rules)),
        account_returns=accounts,
        returns=returns.summarise_returns(accounts) if len(accounts)
        else _like(accounts, returns.RETURN_COLUMNS),
        uncharged_amount=float(costs.loc[costs["account_id"] == "", "amount"].sum())
        if len(costs) else 0.0,
        budgets=take.take("budgets", returns.BUDGET_COLUMNS, lambda: returns.follow_budgets(
            tables["targets"], returns.list_costs(tables, start=history_from, end=as_of,
                                                  rules=rules), as_of=as_of)),
        marginal=marginal, pairs=pairs, refused=take.refused, rules=rules)


def class_accounts(classes: pd.DataFrame, facts: pd.DataFrame, *,
                   keys: Collection[str]) -> pd.DataFrame:
    """Key accounts are those of the list, whoever else bought in the window is ordinary.

    classes, facts, keys: as `review_effort`. Returns account_id and business_class: key_account,
    ordinary, former (bought once and has stopped: no customer any more, and in no share),
    otherwise the class given (prospect, unattractive, cannot_tell).

    >>> facts = pd.DataFrame({"account_id": ["a", "b", "c", "d"], "n_orders": [9, 2, 1, 0],
    ...                       "n_orders_window": [9, 1, 0, 0]})
    >>> classes = facts[["account_id"]].assign(business_class=[
    ...     "major_account", "major_account", "ordinary", "prospect"])
    >>> class_accounts(classes, facts, keys={"a"})["business_class"].tolist()
    ['key_account', 'ordinary', 'former', 'prospect']
    """
    ids = classes["account_id"].astype("str")
    orders = facts.set_index(facts["account_id"].astype("str"))
    ever, lately = (ids.map(orders[c]).fillna(0) > 0 for c in ("n_orders", "n_orders_window"))
    given = classes["business_class"].fillna("cannot_tell").mask(ever, FORMER)
    return classes[["account_id"]].assign(business_class=given.mask(lately, ORDINARY).mask(
        ids.isin(set(keys)), KEY))


def _audit(take: Attempts, months: pd.DataFrame, effort: pd.DataFrame, classes: pd.DataFrame,
           as_of: date, rules: EffortRules) -> tuple[pd.DataFrame, pd.DataFrame]:
    panel = audit.build_panel(months, effort, as_of=as_of, rules=rules)
    found: list[pd.DataFrame] = []

    def build() -> pd.DataFrame:
        if effort.empty:
            raise RefusedError(_("No hours of work are given. The table of effort would lift "
                                 "this."))
        found.extend(audit.audit_effort(panel, classes, rules=rules))
        return found[0]

    marginal = take.take("marginal", audit.MARGINAL_COLUMNS, build)
    return marginal, found[1] if found else _like(marginal, audit.PAIR_COLUMNS)


def _before(classes: pd.DataFrame, effort: pd.DataFrame, window_start: date, history_from: date,
            as_of: date, rules: EffortRules) -> pd.DataFrame:
    """The hours of the window before by today's classes: did the hours move, not the accounts."""
    length = as_of - window_start
    end = window_start - pd.Timedelta(days=1)
    start = (pd.Timestamp(end) - length).date()
    if start < history_from or effort.empty:
        return pd.DataFrame(columns=shares.SHARE_COLUMNS)
    try:
        return shares.allocate_effort(classes, effort, start=start, end=end, rules=rules)
    except RefusedError:  # no hours were recorded then
        return pd.DataFrame(columns=shares.SHARE_COLUMNS)


def _like(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    empty = pd.DataFrame(columns=columns)
    empty.attrs.update(table.attrs)
    return empty
