"""Accounts whose silence is surprising, given the rhythm in which each of them buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.lifecycle.rules import LifecycleRules
from kamlib.models.result import FittedModel
from kamlib.models.rhythm import chance_share, fit_rhythm, gap_quantile_days, silence_probability

COLUMNS = ["account_id", "last_sale_date", "days_since_last_sale", "n_gaps", "usual_gap_days",
           "expected_by_date", "late_after_date", "overdue_days", "silence_probability",
           "net_amount_window"]
RHYTHM = {"n_repeat_days": "n_gaps", "first_to_last_days": "gap_sum_days"}


@dataclass(frozen=True, repr=False)
class Overdue:
    """Accounts that are overdue, and how many would look so by chance.

    table: one row an overdue account, see `find_overdue`; n_judged: active accounts with gaps
    enough; n_by_chance: how many of these would be as late on this day although they go on buying
    as they did (NaN under the simple rule); reason: why the simple rule was used, "" when it was
    not.
    """

    table: pd.DataFrame
    n_judged: int
    n_by_chance: float
    reason: str = ""

    def __repr__(self) -> str:
        return f"Overdue({len(self.table)} of {self.n_judged}, {self.n_by_chance:.1f} by chance)"

    def to_frame(self) -> pd.DataFrame:
        """Return the overdue accounts."""
        return self.table


def find_overdue(facts: pd.DataFrame, *, rules: LifecycleRules) -> Overdue:
    """List active accounts whose silence their own rhythm makes surprising.

    facts: account_facts, one row an account. The gaps of all accounts tell how regular gaps are
    and how accounts differ (`fit_rhythm`); with its own gaps each account then has a distribution
    of its next one, wider where few are known.
    The table has one row an overdue account, the largest sales first: ``account_id``,
    ``last_sale_date``, ``days_since_last_sale``, ``n_gaps`` (between purchase days),
    ``usual_gap_days`` (its median), ``expected_by_date`` (the last sale and the usual gap),
    ``late_after_date`` (until then an order comes with 95 % by the rules), ``overdue_days`` (since
    then), ``silence_probability`` (of a gap longer than the present silence, 0..1),
    ``net_amount_window``.
    Left out: inactive accounts (they are lost, not late) and those with fewer gaps than
    ``overdue_min_gaps``. Where the rhythm cannot be fitted, ``reason`` says why, and an account is
    overdue beyond the larger of the mean gap and two deviations, and one and a half mean gaps.
    """
    bought = facts[facts["first_sale_date"].notna()].rename(columns=RHYTHM)
    fitted = fit_rhythm(bought)
    is_simple = fitted.verdict == "refused"
    least = rules.overdue_fallback_gaps if is_simple else rules.overdue_min_gaps
    judged = bought[bought["is_active_closing"].astype(bool) & (bought["n_gaps"] >= least)]
    limits = _limit_simply(judged, rules) if is_simple else _limit(judged, fitted, rules)
    table = judged.assign(**limits)
    late = np.floor(table["late_days"])
    table["overdue_days"] = (table["days_since_last_sale"].astype("float64") - late)
    for name, days in (("expected_by_date", np.ceil(table["usual_gap_days"])),
                       ("late_after_date", late)):
        table[name] = (table["last_sale_date"] + pd.to_timedelta(days, unit="D")).astype(
            "datetime64[s]")
    table = table[table["overdue_days"] > 0].sort_values(
        ["net_amount_window", "account_id"], ascending=[False, True], ignore_index=True)
    by_chance = float("nan") if is_simple else float(
        chance_share(fitted, judged, 1 - rules.overdue_probability).sum())
    return Overdue(table.astype({"overdue_days": "Int64"})[COLUMNS], len(judged), by_chance,
                   fitted.reason if is_simple else "")


def _limit(judged: pd.DataFrame, fitted: FittedModel, rules: LifecycleRules
           ) -> dict[str, pd.Series]:
    return {"usual_gap_days": gap_quantile_days(fitted, judged, 0.5),
            "late_days": gap_quantile_days(fitted, judged, 1 - rules.overdue_probability),
            "silence_probability": silence_probability(
                fitted, judged, judged["days_since_last_sale"].astype("float64"))}


def _limit_simply(judged: pd.DataFrame, rules: LifecycleRules) -> dict[str, pd.Series]:
    mean, deviation = (judged[name].astype("float64") for name in ("gap_mean_days", "gap_sd_days"))
    # clip() keeps a missing deviation missing: such an account is not judged by the mean alone.
    allowed = (mean + rules.overdue_deviations * deviation).clip(lower=rules.overdue_factor * mean)
    return {"usual_gap_days": mean, "late_days": allowed,
            "silence_probability": pd.Series(float("nan"), index=judged.index)}
