"""The four stages of an account's life, each with the rule that fired and its evidence."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kamlib.lifecycle.evidence import EVIDENCE, measure_accounts
from kamlib.lifecycle.history import build_history, remove_season
from kamlib.lifecycle.rules import LifecycleRules
from kamlib.models.rhythm import fit_rhythm

# Mean length of a month in the Gregorian calendar, in days: 146097 days in 4800 months.
DAYS_A_MONTH = 146097 / 4800
STAGES = ("exploration", "formation", "stability", "decline", "undetermined")
INACTIVE = "inactive"
# The order in which a reader needs them.
URGENCY = ("decline", "undetermined", "formation", "exploration", "stability", INACTIVE)
ACTIONS = {"exploration": "cultivate", "formation": "grow", "stability": "keep",
           "decline": "win_back", "undetermined": "watch", INACTIVE: "ask_back"}
Choice = tuple[np.ndarray, str, str]  # where the rule holds, the stage, the reason
COLUMNS = ["account_id", "stage", "stage_reason", "stage_action", "tenure_months",
           "n_purchase_days", *EVIDENCE, "net_amount_window", "margin_share_window"]


def stage_accounts(months: pd.DataFrame, facts: pd.DataFrame, *, as_of: date,
                   rules: LifecycleRules) -> pd.DataFrame:
    """Give each account that ever bought its lifecycle stage (LIF-01).

    months: account_months, one row account x month x line_kind; facts: account_facts as of
    `as_of`, one row an account.
    Returns one row an account with a sale up to `as_of`, those in decline first and the largest
    sales first within a stage: ``account_id``, ``stage``
    (exploration, formation, stability, decline, undetermined; ``inactive`` is no stage: no sale
    in the activity window), ``stage_reason`` (the rule that fired), ``stage_action``,
    ``tenure_months`` (NA when the start is unknown), ``n_purchase_days``, the evidence of
    `measure_accounts` (NA where it was not asked), ``net_amount_window`` (12 months to `as_of`),
    ``margin_share_window`` (of the sales whose cost is known, 0..1, NA without any).
    The trends of all active accounts with enough months are one family of tests: of those called
    proven at most ``false_discovery_share`` are expected to be false.
    """
    table = facts[facts["first_sale_date"].notna()].sort_values("account_id", ignore_index=True)
    days = table["tenure_days"].where(table["is_start_known"])
    table["tenure_months"] = days.astype("Float64") / DAYS_A_MONTH
    known_amount = table["margin_known_amount_window"].where(lambda amount: amount != 0)
    table["margin_share_window"] = table["margin_amount_window"] / known_amount
    early = _early_choices(table, rules)
    asked = ~np.logical_or.reduce([hit for hit, _, _ in early])
    history = remove_season(build_history(months, as_of=as_of), rules=rules)
    gap_cv = measure_rhythm(table).set_axis(table["account_id"])
    evidence = measure_accounts(history, accounts=table.loc[asked, "account_id"], rules=rules,
                                gap_cv=gap_cv)
    table = table.merge(evidence, on="account_id", how="left")
    choices = [*early, *_evidence_choices(table, rules)]
    hits, stages, reasons = (list(column) for column in zip(*choices, strict=True))
    table["stage"] = pd.Series(np.select(hits, stages, default="undetermined"), dtype="str")
    table["stage_reason"] = pd.Series(np.select(hits, reasons, default="swinging_old"), dtype="str")
    table["stage_action"] = _act(table)
    rank = table["stage"].map({stage: place for place, stage in enumerate(URGENCY)})
    return table.assign(rank=rank).sort_values(
        ["rank", "net_amount_window", "account_id"], ascending=[True, False, True],
        ignore_index=True)[COLUMNS]


def measure_rhythm(table: pd.DataFrame) -> pd.Series:
    """How much the gaps of each account vary by their rhythm alone (deviation / mean).

    table: account_facts, one row an account. As the gaps of all accounts together vary around
    each one's mean, or as its own where that is less: an account that buys in spells has uneven
    gaps for this very reason, and its own would excuse it. NA where the rhythm of all cannot be
    told, or an account has fewer than two gaps.
    """
    fitted = fit_rhythm(table.rename(columns={"n_repeat_days": "n_gaps",
                                              "first_to_last_days": "gap_sum_days"}))
    if fitted.verdict == "refused":
        return pd.Series(float("nan"), index=table.index)
    own = (table["gap_sd_days"] / table["gap_mean_days"]).astype("float64")
    return own.clip(upper=float(fitted.require()[0]) ** -0.5)


def _early_choices(table: pd.DataFrame, rules: LifecycleRules) -> list[Choice]:
    """Rules that need no months; their accounts stay out of the family of tests."""
    known = _flags(table["is_start_known"])
    few = _flags(table["n_purchase_days"] < rules.exploration_purchase_days)
    return [
        (~_flags(table["is_active_closing"]), INACTIVE, "silent"),
        (~known & ~_is_known_long(table, rules), "undetermined", "unknown_start"),
        (known & _flags(table["tenure_months"] < rules.exploration_months), "exploration", "young"),
        (known & few, "exploration", "few_purchases"),
    ]


def _is_known_long(table: pd.DataFrame, rules: LifecycleRules) -> np.ndarray:
    """Whether an account is past its formation whenever it began: it has been seen for so long."""
    least = {"known_life": float(rules.formation_months), "undetermined": float("inf"),
             "judged": 0.0}[rules.unknown_start]
    return _flags(table["first_to_as_of_days"].astype("float64") / DAYS_A_MONTH >= least)


def _evidence_choices(table: pd.DataFrame, rules: LifecycleRules) -> list[Choice]:
    proven = _flags(table["slope_q_value"] <= rules.false_discovery_share)
    rising = _flags(table["slope_rate"] > 0)
    variation = {"beyond_rhythm": "demand_cv", "all": "sales_cv"}[rules.variation_basis]
    steady = _flags(table[variation] <= rules.stable_cv)
    low = _flags(table["level_share"] < rules.stable_level_share)
    return [
        (_flags(table["slope_rate"].isna()), "undetermined", "short_history"),
        (proven & ~rising, "decline", "falling"),
        (proven & rising, "formation", "rising"),
        (steady & low, "undetermined", "low_level"),
        (steady, "stability", "level"),
        (_flags(table["tenure_months"] < rules.formation_months), "formation", "swinging_young"),
    ]


def _flags(hits: pd.Series) -> np.ndarray:
    """What is unknown does not hold."""
    return hits.astype("boolean").fillna(False).to_numpy(dtype=bool)


def _act(table: pd.DataFrame) -> pd.Series:
    """LIF-02: a relation that shrinks and earns nothing is not won back on the same terms."""
    action = table["stage"].map(ACTIONS)
    worthless = (table["stage"] == "decline") & (table["margin_share_window"] <= 0).fillna(False)
    return action.mask(worthless, "new_terms_or_end").astype("str")
