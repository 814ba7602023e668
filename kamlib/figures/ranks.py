"""Ranks with probability, and moves against noise, as charts and as computed readings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_share,
    join_items,
    join_sentences,
)
from kamlib.segmentation.rules import TIERS

# What a page shows of a wide table; the published one has every column.
RANK_COLUMNS = ("account_id", "monthly_amount", "monthly_amount_ci_low", "monthly_amount_ci_high",
                "rank", "rank_ci_low", "rank_ci_high", "core_probability", "tier", "note")
NOISE_COLUMNS = ("cuts", "adjusted", "test", "n_accounts", "n_movers", "n_movers_expected",
                 "growth_factor", "p_value", "verdict")
TRUST_COLUMNS = ("measure", "n_months", "coverage_share", "mc_error", "n_replications")
UNDECIDED_COLOUR = theme.CATEGORY[1]
MAX_LETTERS = 28


def plot_ranks(ranks: pd.DataFrame, *, names: Mapping[str, str] | None = None, top: int = 25,
               decided: float = 0.8, ax: Axes | None = None) -> Axes:
    """Forest plot: rank of the largest accounts with its interval, coloured by P(core).

    ranks: from `estimate_ranks`; names: account names by id; decided: the rule of that name.
    """
    shown = ranks.head(top)
    ax = ax or theme.new_axes(8.0, 1.6 + 0.24 * len(shown))
    known = shown["rank_ci_low"].notna().to_numpy() if len(shown) else np.zeros(0, dtype=bool)
    if not known.any():
        return theme.say_nothing(ax, theme.reason_of(ranks))
    last = shown[known].to_dict("records")[-1]
    ax.set_title(_("The account at rank {rank} may stand anywhere from {low} to {high}",
                   rank=fmt_count(last["rank"]), low=fmt_count(last["rank_ci_low"]),
                   high=fmt_count(last["rank_ci_high"])))
    y, at = np.arange(len(shown)), shown["rank"].to_numpy("float64")
    ends = shown[["rank_ci_low", "rank_ci_high"]].to_numpy("float64", na_value=np.nan)
    colours = np.array([_core_colour(p, decided) for p in shown["core_probability"]])
    ax.hlines(y[known], ends[known, 0], ends[known, 1], colors=colours[known], linewidth=3,
              alpha=0.75)
    ax.scatter(at[known], y[known], color=colours[known], s=30, zorder=3)
    ax.scatter(at[~known], y[~known], facecolors="white", edgecolors=theme.MUTED, s=30, zorder=3)
    ax.set_yticks(y, _names(shown, names))
    ax.set_ylim(len(shown) - 0.5, -0.5)
    _rank_axis(ax, float(np.nanmax(np.r_[ends[:, 1], at])))
    ax.legend(handles=_rank_legend(set(colours[known]), decided, has_young=not known.all()),
              loc="upper right")
    return ax


def read_ranks(ranks: pd.DataFrame, *, decided: float = 0.8, n_months: int = 24,
               currency: str = "") -> str:
    """Say how many accounts are core for sure, how many are undecided, and what that rests on.

    ranks: from `estimate_ranks`; n_months: the rule ranks.months.
    """
    if ranks.empty:
        return theme.reason_of(ranks)
    sure = int((ranks["core_probability"] >= decided).sum())
    open_ones = ranks[ranks["is_undecided"].fillna(False).astype(bool)]
    months = int(min(n_months, ranks["n_months"].max()))
    texts = [join_items([
        _n("{n} account is core with a probability of {share} or more",
           "{n} accounts are core with a probability of {share} or more", sure,
           share=fmt_share(decided)),
        _n("{n} is undecided and stands for {amount} a month, {part} of expected sales.",
           "{n} are undecided and stand for {amount} a month, {part} of expected sales.",
           len(open_ones), amount=fmt_money(open_ones["monthly_amount"].sum(), currency),
           part=fmt_share(_part(open_ones, ranks)))])]
    young = int((ranks["note"] == "too_young").sum())
    if young:
        texts.append(_n("{n} account has too few months of its own and gets no probability.",
                        "{n} accounts have too few months of their own and get no probability.",
                        young))
    texts.append(_n("The probability is evidence from the last {n} month, not truth: it assumes "
                    "that those months stand for the ones to come.",
                    "The probability is evidence from the last {n} months, not truth: it assumes "
                    "that those months stand for the ones to come.", months))
    return join_sentences(texts)


def plot_undecided(ranks: pd.DataFrame, *, names: Mapping[str, str] | None = None, top: int = 15,
                   currency: str = "", ax: Axes | None = None) -> Axes:
    """Lying stacked bars: probability of each tier for the largest undecided accounts.

    ranks: from `estimate_ranks` or `list_undecided`.
    """
    found = ranks[ranks["is_undecided"].fillna(False).astype(bool)]
    shown = found.head(top)
    ax = ax or theme.new_axes(8.0, 1.9 + 0.26 * len(shown))
    if shown.empty:
        none = _("No account is undecided.") if len(ranks) else theme.reason_of(ranks)
        return theme.say_nothing(ax, none)
    ax.set_title(_n("{n} account is undecided; it brings {amount} a month",
                    "{n} accounts are undecided; they bring {amount} a month", len(found),
                    amount=fmt_money(found["monthly_amount"].sum(), currency)))
    y, left = np.arange(len(shown)), np.zeros(len(shown))
    for tier in TIERS:
        shares = shown[f"{tier}_probability"].to_numpy("float64")
        ax.barh(y, shares, left=left, color=theme.TIER_COLOURS[tier], label=label(tier))
        for at, (start, share) in enumerate(zip(left, shares, strict=True)):
            if share >= 0.08:
                ax.text(start + share / 2, at, fmt_share(share), ha="center", va="center",
                        fontsize=8.5, color=theme.INK if tier == "general" else "white")
        left = left + shares
    ax.set_yticks(y, _names(shown, names))
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.grid(False)
    ax.set_xlabel(_("probability of each tier (%)"))
    if len(found) > top:
        ax.set_ylabel(_("the {n} largest of them", n=fmt_count(top)))
    theme.share_axis(ax, axis="x")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.6 / (0.5 + 0.26 * len(shown))), ncols=3)
    return ax


def plot_noise(noise: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Two lying bars: accounts that changed their tier, and how many chance alone moves.

    noise: from `judge_migration`.
    """
    ax = ax or theme.new_axes(8.0, 2.2)
    if noise.empty:
        return theme.say_nothing(ax, theme.reason_of(noise))
    row = _row(noise, "re_estimated", "", "movers")
    ax.set_title(_noise_title(row))
    counts = [float(row["n_movers"]), float(row["n_movers_expected"])]
    colour = UNDECIDED_COLOUR if row["is_alarm"] else theme.ACCENT
    ax.barh([0, 1], counts, color=[colour, theme.MUTED], height=0.6)
    for at, count in enumerate(counts):
        ax.annotate(fmt_count(count), (count, at), xytext=(5, 0), textcoords="offset points",
                    va="center", color=theme.INK)
    ax.set_yticks([0, 1], [_("changed their tier"), _("by chance alone")])
    ax.set_ylim(1.5, -0.5)
    ax.margins(x=0.1)
    ax.set_xlabel(_("accounts, of {n} that were customers before", n=fmt_count(row["n_accounts"])))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.count_axis(ax, axis="x")
    return ax


def read_noise(noise: pd.DataFrame) -> str:
    """Say whether more accounts moved than chance explains, with and without common growth."""
    if noise.empty:
        return theme.reason_of(noise)
    row = _row(noise, "re_estimated", "", "movers")
    texts = [_("{moved} of {n} accounts changed their tier; chance alone moves about {expected}.",
               moved=fmt_count(row["n_movers"]), n=fmt_count(row["n_accounts"]),
               expected=fmt_count(row["n_movers_expected"])), _judged(row["verdict"])]
    growth = fmt_share(row["growth_factor"] - 1, 1)
    plain, left = (_any_alarm(noise, kind) for kind in ("plain", "common_growth_removed"))
    # Rising and falling alike, growth is written with its sign.
    by_case = {
        (True, False): _("By the former thresholds the tiers shifted one way, but no more than the "
                         "common growth of {growth} explains.", growth=growth),
        (True, True): _("By the former thresholds the tiers shifted one way, also after the common "
                        "growth of {growth} is taken out.", growth=growth),
        (False, True): _("By the former thresholds the tiers shifted one way once the common "
                         "growth of {growth} is taken out.", growth=growth),
        (False, False): _("By the former thresholds moves up and down balance; common growth was "
                          "{growth}.", growth=growth)}
    return join_sentences([*texts, by_case[plain, left]])


def read_trust(coverage: pd.DataFrame, *, n_months: int = 24) -> str:
    """Say how often such intervals held the truth with so many months of evidence."""
    if coverage.empty:
        return theme.reason_of(coverage)
    measured = coverage["n_months"].unique()
    # What fewer months have shown is what may be promised.
    near = max((m for m in measured if m <= n_months), default=min(measured))
    rows = coverage[coverage["n_months"] == near].set_index("measure")["coverage_share"]
    row = coverage.iloc[0]
    return _("In {n} made worlds of {accounts} accounts with {months} months, where the truth is "
             "known, the {level} interval of monthly sales held it in {amount} of the cases and "
             "that of the rank in {rank}.", n=fmt_count(row["n_replications"]),
             accounts=fmt_count(row["n_accounts"]), months=fmt_count(near),
             level=fmt_share(row["level"]), amount=_share_1(rows["monthly_amount"]),
             rank=_share_1(rows["rank"]))


def _rank_axis(ax: Axes, highest: float) -> None:
    """Ranks on a logarithm: from 1 to 2 is as far as from 50 to 100."""
    ax.set_xscale("log")
    ax.set_xlim(0.9, max(highest * 1.15, 3.0))
    ticks = [x * 10**k for k in range(7) for x in (1, 2, 5) if x * 10**k <= highest * 1.15]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FixedFormatter([fmt_count(tick) for tick in ticks]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel(_("rank by expected sales (1 is the largest)"))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")


def _rank_legend(colours: set[str], decided: float, *, has_young: bool) -> list[Line2D]:
    share = fmt_share(decided)
    meanings = {theme.TIER_COLOURS["core"]: _("core with {share} or more", share=share),
                UNDECIDED_COLOUR: _("may be core"),
                theme.TIER_COLOURS["general"]: _("not core with {share} or more", share=share)}
    handles = [Line2D([], [], color=colour, marker="o", linewidth=3, label=text)
               for colour, text in meanings.items() if colour in colours]
    if has_young:
        handles.append(Line2D([], [], color=theme.MUTED, marker="o", markerfacecolor="white",
                              linestyle="", label=_("too few months for an interval")))
    return handles


def _core_colour(p: float, decided: float) -> str:
    if p >= decided:
        return theme.TIER_COLOURS["core"]
    return theme.TIER_COLOURS["general"] if p <= 1 - decided else UNDECIDED_COLOUR


def _names(shown: pd.DataFrame, names: Mapping[str, str] | None) -> list[str]:
    full = [(names or {}).get(account, account) for account in shown["account_id"]]
    return [n if len(n) <= MAX_LETTERS else f"{n[:MAX_LETTERS - 1]}…" for n in full]


def _part(some: pd.DataFrame, ranks: pd.DataFrame) -> float:
    total = float(ranks["monthly_amount"].sum())
    return float(some["monthly_amount"].sum()) / total if total > 0 else float("nan")


def _row(noise: pd.DataFrame, cuts: str, adjusted: str, test: str) -> dict[Any, Any]:
    found = noise[(noise["cuts"] == cuts) & (noise["adjusted"] == adjusted)
                  & (noise["test"] == test)]
    return found.to_dict("records")[0]


def _any_alarm(noise: pd.DataFrame, adjusted: str) -> bool:
    # Of the two tests only the one of equal sizes is asked: two chances would be one too many.
    return bool(_row(noise, "fixed", adjusted, "stuart_maxwell")["is_alarm"])


def _noise_title(row: Mapping[Any, Any]) -> str:
    return {"more than noise": _("More accounts changed their tier than chance alone explains"),
            "within noise": _("No more accounts changed their tier than chance explains"),
            }.get(str(row["verdict"]), _("Too few accounts moved to tell from chance"))


def _judged(verdict: str) -> str:
    return {"more than noise": _("That is more than chance alone explains."),
            "within noise": _("That is no more than chance explains."),
            }.get(verdict, _("Too few moved to tell."))


def _share_1(share: float) -> str:
    return fmt_share(share, 1)
