"""Whom the survey has to hear: the largest accounts up to a share of the volume."""

from __future__ import annotations

import pandas as pd

from kamlib.measures import NET_KINDS

FRAME_COLUMNS = ["account_id", "reference_amount", "cumulative_share", "in_survey_frame"]


def build_frame(volumes: pd.Series, *, share: float) -> pd.DataFrame:
    """The survey frame: the shortest list of largest accounts that reaches a share of the volume.

    volumes: net amount of each account over the reference window (index account_id).
    Returns one row an account, largest first: account_id, reference_amount (money),
    cumulative_share (0-1 of all positive volume, up to this account), in_survey_frame. The account
    that crosses the line is in, and so is every account of equal volume. Accounts without positive
    volume are never in. It is a list of everybody above a line, not a sample: nothing follows for
    the accounts outside it.
    Source: catalogue SAT-03.

    >>> frame = build_frame(pd.Series({"a": 50.0, "b": 30.0, "c": 20.0}), share=0.8)
    >>> list(frame.loc[frame["in_survey_frame"], "account_id"])
    ['a', 'b']
    """
    amounts = volumes.astype("float64").fillna(0)
    table = pd.DataFrame({"account_id": amounts.index.astype("str"),
                          "reference_amount": amounts.to_numpy()})
    table = table.sort_values(["reference_amount", "account_id"], ascending=[False, True],
                              ignore_index=True)
    positive = table["reference_amount"].clip(lower=0)
    total = positive.sum()
    table["cumulative_share"] = positive.cumsum() / total if total > 0 else float("nan")
    # Sums of doubles may fall a hair short of a share that they reach exactly.
    reached = table["cumulative_share"] >= share * (1 - 1e-12)
    smallest = table.loc[reached, "reference_amount"].max()
    table["in_survey_frame"] = (positive > 0) & (table["reference_amount"] >= smallest)
    return table


def reference_volumes(wave: pd.Series, *, months: pd.DataFrame, amounts: pd.Series) -> pd.Series:
    """Net amount of each account over the wave's reference window.

    wave: a row of survey_waves; months: account_months; amounts: net amount over the 12 months to
    as_of (index account_id), used when the wave states no window or the history has none of it.
    Returns net amounts (index account_id, every account of `amounts`). A month counts whole when
    the window touches its first day or begins in it.
    """
    start, end = wave.get("reference_from"), wave.get("reference_to")
    if pd.isna(start) or pd.isna(end):
        return amounts
    first = pd.Timestamp(start).to_period("M").to_timestamp()
    inside = months[months["line_kind"].isin(NET_KINDS) & (months["month"] >= first)
                    & (months["month"] <= pd.Timestamp(end))]
    if inside.empty:
        return amounts
    total = inside["amount"].astype("float64").groupby(inside["account_id"]).sum()
    return total.reindex(amounts.index.union(total.index), fill_value=0.0)


def reference_note(wave: pd.Series, *, volumes: pd.Series, amounts: pd.Series,
                   stale_days: int) -> str:
    """Name how the reference window stands: stated, stale, not_stated or outside_history.

    stale: it ends more than stale_days before the wave begins (E6).
    """
    end = wave.get("reference_to")
    if pd.isna(wave.get("reference_from")) or pd.isna(end):
        return "not_stated"
    if volumes is amounts:
        return "outside_history"
    age = pd.Timestamp(wave["start_date"]) - pd.Timestamp(end)
    return "stale" if age.days > stale_days else "stated"
