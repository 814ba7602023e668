"""How long relationships last: the share that is still alive so long after its start."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.lifecycle.rules import LifecycleRules
from kamlib.period import DAYS_A_YEAR
from kamlib.stats.survival import SurvivalCurve, survival_curve

ALL = "all"
CURVE_COLUMNS = ["group", "time_days", "n_at_risk", "n_lost", "survival_share",
                 "survival_share_ci_low", "survival_share_ci_high"]
KEPT_COLUMNS = ["group", "time_years", "n_at_risk", "n_lost", "survival_share",
                "survival_share_ci_low", "survival_share_ci_high"]
SUMMARY_COLUMNS = ["group", "n_accounts", "n_late_entry", "n_lost", "median_life_years",
                   "median_life_years_ci_low", "median_life_years_ci_high"]


class LeftOut(NamedTuple):
    """How many accounts are on no curve; see `follow_lives`."""

    n_unknown_start: int
    n_lapsed_before: int
    n_not_watched: int


@dataclass(frozen=True, repr=False)
class Survival:
    """How long relationships last, and who could not be followed.

    curve: one row a group and day of its life on which an account was lost; kept: one row a group
    and year of life; summary: one row a group; the group is ``all``, or the year in which the
    relationship began. window_days: the silence that ends a life; n_unknown_start,
    n_lapsed_before, n_not_watched: accounts left out, see `follow_lives`; reason: why there is no
    curve, "" when there is one.
    """

    curve: pd.DataFrame
    kept: pd.DataFrame
    summary: pd.DataFrame
    window_days: int
    n_unknown_start: int
    n_lapsed_before: int
    n_not_watched: int
    reason: str = ""

    @property
    def n_excluded(self) -> int:
        """Accounts that bought and are not on the curve."""
        return self.n_unknown_start + self.n_lapsed_before + self.n_not_watched

    def __repr__(self) -> str:
        return f"Survival({len(self.summary)} groups, {self.n_excluded} accounts left out)"

    def to_frame(self) -> pd.DataFrame:
        """Return the curve."""
        return self.curve


def build_survival(facts: pd.DataFrame, *, as_of: date, history_from: date, window_days: int,
                   rules: LifecycleRules) -> Survival:
    """Estimate how long relationships last, over all and by the year of their start.

    facts: account_facts at `as_of`, one row an account; window_days: the activity window W after
    whose silence an account is lost (rule measures.active_window_days).
    A life begins with ``start_date`` and ends with ``lapse_date``: W days after the last order
    before the first silence of W days, since nobody knows of it sooner. So nobody is lost within
    W days of a start. Accounts that still buy, or came back later, end as far as is known.
    The curve stops where fewer than ``survival_min_at_risk`` are followed; a group with fewer
    losses than ``survival_min_events`` has none. Refused with its reason in `Survival.reason`.
    """
    lives, left_out = follow_lives(facts, as_of=as_of, history_from=history_from,
                                   window_days=window_days)
    try:
        whole = _estimate(lives, rules)
    except RefusedError as error:
        curve, kept, summary = (pd.DataFrame(columns=columns) for columns in (
            CURVE_COLUMNS, KEPT_COLUMNS, SUMMARY_COLUMNS))
        return Survival(curve, kept, summary, window_days, *left_out, reason=str(error))
    parts = [_describe(ALL, lives, whole, rules)]
    # Who began before the known history began in many years, each seen in part only.
    own = lives[lives["entry_days"] == 0]
    for year, part in own.groupby(own["start_date"].dt.year, sort=True):
        if len(part) < len(lives):  # one year that holds everybody says nothing new
            with suppress(RefusedError):
                parts.append(_describe(str(year), part, _estimate(part, rules), rules))
    curves, kept, summaries = (pd.concat(tables, ignore_index=True)
                               for tables in zip(*parts, strict=True))
    return Survival(curves, kept, summaries, window_days, *left_out)


def follow_lives(facts: pd.DataFrame, *, as_of: date, history_from: date,
                 window_days: int) -> tuple[pd.DataFrame, LeftOut]:
    """Say of each account from when to when its life was watched, and whether it ended.

    Returns a table, one row a watched account, sorted: ``account_id``, ``start_date``,
    ``entry_days`` and ``life_days`` (since the start: watched after the one, until the other),
    ``is_lost``; and how many were left out: n_unknown_start; n_lapsed_before (began before the
    known history and silent for W days before it was seen to buy: its first loss is not dated);
    n_not_watched (nothing of its life lies in the days that are watched).

    Notes
    -----
    Whoever began before the known history is here because it lasted (left truncation). It enters
    not when the history begins but W days later: until then no loss of such an account can be
    dated, and of those that were silent throughout nothing is seen at all. Watching from the
    beginning of the history would count W days in which nobody can be lost.
    """
    bought = facts[facts["first_sale_date"].notna()].sort_values("account_id", ignore_index=True)
    known = bought[bought["is_start_known"].astype(bool)]
    window = pd.Timedelta(days=window_days)
    watched_from = pd.Timestamp(history_from) + window
    start, first = known["start_date"], known["first_sale_date"]
    is_before = start < pd.Timestamp(history_from)
    end = known["lapse_date"].fillna(pd.Timestamp(as_of))
    enters = first.where(~is_before, watched_from)
    lives = pd.DataFrame({
        "account_id": known["account_id"], "start_date": start,
        "entry_days": (enters - start).dt.days, "life_days": (end - start).dt.days,
        "is_lost": known["lapse_date"].notna()})
    lapsed = is_before & (first >= watched_from)
    seen = (lives["life_days"] > lives["entry_days"]) & ~lapsed
    left_out = LeftOut(len(bought) - len(known), int(lapsed.sum()), int((~seen & ~lapsed).sum()))
    return lives[seen].reset_index(drop=True), left_out


def _estimate(lives: pd.DataFrame, rules: LifecycleRules) -> SurvivalCurve:
    n_lost = int(lives["is_lost"].sum())
    if n_lost < rules.survival_min_events:
        raise RefusedError(_(
            "{lost} of {n} accounts whose start is known were lost while they were watched; a "
            "curve of how long relationships last needs {needed} losses. A longer history would "
            "lift this.", lost=fmt_count(n_lost), n=fmt_count(len(lives)),
            needed=fmt_count(rules.survival_min_events)))
    # An entry on the day of the start is at risk from the start on.
    curve = survival_curve(lives["life_days"], lives["is_lost"], level=rules.confidence_level,
                           entries=np.where(lives["entry_days"] > 0, lives["entry_days"], -1))
    first = curve.table.iloc[0]
    if first["n_at_risk"] < rules.survival_min_at_risk:
        raise RefusedError(_(
            "Only {n} accounts were watched when the first was lost, {days} days after its start; "
            "a curve needs {needed} there, or its first step decides on all of it. A history that "
            "holds the start of more accounts would lift this.", n=fmt_count(first["n_at_risk"]),
            days=fmt_count(first["time"]), needed=fmt_count(rules.survival_min_at_risk)))
    return curve


def _describe(group: str, lives: pd.DataFrame, curve: SurvivalCurve, rules: LifecycleRules
              ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Make the curve, the share kept after whole years, and the summary of one group."""
    table = curve.table.rename(columns={"time": "time_days", "n_events": "n_lost"})
    thin = table.loc[table["n_at_risk"] < rules.survival_min_at_risk, "time_days"].min()
    stops = lives["life_days"].max() if pd.isna(thin) else thin
    table = table[~(table["time_days"] >= thin)]
    years = np.arange(1, int(stops / DAYS_A_YEAR) + 1)
    years = years[curve.count_at_risk(years * DAYS_A_YEAR) >= rules.survival_min_at_risk]
    kept = curve.at(years * DAYS_A_YEAR).rename(columns={"n_events": "n_lost"})
    kept = kept.assign(time_years=years).drop(columns="time")
    median, low, high = (
        x / DAYS_A_YEAR if x <= table["time_days"].max() else float("nan") for x in (
        curve.median, curve.median_ci_low, curve.median_ci_high))
    summary = pd.DataFrame([[group, len(lives), int((lives["entry_days"] > 0).sum()),
                             int(lives["is_lost"].sum()), median, low, high]],
                           columns=SUMMARY_COLUMNS)
    return (table.assign(group=group)[CURVE_COLUMNS], kept.assign(group=group)[KEPT_COLUMNS],
            summary)
