"""The list of accounts to call: with owner, money at stake, signs and probability."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.warning.features import KEYS
from kamlib.warning.forecast import NOW_COLUMNS
from kamlib.warning.rules import WarningRules
from kamlib.warning.wording import describe_reasons, describe_signs

WATCH_COLUMNS = [
    "account_id", "owner_id", "net_amount_window", "n_flags", "flag_weight", "is_warned",
    "signs_shown", "flag_action", "judgement", *NOW_COLUMNS[1:], "model_reasons",
    "probability_rank", "risk_amount", "listed_by", "days_since_last_sale", "gap_mean_days",
    "sales_change_rate"]
# What to do about an account that only the model names.
ASK = "call_and_ask"


def watch_accounts(flagged: pd.DataFrame, flags: pd.DataFrame, outcome: pd.DataFrame, *,
                   now: pd.DataFrame, reasons: pd.DataFrame, accounts: pd.DataFrame | None,
                   rules: WarningRules) -> pd.DataFrame:
    """Put together what is known of every account that is active at the last cut.

    flagged, flags: of `add_flags` and `find_flags`; outcome: of `mark_outcome`; now, reasons: of
    `forecast_now`, without rows where no model was fitted; accounts: with owner_id, or None.
    Returns one row an account, those to call first and most sales first: owner_id ("" if none),
    net_amount_window (money at stake), n_flags, flag_weight, is_warned, signs_shown (in words),
    flag_action (what to do about its first sign), judgement, leave_probability with interval (NA:
    cannot be judged, or no model), model_reasons (in words), probability_rank (1 the highest),
    risk_amount (money at stake x probability), listed_by (signs_and_model; signs; model: among the
    n_called highest probabilities; "": nobody to call), and the silence and change of sales.
    """
    last = flagged["cut_date"].max()
    table = flagged[flagged["cut_date"] == last].merge(
        outcome[[*KEYS, "judgement"]], on=KEYS, how="left").merge(now, on="account_id", how="left")
    latest = flags[flags["cut_date"] == last]
    shown = describe_signs(latest).droplevel(0) if len(latest) else pd.Series(dtype="str")
    first = latest.drop_duplicates("account_id").set_index("account_id")["flag_action"]
    for name, words in (("signs_shown", shown), ("flag_action", first),
                        ("model_reasons", describe_reasons(reasons))):
        table[name] = _look_up(table["account_id"], words)
    owners = pd.Series(dtype="str") if accounts is None else \
        accounts.set_index("account_id")["owner_id"]
    table["owner_id"] = _look_up(table["account_id"], owners)
    table = _rank(table, rules)
    table.loc[table["listed_by"] == "model", "flag_action"] = table["flag_action"].where(
        table["flag_action"] != "", ASK)
    table["is_listed"] = table["listed_by"] != ""
    table = table.sort_values(["is_listed", "net_amount_window", "account_id"],
                              ascending=[False, False, True], ignore_index=True)
    return table[WATCH_COLUMNS]


def list_calls(watch: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts that somebody should call, most money at stake first."""
    return watch[watch["listed_by"] != ""].reset_index(drop=True)


def _look_up(keys: pd.Series, words: pd.Series) -> pd.Series:
    """Words of each key, "" where there are none."""
    known = words.dropna().to_dict()
    return pd.Series([known.get(key, "") for key in keys], index=keys.index, dtype="str")


def _rank(table: pd.DataFrame, rules: WarningRules) -> pd.DataFrame:
    p = table["leave_probability"].astype("float64")
    # Of equal probabilities the account with more sales is called first.
    order = table.assign(p=p).sort_values(["p", "net_amount_window", "account_id"],
                                          ascending=[False, False, True]).index
    rank = pd.Series(np.arange(1, len(table) + 1), index=order).reindex(table.index)
    rank = rank.astype("Int64").where(p.notna())
    is_likely = (rank <= rules.n_called).fillna(False).astype(bool)
    is_warned = table["is_warned"]
    listed = np.select([is_warned & is_likely, is_warned, is_likely],
                       ["signs_and_model", "signs", "model"], default="")
    return table.assign(
        leave_probability=p, probability_rank=rank, listed_by=pd.Series(listed, dtype="str"),
        risk_amount=(table["net_amount_window"].clip(lower=0) * p).round(4))
