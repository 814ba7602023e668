"""Where the account stands: tier with its probability, stage, and when its next order is due."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.models.rhythm import fit_rhythm, gap_quantile_days, silence_probability
from kamlib.review.account import Account
from kamlib.review.rules import ReviewRules

PROBABILITIES = ("core_probability", "important_probability", "general_probability")
STANDING_COLUMNS = ["tier", *PROBABILITIES, "rank", "stage", "stage_reason", "last_sale_date",
                    "expected_by_date", "late_after_date", "is_late", "silence_probability",
                    "account_index", "previous_index"]
NEXT_COLUMNS = ["account_id", "last_sale_date", "expected_by_date", "late_after_date", "is_late",
                "silence_probability"]


def expect_orders(facts: pd.DataFrame, *, rules: ReviewRules) -> pd.DataFrame:
    """When the next order of each active account is expected, by the rhythm of its own gaps.

    facts: account_facts, one row an account. The gaps of all accounts tell how regular gaps are
    (`fit_rhythm`); each account's own shift it. Returns one row an active account that bought on
    two days or more, sorted: last_sale_date, expected_by_date (half of its gaps end by then),
    late_after_date (all but rules.late_probability do), is_late, silence_probability (of a gap
    longer than the present silence, 0-1). None where too few accounts buy again to know.
    """
    active = facts[facts["is_active_closing"].astype(bool) & facts["first_sale_date"].notna()]
    gaps = facts[facts["first_sale_date"].notna()].rename(
        columns={"n_repeat_days": "n_gaps", "first_to_last_days": "gap_sum_days"})
    fitted = fit_rhythm(gaps)
    own = gaps.loc[active.index]
    own = own[own["n_gaps"] > 0]
    if fitted.verdict == "refused" or own.empty:
        return pd.DataFrame(columns=NEXT_COLUMNS)
    usual = gap_quantile_days(fitted, own, 0.5)
    late = gap_quantile_days(fitted, own, 1 - rules.late_probability)
    silence = own["days_since_last_sale"].astype("float64")
    table = own[["account_id", "last_sale_date"]].assign(
        expected_by_date=_after(own, usual.round()), late_after_date=_after(own, late // 1),
        is_late=silence > late // 1,
        silence_probability=silence_probability(fitted, own, silence))
    return table.sort_values("account_id", ignore_index=True)[NEXT_COLUMNS]


def _after(own: pd.DataFrame, days: pd.Series) -> pd.Series:
    return (own["last_sale_date"] + pd.to_timedelta(days, unit="D")).astype("datetime64[s]")


def build_standing(account: Account, *, tiers: pd.DataFrame, ranks: pd.DataFrame,
                   stages: pd.DataFrame, expected: pd.DataFrame, survey: pd.DataFrame
                   ) -> pd.DataFrame:
    """The account's rows of what other rooms found, side by side in one row.

    tiers: account_id, tier; ranks: from segmentation (probabilities of a tier, rank); stages: from
    lifecycle (stage and its reason); expected: from `expect_orders`; survey: account_id,
    account_index and previous_index. A table without the account leaves gaps.
    Refused for an account that never bought.
    """
    account.require_orders()
    row: dict[str, Any] = dict.fromkeys(STANDING_COLUMNS)
    row["last_sale_date"] = account.facts.get("last_sale_date")
    for table in (tiers, ranks, stages, expected, survey):
        own = table[table["account_id"] == account.account_id] if len(table) else table
        if len(own):
            found = own.iloc[0].to_dict()
            row |= {c: found[c] for c in STANDING_COLUMNS if c in found and row[c] is None}
    if row["tier"] is None:
        raise RefusedError(_("The account is in no table of tiers, so where it stands is not "
                             "known."))
    frame = pd.DataFrame([row], columns=STANDING_COLUMNS)
    dates = ["last_sale_date", "expected_by_date", "late_after_date"]
    frame[dates] = frame[dates].apply(pd.to_datetime).astype("datetime64[s]")
    return frame.astype({**dict.fromkeys((*PROBABILITIES, "silence_probability", "account_index",
                                          "previous_index"), "float64"), "rank": "Int64",
                         "is_late": "boolean"})
