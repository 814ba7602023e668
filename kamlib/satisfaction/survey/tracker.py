"""The survey while it runs: what was sent, chased and heard by month, and whom to chase now."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

COVERAGE_COLUMNS = ["month", "n_sent", "n_reminded", "n_returned", "n_valid", "n_roles_heard",
                    "n_accounts_heard", "frame_account_share", "frame_revenue_share"]
CHASE_COLUMNS = ["account_id", "owner_id", "reference_amount", "cumulative_share", "n_sent",
                 "n_reminded", "last_asked_date", "silence"]


def track_coverage(hearing: pd.DataFrame, questionnaires: pd.DataFrame, answers: pd.DataFrame, *,
                   invitations: pd.DataFrame | None = None) -> pd.DataFrame:
    """What had been sent, chased and heard by the end of each month.

    hearing: from `build_hearing`; questionnaires: of the scored wave; answers, invitations: the
    wave's rows of survey_answers (for the dates) and of survey_invitations, or None.
    Returns one row a month, sorted: month (first day), then sums up to its end: n_sent, n_reminded,
    n_returned (invitations; gaps without a list), n_valid (questionnaires), n_roles_heard (kinds of
    person with a return), n_accounts_heard (with a valid answer), frame_account_share and
    frame_revenue_share (0-1: heard, of the frame).
    Source: catalogue SAT-04 (the year's end must find 80 % of the volume covered).
    """
    valid = questionnaires.loc[questionnaires["is_valid"], "questionnaire_id"]
    dated = answers[answers["questionnaire_id"].isin(valid)]
    day = pd.to_datetime(dated["answered_date"])
    papers = day.groupby(dated["questionnaire_id"]).min()
    first = day.groupby(dated["account_id"]).min()
    frame = hearing[hearing["in_survey_frame"].astype("bool")].set_index("account_id")
    amounts = frame["reference_amount"]
    in_frame = first[first.index.isin(frame.index)]
    events = {"n_valid": _by_month(papers), "n_accounts_heard": _by_month(first),
              "frame_account_share": _by_month(in_frame) / max(1, len(frame)),
              "frame_revenue_share": amounts.reindex(in_frame.index).groupby(
                  _month(in_frame)).sum() / (amounts.sum() or np.nan)}
    if invitations is not None:
        role = invitations.get("contact_role", pd.Series(pd.NA, index=invitations.index))
        back = pd.to_datetime(invitations["returned_date"])
        events |= {name: _by_month(pd.to_datetime(invitations[column])) for name, column in (
            ("n_sent", "sent_date"), ("n_reminded", "reminded_date"),
            ("n_returned", "returned_date"))}
        events["n_roles_heard"] = _by_month(back.groupby(role).min())
    table = pd.DataFrame(events).fillna(0).sort_index().cumsum()
    table = table.rename_axis("month").reset_index().reindex(columns=COVERAGE_COLUMNS)
    if frame.empty:
        table[["frame_account_share", "frame_revenue_share"]] = np.nan
    counts = [c for c in COVERAGE_COLUMNS if c.startswith("n_")]
    return table.astype(dict.fromkeys(counts, "Int64")
                        | dict.fromkeys(COVERAGE_COLUMNS[-2:], "float64"))


def list_chase(hearing: pd.DataFrame, *, invitations: pd.DataFrame | None,
               owners: Mapping[str, str]) -> pd.DataFrame:
    """Accounts of the frame without a valid answer: whom to ask, or to ask again.

    hearing, invitations: as in `track_coverage`; owners: owner of each account.
    Returns one row an account, largest sales first: account_id, owner_id, reference_amount (money
    of the reference window), cumulative_share (0-1), n_sent, n_reminded, last_asked_date (invited
    or chased), silence (not_asked, no_answer, too_many_gaps; unknown without invitations).
    Source: catalogue SAT-04 (answers are chased by phone).
    """
    table = hearing[hearing["in_survey_frame"].astype("bool")
                    & ~hearing["is_heard"].astype("bool")].copy()
    table["owner_id"] = table["account_id"].map(lambda a: owners.get(a, "")).astype("str")
    last = pd.Series(dtype="datetime64[ns]")
    if invitations is not None:
        asked = pd.to_datetime(invitations["reminded_date"]).fillna(
            pd.to_datetime(invitations["sent_date"]))
        last = asked.groupby(invitations["account_id"]).max()
    table["last_asked_date"] = last.reindex(table["account_id"]).to_numpy("datetime64[ns]")
    n_sent, n_back = table["n_sent"], table["n_returned"].fillna(0)
    table["silence"] = np.select([n_sent.isna(), n_sent.fillna(0) == 0, n_back > 0],
                                 ["unknown", "not_asked", "too_many_gaps"], "no_answer")
    return table[CHASE_COLUMNS].reset_index(drop=True)


def _month(dates: pd.Series) -> pd.Series:
    months: pd.Series = dates.dt.to_period("M").dt.to_timestamp()
    return months


def _by_month(dates: pd.Series) -> pd.Series:
    return _month(dates.dropna()).value_counts().sort_index()
