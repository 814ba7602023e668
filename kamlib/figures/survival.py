"""How long accounts stay: cohorts and the survival of relationships, as charts and readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from kamlib.figures import theme
from kamlib.figures.lifecycle import heat_map
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
)
from kamlib.lifecycle import Lifecycle, Survival
from kamlib.period import DAYS_A_YEAR

ALL = "all"
# Years of which a reading tells the share kept.
TOLD_YEARS = (1, 2, 3, 5, 10)


def plot_cohorts(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Heat map: share of each cohort that buys in the quarters after its first."""
    ax = ax or theme.new_axes(9.5, 4.4)
    table = result.cohorts.table
    known = table[table["active_share"].notna()]
    if known.empty:
        return theme.say_nothing(ax, _("No cohort is large enough. {left_out}",
                              left_out=result.cohorts.describe_exclusions()))
    sizes = table.groupby("cohort", sort=True)["n_accounts"].first()
    shares = table.pivot(index="cohort", columns="n_quarters_since", values="active_share")
    refused = shares.isna().all(axis=1)
    written = [["" if pd.isna(x) else fmt_share(x) for x in line] for line in shares.to_numpy()]
    for place in np.flatnonzero(refused):
        written[place][0] = _("too few")
    heat_map(ax, shares, written)
    ax.set_title(_cohort_title(known))
    ax.set_yticklabels([f"{cohort} (n = {fmt_count(n)})" for cohort, n in sizes.items()],
                       rotation=0)
    ax.set_ylabel(_("first sale in"))
    ax.set_xlabel(_("quarters since the first (share of accounts that bought, %)"))
    return ax


def read_cohorts(result: Lifecycle, *, currency: str = "") -> str:
    """Say how many still bought a year after their first quarter, and who is in no cohort."""
    table = result.cohorts.table
    year = table[(table["n_quarters_since"] == 4) & table["active_share"].notna()]
    if year.empty:
        return _("No cohort of sufficient size has been followed for a year. {left_out}",
                 left_out=result.cohorts.describe_exclusions())
    return _("Four quarters after their first, {active} of {n} accounts bought ({share}). "
             "{left_out}", active=fmt_count(year["n_active"].sum()),
             n=fmt_count(year["n_accounts"].sum()),
             share=fmt_share(year["n_active"].sum() / year["n_accounts"].sum()),
             left_out=result.cohorts.describe_exclusions())


def plot_survival(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Step curve with its band: share of relationships still alive, by years since the start."""
    ax = ax or theme.new_axes(8.8, 4.6)
    survival = result.survival
    if survival.curve.empty:
        return theme.say_nothing(ax, survival.reason)
    for at, (group, part) in enumerate(survival.curve.groupby("group", sort=False)):
        _draw_curve(ax, part, colour=theme.ACCENT if group == ALL else theme.CATEGORY[at],
                    name=_("all accounts") if group == ALL else _("began in {year}", year=group))
    row = _summary(survival)
    if pd.notna(row["median_life_years"]):
        ax.hlines(0.5, 0, row["median_life_years"], color=theme.MUTED, linestyle=":")
        ax.vlines(row["median_life_years"], 0, 0.5, color=theme.MUTED, linestyle=":")
    ax.set_title(_survival_title(survival))
    ax.set_ylim(0, 1.02)
    longest = survival.curve["time_days"].max() / DAYS_A_YEAR
    ax.set_xlim(0, max(longest, 1.2))
    ax.set_ylabel(_("relationships still alive (%)"))
    ax.set_xlabel(_("years since the start\n(below: accounts that were followed at that age)"))
    theme.share_axis(ax)
    _write_followed(ax, survival, longest)
    if survival.curve["group"].nunique() > 1:
        ax.legend(loc="upper right")
    return ax


def read_survival(result: Lifecycle, *, currency: str = "") -> str:
    """Say how many relationships last how long, with intervals, and who is not on the curve."""
    survival = result.survival
    left_out = describe_exclusions(survival)
    if survival.curve.empty:
        return join_sentences([survival.reason, *([left_out] if left_out else [])])
    kept = survival.kept[(survival.kept["group"] == ALL)
                         & survival.kept["time_years"].isin(TOLD_YEARS)]
    parts = [_n("after {n} year {share} ({span})", "after {n} years {share} ({span})",
                int(row["time_years"]), share=fmt_share(row["survival_share"]), span=fmt_range(
                    row["survival_share_ci_low"], row["survival_share_ci_high"], fmt_share))
             for row in kept.to_dict("records")]
    row = _summary(survival)
    texts = [_("Still alive: {parts}.", parts=join_items(parts))] if parts else []
    texts.append(_median_sentence(survival, row))
    texts.append(_("{n} accounts were followed, {late} of them only from a later age on, since "
                   "they began before the known history; {lost} were lost.",
                   n=fmt_count(row["n_accounts"]), late=fmt_count(row["n_late_entry"]),
                   lost=fmt_count(row["n_lost"])))
    return join_sentences([*texts, *([left_out] if left_out else [])])


def describe_exclusions(survival: Survival) -> str:
    """Say in one sentence which accounts are not on the curve; "" when all are."""
    if not survival.n_excluded:
        return ""
    return _("Not on the curve: {unknown} accounts of unknown start, {lapsed} that began before "
             "the known history and were silent at its beginning, {unseen} not followed for a day.",
             unknown=fmt_count(survival.n_unknown_start), lapsed=fmt_count(
                 survival.n_lapsed_before), unseen=fmt_count(survival.n_not_watched))


def _draw_curve(ax: Axes, part: pd.DataFrame, *, colour: str, name: str) -> None:
    years = np.concatenate([[0.0], part["time_days"].to_numpy("float64") / DAYS_A_YEAR])
    share = np.concatenate([[1.0], part["survival_share"].to_numpy("float64")])
    low, high = (np.concatenate([[1.0], part[f"survival_share_ci_{end}"].to_numpy("float64")])
                 for end in ("low", "high"))
    ax.fill_between(years, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    ax.step(years, share, where="post", color=colour, linewidth=2.0, label=name)


def _write_followed(ax: Axes, survival: Survival, longest: float) -> None:
    """Put the number of accounts followed at each age below its tick."""
    kept = survival.kept[survival.kept["group"] == ALL]
    followed = dict(zip(kept["time_years"], kept["n_at_risk"], strict=True))
    ax.xaxis.set_major_locator(MultipleLocator(max(1, round(longest / 8))))

    def write(x: float, _place: object) -> str:
        n = followed.get(int(x)) if x == int(x) else None
        return fmt_number(x, 0) if n is None else f"{fmt_number(x, 0)}\n({fmt_count(n)})"

    ax.xaxis.set_major_formatter(FuncFormatter(write))


def _summary(survival: Survival) -> pd.Series:
    return survival.summary[survival.summary["group"] == ALL].iloc[0]


def _survival_title(survival: Survival) -> str:
    row = _summary(survival)
    if _ends_at_once(survival, row):
        return _("More than half of all relationships end at once: no second order within {days} "
                 "days", days=fmt_count(survival.window_days))
    if pd.notna(row["median_life_years"]):
        return _("Half of all relationships last {years} years or longer",
                 years=fmt_number(row["median_life_years"], 1))
    last = survival.curve[survival.curve["group"] == ALL].iloc[-1]
    return _("{share} of relationships are still alive after {years} years",
             share=fmt_share(last["survival_share"]),
             years=fmt_number(last["time_days"] / DAYS_A_YEAR, 1))


def _ends_at_once(survival: Survival, row: pd.Series) -> bool:
    """Whether the median is the first age at which anybody can be lost."""
    return bool(row["median_life_years"] * DAYS_A_YEAR <= survival.window_days)


def _median_sentence(survival: Survival, row: pd.Series) -> str:
    if _ends_at_once(survival, row):
        return _("More than half placed no second order within {days} days.",
                 days=fmt_count(survival.window_days))
    if pd.isna(row["median_life_years"]):
        return _("Half of them outlast what can be followed, so no median is told.")
    one = {"years": fmt_number(row["median_life_years"], 1)}
    if pd.isna(row["median_life_years_ci_low"]):
        return _("Half last {years} years or longer.", **one)
    low = fmt_number(row["median_life_years_ci_low"], 1)
    if pd.isna(row["median_life_years_ci_high"]):
        return _("Half last {years} years or longer (at least {low}).", low=low, **one)
    return _("Half last {years} years or longer ({low} to {high}).", low=low,
             high=fmt_number(row["median_life_years_ci_high"], 1), **one)


def _cohort_title(known: pd.DataFrame) -> str:
    year = known[known["n_quarters_since"] == 4]
    if year.empty:
        first = known[known["n_quarters_since"] == 1]
        return _("In the quarter after their first, {active} of {n} accounts bought again",
                 active=fmt_count(first["n_active"].sum()), n=fmt_count(first["n_accounts"].sum()))
    return _("Four quarters after their first, {active} of {n} accounts still bought",
             active=fmt_count(year["n_active"].sum()), n=fmt_count(year["n_accounts"].sum()))
