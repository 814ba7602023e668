"""Who left after a cut: silent for the whole horizon, where that says anything at all."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from kamlib.stats.intervals import add_proportion
from kamlib.warning.features import KEYS
from kamlib.warning.rules import WarningRules

OUTCOME_COLUMNS = [*KEYS, "judgement", "is_judged", "is_left", "is_back"]
COUNT_COLUMNS = [
    "cut_date", "n_active_accounts", "n_rhythm_unknown", "n_too_slow", "n_judged", "n_left",
    "left_share", "left_share_ci_low", "left_share_ci_high", "left_amount", "n_followed", "n_back",
    "back_share", "back_share_ci_low", "back_share_ci_high"]


def mark_outcome(features: pd.DataFrame, past: pd.DataFrame, *, horizon_days: int,
                 rules: WarningRules) -> pd.DataFrame:
    """Say of every account active on a cut whether it left within the horizon after it.

    features: result of `build_features`; past: past_facts, whose next cut holds what came next.
    Returns one row a cut and account in the order of features: cut_date, account_id,
    ``judgement`` (judged; rhythm_unknown: fewer gaps than rules.known_gaps; too_slow: its mean gap
    is longer than the horizon, so silence says nothing), ``is_judged``, ``is_left`` (no purchase
    day in the horizon; NA at the last cut, whose future is not known), ``is_back`` (left and
    bought again later, as far as the data reaches; NA where it did not leave, or where no later
    cut follows the horizon).
    """
    cuts = sorted(past["cut_date"].unique())
    following = dict(pairwise(cuts))
    bought = past[[*KEYS, "n_purchase_days_period", "last_sale_date"]]
    table = features[[*KEYS, "gap_mean_days", "n_gaps"]].copy()
    table["next"] = table["cut_date"].map(following).astype(table["cut_date"].dtype)
    after = bought.rename(columns={"cut_date": "next", "n_purchase_days_period": "n_next"})
    table = table.merge(after[["next", "account_id", "n_next"]], on=["next", "account_id"],
                        how="left")
    is_known = table["next"].notna()
    table["is_left"] = (table["n_next"] == 0).astype("boolean").where(is_known)
    last_of = bought.groupby("account_id", sort=True)["last_sale_date"].max()
    has_later = is_known & (table["next"] < (cuts[-1] if cuts else pd.NaT))
    came = table["account_id"].map(last_of) > table["next"]
    table["is_back"] = came.astype("boolean").where(has_later & table["is_left"].fillna(False))
    table["judgement"] = "judged"
    table.loc[table["gap_mean_days"] > horizon_days, "judgement"] = "too_slow"
    unknown = (table["n_gaps"] < rules.known_gaps) | table["gap_mean_days"].isna()
    table.loc[unknown, "judgement"] = "rhythm_unknown"
    table["judgement"] = table["judgement"].astype("str")
    table["is_judged"] = table["judgement"] == "judged"
    return table[OUTCOME_COLUMNS]


def count_outcomes(outcome: pd.DataFrame, features: pd.DataFrame, *,
                   rules: WarningRules) -> pd.DataFrame:
    """Count who was there on each cut, who of the judged left, and who of those came back.

    outcome: result of `mark_outcome`; features: in the same order, for the money.
    Returns one row a cut whose future is known, sorted: n_active_accounts, n_rhythm_unknown,
    n_too_slow, n_judged, n_left and left_share of the judged, left_amount (their sales in the
    window before the cut), n_followed (of those who left, how many could come back since), n_back
    and back_share. Intervals: Wilson's, as if accounts of one cut were drawn from many.
    """
    known = outcome["is_left"].notna()
    rows = outcome[known].assign(amount=features.loc[known, "net_amount_window"])
    left = rows["is_judged"] & rows["is_left"].astype(bool)
    table = rows.assign(
        n_rhythm_unknown=rows["judgement"] == "rhythm_unknown",
        n_too_slow=rows["judgement"] == "too_slow", n_judged=rows["is_judged"], n_left=left,
        left_amount=rows["amount"].where(left, 0.0).astype("float64"),
        n_followed=left & rows["is_back"].notna(),
        n_back=left & rows["is_back"].fillna(False).astype(bool)).groupby("cut_date", sort=True)
    sums = table[["n_rhythm_unknown", "n_too_slow", "n_judged", "n_left", "left_amount",
                  "n_followed", "n_back"]].sum().reset_index()
    sums.insert(1, "n_active_accounts", table.size().to_numpy())
    for successes, n, name in (("n_left", "n_judged", "left_share"),
                               ("n_back", "n_followed", "back_share")):
        sums = add_proportion(sums, successes=successes, n=n, name=name,
                              level=rules.confidence_level)
    return sums[COUNT_COLUMNS]
