"""The lifecycle as charts and as computed readings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, MonthLocator

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
    name_currency,
)
from kamlib.lifecycle import Lifecycle

STAGES = ("exploration", "formation", "stability", "decline", "undetermined")
STATES = ("not_yet", *STAGES, "inactive")
STEPS = ("new", "first_seen", "recovered", "lost")
STEP_COLOURS = {"new": "#009e73", "first_seen": "#b9c4cf", "recovered": "#56b4e9",
                "lost": "#d55e00"}
# Below this share a number no longer fits into its piece of a bar.
NARROW = 0.045
# Cells darker than this carry white letters.
DARK = 0.55

# What a page shows of a wide table; the published one has every column.
STAGE_COLUMNS = ("account_id", "stage", "stage_reason", "n_months", "sales_cv", "slope_rate",
                 "slope_rate_ci_low", "slope_rate_ci_high", "net_amount_window")
OVERDUE_COLUMNS = ("account_id", "last_sale_date", "days_since_last_sale", "gap_mean_days",
                   "allowed_days", "overdue_days", "net_amount_window")
FALLEN_COLUMNS = ("account_id", "stage_previous", "slope_rate", "slope_rate_ci_low",
                  "slope_rate_ci_high", "net_amount_window", "stage_action")


def plot_mix(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Two stacked bars: the stages' shares of active accounts and of their sales in 12 months."""
    ax = ax or theme.new_axes(8.5, 3.2)
    rows = _staged(result)
    ax.set_title(_mix_title(rows, currency))
    left = np.zeros(2)
    for stage in STAGES:
        row = rows.loc[stage]
        shares = np.nan_to_num([row["net_amount_share"], row["account_share"]])
        ax.barh([0, 1], shares, left=left, height=0.55, color=theme.STAGE_COLOURS[stage],
                label=label(stage), edgecolor="white", linewidth=0.8)
        for y, share in enumerate(shares):
            if share >= NARROW:
                ax.text(left[y] + share / 2, y, fmt_share(share), ha="center", va="center",
                        fontsize=9, color=_letters(stage))
        left += shares
    names = [_("Net sales\n{total}", total=fmt_money(rows["net_amount_window"].sum(), currency)),
             _("Accounts\n{total}", total=fmt_count(rows["n_accounts"].sum()))]
    ax.set_yticks([0, 1], names)
    ax.set_xlabel(_("share (%); sales of the {window} to {day}", day=fmt_date(result.as_of)))
    ax.set_xlim(0, 1)
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    ax.legend(loc="upper center", bbox_to_anchor=(0.46, -0.32), ncols=len(STAGES), fontsize=9,
              columnspacing=1.2, handlelength=1.2)
    return ax


def read_mix(result: Lifecycle, *, currency: str = "") -> str:
    """Say which stage holds most sales, and how much could not be placed, and why."""
    rows = _staged(result)
    if rows["net_amount_window"].isna().all() or not rows["n_accounts"].sum():
        return _("No active account can be placed, or their sales are not known for {window}.")
    largest = str(rows["net_amount_window"].astype("float64").idxmax())
    text = _("{stage} holds {amount}, {share} of the active accounts' sales, with {n} of {total} "
             "accounts.", stage=label(largest),
             amount=fmt_money(rows.loc[largest, "net_amount_window"], currency),
             share=fmt_share(rows.loc[largest, "net_amount_share"]),
             n=fmt_count(rows.loc[largest, "n_accounts"]),
             total=fmt_count(rows["n_accounts"].sum()))
    open_ones = result.stages.loc[result.stages["stage"] == "undetermined", "stage_reason"]
    if open_ones.empty:
        return text
    counts = open_ones.value_counts()
    return join_sentences([text, _n(
        "{n} account could not be placed; the commonest reason: {reason} ({count}).",
        "{n} accounts could not be placed; the commonest reason: {reason} ({count}).",
        len(open_ones), reason=label(counts.index[0]), count=fmt_count(counts.iloc[0]))])


def plot_movement(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Waterfall of active accounts from opening to closing, the sales of each step below it."""
    ax = ax or theme.new_axes(8.5, 4.4)
    if not result.has_previous:
        return theme.say_nothing(ax, _no_previous(result))
    rows = result.movement.set_index("movement")
    counts, amounts = rows["n_accounts"].astype("float64"), rows["net_amount"]
    ax.set_title(_movement_title(counts))
    level, tops = counts["opening"], [counts["opening"]]
    # Opening and closing are levels, not bars: a bar's axis would have to begin at 0.
    for x, name in ((0, "opening"), (len(STEPS) + 1, "closing")):
        ax.hlines(counts[name], x - 0.35, x + 0.35, color=theme.INK, linewidth=4)
        _above(ax, x, counts[name], fmt_count(counts[name]))
    for x, name in enumerate(STEPS, start=1):
        ax.bar(x, counts[name], bottom=level, width=0.62, color=STEP_COLOURS[name])
        ax.hlines(level, x - 0.65, x + 0.31, color=theme.MUTED, linewidth=0.8)
        level += counts[name]
        tops.append(level)
        sign = "+" if counts[name] > 0 else ""
        _above(ax, x, max(level, level - counts[name]), f"{sign}{fmt_count(counts[name])}")
    ax.hlines(level, len(STEPS) + 0.35, len(STEPS) + 1.35, color=theme.MUTED, linewidth=0.8)
    names = ("opening", *STEPS, "closing")
    ax.set_xticks(range(len(names)), [
        f"{theme.wrap(label(name), width=14)}\n({fmt_money(amounts[name], currency)})"
        for name in names])
    room = max(2.0, 0.35 * (max(tops) - min(tops)))
    ax.set_ylim(max(0.0, min(tops) - room), max(tops) + room)
    ax.set_ylabel(_("active accounts (the axis may begin above 0)"))
    theme.count_axis(ax)
    return ax


def read_movement(result: Lifecycle, *, currency: str = "") -> str:
    """Say how many accounts came and went, with their sales, and relate lost to new."""
    if not result.has_previous:
        return _no_previous(result)
    rows = result.movement.set_index("movement")
    counts, amounts = rows["n_accounts"], rows["net_amount"]
    rates = result.rates.iloc[0]
    text = _("{new} new against {lost} lost: the new bought {new_amount}, the lost had bought "
             "{lost_amount} in the {window} before. {kept} of the accounts active at opening are "
             "kept.",
             new=fmt_count(counts["new"]), new_amount=fmt_money(amounts["new"], currency),
             lost=fmt_count(-counts["lost"]), lost_amount=fmt_money(-amounts["lost"], currency),
             kept=fmt_share(rates["logo_retention_share"], digits=1))
    if pd.isna(rates["loss_to_new_ratio"]):
        return text
    return join_sentences([text, _(
        "For each new account {ratio} were lost (a ratio, not a churn rate).",
        ratio=fmt_number(rates["loss_to_new_ratio"], 2))])


def plot_transitions(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Heat map of accounts by the stage they left (rows) and the stage they are in (columns)."""
    ax = ax or theme.new_axes(8.5, 4.6)
    table = result.transitions
    if table.empty:
        return theme.say_nothing(ax, _no_previous(result))
    wide = table.pivot(index="stage_previous", columns="stage", values="n_accounts")
    shares = table.pivot(index="stage_previous", columns="stage", values="account_share")
    rows = [state for state in STATES if state in wide.index]
    columns = [state for state in STATES if state in wide.columns]
    counts = wide.reindex(index=rows, columns=columns).fillna(0).astype("int64")
    shares = shares.reindex(index=rows, columns=columns).fillna(0.0).astype("float64")
    changed = int(table.loc[table["stage_previous"] != table["stage"], "n_accounts"].sum())
    _heat(ax, shares, [[fmt_count(n) for n in line] for line in counts.to_numpy()])
    ax.set_title(_n("{n} of {total} accounts changed its stage since {day}",
                    "{n} of {total} accounts changed their stage since {day}", changed,
                    total=fmt_count(table["n_accounts"].sum()),
                    day=fmt_date(result.previous_as_of)))
    ax.set_yticklabels([label(state) for state in rows], rotation=0)
    ax.set_xticklabels([theme.wrap(label(state), width=13) for state in columns], rotation=0)
    ax.set_ylabel(_("stage on {day}", day=fmt_date(result.previous_as_of)))
    ax.set_xlabel(_("stage on {day} (number of accounts; shade = share of the row)",
                    day=fmt_date(result.as_of)))
    return ax


def read_transitions(result: Lifecycle, *, currency: str = "") -> str:
    """Say who fell into decline and with what sales."""
    if not result.has_previous:
        return _no_previous(result)
    if result.fallen.empty:
        return _("No account fell into decline since {day}.", day=fmt_date(result.previous_as_of))
    first = result.fallen.iloc[0]
    return _n("{n} account fell into decline since {day}, with {amount} of sales in {window}; "
              "the largest is {account}: {slope} a month ({interval}).",
              "{n} accounts fell into decline since {day}, with {amount} of sales in {window}; "
              "the largest is {account}: {slope} a month ({interval}).", len(result.fallen),
              day=fmt_date(result.previous_as_of), account=first["account_id"],
              amount=fmt_money(result.fallen["net_amount_window"].sum(), currency),
              slope=_one_digit(first["slope_rate"]),
              interval=fmt_range(first["slope_rate_ci_low"], first["slope_rate_ci_high"],
                                 _one_digit))


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
    _heat(ax, shares, written)
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


def plot_declining(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Lines: months of the largest accounts in decline, season taken out, with their trend."""
    ax = ax or theme.new_axes(8.5, 4.2)
    table = result.declining_months
    if table.empty:
        return theme.say_nothing(ax, _("No active account is in proven decline."))
    names = table["account_id"].drop_duplicates().tolist()
    ax.set_title(_declining_title(result, names, currency))
    for at, account in enumerate(names):
        part = table[table["account_id"] == account]
        colour = theme.CATEGORY[at]
        ax.plot(part["month"], part["adjusted_amount"], color=colour, linewidth=1.1,
                marker=".", label=_("account {account}", account=account))
        ax.plot(part["month"], part["trend_amount"], color=colour, linewidth=2.2,
                linestyle="--", label=_("trend of {account}", account=account))
    ax.xaxis.set_major_locator(MonthLocator(bymonth=(1, 7)))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(DateFormatter("%Y-%m"))  # type: ignore[no-untyped-call]
    ax.set_ylim(bottom=0)
    ax.set_xlabel(_("month"))
    ax.set_ylabel(_("sales a month without the season ({currency})",
                    currency=name_currency(currency)) if currency
                  else _("sales a month without the season"))
    theme.amount_axis(ax)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)
    return ax


def read_declining(result: Lifecycle, *, currency: str = "") -> str:
    """Say how fast the largest account in decline falls, and what it bought."""
    if result.declining_months.empty:
        return _("No active account is in proven decline.")
    account = result.declining_months["account_id"].iloc[0]
    row = result.stages[result.stages["account_id"] == account].iloc[0]
    return _("Account {account} is the largest in decline: {slope} a month ({interval}) over "
             "{months} months, {amount} in {window}.", account=account,
             slope=_one_digit(row["slope_rate"]),
             interval=fmt_range(row["slope_rate_ci_low"], row["slope_rate_ci_high"], _one_digit),
             months=fmt_count(row["n_months"]),
             amount=fmt_money(row["net_amount_window"], currency))


def read_overdue(result: Lifecycle, *, currency: str = "") -> str:
    """Say how many accounts are silent beyond their rhythm, and which is the largest."""
    if result.overdue.empty:
        return _("No active account is silent for longer than its own rhythm allows.")
    first = result.overdue.iloc[0]
    return join_sentences([
        _n("{n} account is overdue; it bought {amount} in {window}.",
           "{n} accounts are overdue; they bought {amount} in {window}.", len(result.overdue),
           amount=fmt_money(result.overdue["net_amount_window"].sum(), currency)),
        _("The largest, {account}, has been silent for {days} days where {allowed} are usual at "
          "most.", account=first["account_id"], days=fmt_count(first["days_since_last_sale"]),
          allowed=fmt_count(first["allowed_days"]))])


def _heat(ax: Axes, shares: pd.DataFrame, written: list[list[str]]) -> None:
    # First of all on its Axes: seaborn draws the figure here, and a font may lack Chinese.
    sns.heatmap(shares, ax=ax, cmap="Blues", vmin=0, vmax=1, cbar=False, linewidths=1.5,
                linecolor="white")
    ax.grid(False)
    values = shares.to_numpy("float64")
    for y, x in np.ndindex(values.shape):
        colour = "white" if values[y, x] > DARK else theme.INK if values[y, x] else theme.MUTED
        ax.text(x + 0.5, y + 0.5, written[y][x], ha="center", va="center", fontsize=8.5,
                color=colour)


def _above(ax: Axes, x: float, y: float, text: str) -> None:
    ax.annotate(text, (x, y), xytext=(0, 4), textcoords="offset points", ha="center", va="bottom",
                fontsize=theme.FONT_SIZE, color=theme.INK)


def _staged(result: Lifecycle) -> pd.DataFrame:
    return result.mix.set_index("stage").loc[list(STAGES)]


def _letters(stage: str) -> str:
    return theme.INK if stage in ("exploration", "undetermined") else "white"


def _mix_title(rows: pd.DataFrame, currency: str) -> str:
    decline, stable = rows.loc["decline"], rows.loc["stability"]
    if decline["n_accounts"]:
        return _n("{n} account in decline brings {share} of sales; {stable} come from stable ones",
                  "{n} accounts in decline bring {share} of sales; {stable} come from stable ones",
                  int(decline["n_accounts"]), share=fmt_share(decline["net_amount_share"]),
                  stable=fmt_share(stable["net_amount_share"]))
    if not stable["n_accounts"]:
        return _("{share} of sales come from accounts whose stage cannot be told yet",
                 share=fmt_share(rows.loc["undetermined", "net_amount_share"]))
    return _("Stable accounts bring {share} of sales, and none is in proven decline",
             share=fmt_share(stable["net_amount_share"]))


def _movement_title(counts: pd.Series) -> str:
    change = counts["closing"] - counts["opening"]
    values = {"opening": fmt_count(counts["opening"]), "closing": fmt_count(counts["closing"]),
              "lost": fmt_count(-counts["lost"])}
    if change > 0:
        return _("Active accounts rose from {opening} to {closing}, although {lost} were lost",
                 **values)
    if change < 0:
        return _("Active accounts fell from {opening} to {closing}; {lost} were lost", **values)
    return _("Active accounts stayed at {closing}; {lost} were lost and replaced", **values)


def _cohort_title(known: pd.DataFrame) -> str:
    year = known[known["n_quarters_since"] == 4]
    if year.empty:
        first = known[known["n_quarters_since"] == 1]
        return _("In the quarter after their first, {active} of {n} accounts bought again",
                 active=fmt_count(first["n_active"].sum()), n=fmt_count(first["n_accounts"].sum()))
    return _("Four quarters after their first, {active} of {n} accounts still bought",
             active=fmt_count(year["n_active"].sum()), n=fmt_count(year["n_accounts"].sum()))


def _declining_title(result: Lifecycle, names: list[str], currency: str) -> str:
    rows = result.stages[result.stages["account_id"].isin(names)]
    return _n("The largest account in decline bought {amount} in {window}",
              "The {n} largest accounts in decline bought {amount} in {window}", len(names),
              amount=fmt_money(rows["net_amount_window"].sum(), currency))


def _no_previous(result: Lifecycle) -> str:
    return _("The known history does not reach the previous period, which ended on {day}.",
             day=fmt_date(result.previous_as_of))


def _one_digit(share: Any) -> str:
    return fmt_share(share, digits=1)
