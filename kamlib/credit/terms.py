"""What a grade proposes, and where that stands against what is given today."""

from __future__ import annotations

import pandas as pd

from kamlib.credit.rules import CreditRules
from kamlib.credit.score import list_grades

TERM_COLUMNS = ["account_id", "tier", "credit_grade", "condition", "payment_terms_days",
                "proposed_terms_days", "exposure_amount", "credit_limit_amount",
                "limit_use_share", "proposed_limit_amount", "above_proposed_amount"]
CONFLICT_COLUMNS = ["account_id", "conflict", "tier", "credit_grade", "at_stake_amount",
                    "net_amount", "owner_id", "why"]
GRADE_COLUMNS = ["credit_grade", "n_accounts", "n_upper", "net_amount", "net_amount_share",
                 "open_invoice_amount", "overdue_amount", "overdue_share", "payment_terms_days",
                 "limit_months", "condition"]
MONTHS_A_YEAR = 12


def propose_terms(scores: pd.DataFrame, accounts: pd.DataFrame, owing: pd.DataFrame, *,
                  months: float, rules: CreditRules) -> pd.DataFrame:
    """Terms and limit that an account's grade proposes, beside today's.

    scores: from `score_accounts`; accounts: table of the dictionary; owing: account_id,
    open_invoice_amount, invoiced_amount of the window; months: length of the window.
    Returns one row an account, sorted: account_id, tier, credit_grade, condition,
    payment_terms_days (today's), proposed_terms_days, exposure_amount (open, at least 0),
    credit_limit_amount (today's; a gap where none is set), limit_use_share (exposure by limit),
    proposed_limit_amount (months of what it was billed, at least 0, on the mean of the window),
    above_proposed_amount (exposure beyond it). Source: CRD-03.
    """
    by_grade = {one.grade: one for one in rules.terms}
    list_grades(rules)
    table = scores[["account_id", "tier", "credit_grade"]].copy()
    given = accounts.set_index(accounts["account_id"].astype("str")).reindex(table["account_id"])
    owed = owing.set_index("account_id").reindex(table["account_id"])
    for name in ("payment_terms_days", "credit_limit_amount"):
        values = given[name] if name in given else pd.Series(pd.NA, index=given.index)
        table[name] = pd.to_numeric(values).astype("Float64").to_numpy()
    table["payment_terms_days"] = table["payment_terms_days"].astype("Int64")
    terms = table["credit_grade"].map(by_grade)
    table["condition"] = [one.condition for one in terms]
    table["proposed_terms_days"] = [one.payment_terms_days for one in terms]
    exposure = owed["open_invoice_amount"].astype("float64").fillna(0.0).clip(lower=0.0)
    billed = owed["invoiced_amount"].astype("float64").fillna(0.0).clip(lower=0.0)
    table["exposure_amount"] = exposure.to_numpy()
    table["credit_limit_amount"] = table["credit_limit_amount"].astype("float64")
    limit = table["credit_limit_amount"]
    table["limit_use_share"] = table["exposure_amount"] / limit.where(limit > 0)
    table["proposed_limit_amount"] = billed.to_numpy() / months * [one.limit_months
                                                                   for one in terms]
    above = table["exposure_amount"] - table["proposed_limit_amount"]
    table["above_proposed_amount"] = above.clip(lower=0.0).round(4)
    return table[TERM_COLUMNS]


def find_conflicts(terms: pd.DataFrame, owing: pd.DataFrame, *, net_amounts: pd.Series,
                   owners: pd.Series, whys: pd.Series, rules: CreditRules) -> pd.DataFrame:
    """Where grade, tier, terms and limit do not go together.

    terms: from `propose_terms`; owing: account_id and overdue_amount; net_amounts, owners, whys
    (the reason of its grade): by account_id.
    Returns one row an account and conflict, by conflict and then most money first: account_id,
    conflict (upper_weak: a tier of rules.upper_tiers with a weak grade; over_limit: owes more than
    its limit; weak_long_terms: a weak grade with longer terms than it proposes), tier,
    credit_grade, at_stake_amount (exposure; above the limit under over_limit), net_amount (of
    the window), owner_id, why. Source: CRD-03.
    """
    weak = terms["credit_grade"].isin(rules.weak_grades)
    exposure, limit = terms["exposure_amount"], terms["credit_limit_amount"]
    days = terms["payment_terms_days"].astype("Float64")
    longer = (days > terms["proposed_terms_days"]).fillna(False).astype(bool)
    chosen = {"upper_weak": (weak & terms["tier"].isin(rules.upper_tiers), exposure),
              "over_limit": (exposure > limit, exposure - limit),
              "weak_long_terms": (weak & longer & (exposure > 0), exposure)}
    parts = [terms[where].assign(conflict=name, at_stake_amount=money[where])
             for name, (where, money) in chosen.items()]
    table = pd.concat(parts, ignore_index=True)
    for name, by_id in (("net_amount", net_amounts), ("owner_id", owners), ("why", whys)):
        table[name] = table["account_id"].map(by_id)
    order = {name: place for place, name in enumerate(chosen)}
    table = table.sort_values(["conflict", "at_stake_amount", "account_id"], key=lambda c: (
        c.map(order) if c.name == "conflict" else c), ascending=[True, False, True],
        ignore_index=True)
    return table[CONFLICT_COLUMNS].astype({"conflict": "str", "owner_id": "str", "why": "str",
                                           "at_stake_amount": "float64",
                                           "net_amount": "float64"})


def summarise_grades(terms: pd.DataFrame, owing: pd.DataFrame, *, net_amounts: pd.Series,
                     rules: CreditRules) -> pd.DataFrame:
    """Each grade with its accounts, sales and what is open, and the terms it proposes.

    Returns one row a grade, the best first: credit_grade, n_accounts, n_upper (of an upper tier),
    net_amount (window), net_amount_share (0-1), open_invoice_amount, overdue_amount, overdue_share
    (of what is open), payment_terms_days, limit_months, condition (what it proposes).
    """
    owed = owing.set_index("account_id").reindex(terms["account_id"])
    rows = terms[["credit_grade"]].assign(
        n_accounts=1, n_upper=terms["tier"].isin(rules.upper_tiers).astype("int64"),
        net_amount=terms["account_id"].map(net_amounts).fillna(0.0).astype("float64"),
        open_invoice_amount=owed["open_invoice_amount"].astype("float64").fillna(0.0).to_numpy(),
        overdue_amount=owed["overdue_amount"].astype("float64").fillna(0.0).to_numpy())
    table = rows.groupby("credit_grade").sum().reindex(list_grades(rules), fill_value=0)
    total = table["net_amount"].sum()
    table["net_amount_share"] = table["net_amount"] / total if total > 0 else float("nan")
    is_open = table["open_invoice_amount"].where(table["open_invoice_amount"] > 0)
    table["overdue_share"] = table["overdue_amount"] / is_open
    for name in ("payment_terms_days", "limit_months", "condition"):
        table[name] = [getattr(one, name) for one in rules.terms]
    return table.rename_axis("credit_grade").reset_index().astype(
        {"n_accounts": "int64", "n_upper": "int64", "credit_grade": "str"})[GRADE_COLUMNS]
