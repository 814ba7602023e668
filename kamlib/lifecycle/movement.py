"""Accounts won and lost: opening + new + first seen + recovered - lost = closing (REC-04)."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import InputError

# Movement and the flag of account_facts that says so, in the order in which it is read.
FLAGS = {"opening": "is_active_opening", "new": "is_new", "first_seen": "is_first_seen",
         "recovered": "is_recovered", "lost": "is_lost", "closing": "is_active_closing"}
KEPT = "kept_change"
ORDER = ("opening", "new", "first_seen", "recovered", "lost", KEPT, "closing")
ALL = "all"


def build_movement(facts: pd.DataFrame, *, previous: pd.DataFrame | None = None,
                   groups: pd.Series | None = None) -> pd.DataFrame:
    """Count who came, came back and went between opening and closing, with their sales.

    facts: account_facts at the period's end, one row an account; previous: the same at the
    opening, None when history does not reach; groups: a group (tier, region) by account_id, whose
    gaps become ``unknown``.
    Returns one row group x movement, in the order of reading: ``group`` ("all" without groups),
    ``movement``, ``n_accounts`` (lost below 0, so that the rows before closing sum to it),
    ``net_amount`` (sales of the 12 months to closing; of opening and lost accounts the 12 months
    to opening; ``kept_change`` is what the accounts that stayed bought more or less; NA when a
    window begins before the known history).
    Raises InputError when an account's flags do not tie.
    """
    _check_tie(facts)
    table = facts.set_index("account_id")
    before = pd.Series(float("nan"), index=table.index)
    if previous is not None:
        before = previous.set_index("account_id")["net_amount_window"].reindex(table.index)
        # An account that the opening did not know yet had bought nothing by then.
        absent = ~table.index.isin(previous["account_id"])
        before = before.mask(pd.Series(absent, index=table.index), 0.0)
    table = table.assign(amount_before=before.astype("float64"))
    if groups is None:
        return _one_group(table, ALL)
    names = groups.reindex(table.index).astype("str").fillna("").replace("", "unknown")
    parts = [_one_group(part, str(name)) for name, part in table.groupby(names, sort=True)]
    return pd.concat(parts, ignore_index=True)


def movement_rates(movement: pd.DataFrame) -> pd.DataFrame:
    """Relate who came and went to who was there, for each group of `build_movement`.

    Returns one row a group, sorted: ``group``, ``n_opening``, ``n_new``, ``n_first_seen``,
    ``n_recovered``, ``n_lost`` (below 0), ``n_closing``,
    ``change_amount`` (sales of closing less those of opening, NA where one is not known),
    ``net_rate`` ((closing - opening) / opening, in accounts),
    ``logo_retention_share`` (1 - lost / opening), ``loss_to_new_ratio`` (lost / new: what is
    sometimes quoted as a churn rate and is none, E19); NA where nothing stands below the line.
    All are facts of a complete ledger, so they have no interval.

    >>> hand = pd.DataFrame({"group": "all", "n_accounts": [100, 20, 0, 2, -7, 115],
    ...     "net_amount": 0.0,
    ...     "movement": ["opening", "new", "first_seen", "recovered", "lost", "closing"]})
    >>> movement_rates(hand).iloc[:, -3:].round(2).to_dict("records")
    [{'net_rate': 0.15, 'logo_retention_share': 0.93, 'loss_to_new_ratio': 0.35}]
    """
    wide, money = (movement.pivot(index="group", columns="movement", values=column).astype(
        "float64") for column in ("n_accounts", "net_amount"))
    opening = wide["opening"].where(wide["opening"] > 0)
    lost = -wide["lost"]
    rates = wide[list(FLAGS)].add_prefix("n_").astype("Int64").assign(
        change_amount=money["closing"] - money["opening"],
        net_rate=(wide["closing"] - opening) / opening,
        logo_retention_share=1 - lost / opening,
        loss_to_new_ratio=lost / wide["new"].where(wide["new"] > 0))
    return rates.rename_axis(columns=None).reset_index()


def _one_group(table: pd.DataFrame, group: str) -> pd.DataFrame:
    kept = table["is_active_opening"] & table["is_active_closing"]
    now = table["net_amount_window"].astype("float64")
    counts = {name: int(table[flag].sum()) for name, flag in FLAGS.items()}
    counts |= {"lost": -counts["lost"], KEPT: 0}
    amounts = {name: _total(now[table[flag]]) for name, flag in FLAGS.items()}
    amounts["opening"] = _total(table.loc[table["is_active_opening"], "amount_before"])
    amounts["lost"] = 0.0 - _total(table.loc[table["is_lost"], "amount_before"])
    amounts[KEPT] = _total(now[kept]) - _total(table.loc[kept, "amount_before"])
    return pd.DataFrame({"group": group, "movement": ORDER,
                         "n_accounts": pd.array([counts[name] for name in ORDER], dtype="Int64"),
                         "net_amount": [amounts[name] for name in ORDER]})


def _total(amounts: pd.Series) -> float:
    """One unknown amount makes the total unknown: it is never read as 0."""
    return float(amounts.sum(skipna=False))


def _check_tie(facts: pd.DataFrame) -> None:
    flag = {name: facts[column].astype("int64") for name, column in FLAGS.items()}
    closing = (flag["opening"] + flag["new"] + flag["first_seen"] + flag["recovered"]
               - flag["lost"])
    broken = facts.loc[closing != flag["closing"], "account_id"].astype(str).sort_values()
    if len(broken):
        raise InputError(
            "opening + new + first seen + recovered - lost has to be closing; for "
            f"{len(broken)} account(s) it is not (first: {', '.join(broken[:5])}). "
            "Build account_facts again from the orders; flags are never edited by hand.")
