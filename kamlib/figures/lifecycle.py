"""Stages of accounts, and how they changed, as charts and as computed readings."""

from __future__ import annotations

from collections.abc import Mapping
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
    fmt_range,
    fmt_share,
    join_sentences,
    name_currency,
)
from kamlib.lifecycle import Lifecycle

STAGES = ("exploration", "formation", "stability", "decline", "undetermined")
STATES = ("not_yet", *STAGES, "inactive")
# Below this share a number no longer fits into its piece of a bar.
NARROW = 0.045
# Cells darker than this carry white letters.
DARK = 0.55

# What a page shows of a wide table; the published one has every column.
STAGE_COLUMNS = ("account_id", "stage", "stage_reason", "n_months", "demand_cv", "slope_rate",
                 "slope_rate_ci_low", "slope_rate_ci_high", "net_amount_window")
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


def plot_transitions(result: Lifecycle, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Heat map of accounts by the stage they left (rows) and the stage they are in (columns)."""
    ax = ax or theme.new_axes(8.5, 4.6)
    table = result.transitions
    if table.empty:
        return theme.say_nothing(ax, say_no_previous(result))
    wide = table.pivot(index="stage_previous", columns="stage", values="n_accounts")
    shares = table.pivot(index="stage_previous", columns="stage", values="account_share")
    rows = [state for state in STATES if state in wide.index]
    columns = [state for state in STATES if state in wide.columns]
    counts = wide.reindex(index=rows, columns=columns).fillna(0).astype("int64")
    shares = shares.reindex(index=rows, columns=columns).fillna(0.0).astype("float64")
    changed = int(table.loc[table["stage_previous"] != table["stage"], "n_accounts"].sum())
    heat_map(ax, shares, [[fmt_count(n) for n in line] for line in counts.to_numpy()])
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
        return say_no_previous(result)
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


def heat_map(ax: Axes, shares: pd.DataFrame, written: list[list[str]]) -> None:
    """Draw shares (0..1) as shaded cells with a text written into each."""
    # First of all on its Axes: seaborn draws the figure here, and a font may lack Chinese.
    sns.heatmap(shares, ax=ax, cmap="Blues", vmin=0, vmax=1, cbar=False, linewidths=1.5,
                linecolor="white")
    ax.grid(False)
    values = shares.to_numpy("float64")
    for y, x in np.ndindex(values.shape):
        colour = "white" if values[y, x] > DARK else theme.INK if values[y, x] else theme.MUTED
        ax.text(x + 0.5, y + 0.5, written[y][x], ha="center", va="center", fontsize=8.5,
                color=colour)


def call_account(account_id: object, names: Mapping[str, str] | None, *, letters: int = 60) -> str:
    """Return an account's id and its name, cut to so many letters.

    >>> call_account("0177", {"0177": "Example Stores"}, letters=12)
    '0177 Exampl…'
    """
    text = f"{account_id} {(names or {}).get(str(account_id), '')}".strip()
    return text if len(text) <= letters else f"{text[:letters - 1]}…"


def say_no_previous(result: Lifecycle) -> str:
    """Say why nothing can be compared with the previous period."""
    return _("The known history does not reach the previous period, which ended on {day}.",
             day=fmt_date(result.previous_as_of))


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


def _declining_title(result: Lifecycle, names: list[str], currency: str) -> str:
    rows = result.stages[result.stages["account_id"].isin(names)]
    return _n("The largest account in decline bought {amount} in {window}",
              "The {n} largest accounts in decline bought {amount} in {window}", len(names),
              amount=fmt_money(rows["net_amount_window"].sum(), currency))


def _one_digit(share: Any) -> str:
    return fmt_share(share, digits=1)
