"""The record kept of an account: the card, whether it is complete, when it was last checked."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.labels import heading, label
from kamlib.language import (
    N_,
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_money,
    fmt_share,
    join_items,
    translate,
)
from kamlib.review.account import Account
from kamlib.review.rules import ReviewRules
from kamlib.schema import name_table

RECORD_COLUMNS = ["account_id", "owner_id", "last_checked_date", "unchecked_days", "record_state",
                  "n_fields_missing"]
# What a card has to hold (REC-01, REC-05); the address and persons are left out on purpose.
MANAGED = ("name", "account_type", "industry", "size_class", "region", "star", "employees",
           "customer_since", "payment_terms_days", "credit_limit_amount", "transport",
           "coverage_radius_km", "developed_by", "developed_date", "referrer_id", "service_line",
           "influence_score", "last_checked_date")
POTENTIAL = ("name", "account_type", "industry", "size_class", "region", "developed_by",
             "developed_date", "referrer_id", "employees")


def check_records(accounts: pd.DataFrame, *, as_of: pd.Timestamp, rules: ReviewRules
                  ) -> pd.DataFrame:
    """Say of each account whether its record was checked within half a year.

    accounts: account_id, owner_id, last_checked_date, and where known start_date (of customers).
    Returns one row an account, those without any check first, then the longest unchecked:
    unchecked_days (to as_of), record_state (checked; overdue: more than rules.record_check_days;
    never: no check on record; new_no_file: never, and a customer for no longer than that),
    n_fields_missing (of the card's fields that the data set has). Source: REC-06.

    >>> rows = pd.DataFrame({"account_id": ["A", "B"], "owner_id": "",
    ...                      "last_checked_date": pd.to_datetime(["2025-07-01", "2025-06-30"])})
    >>> found = check_records(rows, as_of=pd.Timestamp("2025-12-31"), rules=ReviewRules())
    >>> found[["account_id", "unchecked_days", "record_state"]].to_numpy().tolist()
    [['B', 184, 'overdue'], ['A', 183, 'checked']]
    """
    days = (as_of - accounts["last_checked_date"]).dt.days.astype("Int64")
    state = pd.Series("checked", index=accounts.index, dtype="str")
    state = state.mask((days > rules.record_check_days).fillna(False).astype(bool), "overdue")
    state = state.mask(days.isna(), "never")
    if "start_date" in accounts:
        since = (as_of - accounts["start_date"]).dt.days
        state = state.mask(days.isna() & (since <= rules.record_check_days), "new_no_file")
    given = [c for c in MANAGED if c in accounts and accounts[c].notna().any()]
    missing = accounts[given].isna().sum(axis=1).astype("Int64")
    table = accounts.assign(unchecked_days=days, record_state=state, n_fields_missing=missing)
    table = table.sort_values(["unchecked_days", "account_id"], ascending=[False, True],
                              na_position="first", ignore_index=True)
    return table[RECORD_COLUMNS]


def list_overdue(records: pd.DataFrame, *, owner_id: str) -> pd.DataFrame:
    """The records of an owner's accounts that are overdue or were never checked.

    records: from `check_records`. Returns its rows, in its order; all owners where owner_id is "".
    """
    if records["last_checked_date"].isna().all():
        raise RefusedError(_("When the records were checked is not known (column "
                             "last_checked_date of {table}).", table=name_table("accounts")))
    late = records[records["record_state"] != "checked"]
    mine = late[late["owner_id"] == owner_id] if owner_id else late
    if mine.empty:
        raise RefusedError(_("The records of this owner's accounts were all checked in time."))
    return mine.reset_index(drop=True)


def build_card(account: Account) -> pd.DataFrame:
    """The customer card, or for an account that never bought the potential-customer card.

    Returns one row a field of the card, in its order: item (name of the field), content (as a
    reader sees it, "" where it is not known). Then whom we know there and when it was last
    contacted; of a customer its turnover, what its purchases consist of (product lines with their
    share of the window, 100 % together) and how long it took from its discovery to the first order;
    of a potential customer its needs, how far the talks are and the next step. A last row names
    dates that cannot be in that order. Source: REC-01, REC-05.
    """
    fields = MANAGED if account.has_ordered else POTENTIAL
    rows = [(name, show(name, account.about.get(name), account.currency)) for name in fields]
    rows.insert(0, ("card_kind", "card_managed" if account.has_ordered else "card_potential"))
    rows += _people(account)
    rows += _purchases(account) if account.has_ordered else _prospects(account)
    rows += _disorder(account)
    return pd.DataFrame(rows, columns=["item", "content"]).astype("str")


def card_share(card: pd.DataFrame) -> float:
    """Return the share of the card's fields that are filled.

    >>> card_share(pd.DataFrame({"item": ["card_kind", "name", "star"],
    ...                          "content": ["card_managed", "A", ""]}))
    0.5
    """
    fields = card[~card["item"].isin(["card_kind", "dates_in_disorder"])]
    return float((fields["content"] != "").mean())


def show(name: str, value: Any, currency: str) -> str:
    """Return a field's value as text, "" for a gap."""
    if value is None or pd.isna(value) or value == "":
        return ""
    if isinstance(value, pd.Timestamp):
        return fmt_date(value)
    if name.endswith("_amount"):
        return fmt_money(value, currency)
    if isinstance(value, float) and value.is_integer():
        return fmt_count(value)
    return str(value)


def _people(account: Account) -> list[tuple[str, str]]:
    """The roles we know at the account, how near it is to us, and when it was last contacted."""
    rows = []
    if "stakeholders" in account.tables:
        known = account.rows("stakeholders").sort_values(["role", "rated_date"])
        last = known.groupby("role").tail(1)
        rows.append(("roles_known", "; ".join(
            _("{role} ({authority}), relation {strength} of 5", role=label(row["role"]),
              authority=label(row["authority"]), strength=fmt_count(row["strength"]))
            for row in last.to_dict("records"))))
    if "relationships" in account.tables:
        rated = account.rows("relationships").sort_values(["rated_date", "rater"])
        rows.append(("relationship", _("level {level} of 4, {trend}", level=fmt_count(
            rated.iloc[-1]["level"]), trend=label(rated.iloc[-1]["trend"])) if len(rated) else ""))
    if "contacts" in account.tables:
        made = account.rows("contacts").sort_values(["contact_date", "contact_id"])
        recent = made[made["contact_date"] >= pd.Timestamp(account.window_start)]
        rows.append(("last_contact", _n(
            "{kind} on {day}; {n} in the analysis window",
            "{kind} on {day}; {n} in the analysis window", len(recent),
            kind=label(made.iloc[-1]["kind"]), day=fmt_date(made.iloc[-1]["contact_date"]))
            if len(made) else ""))
    return rows


def _disorder(account: Account) -> list[tuple[str, str]]:
    """Name each pair of dates of the record that cannot be in this order."""
    about: dict[str, Any] = {
        name: account.about.get(name)
        for name in ("developed_date", "customer_since", "last_checked_date")}
    about["first_sale_date"] = account.facts.get("first_sale_date")
    wrong = [_("{later} lies before {earlier}", later=heading(later), earlier=heading(earlier))
             for earlier, later in (("developed_date", "customer_since"),
                                    ("developed_date", "first_sale_date"),
                                    ("customer_since", "first_sale_date"))
             if not pd.isna(about[earlier]) and not pd.isna(about[later])
             and about[later] < about[earlier]]
    return [("dates_in_disorder", join_items(wrong))] if wrong else []


def _purchases(account: Account) -> list[tuple[str, str]]:
    rows = [("net_amount_window", show("net_amount_window_amount", account.facts.get(
        "net_amount_window"), account.currency))]
    found, first = account.about.get("developed_date"), account.facts.get("start_date")
    # The first order on record need not be the first of an older customer.
    if not pd.isna(found) and account.facts.get("is_start_known") and not pd.isna(first) \
            and first >= found:
        rows.append(("found_to_order", _("{n} days", n=fmt_count((first - found).days))))
    return rows + _consists(account)


def _consists(account: Account) -> list[tuple[str, str]]:
    goods = account.goods[account.goods["gross_amount_window"] > 0]
    if goods.empty or account.products.empty:
        return [("purchases", "")]
    named = account.products[["product_id", "product_line"]].dropna()
    lines: dict[str, str] = dict(named.itertuples(index=False))
    sums = goods.groupby(goods["product_id"].map(lines).fillna(translate(N_("other"))))[
        "gross_amount_window"].sum().sort_values(ascending=False, kind="stable")
    told = ", ".join(f"{line} {fmt_share(amount / sums.sum())}" for line, amount in sums.items())
    return [("purchases", told)]


def _prospects(account: Account) -> list[tuple[str, str]]:
    needs = account.rows("needs")
    told = "; ".join(sorted(set(needs["dimension"].astype("str")))) if len(needs) else ""
    rows = [("known_needs", told)]
    deals = account.rows("opportunities")
    running = deals[deals["outcome"] == "open"] if len(deals) else deals
    stages = account.rows("opportunity_stages")
    stage = ""
    if len(running):
        amount = running["amount"].sum(min_count=1)
        stage = _("{n} talks, {amount}", n=fmt_count(len(running)),
                  amount=fmt_money(amount, account.currency))
        own = stages[stages["opportunity_id"].isin(running["opportunity_id"])] if len(stages) \
            else stages
        if len(own):
            last = own.sort_values("entered_date").iloc[-1]
            stage = _("{talks}, last stage {stage} on {day}", talks=stage, stage=last["stage"],
                      day=fmt_date(last["entered_date"]))
    rows.append(("running_talks", stage))
    actions = account.rows("actions")
    todo = actions[actions["closed_date"].isna()] if len(actions) else actions
    rows.append(("next_step", "; ".join(sorted({label(t) for t in todo["topic"]}))
                 if len(todo) else ""))
    return rows
