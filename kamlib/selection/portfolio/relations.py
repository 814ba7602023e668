"""How firm each relationship is and where it goes: two things, kept apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.rule_table import apply_rules, check_conditions
from kamlib.selection.criteria import Known
from kamlib.selection.rules import SelectionRules

LEVELS, TRENDS = (1, 2, 3, 4), ("developing", "steady", "defending", "regressing")
POTENTIALS = ("high_potential", "low_potential", "unknown_potential")
MANAGEMENT = ("general management", "management", "managing director", "ceo", "总经理", "管理层")
RELATION_COLUMNS = ["account_id", "relationship_type", "relationship_level", "relationship_trend",
                    "preferred_score", "n_signs_known", "signs_missing", "rated_date", "rater",
                    "is_stale", "potential_class", "net_amount", "margin_share", "is_listed",
                    "owner_id"]
TYPE_COLUMNS = ["relationship_type", "n_accounts", "account_share", "n_key", "net_amount"]
CELL_COLUMNS = ["relationship_level", "relationship_trend", "potential_class", "n_accounts",
                "n_key", "net_amount", "margin_share"]


def rate_relations(criteria: pd.DataFrame, keys: pd.DataFrame, placed: pd.DataFrame, known: Known,
                   *, potential_line: float, rules: SelectionRules) -> pd.DataFrame:
    """Lay out the last rating of each account's relationship.

    criteria: from `measure_criteria`; keys: the list; placed: from `place_accounts` (may be
    empty) and its potential_line. Returns one row a rated account, regressing and defending ones
    with most sales first: relationship_type (the first of rules.relationship_types whose condition
    holds), relationship_level (1-4) and relationship_trend kept apart, preferred_score (signs of
    PRT-02 that hold, of n_signs_known) and signs_missing (those that do not), rated_date, rater,
    is_stale (older than rules.stale_months), potential_class (of the headroom; unknown without an
    estimate), net_amount, margin_share, is_listed, owner_id.
    Refused without a rating. Source: catalogue PRT-01 to PRT-03.
    """
    rows = criteria[criteria["relationship_level"].notna()].reset_index(drop=True)
    if rows.empty:
        raise RefusedError(_("No relationship has been rated, so neither its level nor its trend "
                             "can be told. Rows in the table relationships would lift this."))
    signs = check_conditions(rows, rules.preferred_signs, origin="selection.preferred_signs")
    rows["preferred_score"] = signs.fillna(False).sum(axis=1).astype("int64")
    rows["n_signs_known"] = signs.notna().sum(axis=1).astype("int64")
    missing = ~signs.fillna(True).astype(bool)
    rows["signs_missing"] = [", ".join(c for c, one in zip(signs.columns, row, strict=True) if one)
                             for row in missing.to_numpy(bool)]
    rows["management_strength"] = rows["account_id"].map(_strengths(known)).astype("float64")
    typed = apply_rules(rows, rules.relationship_types, otherwise="vendor",
                        origin="selection.relationship_types").set_index("account_id")["gives"]
    rows["relationship_type"] = rows["account_id"].map(typed).astype("str")
    oldest = pd.Timestamp(known.as_of) - pd.DateOffset(months=rules.stale_months)
    rows["is_stale"] = rows["rated_date"] < oldest
    room = rows["account_id"].map(
        placed.set_index("account_id")["headroom_amount"] if len(placed) else {}).astype("float64")
    rows["potential_class"] = pd.Series(np.select(
        [room.isna(), room >= potential_line], ["unknown_potential", "high_potential"],
        "low_potential"), dtype="str")
    rows["is_listed"] = rows["account_id"].isin(keys.loc[keys["is_listed"], "account_id"])
    order = {trend: place for place, trend in enumerate(reversed(TRENDS))}
    rows["order"] = rows["relationship_trend"].map(order).clip(upper=2).fillna(2)
    return rows.sort_values(["order", "net_amount", "account_id"], ascending=[True, False, True],
                            ignore_index=True)[RELATION_COLUMNS]


def count_types(relations: pd.DataFrame) -> pd.DataFrame:
    """Mix of the types of relationship: all rated accounts, and key accounts among them.

    Returns one row a type: relationship_type, n_accounts, account_share, n_key, net_amount.
    """
    rows = []
    for name in ("vendor", "preferred_supplier", "partner_relationship", "strategic_alliance"):
        part = relations[relations["relationship_type"] == name]
        rows.append((name, len(part), len(part) / max(1, len(relations)),
                     int(part["is_listed"].sum()), float(part["net_amount"].sum())))
    return pd.DataFrame(rows, columns=TYPE_COLUMNS)


def cross_potential(relations: pd.DataFrame) -> pd.DataFrame:
    """Level and trend by potential, with size and margin (PRT-03).

    relations: from `rate_relations`. Returns one row a level, trend and class of potential that
    has accounts: n_accounts, n_key, net_amount, margin_share (weighted by sales).
    """
    rows = relations.assign(
        weighed=relations["margin_share"] * relations["net_amount"],
        costed=relations["net_amount"].where(relations["margin_share"].notna()))
    table = rows.groupby(CELL_COLUMNS[:3], as_index=False).agg(
        n_accounts=("account_id", "size"), n_key=("is_listed", "sum"),
        net_amount=("net_amount", "sum"), weighed=("weighed", "sum"), costed=("costed", "sum"))
    table["margin_share"] = table["weighed"] / table["costed"].where(table["costed"] > 0)
    table["n_key"] = table["n_key"].astype("int64")
    for column, order in (("relationship_trend", TRENDS), ("potential_class", POTENTIALS)):
        table[f"{column}_order"] = table[column].map({v: i for i, v in enumerate(order)})
    return table.sort_values(["relationship_level", "relationship_trend_order",
                              "potential_class_order"], ascending=[False, True, True],
                             ignore_index=True)[CELL_COLUMNS]


def _strengths(known: Known) -> dict[str, float]:
    """Strength of the relation to each account's general management, as last judged."""
    people = known.table("stakeholders")
    if people is None:
        return {}
    rows = people[people["role"].str.lower().isin(MANAGEMENT)]
    rows = rows.sort_values(["account_id", "rated_date", "strength"])
    last = rows.groupby("account_id")["strength"].last().astype("float64")
    return {str(account): float(strength) for account, strength in last.items()}
