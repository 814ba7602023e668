"""Which share of the hours each class of accounts gets, beside its share of the accounts."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kamlib.effort.rules import CLASSES, EffortRules
from kamlib.errors import InputError, RefusedError
from kamlib.language import _, fmt_date

SHARE_COLUMNS = ["business_class", "n_accounts", "account_share", "target_account_share", "hours",
                 "time_share", "target_time_share", "effort_intensity", "target_intensity",
                 "aim_share", "hours_to_move", "contact_hours"]
REST, ALL = "other_class", "all"


def sum_hours(rows: pd.DataFrame, *, start: date, end: date) -> pd.Series:
    """Hours by account of the months, or days, of a span; none without rows.

    rows: effort (month) or contacts (contact_date) of the dictionary. A month is named by its
    first day, so a span that begins within it takes it whole.
    """
    if rows.empty or "hours" not in rows:
        return pd.Series(dtype="float64")
    dated = "month" if "month" in rows else "contact_date"
    first = start.replace(day=1) if dated == "month" else start
    inside = pd.to_datetime(rows[dated]).between(pd.Timestamp(first), pd.Timestamp(end))
    chosen = rows[inside]
    return chosen["hours"].astype("float64").groupby(chosen["account_id"].astype("str")).sum()


def allocate_effort(classes: pd.DataFrame, effort: pd.DataFrame, *, start: date, end: date,
                    rules: EffortRules, contacts: pd.DataFrame | None = None) -> pd.DataFrame:
    """Share of accounts against share of hours by business class, beside the target.

    classes: account_id and business_class; effort, contacts: tables of the dictionary; start,
    end: the span whose months count.
    Returns one row a class of `CLASSES`, then other_class (every account of another class, in no
    share) and all: n_accounts, account_share and time_share (0-1 of the accounts and hours of the
    three classes: prospects are not customers yet, and are in the base), target_account_share,
    target_time_share, hours, effort_intensity (time_share / account_share) and target_intensity
    (6, 1 and 0.167 by default), aim_share (of the hours, by rules.target_basis), hours_to_move
    (aim less hours: above 0 hours are missing here), contact_hours (of visits, calls and
    meetings, recorded apart; a gap where not given).
    Source: EFF-01, E14. Refused where no hour of the three classes is recorded in the span.

    >>> classes = pd.DataFrame({"account_id": ["a", "b"],
    ...                         "business_class": ["key_account", "ordinary"]})
    >>> effort = pd.DataFrame({"account_id": ["a", "b"], "hours": [30.0, 10.0],
    ...                        "month": pd.to_datetime(["2025-03-01"] * 2)})
    >>> allocate_effort(classes, effort, start=date(2025, 1, 1), end=date(2025, 12, 31),
    ...                 rules=EffortRules())["effort_intensity"].tolist()[:2]
    [1.5, 0.5]
    """
    accounts, times = _targets(rules)
    by_id = classes.set_index(classes["account_id"].astype("str"))["business_class"]
    kept = by_id.where(by_id.isin(CLASSES), REST)
    hours = _by_class(sum_hours(effort, start=start, end=end), kept)
    given = contacts is not None and len(contacts) > 0
    visits = _by_class(sum_hours(contacts, start=start, end=end), kept) \
        if given and contacts is not None else pd.Series(dtype="float64")
    total = float(hours.reindex(CLASSES).sum())
    if total <= 0:
        raise RefusedError(_("No hour of work on an account is recorded from {start} to {end}. "
                             "The table of effort would lift this.", start=fmt_date(start),
                             end=fmt_date(end)))
    table = pd.DataFrame({"business_class": [*CLASSES, REST]})
    n = kept.value_counts()
    table["n_accounts"] = table["business_class"].map(n).fillna(0).astype("int64")
    table["hours"] = table["business_class"].map(hours).fillna(0.0).astype("float64")
    table["contact_hours"] = (table["business_class"].map(visits).fillna(0.0)
                              if given else np.nan)
    of_three = table["business_class"].isin(CLASSES)
    whole = int(table.loc[of_three, "n_accounts"].sum())
    table["account_share"] = (table["n_accounts"] / whole).where(of_three)
    table["time_share"] = (table["hours"] / total).where(of_three)
    table["target_account_share"] = table["business_class"].map(accounts)
    table["target_time_share"] = table["business_class"].map(times)
    here, aimed = table["account_share"], table["target_account_share"]
    table["effort_intensity"] = table["time_share"] / here.where(here > 0)
    table["target_intensity"] = table["target_time_share"] / aimed.where(aimed > 0)
    wanted = (table["target_time_share"] if rules.target_basis == "time_share"
              else table["target_intensity"] * here)
    table["aim_share"] = wanted / wanted.sum()
    table["hours_to_move"] = (table["aim_share"] * total - table["hours"]).where(of_three)
    sums = table[["n_accounts", "hours", "account_share", "time_share", "target_account_share",
                  "target_time_share", "aim_share", "contact_hours"]].sum(min_count=1)
    every = pd.DataFrame([{"business_class": ALL, **sums}])
    return pd.concat([table, every], ignore_index=True)[SHARE_COLUMNS].astype(
        {"business_class": "str", "n_accounts": "int64"})


def count_moves(shares: pd.DataFrame) -> float:
    """Hours that would have to move from one class to another, NaN without a row.

    >>> count_moves(pd.DataFrame({"hours_to_move": [30.0, -20.0, -10.0, None]}))
    30.0
    """
    moves = shares["hours_to_move"].astype("float64")
    return float(moves.clip(lower=0).sum(min_count=1))


def _by_class(hours: pd.Series, classes: pd.Series) -> pd.Series:
    # Hours on an account that is no customer (a supplier, a partner) are of no class.
    return hours.groupby(hours.index.to_series().map(classes).fillna(REST).to_numpy()).sum()


def _targets(rules: EffortRules) -> tuple[dict[str, float], dict[str, float]]:
    for name in ("target_account_shares", "target_time_shares"):
        shares = getattr(rules, name)
        if set(shares) != set(CLASSES) or any(x < 0 for x in shares.values()) \
                or abs(sum(shares.values()) - 1) > 1e-6:
            raise InputError(f"The rule effort.{name} needs a share of {', '.join(CLASSES)} each, "
                             f"together 1, but is {shares}. Correct it.")
    return rules.target_account_shares, rules.target_time_shares
