"""Who answered: questionnaires, accounts and, above all, revenue heard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.satisfaction.survey.frame import FRAME_COLUMNS
from kamlib.stats.intervals import wilson_interval

HEARING_COLUMNS = [*FRAME_COLUMNS, "n_sent", "n_reminded", "n_returned", "n_valid", "n_roles_heard",
                   "is_heard", "account_index", "is_satisfied"]
RESPONSE_COLUMNS = ["measure", "n", "n_of", "response_share", "response_share_ci_low",
                    "response_share_ci_high", "heard_amount", "of_amount"]


def build_hearing(frame: pd.DataFrame, *, invitations: pd.DataFrame | None,
                  questionnaires: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """The frame with what came back from each account.

    frame: from `build_frame`; invitations: the wave's rows of survey_invitations, or None;
    questionnaires: of the scored wave; accounts: from `score_accounts`.
    Returns one row an account, in the frame's order and then accounts outside it that were invited
    or answered: the frame's columns, n_sent, n_reminded, n_returned (gap without invitations),
    n_valid (questionnaires), n_roles_heard (kinds of person with a return), is_heard (at least one
    valid questionnaire), account_index and is_satisfied (gap when not heard).
    Source: catalogue SAT-04.
    """
    table = frame.merge(_count_invitations(invitations), on="account_id", how="outer")
    valid = questionnaires[questionnaires["is_valid"]].groupby("account_id").size()
    table = table.merge(accounts[["account_id", "account_index", "is_satisfied"]],
                        on="account_id", how="outer")
    table["n_valid"] = table["account_id"].map(valid).fillna(0).astype("Int64")
    table["is_heard"] = table["n_valid"] > 0
    table["reference_amount"] = table["reference_amount"].fillna(0.0)
    table["in_survey_frame"] = table["in_survey_frame"].astype("boolean").fillna(False).astype(bool)
    table["is_satisfied"] = table["is_satisfied"].astype("boolean")
    counts = ["n_sent", "n_reminded", "n_returned", "n_roles_heard"]
    if invitations is not None:
        table[counts] = table[counts].fillna(0)
    table = table.astype(dict.fromkeys(counts, "Int64") | {"is_heard": "bool"})
    return table.sort_values(["reference_amount", "account_id"], ascending=[False, True],
                             ignore_index=True)[HEARING_COLUMNS]


def summarise_response(hearing: pd.DataFrame, *, questionnaires: pd.DataFrame,
                       level: float) -> pd.DataFrame:
    """Response by questionnaire, by account and by revenue.

    hearing: from `build_hearing`; questionnaires: of the scored wave (is_valid).
    Returns one row a measure: measure (questionnaires_returned: of those sent;
    questionnaires_valid: of those that came back; accounts_heard: of accounts invited;
    frame_heard: of accounts in the frame; frame_revenue and all_revenue: heard), n and n_of
    (counts), response_share with a Wilson interval (revenue has none), heard_amount and of_amount
    (money of the reference window).
    Source: catalogue SAT-04, SAT-08; Wilson (1927).
    """
    frame = hearing[hearing["in_survey_frame"]]
    invited = hearing[hearing["n_sent"].fillna(0) > 0]
    n_sent = int(invited["n_sent"].sum())
    n_returned, n_valid = int(invited["n_returned"].sum()), int(questionnaires["is_valid"].sum())
    rows = [_count_row("questionnaires_returned", n_returned, n_sent, level),
            _count_row("questionnaires_valid", n_valid, len(questionnaires), level),
            _count_row("accounts_heard", int(invited["is_heard"].sum()), len(invited), level),
            _count_row("frame_heard", int(frame["is_heard"].sum()), len(frame), level),
            _money_row("frame_revenue", frame), _money_row("all_revenue", hearing)]
    table = pd.DataFrame(rows, columns=RESPONSE_COLUMNS)
    return table.astype({"n": "Int64", "n_of": "Int64",
                         **dict.fromkeys(RESPONSE_COLUMNS[3:], "float64")})


def _count_invitations(invitations: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["account_id", "n_sent", "n_reminded", "n_returned", "n_roles_heard"]
    if invitations is None or invitations.empty:
        return pd.DataFrame(columns=columns).astype({"account_id": "str"})
    table = invitations.assign(role=invitations.get("contact_role"))
    table["role"] = table["role"].where(table["returned_date"].notna())
    return table.groupby("account_id", sort=True).agg(
        n_sent=("sent_date", "count"), n_reminded=("reminded_date", "count"),
        n_returned=("returned_date", "count"), n_roles_heard=("role", "nunique")).reset_index()


def _count_row(measure: str, n: int, n_of: int, level: float) -> dict[str, Any]:
    if n_of == 0 or n > n_of:
        return {"measure": measure, "n": n, "n_of": n_of or pd.NA}
    low, high = wilson_interval(n, n_of, level=level)
    return {"measure": measure, "n": n, "n_of": n_of, "response_share": n / n_of,
            "response_share_ci_low": low, "response_share_ci_high": high}


def _money_row(measure: str, accounts: pd.DataFrame) -> dict[str, Any]:
    amounts = accounts["reference_amount"].clip(lower=0)
    total, heard = float(amounts.sum()), float(amounts[accounts["is_heard"]].sum())
    return {"measure": measure, "n": int(accounts["is_heard"].sum()), "n_of": len(accounts),
            "response_share": heard / total if total > 0 else np.nan,
            "heard_amount": heard, "of_amount": total}
