"""From a record to a confirmed key account: how far the selection has come."""

from __future__ import annotations

import pandas as pd

from kamlib.selection.approvals import find_approvals
from kamlib.selection.rules import SelectionRules
from kamlib.stats.intervals import add_proportion

STAGES = ("collected", "assessed", "graded", "proposed", "confirmed")
FUNNEL_COLUMNS = ["screen_stage", "n_accounts", "n_stage_before", "n_continued",
                  "conversion_share", "conversion_share_ci_low", "conversion_share_ci_high",
                  "n_skipped", "net_amount"]
PENDING_COLUMNS = ["account_id", "screen_stage", "n_criteria_known", "criteria_missing",
                   "approver", "approved_date", "net_amount", "rank", "owner_id"]
# SEL-09: size, standing in the industry, buying power, chance of working together.
ASKED = {"size": ("size_class", "employees"), "industry_standing": ("influence_score",),
         "buying_power": ("net_amount", "wallet_amount"),
         "working_together": ("relationship_level", "open_amount")}


def track_screening(criteria: pd.DataFrame, keys: pd.DataFrame, narratives: pd.DataFrame | None, *,
                    rules: SelectionRules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say how far each account has come, and how many got from stage to stage.

    criteria: of all customers, prospects too; keys: the list; narratives: of the dictionary.
    Stages: collected (there is a record), assessed (all four criteria of SEL-09 are known), graded
    (it has a rank), proposed (on the list), confirmed (a row of narratives with the topic
    rules.approval_topic names who approved it). A later stage does not need an earlier one here:
    whoever is graded without being assessed is counted apart.
    Returns the funnel, one row a stage: n_accounts (that reached it), n_stage_before, n_continued
    (of these) and their conversion_share with its interval, n_skipped (that reached it without the
    stage before), net_amount; and one row an account on the list: screen_stage (the last it
    reached), n_criteria_known of 4 and those missing, approver and approved_date ("" and a gap
    while pending), net_amount, rank, owner_id.
    """
    table = criteria[["account_id", "net_amount", "owner_id"]].copy()
    marks = pd.DataFrame({name: _is_known(criteria, columns) for name, columns in ASKED.items()})
    table["n_criteria_known"] = marks.sum(axis=1)
    table["criteria_missing"] = [", ".join(c for c, one in zip(marks.columns, row, strict=True)
                                           if not one) for row in marks.to_numpy(bool)]
    by_id = keys.set_index("account_id")
    table["rank"] = table["account_id"].map(by_id["rank"]).astype("Int64")
    approvals = find_approvals(narratives, topic=rules.approval_topic)
    table = table.merge(approvals, on="account_id", how="left")
    listed = table["account_id"].map(by_id["is_listed"]).fillna(False).astype(bool)
    reached = pd.DataFrame({
        "collected": True, "assessed": table["n_criteria_known"] == len(ASKED),
        "graded": table["rank"].notna(), "proposed": listed,
        "confirmed": listed & table["approver"].notna()}, index=table.index)
    before = reached.shift(axis=1, fill_value=True)
    funnel = pd.DataFrame({
        "screen_stage": list(STAGES), "n_accounts": reached.sum().to_numpy("int64"),
        "n_stage_before": before.sum().to_numpy("int64"),
        "n_continued": (reached & before).sum().to_numpy("int64"),
        "n_skipped": (reached & ~before).sum().to_numpy("int64"),
        "net_amount": [float(table.loc[reached[s], "net_amount"].sum()) for s in STAGES]})
    funnel = add_proportion(funnel, successes="n_continued", n="n_stage_before",
                            name="conversion_share", level=rules.confidence_level)[FUNNEL_COLUMNS]
    table["approver"] = table["approver"].fillna("").astype("str")
    table["screen_stage"] = [next(s for s in reversed(STAGES) if row[s])
                             for row in reached.to_dict("records")]
    table = table[listed].sort_values(["rank", "account_id"], ignore_index=True)
    return funnel, table[PENDING_COLUMNS]


def _is_known(criteria: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    known = pd.concat([criteria[c].notna() & (criteria[c].astype("object") != 0)
                       for c in columns], axis=1)
    return known.any(axis=1)
