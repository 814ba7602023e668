"""Who looks after which accounts: are the best people with the key accounts."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.effort.rules import CLASSES, KEY, EffortRules
from kamlib.effort.shares import sum_hours
from kamlib.errors import RefusedError
from kamlib.language import _, fmt_list

ASSIGNMENT_COLUMNS = ["business_class", "owner_grade", "n_accounts", "account_share", "net_amount",
                      "net_amount_share"]
OWNER_COLUMNS = ["owner_id", "owner_grade", "n_accounts", "n_key", "net_amount",
                 "hours_a_month", "key_time_share"]
MISMATCH_COLUMNS = ["account_id", "business_class", "mismatch", "owner_id", "owner_grade",
                    "net_amount"]
NO_GRADE, NO_OWNER = "no_grade", "no_owner"


def find_owners(account_owners: pd.DataFrame, classes: pd.DataFrame, *, net_amounts: pd.Series,
                as_of: date) -> pd.DataFrame:
    """The owner of each account on a day.

    account_owners: table of the dictionary; classes: account_id and business_class; net_amounts:
    net sales of the window by account_id.
    Returns one row an account of the classes `CLASSES`, sorted:
    account_id, business_class, owner_id ("" without one), owner_grade (no_grade where not given,
    no_owner), net_amount.
    """
    known = account_owners[pd.to_datetime(account_owners["from_date"]) <= pd.Timestamp(as_of)]
    last = known.sort_values(["account_id", "from_date", "owner_id"]).groupby("account_id").tail(1)
    last = last.set_index(last["account_id"].astype("str"))
    table = classes[["account_id", "business_class"]].astype("str").sort_values(
        "account_id", ignore_index=True)
    owner = table["account_id"].map(last["owner_id"]).astype("object")
    table["owner_id"] = owner.fillna("").astype("str")
    grade = last["owner_grade"] if "owner_grade" in last else pd.Series(dtype="str")
    table["owner_grade"] = table["account_id"].map(grade).astype("object")
    table["owner_grade"] = table["owner_grade"].fillna(NO_GRADE).where(
        table["owner_id"] != "", NO_OWNER).astype("str")
    table["net_amount"] = table["account_id"].map(net_amounts).fillna(0.0).astype("float64")
    return table[table["business_class"].isin(CLASSES)].reset_index(drop=True)


def require_grades(owners: pd.DataFrame, *, rules: EffortRules) -> None:
    """Refuse to judge whether the best look after the key accounts where nobody can tell."""
    owned = owners[owners["owner_id"] != ""]
    if owned["owner_id"].nunique() < 2:
        raise RefusedError(_(
            "All accounts have one owner, so whether the best people look after the key accounts "
            "cannot be asked.") if len(owned) else _(
            "No account has an owner. The table of account owners would lift this."))
    grades = sorted(set(owned["owner_grade"]) - {NO_GRADE})
    if not grades:
        raise RefusedError(_("No owner has a grade, so who the best people are is not known. The "
                             "column owner_grade of the account owners would lift this."))
    if not set(grades) & set(rules.best_grades):
        raise RefusedError(_(
            "Nobody has one of the grades that count as best ({best}); there are: {grades}. The "
            "rule effort.best_grades, or the column owner_grade, would lift this.",
            best=fmt_list(rules.best_grades), grades=fmt_list(grades)))
    if len(grades) == 1 and not (owned["owner_grade"] == NO_GRADE).any():
        raise RefusedError(_("All owners have the same grade, so the best cannot be told apart."))


def assign_people(owners: pd.DataFrame, *, rules: EffortRules) -> pd.DataFrame:
    """How the accounts of each class are spread over the grades of their owners.

    owners: from `find_owners`. Returns one row a class and grade that occurs, the best grades
    first, and for all classes together: business_class, owner_grade, n_accounts, account_share
    (of the class), net_amount (of the window), net_amount_share (of the class; a gap where its
    sales are not above 0). Source: EFF-02. Refused as `require_grades` says.
    """
    require_grades(owners, rules=rules)
    rows = pd.concat([owners, owners.assign(business_class="all")], ignore_index=True)
    table = rows.groupby(["business_class", "owner_grade"]).agg(
        n_accounts=("account_id", "size"), net_amount=("net_amount", "sum")).reset_index()
    whole = table.groupby("business_class")[["n_accounts", "net_amount"]].transform("sum")
    table["account_share"] = table["n_accounts"] / whole["n_accounts"]
    table["net_amount_share"] = table["net_amount"] / whole["net_amount"].where(
        whole["net_amount"] > 0)
    table["place"] = table["business_class"].map(
        {name: place for place, name in enumerate((*CLASSES, "all"))})
    grades = {name: place for place, name in enumerate(rules.best_grades)}
    last = table["owner_grade"].isin([NO_GRADE, NO_OWNER])
    rank = table["owner_grade"].map(grades).astype("float64")
    table["rank"] = rank.fillna(float(len(grades))) + last
    return table.sort_values(["place", "business_class", "rank", "owner_grade"],
                             ignore_index=True)[ASSIGNMENT_COLUMNS]


def list_owners(owners: pd.DataFrame, effort: pd.DataFrame, *, start: date,
                end: date) -> pd.DataFrame:
    """Accounts, sales and hours by owner, the most accounts first.

    Returns one row an owner: owner_id, owner_grade, n_accounts, n_key, net_amount (of the
    window), hours_a_month (recorded for these accounts in the span, whoever worked them; a gap
    where none is recorded for anybody), key_time_share (of these hours, on key accounts).
    """
    rows = owners[owners["owner_id"] != ""]
    hours = sum_hours(effort, start=start, end=end)
    spent = rows["account_id"].map(hours).fillna(0.0).astype("float64")
    is_key = rows["business_class"] == KEY
    table = rows.assign(hours=spent, key_hours=spent.where(is_key, 0.0), n_key=is_key).groupby(
        "owner_id").agg(owner_grade=("owner_grade", "first"), n_accounts=("account_id", "size"),
                        n_key=("n_key", "sum"), net_amount=("net_amount", "sum"),
                        hours=("hours", "sum"), key_hours=("key_hours", "sum")).reset_index()
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    worked = table["hours"] if len(hours) else table["hours"] * float("nan")
    table["hours_a_month"] = worked / months
    table["key_time_share"] = table["key_hours"] / worked.where(worked > 0)
    return table.sort_values(["n_accounts", "owner_id"], ascending=[False, True],
                             ignore_index=True)[OWNER_COLUMNS]


def find_mismatches(owners: pd.DataFrame, *, rules: EffortRules) -> pd.DataFrame:
    """Key accounts without one of the best people, most sales first.

    Returns one row an account: account_id, business_class, mismatch (no_owner, no_grade,
    not_best), owner_id, owner_grade, net_amount. Refused as `require_grades` says.
    """
    require_grades(owners, rules=rules)
    rows = owners[(owners["business_class"] == KEY)
                  & ~owners["owner_grade"].isin(rules.best_grades)]
    kind = rows["owner_grade"].where(rows["owner_grade"].isin([NO_OWNER, NO_GRADE]), "not_best")
    return rows.assign(mismatch=kind).sort_values(
        ["net_amount", "account_id"], ascending=[False, True],
        ignore_index=True)[MISMATCH_COLUMNS]
