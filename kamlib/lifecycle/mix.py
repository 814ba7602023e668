"""How accounts and sales spread over the stages, and who changed stage since the last period."""

from __future__ import annotations

import pandas as pd

from kamlib.lifecycle.stages import ACTIONS, INACTIVE, STAGES

NOT_YET = "not_yet"
ORDER = [*STAGES, INACTIVE]


def mix_stages(stages: pd.DataFrame, *, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """Count accounts and sales by stage.

    stages: result of `stage_accounts`; before: the same at the previous period's end, None when
    history does not reach.
    Returns one row a stage, always all, in the order of a relationship's life, ``inactive`` last
    and apart: ``stage``, ``n_accounts``, ``account_share`` (0..1 of the accounts that have a
    stage; NA for inactive), ``net_amount_window``, ``net_amount_share`` (0..1 of their sales),
    ``n_accounts_previous``, ``net_amount_previous`` (12 months to the previous period's end),
    ``stage_action``.
    """
    now, then = _count(stages), _count(before)
    staged = now.index != INACTIVE
    table = pd.DataFrame({"n_accounts": now["n"], "net_amount_window": now["amount"],
                          "n_accounts_previous": then["n"], "net_amount_previous": then["amount"]})
    for share, column in (("account_share", "n_accounts"), ("net_amount_share",
                                                            "net_amount_window")):
        part = table[column].astype("float64").where(staged)
        total = part.sum(skipna=True)
        table[share] = part / total if total > 0 else float("nan")
    table["stage_action"] = [ACTIONS[stage] for stage in table.index]
    return table.rename_axis("stage").reset_index().astype({"stage": "str", "stage_action": "str"})[
        ["stage", "n_accounts", "account_share", "net_amount_window", "net_amount_share",
         "n_accounts_previous", "net_amount_previous", "stage_action"]]


def _count(stages: pd.DataFrame | None) -> pd.DataFrame:
    if stages is None:
        return pd.DataFrame({"n": pd.array([pd.NA] * len(ORDER), dtype="Int64"),
                             "amount": float("nan")}, index=ORDER)
    grouped = stages.groupby("stage")
    # skipna=False: a window before the known history is unknown, not 0.
    amount = grouped["net_amount_window"].agg(lambda part: part.sum(skipna=False))
    return pd.DataFrame({"n": grouped.size().reindex(ORDER, fill_value=0).astype("Int64"),
                         "amount": amount.astype("float64").reindex(ORDER, fill_value=0.0)})


def pair_stages(stages: pd.DataFrame, *, before: pd.DataFrame) -> pd.DataFrame:
    """Put each account's stage beside its stage at the previous period's end.

    Both stages come from the same rules on the months known then.
    Returns one row an account of `stages`, sorted: ``account_id``, ``stage_previous``
    (``not_yet`` without a sale by then), ``stage``, ``net_amount_window``,
    ``net_amount_previous`` (12 months to the previous period's end).
    """
    old = before[["account_id", "stage", "net_amount_window"]].rename(
        columns={"stage": "stage_previous", "net_amount_window": "net_amount_previous"})
    pairs = stages[["account_id", "stage", "net_amount_window"]].merge(
        old, on="account_id", how="left")
    pairs["stage_previous"] = pairs["stage_previous"].fillna(NOT_YET).astype("str")
    return pairs.sort_values("account_id", ignore_index=True)[
        ["account_id", "stage_previous", "stage", "net_amount_window", "net_amount_previous"]]


def count_transitions(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count accounts by the stage they left and the stage they are in.

    pairs: result of `pair_stages`.
    Returns one row previous stage x stage that occurs, in the order of life: ``stage_previous``,
    ``stage``, ``n_accounts``, ``account_share`` (0..1 of those that left this previous stage; a
    fact of the ledger, no interval), ``net_amount_window``.
    """
    table = pairs.groupby(["stage_previous", "stage"], as_index=False).agg(
        n_accounts=("account_id", "size"), net_amount_window=("net_amount_window", "sum"))
    left = table.groupby("stage_previous")["n_accounts"].transform("sum")
    table.insert(3, "account_share", table["n_accounts"] / left)
    rank = {stage: i for i, stage in enumerate([NOT_YET, *ORDER])}
    return table.sort_values(["stage_previous", "stage"], key=lambda codes: codes.map(rank),
                             ignore_index=True)


def find_fallen(stages: pd.DataFrame, *, pairs: pd.DataFrame) -> pd.DataFrame:
    """List accounts that are in decline now and were not at the previous period's end.

    Returns one row an account, the largest sales first: ``account_id``, ``stage_previous``,
    ``slope_rate`` with its interval (a month, of the account's mean month), ``sales_cv``,
    ``net_amount_window``, ``net_amount_previous``, ``stage_action``.
    """
    evidence = stages[["account_id", "slope_rate", "slope_rate_ci_low", "slope_rate_ci_high",
                       "sales_cv", "stage_action"]]
    fallen = pairs[(pairs["stage"] == "decline") & (pairs["stage_previous"] != "decline")]
    columns = ["account_id", "stage_previous", "slope_rate", "slope_rate_ci_low",
               "slope_rate_ci_high", "sales_cv", "net_amount_window", "net_amount_previous",
               "stage_action"]
    return fallen.merge(evidence, on="account_id").sort_values(
        ["net_amount_window", "account_id"], ascending=[False, True], ignore_index=True)[columns]
